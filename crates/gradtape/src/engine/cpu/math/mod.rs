//! Elementary functions without branches, tables or calls, so that the compiler can compute many at once.
//!
//! `FMA` says whether products and sums are fused: only where the machine has the instruction, since it
//! is a slow library call elsewhere.

/// Stamps the functions that are the same text for both types; `log1p` takes the `log` beside it.
macro_rules! alike {
    ($type:ident) => {
        #[inline(always)]
        fn fma<const FMA: bool>(x: $type, y: $type, z: $type) -> $type {
            if FMA { x.mul_add(y, z) } else { x * y + z }
        }

        /// `x` within bounds; NaN stays.
        #[inline(always)]
        fn clamp(x: $type, low: $type, high: $type) -> $type {
            let x = if x > high { high } else { x };
            if x < low { low } else { x }
        }

        /// The natural logarithm of `1 + x`, accurate near 0.
        #[inline(always)]
        pub(super) fn log1p<const FMA: bool>(x: $type) -> $type {
            let u = 1.0 + x;
            // What rounding took from the sum.
            let lost = if x < 1.0 { x - (u - 1.0) } else { 1.0 - (u - x) };
            let y = log::<FMA>(u) + lost / u;
            let y = if u == 1.0 { x } else { y };
            let y = if x == $type::INFINITY { x } else { y };
            if x == -1.0 { $type::NEG_INFINITY } else { y }
        }
    };
}
use alike;

mod double;
mod single;

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::op::scalar::Scalar;
use crate::tensor::DType;

/// An f32 or f64 whose functions are those of this room.
///
/// Sine and cosine of f32 give NaN for arguments whose digits vector code would lose; see
/// [`has_far`](super::far::has_far).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(transparent)]
pub(crate) struct Fast<T, const FMA: bool>(pub(crate) T);

macro_rules! operator {
    ($trait:ident $method:ident $op:tt) => {
        impl<T: $trait<Output = T>, const FMA: bool> $trait for Fast<T, FMA> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Fast(self.0 $op other.0)
            }
        }
    };
}

operator!(Add add +);
operator!(Sub sub -);
operator!(Mul mul *);
operator!(Div div /);

impl<T: Neg<Output = T>, const FMA: bool> Neg for Fast<T, FMA> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Fast(-self.0)
    }
}

macro_rules! scalar {
    ($type:ty, $module:ident [$($own:ident)*] [$($plain:ident)*]) => {
        impl<const FMA: bool> Scalar for Fast<$type, FMA> {
            $(
                #[inline(always)]
                fn $own(self) -> Self {
                    Fast($module::$own::<FMA>(self.0))
                }
            )*

            $(
                #[inline(always)]
                fn $plain(self) -> Self {
                    Fast(Scalar::$plain(self.0))
                }
            )*

            #[inline(always)]
            fn constant(value: f64) -> Self {
                Fast(value as $type)
            }

            #[inline(always)]
            fn rounded(self, to: DType) -> Self {
                Fast(self.0.rounded(to))
            }

            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                Fast(self.0.powf(exponent.0))
            }

            #[inline(always)]
            fn atan2(self, right: Self) -> Self {
                Fast(self.0.atan2(right.0))
            }

            #[inline(always)]
            fn polygamma(self, order: u32) -> Self {
                Fast(Scalar::polygamma(self.0, order))
            }

            #[inline(always)]
            fn less(self, other: Self) -> Self {
                Fast(if self.0 < other.0 { 1.0 } else { 0.0 })
            }

            #[inline(always)]
            fn less_equal(self, other: Self) -> Self {
                Fast(if self.0 <= other.0 { 1.0 } else { 0.0 })
            }

            #[inline(always)]
            fn equal(self, other: Self) -> Self {
                Fast(if self.0 == other.0 { 1.0 } else { 0.0 })
            }

            #[inline(always)]
            fn select(self, yes: Self, no: Self) -> Self {
                if self.0 != 0.0 { yes } else { no }
            }
        }
    };
}

scalar!(f32, single [exp expm1 log log1p tanh erf sin cos] [
    sqrt tan sinh cosh atan erfc erf_inv lgamma exp2 log2 log10 trunc abs
]);
scalar!(f64, double [exp expm1 log log1p tanh erf] [
    sqrt tan sinh cosh atan erfc erf_inv lgamma exp2 log2 log10 trunc abs sin cos
]);
