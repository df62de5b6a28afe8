//! Methods that repeat and turn axes.

/// Stamps what repeats and turns axes as methods of a handle type.
macro_rules! repeat_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::Broken;
            use $crate::tensor::Dims;

            impl<$life> $handle {
                /// This repeated as a whole so many times along each axis, as in NumPy: the counts are those of the
                /// last axes, and further ones make new leading axes.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([1.0, 2.0]);
                /// assert_eq!(x.tile(&[2]).value()?.to_f64_vec(), [1.0, 2.0, 1.0, 2.0]);
                /// assert_eq!(x.tile(&[3, 1]).shape()[..], [3, 2]);
                /// assert_eq!(x.repeat_interleave(0, 2).value()?.to_f64_vec(), [1.0, 1.0, 2.0, 2.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias = "repeat")]
                #[track_caller]
                pub fn tile(self, counts: &[usize]) -> Self {
                    let shape = self.shape();
                    let rank = shape.rank().max(counts.len());
                    let at = |sizes: &[usize], axis: usize| match (axis + sizes.len())
                        .checked_sub(rank)
                    {
                        Some(own) => sizes[own],
                        None => 1,
                    };
                    let (mut alone, mut repeated, mut tiled) =
                        (Dims::new(), Dims::new(), Dims::new());
                    for axis in 0..rank {
                        let (count, size) = (at(counts, axis), at(&shape, axis));
                        alone.extend([1, size]);
                        repeated.extend([count, size]);
                        tiled.push(count.saturating_mul(size));
                    }
                    self.reshape(alone).broadcast_to(repeated).reshape(tiled)
                }

                /// Each element along an axis this many times, one after another: NumPy's `repeat`.
                #[doc(alias = "repeat")]
                #[track_caller]
                pub fn repeat_interleave(self, axis: isize, count: usize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => {
                            let mut repeated = Dims::from_slice(&shape);
                            repeated.insert(axis + 1, count);
                            let mut dims = Dims::from_slice(&shape);
                            dims[axis] = dims[axis].saturating_mul(count);
                            self.unsqueeze(axis as isize + 1).broadcast_to(repeated).reshape(dims)
                        }
                        Err(error) => self.broken("repeat_interleave", error.into()),
                    }
                }

                /// The elements along an axis moved this far towards its end, and those beyond it to its beginning;
                /// a negative number moves them the other way.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([1.0, 2.0, 3.0]);
                /// assert_eq!(x.roll(0, 1).value()?.to_f64_vec(), [3.0, 1.0, 2.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn roll(self, axis: isize, shift: isize) -> Self {
                    let shape = self.shape();
                    let size = match shape.axis(axis) {
                        Ok(at) => shape[at],
                        Err(error) => return self.broken("roll", error.into()),
                    };
                    match shift.checked_rem_euclid(size as isize) {
                        None | Some(0) => self,
                        Some(shift) => {
                            let cut = size - shift as usize;
                            self.slice(axis, cut..).concat(&[self.slice(axis, ..cut)], axis)
                        }
                    }
                }

                /// An axis at another place, the others in their order.
                ///
                /// ```
                /// # use gradtape::{DType, Tape, Tensor};
                /// let tape = Tape::new();
                /// let images = tape.constant(Tensor::zeros([8, 28, 30, 3], DType::F32));
                /// assert_eq!(images.move_axis(-1, 1).shape()[..], [8, 3, 28, 30]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("moveaxis", "movedim"))]
                #[track_caller]
                pub fn move_axis(self, from: isize, to: isize) -> Self {
                    let shape = self.shape();
                    match (shape.axis(from), shape.axis(to)) {
                        (Ok(from), Ok(to)) if from == to => self,
                        (Ok(from), Ok(to)) => {
                            let mut order: Dims = (0..shape.rank()).collect();
                            let axis = order.remove(from);
                            order.insert(to, axis);
                            self.transpose(&order)
                        }
                        (Err(error), _) | (_, Err(error)) => {
                            self.broken("move_axis", Broken::from(error))
                        }
                    }
                }
            }
        };
    };
}
pub(crate) use repeat_methods;
