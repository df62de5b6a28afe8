//! [`PyScheduler`]: a learning rate that changes from step to step.

use gradtape::optim::{Schedule, Scheduler};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::tape::array::{numpy_of, tensor_of};
use crate::tape::lifted;

/// A learning rate that changes from step to step.
#[pyclass(frozen, name = "Scheduler", module = "gradtape.optim")]
pub(super) struct PyScheduler {
    // Of a kind that a panic does not poison: a state is taken over whole or not at all.
    inner: Mutex<Scheduler>,
    /// What it was made of: the schedule, the rate and the number of steps.
    made: (String, f64, u64),
}

#[pymethods]
impl PyScheduler {
    #[new]
    fn new(py: Python<'_>, schedule: &str, lr: f64, total: u64) -> PyResult<PyScheduler> {
        let made = Schedule::by_name(schedule, lr, total)
            .and_then(|schedule| Scheduler::new(schedule, lr));
        let inner = Mutex::new(lifted(py, made)?);
        Ok(PyScheduler { inner, made: (schedule.into(), lr, total) })
    }

    /// The rate of the next step.
    #[getter]
    fn lr(&self) -> f64 {
        self.inner.lock().learning_rate()
    }

    /// Goes on by a step, whose loss a plateau looks at; gives the rate of the next one.
    #[pyo3(signature = (loss=0.0))]
    fn advance(&self, loss: f64) -> f64 {
        self.inner.lock().advance(loss)
    }

    /// Where it stands, as an array.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let state = self.inner.lock().state();
        numpy_of(py, &state)
    }

    /// Takes over what `state()` gave.
    fn load_state(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<()> {
        let state = tensor_of(state, gradtape::DType::F64)?;
        let loaded = self.inner.lock().load_state(&state);
        lifted(py, loaded)
    }

    /// For `pickle` and `copy`: one of its own that stands where this one does.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        Ok((py.get_type::<PyScheduler>(), self.made.clone(), self.state(py)?))
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<()> {
        self.load_state(py, state)
    }
}

/// The class, its arguments and its state, as `pickle` asks for them.
type Reduced<'py> = (Bound<'py, PyType>, (String, f64, u64), Bound<'py, PyAny>);
