//! Points: values for variables, by name.

use gradtape::nearest;

use super::expr::Expr;
use crate::report::{Error, Result};

impl Expr {
    /// The values in the order of [`Expr::variables`], looked up by name.
    ///
    /// # Errors
    /// Variables without a value, with the place of the first in the text; a value without a variable,
    /// with the nearest match; a name given twice.
    pub fn point(&self, at: &[(&str, f64)]) -> Result<Vec<f64>> {
        let names: Vec<&str> = self.variables().collect();
        point(&names, at, |variable| self.position(variable))
    }
}

/// The values of some variables, looked up by name. `position` knows where in the text a variable is.
pub(crate) fn point(
    names: &[&str],
    at: &[(&str, f64)],
    position: impl Fn(usize) -> Option<usize>,
) -> Result<Vec<f64>> {
    for (index, (name, _)) in at.iter().enumerate() {
        if !names.contains(name) {
            return Err(no_variable(names, name));
        }
        if at[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Error::new(format!("`{name}` has two values")));
        }
    }
    let value = |name: &&str| at.iter().find(|(given, _)| given == name).map(|&(_, value)| value);
    match names.iter().position(|name| value(name).is_none()) {
        None => Ok(names.iter().filter_map(value).collect()),
        Some(first) => {
            let without = names.iter().copied().filter(|name| value(name).is_none());
            Err(missing(without.collect()).position_of(position(first)))
        }
    }
}

/// A name that is none of the variables, with the nearest or all of them.
pub(crate) fn no_variable(names: &[&str], name: &str) -> Error {
    let error = Error::new(format!("the expression has no variable `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(close) => error.hint(format!("did you mean `{close}`?")),
        None if names.is_empty() => error.hint("it has no variables at all"),
        None if names.len() > MAX_NAMED => error,
        None => error.hint(format!("its variables are {}", names.join(", "))),
    }
}

/// More names than this are counted.
const MAX_NAMED: usize = 8;

fn missing(mut names: Vec<&str>) -> Error {
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let constant = |name: &str| match name {
        "pi" => format!("pi={}", std::f64::consts::PI),
        "e" => format!("e={}", std::f64::consts::E),
        name => format!("{name}=…"),
    };
    let values = names.iter().map(|name| constant(name)).collect::<Vec<_>>().join(",");
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = match quoted.as_slice() {
        [name] => format!("the variable {name} has no value"),
        [first @ .., last] if more == 0 => {
            format!("the variables {} and {last} have no values", first.join(", "))
        }
        all => format!("the variables {} and {more} more have no values", all.join(", ")),
    };
    let error = Error::new(message);
    match names.iter().any(|name| ["pi", "e"].contains(name)) {
        true => error.hint(format!("no constants are built in: add `{values}` to the point")),
        false => error.hint(format!("add `{values}` to the point")),
    }
}
