//! [`Ground`]: what is descended on.

use std::borrow::Cow;
use std::fmt;

use crate::expression::{Expr, Trace};
use crate::report::{Error, Result};

/// An expression, or a program with loops and branches, which at each place is what it computes there.
pub(crate) enum Ground<'e> {
    Expression(&'e Expr),
    Program { text: &'e str, names: Vec<String> },
}

impl<'e> Ground<'e> {
    /// A program in some variables, each of which it reads somewhere.
    pub(crate) fn program(text: &'e str, names: &[&str]) -> Result<Ground<'e>> {
        let is_read = |name: &str| {
            let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            words.any(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()) == name)
        };
        match names.iter().find(|name| !is_read(name)) {
            Some(name) => Err(Error::new(format!("the program has no variable `{name}`"))),
            None => {
                let names = names.iter().map(|name| name.to_string()).collect();
                Ok(Ground::Program { text: text.trim(), names })
            }
        }
    }

    /// The variables.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Ground::Expression(expr) => expr.variables().collect(),
            Ground::Program { names, .. } => names.iter().map(String::as_str).collect(),
        }
    }

    /// Whether it is another expression at another place.
    pub(crate) fn is_program(&self) -> bool {
        matches!(self, Ground::Program { .. })
    }

    /// What is computed at a place, an expression in all of the variables.
    pub(crate) fn at(&self, place: &[f64]) -> Result<Cow<'e, Expr>> {
        match self {
            Ground::Expression(expr) => Ok(Cow::Borrowed(expr)),
            Ground::Program { names, .. } => {
                Ok(Cow::Owned(self.traced(place)?.expr.over(names.as_slice())))
            }
        }
    }

    /// How often loops ran at a place and which branches were taken; nothing of an expression.
    pub(crate) fn told(&self, place: &[f64]) -> Vec<String> {
        self.traced(place).map(|trace| trace.told).unwrap_or_default()
    }

    /// The value at a place, NaN where a program has none.
    pub(crate) fn value(&self, place: &[f64]) -> f64 {
        self.at(place).map_or(f64::NAN, |expr| expr.evaluate(place))
    }

    /// About how many operations a value costs.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Ground::Expression(expr) => expr.nodes().len(),
            // It is read anew at each place.
            Ground::Program { text, .. } => 20 * text.len(),
        }
    }

    fn traced(&self, place: &[f64]) -> Result<Trace> {
        match self {
            Ground::Expression(expr) => {
                Ok(Trace { expr: Expr::clone(expr), told: Vec::new(), unused: Vec::new() })
            }
            Ground::Program { text, names } => {
                let at: Vec<(&str, f64)> =
                    names.iter().map(String::as_str).zip(place.iter().copied()).collect();
                Trace::of(text, &at)
            }
        }
    }
}

impl fmt::Display for Ground<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ground::Expression(expr) => expr.fmt(f),
            Ground::Program { text, .. } => f.write_str(text),
        }
    }
}
