//! [`Scale`]: an axis of numbers, linear or logarithmic, for plotters.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

use super::Axis;

/// An axis that can be drawn: its ends are finite and differ, also after taking logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    /// The power of ten in which plotters chooses ticks: it takes differences below 2^-52 for none.
    unit: f64,
}

impl Scale {
    pub(super) fn new(axis: &Axis) -> Scale {
        let (mut low, mut high) = (axis.low, axis.high);
        let fits = |x: f64| x.is_finite() && x.abs() < 1e300 && !(axis.log && x < 1e-300);
        if !(fits(low) && fits(high)) {
            (low, high) = if axis.log { (0.1, 10.0) } else { (-1.0, 1.0) };
        }
        let least = 1e-9 * low.abs().max(high.abs());
        if high - low <= least {
            let more = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
            (low, high) = (low.min(high) - more, low.max(high) + more);
        }
        let size = if axis.log { low } else { high - low };
        Scale { low, high, log: axis.log, unit: 10f64.powf(size.log10().floor()) }
    }

    /// Where a number lies between the ends: 0 to 1 within them.
    pub(super) fn share(&self, value: f64) -> f64 {
        match self.log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        }
    }

    /// At most `most` round numbers.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        let ends = self.low / self.unit..self.high / self.unit;
        let found = match self.log {
            true => LogCoord::from(ends.log_scale()).key_points(most),
            false => RangedCoordf64::from(ends).key_points(most),
        };
        let inside = |tick: &f64| (-1e-9..=1.0 + 1e-9).contains(&self.share(*tick));
        let whole = |tick: f64| match self.log || tick.abs() > 1e-9 * (self.high - self.low) {
            true => tick,
            false => 0.0,
        };
        found.into_iter().map(|tick| whole(tick * self.unit)).filter(inside).collect()
    }

    /// A tick with as many digits as tell it from its neighbours.
    pub(super) fn label(&self, tick: f64) -> String {
        let width = self.high - self.low;
        if tick == 0.0 {
            return "0".to_string();
        }
        let largest = self.low.abs().max(self.high.abs());
        if self.log || !(1e-4..1e6).contains(&largest) {
            let digits = match self.log {
                true => 0,
                false => (largest / width).log10().ceil().max(0.0) as usize + 1,
            };
            let text = format!("{tick:.digits$e}");
            let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            return format!("{}e{exponent}", trimmed(number));
        }
        let decimals = (2.0 - width.log10().floor()).max(0.0) as usize;
        trimmed(&format!("{tick:.decimals$}")).to_string()
    }
}

/// Without zeros at the end of decimals.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        // Far outside, all places look alike.
        let share = self.share(*value).clamp(-20.0, 20.0);
        start + (share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        self.ticks(hint.max_num_points())
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}
