//! Arrays as the numbers of classes.

use std::collections::BTreeMap;

use gradtape::{Error, Kind, Result};

use super::npy::Npy;

/// The class of each row.
pub(super) struct Labels {
    pub(super) numbers: Vec<i64>,
    pub(super) classes: Vec<String>,
}

impl Labels {
    /// Takes whole numbers and texts as classes, and rows with a single 1 among zeros as the place of that. With `known`
    /// there are no other classes than these.
    pub(super) fn of(array: &Npy, known: Option<&[String]>) -> Result<Labels> {
        let (rows, columns) = array.rows();
        let wrong = |words: String| Err(Error::new(Kind::Data, format!("{}: {words}", array.name)));
        let mut names = Vec::with_capacity(rows);
        let mut cell = String::new();
        for row in 0..rows {
            if columns > 1 {
                let Some(place) = place_of_one(array, row, columns) else {
                    let message = format!(
                        "{}: row {row} has {columns} numbers, of which not one is 1 and the others 0",
                        array.name
                    );
                    return Err(Error::new(Kind::Data, message).hint(
                        "an answer is one value for each row; write several as columns of a table",
                    ));
                };
                names.push(place.to_string());
                continue;
            }
            array.cell(row, 0, &mut cell);
            if array.is_number() && array.number(row, 0).fract() != 0.0 {
                let message = format!("{}: row {row} is {cell}, which is no class", array.name);
                return Err(Error::new(Kind::Data, message).hint(
                    "images are read with whole numbers or texts as their classes; for numbers give a table, \
                     with inputs of two axes",
                ));
            }
            if cell.trim().is_empty() {
                return wrong(format!("row {row} has no label"));
            }
            names.push(cell.trim().to_string());
        }
        let classes = match known {
            Some(known) => known.to_vec(),
            None => classes(&names),
        };
        let places: BTreeMap<&str, i64> =
            classes.iter().zip(0..).map(|(name, place)| (name.as_str(), place)).collect();
        let mut numbers = Vec::with_capacity(rows);
        for (row, name) in names.iter().enumerate() {
            match places.get(name.as_str()) {
                Some(&place) => numbers.push(place),
                None => {
                    return wrong(format!(
                        "row {row}: class {name:?} is not among those to train on"
                    ));
                }
            }
        }
        drop(places);
        Ok(Labels { numbers, classes })
    }
}

/// The place of the only 1 in a row of zeros.
fn place_of_one(array: &Npy, row: usize, columns: usize) -> Option<usize> {
    let mut found = None;
    for column in 0..columns {
        match array.number(row, column) {
            0.0 => {}
            1.0 if found.is_none() => found = Some(column),
            _ => return None,
        }
    }
    found
}

/// The names of classes: all numbers up to the largest where that is small, else those that come, in order.
fn classes(names: &[String]) -> Vec<String> {
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    let Some(mut numbers) = numbers else {
        let mut own = names.to_vec();
        own.sort();
        own.dedup();
        return own;
    };
    numbers.sort_unstable();
    numbers.dedup();
    match (numbers.first(), numbers.last()) {
        (Some(0..), Some(&last @ ..1000)) => (0..=last).map(|class| class.to_string()).collect(),
        _ => numbers.iter().map(i64::to_string).collect(),
    }
}
