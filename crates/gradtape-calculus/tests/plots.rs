//! Plots: what stands in the charts, and that every chart is drawn.

use crate::common::check;
use crate::xml::assert_xml;
use gradtape::optim::Hyper;
use gradtape_calculus::{Descent, Expr, Range, descend, plot, plot_bars, plot_curves, plot_paths};
use gradtape_chart::{Arrow, Bars, Chart, Contour, Line, Mark, Panel};

const COURSE: &str = "x^2 - 4*x + 7 + 2*y";

fn range(name: &str, low: f64, high: f64) -> Range {
    Range { name: name.to_string(), low, high }
}

fn chart(text: &str, ranges: &[Range]) -> Chart {
    plot(&Expr::parse(text).unwrap(), ranges).unwrap().chart()
}

fn arrows(panel: &Panel) -> Vec<Arrow> {
    panel
        .marks
        .iter()
        .find_map(|mark| if let Mark::Arrows(all) = mark { Some(all.clone()) } else { None })
        .unwrap()
}

fn contours(panel: &Panel) -> Vec<&Contour> {
    panel
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Contour(one) = mark { Some(one) } else { None })
        .collect()
}

fn lines(panel: &Panel) -> Vec<&Line> {
    panel
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Line(one) = mark { Some(one) } else { None })
        .collect()
}

/// Distributions stand side by side, class by class.
#[test]
fn distributions_are_bars() {
    let chart =
        plot_bars("P: 0, 1, 0; Q: softmax(1, 2, 0.5)[1], softmax(1,2,0.5)[2], 0.5^3").unwrap();
    let bars: Vec<&Bars> = chart.panels[0]
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Bars(bars) => Some(bars),
            _ => None,
        })
        .collect();
    let [p, q] = bars.as_slice() else { panic!("{bars:?}") };
    assert_eq!((p.label.as_str(), q.label.as_str(), p.hollow, q.hollow), ("P", "Q", false, true));
    let heights = |bars: &Bars| bars.bars.iter().map(|bar| bar.2).collect::<Vec<_>>();
    assert_eq!(heights(p), [0.0, 1.0, 0.0]);
    let all: f64 = [1.0f64, 2.0, 0.5].iter().map(|x| x.exp()).sum();
    check("Q", &heights(q), &[1f64.exp() / all, 2f64.exp() / all, 0.125], 1e-12);
    for (class, (left, right)) in p.bars.iter().zip(&q.bars).enumerate() {
        let middle = class as f64 + 1.0;
        assert!(
            left.0 > middle - 0.5 && left.1 < middle && right.0 > middle && right.1 < middle + 0.5
        );
    }
    for (text, words, place) in [
        ("0, 1", "a distribution has a name", 0),
        ("P: 0, 1; Q: 1", "Q has 1 numbers, and the first has 2", 8),
        ("P: 0,, 1", "a number is missing", 5),
        ("P: 0, -1", "this is -1; bars stand on 0", 6),
        ("P: 0, x", "the variable `x`", 6),
        ("P: 0, sin(", "expected", 10),
    ] {
        let error = plot_bars(text).err().unwrap();
        assert!(error.message().contains(words), "{text}: {error}");
        assert_eq!(error.position(), Some(place), "{text}: {error}");
    }
}

#[test]
fn arrows_of_the_courses_field_go_along_the_gradient() {
    let chart = chart(COURSE, &[range("x", -2.0, 6.0), range("y", -4.0, 4.0)]);
    let arrows = arrows(&chart.panels[0]);
    assert_eq!(arrows.len(), 15 * 15);
    let mut lengths: Vec<(f64, f64)> = Vec::new();
    for Arrow { from, to } in arrows {
        let (x, along, up) = (0.5 * (from.0 + to.0), to.0 - from.0, to.1 - from.1);
        let gradient = (2.0 * x - 4.0, 2.0);
        let across = along * gradient.1 - up * gradient.0;
        let length = along.hypot(up);
        assert!(across.abs() < 1e-9 * length * gradient.0.hypot(gradient.1), "at x = {x}");
        assert!(along * gradient.0 + up * gradient.1 > 0.0, "uphill at x = {x}");
        lengths.push((gradient.0.hypot(gradient.1), length));
    }
    lengths.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(
        lengths.windows(2).all(|pair| pair[0].1 <= pair[1].1 * (1.0 + 1e-9)),
        "longer where steeper"
    );
    assert!(lengths[0].1 < 0.8 * lengths[224].1);
}

#[test]
fn arrows_are_those_of_the_places_with_a_gradient() {
    let flat = chart("0*x + 0*y", &[]);
    assert!(arrows(&flat.panels[0]).is_empty() && contours(&flat.panels[0]).is_empty());
    let half = arrows(&chart("log(x) + y", &[]).panels[0]);
    assert!(!half.is_empty() && half.iter().all(|arrow| 0.5 * (arrow.from.0 + arrow.to.0) > 0.0));
}

#[test]
fn contours_have_their_level_and_round_levels() {
    for text in [COURSE, "(1-x)^2 + 100*(y-x^2)^2", "x^2 - y^2", "exp(x) + exp(-y)", "x*y^3 - x^5"]
    {
        let expr = Expr::parse(text).unwrap();
        let chart = plot(&expr, &[]).unwrap().chart();
        let contours = contours(&chart.panels[0]);
        assert!((4..=16).contains(&contours.len()), "{text}: {}", contours.len());
        assert!(contours.windows(2).all(|pair| pair[0].level < pair[1].level));
        for contour in contours {
            let two_digits: f64 = format!("{:.1e}", contour.level).parse().unwrap();
            assert!(
                (two_digits - contour.level).abs() <= 1e-9 * two_digits.abs(),
                "{}",
                contour.level
            );
            for &(x, y) in contour.lines.iter().flatten() {
                // A side of the grid's cells may hold this much curvature.
                let value = expr.evaluate(&[x, y]);
                let around = [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)]
                    .map(|(dx, dy)| (expr.evaluate(&[x + dx, y + dy]) - value).abs());
                let most = around.into_iter().fold(0.0, f64::max);
                assert!(
                    (value - contour.level).abs() <= most,
                    "{text}: {value} is not {}",
                    contour.level
                );
            }
        }
    }
}

#[test]
fn a_curve_stands_with_its_derivative_and_breaks_at_poles() {
    let chart = chart("x^2", &[range("x", -1.0, 3.0)]);
    let [value, slope] = lines(&chart.panels[0])[..] else { panic!("{chart:?}") };
    assert_eq!((value.label.as_str(), slope.label.as_str()), ("x^2", "its derivative in x"));
    assert!(value.points.iter().all(|(x, y)| (y - x * x).abs() < 1e-12));
    assert!(slope.points.iter().all(|(x, y)| (y - 2.0 * x).abs() < 1e-12));
    let half = self::chart("log(x)", &[]);
    let drawn = |line: &&Line| line.points.iter().all(|(x, y)| *x >= 0.0 || y.is_nan());
    assert!(lines(&half.panels[0]).iter().all(drawn), "neither value nor slope left of 0");
    let gaps = |text: &str| {
        let chart = self::chart(text, &[]);
        lines(&chart.panels[0])[0].points.iter().filter(|point| point.1.is_nan()).count()
    };
    assert_eq!((gaps("tan(x)"), gaps("sin(x)"), gaps("x^9"), gaps("tanh(500*x)")), (4, 0, 0, 0));
    // At 0 the sign is apart from both sides; the slope of relu jumps once.
    let ends = |text: &str| {
        let chart = self::chart(text, &[]);
        let dots = chart.panels[0].marks.iter().filter_map(|mark| match mark {
            Mark::Dots(dots) => Some(dots.points.len()),
            _ => None,
        });
        dots.collect::<Vec<_>>()
    };
    assert_eq!((gaps("sign(x)"), ends("sign(x)"), gaps("step(x)")), (2, vec![4], 1));
    assert_eq!((gaps("relu(x - 0.3)"), ends("relu(x - 0.3)")), (0, vec![2]));
    assert!(ends("tan(x)").is_empty() && ends("abs(x) + x^2").len() == 1);
}

#[test]
fn paths_start_and_end_where_the_descent_does() {
    let expr = Expr::parse("x^2 + 10*y^2").unwrap();
    let how = |name: &str| Descent {
        optimizer: name.to_string(),
        hyper: Hyper::new().with("lr", 0.05),
        steps: 20,
        ..Descent::default()
    };
    let at = [("x", 3.0), ("y", 1.0)];
    let paths: Vec<_> = ["sgd", "adam"].map(|name| descend(&expr, &at, &how(name)).unwrap()).into();
    let chart = plot_paths(&expr, &paths, &[]).unwrap();
    let panel = &chart.panels[0];
    assert!(!contours(panel).is_empty());
    for (line, path) in lines(panel).into_iter().zip(&paths) {
        assert_eq!(
            (line.points[0], line.points.len(), &line.label),
            ((3.0, 1.0), 21, &path.optimizer)
        );
        let end = line.points[20];
        assert!(panel.marks.contains(&Mark::Point(end, line.colour)));
        for (x, y) in &line.points {
            assert!(panel.x.low < *x && *x < panel.x.high && panel.y.low < *y && *y < panel.y.high);
        }
    }
}

type Ends = &'static [(&'static str, f64, f64)];

/// Expressions and ranges on the edge of what can be drawn.
const EDGES: [(&str, Ends); 13] = [
    ("x", &[]),
    ("0*x", &[]),
    ("1/x", &[]),
    ("x^x", &[("x", -3.0, 3.0)]),
    ("exp(exp(x))", &[]),
    ("sin(1/x)", &[]),
    ("1e300*x", &[("x", -1e150, 1e150)]),
    ("x", &[("x", 1e9, 1e9 + 10.0)]),
    ("1e-300*x", &[("x", 0.0, 1e-140)]),
    ("sqrt(x*y)", &[("x", -1e-9, 1e-9)]),
    ("exp(exp(x*y))", &[]),
    ("1/(x-y)", &[]),
    ("sign(x) + sign(y)", &[]),
];

#[test]
fn charts_on_the_edge_are_drawn_without_what_is_no_number() {
    for (text, ranges) in EDGES {
        let ranges: Vec<Range> =
            ranges.iter().map(|(name, low, high)| range(name, *low, *high)).collect();
        let chart = chart(text, &ranges);
        let svg = chart.svg().unwrap();
        assert_xml(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{text}");
        assert!(svg.len() < 500_000, "{text}: {}", svg.len());
        assert_eq!(svg, chart.svg().unwrap(), "the same bytes");
        for (columns, rows) in [(80, 23), (0, 0), (9999, 9999)] {
            let drawn = chart.terminal(columns, rows, false).unwrap();
            assert!(drawn.lines().all(|line| line.chars().count() <= columns.clamp(30, 400)));
            assert_eq!(drawn.lines().count(), rows.clamp(10, 200));
            assert!(!drawn.contains('\x1b'), "no colours were asked for");
        }
    }
}

#[test]
fn long_words_stay_inside_the_picture() {
    let chart = chart(&["sin(x)*cos(x)"; 40].join(" + "), &[range("x", 1e6, 1e6 + 1.0)]);
    let svg = chart.svg().unwrap();
    let width: f64 =
        svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    let texts = svg.split("<text ").skip(1);
    let mut cut = 0;
    for text in texts {
        let number = |name: &str| -> f64 {
            let value =
                text.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            value.parse::<f64>().unwrap() / 10.0
        };
        let words = text.split_once(">\n").unwrap().1.split_once("\n<").unwrap().0;
        // How wide letters of sans-serif fonts are to their height, and digits alone.
        let digits = words.bytes().all(|b| b.is_ascii_digit() || b"-.e".contains(&b));
        let share = if digits { 0.62 } else { 0.55 };
        let length = share * number("font-size") * words.chars().count() as f64;
        let start = match text {
            _ if text.contains("text-anchor=\"middle\"") => number("x") - 0.5 * length,
            _ if text.contains("text-anchor=\"end\"") => number("x") - length,
            _ => number("x"),
        };
        assert!(start > -1.0 && start + length < width + 1.0, "{words}");
        cut += usize::from(words.ends_with('…'));
    }
    // The title and the label of the curve.
    assert_eq!(cut, 2);
}

#[test]
fn a_field_without_contours_says_why() {
    let title = |text: &str| chart(text, &[]).title;
    assert_eq!(title("7 + 0*x*y"), "7 + 0*x*y (flat: 7 everywhere)");
    assert_eq!(title("7 + x*y"), "7 + x*y");
}

#[test]
fn the_terminal_shows_title_legend_ticks_and_curve() {
    let drawn = chart("tanh(x)", &[]).terminal(80, 23, false).unwrap();
    for part in ["tanh(x)", "its derivative in x", "-0.5", "\n"] {
        assert!(drawn.contains(part), "{part:?} is not in:\n{drawn}");
    }
    let dots = drawn.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count();
    assert!(dots > 150, "{drawn}");
    let coloured = chart("tanh(x)", &[]).terminal(80, 23, true).unwrap();
    assert!(coloured.contains("\x1b[38;5;") && coloured.contains("\x1b[0m"));
    let field = chart(COURSE, &[]).terminal(80, 23, false).unwrap();
    assert!(
        ["↗", "↑", "↖"].iter().all(|arrow| field.contains(arrow)) && !field.contains('↓'),
        "{field}"
    );
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let message = |text: &str, ranges: &[Range]| {
        plot(&Expr::parse(text).unwrap(), ranges).err().unwrap().to_string()
    };
    assert!(message("3 + 4", &[]).contains("has none"));
    assert!(message("x*y*z", &[]).contains("has 3 (x, y, z)"));
    assert!(message("x", &[range("t", 0.0, 1.0)]).contains("no variable `t`"));
    for (low, high, word) in [
        (2.0, 1.0, "is empty"),
        (1.0, 1.0, "is empty"),
        (f64::NAN, 1.0, "not finite"),
        (0.0, f64::INFINITY, "not finite"),
        (-1e200, 1e200, "too wide"),
        (1.0, 1.0 + 1e-12, "too narrow"),
        (0.0, 1e-200, "too narrow"),
    ] {
        assert!(message("x", &[range("x", low, high)]).contains(word), "{low} {high}");
    }
    let twice = [range("x", 0.0, 1.0), range("x", 0.0, 2.0)];
    assert!(message("x", &twice).contains("has two ranges"));
    let none = message("log(x)", &[range("x", -2.0, -1.0)]);
    assert!(none.contains("log(x) has no finite value for x from -2 to -1"), "{none}");
}

#[test]
fn curves_that_turn_too_fast_are_told_and_drawn_from_lowest_to_highest() {
    let found = plot(&Expr::parse("sin(1000*x)").unwrap(), &[]).unwrap();
    assert!(found.notes[0].contains("turns more often from x = -5 to 5"), "{:?}", found.notes);
    assert!(serde_json::to_value(&found).unwrap()["notes"][0].is_string());
    let fast = found.chart();
    assert!(fast.title.contains("choose a smaller --range"), "{}", fast.title);
    let bands = |chart: &Chart| {
        chart.panels[0].marks.iter().filter(|mark| matches!(mark, Mark::Band(_))).count()
    };
    // The derivative; the curve beside it lies on the axis.
    assert_eq!((bands(&fast), lines(&fast.panels[0]).len()), (1, 3));
    assert!(fast.panels[0].y.high > 900.0, "what the samples have missed is in the picture");
    let small = chart("sin(1000*x)", &[range("x", 0.0, 0.02)]);
    assert_eq!((bands(&small), small.title.as_str()), (0, "sin(1000*x)"));
    let both = [Expr::parse("sin(1000*x)").unwrap(), Expr::parse("x").unwrap()];
    let both = plot_curves(&both, &[], false).unwrap();
    assert!(both.title.contains("--range") && both.panels[0].y.high < 6.0, "{:?}", both.title);
    // Alone it is seen to turn.
    assert_eq!((bands(&both), lines(&both.panels[0]).len()), (1, 3));
    // Fast, but seen: between samples there are more.
    let seen = chart("sin(40*x)", &[]);
    assert_eq!(bands(&seen), 0);
    let [value, _] = lines(&seen.panels[0])[..] else { panic!("{seen:?}") };
    assert!(value.points.len() > 800);
}

#[test]
fn axes_go_as_far_as_numbers_do() {
    let y = chart("1e300*x^2", &[]).panels[0].y.clone();
    assert!(y.high > 2.4e301 && y.ticks(6).iter().any(|tick| *tick > 1e301), "{y:?}");
    assert!(chart("1e307*x^3", &[]).svg().unwrap().contains("e307"));
    assert!(!contours(&chart("1e302*x*y", &[]).panels[0]).is_empty());
}

/// No height between the two sides of a jump is one that the function has.
#[test]
fn no_contour_runs_along_a_jump_or_a_pole() {
    let near = |text: &str, is_near: fn(f64, f64) -> bool| {
        let chart = chart(text, &[]);
        let all = contours(&chart.panels[0]);
        assert!(all.iter().any(|contour| !contour.lines.is_empty()), "{text} has lines elsewhere");
        let runs = |points: &[(f64, f64)]| {
            points.windows(2).filter(|pair| pair.iter().all(|&(x, y)| is_near(x, y))).count()
        };
        all.iter().flat_map(|contour| &contour.lines).map(|line| runs(line)).max().unwrap()
    };
    assert!(near("x + y + 8*step(x - 0.02)", |x, _| (x - 0.02).abs() < 0.05) <= 1);
    assert!(near("x + 9*step(x + y - 0.03)", |x, y| (x + y - 0.03).abs() < 0.1) <= 1);
    assert!(near("x^2 + 1/(y - 0.02)", |_, y| (0.004..0.079).contains(&y)) <= 1);
    // What is steep is no jump.
    assert!(near("x + y/9 + 8*tanh(300*(x - 0.02))", |x, _| (x - 0.02).abs() < 0.05) > 50);
}

/// A picture of a million steps would be one of hundreds of megabytes.
#[test]
fn of_long_paths_some_steps_are_drawn_and_it_is_said() {
    let expr = Expr::parse("x^2").unwrap();
    let how =
        Descent { hyper: Hyper::new().with("lr", 0.99999), steps: 9_000, ..Descent::default() };
    let path = descend(&expr, &[("x", 1.0)], &how).unwrap();
    let last = path.steps.last().unwrap().clone();
    let chart = plot_paths(&expr, &[path], &[]).unwrap();
    assert!(chart.title.ends_with("(of long paths one step in 5 is drawn)"), "{}", chart.title);
    let drawn = *lines(&chart.panels[0]).last().unwrap();
    assert_eq!(drawn.points.len(), 1801);
    assert_eq!(drawn.points[1800], (last.at.values().next().unwrap().0, last.value.0));
    // It leaps to and fro, and so it is drawn.
    assert!(drawn.points.windows(2).take(100).all(|pair| pair[0].0 * pair[1].0 < 0.0));
    let values = &chart.panels[1];
    let line = lines(values)[0];
    assert_eq!((line.points[0].0, line.points[1].0, line.points[1800].0), (0.0, 5.0, 9_000.0));
    assert_eq!((values.x.low, values.x.high), (0.0, 9_000.0));
}
