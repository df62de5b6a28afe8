//! [`PyVar`]: a value on a tape.

use std::sync::Arc;

use gradtape::Var;
use gradtape::op::{NodeId, Operand};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{dtype_for, dtype_of, numpy, numpy_of};
use super::operand::Other;
use super::tape::PyTape;
use super::tracing;
use super::{On, Shared, wrong};

/// A value on a tape, computed when it is read: with `float(v)`, `v.item()`, `v.numpy()`, `print(v)` or an `if`.
///
/// Operators and methods record operations on the same tape, beside other values, numbers and arrays of NumPy.
#[pyclass(frozen, name = "Var", module = "gradtape")]
pub(crate) struct PyVar {
    pub(super) tape: Arc<Shared>,
    pub(super) id: NodeId,
    pub(super) generation: u64,
}

impl PyVar {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.tape
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Records an operation of this value alone.
    pub(crate) fn map(
        &self,
        py: Python<'_>,
        f: impl for<'t> FnOnce(Var<'t>) -> Var<'t>,
    ) -> PyResult<PyVar> {
        self.tape.enter(py, |on| on.give(py, f(on.var(self)?)))
    }

    /// Records an operation of this value and one that stands beside it. `TypeError` where that is no number.
    pub(crate) fn beside(
        &self,
        other: &Bound<'_, PyAny>,
        f: impl for<'t> FnOnce(Var<'t>, Other<'t>) -> Var<'t>,
    ) -> PyResult<PyVar> {
        let py = other.py();
        let done = self.tape.enter(py, |on| self.try_beside(on, other, f))?;
        done.ok_or_else(|| {
            let what = super::array::shortened(other);
            pyo3::exceptions::PyTypeError::new_err(format!(
                "{what} cannot stand beside a value on a tape\n  hint: give a number, an array, or a value of the \
                 same tape"
            ))
        })
    }

    pub(super) fn try_beside<'t>(
        &self,
        on: &On<'t>,
        other: &Bound<'_, PyAny>,
        f: impl FnOnce(Var<'t>, Other<'t>) -> Var<'t>,
    ) -> PyResult<Option<PyVar>> {
        let x = on.var(self)?;
        match on.other(other, x.dtype())? {
            Some(y) => on.give(other.py(), f(x, y)).map(Some),
            None => Ok(None),
        }
    }

    /// Records an operation of this value and another that is a value too, or an array.
    pub(crate) fn with(
        &self,
        other: &Bound<'_, PyAny>,
        f: impl for<'t> FnOnce(Var<'t>, Var<'t>) -> Var<'t>,
    ) -> PyResult<PyVar> {
        self.beside(other, |x, y| f(x, y.operand(x)))
    }

    /// The numbers, which a program computes with; `how` is what is written to read a value `v`.
    fn read(&self, py: Python<'_>, how: &str) -> PyResult<gradtape::Tensor> {
        tracing::check(py, self, how)?;
        self.tensor(py)
    }

    /// The numbers, to be shown.
    fn tensor(&self, py: Python<'_>) -> PyResult<gradtape::Tensor> {
        let id = self.id;
        self.tape.compute(py, self.generation, move |tape| tape.var_of(id).value())
    }
}

#[pymethods]
impl PyVar {
    /// The tape that it is recorded on.
    #[getter]
    fn tape(&self) -> PyTape {
        PyTape(self.tape.clone())
    }

    /// The number of elements along each axis.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyTuple>> {
        let shape = self.tape.enter(py, |on| Ok(on.var(self)?.shape()))?;
        pyo3::types::PyTuple::new(py, shape.iter())
    }

    /// The number of axes.
    #[getter]
    fn ndim(&self, py: Python<'_>) -> PyResult<usize> {
        self.tape.enter(py, |on| Ok(on.var(self)?.shape().rank()))
    }

    /// The number of elements.
    #[getter]
    fn size(&self, py: Python<'_>) -> PyResult<usize> {
        self.tape.enter(py, |on| Ok(on.var(self)?.shape().elements()))
    }

    /// The element type, as NumPy's; a name for bfloat16, which NumPy lacks.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dtype_for(py, self.tape.enter(py, |on| Ok(on.var(self)?.dtype()))?)
    }

    /// With the axes in the opposite order.
    #[getter(T)]
    fn turned(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| {
            let order: Vec<usize> = (0..x.shape().rank()).rev().collect();
            x.transpose(&order)
        })
    }

    /// With the last two axes exchanged.
    #[getter(mT)]
    fn matrix_turned(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| x.t())
    }

    /// The value, computed if it was not yet, as a new array of NumPy; bfloat16 as float32.
    fn numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy_of(py, &self.read(py, "v.numpy()")?)
    }

    /// The only element as a number of Python.
    fn item<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tracing::check(py, self, "v.item()")?;
        self.number(py)
    }

    /// The value as nested lists of numbers of Python.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy_of(py, &self.read(py, "v.tolist()")?)?.call_method0(intern!(py, "tolist"))
    }

    /// Has the next step of an optimiser compute this value too, so that it can be read afterwards.
    fn keep(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| x.keep())
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        as_array(numpy_of(py, &self.read(py, "np.asarray(v)")?)?, dtype, copy)
    }

    /// The value for another library: a copy of the numbers, since the tape uses its memory again, which the library takes
    /// over without one more.
    #[pyo3(signature = (**options))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = numpy_of(py, &self.read(py, "from_dlpack(v)")?)?;
        array.call_method(intern!(py, "__dlpack__"), (), options)
    }

    fn __dlpack_device__(&self) -> (i32, i32) {
        (1, 0)
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        tracing::check(py, self, "float(v)")?;
        self.float(py)
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tracing::check(py, self, "int(v)")?;
        self.number(py)?.call_method0(intern!(py, "__int__"))
    }

    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let number = self.number(py)?;
        if number.is_instance_of::<pyo3::types::PyInt>() {
            return Ok(number);
        }
        Err(pyo3::exceptions::PyTypeError::new_err(
            "only a value of int64 can stand for a whole number",
        ))
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        tracing::check(py, self, "bool(v)")?;
        Ok(self.float(py)? != 0.0)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let first = self.tape.enter(py, |on| Ok(on.var(self)?.shape().first().copied()))?;
        first.ok_or_else(|| {
            pyo3::exceptions::PyTypeError::new_err("a value without axes has no length")
        })
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let count = self.__len__(py)?;
        let rows: Vec<PyVar> =
            (0..count).map(|place| self.map(py, |x| x.index(0, place))).collect::<PyResult<_>>()?;
        rows.into_pyobject(py)?.call_method0(intern!(py, "__iter__"))
    }

    fn __getitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        super::index::get(self, key)
    }

    fn __setitem__(&self, _key: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(wrong(
            "a value on a tape does not change once it is recorded",
            "x.with_index(axis, place, values) and x.with_slice(axis, start, stop, values) give another one; so does \
             gt.where(mask, values, x)",
        ))
    }

    /// As a number where it has one element: `f"{loss:.4f}"`.
    fn __format__(&self, py: Python<'_>, spec: &str) -> PyResult<String> {
        if spec.is_empty() {
            return self.__repr__(py);
        }
        let size = self.size(py)?;
        if size != 1 {
            return Err(wrong(
                format!("{spec:?} is the format of one number, not of {size}"),
                "format each of v.tolist(), or v.mean()",
            ));
        }
        self.number(py)?.call_method1(intern!(py, "__format__"), (spec,))?.extract()
    }

    fn __hash__(&self) -> u64 {
        (Arc::as_ptr(&self.tape) as usize as u64) ^ ((self.id.index() as u64) << 1)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let meta = match self.tape.enter(py, |on| Ok(on.var(self)?.meta())) {
            Ok(meta) => meta,
            Err(error) => return Ok(format!("Var({})", first_line(py, &error))),
        };
        let kind = format!("{}{}", super::array::dtype_name(meta.dtype), meta.shape);
        match self.tensor(py).and_then(|tensor| numpy_of(py, &tensor)) {
            Ok(array) => {
                let options = PyDict::new(py);
                options.set_item("prefix", "Var(")?;
                options.set_item("separator", ", ")?;
                let text = numpy(py)?.call_method("array2string", (array,), Some(&options))?;
                Ok(format!("Var({}, {kind})", text.str()?))
            }
            Err(error) => Ok(format!("Var({kind}, not computed: {})", first_line(py, &error))),
        }
    }

    /// With another element type: rounded, or truncated towards 0 for int64; `!= 0` for bool.
    #[pyo3(text_signature = "($self, dtype)")]
    fn astype(&self, py: Python<'_>, dtype: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        let dtype = dtype_of(dtype)?;
        self.map(py, |x| x.cast(dtype))
    }
}

impl PyVar {
    /// The only element as Python has it.
    fn number<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let id = self.id;
        let compute = move |tape: &gradtape::Tape| {
            let var = tape.var_of(id);
            var.item()?;
            var.value()
        };
        let tensor = self.tape.compute(py, self.generation, compute)?;
        numpy_of(py, &tensor)?.call_method0(intern!(py, "item"))
    }

    fn float(&self, py: Python<'_>) -> PyResult<f64> {
        let id = self.id;
        self.tape.compute(py, self.generation, move |tape| tape.var_of(id).item())
    }
}

/// A new array for `__array__`.
pub(super) fn as_array<'py>(
    array: Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    if copy == Some(false) {
        return Err(wrong(
            "the numbers on a tape cannot be viewed without a copy",
            "leave copy=False out",
        ));
    }
    match dtype {
        Some(dtype) => array.call_method1(intern!(array.py(), "astype"), (dtype,)),
        None => Ok(array),
    }
}

fn first_line(py: Python<'_>, error: &PyErr) -> String {
    let text = error.value(py).to_string();
    text.lines().next().unwrap_or_default().to_string()
}
