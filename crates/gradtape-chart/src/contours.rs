//! [`Grid`]: lines of equal value of a function known on a grid, by marching squares.

use std::collections::BTreeMap;

use crate::axis::{Axis, LARGEST};
use crate::chart::Panel;
use crate::colour::shade;
use crate::extent::extent;
use crate::mark::{Contour, Mark};

/// A function's values on a grid. A place whose value is missing or not finite has no lines around it.
///
/// ```
/// use gradtape_chart::Grid;
///
/// let places = [-1.0, 0.0, 1.0];
/// let plane: Vec<f64> = places.iter().flat_map(|y| places.map(|x| x + y)).collect();
/// let grid = Grid::new(&places, &places, &plane);
/// assert_eq!(grid.lines(0.5), [[(1.0, -0.5), (0.5, 0.0), (0.0, 0.5), (-0.5, 1.0)]]);
/// assert!(grid.levels().contains(&0.5));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    xs: &'a [f64],
    ys: &'a [f64],
    values: &'a [f64],
    torn: &'a [bool],
}

impl<'a> Grid<'a> {
    /// The places across (a column for each) and up (a row for each), and the values, row by row from
    /// below.
    pub fn new(xs: &'a [f64], ys: &'a [f64], values: &'a [f64]) -> Grid<'a> {
        Grid { xs, ys, values, torn: &[] }
    }

    /// Leaves some cells without lines, such as those that a jump of the function goes through: between its sides all
    /// heights lie that the function does not have there. There is one for each place, the cell to its right and
    /// above it; what is missing is whole.
    ///
    /// ```
    /// use gradtape_chart::Grid;
    ///
    /// let step = [0.0, 1.0, 0.0, 1.0];
    /// let grid = Grid::new(&[0.0, 1.0], &[0.0, 1.0], &step);
    /// assert_eq!(grid.lines(0.5).len(), 1);
    /// assert!(grid.torn(&[true]).lines(0.5).is_empty());
    /// ```
    #[must_use]
    pub fn torn(self, cells: &'a [bool]) -> Grid<'a> {
        Grid { torn: cells, ..self }
    }

    /// Whether all finite values are the same but for rounding, so that no lines part them.
    pub fn is_flat(&self) -> bool {
        extent(self.values.iter().copied()).is_none_or(|(low, high)| is_flat(low, high))
    }

    /// Round heights for contours: evenly spaced, or by equal ratios where nearly all of the field would
    /// lie below the first even one, or such that they part the samples evenly.
    pub fn levels(&self) -> Vec<f64> {
        levels(self.values)
    }

    /// The contours at the heights of [`Grid::levels`], the higher the brighter.
    pub fn contours(&self) -> Vec<Contour> {
        let levels = self.levels();
        let contour = |(place, &level): (usize, &f64)| Contour {
            level,
            lines: self.lines(level),
            colour: shade(place, levels.len()),
        };
        levels.iter().enumerate().map(contour).collect()
    }

    /// The lines of one value. A closed line ends where it starts; cells with a corner that is not
    /// finite are left out.
    pub fn lines(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut crossings: BTreeMap<usize, Crossing> = BTreeMap::new();
        let (columns, rows) = (self.xs.len(), self.ys.len());
        for row in 0..rows.saturating_sub(1) {
            for column in 0..columns.saturating_sub(1) {
                for [from, to] in self.cell(column, row, level) {
                    for (edge, other) in [(from, to), (to, from)] {
                        let crossing = crossings
                            .entry(edge)
                            .or_insert_with(|| Crossing { at: self.at(edge, level), next: vec![] });
                        crossing.next.push(other);
                    }
                }
            }
        }
        // Open lines first, from one of their ends; what is left are rings.
        let ends = crossings.iter().filter(|(_, crossing)| crossing.next.len() == 1);
        let mut starts: Vec<usize> = ends.map(|(edge, _)| *edge).collect();
        starts.extend(crossings.keys());
        starts.into_iter().filter_map(|start| line(start, &mut crossings)).collect()
    }

    /// The segments inside a cell, each as the two edges that it joins.
    fn cell(&self, column: usize, row: usize, level: f64) -> Vec<[usize; 2]> {
        let columns = self.xs.len();
        let corner = row * columns + column;
        if self.torn.get(corner).is_some_and(|torn| *torn) {
            return Vec::new();
        }
        // Around the cell: below, right, above, left. An edge is twice its lower or left corner, plus
        // one if it goes up.
        let edges = [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + columns), 2 * corner + 1];
        let heights = [corner, corner + 1, corner + columns + 1, corner + columns]
            .map(|place| self.value(place) - level);
        if heights.iter().any(|height| !height.is_finite()) {
            return Vec::new();
        }
        let above = heights.map(|height| height >= 0.0);
        let crossed: Vec<usize> =
            (0..4).filter(|&side| above[side] != above[(side + 1) % 4]).collect();
        match crossed[..] {
            [a, b] => vec![[edges[a], edges[b]]],
            // A saddle: the middle tells which corners belong together.
            [_, _, _, _] => {
                let middle = heights.iter().sum::<f64>() >= 0.0;
                match middle == above[0] {
                    true => vec![[edges[0], edges[1]], [edges[2], edges[3]]],
                    false => vec![[edges[3], edges[0]], [edges[1], edges[2]]],
                }
            }
            _ => Vec::new(),
        }
    }

    fn value(&self, place: usize) -> f64 {
        self.values.get(place).copied().unwrap_or(f64::NAN)
    }

    /// Where the line crosses an edge.
    fn at(&self, edge: usize, level: f64) -> (f64, f64) {
        let columns = self.xs.len();
        let (corner, goes_up) = (edge / 2, edge % 2 == 1);
        let (column, row) = (corner % columns, corner / columns);
        let end = if goes_up { corner + columns } else { corner + 1 };
        let (a, b) = (self.value(corner) - level, self.value(end) - level);
        let between = |low: f64, high: f64| low + a / (a - b) * (high - low);
        match goes_up {
            true => (self.xs[column], between(self.ys[row], self.ys[row + 1])),
            false => (between(self.xs[column], self.xs[column + 1]), self.ys[row]),
        }
    }
}

impl Panel {
    /// A function of two variables as lines of equal value, between axes of the same unit. Each axis has
    /// a name and the places along it, of which the first and the last are its ends; the values come row
    /// by row from below, as for [`Grid::new`].
    ///
    /// ```
    /// use gradtape_chart::Panel;
    ///
    /// let places: Vec<f64> = (-10..=10).map(f64::from).collect();
    /// let bowl: Vec<f64> =
    ///     places.iter().flat_map(|y| places.iter().map(move |x| x * x + y * y)).collect();
    /// let panel = Panel::contours(("x", &places), ("y", &places), &bowl);
    /// assert!(panel.marks.len() > 5);
    /// ```
    pub fn contours((x, xs): (&str, &[f64]), (y, ys): (&str, &[f64]), values: &[f64]) -> Panel {
        Panel::of_grid(x, y, &Grid::new(xs, ys, values))
    }

    /// As [`Panel::contours`], of a grid that may have cells without lines. `x` and `y` name the axes.
    pub fn of_grid(x: &str, y: &str, grid: &Grid<'_>) -> Panel {
        let marks = grid.contours().into_iter().map(Mark::Contour).collect();
        Panel { x: Axis::along(x, grid.xs), y: Axis::along(y, grid.ys), equal: true, marks }
    }
}

/// Where a line crosses an edge of the grid, and the edges that it comes from and goes to.
struct Crossing {
    at: (f64, f64),
    next: Vec<usize>,
}

fn levels(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get(((sorted.len().max(1) - 1) as f64 * share) as usize).copied();
    let (Some(low), Some(high), Some(middle)) = (at(0.0), at(1.0), at(0.5)) else {
        return Vec::new();
    };
    let inside = |level: &f64| *level > low && *level < high;
    if is_flat(low, high) || high - low > LARGEST {
        return Vec::new();
    }
    let narrow = |share: f64| (high - low) * share;
    if middle - low > narrow(0.12) && high - middle > narrow(0.12) {
        return Axis::new("", low, high).ticks(15).into_iter().filter(inside).collect();
    }
    let floor = at(0.02).unwrap_or(low);
    if floor > 0.0 {
        let decades = (high / floor).log10();
        let steps: &[f64] = match decades {
            ..=3.0 => &[1.0, 2.0, 5.0],
            ..=6.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let first = floor.log10().floor() as i32;
        let powers = first..=first.saturating_add(decades.ceil().min(600.0) as i32);
        let every = powers.clone().count().div_ceil(14);
        let all = powers
            .step_by(every)
            .flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        return all.filter(|level| *level > floor).filter(inside).collect();
    }
    let parting = (1..12).filter_map(|part| at(f64::from(part) / 12.0)).map(rounded);
    let mut levels: Vec<f64> = parting.filter(inside).collect();
    levels.dedup();
    levels
}

/// Whether no lines part values between these.
fn is_flat(low: f64, high: f64) -> bool {
    high - low <= 1e-9 * low.abs().max(high.abs())
}

/// To two significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Follows a line from one crossing and takes it out.
fn line(start: usize, crossings: &mut BTreeMap<usize, Crossing>) -> Option<Vec<(f64, f64)>> {
    let mut crossing = crossings.remove(&start)?;
    let first = crossing.at;
    let closed = crossing.next.len() == 2;
    let mut points = vec![first];
    while let Some(next) = crossing.next.iter().find_map(|next| crossings.remove(next)) {
        points.push(next.at);
        crossing = next;
    }
    if closed {
        points.push(first);
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(size: usize, level: f64, f: impl Fn(f64, f64) -> f64) -> Vec<Vec<(f64, f64)>> {
        let places: Vec<f64> =
            (0..size).map(|i| -2.0 + 4.0 * i as f64 / (size - 1) as f64).collect();
        let values: Vec<f64> = places
            .iter()
            .flat_map(|&y| places.iter().map(move |&x| (x, y)))
            .map(|(x, y)| f(x, y))
            .collect();
        Grid::new(&places, &places, &values).lines(level)
    }

    #[test]
    fn a_circle_is_one_ring() {
        let found = lines(41, 1.0, |x, y| x * x + y * y);
        let [ring] = found.as_slice() else { panic!("{} lines", found.len()) };
        assert_eq!(ring.first(), ring.last());
        assert!(ring.len() > 60);
        assert!(ring.iter().all(|(x, y)| (x.hypot(*y) - 1.0).abs() < 0.01));
    }

    #[test]
    fn open_lines_go_from_edge_to_edge() {
        let found = lines(21, 0.25, |x, y| x + 2.0 * y);
        let [line] = found.as_slice() else { panic!("{} lines", found.len()) };
        assert!(line.iter().all(|(x, y)| (x + 2.0 * y - 0.25).abs() < 1e-12));
        let ends = [line[0], line[line.len() - 1]].map(|(x, _)| x.abs());
        assert_eq!(ends, [2.0, 2.0]);
    }

    #[test]
    fn a_saddle_is_parted_by_its_middle() {
        for (level, joined) in [(-0.1, true), (0.1, false)] {
            let found = lines(2, level, |x, y| x * y);
            let [first, _] = found.as_slice() else { panic!("{} lines", found.len()) };
            // Below the saddle's height, its middle and the corners where x and y agree belong together.
            let agree = first.iter().all(|(x, y)| x * y <= 0.0);
            assert_eq!(agree, joined, "{level}: {found:?}");
        }
    }

    #[test]
    fn there_is_no_line_where_there_is_no_number() {
        assert!(lines(21, 1.0, |_, _| f64::NAN).is_empty());
        assert!(lines(21, 1.0, |_, _| 3.0).is_empty());
        let half = lines(21, 1.0, |x, y| if x < 0.0 { f64::NAN } else { x * x + y * y });
        assert!(half.iter().flatten().all(|(x, _)| *x >= 0.0) && !half.is_empty());
    }
}
