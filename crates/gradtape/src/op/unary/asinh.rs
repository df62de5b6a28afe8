//! `asinh`: the inverse hyperbolic sine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The inverse hyperbolic sine, element by element: `log(x + √(x² + 1))`, also accurate where that cancels or
    /// overflows.
    ///
    /// # Gradient
    /// `g / √(1 + x²)`
    ///
    /// # Why it holds
    /// The inverse of the hyperbolic sine has the inverse slope, `1 / cosh(asinh x)`, and
    /// `cosh² - sinh² = 1`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(0.0);
    /// let [dx] = gradient(x.asinh(), [x]);
    /// assert_eq!((x.asinh().item()?, dx.item()?), (0.0, 1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "asinh" Asinh {}
}

impl Elementwise for Asinh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g / x[0].hypot(1.0)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let (one, size) = (S::constant(1.0), x.abs());
        let square = size * size;
        let near = (size + square / (one + (one + square).sqrt())).log1p();
        // Here the square root is the number itself, and its square may overflow.
        let far = size.log() + S::constant(std::f64::consts::LN_2);
        let y = size.less(S::constant(1e8)).select(near, far);
        let y = x.less(S::constant(0.0)).select(-y, y);
        // With its sign.
        x.equal(S::constant(0.0)).select(x, y)
    }

    fn samples() -> Vec<Sample<Asinh>> {
        Sample::unary(Asinh {}, &[-2.0, -0.3, 0.4, 1.7])
    }
}
