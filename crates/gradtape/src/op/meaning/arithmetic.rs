//! The element types that numbers are calculated in.

use std::num::Wrapping;

use crate::op::scalar::Scalar;
use crate::tensor::Element;

/// An element type of numbers: floats, and whole numbers, which wrap around.
pub(crate) trait Arithmetic: Element + PartialOrd {
    /// The number as formulas see it.
    type Scalar: Scalar;
    /// What is above no other number.
    const LEAST: Self;
    /// What is below no other number.
    const GREATEST: Self;

    fn wrap(self) -> Self::Scalar;

    fn unwrap(scalar: Self::Scalar) -> Self;

    fn plus(self, other: Self) -> Self;

    /// Whether it is none of the numbers that have an order.
    fn is_nan(self) -> bool {
        self.partial_cmp(&self).is_none()
    }
}

macro_rules! float {
    ($type:ty) => {
        impl Arithmetic for $type {
            type Scalar = $type;
            const LEAST: $type = <$type>::NEG_INFINITY;
            const GREATEST: $type = <$type>::INFINITY;

            #[inline(always)]
            fn wrap(self) -> $type {
                self
            }

            #[inline(always)]
            fn unwrap(scalar: $type) -> $type {
                scalar
            }

            #[inline(always)]
            fn plus(self, other: $type) -> $type {
                self + other
            }
        }
    };
}

float!(f32);
float!(f64);

impl Arithmetic for i64 {
    type Scalar = Wrapping<i64>;
    const LEAST: i64 = i64::MIN;
    const GREATEST: i64 = i64::MAX;

    #[inline(always)]
    fn wrap(self) -> Wrapping<i64> {
        Wrapping(self)
    }

    #[inline(always)]
    fn unwrap(scalar: Wrapping<i64>) -> i64 {
        scalar.0
    }

    #[inline(always)]
    fn plus(self, other: i64) -> i64 {
        self.wrapping_add(other)
    }
}
