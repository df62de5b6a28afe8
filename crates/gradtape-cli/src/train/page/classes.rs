//! Where a network takes one class for another, and what its probabilities are worth.

use gradtape::Tensor;
use gradtape_chart::{Axis, Bars, COLOURS, Chart, Dash, GREY, Line, Mark, Panel};

use super::{NONE, Told};
use crate::error::Outcome;
use crate::measure::{Class, Shares};
use crate::model::probabilities;
use crate::page::{Cell, details, figures, paragraph, table};
use crate::report::{Number, of, percent, thousands};

/// A matrix of more classes does not fit on a page.
const MOST_CLASSES: usize = 26;

/// More classes than this are not shown one by one.
const MOST_ROWS: usize = 100;

/// More pairs are not shown.
const MOST_PAIRS: usize = 25;

/// As those of the expected calibration error.
const BINS: usize = 15;

/// Which classes are taken for which, and how good each is.
pub(super) fn errors(classes: &[Class], counts: &[Vec<usize>]) -> String {
    let confused = match classes.len() <= MOST_CLASSES {
        true => matrix(classes, counts),
        false => pairs(classes, counts),
    };
    confused + &by_class(classes, counts)
}

fn matrix(classes: &[Class], counts: &[Vec<usize>]) -> String {
    let names = classes.iter().map(|class| class.name.clone());
    let headings: Vec<String> = ["true class".to_string()].into_iter().chain(names).collect();
    let row = |(place, counts): (usize, &Vec<usize>)| {
        let all = counts.iter().sum::<usize>().max(1) as f64;
        let cell = |(other, &count): (usize, &usize)| Cell::Shade {
            text: thousands(count),
            share: count as f64 / all,
            right: place == other,
        };
        let name = classes.get(place).map_or(String::new(), |class| class.name.clone());
        (name, counts.iter().enumerate().map(cell).collect())
    };
    let rows: Vec<(String, Vec<Cell>)> = counts.iter().enumerate().map(row).collect();
    table(
        "How often each class (rows) was taken for which (columns); right answers are bold",
        &headings,
        &rows,
    )
}

/// The pairs that are confused most.
fn pairs(classes: &[Class], counts: &[Vec<usize>]) -> String {
    let mut all: Vec<(usize, usize, usize)> = Vec::new();
    for (of, row) in counts.iter().enumerate() {
        let wrong = row.iter().enumerate().filter(|(other, count)| *other != of && **count > 0);
        all.extend(wrong.map(|(other, &count)| (count, of, other)));
    }
    if all.is_empty() {
        return paragraph("No row was taken for another class.");
    }
    all.sort_by_key(|&(count, of, other)| (std::cmp::Reverse(count), of, other));
    let most = all[0].0 as f64;
    let name = |place: usize| classes.get(place).map_or(String::new(), |class| class.name.clone());
    let row = |&(count, of, other): &(usize, usize, usize)| {
        let bar = Cell::Bar { text: thousands(count), share: count as f64 / most };
        (name(of), vec![Cell::Text(name(other)), bar])
    };
    let rows: Vec<(String, Vec<Cell>)> = all.iter().take(MOST_PAIRS).map(row).collect();
    let caption = format!(
        "The pairs that were confused most, {} of {}; with {} a whole matrix does not fit",
        rows.len(),
        thousands(all.len()),
        of(classes.len(), "class")
    );
    table(&caption, &["true class", "taken for", "rows"].map(String::from), &rows)
}

fn by_class(classes: &[Class], counts: &[Vec<usize>]) -> String {
    let share = |share: Option<Number>| share.map_or(NONE.to_string(), |own| percent(own.0));
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let few = classes.len() <= MOST_ROWS;
    if !few {
        let f1 = |place: usize| classes[place].f1.map_or(f64::INFINITY, |own| own.0);
        order.sort_by(|&a, &b| f1(a).total_cmp(&f1(b)));
        order.truncate(MOST_ROWS);
    }
    let row = |place: usize| {
        let Class { name, precision, recall, f1 } = &classes[place];
        let rows = counts.get(place).map_or(0, |row| row.iter().sum());
        let shares = [precision, recall, f1].map(|own| Cell::Text(share(*own)));
        (name.clone(), [Cell::Text(thousands(rows))].into_iter().chain(shares).collect())
    };
    let rows: Vec<(String, Vec<Cell>)> = order.into_iter().map(row).collect();
    let caption = match few {
        true => "Each class: of the answers that name it, the share that is right (precision); of its rows, the share \
                 that is found (recall)"
            .to_string(),
        false => format!("The {MOST_ROWS} classes with the lowest F1, of {}", thousands(classes.len())),
    };
    table(&caption, &["class", "rows", "precision", "recall", "F1"].map(String::from), &rows)
}

/// What the probabilities of some outputs are worth.
pub(super) fn chances(
    told: &Told<'_>,
    classes: &[Class],
    shares: &Shares,
    outputs: &Tensor,
) -> Outcome<String> {
    let labels = told.prepared.split.test.targets().to_vec::<i64>()?;
    let chances = probabilities(&told.model.network, outputs)?.to_f64_vec();
    let mut body = calibration(classes.len(), &chances, &labels, shares)?;
    if let [_, second] = classes {
        let own: Vec<(f64, bool)> = chances
            .iter()
            .skip(1)
            .step_by(2)
            .zip(&labels)
            .map(|(&p, &label)| (p, label == 1))
            .collect();
        body += &two_classes(&second.name, &classes[0].name, own, shares)?;
    }
    Ok(body)
}

/// What falls into a part of the probabilities.
#[derive(Clone, Copy, Default)]
struct Bin {
    rows: usize,
    right: usize,
    sum: f64,
}

fn calibration(
    classes: usize,
    chances: &[f64],
    labels: &[i64],
    shares: &Shares,
) -> Outcome<String> {
    let mut bins = [Bin::default(); BINS];
    for (row, &label) in chances.chunks_exact(classes.max(1)).zip(labels) {
        // The first of several, as an answer is.
        let best = (0..row.len()).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
        let bin = &mut bins[((row[best] * BINS as f64).ceil() as usize).clamp(1, BINS) - 1];
        bin.rows += 1;
        bin.right += usize::from(best as i64 == label);
        bin.sum += row[best];
    }
    let ends = |place: usize| (place as f64 / BINS as f64, (place + 1) as f64 / BINS as f64);
    let filled: Vec<(usize, Bin)> =
        bins.iter().copied().enumerate().filter(|(_, bin)| bin.rows > 0).collect();
    let bars = |of: &dyn Fn(&Bin) -> f64| -> Vec<(f64, f64, f64)> {
        filled.iter().map(|(place, bin)| (ends(*place).0, ends(*place).1, of(bin))).collect()
    };
    let right = |bin: &Bin| bin.right as f64 / bin.rows as f64;
    let x = || Axis::new("probability of the answer", 0.0, 1.0);
    let diagonal = Line {
        points: vec![(0.0, 0.0), (1.0, 1.0)],
        dash: Dash::Short,
        label: "as it should be".into(),
        ..Line::default()
    };
    let shown =
        Bars { bars: bars(&right), colour: COLOURS[0], label: "answers".into(), ..Bars::default() };
    let most = filled.iter().map(|(_, bin)| bin.rows).max().unwrap_or(1) as f64;
    let counts = Bars { bars: bars(&|bin| bin.rows as f64), colour: COLOURS[0], ..Bars::default() };
    let panels = vec![
        Panel {
            x: x(),
            y: Axis::new("share of right answers", 0.0, 1.0),
            equal: false,
            marks: vec![Mark::Bars(shown), Mark::Line(diagonal)],
        },
        Panel {
            x: x(),
            y: Axis::new("rows", 0.0, 1.08 * most),
            equal: false,
            marks: vec![Mark::Bars(counts)],
        },
    ];
    let chart = Chart { title: "calibration".into(), panels };
    let error = shares.calibration_error.map_or(NONE.to_string(), |own| percent(own.0));
    let below = format!(
        "Calibration: bars above the line are answers that are right more often than their probability says, bars \
         below it less often. Expected calibration error {error}, in {BINS} bins weighed by their rows."
    );
    let row = |(place, bin): &(usize, Bin)| {
        let (from, to) = ends(*place);
        let cells = [thousands(bin.rows), percent(bin.sum / bin.rows as f64), percent(right(bin))];
        (format!("{from:.3} to {to:.3}"), cells.map(Cell::Text).into())
    };
    let rows: Vec<(String, Vec<Cell>)> = filled.iter().map(row).collect();
    let headings = ["probability", "rows", "its mean", "right answers"].map(String::from);
    let numbers = details("The numbers of these bars", &table("Calibration", &headings, &rows));
    Ok(figures(&chart, below)? + &numbers)
}

/// Of two classes: the probabilities of the second one by class, and the ROC curve.
fn two_classes(
    second: &str,
    first: &str,
    rows: Vec<(f64, bool)>,
    shares: &Shares,
) -> Outcome<String> {
    const PARTS: usize = 20;
    let positives = rows.iter().filter(|(_, is)| *is).count();
    let mut counts = [[0usize; PARTS]; 2];
    for (chance, is) in &rows {
        let part = ((chance * PARTS as f64) as usize).min(PARTS - 1);
        counts[usize::from(*is)][part] += 1;
    }
    let bars = |counts: &[usize; PARTS]| -> Vec<(f64, f64, f64)> {
        let bar = |(place, &count): (usize, &usize)| {
            let from = place as f64 / PARTS as f64;
            (from, from + 1.0 / PARTS as f64, count as f64)
        };
        counts.iter().enumerate().map(bar).collect()
    };
    let most = counts.iter().flatten().copied().max().unwrap_or(1) as f64;
    let behind =
        Bars { bars: bars(&counts[0]), colour: COLOURS[4], label: first.into(), hollow: false };
    let before =
        Bars { bars: bars(&counts[1]), colour: COLOURS[1], label: second.into(), hollow: true };
    let mut panels = vec![Panel {
        x: Axis::new(format!("probability of {second}"), 0.0, 1.0),
        y: Axis::new("rows", 0.0, 1.08 * most),
        equal: false,
        marks: vec![Mark::Bars(behind), Mark::Bars(before)],
    }];
    if positives > 0 && positives < rows.len() {
        let chance = Line {
            points: vec![(0.0, 0.0), (1.0, 1.0)],
            colour: GREY,
            dash: Dash::Short,
            label: "by chance".into(),
            ..Line::default()
        };
        let curve = Line { points: roc(rows), label: "network".into(), ..Line::nth(0) };
        panels.push(Panel {
            x: Axis::new(format!("share of {first} taken for {second}"), 0.0, 1.0),
            y: Axis::new(format!("share of {second} found"), 0.0, 1.0),
            equal: false,
            marks: vec![Mark::Line(chance), Mark::Line(curve)],
        });
    }
    let area = shares.roc_auc.map_or(NONE.to_string(), |own| format!("{:.4}", own.0));
    let below = format!(
        "The rows of each class by the probability of {second}, and the ROC curve; its area is {area}."
    );
    figures(&Chart { title: "probabilities".into(), panels }, below)
}

/// The shares of negatives and of positives that are above each threshold.
fn roc(mut rows: Vec<(f64, bool)>) -> Vec<(f64, f64)> {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = rows.iter().filter(|(_, is)| *is).count();
    let negatives = rows.len() - positives;
    let (mut yes, mut no) = (0usize, 0usize);
    let mut points = vec![(0.0, 0.0)];
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let found = equal.iter().filter(|(_, is)| *is).count();
        (yes, no) = (yes + found, no + equal.len() - found);
        points.push((no as f64 / negatives.max(1) as f64, yes as f64 / positives.max(1) as f64));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::roc;

    #[test]
    fn the_area_under_the_curve_is_the_metric() {
        let rows = vec![(0.1, false), (0.4, false), (0.35, true), (0.8, true), (0.4, true)];
        let points = roc(rows.clone());
        let area: f64 =
            points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[0].1 + p[1].1) / 2.0).sum();
        let (scores, positive): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
        assert_eq!(area, gradtape::metric::roc_auc(&scores, &positive).unwrap());
    }
}
