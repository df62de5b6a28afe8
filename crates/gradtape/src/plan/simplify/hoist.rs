//! Elementwise work on repeated numbers is done once, before they are repeated.

use smallvec::SmallVec;

use super::{Pending, Rewriter};
use crate::op::{NodeId, Op};
use crate::tensor::Shape;

/// f(broadcast(x), broadcast(y)) = broadcast(f(x, y))
pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    // An error names the element where it is.
    if !op.is_elementwise() || inputs.is_empty() || op.can_fail(meta.dtype) {
        return None;
    }
    let origin = |&id: &NodeId| match r.op(id) {
        Op::Broadcast(_) => r.node(id).inputs[0],
        _ => id,
    };
    let origins: SmallVec<[NodeId; 3]> = inputs.iter().map(origin).collect();
    let mut small = Shape::scalar();
    for &id in &origins {
        small = small.broadcast(&r.meta(id).shape).ok()?;
    }
    if small.elements() >= meta.shape.elements() {
        return None;
    }
    let mut operands: SmallVec<[NodeId; 3]> = SmallVec::new();
    for id in origins {
        operands.push(r.broadcast(id, &small, at)?);
    }
    let once = r.apply(op.clone(), &operands, at)?;
    r.broadcast(once, &meta.shape, at)
}
