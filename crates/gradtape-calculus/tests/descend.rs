//! Paths of descent against the reference, and how they end.

use crate::common::{check, list};
use crate::xml::assert_xml;
use gradtape::optim::Hyper;
use gradtape_calculus::{
    Descent, Expr, Extras, Kind, Path, Range, Stopped, compare_paths, descend, descend_program,
    paths_csv, plot_program_paths,
};
use serde_json::Value;

fn path(text: &str, from: &[(&str, f64)], how: &Descent) -> Path {
    descend(&Expr::parse(text).unwrap(), from, how).unwrap()
}

fn rate(lr: f64) -> Descent {
    Descent { hyper: Hyper::new().with("lr", lr), ..Descent::default() }
}

#[test]
fn every_optimiser_follows_its_reference_trajectory() {
    let reference: Value = serde_json::from_str(include_str!("data/rosenbrock.json")).unwrap();
    for case in list(&reference["cases"]) {
        let how = Descent {
            optimizer: case["optimiser"].as_str().unwrap().to_string(),
            hyper: serde_json::from_value(case["hyper"].clone()).unwrap(),
            steps: 50,
            ..Descent::default()
        };
        let found = path("(1-x)^2 + 100*(y-x^2)^2", &[("x", -1.2), ("y", 1.0)], &how);
        for point in list(&case["trajectory"]) {
            let step = point["step"].as_u64().unwrap() as usize;
            let at: Vec<f64> = found.steps[step].at.values().map(|v| v.0).collect();
            let want: Vec<f64> =
                list(&point["params"]).iter().map(|v| v.as_f64().unwrap()).collect();
            let size = want.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            for (got, want) in at.iter().zip(&want) {
                let near = (got - want).abs() <= 1e-12 + 1e-9 * size;
                assert!(near, "{} step {step}: {got} {want}", case["id"]);
            }
        }
    }
}

#[test]
fn the_ways_to_end() {
    let found = path(
        "x^2 - 4*x + 7 + 2*y^2",
        &[("x", 0.0), ("y", 1.0)],
        &Descent { tolerance: 1e-10, ..rate(0.2) },
    );
    assert_eq!((found.stopped, found.end.kind), (Stopped::Tolerance, Kind::Minimum));
    assert!((found.steps.last().unwrap().value.0 - 3.0).abs() < 1e-12);

    let found = path("x^2", &[("x", 1.0)], &Descent { steps: 3, ..rate(0.1) });
    assert_eq!(
        (found.stopped, found.steps.len(), found.end.kind),
        (Stopped::Steps, 4, Kind::Slope)
    );

    let found = path("x^2 - y^2", &[("x", 1.0), ("y", 0.0)], &rate(0.25));
    assert_eq!(found.end.kind, Kind::Saddle);
}

#[test]
fn divergence_is_told_with_a_rate_that_does_not() {
    let found = path("x^4", &[("x", 3.0)], &rate(0.1));
    assert_eq!(found.stopped, Stopped::Diverged);
    assert!(
        found.notes[0].starts_with("with the learning rate 0.05 it does not diverge"),
        "{:?}",
        found.notes
    );
    assert!(serde_json::to_string(&found).is_ok());
    // With 1 it would jump between 1 and -1.
    let found = path("x^2", &[("x", 1.0)], &rate(2.0));
    assert!(found.notes[0].starts_with("with the learning rate 0.5 it does"), "{:?}", found.notes);
    let found = path("x^2", &[("x", 1.0)], &rate(1.1));
    assert_eq!(found.stopped, Stopped::Diverged, "it grows without bound, if slowly");
    let found = path("-x^4", &[("x", 30.0)], &Descent { steps: 10_000, ..rate(0.1) });
    assert!(found.notes[0].starts_with("the value falls without bound"), "{:?}", found.notes);
    // Too few steps to call it divergence, but it goes the wrong way.
    let found = path("x^2", &[("x", 1.0)], &Descent { steps: 4, ..rate(1.1) });
    assert_eq!(found.stopped, Stopped::Steps);
    assert_eq!(found.notes[0], "the value rose from 1 to 4.29982: the learning rate is too large");
    assert!(found.notes[1].starts_with("with the learning rate 0.55 it does not diverge"));
    let found = path("abs(x)", &[("x", 1.0)], &Descent { steps: 12, ..rate(0.3) });
    assert!(found.notes[0].starts_with("the last steps jump back and forth"), "{:?}", found.notes);
    assert!(path("x^2", &[("x", 1.0)], &rate(0.1)).notes.is_empty());
}

#[test]
fn leaving_the_domain_names_the_node() {
    let found = path("1 + log(x)", &[("x", -1.0)], &rate(0.1));
    assert_eq!((found.stopped, found.steps.len()), (Stopped::Diverged, 1));
    let want =
        ["the value at step 0 is nan", "a = log(x): log(-1) is nan; log is defined above 0 only"];
    assert_eq!(found.notes, want);
    let found = path("sqrt(x)", &[("x", 0.01)], &rate(1.0));
    assert_eq!(found.notes[0], "the value at step 1 is nan");
    assert!(found.notes[1].contains("sqrt(-4.99) is nan"), "{:?}", found.notes);
    assert!(found.notes[2].starts_with("with the learning rate"), "{:?}", found.notes);
}

#[test]
fn gradients_are_clipped_and_weights_look_ahead_and_are_averaged() {
    let places = |extras: Extras| {
        let how = Descent { steps: 4, extras, ..rate(1.0) };
        let found = path("-x", &[("x", 0.0)], &how);
        let average = found.steps[2].state.get("average").map(|all| all.get("x").unwrap().0);
        (found.steps.iter().map(|step| step.at.get("x").unwrap().0).collect::<Vec<_>>(), average)
    };
    let clipped = Extras { clip_value: Some(0.5), ..Extras::default() };
    assert_eq!(places(clipped), (vec![0.0, 0.5, 1.0, 1.5, 2.0], None));
    let ahead = Extras { lookahead: Some((2, 0.5)), ..Extras::default() };
    assert_eq!(places(ahead), (vec![0.0, 1.0, 1.0, 2.0, 2.0], None));
    let averaged = Extras { average: Some(0.5), ..Extras::default() };
    assert_eq!(places(averaged), (vec![0.0, 1.0, 2.0, 3.0, 4.0], Some(2.125)));
    let short = Extras { clip_norm: Some(1.0), ..Extras::default() };
    let found = path("50*x^2", &[("x", 3.0)], &Descent { steps: 1, extras: short, ..rate(1.0) });
    assert!((found.steps[1].at.get("x").unwrap().0 - 2.0).abs() < 1e-6);
    let wrong = Extras { clip_norm: Some(-1.0), ..Extras::default() };
    let how = Descent { extras: wrong, ..rate(1.0) };
    let error = descend(&Expr::parse("x^2").unwrap(), &[("x", 1.0)], &how).unwrap_err();
    assert!(error.to_string().contains("-1"), "{error}");
}

#[test]
fn several_paths_are_one_table() {
    let how = |name: &str| Descent { optimizer: name.into(), steps: 1, ..rate(0.25) };
    let paths = ["sgd", "adam"].map(|name| path("x^2", &[("x", 1.0)], &how(name)));
    let text = paths_csv(&paths);
    let starts = [
        "path,step,x,value,d_x,step_x,exp_avg_x",
        "sgd,0,1,1,2,-0.5,,",
        "sgd,1,0.5,0.25,1,,,",
        "adam,0,1,1,2,",
    ];
    for (line, want) in text.lines().zip(starts) {
        assert!(line.starts_with(want), "{line}");
    }
    assert_eq!(text.lines().count(), 5);
    let text = compare_paths(&paths);
    assert!(text.contains("sgd   0.25      1   0.5    0.25           1    steps"), "{text}");
}

#[test]
fn noise_is_seeded_and_shrinks_with_the_batch() {
    let noisy = |batch, seed| {
        let how = Descent { noise: 1.0, batch, seed, steps: 200, ..rate(0.1) };
        let found = path("x^2", &[("x", 0.0)], &how);
        let places: Vec<f64> =
            found.steps.iter().map(|s| s.at.values().next().unwrap().0).collect();
        (places.iter().map(|x| x * x).sum::<f64>() / places.len() as f64).sqrt()
    };
    assert_eq!(noisy(1, 7), noisy(1, 7));
    assert_ne!(noisy(1, 7), noisy(1, 8));
    let ratio = noisy(1, 7) / noisy(100, 7);
    assert!((ratio - 10.0).abs() < 1e-6, "{ratio}");
}

#[test]
fn a_search_descends_in_few_steps() {
    let how = Descent { optimizer: "lbfgs".into(), steps: 4, ..Descent::default() };
    let found = path("(1-x)^2 + 100*(y-x^2)^2", &[("x", -1.2), ("y", 1.0)], &how);
    let last = found.steps.last().unwrap();
    assert_eq!((found.lr.0, found.end.kind), (1.0, Kind::Minimum));
    // It ends where a step would change the loss by less than 1e-9.
    assert!(last.value.0 < 1e-9 && last.gradient.values().all(|g| g.0.abs() < 1e-3), "{found}");
    let noisy = |seed| path("x^2", &[("x", 1.0)], &Descent { noise: 0.5, seed, ..how.clone() });
    assert_eq!(noisy(3).to_string(), noisy(3).to_string());
    assert_ne!(noisy(3).to_string(), noisy(4).to_string());
}

#[test]
fn the_rate_follows_a_schedule() {
    let how =
        Descent { schedule: Some("step:step_size=1,gamma=0.5".into()), steps: 2, ..rate(0.5) };
    let found = path("2*x", &[("x", 0.0)], &how);
    let places: Vec<f64> = found.steps.iter().map(|s| s.at.values().next().unwrap().0).collect();
    assert_eq!(places, [0.0, -1.0, -1.5]);
    let x = Expr::parse("x").unwrap();
    let wrong = Descent { schedule: Some("cosin".into()), ..rate(0.1) };
    let text = descend(&x, &[("x", 1.0)], &wrong).err().unwrap().to_string();
    assert!(text.contains("did you mean cosine?"), "{text}");
}

#[test]
fn wrong_settings_are_refused() {
    let x = Expr::parse("x^2").unwrap();
    let message = |how: Descent| descend(&x, &[("x", 1.0)], &how).err().unwrap().to_string();
    assert!(message(rate(f64::NAN)).contains("learning rate is NaN"));
    assert!(
        message(Descent { optimizer: "adma".into(), ..rate(0.1) }).contains("did you mean adam?")
    );
    assert!(message(Descent { tolerance: -1.0, ..rate(0.1) }).contains("tolerance is -1"));
    assert!(message(Descent { noise: f64::NAN, ..rate(0.1) }).contains("noise is NaN"));
    assert!(message(Descent { batch: 0, ..rate(0.1) }).contains("batch of 0"));
    assert!(message(Descent { steps: usize::MAX, ..rate(0.1) }).contains("too many"));
    let error = descend(&Expr::parse("3").unwrap(), &[], &rate(0.1)).err().unwrap();
    assert!(error.message().contains("no variables"));
}

#[test]
fn csv_and_table_have_a_row_for_each_place() {
    let found = path("x^2 + y", &[("x", 1.0), ("y", 2.0)], &Descent { steps: 2, ..rate(0.25) });
    assert_eq!(
        found.csv(),
        "step,x,y,value,d_x,d_y,step_x,step_y\n0,1,2,3,2,1,-0.5,-0.25\n1,0.5,1.75,2,1,1,-0.25,-0.25\n\
         2,0.25,1.5,1.5625,0.5,1,,\n"
    );
    let text = found.to_string();
    assert!(text.contains("all steps taken; the end is a slope"), "{text}");
    let outside = path("log(x)", &[("x", 0.5)], &rate(1.0));
    assert!(outside.csv().ends_with("\n1,-1.5,nan,-0.6666666666666666,\n"), "{}", outside.csv());
}

#[test]
fn a_step_adds_up_from_what_stands_beside_it() {
    let expr = Expr::parse("x^2 + 10*y^2").unwrap();
    let how = |optimizer: &str, noise: f64| Descent {
        optimizer: optimizer.to_string(),
        hyper: Hyper::new().with("lr", 0.05),
        steps: 5,
        noise,
        ..Descent::default()
    };
    let at = [("x", 3.0), ("y", 1.0)];
    let noisy = descend(&expr, &at, &how("sgd", 1.0)).unwrap();
    for pair in noisy.steps.windows(2) {
        let (used, moved) = (pair[0].used.as_ref().unwrap(), pair[0].moved.as_ref().unwrap());
        for name in ["x", "y"] {
            let step = -0.05 * used.get(name).unwrap().0;
            assert!((moved.get(name).unwrap().0 - step).abs() < 1e-12, "{noisy}");
            let gone = pair[1].at.get(name).unwrap().0 - pair[0].at.get(name).unwrap().0;
            assert!((gone - step).abs() < 1e-12, "{noisy}");
        }
    }
    assert!(noisy.to_string().contains("used d/dx"), "{noisy}");
    let adam = descend(&expr, &at, &how("adam", 0.0)).unwrap();
    let first = &adam.steps[0];
    assert!(first.used.is_none() && adam.steps[5].moved.is_none());
    let kept = |name: &str| first.state.get(name).unwrap().get("x").unwrap().0;
    // The gradient is 6: averages begin at 0 and are corrected for it.
    assert!((kept("exp_avg") - 0.6).abs() < 1e-12 && (kept("exp_avg_sq") - 0.036).abs() < 1e-12);
    assert!((kept("exp_avg_corrected") - 6.0).abs() < 1e-9);
    assert!((kept("exp_avg_sq_corrected") - 36.0).abs() < 1e-9);
    let header = adam.csv().lines().next().unwrap().to_string();
    assert!(
        header.starts_with("step,x,y,value,d_x,d_y,step_x,step_y,exp_avg_x,exp_avg_y,"),
        "{header}"
    );
    let widths: Vec<usize> = adam.csv().lines().map(|line| line.split(',').count()).collect();
    assert!(widths.iter().all(|&width| width == widths[0]), "{widths:?}");
    let both = paths_csv(&[adam, noisy]);
    let widths: Vec<usize> = both.lines().map(|line| line.split(',').count()).collect();
    assert!(widths.iter().all(|&width| width == widths[0]), "{both}");
}

#[test]
fn the_lower_of_two_minima_is_told() {
    let expr = Expr::parse("x^4 - 2x^2 + x/4").unwrap();
    let how = Descent { hyper: Hyper::new().with("lr", 0.05), steps: 200, ..Descent::default() };
    let from = |x: f64| {
        let mut path = descend(&expr, &[("x", x)], &how).unwrap();
        path.label = format!("sgd from x={x}");
        path
    };
    let text = compare_paths(&[from(0.5), from(-0.1)]);
    assert!(text.contains("the lowest end is that of sgd from x=-0.1: -1.25"), "{text}");
    assert!(text.contains("sgd from x=0.5 ended in another minimum, which is higher"), "{text}");
}

/// A step on a program follows the path that it takes at the place before it.
#[test]
fn programs_are_descended_on() {
    // Counted by hand: of (x/4)^2 above 10, of (x/2)^2 up to 10, of x^2 up to 5.
    let text = "while abs(x) > 5: x = x/2; x^2";
    let how = Descent { steps: 12, ..rate(1.0) };
    let path = descend_program(text, &[("x", 12.0)], &how).unwrap();
    let mut x = 12.0;
    for step in &path.steps {
        let halvings = if x > 10.0 { 2 } else { i32::from(x > 5.0) };
        let share = 0.25f64.powi(halvings);
        let found = [step.at.get("x").unwrap().0, step.value.0, step.gradient.get("x").unwrap().0];
        check("a step", &found, &[x, share * x * x, 2.0 * share * x], 1e-9);
        x -= 2.0 * share * x;
    }
    assert_eq!(path.expression, text);
    let notes = path.notes.join("\n");
    assert!(notes.contains("at the start `while abs(x) > 5` ran 2 times; at the end"), "{notes}");
    assert!(notes.contains("the path that the program takes"), "{notes}");
    // It is higher at the end because another path is taken there, whatever the rate.
    assert!(
        path.steps[12].value.0 > path.steps[0].value.0 && !notes.contains("too large"),
        "{notes}"
    );
    // Every optimiser, also one that searches, finds the minimum of a loop that is unrolled.
    let loops = "s = 0; for i in 1..3: s = s + (x - i)^2 + (y + i)^2/2; s";
    for (optimizer, lr, steps) in [("sgd", 0.1, 60), ("adam", 0.3, 400), ("lbfgs", 1.0, 10)] {
        let how = Descent { optimizer: optimizer.to_string(), steps, ..rate(lr) };
        let path = descend_program(loops, &[("x", 0.0), ("y", 3.0)], &how).unwrap();
        let last = path.steps.last().unwrap();
        let at = [last.at.get("x").unwrap().0, last.at.get("y").unwrap().0];
        assert!((at[0] - 2.0).abs() < 1e-3 && (at[1] + 2.0).abs() < 1e-3, "{optimizer}: {at:?}");
        assert_eq!(path.end.kind, Kind::Minimum, "{optimizer}");
        let chart = plot_program_paths(loops, &[path], &[]).unwrap();
        assert_xml(&chart.svg().unwrap());
        assert!(
            chart.panels[0]
                .marks
                .iter()
                .any(|mark| matches!(mark, gradtape_chart::Mark::Contour(_)))
        );
    }
    // The curve is that of the program, with a gap where it jumps.
    let path = descend_program(text, &[("x", 12.0)], &Descent { steps: 3, ..rate(1.0) }).unwrap();
    let range = Range { name: "x".to_string(), low: 0.0, high: 14.0 };
    let chart = plot_program_paths(text, &[path], &[range]).unwrap();
    let gradtape_chart::Mark::Line(curve) = &chart.panels[0].marks[0] else { panic!() };
    assert!(curve.points.iter().filter(|point| point.1.is_nan()).count() >= 2, "at 5 and at 10");
    for &(x, y) in curve.points.iter().filter(|point| {
        !point.1.is_nan() && (point.0 - 5.0).abs() > 1e-6 && (point.0 - 10.0).abs() > 1e-6
    }) {
        let share = if x > 10.0 {
            4.0
        } else if x > 5.0 {
            2.0
        } else {
            1.0
        };
        assert!((y - (x / share) * (x / share)).abs() < 1e-9, "{x} {y}");
    }
}

#[test]
fn programs_that_cannot_be_descended_on_say_where() {
    let message = |text: &str, from: &[(&str, f64)], lr: f64| {
        descend_program(text, from, &rate(lr)).err().unwrap().to_string()
    };
    let text = "while abs(x) > 5: x = x/2; x^2";
    assert!(message(text, &[("q", 1.0)], 0.1).contains("no variable `q`"));
    assert!(message(text, &[("x", 1.0), ("x", 2.0)], 0.1).contains("`x` is given twice"));
    assert!(message(text, &[("x", f64::NAN)], 0.1).contains("NaN"));
    assert!(message("if x > 0: x = y; x", &[("x", 1.0)], 0.1).contains("`y` has no value"));
    let endless = "while x > 3: x = x + 1; -x";
    let told = message(endless, &[("x", 1.0)], 0.9);
    assert!(told.contains("at step 3, x = 3.7: ") && told.contains("was stopped after"), "{told}");
    // One that leaves the numbers has diverged.
    let how = Descent { steps: 4000, ..rate(10.0) };
    let path = descend_program("for i in 1..2: x = x^2; x", &[("x", 3.0)], &how).unwrap();
    assert_eq!(path.stopped, Stopped::Diverged);
}

#[test]
fn no_two_columns_have_one_name() {
    let heading = |text: &str, at: &[(&str, f64)], optimizer: &str| {
        let how = Descent { optimizer: optimizer.to_string(), steps: 1, ..Descent::default() };
        let path = descend(&Expr::parse(text).unwrap(), at, &how).unwrap();
        path.csv().lines().next().unwrap().to_string()
    };
    let csv = heading("value^2 + path^2", &[("value", 1.0), ("path", 2.0)], "sgd");
    assert_eq!(csv, "step,at_value,at_path,value,d_value,d_path,step_value,step_path");
    let names = [
        "value^2 + at_value^2 + path^2 + x^2 + sq_x^2 + d_x^2 + at_d_x^2 + step_x^2",
        "exp_avg_x + x",
    ];
    for text in names {
        let expr = Expr::parse(text).unwrap();
        let at: Vec<(&str, f64)> = expr.variables().map(|name| (name, 1.0)).collect();
        let csv = heading(text, &at, "adam");
        let all: Vec<&str> = csv.split(',').collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len(), "{csv}");
    }
}
