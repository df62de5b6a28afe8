//! [`PyOptimizer`]: an optimiser by name.

use gradtape::optim::{Group, Hyper, HyperValue, Optimizer, by_name};
use gradtape::{Tensor, Var};
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use pyo3::types::{PyBool, PyDict, PyType};

use super::parts::{Listed, Parts};
use super::table::hyper_value;
use crate::error::{keep_raised, raised_in_python, told};
use crate::tape::array::{numpy_of, shortened, tensor_of};
use crate::tape::{PyTape, PyVar, Shared, lifted, line, wrong};

/// Names them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyOptimizer>()?;
    module.add_class::<super::scheduler::PyScheduler>()
}

/// Changes parameters so that a loss becomes smaller.
///
/// `opt.step(loss)` differentiates the loss, updates every parameter, and runs all of it at once. Afterwards the loss can be
/// read; the tape is used up until `tape.reset()`.
#[pyclass(frozen, subclass, weakref, name = "Optimizer", module = "gradtape.optim")]
pub(super) struct PyOptimizer {
    pub(super) inner: Box<dyn Optimizer>,
    made: Made,
}

/// What an optimiser was made of, for another one like it.
struct Made {
    name: String,
    parts: Vec<(String, Py<PyAny>)>,
    settings: Py<PyDict>,
    shared: Py<PyDict>,
}

#[pymethods]
impl PyOptimizer {
    #[new]
    #[pyo3(signature = (
        name, parts, settings, clip_norm=None, clip_each_norm=None, clip_value=None, lookahead=None, average=None,
        allow_unused=false, groups=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "settings by name")]
    fn new(
        py: Python<'_>,
        name: &str,
        parts: Listed<'_>,
        settings: &Bound<'_, PyDict>,
        clip_norm: Option<f64>,
        clip_each_norm: Option<f64>,
        clip_value: Option<f64>,
        lookahead: Option<(usize, f64)>,
        average: Option<f64>,
        allow_unused: bool,
        groups: Option<Vec<(String, Bound<'_, PyDict>)>>,
    ) -> PyResult<PyOptimizer> {
        let shared = PyDict::new(py);
        shared.set_item("clip_norm", clip_norm)?;
        shared.set_item("clip_each_norm", clip_each_norm)?;
        shared.set_item("clip_value", clip_value)?;
        shared.set_item("lookahead", lookahead)?;
        shared.set_item("average", average)?;
        shared.set_item("allow_unused", allow_unused)?;
        shared.set_item("groups", &groups)?;
        let made = Made {
            name: name.into(),
            parts: parts.iter().map(|(path, part)| (path.clone(), part.clone().unbind())).collect(),
            settings: settings.copy()?.unbind(),
            shared: shared.unbind(),
        };
        let parts = Parts::of(&parts)?;
        let mut inner = lifted(py, by_name(name, &parts, &hyper(settings)?))?;
        inner.set_clip_norm(clip_norm);
        inner.set_clip_each_norm(clip_each_norm);
        inner.set_clip_value(clip_value);
        if let Some((steps, share)) = lookahead {
            inner.set_lookahead(steps, share);
        }
        average.into_iter().for_each(|decay| inner.set_average(decay));
        inner.set_allow_unused(allow_unused);
        for (pattern, settings) in groups.unwrap_or_default() {
            let mut group = Group::named(&pattern);
            for (name, value) in settings.iter() {
                let name: String = name.extract()?;
                group = match &name[..] {
                    "lr_scale" => group.lr_scale(value.extract()?),
                    _ => group.set(&name, setting(&name, &value)?),
                };
            }
            inner.add_group(group);
        }
        // What is out of range is told here and not at the first step.
        lifted(py, inner.state())?;
        Ok(PyOptimizer { inner, made })
    }

    /// Takes a step with a scalar loss, computing other values of the same tape in the same run.
    #[pyo3(signature = (loss, *values))]
    fn step(
        &self,
        py: Python<'_>,
        loss: PyRef<'_, PyVar>,
        values: Vec<PyRef<'_, PyVar>>,
    ) -> PyResult<()> {
        let (shared, generation) = (loss.shared().clone(), loss.generation());
        let ids = shared.enter(py, |on| {
            let all = std::iter::once(&loss).chain(&values);
            all.map(|var| Ok(on.var(var)?.id())).collect::<PyResult<Vec<_>>>()
        })?;
        shared.compute(py, generation, |tape| {
            let values: Vec<Var<'_>> = ids[1..].iter().map(|&id| tape.var_of(id)).collect();
            self.inner.step_with(tape.var_of(ids[0]), &values)
        })
    }

    /// The gradients of a loss, one for each parameter in order, `None` for those it does not depend on: to look at or
    /// to change before `step_by`.
    fn gradients(&self, py: Python<'_>, loss: PyRef<'_, PyVar>) -> PyResult<Vec<Option<PyVar>>> {
        loss.shared().enter_calling(py, |on| {
            let found = lifted(py, self.inner.gradients(on.var(&loss)?))?;
            found.into_iter().map(|one| one.map(|var| on.give(py, var)).transpose()).collect()
        })
    }

    /// Takes a step with gradients of one's own, as values of a tape; `None` leaves a parameter as it is.
    #[pyo3(signature = (gradients, *values))]
    fn step_by(
        &self,
        py: Python<'_>,
        gradients: Vec<Option<PyRef<'_, PyVar>>>,
        values: Vec<PyRef<'_, PyVar>>,
    ) -> PyResult<()> {
        let Some(first) = gradients.iter().flatten().next() else {
            return Err(wrong("step_by: there is no gradient", "give one at least"));
        };
        let (shared, generation) = (first.shared().clone(), first.generation());
        let (gradients, values) = shared.enter(py, |on| {
            let id = |var: &PyRef<'_, PyVar>| Ok(on.var(var)?.id());
            let gradients = gradients.iter().map(|one| one.as_ref().map(id).transpose());
            Ok((
                gradients.collect::<PyResult<Vec<_>>>()?,
                values.iter().map(id).collect::<PyResult<Vec<_>>>()?,
            ))
        })?;
        shared.compute(py, generation, |tape| {
            let gradients: Vec<Option<Var<'_>>> =
                gradients.iter().map(|one| one.map(|id| tape.var_of(id))).collect();
            let values: Vec<Var<'_>> = values.iter().map(|&id| tape.var_of(id)).collect();
            self.inner.step_by(&gradients, &values)
        })
    }

    /// Takes a step with the loss that a function records on the tape it is given, perhaps several times, as L-BFGS does;
    /// gives the loss before the step.
    fn minimize(&self, py: Python<'_>, loss: Py<PyAny>) -> PyResult<f64> {
        let line = line::current(py);
        let done = py.detach(|| {
            self.inner.minimize(&mut |tape| {
                let called = Python::attach(|py| {
                    Shared::lend(tape, |shared| {
                        shared.enter_calling(py, |on| {
                            let given = Bound::new(py, PyTape(shared.clone()))?;
                            let found: PyRef<'_, PyVar> =
                                on.calling(|| loss.bind(py).call1((given,)))?.extract()?;
                            Ok(on.var(&found)?.id())
                        })
                    })
                    .map_err(keep_raised)
                });
                Ok(tape.var_of(called?))
            })
        });
        match raised_in_python() {
            Some(raised) => Err(raised),
            None => done.map_err(|error| told(error, &line)),
        }
    }

    /// The learning rate, which may be set at any time.
    #[getter]
    fn get_lr(&self) -> f64 {
        self.inner.learning_rate()
    }

    #[setter]
    fn set_lr(&self, py: Python<'_>, lr: f64) -> PyResult<()> {
        lifted(py, self.inner.set_learning_rate(lr))
    }

    /// The number of steps taken.
    #[getter]
    fn steps(&self) -> u64 {
        self.inner.steps()
    }

    /// The name.
    #[getter]
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    /// All settings by name.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, value) in self.inner.hyper().iter() {
            found.set_item(name, hyper_value(py, value)?)?;
        }
        Ok(found)
    }

    /// What is kept for each parameter and the number of steps: arrays by name.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, tensor) in lifted(py, self.inner.state())? {
            found.set_item(name, numpy_of(py, &tensor)?)?;
        }
        Ok(found)
    }

    /// Takes over what `state()` gave, all or nothing.
    fn load_state(&self, py: Python<'_>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let mut saved: Vec<(String, Tensor)> = Vec::new();
        for (name, array) in state.iter() {
            saved.push((name.extract()?, tensor_of(&array, gradtape::DType::F32)?));
        }
        lifted(py, self.inner.load_state(&saved))
    }

    /// For `pickle` and `copy`: one with the same state, for the same layers and parameters, or for those that are copied
    /// with it.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        let (py, own) = (slf.py(), slf.get());
        let parts = own.made.parts.iter();
        let arguments = (
            slf.get_type(),
            own.made.name.clone(),
            parts.map(|(path, part)| (path.clone(), part.clone_ref(py))).collect(),
            own.made.settings.clone_ref(py),
            own.made.shared.clone_ref(py),
            own.state(py)?,
            own.get_lr(),
        );
        Ok((py.import("gradtape.optim")?.getattr("_again")?, arguments))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.made.parts.iter().try_for_each(|(_, part)| visit.call(part))
    }

    fn __repr__(&self) -> String {
        let settings: Vec<String> = self
            .inner
            .hyper()
            .iter()
            .map(|(name, value)| match value {
                HyperValue::Number(number) => format!("{name}={number}"),
                HyperValue::Pair(first, second) => format!("{name}=({first}, {second})"),
                HyperValue::Flag(flag) => format!("{name}={}", if flag { "True" } else { "False" }),
            })
            .collect();
        format!("{}({})", self.inner.name(), settings.join(", "))
    }
}

/// A function and its arguments, as `pickle` asks for them.
type Reduced<'py> = (
    Bound<'py, PyAny>,
    (
        Bound<'py, PyType>,
        String,
        Vec<(String, Py<PyAny>)>,
        Py<PyDict>,
        Py<PyDict>,
        Bound<'py, PyDict>,
        f64,
    ),
);

impl PyOptimizer {
    /// Another one with the same state, for the same parameters.
    pub(super) fn another(&self, py: Python<'_>) -> PyResult<Box<dyn Optimizer>> {
        let Made { name, parts, settings, shared } = &self.made;
        let shared = shared.bind(py);
        let given = |key: &str| shared.as_any().get_item(key);
        let parts = parts.iter().map(|(path, part)| (path.clone(), part.bind(py).clone()));
        let another = PyOptimizer::new(
            py,
            name,
            parts.collect(),
            settings.bind(py),
            given("clip_norm")?.extract()?,
            given("clip_each_norm")?.extract()?,
            given("clip_value")?.extract()?,
            given("lookahead")?.extract()?,
            given("average")?.extract()?,
            given("allow_unused")?.extract()?,
            given("groups")?.extract()?,
        )?;
        lifted(py, self.inner.state().and_then(|state| another.inner.load_state(&state)))?;
        lifted(py, another.inner.set_learning_rate(self.get_lr()))?;
        Ok(another.inner)
    }
}

fn hyper(settings: &Bound<'_, PyDict>) -> PyResult<Hyper> {
    let mut hyper = Hyper::new();
    for (name, value) in settings.iter() {
        let name: String = name.extract()?;
        hyper = hyper.with(&name, setting(&name, &value)?);
    }
    Ok(hyper)
}

fn setting(name: &str, value: &Bound<'_, PyAny>) -> PyResult<HyperValue> {
    if value.is_instance_of::<PyBool>() {
        return Ok(HyperValue::Flag(value.extract()?));
    }
    if let Ok(number) = value.extract::<f64>() {
        return Ok(HyperValue::Number(number));
    }
    match value.extract::<(f64, f64)>() {
        Ok((first, second)) => Ok(HyperValue::Pair(first, second)),
        Err(_) => Err(wrong(
            format!("{name} is {}", shortened(value)),
            "a setting is a number, a pair of numbers, or True or False",
        )),
    }
}
