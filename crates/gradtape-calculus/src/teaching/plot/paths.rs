//! The picture of descents.

use gradtape_chart::{Chart, Line, Mark, Panel, extent, extent_without_outliers};

use super::function::{Range, axes};
use super::samples::{background, drawable, variables};
use crate::expression::Expr;
use crate::report::Result;
use crate::teaching::descend::{Path, PathStep, Stopped};
use crate::teaching::ground::Ground;

/// The picture of descents on one expression: along the curve (one variable) or on the contours (two), the end of each
/// standing out, and beside it the value against the step. A variable without a range is shown as far as the
/// paths go.
///
/// # Errors
/// Not one or two variables; too many nodes; a range that does not fit, as for [`plot()`](crate::plot()).
pub fn plot_paths(expr: &Expr, paths: &[Path], ranges: &[Range]) -> Result<Chart> {
    variables(expr, PICTURE)?;
    drawn_on(&Ground::Expression(expr), paths, ranges)
}

/// The picture of descents on a program with loops and branches, as that of [`plot_paths`]: at each place, what the program
/// computes there. Its variables are those of the paths.
///
/// # Errors
/// As [`plot_paths`].
pub fn plot_program_paths(text: &str, paths: &[Path], ranges: &[Range]) -> Result<Chart> {
    let first = paths.iter().find_map(|path| path.steps.first());
    let names: Vec<&str> =
        first.iter().flat_map(|step| &step.at.0).map(|(name, _)| name.as_str()).collect();
    drawable(&names, &text.trim(), PICTURE)?;
    drawn_on(&Ground::program(text, &names)?, paths, ranges)
}

const PICTURE: &str = "a picture of paths";

fn drawn_on(ground: &Ground<'_>, paths: &[Path], ranges: &[Range]) -> Result<Chart> {
    let names = ground.names();
    let reached: Vec<(f64, f64)> = (0..names.len()).map(|axis| reach(paths, axis)).collect();
    let longest = reached.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
    let usual = |axis: usize| wide(reached[axis], longest);
    let axes = axes(&names, ranges, usual)?;
    let mut panel = background(ground, &names, &axes)?;
    let mut ends = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let points: Vec<(f64, f64)> = drawn(path).into_iter().map(point).collect();
        let line = Line { dots: true, label: path.label.clone(), ..Line::nth(number) };
        ends.extend(points.last().map(|end| Mark::Point(*end, line.colour)));
        panel.marks.push(Mark::Line(Line { points, ..line }));
    }
    panel.marks.extend(ends);
    let mut title = ground.to_string();
    if let Some(most) = paths.iter().map(|path| every(path.steps.len())).max().filter(|&n| n > 1) {
        title += &format!(" (of long paths one step in {most} is drawn)");
    }
    Ok(Chart { title, panels: vec![panel, values(paths)] })
}

/// More steps of one path than this lie over each other, and make a picture of hundreds of megabytes.
const MOST_DRAWN: usize = 2_000;

/// One step of how many is drawn. It is odd, so that both sides of a path that leaps to and fro are.
fn every(steps: usize) -> usize {
    match steps.div_ceil(MOST_DRAWN) {
        0 | 1 => 1,
        many => many | 1,
    }
}

/// The steps of a path that are drawn, the first and the last among them.
fn drawn(path: &Path) -> Vec<&PathStep> {
    let steps = path.steps.iter().step_by(every(path.steps.len()));
    let mut steps: Vec<&PathStep> = steps.collect();
    steps.extend(path.steps.last().filter(|last| steps.last().is_some_and(|s| s.step < last.step)));
    steps
}

/// The value after each step.
fn values(paths: &[Path]) -> Panel {
    let of = |path: &Path| drawn(path).iter().map(|step| step.value.0).collect::<Vec<f64>>();
    // Those without a value have no line.
    let paths = paths.iter().map(|path| (path, of(path)));
    let rows: Vec<_> =
        paths.filter(|(_, values)| values.iter().any(|value| value.abs() < 1e300)).collect();
    let labelled = rows.iter().map(|(path, values)| (path.label.as_str(), values));
    let mut panel = Panel::series("step", "value", labelled);
    let lines = panel.marks.iter_mut().filter_map(|mark| match mark {
        Mark::Line(line) => Some(line),
        _ => None,
    });
    for (line, (path, _)) in lines.zip(&rows) {
        for (point, step) in line.points.iter_mut().zip(drawn(path)) {
            point.0 = step.step as f64;
        }
    }
    let longest = rows.iter().filter_map(|(path, _)| path.steps.last()).map(|last| last.step).max();
    (panel.x.low, panel.x.high) = (0.0, longest.unwrap_or(1).max(1) as f64);
    panel
}

/// Between which numbers the paths move along an axis. One that diverges is not followed to its end.
fn reach(paths: &[Path], axis: usize) -> (f64, f64) {
    let along = |path: &Path| -> Option<(f64, f64)> {
        let places = path.steps.iter().filter_map(|step| step.at.values().nth(axis));
        let places = places.map(|number| number.0);
        match path.stopped {
            Stopped::Diverged => extent_without_outliers(places),
            Stopped::Steps | Stopped::Tolerance => extent(places),
        }
    };
    let reached = paths.iter().filter_map(along);
    reached.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((-1.0, 1.0))
}

/// A place on the path: both variables, or the variable and the value.
fn point(step: &PathStep) -> (f64, f64) {
    let mut at = step.at.values().map(|number| number.0);
    let x = at.next().unwrap_or(f64::NAN);
    (x, at.next().unwrap_or(step.value.0))
}

/// A range with a margin, and no strip where the paths hardly move across.
fn wide((low, high): (f64, f64), longest: f64) -> (f64, f64) {
    let least = (0.5 * longest).max(1e-3 * (1.0 + low.abs().max(high.abs())));
    let margin = (0.2 * (high - low)).max(0.5 * (least - (high - low)));
    (low - margin, high + margin)
}
