//! [`RowReader`]: rows of known columns, straight into the inputs of a network.

mod csv;
mod field;
mod json;

use std::collections::{BTreeMap, BTreeSet};

use self::field::{Field, Found};
use super::inputs_of::KNOWS_WRITTEN;
use super::{Feature, Filled, Preprocessing, Target};
use crate::data::table::{Hang, NumberCells, text_hangs};
use crate::data::{CsvOptions, Table};
use crate::tensor::{Result, Tensor};

/// Reads rows as a [`Preprocessing`] wants them, made once for many small texts.
///
/// A [`Table`] first finds out what its columns are, from all their cells; here that is known. So cells that say by
/// themselves what they are go straight into the inputs, which takes a fiftieth of the time for a row. Where some cell
/// hangs on others, does not fit its column, or cannot be read, the whole text is read as a table after all. So inputs,
/// notes and errors are those of a table, to the bit.
///
/// ```
/// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, RowReader, Table};
/// let text = "size,town,sold\n30,Oslo,yes\n50,Oslo,no\n40,Bergen,yes\n60,Bergen,no\n";
/// let table = Table::from_csv(text.as_bytes(), "homes.csv", &CsvOptions::default())?;
/// let all = [0, 1, 2, 3];
/// let reader = RowReader::new(Preprocessing::fit(&table, "sold", &all, &Default::default())?);
/// let read = reader.read(br#"[{"size": 45, "town": "Rome"}]"#, "the body")?;
/// assert_eq!(read.inputs.to_vec::<f32>()?, [0.0, 0.0, 0.0]);
/// assert!(read.notes[0].contains(r#"such as "Rome" (line 1): none of those that were"#));
/// let error = reader.read(b"size\n30\n", "the body").unwrap_err().to_string();
/// assert!(error.contains(r#"the body: there is no column "town""#));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Debug)]
pub struct RowReader {
    preprocessing: Preprocessing,
    fields: Vec<Field>,
    /// The places of the fields by the names of their columns.
    places: BTreeMap<String, usize>,
    /// The column that is predicted, where it is of numbers, which are looked at for notes alone.
    target: Option<(String, NumberCells)>,
    width: usize,
    /// Whether there are rows that can be read without a table.
    is_known: bool,
}

/// Rows as a network takes them.
#[derive(Clone, Debug)]
pub struct PreparedRows {
    /// As [`Preprocessing::inputs`] gives them: f32 `[n, width]`.
    pub inputs: Tensor,
    /// What the user should know, a line each: how the text was read, and what [`Preprocessing::filled`] tells.
    pub notes: Vec<String>,
}

impl RowReader {
    /// A reader of what a preprocessing was fitted on.
    pub fn new(preprocessing: Preprocessing) -> RowReader {
        let mut at = 0;
        let field = |own: &Feature| {
            let field = Field::new(&preprocessing, own, at);
            at += own.width();
            field
        };
        let fields: Vec<Field> = preprocessing.features.iter().map(field).collect();
        let names = preprocessing.features.iter().map(|own| own.column().to_string());
        let places: BTreeMap<String, usize> = names.zip(0..).collect();
        let target = match preprocessing.target() {
            Target::Number { column, .. } => {
                Some((column.clone(), NumberCells::new(&preprocessing.written(column))))
            }
            Target::Classes { .. } => None,
        };
        let width = preprocessing.width();
        let is_input = target.as_ref().is_some_and(|(name, _)| places.contains_key(name));
        // Earlier versions read each table by itself.
        let is_known =
            preprocessing.version >= KNOWS_WRITTEN && places.len() == fields.len() && !is_input;
        RowReader { preprocessing, fields, places, target, width, is_known }
    }

    /// What is done to the columns.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The rows of a text: CSV with a header, a JSON array of objects, or objects one a line; `source` stands for its name
    /// in errors. Fails as [`Table::from_csv`] and [`Preprocessing::inputs`].
    pub fn read(&self, text: &[u8], source: &str) -> Result<PreparedRows> {
        match self.read_at_once(text, usize::MAX) {
            Some(rows) => Ok(rows),
            None => self.read_table(&Table::from_csv(text, source, &CsvOptions::default())?),
        }
    }

    /// As [`RowReader::read`], where no table is needed for it and the inputs are at most so many numbers; `None` says
    /// nothing of the text.
    pub fn read_at_once(&self, text: &[u8], most: usize) -> Option<PreparedRows> {
        if !self.is_known {
            return None;
        }
        let mut rows = Reading::new(self, most);
        match text.trim_ascii_start().first()? {
            b'[' | b'{' => json::read(text, &mut rows)?,
            _ => csv::read(text, &mut rows)?,
        }
        rows.finish()
    }

    /// The rows of a table. Fails as [`Preprocessing::inputs`].
    pub fn read_table(&self, table: &Table) -> Result<PreparedRows> {
        let inputs = self.preprocessing.inputs(table)?;
        let notes = [table.notes(), &self.preprocessing.filled(table)].concat();
        Ok(PreparedRows { inputs, notes })
    }

    /// Rows of a number for each column, in the order of the features, NaN where it is missing; `None` where the numbers
    /// are no such rows, or not what a column has: a table may tell.
    pub fn read_numbers(&self, numbers: &[f64]) -> Option<PreparedRows> {
        if !self.is_known || !numbers.len().is_multiple_of(self.fields.len()) {
            return None;
        }
        let mut rows = Reading::new(self, usize::MAX);
        for (row, numbers) in numbers.chunks_exact(self.fields.len()).enumerate() {
            rows.begin(row + 1)?;
            for (place, &number) in numbers.iter().enumerate() {
                match number.is_nan() {
                    true => rows.nothing(place)?,
                    false => rows.number(place, number, true, || number.to_string())?,
                }
            }
            rows.end()?;
        }
        rows.finish()
    }

    /// The place of a column, which is often the `next` one.
    fn place(&self, name: &str, next: usize) -> Name {
        match self.fields.get(next).is_some_and(|field| field.column == name) {
            true => Name::Field(next),
            false => match self.places.get(name) {
                Some(&place) => Name::Field(place),
                None if self.target.as_ref().is_some_and(|(own, _)| own == name) => Name::Target,
                None => Name::Other,
            },
        }
    }
}

/// What the name of a column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Field(usize),
    /// The column that is predicted.
    Target,
    Other,
}

/// From so many cells on, rows are left to a table, which sees whether they share names.
const MOST_CELLS: usize = 1 << 21;

/// Rows while they are read. What returns `None` leaves the text to a table.
struct Reading<'r> {
    reader: &'r RowReader,
    inputs: Vec<f32>,
    /// The most numbers of inputs.
    most: usize,
    rows: usize,
    /// The line or the number of the row.
    line: usize,
    /// The last row in which each field had a cell, counted from 1.
    seen: Vec<usize>,
    has_target: bool,
    others: BTreeSet<String>,
    hang: Hang,
    /// Whether there are values with decimals, and texts, among numbers.
    decimals: bool,
    texts: bool,
    found: Found,
}

impl<'r> Reading<'r> {
    fn new(reader: &'r RowReader, most: usize) -> Reading<'r> {
        Reading {
            reader,
            inputs: Vec::with_capacity(reader.width),
            most,
            rows: 0,
            line: 0,
            seen: vec![0; reader.fields.len()],
            has_target: false,
            others: BTreeSet::new(),
            hang: Hang::default(),
            decimals: false,
            texts: false,
            found: Found::default(),
        }
    }

    /// Begins a row, which stands at a line.
    fn begin(&mut self, line: usize) -> Option<()> {
        let cells =
            (self.rows + 1).checked_mul(self.reader.fields.len() + self.others.len() + 1)?;
        let numbers = self.inputs.len() + self.reader.width;
        if numbers > self.most || cells > MOST_CELLS {
            return None;
        }
        self.rows += 1;
        (self.line, self.has_target) = (line, false);
        self.inputs.resize(numbers, 0.0);
        Some(())
    }

    /// Ends a row: what has no cell in it is missing.
    fn end(&mut self) -> Option<()> {
        for place in 0..self.seen.len() {
            if self.seen[place] != self.rows {
                self.missing(place)?;
            }
        }
        Some(())
    }

    /// A cell of a column that is not read.
    fn unread(&mut self, name: Name, text: &str) -> Option<()> {
        match (name, &self.reader.target) {
            (Name::Target, Some((_, cells))) => {
                self.texts = true;
                cells.number(text, &mut self.hang).map(drop)
            }
            _ => (!text_hangs(text, true)).then_some(()),
        }
    }

    /// A number in a column that is not read.
    fn unread_number(&mut self, name: Name, number: f64, has_point: bool) -> Option<()> {
        match (name, &self.reader.target) {
            (Name::Target, Some((_, cells))) => {
                self.decimals |= has_point;
                cells.value(number).map(drop)
            }
            _ => Some(()),
        }
    }

    /// Notes that a column that is not read has a cell. A name that comes twice is a matter for a table.
    fn other(&mut self, name: Name, text: &str) -> Option<()> {
        match name {
            Name::Target => (!std::mem::replace(&mut self.has_target, true)).then_some(()),
            _ => {
                if !self.others.contains(text) {
                    self.others.insert(text.to_string());
                }
                Some(())
            }
        }
    }

    /// Notes that a field has a cell in this row.
    fn once(&mut self, place: usize) -> Option<()> {
        (std::mem::replace(&mut self.seen[place], self.rows) != self.rows).then_some(())
    }

    /// The cell of a field as it is written.
    fn text(&mut self, place: usize, text: &str) -> Option<()> {
        self.once(place)?;
        self.texts |= self.reader.fields[place].numbers().is_some();
        self.put(place, text)
    }

    /// A number that is none in writing, which `text` would write, with a point or without.
    fn number(
        &mut self,
        place: usize,
        number: f64,
        has_point: bool,
        text: impl FnOnce() -> String,
    ) -> Option<()> {
        self.once(place)?;
        let field = &self.reader.fields[place];
        let Some(cells) = field.numbers() else { return self.put(place, &text()) };
        self.decimals |= has_point;
        let start = self.inputs.len() - self.reader.width;
        field.put_number(cells.value(number)?, &mut self.inputs[start..])
    }

    /// A cell without a value.
    fn nothing(&mut self, place: usize) -> Option<()> {
        self.once(place)?;
        self.missing(place)
    }

    fn missing(&mut self, place: usize) -> Option<()> {
        self.put(place, "")
    }

    fn put(&mut self, place: usize, text: &str) -> Option<()> {
        let RowReader { fields, width, .. } = self.reader;
        let start = self.inputs.len() - width;
        let cell = fields[place].put(text, &mut self.inputs[start..], &mut self.hang)?;
        self.found.add(place, fields.len(), cell, text, self.line);
        Some(())
    }

    fn finish(mut self) -> Option<PreparedRows> {
        if self.decimals && self.texts {
            // Values have a point before their decimals only where all of their column are values.
            let mut all = self.reader.fields.iter().filter_map(Field::numbers);
            let target = self.reader.target.iter().map(|(_, cells)| cells);
            if all.any(NumberCells::has_commas) || target.into_iter().any(NumberCells::has_commas) {
                return None;
            }
            self.hang.on_points();
        }
        let has_all = self.seen.iter().all(|&row| row > 0);
        if self.rows == 0 || !has_all || !self.hang.is_met() {
            return None;
        }
        let notes = match self.found.filled(self.rows) {
            Some(filled) => self.reader.preprocessing.told_of(&Filled { columns: filled }),
            None => Vec::new(),
        };
        let inputs = Tensor::from_vec(self.inputs, [self.rows, self.reader.width]).ok()?;
        Some(PreparedRows { inputs, notes })
    }
}

#[cfg(test)]
mod tests;
