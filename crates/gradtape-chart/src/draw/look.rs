//! [`Look`]: the measures of a kind of picture, in the pixels of the drawing library.

use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingAreaErrorKind, DrawingBackend, FontDesc, FontFamily, FontStyle,
    RGBColor, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::cells::DOTS;
use crate::colour::Colour;

/// The measures of a kind of picture.
pub(super) struct Look {
    /// How many of the library's pixels make one of ours.
    pub(super) unit: i32,
    /// The height of a line of text and the width of a letter, in its pixels.
    pub(super) row: i32,
    pub(super) letter: i32,
    /// The length of a tick on the axes, in its pixels.
    pub(super) ticks: (i32, i32),
    /// Room around the panels.
    pub(super) margin: i32,
    /// Whether lines, dots and arrow heads are letters, and the background has no grid.
    pub(super) letters: bool,
}

pub(super) type Place = (i32, i32);
pub(super) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
pub(super) type Area<DB> = DrawingArea<DB, Shift>;

impl Look {
    pub(super) const SVG: Look =
        Look { unit: 10, row: 180, letter: 68, ticks: (50, 50), margin: 120, letters: false };

    pub(super) const TERMINAL: Look =
        Look { unit: 1, row: DOTS.1, letter: DOTS.0, ticks: (2, 1), margin: 0, letters: true };

    /// The size of the title's letters to that of others.
    pub(super) fn title_size(&self) -> f64 {
        if self.letters { 1.0 } else { 1.25 }
    }

    pub(super) fn title_letter(&self) -> i32 {
        (f64::from(self.letter) * self.title_size()) as i32
    }

    /// The room above the panels; none where there is no title.
    pub(super) fn title_height(&self, title: &str) -> i32 {
        match (title.is_empty(), self.letters) {
            (true, _) => 0,
            (false, true) => self.row,
            (false, false) => 2 * self.row,
        }
    }

    /// The room below the panels.
    pub(super) fn foot(&self) -> i32 {
        if self.letters { 0 } else { self.row / 3 }
    }

    pub(super) fn text_width(&self, text: &str) -> i32 {
        letters(text) * self.letter
    }

    pub(super) fn text(&self, colour: Colour, h_pos: HPos, v_pos: VPos) -> TextStyle<'static> {
        let size = f64::from(12 * self.unit) * 1.24;
        let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
        let color = rgb(colour).to_backend_color();
        TextStyle { font, color, pos: Pos::new(h_pos, v_pos) }
    }

    /// A line of a tenth of so many pixels.
    pub(super) fn stroke(&self, colour: Colour, tenths: i32) -> ShapeStyle {
        let width = if self.letters { 1 } else { tenths as u32 };
        ShapeStyle { color: rgb(colour).to_rgba(), filled: false, stroke_width: width }
    }
}

/// How many letters a text has, as far as one can count on pixels.
pub(super) fn letters(text: &str) -> i32 {
    text.chars().take(10_000).count() as i32
}

pub(super) fn rgb((red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}
