//! Draws a chart with plotters, on whatever it draws on.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::{
    Cartesian2d, Color, DrawingArea, DrawingAreaErrorKind, DrawingBackend, FontDesc, FontFamily,
    FontStyle, RGBColor, ShapeStyle, TextStyle, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::terminal::DOTS;
use super::{Arrow, Chart, Colour, Contour, Line, Mark, Panel, Scale};

/// The measures of a kind of picture.
pub(super) struct Look {
    /// How many of the library's pixels make one of ours.
    pub(super) unit: i32,
    /// The height of a line of text and the width of a letter, in its pixels.
    row: i32,
    letter: i32,
    /// The length of a tick on the axes, in its pixels.
    ticks: (i32, i32),
    /// Room around the panels.
    margin: i32,
    /// Whether lines, dots and arrow heads are letters, and the background has no grid.
    letters: bool,
}

type Place = (i32, i32);
type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Area<DB> = DrawingArea<DB, Shift>;

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
        let title = self.text_width(&chart.title).min(900 * self.unit);
        (size.0.max(title + 2 * self.margin) as u32, (size.1 + self.title_height()) as u32)
    }

    fn title_height(&self) -> i32 {
        if self.letters { self.row } else { 2 * self.row }
    }

    fn text_width(&self, text: &str) -> i32 {
        text.chars().count() as i32 * self.letter
    }

    fn text(&self, colour: Colour, h_pos: HPos, v_pos: VPos) -> TextStyle<'static> {
        let size = f64::from(12 * self.unit) * 1.24;
        let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
        let color = rgb(colour).to_backend_color();
        TextStyle { font, color, pos: Pos::new(h_pos, v_pos) }
    }

    /// A line of a tenth of so many pixels.
    fn stroke(&self, colour: Colour, tenths: i32) -> ShapeStyle {
        let width = if self.letters { 1 } else { tenths as u32 };
        ShapeStyle { color: rgb(colour).to_rgba(), filled: false, stroke_width: width }
    }
}

fn rgb((red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Width to height of a panel whose axes have one unit, if it is to have that and is not too flat.
fn equal_ratio(panel: &Panel) -> Option<f64> {
    let ratio = (panel.x.high - panel.x.low) / (panel.y.high - panel.y.low);
    (panel.equal && (0.4..=2.5).contains(&ratio)).then_some(ratio)
}

/// The room that a panel needs beside its plot, and the legend's places in it.
struct Frame {
    x: Scale,
    y: Scale,
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
        let right = look.margin.max(3 * look.letter);
        let mut legend = Vec::new();
        let mut at = (0, 0);
        for label in labels(panel).map(|line| &line.label) {
            let needed = look.text_width(label) + 8 * look.letter;
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
        let gap = if look.letters { 0 } else { look.row / 3 };
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
    let most = ((width - 2 * look.margin) / look.letter).max(2) as usize;
    let title = match chart.title.chars().count() > most {
        true => chart.title.chars().take(most - 1).chain(['…']).collect(),
        false => chart.title.clone(),
    };
    let middle = (width / 2, if look.letters { 0 } else { look.title_height() / 2 });
    let style = look.text((0, 0, 0), HPos::Center, VPos::Center);
    let style = if look.letters { style } else { style_of_size(style, 15 * look.unit) };
    root.draw_text(&title, &style, middle)?;
    let count = chart.panels.len().max(1) as i32;
    for (number, panel) in (0..).zip(&chart.panels) {
        let corners =
            ((number * width / count, look.title_height()), ((number + 1) * width / count, height));
        draw_panel(panel, root, look, corners)?;
    }
    Ok(())
}

fn style_of_size(style: TextStyle<'static>, size: i32) -> TextStyle<'static> {
    TextStyle { font: style.font.resize(f64::from(size) * 1.24), ..style }
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
        let above = (corner.0 - frame.left / 2, corner.1 - look.row + look.row / 3);
        root.draw_text(&panel.y.name, &left, above)?;
    }
    for (line, place) in labels(panel).zip(&frame.legend) {
        let middle = (corner.0 + place.0, from.1 + place.1 + look.row / 2);
        let end = middle.0 + 4 * look.letter;
        stroke(root, look, vec![middle, (end, middle.1)], line)?;
        if line.dots {
            dot(root, look, ((middle.0 + end) / 2, middle.1), line.colour)?;
        }
        root.draw_text(&line.label, &left, (end + look.letter, middle.1))?;
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

/// A line in the pixels of the whole picture.
fn stroke<DB: DrawingBackend>(
    root: &Area<DB>,
    look: &Look,
    points: Vec<Place>,
    line: &Line,
) -> Drawn<DB> {
    let style = look.stroke(line.colour, if line.dots { 12 } else { 20 });
    if line.dashed {
        let (dash, gap) = if look.letters { (4, 3) } else { (7 * look.unit, 5 * look.unit) };
        return root.draw(&DashedPathElement::new(points, dash, gap, style));
    }
    root.draw(&PathElement::new(points, style))
}

fn dot<DB: DrawingBackend>(root: &Area<DB>, look: &Look, at: Place, colour: Colour) -> Drawn<DB> {
    if look.letters {
        return root.draw_text("•", &look.text(colour, HPos::Left, VPos::Center), at);
    }
    root.draw(&Circle::new(at, 27 * look.unit / 10, rgb(colour).filled()))
}

/// The plot of a panel, in the pixels of the whole picture.
struct Inside<'a, DB: DrawingBackend> {
    root: &'a Area<DB>,
    look: &'a Look,
    frame: &'a Frame,
    from: Place,
    size: Place,
}

impl<DB: DrawingBackend> Inside<'_, DB> {
    /// Where a point lies, in shares of width and height from below on the left.
    fn shares(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.frame.x.share(x), self.frame.y.share(y))
    }

    fn pixel(&self, (across, up): (f64, f64)) -> Place {
        let part =
            |share: f64, size: i32| (share.clamp(-9.0, 9.0) * f64::from(size)).round() as i32;
        // As the library places ticks: the lowest row of dots is inside.
        let (x, y) = (part(across, self.size.0), self.size.1 - 1 - part(up, self.size.1));
        (self.from.0 + x, self.from.1 + y)
    }

    fn line(&self, line: &Line) -> Drawn<DB> {
        let shares: Vec<(f64, f64)> = line.points.iter().map(|&point| self.shares(point)).collect();
        for run in clipped(&shares) {
            let places: Vec<Place> = run.into_iter().map(|at| self.pixel(at)).collect();
            match places.as_slice() {
                [only] => dot(self.root, self.look, *only, line.colour)?,
                _ => stroke(self.root, self.look, places, line)?,
            }
        }
        if !line.dots {
            return Ok(());
        }
        // Dots that would hide each other are left out.
        let apart = if self.look.letters { DOTS.0 } else { 5 * self.look.unit };
        let mut last: Option<Place> = None;
        for &at in shares.iter().filter(|at| is_inside(**at)) {
            let at = self.pixel(at);
            let near = |last: Place| (at.0 - last.0).abs().max((at.1 - last.1).abs()) < apart;
            if !last.is_some_and(near) {
                dot(self.root, self.look, at, line.colour)?;
                last = Some(at);
            }
        }
        Ok(())
    }

    fn point(&self, point: (f64, f64), colour: Colour) -> Drawn<DB> {
        let shares = self.shares(point);
        if !is_inside(shares) {
            return Ok(());
        }
        let at = self.pixel(shares);
        if self.look.letters {
            let style = self.look.text(colour, HPos::Left, VPos::Center);
            return self.root.draw_text("●", &style, at);
        }
        let circle = |radius, colour: RGBColor| Circle::new(at, radius, colour.filled());
        self.root.draw(&circle(58 * self.look.unit / 10, WHITE))?;
        self.root.draw(&circle(48 * self.look.unit / 10, rgb(colour)))
    }

    fn contour(&self, contour: &Contour) -> Drawn<DB> {
        for line in &contour.lines {
            let shares: Vec<(f64, f64)> = line.iter().map(|&point| self.shares(point)).collect();
            for run in clipped(&shares) {
                let places: Vec<Place> = run.into_iter().map(|at| self.pixel(at)).collect();
                let style = self.look.stroke(contour.colour, 12);
                self.root.draw(&PathElement::new(places, style))?;
            }
        }
        Ok(())
    }

    /// Writes the level on the line, where it is farthest from what is written already.
    fn level(&self, contour: &Contour, written: &mut Vec<(Place, Place)>) -> Drawn<DB> {
        let label = crate::json::short(contour.level);
        let half = (self.look.text_width(&label) / 2 + self.look.letter / 2, self.look.row / 2);
        let mut best: Option<(i64, Place)> = None;
        for &point in contour.lines.iter().flatten() {
            let at = self.pixel(self.shares(point));
            let (x, y) = (at.0 - self.from.0, at.1 - self.from.1);
            let fits = |x: i32, half: i32, size: i32| x > half && x < size - half;
            if !(fits(x, half.0, self.size.0) && fits(y, half.1, self.size.1)) {
                continue;
            }
            let apart = |&((x, y), (u, v)): &(Place, Place)| {
                let gap = |a: i32, b: i32, sum: i32| i64::from((a - b).abs() - sum);
                gap(at.0, x, half.0 + u).max(gap(at.1, y, half.1 + v))
            };
            let nearest = written.iter().map(apart).min().unwrap_or(1);
            if nearest > 0 && best.is_none_or(|(most, _)| nearest > most) {
                best = Some((nearest, at));
            }
        }
        let Some((_, at)) = best else { return Ok(()) };
        written.push((at, half));
        if !self.look.letters {
            let corners =
                [(at.0 - half.0, at.1 - 2 * half.1 / 3), (at.0 + half.0, at.1 + 2 * half.1 / 3)];
            self.root.draw(&Rectangle::new(corners, WHITE.mix(0.85).filled()))?;
        }
        let style = self.look.text((60, 60, 60), HPos::Center, VPos::Center);
        self.root.draw_text(&label, &style, at)
    }

    fn arrows(&self, arrows: &[Arrow]) -> Drawn<DB> {
        let ahead = |arrow: &Arrow| {
            let (from, to) = (self.shares(arrow.from), self.shares(arrow.to));
            (self.pixel(from), self.pixel(to))
        };
        let mut taken: Vec<Place> = Vec::new();
        for (from, to) in arrows.iter().map(ahead) {
            let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
            let length = dx.hypot(dy);
            if self.look.letters {
                const GLYPHS: [&str; 8] = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];
                let eighth = (dy.atan2(dx) / std::f64::consts::FRAC_PI_4).round();
                let glyph = GLYPHS[(eighth as i32).rem_euclid(8) as usize];
                let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                // Letters this close would be a wall.
                let near = |at: &Place| {
                    (at.0 - middle.0).abs() < 4 * DOTS.0 && (at.1 - middle.1).abs() < 2 * DOTS.1
                };
                if taken.iter().any(near) {
                    continue;
                }
                taken.push(middle);
                let style = self.look.text(super::GREY, HPos::Left, VPos::Center);
                self.root.draw_text(glyph, &style, middle)?;
                continue;
            }
            if length < 1.0 {
                continue;
            }
            let (ux, uy) = (dx / length, dy / length);
            let head = f64::from(5 * self.look.unit).min(0.6 * length);
            let corner = |side: f64| {
                let (x, y) = (f64::from(to.0) - head * ux, f64::from(to.1) - head * uy);
                ((x - side * head * uy).round() as i32, (y + side * head * ux).round() as i32)
            };
            let colour = rgb(super::GREY);
            let neck = (corner(0.0).0, corner(0.0).1);
            self.root
                .draw(&PathElement::new(vec![from, neck], self.look.stroke(super::GREY, 10)))?;
            self.root
                .draw(&Polygon::new(vec![to, corner(0.45), corner(-0.45)], colour.filled()))?;
        }
        Ok(())
    }
}

fn is_inside((across, up): (f64, f64)) -> bool {
    (0.0..=1.0).contains(&across) && (0.0..=1.0).contains(&up)
}

/// The parts of a line inside the unit square, without what is not finite.
fn clipped(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let finite = |(x, y): (f64, f64)| x.is_finite() && y.is_finite();
    for (number, &to) in points.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| points[before]).filter(|p| finite(*p));
        let alone = before.is_none() && points.get(number + 1).is_none_or(|next| !finite(*next));
        let Some(from) = before else {
            if alone && finite(to) && is_inside(to) {
                runs.push(vec![to]);
            }
            continue;
        };
        let Some((start, end)) = cut(from, to).filter(|_| finite(to)) else { continue };
        match runs.last_mut() {
            Some(run) if number > 1 && start == from && run.last() == Some(&from) => run.push(end),
            _ => runs.push(vec![start, end]),
        }
    }
    runs
}

/// The part of a segment inside the unit square (Liang and Barsky 1984).
fn cut(from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (slope, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        if slope == 0.0 && room < 0.0 {
            return None;
        } else if slope < 0.0 {
            enter = enter.max(room / slope);
        } else if slope > 0.0 {
            leave = leave.min(room / slope);
        }
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    let start = if enter == 0.0 { from } else { at(enter) };
    let end = if leave == 1.0 { to } else { at(leave) };
    (enter <= leave).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_frame_and_broken_at_gaps() {
        let gap = (f64::NAN, 0.0);
        let runs =
            clipped(&[(-1.0, 0.5), (0.5, 0.5), (2.0, 0.5), gap, (0.2, 0.2), gap, (3.0, 3.0)]);
        assert_eq!(runs, [vec![(0.0, 0.5), (0.5, 0.5), (1.0, 0.5)], vec![(0.2, 0.2)]]);
        assert_eq!(clipped(&[(-1.0, -1.0), (-1.0, 2.0), (2.0, 2.0)]), Vec::<Vec<_>>::new());
        assert_eq!(clipped(&[(0.5, -1.0), (0.5, 3.0)]), [vec![(0.5, 0.0), (0.5, 1.0)]]);
    }
}
