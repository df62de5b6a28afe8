//! Where a curve is not one piece: jumps, whose ends are marked, and poles.

use gradtape_chart::{Axis, Dots, Line, Mark};

/// A place between two samples that no line is drawn through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Break {
    /// The sample after it.
    after: usize,
    /// The values on both sides of a jump; a pole has none.
    ends: Option<[(f64, f64); 2]>,
}

/// Between two samples, less of the axis than this is no jump that is seen.
const SEEN: f64 = 0.02;

/// Halvings after which two places are neighbours in f64, whatever they were before.
const HALVINGS: usize = 64;

/// Looks between all neighbours whose values are far apart on the axis, by halving towards where they differ.
pub(super) fn breaks(
    across: &[f64],
    values: &[f64],
    axis: &Axis,
    mut f: impl FnMut(f64) -> f64,
) -> Vec<Break> {
    let mut found = Vec::new();
    for after in 1..across.len().min(values.len()) {
        let (mut left, mut right) =
            ((across[after - 1], values[after - 1]), (across[after], values[after]));
        let change = (right.1 - left.1).abs();
        if !(change.is_finite() && change > SEEN * (axis.high - axis.low)) {
            continue;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (left.0 + right.0);
            if middle <= left.0 || middle >= right.0 {
                break;
            }
            let value = f(middle);
            match (value - left.1).abs() > (right.1 - value).abs() {
                true => right = (middle, value),
                false => left = (middle, value),
            }
            if !value.is_finite() {
                break;
            }
        }
        let last = (right.1 - left.1).abs();
        if !last.is_finite() || last > 2.0 * change {
            found.push(Break { after, ends: None });
        } else if last > 0.5 * change {
            found.push(Break { after, ends: Some([left, right]) });
        }
    }
    found
}

/// A curve in pieces, and the ends of its jumps.
pub(super) fn pieces(across: &[f64], values: &[f64], breaks: &[Break], line: Line) -> Vec<Mark> {
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(values.len());
    let mut ends = Vec::new();
    let mut breaks = breaks.iter().peekable();
    for (place, (&x, &y)) in across.iter().zip(values).enumerate() {
        while let Some(found) = breaks.next_if(|found| found.after == place) {
            points.extend(found.ends.map(|ends| ends[0]));
            points.push((x, f64::NAN));
            points.extend(found.ends.map(|ends| ends[1]));
            ends.extend(found.ends.into_iter().flatten());
        }
        points.push((x, y));
    }
    let colour = line.colour;
    let mut marks = vec![Mark::Line(Line { points, ..line })];
    if !ends.is_empty() {
        marks.push(Mark::Dots(Dots { points: ends, colour, ..Dots::default() }));
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(f: fn(f64) -> f64) -> Vec<Break> {
        let across: Vec<f64> = (0..=100).map(|i| f64::from(i) / 10.0 - 4.97).collect();
        let values: Vec<f64> = across.iter().map(|&x| f(x)).collect();
        breaks(&across, &values, &Axis::new("", -2.0, 2.0), f)
    }

    #[test]
    fn jumps_have_ends_poles_have_none_and_slopes_are_neither() {
        let step = found(|x| if x > 0.5 { 1.0 } else { 0.0 });
        let Some([left, right]) = step[0].ends else { panic!("{step:?}") };
        assert_eq!((step.len(), left, right.1), (1, (0.5, 0.0), 1.0));
        assert!(right.0 > 0.5 && right.0 < 0.5 + 1e-12);
        let pole = found(|x| 1.0 / (x - 0.3));
        assert!(
            pole.iter().any(|one| one.ends.is_none()) && pole.iter().all(|one| one.ends.is_none())
        );
        assert!(found(|x| (1000.0 * x).tanh()).is_empty());
        assert!(found(f64::abs).is_empty());
    }
}
