//! Sheets of workbooks (xlsx).

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use gradtape::data::{Table, TableBuilder};
use gradtape::{Error, Kind, Result, nearest};

use super::{TableOptions, cells};
use crate::budget::{Budget, DENSEST};

pub(super) fn read(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let damaged = |error: XlsxError| damaged(source, &error);
    let mut budget = Budget::new(source, bytes.len() as u64, options.most);
    unpacks(&bytes, source, &mut Budget::of(source, bytes.len() as u64, DENSEST))?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let sheets: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let name = chosen(&sheets, source, options)?;
    let mut sheet = Sheet::read(&mut book, &name, source, &mut budget)?;
    let mut table = sheet.table(source, options, &mut budget).map_err(|error| {
        let others = sheets.len() > 1 && options.sheet.is_none();
        if others {
            error.note(format!("read was the sheet {name:?} of {}", list(&sheets))).hint(SHEET)
        } else {
            error
        }
    })?;
    if sheets.len() > 1 && options.sheet.is_none() {
        table.note(format!("read was the sheet {name:?} of {}; {SHEET}", list(&sheets)));
    }
    sheet.finish(table)
}

const SHEET: &str = "--sheet NAME reads another";

/// Fails where what is packed is more than the file can stand for, before any of it is kept.
fn unpacks(bytes: &[u8], source: &str, budget: &mut Budget) -> Result<()> {
    let damaged = |words: String| {
        let message = format!("{source}: this xlsx file cannot be read: {words}");
        Error::new(Kind::Data, message).hint(DAMAGED)
    };
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(error.to_string()))?;
    let mut buffer = vec![0; 1 << 16];
    for number in 0..archive.len() {
        let mut part = match archive.by_index(number) {
            Ok(part) => part,
            Err(error) => return Err(damaged(error.to_string())),
        };
        let is_read = |name: &str| name.ends_with(".xml") || name.ends_with(".rels");
        if part.name().is_ok_and(|name| !is_read(&name)) {
            continue;
        }
        loop {
            match part.read(&mut buffer).map_err(|error| damaged(error.to_string()))? {
                0 => break,
                count => budget.take(count as u64)?,
            }
        }
    }
    Ok(())
}

/// The name of the sheet that is read.
fn chosen(sheets: &[(String, bool)], source: &str, options: &TableOptions) -> Result<String> {
    let Some(wished) = &options.sheet else {
        let first = sheets.iter().find(|(_, visible)| *visible).or(sheets.first());
        return first.map(|(name, _)| name.clone()).ok_or_else(|| {
            Error::new(Kind::Data, format!("{source}: the workbook has no sheet with cells"))
        });
    };
    let names = || sheets.iter().map(|(name, _)| name.as_str());
    if names().any(|name| name == wished) {
        return Ok(wished.clone());
    }
    let message = format!("{source}: there is no sheet {wished:?}");
    let error = Error::new(Kind::Data, message).note(format!("sheets: {}", list(sheets)));
    Err(match nearest(wished, names()) {
        Some(near) => error.hint(format!("did you mean {near:?}?")),
        None => error,
    })
}

fn list(sheets: &[(String, bool)]) -> String {
    let shown: Vec<String> = sheets.iter().take(12).map(|(name, _)| format!("{name:?}")).collect();
    let more = if sheets.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The cells of a sheet that say something.
struct Sheet {
    /// By rows and columns, both from 1.
    cells: Vec<Cell>,
    texts: String,
    /// The numbers of the rows that are no header.
    rows: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Cell {
    row: u32,
    column: u32,
    start: usize,
    end: usize,
    number: bool,
}

impl Sheet {
    fn read(
        book: &mut Xlsx<Cursor<Vec<u8>>>,
        name: &str,
        source: &str,
        budget: &mut Budget,
    ) -> Result<Sheet> {
        let damaged = |error: XlsxError| damaged(source, &error);
        let mut reader = book.worksheet_cells_reader(name).map_err(damaged)?;
        let mut sheet = Sheet { cells: Vec::new(), texts: String::new(), rows: Vec::new() };
        let mut text = String::new();
        while let Some(cell) = reader.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            let number = write(&mut text, cell.get_value());
            let own = text.trim();
            if own.is_empty() {
                continue;
            }
            budget.take(size_of::<Cell>() as u64 + own.len() as u64)?;
            let start = sheet.texts.len();
            sheet.texts.push_str(own);
            let end = sheet.texts.len();
            sheet.cells.push(Cell { row: row + 1, column: column + 1, start, end, number });
        }
        // Cells are in order, but nothing says so. Of two in one place the first counts.
        sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
        sheet.cells.dedup_by_key(|cell| (cell.row, cell.column));
        Ok(sheet)
    }

    fn text(&self, cell: &Cell) -> &str {
        &self.texts[cell.start..cell.end]
    }

    /// The columns, named from the first row that is no title, and their cells.
    fn table(
        &mut self,
        source: &str,
        options: &TableOptions,
        budget: &mut Budget,
    ) -> Result<TableBuilder> {
        let mut table = TableBuilder::new(source, &options.csv);
        let lines: Vec<&[Cell]> = self.cells.chunk_by(|a, b| a.row == b.row).collect();
        let named = options.csv.header.unwrap_or(true);
        let above = if named { titles(&lines, &self.texts) } else { 0 };
        let (title, lines) = lines.split_at(above);
        if let (Some(first), Some(last)) = (title.first(), title.last()) {
            let (row, title) = (last[0].row, self.text(&first[0]));
            table.note(match row {
                1 => format!("row 1 left out: {title:?} stands above the header"),
                row => format!("rows 1 to {row} left out: {title:?} stands above the header"),
            });
        }
        let Some((&header, below)) = lines.split_first() else {
            return Err(Error::new(Kind::Data, format!("{source}: the sheet is empty")));
        };
        if options.csv.header.is_none() && header.iter().all(|cell| cell.number) {
            let message = format!(
                "{source}, row {}: the header is missing, the first row has only numbers",
                header[0].row
            );
            return Err(Error::new(Kind::Data, message).hint(
                "add a row with the names of the columns, or say that there is none: `train --no-header`",
            ));
        }
        // Beside a column of row names the first name may be missing.
        let right = below.first().is_some_and(|line| line[0].column < header[0].column);
        let width = width(below);
        if named && !right && 2 * header.len() <= width {
            table.note(format!(
                "row {} is taken as the header, but has {} of {width} names: where it is a title, delete it",
                header[0].row,
                header.len()
            ));
        }
        let body = if named { below } else { lines };
        // The columns that say something, with whether all their cells are numbers.
        let mut places: BTreeMap<u32, (usize, bool)> = BTreeMap::new();
        for cell in body.iter().copied().flatten() {
            let (_, numbers) = places.entry(cell.column).or_insert((0, true));
            *numbers &= cell.number;
        }
        if named {
            header.iter().for_each(|cell| {
                places.entry(cell.column).or_insert((0, false));
            });
            for (&column, (place, _)) in &mut places {
                let own = header.iter().find(|cell| cell.column == column);
                *place = table.column(own.map_or("", |cell| self.text(cell)));
            }
        } else {
            table.columns(places.len());
            places.values_mut().enumerate().for_each(|(at, (place, _))| *place = at);
        }
        budget.cells(body.len() as u64, places.len() as u64)?;
        places.values().filter(|(_, numbers)| *numbers).for_each(|(at, _)| table.numbers(*at));
        let mut rows = Vec::with_capacity(body.len());
        for line in body {
            rows.push(line[0].row as usize);
            let mut cells = line.iter().peekable();
            for (&column, &(place, _)) in &places {
                let cell = cells.next_if(|cell| cell.column == column);
                table.push(place, cell.map_or("", |cell| self.text(cell)));
            }
        }
        self.rows = rows;
        Ok(table)
    }

    fn finish(self, table: TableBuilder) -> Result<Table> {
        table.finish_at(self.rows)
    }
}

/// How many rows stand above the header. Titles have at most half as many cells as most rows, and the header is the first
/// row after them, if it has a name.
fn titles(lines: &[&[Cell]], texts: &str) -> usize {
    let width = width(lines);
    let above = lines.iter().take_while(|line| 2 * line.len() <= width).count();
    let (titles, [header, _, ..]) = lines.split_at(above) else { return 0 };
    let year = |cell: &Cell| texts[cell.start..cell.end].parse::<u32>().ok();
    let is_year = |cell: &Cell| year(cell).is_some_and(|year| YEARS.contains(&year));
    let is_name = |cell: &Cell| !cell.number || is_year(cell);
    let is_header = if width > 2 && titles.iter().all(|line| line.len() == 1) {
        header.iter().any(|cell| !cell.number)
    } else {
        // A single name above two columns may also be the header of one of them, and a few names those of some.
        let left = titles.iter().all(|line| line[0].column <= header[0].column);
        left && header.iter().all(is_name) && header.iter().any(|cell| !cell.number)
    };
    if is_header { above } else { 0 }
}

/// How many cells most of the first rows have below those of a single one.
fn width(lines: &[&[Cell]]) -> usize {
    let below = lines.iter().skip_while(|line| line.len() == 1);
    let mut widths: Vec<usize> = below.take(25).map(|line| line.len()).collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or(1)
}

/// Numbers that name columns.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// Writes a cell; whether it is a number.
fn write(text: &mut String, value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Int(number) => cells::show(text, number),
        DataRef::Float(number) => cells::float(text, *number),
        DataRef::String(words) => cells::show(text, words),
        DataRef::SharedString(words) => cells::show(text, words),
        DataRef::Bool(truth) => cells::show(text, truth),
        DataRef::DateTime(moment) => date(text, moment),
        DataRef::DateTimeIso(words) => cells::show(text, words),
        DataRef::DurationIso(words) => cells::show(text, words),
        DataRef::Error(_) | DataRef::Empty => text.clear(),
    }
    matches!(value, DataRef::Int(_) | DataRef::Float(_))
}

/// Writes a date, a time of the day, or both; a duration as seconds.
fn date(text: &mut String, moment: &ExcelDateTime) {
    let number = moment.as_f64();
    let milliseconds = (number * 86_400_000.0).round();
    if moment.is_duration() {
        return cells::seconds(text, milliseconds as i64, 1_000);
    }
    if (0.0..1.0).contains(&number) {
        return cells::time(text, milliseconds as i64, 1_000);
    }
    let (year, month, day, hour, minute, second, millisecond) = moment.to_ymd_hms_milli();
    match (hour, minute, second, millisecond) {
        (0, 0, 0, 0) => cells::show(text, format_args!("{year:04}-{month:02}-{day:02}")),
        (.., 0) => cells::show(
            text,
            format_args!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
        ),
        _ => cells::show(
            text,
            format_args!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millisecond:03}"
            ),
        ),
    }
}

const DAMAGED: &str = "it is damaged or cut short: save it again, or save the sheet as CSV UTF-8";

fn damaged(source: &str, error: &XlsxError) -> Error {
    match error {
        XlsxError::Password => {
            Error::new(Kind::Data, format!("{source}: the workbook is locked by a password"))
                .hint("save it without one, or the sheet as CSV UTF-8")
        }
        error => {
            let message = format!("{source}: this xlsx file cannot be read: {error}");
            Error::new(Kind::Data, message).hint(DAMAGED)
        }
    }
}
