//! `iota`: positions along an axis.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Result, Shape};

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

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Iota>> {
        let numbers = DType::ALL.into_iter().filter(|&dtype| dtype != DType::Bool);
        numbers
            .zip([0, 1, 2].into_iter().cycle())
            .map(|(dtype, axis)| Iota { shape: [2, 3, 4].into(), axis, dtype })
            .flat_map(|op| Sample::new(op, vec![]))
            .collect()
    }
}
