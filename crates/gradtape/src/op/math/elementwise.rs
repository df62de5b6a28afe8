//! Methods of elementwise operations.

/// Stamps the elementwise operations as methods of a handle type.
macro_rules! elementwise_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, Op, Operand, binary, compare, control, rules, unary};
            use $crate::tensor::DType;

            impl<$life> $handle {
                /// e to this power. See [`unary::Exp`].
                #[track_caller]
                pub fn exp(self) -> Self {
                    self.apply(unary::Exp {}, &[])
                }

                /// e to this power, less 1; accurate near 0. See [`unary::Expm1`].
                #[track_caller]
                pub fn expm1(self) -> Self {
                    self.apply(unary::Expm1 {}, &[])
                }

                /// The natural logarithm; -inf at 0, NaN below. See [`unary::Log`].
                #[track_caller]
                pub fn log(self) -> Self {
                    self.apply(unary::Log {}, &[])
                }

                /// The natural logarithm of 1 plus this; accurate near 0. See [`unary::Log1p`].
                #[track_caller]
                pub fn log1p(self) -> Self {
                    self.apply(unary::Log1p {}, &[])
                }

                /// The square root; NaN below 0. See [`unary::Sqrt`].
                #[track_caller]
                pub fn sqrt(self) -> Self {
                    self.apply(unary::Sqrt {}, &[])
                }

                /// The magnitude. See [`unary::Abs`].
                #[track_caller]
                #[doc(alias("absolute", "fabs"))]
                pub fn abs(self) -> Self {
                    self.apply(unary::Abs {}, &[])
                }

                /// 1 above 0, -1 below, 0 at 0. See [`unary::Sign`].
                #[track_caller]
                pub fn sign(self) -> Self {
                    self.apply(unary::Sign {}, &[])
                }

                /// The sine of an angle in radians. See [`unary::Sin`].
                #[track_caller]
                pub fn sin(self) -> Self {
                    self.apply(unary::Sin {}, &[])
                }

                /// The cosine of an angle in radians. See [`unary::Cos`].
                #[track_caller]
                pub fn cos(self) -> Self {
                    self.apply(unary::Cos {}, &[])
                }

                /// The tangent of an angle in radians. See [`unary::Tan`].
                #[track_caller]
                pub fn tan(self) -> Self {
                    self.apply(unary::Tan {}, &[])
                }

                /// The hyperbolic sine. See [`unary::Sinh`].
                #[track_caller]
                pub fn sinh(self) -> Self {
                    self.apply(unary::Sinh {}, &[])
                }

                /// The hyperbolic cosine. See [`unary::Cosh`].
                #[track_caller]
                pub fn cosh(self) -> Self {
                    self.apply(unary::Cosh {}, &[])
                }

                /// The hyperbolic tangent. See [`unary::Tanh`].
                #[track_caller]
                pub fn tanh(self) -> Self {
                    self.apply(unary::Tanh {}, &[])
                }

                /// The angle in radians whose tangent this is. See [`unary::Atan`].
                #[track_caller]
                pub fn atan(self) -> Self {
                    self.apply(unary::Atan {}, &[])
                }

                /// The error function. See [`unary::Erf`].
                #[track_caller]
                pub fn erf(self) -> Self {
                    self.apply(unary::Erf {}, &[])
                }

                /// The logistic function `1 / (1 + e^-x)`. See [`unary::Sigmoid`].
                #[track_caller]
                pub fn sigmoid(self) -> Self {
                    self.apply(unary::Sigmoid {}, &[])
                }

                /// `log(1 + e^x)`, which neither overflows nor loses small numbers. See
                /// [`unary::Softplus`].
                #[track_caller]
                pub fn softplus(self) -> Self {
                    self.apply(unary::Softplus {}, &[])
                }

                /// `max(x, 0)`. See [`unary::Relu`].
                #[track_caller]
                pub fn relu(self) -> Self {
                    self.apply(unary::Relu {}, &[])
                }

                /// The square.
                #[track_caller]
                pub fn square(self) -> Self {
                    self.called("square", rules::numeric, self * self)
                }

                /// This to a constant power; `x^0` is 1 with derivative 0, also at 0. Small
                /// integers and ±½ are recorded as products, quotients and roots, the rest as
                /// [`binary::Pow`].
                #[track_caller]
                pub fn powf(self, exponent: f64) -> Self {
                    let (whole, power) = match exponent {
                        1.0 => return self,
                        2.0 => (true, self * self),
                        3.0 => (true, self * self * self),
                        4.0 => (true, self.square().square()),
                        -1.0 => (true, 1.0 / self),
                        -2.0 => (true, 1.0 / self.square()),
                        0.5 => (false, self.sqrt()),
                        -0.5 => (false, 1.0 / self.sqrt()),
                        _ => (false, self.pow(exponent)),
                    };
                    let takes = if whole { rules::numeric } else { rules::float };
                    self.called("powf", takes, power)
                }

                /// This to a power. See [`binary::Pow`].
                #[track_caller]
                #[doc(alias = "power")]
                pub fn pow(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "pow");
                    x.apply(binary::Pow {}, &[y])
                }

                /// The greater of two numbers, NaN if either is. See [`binary::Maximum`].
                #[track_caller]
                pub fn maximum(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "maximum");
                    x.apply(binary::Maximum {}, &[y])
                }

                /// The smaller of two numbers, NaN if either is. See [`binary::Minimum`].
                #[track_caller]
                pub fn minimum(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "minimum");
                    x.apply(binary::Minimum {}, &[y])
                }

                /// Whether this is below the other. See [`compare::Less`].
                #[track_caller]
                pub fn less(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "less");
                    x.apply(compare::Less {}, &[y])
                }

                /// Whether this is at most the other. See [`compare::LessEqual`].
                #[track_caller]
                pub fn less_equal(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "less_equal");
                    x.apply(compare::LessEqual {}, &[y])
                }

                /// Whether both are the same. See [`compare::Equal`].
                #[track_caller]
                pub fn equal(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "equal");
                    x.apply(compare::Equal {}, &[y])
                }

                /// Whether this is above the other.
                #[track_caller]
                pub fn greater(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "greater");
                    match x.compares("greater", y, &compare::Less {}.into()) {
                        Ok(()) => y.apply(compare::Less {}, &[x]),
                        Err(failed) => failed,
                    }
                }

                /// Whether this is at least the other.
                #[track_caller]
                pub fn greater_equal(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "greater_equal");
                    match x.compares("greater_equal", y, &compare::LessEqual {}.into()) {
                        Ok(()) => y.apply(compare::LessEqual {}, &[x]),
                        Err(failed) => failed,
                    }
                }

                /// Whether the two differ; true when either is NaN.
                #[track_caller]
                pub fn not_equal(self, y: impl Operand<Self>) -> Self {
                    let (x, y) = self.aligned(y.operand(self), "not_equal");
                    match x.compares("not_equal", y, &compare::Equal {}.into()) {
                        Ok(()) => x.apply(compare::Equal {}, &[y]).logical_not(),
                        Err(failed) => failed,
                    }
                }

                /// Whether the operands are those of a comparison, which is recorded as another one than
                /// the user wrote.
                #[track_caller]
                fn compares(self, name: &str, y: Self, op: &Op) -> Result<(), Self> {
                    self.fits(name, y, op.infer(&[&self.meta(), &y.meta()]).map(drop))
                }

                /// `yes` where this mask holds, else `no`; all three broadcast: NumPy's `where`. Of
                /// the two values one at least is a handle, which gives the element type. See
                /// [`control::Select`].
                #[doc(alias("where", "where_cond", "mask_where", "masked_fill"))]
                #[track_caller]
                pub fn select(self, yes: impl Operand<Self>, no: impl Operand<Self>) -> Self {
                    let Some(like) = yes.handle().or(no.handle()) else {
                        let rule = Broken::new("two numbers do not tell the element type");
                        return self.broken("select", rule.hint("give one of them with literal()"));
                    };
                    let (yes, no) = yes.operand(like).aligned(no.operand(like), "select");
                    let (mask, yes) = self.aligned(yes, "select");
                    let (mask, no) = mask.aligned(no, "select");
                    mask.apply(control::Select {}, &[yes, no])
                }

                /// No less than `min` and no more than `max`, where they are given. `g` flows where
                /// the number is kept, bounds included.
                #[track_caller]
                #[doc(alias("clip", "clip_by_value", "clamp_min", "clamp_max"))]
                pub fn clamp(
                    self,
                    min: impl Into<Option<f64>>,
                    max: impl Into<Option<f64>>,
                ) -> Self {
                    let x = match min.into() {
                        Some(min) => self.less(min).select(min, self),
                        None => self,
                    };
                    let y = match max.into() {
                        Some(max) => x.greater(max).select(max, x),
                        None => x,
                    };
                    self.called("clamp", rules::numeric, y)
                }

                /// The same numbers as another element type. See [`control::Cast`].
                #[doc(alias("to_dtype", "astype"))]
                #[track_caller]
                pub fn cast(self, dtype: DType) -> Self {
                    if self.dtype() == dtype {
                        self
                    } else {
                        self.apply(control::Cast { dtype }, &[])
                    }
                }

                /// The nearest numbers that a floating-point type has, in the type of this: a cast there and back, in one.
                /// See [`control::ReducePrecision`].
                #[track_caller]
                pub fn reduce_precision(self, dtype: DType) -> Self {
                    if !dtype.is_float() {
                        let rule = format!("{dtype} is no floating-point type");
                        let hint = format!("for whole numbers or truth values, cast to {dtype}");
                        return self.broken("reduce_precision", Broken::new(rule).hint(hint));
                    }
                    self.apply(control::ReducePrecision { dtype }, &[])
                }

                /// The same value, through which no gradient flows. See [`control::StopGradient`].
                #[doc(alias = "detach")]
                #[track_caller]
                pub fn stop_gradient(self) -> Self {
                    self.apply(control::StopGradient {}, &[])
                }
            }
        };
    };
}
pub(crate) use elementwise_methods;
