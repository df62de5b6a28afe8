//! Draws what stands between the axes of a panel.

use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::{Color, DrawingBackend, RGBColor, WHITE};
use plotters::style::text_anchor::{HPos, VPos};

use super::cells::DOTS;
use super::frame::Frame;
use super::look::{Area, Drawn, Look, Place, rgb};
use crate::colour::{Colour, GREY};
use crate::mark::{Arrow, Band, Bars, Contour, Dash, Dots, Line};
use crate::text::short;

/// A line in the pixels of the whole picture.
pub(super) fn stroke<DB: DrawingBackend>(
    root: &Area<DB>,
    look: &Look,
    points: Vec<Place>,
    line: &Line,
) -> Drawn<DB> {
    let width = if line.dots || line.thin { 12 } else { 20 };
    let lengths = in_dots(line.dash).filter(|_| look.letters);
    if let Some([on, off]) = lengths {
        let style = look.stroke(line.colour, width);
        // The library draws both ends of a dash.
        return root.draw(&DashedPathElement::new(points, on - 1, off + 1, style));
    }
    root.draw(&PathElement::new(points, look.stroke(line.colour, width + dash_number(line.dash))))
}

/// How many dots of a terminal are on and off in turn: without colours only this tells lines apart.
fn in_dots(dash: Dash) -> Option<[i32; 2]> {
    match dash {
        Dash::None => None,
        Dash::Long => Some([9, 3]),
        Dash::Short => Some([4, 2]),
        Dash::Dots => Some([2, 2]),
        Dash::DashDot => Some([2, 6]),
        Dash::DashTwoDots => Some([9, 9]),
    }
}

/// What is added to the width of a line, so that [`with_dashes`] finds its kind again: the library writes dashes as
/// lines of their own.
fn dash_number(dash: Dash) -> i32 {
    match dash {
        Dash::None => 0,
        Dash::Long => 1,
        Dash::Short => 2,
        Dash::Dots => 3,
        // Outlines of bars have four more.
        Dash::DashDot => 5,
        Dash::DashTwoDots => 6,
    }
}

/// The text of a picture with the dashes of its lines.
pub(super) fn with_dashes(mut body: String, look: &Look) -> String {
    let kinds: [(Dash, &[i32]); 5] = [
        (Dash::Long, &[14, 5]),
        (Dash::Short, &[7, 5]),
        (Dash::Dots, &[1, 4]),
        (Dash::DashDot, &[12, 4, 1, 4]),
        (Dash::DashTwoDots, &[12, 4, 1, 4, 1, 4]),
    ];
    for (dash, lengths) in kinds {
        let lengths: Vec<String> =
            lengths.iter().map(|own| (own * look.unit).to_string()).collect();
        for width in [12, 20] {
            body = body.replace(
                &format!("stroke-width=\"{}\"", width + dash_number(dash)),
                &format!("stroke-width=\"{width}\" stroke-dasharray=\"{}\"", lengths.join(" ")),
            );
        }
    }
    body
}

pub(super) fn dot<DB: DrawingBackend>(
    root: &Area<DB>,
    look: &Look,
    at: Place,
    colour: Colour,
) -> Drawn<DB> {
    if look.letters {
        return root.draw_text("•", &look.text(colour, HPos::Left, VPos::Center), at);
    }
    root.draw(&Circle::new(at, 27 * look.unit / 10, rgb(colour).filled()))
}

/// A point that stands out, so much larger as to be seen around so many that lie on it.
pub(super) fn large_dot<DB: DrawingBackend>(
    root: &Area<DB>,
    look: &Look,
    at: Place,
    (colour, around): (Colour, usize),
) -> Drawn<DB> {
    if look.letters {
        return root.draw_text("●", &look.text(colour, HPos::Left, VPos::Center), at);
    }
    let more = 36 * around.min(MOST_AROUND) as i32;
    let circle = |radius: i32, colour: RGBColor| {
        Circle::new(at, (radius + more) * look.unit / 10, colour.filled())
    };
    root.draw(&circle(58, WHITE))?;
    root.draw(&circle(48, rgb(colour)))
}

/// More rings than these are not told apart.
const MOST_AROUND: usize = 6;

/// A bar between two corners.
pub(super) fn bar<DB: DrawingBackend>(
    root: &Area<DB>,
    look: &Look,
    corners: [Place; 2],
    bars: &Bars,
) -> Drawn<DB> {
    if !bars.hollow {
        return root.draw(&Rectangle::new(corners, rgb(bars.colour).filled()));
    }
    // The outline of a rectangle would be a hair.
    let [(left, top), (right, bottom)] = corners;
    let around = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    root.draw(&PathElement::new(around.to_vec(), look.stroke(bars.colour, 16)))
}

/// The plot of a panel, in the pixels of the whole picture.
pub(super) struct Inside<'a, DB: DrawingBackend> {
    pub(super) root: &'a Area<DB>,
    pub(super) look: &'a Look,
    pub(super) frame: &'a Frame,
    pub(super) from: Place,
    pub(super) size: Place,
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

    pub(super) fn line(&self, line: &Line) -> Drawn<DB> {
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

    /// Whether one point would hide another.
    pub(super) fn hides(&self, point: (f64, f64), other: (f64, f64)) -> bool {
        let (a, b) = (self.pixel(self.shares(point)), self.pixel(self.shares(other)));
        (a.0 - b.0).abs().max((a.1 - b.1).abs()) < 4 * self.look.unit
    }

    /// A point that stands out, with so many others on it.
    pub(super) fn point(&self, point: (f64, f64), colour: Colour, around: usize) -> Drawn<DB> {
        let shares = self.shares(point);
        if !is_inside(shares) {
            return Ok(());
        }
        large_dot(self.root, self.look, self.pixel(shares), (colour, around))
    }

    pub(super) fn dots(&self, dots: &Dots) -> Drawn<DB> {
        for &point in &dots.points {
            let shares = self.shares(point);
            match (is_inside(shares), dots.large) {
                (false, _) => {}
                (true, true) => {
                    large_dot(self.root, self.look, self.pixel(shares), (dots.colour, 0))?;
                }
                (true, false) => dot(self.root, self.look, self.pixel(shares), dots.colour)?,
            }
        }
        Ok(())
    }

    pub(super) fn bars(&self, bars: &Bars) -> Drawn<DB> {
        for &(from, to, height) in &bars.bars {
            let (left, top) = self.shares((from, height));
            let (right, _) = self.shares((to, height));
            let seen = left.is_finite() && right.is_finite() && top > 0.0;
            if !seen || left.max(right) <= 0.0 || left.min(right) >= 1.0 {
                continue;
            }
            let within = |share: f64| share.clamp(0.0, 1.0);
            let (above, below) = (self.pixel((within(left), within(top))), within(right));
            // Bars that stand side by side are told apart by a line of paper between them.
            let between = if self.look.letters || bars.hollow { 0 } else { self.look.unit };
            let below = self.pixel((below, 0.0));
            let corners = [above, ((below.0 - between).max(above.0), below.1)];
            bar(self.root, self.look, corners, bars)?;
        }
        Ok(())
    }

    pub(super) fn band(&self, band: &Band) -> Drawn<DB> {
        let ends = |&(at, lower, upper): &(f64, f64, f64)| {
            [self.shares((at, lower)), self.shares((at, upper))]
        };
        let ends: Vec<[(f64, f64); 2]> = band.points.iter().map(ends).collect();
        let is_place =
            |ends: &[(f64, f64); 2]| ends.iter().all(|&(x, y)| x.abs() < FAR && y.abs() < FAR);
        for run in ends.chunk_by(|a, b| is_place(a) == is_place(b)) {
            if run.len() < 2 || !is_place(&run[0]) {
                continue;
            }
            let [lower, upper] = [0, 1].map(|end| run.iter().map(move |ends| ends[end]));
            if self.look.letters {
                // An area of dots would hide the lines in it.
                let line = Line { colour: band.colour, dash: Dash::Dots, ..Line::default() };
                for run in
                    [clipped(&lower.collect::<Vec<_>>()), clipped(&upper.collect::<Vec<_>>())]
                        .concat()
                {
                    let places = run.into_iter().map(|at| self.pixel(at)).collect();
                    stroke(self.root, self.look, places, &line)?;
                }
                continue;
            }
            let around = cut_area(upper.chain(lower.rev()).collect());
            if around.len() > 2 {
                let places: Vec<Place> = around.into_iter().map(|at| self.pixel(at)).collect();
                self.root.draw(&Polygon::new(places, rgb(band.colour).mix(0.18).filled()))?;
            }
        }
        Ok(())
    }

    pub(super) fn contour(&self, contour: &Contour) -> Drawn<DB> {
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
    pub(super) fn level(&self, contour: &Contour, written: &mut Vec<(Place, Place)>) -> Drawn<DB> {
        let label = short(contour.level);
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

    pub(super) fn arrows(&self, arrows: &[Arrow]) -> Drawn<DB> {
        let mut taken: Vec<Place> = Vec::new();
        for arrow in arrows {
            let (from, to) =
                (self.pixel(self.shares(arrow.from)), self.pixel(self.shares(arrow.to)));
            match self.look.letters {
                true => self.arrow_letter(from, to, &mut taken)?,
                false => self.arrow(from, to)?,
            }
        }
        Ok(())
    }

    fn arrow(&self, from: Place, to: Place) -> Drawn<DB> {
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        if length < 1.0 {
            return Ok(());
        }
        let (ux, uy) = (dx / length, dy / length);
        let head = f64::from(5 * self.look.unit).min(0.6 * length);
        let corner = |side: f64| {
            let (x, y) = (f64::from(to.0) - head * ux, f64::from(to.1) - head * uy);
            ((x - side * head * uy).round() as i32, (y + side * head * ux).round() as i32)
        };
        let shaft = PathElement::new(vec![from, corner(0.0)], self.look.stroke(GREY, 10));
        self.root.draw(&shaft)?;
        self.root.draw(&Polygon::new(vec![to, corner(0.45), corner(-0.45)], rgb(GREY).filled()))
    }

    /// An arrow as a letter in its middle, unless that is near one of the places taken: letters so close
    /// would be a wall.
    fn arrow_letter(&self, from: Place, to: Place, taken: &mut Vec<Place>) -> Drawn<DB> {
        const GLYPHS: [&str; 8] = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
        let near = |at: &Place| {
            (at.0 - middle.0).abs() < 4 * DOTS.0 && (at.1 - middle.1).abs() < 2 * DOTS.1
        };
        if taken.iter().any(near) {
            return Ok(());
        }
        taken.push(middle);
        let eighth = (dy.atan2(dx) / std::f64::consts::FRAC_PI_4).round();
        let glyph = GLYPHS[(eighth as i32).rem_euclid(8) as usize];
        self.root.draw_text(glyph, &self.look.text(GREY, HPos::Left, VPos::Center), middle)
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

/// The part of an area inside the unit square (Sutherland and Hodgman 1974).
fn cut_area(mut around: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    type Room = fn((f64, f64)) -> f64;
    let sides: [Room; 4] = [|at| at.0, |at| 1.0 - at.0, |at| at.1, |at| 1.0 - at.1];
    for room in sides {
        let mut kept = Vec::with_capacity(around.len() + 4);
        let mut before = around.last().copied();
        for &to in &around {
            let from = before.replace(to).unwrap_or(to);
            let (left, right) = (room(from), room(to));
            if (left < 0.0) != (right < 0.0) {
                let share = left / (left - right);
                let between = |a: f64, b: f64| a + share * (b - a);
                kept.push((between(from.0, to.0), between(from.1, to.1)));
            }
            if right >= 0.0 {
                kept.push(to);
            }
        }
        around = kept;
    }
    around
}

/// A share beyond which nothing can be cut exactly.
const FAR: f64 = 1e9;

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

    #[test]
    fn areas_are_cut_at_the_frame() {
        let inside = vec![(0.25, 0.25), (0.75, 0.25), (0.75, 0.75)];
        assert_eq!(cut_area(inside.clone()), inside);
        // What rises from 0.25 at -1 to 0.75 at 1 is at 0.5 where it comes in.
        let around = cut_area(vec![(-1.0, 0.25), (1.0, 0.75), (1.0, 0.25), (-1.0, -0.25)]);
        assert_eq!(around, [(0.0, 0.5), (1.0, 0.75), (1.0, 0.25), (0.0, 0.0)]);
        assert_eq!(cut_area(vec![(-1.0, -1.0), (2.0, -1.0), (2.0, -0.5)]), []);
        assert_eq!(cut_area(vec![(-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)]).len(), 4);
        assert_eq!(cut_area(Vec::new()), []);
    }
}
