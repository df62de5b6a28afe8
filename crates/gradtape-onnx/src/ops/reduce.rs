//! Reductions, and sums along an axis.

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs, one, wide};
use crate::tensor::broken;
use crate::value::{Array, axis};

pub(super) const TABLE: Table = &[
    ("ArgMax", |c| place(c, true)),
    ("ArgMin", |c| place(c, false)),
    ("CumProd", |c| scan(c, |x, axis| x.cumprod(axis), 1.0)),
    ("CumSum", |c| scan(c, |x, axis| x.cumsum(axis), 0.0)),
    ("ReduceL1", |c| reduce(c, 18, |x, axes| x.abs().sum(axes))),
    ("ReduceL2", |c| reduce(c, 18, |x, axes| x.square().sum(axes).sqrt())),
    ("ReduceLogSum", |c| reduce(c, 18, |x, axes| x.sum(axes).log())),
    ("ReduceLogSumExp", |c| reduce(c, 18, |x, axes| x.logsumexp(axes))),
    ("ReduceMax", |c| extreme(c, true)),
    ("ReduceMean", |c| {
        reduce(c, 18, |x, axes| match x.dtype().is_float() {
            true => x.mean(axes),
            // To the last digit, and cut as all quotients are.
            false => {
                let sum = x.sum(axes);
                sum / (x.shape().elements() / sum.shape().elements().max(1)).max(1)
            }
        })
    }),
    ("ReduceMin", |c| extreme(c, false)),
    ("ReduceProd", |c| reduce(c, 18, |x, axes| x.prod(axes))),
    ("ReduceSum", |c| reduce(c, 13, |x, axes| x.sum(axes))),
    ("ReduceSumSquare", |c| reduce(c, 18, |x, axes| x.square().sum(axes))),
    ("TopK", top_k),
];

/// A reduction over the axes that the node names, all of them by default. Logarithms are taken of floating-point
/// numbers, whatever is reduced.
fn reduce<'t>(
    c: &Call<'_, 't>,
    axes_are_input_since: i64,
    f: impl FnOnce(Var<'t>, &[isize]) -> Var<'t>,
) -> Outputs<'t> {
    let x = c.x(0)?;
    let (axes, kept) = axes(c, x, axes_are_input_since)?;
    let by_logarithm = !x.elem.is_float()
        && matches!(c.node.op.as_str(), "ReduceLogSum" | "ReduceLogSumExp" | "ReduceL2");
    let var = if by_logarithm { x.var.cast(DType::F64) } else { x.var };
    one(x.like(f(var, &axes).cast(x.elem.dtype()).reshape(kept)))
}

/// The axes to reduce, and the shape of the result. Of no axes each element is reduced by itself, where that is asked
/// for.
fn axes(c: &Call<'_, '_>, x: Array<'_>, input_since: i64) -> Result<(Vec<isize>, Vec<usize>)> {
    let shape = x.shape();
    let named = c.axes(1, input_since)?.filter(|axes| !axes.is_empty());
    let mut places = match named {
        None if c.flag("noop_with_empty_axes", false)? => Vec::new(),
        None => (0..shape.len()).collect(),
        Some(axes) => {
            axes.into_iter().map(|place| axis(place, shape.len())).collect::<Result<Vec<_>>>()?
        }
    };
    places.sort_unstable();
    places.dedup();
    let keep = c.flag("keepdims", true)?;
    let kept = shape.iter().enumerate().filter_map(|(axis, &size)| match places.contains(&axis) {
        true => keep.then_some(1),
        false => Some(size),
    });
    let kept = kept.collect();
    Ok((places.into_iter().map(|axis| axis as isize).collect(), kept))
}

/// The greatest or the least; of truth values, whether any or all are true.
fn extreme<'t>(c: &Call<'_, 't>, greatest: bool) -> Outputs<'t> {
    let truth = c.x(0)?.var.dtype() == DType::Bool;
    reduce(c, 18, |x, axes| match (truth, greatest) {
        (true, true) => x.any(axes),
        (true, false) => x.all(axes),
        (false, _) => extreme_of(x, axes, greatest),
    })
}

/// The greatest or the least over axes; of nothing what all others are beyond.
fn extreme_of<'t>(x: Var<'t>, axes: &[isize], greatest: bool) -> Var<'t> {
    let shape = x.shape();
    if axes.iter().any(|&axis| shape[axis as usize] == 0) {
        let nothing = match (x.dtype(), greatest) {
            (DType::I64, true) => Tensor::scalar(i64::MIN),
            (DType::I64, false) => Tensor::scalar(i64::MAX),
            (_, true) => Tensor::scalar(f64::NEG_INFINITY),
            (_, false) => Tensor::scalar(f64::INFINITY),
        };
        // A sum of nothing is 0, in the shape of the result.
        return x.sum(axes) + x.tape().constant(nothing).cast(x.dtype());
    }
    if greatest { x.max(axes) } else { x.min(axes) }
}

/// The place of the greatest or the least, of several the first, or the last on request.
fn place<'t>(c: &Call<'_, 't>, greatest: bool) -> Outputs<'t> {
    let x = c.x(0)?;
    let at = c.axis(0, x.rank())? as isize;
    let last = c.flag("select_last_index", false)?;
    let size = x.shape().get(at as usize).copied().unwrap_or(1);
    let seen = if last { x.var.flip(at) } else { x.var };
    let found = if greatest { seen.argmax(at) } else { seen.argmin(at) };
    let found = if last { size as f64 - 1.0 - found } else { found };
    let keep = c.flag("keepdims", true)?;
    one(Array::of(if keep { found.unsqueeze(at) } else { found }))
}

/// Sums or products up to each place: of the places before it alone (`exclusive`), from the end (`reverse`).
fn scan<'t>(
    c: &Call<'_, 't>,
    f: impl FnOnce(Var<'t>, isize) -> Var<'t>,
    nothing: f64,
) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(at) = c.number(1)? else { return Err(broken("the axis is missing")) };
    let at = axis(at as i64, x.rank())? as isize;
    let reverse = c.flag("reverse", false)?;
    let mut y = if reverse { x.var.flip(at) } else { x.var };
    let size = x.shape()[at as usize];
    if c.flag("exclusive", false)? && size > 0 {
        let first = y.slice(at, 0..1).full_like(nothing);
        y = first.concat(&[y.slice_step(at, 0, size - 1, 1)], at);
    }
    let y = f(y, at);
    one(x.like(if reverse { y.flip(at) } else { y }))
}

/// The greatest or least along an axis and their places.
fn top_k<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let k = match c.version >= 10 {
        true => c.whole(1)?.and_then(|numbers| numbers.first().copied()),
        false => c.int("k")?,
    };
    let Some(k) = k.and_then(|k| usize::try_from(k).ok()) else {
        return Err(broken("k is missing or below 0"));
    };
    let at = c.axis(-1, x.rank())?;
    if k > x.shape()[at] {
        return Err(broken(format!("k is {k}, axis {at} has {} elements", x.shape()[at])));
    }
    let at = at as isize;
    let key = wide(x.var);
    let order = match c.flag("largest", true)? {
        true => key.argsort_descending(at),
        false => key.argsort(at),
    };
    let places = order.slice_step(at, 0, k, 1);
    Ok(vec![x.like(x.var.gather(at, places)).into(), Array::of(places).into()])
}
