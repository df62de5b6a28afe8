//! [`Chart`] and [`Panel`]: what a picture shows.

use crate::axis::Axis;
use crate::mark::Mark;

/// A picture of panels side by side.
///
/// ```
/// use gradtape_chart::{Axis, COLOURS, Chart, Line, Mark, Panel};
///
/// let points = (0..=10).map(|x| (f64::from(x), f64::from(x * x))).collect();
/// let line = Line { points, colour: COLOURS[0], label: "x²".into(), ..Line::default() };
/// let (x, y) = (Axis::new("x", 0.0, 10.0), Axis::new("", 0.0, 100.0));
/// let panel = Panel { x, y, equal: false, marks: vec![Mark::Line(line)] };
/// let chart = Chart { title: "squares".into(), panels: vec![panel] };
/// assert!(chart.svg()?.starts_with("<svg"));
/// assert!(chart.terminal(80, 24, false)?.contains("squares"));
/// # Ok::<(), gradtape_chart::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What stands above all.
    pub title: String,
    /// The panels from left to right.
    pub panels: Vec<Panel>,
}

/// A pair of axes and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Whether both axes have the same unit, where that leaves a picture of use.
    pub equal: bool,
    /// What is drawn, from the back to the front.
    pub marks: Vec<Mark>,
}
