//! [`Hyper`]: settings of an optimiser by name.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::tensor::{Error, Kind};

/// Settings of an optimiser by the names that PyTorch gives them; what is not set has the optimiser's
/// default. Which an optimiser has, [`OPTIMIZERS`](super::OPTIMIZERS) tells, and
/// [`defaults`](super::defaults()) gives them all.
///
/// In JSON it is an object. A dash in a name is read as an underscore.
///
/// ```
/// use gradtape::optim::{Hyper, HyperValue};
///
/// let hyper = Hyper::new().with("lr", 0.05).with("betas", (0.9, 0.99)).with("amsgrad", true);
/// assert_eq!(hyper.get("betas"), Some(HyperValue::Pair(0.9, 0.99)));
///
/// let json = r#"{"amsgrad":true,"betas":[0.9,0.99],"lr":0.05}"#;
/// assert_eq!(serde_json::from_str::<Hyper>(json)?, hyper);
/// assert_eq!(serde_json::to_string(&hyper)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Hyper(BTreeMap<String, HyperValue>);

/// The value of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a setting is a number, a list of two numbers, or true or false")]
pub enum HyperValue {
    /// A number, such as `momentum`.
    Number(f64),
    /// Two numbers, such as `betas`.
    Pair(f64, f64),
    /// Whether something is done, such as `nesterov`.
    Flag(bool),
}

impl Hyper {
    /// Nothing set.
    pub fn new() -> Hyper {
        Hyper::default()
    }

    /// Sets one more, or one anew. Whether an optimiser has it, the optimiser knows: see
    /// [`by_name`](super::by_name()).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<HyperValue>) -> Hyper {
        self.0.insert(plain(name), value.into());
        self
    }

    /// What a setting is set to.
    pub fn get(&self, name: &str) -> Option<HyperValue> {
        self.0.get(name).copied()
    }

    /// What is set, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, HyperValue)> {
        self.0.iter().map(|(name, value)| (&name[..], *value))
    }
}

/// As the command line writes them: `lr=0.05,betas=0.9+0.99`.
///
/// ```
/// use gradtape::optim::{Hyper, HyperValue};
/// let hyper: Hyper = "lr=0.05,betas=0.9+0.99".parse()?;
/// assert_eq!(hyper.get("betas"), Some(HyperValue::Pair(0.9, 0.99)));
/// # Ok::<(), gradtape::Error>(())
/// ```
impl std::str::FromStr for Hyper {
    type Err = Error;

    fn from_str(text: &str) -> crate::tensor::Result<Hyper> {
        Ok(parse_settings(text)?.into_iter().collect())
    }
}

/// Settings as the command line writes them: `NAME=VALUE,…`, where two numbers have a `+` between them.
pub(super) fn parse_settings(text: &str) -> crate::tensor::Result<Vec<(String, HyperValue)>> {
    text.split(',').map(setting).collect()
}

fn setting(text: &str) -> crate::tensor::Result<(String, HyperValue)> {
    let wrong = || {
        let message = format!("{text:?} is no setting");
        Error::new(Kind::Value, message).hint(
            "settings are NAME=VALUE with commas between, as in weight_decay=0,betas=0.9+0.99",
        )
    };
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let value = match value.trim() {
        "true" => Some(HyperValue::Flag(true)),
        "false" => Some(HyperValue::Flag(false)),
        one => number(one).map(HyperValue::Number).or_else(|| {
            let (first, second) = one.split_once('+')?;
            Some(HyperValue::Pair(number(first)?, number(second)?))
        }),
    };
    Ok((plain(name.trim()), value.ok_or_else(wrong)?))
}

/// A name as the tables have it.
pub(super) fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// Of a name that comes twice the last counts.
impl<N: AsRef<str>, V: Into<HyperValue>> FromIterator<(N, V)> for Hyper {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Hyper {
        pairs
            .into_iter()
            .fold(Hyper::new(), |hyper, (name, value)| hyper.with(name.as_ref(), value))
    }
}

impl From<f64> for HyperValue {
    fn from(number: f64) -> HyperValue {
        HyperValue::Number(number)
    }
}

impl From<usize> for HyperValue {
    fn from(count: usize) -> HyperValue {
        HyperValue::Number(count as f64)
    }
}

impl From<(f64, f64)> for HyperValue {
    fn from((first, second): (f64, f64)) -> HyperValue {
        HyperValue::Pair(first, second)
    }
}

impl From<bool> for HyperValue {
    fn from(flag: bool) -> HyperValue {
        HyperValue::Flag(flag)
    }
}

/// As the command line reads it: `0.9`, `1e-8`, `0.9,0.999`, `true`.
impl fmt::Display for HyperValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` is the form that says very small numbers by their power of ten.
        let short = |number: &f64| format!("{number:?}").trim_end_matches(".0").to_string();
        match self {
            HyperValue::Number(number) => f.write_str(&short(number)),
            HyperValue::Pair(first, second) => write!(f, "{},{}", short(first), short(second)),
            HyperValue::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A name that comes twice is an error; a map would keep one of them.
impl<'de> Deserialize<'de> for Hyper {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hyper, D::Error> {
        struct Settings;

        impl<'de> Visitor<'de> for Settings {
            type Value = Hyper;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("settings by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hyper, A::Error> {
                let mut hyper = Hyper::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map
                        .next_value()
                        .map_err(|error| A::Error::custom(format!("{name}: {error}")))?;
                    if hyper.0.insert(plain(&name), value).is_some() {
                        return Err(A::Error::custom(format!("{name} is set twice")));
                    }
                }
                Ok(hyper)
            }
        }

        deserializer.deserialize_map(Settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        serde_json::from_str::<Hyper>(json).unwrap_err().to_string()
    }

    #[test]
    fn json_that_holds_no_settings_is_told_by_name() {
        for value in ["\"0.9\"", "null", "[0.9]", "[0.9,0.99,0.999]", "{}"] {
            let text = error(&format!("{{\"lr\":0.1,\"betas\":{value}}}"));
            assert!(text.starts_with("betas: a setting is a number, a list of two"), "{text}");
        }
        assert!(error("[]").contains("settings by name"));
        assert!(error(r#"{"lr":1,"lr":2}"#).contains("lr is set twice"));
        assert!(error(r#"{"lr-decay":1,"lr_decay":2}"#).contains("lr_decay is set twice"));
    }

    #[test]
    fn numbers_keep_their_bits_and_whole_ones_are_numbers() {
        let tenth = 0.1 + 0.2;
        let json = serde_json::to_string(&Hyper::new().with("weight-decay", tenth)).unwrap();
        let read: Hyper = serde_json::from_str(&json).unwrap();
        assert_eq!(read.get("weight_decay"), Some(HyperValue::Number(tenth)));
        let whole: Hyper = serde_json::from_str(r#"{"lr":1,"betas":[0,0.5]}"#).unwrap();
        assert_eq!(whole, Hyper::new().with("lr", 1.0).with("betas", (0.0, 0.5)));
    }
}
