//! How far predicted numbers are from the true ones.

use gradtape::Tensor;
use gradtape_chart::{Axis, Bars, COLOURS, Chart, Dash, Dots, Line, Mark, Panel, extent};

use super::{Told, thinned};
use crate::error::Outcome;
use crate::interval::{Residuals, bounds};
use crate::measure::short;
use crate::page::{Cell, figures, paragraph, table};
use crate::report::{of, percent};

/// Numbers whose largest is so many times the least are told apart by their ratios.
const LOGARITHMIC: f64 = 100.0;

/// Pairs of a true number and the predicted one, in the unit of the target.
fn pairs(told: &Told<'_>, outputs: &Tensor) -> Outcome<Vec<(f64, f64)>> {
    let preprocessing = &told.prepared.preprocessing;
    let known = preprocessing.target_numbers(told.prepared.split.test.targets())?;
    Ok(known.into_iter().zip(preprocessing.predicted_numbers(outputs)?).collect())
}

/// Predicted against true, residuals against predicted, and how residuals are spread.
pub(super) fn errors(told: &Told<'_>, outputs: &Tensor) -> Outcome<String> {
    let target = told.prepared.preprocessing.target().column();
    let all = pairs(told, outputs)?;
    let residuals: Vec<f64> = all.iter().map(|(known, predicted)| predicted - known).collect();
    let (shown, said) = thinned(all.clone());
    let ends = extent(all.iter().flat_map(|&(a, b)| [a, b])).unwrap_or((0.0, 1.0));
    let axis = |name: String| match ends {
        (low, high) if low > 0.0 && high / low >= LOGARITHMIC => {
            Axis::logarithmic(name + " (logarithmic)", 0.9 * low, 1.1 * high)
        }
        ends => Axis::around(name, ends),
    };
    let dots = |points| Mark::Dots(Dots { points, colour: COLOURS[0], ..Dots::default() });
    let line = |from, to| {
        let points = vec![from, to];
        Mark::Line(Line { points, colour: COLOURS[1], dash: Dash::Short, ..Line::default() })
    };
    let (x, y) = (axis(format!("true {target}")), axis(format!("predicted {target}")));
    let (low, high) = (x.low, x.high);
    let against_true = Panel {
        x,
        y,
        equal: true,
        marks: vec![dots(shown.clone()), line((low, low), (high, high))],
    };
    let off = extent(residuals.iter().copied()).unwrap_or((-1.0, 1.0));
    let x = axis(format!("predicted {target}"));
    let (low, high) = (x.low, x.high);
    let against_predicted = Panel {
        x,
        y: Axis::around("predicted minus true", off),
        equal: false,
        marks: vec![
            dots(shown.into_iter().map(|(known, own)| (own, own - known)).collect()),
            line((low, 0.0), (high, 0.0)),
        ],
    };
    let bars = histogram(&residuals, off);
    let most = bars.iter().map(|bar| bar.2).fold(1.0, f64::max);
    let spread = Panel {
        x: Axis::around("predicted minus true", off),
        y: Axis::new("rows", 0.0, 1.08 * most),
        equal: false,
        marks: vec![
            Mark::Bars(Bars { bars, colour: COLOURS[0], ..Bars::default() }),
            line((0.0, 0.0), (0.0, 1.08 * most)),
        ],
    };
    let chart =
        Chart { title: "errors".into(), panels: vec![against_true, against_predicted, spread] };
    let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
    let below = format!(
        "Where predicted equals true is the dashed line. Predicted numbers are {} on average.{said}",
        match mean {
            mean if mean < 0.0 => format!("too small by {}", short(-mean)),
            mean => format!("too large by {}", short(mean)),
        }
    );
    figures(&chart, below)
}

/// How many of the values are in each part between the ends.
fn histogram(values: &[f64], (low, high): (f64, f64)) -> Vec<(f64, f64, f64)> {
    let finite = values.iter().filter(|value| value.is_finite()).count();
    let parts = ((finite as f64).sqrt().ceil() as usize).clamp(5, 40);
    let width = if high > low { (high - low) / parts as f64 } else { 1.0 };
    let mut counts = vec![0usize; parts];
    for value in values.iter().filter(|value| value.is_finite()) {
        counts[(((value - low) / width) as usize).min(parts - 1)] += 1;
    }
    let bar = |(place, count): (usize, usize)| {
        let from = low + place as f64 * width;
        (from, from + width, count as f64)
    };
    counts.into_iter().enumerate().map(bar).collect()
}

/// How many of the rows held out are in the intervals that the errors on validation rows give.
pub(super) fn intervals(told: &Told<'_>, outputs: &Tensor) -> Outcome<String> {
    let all = pairs(told, outputs)?;
    let predicted: Vec<f64> = all.iter().map(|(_, own)| *own).collect();
    let mut rows: Vec<(String, Vec<Cell>)> = Vec::new();
    for share in [0.5, 0.8, 0.9, 0.95] {
        let Ok(reach) = Residuals::reach(told.model, share) else { continue };
        let [low, high] = bounds(&told.prepared.preprocessing, outputs, &predicted, reach)?;
        let mut widths: Vec<f64> = low.iter().zip(&high).map(|(low, high)| high - low).collect();
        widths.sort_by(f64::total_cmp);
        let within = |((known, _), (low, high)): &(&(f64, f64), (&f64, &f64))| {
            (**low..=**high).contains(known)
        };
        let inside = all.iter().zip(low.iter().zip(&high)).filter(within).count();
        let reached = inside as f64 / all.len().max(1) as f64;
        let width = widths.get(widths.len() / 2).copied().unwrap_or(0.0);
        let cells = [short(width), percent(reached)].map(Cell::Text);
        rows.push((format!("{:.0} %", 100.0 * share), cells.into()));
    }
    if rows.is_empty() {
        return Ok(paragraph("There are too few validation rows for intervals."));
    }
    let headings =
        ["asked for", "width in the middle", "of the rows held out are inside"].map(String::from);
    let caption = "Intervals as of predict --interval, from the errors on validation rows";
    let few = match all.len() {
        count if count < 100 => paragraph(format!(
            "With {} a share is known to within some hundredths at best.",
            of(count, "row")
        )),
        _ => String::new(),
    };
    Ok(table(caption, &headings, &rows) + &few)
}

#[cfg(test)]
mod tests {
    use super::histogram;

    #[test]
    fn every_number_is_in_a_bar() {
        for values in [vec![1.0], vec![3.0; 7], vec![-1.0, 0.0, 2.0, f64::NAN]] {
            let ends = gradtape_chart::extent(values.iter().copied()).unwrap();
            let bars = histogram(&values, ends);
            let count: f64 = bars.iter().map(|bar| bar.2).sum();
            assert_eq!(count, values.iter().filter(|value| value.is_finite()).count() as f64);
        }
    }
}
