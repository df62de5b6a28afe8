//! Losses that leave what is easy alone, and of what overlaps.

use super::classes::{Rows, logsumexp_less, picked};
use super::{PROBABILITY, Reduction, misfit, off, out_of_range, share};
use crate::tape::Var;
use crate::tensor::{Error, Kind, Tensor};

/// Settings of [`sigmoid_focal_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SigmoidFocalOptions {
    /// The factor of yes, that of no being `1 - alpha`, in [0, 1]; 0.25 by default, and none at all if `None`.
    pub alpha: Option<f64>,
    /// How much less counts what is easy, at least 0; 2 by default.
    pub gamma: f64,
    /// What becomes of the elements' losses.
    pub reduction: Reduction,
}

impl Default for SigmoidFocalOptions {
    fn default() -> SigmoidFocalOptions {
        SigmoidFocalOptions { alpha: Some(0.25), gamma: 2.0, reduction: Reduction::Mean }
    }
}

/// The focal loss of logits, for many examples of which few are yes (Lin et al. 2017): the binary cross entropy
/// times `α (1 - p)²`, with `p` the probability that the sigmoid gives to the target, and `α` 0.25 of yes and
/// 0.75 of no. As torchvision's `sigmoid_focal_loss`, but averaged.
///
/// A target outside [0, 1] is an error where it is a constant or watched; for one between them `p` is
/// `t σ(x) + (1 - t) (1 - σ(x))`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::loss::sigmoid_focal;
/// let tape = Tape::new();
/// let loss = sigmoid_focal(tape.watch([0.0]), tape.constant([1.0]));
/// assert!((loss.item()? - 0.25 * 0.25 * 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn sigmoid_focal<'t>(logits: Var<'t>, target: Var<'t>) -> Var<'t> {
    sigmoid_focal_with(logits, target, SigmoidFocalOptions::default())
}

/// As [`sigmoid_focal`], with settings.
#[track_caller]
pub fn sigmoid_focal_with<'t>(
    logits: Var<'t>,
    target: Var<'t>,
    options: SigmoidFocalOptions,
) -> Var<'t> {
    let name = "sigmoid_focal";
    let SigmoidFocalOptions { alpha, gamma, reduction } = options;
    let part = alpha.unwrap_or(1.0);
    let refused = [
        off(name, logits, ("alpha", part), PROBABILITY.has(part), "in [0, 1]"),
        off(name, logits, ("gamma", gamma), power(gamma), POWER),
        misfit(name, logits, target),
        out_of_range(name, "target", target, &PROBABILITY),
    ];
    if let Some(failed) = refused.into_iter().flatten().next() {
        return failed;
    }
    let (x, t) = (logits, target);
    let entropy = share(t, (-x).softplus()) + share(1.0 - t, x.softplus());
    // 1 - p without taking close numbers from each other.
    let missed = x.sigmoid() * (1.0 - t) + (-x).sigmoid() * t;
    let losses = hard(missed, gamma, entropy);
    reduction.of(match alpha {
        Some(alpha) => losses * (t * alpha + (1.0 - t) * (1.0 - alpha)),
        None => losses,
    })
}

/// Settings of [`focal_with`].
#[derive(Clone, Debug)]
pub struct FocalOptions {
    /// How much less counts what is easy, at least 0; 2 by default.
    pub gamma: f64,
    /// A factor for each class, `[c]`, finite. The mean then divides by the sum of the factors of the labels.
    pub weight: Option<Tensor>,
    /// What becomes of the rows' losses.
    pub reduction: Reduction,
}

impl Default for FocalOptions {
    fn default() -> FocalOptions {
        FocalOptions { gamma: 2.0, weight: None, reduction: Reduction::Mean }
    }
}

/// The focal loss of logits `[…, c]` and labels `[…]` in i64 (Lin et al. 2017): the cross entropy times
/// `(1 - p)²`, with `p` the softmax of the label, averaged over rows.
///
/// A label below 0 or not below `c` is an error that names its row.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::loss::{cross_entropy, focal};
/// let tape = Tape::new();
/// let (x, y) = (tape.watch([[0.0, 0.0], [9.0, 0.0]]), tape.constant([0i64, 0]));
/// let loss = focal(x, y).item()?;
/// assert!((loss - 2f64.ln() / 8.0).abs() < 1e-9);
/// assert!(loss < cross_entropy(x, y).item()?);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn focal<'t>(logits: Var<'t>, labels: Var<'t>) -> Var<'t> {
    focal_with(logits, labels, &FocalOptions::default())
}

/// As [`focal`], with settings.
#[track_caller]
pub fn focal_with<'t>(logits: Var<'t>, labels: Var<'t>, options: &FocalOptions) -> Var<'t> {
    let (name, gamma) = ("focal", options.gamma);
    if let Some(failed) = off(name, logits, ("gamma", gamma), power(gamma), POWER) {
        return failed;
    }
    let rows = match Rows::of_labels(name, logits, labels) {
        Ok(rows) => rows,
        Err(failed) => return failed,
    };
    let weight = match rows.weight(name, options.weight.as_ref()) {
        Ok(weight) => weight,
        Err(failed) => return failed,
    };
    let one_hot = rows.shares();
    let entropy = logsumexp_less(logits, picked(logits, one_hot));
    let losses = hard(-(-entropy).expm1(), gamma, entropy);
    let losses = match weight {
        Some(weight) => share((one_hot * weight).sum(-1), losses),
        None => losses,
    };
    rows.reduce(options.reduction, losses, weight)
}

const POWER: &str = "a finite number of at least 0";

fn power(gamma: f64) -> bool {
    gamma.is_finite() && gamma >= 0.0
}

/// Losses times a power of the probability that was missed.
#[track_caller]
fn hard<'t>(missed: Var<'t>, gamma: f64, losses: Var<'t>) -> Var<'t> {
    if gamma == 0.0 {
        return losses;
    }
    // A power below 1 never sees 0, where its slope is infinite.
    missed.maximum(missed.dtype().smallest()).powf(gamma) * losses
}

/// Settings of [`dice_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiceOptions {
    /// What is added above and below, at least 0; 1 by default. With 0 an example without anything is NaN.
    pub smooth: f64,
    /// Whether squares are added up below (Milletari, Navab and Ahmadi 2016).
    pub squared: bool,
    /// What becomes of the examples' losses.
    pub reduction: Reduction,
}

impl Default for DiceOptions {
    fn default() -> DiceOptions {
        DiceOptions { smooth: 1.0, squared: false, reduction: Reduction::Mean }
    }
}

/// The Dice loss of probabilities `[n, …]` and a mask of the same shape: for each example 1 less twice the overlap by
/// the sizes of both, `1 - (2 Σ p t + 1) / (Σ p + Σ t + 1)`, averaged over examples (Sørensen 1948; Milletari, Navab
/// and Ahmadi 2016). All axes but the first are added up; a vector is one example.
///
/// A probability or target outside [0, 1] is an error where it is a constant or watched.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::loss::dice;
/// let tape = Tape::new();
/// let p = tape.watch([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]);
/// let loss = dice(p, tape.constant([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]));
/// assert_eq!(loss.item()?, (1.0 - 3.0 / 4.0) / 2.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn dice<'t>(probability: Var<'t>, target: Var<'t>) -> Var<'t> {
    dice_with(probability, target, DiceOptions::default())
}

/// As [`dice`], with settings.
#[track_caller]
pub fn dice_with<'t>(probability: Var<'t>, target: Var<'t>, options: DiceOptions) -> Var<'t> {
    let name = "dice";
    let DiceOptions { smooth, squared, reduction } = options;
    let (p, t) = (probability, target);
    let refused = [
        off(name, p, ("smooth", smooth), power(smooth), POWER),
        misfit(name, p, t),
        out_of_range(name, "prediction", p, &PROBABILITY),
        out_of_range(name, "target", t, &PROBABILITY),
    ];
    if let Some(failed) = refused.into_iter().flatten().next() {
        return failed;
    }
    if let Some(&failed) = [p, t].iter().find(|var| var.id().is_failed()) {
        return failed;
    }
    let rank = p.shape().rank();
    if rank == 0 {
        let error = Error::new(Kind::Shape, format!("{name}: {} has nothing to add up", p.meta()));
        return p.failed(error.hint("the first axis is that of the examples"), &[p, t]);
    }
    let axes: Vec<isize> = (isize::from(rank > 1)..rank as isize).collect();
    let sizes = if squared { p.square() + t.square() } else { p + t };
    let (both, sizes) = ((p * t).sum(&axes[..]), sizes.sum(&axes[..]));
    reduction.of(1.0 - (both * 2.0 + smooth) / (sizes + smooth))
}
