//! The number types that an elementwise formula can be read as.

mod dual;
mod gamma;
mod plain;
mod special;

pub use dual::Dual;
pub use gamma::MOST_POLYGAMMA;
pub(crate) use special::erf_parts;

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::tensor::DType;

/// A number, as elementwise formulas see it. Truth values are 1 and 0.
///
/// Nothing here branches on a value, so that a formula also describes a whole vector of numbers.
pub trait Scalar:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant of the formula.
    fn constant(value: f64) -> Self;
    /// e to this power.
    fn exp(self) -> Self;
    /// The natural logarithm; NaN below 0 and -inf at 0.
    fn log(self) -> Self;
    /// The square root; NaN below 0.
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The sine of an angle in radians.
    fn sin(self) -> Self;
    /// The cosine of an angle in radians.
    fn cos(self) -> Self;
    /// The tangent of an angle in radians.
    fn tan(self) -> Self;
    /// The hyperbolic sine.
    fn sinh(self) -> Self;
    /// The hyperbolic cosine.
    fn cosh(self) -> Self;
    /// The angle in radians, between -π/2 and π/2, of this tangent.
    fn atan(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The natural logarithm of 1 plus this, accurate near 0.
    fn log1p(self) -> Self;
    /// e to this power, less 1, accurate near 0.
    fn expm1(self) -> Self;
    /// 1 less the error function, accurate where that is near 1.
    fn erfc(self) -> Self;
    /// The number whose error function this is; NaN beyond -1 and 1.
    fn erf_inv(self) -> Self;
    /// The logarithm of the magnitude of the gamma function.
    fn lgamma(self) -> Self;
    /// The derivative of this order of the digamma function; NaN for orders above
    /// [`MOST_POLYGAMMA`].
    fn polygamma(self, order: u32) -> Self;
    /// 2 to this power.
    fn exp2(self) -> Self;
    /// The logarithm to base 2, exact for powers of 2.
    fn log2(self) -> Self;
    /// The logarithm to base 10.
    fn log10(self) -> Self;
    /// The integer part, towards 0.
    fn trunc(self) -> Self;
    /// The angle in radians, from -π to π, of the point with this height and that distance to the right.
    fn atan2(self, right: Self) -> Self;
    /// The nearest number of a floating-point type.
    fn rounded(self, to: DType) -> Self;
    /// This to a power, as IEEE 754 `pow`: `x^0` is 1 for every x.
    fn pow(self, exponent: Self) -> Self;
    /// The magnitude.
    fn abs(self) -> Self;
    /// 1 if this is less than the other, else 0.
    fn less(self, other: Self) -> Self;
    /// 1 if this is less than the other or equal, else 0.
    fn less_equal(self, other: Self) -> Self;
    /// 1 if both are equal, else 0.
    fn equal(self, other: Self) -> Self;
    /// `yes` where this is not 0, else `no`; the other branch's value does not matter.
    fn select(self, yes: Self, no: Self) -> Self;
}
