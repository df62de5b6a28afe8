//! Windows that lie one after another, put together: nothing is added.

use std::panic::Location;

use super::Rewriter;
use crate::op::{Cost, Form, NodeId, Op, shape};
use crate::tensor::{Dims, Shape};

/// Operations that are computed in another order of axes.
const MOST: usize = 16;

/// fold(x) = pad(reshape(transpose(x))) for windows that lie one after another, and for a single one
pub(super) fn rewrite(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let from = r.meta(x).shape.clone();
    let last = from.rank() - 1;
    let &shape::Fold { axis, size, stride, dilation } = fold;
    if (stride != from[last] && from[axis] != 1) || dilation != 1 {
        return None;
    }
    let order: Dims = (0..=axis).chain([last]).chain(axis + 1..last).collect();
    let beside = transposed(r, x, &order, at)?;
    let mut dims = Dims::from_slice(&from[..last]);
    dims[axis] *= from[last];
    let joined = r.reshape(beside, &Shape::from(dims), at)?;
    r.apply(shape::Pad { axis, start: 0, step: 1, size }, &[joined], at)
}

/// A node with its axes in another order. What is computed of windows is computed in that order, instead of being
/// stored to be turned: the gradient of a pool.
fn transposed(
    r: &mut Rewriter,
    x: NodeId,
    order: &[usize],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    // transpose(reshape(x)) = reshape(transpose(x)) where the reshape joins neighbours
    if let Op::Reshape(_) = r.op(x)
        && let inner = r.node(x).inputs[0]
        && is_of_windows(r, inner)
        && let Some(groups) = joined(&r.meta(inner).shape, &r.meta(x).shape)
    {
        let wide: Dims = order.iter().flat_map(|&axis| groups[axis].clone()).collect();
        let dims: Dims = order.iter().map(|&axis| r.meta(x).shape[axis]).collect();
        let turned = transposed(r, inner, &wide, at)?;
        return r.reshape(turned, &Shape::from(dims), at);
    }
    if is_of_windows(r, x) {
        return in_order(r, x, order, at);
    }
    r.apply(shape::Transpose { order: Dims::from_slice(order) }, &[x], at)
}

/// transpose(f(x)) = f(transpose(x)), down to the views that `f` reads
fn in_order(
    r: &mut Rewriter,
    id: NodeId,
    order: &[usize],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let op = r.op(id).clone();
    if !op.is_elementwise() {
        return r.apply(shape::Transpose { order: Dims::from_slice(order) }, &[id], at);
    }
    let inputs = r.node(id).inputs.clone();
    let parts: Option<Vec<NodeId>> =
        inputs.iter().map(|&input| in_order(r, input, order, at)).collect();
    r.apply(op, &parts?, at)
}

/// Whether a node is computed, of each element alone and at little cost, of views that are windows or repeat
/// something.
fn is_of_windows(r: &Rewriter, id: NodeId) -> bool {
    let (mut open, mut seen, mut windows) = (vec![id], 0, false);
    while let Some(id) = open.pop() {
        let node = r.node(id);
        seen += 1;
        let fits = match (&node.op, node.op.form()) {
            (op, Form::Formula(cost)) => {
                open.extend_from_slice(&node.inputs);
                cost != Cost::Costly && !op.can_fail(node.meta.dtype)
            }
            (Op::Window(_), _) => {
                windows = true;
                true
            }
            (Op::Transpose(_), _) => {
                open.push(node.inputs[0]);
                true
            }
            (Op::Broadcast(_), _) => true,
            _ => false,
        };
        if !fits || seen > MOST {
            return false;
        }
    }
    windows
}

/// For each axis of a shape those of a finer one that it joins, if it joins neighbours alone.
pub(super) fn joined(fine: &Shape, coarse: &Shape) -> Option<Vec<std::ops::Range<usize>>> {
    let mut groups = Vec::new();
    let mut next = 0;
    for &size in coarse.iter() {
        let (first, mut product) = (next, 1);
        while product < size || (next < fine.rank() && fine[next] == 1) {
            product *= fine.get(next)?;
            next += 1;
        }
        if product != size {
            return None;
        }
        groups.push(first..next);
    }
    (next == fine.rank()).then_some(groups)
}
