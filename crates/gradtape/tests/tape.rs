//! The first things a tape must do.

use gradtape::{
    DType, Dial, Kind, Mode, Parameter, Result, Tape, Tensor, Var, compile, eval, evaluate,
    gradient, jvp, op,
};

#[test]
fn course_example() -> Result<()> {
    let tape = Tape::new();
    let a = tape.watch(Tensor::scalar(2.0f64));
    let b = tape.watch(Tensor::scalar(1.0f64));
    let e = (a + b) * (b + 1.0);
    let [da, db] = gradient(e, [a, b]);
    assert_eq!((e.item()?, da.item()?, db.item()?), (6.0, 2.0, 5.0));
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors_with_both_lines() -> Result<()> {
    let tape = Tape::new();
    let first = line!();
    let x = tape.watch(Tensor::zeros([2, 3], gradtape::DType::F32));
    let y = tape.watch(Tensor::zeros([4, 5], gradtape::DType::F32));
    let z = (x.matmul(y) + 1.0).tanh();
    let error = z.item().unwrap_err().to_string();
    let here = |line: u32, column: u32| format!("{}:{}:{column}", file!(), first + line);
    let expected = format!(
        "matmul: inner sizes differ: axis -1 of the left is 3, axis -2 of the right is 4\n  \
         at {}\n  \
         left operand: f32[2, 3] = watched from {}\n  \
         right operand: f32[4, 5] = watched from {}\n  \
         hint: they must be equal",
        here(3, 16),
        here(1, 18),
        here(2, 18)
    );
    assert_eq!(error, expected);
    Ok(())
}

#[test]
fn a_compiled_step_updates_parameters_and_turns_dials() -> Result<()> {
    let weight = Parameter::new(Tensor::scalar(1.0f64));
    let rate = Dial::new(0.5);
    let (held, dial) = (weight.share(), rate.share());
    let mut step = compile(move |tape: &Tape, x: &[Var<'_>]| {
        let w = tape.parameter(&held);
        let loss = (w * x[0]) * (w * x[0]);
        let [dw] = gradient(loss, [w]);
        tape.assign(&held, w - dw * tape.dial(&dial, w.dtype()))?;
        eval::step(tape, &[])?;
        Ok(vec![loss])
    });
    let one = Tensor::scalar(1.0f64);
    assert_eq!(step.call(std::slice::from_ref(&one))?[0].item()?, 1.0);
    assert_eq!(weight.value().item()?, 0.0);
    weight.set(Tensor::scalar(2.0f64))?;
    rate.set(0.25);
    assert_eq!(step.call(&[one])?[0].item()?, 4.0);
    assert_eq!(weight.value().item()?, 1.0);
    Ok(())
}

#[test]
fn a_spent_tape_keeps_what_was_read_and_refuses_the_rest() -> Result<()> {
    let weight = Parameter::new(Tensor::scalar(3.0f64));
    let mut tape = Tape::new();
    {
        let w = tape.parameter(&weight);
        let (loss, other) = (w * w, w + 1.0);
        let [dw] = gradient(loss, [w]);
        tape.assign(&weight, w - dw)?;
        eval::step(&tape, &[loss])?;
        assert_eq!(loss.item()?, 9.0);
        assert_eq!(weight.value().item()?, -3.0);
        let error = (loss + 1.0).item().unwrap_err();
        assert_eq!(error.kind(), Kind::Tape);
        assert!(error.to_string().contains("tests/tape.rs"), "{error}");
        let error = other.item().unwrap_err();
        assert!(error.to_string().contains("changed after"), "{error}");
    }
    tape.reset();
    assert_eq!(tape.parameter(&weight).item()?, -3.0);
    Ok(())
}

#[test]
fn a_step_reduces_the_old_values_of_what_it_updates() -> Result<()> {
    for (shape, axis) in [(vec![5], 0), (vec![4, 5], 0), (vec![4, 5], 1), (vec![40_000], 0)] {
        let parameter = Parameter::new(Tensor::full(&shape[..], 2.0, gradtape::DType::F32));
        let tape = Tape::new();
        let x = tape.parameter(&parameter);
        let (sum, most) = (x.sum(axis), x.max(axis));
        tape.assign(&parameter, x * 0.5)?;
        eval::step(&tape, &[sum, most])?;
        assert_eq!(sum.value()?.get(&vec![0; shape.len() - 1])?, 2.0 * shape[axis as usize] as f64);
        assert_eq!(most.value()?.get(&vec![0; shape.len() - 1])?, 2.0);
        assert!(parameter.value().to_f64_vec().iter().all(|&x| x == 1.0));
    }
    Ok(())
}

#[test]
fn the_last_of_several_values_for_a_parameter_counts() -> Result<()> {
    let parameter = Parameter::new(Tensor::scalar(1.0f64));
    let tape = Tape::new();
    let x = tape.parameter(&parameter);
    let (first, last) = (x * 3.0, x + 10.0);
    for value in [first, last, first] {
        tape.assign(&parameter, value)?;
    }
    eval::step(&tape, &[])?;
    assert_eq!(parameter.value().item()?, 3.0);
    Ok(())
}

#[test]
fn errors_name_the_line_of_their_own_recording_when_the_plan_is_known() -> Result<()> {
    let count = |labels: &[i64], line: &mut u32| {
        let tape = Tape::new();
        let labels = tape.constant(Tensor::from(labels));
        *line = line!() + 1;
        labels.one_hot(3, gradtape::DType::F32).sum(()).item()
    };
    let mut first = 0;
    assert_eq!(count(&[1, 2], &mut first)?, 2.0);
    let tape = Tape::new();
    let labels = tape.constant(Tensor::from([1i64, 7]));
    let one_hot = labels.one_hot(3, gradtape::DType::F32);
    let line = line!() - 1;
    let error = one_hot.sum(()).item().unwrap_err().to_string();
    assert!(error.contains(&format!("tape.rs:{line}:")), "{error} not from {line} but {first}");
    Ok(())
}

#[test]
fn operands_of_two_tapes_are_an_error() {
    let (one, two) = (Tape::new(), Tape::new());
    let sum = one.watch(Tensor::scalar(1.0f64)) + two.watch(Tensor::scalar(1.0f64));
    assert!(sum.item().unwrap_err().to_string().contains("two different tapes"));
}

#[test]
fn products_of_two_tapes_that_do_not_fit_either_are_told_by_the_tapes() {
    let (one, two) = (Tape::new(), Tape::new());
    // What stands at the place of `y` on the first tape is none of the operands.
    let (x, y) = (one.watch(Tensor::from([1.0, 2.0])), two.watch(Tensor::from([1.0, 2.0, 3.0])));
    let whole = two.watch(Tensor::from([1i64, 2]));
    let images = one.watch(Tensor::ones([1, 1, 4], gradtape::DType::F64));
    for (name, wrong) in [
        ("matmul", x.matmul(y)),
        ("matmul", x.matmul(whole)),
        ("dot", x.dot(y)),
        ("tensordot", x.tensordot(y, 1)),
        ("outer", x.outer(whole)),
        ("greater", x.greater(whole)),
        ("not_equal", x.not_equal(whole)),
        ("add", x + y),
        ("convolve", images.convolve(y, &gradtape::Convolution::new())),
    ] {
        let text = wrong.value().unwrap_err().to_string();
        assert!(text.starts_with(&format!("{name}: the operands are recorded on two")), "{text}");
        assert!(text.contains("tape.rs") && !text.contains("operand:"), "{text}");
    }
    let failed = two.watch(Tensor::from([1.0])).matmul(y);
    assert!(x.matmul(failed).value().unwrap_err().to_string().contains("inner sizes differ"));
}

#[test]
fn what_another_tape_recorded_cannot_be_asked_for() {
    let (one, two) = (Tape::new(), Tape::new());
    let x = one.watch(Tensor::scalar(1.0f64));
    let far = (0..5).fold(x, |x, _| x * 2.0);
    for error in [
        evaluate(&[two.watch(Tensor::scalar(1.0f64)), far]).unwrap_err(),
        eval::step(&two, &[far]).unwrap_err(),
        eval::graph(&two, &[far]).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("two different tapes") && text.contains("tape.rs"), "{text}");
    }
}

#[test]
fn errors_of_gradients_name_the_line_that_asks_for_them() {
    let tape = Tape::new();
    let x = tape.watch(Tensor::from([1.0, 2.0]));
    let [stopped] = gradient(x.stop_gradient().sum(()), [x]);
    let tangent = jvp(&[x * x], &[x], &[x.sum(())])[0];
    for (error, line) in
        [(stopped.value().unwrap_err(), line!() - 2), (tangent.value().unwrap_err(), line!() - 1)]
    {
        let at = error.location().expect("a place");
        assert!(at.file().ends_with("tests/tape.rs") && at.line().abs_diff(line) <= 1, "{error}");
    }
}

#[test]
fn every_mode_gives_the_same_values() -> Result<()> {
    for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
        let tape = Tape::new();
        tape.set_mode(mode);
        let x = tape.watch(Tensor::from_slice(&[1.0f64, 2.0], [2])?);
        let y = (x * x).sum(());
        let [dx] = gradient(y, [x]);
        assert_eq!((y.item()?, dx.value()?.to_vec::<f64>()?), (5.0, vec![2.0, 4.0]));
    }
    Ok(())
}

#[test]
fn the_checked_mode_names_the_first_operation_that_is_not_finite() {
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    let x = tape.watch(Tensor::scalar(0.0f64));
    let error = ((1.0 / x) * 0.0).item().unwrap_err();
    assert!(error.message().starts_with("div"), "{error}");
    assert!(error.location().is_some_and(|at| at.file().ends_with("tape.rs")));
    let text = error.to_string();
    assert!(text.contains("the first is inf at []\n  at "), "{text}");
    assert!(text.contains("  right operand: f64[] = watched from ") && !text.contains("already"));
}

#[test]
fn the_checked_mode_tells_a_number_that_was_none_from_the_start() {
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    let (w, x) = (tape.watch([2.0f32, 3.0]), tape.constant([[1.0f32, 5.0], [f32::NAN, 1.0]]));
    let text = (w * x).sum(()).item().unwrap_err().to_string();
    assert!(text.starts_with("mul: the result f32[2, 2] has 1 of 4 elements"), "{text}");
    let words =
        ", which has 1 of 4 elements that are not finite; the first is NaN at [1, 0] already";
    assert!(text.contains(words) && text.ends_with("the rest is from 1 to 5"), "{text}");
    // An infinite bound gives finite results.
    let bound = tape.constant([f32::INFINITY; 2]);
    assert_eq!(w.minimum(bound).sum(()).item().unwrap(), 5.0);
}

#[test]
fn reading_while_compiling_is_an_error() {
    let mut read = compile(|_, x: &[Var<'_>]| {
        (x[0] + 1.0).item()?;
        Ok(vec![x[0]])
    });
    let error = read.call(&[Tensor::scalar(1.0f64)]).unwrap_err();
    assert!(error.to_string().contains("compiled"), "{error}");
}

#[test]
fn a_loss_that_is_no_scalar_names_the_line_of_the_step() -> Result<()> {
    use gradtape::nn::Linear;
    use gradtape::optim::{Optimizer, Sgd};
    let layer = Linear::new(3, 2, &mut gradtape::Rng::new(0));
    let tape = Tape::new();
    let outputs = layer.forward(tape.constant(Tensor::zeros([4, 3], gradtape::DType::F32)));
    let error = Sgd::new(&layer, 0.1).step(outputs).unwrap_err();
    assert!(error.location().is_some_and(|at| at.file().ends_with("tape.rs")), "{error}");
    assert!(error.to_string().contains("sum(())"), "{error}");
    Ok(())
}

#[test]
fn an_error_inside_a_layer_names_its_line_there() -> Result<()> {
    use gradtape::nn::{Layer, Linear, Module};

    #[derive(Clone, Module)]
    struct Wrong(Linear);

    impl Layer for Wrong {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            self.0.forward(x.concat(&[x], 1))
        }
    }

    let inner = line!() - 4;
    let layer = Wrong(Linear::new(3, 2, &mut gradtape::Rng::new(0)));
    let tape = Tape::new();
    let x = tape.constant(Tensor::zeros([4, 3], gradtape::DType::F32));
    let error = layer.forward(x).item().unwrap_err();
    assert_eq!(error.location().map(|at| at.line()), Some(inner), "{error}");
    Ok(())
}

/// What may differ from one recording to the next.
#[derive(Clone, Copy)]
struct Variant {
    layers: usize,
    width: usize,
    factor: f64,
    early: bool,
    of_result: bool,
    turned: bool,
    data: bool,
}

/// Both from the caller's line.
#[track_caller]
fn leaf(tape: &Tape, x: Tensor, data: bool) -> Var<'_> {
    if data { tape.constant(x) } else { tape.watch(x) }
}

/// Reads values and gradients of a recording that follows the same lines, whatever the variant.
fn record(tape: &Tape, w: &Parameter, variant: Variant) -> Result<Vec<Vec<f64>>> {
    let Variant { layers, width, factor, early, of_result, turned, data } = variant;
    let x = Tensor::linspace(0.1, 0.9, width, gradtape::DType::F64)?;
    let x = leaf(tape, x, data);
    let w = tape.parameter(w);
    let mut y = x * factor + w;
    for _ in 0..layers {
        y = (y * w * factor).sin();
    }
    let mut read = Vec::new();
    if early {
        read.push(y.value()?.to_vec::<f64>()?);
    }
    let first = if of_result { y } else { x };
    let [a, b] = if turned { [w, first] } else { [first, w] };
    let [da, db] = gradient(y.sum(()), [a, b]);
    let [dda] = gradient(da.sum(()) + db.sum(()), [w]);
    for var in [y, da, db, dda] {
        read.push(match var.value() {
            Ok(value) => value.to_vec::<f64>()?,
            Err(error) => error.message().bytes().map(f64::from).collect(),
        });
    }
    Ok(read)
}

#[test]
fn a_recording_after_a_reset_gives_what_a_new_tape_gives() -> Result<()> {
    let plain = Variant {
        layers: 2,
        width: 3,
        factor: 1.5,
        early: false,
        of_result: false,
        turned: false,
        data: false,
    };
    let variants = [
        plain,
        plain,
        Variant { factor: 0.7, ..plain },
        Variant { factor: 2.0, ..plain },
        Variant { factor: 1.1, ..plain },
        Variant { layers: 3, ..plain },
        Variant { layers: 1, ..plain },
        Variant { width: 4, ..plain },
        Variant { early: true, ..plain },
        Variant { early: true, factor: 3.0, ..plain },
        Variant { of_result: true, ..plain },
        Variant { turned: true, ..plain },
        Variant { data: true, ..plain },
        Variant { layers: 0, of_result: true, ..plain },
        plain,
    ];
    let (w, other) =
        (Parameter::new(Tensor::scalar(0.3f64)), Parameter::new(Tensor::scalar(-0.8f64)));
    let mut tape = Tape::new();
    for first in variants {
        for (second, w) in variants.into_iter().zip([&w, &other].into_iter().cycle()) {
            for variant in [first, second] {
                tape.reset();
                assert_eq!(record(&tape, w, variant)?, record(&Tape::new(), w, variant)?);
            }
        }
    }
    Ok(())
}

#[test]
fn nothing_of_the_last_recording_is_left_after_a_reset() -> Result<()> {
    let mut tape = Tape::new();
    let x = tape.watch([1.0, 2.0]);
    let _ = (x * 3.0).sum(()).item()?;
    let recorded = tape.len();
    tape.reset();
    assert_eq!(tape.len(), 0);
    let x = tape.watch([1.0, 2.0]);
    assert_eq!(tape.len(), 1);
    assert!(x.reshape([3]).value().is_err());
    assert_eq!(x.value()?.to_vec::<f64>()?, [1.0, 2.0]);
    assert!(tape.len() < recorded);
    Ok(())
}

#[test]
fn what_is_asked_for_more_than_once_is_one_result() -> Result<()> {
    let tape = Tape::new();
    let w = Parameter::new(Tensor::from([1.0, 2.0]));
    let x = tape.parameter(&w);
    let (y, z) = ((x * x).keep().keep(), x.exp());
    tape.assign(&w, y)?;
    let (graph, _) = eval::graph(&tape, &[z, y, z])?;
    let updates: Vec<bool> = graph.outputs.iter().map(|output| output.into.is_some()).collect();
    assert_eq!(updates, [false, false, true], "{graph}");
    eval::step(&tape, &[z, y, z])?;
    assert_eq!((y.value()?.to_f64_vec(), w.value().to_f64_vec()), (vec![1.0, 4.0], vec![1.0, 4.0]));
    Ok(())
}

#[test]
fn an_input_without_numbers_is_an_error_at_its_line() {
    let mut tape = Tape::new();
    for _ in 0..2 {
        tape.reset();
        let x = tape.watch([1.0, 2.0]);
        assert_eq!(x.sum(()).item().unwrap(), 3.0);
        let op = op::source::Input { dtype: DType::F64, shape: [2].into() };
        let (line, y) = (line!(), tape.apply(op, &[]));
        let error = (y + 1.0).value().unwrap_err();
        assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
        assert!(error.to_string().contains("tape.constant()"), "{error}");
    }
    let one = op::source::Constant { value: op::Bits::new(1.0), dtype: DType::F64 };
    let x = tape.watch([1.0, 2.0]);
    let error = tape.apply(one, &[x]).value().unwrap_err();
    assert!(error.message().contains("takes 0 inputs, not 1"), "{error}");
}
