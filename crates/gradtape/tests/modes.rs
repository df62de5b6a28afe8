//! Every mode gives the same results, also of compiled functions and where it is switched on the way.

use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Dial, Mode, Parameter, Result, Tape, Tensor, Var, compile};

const MODES: [Mode; 3] = [Mode::Fused, Mode::Eager, Mode::Checked];

/// Every way from one mode to another.
fn switches() -> impl Iterator<Item = (Mode, Mode)> {
    MODES.into_iter().flat_map(|first| MODES.map(|then| (first, then)))
}

#[test]
fn a_tape_tells_its_mode() {
    let tape = Tape::new();
    assert_eq!(tape.mode(), Mode::Fused);
    for mode in MODES {
        tape.set_mode(mode);
        assert_eq!(tape.mode(), mode);
    }
}

#[test]
fn a_mode_switched_inside_a_compiled_function_changes_no_result() -> Result<()> {
    for elements in [1, 64, 1 << 16] {
        for (first, then) in switches() {
            let w = Parameter::new(Tensor::full([elements], 0.5, DType::F64));
            let dial = Dial::new(3.0);
            let mut step = compile(|tape, x| {
                tape.set_mode(first);
                let y = x[0] * tape.dial(&dial, DType::F64) + tape.parameter(&w).keep();
                let z = y * 7.0 + tape.constant(Tensor::full([elements], 0.25, DType::F64));
                tape.set_mode(then);
                Ok(vec![z + y * 1.5, x[0], y])
            });
            for call in 0..3 {
                let x = [Tensor::full([elements], 2.0 + f64::from(call), DType::F64)];
                dial.set(3.0 + f64::from(call));
                w.set(Tensor::full([elements], 0.5 * f64::from(call), DType::F64))?;
                let y = (2.0 + f64::from(call)) * (3.0 + f64::from(call)) + 0.5 * f64::from(call);
                let results = step.call(&x)?;
                for (result, want) in results.iter().zip([y * 8.5 + 0.25, x[0].get(&[0])?, y]) {
                    let all = result.to_f64_vec();
                    assert_eq!(all.len(), elements);
                    assert!(all.iter().all(|got| *got == want), "{first:?}, {then:?}: {result}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_mode_switched_on_a_tape_changes_no_result() -> Result<()> {
    for (first, then) in switches() {
        let mut tape = Tape::new();
        for step in 0..3 {
            tape.reset();
            tape.set_mode(first);
            let x = tape.watch(Tensor::full([64], 2.0 + f64::from(step), DType::F64));
            let y = x * 3.0;
            tape.set_mode(then);
            let z = y + 1.0;
            let [dx] = gradtape::gradient(z.square().sum(()), [x]);
            let want = (2.0 + f64::from(step)) * 3.0 + 1.0;
            assert!(z.value()?.to_f64_vec().iter().all(|&z| z == want), "{first:?}, {then:?}");
            assert!(dx.value()?.to_f64_vec().iter().all(|&dx| dx == 6.0 * want));
        }
    }
    Ok(())
}

/// Three compiled training steps; the parameter after them and the losses.
fn train(first: Mode, then: Mode) -> Result<(Vec<f64>, Vec<f64>)> {
    let w = Parameter::new(Tensor::from([1.0, -2.0, 0.5]));
    let adam = Adam::new(&w, 0.1);
    let mut step = compile(|tape, x| {
        tape.set_mode(first);
        let loss = (tape.parameter(&w) * x[0]).tanh().sum(());
        tape.set_mode(then);
        adam.step(loss)?;
        Ok(vec![loss])
    });
    let mut losses = Vec::new();
    for call in 0..3 {
        losses.push(step.call(&[Tensor::from([0.3, 0.7, f64::from(call)])])?[0].item()?);
    }
    drop(step);
    assert_eq!(adam.steps(), 3);
    Ok((w.value().to_f64_vec(), losses))
}

#[test]
fn a_training_step_is_the_same_compiled_in_every_mode() -> Result<()> {
    let (weights, losses) = train(Mode::Fused, Mode::Fused)?;
    for (first, then) in switches() {
        let (own, own_losses) = train(first, then)?;
        for (got, want) in own.iter().chain(&own_losses).zip(weights.iter().chain(&losses)) {
            assert!((got - want).abs() < 1e-12, "{first:?}, {then:?}: {got} instead of {want}");
        }
    }
    Ok(())
}

#[test]
fn a_compiled_function_in_the_checked_mode_is_checked_at_every_call() -> Result<()> {
    let mut log = compile(|tape, x| {
        tape.set_mode(Mode::Checked);
        Ok(vec![x[0].log() * 2.0])
    });
    assert_eq!(log.call(&[Tensor::from([1.0, 1.0])])?[0].to_f64_vec(), [0.0, 0.0]);
    let error = log.call(&[Tensor::from([1.0, 0.0])]).unwrap_err().to_string();
    assert!(error.contains("log") && error.contains("modes.rs"), "{error}");
    assert_eq!(log.call(&[Tensor::from([1.0, 1.0])])?[0].to_f64_vec(), [0.0, 0.0]);
    Ok(())
}

/// A function of a number that comes from somewhere, tried in every mode and compiled.
struct Label {
    /// What is done with it, of which an axis has three places.
    name: &'static str,
    apply: for<'t> fn(Var<'t>) -> Var<'t>,
}

fn table<'t>(like: Var<'t>) -> Var<'t> {
    like.tape().constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
}

const LABELS: [Label; 6] = [
    Label { name: "one_hot", apply: |label| label.one_hot(3, DType::F32).sum(()) },
    Label { name: "one_hot", apply: |label| label.one_hot(3, DType::I64) },
    Label {
        name: "gather",
        apply: |label| table(label).gather(0, label.broadcast_to([1, 2])).sum(()),
    },
    Label { name: "index_select", apply: |label| table(label).index_select(0, label.reshape([1])) },
    Label {
        name: "index_add",
        apply: |label| table(label).slice(0, 0..1).index_add(0, label.reshape([1]), 3),
    },
    Label {
        name: "scatter_add",
        apply: |label| {
            table(label).slice(0, 0..1).scatter_add(0, label.broadcast_to([1, 2]), [3, 2])
        },
    },
];

/// Where a label comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    Dial,
    Literal,
    Constant,
    Computed,
}

fn label<'t>(tape: &'t Tape, from: From, number: i64) -> Var<'t> {
    match from {
        From::Dial => tape.dial(&Dial::new(number as f64), DType::I64),
        From::Literal => tape.constant(0i64).literal(number as f64),
        From::Constant => tape.constant(number),
        From::Computed => tape.constant(number.wrapping_sub(1)) + 1.0,
    }
}

#[test]
fn labels_out_of_range_are_refused_wherever_they_come_from() {
    let froms = [From::Dial, From::Literal, From::Constant, From::Computed];
    let mut results = 0;
    for Label { name, apply } in LABELS {
        let want = [0, 2].map(|number| {
            let tape = Tape::new();
            apply(label(&tape, From::Constant, number)).value().unwrap().to_f64_vec()
        });
        for (from, (first, then)) in froms.into_iter().flat_map(|f| switches().map(move |s| (f, s)))
        {
            let what = format!("{name} of a {from:?} label in {first:?}, {then:?}");
            let recorded = |number: i64| {
                let tape = Tape::new();
                tape.set_mode(first);
                let label = label(&tape, from, number);
                let y = apply(label);
                tape.set_mode(then);
                y.value()
            };
            let compiled = |number: i64| {
                let mut f = compile(|tape, _| {
                    tape.set_mode(first);
                    let y = apply(label(tape, from, number));
                    tape.set_mode(then);
                    Ok(vec![y])
                });
                f.call(&[]).map(|results| results[0].clone())
            };
            for (number, want) in [(0, &want[0]), (2, &want[1])] {
                for got in [recorded(number), compiled(number)] {
                    let got = got.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(got.to_f64_vec(), *want, "{what}");
                    results += 1;
                }
            }
            for number in [3, 7, -1, i64::MIN] {
                for got in [recorded(number), compiled(number)] {
                    let error = got.map(|y| panic!("{what}: {number} gives {y}")).unwrap_err();
                    let text = error.to_string();
                    assert!(text.contains(name) && text.contains("modes.rs"), "{what}: {text}");
                }
            }
        }
    }
    assert_eq!(results, 6 * 4 * 9 * 4);
}

#[test]
fn a_dial_turned_out_of_range_is_found_by_the_call_that_sees_it() -> Result<()> {
    for mode in MODES {
        let dial = Dial::new(1.0);
        let mut f = compile(|tape, _| {
            tape.set_mode(mode);
            Ok(vec![tape.dial(&dial, DType::I64).one_hot(3, DType::F64)])
        });
        assert_eq!(f.call(&[])?[0].to_f64_vec(), [0.0, 1.0, 0.0]);
        dial.set(3.0);
        let text = f.call(&[]).unwrap_err().to_string();
        assert!(text.contains("label 3 of 3 classes"), "{mode:?}: {text}");
        dial.set(2.0);
        assert_eq!(f.call(&[])?[0].to_f64_vec(), [0.0, 0.0, 1.0]);
    }
    Ok(())
}

#[test]
fn a_compiled_function_turned_to_inference_is_recorded_anew() -> Result<()> {
    let mut f = compile(|tape, x| {
        let factor = if tape.is_training() { 2.0 } else { 3.0 };
        Ok(vec![x[0] * factor])
    });
    assert_eq!(f.call(&[Tensor::from(1.0)])?[0].item()?, 2.0);
    assert_eq!(f.inference().call(&[Tensor::from(1.0)])?[0].item()?, 3.0);
    Ok(())
}
