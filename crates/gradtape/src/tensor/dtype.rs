//! Element types. What there are is told here and nowhere else: the enum, the Rust types, what is known of them.

use std::fmt;

use super::storage::{Slice, SliceMut, Storage};
use super::{Bf16, F16};

/// The type of a tensor's elements.
///
/// Numbers of 16 bits are kept, saved and sent as they are, and computed in f32: each operation takes the numbers
/// of its operands as f32, adds up in f32 where it adds, and rounds its result once. Types are not mixed: an
/// operation of an f16 and an f32 operand is an error that says where to `cast`.
///
/// ```
/// use gradtape::{DType, Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::full([4096], 1.0, DType::F16));
/// // One by one, a sum in f16 would not get beyond 2048.
/// assert_eq!(x.sum(()).item()?, 4096.0);
/// assert_eq!((x.sum(()) + 1.0).item()?, 4096.0);
/// assert_eq!((x.cast(DType::F32).sum(()) + 1.0).item()?, 4097.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DType {
    /// 16-bit floating point of 11 significant bits, up to 65504: [`F16`].
    F16,
    /// 16-bit floating point of 8 significant bits and the range of f32: [`Bf16`].
    BF16,
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
    /// All element types.
    pub const ALL: [DType; 6] =
        [DType::F16, DType::BF16, DType::F32, DType::F64, DType::I64, DType::Bool];

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            DType::F16 | DType::BF16 => 2,
            DType::F32 => 4,
            DType::F64 | DType::I64 => 8,
            DType::Bool => 1,
        }
    }

    /// Whether values of this type can have a gradient.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F16 | DType::BF16 | DType::F32 | DType::F64)
    }

    /// The type that numbers of this type are computed in: f32 for those of 16 bits, else the type itself.
    ///
    /// ```
    /// use gradtape::DType;
    /// assert_eq!(DType::BF16.computed(), DType::F32);
    /// assert_eq!(DType::F64.computed(), DType::F64);
    /// ```
    pub const fn computed(self) -> DType {
        match self {
            DType::F16 | DType::BF16 => DType::F32,
            other => other,
        }
    }

    /// Whether it is only kept, and computed in a wider type.
    pub(crate) fn is_stored_only(self) -> bool {
        self != self.computed()
    }

    /// The name as it is printed and parsed: `f16`, `bf16`, `f32`, `f64`, `i64`, `bool`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F16 => "f16",
            DType::BF16 => "bf16",
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::I64 => "i64",
            DType::Bool => "bool",
        }
    }

    /// The type of this name.
    pub(crate) fn named(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Whether it has every number of another type.
    pub(crate) fn holds(self, other: DType) -> bool {
        let wider = match self {
            DType::F32 => other.computed() == DType::F32,
            DType::F64 => other.is_float(),
            _ => false,
        };
        wider || self == other || other == DType::Bool
    }

    /// The greatest finite number of a floating-point type.
    pub(crate) fn greatest(self) -> f64 {
        match self {
            DType::F16 => F16::from_bits(0x7bff).to_f64(),
            DType::BF16 => Bf16::from_bits(0x7f7f).to_f64(),
            DType::F32 => f64::from(f32::MAX),
            _ => f64::MAX,
        }
    }

    /// The least number above 0 of a floating-point type that has all its digits.
    pub(crate) fn smallest(self) -> f64 {
        match self {
            DType::F16 => F16::from_bits(0x0400).to_f64(),
            DType::BF16 | DType::F32 => f64::from(f32::MIN_POSITIVE),
            _ => f64::MIN_POSITIVE,
        }
    }

    /// The greatest number of a floating-point type below another, once that is rounded to it.
    pub(crate) fn below(self, value: f64) -> f64 {
        match self {
            DType::F16 => F16::from_f64(value).next_down().to_f64(),
            DType::BF16 => Bf16::from_f64(value).next_down().to_f64(),
            DType::F32 => f64::from((value as f32).next_down()),
            _ => value.next_down(),
        }
    }

    /// The number that a value becomes as this type.
    #[inline(always)]
    pub(crate) fn rounded(self, value: f64) -> f64 {
        with_type!(self, T => T::from_f64(value).to_f64())
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A Rust type that a tensor can hold: [`F16`], [`Bf16`], `f32`, `f64`, `i64` or `bool`. Sealed.
pub trait Element: Copy + Default + PartialEq + fmt::Debug + Send + Sync + sealed::Sealed {
    /// The element type this Rust type stands for.
    const DTYPE: DType;
    /// The value as f64; `true` is 1. An i64 beyond 2^53 is rounded.
    fn to_f64(self) -> f64;
    /// From an f64: rounded to f32, [`F16`] and [`Bf16`], truncated towards zero for i64, `!= 0` for bool.
    fn from_f64(value: f64) -> Self;
}

pub(crate) mod sealed {
    use super::{Slice, SliceMut, Storage};

    pub trait Sealed: Sized {
        fn wrap(data: Vec<Self>) -> Storage;
        fn unstore(storage: Storage) -> Option<Vec<Self>>;
        fn slice(storage: &Storage) -> Option<&[Self]>;
        fn slice_mut(storage: &mut Storage) -> Option<&mut [Self]>;
        fn lend(data: &[Self]) -> Slice<'_>;
        fn lend_mut(data: &mut [Self]) -> SliceMut<'_>;
        fn lent(slice: Slice<'_>) -> Option<&[Self]>;
        fn lent_mut(slice: SliceMut<'_>) -> Option<&mut [Self]>;
        /// Its bits, in the lowest of 64.
        fn to_word(self) -> u64;
        /// The element of these bits; none if they are no element's.
        fn from_word(word: u64) -> Option<Self>;
    }
}

/// Calls a macro with all element types: the variants, and the Rust types.
macro_rules! element_types {
    ($macro:ident) => {
        $macro! {
            F16($crate::tensor::F16) BF16($crate::tensor::Bf16) F32(f32) F64(f64) I64(i64) Bool(bool)
        }
    };
}
pub(super) use element_types;

/// Runs `$body` with `$type` standing for the Rust type of an element type.
macro_rules! with_type {
    ($dtype:expr, $type:ident => $body:expr) => {
        $crate::tensor::with_float!($dtype, $type => $body, else match $dtype {
            $crate::tensor::DType::I64 => {
                type $type = i64;
                $body
            }
            _ => {
                type $type = bool;
                $body
            }
        })
    };
}
pub(crate) use with_type;

/// As [`with_type`], for floating-point types alone.
macro_rules! with_float {
    ($dtype:expr, $type:ident => $body:expr, else $other:expr) => {
        match $dtype {
            $crate::tensor::DType::F16 => {
                type $type = $crate::tensor::F16;
                $body
            }
            $crate::tensor::DType::BF16 => {
                type $type = $crate::tensor::Bf16;
                $body
            }
            $crate::tensor::DType::F32 => {
                type $type = f32;
                $body
            }
            $crate::tensor::DType::F64 => {
                type $type = f64;
                $body
            }
            _ => $other,
        }
    };
}
pub(crate) use with_float;

macro_rules! element {
    ($type:ty, $variant:ident, $to:expr, $from:expr, $to_word:expr, $from_word:expr) => {
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

            fn unstore(storage: Storage) -> Option<Vec<Self>> {
                match storage {
                    Storage::$variant(data) => Some(data),
                    _ => None,
                }
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

            #[inline(always)]
            fn to_word(self) -> u64 {
                let to: fn($type) -> u64 = $to_word;
                to(self)
            }

            #[inline(always)]
            fn from_word(word: u64) -> Option<Self> {
                let from: fn(u64) -> Option<$type> = $from_word;
                from(word)
            }
        }
    };
    // A floating-point type that only keeps numbers.
    ($type:ty, $variant:ident, half) => {
        element!(
            $type,
            $variant,
            |x| x.to_f64(),
            |x| <$type>::from_f64(x),
            |x| u64::from(x.to_bits()),
            |word| Some(<$type>::from_bits(word as u16))
        );
    };
}

element!(F16, F16, half);
element!(Bf16, BF16, half);
element!(f32, F32, |x| f64::from(x), |x| x as f32, |x| u64::from(x.to_bits()), |word| Some(
    f32::from_bits(word as u32)
));
element!(f64, F64, |x| x, |x| x, |x| x.to_bits(), |word| Some(f64::from_bits(word)));
element!(i64, I64, |x| x as f64, |x| x as i64, |x| x as u64, |word| Some(word as i64));
element!(bool, Bool, |x| f64::from(u8::from(x)), |x| x != 0.0, |x| u64::from(x), |word| [
    false, true
]
.get(word as usize)
.copied());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_types_hold_narrower_ones() {
        for dtype in DType::ALL {
            assert!(dtype.holds(dtype) && dtype.holds(DType::Bool), "{dtype}");
            assert_eq!(DType::named(dtype.name()), Some(dtype));
            assert_eq!(dtype.holds(DType::F64), dtype == DType::F64, "{dtype}");
            assert!(dtype == DType::I64 || !dtype.holds(DType::I64), "{dtype}");
        }
        for half in [DType::F16, DType::BF16] {
            assert!(DType::F32.holds(half) && DType::F64.holds(half) && !half.holds(DType::F32));
        }
        assert!(!DType::F16.holds(DType::BF16) && !DType::BF16.holds(DType::F16));
    }

    #[test]
    fn limits_are_those_of_the_type() {
        for dtype in DType::ALL.into_iter().filter(|dtype| dtype.is_float()) {
            for x in [dtype.greatest(), dtype.smallest(), -dtype.greatest()] {
                assert_eq!(dtype.rounded(x), x, "{dtype}");
            }
            assert_eq!(dtype.below(f64::INFINITY), dtype.greatest(), "{dtype}");
            let below = dtype.below(1.0);
            assert!(below < 1.0 && dtype.rounded((1.0 + below) / 2.0) == 1.0, "{dtype}");
        }
    }

    #[test]
    fn words_are_the_bits_of_elements() {
        fn check<T: Element>(numbers: &[f64]) {
            for x in numbers.iter().map(|&x| T::from_f64(x)) {
                assert_eq!(T::from_word(sealed::Sealed::to_word(x)), Some(x));
            }
        }
        for dtype in DType::ALL {
            with_type!(dtype, T => check::<T>(&[0.0, 1.0, -2.5, 7.0, f64::INFINITY]));
        }
        assert_eq!(<bool as sealed::Sealed>::from_word(2), None);
    }
}
