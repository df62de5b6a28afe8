//! [`OneCycle`]: up to a high rate and down again.

use super::{cosine, positive};
use crate::optim::Interval;
use crate::optim::declare::bad;
use crate::tensor::Result;

/// From `max_lr / div_factor` up to `max_lr` at `t = pct_start total_steps - 1` and down to
/// `max_lr / div_factor / final_div_factor` at `t = total_steps - 1`. Smith and Topin 2018.
///
/// With three phases it is as long on the way down to the first rate as on the way up, and goes from there to the
/// last one.
///
/// ```
/// use gradtape::optim::{Anneal, OneCycle, Schedule};
/// let cycle = OneCycle { anneal: Anneal::Linear, ..OneCycle::new(1.0, 10) };
/// let rates = [0, 1, 2, 9].map(|t| Schedule::OneCycle(cycle).rate(0.1, t));
/// assert!([0.04, 0.52, 1.0, 4e-6].iter().zip(rates).all(|(want, got)| (want - got).abs() < 1e-12));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The highest rate.
    pub max_lr: f64,
    /// The length of the cycle.
    pub total_steps: u64,
    /// The share of the way up; 0.3 by default.
    pub pct_start: f64,
    /// The highest rate over the first one; 25 by default.
    pub div_factor: f64,
    /// The first rate over the last one; 10,000 by default.
    pub final_div_factor: f64,
    /// The form of each way; a cosine by default.
    pub anneal: Anneal,
    /// Whether the way down stops over at the first rate; no by default.
    pub three_phase: bool,
}

/// The form of the way from one rate to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anneal {
    /// Half a wave, flat at both ends.
    #[default]
    Cosine,
    /// A line.
    Linear,
}

impl OneCycle {
    /// A cycle with PyTorch's defaults.
    pub fn new(max_lr: f64, total_steps: u64) -> OneCycle {
        OneCycle {
            max_lr,
            total_steps,
            pct_start: 0.3,
            div_factor: 25.0,
            final_div_factor: 1e4,
            anneal: Anneal::Cosine,
            three_phase: false,
        }
    }

    pub(super) fn rate(&self, t: u64) -> f64 {
        let first = self.max_lr / self.div_factor;
        let (at, total) = (t as f64, self.total_steps as f64);
        let (top, end) = (self.pct_start * total - 1.0, total - 1.0);
        let way = |from: f64, to: f64, begin: f64, end: f64| {
            let share = ((at - begin) / (end - begin)).min(1.0);
            match self.anneal {
                Anneal::Cosine => cosine(from, to, share),
                Anneal::Linear => from + (to - from) * share,
            }
        };
        let last = first / self.final_div_factor;
        let back = 2.0 * self.pct_start * total - 2.0;
        match self.three_phase {
            _ if at < top => way(first, self.max_lr, 0.0, top),
            false => way(self.max_lr, last, top, end),
            true if at < back => way(self.max_lr, first, top, back),
            true => way(first, last, back, end),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        positive("max_lr", self.max_lr)?;
        positive("total_steps", self.total_steps as f64)?;
        Interval::SHARE.check("pct_start", self.pct_start)?;
        if self.three_phase && self.pct_start > 0.5 {
            return Err(bad("pct_start", self.pct_start, "at most 0.5 with three phases"));
        }
        positive("div_factor", self.div_factor)?;
        positive("final_div_factor", self.final_div_factor)
    }
}
