//! Engines: what runs programs. The only room with `unsafe` code.
//!
//! [`mod@reference`] runs a graph operation by operation and defines every result; faster engines are
//! compared with it.

pub mod cpu;
pub mod interpret;
pub mod reference;

use crate::op::index::class;
use crate::plan::Program;
use crate::tensor::{Result, Tensor};

/// The numbers of one input of a run.
pub enum Slot<'a> {
    /// A contiguous tensor that is only read.
    Read(&'a Tensor),
    /// A contiguous tensor that nothing else views, updated in place.
    Write(&'a mut Tensor),
    /// A scalar, converted to the input's element type.
    Scalar(f64),
}

/// Before a program runs: its labels must be those of a class.
pub(crate) fn check_labels(program: &Program, slots: &[Slot<'_>]) -> Result<()> {
    for check in &program.checks {
        let labels = match slots.get(check.input) {
            Some(Slot::Read(tensor)) => tensor.as_slice::<i64>(),
            Some(Slot::Write(tensor)) => tensor.as_slice::<i64>(),
            _ => None,
        };
        for (row, &label) in labels.into_iter().flatten().enumerate() {
            class(label, check.classes, row).map_err(|e| e.at(check.at))?;
        }
    }
    Ok(())
}
