//! Tensors made from a rule: constants, ranges, the identity, random numbers.

use super::philox::{four_at, normal_f64, uniform_at, unit_f32, unit_f64};
use super::storage::Storage;
use super::tensor::allocate;
use super::{DType, Element, Error, Kind, Result, Rng, Shape, Tensor};

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
        match dtype {
            DType::F32 => repeat(shape, value as f32),
            DType::F64 => repeat(shape, value),
            DType::I64 => repeat(shape, i64::from_f64(value)),
            DType::Bool => repeat(shape, bool::from_f64(value)),
        }
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
        match dtype {
            DType::F32 => diagonal::<f32>(n),
            DType::F64 => diagonal::<f64>(n),
            DType::I64 => diagonal::<i64>(n),
            DType::Bool => diagonal::<bool>(n),
        }
    }

    /// Independent uniform random numbers of `[low, high)`, f32 or f64; all `low` where both are equal.
    ///
    /// One key is drawn from `rng`; element `i` (row-major) is made from the bits of
    /// [`uniform_at`]`(key, 0, i)`, so it depends on the seed and its position only, and f32 and f64
    /// give the same numbers but for their precision. Fails for other types and for bounds that are
    /// not finite or in the wrong order.
    ///
    /// ```
    /// use gradtape::{DType, Rng, Tensor};
    /// let x = Tensor::uniform([2, 3], -1.0, 1.0, DType::F32, &mut Rng::new(7))?;
    /// assert!(x.to_vec::<f32>()?.iter().all(|x| (-1.0..1.0).contains(x)));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
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
        let (low_f32, below_f32) = (low as f32, (high as f32).next_down().max(low as f32));
        let below = high.next_down().max(low);
        random(
            shape.into(),
            dtype,
            what,
            key,
            |bits| {
                let value = (low + span * f64::from(unit_f32(bits))) as f32;
                value.clamp(low_f32, below_f32)
            },
            |bits| (low + span * unit_f64(bits)).min(below),
        )
    }

    /// Independent normal random numbers of the given mean and standard deviation, f32 or f64.
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
    // The probe is given back at once: `vec!` below gets zeroed pages without writing them.
    match allocate::<T>(&shape) {
        Ok(probe) => {
            drop(probe);
            Tensor::from_storage(T::wrap(vec![value; shape.elements()]), shape)
        }
        Err(_) => {
            let strides = shape.iter().map(|_| 0).collect();
            Tensor { shape, strides, ..Tensor::scalar(value) }
        }
    }
}

fn generate(count: usize, dtype: DType, value: impl Fn(usize) -> f64) -> Result<Tensor> {
    fn collect<T: Element>(count: usize, value: impl Fn(usize) -> f64) -> Result<Tensor> {
        let shape = Shape::from([count]);
        let mut data: Vec<T> = allocate(&shape)?;
        data.extend((0..count).map(|i| T::from_f64(value(i))));
        Ok(Tensor::from_storage(T::wrap(data), shape))
    }
    match dtype {
        DType::F32 => collect::<f32>(count, value),
        DType::F64 => collect::<f64>(count, value),
        DType::I64 => collect::<i64>(count, value),
        DType::Bool => Err(Error::new(Kind::Value, "bool holds no such numbers")),
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
    fn collect<T>(shape: &Shape, key: u64, value: impl Fn(u64) -> T) -> Result<Vec<T>> {
        let mut data = allocate(shape)?;
        let elements = shape.elements() as u64;
        for block in 0..elements / 4 {
            data.extend(four_at(key, 0, block).map(&value));
        }
        data.extend((elements / 4 * 4..elements).map(|i| value(uniform_at(key, 0, i))));
        Ok(data)
    }
    let storage = match dtype {
        DType::F32 => Storage::F32(collect(&shape, key, f32)?),
        DType::F64 => Storage::F64(collect(&shape, key, f64)?),
        _ => {
            let message = format!("{} in {dtype}: only f32 and f64 can hold them", what());
            return Err(Error::new(Kind::Value, message).hint("make f32 numbers and cast() them"));
        }
    };
    Ok(Tensor::from_storage(storage, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [DType; 4] = [DType::F32, DType::F64, DType::I64, DType::Bool];

    #[track_caller]
    fn fails(result: Result<Tensor>, expected: &str) {
        assert_eq!(result.unwrap_err().message(), expected);
    }

    #[test]
    fn full_has_the_shape_type_and_value_asked_for() {
        for dtype in TYPES {
            for rank in 0..=7 {
                let x = Tensor::full(vec![2; rank], 1.0, dtype);
                assert_eq!((x.dtype(), x.rank(), x.is_contiguous()), (dtype, rank, true));
                assert_eq!(x.to_f64_vec(), vec![1.0; 1 << rank]);
            }
            assert!(Tensor::zeros([3, 0], dtype).to_f64_vec().is_empty());
        }
        assert_eq!(Tensor::full([2], -2.7, DType::I64).to_f64_vec(), [-2.0, -2.0]);
    }

    #[test]
    fn absurd_shapes_do_not_panic() {
        for shape in
            [vec![usize::MAX, 2], vec![usize::MAX; 7], vec![1 << 59], vec![2, usize::MAX, 0]]
        {
            let x = Tensor::ones(&shape, DType::F64);
            assert_eq!(x.shape()[..], shape);
            let cut = x.slice(0, 1, 2, 1).unwrap().slice(1.min(x.rank() - 1), 0, 1, 1).unwrap();
            assert_eq!(cut.rank(), x.rank());
            assert!(x.to_vec::<f64>().is_err());
            let _ =
                (x.contiguous(), x.cast(DType::I64), x.to_string(), x.item(), x.as_slice::<f64>());
            let error = Tensor::normal(shape, 0.0, 1.0, DType::F32, &mut Rng::new(1)).unwrap_err();
            assert!(
                error.message().contains("too many elements")
                    || error.message().contains("no memory")
            );
        }
    }

    #[test]
    fn ranges_count_as_numpys() {
        let arange =
            |start, stop, step| Tensor::arange(start, stop, step, DType::F64).unwrap().to_f64_vec();
        assert_eq!(arange(0.0, 3.0, 1.0), [0.0, 1.0, 2.0]);
        assert_eq!(arange(0.0, 1.0, 0.1).len(), 10);
        assert_eq!(arange(1.0, 1.3, 0.1).len(), 4);
        assert_eq!(arange(3.0, 0.0, -2.0), [3.0, 1.0]);
        assert!(arange(3.0, 0.0, 1.0).is_empty() && arange(2.0, 2.0, 1.0).is_empty());
        let whole = Tensor::arange(-3.0, 4.0, 3.0, DType::I64).unwrap();
        assert_eq!(whole.to_vec::<i64>().unwrap(), [-3, 0, 3]);
        assert_eq!(
            Tensor::arange(0.0, 9007199254740991.0, 4503599627370496.0, DType::I64)
                .unwrap()
                .elements(),
            2
        );
    }

    #[test]
    fn ranges_refuse_what_they_cannot_hold() {
        let arange = |start, stop, step, dtype| Tensor::arange(start, stop, step, dtype);
        let finite = "needs finite numbers and a step that is not 0";
        fails(
            arange(0.0, 1.0, 0.0, DType::F32),
            &format!("arange from 0 to 1 in steps of 0: {finite}"),
        );
        fails(
            arange(f64::NAN, 1.0, 1.0, DType::F32),
            &format!("arange from NaN to 1 in steps of 1: {finite}"),
        );
        fails(
            arange(0.0, 2.0, 0.5, DType::I64),
            "arange from 0 to 2 in steps of 0.5: i64 needs whole numbers of up to 2^53",
        );
        fails(
            arange(0.0, 2.0, 1.0, DType::Bool),
            "arange from 0 to 2 in steps of 1: bool holds no such numbers",
        );
        assert!(arange(0.0, 1e300, 1e-300, DType::F32).is_err());
        assert!(arange(0.0, 1e18, 1.0, DType::F32).is_err());
        assert!(arange(0.0, 1e18, 1e17, DType::I64).is_err());
    }

    #[test]
    fn linspace_ends_exactly_where_asked() {
        let linspace = |start, stop, count, dtype| Tensor::linspace(start, stop, count, dtype);
        for count in 2..50 {
            let values = linspace(-0.1, 0.7, count, DType::F64).unwrap().to_f64_vec();
            assert_eq!((values.len(), values[0], values[count - 1]), (count, -0.1, 0.7));
            assert!(values.is_sorted_by(|a, b| a < b));
        }
        assert_eq!(linspace(3.0, 4.0, 1, DType::F32).unwrap().to_f64_vec(), [3.0]);
        assert_eq!(linspace(3.0, 4.0, 0, DType::F32).unwrap().elements(), 0);
        assert_eq!(
            linspace(-1.0, 1.0, 4, DType::I64).unwrap().to_f64_vec(),
            [-1.0, -1.0, 0.0, 1.0]
        );
        fails(
            linspace(0.0, f64::INFINITY, 3, DType::F32),
            "linspace of 3 numbers from 0 to inf: needs finite numbers",
        );
        assert!(linspace(0.0, 1.0, usize::MAX, DType::F32).is_err());
        assert!(linspace(0.0, 1.0, 3, DType::Bool).is_err());
    }

    #[test]
    fn eye_is_one_on_the_diagonal() {
        for dtype in TYPES {
            let x = Tensor::eye(3, dtype).unwrap();
            assert_eq!(x.to_f64_vec(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
            assert_eq!(x.dtype(), dtype);
            assert_eq!(Tensor::eye(0, dtype).unwrap().shape().to_string(), "[0, 0]");
        }
        assert!(Tensor::eye(usize::MAX, DType::F32).is_err());
    }

    #[test]
    fn random_elements_depend_on_seed_and_position_only() {
        let draw = |shape: &[usize], dtype| {
            Tensor::uniform(shape, -2.0, 3.0, dtype, &mut Rng::new(11)).unwrap()
        };
        let (few, many) =
            (draw(&[10], DType::F64).to_f64_vec(), draw(&[7, 9], DType::F64).to_f64_vec());
        assert_eq!(few, many[..10]);
        let key = Rng::new(11).next_u64();
        assert!((0..).zip(&many).all(|(i, &x)| x == -2.0 + 5.0 * unit_f64(uniform_at(key, 0, i))));
        assert!(
            draw(&[63], DType::F32)
                .to_f64_vec()
                .iter()
                .zip(&many)
                .all(|(a, b)| (a - b).abs() < 1e-6)
        );
        let mut rng = Rng::new(11);
        let mut next = || Tensor::normal([5], 0.0, 1.0, DType::F32, &mut rng).unwrap();
        assert!(!next().equals(&next()));
    }

    #[test]
    fn uniform_stays_below_its_upper_bound() {
        let draw = |low, high, dtype| {
            Tensor::uniform([20_000], low, high, dtype, &mut Rng::new(2)).unwrap()
        };
        // So narrow that rounding to f32 meets the bounds all the time.
        let high = 1.0 + 3.0 * f64::from(f32::EPSILON);
        let values = draw(1.0, high, DType::F32).to_f64_vec();
        assert!(values.iter().all(|x| (1.0..high).contains(x)));
        assert!(draw(0.5, 0.5, DType::F32).to_f64_vec().iter().all(|&x| x == 0.5));
        assert!(draw(0.1, 0.1, DType::F64).to_f64_vec().iter().all(|&x| x == 0.1));
        let mean = draw(-1.0, 2.0, DType::F64).to_f64_vec().iter().sum::<f64>() / 20_000.0;
        // The standard deviation of the mean is 0.006.
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }

    #[test]
    fn random_numbers_refuse_bad_bounds_and_types() {
        let mut rng = Rng::new(1);
        let mut uniform = |low, high, dtype| Tensor::uniform([2], low, high, dtype, &mut rng);
        let bounds = "needs finite bounds, the lower one first";
        fails(
            uniform(1.0, 0.0, DType::F32),
            &format!("uniform random numbers from 1 to 0: {bounds}"),
        );
        fails(
            uniform(0.0, f64::INFINITY, DType::F32),
            &format!("uniform random numbers from 0 to inf: {bounds}"),
        );
        assert!(uniform(-1.7e308, 1.7e308, DType::F64).is_err());
        fails(
            uniform(0.0, 1.0, DType::I64),
            "uniform random numbers from 0 to 1 in i64: only f32 and f64 can hold them",
        );
        for (mean, std) in [(f64::NAN, 1.0), (0.0, -1.0), (0.0, f64::INFINITY)] {
            assert!(Tensor::normal([2], mean, std, DType::F32, &mut rng).is_err());
        }
    }
}
