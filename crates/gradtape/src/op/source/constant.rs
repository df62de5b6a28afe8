//! `constant`: a scalar written in the program.

use crate::op::{Bits, Broken, Cotangent, Meta, Operation, Sample, Term, operation, rules};
use crate::tensor::{DType, Result, Shape, Tensor};

operation! {
    /// # What
    /// A scalar written in the program, as the 2 in `x * 2.0`. What the element type cannot hold, as
    /// ½ in i64, is an error; floats round.
    ///
    /// # Gradient
    /// None: it depends on nothing.
    ///
    /// # Why it holds
    /// It has no inputs.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f32));
    /// assert_eq!((x * 2.0).item()?, 6.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "constant" Constant {
        /// The number.
        value: Bits,
        /// The element type it is rounded to.
        dtype: DType,
    }
}

impl Constant {
    /// Whether a plan takes the number as an input, so that a changing one does not plan anew. A few
    /// stay in the graph, because simplification knows what to do with them.
    pub(crate) fn is_input(&self) -> bool {
        ![0.0, 1.0, -1.0, 0.5, 2.0].contains(&self.value.value())
    }

    /// Whether the element type can hold the number.
    pub(crate) fn fits(&self) -> bool {
        match self.dtype {
            DType::F32 | DType::F64 => true,
            DType::I64 => self.value.is_whole(),
            DType::Bool => [0.0, 1.0].contains(&self.value.value()),
        }
    }
}

impl Operation for Constant {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 0)?;
        if !self.fits() {
            let rule = format!("{} is no {}", self.value, self.dtype);
            return Err(Broken::new(rule).hint("cast the operand to a floating-point type first"));
        }
        Ok(Meta::new(self.dtype, Shape::scalar()))
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a constant depends on nothing")
    }

    fn eval(&self, _x: &[Tensor], out: &Meta) -> Result<Tensor> {
        Ok(self.value.full(&out.shape, self.dtype))
    }

    fn samples() -> Vec<Sample<Constant>> {
        vec![Sample { op: Constant { value: Bits::new(2.5), dtype: DType::F64 }, inputs: vec![] }]
    }
}
