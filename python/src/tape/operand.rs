//! What stands beside a value in an operation: another value, a number, or an array.

use gradtape::op::Operand;
use gradtape::{DType, Tape, Var};
use numpy::PyUntypedArray;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple};

use super::array::{numpy, tensor_of, whole};
use super::{On, PyParameter, PyVar};

/// What stands beside a value.
#[derive(Clone, Copy)]
pub(crate) enum Other<'t> {
    Var(Var<'t>),
    Float(f64),
    Whole(i64),
}

impl<'t> Operand<Var<'t>> for Other<'t> {
    #[track_caller]
    fn operand(self, like: Var<'t>) -> Var<'t> {
        match self {
            Other::Var(var) => var,
            Other::Float(number) => number.operand(like),
            Other::Whole(number) => number.operand(like),
        }
    }

    fn handle(self) -> Option<Var<'t>> {
        match self {
            Other::Var(var) => Some(var),
            Other::Float(_) | Other::Whole(_) => None,
        }
    }
}

impl<'t> On<'t> {
    /// What stands beside a value of an element type; `None` for what is no number.
    pub(crate) fn other(
        &self,
        object: &Bound<'_, PyAny>,
        beside: DType,
    ) -> PyResult<Option<Other<'t>>> {
        if let Ok(var) = object.cast::<PyVar>() {
            return Ok(Some(Other::Var(self.var(var.get())?)));
        }
        if object.is_instance_of::<PyFloat>() {
            return Ok(Some(Other::Float(object.extract()?)));
        }
        if object.is_instance_of::<PyInt>() {
            return Ok(Some(Other::Whole(whole(object)?)));
        }
        if let Ok(parameter) = object.cast::<PyParameter>() {
            return Ok(Some(Other::Var(self.tape.parameter(&parameter.get().0))));
        }
        let py = object.py();
        if !object.is_instance_of::<PyUntypedArray>() {
            if object.is_instance(&numpy(py)?.getattr(intern!(py, "generic"))?)? {
                let number = object.call_method0(intern!(py, "item"))?;
                if number.is_instance_of::<PyFloat>() || number.is_instance_of::<PyInt>() {
                    return self.other(&number, beside);
                }
            }
            if !is_numbers(object)? {
                return Ok(None);
            }
        }
        let float = if beside.is_float() { beside } else { DType::F32 };
        Ok(Some(Other::Var(self.tape.constant(tensor_of(object, float)?))))
    }

    /// A value: one of the tape, or numbers that are recorded as a constant.
    pub(crate) fn value(&self, object: &Bound<'_, PyAny>, beside: DType) -> PyResult<Var<'t>> {
        match self.other(object, beside)? {
            Some(Other::Var(var)) => Ok(var),
            _ => {
                let float = if beside.is_float() { beside } else { DType::F32 };
                Ok(self.tape.constant(tensor_of(object, float)?))
            }
        }
    }

    /// Several.
    pub(crate) fn values(
        &self,
        objects: &[Bound<'_, PyAny>],
        beside: DType,
    ) -> PyResult<Vec<Var<'t>>> {
        objects.iter().map(|object| self.value(object, beside)).collect()
    }
}

/// Whether an object may stand beside a value: a list, or an array of any library.
fn is_numbers(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = object.py();
    if object.is_none()
        || object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyDict>()
        || object.is_instance_of::<PySet>()
    {
        return Ok(false);
    }
    Ok(object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.hasattr(intern!(py, "__array__"))?
        || object.hasattr(intern!(py, "__dlpack__"))?)
}

/// The tape of the first of several objects that is a value.
pub(crate) fn first_var<'a, 'py>(
    objects: impl IntoIterator<Item = &'a Bound<'py, PyAny>>,
) -> Option<Bound<'py, PyVar>>
where
    'py: 'a,
{
    objects.into_iter().find_map(|object| object.cast::<PyVar>().ok().cloned())
}

/// An empty tape of each kind.
pub(crate) fn new_tape(training: bool) -> Tape {
    if training { Tape::new() } else { Tape::inference() }
}
