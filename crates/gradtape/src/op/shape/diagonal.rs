//! `diagonal`: the elements whose places along two axes are the same.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::{Dims, Shape};

operation! {
    /// # What
    /// The elements whose places along `axis` and along `other`, a later axis of the same size, are equal:
    /// `axis` stays, `other` is gone.
    ///
    /// # Gradient
    /// `g` on the diagonal, 0 elsewhere.
    ///
    /// # Why it holds
    /// The elements off the diagonal do not enter the result.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]));
    /// assert_eq!(x.diagonal(0, 1).value()?.to_vec::<f32>()?, [1.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "diagonal" Diagonal {
        /// The axis that stays.
        axis: usize,
        /// The axis that goes.
        other: usize,
    }
}

impl Operation for Diagonal {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let &Diagonal { axis, other } = self;
        let (size, second) = (rules::size_along(axis, x[0])?, rules::size_along(other, x[0])?);
        if axis >= other {
            return Err(Broken::new(format!("axis {other} does not come after axis {axis}"))
                .hint("the earlier axis is named first"));
        }
        if size != second {
            let rule =
                format!("axis {axis} of {} has size {size}, axis {other} size {second}", x[0]);
            return Err(Broken::new(rule).hint("slice() makes both equally long"));
        }
        let mut dims = Dims::from_slice(&x[0].shape);
        dims.remove(other);
        Ok(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let shape = x[0].shape();
        let spread = g.unsqueeze(self.other as isize).broadcast_to(&shape);
        let (place, other) = g.positions(&shape, [self.axis, self.other]);
        place.equal(other).select(spread, 0.0).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Diagonal { axis: self.axis + 1, other: self.other + 1 })
    }

    fn samples() -> Vec<Sample<Diagonal>> {
        let sample =
            |axis, other, shape: &[usize]| Sample::shaped(Diagonal { axis, other }, &[shape]);
        let plain = sample(0, 1, &[3, 3]);
        plain.into_iter().chain(sample(0, 2, &[2, 3, 2])).chain(sample(1, 2, &[2, 3, 3])).collect()
    }
}

impl View for Diagonal {
    fn places(&self, from: &Shape, _: &Shape) -> Option<Places> {
        let place = |axis: usize| match axis == self.other {
            true => PlaceAlong::axis(self.axis),
            false => PlaceAlong::axis(axis - usize::from(axis > self.other)),
        };
        Some((0..from.rank()).map(place).collect())
    }
}
