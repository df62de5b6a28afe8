//! [`Examples`]: what a trainer trains on, in memory or read as it is needed.

use super::Trainer;
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
                Ok(Feed::Read(Box::new(batches)))
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
