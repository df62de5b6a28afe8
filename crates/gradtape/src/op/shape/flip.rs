//! `flip`: the elements of an axis in reverse order.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::Shape;

operation! {
    /// # What
    /// Element `i` along an axis is the element `size - 1 - i` of the input.
    ///
    /// # Gradient
    /// `g` in reverse order.
    ///
    /// # Why it holds
    /// Every element goes to one place; reversing twice changes nothing.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from([1.0f32, 2.0, 3.0]));
    /// assert_eq!(x.flip(0).value()?.to_vec::<f32>()?, [3.0, 2.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "flip" Flip {
        /// The axis.
        axis: usize,
    }
}

impl Operation for Flip {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::size_along(self.axis, x[0])?;
        Ok(x[0].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        g.flip(self.axis as isize).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Flip { axis: self.axis + 1 })
    }

    fn samples() -> Vec<Sample<Flip>> {
        (0..2).flat_map(|axis| Sample::shaped(Flip { axis }, &[&[2, 3]])).collect()
    }
}

impl View for Flip {
    fn places(&self, from: &Shape, _: &Shape) -> Option<Places> {
        let mut places: Places = (0..from.rank()).map(PlaceAlong::axis).collect();
        let PlaceAlong { start, steps } = &mut places[self.axis];
        *start = from[self.axis].saturating_sub(1);
        steps[0].1 = -1;
        Some(places)
    }
}
