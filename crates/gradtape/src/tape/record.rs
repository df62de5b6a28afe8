//! The memory of a tape: an append-only list of nodes, whose order is a topological order.
//!
//! After a reset the nodes of the last recording stay, and what is recorded next is compared with them
//! one by one. A step that repeats the last one so makes no node anew, and whoever knows the recording by
//! its [`Recording::edition`] need not look at it again.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use super::layers::Giver;
use super::scope::Scope;
use super::walk::Walk;
use super::{Dial, Parameter, Var};
use crate::op::{Meta, NodeId, Op};
use crate::tensor::{DType, Error, Kind, Shape, Tensor};

/// A recorded operation.
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: SmallVec<[NodeId; 3]>,
    pub(crate) meta: Meta,
    pub(crate) at: &'static Location<'static>,
    /// 1 + the place of its value, or 0 when it has none yet.
    pub(super) value: u32,
    /// 1 + the place of its leaf, or 0 when it is not an input.
    pub(super) leaf: u32,
    /// The number of the scope that it was recorded in, or 0.
    pub(super) scope: u32,
    /// Whether it is data, whose gradient cannot be asked for.
    pub(crate) is_data: bool,
    /// Whether it is part of a derivative: recorded by a reverse walk.
    pub(crate) derived: bool,
}

/// Where the numbers of an input come from.
pub(crate) enum Leaf {
    /// Given by the user; `watched` if its gradient may be asked for.
    Tensor { tensor: Tensor, watched: bool },
    /// A parameter, with the version it had when it was recorded.
    Parameter { parameter: Parameter, version: u64 },
    /// A dial, with the number it had when it was recorded.
    Dial { dial: Dial, value: f64 },
    /// What stands for each example of a batch while a function of one is recorded; it has none.
    Example,
}

/// A user's own gradient rule: inputs, result and its cotangent to the inputs' cotangents.
pub(crate) type Rule = dyn for<'a> Fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>> + Send + Sync;

/// What a compiled step does beside a run.
pub(crate) type Action = dyn Fn() + Send + Sync;

/// The answer that a user's rule gave last, so that it is asked once for all its inputs.
pub(crate) struct RuleAnswer {
    pub(crate) out: NodeId,
    pub(crate) g: NodeId,
    pub(crate) cotangents: Vec<NodeId>,
}

/// A value that a parameter is to take when the step is run, or a buffer when anything is.
pub(crate) struct Update {
    pub(crate) parameter: NodeId,
    pub(crate) value: NodeId,
    /// Whether it is of a buffer, so that a read makes it too.
    pub(crate) at_read: bool,
}

/// The line that used a tape up.
pub(crate) struct Spent {
    pub(crate) at: &'static Location<'static>,
    /// In another language.
    pub(crate) told: Option<Arc<str>>,
}

/// Everything recorded since the last reset.
pub(crate) struct Recording {
    /// The nodes; behind the first `len` those of the last recording, as long as this one repeats it.
    pub(super) nodes: Vec<Node>,
    len: usize,
    edition: u64,
    /// Whether a reverse walk is recording.
    pub(super) deriving: bool,
    /// Gradients recorded in this edition.
    pub(crate) walks: Vec<Walk>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) errors: Vec<Error>,
    pub(crate) updates: Vec<Update>,
    /// Whether the updates of parameters count, a bool that the step computes; they do if there is none.
    pub(super) condition: Option<NodeId>,
    pub(crate) rules: Vec<Arc<Rule>>,
    pub(crate) last_rule: Option<RuleAnswer>,
    /// Values that the next step is to keep.
    pub(crate) keep: Vec<NodeId>,
    /// What a compiled step does before each call after the first.
    pub(crate) replays: Vec<Arc<Action>>,
    /// What a compiled step does after each call that succeeded.
    pub(crate) after: Vec<Arc<Action>>,
    /// The line that used the tape up, if any.
    pub(crate) spent: Option<Spent>,
    pub(super) values: Vec<(NodeId, Tensor)>,
    /// Parameters on this tape, sorted by their identity.
    parameters: Vec<(u64, NodeId)>,
    /// The scopes; behind the first `scope_count` those of the last recording.
    pub(super) scopes: Vec<Scope>,
    pub(super) scope_count: usize,
    /// The number of the scope that is open, or 0.
    pub(super) scope: u32,
    /// What parts of networks said that they gave, if anybody watches.
    pub(super) given: Option<Vec<(Giver, NodeId)>>,
}

impl Recording {
    /// With nothing recorded.
    pub(crate) fn new() -> Recording {
        Recording {
            nodes: Vec::new(),
            len: 0,
            edition: new_edition(),
            deriving: false,
            walks: Vec::new(),
            leaves: Vec::new(),
            errors: Vec::new(),
            updates: Vec::new(),
            condition: None,
            rules: Vec::new(),
            last_rule: None,
            keep: Vec::new(),
            replays: Vec::new(),
            after: Vec::new(),
            spent: None,
            values: Vec::new(),
            parameters: Vec::new(),
            scopes: Vec::new(),
            scope_count: 0,
            scope: 0,
            given: None,
        }
    }

    /// Forgets everything and keeps the memory, and the nodes to compare the next recording with.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        for (id, _) in self.values.drain(..) {
            self.nodes[id.index()].value = 0;
        }
        self.leaves.clear();
        self.errors.clear();
        self.updates.clear();
        self.condition = None;
        self.rules.clear();
        self.keep.clear();
        self.replays.clear();
        self.after.clear();
        self.last_rule = None;
        self.spent = None;
        self.parameters.clear();
        (self.scope_count, self.scope) = (0, 0);
        self.given = None;
    }

    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Has the nodes of the last recording follow up to `end`, unseen.
    pub(super) fn advance(&mut self, end: usize) {
        self.len = end.min(self.nodes.len());
    }

    /// A number that stands for the nodes recorded, but for the numbers in their leaves and in literals
    /// that are [inputs of a plan](crate::op::Bits::is_input): the same number, the same nodes at the
    /// same places. No two tapes have one in common.
    pub(crate) fn edition(&self) -> u64 {
        self.edition
    }

    /// An id that is one of this recording: of a node, or of an error.
    pub(crate) fn known(&self, id: NodeId) -> Option<NodeId> {
        let count = if id.is_failed() { self.errors.len() } else { self.len };
        Some(id).filter(|id| id.index() < count)
    }

    /// The node of any id, if it has one.
    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        let node = self.nodes[..self.len].get(id.index());
        node.filter(|_| !id.is_failed())
    }

    /// The node of an id that is known and has not failed.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Records an operation, or the rule of its that is broken.
    pub(crate) fn push(
        &mut self,
        op: Op,
        inputs: &[NodeId],
        at: &'static Location<'static>,
    ) -> NodeId {
        if let Some(&id) = inputs.iter().find(|id| id.is_failed() || id.index() >= self.len) {
            return match self.known(id) {
                Some(failed) => failed,
                None => self.fail(unknown(op.name(), id).at(at), &[]),
            };
        }
        if let Some(spent) = &self.spent {
            return self.fail(spent.error(op.name()).at(at), &[]);
        }
        if op.is_input() {
            let error = Error::new(Kind::Tape, "input: an operation without numbers of its own");
            let hint = "record the numbers with tape.constant(), watch() or parameter()";
            return self.fail(error.at(at).hint(hint), &[]);
        }
        if let Some(id) = self.repeat(at, |node| node.repeats(&op, inputs)) {
            return id;
        }
        let meta = |id: NodeId| &self.node(id).meta;
        let inferred = match *inputs {
            [] => op.infer(&[]),
            [x] => op.infer(&[meta(x)]),
            [x, y] => op.infer(&[meta(x), meta(y)]),
            _ => op.infer(&inputs.iter().map(|&id| meta(id)).collect::<SmallVec<[&Meta; 8]>>()),
        };
        match inferred {
            Ok(meta) => self.push_node(op, SmallVec::from_slice(inputs), meta, at),
            Err(broken) => self.fail(broken.of(op.name()).at(at), inputs),
        }
    }

    /// The next node of the last recording, if it is what is recorded now; else this one is another
    /// from here on.
    fn repeat(
        &mut self,
        at: &'static Location<'static>,
        same: impl FnOnce(&mut Node) -> bool,
    ) -> Option<NodeId> {
        let node = self.nodes.get_mut(self.len)?;
        if !std::ptr::eq(node.at, at)
            || node.derived != self.deriving
            || node.scope != self.scope
            || !same(node)
        {
            self.nodes.truncate(self.len);
            self.forget_last();
            return None;
        }
        self.len += 1;
        Some(NodeId::new(self.len - 1))
    }

    /// What follows is another recording than the last one.
    pub(super) fn forget_last(&mut self) {
        self.walks.clear();
        self.edition = new_edition();
    }

    fn push_node(
        &mut self,
        op: Op,
        inputs: SmallVec<[NodeId; 3]>,
        meta: Meta,
        at: &'static Location<'static>,
    ) -> NodeId {
        debug_assert_eq!(self.nodes.len(), self.len);
        if self.len == self.nodes.capacity() {
            // A long recording is most of the memory of a program.
            self.nodes.reserve_exact((self.len / 2).max(64));
        }
        let is_data = op.number().is_some();
        let (derived, scope) = (self.deriving, self.scope);
        self.nodes.push(Node { op, inputs, meta, at, value: 0, leaf: 0, scope, is_data, derived });
        self.len += 1;
        NodeId::new(self.len - 1)
    }

    /// Records an input.
    pub(crate) fn push_leaf(
        &mut self,
        leaf: Leaf,
        dtype: DType,
        shape: &Shape,
        at: &'static Location<'static>,
    ) -> NodeId {
        if let Some(spent) = &self.spent {
            return self.fail(spent.error(&leaf.describe()).at(at), &[]);
        }
        let is_data = leaf.is_data();
        let same = |node: &mut Node| {
            let Meta { dtype: old, shape: old_shape } = &node.meta;
            node.leaf != 0 && node.is_data == is_data && *old == dtype && old_shape == shape
        };
        if let Err(error) = shape.checked_elements() {
            return self.fail(error.context(leaf.describe()).at(at), &[]);
        }
        self.leaves.push(leaf);
        if let Some(id) = self.repeat(at, same) {
            return id;
        }
        let op = Op::input(dtype, shape);
        let id = self.push_node(op, SmallVec::new(), Meta::new(dtype, shape), at);
        let node = &mut self.nodes[id.index()];
        (node.leaf, node.is_data) = (self.leaves.len() as u32, is_data);
        id
    }

    /// Records a parameter or what a buffer holds, once.
    pub(crate) fn push_parameter(
        &mut self,
        parameter: &Parameter,
        at: &'static Location<'static>,
    ) -> NodeId {
        let id = match self.parameters.binary_search_by_key(&parameter.id(), |&(id, _)| id) {
            Ok(found) => self.parameters[found].1,
            Err(place) => {
                let Meta { dtype, shape } = parameter.meta();
                let version = parameter.version();
                let leaf = Leaf::Parameter { parameter: parameter.share(), version };
                let id = self.push_leaf(leaf, *dtype, shape, at);
                if !id.is_failed() {
                    self.parameters.insert(place, (parameter.id(), id));
                }
                id
            }
        };
        if !id.is_failed() {
            self.recorded_parameter(id);
        }
        id
    }

    /// Has what is recorded of a parameter from here on be another node.
    pub(super) fn forget_parameter(&mut self, id: NodeId) {
        self.parameters.retain(|&(_, known)| known != id);
    }

    /// Keeps a user's gradient rule; gives its number.
    pub(crate) fn push_rule(
        &mut self,
        rule: impl for<'a> Fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>> + Send + Sync + 'static,
    ) -> usize {
        self.rules.push(Arc::new(rule));
        self.rules.len() - 1
    }

    /// Keeps an error in the place of a node, with the layer it belongs to and a note on each operand.
    pub(crate) fn fail(&mut self, error: Error, operands: &[NodeId]) -> NodeId {
        let known = |&&id: &&NodeId| self.known(id).is_some();
        if let Some(&failed) = operands.iter().filter(known).find(|id| id.is_failed()) {
            return failed;
        }
        let mut error = self.blame_scope(error);
        for (i, &id) in operands.iter().enumerate() {
            if self.get(id).is_some() {
                error = error.note(self.operand_note((i, operands.len()), id));
            }
        }
        self.errors.push(error);
        NodeId::failed(self.errors.len() - 1)
    }
}

impl Node {
    /// Whether an operation on these inputs is this node. Literals that are inputs of a plan may have
    /// another number, which the node takes over.
    fn repeats(&mut self, op: &Op, inputs: &[NodeId]) -> bool {
        self.op.repeats(op) && self.inputs[..] == *inputs
    }
}

fn new_edition() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The error of an id that is none of the recording.
pub(super) fn unknown(what: &str, id: NodeId) -> Error {
    let kind = if id.is_failed() { "error" } else { "node" };
    let message = format!("{what}: {kind} {} is not on this tape", id.index());
    Error::new(Kind::Tape, message)
        .hint("an id is known only to the tape that it was recorded on, until that is reset")
}

impl Spent {
    fn error(&self, op: &str) -> Error {
        let line = self.told.as_ref().map_or(self.at.to_string(), ToString::to_string);
        let message = format!("{op}: the tape was used up by the optimiser step at {line}");
        Error::new(Kind::Tape, message)
            .hint("call tape.reset() or make a new Tape before recording the next step")
    }
}
