//! Errors of the library as exceptions of Python, with their hints.

use gradtape::Error;
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

create_exception!(
    gradtape,
    GradtapeError,
    PyValueError,
    "What the library could not do, why, and a way out."
);

/// Names the exception in the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("GradtapeError", module.py().get_type::<GradtapeError>())
}

/// An error of the library, as Python raises it.
pub(crate) fn raised(error: Error) -> PyErr {
    GradtapeError::new_err(error.to_string())
}
