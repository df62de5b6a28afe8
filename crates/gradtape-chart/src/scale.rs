//! [`Scale`]: an axis of numbers, linear or logarithmic, for plotters.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

use crate::axis::{Axis, LARGEST};
use crate::text::{short, trimmed};

/// An axis that can be drawn: its ends are finite and differ, also after taking logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    log: bool,
    whole: bool,
    /// The power of ten in which plotters chooses ticks: it takes differences below 2^-52 for none.
    unit: f64,
}

impl Axis {
    /// At most `most` round numbers between the ends.
    ///
    /// ```
    /// use gradtape_chart::Axis;
    /// assert_eq!(Axis::new("x", -3.0, 7.5).ticks(6), [-2.0, 0.0, 2.0, 4.0, 6.0]);
    /// ```
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        if most == 0 {
            return Vec::new();
        }
        let ticks = Scale::new(self).ticks(most);
        // The library has one more at both ends of whole decades.
        let every = ticks.len().div_ceil(most).max(1);
        ticks.into_iter().step_by(every).collect()
    }
}

impl Scale {
    pub(crate) fn new(axis: &Axis) -> Scale {
        let shown = |x: f64| if x.is_finite() { x.clamp(-LARGEST, LARGEST) } else { x };
        let (mut low, mut high) = (shown(axis.low), shown(axis.high));
        // Further, the library multiplies decades beyond the numbers.
        let counts = |x: f64| !axis.log || (1e-300..1e300).contains(&x);
        let fits = |x: f64| x.is_finite() && counts(x);
        if !(fits(low) && fits(high)) {
            (low, high) = if axis.log { (0.1, 10.0) } else { (-1.0, 1.0) };
        }
        let least = 1e-9 * low.abs().max(high.abs());
        if high - low <= least {
            let more = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
            let (least, most) = (low.min(high), low.max(high));
            (low, high) = match axis.log {
                true => (0.5 * least, 2.0 * most),
                false => (least - more, most + more),
            };
        }
        let size = if axis.log { low } else { high - low };
        Scale {
            low,
            high,
            log: axis.log,
            whole: axis.whole,
            unit: 10f64.powf(size.log10().floor()),
        }
    }

    /// Where a number lies between the ends: 0 to 1 within them.
    pub(crate) fn share(&self, value: f64) -> f64 {
        match self.log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        }
    }

    /// At most `most` round numbers; of a logarithmic axis 3 or more, if so many are wanted.
    pub(crate) fn ticks(&self, most: usize) -> Vec<f64> {
        let ends = self.low / self.unit..self.high / self.unit;
        if !self.log {
            let mut ticks = self.inside(RangedCoordf64::from(ends).key_points(most));
            ticks.retain(|tick| !self.whole || tick.fract() == 0.0);
            return ticks;
        }
        let decades = self.inside(LogCoord::from(ends.clone().log_scale()).key_points(most));
        if decades.len() >= FEWEST || most < FEWEST {
            return decades;
        }
        let mut finer = PARTS.iter().map(|parts| self.inside(self.parts(parts)));
        let fits = |ticks: &Vec<f64>| (FEWEST..=most).contains(&ticks.len());
        finer.find(fits).unwrap_or_else(|| self.even(most))
    }

    /// At least 3 and at most `most` round numbers at even distances, as on a linear axis: for less than a decade.
    fn even(&self, most: usize) -> Vec<f64> {
        let [low, high] = [self.low, self.high].map(|end| end / self.unit);
        let first = (high - low).log10().ceil() as i32;
        let steps = (0..20).flat_map(|finer| {
            [5.0, 2.0, 1.0].map(|part| part * 10f64.powi(first.saturating_sub(finer)))
        });
        let of = |step: f64| {
            let (from, to) = ((low / step).ceil(), (high / step).floor());
            let count = (to - from + 1.0).clamp(0.0, 100.0) as usize;
            self.inside((0..count).map(|number| (from + number as f64) * step).collect())
        };
        let mut ticks = steps.map(of).find(|ticks| ticks.len() >= FEWEST).unwrap_or_default();
        ticks.truncate(most);
        ticks
    }

    /// These parts of each power of ten, in the unit.
    fn parts(&self, parts: &[f64]) -> Vec<f64> {
        let powers = (self.high / self.unit).log10().ceil().clamp(0.0, 400.0) as i32;
        let of = |power: i32| parts.iter().map(move |part| part * 10f64.powi(power));
        (0..=powers).flat_map(of).collect()
    }

    /// Those of some numbers in the unit that are between the ends.
    fn inside(&self, ticks: Vec<f64>) -> Vec<f64> {
        let inside = |tick: &f64| (-1e-9..=1.0 + 1e-9).contains(&self.share(*tick));
        let round = |tick: f64| match self.log || tick.abs() > 1e-9 * (self.high - self.low) {
            // Sums of steps, such as 0.6000000000000001, are not what is meant.
            true => format!("{tick:.14e}").parse().unwrap_or(tick),
            false => 0.0,
        };
        ticks.into_iter().map(|tick| round(tick * self.unit)).filter(inside).collect()
    }

    /// A tick with as many digits as tell it from its neighbours.
    pub(crate) fn label(&self, tick: f64) -> String {
        // Within a decade numbers differ in later digits.
        let log = self.log && self.high >= 10.0 * self.low;
        if log && self.low >= 1e-4 && self.high < 1e5 {
            return short(tick);
        }
        let width = self.high - self.low;
        if tick == 0.0 {
            return "0".to_string();
        }
        let largest = self.low.abs().max(self.high.abs());
        if log || !(1e-4..1e6).contains(&largest) {
            let digits = match log {
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

/// Fewer ticks do not tell that an axis is logarithmic.
const FEWEST: usize = 3;

/// Parts of a power of ten at which ticks can stand.
const PARTS: [&[f64]; 3] =
    [&[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, log: bool) -> Vec<String> {
        let scale = Scale::new(&Axis { log, ..Axis::new("", low, high) });
        scale.ticks(6).into_iter().map(|tick| scale.label(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_told_apart() {
        assert_eq!(labels(-0.25, 0.97, false), ["-0.2", "0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(
            labels(100.0, 100.5, false),
            ["100", "100.1", "100.2", "100.3", "100.4", "100.5"]
        );
        for (low, high) in [(-0.25, 0.97), (-3.0, 7.5), (0.0, 0.7)] {
            let scale = Scale::new(&Axis::new("", low, high));
            let ticks = scale.ticks(8);
            assert!(ticks.iter().all(|&tick| scale.label(tick).parse() == Ok(tick)), "{ticks:?}");
        }
        assert_eq!(labels(0.005, 2.0, true), ["0.01", "0.1", "1"]);
        assert_eq!(labels(5e-17, 2.0, true), ["1e-16", "1e-13", "1e-10", "1e-7", "1e-4", "1e-1"]);
        assert_eq!(labels(0.02, 2.0, true), ["0.03", "0.1", "0.3", "1"]);
        assert_eq!(labels(0.27, 0.9, true), ["0.4", "0.6", "0.8"]);
        for (low, high) in
            [(-3.2, 1e-3), (1e299, 1.1e299), (5.0, 5.0 + 1e-7), (0.0, 1e-310), (1e9, 1e9 + 10.0)]
        {
            let labels = labels(low, high, false);
            assert!((2..=7).contains(&labels.len()), "{low} {high}: {labels:?}");
            assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
        }
    }

    #[test]
    fn logarithmic_axes_of_any_length_have_ticks() {
        for low in [3.7e-9, 0.011, 0.27, 1.0, 8.2, 950.0, 7.7e8] {
            for ratio in [1.001, 1.03, 1.3, 2.0, 3.4, 6.0, 9.9, 12.0, 40.0, 250.0, 1e4, 1e9] {
                for most in 3..=9 {
                    let scale = Scale::new(&Axis { log: true, ..Axis::new("", low, low * ratio) });
                    let ticks = scale.ticks(most);
                    let labels: Vec<String> = ticks.iter().map(|&tick| scale.label(tick)).collect();
                    // The library has one more at both ends of whole decades.
                    assert!((3..=most + 2).contains(&ticks.len()), "{low}, {ratio}: {labels:?}");
                    assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
                }
            }
        }
    }

    #[test]
    fn axes_go_as_far_as_numbers_do() {
        let ticks = |low: f64, high: f64| Scale::new(&Axis::around("", (low, high))).ticks(6);
        let far = ticks(0.0, 2.5e301);
        assert!(far.len() > 3 && far.iter().all(|tick| *tick <= 2.7e301), "{far:?}");
        assert_eq!(far.last(), Some(&2.5e301));
        let whole = ticks(-f64::MAX, f64::MAX);
        assert!(whole.len() > 2 && whole.iter().all(|tick| tick.is_finite()), "{whole:?}");
        assert_eq!(labels(0.0, 2.5e301, false)[1], "5e300");
    }

    #[test]
    fn ends_that_do_not_fit_are_moved_apart() {
        for (low, high) in
            [(1.0, 1.0), (0.0, 0.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)]
        {
            for log in [false, true] {
                let scale = Scale::new(&Axis { log, ..Axis::new("", low, high) });
                assert!(scale.low < scale.high && scale.share(scale.high) == 1.0, "{low} {high}");
            }
        }
    }
}
