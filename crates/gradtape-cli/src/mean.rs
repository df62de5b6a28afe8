//! [`Mean`]: the mean of a few values, and between which bounds it is known.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};
use std::fmt;

use serde::Serialize;

use crate::measure::short;
use crate::report::Number;

/// The mean of values with the interval that holds the true one in 95 of 100 cases, by Student's t, as far as the values
/// are independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Mean {
    pub(crate) mean: Number,
    /// `null` for one value, which tells nothing of others.
    pub(crate) low: Option<Number>,
    pub(crate) high: Option<Number>,
    /// How many there are.
    pub(crate) values: usize,
}

/// The share of the cases.
const SHARE: f64 = 0.95;

impl Mean {
    /// Of some values; `None` without any.
    pub(crate) fn of(values: &[f64]) -> Option<Mean> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let reach = (values.len() > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let reach = student(values.len() - 1, SHARE) * (squares / (count - 1.0) / count).sqrt();
            // Of equal values only what the mean was rounded by.
            if reach <= 1e-14 * mean.abs() { 0.0 } else { reach }
        });
        let end = |sign: f64| reach.map(|reach| Number(mean + sign * reach));
        let (low, high) = (end(-1.0), end(1.0));
        (!values.is_empty()).then_some(Mean { mean: Number(mean), low, high, values: values.len() })
    }
}

/// `0.9667 ± 0.0218`, or the one value.
impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(self.mean.0))?;
        match self.high {
            Some(high) => write!(f, " ± {}", short(high.0 - self.mean.0)),
            None => Ok(()),
        }
    }
}

/// How far to each side of 0 Student's t of so many degrees of freedom is, from 1 on, in a share of the cases.
fn student(freedom: usize, share: f64) -> f64 {
    // The share grows with the angle.
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        match within(freedom, middle) < share {
            true => low = middle,
            false => high = middle,
        }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// The share of the cases in which t is within `√freedom tan(angle)` of 0 (Abramowitz and Stegun, 26.7.3 and 26.7.4).
fn within(freedom: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    // 1 + 1/2 cos² + (1·3)/(2·4) cos⁴ + … of even numbers, cos + 2/3 cos³ + … of odd ones.
    let (mut term, mut sum) = (if odd { cosine } else { 1.0 }, 0.0);
    let mut power = if odd { 1 } else { 0 };
    while power + 2 <= freedom {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
    }
    match odd {
        true => FRAC_2_PI * (angle + sine * sum),
        false => sine * sum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_students_tables() {
        for (freedom, table) in [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622)] {
            assert!((student(freedom, 0.95) - table).abs() < 1e-4, "{freedom}");
        }
        assert!((student(1000, 0.95) - 1.9623).abs() < 1e-4);
        assert!((student(4, 0.99) - 4.6041).abs() < 1e-4);
    }

    #[test]
    fn a_mean_has_bounds_from_two_values_on() {
        assert_eq!(Mean::of(&[]), None);
        let one = Mean::of(&[0.5]).unwrap();
        assert_eq!((one.low, one.to_string()), (None, "0.50000".to_string()));
        let mean = Mean::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(mean.to_string(), "2.0000 ± 2.4841");
    }
}
