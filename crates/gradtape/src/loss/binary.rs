//! Losses of yes and no.

use super::{PROBABILITY, Range, Reduction, misfit, out_of_range, share};
use crate::tape::Var;
use crate::tensor::{Error, Kind, Tensor};

/// Settings of [`bce_with_logits_with`].
#[derive(Clone, Debug, Default)]
pub struct BceOptions {
    /// A factor for each element; its shape broadcasts to the prediction's.
    pub weight: Option<Tensor>,
    /// A factor for the yes part of each element, above 1 where yes is rare; its shape broadcasts to
    /// the prediction's.
    pub pos_weight: Option<Tensor>,
    /// What becomes of the elements' losses.
    pub reduction: Reduction,
}

/// The binary cross entropy of logits: `-t log σ(x) - (1 - t) log(1 - σ(x))` with `σ` the sigmoid and
/// targets in [0, 1].
///
/// Computed as `t softplus(-x) + (1 - t) softplus(x)`, which neither overflows nor loses a small loss to
/// rounding; the gradient is `σ(x) - t`, divided by the number of elements. A side whose share is 0 does not
/// count, also where its logarithm is infinite.
///
/// A target outside [0, 1] is an error where it is a constant or watched; computed ones and inputs of a
/// compiled step are not looked at.
///
/// ```
/// use gradtape::loss::bce_with_logits;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.0, 800.0, -800.0]);
/// let loss = bce_with_logits(x, tape.constant([1.0, 1.0, 1.0]));
/// let [dx] = gradient(loss * 3.0, [x]);
/// assert!((loss.item()? - (2.0f64.ln() + 800.0) / 3.0).abs() < 1e-12);
/// assert_eq!(dx.value()?.to_f64_vec(), [-0.5, 0.0, -1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "BCEWithLogitsLoss")]
#[track_caller]
pub fn bce_with_logits<'t>(logits: Var<'t>, target: Var<'t>) -> Var<'t> {
    bce_with_logits_with(logits, target, &BceOptions::default())
}

/// As [`bce_with_logits`], with settings.
#[track_caller]
pub fn bce_with_logits_with<'t>(logits: Var<'t>, target: Var<'t>, options: &BceOptions) -> Var<'t> {
    if let Some(failed) = misfit("bce_with_logits", logits, target) {
        return failed;
    }
    if let Some(failed) = out_of_range("bce_with_logits", "target", target, &PROBABILITY) {
        return failed;
    }
    let (x, t) = (logits, target);
    let yes = match &options.pos_weight {
        None => t,
        Some(tensor) => t * factor(x, "pos_weight", tensor),
    };
    let losses = share(yes, (-x).softplus()) + share(1.0 - t, x.softplus());
    options.reduction.of(match &options.weight {
        None => losses,
        Some(tensor) => losses * factor(x, "weight", tensor),
    })
}

/// A factor of the user's in the type of the prediction, if it broadcasts to its shape.
#[track_caller]
fn factor<'t>(x: Var<'t>, name: &str, tensor: &Tensor) -> Var<'t> {
    let shape = x.shape();
    if !x.id().is_failed() && !tensor.shape().broadcasts_to(&shape) {
        let message = format!(
            "bce_with_logits: {name} of shape {} does not broadcast to {shape}",
            tensor.shape()
        );
        let hint = "sizes must be equal or 1, counted from the last axis";
        return x.failed(Error::new(Kind::Shape, message).hint(hint), &[x]);
    }
    x.tape().constant(tensor.cast(x.dtype())).broadcast_to(&shape)
}

/// The binary cross entropy of probabilities: `-t log p - (1 - t) log(1 - p)`, each logarithm at least
/// -100. [`bce_with_logits`] is more accurate and faster.
///
/// The gradient is `(p - t) / max(p (1 - p), 1e-12)`. A probability or target outside [0, 1] is an error
/// where it is a constant or watched; computed ones and inputs of a compiled step are not looked at, and such
/// a probability gives NaN.
///
/// ```
/// use gradtape::loss::bce;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([0.25]);
/// let loss = bce(p, tape.constant([1.0]));
/// let [dp] = gradient(loss, [p]);
/// assert_eq!(loss.item()?, 4.0f64.ln());
/// assert_eq!(dp.item()?, -4.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn bce<'t>(probability: Var<'t>, target: Var<'t>) -> Var<'t> {
    bce_with(probability, target, Reduction::Mean)
}

/// As [`bce`], with a [`Reduction`].
#[track_caller]
pub fn bce_with<'t>(probability: Var<'t>, target: Var<'t>, reduction: Reduction) -> Var<'t> {
    if let Some(failed) = misfit("bce", probability, target) {
        return failed;
    }
    for (what, var) in [("prediction", probability), ("target", target)] {
        if let Some(failed) = out_of_range("bce", what, var, &PROBABILITY) {
            return failed;
        }
    }
    let (p, t) = (probability, target);
    let losses = -(t * log(p) + (1.0 - t) * log(1.0 - p));
    reduction.of(p.tape().custom_gradient(&[p, t], losses, |x, _, g| {
        let (p, t) = (x[0], x[1]);
        let least = LEAST_VARIANCE.max(p.dtype().smallest());
        vec![g * (p - t) / (p * (1.0 - p)).maximum(least), g * (log(1.0 - p) - log(p))]
    }))
}

/// Single precision's 1e-12, in any type that has it, so that the gradient at 0 and 1 is PyTorch's.
const LEAST_VARIANCE: f64 = 1e-12f32 as f64;

/// The logarithm, at least -100.
#[track_caller]
fn log(p: Var<'_>) -> Var<'_> {
    p.log().maximum(-100.0)
}

/// The hinge loss of scores for targets -1 and 1: `max(0, 1 - t p)`; its derivative at the kink is 0.
/// Another target is an error where it is a constant or watched; computed ones and inputs of a compiled step
/// are not looked at.
///
/// ```
/// use gradtape::loss::{Reduction, hinge_with};
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([0.5, 2.0, 0.5]);
/// let loss = hinge_with(p, tape.constant([1.0, 1.0, -1.0]), Reduction::Sum);
/// let [dp] = gradient(loss, [p]);
/// assert_eq!(loss.item()?, 0.5 + 0.0 + 1.5);
/// assert_eq!(dp.value()?.to_f64_vec(), [-1.0, 0.0, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn hinge<'t>(score: Var<'t>, target: Var<'t>) -> Var<'t> {
    hinge_with(score, target, Reduction::Mean)
}

/// As [`hinge`], with a [`Reduction`].
#[track_caller]
pub fn hinge_with<'t>(score: Var<'t>, target: Var<'t>, reduction: Reduction) -> Var<'t> {
    if let Some(failed) = misfit("hinge", score, target) {
        return failed;
    }
    if let Some(failed) = out_of_range("hinge", "target", target, &SIGN) {
        return failed;
    }
    reduction.of((1.0 - target * score).relu())
}

const SIGN: Range = Range {
    holds: |sign| sign.abs() == 1.0,
    words: "-1 or 1",
    hint: "labels 0 and 1 become such targets as `t * 2.0 - 1.0`",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad::gradient;
    use crate::loss::kl_div;
    use crate::tape::Tape;
    use crate::tensor::DType;

    #[test]
    fn factors_weigh_elements() {
        let tape = Tape::new();
        let (x, t) = (tape.watch([[0.5, -1.0]]), tape.constant([[1.0, 0.0]]));
        let plain = bce_with_logits_with(
            x,
            t,
            &BceOptions { reduction: Reduction::None, ..Default::default() },
        );
        let weighed = BceOptions {
            weight: Some(Tensor::from([2.0f32, 3.0])),
            pos_weight: Some(Tensor::scalar(4.0)),
            reduction: Reduction::None,
        };
        let weighed = bce_with_logits_with(x, t, &weighed).value().unwrap().to_f64_vec();
        let plain = plain.value().unwrap().to_f64_vec();
        assert!((weighed[0] - 8.0 * plain[0]).abs() < 1e-14);
        assert!((weighed[1] - 3.0 * plain[1]).abs() < 1e-14);
        let wide = BceOptions { weight: Some(Tensor::from([1.0, 1.0, 1.0])), ..Default::default() };
        let error = bce_with_logits_with(x, t, &wide).item().unwrap_err().to_string();
        assert!(error.contains("weight of shape [3] does not broadcast to [1, 2]"), "{error}");
    }

    #[test]
    fn small_losses_of_logits_are_not_lost() {
        let inf = f64::INFINITY;
        let tape = Tape::new();
        for pos_weight in [None, Some(Tensor::scalar(4.0))] {
            let yes = pos_weight.as_ref().map_or(1.0, |_| 4.0);
            let options =
                BceOptions { pos_weight, reduction: Reduction::Sum, ..Default::default() };
            let small = (-20f64).exp().ln_1p();
            for (logit, target, want, slope) in [
                (20.0, 1.0, yes * small, -yes * (-small).exp_m1().abs()),
                (-20.0, 0.0, small, (-small).exp_m1().abs()),
                (0.0, 1.0, yes * 2f64.ln(), -yes * 0.5),
                (0.0, 0.25, (0.25 * yes + 0.75) * 2f64.ln(), 0.5 * (0.75 - 0.25 * yes)),
                (-inf, 0.0, 0.0, 0.0),
                (inf, 1.0, 0.0, 0.0),
                (-inf, 1.0, inf, -yes),
                (inf, 0.5, inf, 0.5),
            ] {
                for dtype in [DType::F32, DType::F64] {
                    let x = tape.watch(Tensor::full([1], logit, dtype));
                    let t = tape.constant(Tensor::full([1], target, dtype));
                    let loss = bce_with_logits_with(x, t, &options);
                    let [dx] = gradient(loss, [x]);
                    for (got, want) in [(loss, want), (dx, slope)] {
                        let got = got.item().unwrap();
                        let near = got == want || (got / want - 1.0).abs() < 1e-6;
                        assert!(near, "{dtype} {logit} {target}: {got} for {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn soft_targets_have_a_gradient_too() {
        let tape = Tape::new();
        let (p, t) = (tape.watch([0.25]), tape.watch([0.5]));
        let [dt] = gradient(bce(p, t), [t]);
        assert!((dt.item().unwrap() - 3.0f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn targets_out_of_range_are_errors() {
        let tape = Tape::new();
        let (p, x) = (tape.watch([0.25, 0.5]), tape.watch([0.25, 1.2]));
        let t = |second: f64| tape.constant([1.0, second]);
        let computed = x * 1.0;
        for (loss, words) in [
            (bce(p, t(2.0)), "bce: element 1 of the target is 2, but must be in [0, 1]"),
            (bce(p, t(f64::NAN)), "of the target is NaN"),
            (bce(x, t(1.0)), "bce: element 1 of the prediction is 1.2"),
            (bce_with_logits(p, t(-0.5)), "bce_with_logits: element 1 of the target is -0.5"),
            (hinge(p, t(0.0)), "hinge: element 1 of the target is 0, but must be -1 or 1"),
        ] {
            let error = loss.item().unwrap_err();
            assert!(error.message().contains(words), "{error}");
            assert_eq!(error.kind(), Kind::Value);
        }
        assert!(bce(computed, t(1.0)).item().unwrap().is_nan());
        let single = tape.constant([0.5f32, 1.5]);
        let error = bce(tape.constant([0.5f32, 0.5]), single).item().unwrap_err();
        assert!(error.message().contains("element 1 of the target is 1.5"), "{error}");
        for t in [[0.0, 1.0], [1.0, 0.3]] {
            assert!(bce(p, tape.constant(t)).item().is_ok());
        }
    }

    #[test]
    fn targets_beyond_memory_are_errors() {
        let tape = Tape::new();
        let endless = |x: f64| tape.constant(Tensor::full([1 << 45], x, DType::F64));
        let (p, t) = (endless(0.5), endless(1.0));
        for loss in [bce(p, t), bce_with_logits(p, t), hinge(p, t), kl_div(p, t)] {
            assert!(loss.value().unwrap_err().message().contains("no memory"), "{loss:?}");
        }
    }

    #[test]
    fn shapes_must_agree() {
        let tape = Tape::new();
        let (x, t) = (tape.constant([[0.5], [1.0]]), tape.constant([1.0, 0.0]));
        for loss in [bce(x, t), bce_with_logits(x, t), hinge(x, t)] {
            assert!(loss.item().unwrap_err().to_string().contains("the target to [2, 1]"));
        }
    }
}
