//! `polygamma`: derivatives of the digamma function.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};

operation! {
    /// # What
    /// The derivative of this order of the digamma function `Γ'(x) / Γ(x)`, element by element; of order 0 that
    /// function, of order 1 the trigamma function. At 0 and at negative whole numbers it is inf for odd orders,
    /// where both sides go up, else NaN; the digamma function is -inf at 0 and inf at -0. Orders above 30 give
    /// NaN.
    ///
    /// # Gradient
    /// `g` times the function of the next order.
    ///
    /// # Why it holds
    /// That is what the order counts.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(1.0);
    /// let [trigamma] = gradient(x.digamma(), [x]);
    /// // The sum of 1 / n².
    /// assert!((trigamma.item()? - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
    /// assert_eq!(trigamma.item()?, x.polygamma(1).item()?);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "polygamma" Polygamma {
        /// How often the digamma function is differentiated.
        order: u32,
    }
}

impl Elementwise for Polygamma {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Costly
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * x[0].polygamma(self.order + 1)).into()
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x.polygamma(self.order)
    }

    fn samples() -> Vec<Sample<Polygamma>> {
        let numbers = [-1.4, 0.6, 1.2, 4.5];
        let orders = [0, 1, 2].into_iter();
        orders.flat_map(|order| Sample::unary(Polygamma { order }, &numbers)).collect()
    }
}
