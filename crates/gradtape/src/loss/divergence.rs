//! Losses of distributions.

use super::{Reduction, SHARE, misfit, out_of_range, share};
use crate::tape::Var;

/// The Kullback-Leibler divergence `t (log t - x)` of the target's probabilities `t` from
/// log-probabilities `x`; where `t` is 0 it is 0, also for an `x` of -inf. The mean is over all elements;
/// the divergence of distributions averages over rows, see [`kl_div_with`] and [`Reduction::BatchMean`].
///
/// ```
/// use gradtape::Tape;
/// use gradtape::loss::kl_div;
/// let tape = Tape::new();
/// let x = tape.watch([0.25f64, 0.75]).log();
/// assert_eq!(kl_div(x, tape.constant([0.25, 0.75])).item()?, 0.0);
/// let off = kl_div(x, tape.constant([1.0, 0.0])).item()?;
/// assert!((off - 4.0f64.ln() / 2.0).abs() < 1e-15);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn kl_div<'t>(log_probabilities: Var<'t>, target: Var<'t>) -> Var<'t> {
    kl_div_with(log_probabilities, target, Reduction::Mean)
}

/// As [`kl_div`], with a [`Reduction`].
///
/// ```
/// use gradtape::Tape;
/// use gradtape::loss::{Reduction, kl_div_with};
/// let tape = Tape::new();
/// let x = tape.watch([[0.5f64, 0.25, 0.25]]).log();
/// let t = tape.constant([[0.5, 0.5, 0.0]]);
/// let kl = kl_div_with(x, t, Reduction::BatchMean).item()?;
/// assert!((kl - 0.5 * 2.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn kl_div_with<'t>(
    log_probabilities: Var<'t>,
    target: Var<'t>,
    reduction: Reduction,
) -> Var<'t> {
    if let Some(failed) = misfit("kl_div", log_probabilities, target) {
        return failed;
    }
    let least = target.dtype().smallest();
    if let Some(failed) = out_of_range("kl_div", "target", target, &SHARE) {
        return failed;
    }
    reduction.of(share(target, target.maximum(least).log() - log_probabilities))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grad::gradient;
    use crate::tape::Tape;

    #[test]
    fn nothing_of_what_is_impossible_is_nothing() {
        let tape = Tape::new();
        let x = tape.watch([[f64::NEG_INFINITY, 0.5f64.ln(), 0.5f64.ln()]]);
        let t = tape.watch([[0.0, 0.5, 0.5]]);
        let loss = kl_div_with(x, t, Reduction::Sum);
        let [dx, dt] = gradient(loss, [x, t]);
        assert_eq!(loss.item().unwrap(), 0.0);
        assert_eq!(dx.value().unwrap().to_f64_vec(), [0.0, -0.5, -0.5]);
        assert_eq!(dt.value().unwrap().to_f64_vec(), [0.0, 1.0, 1.0]);
        // What is impossible and yet expected is infinitely far off.
        let t = tape.constant([[0.5, 0.5, 0.0]]);
        assert_eq!(kl_div(x, t).item().unwrap(), f64::INFINITY);
        let error = kl_div(x, tape.constant([[-0.1, 0.6, 0.5]])).item().unwrap_err();
        assert!(error.message().contains("element 0 of the target is -0.1"), "{error}");
    }
}
