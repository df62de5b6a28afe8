//! [`Scheduler`]: a schedule under way.

use super::Schedule;
use super::plateau::{Plateau, Seen};
use crate::optim::base::check_rate;
use crate::optim::declare::bad;
use crate::optim::kept::whole;
use crate::tensor::{Error, Kind, Result, Tensor};

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
    seen: Seen,
}

impl Scheduler {
    /// At the beginning, starting from the rate `lr`. Fails when a setting is out of range.
    pub fn new(schedule: Schedule, lr: f64) -> Result<Scheduler> {
        schedule.check()?;
        check_rate(lr)?;
        let rate = schedule.rate(lr, 0);
        let seen = plateau(&schedule, 0).map_or(Plateau::default(), |(plateau, _)| plateau).begin();
        Ok(Scheduler { schedule, start: lr, rate, t: 0, seen })
    }

    /// The rate for the step to come.
    pub fn learning_rate(&self) -> f64 {
        self.rate
    }

    /// Where it stands, for a checkpoint: the first rate and the rate now, the steps counted, and what
    /// [`Schedule::Plateau`] saw of the loss.
    pub fn state(&self) -> Tensor {
        let Scheduler { start, rate, t, seen, .. } = *self;
        let Seen { best, without_progress, cooldown } = seen;
        Tensor::from([start, rate, t as f64, best, without_progress as f64, cooldown as f64])
    }

    /// Goes on from where [`Scheduler::state`] stood. Fails, and changes nothing, for what is none.
    pub fn load_state(&mut self, saved: &Tensor) -> Result<()> {
        let numbers = saved.to_vec::<f64>().unwrap_or_default();
        let [start, rate, t, best, without_progress, cooldown] = numbers[..] else {
            let (dtype, shape) = (saved.dtype(), saved.shape());
            let message = format!("a scheduler's state is f64[6], not {dtype}{shape}");
            return Err(Error::new(Kind::Model, message));
        };
        check_rate(start)?;
        check_rate(rate)?;
        if best.is_nan() {
            return Err(bad("the best loss", best, "a number"));
        }
        let t = count("steps", t)?;
        let without_progress = count("steps without progress", without_progress)?;
        let seen = Seen { best, without_progress, cooldown: count("cooldown", cooldown)? };
        (self.start, self.rate, self.t, self.seen) = (start, rate, t, seen);
        Ok(())
    }

    /// Counts a step, whose loss only [`Schedule::Plateau`] looks at, and gives the next rate.
    pub fn advance(&mut self, loss: f64) -> f64 {
        self.t += 1;
        match plateau(&self.schedule, self.t) {
            Some((plateau, 0)) => (self.rate, self.seen) = (self.start, plateau.begin()),
            Some((plateau, _)) => self.rate = plateau.advance(&mut self.seen, self.rate, loss),
            None => self.rate = self.schedule.rate(self.start, self.t),
        }
        self.rate
    }
}

/// The plateau that a step belongs to, if it belongs to one, and its number there.
fn plateau(schedule: &Schedule, t: u64) -> Option<(Plateau, u64)> {
    match schedule.part(t) {
        (Schedule::Plateau(plateau), t) => Some((*plateau, t)),
        _ => None,
    }
}

/// A whole number of at least 0.
fn count(name: &str, value: f64) -> Result<u64> {
    match whole(value) {
        true => Ok(value as u64),
        false => Err(bad(name, value, "a whole number from 0 to 2^53")),
    }
}
