//! Sums of many contractions, or of many sums, of the same kind: one over all of them, as the gradient of a weight that
//! is used at each step of a sequence.

use std::panic::Location;

use smallvec::SmallVec;

use super::contraction::{self, Labelled};
use super::{Rewriter, parts};
use crate::op::linear::{Contract, Labels};
use crate::op::{NodeId, Op, reduce, shape};
use crate::tape::Graph;
use crate::tensor::{Dims, Shape};

/// The fewest that are put together.
const LEAST: usize = 4;

/// For each node, whether it adds up at least [`LEAST`] contractions, or as many sums, which nothing else needs.
pub(super) fn stacked_sums(graph: &Graph, uses: &[usize]) -> Vec<bool> {
    let mut leaves: Vec<Option<(bool, usize)>> = vec![None; graph.nodes.len()];
    let mut inner = vec![false; graph.nodes.len()];
    for (number, node) in graph.nodes.iter().enumerate() {
        leaves[number] = match &node.op {
            Op::Contract(_) => Some((true, 1)),
            Op::Sum(_) if node.meta.dtype.is_float() => Some((false, 1)),
            Op::Add(_) => {
                let of = |input: usize| {
                    let input = node.inputs[input].index();
                    leaves[input].filter(|_| uses[input] == 1)
                };
                match (of(0), of(1)) {
                    (Some((one, first)), Some((other, second))) if one == other => {
                        node.inputs.iter().for_each(|input| inner[input.index()] = true);
                        Some((one, first + second))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
    }
    let many = |leaves: Option<(bool, usize)>| leaves.is_some_and(|(_, count)| count >= LEAST);
    leaves.into_iter().zip(inner).map(|(leaves, inner)| many(leaves) && !inner).collect()
}

/// contract(x, y) + contract(v, w) + … = contract(concat(x, v, …), concat(y, w, …)) along what is summed, and
/// sum(x) + sum(y) + … = sum(concat(x, y, …)) where these are put together in any case.
pub(super) fn rewrite(
    r: &mut Rewriter,
    inputs: &[NodeId],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let mut leaves: SmallVec<[NodeId; 8]> = SmallVec::new();
    let mut open: SmallVec<[NodeId; 8]> = SmallVec::from_slice(inputs);
    while let Some(id) = open.pop() {
        match r.op(id) {
            Op::Add(_) => open.extend_from_slice(&r.node(id).inputs),
            _ => leaves.push(id),
        }
        if leaves.len() + open.len() > parts::MOST {
            return None;
        }
    }
    // In the order in which they were recorded; those of a gradient come last first.
    leaves.sort_unstable();
    match r.op(*leaves.first()?).clone() {
        Op::Contract(contract) => contractions(r, &contract, &leaves, at),
        Op::Sum(sum) => sums(r, &sum, &leaves, at),
        _ => None,
    }
}

fn contractions(
    r: &mut Rewriter,
    contract: &Contract,
    leaves: &[NodeId],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let mut operands: [SmallVec<[Labelled; 8]>; 2] = Default::default();
    let mut out = Labels::new();
    for &leaf in leaves {
        if *r.op(leaf) != Op::Contract(contract.clone()) {
            return None;
        }
        let ([left, right], labels) = Labelled::plain(r, leaf)?;
        out = labels;
        operands[0].push(left);
        operands[1].push(right);
    }
    let [left, right] = operands;
    let sides = [Side::of(r, left, at)?, Side::of(r, right, at)?];
    let summed = *sides[0].labels.iter().find(|label| !out.contains(label))?;
    let new = *sides.iter().flat_map(|side| &side.labels).chain(&out).max()? + 1;
    let known = [0, 1].map(|side| joined(r, &sides[side].nodes));
    let elements = |side: usize| {
        r.meta(sides[side].nodes[0]).shape.elements() * usize::from(known[side].is_none())
    };
    if elements(0) + elements(1) > r.meta(leaves[0]).shape.elements() {
        return None;
    }
    let stack = match known {
        [Some(stack), _] => Some((0, stack)),
        [None, Some(stack)] => Some((1, stack)),
        _ => None,
    };
    let mut stacked: SmallVec<[Labelled; 2]> = SmallVec::new();
    for (number, side) in sides.iter().enumerate() {
        let operand = match &stack {
            Some((own, stack)) if *own == number => {
                let mut labels = side.labels.clone();
                labels.insert(stack.axis, new);
                Labelled { node: stack.node, labels }
            }
            Some((other, stack)) => {
                // Beside the axis that it follows there, so that both are walked through as one.
                let before = stack.axis.checked_sub(1).map(|axis| sides[*other].labels[axis]);
                let own =
                    before.and_then(|before| side.labels.iter().position(|own| *own == before));
                let axis = own.map_or(0, |own| own + 1);
                let mut labels = side.labels.clone();
                labels.insert(axis, new);
                let nodes = stack.order.iter().map(|&number| side.nodes[number]);
                Labelled { node: beside(r, nodes, axis, at)?, labels }
            }
            None => {
                let axis = side.labels.iter().position(|own| *own == summed)?;
                let node = r.apply(shape::Concat { axis }, &side.nodes, at)?;
                Labelled { node, labels: side.labels.clone() }
            }
        };
        stacked.push(operand);
    }
    let [left, right] = stacked.into_inner().ok()?;
    contraction::of(r, [left, right], &out, at)
}

fn sums(
    r: &mut Rewriter,
    sum: &reduce::Sum,
    leaves: &[NodeId],
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let same = leaves.iter().all(|&leaf| *r.op(leaf) == Op::Sum(sum.clone()));
    let nodes: SmallVec<[NodeId; 8]> = leaves.iter().map(|&leaf| r.node(leaf).inputs[0]).collect();
    let shape = &r.meta(nodes[0]).shape;
    if !same || nodes.iter().any(|&node| r.meta(node).shape != *shape) {
        return None;
    }
    let stack = joined(r, &nodes)?;
    let moved = |&axis: &usize| axis + usize::from(axis >= stack.axis);
    let mut axes: Dims = sum.axes.iter().map(moved).chain([stack.axis]).collect();
    axes.sort_unstable();
    let (first, count) = (axes[0], axes.len());
    if axes[count - 1] != first + count - 1 {
        return r.apply(reduce::Sum { axes }, &[stack.node], at);
    }
    let shape = r.meta(stack.node).shape.clone();
    let merged = shape[first..first + count].iter().product();
    let rest = shape[first + count..].iter().copied();
    let shape: Dims = shape[..first].iter().copied().chain([merged]).chain(rest).collect();
    let rows = r.reshape(stack.node, &Shape::from(shape), at)?;
    r.apply(reduce::Sum { axes: Dims::from_elem(first, 1) }, &[rows], at)
}

/// The operands of all contractions on one side, behind the turning that they have in common.
struct Side {
    nodes: SmallVec<[NodeId; 8]>,
    labels: Labels,
}

impl Side {
    fn of(
        r: &mut Rewriter,
        operands: SmallVec<[Labelled; 8]>,
        at: &'static Location<'static>,
    ) -> Option<Side> {
        let own: SmallVec<[Labelled; 8]> =
            operands.into_iter().map(|operand| unturned(r, operand)).collect();
        let uniform = |r: &Rewriter, own: &Labelled| match r.op(own.node) {
            Op::Broadcast(_) => {
                let origin = r.node(own.node).inputs[0];
                (r.meta(origin).shape.elements() == 1).then_some(origin)
            }
            _ => None,
        };
        let model = own.iter().find(|own| uniform(r, own).is_none()).or(own.first())?;
        let (labels, meta) = (model.labels.clone(), r.meta(model.node).clone());
        let size = |r: &Rewriter, own: &Labelled, label| {
            let axis = own.labels.iter().position(|known| *known == label)?;
            Some(r.meta(own.node).shape[axis])
        };
        let mut nodes = SmallVec::new();
        for own in &own {
            let sizes = labels.iter().zip(meta.shape.iter());
            let alike = own.labels.len() == labels.len()
                && sizes
                    .into_iter()
                    .all(|(&label, &own_size)| size(r, own, label) == Some(own_size));
            nodes.push(match uniform(r, own).filter(|_| alike) {
                _ if own.labels == labels && *r.meta(own.node) == meta => own.node,
                // The same number everywhere has no turning, as a state of zeros.
                Some(origin) => {
                    let scalar = r.reshape(origin, &Shape::scalar(), at)?;
                    r.broadcast(scalar, &meta.shape, at)?
                }
                None => return None,
            });
        }
        Some(Side { nodes, labels })
    }
}

/// An operand before it was transposed.
fn unturned(r: &Rewriter, operand: Labelled) -> Labelled {
    let Op::Transpose(transpose) = r.op(operand.node) else { return operand };
    let mut labels = operand.labels.clone();
    for (&axis, &label) in transpose.order.iter().zip(&operand.labels) {
        labels[axis] = label;
    }
    Labelled { node: r.node(operand.node).inputs[0], labels }
}

/// Nodes that are there one beside the other: along an axis of their own.
struct Stack {
    node: NodeId,
    axis: usize,
    /// Which of the nodes stands at each place.
    order: SmallVec<[usize; 8]>,
}

/// Where all of these nodes, and no others, are put together in any case.
fn joined(r: &Rewriter, nodes: &[NodeId]) -> Option<Stack> {
    let mut sorted: SmallVec<[(NodeId, usize); 8]> = nodes.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let shape = &r.meta(nodes[0]).shape;
    r.joined.iter().rev().find_map(|&node| {
        let (Op::Concat(concat), parts) = (r.op(node), &r.node(node).inputs) else { return None };
        let axis = concat.axis;
        let one = r.meta(*parts.first()?).shape.clone();
        let beside = one.rank() == shape.rank() + 1
            && one[axis] == 1
            && one[..axis] == shape[..axis]
            && one[axis + 1..] == shape[axis..];
        if !beside || parts.len() != nodes.len() {
            return None;
        }
        let number = |&part: &NodeId| {
            let Op::Reshape(_) = r.op(part) else { return None };
            let own = r.node(part).inputs[0];
            let at = sorted.binary_search_by_key(&own, |(node, _)| *node).ok()?;
            (r.meta(own).shape == *shape).then_some(sorted[at].1)
        };
        let order = parts.iter().map(number).collect::<Option<SmallVec<[usize; 8]>>>()?;
        let mut seen: SmallVec<[usize; 8]> = order.clone();
        seen.sort_unstable();
        seen.iter().copied().eq(0..nodes.len()).then_some(Stack { node, axis, order })
    })
}

/// Nodes one beside the other along a new axis.
fn beside(
    r: &mut Rewriter,
    nodes: impl Iterator<Item = NodeId>,
    axis: usize,
    at: &'static Location<'static>,
) -> Option<NodeId> {
    let mut parts: SmallVec<[NodeId; 8]> = SmallVec::new();
    for node in nodes {
        let mut shape = Dims::from_slice(&r.meta(node).shape);
        shape.insert(axis, 1);
        parts.push(r.reshape(node, &Shape::from(shape), at)?);
    }
    r.apply(shape::Concat { axis }, &parts, at)
}
