//! Cutting out of a tape what a read needs.

use crate::op::{Meta, NodeId, Op, StructureHasher, source};
use crate::tape::{Graph, GraphNode, Node, Output, Recording};

/// Where the numbers of one input of an extracted graph come from.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// A leaf of the tape, or a node whose value was computed before.
    Node(NodeId),
    /// A scalar of the program. Scalars are inputs, so that a changing one does not plan anew.
    Scalar(f64),
}

/// The part of a tape that a run needs, and its place in the extracted graph. Memory is kept between
/// uses.
#[derive(Default)]
pub(crate) struct Extraction {
    /// The nodes, in the order of the tape.
    order: Vec<NodeId>,
    /// For each node of the tape, 1 + its number in the extracted graph, or 0.
    number: Vec<u32>,
    /// The origins of the graph's inputs, in order.
    pub(crate) origins: Vec<Origin>,
    /// The wanted results as nodes of the tape, with the leaf each updates.
    pub(crate) wanted: Vec<(NodeId, Option<NodeId>)>,
}

impl Extraction {
    /// Finds everything that the wanted nodes need and that has no value yet; gives its hash.
    pub(crate) fn extract(&mut self, recording: &Recording) -> u64 {
        let Extraction { order, number, origins, wanted } = self;
        let needed = wanted.iter().flat_map(|&(node, into)| [Some(node), into]).flatten();
        let end = needed.clone().map(|id| id.index() + 1).max().unwrap_or(0);
        number.clear();
        number.resize(end, 0);
        needed.for_each(|id| number[id.index()] = 1);
        for index in (0..end).rev() {
            let id = NodeId::new(index);
            if number[index] != 0 && recording.value(id).is_none() {
                for input in &recording.node(id).inputs {
                    number[input.index()] = 1;
                }
            }
        }
        order.clear();
        origins.clear();
        let mut hasher = StructureHasher::default();
        for index in 0..end {
            if number[index] == 0 {
                continue;
            }
            let id = NodeId::new(index);
            let node = recording.node(id);
            order.push(id);
            number[index] = order.len() as u32;
            match origin(recording, id) {
                Some(origin) => {
                    origins.push(origin);
                    hasher.mix(&node.meta);
                }
                None => {
                    hasher.mix(&node.op);
                    node.inputs.iter().for_each(|input| hasher.mix(number[input.index()]));
                }
            }
        }
        for &(node, into) in wanted.iter() {
            hasher.mix((number[node.index()], into.map(|id| number[id.index()])));
        }
        std::hash::Hasher::finish(&hasher)
    }

    /// Adds the costly nodes of the last extraction to the wanted ones, so that computing gradients
    /// later does not compute them again. Gives whether there were any.
    pub(crate) fn keep_costly(&mut self, recording: &Recording) -> bool {
        let before = self.wanted.len();
        for &id in &self.order {
            let op = &recording.node(id).op;
            let moves = matches!(
                op,
                Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) | Op::Custom(_)
            );
            let made = matches!(op, Op::Constant(_) | Op::Iota(_) | Op::Random(_) | Op::OneHot(_));
            let cheap = op.is_elementwise() || moves || made;
            let costly = !cheap && origin(recording, id).is_none();
            if costly && !self.wanted.contains(&(id, None)) {
                self.wanted.push((id, None));
            }
        }
        self.wanted.len() > before
    }

    /// Whether a leaf is given a new value.
    pub(crate) fn updates(&self, leaf: NodeId) -> bool {
        self.wanted.iter().any(|want| want.1 == Some(leaf))
    }

    /// Whether a graph is what was extracted.
    pub(crate) fn equals(&self, graph: &Graph, recording: &Recording) -> bool {
        let same_node = |(&id, node): (&NodeId, &GraphNode)| {
            let own = recording.node(id);
            if origin(recording, id).is_some() {
                return matches!(node.op, Op::Input(_)) && node.meta == own.meta;
            }
            node.op == own.op
                && (!can_fail(&own.op) || node.at == own.at)
                && node.inputs.len() == own.inputs.len()
                && node.inputs.iter().zip(&own.inputs).all(|(&a, &b)| a == self.renumbered(b))
        };
        graph.nodes.len() == self.order.len()
            && graph.outputs.iter().copied().eq(self.outputs())
            && self.order.iter().zip(&graph.nodes).all(same_node)
    }

    /// The extracted graph.
    pub(crate) fn graph(&self, recording: &Recording) -> Graph {
        let node = |&id: &NodeId| {
            let Node { op, inputs, meta, at, .. } = recording.node(id);
            let Meta { dtype, shape } = meta.clone();
            match origin(recording, id) {
                Some(_) => GraphNode {
                    op: source::Input { dtype, shape }.into(),
                    inputs: Default::default(),
                    meta: meta.clone(),
                    at,
                },
                None => GraphNode {
                    op: op.clone(),
                    inputs: inputs.iter().map(|&id| self.renumbered(id)).collect(),
                    meta: meta.clone(),
                    at,
                },
            }
        };
        Graph { nodes: self.order.iter().map(node).collect(), outputs: self.outputs().collect() }
    }

    fn outputs(&self) -> impl Iterator<Item = Output> + '_ {
        self.wanted.iter().map(|&(node, into)| Output {
            node: self.renumbered(node),
            into: into.map(|id| self.renumbered(id)),
        })
    }

    fn renumbered(&self, id: NodeId) -> NodeId {
        NodeId::new(self.number[id.index()] as usize - 1)
    }
}

/// Whether running an operation can fail, with an error that names the line which the plan was made from.
fn can_fail(op: &Op) -> bool {
    matches!(
        op,
        Op::OneHot(_) | Op::Gather(_) | Op::IndexSelect(_) | Op::IndexAdd(_) | Op::ScatterAdd(_)
    )
}

/// Where a node's numbers come from, when they are not computed by the run.
fn origin(recording: &Recording, id: NodeId) -> Option<Origin> {
    if recording.value(id).is_some() {
        return Some(Origin::Node(id));
    }
    match &recording.node(id).op {
        Op::Input(_) => Some(Origin::Node(id)),
        // A few values stay in the graph, because simplification knows what to do with them.
        Op::Constant(constant) if ![0.0, 1.0, -1.0, 0.5, 2.0].contains(&constant.value.value()) => {
            Some(Origin::Scalar(constant.value.value()))
        }
        _ => None,
    }
}
