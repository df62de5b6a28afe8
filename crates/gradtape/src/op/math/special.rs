//! Methods of special functions, inverse functions and rounding.

/// Stamps special functions, inverse functions and rounding as methods of a handle type.
macro_rules! special_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::scalar::MOST_POLYGAMMA;
            use $crate::op::{Broken, Operand, binary, rules, unary};

            impl<$life> $handle {
                /// 2 to this power. See [`unary::Exp2`].
                #[track_caller]
                pub fn exp2(self) -> Self {
                    self.apply(unary::Exp2 {}, &[])
                }

                /// The logarithm to base 2; -inf at 0, NaN below. See [`unary::Log2`].
                #[track_caller]
                pub fn log2(self) -> Self {
                    self.apply(unary::Log2 {}, &[])
                }

                /// The logarithm to base 10; -inf at 0, NaN below. See [`unary::Log10`].
                #[track_caller]
                pub fn log10(self) -> Self {
                    self.apply(unary::Log10 {}, &[])
                }

                /// The angle in radians whose sine this is; NaN beyond -1 and 1. See [`unary::Asin`].
                #[doc(alias = "arcsin")]
                #[track_caller]
                pub fn asin(self) -> Self {
                    self.apply(unary::Asin {}, &[])
                }

                /// The angle in radians whose cosine this is; NaN beyond -1 and 1. See [`unary::Acos`].
                #[doc(alias = "arccos")]
                #[track_caller]
                pub fn acos(self) -> Self {
                    self.apply(unary::Acos {}, &[])
                }

                /// The angle in radians, from -π to π, of the point at this height and `y` to the right of the origin. See [`binary::Atan2`].
                #[doc(alias = "arctan2")]
                #[track_caller]
                pub fn atan2(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "atan2");
                    x.apply(binary::Atan2 {}, &[y])
                }

                /// The inverse hyperbolic sine. See [`unary::Asinh`].
                #[doc(alias = "arcsinh")]
                #[track_caller]
                pub fn asinh(self) -> Self {
                    self.apply(unary::Asinh {}, &[])
                }

                /// The inverse hyperbolic cosine; NaN below 1. See [`unary::Acosh`].
                #[doc(alias = "arccosh")]
                #[track_caller]
                pub fn acosh(self) -> Self {
                    self.apply(unary::Acosh {}, &[])
                }

                /// The inverse hyperbolic tangent; NaN beyond -1 and 1. See [`unary::Atanh`].
                #[doc(alias = "arctanh")]
                #[track_caller]
                pub fn atanh(self) -> Self {
                    self.apply(unary::Atanh {}, &[])
                }

                /// `√(x² + y²)`, which overflows only with its result. See [`binary::Hypot`].
                #[track_caller]
                pub fn hypot(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "hypot");
                    x.apply(binary::Hypot {}, &[y])
                }

                /// 1 less the error function, accurate where that is near 1. See [`unary::Erfc`].
                #[track_caller]
                pub fn erfc(self) -> Self {
                    self.apply(unary::Erfc {}, &[])
                }

                /// The number whose error function this is; NaN beyond -1 and 1. See [`unary::ErfInv`].
                #[doc(alias = "erfinv")]
                #[track_caller]
                pub fn erf_inv(self) -> Self {
                    self.apply(unary::ErfInv {}, &[])
                }

                /// The logarithm of the magnitude of the gamma function. See [`unary::LGamma`].
                #[doc(alias = "gammaln")]
                #[track_caller]
                pub fn lgamma(self) -> Self {
                    self.apply(unary::LGamma {}, &[])
                }

                /// The digamma function, the derivative of [`Self::lgamma`]. See [`unary::Polygamma`].
                #[track_caller]
                pub fn digamma(self) -> Self {
                    let y = self.apply(unary::Polygamma { order: 0 }, &[]);
                    self.called("digamma", rules::float, y)
                }

                /// The derivative of this order, up to 30, of the digamma function: order 1 is the trigamma
                /// function. See [`unary::Polygamma`].
                #[doc(alias = "trigamma")]
                #[track_caller]
                pub fn polygamma(self, order: u32) -> Self {
                    if order > MOST_POLYGAMMA {
                        let rule = format!("order {order} is above {MOST_POLYGAMMA}");
                        let hint = "order 0 is the digamma function, order 1 the trigamma function";
                        return self.broken("polygamma", Broken::new(rule).hint(hint));
                    }
                    self.apply(unary::Polygamma { order }, &[])
                }

                /// `x log y`, which is 0 where this is 0: what entropies are sums of. See [`binary::XLogY`].
                #[track_caller]
                pub fn xlogy(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "xlogy");
                    x.apply(binary::XLogY {}, &[y])
                }

                /// `log(e^x + e^y)`, which does not overflow: the logarithm of a sum of two numbers whose
                /// logarithms are given. See [`binary::LogAddExp`].
                #[track_caller]
                pub fn logaddexp(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "logaddexp");
                    x.apply(binary::LogAddExp {}, &[y])
                }

                /// 1 divided by this: `1.0 / x`.
                #[track_caller]
                pub fn reciprocal(self) -> Self {
                    self.called("reciprocal", rules::numeric, 1.0 / self)
                }

                /// 1 divided by the square root: `1.0 / x.sqrt()`.
                #[track_caller]
                pub fn rsqrt(self) -> Self {
                    self.called("rsqrt", rules::float, 1.0 / self.sqrt())
                }

                /// The integer part, towards 0; whole numbers stay. See [`unary::Trunc`].
                #[doc(alias = "fix")]
                #[track_caller]
                pub fn trunc(self) -> Self {
                    self.apply(unary::Trunc {}, &[])
                }

                /// The greatest whole number that is not above this; whole numbers stay. It has gradient 0.
                #[track_caller]
                pub fn floor(self) -> Self {
                    let whole = self.trunc();
                    self.called("floor", rules::numeric, self.less(whole).select(whole - 1, whole))
                }

                /// The least whole number that is not below this; whole numbers stay. It has gradient 0.
                #[track_caller]
                pub fn ceil(self) -> Self {
                    let whole = self.trunc();
                    self.called("ceil", rules::numeric, whole.less(self).select(whole + 1, whole))
                }

                /// The nearest whole number, of two the even one, as in NumPy; whole numbers stay. It has
                /// gradient 0.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.constant([0.5, 1.5, -2.5, 2.4]);
                /// assert_eq!(x.round().value()?.to_f64_vec(), [0.0, 2.0, -2.0, 2.0]);
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn round(self) -> Self {
                    let whole = self.trunc();
                    if !self.dtype().is_float() {
                        return self.called("round", rules::numeric, whole);
                    }
                    // Both differences are exact.
                    let rest = (self - whole).abs();
                    let odd = (whole * 0.5).trunc().not_equal(whole * 0.5);
                    let away = rest.greater(0.5).logical_or(rest.equal(0.5).logical_and(odd));
                    away.select(whole + self.sign(), whole)
                }
            }
        };
    };
}
pub(crate) use special_methods;
