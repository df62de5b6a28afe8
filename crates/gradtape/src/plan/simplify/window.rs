//! Windows that are added up where they overlap, and what is cut out of the sums.

use std::panic::Location;

use super::contraction::{self, Labelled};
use super::{Pending, Rewriter, apart, phase};
use crate::op::linear::{Contract, Labels};
use crate::op::{NodeId, Op, reduce, shape};
use crate::tape::{Graph, GraphNode};
use crate::tensor::Dims;

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &[x] = operation.inputs else { return None };
    let Op::Fold(fold) = operation.op else { return None };
    apart::rewrite(r, fold, x, operation.at)
        .or_else(|| contracted(r, fold, x, operation))
        .or_else(|| phase::rewrite(r, fold, x, operation.at))
        .or_else(|| phase::through(r, fold, x, operation.at))
        .or_else(|| gathered(r, fold, x, operation))
}

/// fold(contract(x, y)) = contract(x, window(pad(y))), where the windows are rows or columns of one operand
/// and the places in them those of the other: the gradient of a convolution as another one.
///
/// Near the ends zeros are multiplied, which makes NaN of what is infinite.
fn contracted(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    operation: &Pending<'_>,
) -> Option<NodeId> {
    let (product, out) = Labelled::of(r, x)?;
    let (&place, rest) = out.split_last()?;
    let window = out[fold.axis];
    if fold.stride != 1 {
        return None;
    }
    let count = r.meta(x).shape[out.len() - 1];
    let [left, right] = product;
    let owns = |operand: &Labelled, own, other| operand.has(own) && !operand.has(other);
    let (mut gathered, other, swapped) = match () {
        () if owns(&left, window, place) && owns(&right, place, window) => (left, right, true),
        () if owns(&right, window, place) && owns(&left, place, window) => (right, left, false),
        () => return None,
    };
    let own = gathered.labels.iter().position(|label| *label == window)?;
    gathered.node = reversed_windows(r, fold, own, count, gathered.node, operation.at)?;
    gathered.labels.push(place);
    let operands = if swapped { [gathered, other] } else { [other, gathered] };
    contraction::of(r, operands, rest, operation.at)
}

/// fold(x) = sum(diagonal(flip(window(pad(x))))): each sum gathers the places that its element had.
///
/// All zeros around and between the windows are in memory, so that few windows far apart or long ones are
/// rather added one by one.
fn gathered(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    operation: &Pending<'_>,
) -> Option<NodeId> {
    let (last, at) = (r.meta(x).shape.rank() - 1, operation.at);
    let (windows, count) = (r.meta(x).shape[fold.axis], r.meta(x).shape[last]);
    let padded = padding(fold, count).saturating_add(fold.size);
    if padded > windows.saturating_mul(r.target.fold_zeros) {
        return None;
    }
    let windows = reversed_windows(r, fold, fold.axis, count, x, at)?;
    let own = r.apply(shape::Diagonal { axis: last, other: last + 1 }, &[windows], at)?;
    r.apply(reduce::Sum { axes: Dims::from_elem(last, 1) }, &[own], at)
}

/// flip(window(pad(x))): for each place of the axis that is put together, the windows that may have had it at
/// each of their `count` places.
fn reversed_windows(
    r: &mut Rewriter,
    fold: &shape::Fold,
    axis: usize,
    count: usize,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let &shape::Fold { size, stride, dilation, .. } = fold;
    let before = padding(fold, count);
    let pad = shape::Pad { axis, start: before, step: stride, size: size.checked_add(before)? };
    let padded = r.apply(pad, &[x], at)?;
    let windows =
        r.apply(shape::Window { axis, size: count, stride: 1, dilation }, &[padded], at)?;
    let last = r.meta(windows).shape.rank() - 1;
    r.apply(shape::Flip { axis: last }, &[windows], at)
}

/// The zeros before a window of `count` places that are put together.
fn padding(fold: &shape::Fold, count: usize) -> usize {
    count.saturating_sub(1).saturating_mul(fold.dilation)
}

/// For each node, whether it is the sum of a contraction, perhaps turned, which nothing else needs.
pub(super) fn summed_products(graph: &Graph, uses: &[usize]) -> Vec<bool> {
    let summed = |node: &GraphNode| {
        let Op::Sum(_) = node.op else { return false };
        let mut x = node.inputs[0].index();
        while let (Op::Transpose(_), 1) = (&graph.nodes[x].op, uses[x]) {
            x = graph.nodes[x].inputs[0].index();
        }
        matches!(graph.nodes[x].op, Op::Contract(_)) && uses[x] == 1
    };
    graph.nodes.iter().map(summed).collect()
}

/// sum(contract(x, y)) = contract(x', y') for sums over batch axes: they are summed with the others.
pub(super) fn summed_batch(
    r: &mut Rewriter,
    sum: &reduce::Sum,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let &Op::Contract(Contract { batch, .. }) = r.op(x) else { return None };
    if sum.axes.iter().any(|&axis| axis >= batch) {
        return None;
    }
    let (product, out) = Labelled::of(r, x)?;
    let stays = |axis: &usize| !sum.axes.contains(axis);
    let rest: Labels = (0..out.len()).filter(stays).map(|axis| out[axis]).collect();
    contraction::of(r, product, &rest, at)
}

/// For each node, whether it is a slice of windows that were added up, which nothing else needs.
pub(super) fn cropped_folds(graph: &Graph, uses: &[usize]) -> Vec<bool> {
    let mut cropped = vec![false; graph.nodes.len()];
    for (number, node) in graph.nodes.iter().enumerate() {
        if let Op::Slice(_) = node.op {
            let x = node.inputs[0].index();
            let folded = cropped[x] || matches!(graph.nodes[x].op, Op::Fold(_));
            cropped[number] = folded && uses[x] == 1;
        }
    }
    cropped
}

/// slice(contract(x, y)) = contract(x, slice(y)): what is cut off is not computed.
pub(super) fn crop(
    r: &mut Rewriter,
    slice: &shape::Slice,
    x: NodeId,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let (mut product, out) = Labelled::of(r, x)?;
    let label = out[slice.axis];
    for operand in &mut product {
        if let Some(axis) = operand.labels.iter().position(|own| *own == label) {
            let own = shape::Slice { axis, ..slice.clone() };
            operand.node = r.apply(own, &[operand.node], at)?;
        }
    }
    contraction::of(r, product, &out, at)
}
