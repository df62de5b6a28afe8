//! Looking into a training: `--checked`.

use clap::Args;
use gradtape::train::Trainer;
use gradtape::{Error, Mode};

use crate::error::Failure;

#[derive(Args)]
pub(crate) struct WatchFlags {
    /// Compute operation by operation, and stop at the first result that is NaN or infinite, with its
    /// layer and its operands; slow
    #[arg(long, help_heading = "Watching")]
    checked: bool,
}

impl WatchFlags {
    /// A trainer that is watched as asked for.
    pub(super) fn on<'n>(&self, trainer: Trainer<'n>) -> Trainer<'n> {
        match self.checked {
            true => trainer.mode(Mode::Checked),
            false => trainer,
        }
    }
}

/// A failure of a training, with flags in the place of methods.
pub(super) fn failure(error: Error) -> Failure {
    Failure::failed(error.to_string().replace("Trainer::mode(Mode::Checked)", "--checked"))
}
