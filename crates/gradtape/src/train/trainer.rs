//! [`Trainer`]: the training loop.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::feed::Examples;
use super::own_step::OwnStep;
use super::score::Undo;
use super::shards::{Collective, Traffic};
use super::{Checkpoints, EpochReport, History, LossScale, Scores, Watch, fit};
use crate::data::{Augment, Dataset, Stream};
use crate::eval::{Mode, Profiler};
use crate::io::Checkpoint;
use crate::nn::{Layer, Module};
use crate::optim::{Optimizer, Schedule};
use crate::tape::Var;
use crate::tensor::{DType, Result};

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
/// let opt = Adam::new(&net, 0.02);
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
///
/// Where it changes nothing, the step is [compiled](crate::compile): the network says that it
/// [is static](Layer::is_static), as all of this library do, and the loss is [`default_loss`]. The
/// results are the same bits.
///
/// A trainer can be moved to another thread, and so can what it calls.
///
/// [`default_loss`]: super::default_loss
pub struct Trainer<'n> {
    pub(super) net: &'n dyn Layer,
    pub(super) optimizer: Box<dyn Optimizer + 'n>,
    pub(super) epochs: usize,
    /// How many steps are taken at most.
    pub(super) steps: Option<usize>,
    pub(super) batch_size: usize,
    pub(super) accumulate: usize,
    pub(super) shards: usize,
    pub(super) ranks: Option<&'n dyn Collective>,
    pub(super) traffic: Mutex<Traffic>,
    pub(super) seed: u64,
    pub(super) augment: Option<Augment>,
    pub(super) precision: DType,
    pub(super) scale: LossScale,
    pub(super) mode: Mode,
    pub(super) profiler: Option<Profiler>,
    pub(super) watches: Vec<Box<dyn Watch + Send + 'n>>,
    /// The default one if `None`.
    pub(super) loss: Option<Box<OwnLoss<'n>>>,
    pub(super) own_step: Option<Box<OwnStep<'n>>>,
    /// What errors are brought back by before they are measured.
    pub(super) undo: Option<Undo<'n>>,
    pub(super) schedule: Schedule,
    pub(super) every: Every,
    pub(super) early: Option<EarlyStopping>,
    pub(super) on_step: Box<dyn FnMut(&StepReport) + Send + 'n>,
    pub(super) on_epoch: Box<dyn FnMut(&EpochReport) + Send + 'n>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) history: History,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) on_checkpoint: Option<Box<OnCheckpoint<'n>>>,
    /// What checkpoints keep instead of the network, which is a part of it.
    pub(super) saving: Option<&'n dyn Module>,
    /// Optimisers that are saved beside its own, by name.
    pub(super) others: Vec<(String, &'n dyn Optimizer)>,
    pub(super) resumed: Option<Checkpoint>,
    pub(super) insist: bool,
    /// Whether the schedule may be another one than that of a checkpoint.
    pub(super) reschedules: bool,
    /// Whether it goes on also where it had stopped early.
    pub(super) beyond: bool,
    /// Whether the others of `saving` stay as they are where it goes on.
    pub(super) own_alone: bool,
}

/// What is called of a checkpoint.
pub(super) type OnCheckpoint<'n> = dyn FnMut(Result<&Path>) + Send + 'n;

/// A loss that a trainer keeps.
pub(super) type OwnLoss<'n> = dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + Send + 'n;

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
/// The network then gets back the weights of the best epoch, and the optimiser what it kept after that, also
/// when all epochs are done.
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
    ///
    /// [`default_loss`]: super::default_loss
    pub fn new(net: &'n impl Layer, optimizer: impl Optimizer + 'n) -> Trainer<'n> {
        Trainer {
            net,
            optimizer: Box::new(optimizer),
            epochs: 10,
            steps: None,
            batch_size: 32,
            accumulate: 1,
            shards: 1,
            ranks: None,
            traffic: Mutex::default(),
            seed: 0,
            augment: None,
            precision: DType::F32,
            scale: LossScale::default(),
            mode: Mode::default(),
            profiler: None,
            watches: Vec::new(),
            loss: None,
            own_step: None,
            undo: None,
            schedule: Schedule::Constant,
            every: Every::Epoch,
            early: None,
            on_step: Box::new(|_| {}),
            on_epoch: Box::new(|_| {}),
            stop: Arc::default(),
            history: History::default(),
            checkpoints: None,
            on_checkpoint: None,
            saving: None,
            others: Vec::new(),
            resumed: None,
            insist: false,
            reschedules: false,
            beyond: false,
            own_alone: false,
        }
    }

    /// How often to go through the data.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Trainer { epochs, ..self }
    }

    /// Ends after so many steps of the optimiser in all, if there are more in the epochs. The last epoch is then a part of one.
    #[must_use]
    pub fn steps(self, steps: usize) -> Self {
        Trainer { steps: Some(steps), ..self }
    }

    /// How many examples a step looks at; the last batch of an epoch may be smaller.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Trainer { batch_size, ..self }
    }

    /// Takes one step for the mean gradient of so many batches, as an
    /// [`Accumulator`](crate::optim::Accumulator) does: batches larger than the memory. Batches that are left at
    /// the end of an epoch count with those of the next one, and at the end of the training for nothing. A schedule
    /// that advances with every step advances with every batch.
    #[must_use]
    pub fn accumulate(self, batches: usize) -> Self {
        Trainer { accumulate: batches, ..self }
    }

    /// Cuts each batch into so many shards: neighbouring rows, whose gradients are computed one shard at a time and added
    /// up as a fixed binary tree. The step is that of the whole batch but for rounding, and needs the memory of a shard.
    /// The number of shards decides the bits of the result; how many [ranks](Trainer::across) and threads compute them
    /// does not.
    ///
    /// What layers compute over a batch, they compute over a shard: the means of batch normalisation, whose running
    /// statistics are the means over the shards. Each shard has random numbers of its own. A loss of one's own must be a
    /// mean over rows and draw none. In [`Trainer::fit_stream`] each shard has rows of other blocks of the stream. 1 (default)
    /// leaves batches whole; a power of two is shared best.
    ///
    /// [`Trainer::fit`] fails where batches are cut and a step is not one sum of gradients: with
    /// [steps of one's own](Trainer::step), an optimiser that searches, [accumulation](Trainer::accumulate) or
    /// [`DType::F16`].
    #[must_use]
    pub fn shards(self, shards: usize) -> Self {
        Trainer { shards, ..self }
    }

    /// Shares the [shards](Trainer::shards) of each batch with other ranks, each of which has the same network, data and
    /// settings and calls the same things. All have the same weights after each step, bit by bit those of a training
    /// without other ranks. Rank 0 writes the checkpoints; a [stop](Trainer::stop_flag) of any rank is one of all, after
    /// the same step. Of a [stream](Trainer::fit_stream) a rank reads its own rows alone, and those are what a
    /// [watch](Trainer::watch) sees.
    ///
    /// Gradients of late layers are sent while early ones are computed. Where shards and ranks are powers of two and the
    /// optimiser changes each number by itself, each rank steps the numbers that it added up.
    ///
    /// [`Trainer::fit`] fails on all ranks, before the first step, where data, settings, version, weights or instruction
    /// sets differ, and where there are more ranks than shards; later where another rank has ended. See
    /// [`ThreadRanks`](super::ThreadRanks) for an example.
    #[must_use]
    pub fn across(self, ranks: &'n dyn Collective) -> Self {
        Trainer { ranks: Some(ranks), ..self }
    }

    /// What was sent to other [ranks](Trainer::across) in the last call of [`Trainer::fit`].
    pub fn traffic(&self) -> Traffic {
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What decides the order of the examples, together with the number of the epoch.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Trainer { seed, ..self }
    }

    /// Changes the images of each batch at random, in training alone. [`Trainer::fit`] fails for data that are no such
    /// images.
    ///
    /// ```
    /// use gradtape::data::{Augment, digits};
    /// use gradtape::nn::{Activation, Sequential};
    /// use gradtape::{Rng, optim::Adam, train::Trainer};
    /// let data = digits().flatten().rows(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])?;
    /// let net = Sequential::mlp(&[64, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
    /// let augment = Augment::new([1, 8, 8]).shift(1).rotate(10.0);
    /// Trainer::new(&net, Adam::new(&net, 0.01)).augment(augment).epochs(2).fit(&data, None)?;
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn augment(self, augment: Augment) -> Self {
        Trainer { augment: Some(augment), ..self }
    }

    /// The type of matrix products, convolutions and attention while training: [`DType::F32`] (default),
    /// [`DType::BF16`] or [`DType::F16`], for which the loss is [scaled](LossScale). Parameters and all else stay f32;
    /// see [`Tape::autocast`](crate::Tape::autocast). [`Trainer::fit`] fails for other types, and after 50 steps in a row
    /// whose gradients no scale makes finite.
    ///
    /// ```
    /// use gradtape::data::moons;
    /// use gradtape::nn::{Activation, Sequential};
    /// use gradtape::{DType, Rng, optim::Adam, train::Trainer};
    /// let data = moons(100, 0.1, 7)?;
    /// let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
    /// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).precision(DType::F16).epochs(3);
    /// let history = trainer.fit(&data, None)?;
    /// assert!(history.epochs[2].train.loss < history.epochs[0].train.loss);
    /// assert_eq!(trainer.loss_scale().scale(), 65_536.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn precision(self, precision: DType) -> Self {
        Trainer { precision, ..self }
    }

    /// Goes on with a scale of the loss that another training had; it counts for [`DType::F16`] alone.
    #[must_use]
    pub fn with_loss_scale(self, scale: LossScale) -> Self {
        Trainer { scale, ..self }
    }

    /// What the loss is scaled by, with [`DType::F16`]: to save it.
    pub fn loss_scale(&self) -> &LossScale {
        &self.scale
    }

    /// The loss of outputs and targets, a mean over the rows of a batch.
    #[must_use]
    pub fn loss(self, loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t> + Send + 'n) -> Self {
        Trainer { loss: Some(Box::new(loss)), ..self }
    }

    /// What brings outputs and targets to the unit of the number to predict, as
    /// [`Preprocessing::undo`](crate::data::Preprocessing::undo) and
    /// [`undo_target`](crate::data::Preprocessing::undo_target) give it: the mean absolute errors of all scores are then
    /// in that unit.
    ///
    /// ```
    /// use gradtape::data::Dataset;
    /// use gradtape::nn::{Linear, Module};
    /// use gradtape::{DType, Rng, Tensor, optim::Sgd, train::Trainer};
    /// let data = Dataset::new(Tensor::from([[0f32], [0.0]]), Tensor::from([[1f32], [2.0]]))?;
    /// let net = Linear::new(1, 1, &mut Rng::new(1));
    /// for own in net.parameters() {
    ///     own.set(Tensor::zeros(own.value().shape().clone(), DType::F32))?;
    /// }
    /// let mut trainer = Trainer::new(&net, Sgd::new(&net, 1e-9)).epochs(1)
    ///     .errors_in(|y| 10.0 * y, |y| 10.0 * y);
    /// let history = trainer.fit(&data, None)?;
    /// assert_eq!(history.epochs[0].train.mean_absolute_error, Some(15.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn errors_in(
        self,
        output: impl Fn(f64) -> f64 + Send + 'n,
        target: impl Fn(f64) -> f64 + Send + 'n,
    ) -> Self {
        let undo = Undo { output: Box::new(output), target: Box::new(target) };
        Trainer { undo: Some(undo), ..self }
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
    pub fn on_step(self, call: impl FnMut(&StepReport) + Send + 'n) -> Self {
        Trainer { on_step: Box::new(call), ..self }
    }

    /// Calls this after every epoch: for a table, or to save the network.
    #[must_use]
    pub fn on_epoch(self, call: impl FnMut(&EpochReport) + Send + 'n) -> Self {
        Trainer { on_epoch: Box::new(call), ..self }
    }

    /// Ends training after the step during which this becomes true: for Ctrl-C. With [early
    /// stopping](Trainer::early_stopping), the network then gets the weights of the best epoch so far.
    #[must_use]
    pub fn stop_flag(self, stop: Arc<AtomicBool>) -> Self {
        Trainer { stop, ..self }
    }

    /// Saves the training now and then, so that it can be gone on with: [`Trainer::resume`].
    #[must_use]
    pub fn checkpoints(self, checkpoints: Checkpoints) -> Self {
        Trainer { checkpoints: Some(checkpoints), ..self }
    }

    /// Calls this after every checkpoint, with its path, or with what kept it from being written: training then goes
    /// on. Without, [`Trainer::fit`] fails where a checkpoint cannot be written.
    #[must_use]
    pub fn on_checkpoint(self, call: impl FnMut(Result<&Path>) + Send + 'n) -> Self {
        Trainer { on_checkpoint: Some(Box::new(call)), ..self }
    }

    /// Lets checkpoints keep a module of which the network is a part, all of it: where several are trained in turn. It
    /// shares its parameters with the network.
    #[must_use]
    pub fn saving(self, whole: &'n impl Module) -> Self {
        Trainer { saving: Some(whole), ..self }
    }

    /// Lets checkpoints keep another optimiser, by a name, as of a [step](Trainer::step) of one's own; may be called for
    /// several. [`Trainer::resume`] has it go on, too.
    ///
    /// ```
    /// use gradtape::nn::{Layer, Linear};
    /// use gradtape::{Rng, data::moons, loss::cross_entropy, optim::{Adam, Optimizer}, train::{Checkpoints, Trainer}};
    /// let folder = std::env::temp_dir().join(format!("gradtape-two-{}", std::process::id()));
    /// let (data, net) = (moons(64, 0.1, 7)?, Linear::new(2, 2, &mut Rng::new(1)));
    /// let again = Adam::new(&net, 0.01);
    /// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(1);
    /// trainer = trainer.checkpoints(Checkpoints::new(&folder)).saving_optimizer("again", &again);
    /// trainer = trainer.step(|tape, batch, optimizer| {
    ///     for own in [optimizer, &again] {
    ///         tape.reset();
    ///         own.step(cross_entropy(net.forward(tape.constant(&batch.x)), tape.constant(&batch.y)))?;
    ///     }
    ///     tape.reset();
    ///     let outputs = net.forward(tape.constant(&batch.x));
    ///     Ok((cross_entropy(outputs, tape.constant(&batch.y)).item()?, outputs.value()?))
    /// });
    /// trainer.fit(&data, None)?;
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn saving_optimizer(
        mut self,
        name: impl Into<String>,
        optimizer: &'n dyn Optimizer,
    ) -> Self {
        self.others.push((name.into(), optimizer));
        self
    }

    /// Has the next [`Trainer::fit`] go on from a checkpoint, to the same bits as without a stop: from a file, or the
    /// latest of a folder. The network must be built from the same seed, and the trainer have the same settings; it
    /// may have more epochs or steps.
    ///
    /// Fails for a file that is damaged or no checkpoint; [`Trainer::fit`] fails where data, settings or the version of
    /// this library are others than they were, and says which.
    pub fn resume(self, path: impl AsRef<Path>) -> Result<Self> {
        let checkpoint = Checkpoint::load(Checkpoints::latest(path)?)?;
        Ok(Trainer { resumed: Some(checkpoint), ..self })
    }

    /// Goes on from a checkpoint also where data, settings or version differ. The schedule stays where it stood, and the
    /// result is that of neither training.
    #[must_use]
    pub fn insist(self) -> Self {
        Trainer { insist: true, ..self }
    }

    /// Goes on from a checkpoint also where the schedule is another one, as that of more epochs is. It goes on from
    /// where the earlier one stood, and the result is that of neither.
    #[must_use]
    pub fn reschedule(self) -> Self {
        Trainer { reschedules: true, ..self }
    }

    /// Goes on from a checkpoint also where the training had stopped early, if epochs are left: the patience of
    /// [`Trainer::early_stopping`] begins anew there, and the best epoch stays known.
    ///
    /// ```
    /// use gradtape::data::xor;
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::Sgd;
    /// use gradtape::train::{Checkpoints, EarlyStopping, Stopped, Trainer};
    /// use gradtape::Rng;
    /// let folder = std::env::temp_dir().join(format!("gradtape-beyond-{}", std::process::id()));
    /// let data = xor(40, 0.1, 1)?;
    /// let net = Linear::new(2, 2, &mut Rng::new(1));
    /// // No epoch is so much better.
    /// let early = EarlyStopping { patience: 2, min_delta: 10.0 };
    /// let trainer = || {
    ///     let checkpoints = Checkpoints::new(&folder).every_epochs(1);
    ///     Trainer::new(&net, Sgd::new(&net, 0.1)).early_stopping(early).checkpoints(checkpoints)
    /// };
    /// let history = trainer().epochs(9).fit(&data, None)?;
    /// assert_eq!((history.epochs.len(), history.stopped), (3, Stopped::Early { best_epoch: 1 }));
    /// let history = trainer().epochs(9).resume(&folder)?.fit(&data, None)?;
    /// assert_eq!(history.epochs.len(), 3, "it had stopped");
    /// let history = trainer().epochs(9).resume(&folder)?.beyond_stop().fit(&data, None)?;
    /// assert_eq!((history.epochs.len(), history.kept_epoch), (5, 1));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn beyond_stop(self) -> Self {
        Trainer { beyond: true, ..self }
    }

    /// Goes on from a checkpoint that keeps others beside the network, as [`Trainer::saving`] says, and leaves these as
    /// they are now.
    #[must_use]
    pub fn resume_alone(self) -> Self {
        Trainer { own_alone: true, ..self }
    }

    /// The optimiser: to set its learning rate between two trainings, or to save them.
    ///
    /// ```
    /// use gradtape::io::Checkpoint;
    /// use gradtape::optim::Adam;
    /// use gradtape::train::Trainer;
    /// use gradtape::{Rng, data::xor, nn::Linear};
    /// let data = xor(40, 0.1, 1)?;
    /// let net = Linear::new(2, 2, &mut Rng::new(1));
    /// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(1);
    /// trainer.fit(&data, None)?;
    /// let checkpoint = Checkpoint::new(&net, trainer.optimizer())?;
    ///
    /// // Another epoch, which is taken back.
    /// trainer.fit(&data, None)?;
    /// checkpoint.restore(&net, trainer.optimizer())?;
    /// assert_eq!(trainer.optimizer().steps(), 2);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn optimizer(&self) -> &dyn Optimizer {
        &*self.optimizer
    }

    /// What happened so far in the last call of [`Trainer::fit`], also when it failed.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Trains, and gives the history. Called again, it goes on from the weights and the optimiser's state as
    /// they are; the epochs count from 1 and the schedule starts from the optimiser's rate again.
    ///
    /// Fails where the optimiser, the loss or the data do, and when the loss, a weight or a buffer becomes NaN
    /// or infinite: the error names epoch and step, and the network has the weights of the last good epoch
    /// (its first ones, if there is none), and the optimiser what it kept then.
    #[track_caller]
    pub fn fit(&mut self, train: &Dataset, validation: Option<&Dataset>) -> Result<History> {
        fit::run(self, Examples::Held(train), validation)?;
        Ok(self.history.clone())
    }

    /// As [`Trainer::fit`], on examples that are read as they are needed. Fails also where they cannot be read; the
    /// network then has the weights as they are.
    #[track_caller]
    pub fn fit_stream(&mut self, train: &Stream, validation: Option<&Dataset>) -> Result<History> {
        fit::run(self, Examples::Read(train), validation)?;
        Ok(self.history.clone())
    }
}

#[cfg(test)]
mod tests;
