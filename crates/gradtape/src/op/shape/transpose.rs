//! `transpose`: the axes in another order.

use smallvec::SmallVec;

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::{Dims, Result, Shape};

operation! {
    /// # What
    /// The axes of `x` in another order: axis `i` of the result is axis `order[i]` of `x`.
    ///
    /// # Gradient
    /// `g` with its axes put back.
    ///
    /// # Why it holds
    /// Every element goes to one place and keeps its value.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3])?);
    /// assert_eq!(x.t().shape().to_vec(), [3, 1]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "transpose" Transpose {
        /// For each axis of the result, the axis of `x` it was.
        order: Dims,
    }
}

impl Operation for Transpose {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..x[0].shape.rank()) {
            let rule = format!("order {:?} does not name each axis once", &self.order[..]);
            return Err(Broken::new(rule).hint(format!(
                "shape {} has {} axes",
                x[0].shape,
                x[0].shape.rank()
            )));
        }
        let dims: Dims = self.order.iter().map(|&axis| x[0].shape[axis]).collect();
        Ok(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let mut back: Dims = SmallVec::from_elem(0, self.order.len());
        for (to, &from) in self.order.iter().enumerate() {
            back[from] = to;
        }
        g.transpose(&back).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        let order = std::iter::once(0).chain(self.order.iter().map(|axis| axis + 1)).collect();
        all.together(Transpose { order })
    }

    fn samples() -> Vec<Sample<Transpose>> {
        let order = Dims::from_slice(&[1, 2, 0]);
        Sample::shaped(Transpose { order }, &[&[2, 3, 4]])
    }
}

impl View for Transpose {
    fn places(&self, from: &Shape, _: &Shape) -> Option<Places> {
        let mut places: Places = from.iter().map(|_| PlaceAlong::default()).collect();
        self.order.iter().enumerate().for_each(|(axis, &own)| places[own] = PlaceAlong::axis(axis));
        Some(places)
    }
}
