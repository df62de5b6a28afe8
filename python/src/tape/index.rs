//! What stands in brackets behind a value: places, slices, `...`, `None`, and arrays of places or truth values.

use gradtape::{DType, Kind, Shape, Tensor, Var};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PySlice, PyTuple};

use super::array::{numpy, tensor_of};
use super::tape::refused;
use super::{On, PyVar, wrong};

/// What a part of a key does with an axis.
enum Part<'t> {
    /// A new axis of size 1.
    New,
    Place(isize),
    Slice {
        start: isize,
        step: isize,
        count: usize,
    },
    /// Places of an axis.
    Many(Var<'t>),
}

/// `x[key]`.
pub(super) fn get(x: &PyVar, key: &Bound<'_, PyAny>) -> PyResult<PyVar> {
    let py = key.py();
    x.shared().enter(py, |on| {
        let var = on.var(x)?;
        let parts = parts(on, key, &var.shape())?;
        on.give(py, apply(py, var, parts)?)
    })
}

/// The parts of a key, for the axes of a shape in order.
fn parts<'t>(on: &On<'t>, key: &Bound<'_, PyAny>, shape: &Shape) -> PyResult<Vec<Part<'t>>> {
    let py = key.py();
    let keys: Vec<Bound<'_, PyAny>> = match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter().collect(),
        Err(_) => vec![key.clone()],
    };
    let keys = without_masks(keys)?;
    let is_dots = |key: &Bound<'_, PyAny>| key.is_instance_of::<PyEllipsis>();
    let used = keys.iter().filter(|key| !key.is_none() && !is_dots(key)).count();
    if used > shape.rank() || keys.iter().filter(|key| is_dots(key)).count() > 1 {
        let message = format!("{used} places or slices for the {} axes of {shape}", shape.rank());
        return Err(PyIndexError::new_err(message));
    }
    let mut found = Vec::new();
    let mut axis = 0;
    for key in &keys {
        if key.is_none() {
            found.push(Part::New);
            continue;
        }
        if is_dots(key) {
            for _ in used..shape.rank() {
                found.push(Part::Slice { start: 0, step: 1, count: shape[axis] });
                axis += 1;
            }
            continue;
        }
        let size = shape[axis];
        if let Ok(slice) = key.cast::<PySlice>() {
            let bounds = slice.indices(size as isize)?;
            let count = bounds.slicelength;
            found.push(Part::Slice { start: bounds.start, step: bounds.step, count });
        } else if key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>() {
            found.push(Part::Place(place(key, size, axis)?));
        } else if let Ok(var) = key.cast::<PyVar>() {
            let var = on.var(var.get())?;
            found.push(Part::Many(var));
        } else {
            let tensor = tensor_of(key, DType::F32)?;
            if tensor.dtype() != DType::I64 && tensor.elements() > 0 {
                return Err(wrong(
                    format!("an array of {} stands for places of axis {axis}", tensor.dtype()),
                    "places are whole numbers; masks are arrays of bool",
                ));
            }
            let tensor = counted(py, &tensor.cast(DType::I64), size, axis)?;
            match tensor.rank() {
                0 => found.push(Part::Place(tensor.item().unwrap_or(0.0) as isize)),
                _ => found.push(Part::Many(on.tape.constant(tensor))),
            }
        }
        axis += 1;
    }
    Ok(found)
}

/// A mask as the places where it is true.
fn without_masks<'py>(keys: Vec<Bound<'py, PyAny>>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut found = Vec::new();
    for key in keys {
        let py = key.py();
        if let Ok(var) = key.cast::<PyVar>() {
            let dtype = var.get().shared().enter(py, |on| Ok(on.var(var.get())?.dtype()))?;
            if dtype == DType::Bool {
                return Err(wrong(
                    "a mask on a tape would give a value whose shape depends on numbers",
                    "gt.where(mask, x, 0) keeps the shape; or read the mask with .numpy() first",
                ));
            }
        }
        let plain = key.is_none()
            || key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>()
            || key.is_instance_of::<PySlice>()
            || key.is_instance_of::<PyEllipsis>()
            || key.is_instance_of::<PyVar>();
        if !plain {
            let array = numpy(py)?.call_method1("asarray", (&key,))?;
            if array.getattr("dtype")?.getattr("kind")?.extract::<String>()? == "b" {
                let places = array.call_method0("nonzero")?;
                for places in places.try_iter()? {
                    found.push(places?);
                }
                continue;
            }
        }
        found.push(key);
    }
    Ok(found)
}

/// A place from the start of an axis.
fn place(key: &Bound<'_, PyAny>, size: usize, axis: usize) -> PyResult<isize> {
    let number: isize = key.extract().unwrap_or(isize::MAX);
    let from_start = if number < 0 { number.saturating_add_unsigned(size) } else { number };
    if from_start < 0 || from_start as usize >= size {
        // Not the library's exception, since it ends loops of Python.
        let message = format!("place {key} is out of range for axis {axis} of size {size}");
        return Err(PyIndexError::new_err(message));
    }
    Ok(from_start)
}

/// Places from the start of an axis.
fn counted(py: Python<'_>, places: &Tensor, size: usize, axis: usize) -> PyResult<Tensor> {
    let mut all = places.to_vec::<i64>().map_err(crate::error::raised)?;
    for place in &mut all {
        let given = *place;
        if *place < 0 {
            *place += size as i64;
        }
        if *place < 0 || *place >= size as i64 {
            let message = format!("place {given} is out of range for axis {axis} of size {size}");
            return Err(refused(
                py,
                Kind::Shape,
                message,
                "places count from 0, or from -1 at the end",
            ));
        }
    }
    Tensor::from_vec(all, places.shape()).map_err(crate::error::raised)
}

fn apply<'t>(py: Python<'_>, x: Var<'t>, parts: Vec<Part<'t>>) -> PyResult<Var<'t>> {
    let many = parts.iter().any(|part| matches!(part, Part::Many(_)));
    let (mut x, mut axis) = (x, 0isize);
    let mut arrays: Vec<(isize, Var<'t>)> = Vec::new();
    for part in parts {
        match part {
            Part::New => x = x.unsqueeze(axis),
            // Beside arrays of places, one place is an array too, as in NumPy.
            Part::Place(place) if many => {
                let place = x.tape().constant(Tensor::scalar(place as i64));
                arrays.push((axis, place));
            }
            Part::Place(place) => {
                x = x.index(axis, place);
                continue;
            }
            Part::Slice { start, step, count } => x = sliced(x, axis, start, step, count),
            Part::Many(places) => arrays.push((axis, places)),
        }
        axis += 1;
    }
    match arrays[..] {
        [] => Ok(x),
        [(axis, places)] if places.shape().rank() == 1 => Ok(x.index_select(axis, places)),
        _ => gathered(py, x, &arrays),
    }
}

/// `count` elements from `start` on, `step` apart, of an axis.
fn sliced(x: Var<'_>, axis: isize, start: isize, step: isize, count: usize) -> Var<'_> {
    if count == 0 {
        return x.slice_step(axis, 0, 0, 1);
    }
    let reach = (count as isize - 1) * step;
    match step > 0 {
        true => x.slice_step(axis, start as usize, (start + reach) as usize + 1, step as usize),
        false => x
            .slice_step(axis, (start + reach) as usize, start as usize + 1, step.unsigned_abs())
            .flip(axis),
    }
}

/// The elements that arrays of places name together: where these stand side by side, in their place.
fn gathered<'t>(py: Python<'_>, x: Var<'t>, arrays: &[(isize, Var<'t>)]) -> PyResult<Var<'t>> {
    let rank = x.shape().rank();
    let axes: Vec<usize> = arrays.iter().map(|&(axis, _)| axis as usize).collect();
    let mut shape = Shape::scalar();
    for (_, places) in arrays {
        shape = shape.broadcast(&places.shape()).map_err(|_| {
            let message = format!("the places {shape} and {} do not broadcast", places.shape());
            refused(py, Kind::Shape, message, "arrays of places have one shape together")
        })?;
    }
    let rest = (0..rank).filter(|axis| !axes.contains(axis));
    let order: Vec<usize> = axes.iter().copied().chain(rest).collect();
    let places: Vec<Var<'t>> = arrays.iter().map(|&(_, places)| places).collect();
    let found = x.transpose(&order).index_get(&places);
    let together = axes.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let first = if together { axes[0] } else { 0 };
    let new = shape.rank();
    let after = new..new + first;
    let order: Vec<usize> = after.chain(0..new).chain(new + first..found.shape().rank()).collect();
    Ok(found.transpose(&order))
}
