//! Tables in JSON: an object for each row, in an array or one after another.

use std::fmt;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::Table;
use crate::tensor::{Error, Kind, Result};

/// Reads the rows of JSON lines, or of an array of objects; of an array the lines are the numbers of its rows. A column of
/// numbers alone has its decimals after a point, whatever is written in others.
pub(super) fn read(text: impl BufRead, table: &mut Table) -> Result<()> {
    let mut others = Vec::new();
    read_rows(text, table, &mut others)?;
    others.resize(table.columns.len(), false);
    for (column, _) in table.columns.iter_mut().zip(others).filter(|(_, others)| !others) {
        column.set_pointed();
    }
    Ok(())
}

/// Reads the rows, and which columns have cells that are neither numbers nor null.
fn read_rows(mut text: impl BufRead, table: &mut Table, others: &mut Vec<bool>) -> Result<()> {
    let source = table.source().to_string();
    let failed = |e: std::io::Error| Error::new(Kind::File, format!("{source}: {e}"));
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        number += 1;
        let bytes = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if bytes.starts_with(b"[") && table.is_empty() {
            text.read_to_end(&mut line).map_err(failed)?;
            let bytes = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
            let rows: Vec<Row> = parsed(bytes).map_err(|e| damaged(&source, &e, number))?;
            for (row, cells) in rows.into_iter().enumerate() {
                table.push_row(cells.0, row + 1, others)?;
            }
            return Ok(());
        }
        if bytes.is_empty() {
            continue;
        }
        match parsed::<Row>(bytes) {
            Ok(row) => table.push_row(row.0, number, others)?,
            Err(error) if error.is_eof() && table.is_empty() => {
                // One object over several lines, or several.
                text.read_to_end(&mut line).map_err(failed)?;
                let all = finite(&line).unwrap_or(line);
                for (row, cells) in
                    serde_json::Deserializer::from_slice(&all).into_iter::<Row>().enumerate()
                {
                    let cells = cells.map_err(|e| damaged(&source, &e, number))?;
                    table.push_row(cells.0, row + 1, others)?;
                }
                return Ok(());
            }
            Err(error) => return Err(damaged(&source, &error, number)),
        }
    }
}

/// What JSON says. NaN and infinities, which some programs write and JSON does not know, are null.
fn parsed<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes).or_else(|error| match finite(bytes) {
        Some(finite) => serde_json::from_slice(&finite),
        None => Err(error),
    })
}

/// The text with null for each NaN and infinity outside of strings; `None` where there are none.
fn finite(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(bytes.len());
    let (mut rest, mut quoted, mut found) = (bytes, false, false);
    while let Some(&byte) = rest.first() {
        let word = WORDS.iter().find(|word| !quoted && rest.starts_with(word));
        let length = match byte {
            b'\\' if quoted => rest.len().min(2),
            _ => word.map_or(1, |word| word.len()),
        };
        match word {
            Some(_) => text.extend_from_slice(b"null"),
            None => text.extend_from_slice(&rest[..length]),
        }
        quoted ^= byte == b'"';
        found |= word.is_some();
        rest = &rest[length..];
    }
    found.then_some(text)
}

/// What some programs write for numbers that are not finite.
const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

fn damaged(source: &str, error: &serde_json::Error, line: usize) -> Error {
    let line = line + error.line().max(1) - 1;
    let message = format!(
        "{source}, line {line}, column {}: the JSON cannot be read: {error}",
        error.column()
    );
    Error::new(Kind::Data, message)
        .hint("a table in JSON is one object for each row, in an array or on a line of its own")
}

impl Table {
    /// Adds a row of names and values; what other rows have and this one has not is missing. Fails where nearly all cells
    /// would be: a small file of rows that share no names would fill the memory.
    fn push_row(
        &mut self,
        cells: Vec<(String, Value)>,
        line: usize,
        others: &mut Vec<bool>,
    ) -> Result<()> {
        let row = self.len();
        let mut flat = Vec::with_capacity(cells.len());
        for (name, value) in cells {
            flatten(name, value, &mut flat);
        }
        let count = flat.len();
        for (name, Cell { text, is_other }) in flat {
            if !self.places.contains_key(&name) {
                self.add_column(name.clone(), false);
            }
            let place = self.places[&name];
            others.resize(self.columns.len(), false);
            let column = &mut self.columns[place];
            // A name that comes twice in an object counts once.
            if column.len() <= row {
                while column.len() < row {
                    column.push("", &self.words);
                }
                column.push(&text, &self.words);
                others[place] |= is_other;
            }
        }
        self.lines.push(line);
        let (rows, columns) = (row + 1, self.columns.len());
        if rows.saturating_mul(columns) > MOST_GAPS && count < columns / DENSITY {
            let message = format!(
                "{}, line {line}: {rows} rows with {columns} names among them, of which this one has {count}",
                self.source()
            );
            return Err(Error::new(Kind::Data, message)
                .hint("a table has the same names in all rows; are these several tables, or is a name a value?"));
        }
        for column in &mut self.columns {
            while column.len() <= row {
                column.push("", &self.words);
            }
        }
        Ok(())
    }
}

/// From so many cells on, a row that has fewer than one in [`DENSITY`] of the names is refused.
const MOST_GAPS: usize = 1 << 22;
const DENSITY: usize = 64;

/// The text of a value.
struct Cell {
    text: String,
    /// Whether it is neither a number nor null.
    is_other: bool,
}

/// The cells of a value; of an object one for each part, named as `town.name`.
fn flatten(name: String, value: Value, into: &mut Vec<(String, Cell)>) {
    let is_other = !matches!(value, Value::Null | Value::Number(_));
    let text = match value {
        Value::Object(parts) => {
            return parts
                .into_iter()
                .for_each(|(part, value)| flatten(format!("{name}.{part}"), value, into));
        }
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_string(),
        other => other.to_string(),
    };
    into.push((name, Cell { text, is_other }));
}

/// An object whose parts are in their order.
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, the row of a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Row(parts))
            }
        }
        deserializer.deserialize_map(Parts)
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{CsvOptions, Table};

    #[test]
    fn rows_that_share_no_names_are_refused_before_they_fill_the_memory() {
        let rows: Vec<String> = (0..20_000).map(|row| format!("{{\"k{row}\":1}}")).collect();
        let text = format!("[{}]", rows.join(","));
        let error = Table::from_csv(text.as_bytes(), "a.json", &CsvOptions::default()).unwrap_err();
        assert!(error.to_string().contains("are these several tables"), "{error}");
        // Few names, all of them rare, are a table.
        let rows: Vec<String> = (0..3000).map(|row| format!("{{\"k{}\":1}}", row % 500)).collect();
        let table = Table::from_csv(rows.join("\n").as_bytes(), "b.json", &CsvOptions::default());
        assert_eq!(table.unwrap().len(), 3000);
    }
}
