//! f64, f32 and whole numbers as scalars.

use std::num::Wrapping;

use super::Scalar;
use crate::tensor::DType;

macro_rules! comparisons {
    ($one:expr, $zero:expr) => {
        #[inline(always)]
        fn less(self, other: Self) -> Self {
            if self < other { $one } else { $zero }
        }

        #[inline(always)]
        fn less_equal(self, other: Self) -> Self {
            if self <= other { $one } else { $zero }
        }

        #[inline(always)]
        fn equal(self, other: Self) -> Self {
            if self == other { $one } else { $zero }
        }

        #[inline(always)]
        fn select(self, yes: Self, no: Self) -> Self {
            if self != $zero { yes } else { no }
        }
    };
}

macro_rules! float {
    ($type:ty) => {
        impl Scalar for $type {
            comparisons!(1.0, 0.0);

            #[inline(always)]
            fn constant(value: f64) -> Self {
                value as $type
            }

            fn exp(self) -> Self {
                self.exp()
            }

            fn log(self) -> Self {
                self.ln()
            }

            fn sqrt(self) -> Self {
                self.sqrt()
            }

            fn tanh(self) -> Self {
                self.tanh()
            }

            fn sin(self) -> Self {
                self.sin()
            }

            fn cos(self) -> Self {
                self.cos()
            }

            fn tan(self) -> Self {
                self.tan()
            }

            fn sinh(self) -> Self {
                self.sinh()
            }

            fn cosh(self) -> Self {
                self.cosh()
            }

            fn atan(self) -> Self {
                self.atan()
            }

            fn erf(self) -> Self {
                super::special::erf(self.into()) as $type
            }

            fn log1p(self) -> Self {
                self.ln_1p()
            }

            fn expm1(self) -> Self {
                self.exp_m1()
            }

            fn erfc(self) -> Self {
                super::special::erfc(self.into()) as $type
            }

            fn erf_inv(self) -> Self {
                super::special::erf_inv(self.into()) as $type
            }

            fn lgamma(self) -> Self {
                super::gamma::lgamma(self.into()) as $type
            }

            fn polygamma(self, order: u32) -> Self {
                super::gamma::polygamma(order, self.into()) as $type
            }

            fn exp2(self) -> Self {
                self.exp2()
            }

            fn log2(self) -> Self {
                self.log2()
            }

            fn log10(self) -> Self {
                self.log10()
            }

            fn trunc(self) -> Self {
                self.trunc()
            }

            fn atan2(self, right: Self) -> Self {
                self.atan2(right)
            }

            #[inline(always)]
            fn rounded(self, to: DType) -> Self {
                to.rounded(f64::from(self)) as $type
            }

            fn pow(self, exponent: Self) -> Self {
                self.powf(exponent)
            }

            fn abs(self) -> Self {
                self.abs()
            }
        }
    };
}

float!(f64);
float!(f32);

/// Integers wrap around; what is not an integer is truncated. Shape rules admit only the operations
/// that are exact.
impl Scalar for Wrapping<i64> {
    comparisons!(Wrapping(1), Wrapping(0));

    fn constant(value: f64) -> Self {
        Wrapping(value as i64)
    }

    fn exp(self) -> Self {
        Wrapping((self.0 as f64).exp() as i64)
    }

    fn log(self) -> Self {
        Wrapping((self.0 as f64).ln() as i64)
    }

    fn sqrt(self) -> Self {
        Wrapping((self.0 as f64).sqrt() as i64)
    }

    fn tanh(self) -> Self {
        Wrapping((self.0 as f64).tanh() as i64)
    }

    fn sin(self) -> Self {
        Wrapping((self.0 as f64).sin() as i64)
    }

    fn cos(self) -> Self {
        Wrapping((self.0 as f64).cos() as i64)
    }

    fn tan(self) -> Self {
        Wrapping((self.0 as f64).tan() as i64)
    }

    fn sinh(self) -> Self {
        Wrapping((self.0 as f64).sinh() as i64)
    }

    fn cosh(self) -> Self {
        Wrapping((self.0 as f64).cosh() as i64)
    }

    fn atan(self) -> Self {
        Wrapping((self.0 as f64).atan() as i64)
    }

    fn erf(self) -> Self {
        Wrapping(self.0.signum())
    }

    fn log1p(self) -> Self {
        Wrapping((self.0 as f64).ln_1p() as i64)
    }

    fn expm1(self) -> Self {
        Wrapping((self.0 as f64).exp_m1() as i64)
    }

    fn erfc(self) -> Self {
        Wrapping(Scalar::erfc(self.0 as f64) as i64)
    }

    fn erf_inv(self) -> Self {
        Wrapping(Scalar::erf_inv(self.0 as f64) as i64)
    }

    fn lgamma(self) -> Self {
        Wrapping(Scalar::lgamma(self.0 as f64) as i64)
    }

    fn polygamma(self, order: u32) -> Self {
        Wrapping(Scalar::polygamma(self.0 as f64, order) as i64)
    }

    fn exp2(self) -> Self {
        Wrapping(Scalar::exp2(self.0 as f64) as i64)
    }

    fn log2(self) -> Self {
        Wrapping(Scalar::log2(self.0 as f64) as i64)
    }

    fn log10(self) -> Self {
        Wrapping(Scalar::log10(self.0 as f64) as i64)
    }

    fn trunc(self) -> Self {
        self
    }

    fn atan2(self, right: Self) -> Self {
        Wrapping((self.0 as f64).atan2(right.0 as f64) as i64)
    }

    fn rounded(self, _: DType) -> Self {
        self
    }

    fn pow(self, exponent: Self) -> Self {
        Wrapping(u32::try_from(exponent.0).map_or(0, |n| self.0.wrapping_pow(n)))
    }

    fn abs(self) -> Self {
        Wrapping(self.0.wrapping_abs())
    }
}
