//! [`Seen`]: what all cells of a column say, of a table of which only some rows are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::{Decimal, is_dash, is_weak};
use super::column::{Column, ColumnKind, Notation};

/// How often each text comes in a column, unless there are too many.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    counts: Option<Arc<BTreeMap<String, usize>>>,
}

/// So many different texts of a column are counted.
pub(in crate::data) const MOST_COUNTED: usize = 4096;

/// From so many on, numbers with decimals are amounts, and no names.
const MOST_DECIMALS: usize = 256;

/// Longer cells are no names of anything.
const LONGEST: usize = 256;

impl Seen {
    pub(super) fn new() -> Seen {
        Seen { counts: Some(Arc::default()) }
    }

    pub(super) fn add(&mut self, cell: &str) {
        let Some(counts) = &mut self.counts else { return };
        let counts = Arc::make_mut(counts);
        if let Some(count) = counts.get_mut(cell) {
            *count += 1;
            return;
        }
        let is_decimal = || cell.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
        let are_many = counts.len() == MOST_COUNTED || cell.len() > LONGEST;
        if are_many || counts.len() >= MOST_DECIMALS && is_decimal() {
            self.counts = None;
        } else {
            counts.insert(cell.to_string(), 1);
        }
    }
}

/// The smallest and the largest of some numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends(Option<[f64; 2]>);

impl Ends {
    pub(super) fn add(&mut self, number: Option<f64>) {
        let Some(number) = number else { return };
        let [low, high] = self.0.unwrap_or([number; 2]);
        self.0 = Some([low.min(number), high.max(number)]);
    }
}

impl Column {
    /// Whether its table keeps only some rows of a file, all of which were looked at.
    pub(in crate::data) fn is_sample(&self) -> bool {
        self.seen.is_some()
    }

    /// Has all cells to come counted by what they say, also those that are not kept.
    pub(super) fn count_all(&mut self) {
        self.seen = Some(Seen::new());
    }

    /// The different cells that say something, with how often each comes in the whole file; `None` where all rows are
    /// kept, and where the different ones were too many to count.
    pub(in crate::data) fn counted(&self) -> Option<Vec<(&str, usize)>> {
        let counts = self.seen.as_ref()?.counts.as_ref()?;
        let said = counts.iter().filter(|(cell, _)| !(self.dashes && is_dash(cell)));
        Some(said.map(|(cell, &count)| (&**cell, count)).collect())
    }

    /// The smallest and the largest number of the whole file, where only some rows of it are kept; none where that is not
    /// known.
    pub(in crate::data) fn ends(&self) -> Option<[f64; 2]> {
        if !self.is_sample() || self.percents() > 0 && self.plain() > 0 {
            return None;
        }
        let ends = match (self.kind, self.notation) {
            (ColumnKind::Time, _) => return None,
            (_, Notation::Digits(Decimal::Point)) => self.tally.ends[0],
            (_, Notation::Digits(Decimal::Comma)) => self.tally.ends[1],
            (_, Notation::Duration) => self.tally.ends[2],
        };
        ends.0
    }

    /// Whether a value is missing in some row of the whole file, where only some rows of it are kept.
    pub(in crate::data) fn has_gaps(&self) -> bool {
        let tally = &self.tally;
        let values = match self.kind {
            ColumnKind::Empty => 0,
            ColumnKind::Category => tally.present - if self.dashes { tally.dashes } else { 0 },
            ColumnKind::Time => tally.month_first.max(tally.day_first),
            ColumnKind::Number => match self.notation {
                Notation::Digits(Decimal::Point) => tally.point,
                Notation::Digits(Decimal::Comma) => tally.comma,
                Notation::Duration => tally.durations,
            },
        };
        self.is_sample() && values < tally.cells
    }

    /// Whether a cell of a column of numbers says something that is none.
    pub(in crate::data) fn is_odd(&self, cell: &str) -> bool {
        !is_weak(cell) && self.number(cell).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CsvOptions, Table};

    fn every(text: &str) -> Table {
        Table::from_csv_every(text.as_bytes(), "a.csv", &CsvOptions::default(), 20).unwrap()
    }

    #[test]
    fn rows_that_are_not_kept_are_counted() {
        let row = |i: usize| match i {
            70 => "x;1.000.000,5;oops;rare\n".to_string(),
            71 => format!("y{i};;7;-\n"),
            _ => format!("y{i};{},5;{};common\n", i % 9, i % 30),
        };
        let text = "a;b;c;d\n".to_string() + &(0..200).map(row).collect::<String>();
        let table = every(&text);
        assert!(table.len() < 20);
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| table.column(name).unwrap());
        assert!([a, b, c, d].into_iter().all(Column::is_sample));
        assert_eq!(a.counted().unwrap().len(), 200);
        assert_eq!((b.ends(), b.has_gaps()), (Some([0.5, 1_000_000.5]), true));
        assert_eq!((c.ends(), c.has_gaps()), (Some([0.0, 29.0]), true));
        assert_eq!(d.counted().unwrap(), [("common", 198), ("rare", 1)]);
        assert!(d.has_gaps() && !a.has_gaps());
        let whole = Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default()).unwrap();
        let column = whole.column("b").unwrap();
        assert!(!column.is_sample() && column.ends().is_none() && column.counted().is_none());
    }

    #[test]
    fn no_more_are_counted_than_fit() {
        let many: String = (0..5000).map(|i| format!("{i},{}.5,{}\n", i, i % 300)).collect();
        let table = every(&("a,b,c\n".to_string() + &many));
        let counted = |name: &str| table.column(name).unwrap().counted().map(|own| own.len());
        assert_eq!((counted("a"), counted("b"), counted("c")), (None, None, Some(300)));
    }
}
