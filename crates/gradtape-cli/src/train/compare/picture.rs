//! The picture of a comparison.

use gradtape_chart::{Axis, Band, Chart, Line, Mark, Panel};

use super::{Comparison, Ran, decisive};

impl Comparison {
    /// The loss against epochs and against steps; of several seeds or folds the mean while all of
    /// them go on, in a band from the lowest to the highest, and then each by itself.
    pub(super) fn chart(&self, all: &[Ran]) -> Chart {
        let of_epochs =
            |ran: &Ran| -> Vec<f64> { ran.done.history.epochs.iter().map(decisive).collect() };
        let of_steps = |ran: &Ran| averaged(&ran.losses);
        let panels = vec![
            self.panel(all, "epoch", "loss", &|ran| numbered(&of_epochs(ran), 1.0)),
            self.panel(all, "step", "training loss", &of_steps),
        ];
        let title = format!("{} compared", self.flags.join(", "));
        Chart { title, panels }
    }

    fn panel(
        &self,
        all: &[Ran],
        x: &str,
        y: &str,
        curve: &dyn Fn(&Ran) -> Vec<(f64, f64)>,
    ) -> Panel {
        let mut marks = Vec::new();
        let mut extents = (f64::INFINITY, 0.0f64, 1.0f64);
        for (number, (key, group)) in self.groups(all).into_iter().enumerate() {
            let curves: Vec<Vec<(f64, f64)>> = group.iter().map(|ran| curve(ran)).collect();
            for &(x, y) in curves.iter().flatten().filter(|(_, y)| y.is_finite() && *y > 0.0) {
                extents = (extents.0.min(y), extents.1.max(y), extents.2.max(x));
            }
            let names = self.settings();
            let own: Vec<String> =
                names.iter().zip(&key).map(|(name, value)| format!("{name} {value}")).collect();
            let label = if own.is_empty() { "mean".to_string() } else { own.join(", ") };
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

fn numbered(values: &[f64], first: f64) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(place, &value)| (first + place as f64, value)).collect()
}

/// More points of noisy lines hide each other.
const MOST_STRETCHES: usize = 60;

/// So many losses as can be told apart, each the mean of a stretch.
fn averaged(losses: &[f64]) -> Vec<(f64, f64)> {
    let stretch = losses.len().div_ceil(MOST_STRETCHES).max(1);
    let mean = |(place, part): (usize, &[f64])| {
        let middle = (place * stretch) as f64 + (part.len() as f64 + 1.0) / 2.0;
        (middle, part.iter().sum::<f64>() / part.len() as f64)
    };
    losses.chunks(stretch).enumerate().map(mean).collect()
}
