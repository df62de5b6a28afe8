//! What a reader of a fit should know beside its numbers.

use super::data::Input;
use crate::expression::{Expr, Id, Node, Operator};
use crate::report::short;

/// Says which parameters the data leave open, and why.
pub(super) fn loose<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => format!(
            "{last} is not determined by the data: at these values the expression does not change with it"
        ),
        Some((last, others)) => format!(
            "{} and {last} are not determined by the data: at these values, small changes of them make up for \
             each other",
            others.join(", ")
        ),
        None => String::new(),
    }
}

/// A column of the Jacobian that has less than this share of its largest size left has been left behind.
pub(super) const COLLAPSED: f64 = 1e-6;

/// A standard error beyond this many times the value says nothing of it.
const VAGUE: f64 = 1e3;

/// Says that a parameter went where the expression hardly depends on it. `left` is the share of its largest size
/// that its column of the Jacobian has left.
pub(super) fn ran_away(name: &str, value: f64, error: Option<f64>, left: f64) -> Option<String> {
    (left < COLLAPSED && error? > VAGUE * value.abs()).then(|| {
        format!(
            "`{name}` ran away: at {} the expression hardly changes with it, and the data do not tell its value; \
             start it nearer to the size of what it is compared with",
            short(value)
        )
    })
}

/// Says that the mean of what is wanted leaves less than the fit: the search ended far from where it should.
pub(super) fn poor(squares: f64, wanted: &[f64]) -> Option<String> {
    let mean = wanted.iter().sum::<f64>() / wanted.len() as f64;
    let constant: f64 = wanted.iter().map(|value| (value - mean).powi(2)).sum();
    // Of what is nearly constant, rounding is all that is left.
    let rounding = 1e-12 * wanted.iter().map(|value| value * value).sum::<f64>();
    (squares > constant * (1.0 + 1e-9) + rounding).then(|| {
        format!(
            "the mean alone leaves a sum of squares of {}, less than this: the search ended where the expression \
             cannot be improved step by step; try another start",
            short(constant)
        )
    })
}

/// Names divisors with parameters in them that are negative on some rows and positive on others: on the way the
/// expression passes a pole, wherever a sum of squares at the rows alone may be small.
pub(super) fn poles(expr: &Expr, inputs: &[Input<'_>], rows: usize, at: &[f64]) -> Vec<String> {
    let divisors = divisors(expr, inputs);
    if divisors.is_empty() {
        return Vec::new();
    }
    let mut signs = vec![(false, false); divisors.len()];
    let mut values = Vec::new();
    for row in 0..rows {
        let mut parameters = at.iter();
        let point: Vec<f64> = inputs
            .iter()
            .map(|input| match input {
                Input::Column(column) => column[row],
                Input::Parameter(_) => parameters.next().copied().unwrap_or(f64::NAN),
            })
            .collect();
        expr.evaluate_into(&point, &mut values);
        for ((negative, positive), divisor) in signs.iter_mut().zip(&divisors) {
            let value = values[divisor.index()];
            *negative |= value < 0.0;
            *positive |= value > 0.0;
        }
    }
    let both = divisors.iter().zip(signs).filter(|(_, signs)| *signs == (true, true));
    let note = |(divisor, _): (&Id, _)| {
        format!(
            "the divisor {} is negative on some rows and positive on others: the expression has a pole between \
             them; another start may lead to a fit without one",
            expr.subexpression(*divisor)
        )
    };
    both.map(note).collect()
}

/// The right operands of divisions that change with a parameter.
fn divisors(expr: &Expr, inputs: &[Input<'_>]) -> Vec<Id> {
    let mut varies = Vec::with_capacity(expr.nodes().len());
    for node in expr.nodes() {
        let own = match *node {
            Node::Variable(variable) => matches!(inputs[variable], Input::Parameter(_)),
            _ => false,
        };
        varies.push(own || node.inputs().any(|input: Id| varies[input.index()]));
    }
    let mut found: Vec<Id> = Vec::new();
    for node in expr.nodes() {
        if let Node::Binary(Operator::Div, _, divisor) = *node
            && varies[divisor.index()]
            && !found.contains(&divisor)
        {
            found.push(divisor);
        }
    }
    found
}
