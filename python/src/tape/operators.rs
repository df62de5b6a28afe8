//! Operators of values: beside values, numbers and arrays, on either side.

use gradtape::op::Operand;
use gradtape::{DType, Var};
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;

use super::PyVar;
use super::operand::Other;

impl PyVar {
    /// As [`PyVar::beside`], for an operator: `NotImplemented` where the other is no number.
    fn operator<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        f: impl for<'t> FnOnce(Var<'t>, Other<'t>) -> Var<'t>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        match self.tape.enter(py, |on| self.try_beside(on, other, f))? {
            Some(var) => Ok(Bound::new(py, var)?.into_any()),
            None => Ok(py.NotImplemented().into_bound(py)),
        }
    }
}

/// The quotient as NumPy's, which is a float.
pub(super) fn divided<'t>(x: Var<'t>, y: Other<'t>) -> Var<'t> {
    let (x, y) = floats(x, y);
    x / y
}

/// The quotient as a whole number, rounded down.
pub(super) fn floor_divided<'t>(x: Var<'t>, y: Other<'t>) -> Var<'t> {
    let fraction = match y {
        Other::Var(y) => x.dtype().is_float() || y.dtype().is_float(),
        Other::Float(_) => true,
        Other::Whole(_) => x.dtype().is_float(),
    };
    if fraction {
        return divided(x, y).floor();
    }
    let x = x.cast(DType::I64);
    let y = y.operand(x).cast(DType::I64);
    // Towards 0, which is above a quotient below 0 that has a rest.
    let quotient = x / y;
    let rest = x - quotient * y;
    let above = rest.not_equal(0).logical_and(rest.less(0).logical_xor(y.less(0)));
    quotient - above.cast(DType::I64)
}

/// What is left of the quotient that is rounded down, with the sign of the divisor: as NumPy's and Python's.
pub(super) fn remainder<'t>(x: Var<'t>, y: Other<'t>) -> Var<'t> {
    let quotient = floor_divided(x, y);
    let whole = |var: Var<'t>| match var.dtype() {
        DType::Bool => var.cast(DType::I64),
        _ => var,
    };
    let (x, y) = match quotient.dtype().is_float() {
        true => floats(x, y),
        false => (whole(x), whole(y.operand(whole(x)))),
    };
    x - quotient * y
}

/// Whole numbers and truth values as floats: of the type of the float beside them, or f32.
fn floats<'t>(x: Var<'t>, y: Other<'t>) -> (Var<'t>, Var<'t>) {
    let Other::Var(y) = y else {
        let x = if x.dtype().is_float() { x } else { x.cast(DType::F32) };
        return (x, y.operand(x));
    };
    match (x.dtype().is_float(), y.dtype().is_float()) {
        (true, true) => (x, y),
        (true, false) => (x, y.cast(x.dtype())),
        (false, true) => (x.cast(y.dtype()), y),
        (false, false) => (x.cast(DType::F32), y.cast(DType::F32)),
    }
}

#[pymethods]
impl PyVar {
    fn __neg__(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| -x)
    }

    fn __pos__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __abs__(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| x.abs())
    }

    fn __invert__(&self, py: Python<'_>) -> PyResult<PyVar> {
        self.map(py, |x| x.logical_not())
    }

    #[pyo3(signature = (digits=None))]
    fn __round__(&self, py: Python<'_>, digits: Option<i32>) -> PyResult<PyVar> {
        let scale = 10f64.powi(digits.unwrap_or(0).clamp(-300, 300));
        match digits {
            None | Some(0) => self.map(py, |x| x.round()),
            Some(_) => self.map(py, |x| (x * scale).round() / scale),
        }
    }

    fn __add__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x + y.operand(x))
    }

    fn __radd__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| y.operand(x) + x)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x - y.operand(x))
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| y.operand(x) - x)
    }

    fn __mul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x * y.operand(x))
    }

    fn __rmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| y.operand(x) * x)
    }

    fn __truediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, divided)
    }

    fn __rtruediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| {
            let (x, y) = floats(x, y);
            y / x
        })
    }

    fn __floordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, floor_divided)
    }

    fn __rfloordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| floor_divided(y.operand(x), Other::Var(x)))
    }

    fn __mod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, remainder)
    }

    fn __rmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| remainder(y.operand(x), Other::Var(x)))
    }

    fn __pow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match modulo {
            Some(_) => Ok(other.py().NotImplemented().into_bound(other.py())),
            None => self.operator(other, |x, y| x.pow(y)),
        }
    }

    fn __rpow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match modulo {
            Some(_) => Ok(other.py().NotImplemented().into_bound(other.py())),
            None => self.operator(other, |x, y| y.operand(x).pow(x)),
        }
    }

    fn __matmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x.matmul(y.operand(x)))
    }

    fn __rmatmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| y.operand(x).matmul(x))
    }

    fn __and__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x.logical_and(y.operand(x)))
    }

    fn __rand__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.__and__(other)
    }

    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x.logical_or(y.operand(x)))
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.__or__(other)
    }

    fn __xor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| x.logical_xor(y.operand(x)))
    }

    fn __rxor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.__xor__(other)
    }

    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.operator(other, |x, y| match op {
            CompareOp::Lt => x.less(y),
            CompareOp::Le => x.less_equal(y),
            CompareOp::Eq => x.equal(y),
            CompareOp::Ne => x.not_equal(y),
            CompareOp::Gt => x.greater(y),
            CompareOp::Ge => x.greater_equal(y),
        })
    }
}
