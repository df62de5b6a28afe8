//! [`Transform`]: what is done to a number to predict whose largest values are far from all others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tensor::{Error, Kind};

/// What is done to a number to predict before it is standardised. Predictions are brought back.
///
/// ```
/// use gradtape::data::{Transform, TransformChoice};
/// let incomes: Vec<f64> = (0..200).map(|i| (0.05 * f64::from(i)).exp()).collect();
/// let transform = Transform::fit(&incomes, TransformChoice::Log).unwrap();
/// let back = transform.back(transform.of(1000.0));
/// assert!((back - 1000.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Transform {
    /// Nothing.
    #[default]
    None,
    /// `ln(1 + value / unit)`, for values of at least 0; of one below 0 that is held out, `value / unit`.
    Log {
        /// What is small among the values, above 0.
        unit: f64,
        /// Between which values its results were in training.
        range: [f64; 2],
    },
    /// `asinh((value - middle) / unit)`, for values on both sides.
    Asinh {
        /// The median.
        middle: f64,
        /// The spread by the quartiles, above 0.
        unit: f64,
        /// Between which values its results were in training.
        range: [f64; 2],
    },
}

/// Which [`Transform`] is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransformChoice {
    /// One where the values ask for it; see [`Transform::fit`].
    #[default]
    Auto,
    /// None.
    None,
    /// The logarithm.
    Log,
    /// The inverse hyperbolic sine.
    Asinh,
}

/// Fewer values do not tell how they are spread.
const ENOUGH: usize = 50;

/// The skewness from which on values of at least 0 have a heavy tail; that of exponential ones is 2.
const SKEWED: f64 = 2.0;

/// The excess kurtosis from which on values have two heavy tails; that of Laplace's is 3.
const HEAVY: f64 = 10.0;

/// How far beyond the results of training a network is believed, in shares of their range.
const BEYOND: f64 = 0.1;

impl Transform {
    /// The transform of some values, NaN left out.
    ///
    /// [`TransformChoice::Auto`] takes the logarithm where no value is below 0, their skewness is above 2 and the
    /// logarithm has less than half of it; and `asinh` where some are, their excess kurtosis is above 10 and that of
    /// the results less than half of it. Of fewer than 50 values it takes none. `None` where what is asked for cannot
    /// be: the logarithm of values below 0, or of values that are all the same.
    pub fn fit(values: &[f64], choice: TransformChoice) -> Option<Transform> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let least = sorted.first().copied().unwrap_or(0.0);
        match choice {
            TransformChoice::None => Some(Transform::None),
            TransformChoice::Log => log(&sorted),
            TransformChoice::Asinh => asinh(&sorted),
            TransformChoice::Auto if sorted.len() < ENOUGH => Some(Transform::None),
            TransformChoice::Auto => {
                let [skewness, kurtosis] = shape(&sorted);
                let (found, before, which) = match least >= 0.0 {
                    true if skewness > SKEWED => (log(&sorted), skewness, 0),
                    false if kurtosis > HEAVY => (asinh(&sorted), kurtosis, 1),
                    _ => return Some(Transform::None),
                };
                let after = |transform: &Transform| {
                    let results: Vec<f64> = sorted.iter().map(|&v| transform.of(v)).collect();
                    shape(&results)[which].abs()
                };
                Some(found.filter(|found| after(found) < 0.5 * before).unwrap_or(Transform::None))
            }
        }
    }

    /// The result for a value; NaN where there is none.
    pub fn of(&self, value: f64) -> f64 {
        match *self {
            Transform::None => value,
            Transform::Log { unit, .. } if value < 0.0 => value / unit,
            Transform::Log { unit, .. } => (value / unit).ln_1p(),
            Transform::Asinh { middle, unit, .. } => ((value - middle) / unit).asinh(),
        }
    }

    /// The value of a result. What is far beyond the results of training is taken as their end, where the value would
    /// grow without measure: by a tenth of their range.
    pub fn back(&self, result: f64) -> f64 {
        let within = |[low, high]: [f64; 2]| {
            let more = BEYOND * (high - low);
            result.clamp(low - more, (high + more).max(low - more))
        };
        match *self {
            Transform::None => result,
            Transform::Log { unit, range } => match within(range) {
                below if below < 0.0 => unit * below,
                result => unit * result.exp_m1(),
            },
            Transform::Asinh { middle, unit, range } => middle + unit * within(range).sinh(),
        }
    }

    /// Whether values are as they were.
    pub fn is_none(&self) -> bool {
        *self == Transform::None
    }

    /// Whether what was read can be computed with.
    pub(super) fn is_valid(&self) -> bool {
        let valid = |unit: f64, [low, high]: [f64; 2]| {
            unit.is_normal() && unit > 0.0 && low.is_finite() && high.is_finite() && low <= high
        };
        match *self {
            Transform::None => true,
            Transform::Log { unit, range } => valid(unit, range),
            Transform::Asinh { middle, unit, range } => middle.is_finite() && valid(unit, range),
        }
    }
}

/// The logarithm whose unit leaves the least skewness.
fn log(sorted: &[f64]) -> Option<Transform> {
    let positive = &sorted[sorted.partition_point(|&value| value <= 0.0)..];
    let (&first, &last) = (sorted.first()?, sorted.last()?);
    if first < 0.0 || first == last {
        return None;
    }
    let unit_at = |share: f64| positive[((positive.len() - 1) as f64 * share) as usize];
    let of = |unit: f64| {
        let range = [first, last].map(|value| (value / unit).ln_1p());
        Transform::Log { unit, range }
    };
    let skewness = |transform: &Transform| {
        let results: Vec<f64> = sorted.iter().map(|&value| transform.of(value)).collect();
        shape(&results)[0].abs()
    };
    let units = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95].map(unit_at);
    let all = units.into_iter().map(of).filter(Transform::is_valid);
    all.min_by(|a, b| skewness(a).total_cmp(&skewness(b)))
}

fn asinh(sorted: &[f64]) -> Option<Transform> {
    let (&first, &last) = (sorted.first()?, sorted.last()?);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let (middle, unit) = (at(0.5), (at(0.75) - at(0.25)) / 1.349);
    let range = [first, last].map(|value| ((value - middle) / unit).asinh());
    Some(Transform::Asinh { middle, unit, range }).filter(Transform::is_valid)
}

/// The skewness and the excess kurtosis of values; 0 where they do not vary.
fn shape(values: &[f64]) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let far = values.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
    let moment =
        |power: i32| values.iter().map(|v| ((v - mean) / far).powi(power)).sum::<f64>() / count;
    let variance = moment(2);
    match variance > 0.0 {
        true => [moment(3) / variance.powf(1.5), moment(4) / (variance * variance) - 3.0],
        false => [0.0; 2],
    }
}

impl fmt::Display for TransformChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TransformChoice::Auto => "auto",
            TransformChoice::None => "none",
            TransformChoice::Log => "log",
            TransformChoice::Asinh => "asinh",
        })
    }
}

impl FromStr for TransformChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<TransformChoice, Error> {
        match text {
            "auto" => Ok(TransformChoice::Auto),
            "none" => Ok(TransformChoice::None),
            "log" => Ok(TransformChoice::Log),
            "asinh" => Ok(TransformChoice::Asinh),
            _ => Err(Error::new(Kind::Value, format!("there is no transform {text:?}"))
                .hint("it is none, log, asinh or auto")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    fn auto(values: &[f64]) -> Transform {
        Transform::fit(values, TransformChoice::Auto).unwrap()
    }

    fn normals(seed: u64) -> Vec<f64> {
        let mut rng = Rng::new(seed);
        (0..2000).map(|_| rng.normal()).collect()
    }

    #[test]
    fn heavy_tails_are_noticed() {
        let plain = normals(1);
        assert!(auto(&plain).is_none());
        let amounts: Vec<f64> = plain.iter().map(|x| (1.5 * x).exp()).collect();
        assert!(matches!(auto(&amounts), Transform::Log { .. }));
        let moderate: Vec<f64> = plain.iter().map(|x| (0.3 * x).exp()).collect();
        assert!(auto(&moderate).is_none());
        let both: Vec<f64> = plain.iter().map(|x| (2.0 * x).sinh()).collect();
        assert!(matches!(auto(&both), Transform::Asinh { .. }));
        assert!(auto(&amounts[..20]).is_none());
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert_eq!(Transform::fit(&[-1.0, 2.0], TransformChoice::Log), None);
        assert_eq!(Transform::fit(&[2.0, 2.0], TransformChoice::Log), None);
        assert_eq!(Transform::fit(&[2.0; 60], TransformChoice::Asinh), None);
        assert_eq!(Transform::fit(&[], TransformChoice::Log), None);
        assert!("square".parse::<TransformChoice>().is_err());
        for choice in ["auto", "none", "log", "asinh"] {
            assert_eq!(choice.parse::<TransformChoice>().unwrap().to_string(), choice);
        }
    }

    #[test]
    fn values_come_back_and_stay_within_measure() {
        let amounts: Vec<f64> = normals(2).iter().map(|x| 1e5 * (1.5 * x).exp()).collect();
        let most = amounts.iter().copied().fold(0.0, f64::max);
        for choice in [TransformChoice::Log, TransformChoice::Asinh] {
            let transform = Transform::fit(&amounts, choice).unwrap();
            for &amount in &amounts {
                let back = transform.back(transform.of(amount));
                assert!((back - amount).abs() < 1e-9 * most, "{back} {amount}");
            }
            assert!(transform.back(1e6).is_finite() && transform.back(1e6) < 100.0 * most);
        }
    }
}
