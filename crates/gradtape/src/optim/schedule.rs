//! Learning rates that change while training goes on.

use std::f64::consts::PI;

use super::Interval;
use super::base::check_rate;
use super::declare::bad;
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// How the learning rate follows from the number `t` of steps (or epochs) done, `t` counting from 0.
/// `lr` is the rate that training starts from.
///
/// ```
/// use gradtape::optim::Schedule;
/// let rates = |schedule: Schedule| [0, 2, 4, 8].map(|t| schedule.rate(0.5, t));
/// assert_eq!(rates(Schedule::Constant), [0.5, 0.5, 0.5, 0.5]);
/// assert_eq!(rates(Schedule::Step { step_size: 4, gamma: 0.5 }), [0.5, 0.5, 0.25, 0.125]);
/// assert_eq!(rates(Schedule::Exponential { gamma: 0.5 })[..3], [0.5, 0.125, 0.03125]);
/// assert_eq!(rates(Schedule::WarmupLinear { warmup: 4 }), [0.125, 0.375, 0.5, 0.5]);
/// let [first, _, half, last] = rates(Schedule::Cosine { t_max: 8, eta_min: 0.0 });
/// assert!(first == 0.5 && (half - 0.25).abs() < 1e-15 && last == 0.0);
///
/// // By name, with usual settings for a run of 100 steps: up to lr at 30, down to nearly 0.
/// let cycle = Schedule::by_name("one_cycle", 0.5, 100)?;
/// assert!(cycle.rate(0.5, 0) < 0.03 && cycle.rate(0.5, 29) == 0.5 && cycle.rate(0.5, 99) < 1e-5);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// [`Schedule::Plateau`] follows the loss, and hence needs a [`Scheduler`]:
///
/// ```
/// use gradtape::optim::{Schedule, Scheduler};
/// let plateau = Schedule::Plateau { factor: 0.5, patience: 1 };
/// let mut scheduler = Scheduler::new(plateau, 0.5)?;
/// assert_eq!([3.0, 2.0, 2.0, 2.0].map(|loss| scheduler.advance(loss)), [0.5, 0.5, 0.5, 0.25]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "lr_scheduler")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// `lr gammaᵗ`.
    Exponential {
        /// The factor after each step.
        gamma: f64,
    },
    /// `eta_min + (lr - eta_min) (1 + cos(π t / t_max)) / 2`. Loshchilov and Hutter 2017.
    Cosine {
        /// When the lowest rate is reached.
        t_max: u64,
        /// The lowest rate.
        eta_min: f64,
    },
    /// `lr min(1, (t + 1) / warmup)`.
    WarmupLinear {
        /// When the full rate is reached.
        warmup: u64,
    },
    /// From `max_lr / div_factor` up to `max_lr` at `t = pct_start total_steps - 1` and down to
    /// `max_lr / div_factor / final_div_factor` at `t = total_steps - 1`, both along a cosine. `lr` does
    /// not matter. Smith and Topin 2018.
    OneCycle {
        /// The highest rate.
        max_lr: f64,
        /// The length of the cycle.
        total_steps: u64,
        /// The share of the way up; PyTorch's default is 0.3.
        pct_start: f64,
        /// The highest rate over the first one; PyTorch's default is 25.
        div_factor: f64,
        /// The first rate over the last one; PyTorch's default is 10,000.
        final_div_factor: f64,
    },
    /// Times `factor` whenever the loss has not fallen by a ten-thousandth of its lowest value for
    /// more than `patience` steps in a row.
    Plateau {
        /// The factor, in (0, 1).
        factor: f64,
        /// How many steps without progress are borne.
        patience: u64,
    },
}

impl Schedule {
    /// The names that [`Schedule::by_name`] knows.
    pub const NAMES: [&str; 7] =
        ["constant", "step", "exponential", "cosine", "warmup_linear", "one_cycle", "plateau"];

    /// A schedule with usual settings for a run of `total` steps (or epochs) at the rate `lr`: `step`
    /// divides by 10 at each third, `exponential` ends at a hundredth, `cosine` at 0, `warmup_linear`
    /// warms up for the first tenth, `plateau` halves after a tenth without progress.
    pub fn by_name(name: &str, lr: f64, total: u64) -> Result<Schedule> {
        let total = total.max(1);
        Ok(match &name.replace('-', "_")[..] {
            "constant" => Schedule::Constant,
            "step" => Schedule::Step { step_size: total.div_ceil(3), gamma: 0.1 },
            "exponential" => Schedule::Exponential { gamma: 0.01f64.powf(1.0 / total as f64) },
            "cosine" => Schedule::Cosine { t_max: total, eta_min: 0.0 },
            "warmup_linear" => Schedule::WarmupLinear { warmup: total.div_ceil(10) },
            "one_cycle" => Schedule::OneCycle {
                max_lr: lr,
                total_steps: total,
                pct_start: 0.3,
                div_factor: 25.0,
                final_div_factor: 1e4,
            },
            "plateau" => Schedule::Plateau { factor: 0.5, patience: total.div_ceil(10) },
            other => {
                let error = Error::new(Kind::Value, format!("there is no schedule {name:?}"));
                return Err(match nearest(other, Schedule::NAMES) {
                    Some(close) => error.hint(format!("did you mean {close}?")),
                    None => error.hint(format!("there are {}", Schedule::NAMES.join(", "))),
                });
            }
        })
    }

    /// The rate after `t` steps, when training starts at `lr`; for [`Schedule::Plateau`], which follows
    /// the loss, `lr` itself.
    pub fn rate(&self, lr: f64, t: u64) -> f64 {
        let at = t as f64;
        let cosine =
            |from: f64, to: f64, share: f64| to + (from - to) * (1.0 + (PI * share).cos()) / 2.0;
        match *self {
            Schedule::Constant | Schedule::Plateau { .. } => lr,
            Schedule::Step { step_size, gamma } => lr * gamma.powf((t / step_size.max(1)) as f64),
            Schedule::Exponential { gamma } => lr * gamma.powf(at),
            Schedule::Cosine { t_max, eta_min } => cosine(lr, eta_min, at / t_max as f64),
            Schedule::WarmupLinear { warmup } => lr * ((at + 1.0) / warmup as f64).min(1.0),
            Schedule::OneCycle { max_lr, total_steps, pct_start, div_factor, final_div_factor } => {
                let first = max_lr / div_factor;
                let (top, end) = (pct_start * total_steps as f64 - 1.0, total_steps as f64 - 1.0);
                match at < top {
                    true => cosine(first, max_lr, at / top),
                    false => {
                        let share = ((at - top) / (end - top)).min(1.0);
                        cosine(max_lr, first / final_div_factor, share)
                    }
                }
            }
        }
    }

    /// Fails when a setting is out of range.
    pub fn check(&self) -> Result<()> {
        let positive = |name: &str, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(bad(name, value, "above 0")),
        };
        match *self {
            Schedule::Constant => Ok(()),
            Schedule::Step { step_size, gamma } => {
                positive("step_size", step_size as f64)?;
                Interval::FROM_0.check("gamma", gamma)
            }
            Schedule::Exponential { gamma } => Interval::FROM_0.check("gamma", gamma),
            Schedule::Cosine { t_max, eta_min } => {
                positive("t_max", t_max as f64)?;
                Interval::FROM_0.check("eta_min", eta_min)
            }
            Schedule::WarmupLinear { warmup } => positive("warmup", warmup as f64),
            Schedule::OneCycle { max_lr, total_steps, pct_start, div_factor, final_div_factor } => {
                positive("max_lr", max_lr)?;
                positive("total_steps", total_steps as f64)?;
                Interval::SHARE.check("pct_start", pct_start)?;
                positive("div_factor", div_factor)?;
                positive("final_div_factor", final_div_factor)
            }
            Schedule::Plateau { factor, .. } => {
                positive("factor", factor)?;
                Interval::SHARE.check("factor", factor)
            }
        }
    }
}

/// A schedule under way: the rate now, and how far training has come.
///
/// ```
/// use gradtape::optim::{Schedule, Scheduler};
/// let mut scheduler = Scheduler::new(Schedule::Step { step_size: 2, gamma: 0.5 }, 0.1)?;
/// let rates: Vec<f64> = (0..4).map(|_| (scheduler.learning_rate(), scheduler.advance(1.0)).0).collect();
/// assert_eq!(rates, [0.1, 0.1, 0.05, 0.05]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheduler {
    schedule: Schedule,
    start: f64,
    rate: f64,
    t: u64,
    lowest: f64,
    without_progress: u64,
}

/// A loss that falls by less than this share of the lowest one is no progress.
const PROGRESS: f64 = 1e-4;

impl Scheduler {
    /// At the beginning, starting from the rate `lr`. Fails when a setting is out of range.
    pub fn new(schedule: Schedule, lr: f64) -> Result<Scheduler> {
        schedule.check()?;
        check_rate(lr)?;
        let rate = schedule.rate(lr, 0);
        let lowest = f64::INFINITY;
        Ok(Scheduler { schedule, start: lr, rate, t: 0, lowest, without_progress: 0 })
    }

    /// The rate for the step to come.
    pub fn learning_rate(&self) -> f64 {
        self.rate
    }

    /// Where it stands, for a checkpoint: the first rate and the rate now, the steps counted, and what
    /// [`Schedule::Plateau`] saw of the loss.
    pub fn state(&self) -> Tensor {
        let Scheduler { start, rate, t, lowest, without_progress, .. } = *self;
        Tensor::from([start, rate, t as f64, lowest, without_progress as f64])
    }

    /// Goes on from where [`Scheduler::state`] stood. Fails, and changes nothing, for what is none.
    pub fn load_state(&mut self, saved: &Tensor) -> Result<()> {
        let numbers = saved.to_vec::<f64>().unwrap_or_default();
        let [start, rate, t, lowest, without_progress] = numbers[..] else {
            let (dtype, shape) = (saved.dtype(), saved.shape());
            let message = format!("a scheduler's state is f64[5], not {dtype}{shape}");
            return Err(Error::new(Kind::Model, message));
        };
        check_rate(start)?;
        check_rate(rate)?;
        if lowest.is_nan() {
            return Err(bad("the lowest loss", lowest, "a number"));
        }
        let (t, without_progress) = (count("steps", t)?, count("steps", without_progress)?);
        let schedule = self.schedule;
        *self = Scheduler { schedule, start, rate, t, lowest, without_progress };
        Ok(())
    }

    /// Counts a step, whose loss only [`Schedule::Plateau`] looks at, and gives the next rate.
    pub fn advance(&mut self, loss: f64) -> f64 {
        self.t += 1;
        if let Schedule::Plateau { factor, patience } = self.schedule {
            self.without_progress += 1;
            if loss < self.lowest - PROGRESS * self.lowest.abs().min(f64::MAX) {
                (self.lowest, self.without_progress) = (loss, 0);
            }
            if self.without_progress > patience {
                self.rate *= factor;
                self.without_progress = 0;
            }
        } else {
            self.rate = self.schedule.rate(self.start, self.t);
        }
        self.rate
    }
}

/// A whole number of at least 0.
fn count(name: &str, value: f64) -> Result<u64> {
    match value >= 0.0 && value.fract() == 0.0 {
        true => Ok(value as u64),
        false => Err(bad(name, value, "a whole number of at least 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_a_schedule_that_ends_where_it_says() {
        for name in Schedule::NAMES {
            for total in [1, 2, 30] {
                let schedule = Schedule::by_name(name, 0.1, total).unwrap();
                let mut scheduler = Scheduler::new(schedule, 0.1).unwrap();
                for _ in 0..2 * total {
                    let rate = scheduler.advance(1.0);
                    assert!((0.0..=0.1 + 1e-12).contains(&rate), "{name} of {total}: {rate}");
                }
            }
        }
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} for {b}");
        close(Schedule::by_name("exponential", 0.1, 30).unwrap().rate(0.1, 30), 0.001);
        close(Schedule::by_name("cosine", 0.1, 30).unwrap().rate(0.1, 30), 0.0);
        let text = Schedule::by_name("cosin", 0.1, 30).unwrap_err().to_string();
        assert!(text.contains("did you mean cosine?"), "{text}");
    }

    #[test]
    fn a_cycle_may_begin_at_its_top() {
        let (max_lr, div_factor, final_div_factor) = (0.1, 25.0, 1e4);
        for pct_start in [0.0, 0.05, 0.1, 0.2] {
            let cycle = Schedule::OneCycle {
                max_lr,
                total_steps: 10,
                pct_start,
                div_factor,
                final_div_factor,
            };
            let rates: Vec<f64> = (0..10).map(|t| cycle.rate(0.0, t)).collect();
            assert!(rates.iter().all(|rate| (4e-7..=max_lr).contains(rate)), "{rates:?}");
            let top = if pct_start == 0.2 { rates[1] } else { rates[0] };
            assert!(pct_start < 0.1 || top == max_lr, "{rates:?}");
        }
    }

    #[test]
    fn a_loss_below_zero_that_falls_is_progress() {
        let plateau = Schedule::Plateau { factor: 0.5, patience: 0 };
        let mut scheduler = Scheduler::new(plateau, 1.0).unwrap();
        let rates = [-1.0, -2.0, -2.0, f64::NAN].map(|loss| scheduler.advance(loss));
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.25]);
    }

    #[test]
    fn a_state_that_is_none_changes_nothing() {
        let mut scheduler = Scheduler::new(Schedule::Exponential { gamma: 0.5 }, 1.0).unwrap();
        scheduler.advance(0.0);
        let good = scheduler.state();
        let wrong =
            [(0, -1.0), (1, f64::NAN), (2, 1.5), (2, -1.0), (3, f64::NAN), (4, f64::INFINITY)];
        for (place, value) in wrong {
            let mut numbers = good.to_f64_vec();
            numbers[place] = value;
            assert!(scheduler.load_state(&Tensor::from(numbers)).is_err(), "{place}: {value}");
        }
        for other in [Tensor::from([1.0, 2.0]), Tensor::from([1i64, 1, 1, 1, 1])] {
            let text = scheduler.load_state(&other).unwrap_err().to_string();
            assert!(text.contains("f64[5]"), "{text}");
        }
        assert!(scheduler.state().equals(&good));
        scheduler.advance(0.0);
        scheduler.load_state(&good).unwrap();
        assert_eq!((scheduler.learning_rate(), scheduler.advance(0.0)), (0.5, 0.25));
    }

    #[test]
    fn settings_out_of_range_are_errors() {
        for schedule in [
            Schedule::Step { step_size: 0, gamma: 0.1 },
            Schedule::Exponential { gamma: f64::NAN },
            Schedule::Cosine { t_max: 0, eta_min: 0.0 },
            Schedule::Cosine { t_max: 1, eta_min: -1.0 },
            Schedule::WarmupLinear { warmup: 0 },
            Schedule::Plateau { factor: 1.0, patience: 1 },
            Schedule::OneCycle {
                max_lr: -1.0,
                total_steps: 5,
                pct_start: 0.3,
                div_factor: 25.0,
                final_div_factor: 1e4,
            },
        ] {
            assert!(Scheduler::new(schedule, 0.1).is_err(), "{schedule:?}");
        }
        assert!(Scheduler::new(Schedule::Constant, f64::INFINITY).is_err());
    }
}
