//! The checked mode names the first result that is not finite: its line, its pass, its operands.

use gradtape::data::moons;
use gradtape::nn::{Activation, Linear, Sequential};
use gradtape::optim::{Optimizer, Sgd};
use gradtape::train::Trainer;
use gradtape::{DType, Error, Mode, Parameter, Result, Rng, Tape, Tensor, compile, gradient};

fn checked() -> Tape {
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    tape
}

#[track_caller]
fn contains(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn operands_are_told_with_their_ranges() {
    let tape = checked();
    let x = tape.watch([3.0, -1.5, 0.0]);
    let y = tape.constant([1e9, 2.0, 1e-7]);
    let (line, quotient) = (line!(), (x / y).log());
    let error = quotient.value().unwrap_err();
    let here = format!("checked.rs:{line}:");
    contains(
        &error,
        &[
            "log: the result f64[3] has 2 of 3 elements that are not finite; the first is NaN at [1]",
            &here,
            "operand: f64[3] = div from",
            ", from -0.75 to 3.0000e-9",
        ],
    );
    assert!(!error.to_string().contains("backward"), "{error}");
    // A number of the program stands there itself; one that is the same everywhere is told once.
    let error = (tape.constant([2.0, 2.0]) / 0.0).value().unwrap_err();
    contains(&error, &["the first is inf at [0]", "left operand: f64[2] = constant from"]);
    contains(&error, &[", 2 everywhere"]);
}

#[test]
fn infinities_that_come_to_nothing_are_named_too() -> Result<()> {
    // 1 / (1 + e^1000) is 0 in the end.
    let of = |tape: &Tape| (1.0 / (1.0 + tape.watch(1000.0).exp())).item();
    assert_eq!(of(&Tape::new())?, 0.0);
    let error = of(&checked()).unwrap_err();
    contains(&error, &["exp: the result f64[] has 1 of 1", "the first is inf", "1000 everywhere"]);
    Ok(())
}

#[test]
fn the_backward_of_a_line_is_told_from_the_line() -> Result<()> {
    let tape = checked();
    let x = tape.watch([0.0, 4.0]);
    let (line, root) = (line!(), x.sqrt());
    let [slope] = gradient(root.sum(()), [x]);
    assert_eq!(root.value()?.to_f64_vec(), [0.0, 2.0]);
    let error = slope.value().unwrap_err();
    contains(&error, &["the first is inf at [0], in the backward of this line"]);
    contains(&error, &[&format!("checked.rs:{line}:"), ", from 0 to 2"]);
    Ok(())
}

#[test]
fn what_was_not_finite_before_is_said_of_the_operand() {
    let tape = checked();
    let x = tape.watch([1.0, f64::NAN, 3.0]);
    let error = (x + 1.0).value().unwrap_err();
    contains(
        &error,
        &[
            "add: the result f64[3] has 1 of 3",
            "left operand: f64[3] = watched from",
            "which has 1 of 3 elements that are not finite; the first is NaN at [1] already; the rest is \
             from 1 to 3",
        ],
    );
}

#[test]
fn an_infinity_that_the_program_writes_passes_until_it_makes_a_nan() -> Result<()> {
    let tape = checked();
    let seen = tape.constant([true, true, false]);
    let scores = tape.watch([1.0, 2.0, 3.0]);
    let masked = seen.select(scores, f64::NEG_INFINITY);
    let weights = masked.softmax(0);
    assert_eq!(weights.value()?.get(&[2])?, 0.0);
    let error = (masked * 0.0).value().unwrap_err();
    contains(&error, &["mul: the result f64[3] has 1 of 3", "the first is NaN at [2]"]);
    // Data that is infinite is not the program's own.
    let error = tape.watch([1.0, f64::INFINITY]).exp().value().unwrap_err();
    contains(&error, &["exp: the result", "which has 1 of 2 elements"]);
    Ok(())
}

#[test]
fn a_compiled_step_names_layer_parameter_and_pass() -> Result<()> {
    let net = Sequential::new()
        .add(Linear::new(2, 3, &mut Rng::new(1)))
        .add(Activation::Relu.layer())
        .add(Linear::new(3, 1, &mut Rng::new(2)));
    let sgd = Sgd::new(&net, 0.1);
    let mut step = compile(|tape, x| {
        tape.set_mode(Mode::Checked);
        // The root has an infinite slope at 0.
        let loss = (net.forward(x[0]) * 0.0).sqrt().sum(());
        sgd.step(loss)?;
        Ok(vec![loss])
    });
    let error = step.call(&[Tensor::ones([1, 2], DType::F32)]).unwrap_err();
    contains(&error, &["in the backward of this line", "checked.rs:"]);
    assert_eq!(sgd.steps(), 0);
    let weight = &gradtape::nn::Module::parameters(&net)[2];
    weight.set(Tensor::full(weight.value().shape(), f64::INFINITY, DType::F32))?;
    let error = step.call(&[Tensor::ones([1, 2], DType::F32)]).unwrap_err();
    contains(&error, &["in layer 2 (Linear)", "parameter 2.weight", "which has 3 of 3 elements"]);
    assert!(!error.to_string().contains("backward"), "{error}");
    Ok(())
}

#[test]
fn a_training_that_diverges_says_how_to_ask_and_the_checked_one_answers() -> Result<()> {
    let data = moons(100, 0.1, 7)?;
    let make = || Sequential::mlp(&[2, 16, 2], Activation::Relu, 0.0, &mut Rng::new(7));
    let net = make()?;
    let error = Trainer::new(&net, Sgd::new(&net, 1e30)).fit(&data, None).unwrap_err();
    contains(&error, &["training stopped: loss became", "Trainer::mode(Mode::Checked)"]);
    let net = make()?;
    let error = Trainer::new(&net, Sgd::new(&net, 1e30)).mode(Mode::Checked).fit(&data, None);
    let error = error.unwrap_err();
    contains(&error, &["elements that are not finite", "in layer", "operand"]);
    // Nothing is left of the step.
    for parameter in gradtape::nn::Module::parameters(&net) {
        let all_finite = |own: &Parameter| own.value().to_f64_vec().iter().all(|v| v.is_finite());
        assert!(all_finite(&parameter));
    }
    Ok(())
}

#[test]
fn a_training_that_goes_well_is_the_same_when_checked() -> Result<()> {
    let data = moons(60, 0.1, 7)?;
    let train = |mode| -> Result<f64> {
        let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.1, &mut Rng::new(7))?;
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).mode(mode).epochs(3);
        Ok(trainer.fit(&data, Some(&data))?.epochs[2].validation.unwrap().loss)
    };
    let (fused, checked) = (train(Mode::Fused)?, train(Mode::Checked)?);
    assert!((fused - checked).abs() < 1e-5, "{fused} and {checked}");
    Ok(())
}
