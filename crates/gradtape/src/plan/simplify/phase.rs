//! Windows that start several places apart and overlap, put together phase by phase.

use std::panic::Location;

use super::contraction::{self, Labelled};
use super::{Rewriter, apart};
use crate::op::linear::Labels;
use crate::op::{NodeId, Op, shape};
use crate::tensor::{Dims, Shape};

/// fold(x, stride) = reshape(fold(x', 1)), where the places of a window are numbered by those of a window of strides
/// and by their phase in a stride: place `s q + p` of the result is place `q` of phase `p`. The gradient of a
/// convolution with strides becomes one convolution whose results are all phases.
///
/// Places that fill up the last stride are zeros.
pub(super) fn rewrite(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let (mut product, out) = Labelled::of(r, x)?;
    let (&place, rest) = out.split_last()?;
    let window = rest[fold.axis];
    let stride = fold.stride;
    let count = r.meta(x).shape[rest.len()];
    if stride == 1 || fold.dilation != 1 || count <= stride {
        return None;
    }
    let owner = product.iter().position(|own| own.has(place) && !own.has(window))?;
    if product[1 - owner].has(place) {
        return None;
    }
    let phase = out.iter().chain(product.iter().flat_map(|own| &own.labels)).max()? + 1;
    let own = &mut product[owner];
    let axis = own.labels.iter().position(|label| *label == place)?;
    own.node = by_phase(r, own.node, axis, stride, at)?;
    own.labels.insert(axis + 1, phase);
    let mut order: Labels = rest.into();
    order.insert(fold.axis + 1, phase);
    order.push(place);
    let split = contraction::of(r, product, &order, at)?;

    let size = fold.size.div_ceil(stride);
    let folded = shape::Fold { axis: fold.axis, size, stride: 1, dilation: 1 };
    let folded = r.apply(folded, &[split], at)?;
    let mut dims = Dims::from_slice(&r.meta(folded).shape);
    dims.remove(fold.axis + 1);
    dims[fold.axis] *= stride;
    let joined = r.reshape(folded, &Shape::from(dims), at)?;
    match size * stride == fold.size {
        true => Some(joined),
        false => {
            let slice = shape::Slice { axis: fold.axis, start: 0, stop: fold.size, step: 1 };
            r.apply(slice, &[joined], at)
        }
    }
}

/// Splits an axis, that of the places of a window, into strides and phases, filled up with zeros; below views, so
/// that what is repeated is filled up once.
fn by_phase(
    r: &mut Rewriter,
    x: NodeId,
    axis: usize,
    stride: usize,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let mut dims = Dims::from_slice(&r.meta(x).shape);
    let strides = dims[axis].div_ceil(stride);
    let (op, inner) = (r.op(x).clone(), r.node(x).inputs.first().copied());
    match (op, inner) {
        (Op::Transpose(transpose), Some(inner)) => {
            let own = transpose.order[axis];
            let split = by_phase(r, inner, own, stride, at)?;
            let moved = |&of: &usize| if of > own { of + 1 } else { of };
            let mut order: Dims = transpose.order.iter().map(moved).collect();
            order.insert(axis + 1, own + 1);
            r.apply(shape::Transpose { order }, &[split], at)
        }
        (Op::Broadcast(_), Some(inner))
            if let new = dims.len() - r.meta(inner).shape.rank()
                && axis >= new
                && r.meta(inner).shape[axis - new] == dims[axis] =>
        {
            let split = by_phase(r, inner, axis - new, stride, at)?;
            dims[axis] = strides;
            dims.insert(axis + 1, stride);
            r.broadcast(split, &Shape::from(dims), at)
        }
        _ => {
            let pad = shape::Pad { axis, start: 0, step: 1, size: strides * stride };
            let padded = r.apply(pad, &[x], at)?;
            dims[axis] = strides;
            dims.insert(axis + 1, stride);
            r.reshape(padded, &Shape::from(dims), at)
        }
    }
}

/// fold(reshape(x)) = reshape(fold(x)) for a contraction whose other axes are joined, and fold(slice(x)) =
/// slice(fold(x)): for windows along several axes.
pub(super) fn through(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let shape = r.meta(x).shape.clone();
    let last = shape.rank() - 1;
    let inner = *r.node(x).inputs.first()?;
    match r.op(x).clone() {
        Op::Slice(slice) if slice.axis != fold.axis && slice.axis != last => {
            let folded = through(r, fold, inner, at)?;
            r.apply(slice, &[folded], at)
        }
        Op::Reshape(_) => {
            Labelled::of(r, inner)?;
            let groups = apart::joined(&r.meta(inner).shape, &shape)?;
            if groups[fold.axis].len() != 1 || groups[last].len() != 1 {
                return None;
            }
            let own = shape::Fold { axis: groups[fold.axis].start, ..fold.clone() };
            let folded = r.apply(own, &[inner], at)?;
            let mut dims = Dims::from_slice(&shape[..last]);
            dims[fold.axis] = fold.size;
            r.reshape(folded, &Shape::from(dims), at)
        }
        _ => None,
    }
}
