//! [`Field`]: what becomes of the cells of a column.

use super::super::feature::{Known, Part};
use super::super::filled::FilledColumn;
use super::super::fit::standardised;
use super::super::{Feature, Preprocessing, drawn_in, has_dash, words};
use crate::data::table::{Hang, NumberCells, TimeCells, says_nothing, text_hangs};

/// What becomes of the cells of a column.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) column: String,
    /// The place of its inputs in a row, and how many they are.
    at: usize,
    width: usize,
    draws_in: bool,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    Number { cells: Box<NumberCells>, mean: f64, scale: f64, missing: bool },
    Category { known: Known<String>, count: usize, missing: bool, has_dash: bool },
    Time { cells: TimeCells, parts: Vec<Part>, missing: bool },
    Words { places: Vec<u16> },
}

/// What a cell turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Value,
    Missing,
    /// A category that was not learned.
    Unseen,
}

/// What of rows is to be told; nothing is kept where there is nothing.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<FilledColumn>);

impl Found {
    /// Adds the cell of a field, of so many.
    pub(super) fn add(&mut self, place: usize, fields: usize, cell: Cell, text: &str, line: usize) {
        if cell == Cell::Value {
            return;
        }
        self.0.resize(fields, FilledColumn::default());
        let own = &mut self.0[place];
        match cell {
            Cell::Missing => own.missing += 1,
            _ => {
                own.unseen += 1;
                own.first_unseen.get_or_insert_with(|| [text.to_string(), format!("line {line}")]);
            }
        }
    }

    /// What was found in so many rows, if there is something.
    pub(super) fn filled(mut self, rows: usize) -> Option<Vec<FilledColumn>> {
        self.0.iter_mut().for_each(|own| own.rows = rows);
        (!self.0.is_empty()).then_some(self.0)
    }
}

impl Field {
    /// Of a feature of a preprocessing, whose inputs begin at a place.
    pub(super) fn new(whole: &Preprocessing, feature: &Feature, at: usize) -> Field {
        let column = feature.column().to_string();
        let written = whole.written(&column);
        let cells = match feature {
            Feature::Number { mean, scale, missing, .. } => Cells::Number {
                cells: Box::new(NumberCells::new(&written)),
                mean: *mean,
                scale: *scale,
                missing: *missing,
            },
            Feature::Category { categories, missing, .. } => Cells::Category {
                known: Known::owned(categories),
                count: categories.len(),
                missing: *missing,
                has_dash: has_dash(categories),
            },
            Feature::Time { parts, day_first, missing, .. } => Cells::Time {
                cells: TimeCells::new(&written, *day_first),
                parts: parts.clone(),
                missing: *missing,
            },
            Feature::Words { places, .. } => Cells::Words { places: places.clone() },
        };
        let draws_in = whole.draws_in(&column);
        Field { column, at, width: feature.width(), draws_in, cells }
    }

    /// How its numbers are read, where it is of numbers.
    pub(super) fn numbers(&self) -> Option<&NumberCells> {
        match &self.cells {
            Cells::Number { cells, .. } => Some(cells),
            _ => None,
        }
    }

    /// Puts a number among the inputs of a row, which are 0; `None` where it is too far away.
    pub(super) fn put_number(&self, number: f64, row: &mut [f32]) -> Option<()> {
        let into = &mut row[self.at..self.at + self.width];
        self.write_number(number, into)?;
        self.draw_in(into);
        Some(())
    }

    /// Puts a cell among the inputs of a row, which are 0. `None` where it hangs on others or is none of this column.
    pub(super) fn put(&self, text: &str, row: &mut [f32], hang: &mut Hang) -> Option<Cell> {
        let into = &mut row[self.at..self.at + self.width];
        let cell = self.write(text, into, hang)?;
        self.draw_in(into);
        Some(cell)
    }

    fn write_number(&self, number: f64, into: &mut [f32]) -> Option<()> {
        let Cells::Number { mean, scale, missing, .. } = &self.cells else { return None };
        into[0] = standardised(number, *mean, *scale, String::new).ok()?;
        if *missing {
            into[1] = f32::from(number.is_nan());
        }
        Some(())
    }

    /// Writes the inputs of a cell, before far values are drawn in.
    fn write(&self, text: &str, into: &mut [f32], hang: &mut Hang) -> Option<Cell> {
        match &self.cells {
            Cells::Number { cells, .. } => {
                let number = cells.number(text, hang)?;
                self.write_number(number, into)?;
                Some(if number.is_nan() { Cell::Missing } else { Cell::Value })
            }
            Cells::Category { known, count, missing, has_dash } => {
                if says_nothing(text) {
                    if *missing {
                        into[*count] = 1.0;
                    }
                    return Some(Cell::Missing);
                }
                if text_hangs(text, *has_dash) {
                    return None;
                }
                let number = known.number(text);
                number.into_iter().for_each(|number| into[number] = 1.0);
                Some(if number.is_some() { Cell::Value } else { Cell::Unseen })
            }
            Cells::Time { cells, parts, missing } => {
                let seconds = cells.seconds(text)?;
                if seconds.is_nan() {
                    into.last_mut().filter(|_| *missing).into_iter().for_each(|last| *last = 1.0);
                    return Some(Cell::Missing);
                }
                let mut at = 0;
                for part in parts {
                    for value in part.values(seconds, String::new).ok()? {
                        into[at] = value;
                        at += 1;
                    }
                }
                Some(Cell::Value)
            }
            Cells::Words { places } => {
                if says_nothing(text) {
                    return Some(Cell::Missing);
                }
                if text_hangs(text, false) {
                    return None;
                }
                for place in words::places(text) {
                    if let Ok(number) = places.binary_search(&place) {
                        into[number] = 1.0;
                    }
                }
                Some(Cell::Value)
            }
        }
    }

    fn draw_in(&self, into: &mut [f32]) {
        if self.draws_in {
            into.first_mut().into_iter().for_each(|first| *first = drawn_in(*first));
        }
    }
}
