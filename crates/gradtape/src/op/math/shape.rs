//! Methods that move elements.

/// Stamps the operations that move elements as methods of a handle type.
macro_rules! shape_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use std::ops::{Bound, RangeBounds};
            use $crate::op::{Broken, shape, source};
            use $crate::tensor::{DType, Dims, Shape};

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
                        Err(error) => self.broken("flatten", Broken::new(error.message())),
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
                            self.broken("squeeze", Broken::new(rule))
                        }
                        Err(error) => self.broken("squeeze", Broken::new(error.message())),
                    }
                }

                /// With a new axis of size 1 at this place of the result; a negative one counts
                /// from its end.
                #[doc(alias = "expand_dims")]
                #[track_caller]
                pub fn unsqueeze(self, axis: isize) -> Self {
                    let shape = self.shape();
                    let rank = shape.rank() as isize;
                    let place = if axis < 0 { axis + rank + 1 } else { axis };
                    if !(0..=rank).contains(&place) {
                        let rule =
                            format!("the result has {} axes; {axis} is not one of them", rank + 1);
                        return self.broken("unsqueeze", Broken::new(rule));
                    }
                    let mut dims = Dims::from_slice(&shape);
                    dims.insert(place as usize, 1);
                    self.reshape(dims)
                }

                /// The axes in another order. See [`shape::Transpose`].
                #[doc(alias = "permute")]
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
                        (Err(error), _) | (_, Err(error)) => {
                            self.broken("swap_axes", Broken::new(error.message()))
                        }
                    }
                }

                /// A range of places along an axis, as in `x.slice(0, 1..3)` or `x.slice(-1, ..2)`.
                /// See [`shape::Slice`].
                #[track_caller]
                pub fn slice(self, axis: isize, range: impl RangeBounds<usize>) -> Self {
                    let shape = self.shape();
                    let size = shape.axis(axis).map_or(0, |axis| shape[axis]);
                    let start = match range.start_bound() {
                        Bound::Included(&start) => start,
                        Bound::Excluded(&before) => before.saturating_add(1),
                        Bound::Unbounded => 0,
                    };
                    let stop = match range.end_bound() {
                        Bound::Included(&last) => last.saturating_add(1),
                        Bound::Excluded(&stop) => stop,
                        Bound::Unbounded => size,
                    };
                    self.slice_step(axis, start, stop, 1)
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
                        Err(error) => self.broken("slice", Broken::new(error.message())),
                    }
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
                        Err(error) => self.broken("pad", Broken::new(error.message())),
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
                #[doc(alias = "cat")]
                #[track_caller]
                pub fn concat(self, others: &[Self], axis: isize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => self.apply(shape::Concat { axis }, others),
                        Err(error) => self.broken("concat", Broken::new(error.message())),
                    }
                }

                /// This and the others, all of one shape, along a new axis of the result.
                #[track_caller]
                pub fn stack(self, others: &[Self], axis: isize) -> Self {
                    let first = self.unsqueeze(axis);
                    let mut rows = Vec::with_capacity(others.len());
                    for &other in others {
                        if !self.same_shape(other) {
                            let (this, other) = (self.shape(), other.shape());
                            let rule = format!("shapes differ: {this} and {other}");
                            return self.broken("stack", Broken::new(rule));
                        }
                        rows.push(other.unsqueeze(axis));
                    }
                    first.concat(&rows, axis)
                }

                /// The elements along an axis from the last to the first.
                #[track_caller]
                pub fn flip(self, axis: isize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(at) => {
                            let size = shape[at];
                            let up =
                                source::Iota { shape: size.into(), axis: 0, dtype: DType::I64 };
                            let up = self.source(up);
                            self.index_select(axis, size.saturating_sub(1) as f64 - up)
                        }
                        Err(error) => self.broken("flip", Broken::new(error.message())),
                    }
                }
            }
        };
    };
}
pub(crate) use shape_methods;
