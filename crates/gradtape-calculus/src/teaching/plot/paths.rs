//! The picture of descents.

use gradtape_chart::{Chart, Line, Mark, Panel, extent, extent_without_outliers};

use super::function::{Range, axes};
use super::samples::{background, variables};
use crate::expression::Expr;
use crate::report::Result;
use crate::teaching::descend::{Path, PathStep, Stopped};

/// The picture of descents on one expression: along the curve (one variable) or on the contours (two), the end of each
/// standing out, and beside it the value against the step. A variable without a range is shown as far as the
/// paths go.
///
/// # Errors
/// Not one or two variables; too many nodes; a range that does not fit, as for [`plot()`](crate::plot()).
pub fn plot_paths(expr: &Expr, paths: &[Path], ranges: &[Range]) -> Result<Chart> {
    let names = variables(expr, "a picture of paths")?;
    let reached: Vec<(f64, f64)> = (0..names.len()).map(|axis| reach(paths, axis)).collect();
    let longest = reached.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
    let usual = |axis: usize| wide(reached[axis], longest);
    let axes = axes(&names, ranges, usual)?;
    let mut panel = background(expr, &names, &axes)?;
    let mut ends = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let points: Vec<(f64, f64)> = path.steps.iter().map(point).collect();
        let line = Line { dots: true, label: path.label.clone(), ..Line::nth(number) };
        ends.extend(points.last().map(|end| Mark::Point(*end, line.colour)));
        panel.marks.push(Mark::Line(Line { points, ..line }));
    }
    panel.marks.extend(ends);
    Ok(Chart { title: expr.to_string(), panels: vec![panel, values(paths)] })
}

/// The value after each step.
fn values(paths: &[Path]) -> Panel {
    let number = |step: &PathStep| step.value.0;
    let rows = paths.iter().map(|path| (&path.label, path.steps.iter().map(number)));
    let rows = rows.map(|(label, values)| (label.as_str(), values.collect::<Vec<f64>>()));
    let mut panel = Panel::series("step", "value", rows);
    // The start is step 0.
    for mark in &mut panel.marks {
        if let Mark::Line(line) = mark {
            line.points.iter_mut().for_each(|point| point.0 -= 1.0);
        }
    }
    (panel.x.low, panel.x.high) = (panel.x.low - 1.0, panel.x.high - 1.0);
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
