//! A recording that repeats the last one is not differentiated nor planned anew; one that asks something
//! else is.

use gradtape::grad::connected_gradients;
use gradtape::optim::{Optimizer, Sgd};
use gradtape::{
    DType, Dial, Mode, Parameter, Result, Tape, Tensor, Var, eval, gradient, gradients, hessian,
    jvp, vjp,
};

/// What is asked of `y = x * h` with more values at hand.
#[derive(Clone, Copy, Debug)]
struct Question {
    ys: &'static [usize],
    cotangents: &'static [usize],
    xs: &'static [usize],
}

/// The values 0 to 3 are `x = 3`, `h = 5`, `x * h` and `x * x`.
fn values(tape: &Tape) -> [Var<'_>; 4] {
    let (x, h) = (tape.watch(Tensor::from([3.0])), tape.watch(Tensor::from([5.0])));
    [x, h, x * h, x * x]
}

/// The derivatives of the four values along `x` and along `h`.
const SLOPES: [[f64; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [5.0, 3.0], [6.0, 0.0]];

const NUMBERS: [f64; 4] = [3.0, 5.0, 15.0, 9.0];

fn ask(tape: &Tape, question: Question) -> Result<Vec<f64>> {
    let all = values(tape);
    let pick = |places: &[usize]| places.iter().map(|&place| all[place]).collect::<Vec<_>>();
    let Question { ys, cotangents, xs } = question;
    let answers = vjp(&pick(ys), &pick(cotangents), &pick(xs));
    answers.into_iter().map(Var::item).collect()
}

/// What [`ask`] is to give, where the values asked for are among `x` and `h`.
fn want(Question { ys, cotangents, xs }: Question) -> Vec<f64> {
    let along =
        |x: usize| ys.iter().zip(cotangents).map(|(&y, &g)| SLOPES[y][x] * NUMBERS[g]).sum::<f64>();
    xs.iter().map(|&x| along(x)).collect()
}

#[test]
fn other_outputs_cotangents_and_values_on_the_same_line_are_another_question() -> Result<()> {
    let lists: [&[usize]; 5] = [&[2], &[3], &[2, 3], &[3, 2], &[0, 2]];
    let given: [&[usize]; 4] = [&[0], &[1], &[0, 1], &[1, 3]];
    let asked: [&[usize]; 4] = [&[0], &[1], &[0, 1], &[1, 0]];
    let mut questions = Vec::new();
    for ys in lists {
        for cotangents in given {
            questions.extend(asked.map(|xs| Question { ys, cotangents, xs }));
        }
    }
    let mut tape = Tape::new();
    let (mut right, mut wrong) = (0, 0);
    for round in 0..2 {
        for before in &questions {
            for &question in questions.iter().step_by(7 - round) {
                tape.reset();
                let _ = ask(&tape, *before);
                tape.reset();
                match question.ys.len() == question.cotangents.len() {
                    true => {
                        assert_eq!(
                            ask(&tape, question)?,
                            want(question),
                            "{before:?} {question:?}"
                        );
                        right += 1;
                    }
                    false => {
                        let text = ask(&tape, question).unwrap_err().to_string();
                        let place = text.contains("repeated_questions.rs");
                        assert!(text.contains("cotangent") && place, "{text}");
                        wrong += 1;
                    }
                }
            }
        }
    }
    assert!(right > 900 && wrong > 900, "{right} {wrong}");
    Ok(())
}

#[test]
fn as_many_cotangents_as_outputs_and_tangents_as_values_are_given() {
    let tape = Tape::new();
    let [x, h, y, z] = values(&tape);
    for (ys, cotangents) in [(&[y][..], &[x, h][..]), (&[y, z], &[x]), (&[y], &[]), (&[], &[x])] {
        let line = line!() + 1;
        let text = vjp(ys, cotangents, &[x])[0].value().unwrap_err().to_string();
        assert!(text.contains("cotangent"), "{text}");
        assert!(text.contains(&format!("repeated_questions.rs:{line}:")), "{text}");
    }
    for (xs, tangents) in [(&[x][..], &[x, h][..]), (&[x, h], &[x]), (&[x], &[]), (&[], &[x])] {
        let line = line!() + 1;
        let text = jvp(&[y], xs, tangents)[0].value().unwrap_err().to_string();
        assert!(text.contains("tangent"), "{text}");
        assert!(text.contains(&format!("repeated_questions.rs:{line}:")), "{text}");
    }
    assert!(vjp(&[], &[], &[x])[0].item().is_ok_and(|g| g == 0.0));
    assert!(vjp(&[y], &[x], &[]).is_empty());
}

#[test]
fn a_walk_for_one_kind_of_question_does_not_answer_another() -> Result<()> {
    let mut tape = Tape::new();
    for round in 0..9 {
        tape.reset();
        let [x, h, _, square] = values(&tape);
        let (y, xs) = (square.sum(()), [h, x]);
        match round % 3 {
            0 => {
                let mut found = [true; 2];
                connected_gradients(y, &xs, |i, g| found[i] = g.is_some());
                assert_eq!(found, [false, true]);
            }
            1 => {
                let found = gradients(y, &xs);
                assert_eq!((found[0].item()?, found[1].item()?), (0.0, 6.0));
            }
            _ => {
                let [first, second] = gradient(y, xs);
                let [third] = gradient(second, [x]);
                assert_eq!((first.item()?, second.item()?, third.item()?), (0.0, 6.0, 2.0));
                assert_eq!(hessian(y, x).value()?.to_f64_vec(), [2.0]);
            }
        }
    }
    Ok(())
}

#[test]
fn an_input_of_another_kind_on_the_same_line_is_seen() -> Result<()> {
    let mut tape = Tape::new();
    let w = Parameter::new(Tensor::from(7.0));
    let dial = Dial::new(11.0);
    for round in 0..12 {
        tape.reset();
        let which = [0, 1, 2, 0, 3, 1, 0, 2, 2, 3, 1, 0][round];
        #[rustfmt::skip]
        let x = match which { 0 => tape.watch(round as f64), 1 => tape.parameter(&w), 2 => tape.dial(&dial, DType::F64), _ => tape.constant(5.0) };
        let y = x * x;
        let want = [round as f64, 7.0, 11.0, 5.0][which];
        assert_eq!(y.item()?, want * want);
        match which {
            3 => assert!(gradient(y, [x])[0].item().is_err()),
            _ => assert_eq!(gradient(y, [x])[0].item()?, 2.0 * want),
        }
    }
    Ok(())
}

#[test]
fn other_reads_steps_and_modes_of_the_same_recording_are_seen() -> Result<()> {
    let w = Parameter::new(Tensor::from([1.0, 2.0]));
    let sgd = Sgd::new(&w, 0.5);
    let mut tape = Tape::new();
    let mut weights = [1.0, 2.0];
    let modes = [Mode::Fused, Mode::Eager, Mode::Fused, Mode::Checked, Mode::Checked];
    for round in 0..30 {
        tape.reset();
        tape.set_mode(modes[round % 5]);
        let x = tape.parameter(&w);
        let loss = x.square().sum(());
        let want = weights.iter().map(|w| w * w).sum::<f64>();
        match round % 4 {
            0 => assert_eq!(loss.item()?, want),
            1 => {
                eval::step(&tape, &[loss])?;
                assert_eq!(loss.item()?, want);
            }
            2 => {
                assert_eq!(x.value()?.to_f64_vec(), weights);
                tape.assign(&w, x * 0.75 + 1.0)?;
                eval::step(&tape, &[loss])?;
                assert_eq!(loss.item()?, want);
                weights = weights.map(|w| w * 0.75 + 1.0);
            }
            _ => {
                sgd.step(loss)?;
                weights = weights.map(|w| w - 0.5 * 2.0 * w);
            }
        }
        assert_eq!(w.value().to_f64_vec(), weights, "round {round}");
        if weights == [0.0, 0.0] {
            weights = [1.0, round as f64];
            w.set(Tensor::from(weights))?;
        }
    }
    Ok(())
}
