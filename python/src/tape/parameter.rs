//! [`PyParameter`]: numbers that are trained.

use gradtape::Parameter;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyType};

use super::array::{dtype_for, dtype_name, numpy_of, tensor_of_any};
use super::line;
use crate::error::told;

/// Numbers that an optimiser changes. A copy of `value`; floats of Python are float32.
///
/// On a tape it stands for itself: `x @ weight`, or `tape.parameter(weight)`.
#[pyclass(frozen, name = "Parameter", weakref, module = "gradtape")]
pub(crate) struct PyParameter(pub(crate) Parameter);

/// The class and its arguments, as `pickle` asks for them.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyAny>, &'static str));

#[pymethods]
impl PyParameter {
    #[new]
    #[pyo3(signature = (value, dtype=None))]
    fn new(value: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<PyParameter> {
        Ok(PyParameter(Parameter::new(tensor_of_any(value, dtype)?)))
    }

    /// The numbers now, as a new array.
    fn numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy_of(py, &self.0.value())
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        super::var::as_array(self.numpy(py)?, dtype, copy)
    }

    /// Takes other numbers, of the same shape and element type.
    fn set(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let dtype = self.0.value().dtype();
        let tensor = super::tensor_of(value, dtype)?;
        self.0.set(tensor).map_err(|error| told(error, &line::current(py)))
    }

    /// The number of elements along each axis.
    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.0.value().shape().to_vec()
    }

    /// The element type.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dtype_for(py, self.0.value().dtype())
    }

    #[classattr]
    fn __array_ufunc__() -> Option<()> {
        None
    }

    /// For `pickle` and `copy`: one of its own with the same numbers.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let value = self.0.value();
        let numbers = (numpy_of(py, &value)?, dtype_name(value.dtype()));
        Ok((py.get_type::<PyParameter>(), numbers))
    }

    /// The same parameter, whatever its numbers are.
    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let py = other.py();
        match other.cast::<PyParameter>() {
            Ok(other) => PyBool::new(py, self.0.id() == other.get().0.id()).to_owned().into_any(),
            Err(_) => py.NotImplemented().into_bound(py),
        }
    }

    fn __hash__(&self) -> u64 {
        self.0.id()
    }

    fn __repr__(&self) -> String {
        let value = self.0.value();
        format!("Parameter({}{})", value.dtype(), value.shape())
    }
}
