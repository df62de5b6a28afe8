//! `lgamma`: the logarithm of the gamma function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The logarithm of the magnitude of the gamma function, element by element: `log (n - 1)!` at a whole
    /// number `n` above 0; inf at the others.
    ///
    /// # Gradient
    /// `g * ψ(x)` with the digamma function `ψ`: see `polygamma`.
    ///
    /// # Why it holds
    /// `ψ = Γ' / Γ` is the derivative of `log |Γ|` by the chain rule.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let n = tape.watch(5.0);
    /// let [slope] = gradient(n.lgamma(), [n]);
    /// assert!((n.lgamma().item()? - 24f64.ln()).abs() < 1e-15);
    /// assert!((slope.item()? - n.digamma().item()?).abs() < 1e-15);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "lgamma" LGamma {}
}

impl Elementwise for LGamma {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].digamma()).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.lgamma()
    }

    fn samples() -> Vec<Sample<LGamma>> {
        Sample::unary(LGamma {}, &[-1.4, 0.3, 1.2, 4.5])
    }
}
