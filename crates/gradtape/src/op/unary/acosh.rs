//! `acosh`: the inverse hyperbolic cosine.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The number not below 0 whose hyperbolic cosine is `x`, element by element: `log(x + √(x² - 1))`, also
    /// accurate near 1 and where that overflows; NaN below 1.
    ///
    /// # Gradient
    /// `g / (√(x - 1) √(x + 1))`: infinite at 1.
    ///
    /// # Why it holds
    /// The inverse of the hyperbolic cosine has the inverse slope, `1 / sinh(acosh x)`, and
    /// `cosh² - sinh² = 1`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([1.0, 2.0]);
    /// let [dx] = gradient(x.acosh().sum(()), [x]);
    /// assert_eq!(x.acosh().index(0, 0).item()?, 0.0);
    /// assert_eq!(dx.index(0, 1).item()?, 1.0 / 3f64.sqrt());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "acosh" Acosh {}
}

impl Elementwise for Acosh {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let x = x[0];
        (g / ((x - 1.0).sqrt() * (x + 1.0).sqrt())).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        let above = x - S::constant(1.0);
        let near = (above + above.sqrt() * (above + S::constant(2.0)).sqrt()).log1p();
        let far = x.log() + S::constant(std::f64::consts::LN_2);
        x.less(S::constant(1e8)).select(near, far)
    }

    fn samples() -> Vec<Sample<Acosh>> {
        Sample::unary(Acosh {}, &[1.1, 1.6, 2.5, 7.0])
    }
}
