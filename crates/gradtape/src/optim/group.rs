//! [`Group`]: parameters with settings of their own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::base::check_rate;
use super::hyper::parse_settings;
use super::{Hyper, HyperValue};
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result, Shape};

/// Parameters of an optimiser that have some settings of their own, chosen by name or shape. See
/// [`Optimizer::group`](super::Optimizer::group).
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::optim::{AdamW, Group, Optimizer};
/// use gradtape::{DType, Rng, Tape, Tensor};
///
/// let layer = Linear::new(2, 3, &mut Rng::new(1));
/// let opt = AdamW::new(&layer, 0.01)
///     .weight_decay(0.1)
///     .group(Group::named("*bias").set("weight_decay", 0.0).lr_scale(2.0));
/// let tape = Tape::new();
/// opt.step(layer.forward(tape.constant(Tensor::ones([4, 2], DType::F32))).square().sum(()))?;
///
/// // All vectors, whatever they are called; and as the command line reads a group.
/// let vectors = Group::when(|_, shape| shape.len() == 1).set("weight_decay", 0.0);
/// let read: Group = "*bias:weight_decay=0,lr_scale=2".parse()?;
/// # let opt = AdamW::new(&layer, 0.01).group(vectors);
/// # assert!(opt.state().is_ok() && AdamW::new(&layer, 0.01).group(read).state().is_ok());
///
/// let none = AdamW::new(&layer, 0.01).group(Group::named("*.scale"));
/// assert!(none.state().unwrap_err().to_string().contains("no parameter is called \"*.scale\""));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone)]
pub struct Group {
    members: Members,
    hyper: Hyper,
    scale: f64,
}

/// Tells by name and shape which parameters belong to a group.
type Choice = dyn Fn(&str, &Shape) -> bool + Send + Sync;

#[derive(Clone)]
enum Members {
    Named(String),
    When(Arc<Choice>),
}

/// In the form that is read, `*.bias:weight_decay=0,lr_scale=2`; of parameters that a function chooses without a name.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = match &self.members {
            Members::Named(pattern) => pattern,
            Members::When(_) => "chosen by a function",
        };
        let set = self.hyper.iter().map(|(name, value)| format!("{name}={value}"));
        let scale = (self.scale != 1.0).then(|| format!("lr_scale={}", self.scale));
        write!(f, "{members}:{}", set.chain(scale).collect::<Vec<_>>().join(","))
    }
}

impl Group {
    /// The parameters whose name is this, where `*` stands for any text: `*.bias`, `encoder.*`.
    pub fn named(pattern: &str) -> Group {
        Group::of(Members::Named(pattern.to_string()))
    }

    /// The parameters for whose name and shape a function answers `true`.
    pub fn when(holds: impl Fn(&str, &Shape) -> bool + Send + Sync + 'static) -> Group {
        Group::of(Members::When(Arc::new(holds)))
    }

    fn of(members: Members) -> Group {
        Group { members, hyper: Hyper::new(), scale: 1.0 }
    }

    /// Sets what the optimiser sets otherwise, by the name that it has in [`Hyper`]. Whether the optimiser has
    /// it, and whether it is in range, is found at the first use.
    #[must_use]
    pub fn set(self, name: &str, value: impl Into<HyperValue>) -> Group {
        Group { hyper: self.hyper.with(name, value), ..self }
    }

    /// The learning rate of the group over that of the optimiser, so that schedules change both; 1 by default,
    /// and 0 for parameters that rest.
    #[must_use]
    pub fn lr_scale(self, scale: f64) -> Group {
        Group { scale, ..self }
    }

    pub(super) fn hyper(&self) -> &Hyper {
        &self.hyper
    }

    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// Whether a parameter belongs to it.
    pub(super) fn holds(&self, name: &str, shape: &Shape) -> bool {
        match &self.members {
            Members::Named(pattern) => matches(pattern, name),
            Members::When(holds) => holds(name, shape),
        }
    }

    /// Fails for a scale that is no factor of a rate.
    pub(super) fn check(&self) -> Result<()> {
        check_rate(self.scale).map_err(|error| error.context("lr_scale"))
    }

    /// That no parameter belongs to it.
    pub(super) fn empty(&self, number: usize, parameters: &[(String, Parameter)]) -> Error {
        let message = match &self.members {
            Members::Named(pattern) => {
                format!("group {number}: no parameter is called {pattern:?}")
            }
            Members::When(_) => format!("group {number}: there is no such parameter"),
        };
        let names: Vec<&str> = parameters.iter().take(5).map(|(name, _)| &name[..]).collect();
        let more = if parameters.len() > 5 { ", …" } else { "" };
        Error::new(Kind::Value, message).hint(format!(
            "there are {}{more}; a parameter belongs to the first group that holds it",
            names.join(", ")
        ))
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = match &self.members {
            Members::Named(pattern) => pattern,
            Members::When(_) => "a function",
        };
        let mut shown = f.debug_struct("Group");
        shown.field("members", &members).field("hyper", &self.hyper).field("lr_scale", &self.scale);
        shown.finish()
    }
}

/// `PATTERN:NAME=VALUE,…`, as in `*.bias:weight_decay=0,lr_scale=2`.
impl FromStr for Group {
    type Err = Error;

    fn from_str(text: &str) -> Result<Group> {
        let (pattern, settings) = text.split_once(':').ok_or_else(|| {
            let message = format!("{text:?} is no group of parameters");
            Error::new(Kind::Value, message)
                .hint("a group is a pattern and settings, as in *.bias:weight_decay=0,lr_scale=2")
        })?;
        let mut group = Group::named(pattern);
        for (name, value) in parse_settings(settings)? {
            group = match (&name[..], value) {
                ("lr_scale", HyperValue::Number(scale)) => group.lr_scale(scale),
                _ => group.set(&name, value),
            };
        }
        Ok(group)
    }
}

/// Whether a name is what a pattern says, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("a.b", "a.b"),
            ("*", ""),
            ("*.b", "a.b"),
            ("a*c*e", "abcde"),
            ("*a*", "a"),
            ("a*", "a"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("a.b", "a.bc"), ("*.b", "b"), ("a*ba", "aba1"), ("a*a", "a"), ("", "a"), ("*x*", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn groups_that_cannot_be_read_say_how_they_are_written() {
        for text in ["*.bias", "*.bias:", "*.bias:weight_decay", "*.bias:weight_decay=x"] {
            let error = text.parse::<Group>().unwrap_err().to_string();
            assert!(
                error.contains("weight_decay") || error.contains("NAME=VALUE"),
                "{text}: {error}"
            );
        }
    }
}
