//! Tables in JSON: an object for each row, in an array or one after another.

use std::fmt;
use std::io::{BufRead, Read};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::pieces::{Pieces, stands_for};
use super::{CsvOptions, Table};
use crate::tensor::{Error, Kind, Result};

/// Reads the rows of JSON lines, or of an array of objects; of an array the lines are the numbers of its rows. A column of
/// numbers alone has its decimals after a point, whatever is written in others. With pieces, lines alone are read, and what is
/// left after the last piece stays in the table.
pub(super) fn read(
    text: impl BufRead,
    table: &mut Table,
    options: &CsvOptions,
    pieces: Option<&mut Pieces<'_>>,
) -> Result<()> {
    table.grows = true;
    let every = pieces.as_ref().map_or(1, |pieces| pieces.every);
    let mut reading = Reading { others: Vec::new(), rows: 0, every, options, pieces };
    reading.rows(text, table)?;
    reading.point(table);
    Ok(())
}

/// How far rows are read.
struct Reading<'a, 'p> {
    /// Which columns have cells that are neither numbers nor null.
    others: Vec<bool>,
    /// How many rows there were, also of those that are not kept.
    rows: usize,
    /// Of so many rows one is kept.
    every: usize,
    options: &'a CsvOptions,
    pieces: Option<&'a mut Pieces<'p>>,
}

impl Reading<'_, '_> {
    /// Says which columns are of numbers alone.
    fn point(&mut self, table: &mut Table) {
        self.others.resize(table.columns.len(), false);
        let others = std::mem::take(&mut self.others);
        for (column, _) in table.columns.iter_mut().zip(others).filter(|(_, others)| !others) {
            column.set_pointed();
        }
    }

    /// Adds a row, and gives a piece away that is full.
    fn add(&mut self, row: Row, line: usize, table: &mut Table) -> Result<()> {
        table.push_row(row.0, line, self)?;
        self.rows += 1;
        if self.pieces.as_ref().is_some_and(|pieces| table.len() == pieces.rows) {
            self.point(table);
            let piece = table.piece().finished(self.options, "")?;
            if let Some(pieces) = &mut self.pieces {
                (pieces.each)(piece)?;
            }
        }
        Ok(())
    }

    /// Fails where rows are wanted in pieces, of a text that is read whole.
    fn whole(&self, source: &str) -> Result<()> {
        match self.pieces {
            None => Ok(()),
            Some(_) => {
                let message = format!(
                    "{source}: JSON is read whole, and not in pieces, unless each row is a line"
                );
                Err(Error::new(Kind::Data, message)
                    .hint("write an object for each row on a line of its own, or CSV, or allow more memory"))
            }
        }
    }

    /// Reads the rows.
    fn rows(&mut self, mut text: impl BufRead, table: &mut Table) -> Result<()> {
        let source = table.source().to_string();
        let failed = |e: std::io::Error| Error::new(Kind::File, format!("{source}: {e}"));
        let mut line = Vec::new();
        let mut number = 0;
        let most = match self.pieces {
            None => u64::MAX,
            Some(_) => {
                let (first, lines) = first(&mut text).map_err(failed)?;
                if first == Some(b'[') {
                    self.whole(&source)?;
                }
                number = lines;
                MOST_OF_A_LINE
            }
        };
        loop {
            line.clear();
            if text.by_ref().take(most).read_until(b'\n', &mut line).map_err(failed)? == 0 {
                return Ok(());
            }
            number += 1;
            if line.len() as u64 == most && line.last() != Some(&b'\n') {
                let message = format!(
                    "{source}, line {number}: it is longer than {} MB, as no row that is read in pieces may be",
                    MOST_OF_A_LINE >> 20
                );
                return Err(Error::new(Kind::Data, message)
                    .hint("write an object for each row on a line of its own, or CSV, or allow more memory"));
            }
            let bytes = line.strip_prefix(MARK).unwrap_or(&line).trim_ascii();
            if bytes.starts_with(b"[") && self.rows == 0 {
                self.whole(&source)?;
                text.read_to_end(&mut line).map_err(failed)?;
                let bytes = line.strip_prefix(MARK).unwrap_or(&line);
                let rows: Vec<Row> = parsed(bytes).map_err(|e| damaged(&source, &e, number))?;
                for (row, cells) in rows.into_iter().enumerate() {
                    self.add(cells, row + 1, table)?;
                }
                return Ok(());
            }
            if bytes.is_empty() {
                continue;
            }
            match parsed::<Row>(bytes) {
                Ok(row) => self.add(row, number, table)?,
                Err(error) if error.is_eof() && self.rows == 0 => {
                    // One object over several lines, or several.
                    self.whole(&source)?;
                    text.read_to_end(&mut line).map_err(failed)?;
                    let all = finite(&line).unwrap_or(line);
                    for (row, cells) in
                        serde_json::Deserializer::from_slice(&all).into_iter::<Row>().enumerate()
                    {
                        let cells = cells.map_err(|e| damaged(&source, &e, number))?;
                        self.add(cells, row + 1, table)?;
                    }
                    return Ok(());
                }
                Err(error) => return Err(damaged(&source, &error, number)),
            }
        }
    }
}

/// So many bytes a line has at most where rows are read in pieces, so that a file without ends of lines does not fill the
/// memory.
const MOST_OF_A_LINE: u64 = 16 << 20;

/// The first byte that is neither blank nor a byte order mark, which is left to be read, and the lines before it.
fn first(text: &mut impl BufRead) -> std::io::Result<(Option<u8>, usize)> {
    let mut lines = 0;
    loop {
        let Some(&byte) = text.fill_buf()?.first() else { return Ok((None, lines)) };
        if !byte.is_ascii_whitespace() && !MARK.contains(&byte) {
            return Ok((Some(byte), lines));
        }
        lines += usize::from(byte == b'\n');
        text.consume(1);
    }
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether JSON that begins like this is read whole, as it has no row on each line.
pub(super) fn is_whole(head: &[u8]) -> bool {
    let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
    let mut lines = text.splitn(2, |&byte| byte == b'\n');
    let line = lines.next().unwrap_or_default();
    match (text, lines.next()) {
        ([b'[', ..], _) => true,
        // Its end is not among what is looked at.
        (_, None) => false,
        _ => parsed::<Row>(line.trim_ascii_end()).is_err_and(|error| error.is_eof()),
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
        reading: &mut Reading<'_, '_>,
    ) -> Result<()> {
        let (row, all, every) = (self.len(), reading.rows, reading.every);
        let keep = stands_for(all as u64, every as u64);
        let others = &mut reading.others;
        let mut flat = Vec::with_capacity(cells.len());
        let mut there = vec![false; self.columns.len()];
        for (name, value) in cells {
            flatten(name, value, &mut flat);
        }
        let count = flat.len();
        for (name, Cell { text, is_other }) in flat {
            if !self.places.contains_key(&name) {
                self.add_column(name.clone(), false);
                let new = self.columns.len() - 1;
                let column = &mut self.columns[new];
                if every > 1 {
                    column.count_all();
                }
                (0..row).for_each(|_| column.push("", &self.words));
                // Of a piece no other rows count.
                let looked_at = if every > 1 { all - row } else { 0 };
                (0..looked_at).for_each(|_| {
                    column.look("", &self.words);
                });
            }
            let place = self.places[&name];
            others.resize(self.columns.len(), false);
            // A name that comes twice in an object counts once.
            there.resize(self.columns.len(), false);
            if std::mem::replace(&mut there[place], true) {
                continue;
            }
            let column = &mut self.columns[place];
            match keep {
                true => column.push(&text, &self.words),
                false => {
                    column.look(&text, &self.words);
                }
            }
            others[place] |= is_other;
        }
        let (rows, columns) = (all + 1, self.columns.len());
        if rows.saturating_mul(columns) > MOST_GAPS && count < columns / DENSITY {
            let message = format!(
                "{}, line {line}: {rows} rows with {columns} names among them, of which this one has {count}",
                self.source()
            );
            return Err(Error::new(Kind::Data, message)
                .hint("a table has the same names in all rows; are these several tables, or is a name a value?"));
        }
        for place in (0..columns).filter(|&place| !there[place]) {
            match keep {
                true => self.columns[place].push("", &self.words),
                false => {
                    self.columns[place].look("", &self.words);
                }
            }
        }
        if keep {
            self.lines.push(line);
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
    use std::cell::Cell;
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use crate::data::{CsvOptions, Table};

    #[test]
    fn lines_are_read_in_pieces_to_the_same_cells() {
        let row = |i: usize| match i {
            70 => "{\"a\": 70, \"late\": \"x\", \"town\": {\"name\": \"Oslo\"}}\n".to_string(),
            i if i % 7 == 3 => format!("{{\"b\": \"{i},5\", \"a\": {i}}}\n"),
            i => format!("{{\"a\": {i}.25, \"a\": 7, \"b\": null}}\n"),
        };
        let text: String = (0..90).map(row).collect();
        let options = CsvOptions::default();
        let whole = Table::from_csv(text.as_bytes(), "a.jsonl", &options).unwrap();
        let some = Table::from_csv_every(text.as_bytes(), "a.jsonl", &options, 20).unwrap();
        assert!(some.len() < 10);
        for (own, all) in some.columns().iter().zip(whole.columns()) {
            assert_eq!((own.name(), own.kind()), (all.name(), all.kind()));
        }
        for size in [1, 7, 40, 90] {
            let mut row = 0;
            Table::from_csv_pieces(text.as_bytes(), "a.jsonl", &options, size, |piece| {
                let piece = piece.taken_as(&some)?;
                assert_eq!((piece.columns().len(), piece.line(0)), (4, whole.line(row)));
                for (own, all) in piece.columns().iter().zip(whole.columns()) {
                    for place in 0..piece.len() {
                        assert_eq!(own.cell(place), all.cell(row + place), "{size}, {row}");
                    }
                    let (own, all) = (own.numbers(), &all.numbers()[row..]);
                    assert!(own.iter().zip(all).all(|(own, all)| own.to_bits() == all.to_bits()));
                }
                row += piece.len();
                Ok(())
            })
            .unwrap();
            assert_eq!(row, whole.len());
        }
        for wrong in ["[{\"a\": 1},\n{\"a\": 2}]", "{\n\"a\": 1}\n{\"a\": 2}"] {
            let read = Table::from_csv_pieces(wrong.as_bytes(), "b.json", &options, 1, |_| Ok(()));
            let words = read.unwrap_err().to_string();
            assert!(words.contains("read whole") && words.contains("CSV"), "{words}");
            assert_eq!(Table::from_csv(wrong.as_bytes(), "b.json", &options).unwrap().len(), 2);
        }
    }

    /// The same bytes again and again, after others, and how many were read.
    struct Endless<'a> {
        start: &'a [u8],
        again: &'a [u8],
        read: &'a Cell<u64>,
    }

    impl Read for Endless<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.read.get() > 64 << 20 {
                return Ok(0);
            }
            for (byte, at) in into.iter_mut().zip(self.read.get() as usize..) {
                *byte = match at.checked_sub(self.start.len()) {
                    None => self.start[at],
                    Some(at) => self.again[at % self.again.len()],
                };
            }
            self.read.set(self.read.get() + into.len() as u64);
            Ok(into.len())
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_read_whole_in_pieces() {
        let options = CsvOptions::default();
        let failed = |start: &str, again: &str| {
            let read = Cell::new(0);
            let (start, again) = (start.as_bytes(), again.as_bytes());
            let text = Endless { start, again, read: &read };
            let error =
                Table::from_csv_pieces(text, "a.json", &options, 5, |_| Ok(())).unwrap_err();
            (error.to_string(), read.get())
        };
        for start in ["[", "\u{feff}[", " \r\n\n ["] {
            let (error, read) = failed(start, "{\"a\": 1},");
            assert!(error.contains("JSON is read whole"), "{error}");
            // What a file is, is told by its first megabyte.
            assert!(read < 2 << 20, "{read}");
        }
        let (error, read) = failed("\n{\"a\": 1}\n{\"a\": \"", "x");
        assert!(error.contains("a.json, line 3: it is longer than 16 MB"), "{error}");
        assert!(read < 18 << 20, "{read}");
    }

    #[test]
    fn what_is_read_whole_is_told_before() {
        let options = CsvOptions::default();
        for (text, is) in [
            ("[{\"a\": 1}]", true),
            ("\u{feff}\n [\n{", true),
            // A header of a table may begin with a bracket.
            ("\u{feff}\n [\n", false),
            ("\n{\n\"a\": 1}\n", true),
            ("{\"a\": {\n\"b\": 1}}\n", true),
            ("{\"a\": 1}\n{\"a\": 2}\n", false),
            ("{\"a\": NaN}\n{\"a\": 2}\n", false),
            ("a,b\n[,2\n", false),
            ("", false),
        ] {
            let packed = {
                let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
                packer.write_all(text.as_bytes()).unwrap();
                packer.finish().unwrap()
            };
            for bytes in [text.as_bytes(), &packed] {
                assert_eq!(Table::is_whole_json(bytes, &options), is, "{text:?}");
            }
            if is {
                let read = Table::from_csv_pieces(text.as_bytes(), "a", &options, 1, |_| Ok(()));
                assert!(read.unwrap_err().to_string().contains("read whole"), "{text:?}");
            }
        }
    }

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
