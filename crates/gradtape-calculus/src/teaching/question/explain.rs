//! The page of an expression.

use gradtape_chart::text::escaped;

use crate::expression::{Expr, Trace};
use crate::report::{Result, exact};
use crate::teaching::explain::{Explanation, Options, Order, explain, explain_program};

pub(super) fn found(
    expr: &str,
    at: &[(String, f64)],
    hessian: bool,
    order: Option<Order>,
) -> Result<Explanation> {
    let point = entries(at);
    let options = Options { hessian, order: order.unwrap_or_default() };
    let found = match Trace::is_program(expr) {
        true => explain_program(expr, &point, options),
        false => explain(&Expr::parse(expr)?, &point, options),
    };
    let found = found.map_err(|error| error.shown_in(expr))?;
    Ok(if order.is_some() { found.numbered() } else { found })
}

/// The values of the variables that an expression has, 1 where there was none. What a program reads is known when it
/// runs, so its values stay.
pub(super) fn settled(expr: &str, at: Vec<(String, f64)>) -> Result<Vec<(String, f64)>> {
    if Trace::is_program(expr) {
        return Ok(at);
    }
    let parsed = Expr::parse(expr)?;
    let value = |name: &str| at.iter().find(|(known, _)| known == name).map_or(1.0, |pair| pair.1);
    Ok(parsed.variables().map(|name| (name.to_string(), value(name))).collect())
}

pub(super) fn command(
    expr: &str,
    at: &[(String, f64)],
    hessian: bool,
    order: Option<Order>,
) -> String {
    let mut text = format!("gradtape explain \"{expr}\"");
    if !at.is_empty() {
        text += &format!(" --at {}", pairs(at));
    }
    if hessian {
        text += " --hessian";
    }
    text += match order {
        None => "",
        Some(Order::Topological) => " --order topological",
        Some(Order::BreadthFirst) => " --order bfs",
    };
    escaped(&text)
}

/// Values by name, as a flag takes them.
pub(super) fn pairs(at: &[(String, f64)]) -> String {
    let all: Vec<String> =
        at.iter().map(|(name, value)| format!("{name}={}", exact(*value))).collect();
    all.join(",")
}

pub(super) fn entries(at: &[(String, f64)]) -> Vec<(&str, f64)> {
    at.iter().map(|(name, value)| (name.as_str(), *value)).collect()
}
