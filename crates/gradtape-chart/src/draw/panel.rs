//! Draws a chart with plotters, on whatever it draws on.

use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::prelude::{Cartesian2d, DrawingBackend, TextStyle, WHITE};
use plotters::style::text_anchor::{HPos, VPos};

use super::cells::DOTS;
use super::frame::{Frame, Key, equal_ratio, keys};
use super::look::{Area, Drawn, Look, Place};
use super::marks::{Inside, bar, dot, large_dot, stroke};
use crate::chart::{Chart, Panel};
use crate::mark::Mark;
use crate::scale::Scale;
use crate::text::cut;

/// Draws a chart on all of an area.
pub(super) fn draw<DB: DrawingBackend>(chart: &Chart, root: &Area<DB>, look: &Look) -> Drawn<DB> {
    let (width, height) = root.dim_in_pixel();
    let (width, height) = (width as i32, height as i32 - look.foot());
    if !look.letters {
        root.fill(&WHITE)?;
    }
    let title_height = look.title_height(&chart.title);
    if title_height > 0 {
        let most = ((width - 2 * look.margin) / look.title_letter()).max(2) as usize;
        let middle = (width / 2, if look.letters { 0 } else { title_height / 2 });
        let style = look.text((0, 0, 0), HPos::Center, VPos::Center);
        let font = style.font.resize(style.font.get_size() * look.title_size());
        root.draw_text(&cut(&chart.title, most), &TextStyle { font, ..style }, middle)?;
    }
    let count = chart.panels.len().max(1) as i64;
    let start = |number: i64| (number * i64::from(width) / count) as i32;
    for (number, panel) in (0..).zip(&chart.panels) {
        let corners = ((start(number), title_height), (start(number + 1), height));
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
    let Some(Laid { frame, from, corner, plot }) = laid(panel, look, (from, to)) else {
        return Ok(());
    };
    let size = (frame.left + plot.0, plot.1 + frame.bottom);
    let area = root.clone().shrink((from.0, corner.1), size);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(frame.bottom)
        .y_label_area_size(frame.left)
        .build_cartesian_2d(frame.x.clone(), frame.y.clone())?;
    let most = (plot.0 / look.letter).max(2) as usize;
    mesh(&mut chart, &cut(&panel.x.name, most), &frame, look)?;

    let left = look.text((0, 0, 0), HPos::Left, VPos::Center);
    if !panel.y.name.is_empty() {
        let above = (
            corner.0 - frame.left / 2,
            corner.1 - if look.letters { look.row } else { 9 * look.row / 10 },
        );
        let most = ((to.0 - above.0) / look.letter).max(2) as usize;
        root.draw_text(&cut(&panel.y.name, most), &left, above)?;
    }
    for (key, place) in keys(panel).zip(&frame.legend) {
        let middle = (corner.0 + place.0, from.1 + place.1 + look.row / 2);
        let end = middle.0 + key.width(look);
        let between = ((middle.0 + end) / 2, middle.1);
        match key {
            Key::Line(line) => {
                stroke(root, look, vec![middle, (end, middle.1)], line)?;
                if line.dots {
                    dot(root, look, between, line.colour)?;
                }
            }
            Key::Dots(dots) if dots.large => large_dot(root, look, between, (dots.colour, 0))?,
            Key::Dots(dots) => dot(root, look, between, dots.colour)?,
            Key::Bars(bars) => {
                let (above, below) = (middle.1 - look.row / 4, middle.1 + look.row / 4);
                bar(root, look, [(middle.0, above), (end, below)], bars)?;
            }
        }
        let start = end + look.letter;
        let most = ((to.0 - start) / look.letter).max(2) as usize;
        root.draw_text(&cut(key.label(), most), &left, (start, middle.1))?;
    }

    let inside = Inside { root, look, frame: &frame, from: corner, size: plot };
    let mut written: Vec<(Place, Place)> = Vec::new();
    for (number, mark) in panel.marks.iter().enumerate() {
        match mark {
            Mark::Line(line) => inside.line(line)?,
            Mark::Arrows(arrows) => inside.arrows(arrows)?,
            Mark::Contour(contour) => inside.contour(contour)?,
            Mark::Point(point, colour) => {
                let later = &panel.marks[number + 1..];
                let hides = |mark: &&Mark| match mark {
                    Mark::Point(other, _) => inside.hides(*other, *point),
                    _ => false,
                };
                inside.point(*point, *colour, later.iter().filter(hides).count())?;
            }
            Mark::Dots(dots) => inside.dots(dots)?,
            Mark::Bars(bars) => inside.bars(bars)?,
            Mark::Band(band) => inside.band(band)?,
        }
    }
    for mark in &panel.marks {
        if let Mark::Contour(contour) = mark {
            inside.level(contour, &mut written)?;
        }
    }
    Ok(())
}

/// Where the plot of a panel lies.
pub(super) struct Laid {
    pub(super) frame: Frame,
    /// The upper left corner of the panel.
    pub(super) from: Place,
    /// That of its plot.
    pub(super) corner: Place,
    /// The width and the height of the plot.
    pub(super) plot: Place,
}

/// Lays a panel out between two corners; nothing where there is no room for it.
pub(super) fn laid(panel: &Panel, look: &Look, (from, to): (Place, Place)) -> Option<Laid> {
    let guess = Frame::new(panel, look, to.0 - from.0);
    let frame = Frame::new(panel, look, to.0 - from.0 - guess.left - guess.right);
    let mut plot =
        (to.0 - from.0 - frame.left - frame.right, to.1 - from.1 - frame.top - frame.bottom);
    if plot.0 < 4 * look.letter || plot.1 < look.row {
        return None;
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
    Some(Laid { frame, from, corner, plot })
}

fn mesh<DB: DrawingBackend>(
    chart: &mut ChartContext<'_, DB, Cartesian2d<Scale, Scale>>,
    name: &str,
    frame: &Frame,
    look: &Look,
) -> Drawn<DB> {
    let text = look.text((0, 0, 0), HPos::Center, VPos::Center);
    let mut mesh = chart.configure_mesh();
    mesh.x_labels(frame.ticks.0)
        .y_labels(frame.ticks.1)
        .max_light_lines(0)
        .x_desc(name)
        .label_style(text)
        .axis_style(look.stroke((0, 0, 0), 10))
        .bold_line_style(look.stroke((226, 226, 226), 8))
        .set_tick_mark_size(LabelAreaPosition::Bottom, look.ticks.0)
        .set_tick_mark_size(LabelAreaPosition::Left, look.ticks.1);
    if look.letters {
        mesh.disable_mesh();
    }
    mesh.draw()
}
