//! `svd`: singular values and vectors of a matrix.

use super::{each, finite, matrix, not_found, orient, over, packed, sizes, with_diagonal};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// Orthonormal columns `U`, the singular values `s`, none below 0, from the greatest to the least, and orthonormal
    /// rows `Vh` with `U diag(s) Vh = x`: of `m` rows and `n` columns, with `k` the smaller of the two, the `m × k`
    /// numbers of `U` by rows, then `s`, then the `k × n` of `Vh`. Each column's first element of `U` that is not small
    /// is positive.
    ///
    /// # Gradient
    /// With the parts `U'`, `s'` and `V'` of `g` (`V = Vhᵀ`):
    /// `U (E diag(s) + diag(s') + diag(s) F) Vᵀ + (U' - U Uᵀ U') diag(s)⁻¹ Vᵀ + U diag(s)⁻¹ (V' - V Vᵀ V')ᵀ`, where `E` and `F`
    /// have the elements of `Uᵀ U' - U'ᵀ U` and of `Vᵀ V' - V'ᵀ V` divided by `s[j]² - s[i]²`. Of singular values alone it is
    /// finite wherever they lie, of vectors infinite where two of the values are the same, or one is 0.
    ///
    /// # Why it holds
    /// `Uᵀ dx V = Uᵀ dU diag(s) + ds + diag(s) dVᵀ V`, whose first and last factors are antisymmetric; what `dx` has outside
    /// of `U` and `V` turns them out of their spaces (Townsend 2016).
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([[3.0, 0.0], [0.0, -2.0], [0.0, 0.0]]);
    /// let (u, s, vh) = x.svd();
    /// assert!(s.value()?.all_close(&[3.0, 2.0].into(), 1e-14, 0.0));
    /// let again = (u * s).matmul(vh).value()?;
    /// assert!(again.all_close(&[[3.0, 0.0], [0.0, -2.0], [0.0, 0.0]].into(), 0.0, 1e-14));
    /// let [dx] = gradient(s.sum(()), [x]);
    /// assert!(dx.value()?.all_close(&[[1.0, 0.0], [0.0, -1.0], [0.0, 0.0]].into(), 0.0, 1e-14));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "svd" Svd {}
}

impl Operation for Svd {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        matrix(x[0])?;
        let [m, n] = sizes(&x[0].shape);
        packed(x[0], m.min(n).saturating_mul(m.saturating_add(n).saturating_add(1)))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let [m, n] = sizes(&x[0].shape());
        let ((u, s, vh), (gu, gs, gvh)) = (out.svd_parts(m, n), g.svd_parts(m, n));
        let (row, column) = (s.unsqueeze(-2), s.unsqueeze(-1));
        let apart = (row - column) * (row + column);
        let (left, right) = (u.t().matmul(gu), vh.matmul(gvh.t()));
        let e = over(left - left.t(), apart) * row;
        let f = over(right - right.t(), apart) * column;
        let mut cotangent = u.matmul(with_diagonal(e + f, gs)).matmul(vh);
        if m > n {
            let outside = gu - u.matmul(left);
            cotangent += over(outside, row).matmul(vh);
        }
        if n > m {
            let outside = gvh - right.t().matmul(vh);
            cotangent += u.matmul(over(outside, column));
        }
        cotangent.into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Svd>> {
        let matrices = [
            Tensor::from([[2.5, 0.625, 0.125], [-2.0, 1.625, -2.625], [2.125, -2.375, -2.125]]),
            Tensor::from([[0.125, 0.25], [-0.875, 0.25], [-1.625, -2.875]]),
            Tensor::from([[-0.75, 0.75, -1.875], [-2.125, 0.875, 0.375]]),
            Tensor::from([[[1.25, 1.75], [-0.875, 2.25]], [[-0.375, -2.5], [1.125, -0.75]]]),
        ];
        let empty = Sample::shaped(Svd {}, &[&[2, 0, 3]]);
        let empty = Sample::without_derivative(empty, "nothing can be moved");
        matrices.into_iter().flat_map(|x| Sample::new(Svd {}, vec![x])).chain(empty).collect()
    }
}

impl Meaning for Svd {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("svd", x, out, |x, out| {
            finite(x[0], |_, _| true)?;
            let svd = x[0].thin_svd().map_err(|_| not_found())?;
            let (u, s, v) = (svd.U(), svd.S().column_vector(), svd.V());
            let (signs, k, n) = (orient(u), u.ncols(), v.nrows());
            let (to_u, rest) = out.split_at_mut(u.nrows() * k);
            let (to_s, to_vh) = rest.split_at_mut(k);
            for (at, out) in to_u.iter_mut().enumerate() {
                *out = u[(at / k, at % k)] * signs[at % k];
            }
            to_s.iter_mut().enumerate().for_each(|(i, out)| *out = s[i]);
            for (at, out) in to_vh.iter_mut().enumerate() {
                *out = v[(at % n, at / n)] * signs[at / n];
            }
            Ok(())
        })
    }
}
