//! Arrow's format for files, also called Feather.

mod field;
mod source;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use gradtape::data::{Table, TableBuilder, stands_for};
use gradtape::{Error, Kind, Result};
use polars_arrow_format::ipc::planus::{self, ReadAsRoot};
use polars_arrow_format::ipc::{
    BlockRef, CompressionType, Endianness, FooterRef, MessageHeaderRef, MessageRef, RecordBatchRef,
};

use self::field::{Field, Meaning};
use self::source::Source;
use self::values::{Parts, Values};
use super::{Pieces, TableOptions, nested::Nested, own_name};
use crate::budget::{Budget, MOST};

/// The values of dictionaries by their numbers, as cells.
type Dictionaries = BTreeMap<i64, Vec<String>>;

pub(super) fn read(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let mut whole = Err(Error::new(Kind::Data, format!("{source}: there are no rows")));
    let mut each = |table| {
        whole = Ok(table);
        Ok(())
    };
    let pieces = Pieces { rows: usize::MAX, every: 1, each: &mut each };
    File { from: Source::whole(&bytes), source }.in_pieces(options, pieces)?;
    whole
}

/// Reads a file as it is needed: of the parts into which its writer cut the rows one at a time.
pub(super) fn read_pieces(
    file: std::fs::File,
    source: &str,
    options: &TableOptions,
    pieces: Pieces<'_>,
) -> Result<()> {
    File { from: Source::of(file, source)?, source }.in_pieces(options, pieces)
}

/// How many rows and columns a file has, and how many bytes its parts have as they are there.
pub(super) fn size(file: std::fs::File, source: &str) -> Result<[u64; 3]> {
    let file = File { from: Source::of(file, source)?, source };
    let damaged = |error: planus::Error| file.damaged(&error.to_string());
    let end = file.end()?;
    let footer = FooterRef::read_as_root(&end).map_err(damaged)?;
    let schema = footer.schema().map_err(damaged)?;
    let fields = schema.map(|schema| schema.fields().map_err(damaged)).transpose()?.flatten();
    let columns = fields.map_or(0, |fields| fields.len() as u64);
    let (mut rows, mut bytes) = (0u64, 0u64);
    for block in footer.record_batches().map_err(damaged)?.into_iter().flatten() {
        let head = file.head(block)?;
        if let MessageHeaderRef::RecordBatch(batch) = file.header(&head)? {
            let own = u64::try_from(batch.length().map_err(damaged)?).unwrap_or(0);
            rows = rows.saturating_add(own);
        }
        bytes = bytes.saturating_add(u64::try_from(block.body_length()).unwrap_or(0));
    }
    Ok([rows, columns, bytes])
}

/// A file whose parts are read as they are needed.
struct File<'a> {
    from: Source<'a>,
    source: &'a str,
}

impl File<'_> {
    /// Hands out the rows in tables.
    fn in_pieces(&self, options: &TableOptions, pieces: Pieces<'_>) -> Result<()> {
        let Pieces { rows: most, every, each } = pieces;
        let fresh = || Budget::new(self.source, self.from.len() as u64, options.most);
        let mut budget = fresh();
        // Columns without values have no bytes for any number of rows.
        let mut rows = Budget::of(self.source, self.from.len() as u64, MOST);
        let mut bodies = Budget::of(self.source, self.from.len() as u64, 2);
        let end = self.end()?;
        let damaged = |error: planus::Error| self.damaged(&error.to_string());
        let footer = FooterRef::read_as_root(&end).map_err(damaged)?;
        let schema = footer.schema().map_err(damaged)?;
        let schema = schema.ok_or_else(|| self.damaged("it names no columns"))?;
        if schema.endianness().map_err(damaged)? == Endianness::Big {
            let message = format!("{}: its numbers are big-endian, which is not read", self.source);
            return Err(
                Error::new(Kind::Data, message).hint("write it on another machine, or as CSV")
            );
        }
        let mut table = TableBuilder::new(self.source, &options.csv);
        let (mut fields, mut nested) = (Vec::new(), Nested::default());
        for field in schema.fields().map_err(damaged)?.into_iter().flatten() {
            let field = Field::of(field.map_err(damaged)?).map_err(|words| self.damaged(&words))?;
            let place = table.column(own_name(&field.name));
            match &field.meaning {
                Meaning::Other(what) => nested.add(&field.name, what.as_str()),
                meaning if meaning.is_number() => table.numbers(place),
                _ => {}
            }
            fields.push(field);
        }
        nested.check(self.source, options, &mut table)?;
        if every > 1 {
            table.count_all();
        }
        let none = table.clone();

        let mut dictionaries = Dictionaries::new();
        for block in footer.dictionaries().map_err(damaged)?.into_iter().flatten() {
            self.dictionary(block, &fields, &mut dictionaries, &mut budget)?;
        }
        // Of the rows that are kept, those that are not given away yet.
        let (mut row, mut numbers, mut given) = (0u64, Vec::new(), false);
        for block in footer.record_batches().map_err(damaged)?.into_iter().flatten() {
            // A part is gone when the next one is read; none lies in another.
            let mut unpacked = fresh();
            bodies.take(u64::try_from(block.body_length()).unwrap_or(0))?;
            let [head, body] = self.block(block, &mut unpacked)?;
            let MessageHeaderRef::RecordBatch(batch) = self.header(&head)? else {
                return Err(self.damaged("a part of the rows is none"));
            };
            let columns = self.columns(batch, &body, &fields, &dictionaries, &mut unpacked)?;
            rows.take(columns.rows)?;
            let mut own = 0..columns.rows;
            while !own.is_empty() {
                let room = ((most - numbers.len()) as u64).saturating_mul(every as u64);
                let span = own.start..own.start + room.min(own.end - own.start);
                let kept = (span.end - span.start).div_ceil(every as u64);
                budget.cells(kept, fields.len() as u64)?;
                columns.fill(&mut table, span.clone(), row, every as u64, &mut budget)?;
                let places = span.clone().map(|place| row + place);
                let places = places.filter(|&place| stands_for(place, every as u64));
                numbers.extend(places.map(|place| place as usize + 1));
                own.start = span.end;
                if numbers.len() == most {
                    let piece = std::mem::replace(&mut table, none.clone());
                    each(piece.finish_at(std::mem::take(&mut numbers))?)?;
                    (given, budget) = (true, fresh());
                }
            }
            row = row.saturating_add(columns.rows);
        }
        match numbers.is_empty() && given {
            true => Ok(()),
            false => each(table.finish_at(numbers)?),
        }
    }

    fn damaged(&self, words: &str) -> Error {
        let message = format!("{}: this Arrow file cannot be read: {words}", self.source);
        Error::new(Kind::Data, message)
            .hint("it is damaged or cut short: write or download it again")
    }

    /// Some bytes.
    fn bytes(&self, start: usize, length: usize, otherwise: &str) -> Result<Cow<'_, [u8]>> {
        self.from.bytes(start, length, self.source)?.ok_or_else(|| self.damaged(otherwise))
    }

    /// The table of what is where, which stands at the end.
    fn end(&self) -> Result<Cow<'_, [u8]>> {
        let missing = "its end is missing";
        let cut = || self.damaged(missing);
        let length = self.from.len().checked_sub(10).ok_or_else(cut)?;
        let last = self.bytes(length, 10, missing)?;
        let last = last.strip_suffix(b"ARROW1").and_then(|last| last.first_chunk::<4>());
        let own = last.and_then(|own| usize::try_from(i32::from_le_bytes(*own)).ok());
        let own = own.ok_or_else(cut)?;
        let start = length.checked_sub(own).ok_or_else(cut)?;
        self.bytes(start, own, missing)
    }

    /// The head of a block.
    fn head(&self, block: BlockRef<'_>) -> Result<Cow<'_, [u8]>> {
        let [start, length] = [block.offset(), i64::from(block.meta_data_length())]
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        self.bytes(start, length, BEYOND)
    }

    /// The head of a block, and the bytes that it tells of.
    fn block(&self, block: BlockRef<'_>, budget: &mut Budget) -> Result<[Cow<'_, [u8]>; 2]> {
        let head = self.head(block)?;
        let [start, length] = [block.offset(), block.body_length()]
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if self.from.copies() {
            budget.take(length as u64)?;
        }
        let body = self.bytes(start.saturating_add(head.len()), length, BEYOND)?;
        Ok([head, body])
    }

    /// What a head says.
    fn header<'h>(&self, head: &'h [u8]) -> Result<MessageHeaderRef<'h>> {
        // The length comes first, which is known; older files have no mark before it.
        let own = head.strip_prefix(&[0xff; 4]).unwrap_or(head).get(4..);
        let own = own.ok_or_else(|| self.damaged(BEYOND))?;
        let damaged = |error: planus::Error| self.damaged(&error.to_string());
        let message = MessageRef::read_as_root(own).map_err(damaged)?;
        let header = message.header().map_err(damaged)?;
        header.ok_or_else(|| self.damaged("a part is of no kind"))
    }

    /// The numbers of values and the bytes of all columns in a part of the rows.
    fn parts<'b>(
        &self,
        batch: RecordBatchRef<'b>,
        body: &'b [u8],
        budget: &mut Budget,
    ) -> Result<Parts<'b>> {
        let damaged = |error: planus::Error| self.damaged(&error.to_string());
        let compression = match batch.compression().map_err(damaged)? {
            Some(compression) => Some(compression.codec().map_err(damaged)?),
            None => None,
        };
        let lengths = batch.nodes().map_err(damaged)?.into_iter().flatten();
        let lengths = lengths.map(|node| node.length()).collect();
        let mut buffers = Vec::new();
        for buffer in batch.buffers().map_err(damaged)?.into_iter().flatten() {
            let [start, length] = [buffer.offset(), buffer.length()]
                .map(|number| usize::try_from(number).unwrap_or(usize::MAX));
            let bytes = body.get(start..).and_then(|rest| rest.get(..length));
            let bytes = bytes.ok_or_else(|| self.damaged("a column lies beyond its end"))?;
            buffers.push(match compression {
                Some(codec) => self.unpacked(bytes, codec, budget)?,
                None => Cow::Borrowed(bytes),
            });
        }
        let views = batch.variadic_buffer_counts().map_err(damaged)?;
        let views = views.into_iter().flatten().collect();
        let rows = u64::try_from(batch.length().map_err(damaged)?);
        let rows = rows.map_err(|_| self.damaged("a part has fewer than 0 rows"))?;
        Ok(Parts::new(rows, lengths, buffers, views))
    }

    /// The bytes of a buffer that may be compressed; before them stands how many they are.
    fn unpacked<'b>(
        &self,
        bytes: &'b [u8],
        codec: CompressionType,
        budget: &mut Budget,
    ) -> Result<Cow<'b, [u8]>> {
        if bytes.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let cut = || self.damaged("a compressed column is cut short");
        let (length, packed) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
        let length = match i64::from_le_bytes(*length) {
            -1 => return Ok(Cow::Borrowed(packed)),
            length => u64::try_from(length).map_err(|_| cut())?,
        };
        budget.take(length)?;
        let mut unpacked = Vec::new();
        let read = match codec {
            CompressionType::Lz4Frame => {
                lz4_flex::frame::FrameDecoder::new(packed).take(length).read_to_end(&mut unpacked)
            }
            CompressionType::Zstd => {
                crate::frames::Frames::new(packed).take(length).read_to_end(&mut unpacked)
            }
        };
        read.map_err(|error| self.damaged(&error.to_string()))?;
        if unpacked.len() as u64 != length {
            return Err(cut());
        }
        Ok(Cow::Owned(unpacked))
    }

    /// Reads the values of a dictionary, where a column needs them.
    fn dictionary(
        &self,
        block: BlockRef<'_>,
        fields: &[Field],
        dictionaries: &mut Dictionaries,
        budget: &mut Budget,
    ) -> Result<()> {
        let [head, body] = self.block(block, budget)?;
        let MessageHeaderRef::DictionaryBatch(batch) = self.header(&head)? else {
            return Err(self.damaged("a dictionary is none"));
        };
        let damaged = |error: planus::Error| self.damaged(&error.to_string());
        let id = batch.id().map_err(damaged)?;
        let of_it = |field: &&Field| field.dictionary.as_ref().is_some_and(|own| own.id == id);
        let Some(field) = fields.iter().find(of_it) else { return Ok(()) };
        if matches!(field.meaning, Meaning::Other(_)) {
            return Ok(());
        }
        let data = batch.data().map_err(damaged)?;
        let data = data.ok_or_else(|| self.damaged("a dictionary has no values"))?;
        let mut parts = self.parts(data, &body, budget)?;
        let words = |words: String| self.damaged(&words);
        let values = Values::next(&field.values(), &mut parts).map_err(words)?;
        let of_it = dictionaries.entry(id).or_default();
        if !batch.is_delta().map_err(damaged)? {
            of_it.clear();
        }
        budget.cells(values.len(), 4)?;
        for row in 0..values.len() {
            let mut cell = String::new();
            values.cell(row, &mut cell).map_err(words)?;
            budget.take(cell.len() as u64)?;
            of_it.push(cell);
        }
        Ok(())
    }

    /// The values of all columns in a part of the rows.
    fn columns<'b>(
        &'b self,
        batch: RecordBatchRef<'b>,
        body: &'b [u8],
        fields: &'b [Field],
        dictionaries: &'b Dictionaries,
        budget: &mut Budget,
    ) -> Result<Columns<'b>> {
        let mut parts = self.parts(batch, body, budget)?;
        let rows = parts.rows();
        let words = |words: String| self.damaged(&words);
        let mut all = Vec::with_capacity(fields.len());
        for field in fields {
            if matches!(field.meaning, Meaning::Other(_)) && field.dictionary.is_none() {
                parts.skip(field).map_err(words)?;
                all.push((None, None));
                continue;
            }
            let values = Values::next(field, &mut parts).map_err(words)?;
            if values.len() != rows {
                return Err(self.damaged(&format!(
                    "column {:?} has {} of {rows} values",
                    field.name,
                    values.len()
                )));
            }
            let own = field.dictionary.as_ref();
            let own = own.map(|own| dictionaries.get(&own.id).map_or(&[][..], Vec::as_slice));
            all.push((Some(values), own));
        }
        Ok(Columns { file: self, rows, fields, all })
    }
}

/// The columns of a part of the rows.
struct Columns<'b> {
    file: &'b File<'b>,
    rows: u64,
    fields: &'b [Field],
    /// The values of each, where they are of a table; and what they point to, if they do.
    all: Vec<(Option<Values<'b>>, Option<&'b [String]>)>,
}

impl Columns<'_> {
    /// Adds some of the rows, before which there were `before` in the file, to a table: one of each so many.
    fn fill(
        &self,
        table: &mut TableBuilder,
        rows: Range<u64>,
        before: u64,
        every: u64,
        budget: &mut Budget,
    ) -> Result<()> {
        let words = |words: String| self.file.damaged(&words);
        let mut cell = String::new();
        for (place, (field, (values, own))) in self.fields.iter().zip(&self.all).enumerate() {
            for row in rows.clone() {
                cell.clear();
                let cell = match (values, own) {
                    (None, _) => &cell,
                    (Some(values), None) => {
                        values.cell(row, &mut cell).map_err(words)?;
                        &cell
                    }
                    (Some(_), Some(_)) if matches!(field.meaning, Meaning::Other(_)) => &cell,
                    (Some(values), Some(own)) => match values.index(row).map_err(words)? {
                        None => &cell,
                        Some(at) => own.get(at).ok_or_else(|| {
                            self.file.damaged(&format!(
                                "column {:?} points to value {at} of {}",
                                field.name,
                                own.len()
                            ))
                        })?,
                    },
                };
                match stands_for(before + row, every) {
                    true => {
                        budget.take(cell.len() as u64)?;
                        table.push(place, cell);
                    }
                    false => table.look(place, cell),
                }
            }
        }
        Ok(())
    }
}

const BEYOND: &str = "a part lies beyond its end";
