//! Losses of pairs and triplets of vectors: what belongs together lies close.

use super::{Range, Reduction, misfit, off, out_of_range};
use crate::op::Meta;
use crate::tape::{Var, mixed_tapes};
use crate::tensor::{DType, Error, Kind};

/// The mean cosine distance of vectors `[…, d]` from their targets: 1 less the cosine of the angle between the
/// two, from 0 (the same direction) to 2 (the opposite one). Lengths below 1e-8 count as 1e-8, as in PyTorch's
/// `CosineSimilarity`, so that a vector of zeros is at distance 1.
///
/// ```
/// use gradtape::loss::cosine_distance;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([[3.0, 0.0], [1.0, 1.0]]);
/// let loss = cosine_distance(x, tape.constant([[1.0, 0.0], [-1.0, 1.0]]));
/// let [dx] = gradient(loss, [x]);
/// assert!((loss.item()? - 0.5).abs() < 1e-12);
/// // Nothing would make the first vector closer, a turn to the left the second.
/// assert!(dx.value()?.all_close(&[[0.0, 0.0], [0.25, -0.25]].into(), 0.0, 1e-12));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "CosineSimilarity")]
#[track_caller]
pub fn cosine_distance<'t>(prediction: Var<'t>, target: Var<'t>) -> Var<'t> {
    cosine_distance_with(prediction, target, Reduction::Mean)
}

/// As [`cosine_distance`], with a [`Reduction`] of the distances `[…]`.
#[track_caller]
pub fn cosine_distance_with<'t>(
    prediction: Var<'t>,
    target: Var<'t>,
    reduction: Reduction,
) -> Var<'t> {
    if let Some(failed) = vectors("cosine_distance", prediction, target) {
        return failed;
    }
    const LEAST: f64 = 1e-8;
    let (a, b) = (wide(prediction), wide(target));
    let lengths = a.norm(2.0, -1).maximum(LEAST) * b.norm(2.0, -1).maximum(LEAST);
    reduction.of(1.0 - ((a * b).sum(-1) / lengths).cast(prediction.dtype()))
}

/// Settings of [`cosine_embedding_with`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CosineEmbeddingOptions {
    /// The cosine up to which vectors that do not belong together cost nothing, from -1 to 1; 0 by default.
    pub margin: f64,
    /// What becomes of the pairs' losses.
    pub reduction: Reduction,
}

/// The cosine embedding loss of pairs of vectors `[…, d]`, whose target `[…]` is 1 for a pair that belongs
/// together and -1 for one that does not: `1 - cos` and `max(0, cos)`, averaged over pairs. PyTorch's, whose
/// 1e-12 beside the squared lengths keeps vectors of zeros finite.
///
/// The target is of the vectors' type or i64; another number than ±1 is an error where it is a constant or
/// watched.
///
/// ```
/// use gradtape::loss::cosine_embedding;
/// use gradtape::Tape;
/// let tape = Tape::new();
/// let (a, b) = (tape.watch([[1.0, 0.0], [0.0, 2.0]]), tape.watch([[0.0, 1.0], [0.0, 1.0]]));
/// let loss = cosine_embedding(a, b, tape.constant([1i64, -1]));
/// assert!((loss.item()? - 1.0).abs() < 1e-9);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "CosineEmbeddingLoss")]
#[track_caller]
pub fn cosine_embedding<'t>(first: Var<'t>, second: Var<'t>, target: Var<'t>) -> Var<'t> {
    cosine_embedding_with(first, second, target, CosineEmbeddingOptions::default())
}

/// As [`cosine_embedding`], with settings: `max(0, cos - margin)` for a pair that does not belong together.
#[track_caller]
pub fn cosine_embedding_with<'t>(
    first: Var<'t>,
    second: Var<'t>,
    target: Var<'t>,
    options: CosineEmbeddingOptions,
) -> Var<'t> {
    let name = "cosine_embedding";
    let CosineEmbeddingOptions { margin, reduction } = options;
    let fine = (-1.0..=1.0).contains(&margin);
    if let Some(failed) = off(name, first, ("margin", margin), fine, "from -1 to 1") {
        return failed;
    }
    match pairs(name, first, second, target, &SIGN) {
        Err(failed) => failed,
        Ok(target) => {
            const LEAST: f64 = 1e-12;
            let (a, b) = (wide(first), wide(second));
            let (a_squared, b_squared) = (a.square().sum(-1) + LEAST, b.square().sum(-1) + LEAST);
            let cos = (a * b).sum(-1) / (a_squared.sqrt() * b_squared.sqrt());
            let cos = cos.cast(first.dtype());
            reduction.of(target.greater(0.0).select(1.0 - cos, (cos - margin).relu()))
        }
    }
}

/// Settings of [`contrastive_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContrastiveOptions {
    /// The distance from which vectors that do not belong together cost nothing, above 0; 1 by default.
    pub margin: f64,
    /// What becomes of the pairs' losses.
    pub reduction: Reduction,
}

impl Default for ContrastiveOptions {
    fn default() -> ContrastiveOptions {
        ContrastiveOptions { margin: 1.0, reduction: Reduction::Mean }
    }
}

/// The contrastive loss of pairs of vectors `[…, d]` (Hadsell, Chopra and LeCun 2006), whose target `[…]` is 1
/// for a pair that belongs together and 0 for one that does not: `½ d²` and `½ max(0, margin - d)²` of the
/// Euclidean distance `d`, averaged over pairs.
///
/// The target is of the vectors' type or i64; another number is an error where it is a constant or watched.
/// Where both vectors are the same, the gradient is 0.
///
/// ```
/// use gradtape::loss::contrastive;
/// use gradtape::Tape;
/// let tape = Tape::new();
/// let (a, b) = (tape.watch([[3.0, 4.0], [0.0, 0.5]]), tape.constant([[0.0, 0.0], [0.0, 0.0]]));
/// assert_eq!(contrastive(a, b, tape.constant([1i64, 0])).item()?, (12.5 + 0.125) / 2.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn contrastive<'t>(first: Var<'t>, second: Var<'t>, target: Var<'t>) -> Var<'t> {
    contrastive_with(first, second, target, ContrastiveOptions::default())
}

/// As [`contrastive`], with settings.
#[track_caller]
pub fn contrastive_with<'t>(
    first: Var<'t>,
    second: Var<'t>,
    target: Var<'t>,
    options: ContrastiveOptions,
) -> Var<'t> {
    let name = "contrastive";
    let ContrastiveOptions { margin, reduction } = options;
    let fine = margin.is_finite() && margin > 0.0;
    if let Some(failed) = off(name, first, ("margin", margin), fine, "a finite number above 0") {
        return failed;
    }
    match pairs(name, first, second, target, &YES_OR_NO) {
        Err(failed) => failed,
        Ok(target) => {
            let apart = first - second;
            let near = (margin - apart.norm(2.0, -1)).relu().square();
            reduction.of(target.greater(0.0).select(apart.square().sum(-1), near) * 0.5)
        }
    }
}

/// Settings of [`triplet_margin_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMarginOptions {
    /// By how much the negative must be further off than the positive, above 0; 1 by default.
    pub margin: f64,
    /// Which norm the distances are, above 0; 2 by default.
    pub p: f64,
    /// What is added to each difference, at least 0; 1e-6 by default.
    pub eps: f64,
    /// Whether the negative's distance is that from the positive, where this is less.
    pub swap: bool,
    /// What becomes of the triplets' losses.
    pub reduction: Reduction,
}

impl Default for TripletMarginOptions {
    fn default() -> TripletMarginOptions {
        let reduction = Reduction::Mean;
        TripletMarginOptions { margin: 1.0, p: 2.0, eps: 1e-6, swap: false, reduction }
    }
}

/// The triplet loss of vectors `[…, d]`: `max(0, d(anchor, positive) - d(anchor, negative) + 1)`, averaged over
/// triplets, with `d(x, y)` the norm of `x - y + 1e-6` (Schroff, Kalenichenko and Philbin 2015; PyTorch's).
///
/// ```
/// use gradtape::loss::triplet_margin;
/// use gradtape::Tape;
/// let tape = Tape::new();
/// let anchor = tape.watch([[0.0, 0.0], [0.0, 0.0]]);
/// let positive = tape.constant([[0.0, 1.0], [0.0, 1.0]]);
/// let negative = tape.constant([[3.0, 4.0], [1.5, 0.0]]);
/// let loss = triplet_margin(anchor, positive, negative);
/// assert!((loss.item()? - (0.0 + 0.5) / 2.0).abs() < 1e-5);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "TripletMarginLoss")]
#[track_caller]
pub fn triplet_margin<'t>(anchor: Var<'t>, positive: Var<'t>, negative: Var<'t>) -> Var<'t> {
    triplet_margin_with(anchor, positive, negative, TripletMarginOptions::default())
}

/// As [`triplet_margin`], with settings.
#[track_caller]
pub fn triplet_margin_with<'t>(
    anchor: Var<'t>,
    positive: Var<'t>,
    negative: Var<'t>,
    options: TripletMarginOptions,
) -> Var<'t> {
    let name = "triplet_margin";
    let TripletMarginOptions { margin, p, eps, swap, reduction } = options;
    for (setting, fine, words) in [
        (("margin", margin), margin.is_finite() && margin > 0.0, "a finite number above 0"),
        (("p", p), p > 0.0, "above 0"),
        (("eps", eps), eps.is_finite() && eps >= 0.0, "a finite number of at least 0"),
    ] {
        if let Some(failed) = off(name, anchor, setting, fine, words) {
            return failed;
        }
    }
    for other in [positive, negative] {
        if let Some(failed) = vectors(name, anchor, other) {
            return failed;
        }
    }
    let near = (anchor - positive + eps).norm(p, -1);
    let far = (anchor - negative + eps).norm(p, -1);
    let far = match swap {
        true => far.minimum((positive - negative + eps).norm(p, -1)),
        false => far,
    };
    reduction.of((near - far + margin).relu())
}

const SIGN: Range = Range {
    holds: |sign| sign.abs() == 1.0,
    words: "-1 or 1",
    hint: "1 says that two vectors belong together, -1 that they do not",
};

const YES_OR_NO: Range = Range {
    holds: |yes| yes == 0.0 || yes == 1.0,
    words: "0 or 1",
    hint: "1 says that two vectors belong together, 0 that they do not",
};

/// In the type that is computed in: what keeps lengths above 0 is 0 in 16 bits.
#[track_caller]
fn wide(x: Var<'_>) -> Var<'_> {
    x.cast(x.dtype().computed())
}

/// The error in the place of the loss of two values that are not vectors of one shape and type.
#[track_caller]
fn vectors<'t>(name: &str, first: Var<'t>, second: Var<'t>) -> Option<Var<'t>> {
    if let Some(failed) = misfit(name, first, second) {
        return Some(failed);
    }
    if let Some(&failed) = [first, second].iter().find(|var| var.id().is_failed()) {
        return Some(failed);
    }
    if !first.shape().is_empty() {
        return None;
    }
    let message = format!("{name}: {} has no axis of a vector's numbers", first.meta());
    let error = Error::new(Kind::Shape, message).hint("the last axis is that of the numbers");
    Some(first.failed(error, &[first, second]))
}

/// The target of pairs of vectors, one number of a range for each, in their type.
#[track_caller]
fn pairs<'t>(
    name: &str,
    first: Var<'t>,
    second: Var<'t>,
    target: Var<'t>,
    range: &Range,
) -> Result<Var<'t>, Var<'t>> {
    if let Some(failed) = vectors(name, first, second) {
        return Err(failed);
    }
    if first.tape().id() != target.tape().id() {
        return Err(first.failed(mixed_tapes(name), &[]));
    }
    if target.id().is_failed() {
        return Err(target);
    }
    let (pair, given) = (first.meta(), target.meta());
    let lead = Meta::new(pair.dtype, &pair.shape[..pair.shape.rank() - 1]);
    let known = given.dtype == pair.dtype || given.dtype == DType::I64;
    if !known || given.shape != lead.shape {
        let message = format!("{name}: pairs of {pair} do not fit a target {given}");
        let hint = format!("give one number for each pair, {lead} or i64{}", lead.shape);
        let error = Error::new(Kind::Shape, message).hint(hint);
        return Err(first.failed(error, &[first, target]));
    }
    match out_of_range(name, "target", target, range) {
        Some(failed) => Err(failed),
        None => Ok(target.cast(pair.dtype)),
    }
}
