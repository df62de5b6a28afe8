//! [`Examples`]: what a trainer trains on, in memory or read as it is needed.

use super::Trainer;
use super::shards::Shared;
use crate::data::{Batch, Batches, Dataset, Stream, StreamBatches};
use crate::tensor::Result;

/// What is trained on.
#[derive(Clone, Copy)]
pub(super) enum Examples<'d> {
    Held(&'d Dataset),
    Read(&'d Stream),
}

impl<'d> Examples<'d> {
    pub(super) fn is_empty(self) -> bool {
        match self {
            Examples::Held(data) => data.is_empty(),
            Examples::Read(stream) => stream.is_empty(),
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Examples::Held(data) => data.len(),
            Examples::Read(stream) => stream.len(),
        }
    }

    /// Tells whether they are the same as others.
    pub(super) fn fingerprint(self) -> Result<String> {
        let (rows, number) = match self {
            Examples::Held(data) => (data.len(), data.fingerprint()),
            Examples::Read(stream) => (stream.len(), stream.fingerprint()?),
        };
        Ok(format!("{rows} rows, {number:016x}"))
    }

    /// In batches as a trainer asks for.
    pub(super) fn feed(self, trainer: &Trainer<'_>) -> Result<Feed<'d>> {
        let (size, seed) = (trainer.batch_size, trainer.seed);
        match self {
            Examples::Held(data) => {
                let batches = data.batches(size)?.shuffled(seed);
                Ok(Feed::Held(Box::new(match &trainer.augment {
                    Some(augment) => batches.augmented(augment.clone())?,
                    None => batches,
                })))
            }
            Examples::Read(stream) => {
                let batches = StreamBatches::new(stream, size, seed, trainer.augment.clone())?;
                let shared = Shared { shards: trainer.shards, ranks: trainer.ranks };
                Ok(Feed::Read(Box::new(batches.sharded(trainer.shards.max(1), shared.own()))))
            }
        }
    }
}

/// Batches, epoch after epoch.
pub(super) enum Feed<'d> {
    Held(Box<Batches<'d>>),
    Read(Box<StreamBatches>),
}

impl Feed<'_> {
    /// How many an epoch has.
    pub(super) fn len(&self) -> usize {
        match self {
            Feed::Held(batches) => batches.len(),
            Feed::Read(batches) => batches.len(),
        }
    }

    /// Tells how many rows the batch after the first so many has with the shards of all ranks, where this rank's has its own
    /// alone.
    pub(super) fn rows_of_all(&self) -> impl Fn(usize) -> Option<usize> + use<> {
        let read = if let Feed::Read(own) = self { own.rows_of_all() } else { None };
        move |batches| read.as_ref().map(|rows| rows(batches))
    }

    /// Those of an epoch without the first so many.
    pub(super) fn epoch_from(
        &mut self,
        epoch: u64,
        batches: usize,
    ) -> Result<Box<dyn Iterator<Item = Result<Batch>> + '_>> {
        Ok(match self {
            Feed::Held(own) => Box::new(own.epoch_from(epoch, batches).map(Ok)),
            Feed::Read(own) => Box::new(own.epoch_from(epoch, batches)?),
        })
    }
}
