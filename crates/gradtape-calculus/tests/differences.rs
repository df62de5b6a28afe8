//! Errors of differences against their step.

use crate::xml::assert_xml;
use gradtape_calculus::{DifferenceErrors, Differences, Expr, differences};
use gradtape_chart::Mark;

fn found(text: &str, at: &[(&str, f64)]) -> Differences {
    differences(&Expr::parse(text).unwrap(), at, None).unwrap()
}

#[test]
fn truncation_and_cancellation_of_each_way_are_told() {
    for (text, x) in [("exp(x)", 1.0), ("sin(x)", 0.7), ("log(x)", 3.0), ("x^5", 1.3)] {
        let found = found(text, &[("x", x)]);
        assert_eq!(found.steps.len(), 33);
        for (line, power) in found.seen.iter().zip([1, 2, 4]) {
            let start = format!("falls as h^{power}.0 (truncation, in theory at least h^{power})");
            assert!(line.contains(&start) && line.contains("digits cancel"), "{text}: {line}");
        }
        let best = |name: &str| found.best.get(name).unwrap();
        // Among the smallest errors, rounding decides which one is the least.
        assert!(best("forward").step.0 < 0.01 * best("extrapolated").step.0, "{text}");
        assert!(best("central").error.0 < 1e-9 && best("extrapolated").error.0 < 1e-11, "{text}");
    }
}

#[test]
fn lines_have_no_truncation_and_kinks_no_derivative() {
    let line = found("3*x + 1", &[("x", 2.0)]);
    assert!(line.seen.iter().all(|line| line.contains("nothing is truncated, the error is 0")));
    let kink = found("relu(x)", &[("x", 0.0)]);
    assert!(kink.seen.iter().all(|line| line.contains("kink")), "{:?}", kink.seen);
    assert!(kink.seen[1].contains("the error stays 0.5"), "{:?}", kink.seen);
}

/// Some errors of x^2 at 3 are smaller at smaller steps, where rounding alone may add more than the error of the
/// best step.
#[test]
fn errors_that_are_small_by_luck_are_not_the_best() {
    let found = found("x^2", &[("x", 3.0)]);
    let best = found.best.get("forward").unwrap();
    assert!((1e-8..2e-7).contains(&best.step.0), "{best:?}");
    let luck = |row: &DifferenceErrors| row.step.0 < best.step.0 && row.forward.0 < best.error.0;
    assert!(best.error.0 > 0.0 && found.steps.iter().any(luck));
    assert!(found.to_string().contains("a smaller error at a smaller step is luck"));
}

#[test]
fn the_legend_tells_why_a_line_is_not_drawn() {
    let labels = |text: &str| -> Vec<String> {
        let chart = found(text, &[("x", 0.0)]).chart();
        let lines = chart.panels[0].marks.iter().filter_map(|mark| match mark {
            Mark::Line(line) => Some(line.label.clone()),
            _ => None,
        });
        lines.collect()
    };
    assert_eq!(labels("exp(x)"), ["forward", "central", "extrapolated"]);
    assert_eq!(labels("2*x"), ["forward: error 0", "central: error 0", "extrapolated: error 0"]);
    assert_eq!(labels("x^1.5"), ["forward", "central: no value", "extrapolated: no value"]);
}

#[test]
fn every_form_holds_every_step() {
    let found = found("exp(x)", &[("x", 1.0)]);
    let text = found.to_string();
    assert!(
        text.contains("* the best step of each way")
            && text.contains("from h = 1e-16 on, h is lost in x")
    );
    assert_eq!(text.matches(" *").count(), 3, "{text}");
    let csv = found.csv();
    assert!(csv.starts_with("step,forward,central,extrapolated\n1e0,"), "{csv}");
    assert_eq!(csv.lines().count(), 34);
    let last = csv.lines().last().unwrap();
    assert!(last.starts_with("1e-16,2.718281828459045e0,"), "{csv}");
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        (json["variable"].as_str(), json["steps"].as_array().map(Vec::len)),
        (Some("x"), Some(33))
    );
    assert_eq!(json["steps"][32]["forward"], std::f64::consts::E);
    assert!(json["best"]["central"]["step"].is_f64() && json["seen"].is_array());
    let chart = found.chart();
    assert!(chart.panels[0].x.log && chart.panels[0].y.log);
    let svg = chart.svg().unwrap();
    assert_xml(&svg);
    for part in [">\nforward\n<", ">\nextrapolated\n<", ">\nstep h\n<", ">\n1e-8\n<", ">\n1e-16\n<"]
    {
        assert!(svg.contains(part), "{part:?} is not in {svg}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn the_variable_is_chosen() {
    let expr = Expr::parse("x*sin(y)").unwrap();
    let at = [("x", 3.0), ("y", 2.0)];
    let by_y = differences(&expr, &at, Some("y")).unwrap();
    assert!((by_y.derivative.0 - 3.0 * 2f64.cos()).abs() < 1e-12);
    let message = |variable| differences(&expr, &at, variable).err().unwrap().to_string();
    assert!(message(None).contains("has x, y") && message(None).contains("--wrt x"));
    assert!(message(Some("t")).contains("no variable `t`"));
    let message = |text: &str, at: &[(&str, f64)]| {
        differences(&Expr::parse(text).unwrap(), at, None).err().unwrap().to_string()
    };
    assert!(message("3", &[]).contains("has no variable"));
    assert!(
        message("sqrt(x)", &[("x", 0.0)]).contains("the derivative of sqrt(x) at x = 0 is inf")
    );
    assert!(message("log(x)", &[("x", -1.0)]).contains("the value of log(x) at x = -1 is nan"));
}

/// The formula divides by h, whatever rounding makes of x + h: also for a polynomial digits cancel.
#[test]
fn differences_are_those_of_the_formula() {
    let found = found("x^2", &[("x", 1.0)]);
    let at =
        |step: f64| found.steps.iter().find(|row| (row.step.0 / step - 1.0).abs() < 1e-6).unwrap();
    for (step, want) in [(1e-10, 1.65e-7), (1e-12, 1.8e-4), (1e-15, 0.22)] {
        let got = at(step).forward.0;
        assert!((got / want - 1.0).abs() < 0.05, "{step}: {got}");
    }
    // Errors of 0 have a mark on the axis.
    let line = differences(&Expr::parse("2*x").unwrap(), &[("x", 0.0)], None).unwrap();
    let dots =
        line.chart().panels[0].marks.iter().filter(|mark| matches!(mark, Mark::Dots(_))).count();
    assert_eq!(dots, 3);
}

/// At a jump the difference grows without limit, and far from 0 there is no difference: the reasons are other ones than
/// at a kink.
#[test]
fn jumps_and_lost_steps_have_reasons_of_their_own() {
    for (text, central) in
        [("step(x)", "jump by 1"), ("sign(x)", "jump by 2"), ("exp(x) + 3*step(x)", "jump by 3")]
    {
        let seen = found(text, &[("x", 0.0)]).seen;
        assert!(seen[1].contains(central) && seen[1].contains("no limit"), "{text}: {seen:?}");
        assert!(seen[2].contains(central) && !seen.concat().contains("kink"), "{text}: {seen:?}");
    }
    let far = found("x^2", &[("x", 1e17)]);
    assert!(far.seen.iter().all(|line| line.contains("every step is lost")), "{:?}", far.seen);
    assert!(far.to_string().contains("from h = 1 on, h is lost in x"));
    // Some steps are lost here, which is no kink either.
    let near = found("x^2", &[("x", 1e9)]);
    assert!(
        !near.seen.concat().contains("kink") && !near.seen.concat().contains("jump"),
        "{:?}",
        near.seen
    );
    assert!(found("abs(x)", &[("x", 0.0)]).seen[0].contains("kink"));
}
