//! [`Task`]: what a network is to learn about a column.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ColumnKind, Table};
use crate::tensor::{Error, Kind, Result};

/// Which of several classes, or how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// The target is one of several classes.
    Classification,
    /// The target is a number.
    Regression,
}

impl Task {
    /// What a column of a table asks for.
    ///
    /// Text is classification. So are whole numbers when there are at most 20 different ones and,
    /// on average, each comes at least twice. All else is regression.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, Table, Task};
    /// let text = "size,price,rooms\n30.5,100,1\n41,120,2\n35,110.5,1\n50,150,2\n";
    /// let table = Table::from_csv(text.as_bytes(), "homes", &CsvOptions::default())?;
    /// assert_eq!(Task::infer(&table, "rooms")?, Task::Classification);
    /// assert_eq!(Task::infer(&table, "price")?, Task::Regression);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn infer(table: &Table, target: &str) -> Result<Task> {
        match table.column(target)?.kind() {
            ColumnKind::Empty => {
                let message =
                    format!("{}: every value of column {target:?} is missing", table.source());
                Err(Error::new(Kind::Data, message).hint("the target needs values"))
            }
            ColumnKind::Category => Ok(Task::Classification),
            ColumnKind::Time => {
                let message = format!(
                    "{}: column {target:?} holds dates, which are not predicted",
                    table.source()
                );
                Err(Error::new(Kind::Data, message)
                    .hint("make a number of them, such as the days from a start, or name it a category (--categories)"))
            }
            ColumnKind::Number => {
                let column = table.column(target)?;
                // Of a sample all rows were counted, unless their numbers were too many.
                let counted = column.counted();
                if column.is_sample() && counted.is_none() {
                    return Ok(Task::Regression);
                }
                let kept = || column.cells().flatten().map(|cell| (cell, 1));
                let cells: Box<dyn Iterator<Item = (&str, usize)>> = match counted {
                    Some(counted) => Box::new(counted.into_iter()),
                    None => Box::new(kept()),
                };
                let (mut distinct, mut count) = (BTreeSet::new(), 0);
                for (cell, times) in cells {
                    let Some(number) = column.number(cell) else { continue };
                    count += times;
                    distinct.insert(column.number_name(cell, number));
                    if number.fract() != 0.0 || distinct.len() > MOST_CLASSES {
                        return Ok(Task::Regression);
                    }
                }
                let repeated = 2 * distinct.len() <= count;
                Ok(if repeated { Task::Classification } else { Task::Regression })
            }
        }
    }
}

/// More different whole numbers are amounts.
const MOST_CLASSES: usize = 20;

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
        })
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(text: &str) -> Result<Task> {
        match text {
            "classification" => Ok(Task::Classification),
            "regression" => Ok(Task::Regression),
            _ => Err(Error::new(Kind::Value, format!("there is no task {text:?}"))
                .hint("it is classification or regression")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::CsvOptions;

    fn infer(cells: impl IntoIterator<Item = impl fmt::Display>) -> Result<Task> {
        let mut text = String::from("y,rest\n");
        text.extend(cells.into_iter().map(|cell| format!("{cell},1\n")));
        let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default())?;
        Task::infer(&table, "y")
    }

    #[test]
    fn the_rule() {
        assert_eq!(infer(["a", "b"]).unwrap(), Task::Classification);
        assert_eq!(infer([0, 1, 1, 0]).unwrap(), Task::Classification);
        assert_eq!(infer([1.0, 2.0, 2.0, 1.0]).unwrap(), Task::Classification);
        assert_eq!(infer(["0", "-0", "", "1", "1"]).unwrap(), Task::Classification);
        assert_eq!(infer([0, 1, 2]).unwrap(), Task::Regression);
        assert_eq!(infer([0.5, 0.5, 1.0, 1.0]).unwrap(), Task::Regression);
        assert_eq!(infer((0..40).map(|i| i % 20)).unwrap(), Task::Classification);
        assert_eq!(infer((0..63).map(|i| i % 21)).unwrap(), Task::Regression);
        let text = infer(["", "?"]).unwrap_err().to_string();
        assert!(text.contains("every value of column \"y\" is missing"), "{text}");
    }

    #[test]
    fn names_print_and_parse() {
        for task in [Task::Classification, Task::Regression] {
            assert_eq!(task.to_string().parse::<Task>().unwrap(), task);
        }
        assert!("clustering".parse::<Task>().is_err());
    }
}
