//! What a chart is drawn on: SVG, a page, or the characters of a terminal.

use plotters::prelude::{IntoDrawingArea, SVGBackend};

use super::cells::Cells;
use super::look::Look;
use super::panel::draw;
use crate::chart::Chart;
use crate::error::{Error, Result};
use crate::text::escaped;

impl Chart {
    /// The picture as SVG, the same bytes for the same chart. It stands alone as a file, and as an
    /// element in a page of HTML. In a window that is narrower than the picture, it shrinks.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn svg(&self) -> Result<String> {
        let look = Look::SVG;
        let (width, height) = look.size(self);
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            draw(self, &root, &look).map_err(Error::refused)?;
            root.present().map_err(Error::refused)?;
        }
        // The library counts in whole numbers, so the picture is drawn larger than it is shown.
        let body = text.split_once(">\n").map_or(text.as_str(), |(_, body)| body);
        let body = printable(body);
        let unit = f64::from(look.unit);
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
             viewBox=\"0 0 {width} {height}\" style=\"max-width: 100%; height: auto\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
             <title>{}</title>\n{body}",
            f64::from(width) / unit,
            f64::from(height) / unit,
            printable(&escaped(&self.title))
        ))
    }

    /// The picture as a page of HTML that needs nothing beside itself: no network, no other file. In a
    /// window that is narrower than the picture, it shrinks.
    ///
    /// # Errors
    /// As [`Chart::svg`].
    pub fn html(&self) -> Result<String> {
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{}</title>\n<style>\nbody {{ margin: 24px; }}\n\
             svg {{ display: block; margin: 0 auto; max-width: 100%; height: auto; }}\n</style>\n\
             </head>\n<body>\n{}</body>\n</html>\n",
            printable(&escaped(&self.title)),
            self.svg()?
        ))
    }

    /// The picture in Braille dots, as `rows` lines (10 to 200) of at most `columns` characters (30 to
    /// 400); in colours by escape sequences, or without.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn terminal(&self, columns: usize, rows: usize, colours: bool) -> Result<String> {
        let (columns, rows) = (columns.clamp(30, 400), rows.clamp(10, 200));
        let mut cells = Cells::new(columns, rows);
        {
            let root = (&mut cells).into_drawing_area();
            draw(self, &root, &Look::TERMINAL).map_err(Error::refused)?;
        }
        Ok(cells.text(colours))
    }
}

/// A text without control characters, which XML does not have.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}
