//! Functions that are recorded once and run without recording, and checks of gradients.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use gradtape::eval::{Compiled, Report};
use gradtape::{Tape, Tensor, Var};
use parking_lot::ReentrantMutex;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{numpy_of, tensor_of};
use super::{PyTape, PyVar, Shared, line, wrong};
use crate::error::{keep_raised, raised_in_python, told};

/// Names them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyCompiled>()?;
    module.add_function(wrap_pyfunction!(check_gradients_of, module)?)
}

/// How long a lock is waited for before it is asked whether Ctrl-C was pressed.
const A_WHILE: Duration = Duration::from_millis(50);

type Function =
    Box<dyn for<'t> FnMut(&'t Tape, &[Var<'t>]) -> gradtape::Result<Vec<Var<'t>>> + Send>;

/// A function of a tape and a list of values on it, which is recorded for each combination of shapes and run without recording.
#[pyclass(frozen, name = "Compiled", module = "gradtape")]
pub(super) struct PyCompiled {
    compiled: Arc<ReentrantMutex<RefCell<Compiled<Function>>>>,
}

#[pymethods]
impl PyCompiled {
    #[new]
    #[pyo3(signature = (function, training=true, most_traces=16))]
    fn new(function: Py<PyAny>, training: bool, most_traces: usize) -> PyCompiled {
        let recorded: Function = Box::new(move |tape, xs| {
            let ids = call(tape, xs, &function)?;
            Ok(ids.into_iter().map(|id| tape.var_of(id)).collect())
        });
        let compiled = gradtape::compile(recorded).most_traces(most_traces);
        let compiled = if training { compiled } else { compiled.inference() };
        PyCompiled { compiled: Arc::new(ReentrantMutex::new(RefCell::new(compiled))) }
    }

    /// Runs it on a list of arrays; gives a list.
    fn call<'py>(
        &self,
        py: Python<'py>,
        inputs: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let inputs: Vec<Tensor> = inputs
            .iter()
            .map(|input| tensor_of(input, gradtape::DType::F32))
            .collect::<PyResult<_>>()?;
        let line = line::current(py);
        let compiled = &self.compiled;
        let done = py.detach(|| {
            loop {
                // Another thread may record it, which calls Python: Ctrl-C ends the wait for it.
                let Some(held) = compiled.try_lock_for(A_WHILE) else {
                    Python::attach(|py| py.check_signals())?;
                    continue;
                };
                let Ok(mut compiled) = held.try_borrow_mut() else { return Ok(Err(None)) };
                return Ok::<_, PyErr>(compiled.call(&inputs).map_err(Some));
            }
        })?;
        if let Some(raised) = raised_in_python() {
            return Err(raised);
        }
        let results = done.map_err(|error| match error {
            Some(error) => told(error, &line),
            None => wrong(
                "a compiled function calls itself",
                "call the function itself inside, which is recorded with the rest",
            ),
        })?;
        results.iter().map(|tensor| numpy_of(py, tensor)).collect()
    }

    /// How often the function was recorded: once for each combination of shapes.
    #[getter]
    fn recordings(&self, py: Python<'_>) -> PyResult<u64> {
        let compiled = &self.compiled;
        py.detach(|| {
            loop {
                match compiled.try_lock_for(A_WHILE) {
                    Some(held) => {
                        return Ok(held.try_borrow().map_or(0, |compiled| compiled.recordings()));
                    }
                    None => Python::attach(|py| py.check_signals())?,
                }
            }
        })
    }
}

/// Calls a function of Python with values of a tape of the library; gives the numbers of its results.
fn call(
    tape: &Tape,
    xs: &[Var<'_>],
    function: &Py<PyAny>,
) -> gradtape::Result<Vec<gradtape::op::NodeId>> {
    Python::attach(|py| {
        let called = Shared::lend(tape, |shared| {
            shared.enter_calling(py, |on| {
                let xs: Vec<PyVar> = xs.iter().map(|x| on.name(on.tape.var_of(x.id()))).collect();
                let tape = Bound::new(py, PyTape(shared.clone()))?;
                let results: Vec<PyRef<'_, PyVar>> =
                    on.calling(|| function.bind(py).call1((tape, xs)))?.extract()?;
                results.iter().map(|result| on.var(result).map(|var| var.id())).collect()
            })
        });
        called.map_err(keep_raised)
    })
}

/// Compares first and second derivatives of a function of a tape and a list of values with differences, for inputs of float64:
/// a list of what is off most, as dicts.
#[pyfunction]
fn check_gradients_of<'py>(
    py: Python<'py>,
    function: Py<PyAny>,
    inputs: Vec<Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let inputs: Vec<Tensor> = inputs
        .iter()
        .map(|input| tensor_of(input, gradtape::DType::F64))
        .collect::<PyResult<_>>()?;
    let line = line::current(py);
    let found: gradtape::Result<Report> = py.detach(|| {
        gradtape::check_gradients(
            // The library refuses to check a function without inputs, before it calls it.
            |xs| match call(xs[0].tape(), xs, &function) {
                Ok(ids) => ids.first().map_or(xs[0], |&id| xs[0].tape().var_of(id)),
                Err(error) => xs[0].refuse(error),
            },
            &inputs,
        )
    });
    if let Some(raised) = raised_in_python() {
        return Err(raised);
    }
    let report = found.map_err(|error| told(error, &line))?;
    let rows = report.worst.iter().map(|worst| {
        let row = PyDict::new(py);
        row.set_item("order", worst.order)?;
        row.set_item("input", worst.input)?;
        row.set_item("element", worst.element)?;
        row.set_item("recorded", worst.recorded)?;
        row.set_item("numeric", worst.numeric)?;
        row.set_item("error", worst.error())?;
        row.set_item("text", worst.to_string())?;
        Ok(row)
    });
    rows.collect()
}
