//! `abs`: the magnitude.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `|x|`, element by element.
    ///
    /// # Gradient
    /// `g * sign(x)`; at the kink 0.
    ///
    /// # Why it holds
    /// The slope is 1 above 0 and -1 below. At 0 any number between is a subgradient; 0 is the
    /// middle.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(-2.0f64));
    /// let [dx] = gradient(x.abs(), [x]);
    /// assert_eq!(dx.item()?, -1.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "abs" Abs {}
}

impl Elementwise for Abs {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].sign()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.abs()
    }

    fn samples() -> Vec<Sample<Abs>> {
        Sample::unary(Abs {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
