//! Norms of vectors and matrices, as those of `numpy.linalg`.

use gradtape::{DType, Kind, Var};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::arguments::Axes;
use super::axes::refuse_nothing;
use super::listed;
use crate::tape::array::shortened;
use crate::tape::{PyVar, refused, wrong};

listed! { NAMES: norm }

/// Which norm.
#[derive(Clone, Copy)]
enum Order {
    /// The root of the sum of squares, of any number of axes.
    Usual,
    Frobenius,
    Nuclear,
    Number(f64),
}

impl Order {
    fn of(object: Option<&Bound<'_, PyAny>>) -> PyResult<Order> {
        let Some(object) = object else { return Ok(Order::Usual) };
        let named = object.cast::<PyString>().map(|name| name.to_string());
        match (named.as_deref(), object.extract::<f64>()) {
            (Ok("fro"), _) => Ok(Order::Frobenius),
            (Ok("nuc"), _) => Ok(Order::Nuclear),
            (Err(_), Ok(number)) if !number.is_nan() => Ok(Order::Number(number)),
            _ => Err(wrong(
                format!("norm: there is no norm of order {}", shortened(object)),
                "order is None, a number, inf or -inf; for matrices also \"fro\" and \"nuc\"",
            )),
        }
    }
}

#[pymethods]
impl PyVar {
    /// As `numpy.linalg.norm`: without `ord` the root of the sum of squares. Along one axis the norm of vectors, of the order
    /// that is given; along two that of matrices. Without axes of all elements, which with an order are a vector or a matrix.
    #[pyo3(signature = (ord=None, axis=None, keepdims=false))]
    fn norm(
        &self,
        py: Python<'_>,
        ord: Option<&Bound<'_, PyAny>>,
        axis: Option<&Bound<'_, PyAny>>,
        keepdims: bool,
    ) -> PyResult<PyVar> {
        let (order, axes) = (Order::of(ord)?, Axes::of(axis)?);
        self.shared().enter(py, |on| {
            let x = on.var(self)?;
            let x = if x.dtype().is_float() { x } else { x.cast(DType::F32) };
            let count = axes.list(x).len();
            let refuse = |rule: &str, hint: &str| {
                Err(refused(py, Kind::Shape, format!("norm of {}: {rule}", x.meta()), hint))
            };
            match (order, count) {
                (Order::Usual, _) if axis.is_none() => {}
                (Order::Usual | Order::Number(_), 1) | (_, 2) => {}
                (_, 1) => return refuse("it is one of matrices", "name two axes"),
                _ => {
                    return refuse(
                        "it is of one axis or two",
                        "name them: axis=-1 or axis=(-2, -1)",
                    );
                }
            }
            if matches!(order, Order::Number(number) if number.is_infinite()) {
                refuse_nothing(py, x, &axes, "max")?;
            }
            let found = axes.reduce(x, keepdims, |x, all| match (order, &all[..]) {
                (Order::Number(p), &[axis]) => of_vectors(x, p, axis),
                (Order::Number(_) | Order::Nuclear, &[rows, columns]) => {
                    of_matrices(x, order, rows, columns)
                }
                _ => x.norm(2.0, all),
            });
            on.give(py, found)
        })
    }
}

fn of_vectors(x: Var<'_>, p: f64, axis: isize) -> Var<'_> {
    if p == 0.0 {
        return x.count_nonzero(axis).cast(x.dtype());
    }
    if p == f64::NEG_INFINITY {
        return x.abs().min(axis);
    }
    if p < 0.0 {
        return x.abs().pow(p).sum(axis).pow(1.0 / p);
    }
    x.norm(p, axis)
}

fn of_matrices(x: Var<'_>, order: Order, rows: isize, columns: isize) -> Var<'_> {
    let shape = x.shape();
    let (rows, columns) = match (shape.axis(rows), shape.axis(columns)) {
        (Ok(rows), Ok(columns)) if rows != columns => (rows, columns),
        // The error of axes that there are not, or that are one.
        _ => return x.sum(vec![rows, columns]),
    };
    // The sums of columns, or of rows, and the greatest or least of them.
    let of_sums = |along: usize, then: usize, least: bool| {
        let sums = x.abs().sum(along as isize);
        let then = (then - usize::from(then > along)) as isize;
        if least { sums.min(then) } else { sums.max(then) }
    };
    match order {
        Order::Number(1.0) => of_sums(rows, columns, false),
        Order::Number(-1.0) => of_sums(rows, columns, true),
        Order::Number(f64::INFINITY) => of_sums(columns, rows, false),
        Order::Number(f64::NEG_INFINITY) => of_sums(columns, rows, true),
        _ => {
            let rest = (0..shape.rank()).filter(|&axis| axis != rows && axis != columns);
            let order_of_axes: Vec<usize> = rest.chain([rows, columns]).collect();
            of_singular_values(x.transpose(&order_of_axes), order)
        }
    }
}

#[cfg(feature = "linalg")]
fn of_singular_values(x: Var<'_>, order: Order) -> Var<'_> {
    match order {
        Order::Nuclear => x.nuclear_norm(),
        Order::Number(2.0) => x.spectral_norm(),
        Order::Number(-2.0) => x.svdvals().min(-1),
        _ => unknown(x),
    }
}

#[cfg(not(feature = "linalg"))]
fn of_singular_values(x: Var<'_>, _: Order) -> Var<'_> {
    unknown(x)
}

fn unknown(x: Var<'_>) -> Var<'_> {
    let error = gradtape::Error::new(Kind::Value, "norm: there is no such norm of matrices");
    x.refuse(error.hint("there are 1, -1, 2, -2, inf, -inf, \"fro\" and \"nuc\""))
}
