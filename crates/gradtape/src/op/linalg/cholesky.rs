//! `cholesky`: the triangular root of a positive definite matrix.

use faer::Side;
use faer::linalg::solvers::LltError;

use super::{Failure, each, finite, square, write};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// The lower triangular `L` with a positive diagonal for which `L Lᵀ` is the symmetric matrix whose lower
    /// triangle `x` has; what stands above the diagonal is not read. A matrix that is not positive definite is an
    /// error.
    ///
    /// # Gradient
    /// With `S = L⁻ᵀ P L⁻¹`, where `P` is the lower triangle of `Lᵀ g` with half its diagonal: the lower triangle
    /// of `S + Sᵀ` with half its diagonal, since an element below the diagonal stands for two of the matrix.
    ///
    /// # Why it holds
    /// From `dA = dL Lᵀ + L dLᵀ` follows `L⁻¹ dA L⁻ᵀ = M + Mᵀ` with `M = L⁻¹ dL`, which is lower triangular, so it is
    /// the lower triangle of the left side with half its diagonal.
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.constant([[4.0, 2.0], [2.0, 5.0]]);
    /// assert_eq!(x.cholesky().value()?.to_f64_vec(), [2.0, 0.0, 1.0, 2.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cholesky" Cholesky {}
}

impl Operation for Cholesky {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        square(x[0])?;
        Ok(x[0].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let half = |x: Term<'r>| (x.tril(0) + x.tril(-1)) * 0.5;
        let upper = out.t();
        // L⁻ᵀ P L⁻¹ is the transpose of L⁻ᵀ (L⁻ᵀ P)ᵀ.
        let left = upper.triangular_solve(half(upper.matmul(g)), true);
        let s = upper.triangular_solve(left.t(), true);
        half(s + s.t()).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Cholesky>> {
        let one = Sample::new(Cholesky {}, vec![Tensor::from([[1.375, 3.0], [0.875, 1.375]])]);
        let empty = Sample::shaped(Cholesky {}, &[&[0, 2, 2]]);
        let empty = Sample::without_derivative(empty, "nothing can be moved");
        one.into_iter().chain(empty).collect()
    }
}

impl Meaning for Cholesky {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("cholesky", x, out, |x, out| {
            finite(x[0], |i, j| j <= i)?;
            match x[0].llt(Side::Lower) {
                Ok(llt) => write(llt.L(), out),
                Err(LltError::NonPositivePivot { index }) => {
                    let what = format!("is not positive definite: pivot {index} is not above 0");
                    let hint = "a small multiple of the identity added to it can make it so";
                    return Err(Failure::new(what, hint));
                }
            }
            Ok(())
        })
    }
}
