//! The graph as the planner works on it: what each node is to a kernel.

pub(in crate::plan) mod index;
mod reads;
mod recompute;
mod role;
mod spread;

use std::fmt;

use smallvec::SmallVec;

use crate::op::linear::Groups;
use crate::op::{Form, Meta, NodeId, Op, Reduce};
use crate::plan::Target;
use crate::tape::{Graph, GraphNode, Output};
use crate::tensor::{DType, Shape};

/// What a node is to a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::plan) enum Role {
    /// Nothing needs it.
    Dead,
    /// Input number `.0`.
    Input(usize),
    /// Other indices of the same elements: never computed, readers look through it.
    View,
    /// A number of the program: computed anew in every kernel that reads it.
    Constant(f64),
    /// Computed anew in every kernel that reads it.
    Inline,
    /// Computed at each index of a kernel. A view with this role is copied.
    Body,
    /// Reduces what is computed at each index of a kernel.
    Reduce(Reduce),
    /// Puts what is computed at each index of a kernel among zeros.
    Spread,
    /// Spread once more by the one that reads it, which does both: never computed.
    Passed,
    /// A matrix product.
    Contract,
    /// Several nodes one after another, each copied by a kernel.
    Joined,
    /// A kernel of its own on contiguous numbers.
    Host,
}

impl Role {
    /// Whether a fused loop computes it.
    pub(in crate::plan) fn is_loop(self) -> bool {
        matches!(self, Role::Body | Role::Reduce(_) | Role::Spread)
    }

    /// Whether it begins kernels of its own, which no loop computes.
    pub(in crate::plan) fn is_own(self) -> bool {
        matches!(self, Role::Contract | Role::Host | Role::Joined)
    }
}

/// A graph in which every output is a computed node of its own, with the role of each node.
pub(in crate::plan) struct Classified {
    pub(in crate::plan) nodes: Vec<GraphNode>,
    pub(in crate::plan) outputs: Vec<Output>,
    pub(in crate::plan) roles: Vec<Role>,
    /// For each node that is computed, the stored or computed nodes it reads.
    pub(in crate::plan) reads: Vec<SmallVec<[Read; 3]>>,
    /// The input nodes, in order.
    pub(in crate::plan) inputs: Vec<NodeId>,
    /// The floating-point type that all nodes are computed in; none where there are two.
    pub(in crate::plan) float: Option<DType>,
    /// The machine that is planned for.
    pub(in crate::plan) target: Target,
}

/// Each node with its role and what it reads; an asterisk stands for reading at other places than its own.
impl fmt::Display for Classified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.ids() {
            let (node, role) = (self.node(id), self.role(id));
            write!(f, "%{} = {}: {role}", id.index(), node.op.name())?;
            for (number, read) in self.reads[id.index()].iter().enumerate() {
                let (first, other) = (number == 0, if read.aligned { "" } else { "*" });
                let before = if first { " reads" } else { "," };
                write!(f, "{before} %{}{other}", read.base.index())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Dead => f.write_str("dead"),
            Role::Input(number) => write!(f, "input {number}"),
            Role::View => f.write_str("view"),
            Role::Constant(number) => write!(f, "number {number}"),
            Role::Inline => f.write_str("inline"),
            Role::Body => f.write_str("body"),
            Role::Reduce(reduce) => write!(f, "reduce by {reduce}"),
            Role::Spread => f.write_str("spread"),
            Role::Passed => f.write_str("passed on"),
            Role::Contract => f.write_str("contract"),
            Role::Joined => f.write_str("joined"),
            Role::Host => f.write_str("host"),
        }
    }
}

/// Something that a computed node reads.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Read {
    /// The node.
    pub(in crate::plan) base: NodeId,
    /// Whether the reader at number i of its space reads element number i.
    pub(in crate::plan) aligned: bool,
    /// Whether it reads the element of its row: number `i / n`, where it has `n` times as many elements.
    pub(in crate::plan) by_row: bool,
}

impl Classified {
    pub(in crate::plan) fn new(graph: Graph, target: &Target) -> Classified {
        let float = shared_float(&graph);
        let Graph { nodes, outputs } = graph;
        let (roles, reads, inputs) = (Vec::new(), Vec::new(), Vec::new());
        let mut graph =
            Classified { nodes, outputs, roles, reads, inputs, float, target: target.clone() };
        graph.assign_roles(0);
        graph.separate_outputs();
        graph.bury();
        graph.pass_spreads();
        graph.materialise();
        graph.bury();
        graph.find_reads();
        if graph.mark_cheap() {
            // Readers now look through what was marked, at views that may not go further.
            graph.materialise();
            graph.bury();
            graph.find_reads();
        }
        graph
    }

    pub(in crate::plan) fn node(&self, id: NodeId) -> &GraphNode {
        &self.nodes[id.index()]
    }

    pub(in crate::plan) fn meta(&self, id: NodeId) -> &Meta {
        &self.nodes[id.index()].meta
    }

    pub(in crate::plan) fn role(&self, id: NodeId) -> Role {
        self.roles[id.index()]
    }

    pub(in crate::plan) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    /// The floating-point type a node computes in; none when it works on truth values alone.
    pub(in crate::plan) fn body_dtype(&self, id: NodeId) -> Option<DType> {
        let node = self.node(id);
        let inputs = node.inputs.iter().map(|&input| self.meta(input).dtype);
        inputs.chain([node.meta.dtype]).find(|dtype| dtype.is_float()).map(DType::computed)
    }

    /// Whether its result must be stored because the type it has is not the one it is computed in.
    pub(in crate::plan) fn is_sealed(&self, id: NodeId) -> bool {
        let dtype = self.meta(id).dtype;
        dtype.is_float() && self.body_dtype(id) != Some(dtype.computed())
    }

    /// The groups of axes of a contraction.
    pub(in crate::plan) fn groups(&self, id: NodeId) -> Groups {
        let node = self.node(id);
        let Form::Contraction(contract) = node.op.form() else {
            debug_assert!(false, "the role tells contractions");
            return Groups::default();
        };
        contract.groups(&self.meta(node.inputs[0]).shape, &self.meta(node.inputs[1]).shape)
    }

    /// The shape over which a computed node reads: its own, but a reduction's is its operand's.
    pub(in crate::plan) fn space(&self, id: NodeId) -> &Shape {
        match self.role(id) {
            Role::Reduce(_) => &self.meta(self.node(id).inputs[0]).shape,
            Role::Spread => &self.meta(self.spread_from(id)).shape,
            _ => &self.meta(id).shape,
        }
    }

    /// Adds a computed node.
    pub(in crate::plan) fn append(&mut self, node: GraphNode) -> NodeId {
        let id = NodeId::new(self.nodes.len());
        self.nodes.push(node);
        self.assign_roles(id.index());
        let reads = self.reads_of(id);
        self.reads.push(reads);
        id
    }

    fn assign_roles(&mut self, from: usize) {
        for index in from..self.nodes.len() {
            let role = self.natural_role(NodeId::new(index));
            if let Role::Input(_) = role {
                self.inputs.push(NodeId::new(index));
            }
            self.roles.push(role);
        }
    }

    /// Gives every output a computed node that no other output has.
    fn separate_outputs(&mut self) {
        let mut taken = vec![false; self.nodes.len() + self.outputs.len()];
        for i in 0..self.outputs.len() {
            let node = self.outputs[i].node;
            let role = self.role(node);
            let computed = role.is_loop() || role.is_own();
            if !computed || taken[node.index()] {
                let GraphNode { meta, at, origin, .. } = self.node(node).clone();
                let inputs = SmallVec::from_slice(&[node]);
                self.nodes.push(GraphNode { op: Op::copy(), inputs, meta, at, origin });
                self.assign_roles(self.nodes.len() - 1);
                self.outputs[i].node = NodeId::new(self.nodes.len() - 1);
            }
            taken[self.outputs[i].node.index()] = true;
        }
    }

    /// Marks what no output needs as dead.
    fn bury(&mut self) {
        let mut alive = vec![false; self.nodes.len()];
        self.outputs.iter().for_each(|output| alive[output.node.index()] = true);
        for index in (0..self.nodes.len()).rev() {
            if alive[index] {
                self.nodes[index].inputs.iter().for_each(|input| alive[input.index()] = true);
            } else if !matches!(self.roles[index], Role::Input(_)) {
                self.roles[index] = Role::Dead;
            }
        }
    }
}

/// The floating-point type that a graph without two is computed in; f32 where there is none.
fn shared_float(graph: &Graph) -> Option<DType> {
    let has = |dtype| graph.nodes.iter().any(|node| node.meta.dtype.computed() == dtype);
    match (has(DType::F32), has(DType::F64)) {
        (true, true) => None,
        (_, double) => Some(if double { DType::F64 } else { DType::F32 }),
    }
}
