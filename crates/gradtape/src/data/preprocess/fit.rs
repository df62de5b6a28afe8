//! Learning from rows what becomes of their columns.

use super::{Feature, PreprocessOptions, Target};
use crate::data::standardise::mean_and_scale;
use crate::data::{Categories, Column, ColumnKind, Fractions, Rows, Table, Task};
use crate::tensor::{Error, Kind, Result};

impl Table {
    /// Rows for training, validation and test, chosen at random; stratified where the target is a
    /// class. The target and its task are found as by
    /// [`Preprocessing::fit`](super::Preprocessing::fit).
    pub fn split_rows(
        &self,
        target: &str,
        options: &PreprocessOptions,
        fractions: Fractions,
        seed: u64,
    ) -> Result<Rows> {
        match target_of(self, target, None, options)? {
            (Target::Classes { .. }, labels) => Rows::stratified(&labels, fractions, seed),
            (Target::Number { .. }, _) => Rows::random(self.len(), fractions, seed),
        }
    }
}

/// Columns of text with more values are left out.
const MOST_CATEGORIES: usize = 1000;

/// From this many rows on, text that hardly ever repeats is taken for names or remarks.
const ENOUGH_ROWS: usize = 20;

/// The target fitted on some rows (or all), and the class number of every row of the table.
pub(super) fn target_of(
    table: &Table,
    target: &str,
    rows: Option<&[usize]>,
    options: &PreprocessOptions,
) -> Result<(Target, Vec<i64>)> {
    let kind = table.column(target)?.kind();
    if options.ignore.iter().any(|ignored| ignored == target) {
        let message = format!("column {target:?} is the target and also to be left out");
        return Err(Error::new(Kind::Value, message)
            .hint("take it from the columns to leave out, or choose another target"));
    }
    let listed = options.categories.iter().any(|name| name == target);
    if kind == ColumnKind::Category && !listed {
        table.refuse_commas(table.column(target)?)?;
    }
    let task = match options.task {
        Some(task) => task,
        None if listed => Task::Classification,
        None => Task::infer(table, target)?,
    };
    let column = target.to_string();
    if task == Task::Regression {
        let numbers = target_numbers(table, target)?;
        let all = || (0..table.len()).collect();
        let rows = rows.map_or_else(all, <[usize]>::to_vec);
        if let Some(&first) = rows.first()
            && rows.iter().all(|&row| numbers[row] == numbers[first])
        {
            let message = format!(
                "{}: column {target:?} is {} in every training row",
                table.source(),
                numbers[first]
            );
            return Err(Error::new(Kind::Data, message).hint("there is nothing to predict"));
        }
        let (mean, scale) = moments(table, target, rows.iter().map(|&row| numbers[row]))?;
        return Ok((Target::Number { column, mean, scale }, Vec::new()));
    }
    let numeric = kind == ColumnKind::Number && !listed;
    let names = class_names(table, target, numeric)?;
    let mut classes = Categories::of(names.iter().map(String::as_str));
    if numeric {
        let mut sorted = classes.names().to_vec();
        let number = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
        sorted.sort_by(|a, b| number(a).total_cmp(&number(b)));
        classes = Categories::new(sorted)?;
    }
    let at = format!("{}: column {target:?}", table.source());
    if classes.len() < 2 {
        let message = format!("{at} has only the class {:?}", names[0]);
        return Err(Error::new(Kind::Data, message).hint("there must be two or more"));
    }
    if seldom_repeats(classes.len(), table.len()) || classes.len() > MOST_CATEGORIES {
        let message = format!(
            "{at} has {} different values in {} rows, such as {:?}; these are not classes",
            classes.len(),
            table.len(),
            names[0]
        );
        let hint = match numeric {
            true => "for a number to predict, choose regression",
            false => "for a number to predict, write plain numbers, without signs and units",
        };
        return Err(Error::new(Kind::Data, message).hint(hint));
    }
    let labels = classes.encode(names.iter().map(String::as_str))?.to_vec::<i64>()?;
    Ok((Target::Classes { column, numeric, classes }, labels))
}

/// What the user should know of the columns.
#[derive(Default)]
pub(super) struct Notes {
    lines: Vec<String>,
    /// Columns that are the same in every training row.
    same: Vec<(String, f64)>,
}

impl Notes {
    /// As lines; many columns of the same kind, as the margins of images, share one.
    pub(super) fn into_lines(self) -> Vec<String> {
        let Notes { mut lines, same } = self;
        match &same[..] {
            [(first, _), .., (last, _)] if same.len() > 5 => lines.push(format!(
                "{} columns left out, {first:?} to {last:?}: the same in every training row",
                same.len()
            )),
            _ => lines.extend(same.iter().map(|(name, value)| {
                format!("column {name:?} left out: {value} in every training row")
            })),
        }
        lines
    }
}

pub(super) fn feature_of(
    table: &Table,
    column: &Column,
    rows: &[usize],
    options: &PreprocessOptions,
    notes: &mut Notes,
) -> Result<Option<Feature>> {
    let name = column.name();
    let listed = options.categories.iter().any(|listed| listed == name);
    let feature = match column.kind() {
        ColumnKind::Empty => {
            notes.lines.push(format!("column {name:?} left out: every value is missing"));
            return Ok(None);
        }
        ColumnKind::Number if !listed => {
            let numbers = table.numbers(name)?;
            let known = || rows.iter().map(|&row| numbers[row]).filter(|number| !number.is_nan());
            let Some(first) = known().next() else {
                notes.lines.push(format!("column {name:?} left out: no training row has a value"));
                return Ok(None);
            };
            if rows.len() > 1 && known().all(|number| number == first) {
                notes.same.push((name.to_string(), first));
                return Ok(None);
            }
            if counts_rows(&numbers) {
                if column.is_unnamed() {
                    let reason = "it only numbers the rows, and has no name";
                    notes.lines.push(format!("column {name:?} left out: {reason}"));
                    return Ok(None);
                }
                notes.lines.push(format!(
                    "column {name:?} only numbers the rows: ignore it (--ignore), unless their order \
                     matters"
                ));
            }
            let (mean, scale) = moments(table, name, rows.iter().map(|&row| numbers[row]))?;
            Feature::Number { column: name.to_string(), mean, scale }
        }
        _ => {
            if !listed {
                table.refuse_commas(column)?;
            }
            let categories = Categories::of(column.cells().flatten());
            let count = categories.len();
            let seldom = seldom_repeats(count, table.len() - column.missing());
            if count > MOST_CATEGORIES || seldom && !listed {
                let example = column.cells().flatten().next().unwrap_or_default();
                let advice = match looks_like_date(example) {
                    true => "; dates are not understood, make numbers of them",
                    false => "",
                };
                notes.lines.push(format!(
                    "column {name:?} left out: {count} different values in {} rows, such as \
                     {example:?}{advice}",
                    table.len()
                ));
                return Ok(None);
            }
            Feature::Category { column: name.to_string(), categories }
        }
    };
    if column.missing() > 0 {
        notes.lines.push(filled(name, column.missing(), table.len(), &feature));
    }
    Ok(Some(feature))
}

/// Whether the numbers of a column are those of its rows, from any start on.
fn counts_rows(numbers: &[f64]) -> bool {
    numbers.len() >= ENOUGH_ROWS
        && numbers[0].fract() == 0.0
        && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
}

/// Digits in groups, with - / . or : between them.
fn looks_like_date(text: &str) -> bool {
    let groups = text.split(|c: char| "-/.: T".contains(c)).collect::<Vec<_>>();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    groups.len() >= 3 && groups[..3].iter().all(digits)
}

/// The note on missing values of a column.
pub(super) fn filled(column: &str, missing: usize, rows: usize, feature: &Feature) -> String {
    let taken = match feature {
        Feature::Number { mean, .. } => format!("the mean {}", short(*mean)),
        Feature::Category { .. } => "none of its categories".to_string(),
    };
    format!("column {column:?}: {missing} of {rows} values missing, taken as {taken}")
}

/// A number for people: to six digits, with an exponent where it is very large or small.
fn short(number: f64) -> String {
    let rounded = format!("{number:.5e}").parse::<f64>().unwrap_or(number);
    match rounded.abs() {
        0.0 => "0".to_string(),
        size if (1e-4..1e9).contains(&size) => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

fn seldom_repeats(different: usize, rows: usize) -> bool {
    rows >= ENOUGH_ROWS && 2 * different > rows
}

fn moments(
    table: &Table,
    column: &str,
    values: impl Iterator<Item = f64> + Clone,
) -> Result<(f64, f64)> {
    let any = values.clone().any(|value| !value.is_nan());
    mean_and_scale(values).ok_or_else(|| {
        let what = if any {
            "the spread of its values overflows or vanishes"
        } else {
            "no training row has a value"
        };
        Error::new(Kind::Data, format!("{}: column {column:?}: {what}", table.source()))
    })
}

pub(super) fn class_names(table: &Table, column: &str, numeric: bool) -> Result<Vec<String>> {
    if numeric {
        // Adding 0 turns -0 into 0.
        return Ok(target_numbers(table, column)?.iter().map(|n| (n + 0.0).to_string()).collect());
    }
    let name = |(row, cell): (usize, Option<&str>)| {
        cell.map(String::from).ok_or_else(|| no_target(table, row, column))
    };
    table.column(column)?.cells().enumerate().map(name).collect()
}

pub(super) fn target_numbers(table: &Table, column: &str) -> Result<Vec<f64>> {
    let numbers = table.numbers(column)?;
    match numbers.iter().position(|number| number.is_nan()) {
        Some(row) => Err(no_target(table, row, column)),
        None => Ok(numbers),
    }
}

fn no_target(table: &Table, row: usize, column: &str) -> Error {
    let message = format!("{}: the target is missing", table.place(row, column));
    Error::new(Kind::Data, message).hint("remove the row or fill in the value")
}

/// A number as the network sees it; a missing one is the mean.
pub(super) fn standardised(
    number: f64,
    mean: f64,
    scale: f64,
    place: impl Fn() -> String,
) -> Result<f32> {
    if number.is_nan() {
        return Ok(0.0);
    }
    let value = ((number - mean) / scale) as f32;
    if value.is_finite() {
        return Ok(value);
    }
    let message = format!(
        "{}: {} is too far from the training data (mean {}, standard deviation {})",
        place(),
        short(number),
        short(mean),
        short(scale)
    );
    Err(Error::new(Kind::Data, message).hint("correct the cell"))
}
