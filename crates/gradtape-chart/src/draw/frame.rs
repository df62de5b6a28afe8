//! [`Frame`]: the room that axes, names and a legend need around a plot.

use super::cells::DOTS;
use super::look::{Look, Place, letters};
use crate::chart::{Chart, Panel};
use crate::mark::{Bars, Dash, Dots, Line, Mark};
use crate::scale::Scale;

impl Look {
    /// The whole size of a picture whose panels have the size that suits them.
    pub(super) fn size(&self, chart: &Chart) -> (u32, u32) {
        let (wide, high) = if chart.panels.len() > 1 { (400, 280) } else { (620, 400) };
        let mut size = (0_i32, 0);
        for panel in &chart.panels {
            let ratio = f64::from(wide) / f64::from(high);
            let (mut width, mut height) =
                (f64::from(wide * self.unit), f64::from(high * self.unit));
            if let Some(wanted) = equal_ratio(panel) {
                height = (height * (ratio / wanted).sqrt()).min(520.0 * f64::from(self.unit));
                width = height * wanted;
            }
            let frame = Frame::new(panel, self, width as i32);
            size.0 = size.0.saturating_add(width as i32 + frame.left + frame.right);
            size.1 = size.1.max(height as i32 + frame.top + frame.bottom);
        }
        let title = (self.title_letter() * letters(&chart.title)).min(900 * self.unit);
        (
            size.0.max(title + 2 * self.margin) as u32,
            (size.1 + self.title_height(&chart.title) + self.foot()) as u32,
        )
    }

    /// The whole size of a panel that stands in a page by itself: so narrow that its letters are read on a phone.
    pub(super) fn size_in_page(&self, panel: &Panel) -> (u32, u32) {
        let whole = 350 * self.unit;
        let guess = Frame::new(panel, self, whole - 60 * self.unit);
        let width = (whole - guess.left - guess.right).max(100 * self.unit);
        let frame = Frame::new(panel, self, width);
        let ratio = equal_ratio(panel).unwrap_or(1.5).max(0.8);
        let height = (f64::from(width) / ratio) as i32;
        (whole as u32, (height + frame.top + frame.bottom + self.foot()) as u32)
    }
}

/// Width to height of a panel whose axes have one unit, if it is to have that and is not too flat.
pub(super) fn equal_ratio(panel: &Panel) -> Option<f64> {
    let ratio = (panel.x.high - panel.x.low) / (panel.y.high - panel.y.low);
    (panel.equal && (0.4..=2.5).contains(&ratio)).then_some(ratio)
}

/// The room that a panel needs beside its plot, and the legend's places in it.
pub(super) struct Frame {
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) ticks: (usize, usize),
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// Where each label of the legend stands, from the upper left corner of the panel.
    pub(super) legend: Vec<Place>,
}

impl Frame {
    /// `width`: about how wide the plot is.
    pub(super) fn new(panel: &Panel, look: &Look, width: i32) -> Frame {
        let (x, y) = (Scale::new(&panel.x), Scale::new(&panel.y));
        let widest = |scale: &Scale, most| {
            let labels = scale.ticks(most).into_iter().map(|tick| scale.label(tick));
            labels.map(|label| look.text_width(&label)).max().unwrap_or(0)
        };
        let room = width / (widest(&x, 9) + 3 * look.letter).max(1);
        let ticks = (room.clamp(2, 9) as usize, if look.letters { 6 } else { 8 });
        // Letters must not share a cell with an axis.
        let left = widest(&y, ticks.1) + 2 * look.ticks.1 + look.margin;
        let left = if look.letters { left + left.rem_euclid(DOTS.0) } else { left };
        // The last label stands half beyond its tick, which may be at the end; digits are wide letters.
        let last = x.ticks(ticks.0).last().map_or(0, |&tick| look.text_width(&x.label(tick)));
        let right = look.margin.max(3 * look.letter).max(5 * last / 8);
        let mut legend = Vec::new();
        let mut at = (0, 0);
        for key in keys(panel) {
            let needed = look.text_width(key.label()) + key.width(look) + 4 * look.letter;
            if at.0 > 0 && at.0 + needed > width {
                at = (0, at.1 + look.row);
            }
            legend.push(at);
            at.0 += needed;
        }
        let rows = legend.last().map_or(0, |last| last.1 + look.row);
        let name = if panel.y.name.is_empty() { 0 } else { look.row };
        let under = if panel.x.name.is_empty() { 0 } else { look.row };
        let below = if look.letters { 2 * look.row + under } else { 3 * look.row / 2 + under };
        let gap = if look.letters { 0 } else { look.row / 2 };
        Frame { x, y, ticks, left, right, top: rows + name + gap, bottom: below, legend }
    }
}

/// Something that the legend names.
pub(super) enum Key<'a> {
    Line(&'a Line),
    Dots(&'a Dots),
    Bars(&'a Bars),
}

impl Key<'_> {
    pub(super) fn label(&self) -> &str {
        match self {
            Key::Line(line) => &line.label,
            Key::Dots(dots) => &dots.label,
            Key::Bars(bars) => &bars.label,
        }
    }

    /// How wide what stands before the label is.
    pub(super) fn width(&self, look: &Look) -> i32 {
        match self {
            // Two dashes of the longest.
            Key::Line(line) if look.letters && line.dash == Dash::None => 4 * look.letter,
            Key::Line(_) if look.letters => 7 * look.letter,
            Key::Line(_) => 35 * look.unit,
            Key::Dots(_) | Key::Bars(_) => 2 * look.letter,
        }
    }
}

/// What the legend names.
pub(super) fn keys(panel: &Panel) -> impl Iterator<Item = Key<'_>> {
    let keys = panel.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) => Some(Key::Line(line)),
        Mark::Dots(dots) => Some(Key::Dots(dots)),
        Mark::Bars(bars) => Some(Key::Bars(bars)),
        _ => None,
    });
    keys.filter(|key| !key.label().is_empty())
}
