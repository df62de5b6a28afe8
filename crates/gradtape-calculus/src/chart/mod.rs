//! [`Chart`]: what a picture with axes shows, drawn as SVG or in the characters of a terminal.

mod draw;
mod marks;
mod scale;
mod terminal;

use plotters::prelude::{IntoDrawingArea, SVGBackend};

use crate::error::{Error, Result};
use crate::svg::escaped;
use draw::Look;
use scale::Scale;
use terminal::Cells;

/// A picture of panels side by side.
///
/// ```
/// use gradtape_calculus::chart::{Axis, COLOURS, Chart, Line, Mark, Panel};
///
/// let points = (0..=10).map(|x| (f64::from(x), f64::from(x * x))).collect();
/// let line = Line { points, colour: COLOURS[0], label: "x²".into(), ..Line::default() };
/// let (x, y) = (Axis::new("x", 0.0, 10.0), Axis::new("", 0.0, 100.0));
/// let panel = Panel { x, y, equal: false, marks: vec![Mark::Line(line)] };
/// let chart = Chart { title: "squares".into(), panels: vec![panel] };
/// assert!(chart.svg()?.starts_with("<svg"));
/// assert!(chart.terminal(80, 24, false)?.contains("squares"));
/// # Ok::<(), gradtape_calculus::Error>(())
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

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it counts.
    pub name: String,
    /// The left or lower end.
    pub low: f64,
    /// The right or upper end. Equal or unfit ends are moved apart.
    pub high: f64,
    /// Whether equal ratios are equally long.
    pub log: bool,
}

impl Axis {
    /// A linear axis.
    pub fn new(name: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis { name: name.into(), low, high, log: false }
    }

    /// At most `most` round numbers between the ends.
    pub(crate) fn ticks(&self, most: usize) -> Vec<f64> {
        Scale::new(self).ticks(most)
    }
}

/// Red, green and blue.
pub type Colour = (u8, u8, u8);

/// Colours for things that stand side by side, which also differ for people who do not tell red from
/// green (Okabe and Ito, without the yellow).
pub const COLOURS: [Colour; 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0)];

/// The colour of what stands in the background.
pub const GREY: Colour = (140, 140, 140);

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

impl Chart {
    /// The picture as SVG, the same bytes for the same chart.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn svg(&self) -> Result<String> {
        let look = Look::SVG;
        let (width, height) = look.size(self);
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            draw::draw(self, &root, &look).map_err(refused)?;
            root.present().map_err(refused)?;
        }
        // The library counts in whole numbers, so the picture is drawn larger than it is shown.
        let body = text.split_once(">\n").map_or(text.as_str(), |(_, body)| body);
        let unit = f64::from(look.unit);
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
             viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
             <title>{}</title>\n{body}",
            f64::from(width) / unit,
            f64::from(height) / unit,
            escaped(&self.title)
        ))
    }

    /// The picture in Braille dots, as lines of at most `columns` characters; in colours by escape
    /// sequences, or without.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn terminal(&self, columns: usize, rows: usize, colours: bool) -> Result<String> {
        let (columns, rows) = (columns.clamp(30, 400), rows.clamp(10, 200));
        let mut cells = Cells::new(columns, rows);
        {
            let root = (&mut cells).into_drawing_area();
            draw::draw(self, &root, &Look::TERMINAL).map_err(refused)?;
        }
        Ok(cells.text(colours))
    }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::new(format!("the picture cannot be drawn: {error}"))
}
