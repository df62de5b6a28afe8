//! What drawings share.

use std::fmt::{Arguments, Write};

use gradtape_chart::text::escaped;

/// The width of a letter of the monospaced fonts, as a share of their size.
pub(super) const LETTER: f64 = 0.605;

/// The heights of a card's title and of its rows, and the room at its sides.
pub(super) const HEAD: f64 = 26.0;
pub(super) const ROW: f64 = 20.0;
pub(super) const PAD: f64 = 12.0;

/// The height of a card with so many rows.
pub(super) fn card_height(rows: usize) -> f64 {
    HEAD + ROW * rows as f64 + 8.0
}

/// Where a row of a card is written.
pub(super) fn row_line(number: usize) -> f64 {
    HEAD + ROW * (number as f64 + 1.0) - 2.0
}

/// The box of a card with its title, and what stands to the right of that.
pub(super) fn card(out: &mut String, [width, height]: [f64; 2], title: &str, head: &str) {
    put(
        out,
        format_args!(
            "<rect class=\"box\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"7\"/>\
             <path class=\"head\" d=\"M.75 {HEAD} V7.75 a7 7 0 0 1 7 -7 H{:.1} a7 7 0 0 1 7 7 V{HEAD}z\"/>\
             <rect class=\"frame\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"7\"/>\
             <text class=\"name\" x=\"{PAD}\" y=\"18\">{}</text>",
            width - 7.75,
            escaped(title)
        ),
    );
    if !head.is_empty() {
        let right = width - PAD;
        put(out, format_args!("<text class=\"kind\" x=\"{right:.1}\" y=\"17.5\">{head}</text>"));
    }
}

/// The labels drawn so far, each with its middle and width.
#[derive(Default)]
pub(super) struct Labels(Vec<(f64, f64, f64)>);

impl Labels {
    /// Takes that of some places at which a label of a width, with so much room up and down, overlaps least with
    /// others and `crosses` least of what else there is; the first of equal ones.
    pub(super) fn place(
        &mut self,
        places: impl IntoIterator<Item = (f64, f64)>,
        [width, room]: [f64; 2],
        crosses: impl Fn((f64, f64)) -> f64,
    ) -> (f64, f64) {
        let clash = |(x, y): (f64, f64)| -> f64 {
            let overlaps = self.0.iter().map(|&(left, top, other)| {
                let across = 0.5 * (other + width) - (left - x).abs();
                across.max(0.0) * (room - (top - y).abs()).max(0.0)
            });
            overlaps.sum::<f64>() + crosses((x, y))
        };
        let places = places.into_iter();
        let best = places.reduce(|best, next| if clash(next) < clash(best) { next } else { best });
        let (x, y) = best.unwrap_or_default();
        self.0.push((x, y, width));
        (x, y)
    }
}

/// A label on its ground; its text is markup.
pub(super) fn label(out: &mut String, (x, y): (f64, f64), width: f64, text: &str) {
    put(
        out,
        format_args!(
            "<rect class=\"under\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"16\" rx=\"4\"/>\
             <text class=\"slope\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text></g>\n",
            x - 0.5 * width,
            y - 8.0,
            y + 4.0
        ),
    );
}

/// How wide a text is in a size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * LETTER * size
}

/// A text with words put in: once each, and nothing inside of what was put in.
pub(super) fn filled(template: &str, words: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out += &rest[..at];
        rest = &rest[at..];
        match words.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, text)) => {
                out += text;
                rest = &rest[name.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// Writes to a text, which does not fail.
pub(super) fn put(text: &mut String, arguments: Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok());
}
