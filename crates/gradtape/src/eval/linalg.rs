//! Decompositions of tensors: each method is that of [`Var`](crate::Var) of the same name.

use super::arithmetic::{compute, compute_all};
use crate::tensor::{Result, Tensor};

/// # Matrices
///
/// With the feature `linalg` of the crate: methods named as those of [`Var`](crate::Var), which say what they
/// compute, on the matrices in the last two axes.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([[2.0, 1.0], [1.0, 2.0]]);
/// let (w, v) = x.eigh()?;
/// let again = (&v * w.unsqueeze(0)?)?.matmul(&v.t())?;
/// assert!(again.all_close(&x, 1e-14, 0.0));
/// let error = Tensor::from([[1.0, 2.0], [2.0, 1.0]]).cholesky().unwrap_err();
/// assert!(error.message().contains("not positive definite"));
/// # Ok::<(), gradtape::Error>(())
/// ```
impl Tensor {
    /// The `X` for which `A X = B`, of this square `A`.
    #[track_caller]
    pub fn solve(&self, b: &Tensor) -> Result<Tensor> {
        compute(&[self, b], |x| x[0].solve(x[1]))
    }

    /// The `X` for which `T X = B`, of the lower triangle `T` of this, or with `upper` the upper one.
    #[track_caller]
    pub fn triangular_solve(&self, b: &Tensor, upper: bool) -> Result<Tensor> {
        compute(&[self, b], |x| x[0].triangular_solve(x[1], upper))
    }

    /// The smallest `X` for which the squares of `A X - B` add up to least.
    #[track_caller]
    pub fn lstsq(&self, b: &Tensor) -> Result<Tensor> {
        compute(&[self, b], |x| x[0].lstsq(x[1]))
    }

    /// The inverse of a square matrix.
    #[track_caller]
    pub fn inverse(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].inverse())
    }

    /// The pseudoinverse.
    #[track_caller]
    pub fn pinv(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].pinv())
    }

    /// The lower triangular root of a symmetric positive definite matrix.
    #[track_caller]
    pub fn cholesky(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].cholesky())
    }

    /// The determinant.
    #[track_caller]
    pub fn det(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].det())
    }

    /// The logarithm of the determinant; NaN where that is negative.
    #[track_caller]
    pub fn logdet(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].logdet())
    }

    /// The singular values, the greatest first.
    #[track_caller]
    pub fn svdvals(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].svdvals())
    }

    /// The eigenvalues of a symmetric matrix, the least first.
    #[track_caller]
    pub fn eigvalsh(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].eigvalsh())
    }

    /// A square matrix times itself so many times.
    #[track_caller]
    pub fn matrix_power(&self, exponent: i32) -> Result<Tensor> {
        compute(&[self], |x| x[0].matrix_power(exponent))
    }

    /// The greatest singular value.
    #[track_caller]
    pub fn spectral_norm(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].spectral_norm())
    }

    /// The sum of the singular values.
    #[track_caller]
    pub fn nuclear_norm(&self) -> Result<Tensor> {
        compute(&[self], |x| x[0].nuclear_norm())
    }

    /// The sign of the determinant and the logarithm of its magnitude.
    #[track_caller]
    pub fn slogdet(&self) -> Result<(Tensor, Tensor)> {
        compute_all(&[self], |x| x[0].slogdet().into()).map(<[Tensor; 2]>::into)
    }

    /// Orthonormal columns and an upper triangle whose product this is.
    #[track_caller]
    pub fn qr(&self) -> Result<(Tensor, Tensor)> {
        compute_all(&[self], |x| x[0].qr().into()).map(<[Tensor; 2]>::into)
    }

    /// The eigenvalues of a symmetric matrix, the least first, and its eigenvectors as columns.
    #[track_caller]
    pub fn eigh(&self) -> Result<(Tensor, Tensor)> {
        compute_all(&[self], |x| x[0].eigh().into()).map(<[Tensor; 2]>::into)
    }

    /// The singular value decomposition `U diag(s) Vh`, reduced.
    #[track_caller]
    pub fn svd(&self) -> Result<(Tensor, Tensor, Tensor)> {
        compute_all(&[self], |x| x[0].svd().into()).map(<[Tensor; 3]>::into)
    }

    /// The order of the rows as i64, and the factors of this with its rows in that order.
    #[track_caller]
    pub fn lu(&self) -> Result<(Tensor, Tensor, Tensor)> {
        compute_all(&[self], |x| x[0].lu().into()).map(<[Tensor; 3]>::into)
    }
}
