//! Running what a read or a step needs.

use std::cell::RefCell;
use std::panic::Location;

use smallvec::SmallVec;

use super::bind::{Number, with_slots};
use super::cache::with_plan;
use super::extract::{Extraction, Origin};
use super::mode::check_finite;
use crate::engine::reference;
use crate::op::NodeId;
use crate::tape::{Leaf, Recording, Tape, Var};
use crate::tensor::{Error, Kind, Result};

thread_local! {
    static EXTRACTION: RefCell<Extraction> = RefCell::default();
}

/// Computes the values of nodes and keeps them on the tape.
pub(crate) fn compute(tape: &Tape, nodes: &[NodeId]) -> Result<()> {
    let missing =
        |recording: &Recording, id| recording.value(id).is_none() && recording.leaf(id).is_none();
    let recording = tape.recording().borrow();
    if tape.is_tracing() {
        let message = "a value was read while a step is being compiled";
        return Err(Error::new(Kind::Tape, message)
            .hint("return the Var from the compiled function and read it from the result"));
    }
    if nodes.iter().all(|&id| !missing(&recording, id)) {
        return Ok(());
    }
    EXTRACTION.with_borrow_mut(|extraction| {
        extraction.wanted.clear();
        let wanted = nodes.iter().copied().filter(|&id| missing(&recording, id));
        extraction.wanted.extend(wanted.map(|id| (id, None)));
        let hash = extraction.extract(&recording);
        if tape.is_training() && extraction.keep_costly(&recording) {
            let hash = extraction.extract(&recording);
            return run(tape, recording, extraction, hash);
        }
        run(tape, recording, extraction, hash)
    })
}

/// Runs a training step: gives every parameter with a recorded update ([`Tape::assign`]) its new value,
/// computes `results` and the values marked by [`Var::keep`] from the old ones, all in one program, and
/// uses the tape up. Optimisers call this.
///
/// Where it fails, every parameter is what it was, and the updates are forgotten.
#[track_caller]
pub fn step(tape: &Tape, results: &[Var<'_>]) -> Result<()> {
    let at = Location::caller();
    results.iter().try_for_each(|var| var.check())?;
    if !tape.is_tracing() {
        results.iter().for_each(|var| tape.recording().borrow_mut().keep_parameter(var.id()));
        let done = EXTRACTION.with_borrow_mut(|extraction| {
            let recording = tape.recording().borrow();
            want_step(&recording, results.iter().map(|var| var.id()), extraction);
            let hash = extraction.extract(&recording);
            run(tape, recording, extraction, hash)
        });
        tape.recording().borrow_mut().updates.clear();
        done?;
    }
    tape.recording().borrow_mut().spent = Some(at);
    Ok(())
}

/// What a step computes: results first, then the updates in place.
pub(crate) fn want_step(
    recording: &Recording,
    results: impl Iterator<Item = NodeId>,
    extraction: &mut Extraction,
) {
    extraction.wanted.clear();
    for id in results.chain(recording.keep.iter().copied()) {
        let known = recording.value(id).is_some() || recording.leaf(id).is_some();
        if !known && !extraction.wanted.contains(&(id, None)) {
            extraction.wanted.push((id, None));
        }
    }
    let updates = recording.updates.iter().map(|u| (u.value, Some(u.parameter)));
    extraction.wanted.extend(updates);
}

fn run(
    tape: &Tape,
    recording: std::cell::Ref<'_, Recording>,
    extraction: &Extraction,
    hash: u64,
) -> Result<()> {
    let mut results: SmallVec<[_; 8]> = SmallVec::new();
    with_slots(numbers(&recording, extraction), |slots| {
        check_versions(&recording, extraction)?;
        if tape.is_checked() {
            let graph = extraction.graph(&recording);
            let mut computed = Vec::new();
            reference::run(&graph, slots, &mut computed, &mut check_finite)?;
            results.extend(computed);
        } else {
            with_plan(hash, extraction, &recording, |prepared| {
                results.extend(prepared.run(slots)?.iter().cloned());
                Ok(())
            })?;
        }
        let written = extraction.wanted.iter().filter_map(|(_, into)| recording.leaf((*into)?));
        for leaf in written {
            if let Leaf::Parameter { parameter, .. } = leaf {
                parameter.changed();
            }
        }
        Ok(())
    })?;
    drop(recording);
    let mut recording = tape.recording().borrow_mut();
    let kept = extraction.wanted.iter().filter(|(_, into)| into.is_none());
    for ((id, _), value) in kept.zip(results) {
        recording.set_value(*id, value);
    }
    Ok(())
}

/// The numbers behind the inputs of an extracted graph.
fn numbers<'a>(
    recording: &'a Recording,
    extraction: &'a Extraction,
) -> impl Iterator<Item = Number<'a>> + Clone {
    extraction.origins.iter().map(move |origin| match origin {
        Origin::Scalar(value) => Number::Scalar(*value),
        Origin::Node(id) => match (recording.value(*id), recording.leaf(*id)) {
            (_, Some(Leaf::Parameter { parameter, .. })) if extraction.updates(*id) => {
                Number::Parameter { parameter, written: true }
            }
            (Some(tensor), _) | (None, Some(Leaf::Tensor { tensor, .. })) => Number::Tensor(tensor),
            (None, Some(Leaf::Dial { value, .. })) => Number::Scalar(*value),
            (None, Some(Leaf::Parameter { parameter, .. })) => {
                Number::Parameter { parameter, written: false }
            }
            (None, None) => Number::Scalar(f64::NAN),
        },
    })
}

/// A parameter that changed after it was recorded would give numbers of neither before nor after. A value
/// of it that was read before the change still counts, but not as the one to be updated.
pub(super) fn check_versions(recording: &Recording, extraction: &Extraction) -> Result<()> {
    for origin in &extraction.origins {
        let Origin::Node(id) = origin else { continue };
        if let Some(Leaf::Parameter { parameter, version }) = recording.leaf(*id)
            && parameter.version() != *version
            && (recording.value(*id).is_none() || extraction.updates(*id))
        {
            return Err(recording.outdated(*id));
        }
    }
    Ok(())
}
