//! [`Division`]: by what the rows of a table are divided into those to learn from and those held out.

pub(crate) mod keys;

use std::fmt;
use std::str::FromStr;

use gradtape::data::{
    ColumnKind, Dataset, Fractions, PreprocessOptions, Preprocessing, Rows, Table,
};
use gradtape::shell_word;

use crate::error::{Failure, Outcome};
use crate::folds::{Fold, Known};
use crate::report::{of, thousands};

/// How rows are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Division {
    /// Stratified for classes, else at random.
    #[default]
    Usual,
    Random,
    /// Every part has the same share of each class, or of each tenth of the values.
    Stratified,
    /// The latest rows are held out.
    Time(String),
    /// The rows of a group stay together.
    Group(String),
    /// A fold is held out, of folds that are chosen in one of the other ways.
    Fold(Fold, Box<Division>),
}

impl Division {
    /// The rows of each part.
    pub(crate) fn rows(
        &self,
        table: &Table,
        target: &str,
        options: &PreprocessOptions,
        fractions: Fractions,
        seed: u64,
    ) -> Outcome<Rows> {
        Ok(match self {
            Division::Usual => table.split_rows(target, options, fractions, seed)?,
            Division::Random => Rows::random(table.len(), fractions, seed)?,
            Division::Stratified => match table.column(target)?.kind() {
                ColumnKind::Number => {
                    let all: Vec<usize> = (0..table.len()).collect();
                    let preprocessing = Preprocessing::fit(table, target, &all, options)?;
                    let strata = match preprocessing.classes() {
                        // Numbers that name classes.
                        Some(_) => preprocessing.targets(table)?.to_vec::<i64>()?,
                        None => tenths(&table.column(target)?.numbers()),
                    };
                    Rows::stratified(&strata, fractions, seed)?
                }
                _ => table.split_rows(target, options, fractions, seed)?,
            },
            Division::Time(name) => Rows::by_time(&times(table, name)?, fractions)?,
            Division::Group(name) => Rows::grouped(&groups(table, name)?, fractions, seed)?,
            Division::Fold(..) => {
                let all: Vec<usize> = (0..table.len()).collect();
                let preprocessing = Preprocessing::fit(table, target, &all, options)?;
                let labels = match preprocessing.classes() {
                    Some(_) => Some(preprocessing.targets(table)?.to_vec::<i64>()?),
                    None => None,
                };
                let names = preprocessing.classes().map_or(&[][..], |classes| classes.names());
                let classes = labels.as_deref().map(|labels| (labels, names));
                let known = Known { rows: table.len(), classes, ..Known::default() };
                self.fold_rows(known, Some((table, target)), fractions.validation, seed)?
            }
        })
    }

    /// The rows of each part of data that is no table, where a fold is held out.
    pub(crate) fn of_fold(
        &self,
        data: &Dataset,
        table: Option<(&Table, &str)>,
        validation: f64,
        seed: u64,
    ) -> Outcome<Option<Rows>> {
        if !matches!(self, Division::Fold(..)) {
            return Ok(None);
        }
        let classes = data.labels().map(|labels| (labels, data.classes()));
        let known = Known { rows: data.len(), classes, ..Known::default() };
        self.fold_rows(known, table, validation, seed).map(Some)
    }

    /// The rows of each part, where a fold is held out.
    fn fold_rows(
        &self,
        known: Known<'_>,
        table: Option<(&Table, &str)>,
        validation: f64,
        seed: u64,
    ) -> Outcome<Rows> {
        let Division::Fold(fold, by) = self else { return Ok(Rows::default()) };
        let labels = known.classes.map(|(labels, _)| labels);
        match (&**by, table) {
            (Division::Group(name), Some((table, _))) => {
                let groups = groups(table, name)?;
                fold.rows(&Known { groups: Some((&groups, name)), ..known }, validation, seed)
            }
            (Division::Random, _) => fold.rows(&known, validation, seed),
            (Division::Stratified, Some((table, target))) if labels.is_none() => {
                let tenths = tenths(&table.column(target)?.numbers());
                fold.rows(&Known { strata: Some(&tenths), ..known }, validation, seed)
            }
            _ => fold.rows(&Known { strata: labels, ..known }, validation, seed),
        }
    }

    /// Whether any row may be in any part.
    pub(crate) fn is_free(&self) -> bool {
        match self {
            Division::Usual | Division::Random | Division::Stratified => true,
            Division::Time(_) | Division::Group(_) => false,
            Division::Fold(_, by) => by.is_free(),
        }
    }

    /// Whether parts are to have the same share of each class, or of each tenth of the values.
    pub(crate) fn is_stratified(&self) -> bool {
        match self {
            Division::Stratified => true,
            Division::Fold(_, by) => by.is_stratified(),
            _ => false,
        }
    }

    /// The column that it goes by.
    pub(crate) fn column(&self) -> Option<&str> {
        match self {
            Division::Time(name) | Division::Group(name) => Some(name),
            Division::Fold(_, by) => by.column(),
            _ => None,
        }
    }

    /// The column whose groups stay together.
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            Division::Group(name) => Some(name),
            Division::Fold(_, by) => by.group(),
            _ => None,
        }
    }

    /// A note on rows that are divided by time and have none.
    pub(crate) fn undated(&self, table: &Table) -> Outcome<Option<String>> {
        match self {
            Division::Time(name) => Ok(undated(name, &times(table, name)?)),
            _ => Ok(None),
        }
    }

    /// A note where no row is in a part that was asked for, of which so many are in each, since those that stay together
    /// are too many.
    pub(crate) fn lacks(&self, counts: [usize; 3], fractions: Fractions) -> Option<String> {
        let (Division::Time(name) | Division::Group(name)) = self else { return None };
        let all = counts.iter().sum::<usize>() as f64;
        let [_, validation, test] = counts;
        let lacks = |share: f64, rows: usize| rows == 0 && share * all >= 1.0;
        let what = match (lacks(fractions.validation, validation), lacks(fractions.test, test)) {
            (false, false) => return None,
            (true, false) => "no row is to validate",
            (false, true) => "no row is held out",
            (true, true) => "no row is to validate, and none is held out",
        };
        Some(format!("{what}: rows with the same {name:?} stay together, and too few differ in it"))
    }

    /// Why one network is trained where usually several are.
    pub(crate) fn one_network(&self) -> String {
        let why = match self {
            Division::Time(_) => "that come before some of those it trains on",
            _ => "of groups that it trains on",
        };
        format!(
            "one network is trained instead of the usual four, of which each would validate on rows {why} (--members \
             trains several, on the same rows)"
        )
    }

    /// As the settings of a training say it.
    pub(crate) fn note(&self) -> Option<String> {
        (*self != Division::Usual).then(|| self.to_string())
    }
}

/// When each row is.
fn times(table: &Table, name: &str) -> Outcome<Vec<f64>> {
    let column = table.column(name).map_err(Failure::usage)?;
    if matches!(column.kind(), ColumnKind::Time | ColumnKind::Number) {
        return Ok(column.numbers());
    }
    let failure =
        format!("--split time {}: the column holds neither dates nor numbers", shell_word(name));
    // What has no digit is neither.
    let has_digit = |cell: &str| cell.bytes().any(|byte| byte.is_ascii_digit());
    let mut cells = column.cells().enumerate().filter_map(|(row, cell)| Some((row, cell?)));
    Err(match cells.find(|(_, cell)| !has_digit(cell)) {
        None => Failure::usage(failure),
        Some((row, word)) => {
            let failure = Failure::usage(format!("{failure}, as {word:?} on {}", table.at(row)));
            match column.cells().flatten().any(has_digit) {
                true => failure.note(format!(
                    "hint: where that word means that there is none, --missing {}",
                    shell_word(word)
                )),
                false => failure,
            }
        }
    })
}

/// A note on rows without a time.
fn undated(name: &str, times: &[f64]) -> Option<String> {
    let count = times.iter().filter(|time| time.is_nan()).count();
    (count > 0).then(|| {
        let (count, all) = (thousands(count), of(times.len(), "row"));
        format!("{count} of {all} have no {name:?}: they count as the earliest")
    })
}

/// The number of the group of each row.
fn groups(table: &Table, name: &str) -> Outcome<Vec<i64>> {
    let column = table.column(name).map_err(Failure::usage)?;
    let mut names: Vec<&str> = column.cells().flatten().collect();
    names.sort_unstable();
    names.dedup();
    // A row without a group is one by itself.
    let group = |(row, cell): (usize, Option<&str>)| match cell {
        Some(cell) => names.binary_search(&cell).map_or(-1, |at| at as i64),
        None => -1 - row as i64,
    };
    Ok(column.cells().enumerate().map(group).collect())
}

/// The tenth of the values in which each is.
fn tenths(values: &[f64]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut tenths = vec![0; values.len()];
    for (place, row) in order.into_iter().enumerate() {
        tenths[row] = (10 * place / values.len()) as i64;
    }
    tenths
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Division::Usual => f.write_str("usual"),
            Division::Random => f.write_str("random"),
            Division::Stratified => f.write_str("stratified"),
            Division::Time(name) => write!(f, "time:{name}"),
            Division::Group(name) => write!(f, "group:{name}"),
            Division::Fold(fold, by) => write!(f, "fold:{fold}:{by}"),
        }
    }
}

impl FromStr for Division {
    type Err = String;

    fn from_str(text: &str) -> Result<Division, String> {
        match text.split_once(':') {
            Some(("time", name)) if !name.is_empty() => Ok(Division::Time(name.to_string())),
            Some(("group", name)) if !name.is_empty() => Ok(Division::Group(name.to_string())),
            Some(("fold", rest)) => {
                let (fold, by) = rest.split_once(':').unwrap_or((rest, "usual"));
                if by.starts_with("fold") {
                    return Err("a fold is no part of another".to_string());
                }
                Ok(Division::Fold(fold.parse()?, Box::new(by.parse()?)))
            }
            None if text == "usual" => Ok(Division::Usual),
            None if text == "random" => Ok(Division::Random),
            None if text == "stratified" => Ok(Division::Stratified),
            _ => Err("it is random, stratified, time COLUMN or group COLUMN".to_string()),
        }
    }
}
