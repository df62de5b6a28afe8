//! [`Base`]: what every optimiser has: parameters, state, learning rate, step count.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::clip::Clip;
use super::declare::bad;
use super::kept::Kept;
use super::{Group, Interval, Rule};
use crate::nn::Module;
use crate::tape::{Dial, Parameter};
use crate::tensor::{Error, Kind, Result};

/// The part that all optimisers share: the parameters they change, the tensors they keep for each, the
/// learning rate and the step count.
pub struct Base {
    pub(super) parameters: Vec<(String, Parameter)>,
    pub(super) rate: Dial,
    pub(super) steps: Arc<AtomicU64>,
    /// Made at the first use, when the settings are complete.
    kept: OnceLock<Kept>,
    pub(super) clip: Clip,
    pub(super) allow_unused: bool,
    /// Every how many steps the slow weights move, and by which share of the way.
    pub(super) lookahead: Option<(usize, f64)>,
    /// The decay of the parameters' moving average.
    pub(super) average: Option<f64>,
    pub(super) groups: Vec<Group>,
}

impl Base {
    /// For the floating-point parameters of a module, starting with a learning rate.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> Base {
        let mut parameters = module.named_parameters();
        parameters.retain(|(_, parameter)| parameter.read().dtype().is_float());
        Base { parameters, rate: Dial::new(learning_rate), ..Base::empty() }
    }

    /// Of no parameters.
    pub(super) fn empty() -> Base {
        Base {
            parameters: Vec::new(),
            rate: Dial::new(0.0),
            steps: Arc::default(),
            kept: OnceLock::new(),
            clip: Clip::default(),
            allow_unused: false,
            lookahead: None,
            average: None,
            groups: Vec::new(),
        }
    }

    /// The learning rate now.
    pub fn learning_rate(&self) -> f64 {
        self.rate.get()
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// The parameters with their names, in the order of the module.
    pub fn parameters(&self) -> &[(String, Parameter)] {
        &self.parameters
    }

    pub(super) fn set_learning_rate(&self, rate: f64) -> Result<()> {
        check_rate(rate)?;
        self.rate.set(rate);
        Ok(())
    }

    /// What the optimiser of this rule keeps, made the first time.
    pub(super) fn kept<R: Rule + ?Sized>(&self, rule: &R) -> Result<&Kept> {
        if let Some(kept) = self.kept.get() {
            return Ok(kept);
        }
        check(rule)?;
        let kept = Kept::new(rule).map_err(|error| error.context(rule.name()))?;
        Ok(self.kept.get_or_init(|| kept))
    }

    pub(super) fn check(&self) -> Result<()> {
        check_rate(self.learning_rate())?;
        self.clip.check()?;
        if let Some((every, share)) = self.lookahead {
            if every == 0 {
                return Err(bad("the look ahead's number of steps", every, "at least 1"));
            }
            if !(share > 0.0 && share <= 1.0) {
                return Err(bad("the look ahead's share", share, "above 0 and at most 1"));
            }
        }
        if let Some(decay) = self.average {
            Interval::SHARE.check("the average's decay", decay)?;
        }
        self.groups.iter().try_for_each(Group::check)?;
        if self.parameters.is_empty() {
            let message = "the optimiser was given no parameter to change";
            return Err(Error::new(Kind::Value, message)
                .hint("give it a module with parameters of a floating-point type"));
        }
        if let Some(kept) = self.kept.get() {
            let late = match () {
                _ if kept.groups() != self.groups.len() => "a group of parameters was added to",
                _ if kept.lookahead() != self.lookahead => "the look ahead was set of",
                _ if kept.averages() != self.average.is_some() => "the average was set of",
                _ => return Ok(()),
            };
            return Err(Error::new(Kind::Value, format!("{late} an optimiser in use"))
                .hint("say it where the optimiser is made, before its first step"));
        }
        Ok(())
    }

    /// How gradients are clipped, what looks ahead and is averaged, and the groups, in words: to tell whether two are the same.
    pub(crate) fn described(&self) -> [(&'static str, String); 4] {
        let groups: Vec<String> = self.groups.iter().map(Group::to_string).collect();
        let none = || "none".to_string();
        let lookahead =
            self.lookahead.map_or_else(none, |(steps, share)| format!("{steps},{share}"));
        [
            ("clipping", self.clip.to_string()),
            ("lookahead", lookahead),
            ("average", self.average.map_or_else(none, |decay| decay.to_string())),
            ("groups", if groups.is_empty() { none() } else { groups.join("; ") }),
        ]
    }

    /// Which group each parameter belongs to, numbered from 1; 0 for none. Of several groups the first counts.
    /// Fails for a group that gets no parameter.
    pub(super) fn parts(&self) -> Result<Vec<usize>> {
        let part = |(name, parameter): &(String, Parameter)| {
            let shape = &parameter.meta().shape;
            self.groups.iter().position(|group| group.holds(name, shape)).map_or(0, |at| at + 1)
        };
        let parts: Vec<usize> = self.parameters.iter().map(part).collect();
        for (at, group) in self.groups.iter().enumerate() {
            if !parts.contains(&(at + 1)) {
                return Err(group.empty(at + 1, &self.parameters));
            }
        }
        Ok(parts)
    }
}

pub(super) fn check_rate(rate: f64) -> Result<()> {
    Interval::FROM_0.check("learning rate", rate)
}

/// Fails for settings that are out of range or do not fit each other.
pub(super) fn check<R: Rule + ?Sized>(rule: &R) -> Result<()> {
    let settings = rule.settings();
    let ranges = settings.iter().try_for_each(|(known, value)| known.check(*value));
    ranges
        .and_then(|()| rule.check())
        .and_then(|()| rule.base().check())
        .map_err(|error| error.context(rule.name()))
}
