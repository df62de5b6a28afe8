//! Operations of elements.

use gradtape::op::Operand;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use super::{binary, listed, pairs, unary};
use crate::tape::PyVar;
use crate::tape::operators::{divided, floor_divided, remainder};

unary! { UNARY:
    /// `e^x` of each element.
    exp;
    /// 2 to the power of each element.
    exp2;
    /// `e^x - 1`, accurate where x is small.
    expm1;
    /// The natural logarithm; -inf at 0, NaN below.
    log;
    /// The logarithm to base 2; -inf at 0, NaN below.
    log2;
    /// The logarithm to base 10; -inf at 0, NaN below.
    log10;
    /// `log(1 + x)`, accurate where x is small.
    log1p;
    /// The square root; NaN below 0.
    sqrt;
    /// The square.
    square;
    /// `1 / x`.
    reciprocal;
    /// `1 / sqrt(x)`.
    rsqrt;
    /// The magnitude of each element.
    abs;
    /// -1, 0 or 1; gradient 0.
    sign;
    /// The sine of an angle in radians.
    sin;
    /// The cosine of an angle in radians.
    cos;
    /// The tangent of an angle in radians.
    tan;
    /// The angle whose sine this is; NaN beyond -1 and 1.
    asin;
    /// The angle whose cosine this is; NaN beyond -1 and 1.
    acos;
    /// The angle whose tangent this is.
    atan;
    /// The hyperbolic sine.
    sinh;
    /// The hyperbolic cosine.
    cosh;
    /// The hyperbolic tangent.
    tanh;
    /// The inverse hyperbolic sine.
    asinh;
    /// The inverse hyperbolic cosine; NaN below 1.
    acosh;
    /// The inverse hyperbolic tangent; NaN beyond -1 and 1.
    atanh;
    /// The error function.
    erf;
    /// 1 less the error function, accurate where that is near 1.
    erfc;
    /// The number whose error function this is; NaN beyond -1 and 1.
    erf_inv;
    /// The logarithm of the magnitude of the gamma function.
    lgamma;
    /// The derivative of `lgamma`.
    digamma;
    /// The integer part, towards 0; gradient 0.
    trunc;
    /// The greatest whole number that is not above; gradient 0.
    floor;
    /// The least whole number that is not below; gradient 0.
    ceil;
    /// The nearest whole number, of two the even one; gradient 0.
    round;
    /// Whether each element is NaN, as bool.
    is_nan;
    /// Whether each element is infinite, as bool.
    is_inf;
    /// Whether each element is neither NaN nor infinite, as bool.
    is_finite;
    /// The opposite of each truth value.
    logical_not;
    /// The same numbers, through which no gradient passes.
    stop_gradient;
}

binary! { BINARY:
    /// The sum; shapes broadcast.
    add = |x, y| x + y.operand(x);
    /// The difference; shapes broadcast.
    subtract = |x, y| x - y.operand(x);
    /// The product of elements; shapes broadcast.
    multiply = |x, y| x * y.operand(x);
    /// The quotient, of whole numbers as a float; shapes broadcast.
    divide = divided;
    /// The greatest whole number that is not above the quotient; of whole numbers a whole number. Gradient 0.
    floor_divide = floor_divided;
    /// What `floor_divide` leaves, `x - floor(x / y) y`, with the sign of y; of whole numbers a whole number.
    remainder = remainder;
    /// Each element to a power; shapes broadcast.
    pow = |x, y| x.pow(y);
    /// The greater of two elements; NaN if one is.
    maximum = |x, y| x.maximum(y);
    /// The less of two elements; NaN if one is.
    minimum = |x, y| x.minimum(y);
    /// Whether x is less, as bool.
    less = |x, y| x.less(y);
    /// Whether x is less or equal, as bool.
    less_equal = |x, y| x.less_equal(y);
    /// Whether both are equal, as bool.
    equal = |x, y| x.equal(y);
    /// Whether x is greater, as bool.
    greater = |x, y| x.greater(y);
    /// Whether x is greater or equal, as bool.
    greater_equal = |x, y| x.greater_equal(y);
    /// Whether both differ, as bool.
    not_equal = |x, y| x.not_equal(y);
    /// The angle in radians, from -pi to pi, of the point at this height and `other` to the right.
    atan2 = |x, y| x.atan2(y);
    /// `sqrt(x^2 + y^2)`, which overflows only with its result.
    hypot = |x, y| x.hypot(y);
    /// `x log y`, which is 0 where x is 0.
    xlogy = |x, y| x.xlogy(y);
    /// `log(e^x + e^y)`, which does not overflow.
    logaddexp = |x, y| x.logaddexp(y);
}

pairs! { LOGIC:
    /// Whether both are true.
    logical_and;
    /// Whether one is true.
    logical_or;
    /// Whether one alone is true.
    logical_xor;
}

listed! { OTHERS: clip select polygamma full_like }

#[pymethods]
impl PyVar {
    /// Each element no less than `min` and no more than `max`; `None` is no bound.
    #[pyo3(signature = (min=None, max=None))]
    fn clip(&self, py: Python<'_>, min: Option<f64>, max: Option<f64>) -> PyResult<PyVar> {
        self.map(py, |x| x.clamp(min, max))
    }

    /// `yes` where this is true, `no` elsewhere; shapes broadcast. This is of bool.
    fn select(&self, yes: &Bound<'_, PyAny>, no: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        let py = yes.py();
        self.shared().enter(py, |on| {
            let condition = on.var(self)?;
            // A number takes the type of the value or the array that stands on the other side.
            let lift = |side: &Bound<'_, PyAny>| match is_number(side) {
                true => Ok(None),
                false => on.value(side, gradtape::DType::F32).map(Some),
            };
            let (yes_value, no_value) = (lift(yes)?, lift(no)?);
            let float = yes_value.or(no_value).map_or(gradtape::DType::F32, |side| side.dtype());
            match (yes_value, no_value) {
                (Some(yes), Some(no)) => on.give(py, condition.select(yes, no)),
                (Some(yes), None) => match on.other(no, float)? {
                    Some(no) => on.give(py, condition.select(yes, no)),
                    None => on.give(py, condition.select(yes, on.value(no, float)?)),
                },
                (None, Some(no)) => match on.other(yes, float)? {
                    Some(yes) => on.give(py, condition.select(yes, no)),
                    None => on.give(py, condition.select(on.value(yes, float)?, no)),
                },
                (None, None) => {
                    let (yes, no) = (on.value(yes, float)?, on.value(no, float)?);
                    on.give(py, condition.select(yes, no))
                }
            }
        })
    }

    /// The derivative of this order, up to 30, of `digamma`.
    fn polygamma(&self, py: Python<'_>, order: u32) -> PyResult<PyVar> {
        self.map(py, |x| x.polygamma(order))
    }

    /// This number everywhere, of the shape and element type of this value.
    fn full_like(&self, py: Python<'_>, value: f64) -> PyResult<PyVar> {
        self.map(py, |x| x.full_like(value))
    }

    /// What may stand beside this value, as a value of its tape: a number takes its element type.
    fn lift(&self, other: &Bound<'_, PyAny>) -> PyResult<PyVar> {
        self.beside(other, |x, y| y.operand(x))
    }

    /// A value of its own with the same numbers: what is differentiated by it is not differentiated by this.
    fn copy(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| {
            let shape = x.shape();
            x.tape().apply(gradtape::op::shape::Reshape { shape }, &[x])
        })
    }
}

fn is_number(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyFloat>() || object.is_instance_of::<PyInt>()
}
