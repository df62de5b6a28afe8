//! Arrow's format for files, also called Feather.

mod field;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use gradtape::data::{Table, TableBuilder};
use gradtape::{Error, Kind, Result};
use polars_arrow_format::ipc::planus::{self, ReadAsRoot};
use polars_arrow_format::ipc::{
    BlockRef, CompressionType, Endianness, FooterRef, MessageHeaderRef, MessageRef, RecordBatchRef,
};

use self::field::{Field, Meaning};
use self::values::{Parts, Values};
use super::{TableOptions, nested::Nested, own_name};
use crate::budget::Budget;

/// The values of dictionaries by their numbers, as cells.
type Dictionaries = BTreeMap<i64, Vec<String>>;

pub(super) fn read(bytes: Vec<u8>, source: &str, options: &TableOptions) -> Result<Table> {
    let file = File { bytes: &bytes, source };
    let mut budget = Budget::new(source, bytes.len(), options.most);
    let footer = file.footer()?;
    let damaged = |error: planus::Error| file.damaged(&error.to_string());
    let schema = footer.schema().map_err(damaged)?;
    let schema = schema.ok_or_else(|| file.damaged("it names no columns"))?;
    if schema.endianness().map_err(damaged)? == Endianness::Big {
        let message = format!("{source}: its numbers are big-endian, which is not read");
        return Err(Error::new(Kind::Data, message).hint("write it on another machine, or as CSV"));
    }
    let mut table = TableBuilder::new(source, &options.csv);
    let (mut fields, mut nested) = (Vec::new(), Nested::default());
    for field in schema.fields().map_err(damaged)?.into_iter().flatten() {
        let field = Field::of(field.map_err(damaged)?).map_err(|words| file.damaged(&words))?;
        let place = table.column(own_name(&field.name));
        match &field.meaning {
            Meaning::Other(what) => nested.add(&field.name, what.as_str()),
            meaning if meaning.is_number() => table.numbers(place),
            _ => {}
        }
        fields.push(field);
    }
    nested.check(source, options, &mut table)?;

    let mut dictionaries = Dictionaries::new();
    for block in footer.dictionaries().map_err(damaged)?.into_iter().flatten() {
        file.dictionary(block, &fields, &mut dictionaries, &mut budget)?;
    }
    for block in footer.record_batches().map_err(damaged)?.into_iter().flatten() {
        file.batch(block, &fields, &dictionaries, &mut table, &mut budget)?;
    }
    table.finish()
}

/// The bytes of a file.
struct File<'a> {
    bytes: &'a [u8],
    source: &'a str,
}

impl<'a> File<'a> {
    fn damaged(&self, words: &str) -> Error {
        let message = format!("{}: this Arrow file cannot be read: {words}", self.source);
        Error::new(Kind::Data, message)
            .hint("it is damaged or cut short: write or download it again")
    }

    /// The table of what is where, which stands at the end.
    fn footer(&self) -> Result<FooterRef<'a>> {
        let cut = || self.damaged("its end is missing");
        let rest = self.bytes.strip_suffix(b"ARROW1").ok_or_else(cut)?;
        let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(i32::from_le_bytes(*length)).ok();
        let start = length.and_then(|length| rest.len().checked_sub(length)).ok_or_else(cut)?;
        FooterRef::read_as_root(&rest[start..]).map_err(|error| self.damaged(&error.to_string()))
    }

    /// The head of a block, and the bytes that it tells of.
    fn message(&self, block: BlockRef<'_>) -> Result<(MessageHeaderRef<'a>, &'a [u8])> {
        let cut = || self.damaged("a part lies beyond its end");
        let [start, head, body] =
            [block.offset(), i64::from(block.meta_data_length()), block.body_length()]
                .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let rest = self.bytes.get(start..).ok_or_else(cut)?;
        let (mut head, rest) = rest.split_at_checked(head).ok_or_else(cut)?;
        let body = rest.get(..body).ok_or_else(cut)?;
        // The length follows, which is known; older files have no mark before it.
        head = head.strip_prefix(&[0xff; 4]).unwrap_or(head);
        let head = head.get(4..).ok_or_else(cut)?;
        let damaged = |error: planus::Error| self.damaged(&error.to_string());
        let message = MessageRef::read_as_root(head).map_err(damaged)?;
        let header = message.header().map_err(damaged)?;
        Ok((header.ok_or_else(|| self.damaged("a part is of no kind"))?, body))
    }

    /// The numbers of values and the bytes of all columns in a part of the rows.
    fn parts(
        &self,
        batch: RecordBatchRef<'a>,
        body: &'a [u8],
        budget: &mut Budget,
    ) -> Result<Parts<'a>> {
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
    fn unpacked(
        &self,
        bytes: &'a [u8],
        codec: CompressionType,
        budget: &mut Budget,
    ) -> Result<Cow<'a, [u8]>> {
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
        let (MessageHeaderRef::DictionaryBatch(batch), body) = self.message(block)? else {
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
        let mut parts = self.parts(data, body, budget)?;
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

    /// Adds a part of the rows to the table.
    fn batch(
        &self,
        block: BlockRef<'_>,
        fields: &[Field],
        dictionaries: &Dictionaries,
        table: &mut TableBuilder,
        budget: &mut Budget,
    ) -> Result<()> {
        let (MessageHeaderRef::RecordBatch(batch), body) = self.message(block)? else {
            return Err(self.damaged("a part of the rows is none"));
        };
        let mut parts = self.parts(batch, body, budget)?;
        let rows = parts.rows();
        budget.cells(rows, fields.len() as u64)?;
        let words = |words: String| self.damaged(&words);
        let (none, mut cell) = (Vec::new(), String::new());
        for (place, field) in fields.iter().enumerate() {
            if matches!(field.meaning, Meaning::Other(_)) && field.dictionary.is_none() {
                parts.skip(field).map_err(words)?;
                (0..rows).for_each(|_| table.push(place, ""));
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
            let own = own.map(|own| dictionaries.get(&own.id).unwrap_or(&none));
            for row in 0..rows {
                cell.clear();
                let cell = match own {
                    None => {
                        values.cell(row, &mut cell).map_err(words)?;
                        &cell
                    }
                    Some(_) if matches!(field.meaning, Meaning::Other(_)) => &cell,
                    Some(own) => match values.index(row).map_err(words)? {
                        None => &cell,
                        Some(at) => own.get(at).ok_or_else(|| {
                            self.damaged(&format!(
                                "column {:?} points to value {at} of {}",
                                field.name,
                                own.len()
                            ))
                        })?,
                    },
                };
                budget.take(cell.len() as u64)?;
                table.push(place, cell);
            }
        }
        Ok(())
    }
}
