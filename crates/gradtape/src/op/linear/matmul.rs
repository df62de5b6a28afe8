//! `matmul`: the matrix product.

use crate::op::{
    Broken, Cotangent, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules, with_number,
};
use crate::tensor::{Dims, Element, Result};

operation! {
    /// # What
    /// The matrix product over the last two axes, `[…, m, k] × […, k, n] → […, m, n]`; leading axes
    /// are equal and stand for a batch of products.
    ///
    /// # Gradient
    /// `g yᵀ` to `x`, `xᵀ g` to `y`.
    ///
    /// # Why it holds
    /// `out[i, j] = Σ x[i, k] y[k, j]`: the element `x[i, k]` enters row `i` of the result with the
    /// factors of row `k` of `y`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0], [1, 2])?);
    /// let y = tape.constant(Tensor::from_slice(&[3.0f32, 4.0], [2, 1])?);
    /// assert_eq!(x.matmul(y).item()?, 11.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "matmul" MatMul {}
}

impl Operation for MatMul {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        rules::float(x[0])?;
        let (a, b) = (&x[0].shape, &x[1].shape);
        if x[0].dtype != x[1].dtype {
            let rule = format!("element types differ: {} and {}", x[0].dtype, x[1].dtype);
            return Err(Broken::new(rule).hint(rules::cast_hint(x[0].dtype, x[1].dtype)));
        }
        let rank = a.rank();
        if rank < 2 || b.rank() != rank {
            let rule =
                format!("needs two operands of equal rank 2 or more, not {rank} and {}", b.rank());
            return Err(Broken::new(rule).hint("reshape a vector to one row or one column"));
        }
        if a[rank - 1] != b[rank - 2] {
            let (k, l) = (a[rank - 1], b[rank - 2]);
            let rule = format!(
                "inner sizes differ: axis -1 of the left is {k}, axis -2 of the right is {l}"
            );
            let turned = b[rank - 1] == k;
            let hint =
                if turned { "transpose the right operand with t()" } else { "they must be equal" };
            return Err(Broken::new(rule).hint(hint));
        }
        if a[..rank - 2] != b[..rank - 2] {
            let rule = format!("batch axes differ: {:?} and {:?}", &a[..rank - 2], &b[..rank - 2]);
            return Err(Broken::new(rule));
        }
        let mut dims = Dims::from_slice(a);
        dims[rank - 1] = b[rank - 1];
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Contraction(self)
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        match input {
            0 => g.matmul(y.t()).into(),
            _ => x.t().matmul(g).into(),
        }
    }

    fn samples() -> Vec<Sample<MatMul>> {
        let plain = Sample::shaped(MatMul {}, &[&[2, 3], &[3, 4]]);
        let batched = Sample::shaped(MatMul {}, &[&[2, 2, 3], &[2, 3, 2]]);
        plain.into_iter().chain(batched).collect()
    }
}

impl Meaning for MatMul {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let (left, right) = (x[0].shape(), x[1].shape());
        let (k, n) = (left[left.rank() - 1], right[right.rank() - 1]);
        let m = left[left.rank() - 2];
        with_number!(out.dtype(), T => {
            let (a, b) = (x[0].elements::<T>()?, x[1].elements::<T>()?);
            for (i, out) in out.elements::<T>()?.iter_mut().enumerate() {
                let (row, column, batch) = (i / n, i % n, i / n / m);
                let term = |l: usize| a[row * k + l].to_f64() * b[(batch * k + l) * n + column].to_f64();
                // Not `sum`, which gives -0 for nothing.
                *out = T::from_f64((0..k).map(term).fold(0.0, |sum, term| sum + term));
            }
        });
        Ok(())
    }
}
