//! [`Division`]: by what the rows of a table are divided into those to learn from and those held out.

use std::fmt;
use std::str::FromStr;

use gradtape::data::{ColumnKind, Fractions, PreprocessOptions, Rows, Table};

use crate::error::{Failure, Outcome};

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
                    Rows::stratified(&tenths(&table.column(target)?.numbers()), fractions, seed)?
                }
                _ => table.split_rows(target, options, fractions, seed)?,
            },
            Division::Time(name) => {
                let column = table.column(name).map_err(Failure::usage)?;
                if !matches!(column.kind(), ColumnKind::Time | ColumnKind::Number) {
                    return Err(Failure::usage(format!(
                        "--split time {name}: the column holds neither dates nor numbers"
                    )));
                }
                Rows::by_time(&column.numbers(), fractions)?
            }
            Division::Group(name) => {
                let column = table.column(name).map_err(Failure::usage)?;
                let mut names: Vec<&str> = column.cells().flatten().collect();
                names.sort_unstable();
                names.dedup();
                // A row without a group is one by itself.
                let group = |(row, cell): (usize, Option<&str>)| match cell {
                    Some(cell) => names.binary_search(&cell).map_or(-1, |at| at as i64),
                    None => -1 - row as i64,
                };
                let groups: Vec<i64> = column.cells().enumerate().map(group).collect();
                Rows::grouped(&groups, fractions, seed)?
            }
        })
    }

    /// The column that it goes by.
    pub(crate) fn column(&self) -> Option<&str> {
        match self {
            Division::Time(name) | Division::Group(name) => Some(name),
            _ => None,
        }
    }

    /// As the settings of a training say it.
    pub(crate) fn note(&self) -> Option<String> {
        (*self != Division::Usual).then(|| self.to_string())
    }
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
        }
    }
}

impl FromStr for Division {
    type Err = String;

    fn from_str(text: &str) -> Result<Division, String> {
        match text.split_once(':') {
            Some(("time", name)) if !name.is_empty() => Ok(Division::Time(name.to_string())),
            Some(("group", name)) if !name.is_empty() => Ok(Division::Group(name.to_string())),
            None if text == "usual" => Ok(Division::Usual),
            None if text == "random" => Ok(Division::Random),
            None if text == "stratified" => Ok(Division::Stratified),
            _ => Err("it is random, stratified, time COLUMN or group COLUMN".to_string()),
        }
    }
}
