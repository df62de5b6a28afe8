//! Windows that are added up where they overlap, and what is cut out of the sums.

use super::{Operation, Rewriter};
use crate::op::linear::{self, Contract, Label, Labels, Layout, Pair};
use crate::op::{NodeId, Op, binary, reduce, shape};
use crate::tape::Graph;
use crate::tensor::{Dims, Shape};

pub(super) fn rewrite(r: &mut Rewriter, operation: &Operation<'_>) -> Option<NodeId> {
    let &[x] = operation.inputs else { return None };
    match operation.op {
        Op::Fold(fold) => apart(r, fold, x, operation)
            .or_else(|| contracted(r, fold, x, operation))
            .or_else(|| gathered(r, fold, x, operation)),
        Op::Sum(sum) => summed_batch(r, sum, x, operation)
            .or_else(|| side_by_side(r, &sum.axes, binary::Add {}.into(), x, operation)),
        Op::Max(max) => side_by_side(r, &max.axes, binary::Maximum {}.into(), x, operation),
        Op::Min(min) => side_by_side(r, &min.axes, binary::Minimum {}.into(), x, operation),
        _ => None,
    }
}

/// fold(x) = pad(reshape(transpose(x))) for windows that lie one after another
fn apart(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let from = r.meta(x).shape.clone();
    let (last, at) = (from.rank() - 1, operation.at);
    let &shape::Fold { axis, size, stride, dilation } = fold;
    if stride != from[last] || dilation != 1 {
        return None;
    }
    let order = (0..=axis).chain([last]).chain(axis + 1..last).collect();
    let beside = r.apply(shape::Transpose { order }, &[x], at)?;
    let mut dims = Dims::from_slice(&from[..last]);
    dims[axis] *= stride;
    let joined = r.reshape(beside, &Shape::from(dims), at)?;
    r.apply(shape::Pad { axis, start: 0, step: 1, size }, &[joined], at)
}

/// fold(contract(x, y)) = contract(x, window(pad(y))), where the windows are rows or columns of one operand
/// and the places in them those of the other: the gradient of a convolution as another one.
///
/// Near the ends zeros are multiplied, which makes NaN of what is infinite.
fn contracted(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let &shape::Fold { axis, size, stride, dilation } = fold;
    let (product, out) = Labelled::of(r, x)?;
    let (&place, rest) = out.split_last()?;
    let window = out[axis];
    if stride != 1 {
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
    let at = operation.at;
    let own = gathered.labels.iter().position(|label| *label == window)?;
    let before = (count - 1) * dilation;
    let pad = shape::Pad { axis: own, start: before, step: 1, size: size + before };
    let padded = r.apply(pad, &[gathered.node], at)?;
    let windows =
        r.apply(shape::Window { axis: own, size: count, stride: 1, dilation }, &[padded], at)?;
    let places = gathered.labels.len();
    gathered.node = r.apply(shape::Flip { axis: places }, &[windows], at)?;
    gathered.labels.push(place);
    let operands = if swapped { [gathered, other] } else { [other, gathered] };
    contract(r, operands, rest, at)
}

/// fold(x) = sum(diagonal(flip(window(pad(x))))): each sum gathers the places that its element had.
fn gathered(
    r: &mut Rewriter,
    fold: &shape::Fold,
    x: NodeId,
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let &shape::Fold { axis, size, stride, dilation } = fold;
    let (last, at) = (r.meta(x).shape.rank() - 1, operation.at);
    let count = r.meta(x).shape[last];
    let before = (count - 1) * dilation;
    let pad = shape::Pad { axis, start: before, step: stride, size: size + before };
    let padded = r.apply(pad, &[x], at)?;
    let windows =
        r.apply(shape::Window { axis, size: count, stride: 1, dilation }, &[padded], at)?;
    let turned = r.apply(shape::Flip { axis: last + 1 }, &[windows], at)?;
    let own = r.apply(shape::Diagonal { axis: last, other: last + 1 }, &[turned], at)?;
    r.apply(reduce::Sum { axes: Dims::from_elem(last, 1) }, &[own], at)
}

/// sum(contract(x, y)) = contract(x', y') for sums over batch axes: they are summed with the others.
fn summed_batch(
    r: &mut Rewriter,
    sum: &reduce::Sum,
    x: NodeId,
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let &Op::Contract(Contract { batch, .. }) = r.op(x) else { return None };
    if sum.axes.iter().any(|&axis| axis >= batch) {
        return None;
    }
    let (product, out) = Labelled::of(r, x)?;
    let stays = |axis: &usize| !sum.axes.contains(axis);
    let rest: Labels = (0..out.len()).filter(stays).map(|axis| out[axis]).collect();
    contract(r, product, &rest, operation.at)
}

/// sum(window(x)) = slice(x) + slice(x) + … for the few places of a window; max, min: the greatest, the least
/// of them.
fn side_by_side(
    r: &mut Rewriter,
    axes: &[usize],
    join: Op,
    mut x: NodeId,
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let at = operation.at;
    let rank = r.meta(x).shape.rank();
    if axes.is_empty()
        || !axes.iter().copied().eq(rank - axes.len()..rank)
        || !operation.meta.dtype.is_float()
    {
        return None;
    }
    // The last window first.
    let mut windows = Vec::new();
    for _ in axes {
        let Op::Window(window) = r.op(x) else { return None };
        let count = r.meta(x).shape[window.axis];
        windows.push((window.clone(), count));
        x = r.node(x).inputs[0];
    }
    let places: usize = windows.iter().map(|(window, _)| window.size).product();
    // A window of another's places has no slice of its own.
    let base = r.meta(x).shape.rank();
    if places > r.target.window_places || windows.iter().any(|(window, _)| window.axis >= base) {
        return None;
    }
    let mut joined = None;
    for number in 0..places {
        let (mut slice, mut rest) = (x, number);
        for (window, count) in &windows {
            let (place, more) = (rest % window.size, rest / window.size);
            rest = more;
            let start = place * window.dilation;
            let stop = start + (count - 1) * window.stride + 1;
            let part = shape::Slice { axis: window.axis, start, stop, step: window.stride };
            slice = r.apply(part, &[slice], at)?;
        }
        joined = match joined {
            None => Some(slice),
            Some(joined) => Some(r.apply(join.clone(), &[joined, slice], at)?),
        };
    }
    joined
}

/// For each node, whether it is a slice of windows that were added up, which nothing else needs.
pub(super) fn cropped_folds(graph: &Graph) -> Vec<bool> {
    let mut uses = vec![0usize; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.index()] += 1);
    graph.outputs.iter().for_each(|output| uses[output.node.index()] += 1);
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
    operation: &Operation<'_>,
) -> Option<NodeId> {
    let (mut product, out) = Labelled::of(r, x)?;
    let label = out[slice.axis];
    for operand in &mut product {
        if let Some(axis) = operand.labels.iter().position(|own| *own == label) {
            let own = shape::Slice { axis, ..slice.clone() };
            operand.node = r.apply(own, &[operand.node], operation.at)?;
        }
    }
    contract(r, product, &out, operation.at)
}

/// An operand of a contraction, with labels for its axes.
struct Labelled {
    node: NodeId,
    labels: Labels,
}

impl Labelled {
    /// The operands of a contraction, which may have been transposed, and the labels of its result.
    fn of(r: &Rewriter, x: NodeId) -> Option<([Labelled; 2], Labels)> {
        let (product, order) = match r.op(x) {
            Op::Transpose(transpose) => (r.node(x).inputs[0], Some(&transpose.order)),
            _ => (x, None),
        };
        let &Op::Contract(Contract { batch, summed }) = r.op(product) else { return None };
        let &[left, right] = &r.node(product).inputs[..] else { return None };
        let rank = r.meta(product).shape.rank() as Label;
        let rows = r.meta(left).shape.rank() - batch - summed;
        let (batch, rows) = (batch as Label, rows as Label);
        let sums = || rank..rank + summed as Label;
        let first = (0..batch + rows).chain(sums()).collect();
        let second = (0..batch).chain(sums()).chain(batch + rows..rank).collect();
        let out = match order {
            Some(order) => order.iter().map(|&axis| axis as Label).collect(),
            None => (0..rank).collect(),
        };
        let operands =
            [Labelled { node: left, labels: first }, Labelled { node: right, labels: second }];
        Some((operands, out))
    }

    fn has(&self, label: Label) -> bool {
        self.labels.contains(&label)
    }

    fn size(&self, r: &Rewriter, label: Label) -> Option<usize> {
        let axis = self.labels.iter().position(|own| *own == label)?;
        r.meta(self.node).shape.get(axis).copied()
    }
}

/// The sums of products of two operands, with the axes of these labels.
fn contract(
    r: &mut Rewriter,
    [x, y]: [Labelled; 2],
    out: &[Label],
    at: &'static std::panic::Location<'static>,
) -> Option<NodeId> {
    let Pair { swap, x: left, y: right, batch, summed, out } =
        linear::pair(&x.labels, &y.labels, out, false);
    let (first, second) = if swap { (y, x) } else { (x, y) };
    let a = laid_out(r, &first, &left, &second, at)?;
    let b = laid_out(r, &second, &right, &first, at)?;
    let product = r.apply(Contract { batch, summed }, &[a, b], at)?;
    match out {
        Some(order) => r.apply(shape::Transpose { order }, &[product], at),
        None => Some(product),
    }
}

fn laid_out(
    r: &mut Rewriter,
    operand: &Labelled,
    layout: &Layout,
    other: &Labelled,
    at: &'static std::panic::Location<'static>,
) -> Option<NodeId> {
    let order: Dims = layout.iter().filter_map(|place| place.ok()).collect();
    let turned = r.apply(shape::Transpose { order }, &[operand.node], at)?;
    let from = r.meta(operand.node).shape.clone();
    let size =
        |place: &Result<usize, Label>, repeated: &dyn Fn(Label) -> Option<usize>| match *place {
            Ok(axis) => Some(from[axis]),
            Err(label) => repeated(label),
        };
    let ones: Option<Dims> = layout.iter().map(|place| size(place, &|_| Some(1))).collect();
    let repeated = |label| other.size(r, label);
    let sizes: Option<Dims> = layout.iter().map(|place| size(place, &repeated)).collect();
    let beside = r.reshape(turned, &Shape::from(ones?), at)?;
    r.broadcast(beside, &Shape::from(sizes?), at)
}
