//! Reductions of what was repeated, and of axes that hold one element.

use super::{Pending, Rewriter};
use crate::op::{Bits, NodeId, Op, binary, reduce, unary};
use crate::tensor::{Dims, Shape};

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    let axes = match op {
        Op::Sum(sum) => &sum.axes,
        Op::Max(max) => &max.axes,
        Op::Min(min) => &min.axes,
        _ => return None,
    };
    let x = inputs[0];
    let shape = r.meta(x).shape.clone();
    // sum over axes of one element = the same elements; of -0 it is -0, not 0
    if axes.iter().all(|&axis| shape[axis] == 1) {
        return r.reshape(x, &meta.shape, at);
    }
    // sum(-x) = -sum(x); a sum of nothing or of zeros is then -0
    if let (Op::Sum(sum), Op::Neg(_), true) = (op, r.op(x), meta.dtype.is_float()) {
        let sum = r.apply(sum.clone(), &[r.node(x).inputs[0]], at)?;
        return r.apply(unary::Neg {}, &[sum], at);
    }
    let Op::Broadcast(_) = r.op(x) else { return None };
    let (origin, float) = (r.node(x).inputs[0], meta.dtype.is_float());
    let from = r.meta(origin).shape.clone();
    let new = shape.rank() - from.rank();
    let repeats = |axis: usize| axis < new || (from[axis - new] == 1 && shape[axis] > 1);
    let gone: Dims = axes.iter().copied().filter(|&axis| repeats(axis)).collect();
    if gone.is_empty() || !float || shape.elements() == 0 {
        return None;
    }
    // sum(broadcast(x)) = n * sum(x) over the axes along which x is repeated n times; max, min: without
    // the n. Rounded once instead of n times.
    let times: usize = gone.iter().map(|&axis| shape[axis]).product();
    let stays = |axis: &usize| !gone.contains(axis);
    let narrow: Dims = (new..shape.rank()).filter(stays).map(|axis| from[axis - new]).collect();
    let wide: Dims = (0..shape.rank()).filter(stays).map(|axis| shape[axis]).collect();
    let before = |axis: usize| gone.iter().filter(|&&gone| gone < axis).count();
    let left: Dims = axes.iter().copied().filter(stays).map(|axis| axis - before(axis)).collect();
    let narrow = r.reshape(origin, &Shape::from(narrow), at)?;
    let mut value = r.broadcast(narrow, &Shape::from(wide), at)?;
    if !left.is_empty() {
        value = match op {
            Op::Sum(_) => r.apply(reduce::Sum { axes: left }, &[value], at)?,
            Op::Max(_) => r.apply(reduce::Max { axes: left }, &[value], at)?,
            _ => r.apply(reduce::Min { axes: left }, &[value], at)?,
        };
    }
    if let Op::Sum(_) = op {
        let times = r.full(Bits::new(times as f64), meta, at)?;
        return r.apply(binary::Mul {}, &[value, times], at);
    }
    Some(value)
}
