//! [`Values`]: the values of a column in a part of the rows.

use std::borrow::Cow;

use super::super::cells;
use super::field::{Field, Layout, Meaning};

/// What stands in a part of the rows, column after column.
pub(super) struct Parts<'a> {
    rows: u64,
    lengths: std::vec::IntoIter<i64>,
    buffers: std::vec::IntoIter<Cow<'a, [u8]>>,
    views: std::vec::IntoIter<i64>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        rows: u64,
        lengths: Vec<i64>,
        buffers: Vec<Cow<'a, [u8]>>,
        views: Vec<i64>,
    ) -> Parts<'a> {
        Parts {
            rows,
            lengths: lengths.into_iter(),
            buffers: buffers.into_iter(),
            views: views.into_iter(),
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Goes on to the column after this one.
    pub(super) fn skip(&mut self, field: &Field) -> Result<(), String> {
        self.length()?;
        let count = match field.layout {
            Layout::Null => 0,
            Layout::Bits | Layout::Fixed(_) => 2,
            Layout::Runs(_) => 3,
            Layout::Views => self.view_count()?.saturating_add(2),
            Layout::Unread(count) => count,
        };
        // More than there are end the loop.
        for _ in 0..count {
            self.buffer()?;
        }
        field.children().iter().try_for_each(|child| self.skip(child))
    }

    fn length(&mut self) -> Result<u64, String> {
        let length = self.lengths.next().and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| "a column is missing".to_string())
    }

    fn buffer(&mut self) -> Result<Cow<'a, [u8]>, String> {
        self.buffers.next().ok_or_else(|| "a column is missing".to_string())
    }

    fn view_count(&mut self) -> Result<usize, String> {
        let count = self.views.next().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| "a column of texts has no number of parts".to_string())
    }
}

/// The values of a column.
pub(super) struct Values<'a> {
    length: u64,
    layout: Layout,
    meaning: Meaning,
    /// A bit for each value that is there; none where all are.
    present: Cow<'a, [u8]>,
    first: Cow<'a, [u8]>,
    others: Vec<Cow<'a, [u8]>>,
}

impl<'a> Values<'a> {
    /// Those of the next column, which is this one.
    pub(super) fn next(field: &Field, parts: &mut Parts<'a>) -> Result<Values<'a>, String> {
        let length = parts.length()?;
        let (present, first) = match field.layout {
            Layout::Null => (Cow::default(), Cow::default()),
            _ => (parts.buffer()?, parts.buffer()?),
        };
        let count = match field.layout {
            Layout::Runs(_) => 1,
            Layout::Views => parts.view_count()?,
            _ => 0,
        };
        let mut others = Vec::new();
        for _ in 0..count {
            others.push(parts.buffer()?);
        }
        let (layout, meaning) = (field.layout, field.meaning.clone());
        Ok(Values { length, layout, meaning, present, first, others })
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Writes the cell of a row; nothing where it is missing.
    pub(super) fn cell(&self, row: u64, cell: &mut String) -> Result<(), String> {
        cell.clear();
        let row = place(row)?;
        if !self.is_present(row)? {
            return Ok(());
        }
        match self.layout {
            Layout::Null | Layout::Unread(_) => {}
            Layout::Bits => cells::show(cell, bit(&self.first, row)?),
            Layout::Fixed(width) => self.number(self.fixed(row, width)?, cell)?,
            Layout::Runs(width) => text(self.run(row, width)?, cell),
            Layout::Views => text(self.view(row)?, cell),
        }
        Ok(())
    }

    /// The place in the dictionary that a row points to; `None` where it is missing.
    pub(super) fn index(&self, row: u64) -> Result<Option<usize>, String> {
        let row = place(row)?;
        if !self.is_present(row)? {
            return Ok(None);
        }
        let Layout::Fixed(width @ 1..=8) = self.layout else {
            return Err("a column points to values by what is no number".to_string());
        };
        Ok(Some(number(self.fixed(row, width)?)?))
    }

    fn is_present(&self, row: usize) -> Result<bool, String> {
        if self.present.is_empty() { Ok(true) } else { bit(&self.present, row) }
    }

    fn fixed(&self, row: usize, width: usize) -> Result<&[u8], String> {
        part(&self.first, row.saturating_mul(width), width)
    }

    fn number(&self, bytes: &[u8], cell: &mut String) -> Result<(), String> {
        match (&self.meaning, bytes) {
            (Meaning::Decimal(scale), bytes) if (1..=64).contains(&bytes.len()) => {
                let big: Vec<u8> = bytes.iter().rev().copied().collect();
                cells::decimal(cell, &big, *scale);
                return Ok(());
            }
            (Meaning::Float, &[a, b]) => {
                cells::half(cell, u16::from_le_bytes([a, b]));
                return Ok(());
            }
            (Meaning::Float, &[a, b, c, d]) => {
                cells::single(cell, f32::from_le_bytes([a, b, c, d]));
                return Ok(());
            }
            _ if !(1..=8).contains(&bytes.len()) => {
                return Err(format!("a column has numbers of {} bytes", bytes.len()));
            }
            _ => {}
        }
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let filled = |byte: u8| {
            let mut all = [byte; 8];
            all.iter_mut().zip(bytes).for_each(|(own, &byte)| *own = byte);
            all
        };
        let whole = i64::from_le_bytes(filled(if is_negative { 0xff } else { 0 }));
        match self.meaning {
            Meaning::Float => cells::float(cell, f64::from_le_bytes(filled(0))),
            Meaning::Unsigned => cells::show(cell, u64::from_le_bytes(filled(0))),
            Meaning::Date => cells::date(cell, whole),
            Meaning::Moment(per_second) => cells::moment(cell, whole, per_second),
            Meaning::Time(per_second) => cells::time(cell, whole, per_second),
            Meaning::Duration(per_second) => cells::seconds(cell, whole, per_second),
            _ => cells::show(cell, whole),
        }
        Ok(())
    }

    fn run(&self, row: usize, width: usize) -> Result<&[u8], String> {
        let end = |row: usize| number(part(&self.first, row.saturating_mul(width), width)?);
        let (start, end) = (end(row)?, end(row.saturating_add(1))?);
        let text = self.others.first().ok_or_else(cut)?;
        part(text, start, end.checked_sub(start).ok_or_else(cut)?)
    }

    fn view(&self, row: usize) -> Result<&[u8], String> {
        let view = part(&self.first, row.saturating_mul(16), 16)?;
        let at = |start: usize| number(part(view, start, 4)?);
        match at(0)? {
            short @ 0..=12 => part(view, 4, short),
            long => part(self.others.get(at(8)?).ok_or_else(cut)?, at(12)?, long),
        }
    }
}

/// The whole number of up to eight bytes, the lowest first.
fn number(bytes: &[u8]) -> Result<usize, String> {
    let number = bytes.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
    usize::try_from(number).map_err(|_| cut())
}

fn part(bytes: &[u8], start: usize, length: usize) -> Result<&[u8], String> {
    bytes.get(start..).and_then(|rest| rest.get(..length)).ok_or_else(cut)
}

fn bit(bytes: &[u8], row: usize) -> Result<bool, String> {
    bytes.get(row / 8).map(|byte| byte >> (row % 8) & 1 == 1).ok_or_else(cut)
}

fn text(bytes: &[u8], cell: &mut String) {
    cell.push_str(&String::from_utf8_lossy(bytes));
}

fn place(row: u64) -> Result<usize, String> {
    usize::try_from(row).map_err(|_| cut())
}

fn cut() -> String {
    "a column ends too early".to_string()
}
