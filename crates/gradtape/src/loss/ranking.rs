//! Losses of orders.

use super::{Reduction, misfit};
use crate::soft::{SoftOrderOptions, soft_rank_with};
use crate::tape::Var;
use crate::tensor::DType;

/// 1 less the correlation of soft ranks along the last axis, `[…, n]`, averaged over rows: from 0, where the prediction
/// has the order of the target, to 2, where it has the opposite one (Spearman 1904; Blondel et al. 2020).
///
/// The hard function, Spearman's coefficient, is made of ranks, whose gradient is 0. Those of
/// [`soft_rank`](crate::soft::soft_rank) have one, where elements are closer than about `strength`, a finite number
/// above 0. A row that has no order, all of whose ranks are equal, is 1 with gradient 0.
///
/// ```
/// use gradtape::loss::spearman;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.3, 0.1, 0.2]);
/// let same = spearman(x, tape.constant([30.0, 10.0, 20.0]), 0.01);
/// let opposite = spearman(x, tape.constant([1.0, 3.0, 2.0]), 0.01);
/// assert!(same.item()?.abs() < 1e-12 && (opposite.item()? - 2.0).abs() < 1e-12);
/// let [dx] = gradient(spearman(x, tape.constant([10.0, 20.0, 30.0]), 1.0), [x]);
/// assert!(dx.value()?.get(&[0])? > 0.0 && dx.value()?.get(&[2])? < 0.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn spearman<'t>(prediction: Var<'t>, target: Var<'t>, strength: f64) -> Var<'t> {
    spearman_with(prediction, target, strength, Reduction::Mean)
}

/// As [`spearman`], with the settings of the ranks, of which a strength alone is one, and a [`Reduction`] of the
/// rows.
#[track_caller]
pub fn spearman_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    ranks: impl Into<SoftOrderOptions>,
    reduction: Reduction,
) -> Var<'t> {
    if let Some(failed) = misfit("spearman", prediction, target) {
        return failed;
    }
    let ranks = ranks.into();
    let [x, y] = [soft_rank_with(prediction, ranks), soft_rank_with(target, ranks)];
    if let Some(&failed) = [x, y].iter().find(|var| var.id().is_failed()) {
        return failed;
    }
    let [x, y] = [centred(x), centred(y)];
    let sizes = x.square().sum(-1) * y.square().sum(-1);
    let none = sizes.equal(0.0);
    let correlation = (x * y).sum(-1) / none.select(1.0, sizes).sqrt();
    reduction.of((1.0 - none.select(0.0, correlation)).cast(prediction.dtype()))
}

/// The distance of ranks from their mean. Sums of squares of many are beyond f32.
#[track_caller]
fn centred(ranks: Var<'_>) -> Var<'_> {
    let size = ranks.shape().last().copied().unwrap_or(0);
    ranks.cast(DType::F64) - (size as f64 + 1.0) / 2.0
}
