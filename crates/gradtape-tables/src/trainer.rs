//! What trains a network by a recipe: the one place where numbers of it become settings of a [`Trainer`].

use gradtape::Result;
use gradtape::engine::cpu;
use gradtape::nn::{Layer, Module};
use gradtape::optim::{Optimizer, Schedule};
use gradtape::train::{EarlyStopping, Every, Trainer};

use super::recipe::{Recipe, learning_rate};

/// How long a training takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The epochs that there are, the last of which may be cut off.
    pub epochs: usize,
    /// The batches of all of them.
    pub batches: usize,
}

/// Floating-point operations of a step from which a second thread helps: about half a millisecond of one. With fewer,
/// threads wait for each other longer than they work.
const SHARED_STEP: f64 = 5e7;

impl Recipe {
    /// Does something with the programs of a perceptron that is trained by this: on the calling thread alone where the
    /// steps are so small that a second thread costs more than it helps. Results do not depend on it.
    pub fn with_threads<R>(&self, network: &impl Module, work: impl FnOnce() -> R) -> R {
        let step = 6.0 * network.parameter_count() as f64 * self.batch() as f64;
        if step < SHARED_STEP { cpu::alone(work) } else { work() }
    }

    /// How many rows make a batch.
    pub fn batch(&self) -> usize {
        self.batch.unwrap_or(32)
    }

    /// How long a training takes whose epochs have so many batches.
    ///
    /// ```
    /// use gradtape_tables::{Length, Recipe};
    /// let recipe = Recipe { epochs: Some(9), steps: Some(10), accumulate: Some(2), ..Recipe::default() };
    /// assert_eq!(recipe.length(8), Length { epochs: 3, batches: 20 });
    /// ```
    pub fn length(&self, batches: usize) -> Length {
        let epochs = self.epochs.unwrap_or(30);
        let each = self.accumulate.unwrap_or(1);
        let most = self.steps.map_or(usize::MAX, |steps| steps.saturating_mul(each));
        let all = epochs.saturating_mul(batches).min(most);
        Length { epochs: epochs.min(all.div_ceil(batches.max(1))), batches: all }
    }

    /// What trains a network with an optimiser of its own, in epochs of so many batches; `validates` where it is told when to
    /// end by other rows than those that it trains on. Fails for a schedule that cannot be read.
    pub fn trainer<'n>(
        &self,
        network: &'n impl Layer,
        optimizer: Box<dyn Optimizer>,
        batches: usize,
        validates: bool,
    ) -> Result<Trainer<'n>> {
        let length = self.length(batches);
        let mut trainer = Trainer::new(network, optimizer)
            .epochs(length.epochs)
            .steps(self.steps.unwrap_or(usize::MAX))
            .batch_size(self.batch())
            .accumulate(self.accumulate.unwrap_or(1));
        if let Some(name) = &self.schedule {
            let every = self.every();
            let total = match every {
                Every::Epoch => length.epochs,
                Every::Step => length.batches,
            };
            let rate = learning_rate(&self.hyper, self.optimizer());
            trainer = trainer.schedule(Schedule::by_name(name, rate, total as u64)?, every);
        }
        if let Some(patience) = self.patience.filter(|_| validates) {
            trainer = trainer.early_stopping(EarlyStopping { patience, min_delta: 0.0 });
        }
        Ok(trainer)
    }
}
