//! `pinv`: the pseudoinverse of a matrix.

use super::{each, finite, matrix, not_found};
use crate::op::{
    Bits, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample,
    Term, operation, rules,
};
use crate::tensor::{Dims, Result, Tensor};

operation! {
    /// # What
    /// The pseudoinverse of Moore and Penrose, `V diag(1 / s) Uᵀ` of the singular values `s` and vectors, where those not
    /// above `rtol` times the greatest count as 0 and stay 0.
    ///
    /// # Gradient
    /// `-outᵀ g outᵀ + (I - x out) gᵀ out outᵀ + outᵀ out gᵀ (I - out x)`. It holds where the rank stays the same,
    /// also where singular values are equal.
    ///
    /// # Why it holds
    /// By differentiating `out x out = out` and `x out x = x`, where both products are symmetric (Golub and Pereyra
    /// 1973).
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.constant([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]]);
    /// let want = [[0.5, 0.0, 0.0], [0.0, 0.0, 0.25]].into();
    /// assert!(x.pinv().value()?.all_close(&want, 0.0, 1e-15));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "pinv" Pinv {
        /// Singular values up to this share of the greatest count as 0.
        rtol: Bits,
    }
}

impl Operation for Pinv {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        matrix(x[0])?;
        let mut dims = Dims::from_slice(&x[0].shape);
        let rank = dims.len();
        dims.swap(rank - 1, rank - 2);
        Ok(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, p, pt, gt) = (x[0], out, out.t(), g.t());
        // Both are 0 but for rounding where the rank is the number of rows, or of columns.
        let left = gt - x.matmul(p.matmul(gt));
        let right = gt - gt.matmul(p).matmul(x);
        let cotangent =
            left.matmul(p).matmul(pt) + pt.matmul(p.matmul(right)) - pt.matmul(g).matmul(pt);
        cotangent.into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Pinv>> {
        let op = Pinv { rtol: Bits::new(1e-6) };
        let matrices = [
            Tensor::from([[2.5, 0.625, 0.125], [-2.0, 1.625, -2.625], [2.125, -2.375, -2.125]]),
            Tensor::from([[0.125, 0.25], [-0.875, 0.25], [-1.625, -2.875]]),
            Tensor::from([[-0.75, 0.75, -1.875], [-2.125, 0.875, 0.375]]),
            Tensor::from([[[1.25, 1.75], [-0.875, 2.25]], [[-0.375, -2.5], [1.125, -0.75]]]),
        ];
        let empty = Sample::shaped(op.clone(), &[&[2, 0, 3]]);
        let empty = Sample::without_derivative(empty, "nothing can be moved");
        matrices.into_iter().flat_map(|x| Sample::new(op.clone(), vec![x])).chain(empty).collect()
    }
}

impl Meaning for Pinv {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("pinv", x, out, |x, out| {
            finite(x[0], |_, _| true)?;
            let svd = x[0].thin_svd().map_err(|_| not_found())?;
            let (u, s, v) = (svd.U(), svd.S().column_vector(), svd.V());
            let least = self.rtol.value() * s[0];
            let rank = (0..u.ncols()).take_while(|&i| s[i] > least).count();
            let m = u.nrows();
            for (at, out) in out.iter_mut().enumerate() {
                let (i, j) = (at / m, at % m);
                *out = (0..rank).fold(0.0, |sum, l| sum + v[(i, l)] / s[l] * u[(j, l)]);
            }
            Ok(())
        })
    }
}
