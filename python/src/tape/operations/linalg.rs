//! Decompositions of matrices, and what is made of them.

use pyo3::prelude::*;

use super::{listed, pairs, unary};
use crate::tape::PyVar;

unary! { UNARY:
    /// The inverse of square matrices.
    inverse;
    /// The lower triangle L with `L L^T` for symmetric, positive definite matrices.
    cholesky;
    /// The singular values, the greatest first.
    svdvals;
    /// The eigenvalues of symmetric matrices, the least first.
    eigvalsh;
    /// The logarithm of the determinant; NaN where that is below 0.
    logdet;
    /// The determinant.
    det;
    /// The pseudo-inverse.
    pinv;
    /// The greatest singular value.
    spectral_norm;
    /// The sum of the singular values.
    nuclear_norm;
}

pairs! { BINARY:
    /// X with `A X = B`, for square matrices A and `other` B, which may be a vector.
    solve;
    /// X with the least `|A X - B|`, for matrices A and `other` B.
    lstsq;
}

listed! { OTHERS: qr svd eigh slogdet lu triangular_solve matrix_power }

#[pymethods]
impl PyVar {
    /// Q with orthogonal columns and the upper triangle R, whose product this is: two values.
    fn qr(&self, py: Python<'_>) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.qr())
    }

    /// U, singular values and V^T, whose product this is: three values.
    fn svd(&self, py: Python<'_>) -> PyResult<(PyVar, PyVar, PyVar)> {
        self.three(py, |x| x.svd())
    }

    /// Eigenvalues, the least first, and eigenvectors as columns, of symmetric matrices: two values.
    fn eigh(&self, py: Python<'_>) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.eigh())
    }

    /// The sign of the determinant and the logarithm of its magnitude: two values.
    fn slogdet(&self, py: Python<'_>) -> PyResult<(PyVar, PyVar)> {
        self.two(py, |x| x.slogdet())
    }

    /// The order of rows as int64, and the factors L and U of this with its rows in that order: three values.
    fn lu(&self, py: Python<'_>) -> PyResult<(PyVar, PyVar, PyVar)> {
        self.three(py, |x| x.lu())
    }

    /// X with `A X = B` for the lower triangle of A, or the upper one; `other` B may be a vector.
    #[pyo3(signature = (other, upper=false))]
    fn triangular_solve(&self, other: &Bound<'_, PyAny>, upper: bool) -> PyResult<PyVar> {
        self.with(other, |x, b| match b.shape().rank() {
            1 => x.triangular_solve(b.unsqueeze(-1), upper).squeeze(-1),
            _ => x.triangular_solve(b, upper),
        })
    }

    /// Square matrices to a whole power.
    fn matrix_power(&self, py: Python<'_>, n: i32) -> PyResult<PyVar> {
        self.map(py, |x| x.matrix_power(n))
    }
}
