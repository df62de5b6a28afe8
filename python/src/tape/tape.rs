//! [`PyTape`]: what operations are recorded on.

use std::sync::Arc;

use gradtape::{Kind, Mode};
use pyo3::prelude::*;

use super::array::tensor_of_any;
use super::operand::new_tape;
use super::{PyParameter, PyVar, Shared, line, wrong};
use crate::error::told;

/// Records operations while the program runs, so that they can be differentiated and run together.
///
/// Nothing is computed when an operation is written; reading a number (`float(v)`, `v.numpy()`) runs what it needs.
/// `training=False` has layers behave as in inference: no dropout, running statistics.
///
/// As a context manager it gives its memory back at the end of the block.
#[pyclass(frozen, name = "Tape", weakref, module = "gradtape")]
pub(crate) struct PyTape(pub(crate) Arc<Shared>);

#[pymethods]
impl PyTape {
    #[new]
    #[pyo3(signature = (training=true))]
    fn new(training: bool) -> PyTape {
        PyTape(Shared::new(new_tape(training)))
    }

    /// Records numbers whose gradient may be asked for. Floats of Python are float32, whole numbers int64; arrays keep their type.
    #[pyo3(signature = (value, dtype=None))]
    fn watch(
        &self,
        py: Python<'_>,
        value: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyVar> {
        let tensor = tensor_of_any(value, dtype)?;
        self.0.enter(py, |on| on.give(py, on.tape.watch(tensor)))
    }

    /// Records numbers whose gradient will not be asked for: data. Floats of Python are float32, whole numbers
    /// int64; arrays keep their type.
    #[pyo3(signature = (value, dtype=None))]
    fn constant(
        &self,
        py: Python<'_>,
        value: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyVar> {
        let tensor = tensor_of_any(value, dtype)?;
        self.0.enter(py, |on| on.give(py, on.tape.constant(tensor)))
    }

    /// Records a parameter; the same one twice is one value.
    fn parameter(&self, py: Python<'_>, parameter: &Bound<'_, PyParameter>) -> PyResult<PyVar> {
        self.0.enter(py, |on| on.give(py, on.tape.parameter(&parameter.get().0)))
    }

    /// Forgets everything recorded and keeps the memory for the next step. Values recorded before cannot be used
    /// any more.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.reset(py, false)
    }

    /// Whether layers behave as in training.
    #[getter]
    fn training(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.enter(py, |on| Ok(on.tape.is_training()))
    }

    /// Bytes of the recording and of every value that it keeps alive.
    #[getter]
    fn nbytes(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.enter(py, |on| Ok(on.tape.bytes()))
    }

    /// How values are computed: `"fused"`, `"eager"` (each at once) or `"checked"` (the first NaN is an error that names
    /// its operation and line).
    #[getter]
    fn mode(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.0.enter(py, |on| {
            Ok(match on.tape.mode() {
                Mode::Fused => "fused",
                Mode::Eager => "eager",
                Mode::Checked => "checked",
            })
        })
    }

    /// Sets how values are computed from here on: see `mode`.
    fn set_mode(&self, py: Python<'_>, mode: &str) -> PyResult<()> {
        let mode = match mode {
            "fused" => Mode::Fused,
            "eager" => Mode::Eager,
            "checked" => Mode::Checked,
            other => {
                let hint = "there are \"fused\", \"eager\" and \"checked\"";
                return Err(wrong(format!("{other:?} is no mode of a tape"), hint));
            }
        };
        self.0.enter(py, |on| {
            on.tape.set_mode(mode);
            Ok(())
        })
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<bool> {
        self.0.reset(py, true)?;
        Ok(false)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.enter(py, |on| Ok(on.tape.len()))
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        match self.0.enter(py, |on| Ok((on.tape.len(), on.tape.bytes()))) {
            Ok((nodes, bytes)) => Ok(format!("Tape({nodes} nodes, {bytes} bytes)")),
            Err(_) => Ok("Tape(closed)".into()),
        }
    }
}

/// An error of the library in the words of Python, of the line that runs.
pub(crate) fn lifted<T>(py: Python<'_>, done: gradtape::Result<T>) -> PyResult<T> {
    done.map_err(|error| told(error, &line::current(py)))
}

/// An error of a kind, of the line that runs.
pub(crate) fn refused(py: Python<'_>, kind: Kind, message: String, hint: &str) -> PyErr {
    told(gradtape::Error::new(kind, message).hint(hint), &line::current(py))
}
