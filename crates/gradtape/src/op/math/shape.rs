//! Methods that move elements.

/// Stamps the operations that move elements as methods of a handle type.
macro_rules! shape_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, rules, shape, source};
            use $crate::tensor::{DType, Dims, IntoRange, Place, Shape};

            impl<$life> $handle {
                /// Repeats along axes of size 1 and along new leading axes. See
                /// [`shape::Broadcast`].
                #[doc(alias("expand", "broadcast_as"))]
                #[track_caller]
                pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
                    let shape = shape.into();
                    if self.has_shape(&shape) {
                        self
                    } else {
                        self.apply(shape::Broadcast { shape }, &[])
                    }
                }

                /// The same elements under another shape. See [`shape::Reshape`].
                #[doc(alias = "view")]
                #[track_caller]
                pub fn reshape(self, shape: impl Into<Shape>) -> Self {
                    let shape = shape.into();
                    if self.has_shape(&shape) {
                        self
                    } else {
                        self.apply(shape::Reshape { shape }, &[])
                    }
                }

                /// The axes from this one on as one axis; `flatten(0)` gives a vector.
                #[track_caller]
                #[doc(alias = "ravel")]
                pub fn flatten(self, from: isize) -> Self {
                    let shape = self.shape();
                    if shape.rank() == 0 && from == 0 {
                        return self.reshape([1]);
                    }
                    match shape.axis(from) {
                        Ok(from) => {
                            let mut dims = Dims::from_slice(&shape[..from]);
                            dims.push(shape[from..].iter().product());
                            self.reshape(dims)
                        }
                        Err(error) => self.broken("flatten", error.into()),
                    }
                }

                /// Without an axis, whose size is 1.
                #[track_caller]
                pub fn squeeze(self, axis: isize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) if shape[axis] == 1 => {
                            let mut dims = Dims::from_slice(&shape);
                            dims.remove(axis);
                            self.reshape(dims)
                        }
                        Ok(axis) => {
                            let rule = format!("axis {axis} has size {}, not 1", shape[axis]);
                            let hint = "only an axis of one place can be left out; take one place of it first";
                            self.broken("squeeze", Broken::new(rule).hint(hint))
                        }
                        Err(error) => self.broken("squeeze", error.into()),
                    }
                }

                /// With a new axis of size 1 at this place of the result; a negative one counts
                /// from its end.
                #[doc(alias = "expand_dims")]
                #[track_caller]
                pub fn unsqueeze(self, axis: isize) -> Self {
                    self.axis_before(axis, "unsqueeze")
                }

                #[track_caller]
                fn axis_before(self, axis: isize, name: &str) -> Self {
                    let shape = self.shape();
                    let rank = shape.rank() as isize;
                    let place = if axis < 0 { axis + rank + 1 } else { axis };
                    if !(0..=rank).contains(&place) {
                        let rule =
                            format!("the result has {} axes; {axis} is not one of them", rank + 1);
                        let hint = format!("axes go from 0 to {rank}, or from -1 back to -{}", rank + 1);
                        return self.broken(name, Broken::new(rule).hint(hint));
                    }
                    let mut dims = Dims::from_slice(&shape);
                    dims.insert(place as usize, 1);
                    self.reshape(dims)
                }

                /// The axes in another order. See [`shape::Transpose`].
                #[doc(alias("permute", "swapaxes", "moveaxis"))]
                #[track_caller]
                pub fn transpose(self, order: &[usize]) -> Self {
                    self.apply(shape::Transpose { order: Dims::from_slice(order) }, &[])
                }

                /// The last two axes exchanged.
                #[track_caller]
                pub fn t(self) -> Self {
                    let rank = self.shape().rank();
                    let mut order: Dims = (0..rank).collect();
                    if rank >= 2 {
                        order.swap(rank - 1, rank - 2);
                    }
                    self.transpose(&order)
                }

                /// Two axes exchanged.
                #[track_caller]
                pub fn swap_axes(self, a: isize, b: isize) -> Self {
                    let shape = self.shape();
                    match (shape.axis(a), shape.axis(b)) {
                        (Ok(a), Ok(b)) => {
                            let mut order: Dims = (0..shape.rank()).collect();
                            order.swap(a, b);
                            self.transpose(&order)
                        }
                        (Err(error), _) | (_, Err(error)) => self.broken("swap_axes", error.into()),
                    }
                }

                /// A range of places along an axis, as in `x.slice(0, 1..3)` or `x.slice(-1, -2..)`:
                /// a negative axis or place counts from the end. See [`shape::Slice`].
                #[track_caller]
                #[doc(alias = "narrow")]
                pub fn slice(self, axis: isize, range: impl IntoRange) -> Self {
                    let shape = self.shape();
                    let found = shape.axis(axis).and_then(|axis| shape.range(axis, range));
                    match found {
                        Ok((start, stop)) => self.slice_step(axis, start, stop, 1),
                        Err(error) => self.broken("slice", error.into()),
                    }
                }

                /// Places `start`, `start + step`, … before `stop` along an axis. See
                /// [`shape::Slice`].
                #[track_caller]
                pub fn slice_step(
                    self,
                    axis: isize,
                    start: usize,
                    stop: usize,
                    step: usize,
                ) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) if (start, stop, step) == (0, shape[axis], 1) => self,
                        Ok(axis) => self.apply(shape::Slice { axis, start, stop, step }, &[]),
                        Err(error) => self.broken("slice", error.into()),
                    }
                }

                /// The part at a place of an axis, without that axis: `x.index(1, 0)` is the first
                /// column of a matrix, `x.index(0, -1)` its last row.
                ///
                /// ```
                /// # use gradtape::{Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.watch(Tensor::from([[1.0, 2.0], [3.0, 4.0]]));
                /// assert_eq!(x.index(0, -1).value()?.to_f64_vec(), [3.0, 4.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn index(self, axis: isize, place: impl Place) -> Self {
                    let shape = self.shape();
                    let found = shape
                        .axis(axis)
                        .and_then(|axis| Ok((axis, shape.place(axis, place.number())?)));
                    match found {
                        Ok((at, place)) => {
                            let mut dims = Dims::from_slice(&shape);
                            dims.remove(at);
                            self.slice_step(axis, place, place + 1, 1).reshape(dims)
                        }
                        Err(error) => self.broken("index", error.into()),
                    }
                }

                /// Parts of these sizes one after another along an axis, whose size they add up to.
                #[track_caller]
                #[doc(alias = "array_split")]
                pub fn split(self, axis: isize, sizes: &[usize]) -> Vec<Self> {
                    let shape = self.shape();
                    match shape.axis(axis).and_then(|axis| shape.parts(axis, sizes)) {
                        Ok(starts) => {
                            let mut parts = Vec::with_capacity(sizes.len());
                            for (start, size) in starts.into_iter().zip(sizes) {
                                parts.push(self.slice_step(axis, start, start + size, 1));
                            }
                            parts
                        }
                        Err(error) => vec![self.broken("split", error.into()); sizes.len()],
                    }
                }

                /// `N` parts of equal size along an axis.
                ///
                /// ```
                /// # use gradtape::{Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.watch([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
                /// let [q, k, v] = x.chunk(0);
                /// assert_eq!((q * k + v).value()?.to_f64_vec(), [8.0, 14.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn chunk<const N: usize>(self, axis: isize) -> [Self; N] {
                    let shape = self.shape();
                    let mut parts = [self; N];
                    match shape.axis(axis).and_then(|axis| shape.part(axis, N)) {
                        Ok(size) => {
                            for (i, part) in parts.iter_mut().enumerate() {
                                *part = self.slice_step(axis, i * size, (i + 1) * size, 1);
                            }
                        }
                        Err(error) => parts.fill(self.broken("chunk", error.into())),
                    }
                    parts
                }

                /// With this many zeros before and after the elements of an axis. See
                /// [`shape::Pad`].
                #[track_caller]
                pub fn pad(self, axis: isize, before: usize, after: usize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => {
                            let size = shape[axis].saturating_add(before).saturating_add(after);
                            self.spread(axis, before, 1, size)
                        }
                        Err(error) => self.broken("pad", error.into()),
                    }
                }

                /// Element `i` at place `start + i * step` of an axis of `size`, zeros elsewhere.
                /// See [`shape::Pad`].
                #[track_caller]
                pub(crate) fn spread(
                    self,
                    axis: usize,
                    start: usize,
                    step: usize,
                    size: usize,
                ) -> Self {
                    self.apply(shape::Pad { axis, start, step, size }, &[])
                }

                /// This, and then the others, one after another along an axis. See
                /// [`shape::Concat`].
                #[doc(alias("cat", "concatenate", "hstack", "vstack"))]
                #[track_caller]
                pub fn concat(self, others: &[Self], axis: isize) -> Self {
                    self.along("concat", axis, |axis| shape::Concat { axis }, others)
                }

                /// This and the others, all of one shape, along a new axis of the result.
                #[track_caller]
                pub fn stack(self, others: &[Self], axis: isize) -> Self {
                    let first = self.axis_before(axis, "stack");
                    let mut rows = Vec::with_capacity(others.len());
                    for &other in others {
                        if !self.same_shape(other) {
                            let (this, other) = (self.shape(), other.shape());
                            let rule = format!("shapes differ: {this} and {other}");
                            let hint = "values on a stack have one shape: concat() joins others";
                            return self.broken("stack", Broken::new(rule).hint(hint));
                        }
                        if !other.id().is_failed()
                            && let Err(rule) = rules::same_type(&self.meta(), &other.meta())
                        {
                            return self.failed(rule.of("stack"), &[self, other]);
                        }
                        rows.push(other.axis_before(axis, "stack"));
                    }
                    first.concat(&rows, axis)
                }

                /// The lower triangle of the matrices in the last two axes: the elements on and below a
                /// diagonal, zeros (or `false`) above it. Diagonal 0 is the main one, 1 the one above
                /// it, -1 the one below.
                ///
                /// ```
                /// # use gradtape::{DType, Tape, Tensor};
                /// let tape = Tape::new();
                /// // What a step of a sequence may look at: itself and those before it.
                /// let causal = tape.constant(Tensor::ones([3, 3], DType::Bool)).tril(0);
                /// let scores = causal.select(tape.watch(Tensor::zeros([3, 3], DType::F64)), -1e9);
                /// assert_eq!(scores.softmax(-1).index(0, 1).value()?.to_f64_vec(), [0.5, 0.5, 0.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn tril(self, diagonal: isize) -> Self {
                    match self.diagonals("tril") {
                        Ok((rows, columns)) => columns
                            .less_equal(rows.offset(diagonal))
                            .select(self, self.literal(0.0)),
                        Err(failed) => failed,
                    }
                }

                /// The upper triangle of the matrices in the last two axes: the elements on and above
                /// a diagonal, zeros (or `false`) below it. Diagonals count as in [`Self::tril`].
                #[track_caller]
                pub fn triu(self, diagonal: isize) -> Self {
                    match self.diagonals("triu") {
                        Ok((rows, columns)) => columns
                            .greater_equal(rows.offset(diagonal))
                            .select(self, self.literal(0.0)),
                        Err(failed) => failed,
                    }
                }

                /// The numbers of the row and of the column of each element of a matrix; or the error.
                #[track_caller]
                fn diagonals(self, name: &str) -> Result<(Self, Self), Self> {
                    let shape = self.shape();
                    let Some(axis) = shape.rank().checked_sub(2) else {
                        let rule = Broken::new("needs the rows and columns of a matrix");
                        let hint = "unsqueeze() adds an axis";
                        return Err(self.broken(name, rule.hint(hint)));
                    };
                    Ok(self.positions(&Shape::from(&shape[axis..]), [0, 1]))
                }

                /// The positions along two axes of each element of a shape.
                #[track_caller]
                pub(crate) fn positions(self, shape: &Shape, axes: [usize; 2]) -> (Self, Self) {
                    // Exact in f32 up to 2^24.
                    let dtype = match axes.iter().any(|&axis| shape[axis] > 1 << 24) {
                        true => DType::F64,
                        false => DType::F32,
                    };
                    let along = |axis| source::Iota { shape: shape.clone(), axis, dtype };
                    (self.source(along(axes[0])), self.source(along(axes[1])))
                }

                /// As far from the numbers of rows as a diagonal is from the main one.
                #[track_caller]
                fn offset(self, diagonal: isize) -> Self {
                    if diagonal == 0 { self } else { self + diagonal as f64 }
                }

                /// The elements along an axis from the last to the first. See [`shape::Flip`].
                #[track_caller]
                #[doc(alias("fliplr", "flipud"))]
                pub fn flip(self, axis: isize) -> Self {
                    self.along("flip", axis, |axis| shape::Flip { axis }, &[])
                }

                /// The elements whose places along two axes are the same, along the first of them. See
                /// [`shape::Diagonal`].
                #[doc(alias = "diag")]
                #[track_caller]
                pub fn diagonal(self, first: isize, second: isize) -> Self {
                    let shape = self.shape();
                    match (shape.axis(first), shape.axis(second)) {
                        (Ok(a), Ok(b)) => {
                            self.apply(shape::Diagonal { axis: a.min(b), other: a.max(b) }, &[])
                        }
                        (Err(error), _) | (_, Err(error)) => self.broken("diagonal", error.into()),
                    }
                }

                /// Windows of `size` elements along an axis, `stride` apart, of elements `dilation`
                /// apart: the axis becomes the windows, a new last axis the places in each. Nothing
                /// is copied. See [`shape::Window`].
                ///
                /// ```
                /// # use gradtape::{Tape, Tensor};
                /// let tape = Tape::new();
                /// let x = tape.watch(Tensor::from([1.0, 3.0, 2.0, 5.0]));
                /// // The greatest of each pair.
                /// assert_eq!(x.window(0, 2, 2, 1).max(-1).value()?.to_f64_vec(), [3.0, 5.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("unfold", "sliding_window_view", "im2col"))]
                #[track_caller]
                pub fn window(
                    self,
                    axis: isize,
                    size: usize,
                    stride: usize,
                    dilation: usize,
                ) -> Self {
                    self.along(
                        "window",
                        axis,
                        |axis| shape::Window { axis, size, stride, dilation },
                        &[],
                    )
                }

                /// Windows along an axis, whose places are the last axis, added up where they overlap
                /// on an axis of `size` elements: the gradient of [`Self::window`]. See [`shape::Fold`].
                #[doc(alias = "col2im")]
                #[track_caller]
                pub fn fold(
                    self,
                    axis: isize,
                    size: usize,
                    stride: usize,
                    dilation: usize,
                ) -> Self {
                    self.along(
                        "fold",
                        axis,
                        |axis| shape::Fold { axis, size, stride, dilation },
                        &[],
                    )
                }
            }
        };
    };
}
pub(crate) use shape_methods;
