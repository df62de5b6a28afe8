//! [`Curve`]: a function of one variable as it is drawn, with more points where it bends and gaps where it jumps.

use gradtape_chart::{Axis, Band, Dots, Line, Mark};

use super::breaks::{Break, breaks};

/// A function at places that lie closer where it bends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    points: Vec<(f64, f64)>,
    breaks: Vec<Break>,
    /// Whether it turns more often than a picture can show.
    is_wild: bool,
}

/// By this share of the axis, a straight line may miss the curve.
const MISSED: f64 = 0.005;

/// How often the room between two samples is halved.
const HALVINGS: usize = 6;

/// Where between two points the curve is looked at; no even share, so that no period fits all of them.
const SHARES: [f64; 3] = [0.31, 0.5, 0.72];

/// A picture of some hundred pixels shows no more turns than this as lines.
const MOST_TURNS: usize = 250;

/// The stretches of a curve that turns more often, each with its lowest and its highest value.
const STRETCHES: usize = 200;

/// More points than this are on no screen.
const MOST_POINTS: usize = 20_000;

/// Longer expressions are looked at in fewer places: this many operations.
const MOST_WORK: usize = 50_000_000;

impl Curve {
    /// Through samples, and through places between them where straight lines would miss it on the axis. `nodes` is how
    /// much one value costs.
    pub(crate) fn of(
        samples: Vec<(f64, f64)>,
        axis: &Axis,
        nodes: usize,
        mut f: impl FnMut(f64) -> f64,
    ) -> Curve {
        let most = (MOST_WORK / (8 * nodes.max(1))).min(MOST_POINTS).max(samples.len());
        let mut points = samples;
        let mut open = vec![true; points.len()];
        for _ in 0..HALVINGS {
            let (mut finer, mut still) = (Vec::with_capacity(points.len()), Vec::new());
            finer.extend(points.first().copied());
            for (pair, open) in points.windows(2).zip(&open) {
                let bent = if *open { bent(pair[0], pair[1], axis, &mut f) } else { None };
                finer.extend(bent);
                still.extend(vec![bent.is_some(); 1 + usize::from(bent.is_some())]);
                finer.push(pair[1]);
            }
            let is_done = finer.len() == points.len();
            (points, open) = (finer, still);
            if is_done || points.len() > most {
                break;
            }
        }
        let is_wild = points.len() > most || turns(&points, axis) > MOST_TURNS;
        let breaks = if is_wild { Vec::new() } else { breaks(&points, axis, f) };
        Curve { points, breaks, is_wild }
    }

    /// Through samples alone.
    pub(super) fn through(points: Vec<(f64, f64)>) -> Curve {
        Curve { points, ..Curve::default() }
    }

    /// The first place between two others at which it jumps or has a pole.
    pub(crate) fn parted(&self, low: f64, high: f64) -> Option<f64> {
        let place = |found: &Break| match found.ends {
            Some([left, _]) => left.0,
            None => 0.5 * (self.points[found.after - 1].0 + self.points[found.after].0),
        };
        // A sample may hit a pole.
        let hit = self.points.iter().filter(|point| !point.1.is_finite()).map(|point| point.0);
        self.breaks.iter().map(place).chain(hit).find(|place| (low..=high).contains(place))
    }

    /// Whether it turns more often than a picture can show.
    pub(super) fn is_wild(&self) -> bool {
        self.is_wild
    }

    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|point| point.1)
    }

    /// The curve in pieces with the ends of its jumps marked; of one that turns too often, what lies between its lowest
    /// and its highest values.
    pub(crate) fn marks(&self, line: Line) -> Vec<Mark> {
        match self.is_wild {
            true => self.range(line),
            false => self.pieces(line),
        }
    }

    fn pieces(&self, line: Line) -> Vec<Mark> {
        let mut points: Vec<(f64, f64)> = Vec::with_capacity(self.points.len());
        let mut ends = Vec::new();
        let mut breaks = self.breaks.iter().peekable();
        for (number, &(x, y)) in self.points.iter().enumerate() {
            while let Some(found) = breaks.next_if(|found| found.after == number) {
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

    fn range(&self, line: Line) -> Vec<Mark> {
        let [Some(first), Some(last)] = [self.points.first(), self.points.last()] else {
            return Vec::new();
        };
        let width = (last.0 - first.0) / STRETCHES as f64;
        let stretch = |x: f64| (((x - first.0) / width) as usize).min(STRETCHES - 1);
        let ends = self.points.chunk_by(|a, b| stretch(a.0) == stretch(b.0)).map(|part| {
            let values = part.iter().map(|point| point.1).filter(|value| value.is_finite());
            let ends =
                values.fold((f64::NAN, f64::NAN), |(low, high), y| (low.min(y), high.max(y)));
            let middle = first.0 + (stretch(part[0].0) as f64 + 0.5) * width;
            (middle, ends.0, ends.1)
        });
        let ends: Vec<(f64, f64, f64)> = ends.collect();
        let side = |of: fn(&(f64, f64, f64)) -> (f64, f64)| ends.iter().map(of).collect();
        let (below, above) = (side(|end| (end.0, end.1)), side(|end| (end.0, end.2)));
        let label = match line.label.is_empty() {
            true => String::new(),
            false => format!("{}, from lowest to highest", line.label),
        };
        let thin = |points, label| Mark::Line(Line { points, label, thin: true, ..line.clone() });
        vec![
            thin(above, label),
            thin(below, String::new()),
            Mark::Band(Band { points: ends, colour: line.colour }),
        ]
    }
}

/// How high an axis is; also where all samples agree, whatever lies between them.
fn height(axis: &Axis) -> f64 {
    let size = axis.low.abs().max(axis.high.abs());
    (axis.high - axis.low).max(1e-9 * size).max(f64::MIN_POSITIVE)
}

/// The middle between two points, if a straight line between them misses the curve.
fn bent(
    from: (f64, f64),
    to: (f64, f64),
    axis: &Axis,
    mut f: impl FnMut(f64) -> f64,
) -> Option<(f64, f64)> {
    let height = height(axis);
    // Far outside of the picture, all places look alike.
    let shown = |y: f64| y.clamp(axis.low - height, axis.high + height);
    let at = |share: f64| from.0 + share * (to.0 - from.0);
    let middle = at(0.5);
    if !(from.1.is_finite() && to.1.is_finite() && from.0 < middle && middle < to.0) {
        return None;
    }
    let (low, high) = (shown(from.1), shown(to.1));
    let values = SHARES.map(|share| (share, f(at(share))));
    let misses = |(share, value): &(f64, f64)| {
        (shown(*value) - (low + share * (high - low))).abs() > MISSED * height
    };
    let is_bent = values.iter().all(|(_, value)| value.is_finite()) && values.iter().any(misses);
    is_bent.then_some((middle, values[1].1))
}

/// How often a line turns up or down, by more than what is hardly seen.
fn turns(points: &[(f64, f64)], axis: &Axis) -> usize {
    let least = 4.0 * MISSED * height(axis);
    let (mut turns, mut goes_up, mut extreme) = (0, None, f64::NAN);
    for &(_, y) in points {
        if !y.is_finite() {
            (goes_up, extreme) = (None, f64::NAN);
            continue;
        }
        let further = match goes_up {
            Some(true) => y >= extreme,
            Some(false) => y <= extreme,
            None => extreme.is_nan(),
        };
        if further {
            extreme = y;
        } else if (y - extreme).abs() > least {
            turns += usize::from(goes_up.is_some());
            (goes_up, extreme) = (Some(y > extreme), y);
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(f: fn(f64) -> f64) -> Curve {
        let samples = (0..=800).map(|i| f64::from(i) / 80.0 - 5.0).map(|x| (x, f(x))).collect();
        Curve::of(samples, &Axis::new("", -1.1, 1.1), 3, f)
    }

    #[test]
    fn what_bends_has_more_points_and_what_is_smooth_has_not() {
        assert_eq!(curve(f64::sin).points.len(), 801);
        let fast = curve(|x| (30.0 * x).sin());
        assert!(fast.points.len() > 1_000 && !fast.is_wild, "{}", fast.points.len());
        for pair in fast.points.windows(2) {
            let middle = 0.5 * (pair[0].0 + pair[1].0);
            let drawn = 0.5 * (pair[0].1 + pair[1].1);
            assert!(((30.0 * middle).sin() - drawn).abs() < 0.012, "{middle}");
        }
        let highest = fast.values().fold(0.0, f64::max);
        assert!(highest > 0.999, "{highest}");
    }

    #[test]
    fn what_turns_too_often_is_told_also_where_all_samples_agree() {
        assert!(curve(|x| (1000.0 * x).sin()).is_wild);
        // A whole period between any two samples.
        let f = |x: f64| (160.0 * std::f64::consts::PI * x).sin();
        let aliased = curve(f);
        assert!(aliased.is_wild);
        let samples = (0..=800).map(|i| (f64::from(i) / 80.0, 0.0)).collect();
        assert!(Curve::of(samples, &Axis::around("", (0.0, 0.0)), 3, f).is_wild);
        let marks = aliased.marks(Line { label: "f".into(), ..Line::default() });
        let Some(Mark::Band(band)) = marks.last() else { panic!("{marks:?}") };
        assert_eq!(band.points.len(), STRETCHES);
        assert!(band.points.iter().all(|(_, low, high)| *low < -0.9 && *high > 0.9));
        let Mark::Line(line) = &marks[0] else { panic!("{marks:?}") };
        assert_eq!(line.label, "f, from lowest to highest");
    }

    #[test]
    fn a_corner_near_a_pole_is_not_wild() {
        for f in [|x: f64| 1.0 / (x - 0.003), |x: f64| (1.0 / x).sin(), f64::tan] {
            assert!(!curve(f).is_wild);
        }
        assert_eq!(curve(|x| if x > 0.011 { 1.0 } else { 0.0 }).breaks.len(), 1);
    }
}
