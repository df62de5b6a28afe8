//! `reshape`: the same elements under another shape.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Places, Sample, Term, View, operation,
    rules,
};
use crate::tensor::{Result, Shape};

operation! {
    /// # What
    /// The elements of `x` in row-major order under another shape.
    ///
    /// # Gradient
    /// `g` under the shape of `x`.
    ///
    /// # Why it holds
    /// Every element goes to one place and keeps its value.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [4])?);
    /// assert_eq!(x.reshape([2, 2]).shape().to_vec(), [2, 2]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "reshape" Reshape {
        /// The result's shape.
        shape: Shape,
    }
}

impl Operation for Reshape {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let count = self.shape.checked_elements().map_err(Broken::from)?;
        if count != x[0].shape.elements() {
            let had = x[0].shape.elements();
            let rule = format!("{had} elements do not fit shape {} ({count})", self.shape);
            return Err(Broken::new(rule).hint(format!("the sizes multiplied must give {had}")));
        }
        Ok(Meta::new(x[0].dtype, &self.shape))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.reshape(x[0].shape()).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.input(0).reshape(all.all(&self.shape))
    }

    fn samples() -> Vec<Sample<Reshape>> {
        Sample::shaped(Reshape { shape: Shape::from([3, 2]) }, &[&[2, 3]])
    }
}

impl View for Reshape {
    fn places(&self, _: &Shape, _: &Shape) -> Option<Places> {
        None
    }
}
