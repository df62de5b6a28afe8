//! `xlogy`: a number times a logarithm.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `x log y`, element by element, which is 0 where `x` is 0, also where the logarithm is infinite or NaN; NaN
    /// where `y` is.
    ///
    /// # Gradient
    /// `g * log y` to `x`, which is 0 where `x` is 0 and `y` not above 0; `g * x / y` to `y`, which is 0 where
    /// both are 0.
    ///
    /// # Why it holds
    /// The product rule. Where both are 0 the result is what `x log x` tends to, and the slopes have no limit.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let p = tape.watch([0.0, 1.0]);
    /// let entropy = -p.xlogy(p).sum(());
    /// let [slope] = gradient(entropy, [p]);
    /// assert_eq!((entropy.item()?, slope.value()?.to_f64_vec()), (0.0, vec![0.0, -1.0]));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "xlogy" XLogY {}
}

impl Elementwise for XLogY {
    fn operands(&self) -> Operands {
        Operands::floats(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let (x, y) = (x[0], x[1]);
        let idle = x.equal(0.0);
        if input == 0 {
            let idle = idle.logical_and(y.less_equal(0.0));
            return (g * idle.select(1.0, y).log()).into();
        }
        (g * (x / idle.logical_and(y.equal(0.0)).select(1.0, y))).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        let zero = S::constant(0.0);
        let nothing = y.equal(y).select(zero, y);
        x.equal(zero).select(nothing, x * y.log())
    }

    fn samples() -> Vec<Sample<XLogY>> {
        Sample::binary(XLogY {}, &[0.5, -1.25, 2.0, 3.0], &[0.75, 1.25, 3.0, 0.5])
    }
}
