//! The reference cases for expressions.

#![allow(dead_code, reason = "every test file uses its part")]

use gradtape_calculus::Expr;
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
