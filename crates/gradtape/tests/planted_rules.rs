//! A test of the test: wrong gradient rules, planted in every operation, are caught by its samples.

use std::collections::BTreeSet;

use crate::samples::{check_derivatives, floats, has_derivatives};
use gradtape::op::{Op, Sample};
use gradtape::{DType, Tape, Tensor, Var, check_gradients, gradients, vjp};

/// The samples' gradients through a user's rule: the right one, changed by `spoil`, which is given
/// the input, the right cotangent of it and the one that came in.
fn spoiled(
    Sample { op, inputs, .. }: &Sample<Op>,
    spoil: impl for<'a> Fn(Var<'a>, Var<'a>, Var<'a>) -> Var<'a> + Copy + Send + Sync + 'static,
) -> Result<(), String> {
    check_derivatives(
        |x| {
            let op = op.clone();
            let out = x[0].tape().apply(op.clone(), x);
            x[0].tape().custom_gradient(x, out, move |x, _, g| {
                let again = x[0].tape().apply(op.clone(), x);
                let mut right = vjp(&[again], &[g], &floats(x)).into_iter();
                x.iter()
                    .map(|&x| match x.dtype().is_float() {
                        true => right.next().map_or(x, |cotangent| spoil(x, cotangent, g)),
                        false => x,
                    })
                    .collect()
            })
        },
        inputs,
    )
}

/// The names of the operations whose samples the check of derivatives finds fault with.
fn caught(
    spoil: impl for<'a> Fn(Var<'a>, Var<'a>, Var<'a>) -> Var<'a> + Copy + Send + Sync + 'static,
) -> BTreeSet<&'static str> {
    let samples = Op::samples();
    let checked = samples.iter().filter(|sample| has_derivatives(sample).unwrap_or(true));
    checked.filter(|sample| spoiled(sample, spoil).is_err()).map(|s| s.op.name()).collect()
}

/// The operations whose gradient is zero everywhere, which a factor leaves as it is.
fn flat() -> BTreeSet<&'static str> {
    let mut flat = with_derivatives();
    for Sample { op, inputs, .. } in Op::samples() {
        let tape = Tape::new();
        let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.watch(x.clone())).collect();
        let out = tape.apply(op.clone(), &x);
        let slopes = gradients(out.cast(DType::F64).sum(()), &floats(&x));
        let moves = |slope: &Var<'_>| {
            slope.value().is_ok_and(|slope| slope.to_f64_vec().iter().any(|x| *x != 0.0))
        };
        if slopes.iter().any(moves) {
            flat.remove(op.name());
        }
    }
    assert!(flat.len() < 4, "{flat:?}");
    flat
}

fn with_derivatives() -> BTreeSet<&'static str> {
    let samples = Op::samples();
    let all = samples.iter().filter(|sample| has_derivatives(sample).unwrap_or(true));
    all.map(|sample| sample.op.name()).collect()
}

#[test]
fn a_rule_that_is_right_passes_the_check() {
    assert_eq!(caught(|_, cotangent, _| cotangent), BTreeSet::new());
}

#[test]
fn a_rule_that_is_a_little_too_large_is_caught_for_every_operation() {
    let mut missed = with_derivatives();
    caught(|_, cotangent, _| cotangent * 1.000001).iter().for_each(|name| {
        missed.remove(name);
    });
    assert_eq!(missed, flat());
}

#[test]
fn a_rule_of_the_wrong_sign_is_caught_for_every_operation() {
    let mut missed = with_derivatives();
    caught(|_, cotangent, _| -cotangent).iter().for_each(|name| {
        missed.remove(name);
    });
    assert_eq!(missed, flat());
}

#[test]
fn a_rule_of_the_wrong_shape_is_caught_for_every_operation() {
    let caught = caught(|_, cotangent, _| cotangent.unsqueeze(0));
    assert_eq!(caught, with_derivatives());
}

/// The rule's value is right, but it stands on the tape as a number, so its own gradient is lost.
#[test]
fn a_rule_that_is_right_only_in_the_first_order_is_caught_where_there_is_a_second() {
    let caught = caught(|_, cotangent, _| cotangent.stop_gradient());
    for name in ["exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "sin", "erf", "mul", "div"] {
        assert!(caught.contains(name), "{name}");
    }
    for name in ["pow", "contract", "logsumexp"] {
        assert!(caught.contains(name), "{name}");
    }
}

/// Plausible mistakes, each planted in one operation's rule and caught by that operation's samples.
#[test]
fn plausible_mistakes_are_caught_by_name() {
    type Rule = for<'a> fn(Var<'a>, Var<'a>, Var<'a>) -> Var<'a>;
    let planted: [(&str, &str, Rule); 6] = [
        ("tanh", "1 - out instead of 1 - out²", |x, _, g| g * (1.0 - x.tanh())),
        ("exp", "the input instead of the result", |x, _, g| g * x),
        ("sqrt", "the half forgotten", |x, _, g| g / x.sqrt()),
        ("log", "the square of the input", |x, _, g| g / x.square()),
        ("relu", "the gradient passed everywhere", |_, _, g| g),
        ("sin", "a constant for the cosine", |x, _, g| g * x.cos().stop_gradient()),
    ];
    for (name, mistake, rule) in planted {
        let samples = Op::samples();
        let mut own = samples.iter().filter(|sample| sample.op.name() == name);
        assert!(own.any(|sample| spoiled(sample, rule).is_err()), "{name}: {mistake}");
    }
}

#[test]
fn custom_rules_are_used_and_their_shapes_checked() {
    let gradient_of = |rule: for<'a> fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>>| {
        let tape = Tape::new();
        let x = tape.watch(Tensor::from_slice(&[1.0f64, 2.0], [2]).unwrap());
        let n = tape.watch(Tensor::scalar(3.0f64));
        let y = tape.custom_gradient(&[x, n], x * n, rule);
        let slopes = gradients(y.sum(()), &[x, n]);
        (slopes[0].value(), slopes[1].value())
    };
    let (dx, dn) = gradient_of(|x, out, g| vec![g * 7.0, (out * g).sum(()) * x[1]]);
    assert_eq!(dx.unwrap().to_f64_vec(), [7.0, 7.0]);
    assert_eq!(dn.unwrap().to_f64_vec(), [27.0]);
    let (dx, _) = gradient_of(|_, _, g| vec![g]);
    assert!(dx.unwrap_err().to_string().contains("1 cotangents for 2 inputs"));
    let (_, dn) = gradient_of(|_, _, g| vec![g, g]);
    let error = dn.unwrap_err().to_string();
    assert!(error.contains("input 1 is f64[2], but the input is f64[]"), "{error}");
    assert!(error.contains("planted_rules.rs"), "{error}");
}

#[test]
fn a_check_that_would_move_nothing_fails() {
    for input in [Tensor::from([0.5f32]), Tensor::from([1i64]), Tensor::zeros([0, 3], DType::F64)] {
        let error = check_gradients(|x| x[0].cast(DType::F64).square().sum(()), &[input]);
        assert!(error.unwrap_err().message().contains("no input of f64"));
    }
}
