//! Errors of the library as exceptions of Python, with their hints.

use std::cell::RefCell;
use std::sync::Arc;

use gradtape::{Error, Kind};
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

/// An error of the library that names the line of Python, if it names none yet.
pub(crate) fn told(error: Error, line: &Arc<str>) -> PyErr {
    raised_in_python().unwrap_or_else(|| {
        let text = error.at_line(line.clone()).to_string();
        GradtapeError::new_err(match text.rsplit_once("\n  hint: ") {
            Some((text, hint)) => format!("{text}\n  hint: {}", in_python(hint)),
            None => text,
        })
    })
}

/// What the hints of the library are in Python.
const WORDS: &[(&str, &str)] = &[
    (
        "numbers like 1.0 are f64 in Rust: write 1.0f32, or cast(DType::F32) the f64 operand",
        "arrays of NumPy are float64 unless told otherwise: astype(\"float32\") the f64 operand",
    ),
    ("sum(())", "sum()"),
    ("mean(())", "mean()"),
    ("with t()", "with .mT"),
    ("cast(DType::F32)", "astype(\"float32\")"),
    ("cast(DType::F64)", "astype(\"float64\")"),
    ("cast(DType::I64)", "astype(\"int64\")"),
    ("with value()", "with .numpy()"),
    ("with select()", "with gt.where()"),
    ("unsqueeze()", "expand_dims()"),
    ("return the Var from", "return the value from"),
    ("Tape::inference()", "gt.Tape(training=False)"),
    ("a new Tape", "a new gt.Tape()"),
];

fn in_python(hint: &str) -> String {
    WORDS.iter().fold(hint.to_string(), |hint, (rust, python)| hint.replace(rust, python))
}

thread_local! {
    /// What a function of Python raised that the library called.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Keeps what a function of Python raised until the library is back; the error for the library meanwhile.
pub(crate) fn keep_raised(error: PyErr) -> Error {
    let message = error.to_string();
    RAISED.with_borrow_mut(|raised| *raised = Some(error));
    Error::new(Kind::Value, message)
}

/// What a function of Python raised that the library called.
pub(crate) fn raised_in_python() -> Option<PyErr> {
    RAISED.with_borrow_mut(Option::take)
}
