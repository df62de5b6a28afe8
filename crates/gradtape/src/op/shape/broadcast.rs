//! `broadcast`: repetition along axes.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::{Dims, Result, Shape};

operation! {
    /// # What
    /// Repeats `x` along its axes of size 1 and along new leading axes, by NumPy's rule. No other
    /// operation broadcasts; the binary ones record this first.
    ///
    /// # Gradient
    /// `g` summed over the axes that were repeated.
    ///
    /// # Why it holds
    /// Each element of `x` is used in several places; its effects add up.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor, gradient};
    /// let tape = Tape::new();
    /// let x = tape.watch(Tensor::scalar(3.0f64));
    /// let [dx] = gradient(x.broadcast_to([2, 5]).sum(()), [x]);
    /// assert_eq!(dx.item()?, 10.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "broadcast" Broadcast {
        /// The result's shape.
        shape: Shape,
    }
}

impl Operation for Broadcast {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        if !x[0].shape.broadcasts_to(&self.shape) {
            let rule = format!("shape {} does not broadcast to {}", x[0].shape, self.shape);
            return Err(
                Broken::new(rule).hint("sizes must be equal or 1, counted from the last axis")
            );
        }
        rules::countable(Meta::new(x[0].dtype, &self.shape))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let shape = x[0].shape();
        let new = self.shape.rank() - shape.rank();
        let repeated = |&axis: &usize| axis < new || shape[axis - new] != self.shape[axis];
        let axes: Dims = (0..self.shape.rank()).filter(repeated).collect();
        g.sum_axes(&axes).reshape(shape).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        let shape = all.shape(0);
        let new = self.shape.rank() - shape.rank();
        let mut dims = Dims::from_elem(1, new);
        dims.extend_from_slice(&shape);
        all.input(0).reshape(all.all(&dims.into())).broadcast_to(all.all(&self.shape))
    }

    fn samples() -> Vec<Sample<Broadcast>> {
        [([1, 3], Shape::from([2, 3])), ([2, 1], Shape::from([4, 2, 3]))]
            .into_iter()
            .flat_map(|(from, shape)| Sample::shaped(Broadcast { shape }, &[&from]))
            .collect()
    }
}

impl View for Broadcast {
    fn places(&self, from: &Shape, to: &Shape) -> Option<Places> {
        let new = to.rank() - from.rank();
        let place = |axis: usize| match from[axis] == to[axis + new] {
            true => PlaceAlong::axis(axis + new),
            false => PlaceAlong::default(),
        };
        Some((0..from.rank()).map(place).collect())
    }
}
