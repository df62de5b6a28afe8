//! Methods of tensors that compute: each is the method of [`Var`](crate::Var) of the same name.

use super::arithmetic::{Beside, TensorOperand, compute, compute_with};
use crate::op::IntoAxes;
use crate::tensor::{DType, Result, Tensor};

/// Stamps methods of a tensor alone, and of a tensor and an operand.
macro_rules! methods {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            $(#[$doc])*
            #[track_caller]
            pub fn $name(&self, $($argument: $type),*) -> Result<Tensor> {
                compute(&[self], |x| x[0].$name($($argument),*))
            }
        )*
    };
    (beside $($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[track_caller]
            pub fn $name<'y>(&self, y: impl Into<TensorOperand<'y>>) -> Result<Tensor> {
                compute_with(self, y.into(), |x, y| x.$name(y))
            }
        )*
    };
}

/// # Arithmetic
///
/// The operators `+ - * /` between tensors and numbers, and methods named as those of
/// [`Var`](crate::Var), which say what an operation means: broadcasting, element types, empty axes, NaN.
/// They compute at once, on the same engine, and give a `Result`: shapes can disagree. For formulas of
/// many operations a [`Tape`](crate::Tape) is faster; it computes them together.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([[1.0f32, 2.0], [3.0, 6.0]]);
/// let centred = (&x - x.mean(0)?)?;
/// assert_eq!(centred.to_vec::<f32>()?, [-1.0, -2.0, 1.0, 2.0]);
/// let average = ((&x * 0.9)? + (&centred * 0.1)?)?;
/// assert!(average.all_close(&Tensor::from([[0.8, 1.6], [2.8, 5.6]]), 1e-6, 0.0));
/// let correct = x.argmax(1)?.equal(&Tensor::from([1i64, 0]))?;
/// assert_eq!(correct.cast(gradtape::DType::F32).mean(())?.item()?, 0.5);
/// let error = (&x + Tensor::from([1.0f32; 3])).unwrap_err();
/// assert!(error.message().contains("shapes [2, 2] and [3] do not broadcast"));
/// # Ok::<(), gradtape::Error>(())
/// ```
impl Tensor {
    methods! {
        /// e to the power of each element.
        fn exp();
        /// e to the power of each element, less 1; accurate near 0.
        fn expm1();
        /// 2 to the power of each element.
        fn exp2();
        /// The natural logarithm; -inf at 0, NaN below.
        fn log();
        /// The logarithm to base 2.
        fn log2();
        /// The logarithm to base 10.
        fn log10();
        /// The natural logarithm of 1 plus each element; accurate near 0.
        fn log1p();
        /// The square root; NaN below 0.
        fn sqrt();
        /// 1 divided by the square root.
        fn rsqrt();
        /// 1 divided by each element.
        fn reciprocal();
        /// The square.
        fn square();
        /// To a constant power.
        fn powf(exponent: f64);
        /// The magnitude.
        fn abs();
        /// 1 above 0, -1 below, 0 at 0.
        fn sign();
        /// The greatest whole numbers that are not above the elements.
        fn floor();
        /// The least whole numbers that are not below the elements.
        fn ceil();
        /// The nearest whole numbers, of two the even one.
        fn round();
        /// The integer parts, towards 0.
        fn trunc();
        /// The sine of angles in radians.
        fn sin();
        /// The cosine of angles in radians.
        fn cos();
        /// The tangent of angles in radians.
        fn tan();
        /// The hyperbolic sine.
        fn sinh();
        /// The hyperbolic cosine.
        fn cosh();
        /// The hyperbolic tangent.
        fn tanh();
        /// The angle in radians whose tangent this is.
        fn atan();
        /// The angle in radians whose sine this is; NaN beyond -1 and 1.
        fn asin();
        /// The angle in radians whose cosine this is; NaN beyond -1 and 1.
        fn acos();
        /// The inverse hyperbolic sine.
        fn asinh();
        /// The inverse hyperbolic cosine; NaN below 1.
        fn acosh();
        /// The inverse hyperbolic tangent; NaN beyond -1 and 1.
        fn atanh();
        /// The error function.
        fn erf();
        /// 1 less the error function, accurate where that is near 1.
        fn erfc();
        /// The number whose error function this is; NaN beyond -1 and 1.
        fn erf_inv();
        /// The logarithm of the magnitude of the gamma function.
        fn lgamma();
        /// The digamma function, the derivative of [`Tensor::lgamma`].
        fn digamma();
        /// The derivative of this order of the digamma function.
        fn polygamma(order: u32);
        /// The logistic function `1 / (1 + e^-x)`.
        fn sigmoid();
        /// The logarithm of the logistic function.
        fn log_sigmoid();
        /// `log(1 + e^x)`.
        fn softplus();
        /// `max(x, 0)`.
        fn relu();
        /// No less than `min` and no more than `max`, where they are given.
        fn clamp(min: impl Into<Option<f64>>, max: impl Into<Option<f64>>);
        /// Whether elements are NaN.
        fn is_nan();
        /// Whether elements are inf or -inf.
        fn is_inf();
        /// Whether elements are neither infinite nor NaN.
        fn is_finite();
        /// The opposite truth value.
        fn logical_not();
        /// `e^x / Σ e^x` along an axis.
        fn softmax(axis: isize);
        /// The logarithm of the softmax along an axis.
        fn log_softmax(axis: isize);

        /// The sum over axes, which are dropped; `()` for all.
        fn sum(axes: impl IntoAxes);
        /// The mean of floats over axes, which are dropped.
        fn mean(axes: impl IntoAxes);
        /// The greatest element over axes, which are dropped; NaN if any is NaN.
        fn max(axes: impl IntoAxes);
        /// The least element over axes, which are dropped; NaN if any is NaN.
        fn min(axes: impl IntoAxes);
        /// The product over axes, which are dropped.
        fn prod(axes: impl IntoAxes);
        /// `log Σ e^x` over axes, which are dropped.
        fn logsumexp(axes: impl IntoAxes);
        /// The variance of floats over axes, which are dropped: 0 as the correction for that of a
        /// population, 1 for an estimate from a sample.
        fn var(axes: impl IntoAxes, correction: usize);
        /// The standard deviation, the root of [`Tensor::var`].
        fn std(axes: impl IntoAxes, correction: usize);
        /// The p-norm over axes, which are dropped.
        fn norm(p: f64, axes: impl IntoAxes);
        /// As [`Tensor::sum`], with the axes kept at size 1.
        fn sum_keepdims(axes: impl IntoAxes);
        /// As [`Tensor::mean`], with the axes kept at size 1.
        fn mean_keepdims(axes: impl IntoAxes);
        /// As [`Tensor::max`], with the axes kept at size 1.
        fn max_keepdims(axes: impl IntoAxes);
        /// As [`Tensor::min`], with the axes kept at size 1.
        fn min_keepdims(axes: impl IntoAxes);
        /// Whether one of the truth values over axes, which are dropped, holds.
        fn any(axes: impl IntoAxes);
        /// Whether all truth values over axes, which are dropped, hold.
        fn all(axes: impl IntoAxes);
        /// How many elements over axes, which are dropped, are not 0, as i64.
        fn count_nonzero(axes: impl IntoAxes);
        /// The place of the greatest element along an axis as i64, the first of several.
        fn argmax(axis: isize);
        /// The place of the least element along an axis as i64, the first of several.
        fn argmin(axis: isize);
        /// The sum of each element and all before it along an axis.
        fn cumsum(axis: isize);
        /// The product of each element and all before it along an axis.
        fn cumprod(axis: isize);
        /// `log Σ e^x` of each element and all before it along an axis.
        fn logcumsumexp(axis: isize);
        /// The number below which a share `q` of the elements along an axis lies, which is dropped.
        fn quantile(axis: isize, q: f64);
        /// The element in the middle of those along an axis, which is dropped.
        fn median(axis: isize);

        /// The elements along an axis in order, the least first, NaN last.
        fn sort(axis: isize);
        /// The elements along an axis in order, the greatest first.
        fn sort_descending(axis: isize);
        /// The places of the elements along an axis in order, the least first, as i64.
        fn argsort(axis: isize);
        /// The places of the elements along an axis in order, the greatest first, as i64.
        fn argsort_descending(axis: isize);
        /// The elements along an axis from the last to the first.
        fn flip(axis: isize);
        /// The elements along an axis moved this far towards its end, those beyond it to its beginning.
        fn roll(axis: isize, shift: isize);
        /// This repeated as a whole so many times along each axis.
        fn tile(counts: &[usize]);
        /// Each element along an axis this many times, one after another.
        fn repeat_interleave(axis: isize, count: usize);
        /// With this many zeros before and after the elements of an axis.
        fn pad(axis: isize, before: usize, after: usize);
        /// The elements on and below a diagonal of the last two axes, zeros above it.
        fn tril(diagonal: isize);
        /// The elements on and above a diagonal of the last two axes, zeros below it.
        fn triu(diagonal: isize);
        /// A new last axis with a 1 at the place of each label.
        fn one_hot(classes: usize, dtype: DType);
    }

    methods! {
        beside
        /// This to a power.
        pow;
        /// The angle in radians of the point at this height and that distance to the right.
        atan2;
        /// `√(x² + y²)`, which overflows only with its result.
        hypot;
        /// `x log y`, which is 0 where this is 0.
        xlogy;
        /// `log(e^x + e^y)`, which does not overflow.
        logaddexp;
        /// The greater of two numbers, NaN if either is.
        maximum;
        /// The smaller of two numbers, NaN if either is.
        minimum;
        /// Whether this is below the other.
        less;
        /// Whether this is at most the other.
        less_equal;
        /// Whether this is above the other.
        greater;
        /// Whether this is at least the other.
        greater_equal;
        /// Whether both are the same, element by element; [`Tensor::equals`] compares whole tensors.
        equal;
        /// Whether the two differ; true when either is NaN.
        not_equal;
    }

    /// `yes` where this mask holds, else `no`; all three broadcast: NumPy's `where`. One of the two at least
    /// is a tensor, which gives the element type.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([1.0, f64::NAN]);
    /// assert_eq!(x.equal(&x)?.select(&x, 0)?.to_f64_vec(), [1.0, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    #[doc(alias = "where")]
    pub fn select<'y>(
        &self,
        yes: impl Into<TensorOperand<'y>>,
        no: impl Into<TensorOperand<'y>>,
    ) -> Result<Tensor> {
        use Beside::{Number, Tensor};
        match (yes.into().0, no.into().0) {
            (Tensor(yes), Tensor(no)) => compute(&[self, yes, no], |x| x[0].select(x[1], x[2])),
            (Tensor(yes), Number(no)) => compute(&[self, yes], |x| x[0].select(x[1], no)),
            (Number(yes), Tensor(no)) => compute(&[self, no], |x| x[0].select(yes, x[1])),
            (Number(yes), Number(no)) => compute(&[self], |x| x[0].select(yes, no)),
        }
    }

    /// Whether both truth values hold.
    #[track_caller]
    pub fn logical_and(&self, y: &Tensor) -> Result<Tensor> {
        compute(&[self, y], |x| x[0].logical_and(x[1]))
    }

    /// Whether one of two truth values holds, or both.
    #[track_caller]
    pub fn logical_or(&self, y: &Tensor) -> Result<Tensor> {
        compute(&[self, y], |x| x[0].logical_or(x[1]))
    }

    /// Whether one of two truth values holds, and not the other.
    #[track_caller]
    pub fn logical_xor(&self, y: &Tensor) -> Result<Tensor> {
        compute(&[self, y], |x| x[0].logical_xor(x[1]))
    }

    /// The matrix product over the last two axes. As in NumPy, batch axes broadcast and a vector stands for
    /// one row on the left, one column on the right.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.matmul(&Tensor::from([1.0, 1.0]))?.to_f64_vec(), [3.0, 7.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(&self, y: &Tensor) -> Result<Tensor> {
        compute(&[self, y], |x| x[0].matmul(x[1]))
    }

    /// One element along an axis for each element of an index, which is i64.
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Tensor) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].gather(axis, x[1]))
    }

    /// The slices at the places of an axis that an index, which is i64, names.
    #[track_caller]
    pub fn index_select(&self, axis: isize, index: &Tensor) -> Result<Tensor> {
        compute(&[self, index], |x| x[0].index_select(axis, x[1]))
    }

    /// The `k` greatest elements along an axis, the greatest first, and their places as i64.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let (values, places) = Tensor::from([1.0f32, 5.0, 3.0]).top_k(0, 2)?;
    /// assert_eq!((values.to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![5.0, 3.0], vec![1, 2]));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn top_k(&self, axis: isize, k: usize) -> Result<(Tensor, Tensor)> {
        let places = compute(&[self], |x| x[0].top_k(axis, k).1)?;
        Ok((self.gather(axis, &places)?, places))
    }

    /// For each of these values, how many elements of this sorted row are less; where this has a row for each
    /// row of the values, of that one.
    #[track_caller]
    pub fn searchsorted(&self, values: &Tensor) -> Result<Tensor> {
        compute(&[self, values], |x| x[0].searchsorted(x[1]))
    }

    /// As [`Tensor::searchsorted`], counting equal elements too.
    #[track_caller]
    pub fn searchsorted_right(&self, values: &Tensor) -> Result<Tensor> {
        compute(&[self, values], |x| x[0].searchsorted_right(x[1]))
    }

    /// The different elements in order, and how often each is there, as i64. NaN is one of them, the last.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let labels = Tensor::from([[3i64, 1], [3, 3]]);
    /// let (values, counts) = labels.unique()?;
    /// assert_eq!((values.to_vec::<i64>()?, counts.to_vec::<i64>()?), (vec![1, 3], vec![1, 3]));
    /// // Which of them each label is.
    /// assert_eq!(values.searchsorted(&labels)?.to_vec::<i64>()?, [1, 0, 1, 1]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias("value_counts", "bincount"))]
    #[track_caller]
    pub fn unique(&self) -> Result<(Tensor, Tensor)> {
        let sorted = compute(&[self], |x| x[0].flatten(0).sort(0))?;
        let size = sorted.elements();
        let mut starts: Vec<i64> = if size == 0 { vec![] } else { vec![0] };
        if size > 1 {
            let changes = compute(&[&sorted], |x| {
                let (before, after) = (x[0].slice(0, ..size - 1), x[0].slice(0, 1..));
                let both = before.is_nan().logical_and(after.is_nan());
                before.equal(after).logical_or(both).logical_not()
            })?;
            let changes = changes.to_vec::<bool>()?;
            starts.extend((1..).zip(changes).filter_map(|(place, new)| new.then_some(place)));
        }
        let ends = starts.iter().skip(1).copied().chain([size as i64]);
        let counts = starts.iter().zip(ends).map(|(start, end)| end - start).collect::<Vec<_>>();
        let places = Tensor::from_vec(starts, [counts.len()])?;
        let shape = [counts.len()];
        Ok((sorted.index_select(0, &places)?, Tensor::from_vec(counts, shape)?))
    }

    /// The greatest of each element and all before it along an axis, and the place of that one as i64.
    #[track_caller]
    pub fn cummax(&self, axis: isize) -> Result<(Tensor, Tensor)> {
        let places = compute(&[self], |x| x[0].cummax(axis).1)?;
        Ok((self.gather(axis, &places)?, places))
    }

    /// The least of each element and all before it along an axis, and the place of that one as i64.
    #[track_caller]
    pub fn cummin(&self, axis: isize) -> Result<(Tensor, Tensor)> {
        let places = compute(&[self], |x| x[0].cummin(axis).1)?;
        Ok((self.gather(axis, &places)?, places))
    }
}
