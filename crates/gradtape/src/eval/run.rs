//! Running what a read or a step needs.

use std::cell::Ref;
use std::panic::Location;

use smallvec::SmallVec;

use super::bind::{Number, with_slots};
use super::cache::with_plan;
use super::checked::{Checks, run_singly};
use super::extract::{Extraction, Origin, Want};
use super::read::check;
use crate::engine::Slot;
use crate::op::{Bits, NodeId};
use crate::tape::{Given, Leaf, Node, Recording, Spent, Tape, Update, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// What a run is asked for.
pub(crate) type Wants = SmallVec<[Want; 32]>;

/// Computes the values of nodes and keeps them on the tape; buffers with a recorded update take it.
pub(crate) fn compute(tape: &Tape, nodes: &[NodeId]) -> Result<()> {
    if tape.is_tracing() {
        let message = "a value was read while a step is being compiled";
        return Err(Error::new(Kind::Tape, message)
            .hint("return the Var from the compiled function and read it from the result"));
    }
    let updates = tape.recording().borrow_mut().keep_updated_buffers();
    let recording = tape.recording().borrow();
    let missing = |id: &&NodeId| !recording.is_known(**id);
    let values = nodes.iter().filter(missing).map(|&id| (id, None));
    let asked: Wants = values.chain(recording.buffer_updates().map(want)).collect();
    if asked.is_empty() {
        return Ok(());
    }
    run(tape, recording, &asked, tape.is_training())?;
    if updates {
        tape.recording().borrow_mut().settle_buffers();
    }
    Ok(())
}

/// Runs a training step: gives every parameter with a recorded update ([`Tape::assign`]) and every buffer
/// with one ([`Tape::update`]) its new value, computes `results` and the values marked by [`Var::keep`] from
/// the old ones, all in one program, and uses the tape up. Optimisers call this.
///
/// Where it fails, every parameter and buffer is what it was, and the updates are forgotten.
#[track_caller]
pub fn step(tape: &Tape, results: &[Var<'_>]) -> Result<()> {
    let at = Location::caller();
    for var in results {
        if let Err(error) = check(tape, var, "step") {
            tape.recording().borrow_mut().updates.clear();
            return Err(error);
        }
    }
    if !tape.is_tracing() {
        results.iter().for_each(|var| tape.recording().borrow_mut().keep_parameter(var.id()));
        let recording = tape.recording().borrow();
        let asked = want_step(&recording, results.iter().map(|var| var.id()));
        let done = run(tape, recording, &asked, false);
        tape.recording().borrow_mut().updates.clear();
        done.map_err(|error| error.called_from(at))?;
    }
    let mut recording = tape.recording().borrow_mut();
    let told = recording.told_now();
    recording.spent = Some(Spent { at, told });
    Ok(())
}

/// What a step computes: results first, then the updates in place.
pub(crate) fn want_step(recording: &Recording, results: impl Iterator<Item = NodeId>) -> Wants {
    let missing = |id: &NodeId| !recording.is_known(*id);
    let values = results.chain(recording.keep.iter().copied()).filter(missing);
    values.map(|id| (id, None)).chain(recording.updates.iter().map(want)).collect()
}

/// The value of an update, where it is to go.
fn want(update: &Update) -> Want {
    (update.value, Some(update.parameter))
}

fn run(tape: &Tape, recording: Ref<'_, Recording>, asked: &[Want], costly: bool) -> Result<()> {
    let mut results: SmallVec<[(NodeId, Tensor); 8]> = SmallVec::new();
    let blame = |error: Error| recording.blame_line(error);
    if tape.is_checked() {
        let mut extraction = Extraction::default();
        extraction.extract(&recording, asked, costly);
        run_on(&recording, &extraction, |slots| {
            let mut computed = Vec::new();
            let graph = extraction.graph(&recording);
            let checks = Checks::new(&graph, &recording, extraction.order(), slots);
            run_singly(&graph, Some(checks), slots, &mut computed)?;
            results.extend(extraction.kept().zip(computed));
            Ok(())
        })
        .map_err(blame)?;
    } else {
        with_plan(tape.engine(), &recording, asked, costly, |extraction, prepared| {
            run_on(&recording, extraction, |slots| {
                let computed = prepared.run(slots)?.iter().cloned();
                results.extend(extraction.kept().zip(computed));
                Ok(())
            })
        })
        .map_err(blame)?;
    }
    drop(recording);
    let mut recording = tape.recording().borrow_mut();
    results.into_iter().for_each(|(id, value)| recording.set_value(id, value));
    Ok(())
}

/// Calls `run` with the numbers of the inputs; counts the updates before others can see them.
fn run_on(
    recording: &Recording,
    extraction: &Extraction,
    run: impl FnOnce(&mut [Slot<'_>]) -> Result<()>,
) -> Result<()> {
    let numbers = extraction.origins.iter().map(|origin| number(recording, *origin));
    with_slots(numbers, |slots| {
        check_origins(recording, extraction)?;
        run(slots)?;
        for origin in extraction.origins.iter().filter(|origin| origin.written) {
            if let Some(Leaf::Parameter { parameter, .. }) = recording.leaf(origin.node) {
                parameter.changed();
            }
        }
        Ok(())
    })
}

/// The numbers behind an input of an extracted graph.
fn number(recording: &Recording, Origin { node, written }: Origin) -> Number<'_> {
    if let (true, Some(Leaf::Parameter { parameter, .. })) = (written, recording.leaf(node)) {
        return Number::Parameter { parameter, written };
    }
    match recording.given(node) {
        Some(Given::Value(tensor) | Given::Leaf(Leaf::Tensor { tensor, .. })) => {
            Number::Tensor(tensor)
        }
        Some(Given::Leaf(Leaf::Parameter { parameter, .. })) => {
            Number::Parameter { parameter, written }
        }
        Some(Given::Leaf(Leaf::Dial { value, .. })) => Number::Scalar(Bits::new(*value)),
        Some(Given::Literal(value)) => Number::Scalar(value),
        // An error before anything runs.
        Some(Given::Leaf(Leaf::Example)) | None => Number::Scalar(Bits::new(f64::NAN)),
    }
}

/// The error of a plan that takes a node as an input which has to be computed.
pub(super) fn not_given(recording: &Recording, node: NodeId) -> Error {
    let Node { op, meta, at, .. } = recording.node(node);
    let message =
        format!("{}: the result {meta} is an input of the plan, but was not kept", op.name());
    Error::new(Kind::Tape, message)
        .at(at)
        .hint("this is an error of gradtape; please report the recording that led to it")
}

/// Whether every input has its numbers; one example of a batch has none. A parameter that changed after it was recorded would give numbers of
/// neither before nor after; a value of it that was read before the change still counts, but not as the one
/// to be updated.
pub(super) fn check_origins(recording: &Recording, extraction: &Extraction) -> Result<()> {
    for &Origin { node, written } in &extraction.origins {
        match recording.leaf(node) {
            Some(Leaf::Parameter { parameter, version })
                if parameter.version() != *version
                    && (recording.value(node).is_none() || written) =>
            {
                return Err(recording.outdated(node));
            }
            Some(Leaf::Example) => return Err(recording.of_one_example(node)),
            Some(_) => {}
            None if recording.given(node).is_none() => return Err(not_given(recording, node)),
            None => {}
        }
    }
    Ok(())
}
