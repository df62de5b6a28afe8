//! `cumsum`: the running sum.

use crate::op::index::Plus;
use crate::op::{
    Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules, with_number,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// The sum of each element and all before it along an axis; of all after it when `reverse`.
    ///
    /// # Gradient
    /// The running sum of `g` from the other end.
    ///
    /// # Why it holds
    /// An element enters its own sum and every later one, each with factor 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3])?);
    /// assert_eq!(x.cumsum(0).value()?.to_vec::<f32>()?, [1.0, 3.0, 6.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "cumsum" CumSum {
        /// The axis.
        axis: usize,
        /// Whether it runs from the end.
        reverse: bool,
    }
}

impl Operation for CumSum {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        rules::size_along(self.axis, x[0])?;
        Ok(x[0].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.running_sum(self.axis, !self.reverse).into()
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        with_number!(out.dtype, T => self.run::<T>(&x[0]))
    }

    fn samples() -> Vec<Sample<CumSum>> {
        [(0, false), (1, false), (1, true)]
            .into_iter()
            .flat_map(|(axis, reverse)| Sample::shaped(CumSum { axis, reverse }, &[&[3, 4, 2]]))
            .collect()
    }
}

impl CumSum {
    fn run<T: Plus>(&self, x: &Tensor) -> Result<Tensor> {
        let count = x.shape()[self.axis];
        let inner: usize = x.shape()[self.axis + 1..].iter().product();
        let mut data = x.to_vec::<T>()?;
        let place = |i: usize| i / inner % count;
        let elements = data.len();
        for step in 0..elements {
            let (i, first, before) = if self.reverse {
                let i = elements - 1 - step;
                (i, place(i) == count - 1, i.wrapping_add(inner))
            } else {
                (step, place(step) == 0, step.wrapping_sub(inner))
            };
            if !first {
                data[i] = data[before].plus(data[i]);
            }
        }
        Tensor::from_vec(data, x.shape())
    }
}
