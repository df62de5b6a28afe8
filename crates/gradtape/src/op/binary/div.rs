//! `div`: the quotient.

use crate::op::scalar::Scalar;
use crate::op::{
    Broken, Cost, Cotangent, Elementwise, Exact, Form, Meta, Operation, Sample, Term, map_elements,
    operation, rules,
};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

operation! {
    /// # What
    /// `x / y`, element by element. Whole numbers are divided towards 0, as in Rust; by 0 that is an
    /// error.
    ///
    /// # Gradient
    /// `g / y` to `x`, `-g * out / y` to `y`.
    ///
    /// # Why it holds
    /// The quotient rule; `x / y²` is `out / y`.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let y = tape.watch(Tensor::scalar(2.0f64));
    /// let [dx, dy] = gradient(x / y, [x, y]);
    /// assert_eq!((dx.item()?, dy.item()?), (0.5, -0.75));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "div" Div {}
}

impl Operation for Div {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::numeric_binary(x)
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Exact(Exact::Div))
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let y = x[1];
        match input {
            0 => (g / y).into(),
            _ => (-(g * out / y)).into(),
        }
    }

    fn eval(&self, x: &[Tensor], out: &Meta) -> Result<Tensor> {
        if out.dtype == DType::I64 {
            return divide_whole(&x[0].to_vec()?, &x[1].to_vec()?, out);
        }
        map_elements(self, x, out)
    }

    fn samples() -> Vec<Sample<Div>> {
        Sample::binary(Div {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5])
    }
}

impl Elementwise for Div {
    #[inline(always)]
    fn formula<S: Scalar>(&self, [x, y, _]: [S; 3]) -> S {
        x / y
    }
}

fn divide_whole(x: &[i64], y: &[i64], out: &Meta) -> Result<Tensor> {
    check_divisors(y)?;
    let quotients = x.iter().zip(y).map(|(x, y)| x.wrapping_div(*y));
    Tensor::from_vec(quotients.collect(), &out.shape)
}

/// Whole numbers have no infinity that a division by 0 could give.
pub(crate) fn check_divisors(y: &[i64]) -> Result<()> {
    let Some(place) = y.iter().position(|&y| y == 0) else { return Ok(()) };
    let message = format!("div: element {place} of the divisor is 0");
    Err(Error::new(Kind::Value, message).hint("cast to f32 or f64 first"))
}
