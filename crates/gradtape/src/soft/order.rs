//! Soft orders: ranks, sorted values and the greatest few.

use super::isotonic::{Regularization, project};
use super::refused_along;
use crate::tape::Var;
use crate::tensor::{DType, Error, Kind};

/// Settings of [`soft_rank_with`] and [`soft_sort_with`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftOrderOptions {
    /// The strength of the regularization, a finite number above 0; 1 by default. Towards 0 the order is the
    /// hard one; the greater, the softer.
    pub strength: f64,
    /// What is regularized by.
    pub regularization: Regularization,
    /// Whether the greatest element comes first, with rank 1.
    pub descending: bool,
}

impl Default for SoftOrderOptions {
    fn default() -> SoftOrderOptions {
        SoftOrderOptions { strength: 1.0, regularization: Regularization::L2, descending: false }
    }
}

impl From<f64> for SoftOrderOptions {
    fn from(strength: f64) -> SoftOrderOptions {
        SoftOrderOptions { strength, ..SoftOrderOptions::default() }
    }
}

/// The soft rank of each element along the last axis, `[…, n]`: about 1 for the least and `n` for the greatest
/// (Blondel, Teboul, Berthet and Djolonga 2020, "Fast Differentiable Sorting and Ranking"). `strength` is a
/// finite number above 0.
///
/// The hard function counts the elements up to each one. It is whole and changes only where two elements
/// meet, so that its gradient is 0, and a loss on ranks moves nothing.
///
/// The ranks are the projection of `x / strength` on the permutahedron, the hull of all orders of `1, …, n`: a
/// sort and an isotonic regression, in time `n log n` and memory `n`. So they add up to `n (n + 1) / 2`, have the
/// order of the elements, and are the hard ranks where no two elements are closer than the strength. Equal
/// elements have equal ranks. Gradients are exact: within a block of elements whose ranks are pooled each rank
/// rises with its element and falls with their mean, and outside of blocks they are 0; choose a strength
/// of about the distance between elements that are to learn from each other.
///
/// With a NaN in it a row is NaN. Sums are in f64, so that a row of a million f32 numbers loses nothing.
///
/// ```
/// use gradtape::soft::soft_rank;
/// use gradtape::{DType, Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([5.0, 1.0, 2.0]);
/// let hard = x.argsort(0).argsort(0).cast(DType::F64) + 1.0;
/// let [none] = gradient(hard.index(0, 0), [x]);
/// assert_eq!(hard.value()?.to_f64_vec(), [3.0, 1.0, 2.0]);
/// assert!(none.value().unwrap_err().to_string().contains("has no gradient"));
///
/// assert_eq!(soft_rank(x, 1.0).value()?.to_f64_vec(), [3.0, 1.0, 2.0]);
/// let soft = soft_rank(x, 10.0);
/// let [slope] = gradient(soft.index(0, 0), [x]);
/// assert!((soft.sum(()).item()? - 6.0).abs() < 1e-12);
/// assert!(slope.value()?.all_close(&[2.0 / 30.0, -1.0 / 30.0, -1.0 / 30.0].into(), 0.0, 1e-15));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "torchsort")]
#[track_caller]
pub fn soft_rank(x: Var<'_>, strength: f64) -> Var<'_> {
    soft_rank_with(x, strength)
}

/// As [`soft_rank`], with settings; a strength alone is one.
///
/// By the entropy ([`Regularization::Kl`]) the ranks are `e^p` with the projection `p` of `x / strength` on the
/// permutahedron of `log 1, …, log n`.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::soft::{Regularization, SoftOrderOptions, soft_rank_with};
/// let tape = Tape::new();
/// let x = tape.watch([5.0, 1.0, 2.0]);
/// let regularization = Regularization::Kl;
/// let options = SoftOrderOptions { strength: 0.1, regularization, descending: true };
/// let ranks = soft_rank_with(x, options).value()?;
/// assert!(ranks.all_close(&[1.0, 3.0, 2.0].into(), 0.0, 1e-12));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn soft_rank_with(x: Var<'_>, options: impl Into<SoftOrderOptions>) -> Var<'_> {
    let SoftOrderOptions { strength, regularization, descending } = options.into();
    if let Some(failed) = refused_along("soft_rank", x, -1, ("strength", strength)) {
        return failed;
    }
    let (z, order) = falling(x, strength, descending);
    let ranks = ranks(z);
    let out = match regularization {
        Regularization::L2 => project(z, ranks, regularization),
        Regularization::Kl => project(z, ranks.log(), regularization).exp(),
    };
    put_back(out, x, order)
}

/// The soft sort along the last axis, `[…, n]`, the least first (Blondel, Teboul, Berthet and Djolonga 2020).
/// `strength` is a finite number above 0.
///
/// The hard function is [`Var::sort`]. Its gradient is no 0, but a permutation: each result knows of one
/// element alone, and nothing of those that would take its place a little further on. Here neighbours in order
/// that are further apart than `1 / strength` are drawn together around their mean, and each result knows of all
/// of these.
///
/// The result is the projection of `(n, …, 1) / strength` on the permutahedron of `x`, in time `n log n` and
/// memory `n`; it adds up to the sum of `x`. Where no neighbours in order are further apart than `1 / strength`, it
/// is the hard one. With a NaN in it a row is NaN; an infinite element spreads over its neighbours.
///
/// ```
/// use gradtape::soft::soft_sort;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([2.9, 0.1, 1.2]);
/// let [hard] = gradient(x.sort(0).index(0, 0), [x]);
/// assert_eq!(hard.value()?.to_f64_vec(), [0.0, 1.0, 0.0]);
///
/// let y = soft_sort(x, 1.0);
/// let [slope] = gradient(y.index(0, 0), [x]);
/// assert!(y.value()?.all_close(&[0.4, 1.4, 2.4].into(), 0.0, 1e-12));
/// assert!(slope.value()?.all_close(&[1.0 / 3.0; 3].into(), 0.0, 1e-15));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn soft_sort(x: Var<'_>, strength: f64) -> Var<'_> {
    soft_sort_with(x, strength)
}

/// As [`soft_sort`], with settings; a strength alone is one.
///
/// ```
/// use gradtape::Tape;
/// use gradtape::soft::{SoftOrderOptions, soft_sort_with};
/// let tape = Tape::new();
/// let x = tape.watch([2.9, 0.1, 1.2]);
/// let options = SoftOrderOptions { strength: 0.1, descending: true, ..Default::default() };
/// let sorted = soft_sort_with(x, options).value()?;
/// assert!(sorted.all_close(&[2.9, 1.2, 0.1].into(), 0.0, 1e-12));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn soft_sort_with(x: Var<'_>, options: impl Into<SoftOrderOptions>) -> Var<'_> {
    let SoftOrderOptions { strength, regularization, descending } = options.into();
    if let Some(failed) = refused_along("soft_sort", x, -1, ("strength", strength)) {
        return failed;
    }
    let sorted = if descending { x.sort_descending(-1) } else { x.sort(-1) };
    let sign = if descending { 1.0 } else { -1.0 };
    let falling = sorted.cast(DType::F64) * sign;
    let out = project(ranks(falling) / strength, falling, regularization) * sign;
    out.cast(x.dtype())
}

/// A soft mask of the `k` greatest elements along the last axis, `[…, n]`: numbers between 0 and 1 that add up
/// to `k`. `strength` is a finite number above 0.
///
/// The hard function is 1 for the elements that [`Var::top_k`] picks, else 0. It changes only where an element
/// meets one that is picked, so that its gradient is 0.
///
/// The mask is the projection of `x / strength` on the hull of all masks of `k` ones, which is the permutahedron
/// of `(1, …, 1, 0, …, 0)`. Where the element `k` is above the next one by at least the strength, it is the hard
/// one; the gradients are those of [`soft_rank`].
///
/// ```
/// use gradtape::soft::soft_top_k;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([0.5, 3.0, 1.0, 2.9]);
/// assert_eq!(soft_top_k(x, 2, 0.1).value()?.to_f64_vec(), [0.0, 1.0, 0.0, 1.0]);
/// let mask = soft_top_k(x, 1, 1.0);
/// let [slope] = gradient(mask.index(0, 1), [x]);
/// assert!(mask.value()?.all_close(&[0.0, 0.55, 0.0, 0.45].into(), 0.0, 1e-12));
/// assert!(slope.value()?.all_close(&[0.0, 0.5, 0.0, -0.5].into(), 0.0, 1e-12));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn soft_top_k(x: Var<'_>, k: usize, strength: f64) -> Var<'_> {
    if let Some(failed) = refused_along("soft_top_k", x, -1, ("strength", strength)) {
        return failed;
    }
    let shape = x.shape();
    let size = shape.last().copied().unwrap_or(0);
    if k > size {
        let message =
            format!("soft_top_k: the last axis of {} has {size} elements, not {k}", x.meta());
        return x
            .failed(Error::new(Kind::Shape, message).hint(format!("k goes up to {size}")), &[x]);
    }
    let (z, order) = falling(x, strength, false);
    let mask = ranks(z).greater((size - k) as f64).cast(DType::F64);
    put_back(project(z, mask, Regularization::L2), x, order)
}

/// The elements divided by the strength, from the greatest to the least once their sign is turned where the
/// order descends; and the place that each comes from.
#[track_caller]
fn falling(x: Var<'_>, strength: f64, descending: bool) -> (Var<'_>, Var<'_>) {
    let order = if descending { x.argsort(-1) } else { x.argsort_descending(-1) };
    let scale = if descending { -strength } else { strength };
    (x.gather(-1, order).cast(DType::F64) / scale, order)
}

/// What was made of sorted elements, each where its element was.
#[track_caller]
fn put_back<'t>(sorted: Var<'t>, x: Var<'t>, order: Var<'t>) -> Var<'t> {
    sorted.cast(x.dtype()).scatter_add(-1, order, x.shape())
}

/// `n, …, 1` along the last axis.
#[track_caller]
fn ranks(like: Var<'_>) -> Var<'_> {
    let shape = like.shape();
    let (last, size) = (shape.rank().saturating_sub(1), shape.last().copied().unwrap_or(0));
    size as f64 - like.tape().iota(shape, last, like.dtype())
}
