//! Reading tables: opening and unpacking, then delimited text or JSON, record by record.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::column::Words;
use super::pieces::{Pieces, stands_for};
use super::{Column, Table, json};
use crate::data::delimited::{Record, Records};
use crate::data::sniff::{self, Form, Layout};
use crate::tensor::{Error, Kind, Result};

/// How a file is to be read; by default everything is found out.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// The character between cells. By default a line `sep=;` says it, else it is the one of `,` `;` tab `|` that
    /// stands in most of the first lines as often.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns; without names they are `c0`, `c1`, and so on.
    /// By default it must, and it is an error when all its cells are numbers. Lines above it with
    /// a single cell, such as a title, are left out with a note.
    pub header: Option<bool>,
    /// Whether `1,5` is one and a half also in columns that do not tell, such as those of `1,020` alone.
    pub decimal_comma: bool,
    /// Whether the day comes first in dates that do not tell, such as `3/4/2024`. By default it does where dots or a
    /// decimal comma are used.
    pub day_first: bool,
    /// What is missing besides empty cells and `NA` and its like.
    pub missing: Vec<String>,
    /// Whether `NA` and its like are values, so that only empty cells and those listed are missing.
    pub keep_na: bool,
    /// The encoding, as `windows-1252` or `shift_jis`. By default UTF-8, UTF-16, or, where it is neither,
    /// Windows-1252. Any but UTF-8 needs the feature `encodings`.
    pub encoding: Option<String>,
}

/// How many bytes are looked at to find out what a file is.
const HEAD: u64 = 1 << 20;

impl Table {
    /// Reads a CSV file, a JSON array of objects or JSON lines, also compressed by gzip: at least one row, and in CSV
    /// as many cells in each as in the header.
    ///
    /// Errors name the file, the line and the column. The file is read in pieces; what is kept is
    /// about as large as the file.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
        Table::read_csv_with(path, &CsvOptions::default())
    }

    /// As [`Table::read_csv`], with options.
    pub fn read_csv_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table> {
        let (file, name) = opened(path.as_ref())?;
        Table::from_csv(file, &name, options)
    }

    /// Reads such a file from anywhere; `source` stands for its name in errors.
    pub fn from_csv(text: impl Read, source: &str, options: &CsvOptions) -> Result<Table> {
        let table = Table::from_text(text, source, options, None)?;
        let none = table.none();
        table.finished(options, none)
    }

    /// Hands out the pieces of such a file.
    pub(super) fn pieces_of(
        text: impl Read,
        source: &str,
        options: &CsvOptions,
        mut pieces: Pieces<'_>,
    ) -> Result<()> {
        let last = Table::from_text(text, source, options, Some(&mut pieces))?;
        match (last.is_empty(), last.given) {
            (true, true) => Ok(()),
            _ => {
                let none = last.none();
                (pieces.each)(last.finished(options, none)?)
            }
        }
    }

    /// The table, without what was found of its columns; with pieces, what is left after those.
    fn from_text(
        text: impl Read,
        source: &str,
        options: &CsvOptions,
        pieces: Option<&mut Pieces<'_>>,
    ) -> Result<Table> {
        let words = Words { listed: options.missing.clone(), only_listed: options.keep_na };
        let mut table = Table::new(source, words);
        let Unfolded { head, rest, is_json, notes } = Unfolded::of(text, source, options)?;
        table.notes.extend(notes);
        match is_json {
            true => json::read(Cursor::new(head).chain(rest), &mut table, options, pieces)?,
            false => table.delimited(head, rest, options, pieces)?,
        }
        Ok(table)
    }

    /// Whether a text, also a compressed one, is JSON that has no row on each line, which cannot be [read in
    /// pieces](Table::from_csv_pieces). It is told by its first megabyte; of what cannot be read it is `false`.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, Table};
    /// let is_whole = |text: &str| Table::is_whole_json(text.as_bytes(), &CsvOptions::default());
    /// assert!(is_whole("[{\"x\": 1}, {\"x\": 2}]"));
    /// assert!(!is_whole("{\"x\": 1}\n{\"x\": 2}\n") && !is_whole("x\n1\n2\n"));
    /// ```
    pub fn is_whole_json(text: impl Read, options: &CsvOptions) -> bool {
        Unfolded::of(text, "", options).is_ok_and(|own| own.is_json && json::is_whole(&own.head))
    }

    fn delimited(
        &mut self,
        head: Vec<u8>,
        rest: impl BufRead,
        options: &CsvOptions,
        mut pieces: Option<&mut Pieces<'_>>,
    ) -> Result<()> {
        let delimiter = match options.delimiter {
            Some(byte) if !byte.is_ascii() || b"\"\r\n".contains(&byte) => {
                let message = format!("{:?} cannot stand between cells", char::from(byte));
                return Err(Error::new(Kind::Value, message).hint("use , ; | or a tab"));
            }
            given => given,
        };
        let named = options.header.unwrap_or(true);
        let Layout { start, lines, delimiter, title } = sniff::layout(&head, delimiter, named);
        self.notes.extend(title.map(|title| match lines {
            1 => format!("line 1 left out: {title:?} stands above the header"),
            _ => format!("lines 1 to {lines} left out: {title:?} stands above the header"),
        }));
        let mut text = Cursor::new(head);
        text.set_position(start as u64);
        let mut records = Records::new(text.chain(rest), &self.source, delimiter, lines + 1);
        let mut record = Record::default();
        let mut encoding = Encoding::Ascii;
        if !records.read(&mut record)? {
            return Err(Error::new(Kind::Data, format!("{}: the file is empty", self.source)));
        }
        let mut is_row = !self.name_columns(&record, options.header, &mut encoding)?;
        let every = pieces.as_ref().map_or(1, |pieces| pieces.every);
        if every > 1 {
            self.columns.iter_mut().for_each(Column::count_all);
        }
        let mut row = 0;
        while is_row || records.read(&mut record)? {
            is_row = false;
            self.push(&record, &mut encoding, stands_for(row as u64, every as u64))?;
            row += 1;
            if let Some(pieces) = &mut pieces
                && self.len() == pieces.rows
            {
                (pieces.each)(self.piece().finished(options, "")?)?;
            }
        }
        Ok(())
    }

    /// Notes that the text is not UTF-8, where that was found since it was in an encoding.
    fn note_windows(&mut self, before: Encoding, now: Encoding) {
        if before != now && now == Encoding::Windows {
            self.notes.push(format!(
                "{} is not UTF-8 and was read as Windows-1252 (--encoding for another)",
                self.source
            ));
        }
    }

    /// The rows so far, which are there no more afterwards.
    pub(super) fn piece(&mut self) -> Table {
        let mut rest =
            Table { columns: Vec::new(), ..Table::new(&self.source, self.words.clone()) };
        rest.places = self.places.clone();
        rest.columns = self.columns.iter().map(Column::emptied).collect();
        (rest.numbered, rest.grows, rest.given) = (self.numbered, self.grows, true);
        std::mem::replace(self, rest)
    }

    /// What is to be said where there are no rows; only JSON has none without columns.
    fn none(&self) -> &'static str {
        if self.columns.is_empty() {
            "there are no rows"
        } else {
            "there are no rows below the header"
        }
    }

    pub(super) fn finished(mut self, options: &CsvOptions, none: &str) -> Result<Table> {
        if self.is_empty() {
            return Err(Error::new(Kind::Data, format!("{}: {none}", self.source)));
        }
        self.settle(options);
        Ok(self)
    }

    /// Names the columns from the first record unless it is to be a row; whether it was used up.
    fn name_columns(
        &mut self,
        record: &Record,
        header: Option<bool>,
        encoding: &mut Encoding,
    ) -> Result<bool> {
        let at = format!("{}, line {}", self.source, record.line);
        let before = *encoding;
        let cells = encoding.cells(record, |column| format!("{at}, column {}", column + 1))?;
        self.note_windows(before, *encoding);
        let named = header.unwrap_or(true);
        if header.is_none() && cells.iter().all(|cell| cell.parse::<f64>().is_ok()) {
            let message = format!("{at}: the header is missing, the first line has only numbers");
            let hint = "add a line with the names of the columns, or say that there is none: `train \
                        --no-header`, in Rust `header: Some(false)`";
            return Err(Error::new(Kind::Data, message).hint(hint));
        }
        self.numbered = !named;
        for (i, cell) in cells.into_iter().enumerate() {
            match named {
                true if cell.is_empty() => self.add_column(format!("unnamed_{}", i + 1), true),
                true => self.add_column(cell.into_owned(), false),
                false => self.add_column(format!("c{i}"), false),
            }
        }
        Ok(named)
    }

    /// Looks at the cells of a row, and keeps it or not.
    fn push(&mut self, record: &Record, encoding: &mut Encoding, keep: bool) -> Result<()> {
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
                1 => {
                    "the first line must name the columns; if something other than , ; | or a tab stands between cells, \
                      name it as the delimiter"
                }
                columns if record.len() < columns => {
                    "cells are missing, or the row goes on in the next line: a cell of several lines must be in quotes"
                }
                _ => "a cell that contains the delimiter must be in quotes",
            };
            return Err(Error::new(Kind::Data, message).hint(hint));
        }
        let place = |column: usize| {
            let name = self.columns[column].name();
            format!("{}, line {}, column {name:?}", self.source, record.line)
        };
        let before = *encoding;
        let cells = encoding.cells(record, place)?;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match keep {
                true => column.push(&cell, &self.words),
                false => drop(column.look(&cell, &self.words)),
            }
        }
        self.note_windows(before, *encoding);
        if keep {
            self.lines.push(record.line);
        }
        Ok(())
    }
}

/// A text that is unpacked, and in UTF-8 unless nobody knows.
struct Unfolded<'a> {
    head: Vec<u8>,
    rest: Box<dyn BufRead + 'a>,
    /// Whether it is JSON, and no delimited text.
    is_json: bool,
    notes: Vec<String>,
}

impl<'a> Unfolded<'a> {
    fn of(text: impl Read + 'a, source: &str, options: &CsvOptions) -> Result<Unfolded<'a>> {
        let mut text: Box<dyn BufRead + 'a> = Box::new(BufReader::with_capacity(1 << 16, text));
        let mut notes = Vec::new();
        if let Some(name) = &options.encoding {
            text = decoded(text, name, source)?;
        }
        // A compressed file may hold any other, such as UTF-16.
        for _ in 0..3 {
            let head = head_of(&mut text, source)?;
            match sniff::form(&head, source)? {
                Form::Gzip => {
                    let packed = BufReader::new(Cursor::new(head).chain(text));
                    text = Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(packed)));
                }
                Form::Utf16(name) => {
                    text = decoded(Box::new(Cursor::new(head).chain(text)), name, source)?;
                    notes.push(format!("{source} is written in UTF-16"));
                }
                form @ (Form::Json | Form::Text) => {
                    let is_json = matches!(form, Form::Json);
                    return Ok(Unfolded { head, rest: text, is_json, notes });
                }
            }
        }
        Err(Error::new(Kind::Data, format!("{source}: compressed more than once"))
            .hint("unpack it"))
    }
}

/// A file that is to be read, and its name for messages.
pub(super) fn opened(path: &Path) -> Result<(File, String)> {
    let name = path.display().to_string();
    let failed = |e: std::io::Error| Error::new(Kind::File, format!("{name}: {e}"));
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Error::new(Kind::File, format!("{name}: this is a folder, not a file")));
    }
    Ok((file, name))
}

/// What the text was found to be written in so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Ascii,
    /// With letters that are not ASCII.
    Utf8,
    Windows,
}

impl Encoding {
    /// The texts of a record. What is not UTF-8 from its first foreign letter on is Windows-1252.
    fn cells<'r>(
        &mut self,
        record: &'r Record,
        place: impl Fn(usize) -> String,
    ) -> Result<Vec<Cow<'r, str>>> {
        let mut cells = Vec::with_capacity(record.len());
        for (column, cell) in record.cells().enumerate() {
            let text = std::str::from_utf8(cell);
            match (*self, text) {
                (Encoding::Windows, Err(_)) => cells.push(windows(cell)),
                // Letters of Windows-1252 hardly ever are those of UTF-8: the file is in both.
                (Encoding::Windows, Ok(text)) if !text.is_ascii() => {
                    let message = format!(
                        "{}: {text:?} is UTF-8, and what stands before it is not: the file is in two encodings",
                        place(column)
                    );
                    return Err(Error::new(Kind::Data, message).hint(MIXED));
                }
                (_, Ok(text)) => {
                    if *self == Encoding::Ascii && !text.is_ascii() {
                        *self = Encoding::Utf8;
                    }
                    cells.push(Cow::Borrowed(text));
                }
                (Encoding::Ascii, Err(_)) if cfg!(feature = "encodings") => {
                    *self = Encoding::Windows;
                    cells.push(windows(cell));
                }
                (now, Err(error)) => {
                    let at = error.valid_up_to();
                    let message = format!(
                        "{}: the text is not UTF-8, byte {} of the cell is 0x{:02X}",
                        place(column),
                        at + 1,
                        cell.get(at).copied().unwrap_or_default()
                    );
                    let hint = match now {
                        Encoding::Utf8 => MIXED,
                        _ => {
                            "save the file as UTF-8, or name its encoding (--encoding windows-1252)"
                        }
                    };
                    return Err(Error::new(Kind::Data, message).hint(hint));
                }
            }
        }
        Ok(cells)
    }
}

/// What helps where some letters are UTF-8 and others are not.
const MIXED: &str = "other letters of the file are in another encoding: correct this line, and save the file as UTF-8; \
                     --encoding windows-1252 reads all of it as that";

#[cfg(feature = "encodings")]
fn windows(bytes: &[u8]) -> Cow<'_, str> {
    super::encoding::windows(bytes)
}

#[cfg(not(feature = "encodings"))]
fn windows(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A text in UTF-8, of one in another encoding.
fn decoded<'a>(
    text: Box<dyn BufRead + 'a>,
    name: &str,
    source: &str,
) -> Result<Box<dyn BufRead + 'a>> {
    #[cfg(feature = "encodings")]
    {
        let _ = source;
        super::encoding::decoded(text, name)
    }
    #[cfg(not(feature = "encodings"))]
    {
        if ["utf-8", "utf8"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return Ok(text);
        }
        let message = format!("{source}: the text is in {name}");
        Err(Error::new(Kind::Data, message)
            .hint("save the file as UTF-8, or use the feature `encodings`"))
    }
}

/// The first bytes of a text.
fn head_of(text: &mut dyn BufRead, source: &str) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = text.take(HEAD).read_to_end(&mut head);
    read.map_err(|e| Error::new(Kind::File, format!("{source}: {e}")))?;
    Ok(head)
}
