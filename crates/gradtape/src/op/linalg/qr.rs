//! `qr`: orthonormal columns times a triangle.

use super::{each, finite, matrix, packed, sizes};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// Orthonormal columns `Q` and an upper triangular `R` with `Q R = x` and no negative number on its diagonal:
    /// of `m` rows and `n` columns, with `k` the smaller of the two, the `m × k` numbers of `Q` by rows and then the
    /// `k × n` of `R`.
    ///
    /// # Gradient
    /// Where `m` is not below `n`, `(q + Q C) R⁻ᵀ` with the parts `q` and `r` of `g`, where `C` is the symmetric matrix
    /// that has the lower triangle of `R rᵀ - qᵀ Q`. Else that of the first `m` columns, whose `q` also gets `y rᵀ`
    /// of the other columns `y` with theirs of `r`; these get `Q r`. An error where `R` has a 0 on its diagonal.
    ///
    /// # Why it holds
    /// From `dx = dQ R + Q dR` follows `Qᵀ dx R⁻¹ = Qᵀ dQ + dR R⁻¹`, whose first term is antisymmetric, since `Qᵀ Q` is the
    /// identity, and whose second is upper triangular (Walter 2012).
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let (q, r) = tape.constant([[3.0, 1.0], [4.0, 3.0]]).qr();
    /// let near = |x: gradtape::Tensor, y: [f64; 4]| {
    ///     x.to_f64_vec().iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-14)
    /// };
    /// assert!(near(q.value()?, [0.6, -0.8, 0.8, 0.6]));
    /// assert!(near(r.value()?, [5.0, 3.0, 0.0, 1.0]));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "qr" Qr {}
}

impl Operation for Qr {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        matrix(x[0])?;
        let [m, n] = sizes(&x[0].shape);
        packed(x[0], m.min(n).saturating_mul(m.saturating_add(n)))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let [m, n] = sizes(&x[0].shape());
        let (q, r) = out.qr_parts(m, n);
        let (gq, gr) = g.qr_parts(m, n);
        if m >= n {
            return tall(q, r, gq, gr).into();
        }
        let (others, beside) = (x[0].slice(-1, m..), gr.slice(-1, m..));
        let gq = gq + others.matmul(beside.t());
        let first = tall(q, r.slice(-1, ..m), gq, gr.slice(-1, ..m));
        first.concat(&[q.matmul(beside)], -1).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Qr>> {
        let matrices = [
            Tensor::from([[2.5, 0.625, 0.125], [-2.0, 1.625, -2.625], [2.125, -2.375, -2.125]]),
            Tensor::from([[0.125, 0.25], [-0.875, 0.25], [-1.625, -2.875]]),
            Tensor::from([[-0.75, 0.75, -1.875], [-2.125, 0.875, 0.375]]),
            Tensor::from([[[1.25, 1.75], [-0.875, 2.25]], [[-0.375, -2.5], [1.125, -0.75]]]),
        ];
        let empty = Sample::shaped(Qr {}, &[&[2, 3, 0]]);
        let empty = Sample::without_derivative(empty, "nothing can be moved");
        matrices.into_iter().flat_map(|x| Sample::new(Qr {}, vec![x])).chain(empty).collect()
    }
}

/// The cotangent of a matrix of no more columns than rows.
fn tall<'r>(q: Term<'r>, r: Term<'r>, gq: Term<'r>, gr: Term<'r>) -> Term<'r> {
    let m = r.matmul(gr.t()) - gq.t().matmul(q);
    let symmetric = m.tril(0) + m.tril(-1).t();
    // X Rᵀ = Y is R Xᵀ = Yᵀ.
    r.triangular_solve((gq + q.matmul(symmetric)).t(), true).t()
}

impl Meaning for Qr {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("qr", x, out, |x, out| {
            finite(x[0], |_, _| true)?;
            let qr = x[0].qr();
            let (q, r) = (qr.compute_thin_Q(), qr.thin_R());
            let (k, n) = r.shape();
            let signs: Vec<f64> =
                (0..k).map(|i| if r[(i, i)] < 0.0 { -1.0 } else { 1.0 }).collect();
            let (to_q, to_r) = out.split_at_mut(q.nrows() * k);
            for (at, out) in to_q.iter_mut().enumerate() {
                *out = q[(at / k, at % k)] * signs[at % k];
            }
            for (at, out) in to_r.iter_mut().enumerate() {
                let (i, j) = (at / n, at % n);
                *out = if j < i { 0.0 } else { r[(i, j)] * signs[i] };
            }
            Ok(())
        })
    }
}
