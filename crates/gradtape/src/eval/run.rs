//! Running what a read or a step needs.

use std::cell::RefCell;
use std::panic::Location;

use smallvec::SmallVec;

use super::extract::{Extraction, Origin};
use crate::engine::{Slot, reference};
use crate::op::NodeId;
use crate::tape::{Leaf, Recording, Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

thread_local! {
    static EXTRACTION: RefCell<Extraction> = RefCell::default();
}

/// Computes the values of nodes and keeps them on the tape.
pub(crate) fn evaluate(tape: &Tape, nodes: &[NodeId]) -> Result<()> {
    EXTRACTION.with_borrow_mut(|extraction| {
        {
            let recording = tape.recording().borrow();
            extraction.wanted.clear();
            let missing = nodes
                .iter()
                .filter(|&&id| recording.value(id).is_none() && recording.leaf(id).is_none());
            extraction.wanted.extend(missing.map(|&id| (id, None)));
        }
        if extraction.wanted.is_empty() { Ok(()) } else { run(tape, extraction) }
    })
}

/// Runs a training step: gives every parameter with a recorded update ([`Tape::assign`]) its new value,
/// computes `results` and the values marked by [`Var::keep`] from the old ones, all in one program, and
/// uses the tape up. Optimisers call this.
#[track_caller]
pub fn step(tape: &Tape, results: &[Var<'_>]) -> Result<()> {
    results.iter().try_for_each(|var| var.check())?;
    EXTRACTION.with_borrow_mut(|extraction| {
        {
            let recording = tape.recording().borrow();
            extraction.wanted.clear();
            let results = results.iter().map(|var| var.id()).chain(recording.keep.iter().copied());
            let missing =
                results.filter(|&id| recording.value(id).is_none() && recording.leaf(id).is_none());
            extraction.wanted.extend(missing.map(|id| (id, None)));
            let updates = recording.updates.iter().map(|u| (u.value, Some(u.parameter)));
            extraction.wanted.extend(updates);
        }
        run(tape, extraction)?;
        let mut recording = tape.recording().borrow_mut();
        recording.updates.clear();
        recording.spent = Some(Location::caller());
        Ok(())
    })
}

fn run(tape: &Tape, extraction: &mut Extraction) -> Result<()> {
    let mut results = Vec::new();
    {
        let recording = tape.recording().borrow();
        extraction.extract(&recording);
        let graph = extraction.graph(&recording);
        check_versions(&recording, extraction)?;
        let mut guards: SmallVec<[_; 32]> = SmallVec::new();
        let mut temporary: Vec<Tensor> = Vec::new();
        for origin in &extraction.origins {
            match origin {
                Origin::Scalar(_) => {}
                Origin::Node(id) => match recording.leaf(*id) {
                    Some(Leaf::Parameter { parameter, .. }) => {
                        guards.push((*id, parameter.write()))
                    }
                    Some(Leaf::Tensor { tensor, .. }) => temporary.push(tensor.contiguous()),
                    _ => {}
                },
            }
        }
        let (mut guard, mut temp) = (guards.iter_mut(), temporary.iter());
        let mut slots: SmallVec<[Slot<'_>; 64]> = SmallVec::new();
        for origin in &extraction.origins {
            slots.push(match origin {
                Origin::Scalar(value) => Slot::Scalar(*value),
                Origin::Node(id) => match (recording.value(*id), recording.leaf(*id)) {
                    (Some(value), _) => Slot::Read(value),
                    (None, Some(Leaf::Dial { value, .. })) => Slot::Scalar(*value),
                    (None, Some(Leaf::Parameter { .. })) => match guard.next() {
                        Some((id, guard)) => {
                            let written = extraction.wanted.iter().any(|w| w.1 == Some(*id));
                            if written { Slot::Write(guard) } else { Slot::Read(guard) }
                        }
                        None => Slot::Scalar(f64::NAN),
                    },
                    _ => temp.next().map_or(Slot::Scalar(f64::NAN), Slot::Read),
                },
            });
        }
        reference::run(&graph, &mut slots, &mut results, &mut |_, _| Ok(()))?;
    }
    let mut recording = tape.recording().borrow_mut();
    let kept = extraction.wanted.iter().filter(|(_, into)| into.is_none());
    for ((id, _), value) in kept.zip(results) {
        recording.set_value(*id, value);
    }
    for (_, into) in &extraction.wanted {
        if let Some(Leaf::Parameter { parameter, .. }) = into.and_then(|id| recording.leaf(id)) {
            parameter.changed();
        }
    }
    Ok(())
}

/// A parameter that changed after it was recorded would give numbers of neither before nor after.
fn check_versions(recording: &Recording, extraction: &Extraction) -> Result<()> {
    for origin in &extraction.origins {
        let Origin::Node(id) = origin else { continue };
        if let Some(Leaf::Parameter { parameter, version }) = recording.leaf(*id)
            && parameter.version() != *version
        {
            let at = recording.node(*id).at;
            let message = "a parameter was changed after it was recorded on this tape";
            return Err(Error::new(Kind::Tape, message)
                .at(at)
                .hint("read values before the optimiser step, or keep() them for it"));
        }
    }
    Ok(())
}
