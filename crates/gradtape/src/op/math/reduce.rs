//! Methods that drop axes.

/// Stamps the operations along axes as methods of a handle type.
macro_rules! reduce_methods {
    ($handle:ty, $life:lifetime) => {
        const _: () = {
            use $crate::op::{Broken, IntoAxes, reduce, rules};
            use $crate::tensor::{Dims, Shape};

            impl<$life> $handle {
                /// The sum over axes, which are dropped. See [`reduce::Sum`].
                #[track_caller]
                #[doc(alias = "reduce_sum")]
                pub fn sum(self, axes: impl IntoAxes) -> Self {
                    match axes.axes(&self.shape()) {
                        Ok(axes) if axes.is_empty() => self,
                        Ok(axes) => self.apply(reduce::Sum { axes }, &[]),
                        Err(rule) => self.broken("sum", rule),
                    }
                }

                /// The sum over sorted axes.
                #[track_caller]
                pub(crate) fn sum_axes(self, axes: &[usize]) -> Self {
                    match axes {
                        [] => self,
                        _ => self.apply(reduce::Sum { axes: Dims::from_slice(axes) }, &[]),
                    }
                }

                /// The mean over axes, which are dropped: the sum divided by the number of
                /// elements. Of floats; NaN of nothing.
                #[track_caller]
                #[doc(alias("average", "reduce_mean"))]
                pub fn mean(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match self.float_axes(axes, &shape) {
                        Ok(axes) => {
                            let count: usize = axes.iter().map(|&axis| shape[axis]).product();
                            (self.computed().sum_axes(&axes) / count as f64).cast(self.dtype())
                        }
                        Err(rule) => self.broken("mean", rule),
                    }
                }

                /// The greatest element over axes, which are dropped. An axis without places is an error: of nothing
                /// there is none. See [`reduce::Max`].
                #[track_caller]
                #[doc(alias("amax", "reduce_max"))]
                pub fn max(self, axes: impl IntoAxes) -> Self {
                    match self.filled_axes(axes) {
                        Ok(axes) => self.greatest(axes),
                        Err(rule) => self.broken("max", rule),
                    }
                }

                /// The least element over axes, which are dropped. An axis without places is an error: of nothing
                /// there is none. See [`reduce::Min`].
                #[track_caller]
                #[doc(alias("amin", "reduce_min"))]
                pub fn min(self, axes: impl IntoAxes) -> Self {
                    match self.filled_axes(axes) {
                        Ok(axes) => self.least(axes),
                        Err(rule) => self.broken("min", rule),
                    }
                }

                /// The greatest element over sorted axes; of nothing -inf, or the least i64.
                #[track_caller]
                pub(crate) fn greatest(self, axes: Dims) -> Self {
                    if axes.is_empty() { self } else { self.apply(reduce::Max { axes }, &[]) }
                }

                /// The least element over sorted axes; of nothing inf, or the greatest i64.
                #[track_caller]
                pub(crate) fn least(self, axes: Dims) -> Self {
                    if axes.is_empty() { self } else { self.apply(reduce::Min { axes }, &[]) }
                }

                /// The axes, if each has places.
                fn filled_axes(self, axes: impl IntoAxes) -> Result<Dims, Broken> {
                    let shape = self.shape();
                    let axes = axes.axes(&shape)?;
                    match axes.iter().find(|&&axis| shape[axis] == 0) {
                        Some(axis) => Err(Broken::new(format!("axis {axis} is empty"))
                            .hint("give the axis at least one place")),
                        None => Ok(axes),
                    }
                }

                /// `log Σ e^x` over axes, which are dropped. See [`reduce::LogSumExp`].
                #[track_caller]
                pub fn logsumexp(self, axes: impl IntoAxes) -> Self {
                    match axes.axes(&self.shape()) {
                        Ok(axes) if axes.is_empty() => self,
                        Ok(axes) => self.apply(reduce::LogSumExp { axes }, &[]),
                        Err(rule) => self.broken("logsumexp", rule),
                    }
                }

                /// `log Σ e^(x - max)` over sorted axes. See [`reduce::LogSumExpRest`].
                #[track_caller]
                pub(crate) fn logsumexp_rest(self, axes: &[usize]) -> Self {
                    self.apply(reduce::LogSumExpRest { axes: Dims::from_slice(axes) }, &[])
                }

                /// The greatest element over sorted axes, through which no gradient flows.
                #[track_caller]
                pub(crate) fn greatest_fixed(self, axes: &[usize]) -> Self {
                    self.apply(reduce::Max { axes: Dims::from_slice(axes) }, &[]).stop_gradient()
                }

                /// As `sum`, with the axes kept at size 1.
                #[doc(alias = "keepdim")]
                #[track_caller]
                pub fn sum_keepdims(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(found) => self.sum(axes).reshape(reduce::kept(&shape, &found)),
                        Err(rule) => self.broken("sum", rule),
                    }
                }

                /// As `mean`, with the axes kept at size 1.
                #[track_caller]
                pub fn mean_keepdims(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(found) => self.mean(axes).reshape(reduce::kept(&shape, &found)),
                        Err(rule) => self.broken("mean", rule),
                    }
                }

                /// As `max`, with the axes kept at size 1.
                #[track_caller]
                pub fn max_keepdims(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(found) => self.max(axes).reshape(reduce::kept(&shape, &found)),
                        Err(rule) => self.broken("max", rule),
                    }
                }

                /// As `min`, with the axes kept at size 1.
                #[track_caller]
                pub fn min_keepdims(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(found) => self.min(axes).reshape(reduce::kept(&shape, &found)),
                        Err(rule) => self.broken("min", rule),
                    }
                }

                /// As `logsumexp`, with the axes kept at size 1.
                #[track_caller]
                pub fn logsumexp_keepdims(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    match axes.axes(&shape) {
                        Ok(found) => self.logsumexp(axes).reshape(reduce::kept(&shape, &found)),
                        Err(rule) => self.broken("logsumexp", rule),
                    }
                }

                /// The place of the greatest element along an axis, the first of several. See
                /// [`reduce::ArgMax`].
                #[track_caller]
                pub fn argmax(self, axis: isize) -> Self {
                    self.along("argmax", axis, |axis| reduce::ArgMax { axis }, &[])
                }

                /// The place of the least element along an axis, the first of several; NaN counts as
                /// less than everything.
                #[track_caller]
                pub fn argmin(self, axis: isize) -> Self {
                    match self.filled_axes(axis) {
                        Ok(_) => self.turned("argmin").argmax(axis),
                        Err(rule) => self.broken("argmin", rule),
                    }
                }

                /// The product over axes, which are dropped; of nothing it is 1. Halves are
                /// multiplied, so that the gradient holds where elements are 0.
                #[track_caller]
                pub fn prod(self, axes: impl IntoAxes) -> Self {
                    let shape = self.shape();
                    let axes = match axes.axes(&shape) {
                        Ok(axes) if axes.is_empty() => return self,
                        Ok(axes) => axes,
                        Err(rule) => return self.broken("prod", rule),
                    };
                    let mut order: Dims =
                        (0..shape.rank()).filter(|axis| !axes.contains(axis)).collect();
                    let out: Dims = order.iter().map(|&axis| shape[axis]).collect();
                    order.extend(axes);
                    let mut x = self.transpose(&order).flatten(out.len() as isize);
                    let mut count = x.shape().last().copied().unwrap_or(1);
                    if count == 0 {
                        return self.literal(1.0).broadcast_to(out);
                    }
                    while count > 1 {
                        let half = count / 2;
                        let product = x.slice(-1, ..half) * x.slice(-1, half..2 * half);
                        x = if count % 2 == 1 {
                            product.concat(&[x.slice(-1, 2 * half..)], -1)
                        } else {
                            product
                        };
                        count -= half;
                    }
                    self.called("prod", rules::numeric, x.reshape(out))
                }

                /// The variance over axes, which are dropped: the mean square distance from the
                /// mean, with `n - correction` in the place of n (0: of a population, 1: estimated
                /// from a sample). Of floats; not finite where nothing is left to divide by.
                #[track_caller]
                pub fn var(self, axes: impl IntoAxes, correction: usize) -> Self {
                    let shape = self.shape();
                    match self.float_axes(axes, &shape) {
                        Ok(axes) => {
                            let count: usize = axes.iter().map(|&axis| shape[axis]).product();
                            let (x, dtype) = (self.computed(), self.dtype());
                            let mean = x.sum_axes(&axes).reshape(reduce::kept(&shape, &axes))
                                / count as f64;
                            let squares = (x - mean).square().sum_axes(&axes);
                            (squares / count.saturating_sub(correction) as f64).cast(dtype)
                        }
                        Err(rule) => self.broken("var", rule),
                    }
                }

                /// The standard deviation over axes: the root of [`Self::var`]. Where it is 0 its
                /// gradient is 0.
                #[track_caller]
                pub fn std(self, axes: impl IntoAxes, correction: usize) -> Self {
                    match self.float_axes(&axes, &self.shape()) {
                        Ok(_) => {
                            self.computed().var(axes, correction).flat_root().cast(self.dtype())
                        }
                        Err(rule) => self.broken("std", rule),
                    }
                }

                /// Mean 0 and variance 1 over axes: the distance from the mean over
                /// `√(variance + eps)`, with the variance of a population; what layer and batch
                /// normalisation scale.
                #[doc(alias("layer_norm", "batch_norm"))]
                #[track_caller]
                pub fn normalize(self, axes: impl IntoAxes, eps: f64) -> Self {
                    let shape = self.shape();
                    match self.float_axes(axes, &shape) {
                        Ok(axes) => {
                            let kept = reduce::kept(&shape, &axes);
                            let count =
                                axes.iter().map(|&axis| shape[axis]).product::<usize>() as f64;
                            let x = self.computed();
                            let centred = x - x.sum_axes(&axes).reshape(&kept) / count;
                            let variance = centred.square().sum_axes(&axes).reshape(&kept) / count;
                            (centred * (variance + eps).rsqrt()).cast(self.dtype())
                        }
                        Err(rule) => self.broken("normalize", rule),
                    }
                }

                /// The p-norm over axes, which are dropped: `(Σ |x|^p)^(1/p)` for a p above 0; the
                /// greatest magnitude for an infinite one; 0 of nothing. It overflows only where the
                /// result does. At the zero vector the gradient is 0, and for p below 1 at every element
                /// that is 0.
                #[track_caller]
                pub fn norm(self, p: f64, axes: impl IntoAxes) -> Self {
                    if p.is_nan() || p <= 0.0 {
                        let rule = Broken::new(format!("p is {p}, but must be above 0"));
                        let hint =
                            "2 gives the root of the squares, infinity the greatest magnitude";
                        return self.broken("norm", rule.hint(hint));
                    }
                    let shape = self.shape();
                    match self.float_axes(axes, &shape) {
                        Ok(axes) if axes.is_empty() => self.abs(),
                        // The greatest of nothing is -inf.
                        Ok(axes) if p == 1.0 || axes.iter().any(|&axis| shape[axis] == 0) => {
                            self.abs().sum_axes(&axes)
                        }
                        Ok(axes) if p == f64::INFINITY => self.abs().greatest(axes),
                        Ok(axes) => self.computed().scaled_norm(p, &axes).cast(self.dtype()),
                        Err(rule) => self.broken("norm", rule),
                    }
                }

                /// The norm of what is left when the greatest magnitude is taken out, so that no
                /// power overflows or vanishes. The norm is the same for every number taken out:
                /// that one is held fixed.
                #[track_caller]
                fn scaled_norm(self, p: f64, axes: &[usize]) -> Self {
                    let most = self.abs().greatest_fixed(axes);
                    let idle = most.equal(0.0).select(f64::INFINITY, most).equal(f64::INFINITY);
                    let most = idle.select(1.0, most);
                    let x = self / most.reshape(reduce::kept(&self.shape(), axes));
                    most * x.plain_norm(p, axes)
                }

                /// The norm by its formula, with gradient 0 where it is 0.
                #[track_caller]
                fn plain_norm(self, p: f64, axes: &[usize]) -> Self {
                    if p == 2.0 {
                        self.square().sum_axes(axes).flat_root()
                    } else {
                        let size = self.abs();
                        let none = size.equal(0.0);
                        // A power below 1 never sees 0, where its slope is infinite.
                        let powers = if p < 1.0 {
                            none.select(0.0, none.select(1.0, size).powf(p))
                        } else {
                            size.powf(p)
                        };
                        let sum = powers.sum_axes(axes);
                        let zero = sum.equal(0.0);
                        zero.select(0.0, zero.select(1.0, sum).powf(1.0 / p))
                    }
                }

                /// The axes, if the elements are floats: of whole numbers a quotient would be cut off.
                fn float_axes(self, axes: impl IntoAxes, shape: &Shape) -> Result<Dims, Broken> {
                    rules::float(&self.meta())?;
                    axes.axes(shape)
                }

                /// In the type that is computed in: of what is only kept, a sum or a square on the
                /// way to a result might be too large.
                #[track_caller]
                fn computed(self) -> Self {
                    self.cast(self.dtype().computed())
                }

                /// The square root, with gradient 0 at 0.
                #[track_caller]
                fn flat_root(self) -> Self {
                    let zero = self.equal(0.0);
                    zero.select(0.0, zero.select(1.0, self).sqrt())
                }
            }
        };
    };
}
pub(crate) use reduce_methods;
