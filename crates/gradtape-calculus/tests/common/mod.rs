//! The reference cases for expressions.

#![allow(dead_code, reason = "every test file uses its part")]

use gradtape_calculus::{Builder, Expr, Function, Id, Operator};
use proptest::prelude::*;
use serde_json::Value;

/// The file `tests/data/expressions.json`.
pub(crate) fn reference() -> Value {
    let text = include_str!("../data/expressions.json");
    serde_json::from_str(text).expect("the reference file is JSON")
}

/// The cases with values.
pub(crate) fn cases(reference: &Value) -> impl Iterator<Item = Case<'_>> {
    let default = reference["default_rtol"].as_f64().expect("default_rtol");
    list(&reference["cases"]).iter().map(move |case| {
        let text = case["text"].as_str().expect("text");
        Case {
            id: case["id"].as_str().expect("id"),
            expr: Expr::parse(text).expect("a well-formed case"),
            point: point(&case["point"]),
            rtol: case["rtol"].as_f64().unwrap_or(default),
            json: case,
        }
    })
}

pub(crate) struct Case<'a> {
    pub(crate) id: &'a str,
    pub(crate) expr: Expr,
    pub(crate) point: Vec<(&'a str, f64)>,
    pub(crate) rtol: f64,
    pub(crate) json: &'a Value,
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        Some("nan") => f64::NAN,
        Some(other) => panic!("not a number: {other}"),
        None => value.as_f64().expect("a number"),
    }
}

pub(crate) fn point(value: &Value) -> Vec<(&str, f64)> {
    let entries = value.as_object().expect("a point");
    entries.iter().map(|(name, value)| (name.as_str(), number(value))).collect()
}

/// The rule of the reference: the tolerance is relative to the largest wanted entry.
pub(crate) fn check(what: &str, got: &[f64], want: &[f64], rtol: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    let finite = want.iter().filter(|x| x.is_finite());
    let largest = finite.fold(0.0_f64, |most, x| most.max(x.abs()));
    for (got, want) in got.iter().zip(want) {
        let same = got == want || (got.is_nan() && want.is_nan());
        let near = (got - want).abs() <= rtol * largest;
        assert!(same || near, "{what}: got {got}, want {want}, tolerance {}", rtol * largest);
    }
}

/// A recipe for an expression in postfix form: each step pushes or combines.
pub(crate) fn recipe() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((any::<u8>(), any::<u8>()), 1..60)
}

pub(crate) fn build(recipe: &[(u8, u8)]) -> Expr {
    let mut builder = Builder::new();
    let mut stack: Vec<Id> = vec![builder.variable("x")];
    for &(kind, pick) in recipe {
        let pick = usize::from(pick);
        let top = *stack.last().unwrap();
        let new = match kind % 8 {
            0 => builder.variable(["x", "y", "long_name", "_1"][pick % 4]),
            1 => builder.number([0.0, 1.0, -2.5, 1e-7, 3e20, 0.1][pick % 6]),
            2 => builder.neg(top),
            3 => {
                let function = Function::ALL[pick % Function::ALL.len()];
                match stack.len() {
                    _ if function.arity() == 1 => builder.call(function, top),
                    length => builder.call2(function, stack[pick % length], top),
                }
            }
            _ => {
                let operators =
                    [Operator::Add, Operator::Sub, Operator::Mul, Operator::Div, Operator::Pow];
                let left = stack[pick % stack.len()];
                builder.binary(operators[pick / 16 % 5], left, top)
            }
        };
        if kind >= 128 {
            stack.pop();
        }
        stack.push(new);
    }
    builder.finish(*stack.last().unwrap()).unwrap_or_else(|_| Expr::parse("x").unwrap())
}
