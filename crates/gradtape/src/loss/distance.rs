//! Losses of numbers: how far off each one is.

use super::{Reduction, misfit, off};
use crate::tape::Var;
use crate::tensor::{Error, Kind};

/// The mean squared error, `(p - t)²`.
///
/// ```
/// use gradtape::loss::mse;
/// use gradtape::{Tape, Tensor};
/// let tape = Tape::new();
/// let p = tape.watch(Tensor::from([[1.0f32], [2.0], [3.0], [4.0]]));
/// assert_eq!(mse(p, tape.constant([[1.0f32], [2.0], [3.0], [8.0]])).item()?, 4.0);
///
/// // Not broadcast to 4 × 4 differences:
/// let error = mse(p, tape.constant([1.0f32, 2.0, 3.0, 4.0])).item().unwrap_err();
/// assert!(error.to_string().contains("reshape one of them, such as the target to [4, 1]"));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "MSELoss")]
#[track_caller]
pub fn mse<'t>(prediction: Var<'t>, target: Var<'t>) -> Var<'t> {
    mse_with(prediction, target, Reduction::Mean)
}

/// As [`mse`], with a [`Reduction`].
#[track_caller]
pub fn mse_with<'t>(prediction: Var<'t>, target: Var<'t>, reduction: Reduction) -> Var<'t> {
    if let Some(failed) = misfit("mse", prediction, target) {
        return failed;
    }
    reduction.of((prediction - target).square())
}

/// The mean absolute error, `|p - t|`; its derivative where both are equal is 0.
///
/// ```
/// use gradtape::loss::mae;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([1.0, 2.0, 6.0]);
/// let loss = mae(p, tape.constant([2.0, 2.0, 2.0]));
/// let [dp] = gradient(loss * 3.0, [p]);
/// assert_eq!(loss.item()?, 5.0 / 3.0);
/// assert_eq!(dp.value()?.to_f64_vec(), [-1.0, 0.0, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "L1Loss")]
#[track_caller]
pub fn mae<'t>(prediction: Var<'t>, target: Var<'t>) -> Var<'t> {
    mae_with(prediction, target, Reduction::Mean)
}

/// As [`mae`], with a [`Reduction`].
#[track_caller]
pub fn mae_with<'t>(prediction: Var<'t>, target: Var<'t>, reduction: Reduction) -> Var<'t> {
    if let Some(failed) = misfit("mae", prediction, target) {
        return failed;
    }
    reduction.of((prediction - target).abs())
}

/// Huber's loss: `½ e²` where the error `e = p - t` is at most `delta`, and `delta (|e| - ½ delta)`
/// beyond. Huber 1964.
///
/// ```
/// use gradtape::loss::{Reduction, huber_with};
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([0.5, 3.0]);
/// let loss = huber_with(p, tape.constant([0.0, 0.0]), 1.0, Reduction::Sum);
/// let [dp] = gradient(loss, [p]);
/// assert_eq!(loss.item()?, 0.125 + 2.5);
/// assert_eq!(dp.value()?.to_f64_vec(), [0.5, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn huber<'t>(prediction: Var<'t>, target: Var<'t>, delta: f64) -> Var<'t> {
    huber_with(prediction, target, delta, Reduction::Mean)
}

/// As [`huber`], with a [`Reduction`].
#[track_caller]
pub fn huber_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    delta: f64,
    reduction: Reduction,
) -> Var<'t> {
    match bounded(("huber", "delta", delta), prediction, target) {
        Ok(losses) => reduction.of(losses),
        Err(failed) => failed,
    }
}

/// Huber's loss divided by its `beta`: `½ e² / beta` where the error is at most `beta`, and
/// `|e| - ½ beta` beyond. Girshick 2015.
///
/// ```
/// use gradtape::loss::{Reduction, smooth_l1_with};
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([0.5, 3.0]);
/// let loss = smooth_l1_with(p, tape.constant([0.0, 0.0]), 2.0, Reduction::Sum);
/// let [dp] = gradient(loss, [p]);
/// assert_eq!(loss.item()?, 0.0625 + 2.0);
/// assert_eq!(dp.value()?.to_f64_vec(), [0.25, 1.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn smooth_l1<'t>(prediction: Var<'t>, target: Var<'t>, beta: f64) -> Var<'t> {
    smooth_l1_with(prediction, target, beta, Reduction::Mean)
}

/// As [`smooth_l1`], with a [`Reduction`].
#[track_caller]
pub fn smooth_l1_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    beta: f64,
    reduction: Reduction,
) -> Var<'t> {
    match bounded(("smooth_l1", "beta", beta), prediction, target) {
        Ok(losses) => reduction.of(losses * (1.0 / beta)),
        Err(failed) => failed,
    }
}

/// The quantile (pinball) loss `max(q e, (q - 1) e)` of the error `e = t - p`, averaged: least where a share `q` of the
/// targets lies below the prediction, the mean absolute error's half for a `q` of ½ (Koenker and Bassett 1978). `q` is
/// above 0 and below 1; where both are equal the derivative is 0.
///
/// ```
/// use gradtape::loss::{Reduction, quantile_with};
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let p = tape.watch([1.0, 3.0]);
/// let loss = quantile_with(p, tape.constant([2.0, 2.0]), 0.75, Reduction::Sum);
/// let [dp] = gradient(loss, [p]);
/// assert_eq!(loss.item()?, 0.75 + 0.25);
/// assert_eq!(dp.value()?.to_f64_vec(), [-0.75, 0.25]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "pinball")]
#[track_caller]
pub fn quantile<'t>(prediction: Var<'t>, target: Var<'t>, q: f64) -> Var<'t> {
    quantile_with(prediction, target, q, Reduction::Mean)
}

/// As [`quantile`], with a [`Reduction`].
#[track_caller]
pub fn quantile_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    q: f64,
    reduction: Reduction,
) -> Var<'t> {
    let fine = q > 0.0 && q < 1.0;
    let refused = [
        off("quantile", prediction, ("q", q), fine, "above 0 and below 1"),
        misfit("quantile", prediction, target),
    ];
    if let Some(failed) = refused.into_iter().flatten().next() {
        return failed;
    }
    let short = target - prediction;
    reduction.of(short.relu() * q + (-short).relu() * (1.0 - q))
}

/// Losses that are squares within a bound, of the name and value given, and lines beyond; or the error
/// in their place.
#[track_caller]
fn bounded<'t>(
    (loss, name, bound): (&str, &str, f64),
    prediction: Var<'t>,
    target: Var<'t>,
) -> Result<Var<'t>, Var<'t>> {
    if !bound.is_finite() || bound <= 0.0 {
        let error = Error::new(Kind::Value, format!("{loss}: {name} is {bound}"));
        let hint = "it must be a finite number above 0";
        return Err(prediction.failed(error.hint(hint), &[prediction]));
    }
    match misfit(loss, prediction, target) {
        Some(failed) => Err(failed),
        None => Ok(within(prediction - target, bound)),
    }
}

/// `c (|e| - ½ c)` with `c = min(|e|, delta)`: one formula for both sides, with one derivative, `c`
/// times the sign of `e`, also where they meet.
#[track_caller]
fn within(e: Var<'_>, delta: f64) -> Var<'_> {
    let size = e.abs();
    let c = size.minimum(delta);
    c * (size - c * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;
    use crate::tensor::{DType, Tensor};

    #[test]
    fn nothing_is_broadcast() {
        let tape = Tape::new();
        let var = |shape: &[usize], dtype| tape.constant(Tensor::ones(shape, dtype));
        let (column, row) = (var(&[4, 1], DType::F32), var(&[4], DType::F32));
        for (loss, name) in [
            (mse(column, row), "mse"),
            (mae(column, row), "mae"),
            (huber(column, row, 1.0), "huber"),
            (smooth_l1(column, row, 1.0), "smooth_l1"),
        ] {
            let error = loss.item().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
            for words in ["f32[4, 1]", "f32[4]", "distance.rs", "such as the target to [4, 1]"] {
                assert!(error.contains(words), "{error}");
            }
        }
        let error = mse(row, var(&[4], DType::F64)).item().unwrap_err().to_string();
        assert!(error.contains("cast(DType::F32)"), "{error}");
        let error = mse(row, var(&[1], DType::F32)).item().unwrap_err().to_string();
        assert!(error.contains("does not broadcast"), "{error}");
        let whole = var(&[4], DType::I64);
        assert!(mse(whole, whole).item().is_err());
    }

    #[test]
    fn settings_out_of_range_are_errors() {
        let tape = Tape::new();
        let x = tape.constant([1.0, 2.0]);
        for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(huber(x, x, delta).item().unwrap_err().message().contains("delta"));
            assert!(smooth_l1(x, x, delta).item().unwrap_err().message().contains("beta"));
        }
    }
}
