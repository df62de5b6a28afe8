//! What stands in brackets behind a value: places, slices, `...`, `None`, and arrays of places or truth values.

use gradtape::{DType, Kind, Shape, Tensor, Var};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PySlice, PyTuple};

use super::array::{numpy, tensor_of};
use super::tape::refused;
use super::{On, PyVar, first_var, wrong};
use crate::error::index_error;

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

/// A part of a key of Python.
enum Key<'py> {
    Object(Bound<'py, PyAny>),
    /// A mask as the places where it is true, for each of its axes, and its shape.
    Mask(Vec<Bound<'py, PyAny>>, Vec<usize>),
}

impl Key<'_> {
    fn is_dots(&self) -> bool {
        matches!(self, Key::Object(key) if key.is_instance_of::<PyEllipsis>())
    }

    /// How many axes it stands for; none of `...`, which stands for the rest.
    fn axes(&self) -> usize {
        match self {
            Key::Object(key) => usize::from(!key.is_none() && !self.is_dots()),
            Key::Mask(places, _) => places.len(),
        }
    }
}

/// The parts of a key, for the axes of a shape in order.
fn parts<'t>(on: &On<'t>, key: &Bound<'_, PyAny>, shape: &Shape) -> PyResult<Vec<Part<'t>>> {
    let py = key.py();
    let keys: Vec<Bound<'_, PyAny>> = match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter().collect(),
        Err(_) => vec![key.clone()],
    };
    let keys: Vec<Key<'_>> = keys.into_iter().map(with_mask).collect::<PyResult<_>>()?;
    let used: usize = keys.iter().map(Key::axes).sum();
    if used > shape.rank() || keys.iter().filter(|key| key.is_dots()).count() > 1 {
        let message = format!("{used} places or slices for the {} axes of {shape}", shape.rank());
        return Err(index_error(
            py,
            message,
            "give one for each axis, and `...` once for the rest",
        ));
    }
    let mut found = Vec::new();
    for key in &keys {
        let axis = found.iter().filter(|part| !matches!(part, Part::New)).count();
        match key {
            Key::Object(key) if key.is_none() => found.push(Part::New),
            Key::Object(_) if key.is_dots() => {
                found.extend((used..shape.rank()).enumerate().map(|(more, _)| Part::Slice {
                    start: 0,
                    step: 1,
                    count: shape[axis + more],
                }))
            }
            Key::Object(key) => found.push(part(on, key, shape[axis], axis)?),
            Key::Mask(places, sizes) => {
                for (more, (places, &size)) in places.iter().zip(sizes).enumerate() {
                    let axis = axis + more;
                    if size != shape[axis] {
                        let message = format!(
                            "a mask of {size} truth values for axis {axis} of {shape}, which has size {}",
                            shape[axis]
                        );
                        return Err(index_error(
                            py,
                            message,
                            "a mask has a truth value for each place",
                        ));
                    }
                    found.push(part(on, places, size, axis)?);
                }
            }
        }
    }
    Ok(found)
}

/// What stands for one axis.
fn part<'t>(on: &On<'t>, key: &Bound<'_, PyAny>, size: usize, axis: usize) -> PyResult<Part<'t>> {
    if let Ok(slice) = key.cast::<PySlice>() {
        let bounds = slice.indices(size as isize)?;
        let count = bounds.slicelength;
        return Ok(Part::Slice { start: bounds.start, step: bounds.step, count });
    }
    if key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>() {
        return Ok(Part::Place(place(key, size, axis)?));
    }
    if first_var([key]).is_some() {
        return on.value(key, DType::I64).map(Part::Many);
    }
    let tensor = tensor_of(key, DType::F32)?;
    if tensor.dtype() != DType::I64 && tensor.elements() > 0 {
        return Err(wrong(
            format!("an array of {} stands for places of axis {axis}", tensor.dtype()),
            "places are whole numbers; masks are arrays of bool",
        ));
    }
    let tensor = counted(key.py(), &tensor.cast(DType::I64), size, axis)?;
    Ok(match tensor.rank() {
        0 => Part::Place(tensor.item().unwrap_or(0.0) as isize),
        _ => Part::Many(on.tape.constant(tensor)),
    })
}

/// A part of a key; a mask as the places where it is true.
fn with_mask(key: Bound<'_, PyAny>) -> PyResult<Key<'_>> {
    let py = key.py();
    if let Some(var) = first_var([&key]) {
        let dtype = var.get().shared().enter(py, |on| Ok(on.var(var.get())?.dtype()))?;
        if dtype == DType::Bool {
            return Err(wrong(
                "a mask on a tape would give a value whose shape depends on numbers",
                "gt.where(mask, x, 0) keeps the shape; or read the mask with .numpy() first",
            ));
        }
        return Ok(Key::Object(key));
    }
    let plain = key.is_none()
        || key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>()
        || key.is_instance_of::<PySlice>()
        || key.is_instance_of::<PyEllipsis>();
    if plain {
        return Ok(Key::Object(key));
    }
    let array = numpy(py)?.call_method1("asarray", (&key,))?;
    if array.getattr("dtype")?.getattr("kind")?.extract::<String>()? != "b" {
        return Ok(Key::Object(key));
    }
    let sizes: Vec<usize> = array.getattr("shape")?.extract()?;
    if sizes.is_empty() {
        return Err(index_error(
            py,
            "a truth value alone is neither a place nor a mask".into(),
            "a mask is an array of bool; `None` adds an axis",
        ));
    }
    let places = array.call_method0("nonzero")?;
    Ok(Key::Mask(places.try_iter()?.collect::<PyResult<_>>()?, sizes))
}

const PLACES: &str = "places count from 0, or from -1 at the end";

/// A place from the start of an axis.
fn place(key: &Bound<'_, PyAny>, size: usize, axis: usize) -> PyResult<isize> {
    let number: isize = key.extract().unwrap_or(isize::MAX);
    let from_start = if number < 0 { number.saturating_add_unsigned(size) } else { number };
    if from_start < 0 || from_start as usize >= size {
        let message = format!("place {key} is out of range for axis {axis} of size {size}");
        return Err(index_error(key.py(), message, PLACES));
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
            return Err(index_error(py, message, PLACES));
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
