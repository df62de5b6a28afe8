//! What holds for every optimiser.

use super::{
    Adam, Base, Hyper, HyperValue, Hyperparameter, Interval, NAMES, OPTIMIZERS, Optimizer, Pace,
    RmsProp, Rule, Sgd, Update, by_name, info,
};
use crate::eval::compile;
use crate::tape::{Parameter, Tape, Var};
use crate::tensor::{DType, Tensor};

fn parameter(values: &[f64]) -> Parameter {
    Parameter::new(Tensor::from(values))
}

/// The names of optimisers that step with a recorded loss.
fn stepping() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().filter(|name| info(name).unwrap().pace != Pace::Search)
}

/// The loss Σ (x - 1)² of a parameter.
fn loss<'t>(tape: &'t Tape, x: &Parameter) -> Var<'t> {
    (tape.parameter(x) - 1.0).square().sum(())
}

#[test]
fn a_parameter_without_gradient_is_named_or_left_alone() {
    let parts = [parameter(&[0.0]), parameter(&[0.0]), parameter(&[0.0])];
    let mut tape = Tape::new();
    let error = Sgd::new(&parts, 0.5).step(loss(&tape, &parts[1])).unwrap_err();
    assert!(
        error.message().starts_with(
            "the parameters 0, 2 received no gradient: the loss does not depend on them"
        ),
        "{error}"
    );
    assert_eq!(parts[1].value().to_f64_vec(), [0.0]);

    tape.reset();
    let opt = Sgd::new(&parts, 0.5).momentum(0.9).allow_unused();
    opt.step(loss(&tape, &parts[1])).unwrap();
    let values = parts.each_ref().map(|p| p.value().to_f64_vec()[0]);
    assert_eq!(values, [0.0, 1.0, 0.0]);

    tape.reset();
    let single = Sgd::new(&parts[0], 0.5).step(loss(&tape, &parts[1])).unwrap_err();
    assert!(single.message().starts_with("the parameter received"), "{single}");

    tape.reset();
    let other = Sgd::new(&[parameter(&[0.0]), parameter(&[0.0])], 0.5);
    let none = { other }.step(loss(&tape, &parts[1])).unwrap_err();
    assert!(none.message().starts_with("none of the 2 parameters received"), "{none}");
    assert_eq!(none.location().unwrap().file(), file!());
}

#[test]
fn what_makes_no_sense_is_an_error_and_changes_nothing() {
    let x = parameter(&[0.0, 0.0]);
    let mut tape = Tape::new();
    for rate in [f64::NAN, f64::INFINITY, -0.1] {
        tape.reset();
        let error = Sgd::new(&x, rate).step(loss(&tape, &x)).unwrap_err();
        assert!(error.message().contains(&format!("learning rate is {rate}")), "{error}");
        let opt = Sgd::new(&x, 0.1);
        assert!(opt.set_learning_rate(rate).is_err());
        assert_eq!(opt.learning_rate(), 0.1);
    }
    for most in [f64::NAN, 0.0, -1.0] {
        tape.reset();
        let error = Sgd::new(&x, 0.1).clip_norm(most).step(loss(&tape, &x)).unwrap_err();
        assert!(error.message().contains("clip_norm"), "{error}");
    }
    tape.reset();
    let error = Adam::new(&x, 0.1).step(tape.parameter(&x) * 2.0).unwrap_err();
    assert!(error.message().contains("[2]"), "{error}");
    let whole = Parameter::new(Tensor::from([1i64]));
    let error = Adam::new(&whole, 0.1).step(loss(&tape, &x)).unwrap_err();
    assert!(error.message().contains("no parameter"), "{error}");
    assert_eq!(x.value().to_f64_vec(), [0.0, 0.0]);
}

#[test]
fn a_tape_serves_one_step() {
    let x = parameter(&[0.0]);
    let tape = Tape::new();
    let opt = Sgd::new(&x, 0.1);
    opt.step(loss(&tape, &x)).unwrap();
    let error = opt.step(loss(&tape, &x)).unwrap_err();
    assert!(error.to_string().contains("reset()"), "{error}");
    assert_eq!(opt.steps(), 1);
}

#[test]
fn clipping_bounds_the_norm_over_all_parameters() {
    let parts = [parameter(&[4.0]), parameter(&[1.0, 5.0])];
    let single = Parameter::new(Tensor::from([1.0f32]));
    let tape = Tape::new();
    // The gradients are 6, (0, 8) and, in f32, 0: their norm is 10.
    let loss = loss(&tape, &parts[0])
        + loss(&tape, &parts[1])
        + (tape.parameter(&single) - 1.0).square().sum(()).cast(DType::F64);
    let all = (&parts, &single);
    Sgd::new(&all, 1.0).clip_norm(5.0).step(loss).unwrap();
    let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-6, "{got} for {want}");
    close(parts[0].value().to_f64_vec()[0], 4.0 - 3.0);
    close(parts[1].value().to_f64_vec()[1], 5.0 - 4.0);
    assert_eq!(single.value().to_f64_vec(), [1.0]);
}

#[test]
fn small_gradients_are_not_clipped() {
    let (a, b) = (parameter(&[4.0]), parameter(&[4.0]));
    let mut tape = Tape::new();
    Sgd::new(&a, 0.1).clip_norm(100.0).step(loss(&tape, &a)).unwrap();
    tape.reset();
    Sgd::new(&b, 0.1).step(loss(&tape, &b)).unwrap();
    assert!(a.value().equals(&b.value()));
}

#[test]
fn compiled_steps_are_recorded_steps_and_follow_the_rate() {
    for name in stepping() {
        let hyper = Default::default();
        let (a, b) = (parameter(&[3.0, -1.0]), parameter(&[3.0, -1.0]));
        let recorded = by_name(name, &a, &hyper).unwrap();
        let mut tape = Tape::new();
        for step in 0..6 {
            tape.reset();
            recorded.set_learning_rate(0.1 / (1.0 + step as f64)).unwrap();
            recorded.step(loss(&tape, &a)).unwrap();
        }
        let compiled = by_name(name, &b, &hyper).unwrap();
        let mut step = compile(|tape, _| {
            let loss = loss(tape, &b);
            compiled.step(loss)?;
            Ok(vec![loss])
        });
        for count in 0..6 {
            compiled.set_learning_rate(0.1 / (1.0 + count as f64)).unwrap();
            step.call(&[]).unwrap();
        }
        assert_eq!(a.value().to_f64_vec(), b.value().to_f64_vec(), "{name}");
        assert_eq!(compiled.steps(), 6);
    }
}

#[test]
fn a_saved_state_continues_where_it_was() {
    for name in NAMES {
        let run = |x: &Parameter, opt: &dyn Optimizer, steps: usize| {
            for _ in 0..steps {
                // Searches need a loss that is recorded again and again.
                opt.minimize(&mut |tape| Ok(loss(tape, x))).unwrap();
            }
        };
        let x = parameter(&[3.0, -1.0]);
        let opt = by_name(name, &x, &Default::default()).unwrap();
        run(&x, &*opt, 4);
        let (value, state) = (x.value(), opt.state().unwrap());
        run(&x, &*opt, 3);

        let again = Parameter::new(value);
        let other = by_name(name, &again, &Default::default()).unwrap();
        other.load_state(&state).unwrap();
        assert_eq!(other.steps(), 4);
        run(&again, &*other, 3);
        assert!(again.value().equals(&x.value()), "{name}");
    }
}

#[test]
fn a_state_that_does_not_fit_changes_nothing() {
    let x = [parameter(&[3.0, -1.0])];
    let mut good = Adam::new(&x, 0.1).state().unwrap();
    let names: Vec<&str> = good.iter().map(|(name, _)| &name[..]).collect();
    assert_eq!(names, ["steps", "0.exp_avg", "0.exp_avg_sq"]);
    good.iter_mut().skip(1).for_each(|(_, tensor)| *tensor = Tensor::ones(2, DType::F64));
    type State = Vec<(String, Tensor)>;
    let load = |change: &dyn Fn(&mut State)| {
        let mut state = good.clone();
        change(&mut state);
        let opt = Adam::new(&x, 0.1);
        let text = opt.load_state(&state).unwrap_err().to_string();
        assert_eq!(opt.state().unwrap()[1].1.to_f64_vec(), [0.0, 0.0], "{text}");
        text
    };
    let text = load(&|state| state[2].0 = "0.exp_avg_qs".into());
    assert!(
        text.contains("has no \"0.exp_avg_sq\"") && text.contains("it has \"0.exp_avg_qs\""),
        "{text}"
    );
    let text = load(&|state| state[1].1 = Tensor::zeros(3, DType::F64));
    assert!(text.contains("f64[2]") && text.contains("f64[3]"), "{text}");
    assert!(load(&|state| state[0].1 = Tensor::scalar(-1.0)).contains("-1 steps"));
    let extra = |state: &mut Vec<_>| state.push(("1.exp_avg".into(), Tensor::scalar(0.0)));
    assert!(load(&extra).contains("nothing called \"1.exp_avg\""));
}

/// Keeps the gradient in a slot that it does not have.
struct Forgetful(Base);

impl Rule for Forgetful {
    fn base(&self) -> &Base {
        &self.0
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.0
    }

    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        u.x() - u.keep(0, u.g())
    }
}

#[test]
fn what_is_kept_in_no_slot_is_an_error() {
    let x = parameter(&[3.0, -1.0]);
    let error = Forgetful(Base::new(&x, 0.1)).step(loss(&Tape::new(), &x)).unwrap_err();
    assert!(error.message().contains("no slot 0"), "{error}");
    assert_eq!(x.value().to_f64_vec(), [3.0, -1.0]);
}

/// The values of an f32 parameter, at first 1, after steps by these gradients.
fn steps(optimizer: &mut dyn Optimizer, x: &Parameter, gradients: &[f64]) -> Vec<f64> {
    let mut tape = Tape::new();
    let step = |&g: &f64| {
        tape.reset();
        optimizer.step(tape.parameter(x) * g).unwrap();
        x.value().to_f64_vec()[0]
    };
    gradients.iter().map(step).collect()
}

#[test]
fn squares_of_large_gradients_do_not_overflow() {
    let start = || Parameter::new(Tensor::scalar(1f32));
    let gradients = [1.0, 2e19, 1.0, 1.0];
    let x = start();
    let got = steps(&mut Adam::new(&x, 0.1), &x, &gradients);
    for (got, want) in got.iter().zip([0.9, 0.8256, 0.7681, 0.7209]) {
        assert!((got - want).abs() < 5e-5, "{got} for {want}");
    }
    for name in stepping() {
        let x = start();
        let hyper = Hyper::new().with("lr", 1e-25);
        let mut optimizer = by_name(name, &x, &hyper).unwrap();
        let got = steps(&mut *optimizer, &x, &[1.0, 2e19, 1e30, 1.0, 1.0]);
        assert!(got.iter().all(|x| x.is_finite()), "{name}: {got:?}");
    }
    for momentum in [0.0, 0.9] {
        let x = start();
        let mut centered = RmsProp::new(&x, 0.1).centered(true).momentum(momentum);
        let got = steps(&mut centered, &x, &[1.0, 2e19, 1e30, 1.0, 1.0]);
        assert!(got.iter().all(|x| x.is_finite()), "centred: {got:?}");
    }
}

#[test]
fn gradients_are_clipped_at_any_size() {
    for (dtype, size) in [(DType::F32, 1e20), (DType::F64, 1e300), (DType::F32, 5e37)] {
        let x = Parameter::new(Tensor::ones([2], dtype));
        let tape = Tape::new();
        let opt = Sgd::new(&x, 1.0).clip_norm(1.0);
        opt.step((tape.parameter(&x) * size).sum(())).unwrap();
        for x in x.value().to_f64_vec() {
            assert!((x - (1.0 - 0.5f64.sqrt())).abs() < 1e-6, "{dtype} {size}: {x}");
        }
    }
}

/// How far a parameter at 1 has gone in each of many steps along a constant gradient.
fn lengths(name: &str, start: f64, gradient: f64, count: usize) -> Vec<f64> {
    let x = parameter(&[start]);
    let hyper = Hyper::new().with("lr", RATE).with("weight_decay", 0.0);
    let optimizer = by_name(name, &x, &hyper).unwrap();
    let mut tape = Tape::new();
    let step = |_| {
        let before = x.value().to_f64_vec()[0];
        tape.reset();
        optimizer.step((tape.parameter(&x) * gradient).sum(())).unwrap();
        before - x.value().to_f64_vec()[0]
    };
    (0..count).map(step).collect()
}

const RATE: f64 = 1e-4;

#[test]
fn steps_have_the_pace_that_is_declared() {
    for info in OPTIMIZERS.iter().filter(|info| info.pace != Pace::Search) {
        let [once, thousandfold] =
            [1.0, 1000.0].map(|gradient| lengths(info.name, 1.0, gradient, 5_000));
        let twice = lengths(info.name, 2.0, 1.0, 10);
        let last = once.len() - 1;
        let (times, rates) = (thousandfold[last] / once[last], once[last] / RATE);
        let about = |got: f64, want: f64| (got / want - 1.0).abs() < 0.05;
        let found = match times {
            _ if about(times, 1000.0) => Pace::Gradient,
            _ if !about(times, 1.0) => panic!("{}: {times} times as long", info.name),
            _ if about(twice[9] / once[9], 2.0) => Pace::Norm,
            _ if about(rates, 1.0) => Pace::Rate,
            _ if about(rates, 1.0 / (once.len() as f64).sqrt()) => Pace::Falling,
            _ => Pace::Own,
        };
        assert_eq!(found, info.pace, "{}: {times} times as long, {rates} rates", info.name);
    }
}

/// An optimiser with a setting of its own.
struct Scaled(Base, f64);

impl Rule for Scaled {
    fn base(&self) -> &Base {
        &self.0
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.0
    }

    fn name(&self) -> &'static str {
        "scaled"
    }

    fn settings(&self) -> Vec<(Hyperparameter, HyperValue)> {
        let (default, range) = (HyperValue::Number(0.5), Interval::SHARE);
        let scale = Hyperparameter { name: "scale", doc: "Times the step.", default, range };
        vec![(scale, self.1.into())]
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        u.x() - u.g() * u.rate(0) * self.1
    }
}

#[test]
fn settings_of_optimisers_of_ones_own_are_held_to_their_ranges() {
    let x = parameter(&[3.0, -1.0]);
    let error = Scaled(Base::new(&x, 0.1), 1.0).step(loss(&Tape::new(), &x)).unwrap_err();
    assert!(error.message().contains("scale is 1, but must be at least 0 and below 1"), "{error}");
    assert_eq!(x.value().to_f64_vec(), [3.0, -1.0]);
    let good = Scaled(Base::new(&x, 0.1), 0.5);
    good.step(loss(&Tape::new(), &x)).unwrap();
    assert_eq!(good.hyper(), Hyper::new().with("lr", 0.1).with("scale", 0.5));
}
