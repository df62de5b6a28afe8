//! What a chart is drawn on: SVG, a page, or the characters of a terminal.

use std::collections::BTreeSet;

use plotters::prelude::{IntoDrawingArea, SVGBackend};

use super::cells::Cells;
use super::look::Look;
use super::marks::with_dashes;
use super::panel::{Laid, draw, laid};
use crate::axis::Axis;
use crate::chart::{Chart, Panel};
use crate::colour::{Colour, in_the_dark};
use crate::error::{Error, Result};
use crate::scale::Scale;
use crate::text::escaped;

/// The colours and the box model that pages of gradtape share, as CSS: variables for paper, ink and what stands
/// between, for light and dark pages; on paper they are light.
pub const THEME: &str = include_str!("../theme.css");

impl Chart {
    /// The picture as SVG, the same bytes for the same chart. It stands alone as a file, and as an
    /// element in a page of HTML. In a window that is narrower than the picture, it shrinks. Where
    /// pages are dark, it is.
    ///
    /// # Errors
    /// What the drawing library refuses.
    pub fn svg(&self) -> Result<String> {
        picture(self, Look::SVG.size(self), &self.title)
    }

    /// Each panel as SVG of its own, 350 pixels wide, so that its letters are read on a phone. They are for the element
    /// `figure` of a page, where they stand below each other or side by side, as there is room.
    ///
    /// ```
    /// use gradtape_chart::{Chart, Panel};
    ///
    /// let panels = ["loss", "accuracy"].map(|name| Panel::series("epoch", name, [("train", [2.0, 1.0])]));
    /// let chart = Chart { title: "a training".into(), panels: panels.to_vec() };
    /// let figures = chart.figures()?;
    /// assert_eq!(figures.len(), 2);
    /// assert!(figures[1].contains("<title>a training: accuracy</title>"));
    /// # Ok::<(), gradtape_chart::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Chart::svg`].
    pub fn figures(&self) -> Result<Vec<String>> {
        let one = |panel: &Panel| {
            let size = Look::SVG.size_in_page(panel);
            let names = [&self.title, &panel.y.name].map(String::as_str);
            let named: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
            let alone = Chart { title: String::new(), panels: vec![panel.clone()] };
            picture(&alone, size, &named.join(": "))
        };
        self.panels.iter().map(one).collect()
    }

    /// For each of [`Chart::figures`] the plot in it, so that a page knows which numbers a place in it stands for.
    ///
    /// ```
    /// use gradtape_chart::{Axis, Chart, Panel};
    ///
    /// let (x, y) = (Axis::new("x", 0.0, 10.0), Axis::new("", 0.0, 1.0));
    /// let panel = Panel { x, y, equal: false, marks: Vec::new() };
    /// let chart = Chart { title: String::new(), panels: vec![panel] };
    /// let window = &chart.windows()[0];
    /// assert_eq!(window.x, (0.0, 10.0));
    /// assert!(0.0 < window.left && window.left < 0.2 && window.right < 1.0);
    /// ```
    pub fn windows(&self) -> Vec<Window> {
        self.panels.iter().map(window).collect()
    }

    /// The picture as a page of HTML that needs nothing beside itself: no network, no other file. In a
    /// narrow window its panels stand below each other.
    ///
    /// # Errors
    /// As [`Chart::svg`].
    pub fn html(&self) -> Result<String> {
        let title = printable(&escaped(&self.title));
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{THEME}{PAGE}</style>\n</head>\n<body>\n\
             <div class=\"wide\">\n{}</div>\n<div class=\"narrow\">\n<h1>{title}</h1>\n{}</div>\n\
             </body>\n</html>\n",
            self.svg()?,
            self.figures()?.concat()
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

/// The plot in a figure: its sides in shares of the width from the left and of the height from above, and the ends of its
/// axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The left side.
    pub left: f64,
    /// The right side.
    pub right: f64,
    /// The upper side.
    pub top: f64,
    /// The lower side.
    pub bottom: f64,
    /// What the left and the right side stand for.
    pub x: (f64, f64),
    /// What the lower and the upper side stand for.
    pub y: (f64, f64),
}

fn window(panel: &Panel) -> Window {
    let look = Look::SVG;
    let (width, height) = look.size_in_page(panel);
    let whole = (width as i32, height as i32 - look.foot());
    let ends = |axis: &Axis| {
        let scale = Scale::new(axis);
        (scale.low, scale.high)
    };
    let (x, y) = (ends(&panel.x), ends(&panel.y));
    let Some(Laid { corner, plot, .. }) = laid(panel, &look, ((0, 0), whole)) else {
        return Window { left: 0.0, right: 1.0, top: 0.0, bottom: 1.0, x, y };
    };
    let (across, down) =
        (|at: i32| f64::from(at) / f64::from(width), |at: i32| f64::from(at) / f64::from(height));
    Window {
        left: across(corner.0),
        right: across(corner.0 + plot.0),
        top: down(corner.1 - 1),
        bottom: down(corner.1 + plot.1 - 1),
        x,
        y,
    }
}

/// The page of one picture: as a whole where there is room for it, else panel by panel.
const PAGE: &str = "\
body { margin: 24px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 12px; font-size: 17px; overflow-wrap: anywhere; }
svg { display: block; margin: 0 auto 12px; max-width: 100%; height: auto; break-inside: avoid; }
.narrow { display: none; }
@media screen and (max-width: 720px) {
  body { margin: 12px; }
  .wide { display: none; }
  .narrow { display: block; }
}
";

/// A drawn chart as an element, with what it is called by those who do not see it.
fn picture(chart: &Chart, (width, height): (u32, u32), title: &str) -> Result<String> {
    let look = Look::SVG;
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        draw(chart, &root, &look).map_err(Error::refused)?;
        root.present().map_err(Error::refused)?;
    }
    // The library counts in whole numbers, so the picture is drawn larger than it is shown.
    let body = text.split_once(">\n").map_or(text.as_str(), |(_, body)| body);
    let body = with_dashes(printable(body), &look);
    let unit = f64::from(look.unit);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" style=\"max-width: 100%; height: auto\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
         <title>{}</title>\n<style>\n{}</style>\n{body}",
        f64::from(width) / unit,
        f64::from(height) / unit,
        printable(&escaped(title)),
        dark(&body)
    ))
}

/// What the colours of a picture are where pages are dark. A rule wins over the attributes of the elements.
fn dark(body: &str) -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme: dark) {\n");
    for (colour, written) in colours(body) {
        let (red, green, blue) = in_the_dark(colour);
        let dark = format!("#{red:02X}{green:02X}{blue:02X}");
        rules += &format!(
            ".chart [fill='{written}'] {{ fill: {dark}; }} .chart [stroke='{written}'] {{ stroke: {dark}; }}\n"
        );
    }
    rules + "}\n"
}

/// The colours of the attributes `fill` and `stroke`, with their text.
fn colours(body: &str) -> BTreeSet<(Colour, &str)> {
    let after = |name: &'static str| body.split(name).skip(1);
    let values = after(" fill=\"").chain(after(" stroke=\""));
    let colour = |rest: &str| -> Option<Colour> {
        let digits = rest.strip_prefix('#')?.get(..6)?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        digits.is_ascii().then_some(())?;
        Some((part(0)?, part(2)?, part(4)?))
    };
    values.filter_map(|rest| Some((colour(rest)?, rest.get(..7)?))).collect()
}

/// A text without control characters, which XML does not have.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}
