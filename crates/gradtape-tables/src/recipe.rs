//! [`Recipe`]: how networks are built and trained.

use gradtape::nn::{Activation, Sequential};
use gradtape::optim::{self, Hyper, HyperValue, Optimizer, OptimizerInfo, Pace};
use gradtape::train::Every;
use gradtape::{Error, Kind, Result};

use super::cuts::spare_ends;
use super::embed::Embed;

/// How perceptrons for a table are built and trained. What is `None` is settled by [`Recipe::settle`].
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// The widths of the hidden layers; none for a linear model.
    pub hidden: Option<Vec<usize>>,
    /// What the hidden layers end in.
    pub activation: Option<Activation>,
    /// The share of hidden values that is dropped in training.
    pub dropout: Option<f64>,
    /// How many networks answer together.
    pub members: Option<usize>,
    /// How often all rows are gone through.
    pub epochs: Option<usize>,
    /// After how many steps it ends, if there are more in the epochs.
    pub steps: Option<usize>,
    /// How many rows make a batch.
    pub batch: Option<usize>,
    /// How many batches make a step, 1 unless it is chosen.
    pub accumulate: Option<usize>,
    /// After how many epochs without a lower validation loss it ends; it then goes back to the lowest.
    pub patience: Option<usize>,
    /// Whether it ends after the usual number of such epochs also where the epochs are chosen, which are all done otherwise.
    pub stops: bool,
    /// How steps follow from gradients: a name of [`optim::NAMES`].
    pub optimizer: Option<String>,
    /// Settings of the optimiser.
    pub hyper: Hyper,
    /// How the learning rate changes, as [`Schedule::by_name`](optim::Schedule::by_name) reads it.
    pub schedule: Option<String>,
    /// What the schedule counts; by default epochs where it is of steps or plateaus.
    pub every: Option<Every>,
    /// Into how many parts the numbers of a row are cut, 0 for none; see [`cuts`](super::cuts()).
    pub cuts: Option<usize>,
    /// Which categories become vectors before the first layer.
    pub embed: Embed,
}

/// Rows from which an epoch has so many steps that a learning rate for small data is too high for optimisers
/// whose steps are as long as the rate.
pub const MANY_ROWS: usize = 10_000;

impl Recipe {
    /// Whether anything of the network or of the training is chosen.
    pub fn is_chosen(&self) -> bool {
        let counts = [self.epochs, self.steps, self.batch, self.patience];
        self.hidden.is_some()
            || self.activation.is_some()
            || self.dropout.is_some()
            || self.optimizer.is_some()
            || self.schedule.is_some()
            || counts.iter().any(Option::is_some)
            || self.accumulate.is_some_and(|batches| batches > 1)
            || self.hyper.iter().next().is_some()
    }

    /// The name of the optimiser.
    pub fn optimizer(&self) -> &str {
        self.optimizer.as_deref().unwrap_or("adam")
    }

    /// What is set of the optimiser, with its learning rate.
    pub fn hyper(&self) -> Hyper {
        let rate = learning_rate(&self.hyper, self.optimizer());
        self.hyper.clone().with("lr", rate)
    }

    /// The optimiser of a network, which [spares](spare_ends) the ends of parts. Fails where there is none of the name, and
    /// for settings that it does not have or allow.
    pub fn optimizer_of(&self, network: &Sequential) -> Result<Box<dyn Optimizer>> {
        let mut optimizer = optim::by_name(self.optimizer(), network, &self.hyper())?;
        spare_ends(self.optimizer(), &mut *optimizer, network);
        Ok(optimizer)
    }

    /// What the schedule counts.
    pub fn every(&self) -> Every {
        let by_epoch = |part: &str| {
            let name = part.split([':', '@']).next().unwrap_or_default().replace('-', "_");
            ["step", "multi_step", "plateau"].contains(&&name[..])
        };
        self.every.unwrap_or(
            match self.schedule.iter().flat_map(|all| all.split('/')).any(by_epoch) {
                true => Every::Epoch,
                false => Every::Step,
            },
        )
    }

    /// Fails for numbers that no training has.
    pub fn check(&self) -> Result<()> {
        let counts = [
            ("epochs", self.epochs),
            ("steps", self.steps),
            ("batch", self.batch),
            ("accumulate", self.accumulate),
            ("patience", self.patience),
            ("members", self.members),
        ];
        let widths = self.hidden.iter().flatten().map(|width| ("hidden", Some(*width)));
        if let Some((name, _)) = counts.into_iter().chain(widths).find(|(_, n)| *n == Some(0)) {
            return Err(Error::new(Kind::Value, format!("{name} is 0"))
                .hint("it is a whole number of at least 1"));
        }
        Ok(())
    }
}

/// The learning rate for an optimiser of a name: the one that is set, its own where what it scales is no gradient, or 0.01.
pub fn learning_rate(hyper: &Hyper, optimizer: &str) -> f64 {
    let own = optim::info(optimizer).ok().filter(|info| has_own_rate(info));
    let own = own.and_then(|info| info.hyperparameter("lr").ok()).map(|lr| lr.default);
    match hyper.get("lr").or(own) {
        Some(HyperValue::Number(rate)) => rate,
        _ => 0.01,
    }
}

/// Settles on a learning rate for training with this many rows, where none is set.
pub fn settle_rate(hyper: &mut Hyper, optimizer: &str, rows: usize) {
    let by_rate = optim::info(optimizer).is_ok_and(|info| info.pace == Pace::Rate);
    if by_rate && rows >= MANY_ROWS && hyper.get("lr").is_none() {
        *hyper = std::mem::take(hyper).with("lr", 0.001);
    }
}

/// Whether an optimiser's own learning rate is the usual one, as what it scales is no gradient.
fn has_own_rate(info: &OptimizerInfo) -> bool {
    matches!(info.pace, Pace::Own | Pace::Norm | Pace::Search)
}
