//! [`Same`]: what must be the same where a training goes on.

use std::collections::BTreeMap;

use super::course::Training;
use super::feed::Examples;
use super::{EarlyStopping, Every, Trainer};
use crate::data::{Augment, Dataset};
use crate::eval::{self, Mode};
use crate::io::Checkpoint;
use crate::nn::{self, Layer, Module};
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result, Tensor, fingerprint};

/// What a training depends on beside its state, by name.
pub(super) struct Same(BTreeMap<String, String>);

impl Same {
    pub(super) fn of(
        trainer: &Trainer<'_>,
        train: Examples<'_>,
        validation: Option<&Dataset>,
    ) -> Result<Same> {
        let optimizer = &*trainer.optimizer;
        let mut all = BTreeMap::new();
        let mut put = |name: &str, value: String| drop(all.insert(name.to_string(), value));
        put("version", env!("CARGO_PKG_VERSION").to_string());
        put("training data", train.fingerprint()?);
        if let Examples::Read(stream) = train {
            let (rows, together) = stream.blocks();
            put("blocks", format!("{together} of {rows} rows together"));
        }
        let validation = validation.map(|own| Examples::Held(own).fingerprint()).transpose()?;
        put("validation data", validation.unwrap_or_else(|| "none".to_string()));
        put("optimizer", optimizer.name().to_string());
        put("learning rate", optimizer.learning_rate().to_string());
        for (known, value) in optimizer.settings() {
            put(known.name, value.to_string());
        }
        optimizer.base().described().into_iter().for_each(|(name, value)| put(name, value));
        let every = if trainer.every == Every::Step { "step" } else { "epoch" };
        put(SCHEDULE, format!("{}, each {every}", trainer.schedule));
        put("batch size", trainer.batch_size.to_string());
        put("batches for a step", trainer.accumulate.to_string());
        put(SHARDS, trainer.shards.to_string());
        put("seed", trainer.seed.to_string());
        let none = || "none".to_string();
        put("augmentation", trainer.augment.as_ref().map_or_else(none, augmentation));
        put("precision", trainer.precision.to_string());
        put(
            "steps",
            if trainer.own_step.is_some() { "their own" } else { "the default" }.to_string(),
        );
        put("loss", if trainer.loss.is_some() { "its own" } else { "the default" }.to_string());
        put("early stopping", trainer.early.as_ref().map_or_else(none, early_stopping));
        Ok(Same(all))
    }

    /// With what ranks must have in common beside it: where they begin, and what computes.
    pub(super) fn with_state(
        &self,
        training: &Training<'_>,
        (net, mode): (&dyn Layer, Mode),
        whole: &dyn Module,
        [epoch, step, epochs, left]: [usize; 4],
    ) -> Result<BTreeMap<String, String>> {
        let mut all = self.0.clone();
        let layers = net.spec().and_then(|spec| serde_json::to_string(&spec).ok());
        all.insert("network".to_string(), layers.unwrap_or_else(|| net.kind()));
        let draws: Vec<String> =
            net.named_dials().into_iter().map(|(_, dial)| dial.get().to_string()).collect();
        all.insert("random numbers drawn".to_string(), draws.join(" "));
        all.insert("epochs".to_string(), epochs.to_string());
        all.insert("mode".to_string(), format!("{mode:?}"));
        all.insert("batches at most".to_string(), left.to_string());
        let state: Vec<Tensor> = training.state.iter().map(Parameter::value).collect();
        let optimizer = training.optimizer.state()?.into_iter().map(|(_, value)| value);
        let optimizer: Vec<Tensor> = optimizer.collect();
        let hash = |tensors: &[Tensor]| format!("{:016x}", fingerprint(tensors));
        all.insert("weights to begin with".to_string(), hash(&state));
        // With how many other networks it answers, say.
        let saved: Vec<Tensor> =
            nn::named_state(whole).iter().map(|(_, own)| own.value()).collect();
        let saved = format!("{} tensors, {}", saved.len(), hash(&saved));
        all.insert("all that is saved".to_string(), saved);
        all.insert("state of the optimizer".to_string(), hash(&optimizer));
        all.insert("begins".to_string(), format!("epoch {epoch} after {step} batches"));
        all.insert("instruction set".to_string(), eval::instruction_set().to_string());
        Ok(all)
    }

    /// Writes it to a checkpoint.
    pub(super) fn note(&self, checkpoint: Checkpoint) -> Checkpoint {
        let noted = self.0.iter();
        noted.fold(checkpoint, |checkpoint, (name, value)| {
            checkpoint.note(format!("{NOTE}{name}"), value)
        })
    }

    /// Fails where a checkpoint was written with others, and says which; a schedule may be another one where
    /// `reschedules`, but what it counts is the same.
    pub(super) fn check(&self, checkpoint: &Checkpoint, reschedules: bool) -> Result<()> {
        let differs = |(name, here): (&String, &String)| {
            let there = checkpoint.notes.get(&format!("{NOTE}{name}"));
            // Earlier versions cut no batch.
            let unsaid = if name == SHARDS { "1" } else { "not said" };
            let there = there.map_or(unsaid, |there| there);
            let counts = |text: &str| text.rsplit(", ").next().map(String::from);
            if reschedules && name == SCHEDULE && counts(there) == counts(here) {
                return None;
            }
            (there != here).then(|| format!("{name}: {there} in the checkpoint, {here} here"))
        };
        let differing: Vec<String> = self.0.iter().filter_map(differs).collect();
        if differing.is_empty() {
            return Ok(());
        }
        let message = "the checkpoint is of a training with other settings, data or version";
        let error = Error::new(Kind::Model, message);
        Err(differing.into_iter().fold(error, Error::note).hint(
            "go on with the same ones, or insist: the result is then not that of either training",
        ))
    }
}

fn augmentation(augment: &Augment) -> String {
    format!("{augment} of {:?} before {:?}", augment.image(), augment.backgrounds())
}

fn early_stopping(early: &EarlyStopping) -> String {
    let EarlyStopping { patience, min_delta } = early;
    format!("when no better by {min_delta} for {patience} epochs")
}

const NOTE: &str = "same.";
const SCHEDULE: &str = "schedule";
const SHARDS: &str = "shards of a batch";
