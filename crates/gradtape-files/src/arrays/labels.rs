//! Arrays as the numbers of classes.

use std::collections::BTreeMap;

use gradtape::{Error, Kind, Result};

use super::npy::Npy;
use crate::table::cells;

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
                        "{}: row {} has {columns} numbers, of which not one is 1 and the others 0",
                        array.name,
                        row + 1
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
                let shown = if cell.is_empty() { "not a number" } else { &cell };
                let message =
                    format!("{}: row {} is {shown}, which is no class", array.name, row + 1);
                return Err(Error::new(Kind::Data, message).hint(
                    "images are read with whole numbers or texts as their classes; for numbers give a table, \
                     with inputs of two axes",
                ));
            }
            if cell.trim().is_empty() {
                return wrong(format!("row {} has no label", row + 1));
            }
            if array.is_number() && !array.is_whole() {
                // 1e16 and -0.0 are whole numbers too, whose digits are wanted.
                cells::show(&mut cell, array.number(row, 0) + 0.0);
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
                        "row {}: class {name:?} is not among those to train on",
                        row + 1
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

/// The names of classes: where all are written as whole numbers are, those up to the largest where that is small, else
/// those that come, by their size; of other texts those that come, in order.
fn classes(names: &[String]) -> Vec<String> {
    let number = |name: &String| name.parse::<i128>().ok().filter(|own| own.to_string() == *name);
    let numbers: Option<Vec<i128>> = names.iter().map(number).collect();
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
        _ => numbers.iter().map(i128::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(kind: &str, count: usize, bytes: &[u8]) -> Npy {
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({count},), }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(bytes);
        Npy::read(&file[..], file.len() as u64, "y").unwrap()
    }

    fn floats(values: &[f64]) -> Npy {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        array("<f8", values.len(), &bytes)
    }

    #[track_caller]
    fn check(array: &Npy, classes: &[&str], numbers: &[i64]) {
        let labels = Labels::of(array, None).unwrap();
        assert_eq!(labels.numbers, numbers);
        assert_eq!(labels.classes, classes);
    }

    #[test]
    fn texts_that_are_read_as_numbers_keep_their_letters() {
        check(&array("|S2", 3, b"010203"), &["01", "02", "03"], &[0, 1, 2]);
        check(&array("|S2", 3, b"+1-1+1"), &["+1", "-1"], &[0, 1, 0]);
        check(&array("|S4", 2, b"200010\0\0"), &["10", "2000"], &[1, 0]);
    }

    #[test]
    fn numbers_are_classes_by_their_size() {
        check(&floats(&[-0.0, 2.0, 0.0]), &["0", "1", "2"], &[0, 2, 0]);
        check(&floats(&[1e16, -5.0]), &["-5", "10000000000000000"], &[1, 0]);
        let most = u64::MAX.to_le_bytes();
        check(&array("<u8", 1, &most), &["18446744073709551615"], &[0]);
    }

    #[test]
    fn rows_are_counted_from_1() {
        let error = |array: &Npy, known| Labels::of(array, known).err().unwrap().to_string();
        let told = error(&floats(&[1.0, 0.5]), None);
        assert!(told.starts_with("y: row 2 is 0.5, which is no class"), "{told}");
        let known = ["1".to_string()];
        let told = error(&floats(&[1.0, 2.0]), Some(&known[..]));
        assert_eq!(told, "y: row 2: class \"2\" is not among those to train on");
    }
}
