//! One network of a training, trained.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use gradtape::data::{Augment, Dataset, Preprocessing, Stream};
use gradtape::loss;
use gradtape::nn::Sequential;
use gradtape::optim::Optimizer;
use gradtape::train::{Checkpoints, EpochReport, History};
use gradtape_tables::Recipe;

use super::flags::Train;
use super::members::Members;
use super::network::Network;
use super::resume::{Clock, Further, remove_later};
use super::watch;
use crate::error::{Failure, Outcome};
use crate::interrupt;
use crate::output::Output;
use crate::progress::{Progress, Shown};

/// What one of the networks trains on.
pub(super) struct Part<'a> {
    pub(super) number: usize,
    /// To train on and to validate.
    pub(super) rows: [&'a Dataset; 2],
    /// What is trained on in the place of the first of them.
    pub(super) stream: Option<&'a Stream>,
    pub(super) augment: Option<Augment>,
    /// All networks, if there are others.
    pub(super) whole: Option<&'a Members>,
    /// The checkpoint that it goes on from.
    pub(super) from: Option<PathBuf>,
    /// Whether that was to end earlier.
    pub(super) further: Option<Further>,
    /// Whether it goes on also where it had stopped early.
    pub(super) beyond: bool,
    /// Whether the other networks stay as they are then.
    pub(super) alone: bool,
    /// What is told of that once it goes on.
    pub(super) told: Option<String>,
    pub(super) checkpoints: Option<(Checkpoints, Clock)>,
    /// What brings outputs and targets to the unit of the target, where they are no multiples.
    pub(super) undo: Option<[Undo; 2]>,
}

type Undo = Box<dyn Fn(f64) -> f64 + Send>;

/// What brings outputs and targets to the unit of the target, where they are no multiples.
pub(super) fn undo(preprocessing: &Preprocessing) -> Option<[Undo; 2]> {
    if !preprocessing.target().is_transformed() {
        return None;
    }
    let (output, target) = (preprocessing.undo().ok()?, preprocessing.undo_target().ok()?);
    Some([Box::new(output), Box::new(target)])
}

impl<'a> Part<'a> {
    /// Of one network, from its first step on, without checkpoints.
    pub(super) fn alone(rows: [&'a Dataset; 2]) -> Part<'a> {
        let (stream, augment, whole, checkpoints, undo) = (None, None, None, None, None);
        let (from, further, told) = (None, None, None);
        let (beyond, alone) = (false, false);
        Part {
            number: 0,
            rows,
            stream,
            augment,
            whole,
            from,
            further,
            beyond,
            alone,
            told,
            checkpoints,
            undo,
        }
    }
}

/// What became of one of the networks.
pub(super) struct Fitted {
    pub(super) history: History,
    /// Those of each epoch; of epochs before a stop they are 0.
    pub(super) seconds: Vec<f64>,
    /// After a failure the network has the weights of the last epoch that went well.
    pub(super) ended: Outcome,
}

impl Train {
    /// Trains the network on the first of two parts, with a look at the other after each epoch. What is told of an
    /// epoch, `told` may change.
    pub(super) fn fit(
        &self,
        network: &Sequential,
        optimizer: Box<dyn Optimizer>,
        part: Part<'_>,
        shown: &Shown,
        told: impl Fn(&mut EpochReport) + Send + Copy,
        output: &Output,
    ) -> Outcome<Fitted> {
        let Part {
            number,
            rows: [train, validation],
            stream,
            augment,
            whole,
            from,
            further,
            beyond,
            alone,
            told: goes_on,
            checkpoints,
            undo,
        } = part;
        let resumes = from.is_some();
        // What is not given of images and texts has other usual numbers than that of tables.
        let (epochs, batch) = (Some(self.epochs()), Some(self.batch()));
        let recipe = Recipe { epochs, batch, ..self.recipe() };
        let steps = stream.map_or(train.len(), Stream::len).div_ceil(recipe.batch());
        let epochs = recipe.length(steps).epochs;
        let shown = *shown;
        let in_unit = move |report: &mut EpochReport| {
            shown.in_unit(report);
            told(report);
        };
        let log = self.log(number, resumes, output)?;
        let plain = !self.watch.watch;
        let progress_shown =
            Shown { lines: shown.lines && plain, bar: shown.bar && plain, ..shown };
        let told_log = log.clone();
        let progress = Progress::new(output, &progress_shown, epochs, steps);
        let progress = Arc::new(Mutex::new(progress));
        let (of_step, of_epoch) = (Arc::clone(&progress), Arc::clone(&progress));
        let (checkpoints, mut clock) = checkpoints.unzip();
        let goes_on = Arc::new(Mutex::new(goes_on));
        let has_stepped = Arc::new(AtomicBool::new(false));
        let steps_now = Arc::clone(&has_stepped);
        // Of a page that is drawn anew, it is told after that.
        let goes_on_at = plain.then(|| Arc::clone(&goes_on));
        let losses = self.runs.losses.clone();
        let (stop, until) = match self.runs.until {
            None => (interrupt::asked(), None),
            Some(until) => {
                drop(interrupt::asked());
                (Arc::default(), Some(until))
            }
        };
        let stop_at = Arc::clone(&stop);
        let mut trainer = recipe
            .trainer(network, optimizer, steps, shown.validation)
            .map_err(Failure::usage)?
            .precision(self.precision.dtype())
            .shards(self.shards())
            .seed(self.seed.wrapping_add(number as u64))
            .stop_flag(stop)
            .on_step(move |report| {
                steps_now.store(true, Ordering::Relaxed);
                if let Some(clock) = &mut clock {
                    clock.look();
                }
                if until.is_some_and(|until| Instant::now() > until || interrupt::is_asked()) {
                    stop_at.store(true, Ordering::Relaxed);
                }
                if let Some(losses) = &losses {
                    let step = (report.epoch - 1) * report.steps + report.step;
                    let mut losses = losses.lock().unwrap_or_else(PoisonError::into_inner);
                    losses.add(number, step, report.loss);
                }
                let mut progress = lock(&of_step);
                // What does not go on says why.
                if let Some(line) = goes_on_at.as_deref().and_then(taken) {
                    progress.tell(&line);
                }
                progress.step(report);
            })
            .on_epoch(move |report| {
                let mut report = report.clone();
                in_unit(&mut report);
                let mut progress = lock(&of_epoch);
                progress.epoch(&report);
                told_log.epoch(&report);
                for warning in told_log.take_warnings() {
                    progress.note(&warning);
                    told_log.warn(&warning);
                }
            });
        if let Some(checkpoints) = checkpoints {
            let warn = output.clone();
            let mut warned = false;
            let mut has_later = further.is_some();
            trainer =
                trainer.checkpoints(checkpoints).on_checkpoint(move |written| match written {
                    Err(error) if !std::mem::replace(&mut warned, true) => warn.note(format!(
                        "{error}; training goes on, the checkpoints before are as they were"
                    )),
                    Ok(path) if has_later && is_of_a_step(path) => {
                        has_later = false;
                        remove_later(path.parent().unwrap_or(Path::new(".")), number);
                    }
                    _ => {}
                });
        }
        if let Some(whole) = whole {
            trainer = trainer.saving(whole);
        }
        if self.runs.insist {
            trainer = trainer.insist();
        }
        if let Some(path) = from {
            trainer = trainer.resume(path)?;
        }
        if alone {
            trainer = trainer.resume_alone();
        }
        if beyond {
            trainer = trainer.beyond_stop();
        }
        if further.is_some_and(|further| further.reschedules) {
            trainer = trainer.reschedule();
        }
        if let Some([output, target]) = undo {
            trainer = trainer.errors_in(output, target);
        }
        if let Some(augment) = augment {
            trainer = trainer.augment(augment);
        }
        if let Some(options) = self.columns.weights(train)? {
            if self.shards() > 1 {
                return Err(Failure::usage(
                    "--class-weights and --shards: the loss is divided by the weights of a batch, which is that of no shard\n  \
                     hint: leave one of the two out",
                ));
            }
            trainer = trainer
                .loss(move |outputs, labels| loss::cross_entropy_with(outputs, labels, &options));
        }
        trainer = self.runs.ranks.on(trainer);
        trainer = self.watch.on(&log, trainer);
        lock(&progress).begin();
        let validation = shown.validation.then_some(validation);
        let insists = self.runs.insist;
        let fitted = match stream {
            Some(stream) => trainer.fit_stream(stream, validation),
            None if self.network == Network::Mlp => {
                recipe.with_threads(network, || trainer.fit(train, validation))
            }
            None => trainer.fit(train, validation),
        };
        let ended = fitted.map(drop).map_err(|error| {
            let failure = watch::failure(error);
            match resumes && !insists && failure.message().contains("or insist") {
                true => self.runs.differences.told(&failure),
                false => failure,
            }
        });
        // Where no step was left, it went on from nothing.
        let stepped = has_stepped.load(Ordering::Relaxed);
        if let Some(line) = taken(&goes_on).filter(|_| ended.is_ok() && stepped) {
            lock(&progress).tell(&line);
        }
        self.runs.ranks.add(trainer.traffic());
        let mut history = trainer.history().clone();
        for report in &mut history.epochs {
            in_unit(report);
        }
        let mut progress = lock(&progress);
        // Those of epochs before a stop are not known.
        let mut seconds = vec![0.0; history.epochs.len().saturating_sub(progress.seconds.len())];
        seconds.append(&mut progress.seconds);
        for warning in log.take_warnings() {
            progress.note(&warning);
            log.warn(&warning);
        }
        let printed = progress.end();
        let table = self.watch.health && self.tells_people() && self.members() == 1;
        let logged = self.watch.end(&log, ended.is_ok(), table, output);
        Ok(Fitted { history, seconds, ended: ended.and(printed).and(logged) })
    }
}

/// A line that is told once.
fn taken(line: &Mutex<Option<String>>) -> Option<String> {
    line.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The progress, which the callbacks of a trainer share.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a checkpoint was written on the way, and not at an end.
fn is_of_a_step(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains("step-"))
}
