//! Views of views, and views that change nothing.

use super::{Pending, Rewriter};
use crate::op::{NodeId, Op, shape};
use crate::tensor::{Dims, Shape};

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    let &[x] = inputs else { return None };
    let inner = r.node(x).inputs.first().copied();
    match op {
        Op::Broadcast(_) | Op::Reshape(_) if r.meta(x).shape == meta.shape => Some(x),
        Op::Broadcast(_) => match r.op(x) {
            // broadcast(broadcast(x)) = broadcast(x)
            Op::Broadcast(_) => r.broadcast(inner?, &meta.shape, at),
            _ => None,
        },
        Op::Reshape(_) => match r.op(x) {
            // reshape(reshape(x)) = reshape(x)
            Op::Reshape(_) => r.reshape(inner?, &meta.shape, at),
            // reshape(broadcast(s)) = broadcast(s) for a single element
            Op::Broadcast(_) => single(r, inner?, operation),
            _ => None,
        },
        Op::Transpose(transpose) => {
            let order = &transpose.order;
            let large = |axis: &&usize| r.meta(x).shape[**axis] != 1;
            let moved: Dims = order.iter().filter(large).copied().collect();
            // transpose that moves only axes of size 1 = reshape
            if moved.is_sorted() {
                return r.reshape(x, &meta.shape, at);
            }
            match r.op(x) {
                // transpose(transpose(x)) = transpose(x)
                Op::Transpose(first) => {
                    let order: Dims = order.iter().map(|&axis| first.order[axis]).collect();
                    r.apply(shape::Transpose { order }, &[inner?], at)
                }
                // transpose(broadcast(s)) = broadcast(s) for a single element
                Op::Broadcast(_) => single(r, inner?, operation),
                _ => None,
            }
        }
        // pad by nothing = x
        Op::Pad(_) if r.meta(x).shape == meta.shape => Some(x),
        Op::Pad(pad) => below(r, pad, x, inner?, at),
        // window of one element = reshape(slice)
        Op::Window(shape::Window { axis, size: 1, stride, .. }) => {
            let stop = (meta.shape[*axis] - 1) * stride + 1;
            let slice = shape::Slice { axis: *axis, start: 0, stop, step: *stride };
            let every = r.apply(slice, &[x], at)?;
            r.reshape(every, &meta.shape, at)
        }
        // flip(flip(x)) = x
        Op::Flip(flip) => match r.op(x) {
            Op::Flip(first) if first == flip => inner,
            _ => None,
        },
        // slice of everything = x
        Op::Slice(_) if r.meta(x).shape == meta.shape => Some(x),
        Op::Slice(_) => match r.op(x) {
            Op::Broadcast(_) => single(r, inner?, operation),
            _ => None,
        },
        _ => None,
    }
}

/// pad(view(x)) = view(pad(x)) where the view leaves the axis as it is: windows are not copied to be padded.
fn below(
    r: &mut Rewriter,
    pad: &shape::Pad,
    x: NodeId,
    inner: NodeId,
    at: &'static std::panic::Location<'static>,
) -> Option<NodeId> {
    let view = r.op(x).clone();
    let axis = match &view {
        Op::Transpose(transpose) => transpose.order[pad.axis],
        Op::Flip(flip) if flip.axis != pad.axis => pad.axis,
        Op::Window(window) if window.axis != pad.axis && pad.axis + 1 < r.meta(x).shape.rank() => {
            pad.axis
        }
        _ => return None,
    };
    let padded = r.apply(shape::Pad { axis, ..pad.clone() }, &[inner], at)?;
    r.apply(view, &[padded], at)
}

fn single(r: &mut Rewriter, x: NodeId, operation: &Pending<'_>) -> Option<NodeId> {
    if r.meta(x).shape.elements() != 1 {
        return None;
    }
    let scalar = r.reshape(x, &Shape::scalar(), operation.at)?;
    r.broadcast(scalar, &operation.meta.shape, operation.at)
}
