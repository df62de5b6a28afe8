//! `eigh`: eigenvalues and eigenvectors of a symmetric matrix.

use faer::Side;

use super::{each, finite, not_found, orient, over, packed, sizes, square, with_diagonal};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// The eigenvalues `w`, from the least to the greatest, and orthonormal eigenvectors, the columns of `V`, of the
    /// symmetric matrix whose lower triangle `x` has: `V diag(w) Vᵀ`. What stands above the diagonal is not read. The
    /// `n` eigenvalues come first, then `V` by rows. Each vector's first element that is not small is positive.
    ///
    /// # Gradient
    /// With the parts `w'` and `V'` of `g` and `S = V (diag(w') + D) Vᵀ`, where `D` has the elements of
    /// `½ (Vᵀ V' - V'ᵀ V)` divided by `w[j] - w[i]`: the lower triangle of `S + Sᵀ` with half its diagonal, since an
    /// element below the diagonal stands for two of the matrix. Of eigenvalues alone it is finite wherever they lie,
    /// of eigenvectors infinite where two eigenvalues are the same.
    ///
    /// # Why it holds
    /// `dw[i] = v[i]ᵀ dx v[i]`, and `dv[i]` has the share `v[j]ᵀ dx v[i] / (w[i] - w[j])` of every other `v[j]` (Giles 2008).
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([[2.0, 1.0], [1.0, 2.0]]);
    /// let (w, v) = x.eigh();
    /// assert!(w.value()?.all_close(&[1.0, 3.0].into(), 1e-14, 0.0));
    /// assert!((v * v).value()?.all_close(&[[0.5, 0.5], [0.5, 0.5]].into(), 1e-14, 0.0));
    /// let [dx] = gradient(w.index(0, 1), [x]);
    /// assert!(dx.value()?.all_close(&[[0.5, 0.5], [0.5, 0.5]].into(), 1e-14, 0.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "eigh" Eigh {}
}

impl Operation for Eigh {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        square(x[0])?;
        let n = sizes(&x[0].shape)[0];
        packed(x[0], n.saturating_add(n.saturating_mul(n)))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let n = sizes(&x[0].shape())[0];
        let ((w, v), (gw, gv)) = (out.eigh_parts(n), g.eigh_parts(n));
        let turn = v.t().matmul(gv);
        let apart = w.unsqueeze(-2) - w.unsqueeze(-1);
        let inner = with_diagonal(over(turn - turn.t(), apart) * 0.5, gw);
        let s = v.matmul(inner).matmul(v.t());
        (s.tril(0) + s.t().tril(-1)).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Eigh>> {
        let matrices = [
            Tensor::from([[2.5, 0.625, 0.125], [-2.0, 1.625, -2.625], [2.125, -2.375, -2.125]]),
            Tensor::from([[[1.25, 1.75], [-0.875, 2.25]], [[-0.375, -2.5], [1.125, -0.75]]]),
            Tensor::from([[2.0]]),
        ];
        let empty = Sample::shaped(Eigh {}, &[&[2, 0, 0]]);
        let empty = Sample::without_derivative(empty, "nothing can be moved");
        matrices.into_iter().flat_map(|x| Sample::new(Eigh {}, vec![x])).chain(empty).collect()
    }
}

impl Meaning for Eigh {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("eigh", x, out, |x, out| {
            finite(x[0], |i, j| j <= i)?;
            let eigh = x[0].self_adjoint_eigen(Side::Lower).map_err(|_| not_found())?;
            let (w, v) = (eigh.S().column_vector(), eigh.U());
            let (n, signs) = (v.ncols(), orient(v));
            let (values, vectors) = out.split_at_mut(n);
            values.iter_mut().enumerate().for_each(|(i, out)| *out = w[i]);
            for (at, out) in vectors.iter_mut().enumerate() {
                *out = v[(at / n, at % n)] * signs[at % n];
            }
            Ok(())
        })
    }
}
