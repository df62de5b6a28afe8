//! Element types.

use std::fmt;

use super::storage::{Slice, SliceMut, Storage};

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DType {
    /// 32-bit floating point: what networks train in.
    F32,
    /// 64-bit floating point: what checks and calculus are done in.
    F64,
    /// 64-bit signed integers: labels, indices, counters.
    I64,
    /// Truth values: masks.
    Bool,
}

impl DType {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            DType::F32 => 4,
            DType::F64 | DType::I64 => 8,
            DType::Bool => 1,
        }
    }

    /// Whether values of this type can have a gradient.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// The name as it is printed and parsed: `f32`, `f64`, `i64`, `bool`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::I64 => "i64",
            DType::Bool => "bool",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Rust type that a tensor can hold: `f32`, `f64`, `i64` or `bool`. Sealed.
pub trait Element: Copy + Default + PartialEq + fmt::Debug + Send + Sync + sealed::Sealed {
    /// The element type this Rust type stands for.
    const DTYPE: DType;
    /// The value as f64; `true` is 1. An i64 beyond 2^53 is rounded.
    fn to_f64(self) -> f64;
    /// From an f64: rounded to f32, truncated towards zero for i64, `!= 0` for bool.
    fn from_f64(value: f64) -> Self;
}

pub(crate) mod sealed {
    use super::{Slice, SliceMut, Storage};

    pub trait Sealed: Sized {
        fn wrap(data: Vec<Self>) -> Storage;
        fn slice(storage: &Storage) -> Option<&[Self]>;
        fn slice_mut(storage: &mut Storage) -> Option<&mut [Self]>;
        fn lend(data: &[Self]) -> Slice<'_>;
        fn lend_mut(data: &mut [Self]) -> SliceMut<'_>;
        fn lent(slice: Slice<'_>) -> Option<&[Self]>;
        fn lent_mut(slice: SliceMut<'_>) -> Option<&mut [Self]>;
    }
}

macro_rules! element {
    ($type:ty, $variant:ident, $to:expr, $from:expr) => {
        impl Element for $type {
            const DTYPE: DType = DType::$variant;

            #[inline(always)]
            fn to_f64(self) -> f64 {
                let to: fn($type) -> f64 = $to;
                to(self)
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                let from: fn(f64) -> $type = $from;
                from(value)
            }
        }

        impl sealed::Sealed for $type {
            fn wrap(data: Vec<Self>) -> Storage {
                Storage::$variant(data)
            }

            fn slice(storage: &Storage) -> Option<&[Self]> {
                match storage {
                    Storage::$variant(data) => Some(data),
                    _ => None,
                }
            }

            fn slice_mut(storage: &mut Storage) -> Option<&mut [Self]> {
                match storage {
                    Storage::$variant(data) => Some(data),
                    _ => None,
                }
            }

            fn lend(data: &[Self]) -> Slice<'_> {
                Slice::$variant(data)
            }

            fn lend_mut(data: &mut [Self]) -> SliceMut<'_> {
                SliceMut::$variant(data)
            }

            fn lent(slice: Slice<'_>) -> Option<&[Self]> {
                match slice {
                    Slice::$variant(data) => Some(data),
                    _ => None,
                }
            }

            fn lent_mut(slice: SliceMut<'_>) -> Option<&mut [Self]> {
                match slice {
                    SliceMut::$variant(data) => Some(data),
                    _ => None,
                }
            }
        }
    };
}

element!(f32, F32, |x| f64::from(x), |x| x as f32);
element!(f64, F64, |x| x, |x| x);
element!(i64, I64, |x| x as f64, |x| x as i64);
element!(bool, Bool, |x| f64::from(u8::from(x)), |x| x != 0.0);
