//! Draws a chart with plotters, on whatever it draws on.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::prelude::{
    Cartesian2d, Color, DrawingArea, DrawingAreaErrorKind, DrawingBackend, FontDesc, FontFamily,
    FontStyle, RGBColor, ShapeStyle, TextStyle, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::marks::{Inside, dot, stroke};
use super::terminal::DOTS;
use super::{Chart, Colour, Line, Mark, Panel, Scale};
use crate::svg::cut;

/// The measures of a kind of picture.
pub(super) struct Look {
    /// How many of the library's pixels make one of ours.
    pub(super) unit: i32,
    /// The height of a line of text and the width of a letter, in its pixels.
    pub(super) row: i32,
    pub(super) letter: i32,
    /// The length of a tick on the axes, in its pixels.
    ticks: (i32, i32),
    /// Room around the panels.
    margin: i32,
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

    /// The whole size of a picture whose panels have the size that suits them.
    pub(super) fn size(&self, chart: &Chart) -> (u32, u32) {
        let (wide, high) = if chart.panels.len() > 1 { (400, 280) } else { (620, 400) };
        let mut size = (0, 0);
        for panel in &chart.panels {
            let ratio = f64::from(wide) / f64::from(high);
            let (mut width, mut height) =
                (f64::from(wide * self.unit), f64::from(high * self.unit));
            if let Some(wanted) = equal_ratio(panel) {
                height = (height * (ratio / wanted).sqrt()).min(520.0 * f64::from(self.unit));
                width = height * wanted;
            }
            let frame = Frame::new(panel, self, width as i32);
            size.0 += width as i32 + frame.left + frame.right;
            size.1 = size.1.max(height as i32 + frame.top + frame.bottom);
        }
        let title = self.title_letter() * chart.title.chars().count() as i32;
        let title = title.min(900 * self.unit);
        (size.0.max(title + 2 * self.margin) as u32, (size.1 + self.title_height()) as u32)
    }

    /// The size of the title's letters to that of others.
    fn title_size(&self) -> f64 {
        if self.letters { 1.0 } else { 1.25 }
    }

    fn title_letter(&self) -> i32 {
        (f64::from(self.letter) * self.title_size()) as i32
    }

    fn title_height(&self) -> i32 {
        if self.letters { self.row } else { 2 * self.row }
    }

    pub(super) fn text_width(&self, text: &str) -> i32 {
        text.chars().count() as i32 * self.letter
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

pub(super) fn rgb((red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Width to height of a panel whose axes have one unit, if it is to have that and is not too flat.
fn equal_ratio(panel: &Panel) -> Option<f64> {
    let ratio = (panel.x.high - panel.x.low) / (panel.y.high - panel.y.low);
    (panel.equal && (0.4..=2.5).contains(&ratio)).then_some(ratio)
}

/// The room that a panel needs beside its plot, and the legend's places in it.
pub(super) struct Frame {
    pub(super) x: Scale,
    pub(super) y: Scale,
    ticks: (usize, usize),
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    legend: Vec<Place>,
}

impl Frame {
    /// `width`: about how wide the plot is.
    fn new(panel: &Panel, look: &Look, width: i32) -> Frame {
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
        for label in labels(panel).map(|line| &line.label) {
            let needed = look.text_width(label) + 10 * look.letter;
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

fn labels(panel: &Panel) -> impl Iterator<Item = &Line> {
    panel.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) if !line.label.is_empty() => Some(line),
        _ => None,
    })
}

/// Draws a chart on all of an area.
pub(super) fn draw<DB: DrawingBackend>(chart: &Chart, root: &Area<DB>, look: &Look) -> Drawn<DB> {
    let (width, height) = root.dim_in_pixel();
    let (width, height) = (width as i32, height as i32);
    if !look.letters {
        root.fill(&WHITE)?;
    }
    let most = ((width - 2 * look.margin) / look.title_letter()).max(2) as usize;
    let middle = (width / 2, if look.letters { 0 } else { look.title_height() / 2 });
    let style = look.text((0, 0, 0), HPos::Center, VPos::Center);
    let font = style.font.resize(style.font.get_size() * look.title_size());
    root.draw_text(&cut(&chart.title, most), &TextStyle { font, ..style }, middle)?;
    let count = chart.panels.len().max(1) as i32;
    for (number, panel) in (0..).zip(&chart.panels) {
        let corners =
            ((number * width / count, look.title_height()), ((number + 1) * width / count, height));
        draw_panel(panel, root, look, corners)?;
    }
    Ok(())
}

fn draw_panel<DB: DrawingBackend>(
    panel: &Panel,
    root: &Area<DB>,
    look: &Look,
    (from, to): (Place, Place),
) -> Drawn<DB> {
    let guess = Frame::new(panel, look, to.0 - from.0);
    let frame = Frame::new(panel, look, to.0 - from.0 - guess.left - guess.right);
    let mut plot =
        (to.0 - from.0 - frame.left - frame.right, to.1 - from.1 - frame.top - frame.bottom);
    if plot.0 < 4 * look.letter || plot.1 < look.row {
        return Ok(());
    }
    let room = plot.0;
    if let Some(ratio) = equal_ratio(panel) {
        let (width, height) = (f64::from(plot.0), f64::from(plot.1));
        plot = (width.min(height * ratio) as i32, height.min(width / ratio) as i32);
    }
    let whole = |length: i32, step: i32| if look.letters { length / step * step } else { length };
    let plot = (whole(plot.0, DOTS.0), whole(plot.1, DOTS.1));
    let from = (from.0 + whole((room - plot.0) / 2, DOTS.0), from.1);
    let corner = (from.0 + frame.left, from.1 + frame.top);
    let size = (frame.left + plot.0, plot.1 + frame.bottom);
    let area = root.clone().shrink((from.0, corner.1), size);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(frame.bottom)
        .y_label_area_size(frame.left)
        .build_cartesian_2d(frame.x.clone(), frame.y.clone())?;
    mesh(&mut chart, panel, &frame, look)?;

    let left = look.text((0, 0, 0), HPos::Left, VPos::Center);
    if !panel.y.name.is_empty() {
        let above = (
            corner.0 - frame.left / 2,
            corner.1 - if look.letters { look.row } else { 9 * look.row / 10 },
        );
        root.draw_text(&panel.y.name, &left, above)?;
    }
    for (line, place) in labels(panel).zip(&frame.legend) {
        let middle = (corner.0 + place.0, from.1 + place.1 + look.row / 2);
        let end = middle.0 + 4 * look.letter;
        stroke(root, look, vec![middle, (end, middle.1)], line)?;
        if line.dots {
            dot(root, look, ((middle.0 + end) / 2, middle.1), line.colour)?;
        }
        let start = end + look.letter;
        let most = ((to.0 - start) / look.letter).max(2) as usize;
        root.draw_text(&cut(&line.label, most), &left, (start, middle.1))?;
    }

    let inside = Inside { root, look, frame: &frame, from: corner, size: plot };
    let mut written: Vec<(Place, Place)> = Vec::new();
    for mark in &panel.marks {
        match mark {
            Mark::Line(line) => inside.line(line)?,
            Mark::Arrows(arrows) => inside.arrows(arrows)?,
            Mark::Contour(contour) => inside.contour(contour)?,
            Mark::Point(point, colour) => inside.point(*point, *colour)?,
        }
    }
    for mark in &panel.marks {
        if let Mark::Contour(contour) = mark {
            inside.level(contour, &mut written)?;
        }
    }
    Ok(())
}

fn mesh<DB: DrawingBackend>(
    chart: &mut ChartContext<'_, DB, Cartesian2d<Scale, Scale>>,
    panel: &Panel,
    frame: &Frame,
    look: &Look,
) -> Drawn<DB> {
    let text = look.text((0, 0, 0), HPos::Center, VPos::Center);
    let mut mesh = chart.configure_mesh();
    mesh.x_labels(frame.ticks.0)
        .y_labels(frame.ticks.1)
        .max_light_lines(0)
        .x_desc(panel.x.name.as_str())
        .label_style(text)
        .axis_style(look.stroke((0, 0, 0), 10))
        .bold_line_style(look.stroke((226, 226, 226), 8))
        .set_tick_mark_size(plotters::chart::LabelAreaPosition::Bottom, look.ticks.0)
        .set_tick_mark_size(plotters::chart::LabelAreaPosition::Left, look.ticks.1);
    if look.letters {
        mesh.disable_mesh();
    }
    mesh.draw()
}
