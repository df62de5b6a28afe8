//! Recording for one example what is then recorded for all of a batch.
//!
//! What is recorded in between is a function of one example. Of each node that depends on the example and is
//! needed for an output, the operation's batching rule then records what gives it for all. The nodes of the
//! one example are never computed, since nothing that can be read needs them.

use smallvec::SmallVec;

use super::record::Rule;
use super::{Leaf, Tape, Var, mixed_tapes};
use crate::op::{Examples, NodeId, Term};
use crate::tensor::{Dims, Error, Kind, Shape};

/// A function that is being recorded for one example of a batch.
pub(crate) struct Batching<'t> {
    tape: &'t Tape,
    count: usize,
    /// The number of nodes before it.
    start: usize,
    /// What stands for one example, and all of them.
    examples: SmallVec<[(NodeId, NodeId); 4]>,
}

/// What is known of a node that was recorded for one example.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// Whether it differs from example to example.
    varies: bool,
    needed: bool,
    /// Its values in all examples.
    all: Option<NodeId>,
}

impl<'t> Batching<'t> {
    /// Of this many examples.
    pub(crate) fn new(tape: &'t Tape, count: usize) -> Batching<'t> {
        Batching { tape, count, start: tape.len(), examples: SmallVec::new() }
    }

    /// What stands for each of the values along the first axis of `all`, whose size must be the number of
    /// examples. It has no numbers.
    #[track_caller]
    pub(crate) fn example(&mut self, all: Var<'t>) -> Var<'t> {
        let meta = all.meta();
        let shape = meta.shape.get(1..).map_or(Shape::scalar(), Shape::from);
        let one = self.tape.leaf(Leaf::Example, meta.dtype, &shape);
        self.examples.push((one.id(), all.id()));
        one
    }

    /// The outputs of all examples, along a new first axis, given those of one.
    #[track_caller]
    pub(crate) fn finish(self, outputs: &[Var<'t>]) -> Vec<Var<'t>> {
        let mut marks = self.marks(outputs);
        let refused = self.refuse_updates(&marks);
        let walk = self.tape.derive();
        for place in 0..marks.len() {
            if let Mark { varies: true, needed: true, all: None } = marks[place] {
                marks[place].all = Some(self.step(&marks, NodeId::new(self.start + place)));
            }
        }
        drop(walk);
        let mut found = Vec::with_capacity(outputs.len());
        for &output in outputs {
            found.push(if output.id().is_failed() {
                output
            } else if output.tape().id() != self.tape.id() {
                output.failed(mixed_tapes("vmap"), &[])
            } else if let Some(error) = &refused {
                output.failed(error.clone(), &[])
            } else if let Some(all) = self.all(&marks, output.id()) {
                self.tape.var(all)
            } else {
                let mut dims = Dims::from_slice(&[self.count]);
                dims.extend_from_slice(&output.shape());
                output.broadcast_to(dims)
            });
        }
        found
    }

    /// What varies among all that was recorded for one example, and what of it the outputs need.
    fn marks(&self, outputs: &[Var<'t>]) -> Vec<Mark> {
        let recording = self.tape.recording().borrow();
        let mut marks = vec![Mark::default(); recording.len().saturating_sub(self.start)];
        let place = |id: NodeId| id.index().checked_sub(self.start);
        for &(one, all) in &self.examples {
            if let (false, Some(place)) = (one.is_failed(), place(one)) {
                marks[place] = Mark { varies: true, needed: true, all: Some(all) };
            }
        }
        for index in 0..marks.len() {
            let inputs = &recording.node(NodeId::new(self.start + index)).inputs;
            let varies = |&id: &NodeId| place(id).is_some_and(|place| marks[place].varies);
            let any = inputs.iter().any(varies);
            marks[index].varies |= any;
        }
        for output in outputs.iter().filter(|output| output.tape().id() == self.tape.id()) {
            if let (false, Some(place)) = (output.id().is_failed(), place(output.id())) {
                marks[place].needed = true;
            }
        }
        for index in (0..marks.len()).rev() {
            if let Mark { varies: true, needed: true, all: None } = marks[index] {
                let inputs = &recording.node(NodeId::new(self.start + index)).inputs;
                let places = inputs.iter().filter_map(|&id| place(id));
                places.for_each(|place| marks[place].needed = true);
            }
        }
        marks
    }

    /// Forgets updates to values that differ from example to example; the error of the first.
    fn refuse_updates(&self, marks: &[Mark]) -> Option<Error> {
        let mut recording = self.tape.recording().borrow_mut();
        let varies = |id: NodeId| {
            let place = id.index().checked_sub(self.start);
            place.and_then(|place| marks.get(place)).is_some_and(|mark| mark.varies)
        };
        let place = recording.updates.iter().position(|update| varies(update.value))?;
        let target = recording.updates[place].parameter;
        recording.updates.retain(|update| !varies(update.value));
        let what = recording.leaf(target).map_or(String::new(), Leaf::describe);
        let message = format!("vmap: the {what} would take a value of each example");
        Some(Error::new(Kind::Tape, message).hint(
            "what updates buffers, as batch normalisation in training, sees whole batches: call it outside, or \
             record on Tape::inference()",
        ))
    }

    /// Records a node for all examples, as part of the same layer and derivative.
    fn step(&self, marks: &[Mark], id: NodeId) -> NodeId {
        let (op, inputs, at) = {
            let mut recording = self.tape.recording().borrow_mut();
            recording.enter_scope_of(id);
            let node = recording.node(id);
            let (derived, found) = (node.derived, (node.op.clone(), node.inputs.clone(), node.at));
            recording.deriving = derived;
            found
        };
        let term = |id| Term::new(self.tape, id, at);
        let mut all: SmallVec<[(Term<'_>, bool); 4]> = SmallVec::new();
        for &input in &inputs {
            match self.all(marks, input) {
                Some(failed) if failed.is_failed() => return failed,
                Some(whole) => all.push((term(whole), true)),
                None => all.push((term(input), false)),
            }
        }
        op.batch(&Examples::new(self.tape, at, self.count, &all)).id()
    }

    /// The values of a node in all examples, if it varies.
    fn all(&self, marks: &[Mark], id: NodeId) -> Option<NodeId> {
        marks.get(id.index().checked_sub(self.start)?)?.all
    }
}

/// What a user's gradient rule gives for each example, where its inputs, the result and its cotangent have the
/// examples along their first axis.
pub(super) fn rule_of_each<'t>(
    rule: &Rule,
    x: &[Var<'t>],
    out: Var<'t>,
    g: Var<'t>,
) -> Vec<Var<'t>> {
    let count = out.shape().first().copied().unwrap_or(1);
    let mut batching = Batching::new(out.tape(), count);
    let one: Vec<Var<'t>> = x.iter().map(|&all| batching.example(all)).collect();
    let (one_out, one_g) = (batching.example(out), batching.example(g));
    let answer = rule(&one, one_out, one_g);
    batching.finish(&answer)
}
