//! Methods that pick elements by number.

/// Stamps the operations that pick elements as methods of a handle type.
macro_rules! index_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, index};
            use $crate::tensor::{DType, Dims, Shape};

            impl<$life> $handle {
                /// One element along an axis for each element of an index. See [`index::Gather`].
                #[track_caller]
                #[doc(alias("take_along_axis", "take_along_dim"))]
                pub fn gather(self, axis: isize, index: Self) -> Self {
                    self.along("gather", axis, |axis| index::Gather { axis }, &[index])
                }

                /// Zeros of a shape with every element added at its place along an axis. See
                /// [`index::ScatterAdd`].
                #[track_caller]
                pub fn scatter_add(
                    self,
                    axis: isize,
                    index: Self,
                    shape: impl Into<Shape>,
                ) -> Self {
                    let shape = shape.into();
                    self.along(
                        "scatter_add",
                        axis,
                        |axis| index::ScatterAdd { axis, shape },
                        &[index],
                    )
                }

                /// The slices at the places of an axis that an index names. See
                /// [`index::IndexSelect`].
                #[doc(alias("embedding", "Embedding", "take"))]
                #[track_caller]
                pub fn index_select(self, axis: isize, index: Self) -> Self {
                    self.along("index_select", axis, |axis| index::IndexSelect { axis }, &[index])
                }

                /// Zeros with every slice added at its place along an axis of `size`. See
                /// [`index::IndexAdd`].
                #[doc(alias("segment_sum", "index_put"))]
                #[track_caller]
                pub fn index_add(self, axis: isize, index: Self, size: usize) -> Self {
                    self.along("index_add", axis, |axis| index::IndexAdd { axis, size }, &[index])
                }

                /// A new last axis with a 1 at the place of each label. See [`index::OneHot`].
                #[track_caller]
                pub fn one_hot(self, classes: usize, dtype: DType) -> Self {
                    self.apply(index::OneHot { classes, dtype }, &[])
                }

                /// The places of the elements along an axis in order, the least first, as i64. Equal
                /// elements stay in the order of their places; NaN comes last. See [`index::ArgSort`].
                #[track_caller]
                pub fn argsort(self, axis: isize) -> Self {
                    self.order("argsort", axis, false, None)
                }

                /// As [`Self::argsort`], the greatest first, which NaN counts as. Equal elements still
                /// stay in the order of their places.
                #[track_caller]
                pub fn argsort_descending(self, axis: isize) -> Self {
                    self.order("argsort_descending", axis, true, None)
                }

                /// The elements along an axis in order, the least first; NaN comes last. `g` goes back
                /// to the place that an element came from.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([0.5, f64::NAN, -1.0]);
                /// assert_eq!(x.sort(0).value()?.to_f64_vec()[..2], [-1.0, 0.5]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn sort(self, axis: isize) -> Self {
                    self.picked(axis, self.order("sort", axis, false, None))
                }

                /// As [`Self::sort`], the greatest first, which NaN counts as.
                #[track_caller]
                pub fn sort_descending(self, axis: isize) -> Self {
                    self.picked(axis, self.order("sort_descending", axis, true, None))
                }

                /// The `k` greatest elements along an axis, the greatest first, and their places as
                /// i64. Of equal elements those at earlier places come first; NaN counts as greatest.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (values, places) = tape.watch([1.0, 5.0, 3.0, 5.0]).top_k(0, 3);
                /// assert_eq!(values.value()?.to_f64_vec(), [5.0, 5.0, 3.0]);
                /// assert_eq!(places.value()?.to_vec::<i64>()?, [1, 3, 2]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                #[doc(alias = "topk")]
                pub fn top_k(self, axis: isize, k: usize) -> (Self, Self) {
                    let places = self.order("top_k", axis, true, Some(k));
                    (self.picked(axis, places), places)
                }

                /// The first `count` (else all) places along an axis in the order of their elements.
                #[track_caller]
                fn order(
                    self,
                    name: &str,
                    axis: isize,
                    descending: bool,
                    count: Option<usize>,
                ) -> Self {
                    let shape = self.shape();
                    let axis = match shape.axis(axis) {
                        Ok(axis) => axis,
                        Err(error) => return self.broken(name, error.into()),
                    };
                    let (size, last) = (shape[axis], shape.rank() - 1);
                    let count = count.unwrap_or(size);
                    if count > size {
                        let rule = format!("axis {axis} has {size} elements, not {count}");
                        return self
                            .broken(name, Broken::new(rule).hint(format!("k goes up to {size}")));
                    }
                    let sort = index::ArgSort { descending, count };
                    if axis == last {
                        return self.apply(sort, &[]);
                    }
                    let mut order: Dims = (0..shape.rank()).collect();
                    order.swap(axis, last);
                    self.transpose(&order).apply(sort, &[]).transpose(&order)
                }

                /// The elements at places along an axis, or the error in their place.
                #[track_caller]
                fn picked(self, axis: isize, places: Self) -> Self {
                    if places.id().is_failed() { places } else { self.gather(axis, places) }
                }
            }
        };
    };
}
pub(crate) use index_methods;
