//! `one_hot`: labels as unit vectors.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Dims, Result};

operation! {
    /// # What
    /// A new last axis of `classes` zeros with a 1 at the place of the label, for each of the i64
    /// labels. A label below 0 or not below `classes` is an error.
    ///
    /// # Gradient
    /// None: labels have no gradient.
    ///
    /// # Why it holds
    /// Labels are whole numbers; there is nothing to move by a little.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape, Tensor};
    /// let tape = Tape::new();
    /// let labels = tape.constant(Tensor::from_slice(&[1i64, 0], [2])?);
    /// let y = labels.one_hot(3, DType::F32).value()?;
    /// assert_eq!(y.to_vec::<f32>()?, [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "one_hot" OneHot {
        /// The number of classes.
        classes: usize,
        /// The element type of the result.
        dtype: DType,
    }
}

impl Operation for OneHot {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        if x[0].dtype != DType::I64 {
            return Err(Broken::new(format!("labels are i64, not {}", x[0].dtype))
                .hint("cast whole numbers with cast(DType::I64)"));
        }
        let mut dims = Dims::from_slice(&x[0].shape);
        dims.push(self.classes);
        rules::countable(Meta::new(self.dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Label(self.classes)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a label has no gradient")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<OneHot>> {
        DType::ALL
            .into_iter()
            .filter(|dtype| dtype.is_float())
            .map(|dtype| OneHot { classes: 4, dtype })
            .flat_map(|op| Sample::labels(op, &[2, 0, 3, 2], &[2, 2]))
            .collect()
    }
}
