//! Least squares against NIST's certified values.

mod common;

use common::list;
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
                let error = ((estimate.standard_error.0 - deviation) / deviation).abs();
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
    assert!(message("x^2", &data, "y", &[]).contains("no parameters"));
    assert!(message("a*y", &data, "y", &a).contains("cannot explain itself"));
    assert!(message("a*log(-x)", &data, "y", &a).contains("not finite on all rows"));
    let broken = [column("x", &[1.0, f64::NAN, 3.0]), data[1].clone()];
    assert!(message("a*x", &broken, "y", &a).contains("row 2 of column x is NaN"));
    let four = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)];
    assert!(message("a+b*x+c*x^2+d*x^3", &data, "y", &four).contains("3 rows cannot determine 4"));
    let line = fit(&Expr::parse("a*x").unwrap(), &data, "y", &a).unwrap();
    assert!(line.to_string().contains("converged after"), "{line}");
    let json = serde_json::to_value(&line).unwrap();
    assert!(json["parameters"]["a"]["standard_error"].as_f64().unwrap() > 0.0);
}
