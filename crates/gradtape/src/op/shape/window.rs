//! `window`: windows that slide along an axis.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, PlaceAlong, Places, Sample, Term, View,
    operation, rules,
};
use crate::tensor::{Dims, Result, Shape};

operation! {
    /// # What
    /// Windows of `size` elements along an axis, which start `stride` apart and whose elements are
    /// `dilation` apart: the axis becomes the windows, and a new last axis the places in each. Windows that
    /// would reach beyond the end are left out. Nothing is copied: a contraction over the places is a
    /// convolution, a reduction over them is pooling.
    ///
    /// # Gradient
    /// `fold`: for each element the sum of `g` over the places that it has in windows.
    ///
    /// # Why it holds
    /// `out[i, j] = x[i * stride + j * dilation]`: an element enters the result once for each window it is in.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::from([1.0f32, 2.0, 3.0, 4.0]));
    /// let pairs = x.window(0, 2, 1, 1).value()?;
    /// assert_eq!(pairs.to_f64_vec(), [1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "window" Window {
        /// The axis.
        axis: usize,
        /// How many elements a window has; at least 1.
        size: usize,
        /// How far apart windows start; at least 1.
        stride: usize,
        /// How far apart the elements of a window are; at least 1.
        dilation: usize,
    }
}

impl Window {
    /// How many windows an axis of `len` elements has, or why it has none.
    fn count(&self, len: usize) -> Result<usize, Broken> {
        let &Window { axis, size, stride, dilation } = self;
        if size == 0 || stride == 0 || dilation == 0 {
            let rule =
                format!("size {size}, stride {stride} and dilation {dilation} must be at least 1");
            return Err(Broken::new(rule).hint("window(axis, size, 1, 1) takes every window"));
        }
        let reach = reach(size, dilation);
        match len.checked_sub(reach) {
            Some(rest) => Ok(rest / stride + 1),
            None => {
                let rule = format!(
                    "a window of {size} elements {dilation} apart is {reach} long, axis {axis} only {len}"
                );
                Err(Broken::new(rule).hint("pad the axis first, or take a smaller window"))
            }
        }
    }
}

/// How far a window reaches from its first element on.
pub(crate) fn reach(size: usize, dilation: usize) -> usize {
    size.saturating_sub(1).saturating_mul(dilation).saturating_add(1)
}

impl Operation for Window {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        let count = self.count(rules::size_along(self.axis, x[0])?)?;
        let mut dims = Dims::from_slice(&x[0].shape);
        dims[self.axis] = count;
        dims.push(self.size);
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::View(self)
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let &Window { axis, stride, dilation, .. } = self;
        g.fold(axis as isize, x[0].shape()[axis], stride, dilation).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Window { axis: self.axis + 1, ..self.clone() })
    }

    fn samples() -> Vec<Sample<Window>> {
        [(0, 2, 1, 1), (1, 3, 2, 1), (1, 2, 1, 3), (0, 1, 3, 1), (1, 5, 1, 1)]
            .into_iter()
            .map(|(axis, size, stride, dilation)| Window { axis, size, stride, dilation })
            .flat_map(|op| Sample::shaped(op, &[&[4, 5]]))
            .collect()
    }
}

impl View for Window {
    fn places(&self, from: &Shape, to: &Shape) -> Option<Places> {
        let mut places: Places = (0..from.rank()).map(PlaceAlong::axis).collect();
        let steps = &mut places[self.axis].steps;
        steps[0].1 = self.stride as isize;
        steps.push((to.rank() - 1, self.dilation as isize));
        Some(places)
    }
}
