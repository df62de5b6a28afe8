//! [`On`]: a tape while something is recorded on it.

use std::sync::Arc;

use gradtape::{Tape, Var};
use pyo3::prelude::*;

use super::line;
use super::shared::{Shared, forgotten};
use super::var::PyVar;
use crate::error::{raised_in_python, told};

/// A tape while something is recorded on it.
pub(crate) struct On<'t> {
    pub(crate) tape: &'t Tape,
    pub(crate) shared: &'t Arc<Shared>,
    pub(crate) generation: u64,
}

impl<'t> On<'t> {
    /// The value behind one of Python. Fails for one of another tape.
    pub(crate) fn var(&self, var: &PyVar) -> PyResult<Var<'t>> {
        if !Arc::ptr_eq(self.shared, &var.tape) {
            return Err(super::wrong(
                "the operands are recorded on two different tapes",
                "record both on one tape, or read one with .numpy() and record it as a constant",
            ));
        }
        if self.generation != var.generation {
            return Err(forgotten());
        }
        Ok(self.tape.var_of(var.id))
    }

    /// Calls a function of Python, which records on this tape and may wait for other threads that do: no lock is held
    /// meanwhile.
    pub(crate) fn calling<R>(&self, f: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
        let _back = self.shared.lend_level(self.tape, self.generation);
        f()
    }

    /// A value for Python; or its error, if it could not be recorded.
    pub(crate) fn give(&self, py: Python<'_>, var: Var<'t>) -> PyResult<PyVar> {
        if !var.id().is_failed() {
            return Ok(self.name(var));
        }
        match (raised_in_python(), var.check()) {
            (Some(raised), _) => Err(raised),
            (None, Err(error)) => Err(told(error, &line::current(py))),
            (None, Ok(())) => Ok(self.name(var)),
        }
    }

    /// Several.
    pub(crate) fn give_all(
        &self,
        py: Python<'_>,
        vars: impl IntoIterator<Item = Var<'t>>,
    ) -> PyResult<Vec<PyVar>> {
        vars.into_iter().map(|var| self.give(py, var)).collect()
    }

    /// A value for Python, which may have failed.
    pub(crate) fn name(&self, var: Var<'t>) -> PyVar {
        PyVar { tape: self.shared.clone(), id: var.id(), generation: self.generation }
    }
}
