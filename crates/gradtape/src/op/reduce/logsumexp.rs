//! `logsumexp`: the logarithm of a sum of exponentials.

use crate::op::reduce::{dropped, kept, targets};
use crate::op::{Broken, Cotangent, Meta, Operation, Sample, Term, filled, operation, rules};
use crate::tensor::{DType, Dims, Result, Tensor};

operation! {
    /// # What
    /// `log Σ e^x` over axes, which are dropped, as `max + log Σ e^(x - max)`, which does not
    /// overflow. Of nothing, or of nothing but -inf, it is -inf; with an inf in it, it is inf.
    ///
    /// # Gradient
    /// `g * e^(x - out)`: the softmax of `x`. Where the result is -inf it is 0.
    ///
    /// # Why it holds
    /// The chain rule gives `e^x / Σ e^x`, and `Σ e^x = e^out`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1000.0f64, 1000.0], [2])?);
    /// assert_eq!(x.logsumexp(()).item()?, 1000.0 + 2f64.ln());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "logsumexp" LogSumExp {
        /// The axes, sorted.
        axes: Dims,
    }
}

impl Operation for LogSumExp {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        let x = rules::float_unary(x)?;
        Ok(Meta::new(x.dtype, dropped(&x.shape, &self.axes)?))
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let kept = kept(&x[0].shape(), &self.axes);
        // From -inf to the least number there is, so that -inf less this is -inf and not NaN.
        let least = if out.dtype() == DType::F32 { f64::from(f32::MIN) } else { f64::MIN };
        let shift = out.maximum(least).reshape(&kept);
        (g.reshape(&kept) * (x[0] - shift).exp()).into()
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        let data = x[0].cast(DType::F64).to_vec::<f64>()?;
        let at: Vec<usize> = targets(x[0].shape(), &self.axes).collect();
        let mut greatest = filled(f64::NEG_INFINITY, &out.shape)?;
        for (&value, &at) in data.iter().zip(&at) {
            greatest[at] =
                if value > greatest[at] || value.is_nan() { value } else { greatest[at] };
        }
        // A greatest of ±inf would turn the differences into NaN.
        greatest.iter_mut().for_each(|max| *max = if max.is_infinite() { 0.0 } else { *max });
        let mut sums = vec![0.0; greatest.len()];
        for (&value, &at) in data.iter().zip(&at) {
            sums[at] += (value - greatest[at]).exp();
        }
        let values = sums.iter().zip(&greatest).map(|(sum, max)| max + sum.ln()).collect();
        Ok(Tensor::from_vec::<f64>(values, &out.shape)?.cast(out.dtype))
    }

    fn samples() -> Vec<Sample<LogSumExp>> {
        [&[0][..], &[1], &[0, 2], &[0, 1, 2]]
            .into_iter()
            .map(|axes| LogSumExp { axes: Dims::from_slice(axes) })
            .flat_map(|op| Sample::shaped(op, &[&[2, 3, 4]]))
            .collect()
    }
}
