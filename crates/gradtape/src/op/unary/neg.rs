//! `neg`: the opposite number.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `-x`, element by element.
    ///
    /// # Gradient
    /// `-g`
    ///
    /// # Why it holds
    /// The function is linear with slope -1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let [dx] = gradient(-x, [x]);
    /// assert_eq!(dx.item()?, -1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "neg" Neg {}
}

impl Elementwise for Neg {
    fn operands(&self) -> Operands {
        Operands::numbers(1)
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (-g).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        -x
    }

    fn samples() -> Vec<Sample<Neg>> {
        Sample::unary(Neg {}, &[-1.5, -0.25, 0.5, 2.0])
    }
}
