//! Several curves in one picture.

use gradtape_chart::{Axis, Chart, Line, Mark, Panel, extent};

use super::function::{Range, plot};
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
    for expr in exprs {
        let chart = plot(expr, ranges)?.chart();
        let Some(panel) = chart.panels.into_iter().next() else { continue };
        x = panel.x;
        let mut curve = 0;
        for mark in panel.marks {
            let is_line = matches!(mark, Mark::Line(_));
            curve += usize::from(is_line);
            if curve == 2 && !derivatives {
                break;
            }
            number += usize::from(is_line);
            let Line { colour, dash, .. } = Line::nth(number.saturating_sub(1));
            marks.push(match mark {
                Mark::Line(line) => {
                    // Beside others, it must say whose it is.
                    let label = match curve {
                        2 => format!("d/d{} ({expr})", x.name),
                        _ => line.label.clone(),
                    };
                    Mark::Line(Line { colour, dash, label, ..line })
                }
                Mark::Dots(dots) => Mark::Dots(gradtape_chart::Dots { colour, ..dots }),
                other => other,
            });
        }
        ends.push((panel.y.low, panel.y.high));
    }
    let all = extent(ends.into_iter().flat_map(|(low, high)| [low, high])).unwrap_or((-1.0, 1.0));
    let title: Vec<String> = exprs.iter().map(Expr::to_string).collect();
    let panel = Panel { x, y: Axis::new("", all.0, all.1), equal: false, marks };
    Ok(Chart { title: title.join("; "), panels: vec![panel] })
}
