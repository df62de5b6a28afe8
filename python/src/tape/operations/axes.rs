//! Operations over axes and along one.

use gradtape::{DType, Kind, Var};
use pyo3::prelude::*;

use super::arguments::Axes;
use super::listed;
use crate::tape::{PyVar, refused};

/// Stamps reductions.
macro_rules! reductions {
    ($names:ident: $($(#[$doc:meta])* $name:ident;)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];

        #[pyo3::pymethods]
        impl $crate::tape::PyVar {
            $(
                $(#[$doc])*
                #[pyo3(signature = (axis=None, keepdims=false))]
                fn $name(
                    &self,
                    py: pyo3::Python<'_>,
                    axis: Option<&pyo3::Bound<'_, pyo3::PyAny>>,
                    keepdims: bool,
                ) -> pyo3::PyResult<$crate::tape::PyVar> {
                    let axes = Axes::of(axis)?;
                    self.shared().enter(py, |on| {
                        let x = numeric(on.var(self)?, stringify!($name));
                        refuse_nothing(py, x, &axes, stringify!($name))?;
                        on.give(py, axes.reduce(x, keepdims, |x, axes| x.$name(axes)))
                    })
                }
            )*
        }
    };
}

reductions! { REDUCTIONS:
    /// The sum over axes; all of them if none is named.
    sum;
    /// The mean over axes, of floats.
    mean;
    /// The greatest element over axes.
    max;
    /// The least element over axes.
    min;
    /// The product over axes; of nothing it is 1.
    prod;
    /// `log(sum(e^x))` over axes, which does not overflow.
    logsumexp;
    /// Whether an element is true over axes.
    any;
    /// Whether all elements are true over axes.
    all;
    /// How many elements are not 0 over axes, as int64.
    count_nonzero;
}

listed! { OTHERS:
    var std normalize argmax argmin softmax log_softmax glu cumsum cumprod logcumsumexp cummax cummin sort argsort
    top_k median quantile flip
}

#[pymethods]
impl PyVar {
    /// The variance over axes, with `n - ddof` in the place of n.
    #[pyo3(signature = (axis=None, ddof=0, keepdims=false))]
    fn var(
        &self,
        py: Python<'_>,
        axis: Option<&Bound<'_, PyAny>>,
        ddof: usize,
        keepdims: bool,
    ) -> PyResult<PyVar> {
        let axes = Axes::of(axis)?;
        self.map(py, |x| axes.reduce(x, keepdims, |x, axes| x.var(axes, ddof)))
    }

    /// The standard deviation over axes, with `n - ddof` in the place of n; gradient 0 where it is 0.
    #[pyo3(signature = (axis=None, ddof=0, keepdims=false))]
    fn std(
        &self,
        py: Python<'_>,
        axis: Option<&Bound<'_, PyAny>>,
        ddof: usize,
        keepdims: bool,
    ) -> PyResult<PyVar> {
        let axes = Axes::of(axis)?;
        self.map(py, |x| axes.reduce(x, keepdims, |x, axes| x.std(axes, ddof)))
    }

    /// Mean 0 and variance 1 over axes: the distance from the mean over `sqrt(variance + eps)`.
    #[pyo3(signature = (axis=None, eps=1e-5))]
    fn normalize(
        &self,
        py: Python<'_>,
        axis: Option<&Bound<'_, PyAny>>,
        eps: f64,
    ) -> PyResult<PyVar> {
        let axes = Axes::of(axis)?;
        self.map(py, |x| x.normalize(axes.list(x), eps))
    }

    /// The place of the greatest element, the first of several, along an axis or of all.
    #[pyo3(signature = (axis=None, keepdims=false))]
    fn argmax(&self, py: Python<'_>, axis: Option<isize>, keepdims: bool) -> PyResult<PyVar> {
        self.map(py, |x| place(x, axis, keepdims, |x, axis| x.argmax(axis)))
    }

    /// The place of the least element, the first of several, along an axis or of all.
    #[pyo3(signature = (axis=None, keepdims=false))]
    fn argmin(&self, py: Python<'_>, axis: Option<isize>, keepdims: bool) -> PyResult<PyVar> {
        self.map(py, |x| place(x, axis, keepdims, |x, axis| x.argmin(axis)))
    }

    /// `e^x / sum(e^x)` along an axis: positive numbers that add up to 1.
    #[pyo3(signature = (axis=-1))]
    fn softmax(&self, py: Python<'_>, axis: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.softmax(axis))
    }

    /// The logarithm of the softmax along an axis.
    #[pyo3(signature = (axis=-1))]
    fn log_softmax(&self, py: Python<'_>, axis: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.log_softmax(axis))
    }

    /// The first half along an axis times the sigmoid of the second.
    #[pyo3(signature = (axis=-1))]
    fn glu(&self, py: Python<'_>, axis: isize) -> PyResult<PyVar> {
        self.map(py, |x| x.glu(axis))
    }

    /// The sum of each element and all before it along an axis; without one, of all in a row.
    #[pyo3(signature = (axis=None))]
    fn cumsum(&self, py: Python<'_>, axis: Option<isize>) -> PyResult<PyVar> {
        self.map(py, |x| along(x, axis, |x, axis| x.cumsum(axis)))
    }

    /// The product of each element and all before it along an axis; without one, of all in a row.
    #[pyo3(signature = (axis=None))]
    fn cumprod(&self, py: Python<'_>, axis: Option<isize>) -> PyResult<PyVar> {
        self.map(py, |x| along(x, axis, |x, axis| x.cumprod(axis)))
    }

    /// `log(sum(e^x))` of each element and all before it along an axis; without one, of all in a row.
    #[pyo3(signature = (axis=None))]
    fn logcumsumexp(&self, py: Python<'_>, axis: Option<isize>) -> PyResult<PyVar> {
        self.map(py, |x| along(x, axis, |x, axis| x.logcumsumexp(axis)))
    }

    /// The greatest of each element and all before it along an axis, and its place: two values.
    #[pyo3(signature = (axis=0))]
    fn cummax(&self, py: Python<'_>, axis: isize) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.cummax(axis))
    }

    /// The least of each element and all before it along an axis, and its place: two values.
    #[pyo3(signature = (axis=0))]
    fn cummin(&self, py: Python<'_>, axis: isize) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.cummin(axis))
    }

    /// The elements along an axis in order; NaN at the end.
    #[pyo3(signature = (axis=-1, descending=false))]
    fn sort(&self, py: Python<'_>, axis: isize, descending: bool) -> PyResult<PyVar> {
        self.map(py, |x| if descending { x.sort_descending(axis) } else { x.sort(axis) })
    }

    /// The places of the elements along an axis in order, as int64.
    #[pyo3(signature = (axis=-1, descending=false))]
    fn argsort(&self, py: Python<'_>, axis: isize, descending: bool) -> PyResult<PyVar> {
        self.map(py, |x| if descending { x.argsort_descending(axis) } else { x.argsort(axis) })
    }

    /// The k greatest elements along an axis, the greatest first, and their places: two values.
    #[pyo3(signature = (k, axis=-1))]
    fn top_k(&self, py: Python<'_>, k: usize, axis: isize) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.top_k(axis, k))
    }

    /// The element in the middle along an axis, or of all; of an even number the mean of two.
    #[pyo3(signature = (axis=None, keepdims=false))]
    fn median(&self, py: Python<'_>, axis: Option<isize>, keepdims: bool) -> PyResult<PyVar> {
        self.map(py, |x| place(x, axis, keepdims, |x, axis| x.median(axis)))
    }

    /// The number below which a share q of the elements along an axis, or of all, lies; between two it is interpolated.
    #[pyo3(signature = (q, axis=None, keepdims=false))]
    fn quantile(
        &self,
        py: Python<'_>,
        q: f64,
        axis: Option<isize>,
        keepdims: bool,
    ) -> PyResult<PyVar> {
        self.map(py, |x| place(x, axis, keepdims, |x, axis| x.quantile(axis, q)))
    }

    /// The elements along axes in the opposite order.
    #[pyo3(signature = (axis=None))]
    fn flip(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>) -> PyResult<PyVar> {
        let axes = Axes::of(axis)?;
        self.map(py, |x| match axes.sorted(&x.shape()) {
            Some(all) => all.into_iter().fold(x, |x, axis| x.flip(axis as isize)),
            // The error of an axis that there is not.
            None => x.sum(axes.list(x)),
        })
    }
}

impl PyVar {
    /// Records an operation with two results.
    pub(super) fn two(
        &self,
        py: Python<'_>,
        f: impl for<'t> FnOnce(Var<'t>) -> (Var<'t>, Var<'t>),
    ) -> PyResult<(PyVar, PyVar)> {
        self.shared().enter(py, |on| {
            let (first, second) = f(on.var(self)?);
            Ok((on.give(py, first)?, on.give(py, second)?))
        })
    }

    /// Records an operation with three results.
    #[cfg(feature = "linalg")]
    pub(super) fn three(
        &self,
        py: Python<'_>,
        f: impl for<'t> FnOnce(Var<'t>) -> (Var<'t>, Var<'t>, Var<'t>),
    ) -> PyResult<(PyVar, PyVar, PyVar)> {
        self.shared().enter(py, |on| {
            let (first, second, third) = f(on.var(self)?);
            Ok((on.give(py, first)?, on.give(py, second)?, on.give(py, third)?))
        })
    }
}

/// An error for the greatest or the least of nothing, which there is not.
pub(super) fn refuse_nothing(py: Python<'_>, x: Var<'_>, axes: &Axes, name: &str) -> PyResult<()> {
    let shape = x.shape();
    let Some(reduced) = axes.sorted(&shape) else { return Ok(()) };
    let empty = reduced.iter().find(|&&axis| shape[axis] == 0);
    match (name, empty) {
        ("max" | "min", Some(axis)) => Err(refused(
            py,
            Kind::Shape,
            format!("{name} of {}: axis {axis} is empty, and nothing has no {name}", x.meta()),
            "ask for v.size before",
        )),
        _ => Ok(()),
    }
}

/// Truth values as numbers, and whole numbers as floats for a mean, as in NumPy.
fn numeric<'t>(x: Var<'t>, name: &str) -> Var<'t> {
    match (x.dtype(), name) {
        (DType::Bool, "sum" | "prod") => x.cast(DType::I64),
        (DType::Bool | DType::I64, "mean") => x.cast(DType::F32),
        _ => x,
    }
}

/// Along an axis, or of all elements in a row.
fn along<'t>(
    x: Var<'t>,
    axis: Option<isize>,
    f: impl FnOnce(Var<'t>, isize) -> Var<'t>,
) -> Var<'t> {
    match axis {
        Some(axis) => f(x, axis),
        None => f(x.flatten(0), 0),
    }
}

/// As [`along`], of what drops the axis.
fn place<'t>(
    x: Var<'t>,
    axis: Option<isize>,
    keep: bool,
    f: impl FnOnce(Var<'t>, isize) -> Var<'t>,
) -> Var<'t> {
    let found = along(x, axis, f);
    match (keep, axis) {
        (false, _) => found,
        (true, None) => found.reshape(vec![1; x.shape().rank()]),
        // It failed otherwise.
        (true, Some(axis)) => match x.shape().axis(axis) {
            Ok(axis) => found.unsqueeze(axis as isize),
            Err(_) => found,
        },
    }
}
