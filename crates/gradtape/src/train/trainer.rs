//! [`Trainer`]: the training loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::score::Mean;
use super::{EpochReport, History, Scores, Stopped, default_loss, evaluate_with};
use crate::data::{Batch, Dataset};
use crate::nn::Layer;
use crate::optim::{Optimizer, Schedule, Scheduler};
use crate::tape::{Parameter, Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// Trains a network on a dataset, epoch after epoch, in shuffled batches.
///
/// ```
/// use gradtape::Rng;
/// use gradtape::data::moons;
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::optim::Adam;
/// use gradtape::train::Trainer;
///
/// let split = moons(300, 0.1, 7)?.split(0.2, 0.0, 7)?;
/// let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
/// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(20).batch_size(20).seed(7);
/// let history = trainer.fit(&split.train, Some(&split.validation))?;
/// let last = history.epochs.last().unwrap();
/// assert!(last.validation.unwrap().accuracy.unwrap() > 0.9);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Without it, the loop is:
///
/// ```
/// # use gradtape::{Rng, Tape, data::moons, nn::{Activation, Sequential}, optim::{Adam, Optimizer}};
/// # use gradtape::loss::cross_entropy;
/// # let data = moons(100, 0.1, 7)?;
/// # let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
/// let mut opt = Adam::new(&net, 0.02);
/// let mut batches = data.batches(20)?.shuffled(7);
/// let mut tape = Tape::new();
/// for epoch in 0..2 {
///     let mut running = 0.0;
///     for batch in batches.epoch(epoch) {
///         tape.reset();
///         let loss = cross_entropy(net.forward(tape.constant(batch.x)), tape.constant(batch.y));
///         opt.step(loss)?;
///         running += loss.item()?;
///     }
///     println!("epoch {epoch}: {}", running / batches.len() as f64);
/// }
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Trainer<'n> {
    net: &'n dyn Layer,
    optimizer: Box<dyn Optimizer + 'n>,
    epochs: usize,
    batch_size: usize,
    seed: u64,
    loss: Box<Loss<'n>>,
    schedule: Schedule,
    every: Every,
    early: Option<EarlyStopping>,
    on_step: Box<dyn FnMut(&StepReport) + 'n>,
    on_epoch: Box<dyn FnMut(&EpochReport) + 'n>,
    stop: Arc<AtomicBool>,
    history: History,
}

type Loss<'n> = dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'n;

/// A step, as it is reported to [`Trainer::on_step`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the epoch, from 1.
    pub epoch: usize,
    /// The number of epochs.
    pub epochs: usize,
    /// The number of the step in the epoch, from 1.
    pub step: usize,
    /// The number of steps in the epoch.
    pub steps: usize,
    /// Means over the examples of the epoch so far.
    pub running: Scores,
    /// The loss of this step alone.
    pub loss: f64,
}

/// When training ends before its last epoch: when the validation loss (without validation data, the
/// training loss) has not fallen below its lowest by `min_delta` for `patience` epochs in a row.
/// The network then gets back the weights of the best epoch, also when all epochs are done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    /// How many epochs without progress are borne, at least 1.
    pub patience: usize,
    /// How much lower the loss must be to count as progress, at least 0.
    pub min_delta: f64,
}

/// How often a schedule advances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// After every step.
    Step,
    /// After every epoch.
    #[default]
    Epoch,
}

impl<'n> Trainer<'n> {
    /// A trainer of 10 epochs with batches of 32, seed 0, [`default_loss`] and a constant learning rate.
    pub fn new(net: &'n impl Layer, optimizer: impl Optimizer + 'n) -> Trainer<'n> {
        Trainer {
            net,
            optimizer: Box::new(optimizer),
            epochs: 10,
            batch_size: 32,
            seed: 0,
            loss: Box::new(default_loss),
            schedule: Schedule::Constant,
            every: Every::Epoch,
            early: None,
            on_step: Box::new(|_| {}),
            on_epoch: Box::new(|_| {}),
            stop: Arc::default(),
            history: History::default(),
        }
    }

    /// How often to go through the data.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Trainer { epochs, ..self }
    }

    /// How many examples a step looks at; the last batch of an epoch may be smaller.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Trainer { batch_size, ..self }
    }

    /// What decides the order of the examples, together with the number of the epoch.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Trainer { seed, ..self }
    }

    /// The loss of outputs and targets, a mean over the rows of a batch.
    #[must_use]
    pub fn loss(self, loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + 'n) -> Self {
        Trainer { loss: Box::new(loss), ..self }
    }

    /// How the learning rate, which starts at the optimiser's, changes.
    #[must_use]
    pub fn schedule(self, schedule: Schedule, every: Every) -> Self {
        Trainer { schedule, every, ..self }
    }

    /// Clips the gradients by their global norm; see [`Optimizer::clip_norm`].
    #[must_use]
    pub fn clip_norm(mut self, most: f64) -> Self {
        self.optimizer.set_clip_norm(Some(most));
        self
    }

    /// Ends before the last epoch when the loss falls no more.
    #[must_use]
    pub fn early_stopping(self, early: EarlyStopping) -> Self {
        Trainer { early: Some(early), ..self }
    }

    /// Calls this after every step: for a progress bar.
    #[must_use]
    pub fn on_step(self, call: impl FnMut(&StepReport) + 'n) -> Self {
        Trainer { on_step: Box::new(call), ..self }
    }

    /// Calls this after every epoch: for a table, or to save the network.
    #[must_use]
    pub fn on_epoch(self, call: impl FnMut(&EpochReport) + 'n) -> Self {
        Trainer { on_epoch: Box::new(call), ..self }
    }

    /// Ends training after the step during which this becomes true: for Ctrl-C.
    #[must_use]
    pub fn stop_flag(self, stop: Arc<AtomicBool>) -> Self {
        Trainer { stop, ..self }
    }

    /// What happened so far in the last call of [`Trainer::fit`], also when it failed.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Trains, and gives the history.
    ///
    /// Fails where the optimiser, the loss or the data do, and when the loss or a weight becomes NaN or
    /// infinite: the error names epoch and step, and the network has the weights of the last good epoch
    /// (its first ones, if there is none).
    pub fn fit(&mut self, train: &Dataset, validation: Option<&Dataset>) -> Result<History> {
        self.history = History::default();
        self.check(train, validation)?;
        let parameters = self.net.parameters();
        let mut scheduler = Scheduler::new(self.schedule, self.optimizer.learning_rate())?;
        self.optimizer.set_learning_rate(scheduler.learning_rate())?;
        let mut batches = train.batches(self.batch_size)?.shuffled(self.seed);
        let mut good = Snapshot::take(&parameters, 0, f64::INFINITY);
        let mut best = good.clone();
        let mut tape = Tape::new();
        for epoch in 1..=self.epochs {
            let mut mean = Mean::default();
            let (steps, mut step) = (batches.len(), 0);
            for batch in batches.epoch(epoch as u64 - 1) {
                step += 1;
                let (loss, running) = self.step(&mut tape, batch, &mut mean)?;
                if !loss.is_finite() {
                    return Err(diverged("loss", loss, epoch, Some(step), &good, &parameters));
                }
                let epochs = self.epochs;
                (self.on_step)(&StepReport { epoch, epochs, step, steps, running, loss });
                if self.every == Every::Step {
                    self.optimizer.set_learning_rate(scheduler.advance(loss))?;
                }
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            if let Some(value) = parameters.iter().find_map(not_finite) {
                return Err(diverged("a weight", value, epoch, Some(step), &good, &parameters));
            }
            let stopped = self.stop.load(Ordering::Relaxed);
            let report = EpochReport {
                epoch,
                learning_rate: self.optimizer.learning_rate(),
                train: mean.scores().unwrap_or_default(),
                validation: match validation {
                    Some(data) if !stopped => {
                        Some(evaluate_with(self.net, data, self.batch_size.max(256), &self.loss)?)
                    }
                    _ => None,
                },
            };
            let loss = report.validation.unwrap_or(report.train).loss;
            (self.on_epoch)(&report);
            self.history.epochs.push(report);
            if stopped {
                self.history.stopped = Stopped::Requested;
                return Ok(self.history.clone());
            }
            if !loss.is_finite() {
                return Err(diverged("validation loss", loss, epoch, None, &good, &parameters));
            }
            good = Snapshot::take(&parameters, epoch, loss);
            if self.every == Every::Epoch {
                self.optimizer.set_learning_rate(scheduler.advance(loss))?;
            }
            let Some(early) = self.early else { continue };
            if loss < best.loss - early.min_delta {
                best = good.clone();
            } else if epoch - best.epoch >= early.patience {
                self.history.stopped = Stopped::Early { best_epoch: best.epoch };
                break;
            }
        }
        if self.early.is_some() && best.epoch > 0 {
            best.restore(&parameters)?;
        }
        Ok(self.history.clone())
    }

    fn check(&self, train: &Dataset, validation: Option<&Dataset>) -> Result<()> {
        for (name, data) in [("training", Some(train)), ("validation", validation)] {
            if data.is_some_and(Dataset::is_empty) {
                return Err(Error::new(Kind::Data, format!("there are no {name} examples")));
            }
        }
        if let Some(EarlyStopping { patience, min_delta }) = self.early
            && (patience == 0 || !min_delta.is_finite() || min_delta < 0.0)
        {
            let message = format!("early stopping with patience {patience}, min_delta {min_delta}");
            let hint = "patience must be at least 1 and min_delta a finite number of at least 0";
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        Ok(())
    }

    /// One step: its loss, and the means of the epoch so far.
    fn step(&mut self, tape: &mut Tape, batch: Batch, mean: &mut Mean) -> Result<(f64, Scores)> {
        tape.reset();
        let outputs = self.net.forward(tape.constant(&batch.x)).keep();
        let loss = (self.loss)(outputs, tape.constant(&batch.y));
        self.optimizer.step(loss)?;
        let loss = loss.item()?;
        mean.add(loss, &outputs.value()?, &batch.y)?;
        Ok((loss, mean.scores().unwrap_or_default()))
    }
}

/// The weights after an epoch.
#[derive(Clone)]
struct Snapshot {
    epoch: usize,
    loss: f64,
    values: Vec<Tensor>,
}

impl Snapshot {
    fn take(parameters: &[Parameter], epoch: usize, loss: f64) -> Snapshot {
        Snapshot { epoch, loss, values: parameters.iter().map(Parameter::value).collect() }
    }

    fn restore(&self, parameters: &[Parameter]) -> Result<()> {
        let mut pairs = parameters.iter().zip(&self.values);
        pairs.try_for_each(|(parameter, value)| parameter.set(value.clone()))
    }
}

/// The first number of a parameter that is not finite.
fn not_finite(parameter: &Parameter) -> Option<f64> {
    let value = parameter.value();
    if let Some(values) = value.as_slice::<f32>() {
        return values.iter().find(|v| !v.is_finite()).map(|&v| f64::from(v));
    }
    value.as_slice::<f64>()?.iter().find(|v| !v.is_finite()).copied()
}

/// The error for numbers that are not finite, after the last good weights are back.
fn diverged(
    what: &str,
    value: f64,
    epoch: usize,
    step: Option<usize>,
    good: &Snapshot,
    parameters: &[Parameter],
) -> Error {
    if let Err(error) = good.restore(parameters) {
        return error;
    }
    let place = match step {
        Some(step) => format!("epoch {epoch}, step {step}"),
        None => format!("epoch {epoch}"),
    };
    let weights = match good.epoch {
        0 => "the network has its first weights again".to_string(),
        epoch => format!("the network has the weights after epoch {epoch} again"),
    };
    Error::new(Kind::Value, format!("training stopped: {what} became {value} at {place}"))
        .note(weights)
        .hint("lower the learning rate, clip the gradients, or look for extreme values in the data")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::data::{digits, iris, xor};
    use crate::nn::{Activation, Linear, Module, Sequential};
    use crate::optim::{Adam, Sgd};
    use crate::tensor::Rng;
    use crate::train::{evaluate, predict};

    fn net(sizes: &[usize], dropout: f64) -> Sequential {
        Sequential::mlp(sizes, Activation::Relu, dropout, &mut Rng::new(3)).unwrap()
    }

    fn weights(net: &Sequential) -> Vec<Tensor> {
        net.parameters().iter().map(Parameter::value).collect()
    }

    fn same(a: &[Tensor], b: &[Tensor]) -> bool {
        a.iter().zip(b).all(|(a, b)| a.equals(b))
    }

    #[test]
    fn iris_is_learnt_and_the_same_seed_gives_the_same_bits() {
        let split = iris().split_modulo(5, 4).unwrap();
        let run = || {
            let net = net(&[4, 16, 3], 0.1);
            let adam = Adam::new(&net, 0.01);
            let mut trainer = Trainer::new(&net, adam).epochs(30).batch_size(16).seed(5);
            let history = trainer.fit(&split.train, None).unwrap();
            (history, weights(&net), evaluate(&net, &split.test, 7).unwrap())
        };
        let (first, second) = (run(), run());
        assert_eq!(first.0, second.0);
        assert!(same(&first.1, &second.1));
        assert!(first.2.accuracy.unwrap() >= 0.8348, "{:?}", first.2);
        assert_eq!(first.0.epochs.len(), 30);
        assert_eq!(first.0.to_csv().lines().count(), 31);
    }

    #[test]
    fn reports_say_where_training_is() {
        let data = xor(50, 0.1, 1).unwrap();
        let net = net(&[2, 4, 2], 0.0);
        let (steps, epochs) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1))
            .epochs(2)
            .batch_size(20)
            .schedule(Schedule::Step { step_size: 3, gamma: 0.1 }, Every::Step)
            .on_step(|report| steps.borrow_mut().push((report.epoch, report.step, report.steps)))
            .on_epoch(|report| epochs.borrow_mut().push(report.clone()));
        let history = trainer.fit(&data, Some(&data)).unwrap();
        assert_eq!(
            *steps.borrow(),
            [(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]
        );
        assert_eq!(*epochs.borrow(), history.epochs);
        assert_eq!(history.epochs[1].validation, Some(evaluate(&net, &data, 50).unwrap()));
        assert_eq!(history.stopped, Stopped::Finished);
    }

    #[test]
    fn a_rate_that_is_too_high_stops_and_keeps_the_last_good_weights() {
        let data = digits().flatten();
        let net = net(&[64, 8, 10], 0.0);
        let start = weights(&net);
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 1e30)).epochs(3).batch_size(300);
        let error = trainer.fit(&data, None).unwrap_err();
        assert!(error.message().contains("at epoch 1, step "), "{error}");
        assert!(error.to_string().contains("first weights"), "{error}");
        assert!(trainer.history().epochs.is_empty());
        assert!(same(&weights(&net), &start));

        // The first epoch is good; then the rate explodes.
        let schedule = Schedule::Step { step_size: 1, gamma: 1e30 };
        let kept = RefCell::new(Vec::new());
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01))
            .schedule(schedule, Every::Epoch)
            .batch_size(300)
            .on_epoch(|_| *kept.borrow_mut() = weights(&net));
        let error = trainer.fit(&data, None).unwrap_err();
        assert!(error.message().contains("at epoch 2, step "), "{error}");
        assert!(error.to_string().contains("after epoch 1"), "{error}");
        assert_eq!(trainer.history().epochs.len(), 1);
        assert!(same(&weights(&net), &kept.borrow()));
    }

    #[test]
    fn early_stopping_restores_the_best_epoch() {
        let data = iris();
        let net = net(&[4, 8, 3], 0.0);
        let kept = RefCell::new(Vec::new());
        // From the third epoch on the rate is far too high, so that the loss rises.
        let schedule = Schedule::Step { step_size: 2, gamma: 300.0 };
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01))
            .epochs(50)
            .schedule(schedule, Every::Epoch)
            .early_stopping(EarlyStopping { patience: 2, min_delta: 0.0 })
            .on_epoch(|_| kept.borrow_mut().push(weights(&net)));
        let history = trainer.fit(&data, Some(&data)).unwrap();
        let losses: Vec<f64> = history.epochs.iter().map(|e| e.validation.unwrap().loss).collect();
        let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let best = losses.iter().position(|&loss| loss == lowest).unwrap();
        assert_eq!(history.stopped, Stopped::Early { best_epoch: best + 1 }, "{losses:?}");
        assert_eq!(history.epochs.len(), best + 3);
        assert!(same(&weights(&net), &kept.borrow()[best]));
    }

    #[test]
    fn a_stop_flag_ends_after_the_step() {
        let data = iris();
        let net = net(&[4, 8, 3], 0.0);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let mut trainer =
            Trainer::new(&net, Adam::new(&net, 0.01)).stop_flag(stop).on_step(move |report| {
                flag.store(report.epoch == 2 && report.step == 3, Ordering::Relaxed)
            });
        let history = trainer.fit(&data, Some(&data)).unwrap();
        assert_eq!((history.stopped, history.epochs.len()), (Stopped::Requested, 2));
        assert!(history.epochs[0].validation.is_some() && history.epochs[1].validation.is_none());
    }

    #[test]
    fn numbers_are_learnt_too() {
        let x = Tensor::uniform([64, 3], -1.0, 1.0, crate::tensor::DType::F32, &mut Rng::new(1))
            .unwrap();
        let truth = Linear::new(3, 1, &mut Rng::new(9));
        let y = predict(&truth, &x, 10).unwrap();
        let data = Dataset::new(x, y).unwrap();
        let net = Linear::new(3, 1, &mut Rng::new(4));
        let trainer = Trainer::new(&net, Adam::new(&net, 0.05)).epochs(60).batch_size(16);
        let history = trainer.clip_norm(10.0).fit(&data, None).unwrap();
        let error = history.epochs.last().unwrap().train.mean_absolute_error.unwrap();
        assert!(error < 0.01, "{error}");
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let (data, net) = (iris(), net(&[4, 8, 3], 0.0));
        let trainer = || Trainer::new(&net, Adam::new(&net, 0.01));
        assert!(trainer().batch_size(0).fit(&data, None).is_err());
        let empty = data.rows(&[]).unwrap();
        let text = trainer().fit(&data, Some(&empty)).unwrap_err().to_string();
        assert!(text.contains("no validation examples"), "{text}");
        assert!(trainer().fit(&empty, None).is_err());
        let early = EarlyStopping { patience: 0, min_delta: 0.0 };
        assert!(trainer().early_stopping(early).fit(&data, None).is_err());
        assert!(predict(&net, data.inputs(), 0).is_err());
        assert_eq!(predict(&net, empty.inputs(), 5).unwrap().shape()[..], [0, 3]);
        let wide = digits().flatten();
        assert!(trainer().fit(&wide, None).unwrap_err().to_string().contains("takes 4 features"));
    }
}
