//! `atan2`: the angle of a point.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The angle in radians, from -π to π, of the point at height `x` and `y` to the right of the origin, element
    /// by element: the inverse tangent of `x / y` in the right quadrant, with the signs of zeros as in IEEE 754.
    ///
    /// # Gradient
    /// `g * y / (x² + y²)` to `x`, `-g * x / (x² + y²)` to `y`; at the origin 0.
    ///
    /// # Why it holds
    /// The derivative of `atan(x / y)`, and the angle turns as smoothly where `y` is 0 or below.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let (x, y) = (tape.watch(1.0), tape.watch(0.0));
    /// let out = x.atan2(y);
    /// let [dx, dy] = gradient(out, [x, y]);
    /// assert_eq!((out.item()?, dx.item()?, dy.item()?), (std::f64::consts::FRAC_PI_2, 0.0, -1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "atan2" Atan2 {}
}

impl Elementwise for Atan2 {
    fn operands(&self) -> Operands {
        Operands::floats(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        let far = x.hypot(y);
        let far = far.equal(0.0).select(1.0, far);
        match input {
            0 => (g * (y / far / far)).into(),
            _ => (-g * (x / far / far)).into(),
        }
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x.atan2(y)
    }

    fn samples() -> Vec<Sample<Atan2>> {
        Sample::binary(Atan2 {}, &[0.5, -1.25, 2.0, -0.7], &[0.75, -1.25, -3.0, 0.5])
    }
}
