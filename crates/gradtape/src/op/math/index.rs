//! Methods that pick elements by number.

/// Stamps the operations that pick elements as methods of a handle type.
macro_rules! index_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, index};
            use $crate::tensor::{DType, Shape};

            impl<$life> $handle {
                /// One element along an axis for each element of an index. See [`index::Gather`].
                #[track_caller]
                pub fn gather(self, axis: isize, index: Self) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => self.apply(index::Gather { axis }, &[index]),
                        Err(error) => self.broken("gather", Broken::new(error.message())),
                    }
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
                    match shape.axis(axis) {
                        Ok(axis) => self.apply(index::ScatterAdd { axis, shape }, &[index]),
                        Err(error) => self.broken("scatter_add", Broken::new(error.message())),
                    }
                }

                /// The slices at the places of an axis that an index names. See
                /// [`index::IndexSelect`].
                #[doc(alias("embedding", "Embedding", "take"))]
                #[track_caller]
                pub fn index_select(self, axis: isize, index: Self) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => self.apply(index::IndexSelect { axis }, &[index]),
                        Err(error) => self.broken("index_select", Broken::new(error.message())),
                    }
                }

                /// Zeros with every slice added at its place along an axis of `size`. See
                /// [`index::IndexAdd`].
                #[track_caller]
                pub fn index_add(self, axis: isize, index: Self, size: usize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) => self.apply(index::IndexAdd { axis, size }, &[index]),
                        Err(error) => self.broken("index_add", Broken::new(error.message())),
                    }
                }

                /// A new last axis with a 1 at the place of each label. See [`index::OneHot`].
                #[track_caller]
                pub fn one_hot(self, classes: usize, dtype: DType) -> Self {
                    self.apply(index::OneHot { classes, dtype }, &[])
                }
            }
        };
    };
}
pub(crate) use index_methods;
