//! A piece of a tape, cut out to be planned and run.

use std::panic::Location;

use smallvec::SmallVec;

use crate::op::{Meta, NodeId, Op};

/// Operations in topological order, with the results that are wanted.
///
/// Its inputs are its nodes of [`Form::Input`](crate::op::Form::Input), in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The operations; a node's inputs come before it.
    pub nodes: Vec<GraphNode>,
    /// The wanted results.
    pub outputs: Vec<Output>,
}

/// An operation of a [`Graph`].
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// The operation.
    pub op: Op,
    /// The nodes it reads.
    pub inputs: SmallVec<[NodeId; 3]>,
    /// The result's element type and shape.
    pub meta: Meta,
    /// The line of the user's program that recorded it.
    pub at: &'static Location<'static>,
    /// The number of the node that it stands for in the graph before all passes.
    pub origin: u32,
}

/// Structure alone counts: lines of the program and origins are left out.
impl PartialEq for GraphNode {
    fn eq(&self, other: &GraphNode) -> bool {
        self.op == other.op && self.inputs == other.inputs && self.meta == other.meta
    }
}

/// A wanted result of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// The node whose value is wanted.
    pub node: NodeId,
    /// The input whose memory is to take the value: an update in place, visible only after the run.
    pub into: Option<NodeId>,
}
