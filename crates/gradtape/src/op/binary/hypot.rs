//! `hypot`: the distance from the origin.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `√(x² + y²)`, element by element, which overflows and vanishes only with its result; inf if either is
    /// infinite.
    ///
    /// # Gradient
    /// `g * x / out` to `x`, `g * y / out` to `y`; at the origin 0.
    ///
    /// # Why it holds
    /// The chain rule of root and squares. At the origin, a kink, 0 is a subgradient that treats all directions
    /// alike.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let (x, y) = (tape.watch(3.0), tape.watch(4.0));
    /// let out = x.hypot(y);
    /// let [dx, dy] = gradient(out, [x, y]);
    /// assert_eq!((out.item()?, dx.item()?, dy.item()?), (5.0, 0.6, 0.8));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "hypot" Hypot {}
}

impl Elementwise for Hypot {
    fn operands(&self) -> Operands {
        Operands::floats(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let far = out.equal(0.0).select(1.0, out);
        (g * (x[input] / far)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        let (x, y) = (x.abs(), y.abs());
        let (more, less) = (x.less(y).select(y, x), x.less(y).select(x, y));
        let ratio = less / more.equal(S::constant(0.0)).select(S::constant(1.0), more);
        let far = more * (S::constant(1.0) + ratio * ratio).sqrt();
        let infinite = S::constant(f64::INFINITY);
        x.equal(infinite).select(infinite, y.equal(infinite).select(infinite, far))
    }

    fn samples() -> Vec<Sample<Hypot>> {
        Sample::binary(Hypot {}, &[0.5, -1.25, 2.0, 0.0], &[0.75, -1.5, 3.0, -0.5])
    }
}
