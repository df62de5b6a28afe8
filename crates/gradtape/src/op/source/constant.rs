//! `constant`: a scalar written in the program.

use crate::op::{
    Bits, Broken, Cotangent, Examples, Form, Meta, Op, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Result, Shape};

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
    /// Whether the element type can hold the number.
    pub(crate) fn fits(&self) -> bool {
        match self.dtype {
            DType::I64 => self.value.is_whole(),
            DType::Bool => [0.0, 1.0].contains(&self.value.value()),
            _ => true,
        }
    }
}

impl Op {
    /// Whether another operation is this one. A number that is an input of a plan may have become another
    /// one, which it takes over.
    pub(crate) fn repeats(&mut self, new: &Op) -> bool {
        match (self, new) {
            (Op::Constant(old), Op::Constant(new))
                if old.value.is_input() && new.value.is_input() =>
            {
                old.value = new.value;
                old.dtype == new.dtype && new.fits()
            }
            (old, new) => old == new,
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

    fn form(&self) -> Form<'_> {
        Form::Constant(self.value)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a constant depends on nothing")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Constant>> {
        Sample::new(Constant { value: Bits::new(2.5), dtype: DType::F64 }, vec![])
    }
}
