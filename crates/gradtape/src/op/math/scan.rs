//! Methods that run along an axis, and those that tell what lies in the middle.

/// Stamps what runs along an axis as methods of a handle type.
macro_rules! scan_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, Op, binary, index, reduce, rules};
            use $crate::tensor::DType;

            impl<$life> $handle {
                /// The sum of each element and all before it along an axis. See [`reduce::CumSum`].
                #[track_caller]
                pub fn cumsum(self, axis: isize) -> Self {
                    match self.shape().axis(axis) {
                        Ok(axis) => self.running_sum(axis, false),
                        Err(error) => self.broken("cumsum", error.into()),
                    }
                }

                /// The running sum from either end.
                #[track_caller]
                pub(crate) fn running_sum(self, axis: usize, reverse: bool) -> Self {
                    self.apply(reduce::CumSum { axis, reverse }, &[])
                }

                /// The product of each element and all before it along an axis. Its gradient holds where
                /// elements are 0.
                ///
                /// ```
                /// # use gradtape::{Tape, gradient};
                /// let tape = Tape::new();
                /// let x = tape.watch([2.0, 0.0, 3.0]);
                /// let y = x.cumprod(0);
                /// assert_eq!(y.value()?.to_f64_vec(), [2.0, 0.0, 0.0]);
                /// let [dx] = gradient(y.sum(()), [x]);
                /// assert_eq!(dx.value()?.to_f64_vec(), [1.0, 8.0, 0.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn cumprod(self, axis: isize) -> Self {
                    match rules::numeric(&self.meta()) {
                        Ok(()) => self.scan("cumprod", axis, binary::Mul {}.into()),
                        Err(rule) => self.broken("cumprod", rule),
                    }
                }

                /// `log Σ e^x` of each element and all before it along an axis, which does not overflow.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([1000.0, 1000.0]);
                /// assert_eq!(x.logcumsumexp(0).value()?.to_f64_vec(), [1000.0, 1000.0 + 2f64.ln()]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn logcumsumexp(self, axis: isize) -> Self {
                    match rules::float(&self.meta()) {
                        Ok(()) => self.scan("logcumsumexp", axis, binary::LogAddExp {}.into()),
                        Err(rule) => self.broken("logcumsumexp", rule),
                    }
                }

                /// What an operation that may be applied in any order makes of each element and all before it,
                /// of twice as many at each step.
                #[track_caller]
                fn scan(self, name: &str, axis: isize, join: Op) -> Self {
                    let shape = self.shape();
                    let size = match shape.axis(axis) {
                        Ok(axis) => shape[axis],
                        Err(error) => return self.broken(name, error.into()),
                    };
                    let (mut all, mut reach) = (self, 1);
                    while reach < size {
                        let (first, rest) = (all.slice(axis, ..reach), all.slice(axis, reach..));
                        let joined = all.slice(axis, ..size - reach).apply(join.clone(), &[rest]);
                        all = first.concat(&[joined], axis);
                        reach *= 2;
                    }
                    all
                }

                /// The greatest of each element and all before it along an axis, and the place of that one, the
                /// first of several. NaN counts as greatest. See [`reduce::CumArgMax`].
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (values, places) = tape.watch([1.0, 3.0, 2.0, 3.0]).cummax(0);
                /// assert_eq!(values.value()?.to_f64_vec(), [1.0, 3.0, 3.0, 3.0]);
                /// assert_eq!(places.value()?.to_vec::<i64>()?, [0, 1, 1, 1]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn cummax(self, axis: isize) -> (Self, Self) {
                    let places = self.along("cummax", axis, |axis| reduce::CumArgMax { axis }, &[]);
                    (self.picked(axis, places), places)
                }

                /// The least of each element and all before it along an axis, and the place of that one, the
                /// first of several. NaN counts as least.
                #[track_caller]
                pub fn cummin(self, axis: isize) -> (Self, Self) {
                    let turned = self.turned("cummin");
                    let places =
                        turned.along("cummin", axis, |axis| reduce::CumArgMax { axis }, &[]);
                    (self.picked(axis, places), places)
                }

                /// Numbers in the opposite order.
                #[track_caller]
                pub(crate) fn turned(self, name: &str) -> Self {
                    match self.dtype() {
                        DType::Bool => match rules::numeric(&self.meta()) {
                            Ok(()) => self,
                            Err(rule) => self.broken(name, rule),
                        },
                        // The negative of the least i64 is itself, but -1 less it is the greatest.
                        DType::I64 => -1.0 - self,
                        _ => -self,
                    }
                }

                /// The number below which a share `q` of the elements along an axis lies, which is dropped; between
                /// two elements it is interpolated, as in NumPy. NaN if any element is.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([4.0, 1.0, 2.0, 3.0]);
                /// assert_eq!((x.quantile(0, 0.25).item()?, x.median(0).item()?), (1.75, 2.5));
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias = "percentile")]
                #[track_caller]
                pub fn quantile(self, axis: isize, q: f64) -> Self {
                    self.between("quantile", axis, q)
                }

                /// The element in the middle of those along an axis, which is dropped; of an even number the mean of
                /// the two there, as in NumPy. NaN if any element is.
                #[track_caller]
                pub fn median(self, axis: isize) -> Self {
                    self.between("median", axis, 0.5)
                }

                #[track_caller]
                fn between(self, name: &str, axis: isize, q: f64) -> Self {
                    let shape = self.shape();
                    let size = match rules::float(&self.meta()).and_then(|()| Ok(shape.axis(axis)?))
                    {
                        Ok(axis) => shape[axis],
                        Err(rule) => return self.broken(name, rule),
                    };
                    if size == 0 || !(0.0..=1.0).contains(&q) {
                        let (rule, hint) = match size {
                            0 => (
                                format!("axis {axis} is empty"),
                                "give the axis at least one place",
                            ),
                            _ => (
                                format!("q is {q}, which is not between 0 and 1"),
                                "it is a share: 0.5 gives the median",
                            ),
                        };
                        return self.broken(name, Broken::new(rule).hint(hint));
                    }
                    let place = q * (size - 1) as f64;
                    let (low, part) = (place as usize, place.fract());
                    let sorted = self.sort(axis);
                    let value = sorted.index(axis, low);
                    let value = match part == 0.0 {
                        true => value,
                        false => value * (1.0 - part) + sorted.index(axis, low + 1) * part,
                    };
                    // NaN is sorted to the end.
                    let last = sorted.index(axis, size - 1);
                    last.is_nan().select(last, value)
                }

                /// For each of these values, how many elements of a sorted row are less: the place at which it can
                /// be put in. This is one row, or has one for each row of the values. NaN counts as greatest.
                /// See [`index::SearchSorted`].
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (edges, x) = (tape.constant([0.0, 1.0, 2.0]), tape.constant([0.5, 1.0, -1.0, 9.0]));
                /// assert_eq!(edges.searchsorted(x).value()?.to_vec::<i64>()?, [1, 1, 0, 3]);
                /// assert_eq!(edges.searchsorted_right(x).value()?.to_vec::<i64>()?, [1, 2, 0, 3]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[doc(alias("bucketize", "digitize"))]
                #[track_caller]
                pub fn searchsorted(self, values: Self) -> Self {
                    self.search(values, false)
                }

                /// As [`Self::searchsorted`], counting equal elements too.
                #[track_caller]
                pub fn searchsorted_right(self, values: Self) -> Self {
                    self.search(values, true)
                }

                /// For numbers less others, such as sorted scores less ranks, the blocks along the last axis on which
                /// the nearest numbers that do not increase are constant: for each element the place of the first of
                /// its block, as i64. [`crate::soft`] makes regressions and soft orders of them. See
                /// [`index::IsotonicBlocks`].
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (x, y) = (tape.constant([5.0, 1.0, 2.0]), tape.constant([0.0, 0.0, 0.0]));
                /// let blocks = x.isotonic_blocks(y);
                /// assert_eq!(blocks.value()?.to_vec::<i64>()?, [0, 1, 1]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn isotonic_blocks(self, other: Self) -> Self {
                    self.apply(index::IsotonicBlocks { entropic: false }, &[other])
                }

                /// As [`Self::isotonic_blocks`], for blocks of `log Σ e^x` instead of means.
                #[track_caller]
                pub fn isotonic_blocks_entropic(self, other: Self) -> Self {
                    self.apply(index::IsotonicBlocks { entropic: true }, &[other])
                }

                #[track_caller]
                fn search(self, values: Self, right: bool) -> Self {
                    let (op, shape) = (index::SearchSorted { right }, values.shape());
                    if self.shape().rank() != 1 || shape.rank() == 1 {
                        return self.apply(op, &[values]);
                    }
                    self.apply(op, &[values.flatten(0)]).reshape(shape)
                }
            }
        };
    };
}
pub(crate) use scan_methods;
