//! The picture of a comparison.

use gradtape_chart::{Axis, COLOURS, Chart, Line, Mark, Panel};

use super::{Comparison, Ran, decisive};

impl Comparison {
    /// The loss against epochs and against steps; of several seeds or folds the mean, with the lowest and highest in dashes.
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
            let longest =
                curves.iter().max_by_key(|curve| curve.len()).cloned().unwrap_or_default();
            let at =
                |place: usize| curves.iter().filter_map(move |curve| Some(curve.get(place)?.1));
            let line = |of: &dyn Fn(Vec<f64>) -> f64| -> Vec<(f64, f64)> {
                let point = |(place, &(x, _)): (usize, &(f64, f64))| (x, of(at(place).collect()));
                longest.iter().enumerate().map(point).collect()
            };
            let mean = line(&|values| values.iter().sum::<f64>() / values.len() as f64);
            for &(x, y) in mean.iter().filter(|(_, y)| y.is_finite() && *y > 0.0) {
                extents = (extents.0.min(y), extents.1.max(y), extents.2.max(x));
            }
            let colour = COLOURS[number % COLOURS.len()];
            let names = self.settings();
            let own: Vec<String> =
                names.iter().zip(&key).map(|(name, value)| format!("{name} {value}")).collect();
            let label = if own.is_empty() { "mean".to_string() } else { own.join(", ") };
            let dashed = number >= COLOURS.len();
            marks.push(Mark::Line(Line { points: mean, colour, dashed, label, ..Line::default() }));
            if curves.len() > 1 {
                let ends: [&dyn Fn(Vec<f64>) -> f64; 2] =
                    [&|values| values.into_iter().fold(f64::INFINITY, f64::min), &|values| {
                        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }];
                marks.extend(ends.map(|end| {
                    Mark::Line(Line { points: line(end), colour, dashed: true, ..Line::default() })
                }));
            }
        }
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

/// So many losses as can be told apart, each the mean of a stretch.
fn averaged(losses: &[f64]) -> Vec<(f64, f64)> {
    let stretch = losses.len().div_ceil(200).max(1);
    let mean = |(place, part): (usize, &[f64])| {
        let middle = (place * stretch) as f64 + (part.len() as f64 + 1.0) / 2.0;
        (middle, part.iter().sum::<f64>() / part.len() as f64)
    };
    losses.chunks(stretch).enumerate().map(mean).collect()
}
