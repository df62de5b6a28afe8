//! Parquet.

mod arrow;
mod lengths;
mod pages;

use std::fs::File;
use std::ops::Range;

use bytes::Bytes;
use gradtape::data::{Table, TableBuilder, stands_for};
use gradtape::{Error, Kind, Result};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use self::pages::Pages as CheckedPages;
use super::{Pieces, TableOptions, cells, length_of, nested::Nested, own_name};
use crate::budget::Budget;

/// What the values of a column stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Number,
    Unsigned,
    /// Numbers times a negative power of ten.
    Decimal(i32),
    Date,
    /// Of so many units in a second.
    Moment(i64),
    Time(i64),
    Duration(i64),
    Text,
    Half,
    Uuid,
}

/// A column that is read.
struct Kept {
    /// Its place in the file and in the table.
    leaf: usize,
    place: usize,
    meaning: Meaning,
    optional: bool,
}

pub(super) fn read(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let length = bytes.len() as u64;
    let file = SerializedFileReader::new(Bytes::from(bytes));
    let file = file.map_err(|error| damaged(source, &error))?;
    let mut whole = Err(Error::new(Kind::Data, format!("{source}: there are no rows")));
    let mut each = |table| {
        whole = Ok(table);
        Ok(())
    };
    let pieces = Pieces { rows: usize::MAX, every: 1, each: &mut each };
    in_pieces(&file, length, source, options, pieces)?;
    whole
}

/// Reads a file as it is needed.
pub(super) fn read_pieces(
    file: File,
    source: &str,
    options: &TableOptions,
    pieces: Pieces<'_>,
) -> Result<()> {
    let length = length_of(&file, source)?;
    let file = SerializedFileReader::new(file).map_err(|error| damaged(source, &error))?;
    in_pieces(&file, length, source, options, pieces)
}

/// How many rows and columns a file has, and how many bytes they take unpacked.
pub(super) fn size(file: File, source: &str) -> Result<[u64; 3]> {
    let file = SerializedFileReader::new(file).map_err(|error| damaged(source, &error))?;
    let about = file.metadata().file_metadata();
    let columns = about.schema_descr().num_columns() as u64;
    let groups = file.metadata().row_groups().iter();
    let bytes = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(0));
    let bytes = bytes.fold(0, u64::saturating_add);
    Ok([u64::try_from(about.num_rows()).unwrap_or(u64::MAX), columns, bytes])
}

/// Hands out the rows of a file in tables.
fn in_pieces<R: ChunkReader + 'static>(
    file: &SerializedFileReader<R>,
    length: u64,
    source: &str,
    options: &TableOptions,
    pieces: Pieces<'_>,
) -> Result<()> {
    let damaged = |error: ParquetError| damaged(source, &error);
    let Pieces { rows: most, every, each } = pieces;
    let about = file.metadata().file_metadata();
    let schema = about.schema_descr_ptr();
    let mut table = TableBuilder::new(source, &options.csv);
    let (mut kept, mut empty, mut nested) = (Vec::new(), Vec::new(), Nested::default());
    let durations = arrow::durations(about);
    let mut root = None;
    for leaf in 0..schema.num_columns() {
        // Columns of records have several parts.
        if root.replace(schema.get_column_root_idx(leaf)) == Some(schema.get_column_root_idx(leaf))
        {
            continue;
        }
        let (of, about) = (schema.get_column_root(leaf), schema.column(leaf));
        let name = own_name(of.name());
        let place = table.column(name);
        let meaning = match () {
            () if of.is_group() => Err(group(of.get_basic_info().converted_type()).to_string()),
            () if about.max_rep_level() > 0 => Err("lists".to_string()),
            () => meaning(&about),
        };
        match meaning {
            Ok(meaning) => {
                let meaning = match durations.get(of.name()) {
                    Some(&per_second) if meaning == Meaning::Number => {
                        Meaning::Duration(per_second)
                    }
                    _ => meaning,
                };
                if !matches!(meaning, Meaning::Text | Meaning::Uuid) {
                    table.numbers(place);
                }
                kept.push(Kept { leaf, place, meaning, optional: about.max_def_level() > 0 });
            }
            Err(what) => {
                nested.add(name, what);
                empty.push(place);
            }
        }
    }
    nested.check(source, options, &mut table)?;
    if every > 1 {
        table.count_all();
    }
    let none = table.clone();
    let columns = (kept.len() + empty.len()).max(1) as u64;
    let mut budget = Budget::new(source, length, options.most);
    // Of the rows that are kept, those that are not given away yet.
    let (mut row, mut numbers, mut given) = (0u64, Vec::new(), false);
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number).map_err(damaged)?;
        let mut left = u64::try_from(group.metadata().num_rows()).unwrap_or(u64::MAX);
        let mut readers = Vec::with_capacity(kept.len());
        while left > 0 {
            // All columns are read side by side, since a group may be the whole file.
            let room = ((most - numbers.len()) as u64).saturating_mul(every as u64);
            let span = row..row.saturating_add(left.min(room));
            let count = span.end - span.start;
            budget.cells(count.div_ceil(every as u64), columns)?;
            for (place, column) in kept.iter().enumerate() {
                if readers.len() == place {
                    let about = group.metadata().column(column.leaf);
                    lies_within(about, length, source)?;
                    is_known(about.compression(), source)?;
                    let pages = group.get_column_page_reader(column.leaf).map_err(damaged)?;
                    let pages = Box::new(CheckedPages::new(pages, column.optional));
                    readers.push(get_column_reader(schema.column(column.leaf), pages));
                }
                let mut filling = Filling {
                    table: &mut table,
                    column,
                    budget: &mut budget,
                    source,
                    cell: String::new(),
                    every: every as u64,
                };
                filling.read(&mut readers[place], span.clone())?;
            }
            let own = span.clone().filter(|&row| stands_for(row, every as u64));
            let before = numbers.len();
            numbers.extend(own.map(|row| row as usize + 1));
            for &place in &empty {
                numbers[before..].iter().for_each(|_| table.push(place, ""));
            }
            (row, left) = (span.end, left - count);
            if numbers.len() == most {
                let piece = std::mem::replace(&mut table, none.clone());
                each(piece.finish_at(std::mem::take(&mut numbers))?)?;
                (given, budget) = (true, Budget::new(source, length, options.most));
            }
        }
    }
    let claimed = u64::try_from(about.num_rows()).unwrap_or(u64::MAX);
    if claimed != row {
        let message = format!("{source}: it says {claimed} rows, but its parts have {row}");
        return Err(Error::new(Kind::Data, message).hint(DAMAGED));
    }
    match numbers.is_empty() && given {
        true => Ok(()),
        false => each(table.finish_at(numbers)?),
    }
}

/// Where the cells of a column go.
struct Filling<'a> {
    table: &'a mut TableBuilder,
    column: &'a Kept,
    budget: &'a mut Budget,
    source: &'a str,
    cell: String,
    /// Of so many rows the first is kept.
    every: u64,
}

impl Filling<'_> {
    /// Reads rows, which are numbered in the file.
    fn read(&mut self, reader: &mut ColumnReader, rows: Range<u64>) -> Result<()> {
        let meaning = self.column.meaning;
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                self.cells(reader, rows, |cell, &value| cells::show(cell, value))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                self.cells(reader, rows, |cell, &value| match meaning {
                    Meaning::Unsigned => cells::show(cell, value as u32),
                    _ => whole(cell, i64::from(value), meaning),
                })
            }
            ColumnReader::Int64ColumnReader(reader) => {
                self.cells(reader, rows, |cell, &value| match meaning {
                    Meaning::Unsigned => cells::show(cell, value as u64),
                    _ => whole(cell, value, meaning),
                })
            }
            ColumnReader::Int96ColumnReader(reader) => self.cells(reader, rows, |cell, value| {
                let &[low, high, day] = value.data() else { return };
                let nanoseconds = i64::from(high) << 32 | i64::from(low);
                cells::int96(cell, i64::from(day), nanoseconds);
            }),
            ColumnReader::FloatColumnReader(reader) => {
                self.cells(reader, rows, |cell, &value| cells::single(cell, value))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                self.cells(reader, rows, |cell, &value| cells::float(cell, value))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.cells(reader, rows, |cell, value| bytes(cell, value.data(), meaning))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.cells(reader, rows, |cell, value| bytes(cell, value.data(), meaning))
            }
        }
    }

    fn cells<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        rows: Range<u64>,
        write: impl Fn(&mut String, &T::T),
    ) -> Result<()> {
        let (mut levels, mut values, mut at) = (Vec::new(), Vec::new(), rows.start);
        while at < rows.end {
            levels.clear();
            values.clear();
            let wanted = (rows.end - at).min(BATCH) as usize;
            let of_levels = self.column.optional.then_some(&mut levels);
            let read = reader.read_records(wanted, of_levels, None, &mut values);
            let (count, ..) = read.map_err(|error| damaged(self.source, &error))?;
            if count == 0 {
                let message = format!(
                    "{}: it says {} rows or more, but column {} ends after {at} of them",
                    self.source,
                    rows.end,
                    self.column.place + 1
                );
                return Err(Error::new(Kind::Data, message).hint(DAMAGED));
            }
            let mut values = values.iter();
            for row in 0..count {
                let keep = stands_for(at + row as u64, self.every);
                self.cell.clear();
                if !self.column.optional || levels.get(row).is_some_and(|&level| level > 0) {
                    let Some(value) = values.next() else {
                        let message = format!("{}: a column has too few values", self.source);
                        return Err(Error::new(Kind::Data, message).hint(DAMAGED));
                    };
                    write(&mut self.cell, value);
                }
                match keep {
                    true => {
                        self.budget.take(self.cell.len() as u64)?;
                        self.table.push(self.column.place, &self.cell);
                    }
                    false => self.table.look(self.column.place, &self.cell),
                }
            }
            at += count as u64;
        }
        Ok(())
    }
}

/// How many rows are read at once.
const BATCH: u64 = 4096;

const DAMAGED: &str = "the file is damaged: write it again";

fn damaged(source: &str, error: &ParquetError) -> Error {
    let message = format!("{source}: this Parquet file cannot be read: {error}");
    Error::new(Kind::Data, message).hint("it is damaged or cut short: write or download it again")
}

/// Fails where a column is said to lie where the file has no bytes; the reader takes that for granted.
fn lies_within(column: &ColumnChunkMetaData, length: u64, source: &str) -> Result<()> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let [start, size] = [start, column.compressed_size()].map(u64::try_from);
    match (start, size) {
        (Ok(start), Ok(size)) if start.checked_add(size).is_some_and(|end| end <= length) => Ok(()),
        _ => {
            let message = format!("{source}: a column is said to lie beyond the end of the file");
            Err(Error::new(Kind::Data, message).hint(DAMAGED))
        }
    }
}

/// Fails for columns whose compression is not built in.
fn is_known(compression: Compression, source: &str) -> Result<()> {
    let name = match compression {
        Compression::BROTLI(_) => "brotli",
        Compression::LZO => "LZO",
        _ => return Ok(()),
    };
    let message = format!("{source}: its columns are compressed by {name}, which is not read");
    Err(Error::new(Kind::Data, message).hint(
        "write it with zstd, snappy, LZ4 or gzip, as by `pandas.read_parquet(FILE).to_parquet(FILE, compression=\"zstd\")`",
    ))
}

/// What a column of several parts holds.
fn group(converted: ConvertedType) -> &'static str {
    match converted {
        ConvertedType::LIST => "lists",
        ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE => "maps",
        _ => "records",
    }
}

/// What values stand for; else what they are, in words.
fn meaning(about: &ColumnDescriptor) -> Result<Meaning, String> {
    let per_second = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    };
    let physical = about.physical_type();
    if let Some(logical) = about.logical_type_ref() {
        return Ok(match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Meaning::Text,
            LogicalType::Decimal(decimal) => Meaning::Decimal(decimal.scale),
            LogicalType::Date => Meaning::Date,
            LogicalType::Time(time) => Meaning::Time(per_second(&time.unit)),
            LogicalType::Timestamp(time) => Meaning::Moment(per_second(&time.unit)),
            LogicalType::Integer(number) if !number.is_signed => Meaning::Unsigned,
            LogicalType::Integer(_) | LogicalType::Unknown => Meaning::Number,
            LogicalType::Uuid => Meaning::Uuid,
            LogicalType::Float16 => Meaning::Half,
            other => return Err(format!("values of type {other:?}")),
        });
    }
    Ok(match (about.converted_type(), physical) {
        (ConvertedType::DECIMAL, _) => Meaning::Decimal(about.type_scale()),
        (ConvertedType::DATE, _) => Meaning::Date,
        (ConvertedType::TIME_MILLIS, _) => Meaning::Time(1_000),
        (ConvertedType::TIME_MICROS, _) => Meaning::Time(1_000_000),
        (ConvertedType::TIMESTAMP_MILLIS, _) => Meaning::Moment(1_000),
        (ConvertedType::TIMESTAMP_MICROS, _) => Meaning::Moment(1_000_000),
        (
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64,
            _,
        ) => Meaning::Unsigned,
        (ConvertedType::INTERVAL, _) => return Err("intervals of months and days".to_string()),
        (ConvertedType::BSON, _) => return Err("records in BSON".to_string()),
        (_, Physical::INT96) => Meaning::Moment(1_000_000_000),
        (_, Physical::BYTE_ARRAY) => Meaning::Text,
        (_, Physical::FIXED_LEN_BYTE_ARRAY) => return Err("bytes".to_string()),
        _ => Meaning::Number,
    })
}

fn whole(cell: &mut String, value: i64, meaning: Meaning) {
    match meaning {
        Meaning::Date => cells::date(cell, value),
        Meaning::Moment(per_second) => cells::moment(cell, value, per_second),
        Meaning::Time(per_second) => cells::time(cell, value, per_second),
        Meaning::Duration(per_second) => cells::seconds(cell, value, per_second),
        Meaning::Decimal(scale) => cells::decimal(cell, &value.to_be_bytes(), scale),
        _ => cells::show(cell, value),
    }
}

fn bytes(cell: &mut String, value: &[u8], meaning: Meaning) {
    match (meaning, value) {
        // 16 bytes hold more digits than any table; longer ones are taken too, but not without end.
        (Meaning::Decimal(scale), value) if value.len() <= 64 => cells::decimal(cell, value, scale),
        (Meaning::Half, &[low, high]) => cells::half(cell, u16::from_le_bytes([low, high])),
        (Meaning::Uuid, value) => cells::uuid(cell, value),
        // Texts of old writers are not said to be texts.
        _ => cell.push_str(&String::from_utf8_lossy(value)),
    }
}
