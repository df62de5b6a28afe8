//! The search on a line for a place that fulfils the strong Wolfe conditions: Nocedal and Wright 2006,
//! algorithms 3.5 and 3.6, with the bounds on interpolations that PyTorch has from minFunc.

use crate::tensor::Result;

/// A place on the line.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// How far along the direction.
    pub(super) length: f64,
    /// Infinite where it is no number.
    pub(super) loss: f64,
    pub(super) gradient: Vec<f64>,
    /// The derivative along the direction.
    pub(super) slope: f64,
}

/// How much of the fall that the slope promises must be reached.
const FALL: f64 = 1e-4;
/// How much of the slope may be left.
const FLAT: f64 = 0.9;

/// The place found and how often the loss was looked at. Starts with a length, gives up after `most` further
/// ones, or where two places are nearer to each other than `least`.
pub(super) fn strong_wolfe(
    look: &mut dyn FnMut(f64) -> Result<Place>,
    start: Place,
    length: f64,
    least: f64,
    most: usize,
) -> Result<(Place, usize)> {
    let (loss, slope) = (start.loss, start.slope);
    let falls = |place: &Place| place.loss <= loss + FALL * place.length * slope;
    let is_flat = |place: &Place| place.slope.abs() <= -FLAT * slope;

    // Farther and farther, until a good place lies between the last two.
    let mut before = start.clone();
    let mut place = look(length)?;
    let mut tried = 0;
    let mut enclosed = false;
    while tried < most {
        enclosed = !falls(&place) || (tried > 1 && place.loss >= before.loss);
        if !enclosed && is_flat(&place) {
            return Ok((place, tried + 1));
        }
        enclosed |= place.slope >= 0.0;
        if enclosed {
            break;
        }
        let bounds = (place.length + 0.01 * (place.length - before.length), place.length * 10.0);
        let next = look(lowest(&before, &place, bounds))?;
        before = std::mem::replace(&mut place, next);
        tried += 1;
    }
    let first = if enclosed { before } else { start };

    // Nearer and nearer, between the lower and the higher end.
    let mut ends = [first, place];
    // The lower end is one that falls enough, as the start itself does.
    let lower = |ends: &[Place; 2]| {
        let [a, b] = [&ends[0], &ends[1]];
        usize::from(falls(b) && (!falls(a) || a.loss > b.loss))
    };
    let mut low = lower(&ends);
    let mut slow = false;
    while tried < most && (ends[1].length - ends[0].length).abs() >= least {
        let (a, b) = (ends[0].length, ends[1].length);
        let (left, right) = (a.min(b), a.max(b));
        let mut length = lowest(&ends[0], &ends[1], (left, right));
        let margin = 0.1 * (right - left);
        let near = (right - length).min(length - left) < margin;
        if near && (slow || length >= right || length <= left) {
            let to_right = (length - right).abs() < (length - left).abs();
            length = if to_right { right - margin } else { left + margin };
            slow = false;
        } else {
            slow = near;
        }
        let place = look(length)?;
        tried += 1;
        let high = 1 - low;
        if !falls(&place) || place.loss >= ends[low].loss {
            ends[high] = place;
            low = lower(&ends);
            continue;
        }
        let done = is_flat(&place);
        let turns = place.slope * (ends[high].length - ends[low].length) >= 0.0;
        let old = std::mem::replace(&mut ends[low], place);
        if done {
            break;
        }
        if turns {
            ends[high] = old;
        }
    }
    let [a, b] = ends;
    Ok((if low == 0 { a } else { b }, tried + 1))
}

/// Where the cubic through two places with their slopes is lowest, within bounds; halfway between these where it
/// has no lowest place.
fn lowest(a: &Place, b: &Place, (least, most): (f64, f64)) -> f64 {
    let middle = (least + most) / 2.0;
    let (a, b) = if a.length <= b.length { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.length - b.length);
    let square = d1 * d1 - a.slope * b.slope;
    if square.is_nan() || square < 0.0 {
        return middle;
    }
    let d2 = square.sqrt();
    let share = (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    let place = b.length - (b.length - a.length) * share;
    if place.is_nan() { middle } else { place.max(least).min(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function and its derivative on a line.
    fn search(f: impl Fn(f64) -> (f64, f64), length: f64) -> (Place, usize) {
        let place = |length: f64| {
            let (loss, slope) = f(length);
            Place { length, loss, gradient: vec![], slope }
        };
        strong_wolfe(&mut |length| Ok(place(length)), place(0.0), length, 1e-12, 25).unwrap()
    }

    #[test]
    fn places_fulfil_the_conditions_from_far_and_near() {
        type Line = fn(f64) -> (f64, f64);
        let lines: [Line; 3] = [
            |t| ((t - 3.0).powi(2), 2.0 * (t - 3.0)),
            |t| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
            |t| ((t - 1.0).powi(4) - t, 4.0 * (t - 1.0).powi(3) - 1.0),
        ];
        for line in lines {
            for length in [1e-3, 0.1, 1.0, 10.0, 1e3] {
                let (found, looks) = search(line, length);
                let (loss, slope) = line(0.0);
                let falls = found.loss <= loss + FALL * found.length * slope;
                assert!(falls && found.slope.abs() <= -FLAT * slope, "{length}: {found:?}");
                assert!(looks < 20, "{looks}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_turned_away_from() {
        // -log(1 - t) + … ends at 1.
        let line = |t: f64| match t < 1.0 {
            true => (-(1.0 - t).ln() - 3.0 * t, 1.0 / (1.0 - t) - 3.0),
            false => (f64::INFINITY, f64::NAN),
        };
        let (found, _) = search(line, 8.0);
        assert!(found.length < 1.0 && found.loss < 0.0, "{found:?}");
    }
}
