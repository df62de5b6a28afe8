//! [`Field`]: what a column of an Arrow file holds, and how.

use polars_arrow_format::ipc::planus;
use polars_arrow_format::ipc::{
    DateUnit, FieldRef, IntRef, Precision, TimeUnit, TypeRef, UnionMode,
};

/// A column, or a part of one whose cells have parts.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) layout: Layout,
    pub(super) meaning: Meaning,
    pub(super) dictionary: Option<Dictionary>,
    children: Vec<Field>,
}

/// Where the values of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nowhere.
    Null,
    Bits,
    /// As so many bytes each.
    Fixed(usize),
    /// One after another, with the places of 4 or 8 bytes at which they end.
    Runs(usize),
    /// Each by its place among further buffers.
    Views,
    /// In so many buffers that are not read.
    Unread(usize),
}

/// What values stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Numbers times a negative power of ten.
    Decimal(i32),
    Date,
    /// Of so many units in a second.
    Moment(i64),
    Time(i64),
    Duration(i64),
    Text,
    /// No cell of a table; in words.
    Other(String),
}

/// How a column points to its values.
#[derive(Clone, Debug)]
pub(super) struct Dictionary {
    pub(super) id: i64,
    /// How its values stand in the dictionary.
    values: Layout,
}

impl Field {
    /// Reads what is said of a field, or tells what is wrong.
    pub(super) fn of(field: FieldRef<'_>) -> Result<Field, String> {
        Field::at(field, 0)
    }

    fn at(field: FieldRef<'_>, depth: usize) -> Result<Field, String> {
        if depth > DEEPEST {
            return Err(format!("its columns have parts in more than {DEEPEST} levels"));
        }
        let words = |error: planus::Error| error.to_string();
        let name = field.name().map_err(words)?.unwrap_or_default().to_string();
        let kind = field.type_().map_err(words)?;
        let (layout, meaning) = read(kind.ok_or("a column is of no type")?).map_err(words)?;
        if let Some(dictionary) = field.dictionary().map_err(words)? {
            let index = match dictionary.index_type().map_err(words)? {
                Some(index) => whole(index).map_err(words)?.0,
                None => Layout::Fixed(4),
            };
            let dictionary = Dictionary { id: dictionary.id().map_err(words)?, values: layout };
            let (dictionary, children) = (Some(dictionary), Vec::new());
            return Ok(Field { name, layout: index, meaning, dictionary, children });
        }
        let mut children = Vec::new();
        for child in field.children().map_err(words)?.into_iter().flatten() {
            children.push(Field::at(child.map_err(words)?, depth + 1)?);
        }
        Ok(Field { name, layout, meaning, dictionary: None, children })
    }

    /// The values that it points to.
    pub(super) fn values(&self) -> Field {
        let layout = self.dictionary.as_ref().map_or(self.layout, |own| own.values);
        Field { layout, dictionary: None, ..self.clone() }
    }

    /// Its parts.
    pub(super) fn children(&self) -> &[Field] {
        &self.children
    }
}

impl Meaning {
    /// Whether values are numbers, or written with a point before decimals.
    pub(super) fn is_number(&self) -> bool {
        !matches!(self, Meaning::Text | Meaning::Other(_) | Meaning::Null)
    }
}

/// In how many levels parts may have parts.
const DEEPEST: usize = 64;

fn read(kind: TypeRef<'_>) -> planus::Result<(Layout, Meaning)> {
    let other =
        |buffers: usize, what: &str| (Layout::Unread(buffers), Meaning::Other(what.to_string()));
    let per_second = |unit: TimeUnit| match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    Ok(match kind {
        TypeRef::Null(_) => (Layout::Null, Meaning::Null),
        TypeRef::Bool(_) => (Layout::Bits, Meaning::Bool),
        TypeRef::Int(int) => whole(int)?,
        TypeRef::FloatingPoint(float) => match float.precision()? {
            Precision::Half => (Layout::Fixed(2), Meaning::Float),
            Precision::Single => (Layout::Fixed(4), Meaning::Float),
            Precision::Double => (Layout::Fixed(8), Meaning::Float),
        },
        TypeRef::Decimal(decimal) => {
            (Layout::Fixed(width(decimal.bit_width()?)), Meaning::Decimal(decimal.scale()?))
        }
        TypeRef::Date(date) => match date.unit()? {
            DateUnit::Day => (Layout::Fixed(4), Meaning::Date),
            DateUnit::Millisecond => (Layout::Fixed(8), Meaning::Moment(1_000)),
        },
        TypeRef::Time(time) => {
            (Layout::Fixed(width(time.bit_width()?)), Meaning::Time(per_second(time.unit()?)))
        }
        TypeRef::Timestamp(time) => (Layout::Fixed(8), Meaning::Moment(per_second(time.unit()?))),
        TypeRef::Duration(time) => (Layout::Fixed(8), Meaning::Duration(per_second(time.unit()?))),
        TypeRef::Utf8(_) | TypeRef::Binary(_) => (Layout::Runs(4), Meaning::Text),
        TypeRef::LargeUtf8(_) | TypeRef::LargeBinary(_) => (Layout::Runs(8), Meaning::Text),
        TypeRef::Utf8View(_) | TypeRef::BinaryView(_) => (Layout::Views, Meaning::Text),
        TypeRef::Interval(_) => other(2, "intervals of months and days"),
        TypeRef::FixedSizeBinary(_) => other(2, "bytes"),
        TypeRef::List(_) | TypeRef::LargeList(_) => other(2, "lists"),
        TypeRef::ListView(_) | TypeRef::LargeListView(_) => other(3, "lists"),
        TypeRef::FixedSizeList(_) => other(1, "lists"),
        TypeRef::Map(_) => other(2, "maps"),
        TypeRef::Struct(_) => other(1, "records"),
        TypeRef::Union(union) => match union.mode()? {
            UnionMode::Sparse => other(1, "values of several types"),
            UnionMode::Dense => other(2, "values of several types"),
        },
        TypeRef::RunEndEncoded(_) => other(0, "values in runs of equal ones"),
    })
}

fn whole(int: IntRef<'_>) -> planus::Result<(Layout, Meaning)> {
    let meaning = if int.is_signed()? { Meaning::Signed } else { Meaning::Unsigned };
    Ok((Layout::Fixed(width(int.bit_width()?)), meaning))
}

/// The bytes of so many bits.
fn width(bits: i32) -> usize {
    usize::try_from(bits / 8).unwrap_or(0)
}
