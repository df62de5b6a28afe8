//! [`Table`]: named columns of text, numbers and dates, read from CSV or JSON.

mod builder;
mod cell;
mod column;
#[cfg(feature = "encodings")]
mod encoding;
mod json;
mod moment;
mod pieces;
mod plain;
mod read;
mod seen;
mod written;

use std::collections::BTreeMap;

pub use self::builder::TableBuilder;
pub(super) use self::cell::{number_name, truth};
use self::column::Words;
pub use self::column::{Column, ColumnKind};
pub(super) use self::moment::civil;
pub use self::pieces::stands_for;
pub(super) use self::plain::{Hang, NumberCells, TimeCells, says_nothing, text_hangs};
pub use self::read::CsvOptions;
pub(super) use self::seen::MOST_COUNTED;
pub(super) use self::written::Written;
use crate::tensor::{Error, Kind, Result, nearest};

/// Named columns of numbers, dates or categories, that remember the lines they came from.
///
/// Numbers may be written as `1,020`, `1.020,50`, `$5`, `1.5%`, `5 kg`, `1h 30m`; whether a comma stands before decimals
/// is found column by column. Cells that are empty or one of `NA`, `N/A`, `NaN`, `null`, `#N/A` and `?` (in any case) are
/// missing, and `-` in a column without `+`; in columns of numbers and dates also `None`, `.`, `unknown`, `#DIV/0!` and
/// their like.
///
/// ```
/// use gradtape::data::{ColumnKind, CsvOptions, Table};
/// let text = "age;city;since\n31;Oslo;3.5.2019\n;Bergen;14.2.2020\n44;Oslo;1.1.2021\n";
/// let table = Table::from_csv(text.as_bytes(), "people.csv", &CsvOptions::default())?;
/// assert_eq!(table.len(), 3);
/// assert_eq!(table.column("age")?.kind(), ColumnKind::Number);
/// assert_eq!(table.column("age")?.missing(), 1);
/// assert_eq!(table.column("city")?.cell(1), Some("Bergen"));
/// assert_eq!(table.column("since")?.kind(), ColumnKind::Time);
///
/// let error = table.column("agee").unwrap_err();
/// assert!(error.to_string().contains(r#"did you mean "age"?"#));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    source: String,
    columns: Vec<Column>,
    /// The place of each column by its name.
    places: BTreeMap<String, usize>,
    lines: Vec<usize>,
    /// What `lines` are numbers of.
    unit: &'static str,
    words: Words,
    numbered: bool,
    /// Whether rows may have columns that those before have not.
    grows: bool,
    /// Whether rows of the file were handed out before.
    given: bool,
    /// The place of the column that is to be predicted.
    target: Option<usize>,
    /// Which rows are only for tests; empty where none is.
    for_tests: Vec<bool>,
    notes: Vec<String>,
}

impl Table {
    fn new(source: &str, words: Words) -> Table {
        Table {
            source: source.to_string(),
            columns: Vec::new(),
            places: BTreeMap::new(),
            lines: Vec::new(),
            unit: "line",
            words,
            numbered: false,
            grows: false,
            given: false,
            target: None,
            for_tests: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The name of the file, for messages.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no row; tables that were read have at least one.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The columns in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column that is to be predicted, where the file tells.
    pub fn target(&self) -> Option<&Column> {
        self.columns.get(self.target?)
    }

    /// The rows that are only for tests, where the file tells: it has a part for these.
    pub fn rows_for_tests(&self) -> Vec<usize> {
        (0..self.for_tests.len()).filter(|&row| self.for_tests[row]).collect()
    }

    /// What the user should know of how the file was read, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The column of a name. The error lists what there is and offers the nearest.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.places.get(name).map(|&place| &self.columns[place]).ok_or_else(|| {
            let names = || self.columns.iter().map(Column::name);
            let message = format!("{}: there is no column {name:?}", self.source);
            let shown: Vec<_> = names().take(12).map(|name| format!("{name:?}")).collect();
            let more = if names().count() > shown.len() { ", …" } else { "" };
            let error = Error::new(Kind::Data, message)
                .note(format!("columns: {}{more}", shown.join(", ")));
            if let Ok(number) = name.parse::<usize>()
                && self.numbered
            {
                let last = self.columns.len() - 1;
                return error.hint(match number.checked_sub(1) {
                    Some(place) if place <= last => {
                        format!("columns are counted from c0 to c{last}: number {number} is \"c{place}\"")
                    }
                    _ => format!("columns are counted from c0 to c{last}"),
                });
            }
            match nearest(name, names()) {
                Some(nearest) => error.hint(format!("did you mean {nearest:?}?")),
                None if self.grows => match self.columns.len() {
                    1..=3 => error.hint(
                        "a table in JSON is one object for each row: of pandas, to_json(FILE, orient=\"records\", lines=True)",
                    ),
                    _ => error,
                },
                None if self.columns.len() == 1 => error.hint(
                    "all is in one column: if something other than , ; | or a tab stands between \
                     cells, name it as the delimiter",
                ),
                None => error,
            }
        })
    }

    /// The numbers of a column, NaN where missing; of dates the seconds since the start of 1970.
    ///
    /// Fails at the first cell that is no number or not finite, naming its line and column;
    /// [`Column::numbers`] takes such cells as missing.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        self.numbers_of(self.column(name)?)
    }

    /// As [`Table::numbers`], of a column that is read in its own way.
    pub(super) fn numbers_of(&self, column: &Column) -> Result<Vec<f64>> {
        match column.odd_rows().first() {
            None => Ok(column.numbers()),
            Some(&row) => {
                let cell = column.cell(row).unwrap_or_default();
                let what = match cell.parse::<f64>() {
                    Ok(_) => "not a finite number",
                    Err(_) if column.kind() == ColumnKind::Time => "not a date",
                    Err(_) => "not a number",
                };
                let message = format!("{}: {cell:?} is {what}", self.place(row, column.name()));
                let hint = "correct the cell, or leave it empty if the value is missing";
                Err(Error::new(Kind::Data, message).hint(hint))
            }
        }
    }

    /// The rows in which a column has a value.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, Table};
    /// let text = "x,price\n1,20\n2,\n3,n/a\n4,35\n5,ask\n,\n";
    /// let table = Table::from_csv(text.as_bytes(), "homes.csv", &CsvOptions::default())?;
    /// let rows = table.rows_with("price")?;
    /// assert_eq!(rows, [0, 3]);
    /// let sold = table.rows(&rows)?;
    /// assert_eq!((sold.len(), sold.line(1)), (2, 5));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn rows_with(&self, name: &str) -> Result<Vec<usize>> {
        let column = self.column(name)?;
        let has_value: Vec<bool> = match column.kind() {
            ColumnKind::Number | ColumnKind::Time => {
                column.numbers().iter().map(|number| !number.is_nan()).collect()
            }
            ColumnKind::Category | ColumnKind::Empty => {
                column.cells().map(|cell| cell.is_some()).collect()
            }
        };
        Ok((0..self.len()).filter(|&row| has_value[row]).collect())
    }

    /// A table of some rows, in the order given. Its columns are taken for what they are here. Fails where there is no
    /// such row.
    pub fn rows(&self, rows: &[usize]) -> Result<Table> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.len()) {
            let message = format!("there is no row {row} in a table of {} rows", self.len());
            return Err(Error::new(Kind::Value, message));
        }
        Ok(Table {
            source: self.source.clone(),
            columns: self.columns.iter().map(|column| column.of_rows(rows)).collect(),
            places: self.places.clone(),
            lines: rows.iter().map(|&row| self.lines[row]).collect(),
            unit: self.unit,
            words: self.words.clone(),
            numbered: self.numbered,
            grows: self.grows,
            given: self.given,
            target: self.target,
            for_tests: match &self.for_tests[..] {
                [] => Vec::new(),
                all => rows.iter().map(|&row| all[row]).collect(),
            },
            notes: self.notes.clone(),
        })
    }

    /// The line of the file on which a row starts, counted from 1, or its number in a file without lines; 0 for a row
    /// that is not there.
    pub fn line(&self, row: usize) -> usize {
        self.lines.get(row).copied().unwrap_or(0)
    }

    /// Where a row stands in the file, in words: `line 5`, or `row 5` of a file without lines.
    pub fn at(&self, row: usize) -> String {
        format!("{} {}", self.unit, self.line(row))
    }

    /// Words for a cell: file, line and column.
    pub(super) fn place(&self, row: usize, column: &str) -> String {
        format!("{}, {}, column {column:?}", self.source, self.at(row))
    }

    /// Adds a column whose name becomes another one where it is there already, as `x.1`.
    fn add_column(&mut self, name: String, unnamed: bool) {
        let mut own = name.clone();
        let mut number = 0;
        while self.places.contains_key(&own) {
            number += 1;
            own = format!("{name}.{number}");
        }
        if number > 0 {
            self.notes.push(format!(
                "column {} is a second {name:?}, called {own:?}",
                self.columns.len() + 1
            ));
        }
        self.places.insert(own.clone(), self.columns.len());
        self.columns.push(Column::new(own, unnamed));
    }

    /// Decides what the columns are, once all rows are there.
    fn settle(&mut self, options: &CsvOptions) {
        let comma = options.decimal_comma || self.columns.iter().any(Column::has_commas);
        for column in &mut self.columns {
            column.settle(comma, options);
        }
    }
}

#[cfg(test)]
mod tests;
