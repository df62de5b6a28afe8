//! `slogdet`: sign and logarithm of determinants.

use super::{each, factored, packed, sizes};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{DType, Result, Tensor};

operation! {
    /// # What
    /// The sign of the determinant of a matrix and the logarithm of its magnitude, two numbers, given the matrix
    /// and the factors and the order of rows that `lu` gives of it: computed with these alone. Of a
    /// singular matrix 0 and -inf, of an empty one 1 and 0.
    ///
    /// # Gradient
    /// `g x⁻ᵀ` to the matrix, of the logarithm's `g`; an error where it is singular. None to the factors: all of it
    /// goes through the matrix.
    ///
    /// # Why it holds
    /// `d log det x = tr(x⁻¹ dx)`, by Jacobi; the sign is constant wherever it is continuous.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch([[0.0, 2.0], [4.0, 1.0]]);
    /// let (sign, log) = x.slogdet();
    /// assert_eq!(sign.item()?, -1.0);
    /// assert!((log.item()? - 8f64.ln()).abs() < 1e-15);
    /// let [dx] = gradient(log, [x]);
    /// assert_eq!(dx.value()?.to_f64_vec(), [-0.125, 0.5, 0.25, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "slogdet" SlogDet {}
}

impl Operation for SlogDet {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 3)?;
        factored(x)?;
        packed(x[0], 2)
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        if input > 0 {
            return Cotangent::Zero("the factors are those of the matrix, through which it goes");
        }
        let inverse = x[0].solve_by(x[1], x[2], x[0].identity(), true);
        (g.slice(-1, 1..).unsqueeze(-1) * inverse).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<SlogDet>> {
        let matrix = Tensor::from([[0.75, 2.5], [2.25, 0.5]]);
        let factors = Tensor::from([[2.25, 0.5], [1.0 / 3.0, 2.5 - 0.5 / 3.0]]);
        let inputs = vec![matrix, factors, Tensor::from([1i64, 0])];
        let empty = vec![
            Tensor::zeros([2, 0, 0], DType::F64),
            Tensor::zeros([2, 0, 0], DType::F64),
            Tensor::zeros([2, 0], DType::I64),
        ];
        let samples = [inputs, empty].into_iter().flat_map(|x| Sample::new(SlogDet {}, x));
        Sample::without_derivative(
            samples.collect(),
            "factors that stay when their matrix moves are no decomposition",
        )
    }
}

impl Meaning for SlogDet {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let n = sizes(x[0].shape())[0];
        let rows = x[2].elements::<i64>()?;
        let mut item = 0;
        each("slogdet", &[x[1]], out, |x, out| {
            let pivots = || (0..n).map(|i| x[0][(i, i)]);
            let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
            out[0] = pivots().map(sign).product::<f64>() * parity(&rows[item * n..][..n]);
            // Not `sum`, which gives -0 for nothing.
            out[1] = pivots().fold(0.0, |sum, pivot| sum + pivot.abs().ln());
            item += 1;
            Ok(())
        })
    }
}

/// 1 where an even number of exchanges makes an order, -1 where an odd one does.
fn parity(order: &[i64]) -> f64 {
    let (mut seen, mut parity) = (vec![false; order.len()], 1.0);
    for start in 0..order.len() {
        let mut at = start;
        // Once around the circle of places, each step but the last an exchange.
        while let Some(false) = seen.get(at) {
            seen[at] = true;
            at = usize::try_from(order[at]).unwrap_or(usize::MAX);
            if at != start {
                parity = -parity;
            }
        }
    }
    parity
}
