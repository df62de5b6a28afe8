//! Isotonic regression, and the projection that soft ranks are made of.

use super::refused_along;
use crate::tape::Var;
use crate::tensor::DType;

/// What keeps a soft order from being a hard one (Blondel et al. 2020).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Regularization {
    /// Half the square of the result: means over blocks, exact wherever the strength is low enough.
    #[default]
    L2,
    /// The entropy: logarithms of sums of exponentials over blocks, smooth in each block.
    Kl,
}

/// Isotonic regression: the numbers nearest to `x` that nowhere decrease along the last axis, `[…, n]`. Each is
/// the mean of a block of neighbours.
///
/// The cotangent of an element is the mean of those of its block. With a NaN in it a row is NaN.
///
/// ```
/// use gradtape::soft::isotonic;
/// use gradtape::{Tape, gradient};
/// let tape = Tape::new();
/// let x = tape.watch([1.0, 3.0, 2.0, 4.0]);
/// let y = isotonic(x);
/// let [dx] = gradient(y.index(0, 1), [x]);
/// assert_eq!(y.value()?.to_f64_vec(), [1.0, 2.5, 2.5, 4.0]);
/// assert_eq!(dx.value()?.to_f64_vec(), [0.0, 0.5, 0.5, 0.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn isotonic(x: Var<'_>) -> Var<'_> {
    if let Some(failed) = refused_along("isotonic", x, -1, ("", 1.0)) {
        return failed;
    }
    // Numbers that do not decrease are the negatives of some that do not increase.
    let wide = x.cast(DType::F64);
    let blocks = wide.full_like(0.0).isotonic_blocks(wide);
    mean(wide, blocks).cast(x.dtype())
}

/// The projection of `z` on the permutahedron of `w`, the hull of all orders of its elements; both are sorted
/// from the greatest to the least along the last axis. By the entropy it is that of `e^z` on the one of `e^w`,
/// of which the logarithm is given.
///
/// It is `z` less the regression of `z - w` by numbers that do not increase. What lies close together is
/// subtracted first: where ranks are large, `z` less a mean that has them in it is rounded.
#[track_caller]
pub(super) fn project<'t>(z: Var<'t>, w: Var<'t>, regularization: Regularization) -> Var<'t> {
    match regularization {
        Regularization::L2 => {
            let blocks = z.isotonic_blocks(w);
            finite(z, z - mean(z, blocks)) + mean(w, blocks)
        }
        Regularization::Kl => {
            let blocks = z.isotonic_blocks_entropic(w);
            let ([_, z, z_sum], [greatest, _, w_sum]) =
                (logsumexp(z, blocks), logsumexp(w, blocks));
            (z - z_sum) + (greatest + w_sum)
        }
    }
}

/// What was subtracted from `z`; 0 of an infinite element, all of whose block are the same.
#[track_caller]
fn finite<'t>(z: Var<'t>, apart: Var<'t>) -> Var<'t> {
    z.is_inf().select(0.0, apart)
}

/// For each element the sum over its block.
#[track_caller]
fn sum<'t>(x: Var<'t>, blocks: Var<'t>) -> Var<'t> {
    x.scatter_add(-1, blocks, x.shape())
}

/// For each element the mean over its block.
#[track_caller]
fn mean<'t>(x: Var<'t>, blocks: Var<'t>) -> Var<'t> {
    // Places at which no block starts have no elements.
    let count = sum(x.full_like(1.0), blocks).maximum(1.0);
    (sum(x, blocks) / count).gather(-1, blocks)
}

/// For each element the greatest of its block, which is the first, itself less that one, and
/// `log Σ e^(x - greatest)` over the block.
#[track_caller]
fn logsumexp<'t>(x: Var<'t>, blocks: Var<'t>) -> [Var<'t>; 3] {
    // The sum of all three is the same for every number in its place: it is held fixed.
    let greatest = x.gather(-1, blocks).stop_gradient();
    let below = finite(x, x - greatest);
    // A block has at least its greatest in it; places at which none starts have nothing.
    [greatest, below, sum(below.exp(), blocks).maximum(0.5).log().gather(-1, blocks)]
}
