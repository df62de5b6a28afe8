//! `input`: numbers from outside.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Result, Shape};

operation! {
    /// # What
    /// Numbers from outside the graph: data, a watched value or a parameter.
    ///
    /// # Gradient
    /// None: an input has no inputs of its own. The reverse walk ends here.
    ///
    /// # Why it holds
    /// It is where the graph begins.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f32));
    /// assert_eq!(x.item()?, 3.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "input" Input {
        /// The element type.
        dtype: DType,
        /// The number of elements along each axis.
        shape: Shape,
    }
}

impl Operation for Input {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 0)?;
        Ok(Meta::new(self.dtype, &self.shape))
    }

    fn form(&self) -> Form<'_> {
        Form::Input
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("an input depends on nothing")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Input>> {
        Vec::new()
    }
}
