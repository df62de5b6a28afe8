//! Numbers from Python to tensors, and back as NumPy's arrays.

use gradtape::{DType, Element, Tensor};
use numpy::{
    PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

use super::{PyParameter, PyVar, wrong};

/// The module `numpy`.
pub(crate) fn numpy(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static NUMPY: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = NUMPY.get_or_try_init(py, || py.import("numpy").map(Bound::unbind))?;
    Ok(module.bind(py))
}

/// A tensor of a number, a list, or an array: NumPy's, or one of a library that knows `__array__` or `__dlpack__`.
/// Numbers of Python are `float`; those of an array keep their type.
pub(crate) fn tensor_of(object: &Bound<'_, PyAny>, float: DType) -> PyResult<Tensor> {
    if let Some(tensor) = scalar_of(object, float)? {
        return Ok(tensor);
    }
    if let Ok(parameter) = object.cast::<PyParameter>() {
        return Ok(parameter.get().0.value());
    }
    let py = object.py();
    if let Ok(array) = object.cast::<PyUntypedArray>() {
        return of_array(array);
    }
    let listed = object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>();
    if listed && super::first_var([object]).is_some() {
        return Err(wrong(
            "a list with values on a tape stands where numbers of their own are needed",
            "gt.stack() records it as one value; v.numpy() reads one",
        ));
    }
    let known = listed
        || object.hasattr(intern!(py, "__array__"))?
        || object.hasattr(intern!(py, "__array_interface__"))?;
    let array = match known {
        true => numpy(py)?.call_method1(intern!(py, "asarray"), (object,))?,
        false if object.hasattr(intern!(py, "__dlpack__"))? => {
            numpy(py)?.call_method1(intern!(py, "from_dlpack"), (object,))?
        }
        false => return Err(no_numbers(object)),
    };
    let Ok(array) = array.cast_into::<PyUntypedArray>() else { return Err(no_numbers(object)) };
    let tensor = of_array(&array)?;
    let plain = listed && tensor.dtype() == DType::F64 && !has_typed(object)?;
    Ok(if plain { tensor.cast(float) } else { tensor })
}

/// As [`tensor_of`], with numbers of Python as f32 and, if asked for, another type in the end.
pub(crate) fn tensor_of_any(
    object: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> PyResult<Tensor> {
    let dtype = dtype.map(dtype_of).transpose()?;
    let float = dtype.filter(|dtype| dtype.is_float()).unwrap_or(DType::F32);
    let tensor = tensor_of(object, float)?;
    Ok(dtype.map_or(tensor.clone(), |dtype| tensor.cast(dtype)))
}

/// A number of Python.
fn scalar_of(object: &Bound<'_, PyAny>, float: DType) -> PyResult<Option<Tensor>> {
    Ok(if object.is_exact_instance_of::<PyFloat>() {
        Some(Tensor::scalar(object.extract::<f64>()?).cast(float))
    } else if object.is_exact_instance_of::<PyBool>() {
        Some(Tensor::scalar(object.extract::<bool>()?))
    } else if object.is_exact_instance_of::<PyInt>() {
        Some(Tensor::scalar(whole(object)?))
    } else {
        None
    })
}

/// A whole number of Python as i64.
pub(super) fn whole(object: &Bound<'_, PyAny>) -> PyResult<i64> {
    object.extract::<i64>().map_err(|_| {
        wrong(
            format!("{} does not fit into 64 bits", shortened(object)),
            "whole numbers are i64; write it as a float, such as 1e30",
        )
    })
}

/// Whether the first number of a list is one of NumPy, or a parameter, which have a type.
fn has_typed(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let mut first = object.clone();
    for _ in 0..64 {
        if !(first.is_instance_of::<PyList>() || first.is_instance_of::<PyTuple>())
            || first.len()? == 0
        {
            break;
        }
        first = first.get_item(0)?;
    }
    first.hasattr(intern!(object.py(), "dtype"))
}

fn of_array(array: &Bound<'_, PyUntypedArray>) -> PyResult<Tensor> {
    let py = array.py();
    let (kind, size) = (array.dtype().kind(), array.dtype().itemsize());
    Ok(match (kind, size) {
        (b'f', 4) => copied::<f32>(array, "float32")?,
        (b'f', 8) => copied::<f64>(array, "float64")?,
        (b'f', 2) => copied::<f32>(array, "float32")?.cast(DType::F16),
        (b'i', _) | (b'u', 1..=4) => copied::<i64>(array, "int64")?,
        (b'b', _) => copied::<bool>(array, "bool")?,
        (b'u', _) => {
            let tensor = copied::<i64>(array, "int64")?;
            if tensor.as_slice::<i64>().is_some_and(|all| all.iter().any(|n| *n < 0)) {
                return Err(wrong(
                    "a whole number of the array does not fit into 64 bits with a sign",
                    "whole numbers are i64; a.astype(\"float64\") rounds them",
                ));
            }
            tensor
        }
        _ => {
            let name = array.dtype().str()?.to_string();
            let hint = match kind {
                b'O' => {
                    "an array of objects is made of lists of different lengths, or of texts; a.astype(\"float32\") \
                     makes one of numbers"
                }
                b'c' => "compute with a.real and a.imag, which are arrays of their own",
                b'M' | b'm' => "a.astype(\"int64\") counts the time that passed",
                b'U' | b'S' => "a.astype(\"float32\") reads texts as numbers",
                _ => "a.astype(\"float32\") or a.astype(\"float64\") makes one of numbers",
            };
            let message = format!("an array of {name} has no numbers for a tape");
            py.check_signals()?;
            return Err(wrong(message, hint));
        }
    })
}

/// A copy of an array of any order, strides and byte order.
fn copied<T: Element + numpy::Element>(
    array: &Bound<'_, PyUntypedArray>,
    name: &str,
) -> PyResult<Tensor> {
    let dims: Vec<usize> = array.shape().to_vec();
    if let Ok(same) = array.cast::<PyArrayDyn<T>>()
        && same.is_c_contiguous()
        && is_aligned(array)?
    {
        return of_slice(same, &dims);
    }
    let py = array.py();
    let order = (name, intern!(py, "C"));
    let plain = match is_aligned(array)? {
        true => array.call_method1(intern!(py, "astype"), order)?,
        false => {
            array.call_method0(intern!(py, "copy"))?.call_method1(intern!(py, "astype"), order)?
        }
    };
    of_slice(plain.cast::<PyArrayDyn<T>>()?, &dims)
}

fn of_slice<T: Element + numpy::Element>(
    array: &Bound<'_, PyArrayDyn<T>>,
    dims: &[usize],
) -> PyResult<Tensor> {
    let read = array.try_readonly().map_err(|error| wrong(error, "give a copy of the array"))?;
    let slice = read.as_slice().map_err(|error| wrong(error, "give a copy of the array"))?;
    Tensor::from_slice(slice, dims).map_err(crate::error::raised)
}

fn is_aligned(array: &Bound<'_, PyUntypedArray>) -> PyResult<bool> {
    let py = array.py();
    array.getattr(intern!(py, "flags"))?.getattr(intern!(py, "aligned"))?.extract()
}

/// A new array of NumPy; bf16 as float32, since NumPy has no such type.
pub(crate) fn numpy_of<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, PyAny>> {
    match tensor.dtype() {
        DType::F32 => filled::<f32>(py, tensor),
        DType::F64 => filled::<f64>(py, tensor),
        DType::I64 => filled::<i64>(py, tensor),
        DType::Bool => filled::<bool>(py, tensor),
        DType::BF16 => filled::<f32>(py, &tensor.cast(DType::F32)),
        DType::F16 => {
            let array = filled::<f32>(py, &tensor.cast(DType::F32))?;
            array.call_method1(intern!(py, "astype"), (intern!(py, "float16"),))
        }
    }
}

/// So many elements are a little memory.
const LITTLE: usize = 1 << 16;

fn filled<'py, T: Element + numpy::Element>(
    py: Python<'py>,
    tensor: &Tensor,
) -> PyResult<Bound<'py, PyAny>> {
    let whole = tensor.contiguous();
    let Some(slice) = whole.as_slice::<T>() else {
        return Err(crate::error::raised(match whole.to_vec::<T>() {
            Err(error) => error,
            Ok(_) => {
                gradtape::Error::new(gradtape::Kind::Shape, "the elements are of another type")
            }
        }));
    };
    let array = match slice.len() {
        // The short way panics where there is no memory.
        0..=LITTLE => PyArrayDyn::<T>::zeros(py, &tensor.shape()[..], false),
        _ => {
            let shape = pyo3::types::PyTuple::new(py, tensor.shape().iter())?;
            let dtype = dtype_name(tensor.dtype());
            let array = numpy(py)?.call_method1(intern!(py, "empty"), (shape, dtype))?;
            array.cast_into::<PyArrayDyn<T>>()?
        }
    };
    if !slice.is_empty() {
        let mut write =
            array.try_readwrite().map_err(|error| wrong(error, "read the value again"))?;
        write
            .as_slice_mut()
            .map_err(|error| wrong(error, "read the value again"))?
            .copy_from_slice(slice);
    }
    Ok(array.into_any())
}

/// An element type: of NumPy, of Python (`float`), or by name.
pub(crate) fn dtype_of(object: &Bound<'_, PyAny>) -> PyResult<DType> {
    let py = object.py();
    if let Ok(name) = object.cast::<PyString>() {
        let name = name.to_string();
        let plain = match &name[..] {
            "bfloat16" => "bf16",
            other => other,
        };
        if let Some(dtype) = DType::ALL.into_iter().find(|dtype| dtype.name() == plain) {
            return Ok(dtype);
        }
    }
    let unknown = || {
        wrong(
            format!("{} is no element type of a tape", shortened(object)),
            "there are float16, bfloat16, float32, float64, int64 and bool",
        )
    };
    let known = object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyType>()
        || object.hasattr(intern!(py, "itemsize"))?;
    if !known {
        return Err(unknown());
    }
    let dtype = numpy(py)?.call_method1(intern!(py, "dtype"), (object,)).map_err(|_| unknown())?;
    let name: String = dtype.getattr(intern!(py, "name"))?.extract()?;
    match &name[..] {
        "float16" => Ok(DType::F16),
        "float32" => Ok(DType::F32),
        "float64" => Ok(DType::F64),
        "int64" => Ok(DType::I64),
        "bool" => Ok(DType::Bool),
        _ => Err(unknown()),
    }
}

/// The name of an element type in NumPy.
pub(crate) fn dtype_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "float16",
        DType::BF16 => "bfloat16",
        DType::F32 => "float32",
        DType::F64 => "float64",
        DType::I64 => "int64",
        DType::Bool => "bool",
    }
}

/// An element type for Python: NumPy's, or the name where NumPy has none.
pub(crate) fn dtype_for(py: Python<'_>, dtype: DType) -> PyResult<Bound<'_, PyAny>> {
    let name = dtype_name(dtype);
    match dtype {
        DType::BF16 => Ok(PyString::new(py, name).into_any()),
        _ => numpy(py)?.call_method1(intern!(py, "dtype"), (name,)),
    }
}

fn no_numbers(object: &Bound<'_, PyAny>) -> PyErr {
    if object.is_instance_of::<PyVar>() {
        return wrong(
            "a value on a tape stands where numbers of their own are needed",
            "read it with .numpy()",
        );
    }
    pyo3::exceptions::PyTypeError::new_err(format!(
        "{} is neither a number, a list, nor an array\n  hint: give what numpy.asarray() takes",
        shortened(object)
    ))
}

/// What an object is, in a few words.
pub(crate) fn shortened(object: &Bound<'_, PyAny>) -> String {
    let kind = object.get_type().name().map_or("an object".into(), |name| name.to_string());
    let text = object.repr().map_or(String::new(), |text| text.to_string());
    match text.chars().count() {
        1..=60 => text,
        _ => format!("a value of type {kind}"),
    }
}
