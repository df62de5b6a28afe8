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
    /// A program in some variables, each of which it reads somewhere before it gives it a value of its own.
    pub(crate) fn program(text: &'e str, names: &[&str]) -> Result<Ground<'e>> {
        let Some(name) = names.iter().find(|name| !is_read(text, name)) else {
            let names = names.iter().map(|name| name.to_string()).collect();
            return Ok(Ground::Program { text: text.trim(), names });
        };
        let error = Error::new(format!("the program has no variable `{name}`"));
        Err(match words(text).any(|(_, word)| word == *name) {
            true => error.hint(format!(
                "it gives `{name}` a value of its own before it reads it, whatever it is at the start"
            )),
            false => error,
        })
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

/// The words of a program, each with where it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.map(|word| {
        let name = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let end = word.as_ptr() as usize - text.as_ptr() as usize + word.len();
        (end - name.len(), name)
    })
}

/// Whether a program reads a variable that is given to it. One that its first piece with that name sets for certain is
/// its own from there on.
fn is_read(text: &str, name: &str) -> bool {
    let reads = |piece: &str| {
        words(piece).any(|(start, word)| word == name && !is_set(piece, start, start + word.len()))
    };
    let has = |piece: &&str| words(piece).any(|(_, word)| word == name);
    let sets = |piece: &str| {
        let mut words = words(piece).filter(|(_, word)| !word.is_empty());
        let first = words.next().map_or("", |(_, word)| word);
        let counted = first == "for" && words.next().is_some_and(|(_, word)| word == name);
        counted || first == name && !reads(piece)
    };
    // What stands in braces is one with the loop or the branch before them.
    let mut depth = 0i32;
    let mut pieces = text.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ';' && depth <= 0
    });
    reads(text) && !pieces.find(has).is_some_and(sets)
}

/// Whether the word there is one that a piece gives a value to.
fn is_set(piece: &str, start: usize, end: usize) -> bool {
    let after = piece[end..].trim_start();
    let counts = piece[..start].trim_end();
    let counts = counts
        .strip_suffix("for")
        .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
    after.starts_with('=') && !after.starts_with("==") || counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_a_program_only_sets_is_none_of_its_own() {
        for (text, is) in [
            ("y = 3; x^2", false),
            ("y = 3; x^2 + y", false),
            ("y=3; if x == 1: x = 2*y; x", false),
            ("if x > 0: y = 3; x^2", false),
            ("for y in 1..3: x = x + y; x", false),
            ("x^2", false),
            ("x*y2", false),
            ("y = 2y; x*y", true),
            ("y == 3", true),
            ("if x > 5: x = x*y; x^2", true),
            ("if x > 0: y = 3; x*y", true),
            ("while y > 5: y = y/2; y^2", true),
            ("z = x*y; y = 3; z + y", true),
            ("if x > 0: { z = 1; y = 3 }; x*y", true),
            ("for i in 1..3: { x = x + i; y = y*x }; y", true),
        ] {
            assert_eq!(is_read(text, "y"), is, "{text}");
        }
        let error = Ground::program("y = 3; x^2", &["x", "y"]).err().unwrap().to_string();
        assert!(
            error.contains("no variable `y`") && error.contains("a value of its own"),
            "{error}"
        );
    }
}
