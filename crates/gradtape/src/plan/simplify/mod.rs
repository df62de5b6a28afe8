//! Simplification: equal values by fewer operations.
//!
//! One walk over the graph; every rule stands under its equation and holds for NaN, infinities and the
//! sign of zero, except where it says what it changes. Equal nodes become one on the way.

mod apart;
mod arithmetic;
mod choice;
mod constant;
mod contraction;
mod hoist;
mod parts;
mod phase;
mod places;
mod reduce;
mod row;
mod stack;
mod turn;
mod view;
mod window;

use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;

use smallvec::SmallVec;

use crate::op::{Bits, Meta, NodeId, Op, StructureHasher, shape, source};
use crate::plan::Target;
use crate::tape::{Graph, GraphNode, Output};
use crate::tensor::Shape;

/// What an operation on nodes that were simplified before can be replaced by.
type Rule = fn(&mut Rewriter, &Pending<'_>) -> Option<NodeId>;

/// The rules in the order in which they are tried.
const RULES: &[Rule] = &[
    view::rewrite,
    choice::rewrite,
    arithmetic::rewrite,
    reduce::rewrite,
    places::rewrite,
    window::rewrite,
    hoist::rewrite,
    row::rewrite,
    parts::rewrite,
    constant::rewrite,
];

/// An operation about to become a node.
pub(super) struct Pending<'a> {
    pub(super) op: &'a Op,
    pub(super) inputs: &'a [NodeId],
    pub(super) meta: &'a Meta,
    pub(super) at: &'static Location<'static>,
}

/// The simplified graph, in the making.
pub(super) struct Rewriter {
    target: Target,
    nodes: Vec<GraphNode>,
    /// That of the node that is being rewritten.
    origin: u32,
    /// By hash of structure, the nodes that have it.
    known: BTreeMap<u64, SmallVec<[NodeId; 1]>>,
    /// The last concatenations that were made, at most [`JOINED`].
    joined: VecDeque<NodeId>,
}

/// Concatenations that are looked at for parts that are put together in any case.
const JOINED: usize = 16;

/// The graph with every rule applied, equal nodes merged and unused ones removed. Inputs all stay.
pub(super) fn simplify(graph: &Graph, target: &Target) -> Graph {
    let mut rewriter = Rewriter {
        target: target.clone(),
        nodes: Vec::new(),
        origin: 0,
        known: BTreeMap::new(),
        joined: VecDeque::new(),
    };
    let mut place: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    let uses = uses(graph);
    let stacked = stack::stacked_sums(graph, &uses);
    let turned = turn::turned_products(graph, &uses, &stacked);
    let cropped = window::cropped_folds(graph, &uses);
    let summed = window::summed_products(graph, &uses);
    for (number, node) in graph.nodes.iter().enumerate() {
        rewriter.origin = node.origin;
        let inputs: SmallVec<[NodeId; 3]> =
            node.inputs.iter().map(|input| place[input.index()]).collect();
        let product = match &node.op {
            Op::Transpose(transpose) if turned[number] => {
                turn::rewrite(&mut rewriter, transpose, inputs[0], node)
            }
            Op::Add(_) if stacked[number] => stack::rewrite(&mut rewriter, &inputs, node.at),
            Op::Sum(sum) if summed[number] => {
                window::summed_batch(&mut rewriter, sum, inputs[0], node.at)
            }
            Op::Slice(slice) if cropped[number] => {
                window::crop(&mut rewriter, slice, inputs[0], node.at)
            }
            _ => None,
        };
        place.push(product.unwrap_or_else(|| {
            rewriter.push(node.op.clone(), &inputs, node.meta.clone(), node.at)
        }));
    }
    let outputs = graph.outputs.iter().map(|output| Output {
        node: place[output.node.index()],
        into: output.into.map(|input| place[input.index()]),
    });
    let outputs = outputs.collect();
    let Rewriter { nodes, known, .. } = rewriter;
    drop((known, place));
    sweep(Graph { outputs, nodes })
}

/// How often each node is read, or is an output.
fn uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[input.index()] += 1);
    graph.outputs.iter().for_each(|output| uses[output.node.index()] += 1);
    uses
}

/// The graph without the nodes that no output needs, inputs excepted.
pub(super) fn sweep(mut graph: Graph) -> Graph {
    let mut alive = vec![false; graph.nodes.len()];
    graph.outputs.iter().for_each(|output| alive[output.node.index()] = true);
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        alive[index] |= matches!(node.op, Op::Input(_));
        if alive[index] {
            node.inputs.iter().for_each(|input| alive[input.index()] = true);
        }
    }
    let mut place = vec![NodeId::new(0); graph.nodes.len()];
    let (mut index, mut kept) = (0, 0);
    graph.nodes.retain_mut(|node| {
        if alive[index] {
            node.inputs.iter_mut().for_each(|input| *input = place[input.index()]);
            place[index] = NodeId::new(kept);
            kept += 1;
        }
        index += 1;
        alive[index - 1]
    });
    graph.nodes.shrink_to_fit();
    for output in &mut graph.outputs {
        output.node = place[output.node.index()];
        output.into = output.into.map(|input| place[input.index()]);
    }
    graph
}

impl Rewriter {
    /// The simplest node of this value.
    pub(super) fn push(
        &mut self,
        op: Op,
        inputs: &[NodeId],
        meta: Meta,
        at: &'static Location<'static>,
    ) -> NodeId {
        let operation = Pending { op: &op, inputs, meta: &meta, at };
        if let Some(known) = RULES.iter().find_map(|rule| rule(self, &operation)) {
            debug_assert_eq!(self.meta(known), &meta, "{op:?}");
            return known;
        }
        let mut inputs: SmallVec<[NodeId; 3]> = SmallVec::from_slice(inputs);
        if let Op::Add(_) | Op::Mul(_) = op {
            inputs.sort_unstable();
        }
        self.insert(GraphNode { op, inputs, meta, at, origin: self.origin })
    }

    /// The node, or the one equal to it.
    fn insert(&mut self, node: GraphNode) -> NodeId {
        let id = NodeId::new(self.nodes.len());
        if let Op::Input(_) = node.op {
            self.nodes.push(node);
            return id;
        }
        let mut hasher = StructureHasher::default();
        hasher.mix(&node.op);
        hasher.mix(&node.inputs[..]);
        let same = self.known.entry(std::hash::Hasher::finish(&hasher)).or_default();
        if let Some(&known) = same.iter().find(|known| self.nodes[known.index()] == node) {
            return known;
        }
        same.push(id);
        if let Op::Concat(_) = node.op {
            self.joined.push_back(id);
            if self.joined.len() > JOINED {
                self.joined.pop_front();
            }
        }
        self.nodes.push(node);
        id
    }

    /// An operation on nodes, its shape by its own rule; none if the rule is broken.
    pub(super) fn apply(
        &mut self,
        op: impl Into<Op>,
        inputs: &[NodeId],
        at: &'static Location<'static>,
    ) -> Option<NodeId> {
        let op = op.into();
        let meta = {
            let metas: SmallVec<[&Meta; 3]> = inputs.iter().map(|&id| self.meta(id)).collect();
            op.infer(&metas).ok()?
        };
        Some(self.push(op, inputs, meta, at))
    }

    /// The same number everywhere.
    pub(super) fn full(
        &mut self,
        value: Bits,
        meta: &Meta,
        at: &'static Location<'static>,
    ) -> Option<NodeId> {
        let op = source::Constant { value, dtype: meta.dtype };
        let scalar = self.apply(op, &[], at)?;
        self.broadcast(scalar, &meta.shape, at)
    }

    /// A node repeated to a shape.
    pub(super) fn broadcast(
        &mut self,
        id: NodeId,
        shape: &Shape,
        at: &'static Location<'static>,
    ) -> Option<NodeId> {
        if self.meta(id).shape == *shape {
            return Some(id);
        }
        self.apply(shape::Broadcast { shape: shape.clone() }, &[id], at)
    }

    /// A node's elements under another shape.
    pub(super) fn reshape(
        &mut self,
        id: NodeId,
        shape: &Shape,
        at: &'static Location<'static>,
    ) -> Option<NodeId> {
        if self.meta(id).shape == *shape {
            return Some(id);
        }
        self.apply(shape::Reshape { shape: shape.clone() }, &[id], at)
    }

    pub(super) fn node(&self, id: NodeId) -> &GraphNode {
        &self.nodes[id.index()]
    }

    pub(super) fn op(&self, id: NodeId) -> &Op {
        &self.nodes[id.index()].op
    }

    pub(super) fn meta(&self, id: NodeId) -> &Meta {
        &self.nodes[id.index()].meta
    }

    /// The number of the program that a node is everywhere, if it is one.
    pub(super) fn constant(&self, mut id: NodeId) -> Option<Bits> {
        loop {
            match self.op(id) {
                Op::Constant(constant) => return Some(constant.value),
                Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) => {
                    id = self.node(id).inputs[0];
                }
                _ => return None,
            }
        }
    }

    /// As [`Rewriter::constant`], rounded to f64: for looking at a few small ones.
    pub(super) fn number(&self, id: NodeId) -> Option<f64> {
        self.constant(id).map(Bits::value)
    }
}

#[cfg(test)]
mod tests;
