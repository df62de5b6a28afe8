//! `iota`: positions along an axis.

use crate::op::{
    Broken, Cotangent, Form, Meta, Operation, Sample, Term, operation, rules, with_type,
};
use crate::tensor::{DType, Element, Result, Shape, Tensor, allocate};

operation! {
    /// # What
    /// The position of each element along an axis: 0, 1, 2, …
    ///
    /// # Gradient
    /// None: it depends on nothing.
    ///
    /// # Why it holds
    /// It has no inputs.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape};
    /// let tape = Tape::new();
    /// let columns = tape.iota([2, 3], 1, DType::I64).value()?;
    /// assert_eq!(columns.to_vec::<i64>()?, [0, 1, 2, 0, 1, 2]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "iota" Iota {
        /// The result's shape.
        shape: Shape,
        /// The axis.
        axis: usize,
        /// The element type: a float or i64.
        dtype: DType,
    }
}

impl Operation for Iota {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 0)?;
        let out = rules::countable(Meta::new(self.dtype, &self.shape))?;
        rules::numeric(&out)?;
        rules::size_along(self.axis, &out)?;
        Ok(out)
    }

    fn form(&self) -> Form<'_> {
        Form::Position(self.axis)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("positions depend on nothing")
    }

    fn eval(&self, _: &[Tensor], out: &Meta) -> Result<Tensor> {
        let (count, step) = (out.shape[self.axis], out.shape.strides()[self.axis]);
        let place = |i: usize| (i / step % count) as f64;
        with_type!(out.dtype, T => {
            let mut data = allocate::<T>(&out.shape)?;
            data.extend((0..out.shape.elements()).map(|i| T::from_f64(place(i))));
            Tensor::from_vec(data, &out.shape)
        })
    }

    fn samples() -> Vec<Sample<Iota>> {
        [(DType::F64, 0), (DType::F32, 1), (DType::I64, 2)]
            .into_iter()
            .map(|(dtype, axis)| Iota { shape: [2, 3, 4].into(), axis, dtype })
            .flat_map(|op| Sample::new(op, vec![]))
            .collect()
    }
}
