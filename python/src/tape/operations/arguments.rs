//! Arguments as NumPy takes them: axes, shapes, sizes.

use gradtape::op::IntoAxes;
use gradtape::{Shape, Var};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

/// Axes: none named is all of them.
pub(crate) struct Axes(Option<Vec<isize>>);

impl Axes {
    /// Of `None`, a number, or several.
    pub(crate) fn of(object: Option<&Bound<'_, PyAny>>) -> PyResult<Axes> {
        let Some(object) = object else { return Ok(Axes(None)) };
        match object.is_instance_of::<PyInt>() {
            true => Ok(Axes(Some(vec![object.extract()?]))),
            false => object.extract().map(|axes| Axes(Some(axes))).map_err(|_| {
                let what = super::super::array::shortened(object);
                PyTypeError::new_err(format!(
                    "axis is {what}, but must be None, a number or a tuple of numbers"
                ))
            }),
        }
    }

    /// The axes of a value, as the library takes them.
    pub(crate) fn list(&self, x: Var<'_>) -> Vec<isize> {
        match &self.0 {
            None => (0..x.shape().rank() as isize).collect(),
            Some(axes) => axes.clone(),
        }
    }

    /// A reduction over these axes of `x`, with the axes kept at size 1 if that is asked for.
    pub(crate) fn reduce<'t>(
        &self,
        x: Var<'t>,
        keep: bool,
        f: impl FnOnce(Var<'t>, &Vec<isize>) -> Var<'t>,
    ) -> Var<'t> {
        let axes = self.list(x);
        let reduced = f(x, &axes);
        if !keep || reduced.check().is_err() {
            return reduced;
        }
        let mut dims = x.shape().to_vec();
        for axis in self.sorted(&x.shape()).unwrap_or_default() {
            dims[axis] = 1;
        }
        reduced.reshape(dims)
    }

    /// The axes, sorted and from the start; none where one does not exist.
    pub(crate) fn sorted(&self, shape: &Shape) -> Option<Vec<usize>> {
        match &self.0 {
            None => Some((0..shape.rank()).collect()),
            Some(axes) => axes.axes(shape).ok().map(|axes| axes.to_vec()),
        }
    }
}

/// Sizes: a number, a tuple, or several arguments.
pub(crate) fn sizes(arguments: &Bound<'_, PyTuple>) -> PyResult<Vec<isize>> {
    let first = match arguments.len() {
        1 => arguments.get_item(0)?,
        _ => arguments.clone().into_any(),
    };
    if first.is_instance_of::<PyInt>() {
        return Ok(vec![first.extract()?]);
    }
    first.extract().map_err(|_| {
        let what = super::super::array::shortened(&first);
        PyTypeError::new_err(format!("{what} is no shape: give whole numbers, or a tuple of them"))
    })
}

/// As [`sizes`], none below 0.
pub(crate) fn shape(arguments: &Bound<'_, PyTuple>) -> PyResult<Vec<usize>> {
    sizes(arguments)?
        .into_iter()
        .map(|size| {
            usize::try_from(size).map_err(|_| {
                super::super::wrong(format!("a size is {size}"), "sizes are 0 or more")
            })
        })
        .collect()
}
