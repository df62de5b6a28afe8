//! `lu`: triangular factors of a matrix with its rows in another order.

use super::{each, finite, sizes, square};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Dims, Result, Tensor};

operation! {
    /// # What
    /// A lower triangular `L` whose diagonal is 1 and an upper triangular `U` with `L U = P x`, where `P` puts the
    /// rows of the square matrix `x` in an order for which no element of `L` is above 1: in one matrix, `U` on and
    /// above the diagonal and `L` below it, with a last column that tells which row of `x` each row is.
    ///
    /// # Gradient
    /// `Pᵀ L⁻ᵀ (l + u) U⁻ᵀ` with the triangle `l` of `Lᵀ g` below the diagonal and the triangle `u` of `g Uᵀ` on and
    /// above it, both of the part of `g` that belongs to the factor. Of singular matrices it is an error.
    ///
    /// # Why it holds
    /// From `P dx = dL U + L dU` follows `L⁻¹ P dx U⁻¹ = L⁻¹ dL + dU U⁻¹`, whose first term is strictly lower and whose
    /// second is upper triangular. The order of the rows is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let (rows, l, u) = tape.constant([[1.0, 4.0], [2.0, 2.0]]).lu();
    /// assert_eq!(rows.value()?.to_vec::<i64>()?, [1, 0]);
    /// assert_eq!(l.matmul(u).value()?.to_f64_vec(), [2.0, 2.0, 1.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "lu" Lu {}
}

impl Operation for Lu {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        square(x[0])?;
        let mut dims = Dims::from_slice(&x[0].shape);
        let last = dims.len() - 1;
        dims[last] = dims[last].saturating_add(1);
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let n = sizes(&x[0].shape())[1];
        let (factors, rows) = out.lu_parts();
        let g = g.slice(-1, ..n);
        let lower = factors.tril(-1).t().matmul(g.tril(-1)) + g.tril(-1);
        let inner = lower.tril(-1) + g.triu(0).matmul(factors.triu(0).t()).triu(0);
        // With the transposes of both factors, whose triangles are the other ones.
        let turned = factors.t();
        let left = turned.triangular(inner, true, true);
        let all = factors.triangular(left.t(), true, false).t();
        let back = rows.argsort(-1).unsqueeze(-1).broadcast_to(all.shape());
        all.gather(-2, back).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Lu>> {
        let one =
            Tensor::from([[2.5, 0.625, 0.125], [-2.0, 1.625, -2.625], [2.125, -2.375, -2.125]]);
        let several =
            Tensor::from([[[1.25, 1.75], [-0.875, 2.25]], [[-0.375, -2.5], [1.125, -0.75]]]);
        [one, several].into_iter().flat_map(|x| Sample::new(Lu {}, vec![x])).collect()
    }
}

impl Meaning for Lu {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("lu", x, out, |x, out| {
            finite(x[0], |_, _| true)?;
            let lu = x[0].partial_piv_lu();
            let (l, u, rows) = (lu.L(), lu.U(), lu.P().arrays().0);
            let n = x[0].ncols();
            for (i, out) in out.chunks_mut(n + 1).enumerate() {
                out[n] = rows[i] as f64;
                let factor = |j| if j < i { l[(i, j)] } else { u[(i, j)] };
                out[..n].iter_mut().enumerate().for_each(|(j, out)| *out = factor(j));
            }
            Ok(())
        })
    }
}
