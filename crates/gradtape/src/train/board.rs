//! [`TensorBoard`]: a training, written for TensorBoard as it goes on.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{EpochReport, Observation, Scores, StepReport, Watch};
use crate::io::{EventWriter, Setting};
use crate::tensor::{DType, Error, Result, Tensor};

/// Writes a training for TensorBoard (`tensorboard --logdir runs`): the loss of each step; scores and the learning rate
/// of each epoch; histograms of weights, gradients and what layers give, a picture of the first layer's weights,
/// and the norm of the gradient, for the steps that are looked into; the network as a graph.
///
/// A clone is another handle to the same run, so that a trainer may have one and its maker another.
///
/// ```
/// use gradtape::io::Setting;
/// use gradtape::train::{TensorBoard, Trainer};
/// use gradtape::{Rng, data::moons, nn::{Activation, Sequential}, optim::Adam};
/// # let folder = std::env::temp_dir().join(format!("gradtape-board-{}", std::process::id()));
/// let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
/// let board = TensorBoard::create(&folder)?;
/// board.settings(&[("lr".to_string(), Setting::Number(0.02))])?;
/// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).watch(board.clone());
/// trainer.fit(&moons(100, 0.1, 7)?, None)?;
/// board.end(true)?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A file that cannot be written, such as on a full disk, ends no training: what is wrong, [`TensorBoard::end`] says.
#[derive(Clone, Debug)]
pub struct TensorBoard(Arc<Mutex<Board>>);

#[derive(Debug)]
struct Board {
    events: EventWriter,
    /// Steps that are done already; not known before the first report of a run that goes on.
    steps: Option<u64>,
    failed: Option<Error>,
}

impl TensorBoard {
    /// Begins a run in a folder; see [`EventWriter::create`], which refuses that of another run.
    pub fn create(folder: impl AsRef<Path>) -> Result<TensorBoard> {
        EventWriter::create(folder).map(|events| TensorBoard::of(events, Some(0)))
    }

    /// Goes on with a run, from the step at which its training does; see [`EventWriter::resume`].
    pub fn resume(folder: impl AsRef<Path>) -> Result<TensorBoard> {
        EventWriter::resume(folder).map(|events| TensorBoard::of(events, None))
    }

    /// Writes the settings of the run, for the table of hyperparameters.
    pub fn settings(&self, settings: &[(String, Setting)]) -> Result<()> {
        self.lock().events.settings(settings)
    }

    /// Writes the end of the run, well or not. Fails where anything of it could not be written.
    pub fn end(&self, well: bool) -> Result<()> {
        let mut board = self.lock();
        match board.failed.take() {
            Some(error) => Err(error),
            None => board.events.end(well),
        }
    }

    fn of(events: EventWriter, steps: Option<u64>) -> TensorBoard {
        TensorBoard(Arc::new(Mutex::new(Board { events, steps, failed: None })))
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for TensorBoard {
    fn observe(&mut self, seen: &Observation) -> Result<()> {
        self.lock().keep(|board| board.observe(seen));
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> Result<()> {
        self.lock().keep(|board| {
            let before = ((report.epoch - 1) * report.steps + report.step) as u64 - 1;
            let step = board.steps.unwrap_or(before) + 1;
            board.steps = Some(step);
            board.events.scalar("loss/step", step, report.loss)
        });
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.lock().keep(|board| board.epoch(report));
        Ok(())
    }
}

impl Board {
    /// Writes something, unless something could not be written before.
    fn keep(&mut self, write: impl FnOnce(&mut Board) -> Result<()>) {
        if self.failed.is_none() {
            self.failed = write(self).err();
        }
    }

    fn observe(&mut self, seen: &Observation) -> Result<()> {
        // It comes before the report of its step.
        let step = self.steps.map_or(seen.step, |before| before + 1);
        let events = &mut self.events;
        if !seen.graph.is_empty() {
            events.graph(&seen.graph)?;
        }
        let mut squares = 0.0;
        for own in &seen.parameters {
            events.histogram(&format!("weights/{}", own.name), step, &own.before)?;
            if let Some(gradient) = &own.gradient {
                events.histogram(&format!("gradients/{}", own.name), step, gradient)?;
                squares += sum_of_squares(gradient);
            }
        }
        for layer in seen.layers.iter().filter(|layer| layer.output.rank() > 0) {
            events.histogram(&format!("outputs/{}", layer.name), step, &layer.output)?;
        }
        if let Some(first) = seen.parameters.iter().find(|own| own.before.rank() > 1) {
            events.weights(&format!("first layer/{}", first.name), step, &first.before)?;
        }
        events.scalar("gradient norm", step, squares.sqrt())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        let epoch = report.epoch as u64;
        let events = &mut self.events;
        events.scalar("learning rate", epoch, report.learning_rate)?;
        let parts = [("train", Some(&report.train)), ("validation", report.validation.as_ref())];
        for (part, scores) in parts {
            let Some(Scores { loss, accuracy, mean_absolute_error }) = scores else { continue };
            events.scalar(&format!("loss/{part}"), epoch, *loss)?;
            let others = [("accuracy", accuracy), ("mean absolute error", mean_absolute_error)];
            for (name, score) in others {
                if let Some(score) = score {
                    events.scalar(&format!("{name}/{part}"), epoch, *score)?;
                }
            }
        }
        Ok(())
    }
}

/// The square of the norm of a tensor, in f64.
pub(super) fn sum_of_squares(values: &Tensor) -> f64 {
    let values = values.cast(DType::F64).to_vec::<f64>().unwrap_or_default();
    values.iter().map(|value| value * value).sum()
}
