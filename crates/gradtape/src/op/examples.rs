//! What a batching rule sees of a tape.

use std::panic::Location;

use smallvec::SmallVec;

use super::{NodeId, Op, Recorder, Term};
use crate::tensor::{Dims, Shape};

/// The inputs of an operation for all examples of a batch, as its batching rule is given them.
///
/// A batched input has one axis more than that of an example: the first, along which the examples lie. Any
/// other input is the same for all of them.
pub struct Examples<'a, 'r> {
    recorder: &'r dyn Recorder,
    at: &'static Location<'static>,
    count: usize,
    inputs: &'a [(Term<'r>, bool)],
}

impl<'a, 'r> Examples<'a, 'r> {
    /// This many examples of these inputs, each with whether it is batched; what a rule records of them is
    /// on behalf of the line `at`.
    pub(crate) fn new(
        recorder: &'r dyn Recorder,
        at: &'static Location<'static>,
        count: usize,
        inputs: &'a [(Term<'r>, bool)],
    ) -> Examples<'a, 'r> {
        Examples { recorder, at, count, inputs }
    }

    /// How many examples there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// An input as it is.
    pub fn input(&self, input: usize) -> Term<'r> {
        self.inputs[input].0
    }

    /// Whether an input differs from example to example, along a first axis.
    pub fn is_batched(&self, input: usize) -> bool {
        self.inputs[input].1
    }

    /// The shape that an input has in one example.
    pub fn shape(&self, input: usize) -> Shape {
        let (term, batched) = self.inputs[input];
        let shape = term.shape();
        shape.get(usize::from(batched)..).map_or(Shape::scalar(), Shape::from)
    }

    /// The shape of all examples that have this one each.
    pub fn all(&self, shape: &Shape) -> Shape {
        let mut dims = Dims::from_slice(&[self.count]);
        dims.extend_from_slice(shape);
        dims.into()
    }

    /// An input with the examples along its first axis: repeated for each, unless it is batched.
    pub fn whole(&self, input: usize) -> Term<'r> {
        let (term, batched) = self.inputs[input];
        if batched { term } else { term.broadcast_to(self.all(&term.shape())) }
    }

    /// Records an operation.
    pub fn record(&self, op: impl Into<Op>, inputs: &[Term<'r>]) -> Term<'r> {
        let ids: SmallVec<[NodeId; 4]> = inputs.iter().map(|term| term.id()).collect();
        Term::new(self.recorder, self.recorder.record(op.into(), &ids, self.at), self.at)
    }

    /// Records an operation on all inputs, each with the examples along its first axis; of none, one result
    /// that all examples have.
    pub fn together(&self, op: impl Into<Op>) -> Term<'r> {
        let whole: SmallVec<[Term<'r>; 4]> =
            (0..self.inputs.len()).map(|input| self.whole(input)).collect();
        let out = self.record(op, &whole);
        if whole.is_empty() { out.broadcast_to(self.all(&out.shape())) } else { out }
    }

    /// The number of a rule that applies a user's gradient rule to each example.
    pub(crate) fn batched_rule(&self, rule: usize) -> usize {
        self.recorder.batched_rule(rule)
    }
}
