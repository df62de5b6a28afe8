//! [`Plateau`]: a rate that falls where the loss does not.

use super::positive;
use crate::optim::Interval;
use crate::optim::declare::bad;
use crate::tensor::Result;

/// Times `factor` whenever the loss has not become better than its best for more than `patience` steps (or
/// epochs) in a row.
///
/// ```
/// use gradtape::optim::{Plateau, Schedule, Scheduler, Threshold};
/// let plateau = Plateau {
///     factor: 0.5,
///     patience: 0,
///     threshold: Threshold::Absolute(0.1),
///     cooldown: 1,
///     min_lr: 0.3,
///     ..Plateau::default()
/// };
/// let mut scheduler = Scheduler::new(Schedule::Plateau(plateau), 1.0)?;
/// let rates = [2.0, 1.95, 1.94, 1.93, 1.0].map(|loss| scheduler.advance(loss));
/// assert_eq!(rates, [1.0, 0.5, 0.5, 0.3, 0.3]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// The factor, above 0 and below 1; 0.1 by default.
    pub factor: f64,
    /// How many steps without progress are borne; 10 by default.
    pub patience: u64,
    /// What counts as progress; a ten-thousandth of the best by default.
    pub threshold: Threshold,
    /// Whether more is better, as of an accuracy; no by default.
    pub maximize: bool,
    /// For how many steps after a change nothing is counted; 0 by default.
    pub cooldown: u64,
    /// The least rate; 0 by default.
    pub min_lr: f64,
    /// A change of the rate by no more than this is left out; 1e-8 by default.
    pub eps: f64,
}

/// How much better than the best a loss must be to count as progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// By more than a share of the best one's size.
    Relative(f64),
    /// By more than a number.
    Absolute(f64),
}

/// With PyTorch's defaults.
impl Default for Plateau {
    fn default() -> Plateau {
        Plateau {
            factor: 0.1,
            patience: 10,
            threshold: Threshold::Relative(1e-4),
            maximize: false,
            cooldown: 0,
            min_lr: 0.0,
            eps: 1e-8,
        }
    }
}

/// What a plateau saw of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Infinite at first, and of the other sign where more is better.
    pub(super) best: f64,
    pub(super) without_progress: u64,
    pub(super) cooldown: u64,
}

impl Plateau {
    /// What was seen before the first loss.
    pub(super) fn begin(&self) -> Seen {
        let best = if self.maximize { f64::NEG_INFINITY } else { f64::INFINITY };
        Seen { best, without_progress: 0, cooldown: 0 }
    }

    /// The rate after a loss.
    pub(super) fn advance(&self, seen: &mut Seen, rate: f64, loss: f64) -> f64 {
        let margin = match self.threshold {
            Threshold::Relative(share) => share * seen.best.abs().min(f64::MAX),
            Threshold::Absolute(margin) => margin,
        };
        let better = match self.maximize {
            true => loss > seen.best + margin,
            false => loss < seen.best - margin,
        };
        seen.without_progress += 1;
        if better {
            (seen.best, seen.without_progress) = (loss, 0);
        }
        if seen.cooldown > 0 {
            (seen.cooldown, seen.without_progress) = (seen.cooldown - 1, 0);
        }
        if seen.without_progress <= self.patience {
            return rate;
        }
        (seen.cooldown, seen.without_progress) = (self.cooldown, 0);
        let lower = (rate * self.factor).max(self.min_lr);
        if rate - lower > self.eps { lower } else { rate }
    }

    pub(super) fn check(&self) -> Result<()> {
        positive("factor", self.factor)?;
        Interval::SHARE.check("factor", self.factor)?;
        let (Threshold::Relative(threshold) | Threshold::Absolute(threshold)) = self.threshold;
        Interval::FROM_0.check("threshold", threshold)?;
        Interval::FROM_0.check("min_lr", self.min_lr)?;
        match self.eps >= 0.0 && self.eps.is_finite() {
            true => Ok(()),
            false => Err(bad("eps", self.eps, "a finite number of at least 0")),
        }
    }
}
