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

/// The excess kurtosis from which on tails are heavy; that of Laplace's distribution is 3.
const HEAVY: f64 = 10.0;

/// How many distances of the quartiles the ends are away from the median, on either side, where both tails are heavy; of
/// normal values 1.9.
const AWAY: f64 = 2.5;

/// The share of the values beyond an end.
const END: f64 = 0.005;

impl Transform {
    /// How far beyond the results of training a network is believed, in shares of their range.
    pub const BEYOND: f64 = 0.1;

    /// The transform of some values, NaN left out.
    ///
    /// [`TransformChoice::Auto`] takes `asinh` where the values have two heavy tails, as profits: their excess kurtosis is
    /// above 10, and on either side of the median one in 200 is further away than 2.5 distances of the quartiles. Where
    /// one tail is heavy, as of prices, it depends on what the value hangs on whether a logarithm is of use: it takes
    /// none, nor of fewer than 50 values. `None` where what is asked for cannot be: the logarithm of values below 0 or of
    /// values that are all the same, `asinh` where half of them are.
    pub fn fit(values: &[f64], choice: TransformChoice) -> Option<Transform> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        match choice {
            TransformChoice::None => Some(Transform::None),
            TransformChoice::Log => log(&sorted),
            TransformChoice::Asinh => asinh(&sorted),
            TransformChoice::Auto if tails(&sorted) == 2 => {
                asinh(&sorted).or(Some(Transform::None))
            }
            TransformChoice::Auto => Some(Transform::None),
        }
    }

    /// Whether values have one heavy tail, so that it is worth a try to learn their logarithm.
    pub(super) fn is_worth_a_try(values: &[f64]) -> bool {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        tails(&sorted) == 1 && sorted.first().is_some_and(|least| *least >= 0.0)
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
        self.inverse(match *self {
            Transform::None => result,
            Transform::Log { range: [low, high], .. }
            | Transform::Asinh { range: [low, high], .. } => {
                let more = Transform::BEYOND * (high - low);
                result.clamp(low - more, (high + more).max(low - more))
            }
        })
    }

    /// The value of a result of [`Transform::of`], however far it is from those of training; infinite where no number
    /// is so large.
    ///
    /// ```
    /// use gradtape::data::{Transform, TransformChoice};
    /// let transform = Transform::fit(&[1.0, 10.0, 1e6], TransformChoice::Log).unwrap();
    /// let (far, inverse) = (transform.of(1e8), transform.inverse(transform.of(1e8)));
    /// assert!((inverse / 1e8 - 1.0).abs() < 1e-9 && transform.back(far) < 1e7);
    /// ```
    pub fn inverse(&self, result: f64) -> f64 {
        match *self {
            Transform::None => result,
            Transform::Log { unit, .. } if result < 0.0 => unit * result,
            Transform::Log { unit, .. } => unit * result.exp_m1(),
            Transform::Asinh { middle, unit, .. } => middle + unit * result.sinh(),
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

/// How many tails of values are heavy.
fn tails(sorted: &[f64]) -> usize {
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    if sorted.len() < ENOUGH || shape(sorted)[1] <= HEAVY {
        return 0;
    }
    let away = AWAY * (at(0.75) - at(0.25));
    let ends = [at(0.5) - at(END), at(1.0 - END) - at(0.5)];
    ends.into_iter().filter(|end| *end > away).count()
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
        assert!(auto(&amounts).is_none() && Transform::is_worth_a_try(&amounts));
        let moderate: Vec<f64> = plain.iter().map(|x| (0.3 * x).exp()).collect();
        assert!(auto(&moderate).is_none() && !Transform::is_worth_a_try(&moderate));
        let both: Vec<f64> = plain.iter().map(|x| (2.0 * x).sinh()).collect();
        assert!(matches!(auto(&both), Transform::Asinh { .. }));
        assert!(!Transform::is_worth_a_try(&both));
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
