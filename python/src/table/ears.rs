//! What a training tells Python meanwhile, and what Python says to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use gradtape::train::Trainer;
use gradtape_tables::Listen;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

/// What listens to a training: Python's signals, and a function that hears of epochs.
#[derive(Clone)]
pub(super) struct Ears {
    stop: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    on_epoch: Option<Arc<Py<PyAny>>>,
    error: Arc<Mutex<Option<PyErr>>>,
    /// The thread that called.
    thread: ThreadId,
    looked: Arc<Mutex<Instant>>,
}

impl Ears {
    pub(super) fn new(on_epoch: Option<Py<PyAny>>) -> Ears {
        let (stop, interrupted, error) = Default::default();
        let looked = Arc::new(Mutex::new(Instant::now()));
        let thread = thread::current().id();
        Ears { stop, interrupted, on_epoch: on_epoch.map(Arc::new), error, thread, looked }
    }

    /// Has Python handle its signals, which it does on its main thread alone.
    fn look_for_signals(&self) {
        if thread::current().id() != self.thread {
            return;
        }
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.elapsed() < EVERY {
            return;
        }
        *looked = Instant::now();
        drop(looked);
        self.ask(|py| py.check_signals());
    }

    /// Asks Python for something; where that fails, or there is no Python any more, the training ends.
    fn ask(&self, ask: impl FnOnce(Python<'_>) -> PyResult<()>) {
        let asked = Python::try_attach(|py| match ask(py) {
            Ok(()) => {}
            Err(error) => self.end(py, error),
        });
        if asked.is_none() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Ends the training. An error is raised after it, unless it is Ctrl-C.
    fn end(&self, py: Python<'_>, error: PyErr) {
        self.stop.store(true, Ordering::Relaxed);
        if error.is_instance_of::<PyKeyboardInterrupt>(py) {
            self.interrupted.store(true, Ordering::Relaxed);
            return;
        }
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// What a function or a signal raised.
    pub(super) fn raised(&self) -> PyResult<()> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.map_or(Ok(()), Err)
    }
}

impl Listen for Ears {
    fn adjust<'n>(&self, number: usize, trainer: Trainer<'n>) -> Trainer<'n> {
        let (step, epoch) = (self.clone(), self.clone());
        let trainer =
            trainer.stop_flag(Arc::clone(&self.stop)).on_step(move |_| step.look_for_signals());
        trainer.on_epoch(move |report| {
            let Some(call) = &epoch.on_epoch else { return };
            let validation = report.validation.as_ref().map(|scores| scores.loss);
            let told = (number, report.epoch, report.train.loss, validation);
            epoch.ask(|py| call.call1(py, told).map(drop));
        })
    }

    fn wait(&self) {
        self.look_for_signals();
    }
}

/// How often signals are looked for.
const EVERY: Duration = Duration::from_millis(50);
