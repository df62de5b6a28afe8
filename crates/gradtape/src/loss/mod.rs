//! Losses: how far a prediction is from its target, recorded on a tape.
//!
//! Each takes the prediction first and the target second, both of the same shape (labels apart), and
//! gives the mean over all elements or rows; the variants with `_with` take more settings. Nothing is
//! broadcast: a prediction `[n, 1]` against a target `[n]` is an error, not an `n × n` comparison.

mod binary;
mod classes;
mod distance;
mod divergence;

pub use binary::{
    BceOptions, bce, bce_with, bce_with_logits, bce_with_logits_with, hinge, hinge_with,
};
pub use classes::{CrossEntropyOptions, cross_entropy, cross_entropy_with, nll, nll_with};
pub use distance::{huber, huber_with, mae, mae_with, mse, mse_with, smooth_l1, smooth_l1_with};
pub use divergence::{kl_div, kl_div_with};

use crate::op::rules::cast_hint;
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{Error, Kind};

/// What becomes of the losses of the elements (or rows).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the size of the first axis.
    BatchMean,
    /// They are kept as they are.
    None,
}

impl Reduction {
    #[track_caller]
    fn of(self, losses: Var<'_>) -> Var<'_> {
        match self {
            Reduction::Mean => losses.mean(()),
            Reduction::Sum => losses.sum(()),
            Reduction::BatchMean => {
                let rows = losses.shape().first().copied().unwrap_or(1);
                losses.sum(()) / rows as f64
            }
            Reduction::None => losses,
        }
    }
}

/// The error, in the place of the loss, of a prediction and a target on different tapes or of different
/// shapes or types.
#[track_caller]
fn misfit<'t>(name: &str, prediction: Var<'t>, target: Var<'t>) -> Option<Var<'t>> {
    if prediction.tape().id() != target.tape().id() {
        return Some(prediction.failed(mixed_tapes(name), &[]));
    }
    let (p, t) = (prediction.meta(), target.meta());
    let failed = prediction.id().is_failed() || target.id().is_failed();
    if failed || p == t && p.dtype.is_float() {
        return None;
    }
    let error =
        Error::new(Kind::Shape, format!("{name}: the prediction is {p}, but the target is {t}"));
    let hint = if p.dtype != t.dtype && p.dtype.is_float() && t.dtype.is_float() {
        cast_hint(p.dtype, t.dtype).to_string()
    } else if p.dtype != t.dtype || !p.dtype.is_float() {
        "cast() both to the same floating-point type".to_string()
    } else if p.shape.elements() == t.shape.elements() {
        format!("reshape one of them, such as the target to {}", p.shape)
    } else {
        "a loss compares element by element and does not broadcast".to_string()
    };
    Some(prediction.failed(error.hint(hint), &[prediction, target]))
}
