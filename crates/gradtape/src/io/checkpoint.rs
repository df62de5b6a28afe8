//! [`Checkpoint`]: a training in a file, to go on with later.

use std::collections::BTreeMap;
use std::path::Path;

use flate2::Crc;

use super::safetensors::{SafeTensors, read_safetensors, write_safetensors};
use crate::nn::{self, Module, Origin};
use crate::optim::{Optimizer, Scheduler};
use crate::tape::Dial;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A training at one moment: the parameters and buffers, the optimiser with its step count and learning rate, how often
/// each dropout was used, and perhaps a schedule and notes. Training that goes on from it gives the same
/// bits as one that was never interrupted, if the network is built from the same seed.
///
/// ```
/// use gradtape::io::Checkpoint;
/// use gradtape::nn::Linear;
/// use gradtape::optim::{Adam, Optimizer, Schedule, Scheduler};
/// use gradtape::{DType, Rng, Tape, Tensor};
///
/// let build = || {
///     let net = Linear::new(3, 1, &mut Rng::new(1));
///     let opt = Adam::new(&net, 0.1);
///     (net, opt)
/// };
/// let train = |net: &Linear, opt: &Adam, scheduler: &mut Scheduler| {
///     let tape = Tape::new();
///     opt.set_learning_rate(scheduler.learning_rate())?;
///     opt.step(net.forward(tape.constant(Tensor::ones([2, 3], DType::F32))).square().sum(()))?;
///     scheduler.advance(0.0);
///     gradtape::Result::Ok(())
/// };
/// let schedule = Schedule::Exponential { gamma: 0.9 };
/// let (net, opt) = build();
/// let mut scheduler = Scheduler::new(schedule.clone(), 0.1)?;
/// train(&net, &opt, &mut scheduler)?;
/// let path = std::env::temp_dir().join(format!("gradtape-{}.checkpoint", std::process::id()));
/// Checkpoint::new(&net, &opt)?.scheduler(&scheduler).note("epoch", "1").save(&path)?;
/// train(&net, &opt, &mut scheduler)?;
///
/// // Later, in another process:
/// let (again, other) = build();
/// let mut schedule = Scheduler::new(schedule, 0.1)?;
/// let checkpoint = Checkpoint::load(&path)?;
/// checkpoint.restore(&again, &other)?;
/// checkpoint.restore_scheduler(&mut schedule)?;
/// train(&again, &other, &mut schedule)?;
/// assert!(again.weight.value().equals(&net.weight.value()));
/// # assert_eq!(checkpoint.notes["epoch"], "1");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// It is one safetensors file, whose tensors are called `module.NAME`, `dial.NAME`, `optimizer.NAME`,
/// `learning_rate`, `scheduler` and `own.NAME`. The tensors of a checkpoint in memory are shared with the training until
/// that changes them, so that keeping the best so far is cheap.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    tensors: BTreeMap<String, Tensor>,
    /// Whatever else is to be known, by name.
    pub notes: BTreeMap<String, String>,
}

impl Checkpoint {
    /// What training has come to now. Fails for settings of the optimiser that are out of range.
    pub fn new(
        module: &(impl Module + ?Sized),
        optimizer: &(impl Optimizer + ?Sized),
    ) -> Result<Checkpoint> {
        let mut tensors = BTreeMap::new();
        let mut put =
            |kind: &str, name: &str, tensor| tensors.insert(format!("{kind}{name}"), tensor);
        for (name, tensor) in nn::values(module) {
            put(MODULE, &name, tensor);
        }
        for (name, dial) in module.named_dials() {
            put(DIAL, &name, Tensor::scalar(dial.get()));
        }
        for (name, tensor) in optimizer.state()? {
            put(OPTIMIZER, &name, tensor);
        }
        put(RATE, "", Tensor::scalar(optimizer.learning_rate()));
        Ok(Checkpoint { tensors, notes: BTreeMap::new() })
    }

    /// Adds where a schedule stands.
    #[must_use]
    pub fn scheduler(mut self, scheduler: &Scheduler) -> Checkpoint {
        self.tensors.insert(SCHEDULER.to_string(), scheduler.state());
        self
    }

    /// Adds another optimiser, by a name: what it keeps and its rate. Fails for settings that are out of range.
    ///
    /// ```
    /// use gradtape::io::Checkpoint;
    /// use gradtape::optim::{Adam, Optimizer};
    /// use gradtape::{Rng, nn::Linear};
    /// let (net, critic) = (Linear::new(3, 1, &mut Rng::new(1)), Linear::new(1, 1, &mut Rng::new(2)));
    /// let other = Adam::new(&critic, 0.5);
    /// let checkpoint = Checkpoint::new(&net, &Adam::new(&net, 0.1))?.optimizer("critic", &other)?;
    /// other.set_learning_rate(0.1)?;
    /// checkpoint.restore_optimizer("critic", &other)?;
    /// assert_eq!(other.learning_rate(), 0.5);
    /// assert!(checkpoint.restore_optimizer("actor", &other).is_err());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn optimizer(
        mut self,
        name: &str,
        optimizer: &(impl Optimizer + ?Sized),
    ) -> Result<Checkpoint> {
        let kind = other(name);
        for (own, tensor) in optimizer.state()? {
            self.tensors.insert(format!("{kind}{OPTIMIZER}{own}"), tensor);
        }
        self.tensors.insert(format!("{kind}{RATE}"), Tensor::scalar(optimizer.learning_rate()));
        Ok(self)
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, text: impl Into<String>) -> Checkpoint {
        self.notes.insert(name.into(), text.into());
        self
    }

    /// Adds a tensor of your own. It is called `own.NAME` in the file.
    ///
    /// ```
    /// use gradtape::io::Checkpoint;
    /// use gradtape::{Rng, Tensor, nn::Linear, optim::Adam};
    /// let net = Linear::new(3, 1, &mut Rng::new(1));
    /// let order = Tensor::from([2i64, 0, 1]);
    /// let checkpoint = Checkpoint::new(&net, &Adam::new(&net, 0.1))?.tensor("order", order);
    /// assert_eq!(checkpoint.get("order").unwrap().to_f64_vec(), [2.0, 0.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn tensor(mut self, name: impl AsRef<str>, tensor: Tensor) -> Checkpoint {
        self.tensors.insert(format!("{OWN}{}", name.as_ref()), tensor);
        self
    }

    /// A tensor that [`Checkpoint::tensor`] added.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(&format!("{OWN}{name}"))
    }

    /// All tensors that [`Checkpoint::tensor`] added, with their names.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(OWN)?, tensor)))
    }

    /// Writes it to a file, whole or not at all: an earlier checkpoint there stays until the new one is
    /// complete. Fails when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let notes = self.notes.iter().map(|(name, text)| (format!("{NOTE}{name}"), text.clone()));
        let mut metadata: BTreeMap<String, String> = notes.collect();
        metadata.insert(FORMAT.to_string(), VERSION.to_string());
        metadata.insert(CHECKSUM.to_string(), self.checksum()?);
        let tensors = self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.clone()));
        write_safetensors(path, &tensors.collect::<Vec<_>>(), &metadata)
    }

    /// Reads one from a file. Fails for a file that is damaged or no checkpoint.
    pub fn load(path: impl AsRef<Path>) -> Result<Checkpoint> {
        let path = path.as_ref();
        let SafeTensors { tensors, metadata } = read_safetensors(path)?;
        match metadata.get(FORMAT).map(String::as_str) {
            Some(VERSION) => {}
            Some(other) => {
                let message = format!("the format is {other}, this program reads {VERSION}");
                return Err(Error::new(Kind::Model, message).context(path.display()));
            }
            None => {
                let error = Error::new(Kind::Model, "the file is no checkpoint");
                let hint = "a network alone is read with Model::load or io::load";
                return Err(error.hint(hint).context(path.display()));
            }
        }
        let told = metadata.get(CHECKSUM).cloned();
        let note = |(name, text): (String, String)| Some((name.strip_prefix(NOTE)?.into(), text));
        let notes = metadata.into_iter().filter_map(note).collect();
        let checkpoint = Checkpoint { tensors: tensors.into_iter().collect(), notes };
        let found = checkpoint.checksum()?;
        match told {
            Some(told) if told != found => {
                let message = format!(
                    "the file is damaged: it is to have the checksum {told}, but has {found}"
                );
                let hint = "go on from another checkpoint, or from a copy";
                Err(Error::new(Kind::Model, message).hint(hint).context(path.display()))
            }
            _ => Ok(checkpoint),
        }
    }

    /// Of names, numbers and notes (CRC-32).
    fn checksum(&self) -> Result<String> {
        let mut sum = Crc::new();
        let mut bytes = Vec::new();
        for (name, tensor) in &self.tensors {
            sum.update(name.as_bytes());
            bytes.clear();
            tensor.append_bytes_to(&mut bytes)?;
            sum.update(&bytes);
        }
        for (name, text) in &self.notes {
            sum.update(name.as_bytes());
            sum.update(text.as_bytes());
        }
        Ok(format!("{:08x}", sum.sum()))
    }

    /// Has a module and an optimiser go on from here. Dropout has the masks that would have come next if
    /// it was made from the same seed.
    ///
    /// Fails, and changes nothing, where either is not what the checkpoint was taken from: another name,
    /// shape or element type, another optimiser.
    pub fn restore(
        &self,
        module: &(impl Module + ?Sized),
        optimizer: &(impl Optimizer + ?Sized),
    ) -> Result<()> {
        let state = nn::fit(module, self.part(MODULE), &CHECKPOINT)?;
        let dials = self.dials(module)?;
        self.restore_state("", optimizer)?;
        dials.into_iter().for_each(|(dial, number)| dial.set(number));
        state.into_iter().try_for_each(|(own, value)| own.set(value))
    }

    /// Has another optimiser go on from where [`Checkpoint::optimizer`] saw it. Fails, and changes nothing, where none of
    /// this name was added, and for another optimiser.
    pub fn restore_optimizer(
        &self,
        name: &str,
        optimizer: &(impl Optimizer + ?Sized),
    ) -> Result<()> {
        self.restore_state(&other(name), optimizer)
            .map_err(|error| error.context(format!("optimizer {name:?}")))
    }

    /// The state and the rate of an optimiser, whose tensors are called with this before.
    fn restore_state(&self, kind: &str, optimizer: &(impl Optimizer + ?Sized)) -> Result<()> {
        let rate = format!("{kind}{RATE}");
        let rate = self.tensors.get(&rate).ok_or_else(|| missing(&rate))?.item()?;
        let before = optimizer.learning_rate();
        optimizer.set_learning_rate(rate)?;
        if let Err(error) = optimizer.load_state(&self.part(&format!("{kind}{OPTIMIZER}"))) {
            return optimizer.set_learning_rate(before).and(Err(error));
        }
        Ok(())
    }

    /// Has a scheduler go on from where [`Checkpoint::scheduler`] saw one. Fails, and changes nothing, where
    /// none was added.
    pub fn restore_scheduler(&self, scheduler: &mut Scheduler) -> Result<()> {
        scheduler.load_state(self.tensors.get(SCHEDULER).ok_or_else(|| missing(SCHEDULER))?)
    }

    /// The tensors of one kind, by the rest of their names.
    fn part(&self, kind: &str) -> Vec<(String, Tensor)> {
        let own = self.tensors.iter();
        own.filter_map(|(name, t)| Some((name.strip_prefix(kind)?.to_string(), t.clone())))
            .collect()
    }

    /// The dials of a module with the numbers they had.
    fn dials(&self, module: &(impl Module + ?Sized)) -> Result<Vec<(Dial, f64)>> {
        let number = |(name, dial): (String, Dial)| {
            let name = format!("{DIAL}{name}");
            Ok((dial, self.tensors.get(&name).ok_or_else(|| missing(&name))?.item()?))
        };
        let dials = module.named_dials();
        let known = |name: &str| dials.iter().any(|(own, _)| own == name);
        let mut saved = self.tensors.keys().filter_map(|name| name.strip_prefix(DIAL));
        if let Some(name) = saved.find(|name| !known(name)) {
            let message = format!("the network has no {DIAL}{name}, but the checkpoint has");
            return Err(Error::new(Kind::Model, message).hint(CHECKPOINT.hint));
        }
        dials.into_iter().map(number).collect()
    }
}

fn missing(name: &str) -> Error {
    let error = Error::new(Kind::Model, format!("the checkpoint has no {name}"));
    error.hint(CHECKPOINT.hint)
}

/// What errors say of tensors from a checkpoint, in memory or in a file.
const CHECKPOINT: Origin = Origin {
    own: "the network",
    place: "the checkpoint",
    hint: "it was taken from another training",
};

const MODULE: &str = "module.";
const DIAL: &str = "dial.";
const OPTIMIZER: &str = "optimizer.";
const OWN: &str = "own.";
/// What the names of the tensors of another optimiser begin with.
fn other(name: &str) -> String {
    format!("other {name}: ")
}

const RATE: &str = "learning_rate";
const SCHEDULER: &str = "scheduler";
const CHECKSUM: &str = "gradtape.checksum";
const FORMAT: &str = "gradtape.checkpoint";
const VERSION: &str = "1";
const NOTE: &str = "gradtape.note.";
