//! [`Cells`]: the characters of a terminal as something plotters draws on.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::colour::Colour;

/// The dots of a Braille character across and down. They are about as far apart both ways.
pub(super) const DOTS: (i32, i32) = (2, 4);

/// A grid of characters. Each holds a letter or eight dots, in one colour.
pub(super) struct Cells {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    letter: Option<char>,
    colour: Colour,
}

impl Cells {
    pub(super) fn new(columns: usize, rows: usize) -> Cells {
        Cells { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// The lines without blanks at their ends. Black is what the terminal writes with.
    pub(super) fn text(&self, colours: bool) -> String {
        let mut text = String::new();
        for row in self.cells.chunks(self.columns) {
            let end = row.iter().rposition(|cell| cell.shown() != ' ').map_or(0, |last| last + 1);
            let mut current = (0, 0, 0);
            for cell in &row[..end] {
                let shown = cell.shown();
                if colours && shown != ' ' && cell.colour != current {
                    current = cell.colour;
                    text += &escape(current);
                }
                text.push(shown);
            }
            if current != (0, 0, 0) {
                text += &escape((0, 0, 0));
            }
            text.push('\n');
        }
        text
    }

    fn cell(&mut self, column: i32, row: i32) -> Option<&mut Cell> {
        let column = usize::try_from(column).ok().filter(|column| *column < self.columns)?;
        let row = usize::try_from(row).ok().filter(|row| *row < self.rows)?;
        self.cells.get_mut(row * self.columns + column)
    }
}

impl Cell {
    fn shown(&self) -> char {
        let braille = || char::from_u32(0x2800 + u32::from(self.dots)).unwrap_or(' ');
        self.letter.unwrap_or_else(|| if self.dots == 0 { ' ' } else { braille() })
    }
}

/// The sequence that sets a colour of the 6 x 6 x 6 cube that nearly every terminal has.
fn escape((red, green, blue): Colour) -> String {
    if (red, green, blue) == (0, 0, 0) {
        return "\x1b[0m".to_string();
    }
    let level = |part: u8| (u32::from(part) * 5 + 127) / 255;
    format!("\x1b[38;5;{}m", 16 + 36 * level(red) + 6 * level(green) + level(blue))
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for &mut Cells {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.columns as u32 * DOTS.0 as u32, self.rows as u32 * DOTS.1 as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        // Left column from above, right column from above.
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (column, row) = (x.div_euclid(DOTS.0), y.div_euclid(DOTS.1));
        if let Some(cell) = self.cell(column, row) {
            cell.dots |= BITS[x.rem_euclid(DOTS.0) as usize][y.rem_euclid(DOTS.1) as usize];
            if cell.letter.is_none() {
                cell.colour = colour.rgb;
            }
        }
        Ok(())
    }

    /// One dot wide: the lines of the default are softened at their edges, which dots cannot be.
    fn draw_line<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        (u, v): BackendCoord,
        style: &S,
    ) -> Drawn {
        let steps = (u - x).abs().max((v - y).abs()).max(1);
        for step in 0..=steps {
            let at = |from: i32, to: i32| {
                from + (f64::from((to - from) * step) / f64::from(steps)).round() as i32
            };
            self.draw_pixel((at(x, u), at(y, v)), style.color())?;
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let mut path = path.into_iter();
        let Some(mut from) = path.next() else { return Ok(()) };
        for to in path {
            self.draw_line(from, to, style)?;
            from = to;
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        let length = text.chars().count() as i32;
        let column = x.div_euclid(DOTS.0);
        let first = match style.anchor().h_pos {
            HPos::Left => column,
            HPos::Center => column - length / 2,
            HPos::Right => column - length,
        };
        let row = match style.anchor().v_pos {
            VPos::Top | VPos::Center => y.div_euclid(DOTS.1),
            VPos::Bottom => y.div_euclid(DOTS.1) - 1,
        };
        for (column, letter) in (first..).zip(text.chars()) {
            if let Some(cell) = self.cell(column, row) {
                // A letter of no or double width would shift what follows.
                let letter = if letter.is_control() { ' ' } else { letter };
                *cell = Cell { dots: 0, letter: Some(letter), colour: style.color().rgb };
            }
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text.chars().count() as u32 * DOTS.0 as u32, DOTS.1 as u32))
    }
}
