//! Training of a network on arrays, by the library's trainer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gradtape::data::Dataset;
use gradtape::nn::{Layer, Module, Visitor};
use gradtape::optim::Schedule;
use gradtape::train::{EarlyStopping, EpochReport, Every, Scores, Stopped, Trainer};
use gradtape::{DType, Tensor, Var};
use parking_lot::Mutex;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::optimizer::PyOptimizer;
use super::parts::{Listed, Parts};
use crate::error::{keep_raised, raised_in_python, told};
use crate::tape::array::{shortened, tensor_of};
use crate::tape::{PyVar, Shared, line, wrong};

/// How it is trained.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Settings {
    epochs: usize,
    batch: usize,
    patience: Option<usize>,
    schedule: Option<String>,
    seed: u64,
}

/// Inputs and targets.
type Rows<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Trains the network of these parts on rows, and gives a dict for each epoch and why it ended: `"finished"`, `"early"`,
/// or `"interrupted"` by Ctrl-C. `forward` is what a network of Python records, `loss` a function of outputs and targets
/// where it is not the one that fits the targets.
#[pyfunction]
#[pyo3(signature = (parts, optimizer, rows, settings, validation=None, forward=None, loss=None, on_epoch=None))]
#[allow(clippy::too_many_arguments, reason = "arguments of a function of Python")]
pub(super) fn fit_network<'py>(
    py: Python<'py>,
    parts: Listed<'py>,
    optimizer: &Bound<'py, PyOptimizer>,
    rows: Rows<'py>,
    settings: Settings,
    validation: Option<Rows<'py>>,
    forward: Option<Py<PyAny>>,
    loss: Option<Py<PyAny>>,
    on_epoch: Option<Py<PyAny>>,
) -> PyResult<(Vec<Bound<'py, PyDict>>, &'static str)> {
    let network = Network { parts: Arc::new(Parts::of(&parts)?), forward: forward.map(Arc::new) };
    let Some(float) = network.parameters().first().map(|own| own.value().dtype()) else {
        return Err(wrong("fit: the network has no parameter to train", "give one that has"));
    };
    let rows = dataset(rows, float)?;
    let validation = validation.map(|rows| dataset(rows, float)).transpose()?;
    let (original, own) = (optimizer.get(), optimizer.get().another(py)?);
    let line = line::current(py);
    let ears = Ears::new(on_epoch);
    let done = py.detach(|| {
        let rate = own.learning_rate();
        let steps = rows.len().div_ceil(settings.batch.max(1)).saturating_mul(settings.epochs);
        let mut trainer = Trainer::new(&network, own)
            .epochs(settings.epochs)
            .batch_size(settings.batch)
            .seed(settings.seed)
            .stop_flag(Arc::clone(&ears.stop))
            .on_step(|_| ears.look_for_signals())
            .on_epoch(|report| ears.tell(report));
        if let Some(schedule) = &settings.schedule {
            trainer = trainer
                .schedule(Schedule::by_name(schedule, rate, steps.max(1) as u64)?, Every::Step);
        }
        if let Some(patience) = settings.patience {
            trainer = trainer.early_stopping(EarlyStopping { patience, min_delta: 0.0 });
        }
        if let Some(loss) = loss {
            trainer = trainer.loss(move |outputs, targets| called(&loss, &[outputs, targets]));
        }
        let fitted = trainer.fit(&rows, validation.as_ref());
        // What was learned until then stays, also where it ended with an error.
        original.inner.load_state(&trainer.optimizer().state()?)?;
        fitted
    });
    let raised = ears.raised.lock().take().or_else(raised_in_python);
    if let Some(raised) = raised {
        return Err(raised);
    }
    let history = done.map_err(|error| told(error, &line))?;
    let reports = history.epochs.iter().map(|report| as_dict(py, report));
    let ended = match (ears.interrupted.load(Ordering::Relaxed), history.stopped) {
        (true, _) => "interrupted",
        (false, Stopped::Early { .. }) => "early",
        (false, _) => "finished",
    };
    Ok((reports.collect::<PyResult<_>>()?, ended))
}

/// Rows for a network of an element type: floats are made those of it, and numbers to predict a column.
fn dataset((x, y): Rows<'_>, float: DType) -> PyResult<Dataset> {
    let as_floats = |tensor: Tensor| match tensor.dtype().is_float() {
        true => tensor.cast(float),
        false => tensor,
    };
    let inputs = as_floats(tensor_of(&x, float)?);
    let mut targets = as_floats(tensor_of(&y, float)?);
    if targets.dtype().is_float() && targets.rank() == 1 {
        let rows = targets.elements();
        targets = targets.reshape([rows, 1]).map_err(crate::error::raised)?;
    }
    Dataset::new(inputs, targets).map_err(crate::error::raised)
}

/// A network of layers and parameters, whose forward pass may be one of Python.
#[derive(Clone)]
struct Network {
    parts: Arc<Parts>,
    forward: Option<Arc<Py<PyAny>>>,
}

impl Module for Network {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.parts.visit(visitor);
    }

    fn kind(&self) -> String {
        self.parts.kind()
    }
}

impl Layer for Network {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        match (&self.forward, self.parts.layer()) {
            (Some(forward), _) => called(forward, &[x]),
            (None, Some(layer)) => layer.forward(x),
            (None, None) => x.refuse(gradtape::Error::new(
                gradtape::Kind::Model,
                "several layers have no forward pass together",
            )),
        }
    }

    fn is_static(&self) -> bool {
        self.forward.is_none() && self.parts.layer().is_some_and(|layer| layer.is_static())
    }
}

/// What a function of Python records of values.
fn called<'t>(function: &Py<PyAny>, xs: &[Var<'t>]) -> Var<'t> {
    let tape = xs[0].tape();
    let found = Python::attach(|py| {
        Shared::lend(tape, |shared| {
            let found = shared.enter_calling(py, |on| {
                let xs = xs.iter().map(|x| on.name(on.tape.var_of(x.id())));
                let xs = pyo3::types::PyTuple::new(py, xs.collect::<Vec<PyVar>>())?;
                let found = on.calling(|| function.bind(py).call1(xs))?;
                match found.cast::<PyVar>() {
                    Ok(var) => Ok(on.var(var.get())?.id()),
                    Err(_) => Err(wrong(
                        format!("fit: {} gave {}", shortened(function.bind(py)), shortened(&found)),
                        "return the value that it records, which has not been read",
                    )),
                }
            });
            found.map_err(keep_raised)
        })
    });
    match found {
        Ok(id) => tape.var_of(id),
        Err(error) => xs[0].refuse(error),
    }
}

/// What listens to a training, and ends it.
struct Ears {
    stop: Arc<AtomicBool>,
    interrupted: AtomicBool,
    on_epoch: Option<Py<PyAny>>,
    raised: Mutex<Option<PyErr>>,
    looked: Mutex<Instant>,
}

/// How often signals are looked for.
const EVERY: Duration = Duration::from_millis(50);

impl Ears {
    fn new(on_epoch: Option<Py<PyAny>>) -> Ears {
        Ears {
            stop: Arc::default(),
            interrupted: AtomicBool::new(false),
            on_epoch,
            raised: Mutex::new(None),
            looked: Mutex::new(Instant::now()),
        }
    }

    fn look_for_signals(&self) {
        let mut looked = self.looked.lock();
        if looked.elapsed() >= EVERY {
            *looked = Instant::now();
            drop(looked);
            self.ask(|py| py.check_signals());
        }
    }

    fn tell(&self, report: &EpochReport) {
        if let Some(call) = &self.on_epoch {
            self.ask(|py| call.call1(py, (as_dict(py, report)?,)).map(drop));
        }
    }

    /// Asks Python for something. Ctrl-C ends the training, and so does an error, which is raised after it.
    fn ask(&self, ask: impl FnOnce(Python<'_>) -> PyResult<()>) {
        Python::attach(|py| {
            let Err(error) = ask(py) else { return };
            self.stop.store(true, Ordering::Relaxed);
            match error.is_instance_of::<PyKeyboardInterrupt>(py) {
                true => self.interrupted.store(true, Ordering::Relaxed),
                false => drop(self.raised.lock().get_or_insert(error)),
            }
        });
    }
}

fn as_dict<'py>(py: Python<'py>, report: &EpochReport) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("epoch", report.epoch)?;
    row.set_item("lr", report.learning_rate)?;
    let put = |before: &str, scores: &Scores| {
        let values = [
            ("loss", Some(scores.loss)),
            ("accuracy", scores.accuracy),
            ("mean_absolute_error", scores.mean_absolute_error),
        ];
        values.iter().try_for_each(|(name, value)| match value {
            Some(value) => row.set_item(format!("{before}{name}"), value),
            None => Ok(()),
        })
    };
    put("", &report.train)?;
    report.validation.as_ref().map_or(Ok(()), |scores| put("validation_", scores))?;
    Ok(row)
}
