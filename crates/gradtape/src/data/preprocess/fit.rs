//! Learning from rows what becomes of their columns.

use std::collections::{BTreeMap, BTreeSet};

use super::filled::{FilledColumn, short};
use super::{Feature, MOST_CATEGORIES, Part, PreprocessOptions, Target, names, words};
use crate::data::standardise::{mean_and_scale, middle_of_far};
use crate::data::table::{MOST_COUNTED, civil, number_name, truth};
use crate::data::{
    Categories, Column, ColumnKind, Fractions, Rows, Table, Task, Transform, TransformChoice,
};
use crate::tensor::{Error, Kind, Result, shell_word};

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

/// What a note on the transform of the target says.
pub(super) const LEARNS: &str = "the network learns";

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
    let task = match options.task {
        Some(task) => task,
        None if listed => Task::Classification,
        None if options.numbers.iter().any(|name| name == target) => Task::Regression,
        None => Task::infer(table, target)?,
    };
    let column = target.to_string();
    if task == Task::Regression {
        let numbers = target_numbers(table, table.column(target)?)?;
        let all = || (0..table.len()).collect();
        let rows = rows.map_or_else(all, <[usize]>::to_vec);
        let ends = table.column(target)?.ends();
        let varies = ends.is_some_and(|[low, high]| low < high);
        if let Some(&first) = rows.first()
            && rows.iter().all(|&row| numbers[row] == numbers[first])
            && !varies
        {
            let message = format!(
                "{}: column {target:?} is {} in every training row",
                table.source(),
                numbers[first]
            );
            return Err(Error::new(Kind::Data, message).hint("there is nothing to predict"));
        }
        let known = rows.iter().map(|&row| numbers[row]);
        let known: Vec<f64> = known.chain(ends.into_iter().flatten()).collect();
        let Some(transform) = Transform::fit(&known, options.transform) else {
            let message =
                format!("{}: column {target:?} has no {}", table.source(), options.transform);
            let hint = match options.transform {
                TransformChoice::Log => "a value is below 0; asinh takes such",
                _ => "half of its values are the same",
            };
            return Err(Error::new(Kind::Data, message).hint(hint));
        };
        let (mean, scale) = moments(table, target, known.iter().map(|&value| transform.of(value)))?;
        let errors = Vec::new();
        return Ok((Target::Number { column, mean, scale, transform, errors }, Vec::new()));
    }
    let numeric = kind == ColumnKind::Number && !listed;
    let mut names = class_names(table, table.column(target)?, numeric)?;
    let mut all = all_names(table, table.column(target)?, numeric, &names)?;
    let count: usize = all.iter().map(|(_, times)| times).sum();
    let said = all.iter().map(|(name, times)| (&**name, *times));
    if !numeric && let Some(spelling) = spelling(said) {
        for name in names.iter_mut().chain(all.iter_mut().map(|(name, _)| name)) {
            *name = spelling[usize::from(truth(name) == Some(true))].clone();
        }
    }
    let mut classes = Categories::of(all.iter().map(|(name, _)| &**name));
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
    if seldom_repeats(classes.len(), count) || classes.len() > MOST_CATEGORIES {
        let message = format!(
            "{at} has {} different values in {count} rows, such as {:?}; these are not classes",
            classes.len(),
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
    same: Vec<(String, String)>,
    /// Columns of numbers of which a few are far from all others.
    pub(super) far: Vec<String>,
    /// Whether columns that only number the rows are used: there are no others.
    keeps_counts: bool,
}

impl Notes {
    /// For tables of which nothing else is left than columns that number the rows.
    pub(super) fn keeping_counts() -> Notes {
        Notes { keeps_counts: true, ..Notes::default() }
    }

    /// As lines; many columns of the same kind, as the margins of images, share one.
    pub(super) fn into_lines(self) -> Vec<String> {
        let Notes { mut lines, same, far, .. } = self;
        match &same[..] {
            [(first, _), .., (last, _)] if same.len() > 5 => lines.push(format!(
                "{} columns left out, {first:?} to {last:?}: the same in every training row",
                same.len()
            )),
            _ => lines.extend(same.iter().map(|(name, value)| {
                format!("column {name:?} left out: {value} in every training row")
            })),
        }
        if !far.is_empty() {
            let names: Vec<String> = far.iter().take(5).map(|name| format!("{name:?}")).collect();
            let more = if far.len() > 5 { ", …" } else { "" };
            let s = if far.len() > 1 { "s" } else { "" };
            lines.push(format!(
                "column{s} {}{more}: a few values are far from all others; scaled around the median by the quartiles, \
                 and far values drawn in (asinh)",
                names.join(", ")
            ));
        }
        lines
    }

    /// What the target is taken for, where nobody said it, and how its numbers are written.
    pub(super) fn target(
        &mut self,
        column: &Column,
        target: &Target,
        values: &[f64],
        options: &PreprocessOptions,
    ) {
        let name = column.name();
        if let Target::Classes { numeric: true, classes, .. } = target
            && options.task.is_none()
            && classes.len() > 2
        {
            self.lines.push(format!(
                "column {name:?}: its {} whole numbers are taken as classes (--task regression predicts a number)",
                classes.len()
            ));
        }
        if let Target::Number { transform, .. } = target
            && !transform.is_none()
        {
            let what = match transform {
                Transform::Log { .. } => "logarithm",
                _ => "inverse hyperbolic sine",
            };
            self.lines.push(format!(
                "column {:?}: {LEARNS} the {what}, as a few values are far from all others; predictions and errors are \
                 of the value itself (--target-transform none learns that)",
                column.name()
            ));
        } else if Transform::is_worth_a_try(values) {
            self.lines.push(format!(
                "column {:?}: a few values are far above all others; with --target-transform log {LEARNS} their \
                 logarithm, which tells small ones better, and large ones better or worse: try it",
                column.name()
            ));
        }
        self.lines.extend(column.written().map(|how| format!("column {:?}: {how}", column.name())));
    }

    fn left_out(&mut self, column: &Column, reason: &str) -> Result<Option<Feature>> {
        self.lines.push(format!("column {:?} left out: {reason}", column.name()));
        Ok(None)
    }
}

/// What becomes of a column, if it is of use.
pub(super) fn feature_of(
    table: &Table,
    column: &Column,
    rows: &[usize],
    options: &PreprocessOptions,
    notes: &mut Notes,
) -> Result<Option<Feature>> {
    let name = column.name();
    let wished = |names: &[String]| names.iter().any(|listed| listed == name);
    let (listed, number) = (wished(&options.categories), wished(&options.numbers));
    let feature = match column.kind() {
        ColumnKind::Empty => return notes.left_out(column, "every value is missing"),
        _ if number => number_of(table, column, rows, true, notes)?,
        ColumnKind::Number if !listed => match is_code(column) {
            true => category_of(column, rows, Told::Code, notes)?,
            false => number_of(table, column, rows, false, notes)?,
        },
        ColumnKind::Time if !listed => time_of(table, column, rows, notes)?,
        _ => category_of(column, rows, if listed { Told::Listed } else { Told::Text }, notes)?,
    };
    let Some(feature) = feature else { return Ok(None) };
    if matches!(feature, Feature::Number { .. } | Feature::Time { .. })
        && let Some(how) = column.written()
    {
        notes.lines.push(format!("column {name:?}: {how}"));
    }
    if let Some((count, word)) = column.words_missing().filter(|_| !listed) {
        notes.lines.push(format!(
            "column {name:?}: {count} cells such as {word:?} are taken as missing (--keep-na where they are values)"
        ));
    }
    let far = notes.far.iter().any(|far| far == name);
    notes.lines.extend(FilledColumn::of(table, column, &feature).told(&feature, far));
    Ok(Some(feature))
}

/// Whether the whole numbers of a column are codes: their name says so, or they begin with a 0.
fn is_code(column: &Column) -> bool {
    let whole = || column.numbers().iter().all(|number| number.is_nan() || number.fract() == 0.0);
    column.zeros() > 0 || names::is_code(column.name()) && whole()
}

/// Whether a value is missing in some of the rows.
fn has_missing(numbers: &[f64], rows: &[usize]) -> bool {
    rows.iter().any(|&row| numbers[row].is_nan())
}

fn number_of(
    table: &Table,
    column: &Column,
    rows: &[usize],
    wished: bool,
    notes: &mut Notes,
) -> Result<Option<Feature>> {
    let name = column.name();
    let numbers = column.amounts();
    let known = || rows.iter().map(|&row| numbers[row]).filter(|number| !number.is_nan());
    let Some(first) = known().next() else {
        return notes.left_out(column, "no training row has a value");
    };
    let ends = column.ends();
    let missing = has_missing(&numbers, rows) || column.has_gaps();
    let varies = ends.is_some_and(|[low, high]| low < high);
    if rows.len() > 1 && !missing && !varies && known().all(|number| number == first) {
        notes.same.push((name.to_string(), first.to_string()));
        return Ok(None);
    }
    if !wished && let Some(counts) = counts(name, &numbers) {
        match counts {
            Counts::Order => notes.lines.push(format!(
                "column {name:?} only numbers the rows: ignore it (--ignore), unless their order \
                 matters"
            )),
            Counts::Rows if column.is_unnamed() => {
                return notes.left_out(column, "it only numbers the rows, and has no name");
            }
            Counts::Rows if notes.keeps_counts => notes.lines.push(format!(
                "column {name:?} only numbers the rows, and is all that there is to learn from"
            )),
            Counts::Rows => {
                let reason =
                    format!("it only numbers the rows (--numbers {} uses it)", shell_word(name));
                return notes.left_out(column, &reason);
            }
        }
    }
    // What a row that was not kept has, far from all others, counts too.
    let known = || known().chain(ends.into_iter().flatten());
    let (mut mean, mut scale) = moments(table, name, known())?;
    if let Some(middle) = middle_of_far(known()) {
        (mean, scale) = middle;
        notes.far.push(name.to_string());
    }
    Ok(Some(Feature::Number { column: name.to_string(), mean, scale, missing }))
}

/// Why a column is taken for categories.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Text,
    /// Whole numbers that are names.
    Code,
    /// The user said so.
    Listed,
}

fn category_of(
    column: &Column,
    rows: &[usize],
    told: Told,
    notes: &mut Notes,
) -> Result<Option<Feature>> {
    let name = column.name();
    let cells = || rows.iter().filter_map(|&row| column.cell(row));
    // Of a sample all rows were counted, unless their cells were too many.
    let counted = column.counted();
    let all: Vec<(&str, usize)> =
        counted.clone().unwrap_or_else(|| cells().map(|cell| (cell, 1)).collect());
    // 7 and 7.0 are the same code, unless zeros before it count.
    let numeric = column.kind() == ColumnKind::Number && column.zeros() == 0;
    let spelling = spelling(all.iter().copied());
    let level = |cell: &str| match (&spelling, cell.parse::<f64>()) {
        (Some(spelling), _) => spelling[usize::from(truth(cell) == Some(true))].clone(),
        (None, Ok(number)) if numeric => number_name(cell, number),
        _ => cell.to_string(),
    };
    let mut counts = BTreeMap::<String, usize>::new();
    all.iter().for_each(|(cell, times)| *counts.entry(level(cell)).or_default() += times);
    let (different, present): (usize, usize) = (counts.len(), counts.values().sum());
    let missing = cells().count() < rows.len() || column.has_gaps();
    let Some(example) = cells().next() else {
        return notes.left_out(column, "no training row has a value");
    };
    if rows.len() > 1 && different == 1 && !missing {
        notes.same.push((name.to_string(), format!("{example:?}")));
        return Ok(None);
    }
    if told != Told::Listed && seldom_repeats(different, present) {
        let among = if counted.is_some() { present } else { rows.len() };
        let all = format!("{different} different values in {among} rows, such as {example:?}");
        if told == Told::Code {
            let flag = shell_word(name);
            let reason = match counts_rows(&column.numbers()) {
                true => format!("it only numbers the rows (--numbers {flag} uses it)"),
                false => format!("it names the rows, {all} (--numbers {flag} uses it)"),
            };
            return notes.left_out(column, &reason);
        }
        let are_texts = words::are_texts(cells());
        let places = words::frequent(cells().filter(|_| are_texts));
        if places.is_empty() {
            let hint = "(--categories or --numbers uses it)";
            return notes.left_out(column, &format!("{all} {hint}"));
        }
        notes.lines.push(format!(
            "column {name:?}: texts, taken as {} hashed words that are frequent",
            places.len()
        ));
        return Ok(Some(Feature::Words { column: name.to_string(), places }));
    }
    if told == Told::Code {
        notes.lines.push(format!(
            "column {name:?}: its {different} numbers are taken as names, not as amounts (--numbers {} for amounts)",
            shell_word(name)
        ));
    }
    let mut levels: Vec<(usize, String)> =
        counts.into_iter().map(|(level, count)| (count, level)).collect();
    if different > MOST_CATEGORIES {
        levels.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        levels.truncate(MOST_CATEGORIES);
        let rows_of: usize = levels.iter().map(|(count, _)| count).sum();
        notes.lines.push(format!(
            "column {name:?}: of {different} categories the {MOST_CATEGORIES} most frequent are told apart, in {rows_of} of \
             {present} rows; the others are none of them"
        ));
    }
    let categories = Categories::of(levels.iter().map(|(_, level)| &**level));
    let categories = if numeric { by_number(categories)? } else { categories };
    Ok(Some(Feature::Category { column: name.to_string(), categories, missing }))
}

/// Categories whose names are numbers, in the order of those.
fn by_number(categories: Categories) -> Result<Categories> {
    let mut sorted = categories.names().to_vec();
    let number = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
    sorted.sort_by(|a, b| number(a).total_cmp(&number(b)));
    Categories::new(sorted)
}

fn time_of(
    table: &Table,
    column: &Column,
    rows: &[usize],
    notes: &mut Notes,
) -> Result<Option<Feature>> {
    let name = column.name();
    let seconds = column.numbers();
    let known = || rows.iter().map(|&row| seconds[row]).filter(|seconds| !seconds.is_nan());
    let Some(first) = known().next() else {
        return notes.left_out(column, "no training row has a value");
    };
    let missing = has_missing(&seconds, rows) || column.has_gaps();
    if rows.len() > 1 && !missing && known().all(|seconds| seconds == first) {
        notes.same.push((
            name.to_string(),
            format!("{:?}", column.cells().flatten().next().unwrap_or_default()),
        ));
        return Ok(None);
    }
    let dated = column.is_dated();
    let civil = |seconds: f64| civil((seconds / 86_400.0).floor());
    let distinct = |part: &dyn Fn(f64) -> u64| known().map(part).collect::<BTreeSet<u64>>().len();
    let mut parts = Vec::new();
    let (mean, scale) = moments(table, name, rows.iter().map(|&row| seconds[row]))?;
    parts.push(Part::Elapsed { mean, scale });
    let mut told = vec!["the time elapsed"];
    if dated && distinct(&|seconds| civil(seconds).0 as u64) > 1 {
        let years = rows
            .iter()
            .map(|&row| if seconds[row].is_nan() { f64::NAN } else { civil(seconds[row]).0 });
        let (mean, scale) = moments(table, name, years)?;
        parts.push(Part::Year { mean, scale });
        told.push("the year");
    }
    if dated && distinct(&|seconds| civil(seconds).1.into()) > 1 {
        parts.push(Part::Month);
        told.push("the month");
    }
    if dated && distinct(&|seconds| civil(seconds).3.into()) > 1 {
        parts.push(Part::Weekday);
        told.push("the day of the week");
    }
    if distinct(&|seconds| seconds.rem_euclid(86_400.0) as u64) > 1 {
        parts.push(Part::Hour);
        told.push("the time of the day");
    }
    let what = if dated { "dates" } else { "times of the day" };
    notes.lines.push(format!("column {name:?}: {what}, taken as {}", told.join(", ")));
    Ok(Some(Feature::Time {
        column: name.to_string(),
        parts,
        day_first: column.day_first(),
        missing,
    }))
}

/// The most frequent words for no and for yes, where there are no other ones and some are not numbers.
fn spelling<'a>(cells: impl Iterator<Item = (&'a str, usize)>) -> Option<[String; 2]> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (cell, times) in cells {
        truth(cell)?;
        *counts.entry(cell).or_default() += times;
    }
    if counts.keys().all(|word| word.parse::<f64>().is_ok()) {
        return None;
    }
    // The first of several.
    let most = |yes: bool| {
        let said = counts.iter().rev().filter(|(word, _)| truth(word) == Some(yes));
        said.max_by_key(|(_, count)| **count).map_or(String::new(), |(word, _)| word.to_string())
    };
    Some([most(false), most(true)])
}

/// What numbers are that come once each, without a gap.
enum Counts {
    /// They count rows.
    Rows,
    /// They may tell of time or of an order.
    Order,
}

/// Whether whole numbers only count: one for each row, each once and hardly any left out, or of a name that says so.
fn counts(name: &str, numbers: &[f64]) -> Option<Counts> {
    let in_order = counts_rows(numbers);
    if !in_order {
        let distinct: BTreeSet<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        let each_once = distinct.len() == numbers.len() && numbers.len() >= ENOUGH_ROWS;
        if !each_once || numbers.iter().any(|number| number.is_nan() || number.fract() != 0.0) {
            return None;
        }
        let [least, most] =
            [f64::min, f64::max].map(|end| numbers.iter().copied().fold(numbers[0], end));
        let rises = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let dense = most - least + 1.0 == numbers.len() as f64
            || rises && least <= 1.0 && most < 1.1 * numbers.len() as f64;
        if !dense && !names::is_number_of_row(name) {
            return None;
        }
    }
    let years = || numbers.iter().all(|number| (1500.0..2200.0).contains(number));
    Some(if names::is_order(name) || years() { Counts::Order } else { Counts::Rows })
}

/// Whether the numbers of a column are those of its rows, from any start on.
fn counts_rows(numbers: &[f64]) -> bool {
    numbers.len() >= ENOUGH_ROWS
        && numbers[0].fract() == 0.0
        && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
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

/// The classes of all rows of a file, with how often they come: those of the rows of the table, and where that has only
/// some of them, what was counted of all.
fn all_names(
    table: &Table,
    column: &Column,
    numeric: bool,
    names: &[String],
) -> Result<Vec<(String, usize)>> {
    if !column.is_sample() {
        return Ok(names.iter().map(|name| (name.clone(), 1)).collect());
    }
    let Some(counted) = column.counted() else {
        let message = format!(
            "{}: column {:?} has more than {MOST_COUNTED} different values, such as {:?}; these are not classes",
            table.source(),
            column.name(),
            names[0]
        );
        return Err(
            Error::new(Kind::Data, message).hint("for a number to predict, choose regression")
        );
    };
    let name = |(cell, times): (&str, usize)| match numeric {
        false => Some((cell.to_string(), times)),
        true => Some((column.number_name(cell, column.number(cell)?), times)),
    };
    Ok(counted.into_iter().filter_map(name).collect())
}

pub(super) fn class_names(table: &Table, column: &Column, numeric: bool) -> Result<Vec<String>> {
    if numeric {
        let numbers = target_numbers(table, column)?;
        let name = |(cell, number): (Option<&str>, f64)| {
            column.number_name(cell.unwrap_or_default(), number)
        };
        return Ok(column.cells().zip(numbers).map(name).collect());
    }
    let name = |(row, cell): (usize, Option<&str>)| {
        cell.map(String::from).ok_or_else(|| no_target(table, row, column.name()))
    };
    column.cells().enumerate().map(name).collect()
}

pub(super) fn target_numbers(table: &Table, column: &Column) -> Result<Vec<f64>> {
    let (name, numbers) = (column.name(), table.numbers_of(column)?);
    if column.kind() == ColumnKind::Time {
        let message =
            format!("{}: column {name:?} holds dates, which are not predicted", table.source());
        let hint = "make a number of them, such as the days from a start";
        return Err(Error::new(Kind::Data, message).hint(hint));
    }
    match numbers.iter().position(|number| number.is_nan()) {
        Some(row) => Err(no_target(table, row, name)),
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
