//! Least squares against NIST's certified values.

use crate::common;

use crate::common::list;
use gradtape_calculus::{Column, Expr, Fit, fit};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(common::number).collect()
}

fn columns(case: &Value) -> Vec<Column> {
    let data = case["data"].as_object().unwrap();
    data.iter()
        .map(|(name, values)| Column { name: name.clone(), values: numbers(values) })
        .collect()
}

fn run(case: &Value, start: &str) -> Fit {
    let names: Vec<&str> = list(&case["parameters"]).iter().map(|n| n.as_str().unwrap()).collect();
    let start: Vec<(&str, f64)> = names.into_iter().zip(numbers(&case[start])).collect();
    let expr = Expr::parse(case["model"].as_str().unwrap()).unwrap();
    fit(&expr, &columns(case), case["response"].as_str().unwrap(), &start).unwrap()
}

#[test]
fn nist_problems_reach_the_certified_values_from_both_starts() {
    let reference: Value = serde_json::from_str(include_str!("data/nist_regression.json")).unwrap();
    let mut failed = Vec::new();
    for case in list(&reference["cases"]) {
        for start in ["start1", "start2"] {
            let found = run(case, start);
            let names = list(&case["parameters"]).iter().map(|name| name.as_str().unwrap());
            let certified = numbers(&case["certified"]);
            let deviations = numbers(&case["certified_sd"]);
            let mut worst = 0.0_f64;
            for ((name, value), deviation) in names.zip(&certified).zip(&deviations) {
                let estimate = found.parameters.get(name).unwrap();
                worst = worst.max(((estimate.value.0 - value) / value).abs());
                let error = ((estimate.standard_error.unwrap().0 - deviation) / deviation).abs();
                worst = worst.max(0.1 * error);
            }
            let squares = common::number(&case["certified_rss"]);
            worst = worst.max(0.1 * ((found.residual_sum_of_squares.0 - squares) / squares).abs());
            if worst > 1e-6 || !found.converged {
                failed.push(format!(
                    "{} {start}: {worst:.1e}, {} iterations, converged {}",
                    case["id"], found.iterations, found.converged
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn data_and_starts_must_fit() {
    let column = |name: &str, values: &[f64]| Column { name: name.into(), values: values.to_vec() };
    let data = [column("x", &[1.0, 2.0, 3.0]), column("y", &[2.0, 4.0, 6.5])];
    let message = |text: &str, data: &[Column], target: &str, start: &[(&str, f64)]| {
        fit(&Expr::parse(text).unwrap(), data, target, start).err().unwrap().to_string()
    };
    let a = [("a", 1.0)];
    assert!(message("a*x", &data, "z", &a).contains("no column `z`"));
    assert!(
        message("a*x + b", &data, "y", &a)
            .contains("`b` is no column of the data and has no start")
    );
    assert!(message("a*x", &data, "y", &[("a", 1.0), ("c", 1.0)]).contains("no variable `c`"));
    assert!(message("a*x", &data, "y", &[("a", 1.0), ("x", 1.0)]).contains("has a start too"));
    assert!(message("a*x", &data, "y", &[("a", 1.0), ("a", 2.0)]).contains("`a` has two starts"));
    let error = fit(&Expr::parse("a*x + b").unwrap(), &data, "y", &a).unwrap_err();
    assert_eq!(error.position(), Some(6));
    assert!(message("x^2", &data, "y", &[]).contains("no parameters"));
    assert!(message("a*y", &data, "y", &a).contains("cannot explain itself"));
    assert!(message("a*log(-x)", &data, "y", &a).contains("not finite on all rows"));
    let broken = [column("x", &[1.0, f64::NAN, 3.0]), data[1].clone()];
    assert!(message("a*x", &broken, "y", &a).contains("row 2 of column x is NaN"));
    let four = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)];
    assert!(message("a+b*x+c*x^2+d*x^3", &data, "y", &four).contains("3 rows cannot determine 4"));
    let line = fit(&Expr::parse("a*x").unwrap(), &data, "y", &a).unwrap();
    assert!(line.to_string().contains("converged after"), "{line}");
    assert!(line.to_string().contains("\n  a          2.1071428571 "), "{line}");
    let json = serde_json::to_value(&line).unwrap();
    assert!(json.get("notes").is_none());
    assert!(json["parameters"]["a"]["standard_error"].as_f64().unwrap() > 0.0);
}

#[test]
fn parameters_that_cannot_be_told_apart_have_no_standard_errors() {
    let rows: Vec<f64> = (0..12).map(f64::from).collect();
    let wanted = rows.iter().map(|x| 3.0 + 2.0 * x + 0.1 * (7.0 * x).sin()).collect();
    let data =
        [Column { name: "x".into(), values: rows }, Column { name: "y".into(), values: wanted }];
    let run = |text: &str, start: &[(&str, f64)]| {
        fit(&Expr::parse(text).unwrap(), &data, "y", start).unwrap()
    };
    let error = |fit: &Fit, name: &str| fit.parameters.get(name).unwrap().standard_error;
    let line = run("s*x + c", &[("s", 1.0), ("c", 0.0)]);
    assert!(line.notes.is_empty());

    // Only the product of a and b counts; c is as well determined as in the plain line.
    let product = run("a*b*x + c", &[("a", 1.0), ("b", 1.5), ("c", 0.0)]);
    assert!(product.converged);
    assert_eq!((error(&product, "a"), error(&product, "b")), (None, None));
    let (found, want) = (error(&product, "c").unwrap().0, error(&line, "c").unwrap().0);
    assert!((found - want).abs() < 1e-9 * want, "{found} {want}");
    let value = |name: &str| product.parameters.get(name).unwrap().value.0;
    let slope = line.parameters.get("s").unwrap().value.0;
    assert!((value("a") * value("b") - slope).abs() < 1e-9);
    // The search does not wander along what is not determined.
    assert!(value("a").abs() < 10.0 && value("b").abs() < 10.0);
    assert_eq!(product.notes.len(), 1);
    assert!(product.notes[0].contains("`a` and `b` are not determined"), "{}", product.notes[0]);
    let json = serde_json::to_value(&product).unwrap();
    assert!(json["parameters"]["a"]["standard_error"].is_null());
    assert!(json["parameters"]["c"]["standard_error"].is_f64());
    assert!(product.to_string().contains("not determined\n"), "{product}");

    // Two groups, one of three that share a direction each.
    let two =
        run("a*x + b*x + d*x + p*q", &[("a", 1.0), ("b", 1.0), ("d", 1.0), ("p", 1.0), ("q", 2.0)]);
    assert_eq!(two.notes.len(), 2, "{two}");
    assert!(two.notes[0].contains("`a`, `b` and `d` are"), "{two}");
    assert!(two.notes[1].contains("`p` and `q` are"), "{two}");

    // A parameter without effect stays where it started.
    let idle = run("s*x + c + 0*k", &[("s", 1.0), ("c", 0.0), ("k", 1.0)]);
    assert_eq!(error(&idle, "k"), None);
    assert!((error(&idle, "s").unwrap().0 / error(&line, "s").unwrap().0 - 1.0).abs() < 0.1);
    assert!(idle.notes[0].starts_with("`k` is not determined"), "{idle}");
    assert!((idle.parameters.get("k").unwrap().value.0 - 1.0).abs() < 1e-9, "{idle}");

    // Ill conditioned, but determined: columns of very different size and nearly parallel.
    let far = run("s*(x + 100000) + c", &[("s", 1.0), ("c", 0.0)]);
    assert!(far.notes.is_empty() && error(&far, "c").is_some(), "{far}");

    // As many rows as parameters: an exact fit tells nothing of errors.
    let few: Vec<Column> = data
        .iter()
        .map(|column| Column { name: column.name.clone(), values: column.values[..2].to_vec() })
        .collect();
    let exact =
        fit(&Expr::parse("s*x + c").unwrap(), &few, "y", &[("s", 1.0), ("c", 0.0)]).unwrap();
    assert_eq!((error(&exact, "s"), exact.residual_standard_deviation), (None, None));
    assert!(exact.notes[0].contains("as many rows as parameters"), "{exact}");
}

fn lines(pairs: &[(f64, f64)]) -> [Column; 2] {
    let column = |name: &str, of: fn(&(f64, f64)) -> f64| Column {
        name: name.into(),
        values: pairs.iter().map(of).collect(),
    };
    [column("x", |pair| pair.0), column("y", |pair| pair.1)]
}

fn found(text: &str, pairs: &[(f64, f64)], start: &[(&str, f64)]) -> Fit {
    fit(&Expr::parse(text).unwrap(), &lines(pairs), "y", start).unwrap()
}

#[test]
fn parameters_that_hang_together_are_found_far_from_zero() {
    let start = 1.6e9;
    let line: Vec<(f64, f64)> = (0..5).map(f64::from).map(|t| (start + t, 5.0 + 2.0 * t)).collect();
    let fitted = found("m*x + q", &line, &[("m", 1.0), ("q", 0.0)]);
    assert!(fitted.converged, "{fitted}");
    let value = |name: &str| fitted.parameters.get(name).unwrap().value.0;
    assert!((value("m") - 2.0).abs() < 1e-6, "{fitted}");
    assert!((value("q") + 3_199_999_995.0).abs() < 1e3, "{fitted}");
    assert!(fitted.residual_sum_of_squares.0 < 1e-9, "{fitted}");
    // Powers of high degree depend on each other nearly as much.
    let x = (0..30).map(|i| 1.0 + f64::from(i) / 10.0);
    let curve: Vec<(f64, f64)> = x.map(|x| (x, 1.0 - 2.0 * x.powi(3) + 0.5 * x.powi(7))).collect();
    let text = "a + b*x + c*x^2 + d*x^3 + e*x^4 + f*x^5 + g*x^6 + h*x^7";
    let start = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| (name, 0.0));
    let fitted = found(text, &curve, &start);
    let value = |name: &str| fitted.parameters.get(name).unwrap().value.0;
    assert!(fitted.converged && (value("h") - 0.5).abs() < 1e-6, "{fitted}");
    assert!((value("d") + 2.0).abs() < 1e-3, "{fitted}");
}

#[test]
fn a_parameter_that_ran_away_is_told() {
    let decay: Vec<(f64, f64)> =
        (0..8).map(|i| 1e-9 * f64::from(i)).map(|x| (x, 3.0 * (-x / 2e-9).exp())).collect();
    let away = found("a*exp(-x/tau)", &decay, &[("a", 1.0), ("tau", 1.0)]);
    let note = away.notes.iter().find(|note| note.starts_with("`tau`"));
    assert!(note.is_some(), "{away}");
    let near = found("a*exp(-x/tau)", &decay, &[("a", 1.0), ("tau", 1e-9)]);
    assert!(near.notes.is_empty() && near.converged, "{near}");
    assert!((near.parameters.get("tau").unwrap().value.0 - 2e-9).abs() < 1e-15, "{near}");
    // A value that is 0 within its error has not run anywhere.
    let flat: Vec<(f64, f64)> =
        (0..8).map(f64::from).map(|x| (x, 1.0 + 1e-3 * (5.0 * x).sin())).collect();
    assert!(found("a + b*(x - 3.5)", &flat, &[("a", 0.0), ("b", 1.0)]).notes.is_empty());
}

#[test]
fn a_pole_between_rows_is_told() {
    let rate: Vec<(f64, f64)> =
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|x| (x, 2.0 * x / (1.5 + x))).to_vec();
    let fitted = found("v*x/(k + x)", &rate, &[("v", 1.0), ("k", 1.0)]);
    assert!(fitted.notes.is_empty(), "{fitted}");
    // Two rows on either side of the pole.
    let odd = [(1.0, -1.0), (2.0, -3.0), (3.0, 5.0), (4.0, 3.0)];
    let fitted = found("v*x/(k + x)", &odd, &[("v", 1.0), ("k", -2.4)]);
    let note = fitted.notes.iter().find(|note| note.contains("the divisor k + x"));
    assert!(note.is_some(), "{fitted}");
    // What divides without a parameter is the user's own.
    let plain = [(-1.0, -2.0), (1.0, 2.0), (2.0, 1.0)];
    assert!(found("a/x", &plain, &[("a", 1.0)]).notes.is_empty());
}

#[test]
fn a_fit_that_is_worse_than_the_mean_has_not_converged() {
    let decay: Vec<(f64, f64)> =
        (0..20).map(|i| 0.2 * f64::from(i)).map(|x| (x, 3.0 * (-0.7 * x).exp())).collect();
    let far = found("a*exp(b*x)", &decay, &[("a", 1.0), ("b", 50.0)]);
    assert!(
        !far.converged && far.notes.iter().any(|note| note.starts_with("the mean alone")),
        "{far}"
    );
    // The best line through the origin, however far from the data.
    let level = [(1.0, 10.0), (2.0, 11.0), (3.0, 9.0), (4.0, 10.5), (5.0, 9.5)];
    let slope = found("a*x", &level, &[("a", 1.0)]);
    assert!(slope.converged && slope.notes.is_empty(), "{slope}");
    let near = found("a*exp(b*x)", &decay, &[("a", 1.0), ("b", 0.0)]);
    assert!(near.converged && near.notes.is_empty(), "{near}");
}
