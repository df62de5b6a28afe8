//! The tape: values that are recorded, their operations and derivatives.

pub(crate) mod array;
mod compile;
mod derivatives;
mod functions;
mod index;
pub(crate) mod line;
mod on;
mod operand;
mod operations;
mod operators;
mod parameter;
mod shared;
mod soft;
#[allow(clippy::module_inception, reason = "named after the type it is about")]
mod tape;
mod tracing;
mod var;

use pyo3::prelude::*;

pub(crate) use array::tensor_of;
pub(crate) use functions::together;
pub(crate) use on::On;
pub(crate) use operand::first_var;
pub(crate) use parameter::PyParameter;
pub(crate) use shared::Shared;
pub(crate) use tape::{PyTape, lifted, refused};
pub(crate) use var::PyVar;

use crate::error::GradtapeError;

/// Names all of it in the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTape>()?;
    module.add_class::<PyVar>()?;
    module.add_class::<PyParameter>()?;
    module.add_class::<tracing::PyTraced>()?;
    module.add("OPERATIONS", operations::names())?;
    functions::add(module)?;
    soft::add(module)?;
    compile::add(module)?;
    derivatives::add(module)
}

/// An error of a program of Python, with what would mend it.
pub(crate) fn wrong(message: impl std::fmt::Display, hint: impl std::fmt::Display) -> PyErr {
    GradtapeError::new_err(format!("{message}\n  hint: {hint}"))
}
