//! `logaddexp`: the logarithm of a sum of two exponentials.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// `log(e^x + e^y)`, element by element, as `max + log1p(e^-|x - y|)`, which does not overflow.
    ///
    /// # Gradient
    /// `g * sigmoid(x - y)` to `x`, `g * sigmoid(y - x)` to `y`; ½ each where both are the same infinity.
    ///
    /// # Why it holds
    /// The chain rule gives `e^x / (e^x + e^y)`, which is `1 / (1 + e^(y - x))`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let (x, y) = (tape.watch(1000.0), tape.watch(1000.0));
    /// let out = x.logaddexp(y);
    /// let [dx, dy] = gradient(out, [x, y]);
    /// assert_eq!((out.item()?, dx.item()?, dy.item()?), (1000.0 + 2f64.ln(), 0.5, 0.5));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "logaddexp" LogAddExp {}
}

impl Elementwise for LogAddExp {
    fn operands(&self) -> Operands {
        Operands::floats(2)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        // Within the finite numbers, so that equal infinities differ by 0.
        let greatest = g.dtype().greatest();
        let [x, y] = [x[0], x[1]].map(|x| x.clamp(-greatest, greatest));
        (g * (if input == 0 { x - y } else { y - x }).sigmoid()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        let more = x.less(y).select(y, x);
        let apart = x.equal(y).select(S::constant(0.0), x - y).abs();
        more + (-apart).exp().log1p()
    }

    fn samples() -> Vec<Sample<LogAddExp>> {
        Sample::binary(LogAddExp {}, &[0.5, -1.25, 2.0, 0.3], &[0.75, -1.5, -3.0, 0.6])
    }
}
