//! What a user should think of before a number is trusted: order in time, and columns that give the answer away.

use std::collections::BTreeMap;

use gradtape::data::{Column, ColumnKind, Feature, Preprocessing, Table, Target};
use gradtape::shell_word;

use crate::division::Division;
use crate::report::percent;

/// Fewer rows tell nothing.
const ENOUGH_ROWS: usize = 30;

/// Of more rows some are looked at, at even distances.
const MOST_ROWS: usize = 3000;

/// A note where rows have dates and the latest are not what is held out.
pub(crate) fn of_order(
    table: &Table,
    preprocessing: &Preprocessing,
    division: &Division,
) -> Option<String> {
    if matches!(division, Division::Time(_)) || table.len() < ENOUGH_ROWS {
        return None;
    }
    let dated = |column: &&Column| {
        column.kind() == ColumnKind::Time && column.name() != preprocessing.target().column()
    };
    let mut dates = table.columns().iter().filter(dated);
    let (first, sorted) = (dates.clone().next()?, dates.find(|column| is_sorted(column)));
    Some(match sorted {
        Some(column) => format!(
            "the rows are in order of time by {:?}; held out at random, they tell less than the future will: --split time \
             {} holds out the latest",
            column.name(),
            shell_word(column.name())
        ),
        None => format!(
            "{:?} holds dates: where the future is to be predicted, hold out the latest rows (--split time {})",
            first.name(),
            shell_word(first.name())
        ),
    })
}

/// Whether the moments of a column rise or fall all the way.
fn is_sorted(column: &Column) -> bool {
    let times: Vec<f64> = column.numbers().into_iter().filter(|time| !time.is_nan()).collect();
    let rises = times.windows(2).all(|pair| pair[0] <= pair[1]);
    let falls = times.windows(2).all(|pair| pair[0] >= pair[1]);
    (rises || falls) && times.first() != times.last()
}

/// Notes on columns each of which tells the target by itself in nearly all training rows.
pub(crate) fn of_leaks(
    table: &Table,
    preprocessing: &Preprocessing,
    rows: &[usize],
) -> Vec<String> {
    if rows.len() < ENOUGH_ROWS {
        return Vec::new();
    }
    let target = preprocessing.target();
    let step = rows.len().div_ceil(MOST_ROWS);
    let chosen: Vec<usize> = rows.iter().step_by(step).copied().collect();
    let Ok(table) = table.rows(&chosen) else { return Vec::new() };
    let rows: &[usize] = &(0..chosen.len()).collect::<Vec<usize>>();
    let Ok(answers) = table.column(target.column()) else { return Vec::new() };
    let mut notes = Vec::new();
    for feature in preprocessing.features() {
        let Ok(column) = table.column(feature.column()) else { continue };
        let told = match target {
            Target::Classes { .. } => of_classes(column, answers, feature, rows),
            Target::Number { .. } => of_numbers(column, answers, feature, rows),
        };
        if let Some(told) = told {
            notes.push(format!(
                "column {:?} alone tells {:?}{told}: is it known before the answer is? (--ignore {})",
                column.name(),
                target.column(),
                shell_word(column.name())
            ));
        }
    }
    notes
}

/// Where nearly every training row has the answer of the rows with the same value, or of the next value.
fn of_classes(
    column: &Column,
    answers: &Column,
    feature: &Feature,
    rows: &[usize],
) -> Option<String> {
    let answer = |row: usize| answers.cell(row).unwrap_or_default();
    let mut counts = BTreeMap::<&str, usize>::new();
    rows.iter().for_each(|&row| *counts.entry(answer(row)).or_default() += 1);
    let most = *counts.values().max()?;
    // How many answers are as those of other rows, of how many that could be.
    let (right, all) = match feature {
        Feature::Number { .. } | Feature::Time { .. } => {
            let values = column.numbers();
            let mut order: Vec<usize> =
                rows.iter().copied().filter(|&row| !values[row].is_nan()).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            let same = order.windows(2).filter(|pair| answer(pair[0]) == answer(pair[1])).count();
            // Between classes that are apart they differ once.
            let all = rows.len() - 1;
            ((same + counts.len() - 1).min(all), all)
        }
        _ => {
            let mut groups = BTreeMap::<&str, BTreeMap<&str, usize>>::new();
            for &row in rows {
                let group = groups.entry(column.cell(row).unwrap_or_default()).or_default();
                *group.entry(answer(row)).or_default() += 1;
            }
            // A value that comes once tells nothing.
            let most = groups.values().filter_map(|group| group.values().max());
            (most.map(|most| most - 1).sum(), rows.len() - groups.len())
        }
    };
    let share = right as f64 / all as f64;
    let limit = 1.0 - (0.5 * (1.0 - most as f64 / rows.len() as f64)).min(0.01);
    let tells = share >= limit && 2 * all > rows.len() && most < rows.len();
    tells.then(|| format!(" in {} of the training rows", percent(share)))
}

/// Where the answers follow a straight line.
fn of_numbers(
    column: &Column,
    answers: &Column,
    feature: &Feature,
    rows: &[usize],
) -> Option<String> {
    if !matches!(feature, Feature::Number { .. }) {
        return None;
    }
    let (xs, ys) = (column.numbers(), answers.numbers());
    let pairs =
        rows.iter().map(|&row| (xs[row], ys[row])).filter(|(x, y)| x.is_finite() && y.is_finite());
    let pairs: Vec<(f64, f64)> = pairs.collect();
    if pairs.len() < ENOUGH_ROWS {
        return None;
    }
    let n = pairs.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| pairs.iter().map(part).sum::<f64>() / n;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |part: &dyn Fn(f64, f64) -> f64| {
        pairs.iter().map(|pair| part(pair.0 - x, pair.1 - y)).sum::<f64>()
    };
    let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    let share = xy * xy / (xx * yy);
    (share > 0.999).then(|| format!(", on a straight line (R² {share:.4})"))
}
