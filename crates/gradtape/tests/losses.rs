//! Every loss and its gradient against the reference values.

use gradtape::loss::*;
use gradtape::{DType, Mode, Result, Tape, Tensor, Var, vjp};
use serde_json::Value;

use crate::reference;
use crate::reference::{Tolerance, cases, numbers, tensor, tensor_of};

/// How far f32 may be from the reference for inputs up to a size, relative to the largest element. A
/// large logit is known to its last digit only, and its exponential is off by that factor.
fn single(largest: f64) -> f64 {
    1e-5 + f64::from(f32::EPSILON) * largest
}

#[test]
fn losses_are_those_of_the_reference() -> Result<()> {
    compare(DType::F64)
}

#[test]
fn losses_in_f32_are_near_the_reference() -> Result<()> {
    compare(DType::F32)
}

fn compare(dtype: DType) -> Result<()> {
    let file = reference::read("losses.json");
    for case in cases(&file) {
        let id = case["id"].as_str().unwrap();
        let largest = numbers(&case["input"]["data"]).iter().fold(0.0f64, |a, b| a.max(b.abs()));
        let tolerance = Tolerance::for_type(&file, case, dtype, single(largest));
        let tape = Tape::new();
        let input = tape.watch(tensor_of(&case["input"], dtype));
        let target = tape.constant(tensor_of(&case["target"], dtype));
        let loss = record(case["op"].as_str().unwrap(), &case["attrs"], input, target);
        let cotangent = tape.constant(tensor_of(&case["cotangent"], dtype));
        let gradient = vjp(&[loss], &[cotangent], &[input])[0];
        let check = |what: &str, got: Var<'_>, want: &Value| -> Result<()> {
            let (got, want) = (got.value()?, tensor(want));
            assert_eq!(got.shape(), want.shape(), "{id}, {what}");
            tolerance.check(&format!("{id}, {what}"), &got.to_f64_vec(), &want.to_f64_vec());
            Ok(())
        };
        check("value", loss, &case["output"])?;
        check("gradient", gradient, &case["grad_input"])?;
    }
    Ok(())
}

fn record<'t>(op: &str, attrs: &Value, input: Var<'t>, target: Var<'t>) -> Var<'t> {
    for name in attrs.as_object().unwrap().keys() {
        let known = ["reduction", "delta", "beta", "label_smoothing", "weight", "pos_weight"];
        assert!(known.contains(&&name[..]), "{name} is not passed on");
    }
    let reduction = match attrs["reduction"].as_str().unwrap() {
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        "none" => Reduction::None,
        "batchmean" => Reduction::BatchMean,
        other => panic!("{other}"),
    };
    let list = |name: &str| attrs.get(name).map(|list| numbers(list).into());
    match op {
        "mse" => mse_with(input, target, reduction),
        "mae" => mae_with(input, target, reduction),
        "huber" => huber_with(input, target, attrs["delta"].as_f64().unwrap(), reduction),
        "smooth_l1" => smooth_l1_with(input, target, attrs["beta"].as_f64().unwrap(), reduction),
        "bce" => bce_with(input, target, reduction),
        "hinge" => hinge_with(input, target, reduction),
        "nll" => nll_with(input, target, reduction),
        "kl_div" => kl_div_with(input, target, reduction),
        "bce_with_logits" => {
            let (weight, pos_weight) = (list("weight"), list("pos_weight"));
            bce_with_logits_with(input, target, &BceOptions { weight, pos_weight, reduction })
        }
        "cross_entropy" => {
            let label_smoothing = attrs.get("label_smoothing").map_or(0.0, |s| s.as_f64().unwrap());
            let weight = list("weight");
            let options = CrossEntropyOptions {
                weight,
                label_smoothing,
                reduction,
                ..CrossEntropyOptions::default()
            };
            cross_entropy_with(input, target, &options)
        }
        other => panic!("{other}"),
    }
}

/// Every loss of a prediction and a target, by name.
fn every_loss<'t>(x: Var<'t>, y: Var<'t>) -> [(&'static str, u32, Var<'t>); 9] {
    // The line of each call, in its own row.
    [
        ("mse", line!(), mse(x, y)),
        ("mae", line!(), mae(x, y)),
        ("huber", line!(), huber(x, y, 1.0)),
        ("smooth_l1", line!(), smooth_l1(x, y, 1.0)),
        ("bce", line!(), bce(x, y)),
        ("bce_with_logits", line!(), bce_with_logits(x, y)),
        ("hinge", line!(), hinge(x, y)),
        ("kl_div", line!(), kl_div(x, y)),
        ("cross_entropy", line!(), cross_entropy(x, y)),
    ]
}

#[test]
fn what_does_not_fit_names_the_line_of_the_loss() {
    let (tape, other) = (Tape::new(), Tape::new());
    for i in 0..20 {
        other.constant(f64::from(i));
    }
    let x = tape.watch([[0.5, 0.2], [0.1, 0.4]]);
    for (what, y) in [
        ("two different tapes", other.constant([[0.5, 0.2], [0.1, 0.4]])),
        ("two different tapes", other.constant([0.5, 0.2])),
        ("f64[2]", tape.constant([0.5, 0.2])),
    ] {
        for (name, line, loss) in every_loss(x, y) {
            let error = loss.item().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
            assert!(error.to_string().contains(what), "{error}");
            let at = error.location().unwrap();
            assert_eq!((at.file(), at.line()), (file!(), line), "{error}");
        }
    }
    // Labels are looked up on their own tape.
    for loss in [cross_entropy(x, other.constant([0i64, 1])), nll(x, other.constant([0i64, 9]))] {
        assert!(loss.item().unwrap_err().message().contains("two different tapes"));
    }
    let error = cross_entropy(x, tape.constant([0i64])).item().unwrap_err();
    assert_eq!(error.location().unwrap().file(), file!(), "{error}");
    // Factors of the classes, of which there are 2.
    let (labels, three) = (tape.constant([0i64, 1]), || Some(Tensor::ones([3], DType::F64)));
    let entropy = CrossEntropyOptions { weight: three(), ..Default::default() };
    let likelihood = NllOptions { weight: three(), ..Default::default() };
    for (line, loss) in [
        (line!(), cross_entropy_with(x, labels, &entropy)),
        (line!(), nll_with(x, labels, likelihood)),
    ] {
        let error = loss.item().unwrap_err();
        assert!(error.message().contains("weight has shape [3]"), "{error}");
        let at = error.location().unwrap();
        assert_eq!((at.file(), at.line()), (file!(), line), "{error}");
    }
}

#[test]
fn a_number_that_is_none_is_found_in_the_line_of_the_loss() {
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    let x = tape.watch([f64::MAX, 1.0]);
    let losses = every_loss(x, tape.constant([-f64::MAX, f64::MAX]));
    let errors = losses.map(|(name, line, loss)| (name, line, loss.item().err()));
    let found = errors.into_iter().filter_map(|(name, line, error)| {
        let at = error?.location().unwrap();
        assert_eq!((at.file(), at.line()), (file!(), line), "{name}");
        Some(name)
    });
    assert!(found.collect::<Vec<_>>().starts_with(&["mse", "mae"]));
}

#[test]
fn a_loss_that_is_called_as_a_value_names_no_line_of_the_standard_library() {
    let losses: [for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>; 3] = [mse, cross_entropy, nll];
    let tape = Tape::new();
    let (x, y) = (tape.watch([[1.0], [2.0]]), tape.constant([0i64, 1]));
    let powers: Vec<Var<'_>> = [x].into_iter().map(Var::exp).collect();
    for loss in losses {
        let error = loss(powers[0], y).item().unwrap_err();
        assert!(!error.to_string().contains("function.rs"), "{error}");
        assert!(error.to_string().contains("f64[2, 1] = exp\n"), "{error}");
    }
}
