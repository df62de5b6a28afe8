//! Which formulas have arguments that vector code cannot tell.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::op::Elementwise;
use crate::op::scalar::Scalar;
use crate::tensor::{DType, Element};

/// Whether an operation's formula has functions that vector code gives NaN for where the formula itself
/// has a value: sine and cosine of f32.
pub(crate) fn has_far<T: Element>(op: &impl Elementwise) -> bool {
    T::DTYPE == DType::F32 && op.formula([Trace(false); 3]).0
}

/// Whether a value was computed by way of a sine or cosine.
#[derive(Clone, Copy)]
struct Trace(bool);

impl Trace {
    fn or(self, other: Trace) -> Trace {
        Trace(self.0 || other.0)
    }
}

macro_rules! trace_operator {
    ($($trait:ident $method:ident)*) => {
        $(
            impl $trait for Trace {
                type Output = Trace;

                fn $method(self, other: Trace) -> Trace {
                    self.or(other)
                }
            }
        )*
    };
}

trace_operator!(Add add Sub sub Mul mul Div div);

impl Neg for Trace {
    type Output = Trace;

    fn neg(self) -> Trace {
        self
    }
}

macro_rules! trace {
    (far [$($far:ident)*] near [$($near:ident)*] pairs [$($pair:ident)*]) => {
        impl Scalar for Trace {
            $(fn $far(self) -> Trace { Trace(true) })*
            $(fn $near(self) -> Trace { self })*
            $(fn $pair(self, other: Trace) -> Trace { self.or(other) })*

            fn constant(_: f64) -> Trace {
                Trace(false)
            }

            fn polygamma(self, _: u32) -> Trace {
                self
            }

            fn rounded(self, _: DType) -> Trace {
                self
            }

            fn select(self, yes: Trace, no: Trace) -> Trace {
                self.or(yes).or(no)
            }
        }
    };
}

trace! {
    far [sin cos]
    near [exp log sqrt tanh tan sinh cosh atan erf log1p expm1 erfc erf_inv lgamma exp2 log2 log10 trunc abs]
    pairs [pow atan2 less less_equal equal]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::unary::{Cos, Sin, Tanh};

    #[test]
    fn formulas_with_a_sine_are_known_by_what_they_compute() {
        assert!(has_far::<f32>(&Sin {}) && has_far::<f32>(&Cos {}));
        assert!(!has_far::<f32>(&Tanh {}) && !has_far::<f64>(&Sin {}));
    }
}
