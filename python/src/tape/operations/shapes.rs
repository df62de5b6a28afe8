//! Operations that move elements.

use gradtape::{DType, Var};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use super::arguments::{Axes, shape, sizes};
use super::listed;
use crate::tape::{PyVar, wrong};

listed! { NAMES:
    reshape flatten ravel squeeze expand_dims transpose swapaxes moveaxis broadcast_to pad tril triu diagonal trace
    window fold tile repeat roll split
}

#[pymethods]
impl PyVar {
    /// The same elements under another shape, of which one size may be -1: what is left.
    #[pyo3(signature = (*shape))]
    fn reshape(&self, py: Python<'_>, shape: &Bound<'_, PyTuple>) -> PyResult<PyVar> {
        let sizes = sizes(shape)?;
        self.shared().enter(py, |on| {
            let x = on.var(self)?;
            on.give(py, x.reshape(without_rest(x, &sizes)?))
        })
    }

    /// The axes from this one on as one axis; from 0 on a vector.
    #[pyo3(signature = (start=0))]
    fn flatten(&self, py: Python<'_>, start: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.flatten(start))
    }

    /// All elements as a vector.
    fn ravel(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| x.flatten(0))
    }

    /// Without axes of size 1: those that are named, or all.
    #[pyo3(signature = (axis=None))]
    fn squeeze(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>) -> PyResult<PyVar> {
        let axes = Axes::of(axis)?;
        let all = axis.is_none();
        self.map(py, |x| {
            let sizes = x.shape();
            let Some(axes) = axes.sorted(&sizes) else { return x.sum(axes.list(x)) };
            let dropped = axes.into_iter().rev().filter(|&axis| !all || sizes[axis] == 1);
            dropped.fold(x, |x, axis| x.squeeze(axis as isize))
        })
    }

    /// With a new axis of size 1 at this place of the result.
    fn expand_dims(&self, py: Python<'_>, axis: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.unsqueeze(axis))
    }

    /// The axes in another order; reversed if none is given.
    #[pyo3(signature = (*axes))]
    fn transpose(&self, py: Python<'_>, axes: &Bound<'_, PyTuple>) -> PyResult<PyVar> {
        let reversed = axes.is_empty() || axes.len() == 1 && axes.get_item(0)?.is_none();
        let axes = if reversed { Vec::new() } else { sizes(axes)? };
        self.map(py, |x| {
            let rank = x.shape().rank();
            if reversed {
                return x.transpose(&(0..rank).rev().collect::<Vec<_>>());
            }
            let place =
                |&axis: &isize| if axis < 0 { axis.saturating_add(rank as isize) } else { axis };
            // What is no axis is far beyond all of them, and the library says so.
            let order: Vec<usize> = axes
                .iter()
                .map(place)
                .map(|axis| usize::try_from(axis).unwrap_or(usize::MAX))
                .collect();
            x.transpose(&order)
        })
    }

    /// Two axes exchanged.
    fn swapaxes(&self, py: Python<'_>, axis1: isize, axis2: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.swap_axes(axis1, axis2))
    }

    /// An axis at another place, the others in their order.
    fn moveaxis(&self, py: Python<'_>, source: isize, destination: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.move_axis(source, destination))
    }

    /// Repeated along axes of size 1 and along new leading axes.
    #[pyo3(signature = (*shape))]
    fn broadcast_to(&self, py: Python<'_>, shape: &Bound<'_, PyTuple>) -> PyResult<PyVar> {
        let dims = self::shape(shape)?;
        self.map(py, |x| x.broadcast_to(dims))
    }

    /// With zeros around: `(before, after)` for each axis, or for all alike; or a number for both.
    fn pad(&self, py: Python<'_>, pad_width: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        let widths = widths(pad_width)?;
        self.shared().enter(py, |on| {
            let x = on.var(self)?;
            let rank = x.shape().rank();
            if widths.len() > 1 && widths.len() != rank {
                let message =
                    format!("pad: {} pairs for the {rank} axes of {}", widths.len(), x.shape());
                return Err(wrong(message, "give a pair for each axis, or one for all"));
            }
            let padded = (0..rank).fold(x, |x, axis| {
                let (before, after) = widths[axis.min(widths.len() - 1)];
                x.pad(axis as isize, before, after)
            });
            on.give(py, padded)
        })
    }

    /// The lower triangle of the matrices in the last two axes, up to diagonal k; zeros elsewhere.
    #[pyo3(signature = (k=0))]
    fn tril(&self, py: Python<'_>, k: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.tril(k))
    }

    /// The upper triangle of the matrices in the last two axes, from diagonal k on; zeros elsewhere.
    #[pyo3(signature = (k=0))]
    fn triu(&self, py: Python<'_>, k: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.triu(k))
    }

    /// The elements at equal places of two axes, of the second `offset` further, along a new last axis.
    #[pyo3(signature = (offset=0, axis1=0, axis2=1))]
    fn diagonal(
        &self,
        py: Python<'_>,
        offset: isize,
        axis1: isize,
        axis2: isize,
    ) -> PyResult<PyVar> {
        self.map(py, |x| diagonal(x, offset, axis1, axis2))
    }

    /// The sum of the diagonal along two axes: see `diagonal`.
    #[pyo3(signature = (offset=0, axis1=0, axis2=1))]
    fn trace(&self, py: Python<'_>, offset: isize, axis1: isize, axis2: isize) -> PyResult<PyVar> {
        self.map(py, |x| {
            let x = if x.dtype() == DType::Bool { x.cast(DType::I64) } else { x };
            diagonal(x, offset, axis1, axis2).sum(-1)
        })
    }

    /// All windows of a size along an axis: their places take that axis, and a new last axis what is in them.
    #[pyo3(signature = (axis, size, stride=1, dilation=1))]
    fn window(
        &self,
        py: Python<'_>,
        axis: isize,
        size: usize,
        stride: usize,
        dilation: usize,
    ) -> PyResult<PyVar> {
        self.map(py, |x| x.window(axis, size, stride, dilation))
    }

    /// The opposite of `window`: windows added up where they overlap, along an axis of this size.
    #[pyo3(signature = (axis, size, stride=1, dilation=1))]
    fn fold(
        &self,
        py: Python<'_>,
        axis: isize,
        size: usize,
        stride: usize,
        dilation: usize,
    ) -> PyResult<PyVar> {
        self.map(py, |x| x.fold(axis, size, stride, dilation))
    }

    /// All of it this often along each axis.
    #[pyo3(signature = (*reps))]
    fn tile(&self, py: Python<'_>, reps: &Bound<'_, PyTuple>) -> PyResult<PyVar> {
        let counts = shape(reps)?;
        self.map(py, |x| {
            let missing = x.shape().rank().saturating_sub(counts.len());
            let counts: Vec<usize> = std::iter::repeat_n(1, missing).chain(counts).collect();
            let more = counts.len() - x.shape().rank();
            let x = (0..more).fold(x, |x, _| x.unsqueeze(0));
            x.tile(&counts)
        })
    }

    /// Each element this often, one beside another, along an axis; without one, of all in a row.
    #[pyo3(signature = (repeats, axis=None))]
    fn repeat(&self, py: Python<'_>, repeats: usize, axis: Option<isize>) -> PyResult<PyVar> {
        self.map(py, |x| match axis {
            Some(axis) => x.repeat_interleave(axis, repeats),
            None => x.flatten(0).repeat_interleave(0, repeats),
        })
    }

    /// The elements along an axis moved towards its end, and those beyond it to its beginning; without an axis, of all
    /// in a row.
    #[pyo3(signature = (shift, axis=None))]
    fn roll(&self, py: Python<'_>, shift: isize, axis: Option<isize>) -> PyResult<PyVar> {
        self.map(py, |x| match axis {
            Some(axis) => x.roll(axis, shift),
            None => x.flatten(0).roll(0, shift).reshape(x.shape()),
        })
    }

    /// Parts along an axis, as `numpy.split`: this many of equal size, or those before, between and behind these places.
    #[pyo3(signature = (indices_or_sections, axis=0))]
    fn split(
        &self,
        py: Python<'_>,
        indices_or_sections: &Bound<'_, PyAny>,
        axis: isize,
    ) -> PyResult<Vec<PyVar>> {
        self.shared().enter(py, |on| {
            let x = on.var(self)?;
            let size = x.shape().axis(axis).map_or(0, |axis| x.shape()[axis]);
            let sizes: Vec<usize> = match indices_or_sections.is_instance_of::<PyInt>() {
                false => {
                    let places: Vec<isize> = indices_or_sections.extract()?;
                    return on.give_all(py, parts_between(x, axis, size, &places));
                }
                true => {
                    let count: usize = indices_or_sections.extract()?;
                    if count == 0 || count > size.max(1) || !size.is_multiple_of(count) {
                        let message =
                            format!("split: axis {axis} of {} into {count} parts", x.shape());
                        return Err(wrong(
                            message,
                            "give a number that divides the axis, or the places between parts",
                        ));
                    }
                    vec![size / count; count]
                }
            };
            on.give_all(py, x.split(axis, &sizes))
        })
    }
}

/// The parts of an axis before, between and behind places, which count from the end below 0.
fn parts_between<'t>(x: Var<'t>, axis: isize, size: usize, places: &[isize]) -> Vec<Var<'t>> {
    let from_start = |&place: &isize| match place < 0 {
        true => size.saturating_sub(place.unsigned_abs()),
        false => size.min(place as usize),
    };
    let ends = places.iter().map(from_start).chain([size]);
    let starts = std::iter::once(0).chain(places.iter().map(from_start));
    // A part that ends before it begins is empty.
    starts.zip(ends).map(|(start, end)| x.slice_step(axis, start, end.max(start), 1)).collect()
}

/// The elements at places `[i, i + offset]` of two axes, along a new last one.
fn diagonal<'t>(x: Var<'t>, offset: isize, axis1: isize, axis2: isize) -> Var<'t> {
    let shape = x.shape();
    let (first, second) = match (shape.axis(axis1), shape.axis(axis2)) {
        (Ok(first), Ok(second)) if first != second => (first, second),
        // The error of an axis that there is not, or of one alone.
        _ => return x.diagonal(axis1, axis2),
    };
    let skipped = offset.unsigned_abs();
    let (above, left) = if offset < 0 { (skipped, 0) } else { (0, skipped) };
    let count = shape[first].saturating_sub(above).min(shape[second].saturating_sub(left));
    let cut = |x: Var<'t>, axis: usize, start: usize| match (count, start) {
        (0, _) => x.slice_step(axis as isize, 0, 0, 1),
        (_, 0) if count == shape[axis] => x,
        _ => x.slice_step(axis as isize, start, start + count, 1),
    };
    let square = cut(cut(x, first, above), second, left);
    square.diagonal(first as isize, second as isize).move_axis(first.min(second) as isize, -1)
}

/// Sizes in which -1 stands for what is left.
fn without_rest(x: Var<'_>, sizes: &[isize]) -> PyResult<Vec<usize>> {
    let known: usize = sizes
        .iter()
        .filter(|size| **size > 0)
        .fold(1, |all, &size| all.saturating_mul(size as usize));
    let refuse = |rule: String| {
        Err(wrong(
            format!("reshape of {}: {rule}", x.meta()),
            "one size may be -1, the others are 0 or more",
        ))
    };
    let rests = sizes.iter().filter(|size| **size == -1).count();
    if rests > 1 || sizes.iter().any(|size| *size < -1) {
        return refuse(format!("{sizes:?} is no shape"));
    }
    let elements = x.shape().elements();
    if rests == 1 && (sizes.contains(&0) || !elements.is_multiple_of(known)) {
        return refuse(format!("{elements} elements are no multiple of those of {sizes:?}"));
    }
    Ok(sizes.iter().map(|&size| usize::try_from(size).unwrap_or(elements / known)).collect())
}

fn widths(object: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, usize)>> {
    if let Ok(both) = object.extract::<usize>() {
        return Ok(vec![(both, both)]);
    }
    if let Ok(pair) = object.extract::<(usize, usize)>() {
        return Ok(vec![pair]);
    }
    let found: Vec<(usize, usize)> = object.extract().unwrap_or_default();
    match found.is_empty() {
        false => Ok(found),
        true => Err(PyTypeError::new_err(
            "pad_width is a number, a pair (before, after), or a pair for each axis",
        )),
    }
}
