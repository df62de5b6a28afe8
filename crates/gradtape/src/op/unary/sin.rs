//! `sin`: the sine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The sine of an angle in radians, element by element.
    ///
    /// # Gradient
    /// `g * cos(x)`
    ///
    /// # Why it holds
    /// A quarter turn ahead on the circle.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(0.0f64));
    /// let [dx] = gradient(x.sin(), [x]);
    /// assert_eq!(dx.item()?, 1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "sin" Sin {}
}

impl Elementwise for Sin {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].cos()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.sin()
    }

    fn samples() -> Vec<Sample<Sin>> {
        Sample::unary(Sin {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
