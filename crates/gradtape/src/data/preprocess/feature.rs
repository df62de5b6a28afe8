//! [`Feature`]: what becomes of a column of a table.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::fit::standardised;
use super::words;
use crate::data::table::{civil, number_name, truth};
use crate::data::{Categories, Column, Table};
use crate::tensor::Result;

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Feature {
    /// `(value - mean) / scale`.
    Number {
        /// The name of the column.
        column: String,
        /// What is taken away, and what a missing value is taken as.
        mean: f64,
        /// What is divided by.
        scale: f64,
        /// Whether one more input is 1 where the value is missing, else 0.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        missing: bool,
    },
    /// A 1 at the category, else 0. What is none of them is 0 everywhere.
    Category {
        /// The name of the column.
        column: String,
        /// The categories in the order of their columns of 0 and 1.
        categories: Categories,
        /// Whether one more input is 1 where the value is missing, else 0.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        missing: bool,
    },
    /// A date or a time of the day as numbers; 0 everywhere where it is missing.
    Time {
        /// The name of the column.
        column: String,
        /// What is told of it.
        parts: Vec<Part>,
        /// Whether the day stands first in dates that do not tell.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        day_first: bool,
        /// Whether one more input is 1 where the value is missing, else 0.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        missing: bool,
    },
    /// A text as the words in it: a 1 for each place that the hash of a word names, else 0.
    Words {
        /// The name of the column.
        column: String,
        /// The places that are inputs, of 4,096; ascending.
        places: Vec<u16>,
    },
}

/// What is told of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "lowercase")]
pub enum Part {
    /// The seconds since the start of 1970, or since midnight where there is no date: `(seconds - mean) / scale`.
    Elapsed {
        /// What is taken away.
        mean: f64,
        /// What is divided by.
        scale: f64,
    },
    /// `(year - mean) / scale`.
    Year {
        /// What is taken away.
        mean: f64,
        /// What is divided by.
        scale: f64,
    },
    /// The place in the year, as sine and cosine.
    Month,
    /// The day of the week, as sine and cosine.
    Weekday,
    /// The time of the day, as sine and cosine.
    Hour,
}

impl Feature {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Feature::Number { column, .. }
            | Feature::Category { column, .. }
            | Feature::Time { column, .. }
            | Feature::Words { column, .. } => column,
        }
    }

    /// Whether it is a number or a date.
    pub(super) fn is_measured(&self) -> bool {
        matches!(self, Feature::Number { .. } | Feature::Time { .. })
    }

    /// How many inputs of the network it becomes.
    pub fn width(&self) -> usize {
        match self {
            Feature::Number { missing, .. } => 1 + usize::from(*missing),
            Feature::Category { categories, missing, .. } => {
                categories.len() + usize::from(*missing)
            }
            Feature::Time { parts, missing, .. } => {
                parts.iter().map(|part| part.names().len()).sum::<usize>() + usize::from(*missing)
            }
            Feature::Words { places, .. } => places.len(),
        }
    }

    /// The names of its inputs.
    pub(super) fn names(&self) -> Vec<String> {
        let (mut names, missing): (Vec<String>, bool) = match self {
            Feature::Number { column, missing, .. } => (vec![column.clone()], *missing),
            Feature::Category { column, categories, missing } => (
                categories.names().iter().map(|name| format!("{column}={name}")).collect(),
                *missing,
            ),
            Feature::Time { column, parts, missing, .. } => {
                let names = parts.iter().flat_map(|part| part.names());
                (names.map(|name| format!("{column}:{name}")).collect(), *missing)
            }
            Feature::Words { column, places } => {
                (places.iter().map(|place| format!("{column}#{place}")).collect(), false)
            }
        };
        if missing {
            names.push(format!("{} is missing", self.column()));
        }
        names
    }

    /// Writes its inputs into rows of a width, from a place on; `column` is its own of the table.
    pub(super) fn write(
        &self,
        table: &Table,
        column: &Column,
        inputs: &mut [f32],
        width: usize,
        at: usize,
    ) -> Result<()> {
        let rows = inputs.chunks_exact_mut(width).map(|row| &mut row[at..at + self.width()]);
        match self {
            Feature::Number { mean, scale, missing, .. } => {
                for ((row, number), into) in column.amounts().into_iter().enumerate().zip(rows) {
                    let place = || table.place(row, column.name());
                    into[0] = standardised(number, *mean, *scale, place)?;
                    if *missing {
                        into[1] = f32::from(number.is_nan());
                    }
                }
            }
            Feature::Category { categories, missing, .. } => {
                let known = Known::of(categories);
                for (cell, into) in column.cells().zip(rows) {
                    let Some(cell) = cell else {
                        if *missing {
                            into[categories.len()] = 1.0;
                        }
                        continue;
                    };
                    if let Some(number) = known.number(cell) {
                        into[number] = 1.0;
                    }
                }
            }
            Feature::Time { parts, day_first, missing, .. } => {
                for ((row, seconds), into) in
                    column.times(*day_first).into_iter().enumerate().zip(rows)
                {
                    if seconds.is_nan() {
                        into.last_mut()
                            .filter(|_| *missing)
                            .into_iter()
                            .for_each(|last| *last = 1.0);
                        continue;
                    }
                    let place = || table.place(row, column.name());
                    let mut at = 0;
                    for part in parts {
                        for value in part.values(seconds, place)? {
                            into[at] = value;
                            at += 1;
                        }
                    }
                }
            }
            Feature::Words { places, .. } => {
                for (cell, into) in column.cells().zip(rows) {
                    for place in words::places(cell.unwrap_or_default()) {
                        if let Ok(number) = places.binary_search(&place) {
                            into[number] = 1.0;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows of a table whose category was not learned.
    pub(super) fn unseen(&self, column: &Column) -> Vec<usize> {
        let Feature::Category { categories, .. } = self else { return Vec::new() };
        let known = Known::of(categories);
        let unseen = |(row, cell): (usize, Option<&str>)| {
            cell.is_some_and(|cell| known.number(cell).is_none()).then_some(row)
        };
        column.cells().enumerate().filter_map(unseen).collect()
    }
}

impl Part {
    fn names(self) -> &'static [&'static str] {
        match self {
            Part::Elapsed { .. } => &["elapsed"],
            Part::Year { .. } => &["year"],
            Part::Month => &["month sine", "month cosine"],
            Part::Weekday => &["weekday sine", "weekday cosine"],
            Part::Hour => &["hour sine", "hour cosine"],
        }
    }

    pub(super) fn values(self, seconds: f64, place: impl Fn() -> String) -> Result<Vec<f32>> {
        let days = (seconds / 86_400.0).floor();
        let (year, month, day, weekday) = civil(days);
        let turn = |share: f64| {
            let (sine, cosine) = (TAU * share).sin_cos();
            Ok(vec![sine as f32, cosine as f32])
        };
        match self {
            Part::Elapsed { mean, scale } => Ok(vec![standardised(seconds, mean, scale, place)?]),
            Part::Year { mean, scale } => Ok(vec![standardised(year, mean, scale, place)?]),
            Part::Month => turn((f64::from(month - 1) + f64::from(day - 1) / 31.0) / 12.0),
            Part::Weekday => turn(f64::from(weekday) / 7.0),
            Part::Hour => turn(seconds / 86_400.0 - days),
        }
    }
}

/// The numbers of categories by what a cell says.
#[derive(Debug)]
pub(super) struct Known<N> {
    names: BTreeMap<N, usize>,
    /// The numbers of no and yes, where all categories are words for them.
    truth: [Option<usize>; 2],
}

impl<'a> Known<&'a str> {
    pub(super) fn of(categories: &'a Categories) -> Known<&'a str> {
        Known { names: categories.numbers(), truth: truths(categories) }
    }
}

impl Known<String> {
    /// As [`Known::of`], with names of its own.
    pub(super) fn owned(categories: &Categories) -> Known<String> {
        let names = categories.names().iter().cloned().zip(0..).collect();
        Known { names, truth: truths(categories) }
    }
}

impl<N: Ord + Borrow<str>> Known<N> {
    /// The number of a category as it is written, as another word for true or false, or as another form of a number,
    /// such as `98001.0`.
    pub(super) fn number(&self, cell: &str) -> Option<usize> {
        let same_number = || {
            let number = cell.parse::<f64>().ok().filter(|number| number.is_finite())?;
            self.names.get(&*number_name(cell, number)).copied()
        };
        let same_truth = || self.truth[usize::from(truth(cell)?)];
        self.names.get(cell).copied().or_else(same_truth).or_else(same_number)
    }
}

/// The numbers of no and yes, where all categories are words for them.
fn truths(categories: &Categories) -> [Option<usize>; 2] {
    let mut truths = [None; 2];
    let said: Option<Vec<bool>> = categories.names().iter().map(|name| truth(name)).collect();
    if let Some(said) = said.filter(|said| said.len() <= 2) {
        said.iter().enumerate().for_each(|(number, &yes)| truths[usize::from(yes)] = Some(number));
    }
    truths
}
