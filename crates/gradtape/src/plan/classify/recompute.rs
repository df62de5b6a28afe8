//! What readers compute anew instead of reading it from memory.

use smallvec::SmallVec;

use super::{Classified, Role};
use crate::op::{Cost, Exact, Form, NodeId, Op};
use crate::tensor::DType;

/// What each reader reads so many times or more is in the cache.
const REPEATED: usize = 16;

impl Classified {
    /// Has readers compute anew what costs them less than reading it: one cheap operation on something
    /// that is in memory in any case, or on truth values, which are smaller.
    pub(in crate::plan) fn mark_cheap(&mut self) -> bool {
        let in_memory = self.in_memory();
        let reduced = self.reduced();
        let times = self.times(&in_memory);
        // How many nodes that were marked follow each other up to a node, and what the first of them reads.
        let mut chain = vec![0; self.nodes.len()];
        let mut root: Vec<NodeId> = self.ids().collect();
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
            let elements = |id: NodeId| self.meta(id).shape.elements();
            // What is repeated often is read from the cache.
            let many = |base: NodeId| elements(base) > (elements(id) / REPEATED).max(1);
            let mut large: SmallVec<[NodeId; 4]> = SmallVec::new();
            let mut repeats = false;
            for read in &self.reads[id.index()] {
                if !many(read.base) {
                    repeats |= elements(read.base) > 1;
                } else if !large.contains(&read.base) {
                    large.push(read.base);
                }
            }
            let there = |base: NodeId| {
                let meta = self.meta(base);
                let alive = in_memory[base.index()]
                    || matches!(self.role(base), Role::Input(_))
                    // Such as the mean that is subtracted.
                    || (repeats && reduced[base.index()])
                    || (repeats && chain[base.index()] > 0);
                let short = chain[base.index()] < self.target.recomputed;
                (meta.dtype == DType::Bool || alive) && short && !self.is_sealed(base)
            };
            if let [base] = large[..]
                && there(base)
            {
                self.roles[id.index()] = Role::Inline;
                chain[id.index()] = chain[base.index()] + 1;
                root[id.index()] = root[base.index()];
                continue;
            }
            // What is needed only later, of what is in memory then anyway.
            let steps = 1 + large.iter().map(|base| chain[base.index()]).sum::<usize>();
            let mut roots = large.iter().map(|base| root[base.index()]);
            let Some(first) = roots.next().filter(|&first| roots.all(|root| root == first)) else {
                continue;
            };
            let sealed = large.iter().any(|&base| self.is_sealed(base));
            if !sealed && steps <= self.target.recomputed && times.outlives(first, id) {
                self.roles[id.index()] = Role::Inline;
                chain[id.index()] = steps;
                root[id.index()] = first;
            }
        }
        chain.iter().any(|&marked| marked > 0)
    }

    /// When nodes are computed and read, counted in products and other kernels of their own that come before.
    fn times(&self, in_memory: &[bool]) -> Times {
        let count = self.nodes.len();
        let mut own = vec![0; count];
        let mut last = vec![0; count];
        for id in self.ids() {
            for read in &self.reads[id.index()] {
                let then = own[read.base.index()] + usize::from(self.comes_whole(read.base));
                own[id.index()] = then.max(own[id.index()]);
            }
            for read in &self.reads[id.index()] {
                last[read.base.index()] = own[id.index()].max(last[read.base.index()]);
            }
        }
        let mut first = vec![usize::MAX; count];
        for id in (0..count).rev().map(NodeId::new) {
            let stays = in_memory[id.index()] || self.role(id) != Role::Body;
            let needed = if stays { own[id.index()] } else { first[id.index()] };
            for read in &self.reads[id.index()] {
                first[read.base.index()] = needed.min(first[read.base.index()]);
            }
            if in_memory[id.index()] || matches!(self.role(id), Role::Input(_)) {
                last[id.index()] = usize::MAX;
            }
        }
        Times { own, first, last }
    }

    /// Whether a node is there only when all of it is.
    fn comes_whole(&self, id: NodeId) -> bool {
        match self.role(id) {
            Role::Reduce(_) => {
                let last = self.space(id).rank().saturating_sub(1);
                self.node(id).op.reduced_axes().iter().any(|&axis| axis != last)
            }
            role => role.is_own(),
        }
    }

    /// Whether a truth value may be another one in the type that a reader computes in.
    fn depends_on_float(&self, id: NodeId) -> bool {
        let truth = self.meta(id).dtype == DType::Bool;
        truth && self.float.is_none() && self.body_dtype(id).is_some()
    }

    /// Which nodes are reduced along other axes than the last, so that the results are there only when all of the
    /// node has been in memory.
    fn reduced(&self) -> Vec<bool> {
        let mut reduced = vec![false; self.nodes.len()];
        for id in self.ids().filter(|&id| matches!(self.role(id), Role::Reduce(_))) {
            let rank = self.space(id).rank();
            if self.node(id).op.reduced_axes().iter().any(|&axis| axis + 1 != rank) {
                self.reads[id.index()].iter().for_each(|read| reduced[read.base.index()] = true);
            }
        }
        reduced
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

/// See [`Classified::times`].
struct Times {
    /// When a node is computed at the earliest.
    own: Vec<usize>,
    /// When it is needed first, if what is made of it waits until it is needed itself.
    first: Vec<usize>,
    /// When it is read last, if what reads it does so as early as it can; the greatest number for what stays.
    last: Vec<usize>,
}

impl Times {
    /// Whether a node that is made of another is needed only after kernels that come between, when the other one is
    /// read as well.
    fn outlives(&self, base: NodeId, made: NodeId) -> bool {
        let first = self.first[made.index()];
        first != usize::MAX && first > self.own[made.index()] && self.last[base.index()] >= first
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
