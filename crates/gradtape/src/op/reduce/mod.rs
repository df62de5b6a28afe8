//! Operations that drop axes.

mod argmax;
mod cumsum;
mod logsumexp;
mod max;
mod min;
mod sum;

pub use argmax::ArgMax;
pub use cumsum::CumSum;
pub use logsumexp::LogSumExp;
pub use max::Max;
pub use min::Min;
pub use sum::Sum;

use crate::op::{Broken, Cotangent, Meta, Term, filled};
use crate::tensor::{Dims, Element, Result, Shape, Tensor};

/// The shape without the reduced axes, which must be sorted and within the rank.
pub(crate) fn dropped(shape: &Shape, axes: &[usize]) -> Result<Shape, Broken> {
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    if !sorted || axes.last().is_some_and(|&last| last >= shape.rank()) {
        return Err(Broken::new(format!("axes {axes:?} are not axes of shape {shape}")));
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

/// For each element in row-major order, the place in the reduced result that it belongs to.
pub(crate) fn targets(shape: &Shape, axes: &[usize]) -> impl Iterator<Item = usize> {
    let kept = kept(shape, axes);
    let strides: Dims = kept
        .strides()
        .iter()
        .zip(kept.iter().zip(shape.iter()))
        .map(|(&stride, (kept, full))| if kept == full { stride } else { 0 })
        .collect();
    let own = shape.strides();
    let shape = shape.clone();
    (0..shape.elements()).map(move |flat| {
        (0..shape.rank()).map(|axis| flat / own[axis] % shape[axis] * strides[axis]).sum()
    })
}

/// The element of each group that no other is `beyond`, or `nothing` of an empty group.
fn extreme<T: Element>(
    axes: &[usize],
    x: &Tensor,
    out: &Meta,
    nothing: T,
    beyond: fn(T, T) -> bool,
) -> Result<Tensor> {
    let mut best = filled(nothing, &out.shape)?;
    for (value, at) in x.to_vec::<T>()?.into_iter().zip(targets(x.shape(), axes)) {
        if beyond(value, best[at]) {
            best[at] = value;
        }
    }
    Tensor::from_vec(best, &out.shape)
}

/// `g` shared equally among the elements of `x` that equal the result.
fn extreme_vjp<'r>(axes: &[usize], x: Term<'r>, out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
    let kept = kept(&x.shape(), axes);
    let taken = x.equal(out.reshape(&kept));
    let shares = taken.cast(g.dtype()).sum_axes(axes);
    taken.select((g / shares).reshape(&kept), 0.0).into()
}
