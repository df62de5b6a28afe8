//! The picture of a comparison.

use gradtape_chart::{Axis, Band, Chart, Line, Mark, Panel};

use super::{Comparison, Ran, decisive};

impl Comparison {
    /// The loss against epochs and against steps; of several seeds or folds the mean while all of
    /// them go on, in a band from the lowest to the highest, and then each by itself.
    pub(super) fn chart(&self, all: &[Ran]) -> Chart {
        let of_epochs =
            |ran: &Ran| -> Vec<f64> { ran.done.history.epochs.iter().map(decisive).collect() };
        let alone = |ran: &Ran| -> Vec<Stretch> {
            let numbered = (1..).map(f64::from).zip(of_epochs(ran));
            numbered.map(|(at, mean)| Stretch { at, mean, low: mean, high: mean }).collect()
        };
        let stretch = all.iter().map(|ran| length(&ran.losses)).max().unwrap_or(1);
        let steps = match stretch {
            1 => "step".to_string(),
            // How far single batches are from their mean is what tells sizes of batches apart.
            _ if self.shows_range(all) => {
                format!("step, means of {stretch} in bands from the lowest to the highest")
            }
            _ => format!("step, means of {stretch}"),
        };
        let panels = vec![
            self.panel(all, "epoch", "loss", &alone),
            self.panel(all, &steps, "training loss", &|ran| stretches(&ran.losses, stretch)),
        ];
        let title = format!("{} compared", self.flags.join(", "));
        Chart { title, panels }
    }

    fn panel(&self, all: &[Ran], x: &str, y: &str, curve: &dyn Fn(&Ran) -> Vec<Stretch>) -> Panel {
        let mut marks = Vec::new();
        let mut extents = (f64::INFINITY, 0.0f64, 1.0f64);
        for (number, (key, group)) in self.groups(all).into_iter().enumerate() {
            let own: Vec<Vec<Stretch>> = group.iter().map(|ran| curve(ran)).collect();
            let mean = |part: &Stretch| (part.at, part.mean);
            let curves: Vec<Vec<(f64, f64)>> =
                own.iter().map(|parts| parts.iter().map(mean).collect()).collect();
            for &(x, y) in curves.iter().flatten().filter(|(_, y)| y.is_finite() && *y > 0.0) {
                extents = (extents.0.min(y), extents.1.max(y), extents.2.max(x));
            }
            let names = self.settings();
            let said: Vec<String> =
                names.iter().zip(&key).map(|(name, value)| format!("{name} {value}")).collect();
            let label = if said.is_empty() { "mean".to_string() } else { said.join(", ") };
            let style = Line::nth(number);
            // A mean over those that are left would jump where one ends.
            let together = curves.iter().map(Vec::len).min().unwrap_or(0);
            let of_all: Vec<(f64, Vec<f64>)> = (0..together)
                .map(|at| (curves[0][at].0, curves.iter().map(|curve| curve[at].1).collect()))
                .collect();
            if curves.len() > 1 {
                let ends = |(x, values): &(f64, Vec<f64>)| {
                    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                    (*x, low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
                };
                let points = of_all.iter().map(ends).collect();
                marks.push(Mark::Band(Band { points, colour: style.colour }));
                let alone = curves.iter().filter(|curve| curve.len() > together);
                marks.extend(alone.map(|curve| {
                    let points = curve[together.saturating_sub(1)..].to_vec();
                    Mark::Line(Line { points, thin: true, ..style.clone() })
                }));
            }
            if let ([parts], true) = (&own[..], self.shows_range(all)) {
                // Where a loss is 0, its logarithm has no place.
                let ends = |part: &Stretch| (part.at, part.low.max(f64::MIN_POSITIVE), part.high);
                let is_wide = parts.iter().any(|part| part.high > part.low);
                let points = parts.iter().map(ends).filter(|_| is_wide).collect();
                marks.push(Mark::Band(Band { points, colour: style.colour }));
            }
            let mean = |(x, values): (f64, Vec<f64>)| {
                (x, values.iter().sum::<f64>() / values.len() as f64)
            };
            let points = of_all.into_iter().map(mean).collect();
            marks.push(Mark::Line(Line { points, label, ..style }));
        }
        // Lines lie above all bands.
        marks.sort_by_key(|mark| !matches!(mark, Mark::Band(_)));
        let (low, high, last) = extents;
        let y = match low.is_finite() && low > 0.0 && high > low {
            true => Axis::logarithmic(format!("{y} (logarithmic)"), 0.9 * low, 1.1 * high),
            false => Axis::new(y, 0.0, 1.0),
        };
        Panel { x: Axis::new(x, 1.0, last.max(2.0)), y, equal: false, marks }
    }
}

/// Losses that follow each other.
struct Stretch {
    /// The number of the middle one.
    at: f64,
    mean: f64,
    low: f64,
    high: f64,
}

/// More points of noisy lines hide each other.
const MOST_STRETCHES: usize = 60;

/// More bands would lie over each other.
const MOST_BANDS: usize = 3;

impl Comparison {
    /// Whether the lowest and the highest loss of each stretch are shown, which of many trainings would hide the means.
    fn shows_range(&self, all: &[Ran]) -> bool {
        let groups = self.groups(all);
        groups.len() <= MOST_BANDS && groups.iter().all(|(_, group)| group.len() == 1)
    }
}

/// How many losses a stretch has, so that there are as many as can be told apart.
fn length(losses: &[f64]) -> usize {
    losses.len().div_ceil(MOST_STRETCHES).max(1)
}

/// The losses in stretches of a length.
fn stretches(losses: &[f64], length: usize) -> Vec<Stretch> {
    let stretch = |(place, part): (usize, &[f64])| Stretch {
        at: (place * length) as f64 + (part.len() as f64 + 1.0) / 2.0,
        mean: part.iter().sum::<f64>() / part.len() as f64,
        low: part.iter().copied().fold(f64::INFINITY, f64::min),
        high: part.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    };
    losses.chunks(length).enumerate().map(stretch).collect()
}
