//! `matmul`: the matrix product.

use crate::op::{Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules};
use crate::tensor::{DType, Dims, Element, Result, Tensor, allocate};

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
        Form::Contraction
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        match input {
            0 => g.matmul(y.t()).into(),
            _ => x.t().matmul(g).into(),
        }
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        match out.dtype {
            DType::F32 => product::<f32>(x, out),
            _ => product::<f64>(x, out),
        }
    }

    fn samples() -> Vec<Sample<MatMul>> {
        let plain = Sample::shaped(MatMul {}, &[&[2, 3], &[3, 4]]);
        let batched = Sample::shaped(MatMul {}, &[&[2, 2, 3], &[2, 3, 2]]);
        plain.into_iter().chain(batched).collect()
    }
}

fn product<T: Element>(x: &[Tensor], out: &Meta) -> Result<Tensor> {
    let rank = out.shape.rank();
    let (m, n, k) = (out.shape[rank - 2], out.shape[rank - 1], x[0].shape()[rank - 1]);
    let (a, b) = (x[0].to_vec::<T>()?, x[1].to_vec::<T>()?);
    let mut c = allocate(&out.shape)?;
    for batch in 0..out.shape[..rank - 2].iter().product() {
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let term = |l: usize| {
                a[(batch * m + i) * k + l].to_f64() * b[(batch * k + l) * n + j].to_f64()
            };
            // Not `sum`, which gives -0 for nothing.
            c.push(T::from_f64((0..k).map(term).fold(0.0, |sum, term| sum + term)));
        }
    }
    Tensor::from_vec(c, &out.shape)
}
