//! Where a function is not one piece: jumps and poles.

use gradtape_chart::Axis;

/// A place between two neighbours that no line is drawn through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Break {
    /// The number of the point after it.
    pub(super) after: usize,
    /// The values on both sides of a jump; a pole has none.
    pub(super) ends: Option<[(f64, f64); 2]>,
}

/// Between two samples, less of the axis than this is no jump that is seen.
pub(super) const SEEN: f64 = 0.02;

/// Halvings after which two places are neighbours in f64, whatever they were before.
const HALVINGS: usize = 64;

/// Halvings after which what has become small is a slope.
const SURE: usize = 12;

/// Looks between all neighbours whose values are far apart on the axis.
pub(super) fn breaks(
    points: &[(f64, f64)],
    axis: &Axis,
    mut f: impl FnMut(f64) -> f64,
) -> Vec<Break> {
    let mut found = Vec::new();
    for (number, pair) in points.windows(2).enumerate() {
        let change = (pair[1].1 - pair[0].1).abs();
        if change.is_finite() && change > SEEN * (axis.high - axis.low) {
            let parted = parted(pair[0], pair[1], &mut f);
            found.extend(parted.map(|ends| Break { after: number + 1, ends }));
        }
    }
    found
}

/// What parts two places whose values differ, found by halving towards where they do: the ends of a jump, nothing of a
/// pole. `None` for a slope.
pub(super) fn parted(
    mut left: (f64, f64),
    mut right: (f64, f64),
    mut f: impl FnMut(f64) -> f64,
) -> Option<Option<[(f64, f64); 2]>> {
    let change = (right.1 - left.1).abs();
    for halving in 0..HALVINGS {
        let middle = 0.5 * (left.0 + right.0);
        if middle <= left.0 || middle >= right.0 {
            break;
        }
        let value = f(middle);
        match (value - left.1).abs() > (right.1 - value).abs() {
            true => right = (middle, value),
            false => left = (middle, value),
        }
        let is_slope = halving >= SURE && (right.1 - left.1).abs() < 0.25 * change;
        if !value.is_finite() || is_slope {
            break;
        }
    }
    let last = (right.1 - left.1).abs();
    if !last.is_finite() || last > 2.0 * change {
        return Some(None);
    }
    (last > 0.5 * change).then_some(Some([left, right]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(f: fn(f64) -> f64) -> Vec<Break> {
        let across = (0..=100).map(|i| f64::from(i) / 10.0 - 4.97);
        let points: Vec<(f64, f64)> = across.map(|x| (x, f(x))).collect();
        breaks(&points, &Axis::new("", -2.0, 2.0), f)
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
        assert!(found(|x| (1e9 * x).tanh()).is_empty());
        assert!(found(f64::abs).is_empty());
    }
}
