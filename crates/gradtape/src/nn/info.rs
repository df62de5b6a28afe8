//! [`LayerInfo`]: what there is to know of a kind of layer.

use std::cell::Cell;

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

/// A kind of layer: a row of [`LayerSpec::TABLE`](super::LayerSpec::TABLE).
#[derive(Clone, Copy, Debug)]
pub struct LayerInfo {
    /// The name of the layer: `Conv2d`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub what: &'static str,
    /// The shape of what it takes; an element type stands before one of whole numbers.
    pub input: &'static str,
    /// The shape of what it gives.
    pub output: &'static str,
    pub(super) arguments: fn() -> &'static [&'static str],
}

impl LayerInfo {
    /// What it is called in a model file: `conv2d`.
    pub fn tag(&self) -> String {
        let mut tag = String::new();
        for letter in self.name.chars() {
            if letter.is_uppercase() && !tag.is_empty() {
                tag.push('_');
            }
            tag.extend(letter.to_lowercase());
        }
        tag
    }

    /// What it is built with: the names of the fields that a model file has of it.
    pub fn arguments(&self) -> &'static [&'static str] {
        (self.arguments)()
    }
}

/// The names of the fields of a struct that is read from a file.
pub(super) fn arguments<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let fields = Cell::new(&[][..]);
    // It fails as soon as it was told what it is to read.
    let _ = T::deserialize(Fields(&fields));
    fields.get()
}

/// What is told the fields of a struct, and has nothing to give.
struct Fields<'f>(&'f Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.set(fields);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
