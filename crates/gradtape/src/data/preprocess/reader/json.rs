//! Rows of JSON: an array of objects, or objects one a line.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{Name, Reading};
use crate::data::sniff::{self, Form};

/// How many bytes tell what a text is.
const HEAD: usize = 1 << 20;

/// Reads the rows of a text; `None` where they are left to a table.
pub(super) fn read(text: &[u8], rows: &mut Reading<'_>) -> Option<()> {
    let Form::Json = sniff::form(&text[..text.len().min(HEAD)], "").ok()? else { return None };
    let start = text.trim_ascii_start();
    if start.starts_with(b"[") {
        return parsed(text, All(rows));
    }
    let first = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if !first.trim_ascii_end().ends_with(b"}") {
        // One object over several lines.
        return parsed(text, One(rows, 1));
    }
    for (line, text) in text.split(|&byte| byte == b'\n').enumerate() {
        if !text.trim_ascii().is_empty() {
            parsed(text, One(rows, line + 1))?;
        }
    }
    Some(())
}

fn parsed<'t>(text: &'t [u8], rows: impl DeserializeSeed<'t, Value = ()>) -> Option<()> {
    let mut json = serde_json::Deserializer::from_slice(text);
    rows.deserialize(&mut json).ok()?;
    json.end().ok()
}

/// Leaves the text to a table where there is nothing.
fn told<E: Error>(told: Option<()>) -> Result<(), E> {
    told.ok_or_else(|| E::custom(""))
}

/// An array of rows.
struct All<'a, 'r>(&'a mut Reading<'r>);

impl<'de> DeserializeSeed<'de> for All<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for All<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let mut number = 1;
        while all.next_element_seed(One(self.0, number))?.is_some() {
            number += 1;
        }
        Ok(())
    }
}

/// A row at a line.
struct One<'a, 'r>(&'a mut Reading<'r>, usize);

impl<'de> DeserializeSeed<'de> for One<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, the row of a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let rows = self.0;
        told(rows.begin(self.1))?;
        let mut next = 0;
        while let Some(name) = cells.next_key_seed(Key(rows, next))? {
            if let Name::Field(place) = name {
                next = place + 1;
            }
            cells.next_value_seed(Value(rows, name))?;
        }
        told(rows.end())
    }
}

/// The name of a cell, which is often that of the next column.
struct Key<'a, 'r>(&'a mut Reading<'r>, usize);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Name, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
        let name = self.0.reader.place(text, self.1);
        match name {
            Name::Field(_) => {}
            name => told(self.0.other(name, text))?,
        }
        Ok(name)
    }
}

/// The value of a cell.
struct Value<'a, 'r>(&'a mut Reading<'r>, Name);

impl Value<'_, '_> {
    fn number<E: Error>(self, number: Number) -> Result<(), E> {
        let value = number.as_f64().unwrap_or(f64::NAN);
        told(match self.1 {
            Name::Field(place) => {
                self.0.number(place, value, number.is_f64(), || number.to_string())
            }
            name => self.0.unread_number(name, value, number.is_f64()),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Visitor<'_> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.1 {
            Name::Field(place) => told(self.0.nothing(place)),
            _ => Ok(()),
        }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.visit_str(if value { "true" } else { "false" })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom(""))?;
        self.number(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let text = text.trim();
        told(match self.1 {
            Name::Field(place) => self.0.text(place, text),
            name => self.0.unread(name, text),
        })
    }
}
