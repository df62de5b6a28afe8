//! What a gradient rule sees of the tape.

use std::panic::Location;

use smallvec::SmallVec;

use super::{Meta, Op, math_methods};
use crate::tensor::{DType, Dims, Error, Shape};

/// The place of a node on its tape: nodes are numbered in the order of recording.
///
/// The upper half of the numbers stands for operations that could not be recorded; the tape keeps
/// their errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    const FAILED: u32 = 1 << 31;

    /// Node number `index`; beyond 2^31 - 1, which is more than a tape holds, that one.
    pub fn new(index: usize) -> NodeId {
        NodeId(index.min(Self::FAILED as usize - 1) as u32)
    }

    /// Error number `index`; beyond 2^31 - 1 that one.
    pub fn failed(index: usize) -> NodeId {
        NodeId(NodeId::new(index).0 | Self::FAILED)
    }

    /// The number of the node; for a failed one, the number of its error.
    pub fn index(self) -> usize {
        (self.0 & !Self::FAILED) as usize
    }

    /// Whether this stands for an operation that could not be recorded.
    pub fn is_failed(self) -> bool {
        self.0 & Self::FAILED != 0
    }
}

/// Something that operations can be recorded on. The tape is the one implementation.
pub(crate) trait Recorder {
    /// Records an operation on nodes of this recorder. A broken shape rule, an input that failed, or an id
    /// that is not of this recorder gives a failed id.
    fn record(&self, op: Op, inputs: &[NodeId], at: &'static Location<'static>) -> NodeId;

    /// Keeps an error in the place of a node, with a note on where each operand came from. When an
    /// operand failed already, its error is the one that is kept.
    fn fail(&self, error: Error, operands: &[NodeId]) -> NodeId;

    /// The element type and shape of a node; an f32 scalar for a failed one, or one that there is not.
    fn meta(&self, id: NodeId) -> Meta;

    /// The element type of a node; f32 for a failed one. Cheaper than [`Recorder::meta`].
    fn dtype(&self, id: NodeId) -> DType;

    /// Whether a node has this shape. Cheaper than comparing [`Recorder::meta`].
    fn has_shape(&self, id: NodeId, shape: &Shape) -> bool;

    /// Whether two nodes have the same shape. Cheaper than comparing [`Recorder::meta`].
    fn same_shape(&self, x: NodeId, y: NodeId) -> bool;

    /// The cotangent that a user's own gradient rule gives for input number `input`.
    fn custom_rule(
        &self,
        rule: usize,
        input: usize,
        x: &[NodeId],
        out: NodeId,
        g: NodeId,
    ) -> NodeId;

    /// The number of a rule that applies a user's own gradient rule to each example of a batch, where
    /// inputs, result and cotangent have the examples along their first axis.
    fn batched_rule(&self, rule: usize) -> usize;
}

/// A node as a gradient rule sees it: `g * y` records a product.
///
/// What it records carries the line of the operation that is being differentiated.
#[derive(Clone, Copy)]
pub struct Term<'r> {
    recorder: &'r dyn Recorder,
    id: NodeId,
    at: &'static Location<'static>,
}

impl<'r> Term<'r> {
    /// The node `id` of a recorder, on behalf of the line `at`.
    pub(crate) fn new(
        recorder: &'r dyn Recorder,
        id: NodeId,
        at: &'static Location<'static>,
    ) -> Term<'r> {
        Term { recorder, id, at }
    }

    /// The node's place on the tape.
    pub fn id(self) -> NodeId {
        self.id
    }

    fn with(self, id: NodeId) -> Term<'r> {
        Term { id, ..self }
    }

    fn apply(self, op: impl Into<Op>, others: &[Term<'r>]) -> Term<'r> {
        let op = op.into();
        let id = match *others {
            [] => self.recorder.record(op, &[self.id], self.at),
            [y] => self.recorder.record(op, &[self.id, y.id], self.at),
            _ => {
                let mut inputs: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[self.id]);
                inputs.extend(others.iter().map(|other| other.id));
                self.recorder.record(op, &inputs, self.at)
            }
        };
        self.with(id)
    }

    /// A rule's nodes are all on one recorder.
    fn apart(self, _: &str, _: &[Term<'r>]) -> Option<Term<'r>> {
        None
    }

    fn source(self, op: impl Into<Op>) -> Term<'r> {
        self.with(self.recorder.record(op.into(), &[], self.at))
    }

    fn failed(self, error: Error, operands: &[Term<'r>]) -> Term<'r> {
        let operands: SmallVec<[NodeId; 4]> = operands.iter().map(|term| term.id).collect();
        self.with(self.recorder.fail(error.at(self.at), &operands))
    }

    /// The cotangent that a user's own rule gives for input number `input`, with this one coming
    /// in.
    pub(crate) fn custom_rule(
        self,
        rule: usize,
        input: usize,
        x: &[Term<'r>],
        out: Term<'r>,
    ) -> Term<'r> {
        let x: SmallVec<[NodeId; 4]> = x.iter().map(|term| term.id).collect();
        self.with(self.recorder.custom_rule(rule, input, &x, out.id, self.id))
    }

    /// The element type and shape.
    pub fn meta(self) -> Meta {
        self.recorder.meta(self.id)
    }

    /// The number of elements along each axis.
    pub fn shape(self) -> Shape {
        self.meta().shape
    }

    /// The element type.
    pub fn dtype(self) -> DType {
        self.recorder.dtype(self.id)
    }

    /// With the first `count` axes after the batch moved to the end.
    pub(super) fn swap_groups(self, batch: usize, count: usize) -> Term<'r> {
        let rank = self.shape().rank();
        let order = (0..batch).chain(batch + count..rank).chain(batch..batch + count);
        let order: Dims = order.collect();
        if order.is_sorted() { self } else { self.transpose(&order) }
    }

    fn has_shape(self, shape: &Shape) -> bool {
        self.recorder.has_shape(self.id, shape)
    }

    fn same_shape(self, other: Term<'r>) -> bool {
        self.recorder.same_shape(self.id, other.id)
    }
}

math_methods!(Term<'r>, 'r);
