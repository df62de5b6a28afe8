//! Several curves in one picture.

use gradtape_chart::{Axis, Chart, Line, Panel, extent};

use super::function::{Range, plotted};
use super::samples::curve_axis;
use crate::expression::Expr;
use crate::report::{Error, Result};

/// Curves of one variable in one picture, on one pair of axes, with their derivatives or without.
///
/// ```
/// use gradtape_calculus::{Expr, plot_curves};
/// let curves = Expr::parse_all("step(x); sigmoid(x); sigmoid(4x)")?;
/// assert!(plot_curves(&curves, &[], false)?.svg()?.contains("sigmoid(4*x)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`plot()`](crate::plot()); an expression in two variables, or in another one than the first.
pub fn plot_curves(exprs: &[Expr], ranges: &[Range], derivatives: bool) -> Result<Chart> {
    let mut names = exprs.iter().flat_map(Expr::variables);
    let first = names.next().unwrap_or_default().to_string();
    if let Some(other) = names.find(|name| **name != first) {
        return Err(Error::new(format!(
            "curves in one picture have one variable; these have {first} and {other}"
        ))
        .hint("draw functions of two variables one by one"));
    }
    let mut marks = Vec::new();
    let mut ends = Vec::new();
    let mut x = Axis::new(first, -5.0, 5.0);
    let mut number = 0;
    let mut notes = Vec::new();
    for expr in exprs {
        let plot = plotted(expr, ranges, derivatives)?;
        let Some(panel) = plot.chart().panels.into_iter().next() else { continue };
        x = panel.x;
        for which in 0..if derivatives { 2 } else { 1 } {
            // Beside others, it must say whose it is.
            let label = match which {
                0 => expr.to_string(),
                _ => format!("d/d{} ({expr})", x.name),
            };
            let axis = curve_axis(plot.shown(which).iter().copied());
            ends.push((axis.low, axis.high));
            marks.extend(plot.marks(which, Line { label, ..Line::nth(number) }));
            number += 1;
        }
        notes.extend(plot.notes);
    }
    let all = extent(ends.into_iter().flat_map(|(low, high)| [low, high])).unwrap_or((-1.0, 1.0));
    let title: Vec<String> = exprs.iter().map(Expr::to_string).collect();
    let told = match notes.is_empty() {
        true => "",
        false => " (turns too often for this picture: choose a smaller --range)",
    };
    let panel = Panel { x, y: Axis::new("", all.0, all.1), equal: false, marks };
    Ok(Chart { title: title.join("; ") + told, panels: vec![panel] })
}
