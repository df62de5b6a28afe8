//! [`TableBuilder`]: a table put together from cells that something else has read.

use super::column::{Column, Words};
use super::{CsvOptions, Table};
use crate::tensor::{Error, Kind, Result};

/// Puts a [`Table`] together from the cells of another format. Cells are texts, and their columns are taken for what they
/// look like, as those of CSV are.
///
/// ```
/// use gradtape::data::{ColumnKind, CsvOptions, TableBuilder};
/// let mut table = TableBuilder::new("people.db", &CsvOptions::default());
/// let (age, since) = (table.column("age"), table.column("since"));
/// for (a, b) in [("31", "2019-05-03"), ("", "2020-02-14"), ("44", "2021-01-01")] {
///     table.push(age, a);
///     table.push(since, b);
/// }
/// let table = table.finish()?;
/// assert_eq!((table.len(), table.column("age")?.missing()), (3, 1));
/// assert_eq!(table.column("since")?.kind(), ColumnKind::Time);
/// assert_eq!(table.at(1), "row 2");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TableBuilder {
    table: Table,
    options: CsvOptions,
    tests: usize,
}

impl TableBuilder {
    /// A table without columns; `source` stands for the file's name in errors. Of the options those on what is missing,
    /// on decimals and on days are followed.
    pub fn new(source: &str, options: &CsvOptions) -> TableBuilder {
        let words = Words { listed: options.missing.clone(), only_listed: options.keep_na };
        let mut table = Table::new(source, words);
        table.unit = "row";
        TableBuilder { table, options: options.clone(), tests: 0 }
    }

    /// Adds a column; its place. Without a name it is `unnamed_1` and so on, by its place, and is taken as the numbers or
    /// names of rows where it looks like these. A name that is there already becomes `x.1`.
    pub fn column(&mut self, name: &str) -> usize {
        let place = self.table.columns.len();
        match name.trim() {
            "" => self.table.add_column(format!("unnamed_{}", place + 1), true),
            name => self.table.add_column(name.to_string(), false),
        }
        place
    }

    /// Adds columns without names, which are `c0`, `c1`, and so on.
    pub fn columns(&mut self, count: usize) {
        self.table.numbered = true;
        (0..count).for_each(|place| self.table.add_column(format!("c{place}"), false));
    }

    /// Adds a cell to a column, by its place; an empty one is missing. Of a column that is not there nothing is kept.
    pub fn push(&mut self, column: usize, cell: &str) {
        if let Some(column) = self.table.columns.get_mut(column) {
            column.push(cell.trim(), &self.table.words);
        }
    }

    /// Counts what a cell of a column could be without keeping it, as of rows that are not wanted: the column is taken for
    /// what all its cells are.
    pub fn look(&mut self, column: usize, cell: &str) {
        if let Some(column) = self.table.columns.get_mut(column) {
            column.look(cell.trim(), &self.table.words);
        }
    }

    /// Has all cells to come counted by what they say, also those that are only looked at: classes, categories and the ends
    /// of numbers are then those of the whole file, of which only some rows are kept.
    pub fn count_all(&mut self) {
        self.table.columns.iter_mut().for_each(Column::count_all);
    }

    /// Says that a column, by its place, is of numbers whose decimals stand after a point, whatever other columns have.
    pub fn numbers(&mut self, column: usize) {
        if let Some(column) = self.table.columns.get_mut(column) {
            column.set_pointed();
        }
    }

    /// Says that a column, by its place, is the one that is to be predicted.
    pub fn target(&mut self, column: usize) {
        self.table.target = Some(column);
    }

    /// Says that so many rows at the end are only for tests.
    pub fn for_tests(&mut self, rows: usize) {
        self.tests = rows;
    }

    /// How many cells a column has so far.
    pub fn len_of(&self, column: usize) -> usize {
        self.table.columns.get(column).map_or(0, |column| column.len())
    }

    /// Adds a line to what the user should know of how the file was read.
    pub fn note(&mut self, note: impl Into<String>) {
        self.table.notes.push(note.into());
    }

    /// The table, whose rows are counted from 1. Fails where there is no row, and where columns differ in length.
    pub fn finish(self) -> Result<Table> {
        let rows = self.len_of(0);
        self.finish_at((1..=rows).collect())
    }

    /// As [`TableBuilder::finish`], of rows that have these numbers in the file.
    pub fn finish_at(mut self, rows: Vec<usize>) -> Result<Table> {
        let columns = &self.table.columns;
        if let Some(other) = columns.iter().find(|column| column.len() != rows.len()) {
            let message = format!(
                "{}: column {:?} has {} cells, but there are {} rows",
                self.table.source,
                other.name(),
                other.len(),
                rows.len()
            );
            return Err(Error::new(Kind::Data, message));
        }
        let none = if columns.is_empty() { "there are no columns" } else { "there are no rows" };
        if self.tests > 0 {
            let first = rows.len().saturating_sub(self.tests);
            self.table.for_tests = (0..rows.len()).map(|row| row >= first).collect();
        }
        let options = self.options;
        self.table.lines = if columns.is_empty() { Vec::new() } else { rows };
        self.table.finished(&options, none)
    }
}
