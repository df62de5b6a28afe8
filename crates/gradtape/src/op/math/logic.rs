//! Methods that tell and combine truth values.

/// Stamps what tells and combines truth values as methods of a handle type.
macro_rules! logic_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, IntoAxes, rules};
            use $crate::tensor::{DType, Dims};

            impl<$life> $handle {
                /// Whether this is NaN. Whole numbers and truth values never are.
                #[doc(alias = "isnan")]
                #[track_caller]
                pub fn is_nan(self) -> Self {
                    self.not_equal(self)
                }

                /// Whether this is inf or -inf. Whole numbers and truth values never are.
                #[doc(alias = "isinf")]
                #[track_caller]
                pub fn is_inf(self) -> Self {
                    match self.dtype().is_float() {
                        true => self.abs().equal(f64::INFINITY),
                        false => self.not_equal(self),
                    }
                }

                /// Whether this is neither infinite nor NaN.
                #[doc(alias = "isfinite")]
                #[track_caller]
                pub fn is_finite(self) -> Self {
                    match self.dtype().is_float() {
                        true => self.abs().less(f64::INFINITY),
                        false => self.equal(self),
                    }
                }

                /// The opposite truth value. Of a number, whether it is 0.
                #[track_caller]
                pub fn logical_not(self) -> Self {
                    self.equal(self.literal(0.0))
                }

                /// Whether both truth values hold: also the operator `&`, as `|`, `^` and `!` are
                /// [`Self::logical_or`], [`Self::logical_xor`] and [`Self::logical_not`].
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.constant([-1.0, 0.5, 2.0]);
                /// let inside = x.greater(0.0).logical_and(x.less(1.0));
                /// assert_eq!(inside.value()?.to_vec::<bool>()?, [false, true, false]);
                /// let outside = x.less_equal(0.0) | !x.less(1.0);
                /// assert_eq!((inside ^ outside).value()?.to_vec::<bool>()?, [true; 3]);
                /// assert_eq!((inside & outside).value()?.to_vec::<bool>()?, [false; 3]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn logical_and(self, y: Self) -> Self {
                    match self.truths("logical_and", y) {
                        Ok((x, y)) => x.select(y, 0),
                        Err(failed) => failed,
                    }
                }

                /// Whether one of two truth values holds, or both.
                #[track_caller]
                pub fn logical_or(self, y: Self) -> Self {
                    match self.truths("logical_or", y) {
                        Ok((x, y)) => x.select(1, y),
                        Err(failed) => failed,
                    }
                }

                /// Whether one of two truth values holds, and not the other.
                #[track_caller]
                pub fn logical_xor(self, y: Self) -> Self {
                    match self.truths("logical_xor", y) {
                        Ok((x, y)) => x.equal(y).logical_not(),
                        Err(failed) => failed,
                    }
                }

                /// Whether one of the truth values over axes, which are dropped, holds; of none it is false.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.constant([[0.0, 1.0], [2.0, 3.0]]);
                /// assert_eq!(x.equal(0.0).any(1).value()?.to_vec::<bool>()?, [true, false]);
                /// assert_eq!(x.greater(-1.0).all(()).item()?, 1.0);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn any(self, axes: impl IntoAxes) -> Self {
                    match self.truth_axes(axes) {
                        Ok(axes) => self.cast(DType::F32).greatest(axes).greater(0.0),
                        Err(rule) => self.broken("any", rule),
                    }
                }

                /// Whether all truth values over axes, which are dropped, hold; of none it is true.
                #[track_caller]
                pub fn all(self, axes: impl IntoAxes) -> Self {
                    match self.truth_axes(axes) {
                        Ok(axes) => self.cast(DType::F32).least(axes).greater(0.0),
                        Err(rule) => self.broken("all", rule),
                    }
                }

                /// How many elements over axes, which are dropped, are not 0, as i64. NaN is not 0; truth
                /// values count where they hold.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let (guessed, right) = (tape.constant([1i64, 0, 2]), tape.constant([1i64, 2, 2]));
                /// assert_eq!(guessed.equal(right).count_nonzero(()).item()?, 2.0);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn count_nonzero(self, axes: impl IntoAxes) -> Self {
                    match axes.axes(&self.shape()) {
                        Ok(axes) => {
                            self.logical_not().logical_not().cast(DType::I64).sum_axes(&axes)
                        }
                        Err(rule) => self.broken("count_nonzero", rule),
                    }
                }

                /// Two operands broadcast to their common shape, which must be truth values.
                #[track_caller]
                fn truths(self, name: &str, y: Self) -> Result<(Self, Self), Self> {
                    for operand in [self, y] {
                        if let Err(rule) = rules::truth(&operand.meta()) {
                            return Err(operand.broken(name, rule));
                        }
                    }
                    Ok(self.aligned(y, name))
                }

                /// The axes, if the elements are truth values.
                fn truth_axes(self, axes: impl IntoAxes) -> Result<Dims, Broken> {
                    rules::truth(&self.meta())?;
                    axes.axes(&self.shape())
                }
            }

            impl<$life> std::ops::BitAnd for $handle {
                type Output = Self;

                #[track_caller]
                fn bitand(self, y: Self) -> Self {
                    self.logical_and(y)
                }
            }

            impl<$life> std::ops::BitOr for $handle {
                type Output = Self;

                #[track_caller]
                fn bitor(self, y: Self) -> Self {
                    self.logical_or(y)
                }
            }

            impl<$life> std::ops::BitXor for $handle {
                type Output = Self;

                #[track_caller]
                fn bitxor(self, y: Self) -> Self {
                    self.logical_xor(y)
                }
            }

            impl<$life> std::ops::Not for $handle {
                type Output = Self;

                #[track_caller]
                fn not(self) -> Self {
                    self.logical_not()
                }
            }
        };
    };
}
pub(crate) use logic_methods;
