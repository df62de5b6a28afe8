//! What readers compute anew instead of reading it from memory.

use smallvec::SmallVec;

use super::{Classified, Role};
use crate::op::{Cost, Exact, Form, NodeId, Op};
use crate::tensor::DType;

impl Classified {
    /// Has readers compute anew what costs them less than reading it: one cheap operation on something
    /// that is in memory in any case, or on truth values, which are smaller.
    pub(in crate::plan) fn mark_cheap(&mut self) -> bool {
        let in_memory = self.in_memory();
        // How many nodes that were marked follow each other up to a node.
        let mut chain = vec![0; self.nodes.len()];
        for id in self.ids() {
            let node = self.node(id);
            let cheap = self.role(id) == Role::Body
                && !in_memory[id.index()]
                && !self.is_sealed(id)
                && node.meta.shape.elements() > 1
                && is_cheap(&node.op)
                && !self.depends_on_float(id);
            if !cheap {
                continue;
            }
            let there = |base: NodeId| {
                let meta = self.meta(base);
                let alive = in_memory[base.index()] || matches!(self.role(base), Role::Input(_));
                let short = chain[base.index()] < self.target.recomputed;
                (meta.dtype == DType::Bool || alive) && short && !self.is_sealed(base)
            };
            let single = |base: NodeId| self.meta(base).shape.elements() <= 1;
            let mut large: SmallVec<[NodeId; 4]> = SmallVec::new();
            for read in &self.reads[id.index()] {
                if !single(read.base) && !large.contains(&read.base) {
                    large.push(read.base);
                }
            }
            if let [base] = large[..]
                && there(base)
            {
                self.roles[id.index()] = Role::Inline;
                chain[id.index()] = chain[base.index()] + 1;
            }
        }
        chain.iter().any(|&marked| marked > 0)
    }

    /// Whether a truth value may be another one in the type that a reader computes in.
    fn depends_on_float(&self, id: NodeId) -> bool {
        let truth = self.meta(id).dtype == DType::Bool;
        truth && self.float.is_none() && self.body_dtype(id).is_some()
    }

    /// Which nodes are stored whatever the grouping: read by products and by operations of their own.
    fn in_memory(&self) -> Vec<bool> {
        let mut stored = vec![false; self.nodes.len()];
        for id in self.ids() {
            let whole = matches!(self.role(id), Role::Contract | Role::Host);
            for read in self.reads[id.index()].iter().filter(|_| whole) {
                stored[read.base.index()] = true;
            }
        }
        self.outputs.iter().for_each(|output| stored[output.node.index()] = true);
        stored
    }
}

/// Whether an operation costs about as much as a load.
fn is_cheap(op: &Op) -> bool {
    match op.form() {
        Form::Formula(Cost::Exact(exact)) => !matches!(exact, Exact::Div | Exact::Sqrt),
        Form::Formula(cost) => cost != Cost::Costly,
        _ => false,
    }
}
