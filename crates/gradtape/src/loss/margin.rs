//! Losses of margins between classes.

use super::classes::{Rows, picked};
use super::{Reduction, off};
use crate::tape::Var;
use crate::tensor::Tensor;

/// Settings of [`multi_margin_with`].
#[derive(Clone, Debug)]
pub struct MultiMarginOptions {
    /// The power of what is missing from the margin, 1 (by default) or 2.
    pub p: u32,
    /// By how much the label's score must be above the others, a finite number; 1 by default.
    pub margin: f64,
    /// A factor for each class, `[c]`, finite, by which the losses of its rows are multiplied. Other than in
    /// [`cross_entropy_with`](super::cross_entropy_with) the mean still divides by the number of rows.
    pub weight: Option<Tensor>,
    /// What becomes of the rows' losses.
    pub reduction: Reduction,
}

impl Default for MultiMarginOptions {
    fn default() -> MultiMarginOptions {
        MultiMarginOptions { p: 1, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

/// The hinge loss of several classes: `Σ max(0, 1 - x[label] + x[k]) / c` over the other classes `k`, for scores
/// `[…, c]` and labels `[…]` in i64, averaged over rows (Crammer and Singer 2001, with a sum instead of the greatest).
/// PyTorch's.
///
/// A label below 0 or not below `c` is an error that names its row.
///
/// ```
/// use gradtape::loss::multi_margin;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([[0.1, 0.2, 0.4, 0.8]]);
/// let loss = multi_margin(x, tape.constant([3i64]));
/// let [dx] = gradient(loss, [x]);
/// assert!((loss.item()? - (0.3 + 0.4 + 0.6) / 4.0).abs() < 1e-15);
/// assert_eq!(dx.value()?.to_f64_vec(), [0.25, 0.25, 0.25, -0.75]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "MultiMarginLoss")]
#[track_caller]
pub fn multi_margin<'t>(scores: Var<'t>, labels: Var<'t>) -> Var<'t> {
    multi_margin_with(scores, labels, &MultiMarginOptions::default())
}

/// As [`multi_margin`], with settings.
#[track_caller]
pub fn multi_margin_with<'t>(
    scores: Var<'t>,
    labels: Var<'t>,
    options: &MultiMarginOptions,
) -> Var<'t> {
    let (name, x) = ("multi_margin", scores);
    let &MultiMarginOptions { p, margin, reduction, .. } = options;
    let refused = [
        off(name, x, ("p", p.into()), p == 1 || p == 2, "1 or 2"),
        off(name, x, ("margin", margin), margin.is_finite(), "a finite number"),
    ];
    if let Some(failed) = refused.into_iter().flatten().next() {
        return failed;
    }
    let rows = match Rows::of_labels(name, x, labels) {
        Ok(rows) => rows,
        Err(failed) => return failed,
    };
    let weight = match rows.weight(name, options.weight.as_ref()) {
        Ok(weight) => weight,
        Err(failed) => return failed,
    };
    let one_hot = rows.shares();
    let missing = (x - picked(x, one_hot).unsqueeze(-1) + margin).relu();
    let missing = if p == 2 { missing.square() } else { missing };
    let classes = x.shape().last().copied().unwrap_or(1).max(1);
    let losses = one_hot.greater(0.0).select(0.0, missing).sum(-1) / classes as f64;
    reduction.of(match weight {
        Some(weight) => losses * (one_hot * weight).sum(-1),
        None => losses,
    })
}
