//! Shapes without reduced axes, and gradients that reductions have in common.

use crate::op::{Broken, Cotangent, Term};
use crate::tensor::{Dims, Result, Shape};

/// The shape without the reduced axes, which must be sorted and within the rank.
pub(crate) fn dropped(shape: &Shape, axes: &[usize]) -> Result<Shape, Broken> {
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    if !sorted || axes.last().is_some_and(|&last| last >= shape.rank()) {
        return Err(Broken::new(format!("axes {axes:?} are not axes of shape {shape}"))
            .hint("they are named in order, each once, from 0 on"));
    }
    let kept = (0..shape.rank()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]);
    Ok(kept.collect::<Dims>().into())
}

/// The shape with size 1 at the reduced axes: what a cotangent is reshaped to before it is
/// repeated.
pub(crate) fn kept(shape: &Shape, axes: &[usize]) -> Shape {
    let size = |axis| if axes.contains(&axis) { 1 } else { shape[axis] };
    (0..shape.rank()).map(size).collect::<Dims>().into()
}

/// The axes where those of the examples come first.
pub(super) fn after_examples(axes: &[usize]) -> Dims {
    axes.iter().map(|axis| axis + 1).collect()
}

/// `g` shared equally among the elements of `x` that equal the result.
pub(super) fn extreme_vjp<'r>(
    axes: &[usize],
    x: Term<'r>,
    out: Term<'r>,
    g: Term<'r>,
) -> Cotangent<'r> {
    let kept = kept(&x.shape(), axes);
    let taken = x.equal(out.reshape(&kept));
    let shares = taken.cast(g.dtype()).sum_axes(axes);
    taken.select((g / shares).reshape(&kept), 0.0).into()
}

/// `g` times the softmax of `x`, given `rest = log Σ e^(x - max)`.
pub(super) fn softmax_vjp<'r>(
    axes: &[usize],
    x: Term<'r>,
    rest: Term<'r>,
    g: Term<'r>,
) -> Term<'r> {
    let kept = kept(&x.shape(), axes);
    // From -inf to a finite number, so that -inf less this is -inf and not NaN. A rest of something else
    // is at least 0.
    let max = x.greatest_fixed(axes).maximum(-x.dtype().greatest()).reshape(&kept);
    let rest = rest.maximum(-1.0).reshape(&kept);
    g.reshape(&kept) * ((x - max) - rest).exp()
}
