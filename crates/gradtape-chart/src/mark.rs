//! [`Mark`]: what is drawn between the axes of a panel.

use crate::colour::Colour;

/// Something drawn. What is not finite is left out, what lies outside the axes is cut off.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line(Line),
    /// Lines of equal value.
    Contour(Contour),
    /// Arrows.
    Arrows(Vec<Arrow>),
    /// A point that stands out.
    Point((f64, f64), Colour),
}

/// A line through points; it has a gap where one is not finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The points.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is broken into dashes.
    pub dashed: bool,
    /// Whether each point is marked.
    pub dots: bool,
    /// What the legend calls it; empty for no place there.
    pub label: String,
}

/// Lines along which a function has one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// The value.
    pub level: f64,
    /// The lines; a closed one ends where it starts.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Its colour.
    pub colour: Colour,
}

/// An arrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// Its tail.
    pub from: (f64, f64),
    /// Its head.
    pub to: (f64, f64),
}
