//! `fold`: windows added up where they overlap.

use super::reach;
use crate::op::{
    Arithmetic, Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation,
    Sample, Term, operation, rules, with_number,
};
use crate::tensor::{Dims, Result};

/// What mends windows that are none of the axis.
const AS_TAKEN: &str = "size, stride and dilation are those that window() was given";

operation! {
    /// # What
    /// What `window` takes apart put together: element `j` of window `i` (the last axis) is added to place
    /// `i * stride + j * dilation` of an axis of `size` elements; places without any are 0.
    ///
    /// # Gradient
    /// The windows of `g`.
    ///
    /// # Why it holds
    /// Every element of a window enters the result at one place with slope 1.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::ones([3, 2], DType::F32));
    /// assert_eq!(x.fold(0, 4, 1, 1).value()?.to_vec::<f32>()?, [1.0, 2.0, 2.0, 1.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "fold" Fold {
        /// The axis of the windows.
        axis: usize,
        /// How many elements the axis has in the result.
        size: usize,
        /// How far apart windows start; at least 1.
        stride: usize,
        /// How far apart the elements of a window are; at least 1.
        dilation: usize,
    }
}

impl Fold {
    /// How many windows of so many places the axis of the result has, or why it has none.
    fn windows(&self, places: usize) -> Result<usize, Broken> {
        let &Fold { size, stride, dilation, .. } = self;
        if places == 0 || stride == 0 || dilation == 0 {
            let rule = format!(
                "{places} places in a window, stride {stride} and dilation {dilation} must be at least 1"
            );
            return Err(Broken::new(rule).hint(AS_TAKEN));
        }
        let reach = reach(places, dilation);
        match size.checked_sub(reach) {
            Some(rest) => Ok(rest / stride + 1),
            None => {
                let rule = format!(
                    "a window of {places} places {dilation} apart is {reach} long, the axis of {size} elements \
                     that it goes into is shorter"
                );
                Err(Broken::new(rule)
                    .hint("the size is that of the axis before window() took it apart"))
            }
        }
    }
}

impl Operation for Fold {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        rules::numeric(x[0])?;
        let count = rules::size_along(self.axis, x[0])?;
        let rank = x[0].shape.rank();
        if self.axis + 1 == rank {
            let rule =
                format!("{} has no axis after axis {} for the places in a window", x[0], self.axis);
            return Err(Broken::new(rule).hint("window() makes that axis, the last one"));
        }
        let fits = self.windows(x[0].shape[rank - 1])?;
        if fits != count {
            let rule = format!(
                "an axis of {} elements has {fits} windows, {} has {count}",
                self.size, x[0]
            );
            return Err(Broken::new(rule).hint(AS_TAKEN));
        }
        let mut dims = Dims::from_slice(&x[0].shape[..rank - 1]);
        dims[self.axis] = self.size;
        rules::countable(Meta::new(x[0].dtype, dims))
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: false, meaning: self }
    }

    fn vjp<'r>(&self, _: usize, x: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let shape = x[0].shape();
        let &Fold { axis, stride, dilation, .. } = self;
        g.window(axis as isize, shape[shape.rank() - 1], stride, dilation).into()
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(Fold { axis: self.axis + 1, ..self.clone() })
    }

    fn samples() -> Vec<Sample<Fold>> {
        [
            (0, 5, 1, 1, [4, 2, 2]),
            (1, 5, 2, 1, [2, 2, 3]),
            (0, 7, 2, 3, [2, 2, 2]),
            (0, 4, 3, 1, [2, 1, 1]),
        ]
        .into_iter()
        .flat_map(|(axis, size, stride, dilation, shape)| {
            Sample::shaped(Fold { axis, size, stride, dilation }, &[&shape])
        })
        .collect()
    }
}

impl Meaning for Fold {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let &Fold { axis, size, stride, dilation } = self;
        let shape = x[0].shape();
        let (windows, places) = (shape[axis], shape[shape.rank() - 1]);
        let inner: usize = shape[axis + 1..shape.rank() - 1].iter().product();
        with_number!(out.dtype(), T => {
            let (x, sums) = (x[0].elements::<T>()?, out.elements::<T>()?);
            sums.fill(T::default());
            let rows = x.chunks(places.max(1)).enumerate();
            for (row, x) in rows {
                let (column, window, block) =
                    (row % inner, row / inner % windows, row / inner / windows);
                let first = (block * size + window * stride) * inner + column;
                for (place, &x) in x.iter().enumerate() {
                    let sum = &mut sums[first + place * dilation * inner];
                    *sum = sum.plus(x);
                }
            }
        });
        Ok(())
    }
}
