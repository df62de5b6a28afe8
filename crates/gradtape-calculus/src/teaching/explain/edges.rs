//! The lines of a drawn graph, with what stands on them.

use std::collections::BTreeMap;

use gradtape_chart::text::{cut, escaped};

use crate::teaching::svg::{self, Labels, put, width};

/// What stands on a line.
pub(super) struct Label {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Which of the user's inputs it is.
    pub(super) place: usize,
    pub(super) text: String,
    pub(super) says: String,
}

/// Where all lines run, in squares, so that those near a label are found at once.
pub(super) struct Courses(BTreeMap<(i32, i32), Vec<Passed>>);

/// A line, and a point of it.
type Passed = (usize, (f64, f64));

const SQUARE: f64 = 40.0;

fn square((x, y): (f64, f64)) -> (i32, i32) {
    ((x / SQUARE).floor() as i32, (y / SQUARE).floor() as i32)
}

impl Courses {
    pub(super) fn of(ways: &[Vec<(f64, f64)>]) -> Courses {
        let mut squares: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, way) in ways.iter().enumerate() {
            for point in course(way) {
                squares.entry(square(point)).or_default().push((number, point));
            }
        }
        Courses(squares)
    }

    /// How many points of other lines lie under a label of this middle and width.
    pub(super) fn crossing(&self, own: usize, (x, y): (f64, f64), extent: f64) -> usize {
        let (half, high) = (0.5 * extent, 9.0);
        let ((left, top), (right, bottom)) =
            (square((x - half, y - high)), square((x + half, y + high)));
        let squares =
            (left..=right).flat_map(|column| (top..=bottom).map(move |row| (column, row)));
        let points = squares.filter_map(|at| self.0.get(&at)).flatten();
        let under = |(line, point): &&Passed| {
            *line != own && (point.0 - x).abs() < half && (point.1 - y).abs() < high
        };
        points.filter(under).count()
    }
}

/// Points along a line, near enough to each other to tell whether it crosses a label.
fn course(way: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const PARTS: usize = 40;
    let mut points = Vec::new();
    for (number, pair) in way.windows(2).enumerate() {
        for part in 0..=PARTS {
            let share = part as f64 / PARTS as f64;
            points.push(match number % 2 {
                1 => (pair[0].0 + share * (pair[1].0 - pair[0].0), pair[0].1),
                _ => between(pair[0], pair[1], share),
            });
        }
    }
    points
}

/// A point of the curve between two places of a line.
fn between(from: (f64, f64), to: (f64, f64), share: f64) -> (f64, f64) {
    let (s, t) = (1.0 - share, share);
    let half = 0.5 * (from.0 + to.0);
    let x = from.0 * s * s * s + 3.0 * half * s * t + to.0 * t * t * t;
    let y = from.1 * (s * s * s + 3.0 * s * s * t) + to.1 * (t * t * t + 3.0 * s * t * t);
    (x, y)
}

/// A line with its arrow and label. `crosses`: how much of other lines lies under a label of a middle and a width.
pub(super) fn line(
    out: &mut String,
    label: &Label,
    way: &[(f64, f64)],
    labels: &mut Labels,
    crosses: impl Fn((f64, f64), f64) -> usize,
) {
    let Label { from, to, place, text, says } = label;
    let (Some(&start), Some(&end)) = (way.first(), way.last()) else { return };
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    for (number, pair) in way.windows(2).enumerate() {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if number % 2 == 1 {
            put(&mut path, format_args!(" H{x1:.1}"));
            continue;
        }
        let middle = 0.5 * (x0 + x1);
        put(&mut path, format_args!(" C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}"));
    }
    put(
        out,
        format_args!(
            "<g class=\"edge\" data-from=\"{from}\" data-to=\"{to}\" data-input=\"{place}\">\
             <title>{}</title><path class=\"way\" d=\"{path}\"/>\
             <path class=\"there\" d=\"M{:.1} {:.1} l-9 -4.5 v9z\"/>\
             <path class=\"back\" d=\"M{:.1} {:.1} l9 -4.5 v9z\"/>",
            escaped(&cut(says, 200)),
            end.0,
            end.1,
            start.0 + 7.0,
            start.1
        ),
    );
    let last = way[way.len() - 2];
    let extent = width(text, 12.0) + 8.0;
    let places = [0.56, 0.66, 0.46, 0.74, 0.36, 0.82, 0.28].map(|share| between(last, end, share));
    let crosses = |middle| 20.0 * crosses(middle, extent) as f64;
    let middle = labels.place(places, [extent, 15.0], crosses);
    svg::label(out, middle, extent, &escaped(text));
}
