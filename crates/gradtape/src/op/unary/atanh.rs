//! `atanh`: the inverse hyperbolic tangent.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The inverse hyperbolic tangent, element by element: `½ log((1 + x) / (1 - x))`, also accurate near 0;
    /// infinite at -1 and 1, NaN beyond.
    ///
    /// # Gradient
    /// `g / ((1 - x) (1 + x))`
    ///
    /// # Why it holds
    /// The inverse of the hyperbolic tangent has the inverse slope, `1 / (1 - tanh²(atanh x))`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.atanh(), [x]);
    /// assert_eq!((x.atanh().item()?, dx.item()?), (0.0, 1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "atanh" Atanh {}
}

impl Elementwise for Atanh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g / ((1.0 - x) * (1.0 + x))).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let size = x.abs();
        let ratio = S::constant(2.0) * size / (S::constant(1.0) - size);
        let y = S::constant(0.5) * ratio.log1p();
        let y = x.less(S::constant(0.0)).select(-y, y);
        // With its sign.
        x.equal(S::constant(0.0)).select(x, y)
    }

    fn samples() -> Vec<Sample<Atanh>> {
        Sample::unary(Atanh {}, &[-0.9, -0.3, 0.4, 0.7])
    }
}
