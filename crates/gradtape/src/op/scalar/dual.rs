//! Dual numbers: a value with its derivative.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Scalar;
use crate::tensor::DType;

/// A value and its derivative in one direction (Clifford 1873): `(v + d ε)` with `ε² = 0`.
///
/// An elementwise formula read with dual numbers differentiates itself, which is how its gradient
/// rule is checked exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// The derivative.
    pub derivative: f64,
}

impl Dual {
    /// A value with a derivative.
    pub fn new(value: f64, derivative: f64) -> Dual {
        Dual { value, derivative }
    }

    fn map(self, value: f64, slope: f64) -> Dual {
        Dual::new(value, slope * self.derivative)
    }
}

impl Add for Dual {
    type Output = Dual;

    fn add(self, y: Dual) -> Dual {
        Dual::new(self.value + y.value, self.derivative + y.derivative)
    }
}

impl Sub for Dual {
    type Output = Dual;

    fn sub(self, y: Dual) -> Dual {
        Dual::new(self.value - y.value, self.derivative - y.derivative)
    }
}

impl Mul for Dual {
    type Output = Dual;

    fn mul(self, y: Dual) -> Dual {
        Dual::new(self.value * y.value, self.derivative * y.value + self.value * y.derivative)
    }
}

impl Div for Dual {
    type Output = Dual;

    fn div(self, y: Dual) -> Dual {
        let value = self.value / y.value;
        Dual::new(value, (self.derivative - value * y.derivative) / y.value)
    }
}

impl Neg for Dual {
    type Output = Dual;

    fn neg(self) -> Dual {
        Dual::new(-self.value, -self.derivative)
    }
}

impl Scalar for Dual {
    fn constant(value: f64) -> Dual {
        Dual::new(value, 0.0)
    }

    fn exp(self) -> Dual {
        self.map(self.value.exp(), self.value.exp())
    }

    fn log(self) -> Dual {
        self.map(self.value.ln(), 1.0 / self.value)
    }

    fn sqrt(self) -> Dual {
        self.map(self.value.sqrt(), 0.5 / self.value.sqrt())
    }

    fn tanh(self) -> Dual {
        let y = self.value.tanh();
        self.map(y, 1.0 - y * y)
    }

    fn sin(self) -> Dual {
        self.map(self.value.sin(), self.value.cos())
    }

    fn cos(self) -> Dual {
        self.map(self.value.cos(), -self.value.sin())
    }

    fn tan(self) -> Dual {
        let y = self.value.tan();
        self.map(y, 1.0 + y * y)
    }

    fn sinh(self) -> Dual {
        self.map(self.value.sinh(), self.value.cosh())
    }

    fn cosh(self) -> Dual {
        self.map(self.value.cosh(), self.value.sinh())
    }

    fn atan(self) -> Dual {
        self.map(self.value.atan(), 1.0 / (1.0 + self.value * self.value))
    }

    fn erf(self) -> Dual {
        let slope = std::f64::consts::FRAC_2_SQRT_PI * (-self.value * self.value).exp();
        self.map(Scalar::erf(self.value), slope)
    }

    fn log1p(self) -> Dual {
        self.map(self.value.ln_1p(), 1.0 / (1.0 + self.value))
    }

    fn expm1(self) -> Dual {
        self.map(self.value.exp_m1(), self.value.exp())
    }

    fn erfc(self) -> Dual {
        let slope = -std::f64::consts::FRAC_2_SQRT_PI * (-self.value * self.value).exp();
        self.map(Scalar::erfc(self.value), slope)
    }

    fn erf_inv(self) -> Dual {
        let value = Scalar::erf_inv(self.value);
        self.map(value, (value * value).exp() / std::f64::consts::FRAC_2_SQRT_PI)
    }

    fn lgamma(self) -> Dual {
        self.map(Scalar::lgamma(self.value), Scalar::polygamma(self.value, 0))
    }

    fn polygamma(self, order: u32) -> Dual {
        self.map(self.value.polygamma(order), self.value.polygamma(order + 1))
    }

    fn exp2(self) -> Dual {
        self.map(self.value.exp2(), self.value.exp2() * std::f64::consts::LN_2)
    }

    fn log2(self) -> Dual {
        self.map(self.value.log2(), std::f64::consts::LOG2_E / self.value)
    }

    fn log10(self) -> Dual {
        self.map(self.value.log10(), std::f64::consts::LOG10_E / self.value)
    }

    fn atan2(self, right: Dual) -> Dual {
        let square = self.value * self.value + right.value * right.value;
        let turn = self.derivative * right.value - self.value * right.derivative;
        Dual::new(self.value.atan2(right.value), turn / square)
    }

    fn trunc(self) -> Dual {
        self.map(self.value.trunc(), 0.0)
    }

    fn rounded(self, to: DType) -> Dual {
        Dual::new(self.value.rounded(to), self.derivative)
    }

    fn pow(self, y: Dual) -> Dual {
        let value = self.value.powf(y.value);
        let from_base = match self.derivative {
            0.0 => 0.0,
            d => d * y.value * self.value.powf(y.value - 1.0),
        };
        let from_exponent = match y.derivative {
            0.0 => 0.0,
            d => d * value * self.value.ln(),
        };
        Dual::new(value, from_base + from_exponent)
    }

    fn abs(self) -> Dual {
        let slope = if self.value == 0.0 { 0.0 } else { self.value.signum() };
        self.map(self.value.abs(), slope)
    }

    fn less(self, y: Dual) -> Dual {
        Dual::constant(self.value.less(y.value))
    }

    fn less_equal(self, y: Dual) -> Dual {
        Dual::constant(self.value.less_equal(y.value))
    }

    fn equal(self, y: Dual) -> Dual {
        Dual::constant(self.value.equal(y.value))
    }

    fn select(self, yes: Dual, no: Dual) -> Dual {
        if self.value != 0.0 { yes } else { no }
    }
}
