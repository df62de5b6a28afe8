//! Cells of a field that a jump or a pole goes through.

use super::breaks::{SEEN, parted};

/// So many operations may be spent on looking.
const MOST_WORK: usize = 100_000_000;

/// For each place of a grid, whether a jump or a pole goes through the cell to its right and above it. `nodes` is how
/// much one value costs; where looking would take too long, all is whole.
pub(super) fn torn(
    xs: &[f64],
    ys: &[f64],
    values: &[f64],
    nodes: usize,
    f: impl Fn(f64, f64) -> f64,
) -> Vec<bool> {
    let (columns, rows) = (xs.len(), ys.len());
    let mut cells = vec![false; values.len()];
    let Some((low, high)) = gradtape_chart::extent_without_outliers(values.iter().copied()) else {
        return cells;
    };
    let is_far = |a: usize, b: usize| {
        let change = (values[b] - values[a]).abs();
        change.is_finite() && change > SEEN * (high - low)
    };
    let places = || (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let across = places().filter(|&(row, column)| {
        let place = row * columns + column;
        column + 1 < columns && is_far(place, place + 1)
    });
    let up = places().filter(|&(row, column)| {
        let place = row * columns + column;
        row + 1 < rows && is_far(place, place + columns)
    });
    let (across, up): (Vec<_>, Vec<_>) = (across.collect(), up.collect());
    if (across.len() + up.len()).saturating_mul(12 * nodes) > MOST_WORK {
        return cells;
    }
    for (row, column) in across {
        let (place, y) = (row * columns + column, ys[row]);
        let ends = [place, place + 1].map(|place| (xs[place % columns], values[place]));
        if parted(ends[0], ends[1], |x| f(x, y)).is_some() {
            cells[place] = true;
            if row > 0 {
                cells[place - columns] = true;
            }
        }
    }
    for (row, column) in up {
        let (place, x) = (row * columns + column, xs[column]);
        let ends = [(ys[row], values[place]), (ys[row + 1], values[place + columns])];
        if parted(ends[0], ends[1], |y| f(x, y)).is_some() {
            cells[place] = true;
            if column > 0 {
                cells[place - 1] = true;
            }
        }
    }
    cells
}
