//! `custom`: a value with a gradient rule of the user's own.

use crate::op::{Broken, Cotangent, Examples, Form, Meta, Operation, Sample, Term, operation};
use crate::tensor::Result;

operation! {
    /// # What
    /// The first input unchanged: the result of a user's function, whose inputs follow.
    ///
    /// # Gradient
    /// To each input of the function what the user's rule answers, given the inputs, the result and
    /// `g`. None flows through the function itself.
    ///
    /// # Why it holds
    /// It is what the user asks for: a more stable formula, an estimate through a step, a sign
    /// turned.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(2.7f64));
    /// // Rounding down, with the gradient of the identity (a straight-through estimate).
    /// let whole = x.cast(DType::I64).cast(DType::F64);
    /// let y = tape.custom_gradient(&[x], whole, |_, _, g| vec![g]);
    /// let [dx] = gradient(y * 3.0, [x]);
    /// assert_eq!((y.item()?, dx.item()?), (2.0, 3.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "custom" Custom {
        /// The number of the rule on its tape.
        rule: usize,
    }
}

impl Operation for Custom {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        match x.first() {
            Some(&value) => Ok(value.clone()),
            None => Err(Broken::new("needs the value and its inputs")
                .hint("record it with custom_gradient, which gives it both")),
        }
    }

    fn form(&self) -> Form<'_> {
        Form::First
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        match (input.checked_sub(1), x.get(1..)) {
            (Some(input), Some(x)) => g.custom_rule(self.rule, input, x, out).into(),
            _ => Cotangent::Zero("the user's rule stands in the place of the function's own"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Custom { rule: all.batched_rule(self.rule) })
    }

    fn samples() -> Vec<Sample<Custom>> {
        let samples = Sample::shaped(Custom { rule: 0 }, &[&[2, 3], &[4]]);
        Sample::without_derivative(samples, "the rule is the user's")
    }
}
