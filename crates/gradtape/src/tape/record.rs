//! The memory of a tape: an append-only list of nodes, whose order is a topological order.

use std::panic::Location;
use std::rc::Rc;

use smallvec::SmallVec;

use super::{Dial, Parameter, Var};
use crate::op::{Meta, NodeId, Op, source};
use crate::tensor::{Error, Kind, Result, Tensor};

/// A recorded operation.
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: SmallVec<[NodeId; 3]>,
    pub(crate) meta: Meta,
    pub(crate) at: &'static Location<'static>,
    /// 1 + the place of its value, or 0 when it has none yet.
    value: u32,
    /// 1 + the place of its leaf, or 0 when it is not an input.
    leaf: u32,
}

/// Where the numbers of an input come from.
pub(crate) enum Leaf {
    /// Given by the user; `watched` if its gradient may be asked for.
    Tensor { tensor: Tensor, watched: bool },
    /// A parameter, with the version it had when it was recorded.
    Parameter { parameter: Parameter, version: u64 },
    /// A dial, with the number it had when it was recorded.
    Dial { dial: Dial, value: f64 },
}

/// A user's own gradient rule: inputs, result and its cotangent to the inputs' cotangents.
pub(crate) type Rule = dyn for<'a> Fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>>;

/// The answer that a user's rule gave last, so that it is asked once for all its inputs.
pub(crate) struct RuleAnswer {
    pub(crate) out: NodeId,
    pub(crate) g: NodeId,
    pub(crate) cotangents: Vec<NodeId>,
}

/// A value that a parameter is to take when the step is run.
pub(crate) struct Update {
    pub(crate) parameter: NodeId,
    pub(crate) value: NodeId,
}

/// Everything recorded since the last reset.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) errors: Vec<Error>,
    pub(crate) updates: Vec<Update>,
    pub(crate) rules: Vec<Rc<Rule>>,
    pub(crate) last_rule: Option<RuleAnswer>,
    /// Values that the next step is to keep.
    pub(crate) keep: Vec<NodeId>,
    /// What a compiled step does before each call after the first.
    pub(crate) replays: Vec<Rc<dyn Fn()>>,
    /// What a compiled step does after each call that succeeded.
    pub(crate) after: Vec<Rc<dyn Fn()>>,
    /// The line that used the tape up, if any.
    pub(crate) spent: Option<&'static Location<'static>>,
    values: Vec<Tensor>,
    /// Parameters on this tape, sorted by their identity.
    parameters: Vec<(u64, NodeId)>,
}

impl Recording {
    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.leaves.clear();
        self.errors.clear();
        self.updates.clear();
        self.rules.clear();
        self.keep.clear();
        self.replays.clear();
        self.after.clear();
        self.last_rule = None;
        self.spent = None;
        self.values.clear();
        self.parameters.clear();
    }

    /// The node of an id that has not failed.
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
        if let Some(&failed) = inputs.iter().find(|id| id.is_failed()) {
            return failed;
        }
        if let Some(spent) = self.spent {
            return self.fail(spent_error(op.name(), spent).at(at), &[]);
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
            Err(broken) => {
                let message = format!("{}: {}", op.name(), broken.rule);
                let mut error = Error::new(Kind::Shape, message).at(at);
                if let Some(hint) = broken.hint {
                    error = error.hint(hint);
                }
                self.fail(error, inputs)
            }
        }
    }

    fn push_node(
        &mut self,
        op: Op,
        inputs: SmallVec<[NodeId; 3]>,
        meta: Meta,
        at: &'static Location<'static>,
    ) -> NodeId {
        let id = NodeId::new(self.nodes.len());
        self.nodes.push(Node { op, inputs, meta, at, value: 0, leaf: 0 });
        id
    }

    /// Records an input.
    pub(crate) fn push_leaf(
        &mut self,
        leaf: Leaf,
        meta: Meta,
        at: &'static Location<'static>,
    ) -> NodeId {
        if let Some(spent) = self.spent {
            return self.fail(spent_error("input", spent).at(at), &[]);
        }
        let op = source::Input { dtype: meta.dtype, shape: meta.shape.clone() };
        let id = self.push_node(op.into(), SmallVec::new(), meta, at);
        self.leaves.push(leaf);
        self.nodes[id.index()].leaf = self.leaves.len() as u32;
        id
    }

    /// Records a parameter, once.
    pub(crate) fn push_parameter(
        &mut self,
        parameter: &Parameter,
        at: &'static Location<'static>,
    ) -> NodeId {
        match self.parameters.binary_search_by_key(&parameter.id(), |&(id, _)| id) {
            Ok(found) => self.parameters[found].1,
            Err(place) => {
                let meta = Meta::of(&parameter.read());
                let version = parameter.version();
                let leaf = Leaf::Parameter { parameter: parameter.clone(), version };
                let id = self.push_leaf(leaf, meta, at);
                if !id.is_failed() {
                    self.parameters.insert(place, (parameter.id(), id));
                }
                id
            }
        }
    }

    /// Keeps a user's gradient rule; gives its number.
    pub(crate) fn push_rule(
        &mut self,
        rule: impl for<'a> Fn(&[Var<'a>], Var<'a>, Var<'a>) -> Vec<Var<'a>> + 'static,
    ) -> usize {
        self.rules.push(Rc::new(rule));
        self.rules.len() - 1
    }

    /// Keeps an error in the place of a node, with a note on each operand.
    pub(crate) fn fail(&mut self, mut error: Error, operands: &[NodeId]) -> NodeId {
        if let Some(&failed) = operands.iter().find(|id| id.is_failed()) {
            return failed;
        }
        for (i, &id) in operands.iter().enumerate() {
            let node = self.node(id);
            let which = match (operands.len(), i) {
                (1, _) => "operand".into(),
                (2, 0) => "left operand".into(),
                (2, 1) => "right operand".into(),
                _ => format!("operand {i}"),
            };
            let note = format!("{which}: {} = {} from {}", node.meta, node.op.name(), node.at);
            error = error.note(note);
        }
        self.errors.push(error);
        NodeId::failed(self.errors.len() - 1)
    }

    /// The leaf of an input node.
    pub(crate) fn leaf(&self, id: NodeId) -> Option<&Leaf> {
        let place = self.node(id).leaf.checked_sub(1)?;
        self.leaves.get(place as usize)
    }

    /// The value of a node that was computed and kept.
    pub(crate) fn value(&self, id: NodeId) -> Option<&Tensor> {
        let place = self.node(id).value.checked_sub(1)?;
        self.values.get(place as usize)
    }

    /// The numbers of a node, if it is an input or was computed. Fails for a parameter that changed
    /// since it was recorded and was not read before.
    pub(crate) fn current(&self, id: NodeId) -> Result<Option<Tensor>> {
        Ok(match (self.value(id), self.leaf(id)) {
            (Some(value), _) | (None, Some(Leaf::Tensor { tensor: value, .. })) => {
                Some(value.clone())
            }
            (None, Some(Leaf::Parameter { parameter, version })) => {
                // Locked, so that it cannot change between the look at its version and the read.
                let value = parameter.read();
                if parameter.version() != *version {
                    return Err(self.outdated(id));
                }
                Some(value.clone())
            }
            (None, Some(Leaf::Dial { value, .. })) => {
                Some(Tensor::full((), *value, self.node(id).meta.dtype))
            }
            (None, None) => None,
        })
    }

    /// Has an input that is a parameter keep the value it has now.
    pub(crate) fn keep_parameter(&mut self, id: NodeId) {
        if let Some(Leaf::Parameter { .. }) = self.leaf(id)
            && let Ok(Some(value)) = self.current(id)
        {
            self.set_value(id, value);
        }
    }

    /// The error of using a parameter that changed after it was recorded: its numbers would be of
    /// neither before nor after.
    pub(crate) fn outdated(&self, id: NodeId) -> Error {
        let Node { meta, at, .. } = self.node(id);
        let message = format!(
            "the parameter {meta} was changed after it was recorded here, by an optimiser's step or by \
             set(), and its old value was not kept"
        );
        Error::new(Kind::Tape, message).at(at).hint(
            "read values before the step or keep() them for it; for the new value, record the parameter \
             on a tape that was reset",
        )
    }

    /// Keeps the computed value of a node.
    pub(crate) fn set_value(&mut self, id: NodeId, value: Tensor) {
        if self.value(id).is_none() {
            self.values.push(value);
            self.nodes[id.index()].value = self.values.len() as u32;
        }
    }

    /// Bytes of the recording itself and of the values it keeps, parameters and inputs included.
    pub(crate) fn bytes(&self) -> usize {
        let of = |t: &Tensor| t.elements() * t.dtype().size();
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Tensor { tensor, .. } => of(tensor),
            Leaf::Parameter { parameter, .. } => of(&parameter.read()),
            Leaf::Dial { .. } => size_of::<f64>(),
        });
        self.nodes.capacity() * size_of::<Node>()
            + self.values.iter().map(of).sum::<usize>()
            + leaves.sum::<usize>()
    }
}

fn spent_error(op: &str, spent: &'static Location<'static>) -> Error {
    let message = format!("{op}: the tape was used up by the optimiser step at {spent}");
    Error::new(Kind::Tape, message)
        .hint("call tape.reset() or make a new Tape before recording the next step")
}
