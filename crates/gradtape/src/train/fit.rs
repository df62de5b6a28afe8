//! The loop of [`Trainer::fit`].

use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::course::{Course, Snapshot, Training, show_averages};
use super::feed::Examples;
use super::losses::{Loss, unweighed};
use super::observe::Watching;
use super::same::Same;
use super::saver::Saver;
use super::score::{Mean, Scoring, counting, scores};
use super::shards::{self, Shared, agree};
use super::step::{Parts, step};
use super::trainer::{EarlyStopping, Every, StepReport, Trainer};
use super::{EpochReport, History, Stopped};
use crate::data::Dataset;
use crate::nn::{self, Module};
use crate::optim::{Optimizer, Scheduler};
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result};

/// Trains; what happened stands in the trainer's history, also after a failure. The optimiser has its own
/// learning rate again, so that a schedule starts from it the next time.
#[track_caller]
pub(super) fn run(
    trainer: &mut Trainer<'_>,
    train: Examples<'_>,
    validation: Option<&Dataset>,
) -> Result<()> {
    let rate = trainer.optimizer.learning_rate();
    let done = epochs(trainer, train, validation);
    let shown = show_averages(&*trainer.optimizer);
    done.and(shown.map(|_| ())).and(trainer.optimizer.set_learning_rate(rate))
}

#[track_caller]
fn epochs(
    trainer: &mut Trainer<'_>,
    train: Examples<'_>,
    validation: Option<&Dataset>,
) -> Result<()> {
    trainer.history = History::default();
    trainer.traffic = Mutex::default();
    check(trainer.early, train, validation)?;
    if trainer.loss.is_some() {
        let held = if let Examples::Held(data) = train { Some(data) } else { None };
        held.into_iter().chain(validation).try_for_each(unweighed)?;
    }
    let goes_on = trainer.resumed.take();
    let looks = trainer.checkpoints.is_some() || goes_on.is_some() || trainer.ranks.is_some();
    let same = looks.then(|| Same::of(trainer, train, validation)).transpose()?;
    let mut batches = train.feed(trainer)?;
    let Trainer { net, optimizer, epochs, every, early, stop, history, scale, watches, .. } =
        trainer;
    let (net, optimizer, epochs, every) = (*net, &**optimizer, *epochs, *every);
    let (precision, mode) = (trainer.precision, trainer.mode);
    // In batches, of which each step takes some.
    let left = trainer.steps.map_or(usize::MAX, |most| most.saturating_mul(trainer.accumulate));
    let loss_of = trainer.loss.as_deref().map(|loss| loss as &Loss<'_>);
    let undo = trainer.undo.as_ref();
    let set_rate = |rate| optimizer.set_learning_rate(rate);
    let state: Vec<Parameter> = nn::named_state(net).into_iter().map(|(_, own)| own).collect();
    let scheduler = Scheduler::new(trainer.schedule.clone(), optimizer.learning_rate())?;
    set_rate(scheduler.learning_rate())?;
    // Of what fails in a loss or a layer that the trainer calls, this line is all there is.
    let at = Location::caller();
    let training = Training { state: &state, optimizer, scale };
    let take = |epoch, loss| training.take(epoch, loss).map_err(|error| error.called_from(at));
    let good = take(0, f64::INFINITY)?;
    let best = good.clone();
    let accumulate = trainer.accumulate;
    let profiler = trainer.profiler.as_ref();
    let own = trainer.own_step.as_deref();
    let parts = Parts {
        net,
        loss: loss_of,
        optimizer,
        own,
        accumulate,
        precision,
        scale,
        mode,
        profiler,
        undo,
    };
    let mut watching = Watching::new(watches, own.is_none());
    let shared = Shared { shards: trainer.shards, ranks: trainer.ranks };
    shared.check(&parts, trainer.batch_size.min(train.len()))?;
    let stepper = match shared.is_cut() {
        true => shards::step(parts, shared, stop, &trainer.traffic),
        false => step(parts),
    };
    let mut stepper = stepper.map_err(|error| error.called_from(at))?;
    let signals = stepper.signals.clone();
    let is_stopped =
        || signals.as_ref().map_or_else(|| stop.load(Ordering::Relaxed), |own| own.stops.get());
    let mean = Mean::default();
    let (epoch, step, done, anew) = (1, 0, 0, 0);
    let ended = false;
    let mut course =
        Course { epoch, step, batches: done, left, mean, scheduler, good, best, anew, ended };
    let mut saver = Saver {
        checkpoints: trainer.checkpoints.as_ref().filter(|_| shared.is_first()),
        told: trainer.on_checkpoint.as_deref_mut(),
        same: same.as_ref(),
        module: trainer.saving.unwrap_or(net),
        others: &trainer.others,
        training: &training,
        accumulate,
    };
    if let (Some(checkpoint), Some(same)) = (&goes_on, &same) {
        if !trainer.insist {
            same.check(checkpoint, trainer.reschedules)?;
        }
        saver.restore(checkpoint, trainer.own_alone.then_some(net as &dyn Module))?;
        *history = course.load(checkpoint, &training, &stepper)?;
        let are_left = course.epoch <= epochs && course.left > 0;
        if trainer.beyond && are_left && matches!(history.stopped, Stopped::Early { .. }) {
            (course.ended, course.anew) = (false, course.epoch - 1);
            history.stopped = Stopped::Finished;
        }
    }
    if let (Some(ranks), Some(same)) = (shared.ranks, &same) {
        agree(
            ranks,
            &same.with_state(
                &training,
                (net, mode),
                saver.module,
                [course.epoch, course.step, epochs, course.left],
            )?,
        )?;
    }
    // Of ranks, the others may say nothing any more.
    let placed = |epoch: usize, word: &'static str, step: usize| {
        move |error: Error| match shared.ranks {
            Some(_) => error.called_from(at).note(format!("at epoch {epoch}, {word} {step}")),
            None => error.called_from(at),
        }
    };
    while !course.ended && course.epoch <= epochs && course.left > 0 {
        let (epoch, steps) = (course.epoch, batches.len());
        let most = course.left.saturating_sub(course.step);
        let rows_of_all = batches.rows_of_all();
        for batch in batches.epoch_from(epoch as u64 - 1, course.step)?.take(most) {
            let batch = batch?;
            course.step += 1;
            course.batches += 1;
            let step = course.step;
            // Other ranks have to know before it begins.
            let due = signals.as_ref().map(|signals| {
                let due = saver.is_due(&course);
                signals.wants.set(due);
                signals.rows.set(rows_of_all(step - 1));
                due
            });
            let seen = watching
                .before(parts, &batch, (epoch, step, steps))
                .map_err(|error| error.called_from(at))?;
            let loss =
                (stepper.take)(&batch, &mut course.mean).map_err(placed(epoch, "step", step))?;
            watching.after(seen, parts, (step, steps))?;
            if !loss.is_finite() {
                return diverged("loss", loss, epoch, Some(step), &course.good, &training, history);
            }
            let running = course.mean.scores().unwrap_or_default();
            let report = StepReport { epoch, epochs, step, steps, running, loss };
            (trainer.on_step)(&report);
            watching.step(&report)?;
            if every == Every::Step {
                set_rate(course.scheduler.advance(loss))?;
            }
            let stopped = is_stopped();
            // An epoch that is cut off is gone on with in its middle.
            let cut = course.step == course.left && step < steps;
            let asked = signals.as_ref().is_some_and(|signals| signals.saves.get());
            if asked || stopped || cut || step == steps {
                (stepper.settle)().map_err(placed(epoch, "step", step))?;
            }
            let due = due.unwrap_or_else(|| saver.is_due(&course));
            saver.after_step(&course, &stepper, history, [due, stopped, cut])?;
            if stopped {
                break;
            }
        }
        course.left -= course.step;
        let (step, cut) = (course.step, course.left == 0 && course.step < steps);
        if let Some((what, value)) = state.iter().find_map(not_finite) {
            return diverged(what, value, epoch, Some(step), &course.good, &training, history);
        }
        let stopped = is_stopped();
        let scores_on = |data| {
            let size = trainer.batch_size.max(256);
            let how = Scoring { loss: loss_of, mode, undo, ranks: shared.ranks };
            let scores = training.with_averages(|| scores(net, data, size, how));
            scores.map_err(placed(epoch, "after step", step))
        };
        let report = EpochReport {
            epoch,
            learning_rate: optimizer.learning_rate(),
            train: course.mean.scores().unwrap_or_default(),
            validation: validation.filter(|_| !stopped).map(scores_on).transpose()?,
        };
        let loss = report.validation.unwrap_or(report.train).loss;
        watching.epoch(&report)?;
        (trainer.on_epoch)(&report);
        history.epochs.push(report);
        if stopped {
            (history.stopped, history.kept_epoch) = (Stopped::Requested, epoch);
            // The checkpoint has the last weights, to go on with.
            if early.is_some() && course.best.epoch > 0 {
                training.restore(&course.best)?;
                history.kept_epoch = course.best.epoch;
            }
            return Ok(());
        }
        if !loss.is_finite() {
            return diverged(
                "validation loss",
                loss,
                epoch,
                None,
                &course.good,
                &training,
                history,
            );
        }
        course.good = take(epoch, loss)?;
        history.kept_epoch = epoch;
        if every == Every::Epoch {
            set_rate(course.scheduler.advance(loss))?;
        }
        let lowest = loss < course.best.loss - early.map_or(0.0, |early| early.min_delta);
        if lowest {
            // Without early stopping nothing goes back to it.
            course.best = match early {
                Some(_) => course.good.clone(),
                None => Snapshot { epoch, loss, values: Vec::new(), optimizer: Vec::new() },
            };
        } else if let Some(early) = early
            && epoch - course.best.epoch.max(course.anew) >= early.patience
        {
            history.stopped = Stopped::Early { best_epoch: course.best.epoch };
            course.ended = true;
        }
        (course.epoch, course.step, course.mean) = (epoch + 1, 0, Mean::default());
        let last = course.ended || epoch == epochs || course.left == 0;
        saver.after_epoch(&course, &stepper, history, lowest, !cut && last, !cut)?;
    }
    if early.is_some() && course.best.epoch > 0 {
        training.restore(&course.best)?;
        history.kept_epoch = course.best.epoch;
    }
    Ok(())
}

fn check(
    early: Option<EarlyStopping>,
    train: Examples<'_>,
    validation: Option<&Dataset>,
) -> Result<()> {
    let validation = validation.map(Examples::Held);
    for (name, data) in [("training", Some(train)), ("validation", validation)] {
        if data.is_some_and(Examples::is_empty) {
            return Err(Error::new(Kind::Data, format!("there are no {name} examples")));
        }
        if let Some(Examples::Held(data)) = data {
            counting(data, name)?;
        }
    }
    if let Some(EarlyStopping { patience, min_delta }) = early
        && (patience == 0 || !min_delta.is_finite() || min_delta < 0.0)
    {
        let message = format!("early stopping with patience {patience}, min_delta {min_delta}");
        let hint = "patience must be at least 1 and min_delta a finite number of at least 0";
        return Err(Error::new(Kind::Value, message).hint(hint));
    }
    Ok(())
}

/// The first number of a parameter or buffer that is not finite, and what that is.
fn not_finite(own: &Parameter) -> Option<(&'static str, f64)> {
    let what = if own.is_trained() { "a weight" } else { "a buffer" };
    let value = own.value();
    if let Some(values) = value.as_slice::<f32>() {
        return values.iter().find(|v| !v.is_finite()).map(|&v| (what, f64::from(v)));
    }
    value.as_slice::<f64>()?.iter().find(|v| !v.is_finite()).map(|&v| (what, v))
}

/// The error for numbers that are not finite, after the last good weights are back with what the optimiser
/// kept then.
fn diverged(
    what: &str,
    value: f64,
    epoch: usize,
    step: Option<usize>,
    good: &Snapshot,
    training: &Training<'_>,
    history: &mut History,
) -> Result<()> {
    (history.stopped, history.kept_epoch) = (Stopped::Diverged, good.epoch);
    training.restore(good)?;
    let place = match step {
        Some(step) => format!("epoch {epoch}, step {step}"),
        None => format!("epoch {epoch}"),
    };
    let weights = match good.epoch {
        0 => "the network has its first weights again".to_string(),
        epoch => format!("the network has the weights after epoch {epoch} again"),
    };
    let hint = "lower the learning rate, clip the gradients, or look for extreme values in the data; \
                Trainer::mode(Mode::Checked) names the operation that it comes from";
    Err(Error::new(Kind::Value, format!("training stopped: {what} became {value} at {place}"))
        .note(weights)
        .hint(hint))
}
