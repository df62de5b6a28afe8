//! Rows of CSV.

use std::io::Cursor;

use super::{Name, Reading};
use crate::data::delimited::{Record, Records};
use crate::data::sniff::{self, Form};

/// How many bytes tell how a text is laid out.
const HEAD: usize = 1 << 20;

/// What may stand between cells.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads the rows of a text; `None` where they are left to a table.
pub(super) fn read(text: &[u8], rows: &mut Reading<'_>) -> Option<()> {
    let plain = std::str::from_utf8(text).ok()?;
    let head = &text[..text.len().min(HEAD)];
    let Form::Text = sniff::form(head, "").ok()? else { return None };
    if let Some(delimiter) = plain_delimiter(plain) {
        return read_plain(plain, delimiter, rows);
    }
    let layout = sniff::layout(head, None, true);
    if layout.start > 0 || layout.title.is_some() {
        return None;
    }
    let mut records = Records::new(Cursor::new(text), "", layout.delimiter, 1);
    let mut record = Record::default();
    records.read(&mut record).ok()?.then_some(())?;
    let columns = columns(texts(&record)?.into_iter(), rows)?;
    while records.read(&mut record).ok()? {
        row(record.line, texts(&record)?.into_iter(), &columns, rows)?;
    }
    Some(())
}

fn texts(record: &Record) -> Option<Vec<&str>> {
    record.cells().map(|cell| std::str::from_utf8(cell).ok()).collect()
}

/// The delimiter of a text without quotes, in which one kind of delimiters stands alone, and names are above all: it is laid
/// out as it looks.
fn plain_delimiter(text: &str) -> Option<char> {
    let mut found = None;
    for byte in text.bytes() {
        if byte == b'"' || DELIMITERS.contains(&byte) && found.is_some_and(|own| own != byte) {
            return None;
        }
        if DELIMITERS.contains(&byte) {
            found = Some(byte);
        }
    }
    let delimiter = char::from(found?);
    let first = text.lines().find(|line| !line.trim_ascii().is_empty())?;
    // A title has one cell; the line `sep=;` may say otherwise.
    let names = first.split(delimiter).filter(|cell| !cell.trim_ascii().is_empty()).count();
    let says = first.trim_ascii_start().get(..4).is_some_and(|s| s.eq_ignore_ascii_case("sep="));
    let is_plain = names > 1 && !says && !text.starts_with('\u{feff}');
    // A line may end with CR alone, which is rare.
    let ends = || text.split('\n').all(|line| !line.trim_end_matches('\r').contains('\r'));
    (is_plain && ends()).then_some(delimiter)
}

/// Reads the rows of a text as [`plain_delimiter`] knows it.
fn read_plain(text: &str, delimiter: char, rows: &mut Reading<'_>) -> Option<()> {
    let lines = text.split('\n').enumerate().map(|(number, line)| (number + 1, line));
    let mut names = None;
    for (number, line) in lines {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.ends_with('\r') {
            return None;
        }
        let cells = line.split(delimiter).map(|cell| cell.trim_matches(' '));
        match &names {
            _ if line.trim_matches([' ', '\t']).is_empty() && !line.contains(delimiter) => {}
            None => names = Some(columns(cells, rows)?),
            Some(names) => row(number, cells, names, rows)?,
        }
    }
    names.map(drop)
}

/// Reads a row.
fn row<'t>(
    line: usize,
    cells: impl Iterator<Item = &'t str>,
    columns: &[Name],
    rows: &mut Reading<'_>,
) -> Option<()> {
    rows.begin(line)?;
    let mut count = 0;
    for cell in cells {
        match *columns.get(count)? {
            Name::Field(place) => rows.text(place, cell)?,
            name => rows.unread(name, cell)?,
        }
        count += 1;
    }
    (count == columns.len()).then_some(())?;
    rows.end()
}

/// What the names of the header stand for.
fn columns<'t>(header: impl Iterator<Item = &'t str>, rows: &mut Reading<'_>) -> Option<Vec<Name>> {
    let mut columns = Vec::with_capacity(rows.seen.len());
    let (mut next, mut only_numbers) = (0, true);
    for (place, cell) in header.enumerate() {
        only_numbers = only_numbers && cell.parse::<f64>().is_ok();
        let unnamed;
        let cell = match cell {
            "" => {
                unnamed = format!("unnamed_{}", place + 1);
                &*unnamed
            }
            cell => cell,
        };
        let name = rows.reader.place(cell, next);
        match name {
            Name::Field(field) => {
                // A second column of a name is called otherwise.
                if std::mem::replace(&mut rows.seen[field], usize::MAX) != 0 {
                    return None;
                }
                next = field + 1;
            }
            Name::Target => rows.other(name, cell)?,
            Name::Other if rows.others.contains(cell) => return None,
            Name::Other => rows.other(name, cell)?,
        }
        columns.push(name);
    }
    let has_all = rows.seen.iter().all(|&seen| seen != 0);
    rows.seen.iter_mut().for_each(|seen| *seen = 0);
    (has_all && !only_numbers).then_some(columns)
}
