//! Attributes of operations: what they look like in text form.

use crate::tensor::{DType, Dims, Element, Shape, Tensor};

/// A type that an operation's attribute can have.
pub trait Attr: Sized {
    /// As in text form; without blanks at the ends and without `;` or `}`.
    fn print(&self) -> String;
    /// From text form.
    fn parse(text: &str) -> Option<Self>;
}

/// A number of the program: an f64, or a whole number of 64 bits that f64 would round.
///
/// Compared and hashed by its bits, so that NaN equals itself and -0 differs from 0. A whole number that
/// f64 holds is the same as that f64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits(Exact);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Exact {
    /// The bits of an f64.
    Float(u64),
    /// What no f64 is.
    Whole(i64),
}

impl Bits {
    /// The bits of a number.
    pub fn new(value: f64) -> Bits {
        Bits(Exact::Float(value.to_bits()))
    }

    /// A whole number, exactly.
    ///
    /// ```
    /// use gradtape::op::Bits;
    /// assert_eq!(Bits::whole(3), Bits::new(3.0));
    /// assert_eq!(Bits::whole((1 << 56) + 1).to_i64(), (1 << 56) + 1);
    /// ```
    pub fn whole(value: i64) -> Bits {
        let rounded = value as f64;
        // The cast back would saturate at 2^63.
        match rounded as i128 == i128::from(value) {
            true => Bits::new(rounded),
            false => Bits(Exact::Whole(value)),
        }
    }

    /// The number; a whole one beyond 2^53 may be rounded.
    pub fn value(self) -> f64 {
        match self.0 {
            Exact::Float(bits) => f64::from_bits(bits),
            Exact::Whole(value) => value as f64,
        }
    }

    /// The number as i64: without its fraction, the nearest there is where it is out of range, 0 for NaN.
    pub fn to_i64(self) -> i64 {
        match self.0 {
            Exact::Float(bits) => f64::from_bits(bits) as i64,
            Exact::Whole(value) => value,
        }
    }

    /// Whether a plan takes the number as an input, so that a changing one does not plan anew. A few
    /// stay in the graph, because simplification knows what to do with them.
    pub(crate) fn is_input(self) -> bool {
        ![0.0, 1.0, -1.0, 0.5, 2.0].contains(&self.value())
    }

    /// Whether an i64 is this number.
    pub(crate) fn is_whole(self) -> bool {
        match self.0 {
            Exact::Float(bits) => {
                let value = f64::from_bits(bits);
                value.trunc() == value && (-TWO_TO_63..TWO_TO_63).contains(&value)
            }
            Exact::Whole(_) => true,
        }
    }

    /// The number everywhere, as an element type.
    pub(crate) fn full(self, shape: &Shape, dtype: DType) -> Tensor {
        let whole = (dtype == DType::I64).then(|| Tensor::scalar(self.to_i64()));
        match whole.map(|scalar| scalar.broadcast_to(shape)) {
            Some(Ok(tensor)) => tensor,
            _ => Tensor::full(shape, self.value(), dtype),
        }
    }

    /// The number as an element.
    pub(crate) fn element<T: Element>(self) -> T {
        match T::DTYPE {
            // A whole number beyond 2^53 is no f64.
            DType::I64 => T::from_word(self.to_i64() as u64).unwrap_or_default(),
            _ => T::from_f64(self.value()),
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.print())
    }
}

impl std::fmt::Display for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Exact::Float(bits) => f64::from_bits(bits).fmt(f),
            Exact::Whole(value) => value.fmt(f),
        }
    }
}

impl Attr for Bits {
    fn print(&self) -> String {
        match self.0 {
            Exact::Float(bits) => format!("{:?}", f64::from_bits(bits)),
            Exact::Whole(value) => value.to_string(),
        }
    }

    fn parse(text: &str) -> Option<Bits> {
        // A text of digits alone may be beyond f64; -0 is no whole number.
        match text.parse() {
            Ok(0) | Err(_) => text.parse().ok().map(Bits::new),
            Ok(whole) => Some(Bits::whole(whole)),
        }
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
        DType::named(text)
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
