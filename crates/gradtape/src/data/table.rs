//! [`Table`]: named columns of text and numbers, read from CSV.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use super::delimited::{Record, Records};
use super::sniff;
use crate::tensor::{Error, Kind, Result, nearest};

/// Named columns, each of numbers or of categories, that remember the lines they came from.
///
/// Cells that are empty or one of `NA`, `N/A`, `NaN`, `null` and `?` (in any case) are missing.
///
/// ```
/// use gradtape::data::{ColumnKind, CsvOptions, Table};
/// let text = "age;city\n31;Oslo\n;Bergen\n44;Oslo\n";
/// let table = Table::from_csv(text.as_bytes(), "people.csv", &CsvOptions::default())?;
/// assert_eq!(table.len(), 3);
/// assert_eq!(table.column("age")?.kind(), ColumnKind::Number);
/// assert_eq!(table.column("age")?.missing(), 1);
/// assert_eq!(table.column("city")?.cell(1), Some("Bergen"));
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
    decimal_comma: bool,
}

/// How a CSV file is to be read; by default everything is found out.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// The character between cells. By default the one of `,` `;` tab `|` that the header line has
    /// most of.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns; without names they are `c0`, `c1`, and so on.
    /// By default it must, and it is an error when all its cells are numbers.
    pub header: Option<bool>,
    /// Whether `1,5` is one and a half. By default it is text.
    pub decimal_comma: bool,
}

/// A column of a [`Table`].
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    unnamed: bool,
    text: String,
    ends: Vec<usize>,
    numeric: usize,
    with_commas: usize,
    missing: usize,
}

/// What the cells of a column are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// More than half of the cells that are not missing are numbers. Those that are not are
    /// reported when the numbers are asked for.
    Number,
    /// Text.
    Category,
    /// Every cell is missing.
    Empty,
}

impl Table {
    /// Reads a CSV file: a header line and at least one row, with as many cells as the header.
    ///
    /// Errors name the file, the line and the column. The file is read in pieces; what is kept is
    /// about as large as the file.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
        Table::read_csv_with(path, &CsvOptions::default())
    }

    /// As [`Table::read_csv`], with options.
    pub fn read_csv_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table> {
        let name = path.as_ref().display().to_string();
        let failed = |e: std::io::Error| Error::new(Kind::File, format!("{name}: {e}"));
        let file = File::open(path.as_ref()).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Error::new(Kind::File, format!("{name}: this is a folder, not a file")));
        }
        Table::from_csv(file, &name, options)
    }

    /// Reads CSV from anywhere; `source` stands for the file name in errors.
    pub fn from_csv(text: impl Read, source: &str, options: &CsvOptions) -> Result<Table> {
        let mut text = BufReader::with_capacity(1 << 16, text);
        let start = sniff::start_of(&mut text, source)?;
        let delimiter = match options.delimiter {
            None => sniff::delimiter(&start),
            Some(byte) if byte.is_ascii() && !b"\"\r\n".contains(&byte) => byte,
            Some(byte) => {
                let message = format!("{:?} cannot stand between cells", char::from(byte));
                return Err(Error::new(Kind::Value, message).hint("use , ; | or a tab"));
            }
        };
        let text = Cursor::new(start).chain(text);
        let mut records = Records::new(text, source, delimiter);
        let mut record = Record::default();
        if !records.read(&mut record)? {
            return Err(Error::new(Kind::Data, format!("{source}: the file is empty")));
        }
        let mut table = Table {
            source: source.to_string(),
            columns: Vec::new(),
            places: BTreeMap::new(),
            lines: Vec::new(),
            decimal_comma: options.decimal_comma,
        };
        let named = table.name_columns(&record, options.header)?;
        if !named {
            table.push(&record)?;
        }
        while records.read(&mut record)? {
            table.push(&record)?;
        }
        if table.is_empty() {
            let message = format!("{source}: there are no rows below the header");
            return Err(Error::new(Kind::Data, message));
        }
        Ok(table)
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

    /// The column of a name. The error lists what there is and offers the nearest.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.places.get(name).map(|&place| &self.columns[place]).ok_or_else(|| {
            let names = || self.columns.iter().map(Column::name);
            let message = format!("{}: there is no column {name:?}", self.source);
            let shown: Vec<_> = names().take(12).map(|name| format!("{name:?}")).collect();
            let more = if names().count() > shown.len() { ", …" } else { "" };
            let error = Error::new(Kind::Data, message)
                .note(format!("columns: {}{more}", shown.join(", ")));
            match nearest(name, names()) {
                Some(nearest) => error.hint(format!("did you mean {nearest:?}?")),
                None if self.columns.len() == 1 => error.hint(
                    "all is in one column: if something other than , ; | or a tab stands between \
                     cells, name it as the delimiter",
                ),
                None => error,
            }
        })
    }

    /// The numbers of a column, NaN where missing.
    ///
    /// Fails at the first cell that is no number or not finite, naming its line and column.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.column(name)?;
        let number = |(row, cell): (usize, Option<&str>)| match cell.map(str::parse::<f64>) {
            None => Ok(f64::NAN),
            Some(Ok(number)) if number.is_finite() => Ok(number),
            Some(parsed) => {
                let what = if parsed.is_ok() { "not a finite number" } else { "not a number" };
                let message =
                    format!("{}: {:?} is {what}", self.place(row, name), cell.unwrap_or_default());
                let hint = "correct the cell, or leave it empty if the value is missing";
                Err(Error::new(Kind::Data, message).hint(hint))
            }
        };
        column.cells().enumerate().map(number).collect()
    }

    /// The line of the file on which a row starts, counted from 1; 0 for a row that is not there.
    pub fn line(&self, row: usize) -> usize {
        self.lines.get(row).copied().unwrap_or(0)
    }

    /// An error when a column of text has mostly numbers written with commas, which are decimal in
    /// some countries and group thousands in others.
    pub(super) fn refuse_commas(&self, column: &Column) -> Result<()> {
        if 2 * column.with_commas <= column.ends.len() - column.missing {
            return Ok(());
        }
        let has_comma = |cell: Option<&str>| cell.is_some_and(|cell| cell.contains(','));
        let row = column.cells().position(has_comma).unwrap_or(0);
        let message = format!(
            "{}: {:?} is a number written with a comma",
            self.place(row, &column.name),
            column.cell(row).unwrap_or_default()
        );
        let hint = "where the comma is a decimal point, choose the decimal comma (--decimal-comma); \
                    remove commas between thousands";
        Err(Error::new(Kind::Data, message).hint(hint))
    }

    /// Words for a cell: file, line and column.
    pub(super) fn place(&self, row: usize, column: &str) -> String {
        format!("{}, line {}, column {column:?}", self.source, self.line(row))
    }

    /// Names the columns from the first record unless it is to be a row; whether it was used up.
    fn name_columns(&mut self, record: &Record, header: Option<bool>) -> Result<bool> {
        let at = format!("{}, line {}", self.source, record.line);
        let cells = utf8(record, |column| format!("{at}, column {}", column + 1))?;
        let named = header.unwrap_or(true);
        if header.is_none() && cells.iter().all(|cell| cell.parse::<f64>().is_ok()) {
            let message = format!("{at}: the header is missing, the first line has only numbers");
            let hint = "add a line with the names of the columns, or say that there is none: `train \
                        --no-header`, in Rust `header: Some(false)`";
            return Err(Error::new(Kind::Data, message).hint(hint));
        }
        for (i, cell) in cells.into_iter().enumerate() {
            let name = match named {
                true if cell.is_empty() => format!("unnamed_{}", i + 1),
                true => cell.to_string(),
                false => format!("c{i}"),
            };
            if let Some(first) = self.places.insert(name.clone(), i) {
                let message =
                    format!("{at}: columns {} and {} are both named {name:?}", first + 1, i + 1);
                return Err(Error::new(Kind::Data, message));
            }
            self.columns.push(Column {
                name,
                unnamed: named && cell.is_empty(),
                text: String::new(),
                ends: Vec::new(),
                numeric: 0,
                with_commas: 0,
                missing: 0,
            });
        }
        Ok(named)
    }

    fn push(&mut self, record: &Record) -> Result<()> {
        if record.len() != self.columns.len() {
            let message = format!(
                "{}, line {}: {}, but the first line has {}",
                self.source,
                record.line,
                if record.len() == 1 {
                    "1 cell".to_string()
                } else {
                    format!("{} cells", record.len())
                },
                self.columns.len()
            );
            let hint = match self.columns.len() {
                1 => "the first line must name the columns; nothing may stand above it",
                _ => "a cell that contains the delimiter must be in quotes",
            };
            return Err(Error::new(Kind::Data, message).hint(hint));
        }
        let place = |column: usize| {
            let name = &self.columns[column].name;
            format!("{}, line {}, column {name:?}", self.source, record.line)
        };
        let cells = utf8(record, place)?;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if self.decimal_comma && is_number(&cell.replacen(',', ".", 1)) {
                column.push(&cell.replacen(',', ".", 1));
            } else {
                column.push(cell);
            }
        }
        self.lines.push(record.line);
        Ok(())
    }
}

impl Column {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the header names all but this one, which then is `unnamed_1` and so on.
    pub(super) fn is_unnamed(&self) -> bool {
        self.unnamed
    }

    /// What its cells are taken for.
    pub fn kind(&self) -> ColumnKind {
        let present = self.ends.len() - self.missing;
        match present {
            0 => ColumnKind::Empty,
            _ if 2 * self.numeric > present => ColumnKind::Number,
            _ => ColumnKind::Category,
        }
    }

    /// How many cells are missing.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// The text of a cell; `None` when it is missing or there is no such row.
    pub fn cell(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.text[start..end]).filter(|cell| !cell.is_empty())
    }

    /// The cells in order, `None` where missing.
    pub fn cells(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|row| self.cell(row))
    }

    fn push(&mut self, cell: &str) {
        let number = cell.parse::<f64>().ok();
        if is_missing(cell) || number.is_some_and(f64::is_nan) {
            self.missing += 1;
        } else {
            self.text.push_str(cell);
            self.numeric += usize::from(number.is_some());
            self.with_commas +=
                usize::from(cell.contains(',') && is_number(&cell.replace(',', "")));
        }
        self.ends.push(self.text.len());
    }
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

fn is_missing(cell: &str) -> bool {
    cell.is_empty()
        || ["na", "n/a", "nan", "null", "?"].iter().any(|w| cell.eq_ignore_ascii_case(w))
}

fn utf8(record: &Record, place: impl Fn(usize) -> String) -> Result<Vec<&str>> {
    let cells = record.cells().enumerate().map(|(column, cell)| {
        std::str::from_utf8(cell).map_err(|_| {
            let message = format!("{}: the text is not UTF-8", place(column));
            Error::new(Kind::Data, message).hint("save the file as UTF-8")
        })
    });
    cells.collect()
}

#[cfg(test)]
mod tests;
