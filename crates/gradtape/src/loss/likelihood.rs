//! Losses of distributions whose parameters are predicted.

use super::{Range, Reduction, misfit, off, out_of_range};
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{Error, Kind};

/// Settings of [`poisson_nll_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoissonNllOptions {
    /// Whether the prediction is the logarithm of the rate, as by default, or the rate.
    pub log_input: bool,
    /// Whether `log t!` is added by Stirling's formula where `t` is above 1, which changes no gradient of the
    /// prediction.
    pub full: bool,
    /// What is added to a rate before its logarithm is taken, above 0; 1e-8 by default.
    pub eps: f64,
    /// What becomes of the elements' losses.
    pub reduction: Reduction,
}

impl Default for PoissonNllOptions {
    fn default() -> PoissonNllOptions {
        PoissonNllOptions { log_input: true, full: false, eps: 1e-8, reduction: Reduction::Mean }
    }
}

/// The negative log-likelihood of counts `t` under the Poisson distribution whose rate is `e^x`, but for `log t!`:
/// `e^x - t x`, averaged. PyTorch's.
///
/// A target below 0 is an error where it is a constant or watched.
///
/// ```
/// use gradtape::loss::poisson_nll;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.0, 2f64.ln()]);
/// let loss = poisson_nll(x, tape.constant([3.0, 2.0]));
/// let [dx] = gradient(loss, [x]);
/// assert!((loss.item()? - (1.0 + 2.0 - 2.0 * 2f64.ln()) / 2.0).abs() < 1e-15);
/// assert!(dx.value()?.all_close(&[-1.0, 0.0].into(), 0.0, 1e-15));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "PoissonNLLLoss")]
#[track_caller]
pub fn poisson_nll<'t>(prediction: Var<'t>, target: Var<'t>) -> Var<'t> {
    poisson_nll_with(prediction, target, PoissonNllOptions::default())
}

/// As [`poisson_nll`], with settings; of rates it is `x - t log(x + eps)`.
#[track_caller]
pub fn poisson_nll_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    options: PoissonNllOptions,
) -> Var<'t> {
    let name = "poisson_nll";
    let PoissonNllOptions { log_input, full, eps, reduction } = options;
    let fine = eps.is_finite() && eps > 0.0;
    if let Some(failed) = off(name, prediction, ("eps", eps), fine, "a finite number above 0") {
        return failed;
    }
    if let Some(failed) = misfit(name, prediction, target) {
        return failed;
    }
    if let Some(failed) = out_of_range(name, "target", target, &COUNT) {
        return failed;
    }
    let (x, t) = (prediction, target);
    if !log_input && let Some(failed) = out_of_range(name, "prediction", x, &RATE) {
        return failed;
    }
    let losses = if log_input { x.exp() - t * x } else { x - t * (x + eps).log() };
    reduction.of(match full {
        false => losses,
        true => {
            // Not of small counts, where the formula is far off.
            let large = t.maximum(1.0);
            let stirling =
                large * large.log() - large + (large * std::f64::consts::TAU).log() * 0.5;
            losses + t.greater(1.0).select(stirling, 0.0)
        }
    })
}

/// Settings of [`gaussian_nll_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianNllOptions {
    /// Whether the constant `½ log 2π` is added.
    pub full: bool,
    /// What a variance is at least, above 0; 1e-6 by default.
    pub eps: f64,
    /// What becomes of the elements' losses.
    pub reduction: Reduction,
}

impl Default for GaussianNllOptions {
    fn default() -> GaussianNllOptions {
        GaussianNllOptions { full: false, eps: 1e-6, reduction: Reduction::Mean }
    }
}

/// The negative log-likelihood of targets `t` under normal distributions of these means and variances, but for a
/// constant: `½ (log v + (t - mean)² / v)`, averaged (Nix and Weigend 1994). PyTorch's.
///
/// The variance broadcasts to the shape of the mean. It counts as 1e-6 where it is less, with the gradient that
/// it has there, so that it can grow again; below 0 it is an error where it is a constant or watched.
///
/// ```
/// use gradtape::loss::gaussian_nll;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let (mean, variance) = (tape.watch([0.0, 1.0]), tape.watch([4.0, 1.0]));
/// let loss = gaussian_nll(mean, tape.constant([2.0, 1.0]), variance);
/// let [dm, dv] = gradient(loss, [mean, variance]);
/// assert!((loss.item()? - (4f64.ln() + 1.0) / 4.0).abs() < 1e-15);
/// assert_eq!(dm.value()?.to_f64_vec(), [-0.25, 0.0]);
/// assert_eq!(dv.value()?.to_f64_vec(), [0.0, 0.25]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "GaussianNLLLoss")]
#[track_caller]
pub fn gaussian_nll<'t>(mean: Var<'t>, target: Var<'t>, variance: Var<'t>) -> Var<'t> {
    gaussian_nll_with(mean, target, variance, GaussianNllOptions::default())
}

/// As [`gaussian_nll`], with settings.
#[track_caller]
pub fn gaussian_nll_with<'t>(
    mean: Var<'t>,
    target: Var<'t>,
    variance: Var<'t>,
    options: GaussianNllOptions,
) -> Var<'t> {
    let name = "gaussian_nll";
    let GaussianNllOptions { full, eps, reduction } = options;
    let fine = eps.is_finite() && eps > 0.0;
    if let Some(failed) = off(name, mean, ("eps", eps), fine, "a finite number above 0") {
        return failed;
    }
    if let Some(failed) = misfit(name, mean, target) {
        return failed;
    }
    if mean.tape().id() != variance.tape().id() {
        return mean.failed(mixed_tapes(name), &[]);
    }
    if variance.id().is_failed() {
        return variance;
    }
    let (like, given) = (mean.meta(), variance.meta());
    if given.dtype != like.dtype || !given.shape.broadcasts_to(&like.shape) {
        let message = format!("{name}: the mean is {like}, but the variance is {given}");
        let hint = "a variance has the type of the mean, and a shape that broadcasts to its shape";
        return mean.failed(Error::new(Kind::Shape, message).hint(hint), &[mean, variance]);
    }
    if let Some(failed) = out_of_range(name, "variance", variance, &VARIANCE) {
        return failed;
    }
    let v = variance + (variance.maximum(eps) - variance).stop_gradient();
    let losses = (v.log() + (mean - target).square() / v) * 0.5;
    reduction.of(match full {
        true => losses + std::f64::consts::TAU.ln() * 0.5,
        false => losses,
    })
}

const COUNT: Range = Range {
    holds: |x| x >= 0.0,
    words: "at least 0",
    hint: "the target counts how often something was",
};

const RATE: Range = Range {
    holds: |x| x >= 0.0,
    words: "at least 0",
    hint: "a rate is at least 0; of its logarithm say log_input: true",
};

const VARIANCE: Range = Range {
    holds: |x| x >= 0.0,
    words: "at least 0",
    hint: "a softplus or an exponential makes variances of any numbers",
};
