//! What is recorded from several values, or from none.

use std::sync::Arc;

use gradtape::{Convolution, DType, Generator, Var};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::array::{dtype_of, numpy_of};
use super::operand::first_var;
use super::tape::PyTape;
use super::{On, PyVar, Shared, wrong};
use crate::error::keep_raised;

/// Names them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyGenerator>()?;
    for function in [
        wrap_pyfunction!(var_in, module)?,
        wrap_pyfunction!(concat, module)?,
        wrap_pyfunction!(stack, module)?,
        wrap_pyfunction!(einsum, module)?,
        wrap_pyfunction!(meshgrid, module)?,
        wrap_pyfunction!(convolve, module)?,
        wrap_pyfunction!(evaluate, module)?,
        wrap_pyfunction!(vmap_of, module)?,
        wrap_pyfunction!(custom_gradient_of, module)?,
        wrap_pyfunction!(random, module)?,
        wrap_pyfunction!(bernoulli, module)?,
        wrap_pyfunction!(categorical, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

/// Records something of several values, of which one at least is on a tape already.
pub(crate) fn together(
    py: Python<'_>,
    name: &str,
    values: &[Bound<'_, PyAny>],
    f: impl for<'t> FnOnce(&On<'t>, &[Var<'t>]) -> PyResult<Var<'t>>,
) -> PyResult<PyVar> {
    let shared = tape_of(name, values)?;
    shared.enter(py, |on| {
        let beside = float_of(on, values)?;
        let vars = on.values(values, beside)?;
        on.give(py, f(on, &vars)?)
    })
}

/// The tape of the first value that has one.
fn tape_of(name: &str, values: &[Bound<'_, PyAny>]) -> PyResult<Arc<Shared>> {
    match first_var(values) {
        Some(var) => Ok(var.get().shared().clone()),
        None => Err(wrong(
            format!("{name}: no value is on a tape"),
            "record one at least with tape.watch() or tape.constant()",
        )),
    }
}

/// The element type that numbers of Python take.
fn float_of(on: &On<'_>, values: &[Bound<'_, PyAny>]) -> PyResult<DType> {
    match first_var(values) {
        Some(var) => Ok(on.var(var.get())?.dtype()),
        None => Ok(DType::F32),
    }
}

/// The first value in an object that is one, or a list with one in it.
#[pyfunction]
fn var_in<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyVar>> {
    first_var([object])
}

/// Values one after another along an axis.
#[pyfunction]
#[pyo3(signature = (values, axis=0))]
fn concat(py: Python<'_>, values: Vec<Bound<'_, PyAny>>, axis: isize) -> PyResult<PyVar> {
    together(py, "concat", &values, |on, vars| Ok(on.tape.concat(vars, axis)))
}

/// Values of one shape along a new axis of the result.
#[pyfunction]
#[pyo3(signature = (values, axis=0))]
fn stack(py: Python<'_>, values: Vec<Bound<'_, PyAny>>, axis: isize) -> PyResult<PyVar> {
    together(py, "stack", &values, |on, vars| Ok(on.tape.stack(vars, axis)))
}

/// Sums of products in Einstein's notation, as in NumPy.
#[pyfunction]
#[pyo3(signature = (subscripts, *operands))]
fn einsum(py: Python<'_>, subscripts: &str, operands: Vec<Bound<'_, PyAny>>) -> PyResult<PyVar> {
    together(py, "einsum", &operands, |on, vars| Ok(on.tape.einsum(subscripts, vars)))
}

/// For vectors of coordinates, the coordinate along each at every point of their grid: `indexing="ij"` has an axis for each
/// in their order; `"xy"`, as in NumPy, has that of the second before that of the first.
#[pyfunction]
#[pyo3(signature = (*vectors, indexing="xy"))]
fn meshgrid(
    py: Python<'_>,
    vectors: Vec<Bound<'_, PyAny>>,
    indexing: &str,
) -> PyResult<Vec<PyVar>> {
    if !matches!(indexing, "xy" | "ij") {
        let message = format!("meshgrid: there is no indexing {indexing:?}");
        return Err(wrong(message, "it is \"xy\" or \"ij\""));
    }
    let exchanged = indexing == "xy" && vectors.len() > 1;
    let shared = tape_of("meshgrid", &vectors)?;
    shared.enter(py, |on| {
        let beside = float_of(on, &vectors)?;
        let vars = on.values(&vectors, beside)?;
        let shape: Vec<usize> = vars.iter().map(|var| var.shape().elements()).collect();
        let grid = vars.iter().enumerate().map(|(axis, var)| {
            let mut along = vec![1; shape.len()];
            along[axis] = shape[axis];
            let whole = var.flatten(0).reshape(along).broadcast_to(&shape[..]);
            if exchanged { whole.swap_axes(0, 1) } else { whole }
        });
        on.give_all(py, grid.collect::<Vec<_>>())
    })
}

/// Windows of x, `[n, inputs, size...]`, contracted with a weight, `[outputs, inputs / groups, kernel...]`.
#[pyfunction]
#[pyo3(signature = (x, weight, stride=None, padding=None, dilation=None, groups=1))]
fn convolve(
    py: Python<'_>,
    x: Bound<'_, PyAny>,
    weight: Bound<'_, PyAny>,
    stride: Option<&Bound<'_, PyAny>>,
    padding: Option<&Bound<'_, PyAny>>,
    dilation: Option<&Bound<'_, PyAny>>,
    groups: usize,
) -> PyResult<PyVar> {
    together(py, "convolve", &[x, weight], |_, vars| {
        let axes = vars[0].shape().rank().saturating_sub(2);
        let each = |given: Option<&Bound<'_, PyAny>>, usual: usize| match given {
            None => Ok(vec![usual; axes]),
            Some(given) => match given.extract::<usize>() {
                Ok(all) => Ok(vec![all; axes]),
                Err(_) => given.extract(),
            },
        };
        let how = Convolution::new()
            .stride(&each(stride, 1)?)
            .padding(&each(padding, 0)?)
            .dilation(&each(dilation, 1)?)
            .groups(groups);
        Ok(vars[0].convolve(vars[1], &how))
    })
}

/// Computes several values of one tape together; gives their numbers.
#[pyfunction]
pub(super) fn evaluate<'py>(
    py: Python<'py>,
    values: Vec<PyRef<'py, PyVar>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let Some(first) = values.first() else { return Ok(Vec::new()) };
    let (shared, generation) = (first.shared().clone(), first.generation());
    for var in &values {
        super::tracing::check(py, var, "gt.evaluate([v])")?;
        shared.enter(py, |on| on.var(var).map(drop))?;
    }
    let ids: Vec<_> = values.iter().map(|var| var.id).collect();
    let tensors = shared.compute(py, generation, move |tape| {
        let vars: Vec<Var<'_>> = ids.iter().map(|&id| tape.var_of(id)).collect();
        gradtape::evaluate(&vars)?;
        vars.iter().map(|var| var.value()).collect::<gradtape::Result<Vec<_>>>()
    })?;
    tensors.iter().map(|tensor| numpy_of(py, tensor)).collect()
}

/// A function of one example, applied to all along these axes of `xs`: the function takes and gives lists.
#[pyfunction]
pub(super) fn vmap_of(
    py: Python<'_>,
    function: &Bound<'_, PyAny>,
    xs: Vec<PyRef<'_, PyVar>>,
    axes: Vec<Option<isize>>,
) -> PyResult<Vec<PyVar>> {
    let Some(first) = xs.first() else {
        return Err(wrong("vmap: there is no array", "give at least one argument"));
    };
    first.shared().enter_calling(py, |on| {
        let vars: Vec<Var<'_>> = xs.iter().map(|x| on.var(x)).collect::<PyResult<_>>()?;
        let mut raised = None;
        let outputs = gradtape::vmap_axes(vars, &axes, |one: Vec<Var<'_>>| {
            let called = || -> PyResult<Vec<Var<'_>>> {
                let one: Vec<PyVar> = one.iter().map(|&var| on.name(var)).collect();
                let outputs: Vec<PyRef<'_, PyVar>> =
                    on.calling(|| function.call1((one,)))?.extract()?;
                outputs.iter().map(|output| on.var(output)).collect()
            };
            called().unwrap_or_else(|error| {
                raised = Some(error);
                Vec::new()
            })
        });
        match raised {
            Some(error) => Err(error),
            None => on.give_all(py, outputs),
        }
    })
}

/// `value`, whose gradient the rule gives: `rule(inputs, value, cotangent)` answers with a cotangent for each input.
#[pyfunction]
pub(super) fn custom_gradient_of(
    py: Python<'_>,
    inputs: Vec<PyRef<'_, PyVar>>,
    value: PyRef<'_, PyVar>,
    rule: Py<PyAny>,
) -> PyResult<PyVar> {
    value.shared().enter(py, |on| {
        let inputs: Vec<Var<'_>> = inputs.iter().map(|x| on.var(x)).collect::<PyResult<_>>()?;
        let value = on.var(&value)?;
        let ruled =
            on.tape.custom_gradient(&inputs, value, move |x, out, g| answer(&rule, x, out, g));
        on.give(py, ruled)
    })
}

/// What a rule of Python answers.
fn answer<'a>(rule: &Py<PyAny>, x: &[Var<'a>], out: Var<'a>, g: Var<'a>) -> Vec<Var<'a>> {
    let tape = g.tape();
    let answered = Python::attach(|py| {
        Shared::lend(tape, |shared| {
            let found = shared.enter_calling(py, |on| {
                let x: Vec<PyVar> =
                    x.iter().map(|&var| on.name(on.tape.var_of(var.id()))).collect();
                let [out, g] = [out, g].map(|var| on.name(on.tape.var_of(var.id())));
                let like = on.var(&g)?;
                let found = on.calling(|| rule.bind(py).call1((x, out, g)))?;
                let found: Vec<Bound<'_, PyAny>> = found.extract()?;
                let vars = on.values(&found, like.dtype())?;
                Ok(vars.iter().map(|var| var.id()).collect::<Vec<_>>())
            });
            found.map_err(keep_raised)
        })
    });
    match answered {
        Ok(ids) => ids.into_iter().map(|id| tape.var_of(id)).collect(),
        Err(error) => vec![g.refuse(error); x.len()],
    }
}

/// Draws random numbers that depend on its seed and on how often it was drawn from.
#[pyclass(frozen, name = "Generator", module = "gradtape")]
pub(crate) struct PyGenerator(pub(super) Generator, u64);

#[pymethods]
impl PyGenerator {
    #[new]
    fn new(seed: u64) -> PyGenerator {
        PyGenerator(Generator::new(seed), seed)
    }

    /// How often it was drawn from.
    #[getter]
    fn draws(&self) -> u64 {
        self.0.draws()
    }

    /// Goes on as if it had been drawn from this often.
    fn set_draws(&self, draws: u64) {
        self.0.set_draws(draws);
    }

    /// For `pickle` and `copy`: one of its own that goes on from here.
    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (u64,), u64) {
        (py.get_type::<PyGenerator>(), (self.1,), self.0.draws())
    }

    fn __setstate__(&self, draws: u64) {
        self.0.set_draws(draws);
    }
}

/// Random numbers on a tape: `"uniform"` in [0, 1), `"normal"`, `"gumbel"`, of a shape; or `"permutation"` of the first
/// numbers.
#[pyfunction]
#[pyo3(signature = (tape, kind, generator, shape, dtype=None))]
fn random(
    py: Python<'_>,
    tape: &Bound<'_, PyTape>,
    kind: &str,
    generator: &Bound<'_, PyGenerator>,
    shape: Vec<usize>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyVar> {
    let dtype = dtype.map_or(Ok(DType::F32), dtype_of)?;
    let generator = &generator.get().0;
    tape.get().0.enter(py, |on| {
        let drawn = match kind {
            "uniform" => on.tape.uniform(generator, shape, dtype),
            "normal" => on.tape.normal(generator, shape, dtype),
            "gumbel" => on.tape.gumbel(generator, shape, dtype),
            "permutation" => on.tape.permutation(generator, shape.iter().product()),
            other => {
                let hint = "there are \"uniform\", \"normal\", \"gumbel\" and \"permutation\"";
                return Err(wrong(format!("{other:?} is no kind of random numbers"), hint));
            }
        };
        on.give(py, drawn)
    })
}

/// For each probability 1 or 0, drawn with it.
#[pyfunction]
fn bernoulli(
    py: Python<'_>,
    probability: PyRef<'_, PyVar>,
    generator: &Bound<'_, PyGenerator>,
) -> PyResult<PyVar> {
    let generator = &generator.get().0;
    probability.map(py, |x| x.bernoulli(generator))
}

/// A class for each row of logits along an axis, drawn with its softmax, as int64.
#[pyfunction]
#[pyo3(signature = (logits, generator, axis=-1))]
fn categorical(
    py: Python<'_>,
    logits: PyRef<'_, PyVar>,
    generator: &Bound<'_, PyGenerator>,
    axis: isize,
) -> PyResult<PyVar> {
    let generator = &generator.get().0;
    logits.map(py, |x| x.categorical(axis, generator))
}
