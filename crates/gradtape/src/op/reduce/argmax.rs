//! `argmax`: the place of the greatest element.

use crate::op::reduce::dropped;
use crate::op::{Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules};
use crate::tensor::{DType, Result, Tensor};

operation! {
    /// # What
    /// The place of the greatest element along an axis, which is dropped, as i64. Of several the
    /// first; NaN counts as greater than everything.
    ///
    /// # Gradient
    /// None: places have no gradient.
    ///
    /// # Why it holds
    /// The result is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 4.0, 4.0], [3])?);
    /// assert_eq!(x.argmax(0).item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "argmax" ArgMax {
        /// The axis.
        axis: usize,
    }
}

impl Operation for ArgMax {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        if rules::size_along(self.axis, x[0])? == 0 {
            return Err(Broken::new(format!("axis {} of {} is empty", self.axis, x[0])));
        }
        Ok(Meta::new(DType::I64, dropped(&x[0].shape, &[self.axis])?))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false }
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a place is constant wherever it is continuous")
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        match x[0].dtype() {
            DType::I64 => self.places(&x[0].to_vec::<i64>()?, &x[0], out),
            _ => self.places(&x[0].cast(DType::F64).to_vec::<f64>()?, &x[0], out),
        }
    }

    fn samples() -> Vec<Sample<ArgMax>> {
        [0, 1, 2]
            .into_iter()
            .flat_map(|axis| Sample::shaped(ArgMax { axis }, &[&[2, 3, 4]]))
            .collect()
    }
}

impl ArgMax {
    fn places<T: PartialOrd + Copy>(&self, data: &[T], x: &Tensor, out: &Meta) -> Result<Tensor> {
        let count = x.shape()[self.axis];
        let inner: usize = x.shape()[self.axis + 1..].iter().product();
        let nan = |value: T| value.partial_cmp(&value).is_none();
        let place = |at: usize| {
            let value = |i: usize| data[(at / inner * count + i) * inner + at % inner];
            (1..count).fold(0, |best, i| {
                let better = value(i) > value(best) || nan(value(i)) && !nan(value(best));
                if better { i } else { best }
            }) as i64
        };
        Tensor::from_vec((0..out.shape.elements()).map(place).collect(), &out.shape)
    }
}
