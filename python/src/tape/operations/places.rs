//! Operations by places: products of matrices, and what takes elements or puts them.

use gradtape::DType;
use gradtape::op::Operand;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::arguments::shape;
use super::{listed, pairs};
use crate::tape::PyVar;
use crate::tape::array::dtype_of;

pairs! { PRODUCTS:
    /// The product of matrices in the last two axes; those before them broadcast.
    matmul;
    /// The blocks along the last axis on which the nearest numbers that do not increase are constant.
    isotonic_blocks;
    /// As `isotonic_blocks`, for blocks of `log(sum(e^x))`.
    isotonic_blocks_entropic;
}

listed! { NAMES:
    matmul dot outer isotonic_blocks isotonic_blocks_entropic tensordot take take_along_axis scatter_add scatter_max
    scatter_min put_along_axis index_add index_max index_min index_copy with_index with_slice one_hot searchsorted
}

const _: &[&str] = PRODUCTS;

#[pymethods]
impl PyVar {
    /// As `numpy.dot`: of vectors a number, of matrices their product; the last axis of this with the last but one of the
    /// other.
    fn dot(&self, other: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        self.beside(other, |x, y| {
            let y = y.operand(x);
            match (x.shape().rank(), y.shape().rank()) {
                (0, _) | (_, 0) => x * y,
                (1, 1) => x.dot(y),
                (_, 1) | (2, 2) | (1, 2) => x.matmul(y),
                _ => x.tensordot(y.move_axis(-2, 0), 1),
            }
        })
    }

    /// All products of an element of each, `[elements of this, elements of the other]`.
    fn outer(&self, other: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        self.with(other, |x, y| x.flatten(0).outer(y.flatten(0)))
    }

    /// Sums of products over the last `axes` axes of this and the first of the other.
    #[pyo3(signature = (other, axes=2))]
    fn tensordot(&self, other: &Bound<'_, PyAny>, axes: usize) -> PyResult<PyVar> {
        self.with(other, |x, y| x.tensordot(y, axes))
    }

    /// The slices at the places of an axis that an array of int64 names; without an axis, of all in a row.
    #[pyo3(signature = (indices, axis=None))]
    fn take(&self, indices: &Bound<'_, PyAny>, axis: Option<isize>) -> PyResult<PyVar> {
        self.with(indices, |x, places| {
            let (x, axis) = match axis {
                Some(axis) => (x, axis),
                None => (x.flatten(0), 0),
            };
            let (Ok(at), sizes) = (x.shape().axis(axis), places.shape()) else {
                return x.index_select(axis, places);
            };
            let before = x.shape();
            let flat = x.index_select(axis, places.flatten(0));
            let dims = before[..at].iter().chain(&sizes[..]).chain(&before[at + 1..]);
            flat.reshape(dims.copied().collect::<Vec<_>>())
        })
    }

    /// Of each place of `indices` the element that it names along an axis.
    #[pyo3(signature = (indices, axis=-1))]
    fn take_along_axis(&self, indices: &Bound<'_, PyAny>, axis: isize) -> PyResult<PyVar> {
        self.with(indices, |x, places| x.gather(axis, places))
    }

    /// The elements added up at the places along an axis that `indices` names, in zeros of a shape.
    fn scatter_add(
        &self,
        indices: &Bound<'_, PyAny>,
        axis: isize,
        shape: &Bound<'_, PyTuple>,
    ) -> PyResult<PyVar> {
        let dims = self::shape(shape)?;
        self.with(indices, |x, places| x.scatter_add(axis, places, dims))
    }

    /// The greatest of the elements at each place along an axis that `indices` names, in a shape.
    fn scatter_max(
        &self,
        indices: &Bound<'_, PyAny>,
        axis: isize,
        shape: &Bound<'_, PyTuple>,
    ) -> PyResult<PyVar> {
        let dims = self::shape(shape)?;
        self.with(indices, |x, places| x.scatter_max(axis, places, dims))
    }

    /// The least of the elements at each place along an axis that `indices` names, in a shape.
    fn scatter_min(
        &self,
        indices: &Bound<'_, PyAny>,
        axis: isize,
        shape: &Bound<'_, PyTuple>,
    ) -> PyResult<PyVar> {
        let dims = self::shape(shape)?;
        self.with(indices, |x, places| x.scatter_min(axis, places, dims))
    }

    /// With values at the places along an axis that `indices` names; of several the last.
    fn put_along_axis(
        &self,
        indices: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        axis: isize,
    ) -> PyResult<PyVar> {
        self.placed(indices, values, |x, places, values| x.scatter(axis, places, values))
    }

    /// The slices along an axis added up at the places that `indices` names, of which there are `size`.
    fn index_add(&self, indices: &Bound<'_, PyAny>, axis: isize, size: usize) -> PyResult<PyVar> {
        self.with(indices, |x, places| x.index_add(axis, places, size))
    }

    /// The greatest of the slices along an axis at each place that `indices` names, of which there are `size`.
    fn index_max(&self, indices: &Bound<'_, PyAny>, axis: isize, size: usize) -> PyResult<PyVar> {
        self.with(indices, |x, places| x.index_max(axis, places, size))
    }

    /// The least of the slices along an axis at each place that `indices` names, of which there are `size`.
    fn index_min(&self, indices: &Bound<'_, PyAny>, axis: isize, size: usize) -> PyResult<PyVar> {
        self.with(indices, |x, places| x.index_min(axis, places, size))
    }

    /// With values in the place of the slices along an axis that `indices` names.
    fn index_copy(
        &self,
        indices: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        axis: isize,
    ) -> PyResult<PyVar> {
        self.placed(indices, values, |x, places, values| x.index_copy(axis, places, values))
    }

    /// With values in the place of the part at a place of an axis.
    fn with_index(&self, axis: isize, place: isize, values: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        self.beside(values, |x, values| x.with_index(axis, place, values))
    }

    /// With values in the place of those from `start` to before `stop` of an axis.
    fn with_slice(
        &self,
        axis: isize,
        start: isize,
        stop: isize,
        values: &Bound<'_, PyAny>,
    ) -> PyResult<PyVar> {
        self.beside(values, |x, values| x.with_slice(axis, start..stop, values))
    }

    /// Of each whole number a row with 1 at its place and 0 elsewhere, along a new last axis of `classes`.
    #[pyo3(signature = (classes, dtype=None))]
    fn one_hot(
        &self,
        py: Python<'_>,
        classes: usize,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyVar> {
        let dtype = dtype.map_or(Ok(DType::F32), dtype_of)?;
        self.map(py, |x| x.one_hot(classes, dtype))
    }

    /// For each value the place at which it can be put into these sorted elements: before equal ones (`"left"`) or behind.
    #[pyo3(signature = (v, side="left"))]
    fn searchsorted(&self, v: &Bound<'_, PyAny>, side: &str) -> PyResult<PyVar> {
        match side {
            "left" => self.with(v, |x, values| x.searchsorted(values)),
            "right" => self.with(v, |x, values| x.searchsorted_right(values)),
            other => Err(super::super::wrong(
                format!("searchsorted: side is {other:?}"),
                "it is \"left\" or \"right\"",
            )),
        }
    }
}

impl PyVar {
    /// Records what puts values at places.
    fn placed(
        &self,
        indices: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        f: impl for<'t> FnOnce(
            gradtape::Var<'t>,
            gradtape::Var<'t>,
            super::super::operand::Other<'t>,
        ) -> gradtape::Var<'t>,
    ) -> PyResult<PyVar> {
        let py = indices.py();
        self.shared().enter(py, |on| {
            let x = on.var(self)?;
            let places = on.value(indices, DType::I64)?;
            let values = match on.other(values, x.dtype())? {
                Some(values) => values,
                None => super::super::operand::Other::Var(on.value(values, x.dtype())?),
            };
            on.give(py, f(x, places, values))
        })
    }
}
