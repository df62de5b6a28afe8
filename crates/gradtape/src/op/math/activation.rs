//! Activation functions, written with other operations.

/// Stamps activation functions as methods of a handle type.
macro_rules! activation_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, reduce, rules};

            impl<$life> $handle {
                /// `e^x / Σ e^x` along an axis: positive numbers that add up to 1.
                ///
                /// Only differences of scores count, and large ones do not overflow.
                ///
                /// ```
                /// # use gradtape::Tape;
                /// let tape = Tape::new();
                /// let x = tape.watch([1000.0, 1001.0, 1002.0]);
                /// let p = x.softmax(-1).value()?.to_f64_vec();
                /// assert!((p[0] - 0.0900).abs() < 1e-4 && (p[2] - 0.6652).abs() < 1e-4);
                /// let naive = x.exp() / x.exp().sum(());
                /// assert!(naive.value()?.to_f64_vec()[0].is_nan());
                /// # Ok::<(), gradtape::Error>(())
                /// ```
                #[track_caller]
                pub fn softmax(self, axis: isize) -> Self {
                    match self.shape().axis(axis) {
                        Ok(_) => self.called("softmax", rules::float, self.log_softmax(axis).exp()),
                        Err(error) => self.broken("softmax", error.into()),
                    }
                }

                /// The logarithm of the softmax along an axis, `x - log Σ e^x`, as
                /// `(x - max) - log Σ e^(x - max)`, which is as accurate for large numbers.
                #[track_caller]
                pub fn log_softmax(self, axis: isize) -> Self {
                    let shape = self.shape();
                    let axis = match shape.axis(axis) {
                        Ok(axis) => [axis],
                        Err(error) => return self.broken("log_softmax", error.into()),
                    };
                    let kept = reduce::kept(&shape, &axis);
                    let max = self.greatest_fixed(&axis).reshape(&kept);
                    let logs = (self - max) - self.logsumexp_rest(&axis).reshape(&kept);
                    self.called("log_softmax", rules::float, logs)
                }

                /// The logarithm of the logistic function, `-log(1 + e^-x)`, which neither overflows nor
                /// loses small numbers.
                #[doc(alias = "logsigmoid")]
                #[track_caller]
                pub fn log_sigmoid(self) -> Self {
                    self.called("log_sigmoid", rules::float, -(-self).softplus())
                }

                /// `x * sigmoid(x)` (Elfwing, Uchibe and Doya 2018), also named swish.
                #[track_caller]
                pub fn silu(self) -> Self {
                    self.called("silu", rules::float, self * self.sigmoid())
                }

                /// `x Φ(x)` with the normal distribution function Φ (Hendrycks and Gimpel 2016).
                #[track_caller]
                pub fn gelu(self) -> Self {
                    if let Err(failed) = self.floats("gelu", None) {
                        return failed;
                    }
                    self * 0.5 * (1.0 + (self * std::f64::consts::FRAC_1_SQRT_2).erf())
                }

                /// [`Self::gelu`] with `tanh(√(2/π) (x + 0.044715 x³))` in the place of the error
                /// function.
                #[track_caller]
                pub fn gelu_tanh(self) -> Self {
                    if let Err(failed) = self.floats("gelu_tanh", None) {
                        return failed;
                    }
                    // Beyond ±10 the tangent is ±1, and the cube may overflow.
                    let near = self.clamp(-10.0, 10.0);
                    let inner = near * (1.0 + 0.044715 * near.square());
                    self * 0.5 * (1.0 + (inner * (2.0 / std::f64::consts::PI).sqrt()).tanh())
                }

                /// x above 0, `slope * x` at and below 0.
                #[track_caller]
                pub fn leaky_relu(self, slope: f64) -> Self {
                    let setting = ("slope", slope, slope.is_finite(), "a finite number");
                    if let Err(failed) = self.floats("leaky_relu", Some(setting)) {
                        return failed;
                    }
                    self.greater(0.0).select(self, self * slope)
                }

                /// x above 0, `alpha * (e^x - 1)` at and below 0 (Clevert, Unterthiner and
                /// Hochreiter 2015).
                #[track_caller]
                pub fn elu(self, alpha: f64) -> Self {
                    let setting = ("alpha", alpha, alpha.is_finite(), "a finite number");
                    if let Err(failed) = self.floats("elu", Some(setting)) {
                        return failed;
                    }
                    let above = self.greater(0.0);
                    // The exponential never sees what select drops, where it may overflow.
                    above.select(self, above.select(0.0, self).expm1() * alpha)
                }

                /// `scale * elu(x)` with alpha 1.6733 and scale 1.0507, with which layers of the right first
                /// weights keep mean 0 and variance 1 (Klambauer, Unterthiner, Mayr and Hochreiter 2017).
                #[track_caller]
                pub fn selu(self) -> Self {
                    let y = self.elu(1.673_263_242_354_377_2) * 1.050_700_987_355_480_5;
                    self.called("selu", rules::float, y)
                }

                /// x above 0, `alpha * (e^(x / alpha) - 1)` at and below 0, for an alpha above 0: an elu
                /// whose slope is 1 at 0 for every alpha (Barron 2017).
                #[track_caller]
                pub fn celu(self, alpha: f64) -> Self {
                    let fits = alpha.is_finite() && alpha > 0.0;
                    let setting = ("alpha", alpha, fits, "a finite number above 0");
                    if let Err(failed) = self.floats("celu", Some(setting)) {
                        return failed;
                    }
                    let above = self.greater(0.0);
                    above.select(self, (above.select(0.0, self) / alpha).expm1() * alpha)
                }

                /// `x * tanh(softplus(x))` (Misra 2019).
                #[track_caller]
                pub fn mish(self) -> Self {
                    self.called("mish", rules::float, self * self.softplus().tanh())
                }

                /// `x / 6 + 1 / 2`, no less than 0 and no more than 1.
                #[track_caller]
                pub fn hardsigmoid(self) -> Self {
                    if let Err(failed) = self.floats("hardsigmoid", None) {
                        return failed;
                    }
                    (self / 6.0 + 0.5).clamp(0.0, 1.0)
                }

                /// `x * hardsigmoid(x)` (Howard et al. 2019).
                #[track_caller]
                pub fn hardswish(self) -> Self {
                    if let Err(failed) = self.floats("hardswish", None) {
                        return failed;
                    }
                    self * self.hardsigmoid()
                }

                /// The first half along an axis times the sigmoid of the second (Dauphin, Fan, Auli and
                /// Grangier 2016).
                #[track_caller]
                pub fn glu(self, axis: isize) -> Self {
                    let shape = self.shape();
                    match shape.axis(axis) {
                        Ok(axis) if shape[axis] % 2 == 1 => {
                            let rule = format!("axis {axis} has {} elements", shape[axis]);
                            let rule =
                                Broken::new(rule).hint("it takes an even number, two halves");
                            self.broken("glu", rule)
                        }
                        Ok(_) => {
                            let [values, gates] = self.chunk(axis);
                            self.called("glu", rules::float, values * gates.sigmoid())
                        }
                        Err(error) => self.broken("glu", error.into()),
                    }
                }

                /// `x / (1 + |x|)`.
                #[track_caller]
                pub fn softsign(self) -> Self {
                    self.called("softsign", rules::float, self / (1.0 + self.abs()))
                }
            }
        };
    };
}
pub(crate) use activation_methods;
