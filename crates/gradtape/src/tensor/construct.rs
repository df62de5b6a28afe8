//! Tensors made from a rule: constants, ranges, the identity, random numbers.

use super::philox::{four_at, normal_f64, uniform_at, unit_f32, unit_f64};
use super::tensor::allocate;
use super::{DType, Element, Error, Kind, Result, Rng, Shape, Tensor, with_float, with_type};

impl Tensor {
    /// Every element is `value`, converted as by [`Element::from_f64`].
    ///
    /// Elements lie in memory one after another, ready for [`Tensor::as_slice_mut`]. A shape of more
    /// elements than memory can hold gives a view of one element instead, of which parts can still
    /// be read; [`Tensor::to_vec`] tells that the whole cannot.
    ///
    /// ```
    /// use gradtape::{DType, Tensor};
    /// assert_eq!(Tensor::full([2, 2], 0.5, DType::F32).to_string(), "[[0.5 0.5]\n [0.5 0.5]]");
    /// assert!(Tensor::zeros([usize::MAX, 9], DType::F32).to_vec::<f32>().is_err());
    /// ```
    pub fn full(shape: impl Into<Shape>, value: f64, dtype: DType) -> Tensor {
        let shape = shape.into();
        with_type!(dtype, T => repeat(shape, T::from_f64(value)))
    }

    /// Zeros (or `false`); see [`Tensor::full`].
    pub fn zeros(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        Tensor::full(shape, 0.0, dtype)
    }

    /// Ones (or `true`); see [`Tensor::full`].
    pub fn ones(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        Tensor::full(shape, 1.0, dtype)
    }

    /// `start`, `start + step`, … before `stop`: `ceil((stop - start) / step)` elements, none where
    /// that is negative.
    ///
    /// As in NumPy, rounding can let a step that is no whole number reach `stop`; use
    /// [`Tensor::linspace`] there. Fails for a step of 0, for numbers that are not finite, for bool,
    /// and for i64 where `start` or `step` is no whole number.
    ///
    /// ```
    /// use gradtape::{DType, Tensor};
    /// assert_eq!(Tensor::arange(0.0, 5.0, 2.0, DType::I64)?.to_string(), "[0 2 4]");
    /// assert_eq!(Tensor::arange(1.0, 0.0, -0.25, DType::F32)?.to_string(), "[1.   0.75 0.5  0.25]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn arange(start: f64, stop: f64, step: f64, dtype: DType) -> Result<Tensor> {
        let what = || format!("arange from {start} to {stop} in steps of {step}");
        if step == 0.0 || ![start, stop, step].iter().all(|x| x.is_finite()) {
            let message = format!("{}: needs finite numbers and a step that is not 0", what());
            return Err(Error::new(Kind::Value, message));
        }
        let count = ((stop - start) / step).ceil().max(0.0) as usize;
        let at = |i: usize| start + i as f64 * step;
        if dtype != DType::I64 {
            return generate(count, dtype, at).map_err(|error| error.context(what()));
        }
        let whole = |x: f64| x.fract() == 0.0 && x.abs() < MAX_WHOLE;
        if !whole(start) || !whole(step) || stop.abs() >= MAX_WHOLE {
            let message = format!("{}: i64 needs whole numbers of up to 2^53", what());
            return Err(Error::new(Kind::Value, message).hint("use f64, or linspace()"));
        }
        generate(count, dtype, at).map_err(|error| error.context(what()))
    }

    /// `count` evenly spaced numbers from `start` to `stop`, both included; only `start` where
    /// `count` is 1.
    ///
    /// For i64 each is rounded down. Fails for numbers that are not finite and for bool.
    ///
    /// ```
    /// use gradtape::{DType, Tensor};
    /// assert_eq!(Tensor::linspace(0.0, 1.0, 5, DType::F32)?.to_string(), "[0.   0.25 0.5  0.75 1.  ]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn linspace(start: f64, stop: f64, count: usize, dtype: DType) -> Result<Tensor> {
        let what = || format!("linspace of {count} numbers from {start} to {stop}");
        let last = count.saturating_sub(1);
        let step = if last == 0 { 0.0 } else { (stop - start) / last as f64 };
        if !start.is_finite() || !stop.is_finite() || !step.is_finite() {
            let message = format!("{}: needs finite numbers", what());
            return Err(Error::new(Kind::Value, message));
        }
        let at = |i: usize| if i == last && i > 0 { stop } else { start + i as f64 * step };
        let made = match dtype {
            DType::I64 => generate(count, dtype, |i| at(i).floor()),
            _ => generate(count, dtype, at),
        };
        made.map_err(|error| error.context(what()))
    }

    /// The identity matrix: shape `[n, n]`, 1 (or `true`) on the diagonal and 0 elsewhere.
    ///
    /// ```
    /// use gradtape::{DType, Tensor};
    /// assert_eq!(Tensor::eye(2, DType::I64)?.to_string(), "[[1 0]\n [0 1]]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn eye(n: usize, dtype: DType) -> Result<Tensor> {
        fn diagonal<T: Element>(n: usize) -> Result<Tensor> {
            let shape = Shape::from([n, n]);
            let mut data: Vec<T> = allocate(&shape)?;
            data.resize(shape.elements(), T::default());
            data.iter_mut().step_by(n + 1).for_each(|x| *x = T::from_f64(1.0));
            Ok(Tensor::from_storage(T::wrap(data), shape))
        }
        with_type!(dtype, T => diagonal::<T>(n))
    }

    /// Independent uniform random numbers of `[low, high)`, of a floating-point type; all `low` where both are
    /// equal.
    ///
    /// One key is drawn from `rng`; element `i` (row-major) is made from the bits of
    /// [`uniform_at`]`(key, 0, i)`, so it depends on the seed and its position only, and all types
    /// give the same numbers but for their precision. Fails for other types and for bounds that are
    /// not finite or in the wrong order.
    ///
    /// ```
    /// use gradtape::{DType, Rng, Tensor};
    /// let x = Tensor::uniform([2, 3], -1.0, 1.0, DType::F32, &mut Rng::new(7))?;
    /// assert!(x.to_vec::<f32>()?.iter().all(|x| (-1.0..1.0).contains(x)));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "rand")]
    pub fn uniform(
        shape: impl Into<Shape>,
        low: f64,
        high: f64,
        dtype: DType,
        rng: &mut Rng,
    ) -> Result<Tensor> {
        let what = || format!("uniform random numbers from {low} to {high}");
        let span = high - low;
        if !low.is_finite() || !span.is_finite() || span < 0.0 {
            let message = format!("{}: needs finite bounds, the lower one first", what());
            return Err(Error::new(Kind::Value, message));
        }
        let key = rng.next_u64();
        // Rounding can reach the upper bound, which is not part of the range.
        let least = dtype.rounded(low);
        let below = dtype.below(high).max(least);
        random(
            shape.into(),
            dtype,
            what,
            key,
            |bits| {
                ((low + span * f64::from(unit_f32(bits))) as f32).clamp(least as f32, below as f32)
            },
            |bits| (low + span * unit_f64(bits)).min(below),
        )
    }

    /// Independent normal random numbers of the given mean and standard deviation, of a floating-point type.
    ///
    /// As in [`Tensor::uniform`] an element depends on the seed and its position only. Fails for
    /// other types, for numbers that are not finite and for a negative deviation.
    ///
    /// ```
    /// use gradtape::{DType, Rng, Tensor};
    /// let x = Tensor::normal([1000], 5.0, 0.1, DType::F64, &mut Rng::new(7))?;
    /// let mean = x.to_f64_vec().iter().sum::<f64>() / 1000.0;
    /// assert!((mean - 5.0).abs() < 0.02);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "randn")]
    pub fn normal(
        shape: impl Into<Shape>,
        mean: f64,
        std: f64,
        dtype: DType,
        rng: &mut Rng,
    ) -> Result<Tensor> {
        let what = || format!("normal random numbers of mean {mean} and standard deviation {std}");
        if !mean.is_finite() || !std.is_finite() || std < 0.0 {
            let message = format!("{}: needs finite numbers and a deviation of at least 0", what());
            return Err(Error::new(Kind::Value, message));
        }
        let key = rng.next_u64();
        let value = |bits| mean + std * normal_f64(bits);
        random(shape.into(), dtype, what, key, |bits| value(bits) as f32, value)
    }
}

/// From here on not every whole number is an f64.
const MAX_WHOLE: f64 = (1u64 << 53) as f64;

fn repeat<T: Element>(shape: Shape, value: T) -> Tensor {
    Tensor::repeated(shape.clone(), value).unwrap_or_else(|_| {
        let strides = shape.iter().map(|_| 0).collect();
        Tensor { shape, strides, ..Tensor::scalar(value) }
    })
}

fn generate(count: usize, dtype: DType, value: impl Fn(usize) -> f64) -> Result<Tensor> {
    fn collect<T: Element>(count: usize, value: impl Fn(usize) -> f64) -> Result<Tensor> {
        let shape = Shape::from([count]);
        let mut data: Vec<T> = allocate(&shape)?;
        data.extend((0..count).map(|i| T::from_f64(value(i))));
        Ok(Tensor::from_storage(T::wrap(data), shape))
    }
    match dtype {
        DType::Bool => Err(Error::new(Kind::Value, "bool holds no such numbers")),
        _ => with_type!(dtype, T => collect::<T>(count, value)),
    }
}

fn random(
    shape: Shape,
    dtype: DType,
    what: impl Fn() -> String,
    key: u64,
    f32: impl Fn(u64) -> f32,
    f64: impl Fn(u64) -> f64,
) -> Result<Tensor> {
    fn collect<T: Element>(shape: Shape, key: u64, value: impl Fn(u64) -> T) -> Result<Tensor> {
        let elements = shape.elements() as u64;
        Tensor::filled(shape, |data| {
            for block in 0..elements / 4 {
                data.extend(four_at(key, 0, block).map(&value));
            }
            data.extend((elements / 4 * 4..elements).map(|i| value(uniform_at(key, 0, i))));
        })
    }
    match dtype.computed() {
        DType::F64 => collect(shape, key, f64),
        DType::F32 => with_float!(dtype, T => {
            collect(shape, key, |bits| T::from_f64(f64::from(f32(bits))))
        }, else Ok(Tensor::scalar(0.0f32))),
        _ => {
            let message = format!("{} in {dtype}: only floating-point types hold them", what());
            Err(Error::new(Kind::Value, message).hint("make f32 numbers and cast() them"))
        }
    }
}

#[cfg(test)]
mod tests;
