//! Cutting out of a tape what a read needs.

use crate::op::{Meta, NodeId, Op, StructureHasher};
use crate::tape::{Graph, GraphNode, Node, Output, Recording};

/// A node whose value is wanted, and the leaf of the parameter that it updates, if any.
pub(crate) type Want = (NodeId, Option<NodeId>);

/// A node that is an input of the extracted graph: a leaf of the tape, a literal, or a node whose value
/// was computed before.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) node: NodeId,
    /// Whether it is a parameter that is updated.
    pub(crate) written: bool,
}

/// The part of a tape that a run needs, and its place in the extracted graph. Memory is kept between
/// uses.
#[derive(Default)]
pub(crate) struct Extraction {
    /// What it was cut out of: the edition of the recording, the nodes that had a value.
    edition: u64,
    valued: Vec<NodeId>,
    /// What was asked for, and whether the costly nodes on the way to it were too.
    asked: Vec<Want>,
    costly: bool,
    /// The nodes, in the order of the tape.
    order: Vec<NodeId>,
    /// For each node of the tape, 1 + its number in the extracted graph, or 0.
    number: Vec<u32>,
    /// For each node of the tape, whether its value is among the results.
    listed: Vec<bool>,
    /// The origins of the graph's inputs, in order.
    pub(crate) origins: Vec<Origin>,
    /// The results: what was asked for, each value once, and what is to be kept.
    pub(crate) wanted: Vec<Want>,
}

/// Marks of nodes before they have a number: needed, and updated as well.
const NEEDED: u32 = 1;
const UPDATED: u32 = 2;

impl Extraction {
    /// Finds everything that the asked nodes need and that has no value yet; gives its hash. If `costly`,
    /// the costly nodes among it are wanted too, so that computing gradients later does not compute them
    /// again.
    pub(crate) fn extract(&mut self, recording: &Recording, asked: &[Want], costly: bool) -> u64 {
        self.edition = recording.edition();
        self.valued.clear();
        self.valued.extend(recording.valued());
        self.asked.clear();
        self.asked.extend_from_slice(asked);
        self.costly = costly;
        self.wanted.clear();
        self.listed.clear();
        self.listed.resize(recording.len(), false);
        for &(node, into) in asked {
            if into.is_some() || !std::mem::replace(&mut self.listed[node.index()], true) {
                self.wanted.push((node, into));
            }
        }
        let hash = self.cut(recording);
        if costly && self.want_costly(recording) { self.cut(recording) } else { hash }
    }

    /// Whether extracting would give what is here already.
    pub(crate) fn is_of(&self, recording: &Recording, asked: &[Want], costly: bool) -> bool {
        self.edition == recording.edition()
            && self.costly == costly
            && self.asked == asked
            && self.valued.iter().copied().eq(recording.valued())
    }

    /// Finds what the wanted nodes need; gives its hash.
    fn cut(&mut self, recording: &Recording) -> u64 {
        let Extraction { order, number, origins, wanted, .. } = self;
        let updated = || wanted.iter().filter_map(|&(_, into)| into);
        let needed = || wanted.iter().map(|&(node, _)| node).chain(updated());
        let end = needed().map(|id| id.index() + 1).max().unwrap_or(0);
        number.clear();
        number.resize(end, 0);
        needed().for_each(|id| number[id.index()] = NEEDED);
        updated().for_each(|id| number[id.index()] = UPDATED);
        for index in (0..end).rev() {
            let id = NodeId::new(index);
            if number[index] != 0 && recording.given(id).is_none() {
                for input in &recording.node(id).inputs {
                    let mark = &mut number[input.index()];
                    *mark = NEEDED.max(*mark);
                }
            }
        }
        order.clear();
        origins.clear();
        let mut hasher = StructureHasher::default();
        for index in 0..end {
            let mark = number[index];
            if mark == 0 {
                continue;
            }
            let id = NodeId::new(index);
            let node = recording.node(id);
            order.push(id);
            number[index] = order.len() as u32;
            match recording.given(id).is_some() {
                true => {
                    origins.push(Origin { node: id, written: mark == UPDATED });
                    hasher.mix(&node.meta);
                }
                false => {
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

    /// Adds the costly nodes to the wanted ones; gives whether there were any.
    fn want_costly(&mut self, recording: &Recording) -> bool {
        let before = self.wanted.len();
        for &id in &self.order {
            let node = recording.node(id);
            // What a gradient passes through is read by nobody: it may be rewritten.
            if node.op.is_costly()
                && !node.derived
                && recording.given(id).is_none()
                && !self.listed[id.index()]
            {
                self.wanted.push((id, None));
            }
        }
        self.wanted.len() > before
    }

    /// The nodes that get a value, in the order of the graph's outputs.
    pub(crate) fn kept(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.wanted.iter().filter(|(_, into)| into.is_none()).map(|&(node, _)| node)
    }

    /// Whether a graph is what was extracted.
    pub(crate) fn equals(&self, graph: &Graph, recording: &Recording) -> bool {
        let same_node = |(&id, node): (&NodeId, &GraphNode)| {
            let own = recording.node(id);
            if recording.given(id).is_some() {
                return node.op.is_input() && node.meta == own.meta;
            }
            node.op == own.op
                && (!own.op.can_fail(own.meta.dtype) || node.at == recording.place(id))
                && node.inputs.len() == own.inputs.len()
                && node.inputs.iter().zip(&own.inputs).all(|(&a, &b)| a == self.renumbered(b))
        };
        graph.nodes.len() == self.order.len()
            && graph.outputs.iter().copied().eq(self.outputs())
            && self.order.iter().zip(&graph.nodes).all(same_node)
    }

    /// The nodes of the tape that the graph consists of, in order.
    pub(super) fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// The extracted graph.
    pub(crate) fn graph(&self, recording: &Recording) -> Graph {
        let node = |(origin, &id): (usize, &NodeId)| {
            let Node { op, inputs, meta, .. } = recording.node(id);
            let (at, origin) = (recording.place(id), origin as u32);
            let Meta { dtype, shape } = meta;
            match recording.given(id).is_some() {
                true => GraphNode {
                    op: Op::input(*dtype, shape),
                    inputs: Default::default(),
                    meta: meta.clone(),
                    at,
                    origin,
                },
                false => GraphNode {
                    op: op.clone(),
                    inputs: inputs.iter().map(|&id| self.renumbered(id)).collect(),
                    meta: meta.clone(),
                    at,
                    origin,
                },
            }
        };
        let nodes = self.order.iter().enumerate().map(node).collect();
        Graph { nodes, outputs: self.outputs().collect() }
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
