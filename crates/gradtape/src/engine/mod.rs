//! Engines: what runs programs. The only room with `unsafe` code.
//!
//! [`mod@reference`] runs a graph operation by operation and defines every result; faster engines are
//! compared with it.

mod choice;
pub mod cpu;
pub mod interpret;
pub mod reference;

pub use choice::Engine;
pub(crate) use choice::{Beside, Prepared};
pub(crate) use cpu::Told;

use crate::op::{self, Bits, Meta};
use crate::plan::{Buffer, Program};
use crate::tape::Graph;
use crate::tensor::{Error, Kind, Result, Tensor};

/// The numbers of one input of a run.
pub enum Slot<'a> {
    /// A contiguous tensor that is only read.
    Read(&'a Tensor),
    /// A contiguous tensor that nothing else views, updated in place.
    Write(&'a mut Tensor),
    /// A scalar, converted to the input's element type.
    Scalar(Bits),
}

impl Slot<'_> {
    fn tensor(&self) -> Option<&Tensor> {
        match self {
            Slot::Read(tensor) => Some(tensor),
            Slot::Write(tensor) => Some(tensor),
            Slot::Scalar(_) => None,
        }
    }
}

/// Before a graph runs: the slots must be what its inputs say, and what is updated must be given to be
/// written.
pub(crate) fn check_inputs(graph: &Graph, slots: &[Slot<'_>]) -> Result<()> {
    let inputs = || {
        let all = graph.nodes.iter().enumerate();
        all.filter(|(_, node)| node.op.is_input())
    };
    let wrong = |what: String| Err(Error::new(Kind::Shape, format!("run: {what}")));
    if inputs().count() != slots.len() {
        return wrong(format!("{} inputs for a graph of {}", slots.len(), inputs().count()));
    }
    for (number, ((index, node), slot)) in inputs().zip(slots).enumerate() {
        let given = slot.tensor().map_or(Meta::new(node.meta.dtype, ()), Meta::of);
        if given != node.meta {
            return wrong(format!("input {number} is {}, not {given}", node.meta));
        }
        let mut updated = graph.outputs.iter().filter_map(|output| output.into);
        if updated.any(|into| into.index() == index) && !matches!(slot, Slot::Write(_)) {
            return wrong(format!("input {number} is updated, but given only to be read"));
        }
    }
    Ok(())
}

/// The error of a buffer whose place does not hold what the program keeps there.
pub(crate) fn ill_fitting(&Buffer { dtype, len, place }: &Buffer) -> Error {
    Error::new(Kind::Shape, format!("run: {place:?} is not given as {len} elements of {dtype}"))
}

/// Before a program runs: labels must be those of a class.
pub(crate) fn check_labels(program: &Program, slots: &[Slot<'_>]) -> Result<()> {
    for check in &program.checks {
        let all = |labels: &[i64]| op::check_labels(labels, check.classes);
        let checked = match slots.get(check.input) {
            Some(Slot::Scalar(label)) => all(&[label.to_i64()]),
            Some(slot) => match slot.tensor().map(|tensor| (tensor, tensor.as_slice::<i64>())) {
                Some((_, Some(labels))) => all(labels),
                Some((tensor, None)) => tensor.to_vec::<i64>().and_then(|labels| all(&labels)),
                None => Ok(()),
            },
            None => Ok(()),
        };
        checked.map_err(|error| error.at(check.at))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
