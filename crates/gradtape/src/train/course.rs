//! [`Course`]: how far a training has come, and that as tensors.

use super::history::{EpochReport, History, Stopped};
use super::score::Mean;
use super::step::Stepper;
use super::{LossScale, Scores};
use crate::io::Checkpoint;
use crate::nn::{self, Origin};
use crate::optim::{Optimizer, Scheduler};
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result, Tensor};

/// How far a training has come.
pub(super) struct Course {
    /// The epoch that is under way, from 1.
    pub(super) epoch: usize,
    /// How many of its batches are done.
    pub(super) step: usize,
    /// How many batches are done in all.
    pub(super) batches: u64,
    /// How many batches were left before this epoch.
    pub(super) left: usize,
    /// Of the epoch so far.
    pub(super) mean: Mean,
    pub(super) scheduler: Scheduler,
    /// After the last epoch that went well.
    pub(super) good: Snapshot,
    /// After the best.
    pub(super) best: Snapshot,
    /// The epoch from which on patience counts, where it began anew.
    pub(super) anew: usize,
    /// Whether the training ended before its last epoch.
    pub(super) ended: bool,
}

/// The weights and buffers after an epoch, and what the optimiser kept.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) epoch: usize,
    pub(super) loss: f64,
    pub(super) values: Vec<Tensor>,
    pub(super) optimizer: Vec<(String, Tensor)>,
}

/// What training changes.
pub(super) struct Training<'a> {
    /// The parameters and buffers of the network.
    pub(super) state: &'a [Parameter],
    pub(super) optimizer: &'a dyn Optimizer,
    pub(super) scale: &'a LossScale,
}

impl Training<'_> {
    pub(super) fn take(&self, epoch: usize, loss: f64) -> Result<Snapshot> {
        let values = self.state.iter().map(Parameter::value).collect();
        Ok(Snapshot { epoch, loss, values, optimizer: self.optimizer.state()? })
    }

    pub(super) fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        self.optimizer.load_state(&snapshot.optimizer)?;
        let mut pairs = self.state.iter().zip(&snapshot.values);
        pairs.try_for_each(|(parameter, value)| parameter.set(value.clone()))
    }
}

impl Training<'_> {
    /// What a function gives while the averages that the optimiser keeps stand in place of the parameters.
    pub(super) fn with_averages<T>(&self, then: impl FnOnce() -> Result<T>) -> Result<T> {
        let parameters = self.optimizer.base().parameters();
        let own: Vec<Tensor> = parameters.iter().map(|(_, own)| own.value()).collect();
        let is_shown = show_averages(self.optimizer)?;
        let result = then();
        if is_shown {
            parameters.iter().zip(own).try_for_each(|((_, parameter), own)| parameter.set(own))?;
        }
        result
    }
}

/// Puts the averages that an optimiser keeps in place of the parameters. Tells whether there are some.
pub(super) fn show_averages(optimizer: &dyn Optimizer) -> Result<bool> {
    // Before the first step they are of what the parameters were when the optimiser was made.
    let averages = if optimizer.steps() > 0 { optimizer.averages()? } else { Vec::new() };
    let is_shown = !averages.is_empty();
    let mut pairs = optimizer.base().parameters().iter().zip(averages);
    pairs.try_for_each(|((_, parameter), average)| parameter.set(average))?;
    Ok(is_shown)
}

impl Course {
    /// Adds to a checkpoint of network and optimiser what else the training needs.
    pub(super) fn save(
        &self,
        checkpoint: Checkpoint,
        training: &Training<'_>,
        stepper: &Stepper<'_>,
        history: &History,
    ) -> Checkpoint {
        // What is left, the steps that are asked for tell.
        let counts = [self.epoch, self.step].map(|count| count as f64);
        let mut numbers = vec![counts[0], counts[1], self.batches as f64, self.anew as f64];
        numbers.extend([f64::from(u8::from(self.ended)), f64::from(stepper.lost.get())]);
        numbers.extend(self.mean.numbers());
        for snapshot in [&self.good, &self.best] {
            numbers.extend([snapshot.epoch as f64, snapshot.loss]);
        }
        let mut checkpoint = checkpoint
            .scheduler(&self.scheduler)
            .tensor(COURSE, Tensor::from(numbers))
            .tensor(HISTORY, history.to_tensor());
        // Between two epochs the last good weights are those of the network.
        let between = self.step == 0;
        let kept = [
            (GOOD, &self.good, !between),
            (BEST, &self.best, self.best.epoch > 0 && self.best.epoch != self.good.epoch),
        ];
        for (kind, snapshot, _) in kept.into_iter().filter(|(.., needed)| *needed) {
            for (number, value) in snapshot.values.iter().enumerate() {
                checkpoint = checkpoint.tensor(format!("{kind}{number}"), value.clone());
            }
            for (name, value) in &snapshot.optimizer {
                checkpoint = checkpoint.tensor(format!("{kind}{OPTIMIZER}{name}"), value.clone());
            }
        }
        let gathered = stepper.gathered.as_ref().map(|gathered| gathered.state());
        let others = gathered.into_iter().flatten().map(|(name, value)| (GATHERED, name, value));
        let scale = nn::values(training.scale).into_iter();
        let scale = scale.map(|(name, value)| (SCALE, name, value));
        others.chain(scale).fold(checkpoint, |checkpoint, (kind, name, value)| {
            checkpoint.tensor(format!("{kind}{name}"), value)
        })
    }

    /// Goes on from where [`Course::save`] stood; the network and the optimiser do so already. Gives the history.
    pub(super) fn load(
        &mut self,
        checkpoint: &Checkpoint,
        training: &Training<'_>,
        stepper: &Stepper<'_>,
    ) -> Result<History> {
        let numbers = tensor(checkpoint, COURSE)?.to_vec::<f64>()?;
        let [epoch, step, batches, anew, ended, lost, means @ .., good, lowest, best, best_loss] =
            &numbers[..]
        else {
            return Err(incomplete(COURSE));
        };
        let mean = Mean::of_numbers(means).ok_or_else(|| incomplete(COURSE))?;
        checkpoint.restore_scheduler(&mut self.scheduler)?;
        let between = *step == 0.0;
        let now = training.take(*good as usize, *lowest)?;
        self.good = match between {
            true => now,
            false => Snapshot {
                epoch: now.epoch,
                loss: now.loss,
                ..snapshot(checkpoint, GOOD, training)?
            },
        };
        let best = Snapshot { epoch: *best as usize, loss: *best_loss, ..self.good.clone() };
        // Of a training without early stopping it has no weights.
        let apart = best.epoch > 0 && best.epoch != self.good.epoch;
        self.best = match apart && checkpoint.get(&format!("{BEST}0")).is_some() {
            true => {
                let own = snapshot(checkpoint, BEST, training)?;
                Snapshot { epoch: best.epoch, loss: best.loss, ..own }
            }
            false => best,
        };
        if let Some(gathered) = &stepper.gathered {
            let own = gathered.state().into_iter();
            let saved = own.map(|(name, _)| {
                Ok((name.clone(), tensor(checkpoint, &format!("{GATHERED}{name}"))?))
            });
            gathered.load_state(&saved.collect::<Result<Vec<_>>>()?)?;
        }
        let scale = nn::values(training.scale).into_iter().map(|(name, _)| {
            let saved = tensor(checkpoint, &format!("{SCALE}{name}"))?;
            Ok((name, saved))
        });
        nn::assign(training.scale, scale.collect::<Result<_>>()?, &ORIGIN)?;
        stepper.lost.set(*lost as u32);
        self.left = self.left.saturating_sub((*batches - *step) as usize);
        if self.left < *step as usize {
            let message =
                format!("the checkpoint is after {batches} batches, and fewer are asked for");
            return Err(
                Error::new(Kind::Value, message).hint("ask for more steps, or take an earlier one")
            );
        }
        (self.epoch, self.step, self.batches) = (*epoch as usize, *step as usize, *batches as u64);
        (self.ended, self.mean) = (*ended != 0.0, mean);
        // Earlier versions wrote -1.
        self.anew = anew.max(0.0) as usize;
        History::from_tensor(&tensor(checkpoint, HISTORY)?)
    }
}

/// What was kept of weights and optimiser.
fn snapshot(checkpoint: &Checkpoint, kind: &str, training: &Training<'_>) -> Result<Snapshot> {
    let value = |number: usize| tensor(checkpoint, &format!("{kind}{number}"));
    // What an optimiser keeps may have other names later.
    let prefix = format!("{kind}{OPTIMIZER}");
    let named = checkpoint.tensors().filter_map(|(name, tensor)| {
        Some((name.strip_prefix(&prefix)?.to_string(), tensor.clone()))
    });
    Ok(Snapshot {
        epoch: 0,
        loss: f64::INFINITY,
        values: (0..training.state.len()).map(value).collect::<Result<_>>()?,
        optimizer: named.collect(),
    })
}

fn tensor(checkpoint: &Checkpoint, name: &str) -> Result<Tensor> {
    checkpoint.get(name).cloned().ok_or_else(|| incomplete(name))
}

fn incomplete(name: &str) -> Error {
    let message = format!(
        "the checkpoint does not say how far a training has come: {name} is missing or damaged"
    );
    Error::new(Kind::Model, message).hint("a trainer goes on from what a trainer saved")
}

impl History {
    /// Its numbers, `[epochs + 1, 8]` of f64, for a file.
    ///
    /// ```
    /// use gradtape::train::History;
    /// let history = History::default();
    /// assert_eq!(History::from_tensor(&history.to_tensor())?, history);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn to_tensor(&self) -> Tensor {
        let (code, best) = match self.stopped {
            Stopped::Finished => (0.0, 0),
            Stopped::Early { best_epoch } => (1.0, best_epoch),
            Stopped::Requested => (2.0, 0),
            Stopped::Diverged => (3.0, 0),
        };
        let mut rows = vec![code, best as f64, self.kept_epoch as f64, 0.0, 0.0, 0.0, 0.0, 0.0];
        for EpochReport { epoch, learning_rate, train, validation } in &self.epochs {
            let scores = |of: Option<&Scores>| {
                let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
                [
                    number(of.map(|scores| scores.loss)),
                    number(of.and_then(|scores| scores.accuracy)),
                    number(of.and_then(|scores| scores.mean_absolute_error)),
                ]
            };
            rows.extend([*epoch as f64, *learning_rate]);
            rows.extend(scores(Some(train)).into_iter().chain(scores(validation.as_ref())));
        }
        Tensor::from_vec(rows, [self.epochs.len() + 1, COLUMNS]).expect("rows of one length")
    }

    /// Of a training that a checkpoint was taken of, as far as it had come. Fails for a checkpoint that no trainer wrote.
    pub fn of_checkpoint(checkpoint: &Checkpoint) -> Result<History> {
        History::from_tensor(&tensor(checkpoint, HISTORY)?)
    }

    /// From the numbers of [`History::to_tensor`]. Fails for others.
    pub fn from_tensor(numbers: &Tensor) -> Result<History> {
        let wrong = || Error::new(Kind::Model, format!("a history of shape {}", numbers.shape()));
        let rows = numbers.to_vec::<f64>().map_err(|_| wrong())?;
        let ([_, COLUMNS], Some((head, epochs))) =
            (&numbers.shape()[..], rows.split_at_checked(COLUMNS))
        else {
            return Err(wrong());
        };
        let scores = |row: &[f64]| {
            let number = |value: f64| (!value.is_nan()).then_some(value);
            Scores { loss: row[0], accuracy: number(row[1]), mean_absolute_error: number(row[2]) }
        };
        let report = |row: &[f64]| EpochReport {
            epoch: row[0] as usize,
            learning_rate: row[1],
            train: scores(&row[2..5]),
            validation: (!row[5].is_nan()).then(|| scores(&row[5..])),
        };
        Ok(History {
            epochs: epochs.chunks(COLUMNS).map(report).collect(),
            stopped: match head[0] as u8 {
                0 => Stopped::Finished,
                1 => Stopped::Early { best_epoch: head[1] as usize },
                2 => Stopped::Requested,
                3 => Stopped::Diverged,
                _ => return Err(wrong()),
            },
            kept_epoch: head[2] as usize,
        })
    }
}

/// What errors say of the scale of the loss.
const ORIGIN: Origin = Origin {
    own: "the loss scale",
    place: "the checkpoint",
    hint: "it was taken from another training",
};

const COLUMNS: usize = 8;
const COURSE: &str = "course";
const HISTORY: &str = "history";
const GOOD: &str = "good.";
const BEST: &str = "best.";
const OPTIMIZER: &str = "optimizer.";
const GATHERED: &str = "gathered.";
const SCALE: &str = "scale.";
