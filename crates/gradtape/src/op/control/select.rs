//! `select`: one of two values, by a mask.

use crate::op::scalar::Scalar;
use crate::op::{Cost, Cotangent, Elementwise, Operands, Sample, Term, operation};
use crate::tensor::{DType, Tensor};

operation! {
    /// # What
    /// `yes` where `mask` holds, else `no`, element by element. The value that is not taken does
    /// not matter, not even NaN.
    ///
    /// # Gradient
    /// `g` where the mask holds to `yes`, where it does not to `no`; 0 elsewhere. None to the mask.
    ///
    /// # Why it holds
    /// Each element of the result is one of the two and does not depend on the other.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::from_slice(&[-1.0f64, 4.0], [2])?);
    /// let y = x.greater(x.literal(0.0)).select(x * x, x);
    /// let [dx] = gradient(y.sum(()), [x]);
    /// assert_eq!(dx.value()?.to_vec::<f64>()?, [1.0, 8.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "select" Select {}
}

impl Elementwise for Select {
    fn operands(&self) -> Operands {
        Operands::choice()
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let mask = x[0];
        match input {
            0 => Cotangent::Zero("a truth value has no gradient"),
            1 => mask.select(g, 0.0).into(),
            _ => mask.select(0.0, g).into(),
        }
    }

    #[inline(always)]
    fn formula<S: Scalar>(&self, [mask, yes, no]: [S; 3]) -> S {
        mask.select(yes, no)
    }

    fn samples() -> Vec<Sample<Select>> {
        let values = Sample::binary(Select {}, &[-1.5, 0.25, 0.5, 2.0], &[0.75, -1.25, 3.0, -0.5]);
        let mask = Tensor::from_slice(&[1.0, 0.0, 1.0, 0.0], [4]);
        let mask = mask.unwrap_or_else(|_| Tensor::scalar(1.0)).cast(DType::Bool);
        values
            .into_iter()
            .map(|mut sample| {
                sample.inputs.insert(0, mask.clone());
                sample
            })
            .collect()
    }
}
