//! The other two ways to the gradient: differences of values, and expressions for it.

use std::collections::BTreeMap;

use super::explanation::Symbolic;
use crate::expression::{Expr, central_difference, central_step, richardson};
use crate::report::{Named, Number};

/// The most evaluations of nodes that differences may cost.
const MAX_DIFFERENCES: usize = 50_000_000;

/// The gradient from differences of values.
pub(super) fn numeric(expr: &Expr, point: &[f64], notes: &mut Vec<String>) -> Named<Number> {
    let once = point.len().saturating_mul(expr.nodes().len());
    if once > MAX_DIFFERENCES {
        notes.push("numeric: too many variables for differences; all are nan".to_string());
        return Named::new(expr.variables(), vec![Number(f64::NAN); point.len()]);
    }
    let mut moved = point.to_vec();
    let mut values = Vec::new();
    let mut derivative = |variable: usize| {
        let x = point[variable];
        let f = |x: f64| {
            moved[variable] = x;
            expr.evaluate_into(&moved, &mut values);
            values[expr.root().index()]
        };
        let found = match once < MAX_DIFFERENCES / 50 {
            true => richardson(f, x).derivative,
            false => central_difference(f, x, central_step(x)),
        };
        moved[variable] = x;
        Number(found)
    };
    let all: Vec<Number> = (0..point.len()).map(&mut derivative).collect();
    Named::new(expr.variables(), all)
}

/// The longest text of all symbolic derivatives together.
const MAX_SYMBOLIC: usize = 1 << 20;

/// The gradient as expressions.
pub(super) fn symbolic(expr: &Expr, point: &[f64], notes: &mut Vec<String>) -> Named<Symbolic> {
    let names: Vec<&str> = expr.variables().collect();
    let places: BTreeMap<&str, f64> = names.iter().copied().zip(point.iter().copied()).collect();
    let too_long = || format!("the derivatives have more than {MAX_SYMBOLIC} letters together");
    let mut left = MAX_SYMBOLIC;
    let mut derivatives = expr.each_derivative();
    let mut found = Vec::with_capacity(names.len());
    while found.len() < names.len() {
        // Nothing is written out that would not be shown.
        let derivative = if left > 0 { derivatives.next() } else { None };
        let Some(derivative) = derivative else {
            found.push(Symbolic::Refused { refused: too_long() });
            continue;
        };
        found.push(match derivative {
            Err(error) => Symbolic::Refused { refused: error.message().to_string() },
            Ok(derivative) => {
                let expression = derivative.to_string();
                match left.checked_sub(expression.len()) {
                    None => {
                        left = 0;
                        Symbolic::Refused { refused: too_long() }
                    }
                    Some(rest) => {
                        left = rest;
                        let value = |name| places.get(name).copied().unwrap_or(f64::NAN);
                        let at: Vec<f64> = derivative.variables().map(value).collect();
                        let value = Number(derivative.evaluate(&at));
                        Symbolic::Found { expression, value, latex: derivative.latex() }
                    }
                }
            }
        });
    }
    if found.iter().any(|symbolic| matches!(symbolic, Symbolic::Refused { .. })) {
        notes.push("symbolic: at least one derivative is too long to write out".to_string());
    }
    Named::new(names, found)
}
