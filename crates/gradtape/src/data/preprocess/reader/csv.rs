//! Rows of CSV.

use std::io::Cursor;

use super::{Name, Reading};
use crate::data::delimited::{Record, Records};
use crate::data::sniff::{self, Form};

/// How many bytes tell how a text is laid out.
const HEAD: usize = 1 << 20;

/// Reads the rows of a text; `None` where they are left to a table.
pub(super) fn read(text: &[u8], rows: &mut Reading<'_>) -> Option<()> {
    std::str::from_utf8(text).ok()?;
    let head = &text[..text.len().min(HEAD)];
    let Form::Text = sniff::form(head, "").ok()? else { return None };
    let layout = sniff::layout(head, None, true);
    if layout.start > 0 || layout.title.is_some() {
        return None;
    }
    let mut records = Records::new(Cursor::new(text), "", layout.delimiter, 1);
    let mut record = Record::default();
    records.read(&mut record).ok()?.then_some(())?;
    let columns = columns(&record, rows)?;
    while records.read(&mut record).ok()? {
        if record.len() != columns.len() {
            return None;
        }
        rows.begin(record.line)?;
        for (cell, &name) in record.cells().zip(&columns) {
            let cell = std::str::from_utf8(cell).ok()?;
            match name {
                Name::Field(place) => rows.text(place, cell)?,
                name => rows.unread(name, cell)?,
            }
        }
        rows.end()?;
    }
    Some(())
}

/// What the names of the header stand for.
fn columns(header: &Record, rows: &mut Reading<'_>) -> Option<Vec<Name>> {
    let mut columns = Vec::with_capacity(header.len());
    let (mut next, mut only_numbers) = (0, true);
    for (place, cell) in header.cells().enumerate() {
        let cell = std::str::from_utf8(cell).ok()?;
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
