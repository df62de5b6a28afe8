//! Errors of the library as exceptions of Python, with their hints.

use std::cell::RefCell;
use std::sync::Arc;

use gradtape::{Error, Kind};
use pyo3::create_exception;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::tape::line;

create_exception!(
    gradtape,
    GradtapeError,
    PyValueError,
    "What the library could not do, why, and a way out."
);

/// `GradtapeIndexError`, which is an `IndexError` too and so ends loops of Python.
static INDEX_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Names the exceptions in the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("GradtapeError", py.get_type::<GradtapeError>())?;
    module.add("GradtapeIndexError", index_error_type(py)?)?;
    module.add_function(wrap_pyfunction!(in_python, module)?)
}

fn index_error_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let made = INDEX_ERROR.get_or_try_init(py, || {
        let bases = (py.get_type::<GradtapeError>(), py.get_type::<PyIndexError>());
        let inside = PyDict::new(py);
        inside.set_item("__module__", "gradtape")?;
        inside.set_item("__doc__", "A place that there is not, or a mask that does not fit.")?;
        let made = py.get_type::<PyType>().call1(("GradtapeIndexError", bases, inside))?;
        PyResult::Ok(made.cast_into::<PyType>()?.unbind())
    })?;
    Ok(made.bind(py))
}

/// An error of a place, of the line that runs.
pub(crate) fn index_error(py: Python<'_>, message: String, hint: &str) -> PyErr {
    let error = Error::new(Kind::Shape, message).at_line(line::current(py));
    let text = error.hint(hint).to_string();
    match index_error_type(py).and_then(|made| made.call1((text,))) {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// An error of the library, as Python raises it.
pub(crate) fn raised(error: Error) -> PyErr {
    let text = error.to_string();
    GradtapeError::new_err(match text.rsplit_once("\n  hint: ") {
        Some((text, hint)) => format!("{text}\n  hint: {}", in_python(hint)),
        None => text,
    })
}

/// An error of the library that names the line of Python, if it names none yet.
pub(crate) fn told(error: Error, line: &Arc<str>) -> PyErr {
    raised_in_python().unwrap_or_else(|| raised(error.at_line(line.clone())))
}

/// What the hints of the library are in Python.
const WORDS: &[(&str, &str)] = &[
    // Sentences first, then the words in others.
    (
        "numbers like 1.0 are f64 in Rust: write 1.0f32, or ",
        "arrays of NumPy are float64 unless told otherwise: ",
    ),
    ("write 3i64, or ", ""),
    ("give at least one with Some(axis)", "give at least one a number"),
    ("Some(axis), or None", "a number, or None"),
    ("with Model::load or io::load", "with gt.load(), its numbers with net.load()"),
    (
        "`io::load_converted` or `Tensor::cast` converts them",
        "build the network with the dtype of the file, or set() parameters to arrays of astype()",
    ),
    ("with `Parameter::share`", "with one gt.Parameter, or one layer, in both places"),
    ("a number of zeros: Padding::Zeros", "a number of zeros: padding=1"),
    ("; bags() takes others one behind another", ""),
    ("Merge::Concat takes others", "without add=True they may differ along the axis"),
    ("give one of them with literal()", "make one of them a value: v.full_like(0.0)"),
    ("one for each of base().parameters()", "one for each parameter"),
    ("call .allow_unused() to leave", "make it with allow_unused=True to leave"),
    ("index() picks one of many", "v[place] picks one of many"),
    ("with t()", "with .mT"),
    ("with value()", "with .numpy()"),
    ("with select()", "with gt.where()"),
    ("return the Var from", "return the value from"),
    ("Tape::inference()", "gt.Tape(training=False)"),
    ("a new Tape", "a new gt.Tape()"),
    ("(())", "()"),
    ("to_vec()", "tolist()"),
    ("unsqueeze()", "expand_dims()"),
    ("cast()", "astype()"),
    ("cast(DType::F32)", "astype(\"float32\")"),
    ("cast(DType::F64)", "astype(\"float64\")"),
    ("cast(DType::F16)", "astype(\"float16\")"),
    ("cast(DType::BF16)", "astype(\"bfloat16\")"),
    ("cast(DType::I64)", "astype(\"int64\")"),
    ("cast(DType::Bool)", "astype(\"bool\")"),
];

/// A hint of the library in words of Python.
#[pyfunction]
pub(crate) fn in_python(hint: &str) -> String {
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
