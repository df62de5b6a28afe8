//! What stands beside a value in an operation: another value, a number, or an array.

use gradtape::op::Operand;
use gradtape::{DType, Tape, Tensor, Var};
use numpy::PyUntypedArray;
use pyo3::exceptions::PyTypeError;
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
        if let Some(first) = first_in(object, DEEPEST, is_recorded) {
            return self.listed(object, &first).map(Some);
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

    /// A list that holds values or parameters, as one value of the element type of the first of them.
    fn listed(&self, list: &Bound<'_, PyAny>, first: &Bound<'_, PyAny>) -> PyResult<Other<'t>> {
        let like = match (first.cast::<PyVar>(), first.cast::<PyParameter>()) {
            (Ok(var), _) => self.var(var.get())?.dtype(),
            (_, Ok(parameter)) => parameter.get().0.value().dtype(),
            _ => DType::F32,
        };
        let parts = list.try_iter()?.map(|part| {
            let part = part?;
            match self.other(&part, like)? {
                Some(Other::Var(var)) => Ok(var),
                Some(Other::Whole(number)) => {
                    Ok(self.tape.constant(Tensor::scalar(number).cast(like)))
                }
                // A fraction beside whole numbers is told, and not rounded.
                Some(Other::Float(number)) => {
                    let float = if like.is_float() { like } else { DType::F32 };
                    Ok(self.tape.constant(Tensor::scalar(number).cast(float)))
                }
                None => Err(PyTypeError::new_err(format!(
                    "{} cannot stand in a list with values on a tape\n  hint: gt.stack() takes values, numbers and \
                     arrays",
                    super::array::shortened(&part)
                ))),
            }
        });
        let parts: Vec<Var<'t>> = parts.collect::<PyResult<_>>()?;
        Ok(Other::Var(self.tape.stack(&parts, 0)))
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

/// How deep lists are looked through.
const DEEPEST: usize = 16;

/// The first object in a list, or in lists in it, of which this is true.
fn first_in<'py>(
    object: &Bound<'py, PyAny>,
    deep: usize,
    is: fn(&Bound<'py, PyAny>) -> bool,
) -> Option<Bound<'py, PyAny>> {
    let find = |part: Bound<'py, PyAny>| match is(&part) {
        true => Some(part),
        false => first_in(&part, deep.checked_sub(1)?, is),
    };
    if let Ok(list) = object.cast::<PyList>() {
        return list.iter().find_map(find);
    }
    object.cast::<PyTuple>().ok()?.iter().find_map(find)
}

fn is_recorded(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyVar>() || object.is_instance_of::<PyParameter>()
}

/// The first of several objects that is a value, or of the values in lists among them.
pub(crate) fn first_var<'a, 'py>(
    objects: impl IntoIterator<Item = &'a Bound<'py, PyAny>>,
) -> Option<Bound<'py, PyVar>>
where
    'py: 'a,
{
    objects.into_iter().find_map(|object| match object.cast::<PyVar>() {
        Ok(var) => Some(var.clone()),
        Err(_) => first_in(object, DEEPEST, |part| part.is_instance_of::<PyVar>())
            .and_then(|var| var.cast_into().ok()),
    })
}

/// An empty tape of each kind.
pub(crate) fn new_tape(training: bool) -> Tape {
    if training { Tape::new() } else { Tape::inference() }
}
