//! Learning rates that change while training goes on.

mod by_name;
mod cycle;
mod plateau;
mod scheduler;
mod words;

use std::f64::consts::PI;

pub use self::cycle::{Anneal, OneCycle};
pub use self::plateau::{Plateau, Threshold};
pub use self::scheduler::Scheduler;
use super::Interval;
use super::declare::bad;
use crate::tensor::{Error, Kind, Result};

/// How the learning rate follows from the number `t` of steps (or epochs) done, `t` counting from 0.
/// `lr` is the rate that training starts from.
///
/// ```
/// use gradtape::optim::Schedule;
/// let rates = |schedule: Schedule| [0, 2, 4, 8].map(|t| schedule.rate(0.5, t));
/// assert_eq!(rates(Schedule::Constant), [0.5, 0.5, 0.5, 0.5]);
/// assert_eq!(rates(Schedule::Step { step_size: 4, gamma: 0.5 }), [0.5, 0.5, 0.25, 0.125]);
/// let milestones = vec![1, 3];
/// assert_eq!(rates(Schedule::MultiStep { milestones, gamma: 0.5 }), [0.5, 0.25, 0.125, 0.125]);
/// assert_eq!(rates(Schedule::Exponential { gamma: 0.5 })[..3], [0.5, 0.125, 0.03125]);
/// let falls = Schedule::Linear { start_factor: 1.0, end_factor: 0.5, total_iters: 4 };
/// assert_eq!(rates(falls), [0.5, 0.375, 0.25, 0.25]);
/// assert_eq!(rates(Schedule::Polynomial { total_iters: 4, power: 2.0 }), [0.5, 0.125, 0.0, 0.0]);
/// assert_eq!(rates(Schedule::WarmupLinear { warmup: 4 }), [0.125, 0.375, 0.5, 0.5]);
/// assert_eq!(rates(Schedule::WarmupDecay { warmup: 2, total: 6 }), [0.25, 0.5, 0.25, 0.0]);
/// let [first, _, half, last] = rates(Schedule::Cosine { t_max: 8, eta_min: 0.0 });
/// assert!(first == 0.5 && (half - 0.25).abs() < 1e-15 && last == 0.0);
///
/// // One after another: five steps of warming up, then down along a cosine.
/// let parts = vec![Schedule::WarmupLinear { warmup: 5 }, Schedule::Cosine { t_max: 95, eta_min: 0.0 }];
/// let both = Schedule::Sequence { parts, milestones: vec![5] };
/// assert!(both.rate(0.5, 0) == 0.1 && both.rate(0.5, 5) == 0.5 && both.rate(0.5, 100) == 0.0);
///
/// // By name, with usual settings for a run of 100 steps: up to lr at 30, down to nearly 0.
/// let cycle = Schedule::by_name("one_cycle", 0.5, 100)?;
/// assert!(cycle.rate(0.5, 0) < 0.03 && cycle.rate(0.5, 29) == 0.5 && cycle.rate(0.5, 99) < 1e-5);
/// assert_eq!(Schedule::by_name("warmup_linear:warmup=5@5/cosine", 0.5, 100)?, both);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// [`Schedule::Plateau`] follows the loss, and hence needs a [`Scheduler`]:
///
/// ```
/// use gradtape::optim::{Plateau, Schedule, Scheduler};
/// let plateau = Schedule::Plateau(Plateau { factor: 0.5, patience: 1, ..Plateau::default() });
/// let mut scheduler = Scheduler::new(plateau, 0.5)?;
/// assert_eq!([3.0, 2.0, 2.0, 2.0].map(|loss| scheduler.advance(loss)), [0.5, 0.5, 0.5, 0.25]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "lr_scheduler")]
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// `lr`.
    #[default]
    Constant,
    /// `lr gamma^⌊t / step_size⌋`.
    Step {
        /// How long a rate lasts.
        step_size: u64,
        /// The factor after that.
        gamma: f64,
    },
    /// `lr gammaⁿ`, where `n` milestones are reached.
    MultiStep {
        /// When the rate changes, each later than the one before.
        milestones: Vec<u64>,
        /// The factor at each.
        gamma: f64,
    },
    /// `lr gammaᵗ`.
    Exponential {
        /// The factor after each step.
        gamma: f64,
    },
    /// `lr (start_factor + (end_factor - start_factor) min(1, t / total_iters))`.
    Linear {
        /// The first rate over `lr`.
        start_factor: f64,
        /// The last rate over `lr`.
        end_factor: f64,
        /// When the last rate is reached.
        total_iters: u64,
    },
    /// `lr (1 - min(1, t / total_iters))^power`.
    Polynomial {
        /// When 0 is reached.
        total_iters: u64,
        /// 1 for a line, more for a curve that flattens.
        power: f64,
    },
    /// `eta_min + (lr - eta_min) (1 + cos(π t / t_max)) / 2`. Loshchilov and Hutter 2017.
    Cosine {
        /// When the lowest rate is reached.
        t_max: u64,
        /// The lowest rate.
        eta_min: f64,
    },
    /// The way down of [`Schedule::Cosine`] again and again, each `t_mult` times as long as the one before.
    CosineRestarts {
        /// How long the first way down is.
        t_0: u64,
        /// How many times longer each is than the one before.
        t_mult: u64,
        /// The lowest rate.
        eta_min: f64,
    },
    /// `lr min(1, (t + 1) / warmup)`.
    WarmupLinear {
        /// When the full rate is reached.
        warmup: u64,
    },
    /// As [`Schedule::WarmupLinear`] up to the full rate, then down to 0 along a line:
    /// `lr (total - t) / (total - warmup)`.
    WarmupDecay {
        /// When the full rate is reached.
        warmup: u64,
        /// When 0 is reached.
        total: u64,
    },
    /// Up and down again; `lr` does not matter.
    OneCycle(OneCycle),
    /// Lower whenever the loss does not fall.
    Plateau(Plateau),
    /// One schedule after another, each with a `t` that counts from its begin.
    Sequence {
        /// The schedules, none of them a sequence.
        parts: Vec<Schedule>,
        /// When each but the first begins.
        milestones: Vec<u64>,
    },
}

impl Schedule {
    /// The rate after `t` steps, when training starts at `lr`; for [`Schedule::Plateau`], which follows
    /// the loss, `lr` itself.
    ///
    /// Settings are not looked at here: of those that [`Schedule::check`], and with it [`Scheduler::new`] and every training,
    /// refuses, such as a [`Schedule::Cosine`] of no steps, the rate may be NaN.
    ///
    /// ```
    /// use gradtape::optim::Schedule;
    /// let none = Schedule::Cosine { t_max: 0, eta_min: 0.0 };
    /// assert!(none.rate(0.5, 0).is_nan());
    /// assert!(none.check().unwrap_err().message().contains("t_max is 0"));
    /// ```
    pub fn rate(&self, lr: f64, t: u64) -> f64 {
        let at = t as f64;
        // How much of a way is gone.
        let share = |way: u64| if t < way { at / way as f64 } else { 1.0 };
        match self {
            Schedule::Constant | Schedule::Plateau(_) => lr,
            Schedule::Step { step_size, gamma } => {
                lr * gamma.powf((t / (*step_size).max(1)) as f64)
            }
            Schedule::MultiStep { milestones, gamma } => {
                let reached = milestones.iter().filter(|milestone| **milestone <= t).count();
                lr * gamma.powf(reached as f64)
            }
            Schedule::Exponential { gamma } => lr * gamma.powf(at),
            Schedule::Linear { start_factor, end_factor, total_iters } => {
                lr * (start_factor + (end_factor - start_factor) * share(*total_iters))
            }
            Schedule::Polynomial { total_iters, power } => {
                lr * (1.0 - share(*total_iters)).powf(*power)
            }
            Schedule::Cosine { t_max, eta_min } => cosine(lr, *eta_min, at / *t_max as f64),
            Schedule::CosineRestarts { t_0, t_mult, eta_min } => {
                let (mut at, mut way) = (t, (*t_0).max(1));
                match t_mult {
                    0 | 1 => at %= way,
                    more => {
                        while at >= way {
                            at -= way;
                            way = way.saturating_mul(*more);
                        }
                    }
                }
                cosine(lr, *eta_min, at as f64 / way as f64)
            }
            Schedule::WarmupLinear { warmup } => warm(lr, t, *warmup),
            Schedule::WarmupDecay { warmup, total } => match t < *warmup {
                true => warm(lr, t, *warmup),
                false => lr * total.saturating_sub(t) as f64 / total.saturating_sub(*warmup) as f64,
            },
            Schedule::OneCycle(cycle) => cycle.rate(t),
            Schedule::Sequence { .. } => {
                let (part, t) = self.part(t);
                part.rate(lr, t)
            }
        }
    }

    /// Which part of a sequence a step belongs to, and its number there. Of another schedule, all of it.
    pub(super) fn part(&self, t: u64) -> (&Schedule, u64) {
        let Schedule::Sequence { parts, milestones } = self else { return (self, t) };
        let begun = milestones.iter().take_while(|milestone| **milestone <= t).count();
        let from = begun.checked_sub(1).map_or(0, |last| milestones[last]);
        (parts.get(begun).unwrap_or(&Schedule::Constant), t - from)
    }

    /// Fails when a setting is out of range.
    pub fn check(&self) -> Result<()> {
        match self {
            Schedule::Constant => Ok(()),
            Schedule::Step { step_size, gamma } => {
                positive("step_size", *step_size as f64)?;
                Interval::FROM_0.check("gamma", *gamma)
            }
            Schedule::MultiStep { milestones, gamma } => {
                ascending(milestones)?;
                Interval::FROM_0.check("gamma", *gamma)
            }
            Schedule::Exponential { gamma } => Interval::FROM_0.check("gamma", *gamma),
            Schedule::Linear { start_factor, end_factor, total_iters } => {
                Interval::FROM_0.check("start_factor", *start_factor)?;
                Interval::FROM_0.check("end_factor", *end_factor)?;
                positive("total_iters", *total_iters as f64)
            }
            Schedule::Polynomial { total_iters, power } => {
                positive("total_iters", *total_iters as f64)?;
                Interval::FROM_0.check("power", *power)
            }
            Schedule::Cosine { t_max, eta_min } => {
                positive("t_max", *t_max as f64)?;
                Interval::FROM_0.check("eta_min", *eta_min)
            }
            Schedule::CosineRestarts { t_0, t_mult, eta_min } => {
                positive("t_0", *t_0 as f64)?;
                positive("t_mult", *t_mult as f64)?;
                Interval::FROM_0.check("eta_min", *eta_min)
            }
            Schedule::WarmupLinear { warmup } => positive("warmup", *warmup as f64),
            Schedule::WarmupDecay { warmup, total } => {
                positive("warmup", *warmup as f64)?;
                match total > warmup {
                    true => Ok(()),
                    false => Err(bad("total", total, &format!("above warmup, which is {warmup}"))),
                }
            }
            Schedule::OneCycle(cycle) => cycle.check(),
            Schedule::Plateau(plateau) => plateau.check(),
            Schedule::Sequence { parts, milestones } => {
                if parts.len() != milestones.len() + 1 {
                    let (parts, begins) = (parts.len(), milestones.len());
                    let message =
                        format!("a sequence of {parts} schedules has {begins} milestones");
                    return Err(Error::new(Kind::Value, message)
                        .hint("each schedule but the first begins at one"));
                }
                ascending(milestones)?;
                if parts.iter().any(|part| matches!(part, Schedule::Sequence { .. })) {
                    let message = "a part of a sequence is a sequence";
                    return Err(Error::new(Kind::Value, message).hint("list all parts in one"));
                }
                parts.iter().try_for_each(Schedule::check)
            }
        }
    }
}

fn cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * share).cos()) / 2.0
}

fn warm(lr: f64, t: u64, warmup: u64) -> f64 {
    lr * ((t as f64 + 1.0) / warmup as f64).min(1.0)
}

fn positive(name: &str, value: f64) -> Result<()> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(bad(name, value, "above 0")),
    }
}

/// Fails unless there are milestones, from 1 on, each later than the one before.
fn ascending(milestones: &[u64]) -> Result<()> {
    let good = milestones.iter().try_fold(0, |last, &next| (next > last).then_some(next));
    match good {
        Some(1..) => Ok(()),
        _ => {
            let message = format!("the milestones are {milestones:?}");
            Err(Error::new(Kind::Value, message)
                .hint("there must be some, from 1 on, each later than the one before"))
        }
    }
}

#[cfg(test)]
mod tests;
