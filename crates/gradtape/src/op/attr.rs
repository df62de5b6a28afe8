//! Attributes of operations: what they look like in text form.

use crate::tensor::{DType, Dims, Shape};

/// A type that an operation's attribute can have.
pub trait Attr: Sized {
    /// As in text form; without blanks at the ends and without `;` or `}`.
    fn print(&self) -> String;
    /// From text form.
    fn parse(text: &str) -> Option<Self>;
}

/// An f64 compared and hashed by its bits, so that NaN equals itself and -0 differs from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits(u64);

impl Bits {
    /// The bits of a number.
    pub fn new(value: f64) -> Bits {
        Bits(value.to_bits())
    }

    /// The number.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.value())
    }
}

impl Attr for Bits {
    fn print(&self) -> String {
        format!("{:?}", self.value())
    }

    fn parse(text: &str) -> Option<Bits> {
        text.parse().ok().map(Bits::new)
    }
}

impl Attr for usize {
    fn print(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<usize> {
        text.parse().ok()
    }
}

impl Attr for u64 {
    fn print(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<u64> {
        text.parse().ok()
    }
}

impl Attr for u32 {
    fn print(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<u32> {
        text.parse().ok()
    }
}

impl Attr for bool {
    fn print(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<bool> {
        text.parse().ok()
    }
}

impl Attr for DType {
    fn print(&self) -> String {
        self.name().into()
    }

    fn parse(text: &str) -> Option<DType> {
        [DType::F32, DType::F64, DType::I64, DType::Bool].into_iter().find(|d| d.name() == text)
    }
}

impl Attr for Dims {
    fn print(&self) -> String {
        Shape::from(&self[..]).to_string()
    }

    fn parse(text: &str) -> Option<Dims> {
        let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
        if inner.is_empty() {
            return Some(Dims::new());
        }
        inner.split(',').map(|size| size.trim().parse().ok()).collect()
    }
}

impl Attr for Shape {
    fn print(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Shape> {
        Dims::parse(text).map(Shape::from)
    }
}
