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
    for shape in [vec![usize::MAX, 2], vec![usize::MAX; 7], vec![1 << 59], vec![2, usize::MAX, 0]] {
        let x = Tensor::ones(&shape, DType::F64);
        assert_eq!(x.shape()[..], shape);
        let cut = x.slice(0, 1..2).unwrap().slice(if x.rank() > 1 { 1 } else { 0 }, ..1).unwrap();
        assert_eq!(cut.rank(), x.rank());
        assert!(x.to_vec::<f64>().is_err());
        let _ = (x.contiguous(), x.cast(DType::I64), x.to_string(), x.item(), x.as_slice::<f64>());
        let error = Tensor::normal(shape, 0.0, 1.0, DType::F32, &mut Rng::new(1)).unwrap_err();
        assert!(
            error.message().contains("too many elements") || error.message().contains("no memory")
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
        Tensor::arange(0.0, 9007199254740991.0, 4503599627370496.0, DType::I64).unwrap().elements(),
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
    assert_eq!(linspace(-1.0, 1.0, 4, DType::I64).unwrap().to_f64_vec(), [-1.0, -1.0, 0.0, 1.0]);
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
        draw(&[63], DType::F32).to_f64_vec().iter().zip(&many).all(|(a, b)| (a - b).abs() < 1e-6)
    );
    let mut rng = Rng::new(11);
    let mut next = || Tensor::normal([5], 0.0, 1.0, DType::F32, &mut rng).unwrap();
    assert!(!next().equals(&next()));
}

#[test]
fn uniform_stays_below_its_upper_bound() {
    let draw =
        |low, high, dtype| Tensor::uniform([20_000], low, high, dtype, &mut Rng::new(2)).unwrap();
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
    fails(uniform(1.0, 0.0, DType::F32), &format!("uniform random numbers from 1 to 0: {bounds}"));
    fails(
        uniform(0.0, f64::INFINITY, DType::F32),
        &format!("uniform random numbers from 0 to inf: {bounds}"),
    );
    assert!(uniform(-1.7e308, 1.7e308, DType::F64).is_err());
    fails(
        uniform(0.0, 1.0, DType::I64),
        "uniform random numbers from 0 to 1 in i64: only floating-point types hold them",
    );
    for (mean, std) in [(f64::NAN, 1.0), (0.0, -1.0), (0.0, f64::INFINITY)] {
        assert!(Tensor::normal([2], mean, std, DType::F32, &mut rng).is_err());
    }
}
