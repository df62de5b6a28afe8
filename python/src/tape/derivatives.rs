//! Derivatives of values on a tape.

use gradtape::Var;
use pyo3::prelude::*;

use super::{On, PyVar, wrong};

/// Names them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for function in [
        wrap_pyfunction!(gradients_of, module)?,
        wrap_pyfunction!(vjp_of, module)?,
        wrap_pyfunction!(jvp_of, module)?,
        wrap_pyfunction!(jacobian_of, module)?,
        wrap_pyfunction!(hessian_of, module)?,
        wrap_pyfunction!(depends_on, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

type Vars<'py> = Vec<PyRef<'py, PyVar>>;

/// Records derivatives on the tape of a value.
fn record(
    py: Python<'_>,
    of: Option<&PyRef<'_, PyVar>>,
    f: impl for<'t> FnOnce(&On<'t>) -> PyResult<Vec<Var<'t>>>,
) -> PyResult<Vec<PyVar>> {
    let Some(first) = of else {
        return Err(wrong("there is no value to differentiate", "give at least one"));
    };
    first.shared().enter_calling(py, |on| {
        let found = f(on)?;
        on.give_all(py, found)
    })
}

fn vars<'t>(on: &On<'t>, all: &Vars<'_>) -> PyResult<Vec<Var<'t>>> {
    all.iter().map(|var| on.var(var)).collect()
}

/// The gradients of a scalar by each of `xs`.
#[pyfunction]
fn gradients_of(py: Python<'_>, y: PyRef<'_, PyVar>, xs: Vars<'_>) -> PyResult<Vec<PyVar>> {
    record(py, Some(&y), |on| Ok(gradtape::gradients(on.var(&y)?, &vars(on, &xs)?)))
}

/// The gradients of the sum of `ys`, each weighed by its cotangent, by each of `xs`.
#[pyfunction]
fn vjp_of(
    py: Python<'_>,
    ys: Vars<'_>,
    cotangents: Vars<'_>,
    xs: Vars<'_>,
) -> PyResult<Vec<PyVar>> {
    record(py, ys.first(), |on| {
        Ok(gradtape::vjp(&vars(on, &ys)?, &vars(on, &cotangents)?, &vars(on, &xs)?))
    })
}

/// How `ys` move when each of `xs` moves along its tangent.
#[pyfunction]
fn jvp_of(py: Python<'_>, ys: Vars<'_>, xs: Vars<'_>, tangents: Vars<'_>) -> PyResult<Vec<PyVar>> {
    record(py, ys.first(), |on| {
        Ok(gradtape::jvp(&vars(on, &ys)?, &vars(on, &xs)?, &vars(on, &tangents)?))
    })
}

/// All derivatives of the elements of y by those of x, of shape `[y's axes..., x's axes...]`.
#[pyfunction]
fn jacobian_of(py: Python<'_>, y: PyRef<'_, PyVar>, x: PyRef<'_, PyVar>) -> PyResult<PyVar> {
    y.shared().enter_calling(py, |on| on.give(py, gradtape::jacobian(on.var(&y)?, on.var(&x)?)))
}

/// All second derivatives of a scalar by the elements of x, of shape `[x's axes..., x's axes...]`.
#[pyfunction]
fn hessian_of(py: Python<'_>, y: PyRef<'_, PyVar>, x: PyRef<'_, PyVar>) -> PyResult<PyVar> {
    y.shared().enter_calling(py, |on| on.give(py, gradtape::hessian(on.var(&y)?, on.var(&x)?)))
}

/// Whether a gradient can flow from y to x.
#[pyfunction]
fn depends_on(py: Python<'_>, y: PyRef<'_, PyVar>, x: PyRef<'_, PyVar>) -> PyResult<bool> {
    y.shared().enter(py, |on| Ok(gradtape::depends_on(on.var(&y)?, on.var(&x)?)))
}
