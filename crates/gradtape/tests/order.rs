//! Sorting, parts of axes, and triangles: values, gradients of both orders, every mode, and what must be an
//! error.

use crate::modes_agree::value;
use gradtape::{
    DType, Result, Rng, Tape, Tensor, Var, check_gradients, compile, gradient, hessian,
};

/// The text of the error that a function of an f32 matrix of 2 rows and 3 columns gives.
fn error(f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> String {
    let tape = Tape::new();
    f(tape.watch(Tensor::zeros([2, 3], DType::F32))).value().unwrap_err().to_string()
}

#[test]
fn sorting_is_stable_and_puts_nan_last() {
    let nan = f64::NAN;
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::from([2.0, nan, -1.0, 0.0, 2.0, -0.0, nan, f64::INFINITY]).cast(dtype);
        let places = |f: fn(Var<'_>) -> Var<'_>| {
            let tape = Tape::new();
            f(tape.watch(x.clone())).value().unwrap().to_vec::<i64>().unwrap()
        };
        assert_eq!(places(|x| x.argsort(0)), [2, 3, 5, 0, 4, 7, 1, 6]);
        assert_eq!(places(|x| x.argsort_descending(-1)), [1, 6, 7, 0, 4, 3, 5, 2]);
        assert_eq!(places(|x| x.top_k(0, 4).1), [1, 6, 7, 0]);
    }
    let labels = Tensor::from([3i64, i64::MIN, 3, i64::MAX]);
    assert_eq!(value(&labels, |x| x.argsort(0)).to_vec::<i64>().unwrap(), [1, 0, 2, 3]);
    let sorted = value(&labels, |x| x.sort_descending(0)).to_vec::<i64>().unwrap();
    assert_eq!(sorted, [i64::MAX, 3, 3, i64::MIN]);
    let mask = Tensor::from([true, false, true]);
    assert_eq!(value(&mask, |x| x.sort(0)).to_vec::<bool>().unwrap(), [false, true, true]);
    assert_eq!(value(&mask, |x| x.argsort_descending(0)).to_vec::<i64>().unwrap(), [0, 2, 1]);
}

#[test]
fn every_axis_is_sorted_as_its_rows_are() -> Result<()> {
    let x = Tensor::normal([3, 4, 5], 0.0, 1.0, DType::F64, &mut Rng::new(2))?;
    for axis in 0..3 {
        let sorted = value(&x, |x| x.sort(axis));
        let best = value(&x, |x| x.top_k(axis, 2).0);
        let moved = |t: &Tensor| {
            let mut order = vec![0, 1, 2];
            order.swap(axis as usize, 2);
            let size = t.shape()[axis as usize];
            t.transpose(&order)?.reshape([60 / x.shape()[axis as usize], size])
        };
        let (rows, sorted, best) = (moved(&x)?, moved(&sorted)?, moved(&best)?);
        for row in 0..rows.shape()[0] {
            let mut want = rows.index(0, row)?.to_f64_vec();
            want.sort_by(f64::total_cmp);
            assert_eq!(sorted.index(0, row)?.to_f64_vec(), want);
            want.reverse();
            assert_eq!(best.index(0, row)?.to_f64_vec(), want[..2]);
        }
    }
    Ok(())
}

#[test]
fn derivatives_go_back_to_where_elements_came_from() -> Result<()> {
    let x = Tensor::from([[0.3, -1.2, 0.8, 2.1], [-0.4, 1.5, 0.1, -2.0]]);
    let functions: [fn(Var<'_>) -> Var<'_>; 7] = [
        |x| x.sort(1).cumsum(1).exp(),
        |x| x.sort_descending(0).square() * x,
        |x| x.top_k(1, 2).0.prod(1),
        |x| x.index(1, -1) * x.index(1, 0).exp(),
        |x| x.split(1, &[1, 3])[1].square() * x.split(1, &[1, 3])[0],
        |x| {
            let [a, b] = x.chunk(1);
            a * b.exp()
        },
        |x| x.t().matmul(x).tril(-1).exp() + x.t().matmul(x).triu(1).square(),
    ];
    for f in functions {
        check_gradients(|x| f(x[0]), std::slice::from_ref(&x))?.within(1e-7)?;
    }
    // A tie: each element has its own place, and g goes to it.
    let tape = Tape::new();
    let x = tape.watch([1.0, 1.0, 0.0]);
    let weighted = x.sort(0).square() * tape.constant([1.0, 10.0, 100.0]);
    let [dx] = gradient(weighted.sum(()), [x]);
    assert_eq!(dx.value()?.to_f64_vec(), [20.0, 200.0, 0.0]);
    let second = hessian(weighted.sum(()), x).value()?.to_f64_vec();
    assert_eq!(second, [20.0, 0.0, 0.0, 0.0, 200.0, 0.0, 0.0, 0.0, 2.0]);
    Ok(())
}

#[test]
fn compiled_steps_sort_anew_at_every_call() -> Result<()> {
    let mut best = compile(|_, x| {
        let (values, places) = x[0].top_k(-1, 2);
        Ok(vec![values, places])
    });
    for seed in 0..3 {
        let x = Tensor::normal([4, 50], 0.0, 1.0, DType::F32, &mut Rng::new(seed))?;
        let got = best.call(std::slice::from_ref(&x))?;
        for row in 0..4 {
            let mut want = x.index(0, row)?.to_f64_vec();
            for k in 0..2 {
                let place = got[1].index(0, row)?.get(&[k])? as usize;
                assert_eq!(want[place], got[0].index(0, row)?.get(&[k])?);
                assert!(want.iter().all(|&other| other <= want[place]));
                want[place] = f64::NEG_INFINITY;
            }
        }
    }
    Ok(())
}

#[test]
fn places_and_ranges_count_from_both_ends() {
    let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let numbers = |f: fn(Var<'_>) -> Var<'_>| value(&x, f).to_f64_vec();
    assert_eq!(numbers(|x| x.index(0, 1)), [4.0, 5.0, 6.0]);
    assert_eq!(numbers(|x| x.index(-1, -3)), [1.0, 4.0]);
    assert_eq!(numbers(|x| x.index(1, 1usize)), [2.0, 5.0]);
    assert_eq!(numbers(|x| x.slice(1, -2..)), [2.0, 3.0, 5.0, 6.0]);
    assert_eq!(numbers(|x| x.slice(-1, ..-2)), [1.0, 4.0]);
    assert_eq!(numbers(|x| x.slice(0, ..)), numbers(|x| x));
    assert_eq!(numbers(|x| x.split(1, &[2, 1])[1]), [3.0, 6.0]);
    assert_eq!(numbers(|x| x.chunk::<3>(-1)[1]), [2.0, 5.0]);
    assert_eq!(numbers(|x| x.chunk::<1>(0)[0]), numbers(|x| x));
}

#[test]
fn triangles_are_those_of_every_diagonal_and_type() -> Result<()> {
    let numbers: Vec<f64> = (1..=24).map(f64::from).collect();
    let x = Tensor::from_vec(numbers, [2, 3, 4])?;
    for dtype in [DType::F32, DType::F64, DType::I64, DType::Bool] {
        let x = x.cast(dtype);
        for diagonal in [isize::MIN, -3, -1, 0, 1, 2, 4, isize::MAX] {
            let kept = |keep: fn(isize, isize) -> bool| -> Vec<f64> {
                let numbers = x.to_f64_vec().into_iter().enumerate();
                let place =
                    |i: usize| (((i / 4 % 3) as isize).saturating_add(diagonal), (i % 4) as isize);
                let kept = numbers.map(|(i, number)| {
                    let (row, column) = place(i);
                    if keep(column, row) { number } else { 0.0 }
                });
                kept.collect()
            };
            let (lower, upper) = (value(&x, |x| x.tril(diagonal)), value(&x, |x| x.triu(diagonal)));
            assert_eq!(lower.to_f64_vec(), kept(|column, row| column <= row), "{dtype} {diagonal}");
            assert_eq!(upper.to_f64_vec(), kept(|column, row| column >= row), "{dtype} {diagonal}");
            assert_eq!((lower.dtype(), upper.shape()), (dtype, x.shape()));
        }
    }
    // What is dropped may be anything.
    let x = Tensor::from([[1.0, f64::NAN], [2.0, 3.0]]);
    let tape = Tape::new();
    let var = tape.watch(x);
    let [slope] = gradient(var.tril(0).sum(()), [var]);
    assert_eq!(var.tril(0).sum(()).item()?, 6.0);
    assert_eq!(slope.value()?.to_f64_vec(), [1.0, 0.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn nothing_is_sorted_and_cut_without_complaint() {
    let empty = Tensor::zeros([2, 0], DType::F32);
    let functions: [fn(Var<'_>) -> Var<'_>; 4] =
        [|x| x.sort(1), |x| x.sort(0), |x| x.top_k(1, 0).0, |x| x.tril(0)];
    for f in functions {
        assert_eq!(f(Tape::new().watch(empty.clone())).value().unwrap().shape()[..], [2, 0]);
    }
    let x = Tensor::from([1.0, 2.0]);
    assert_eq!(value(&x, |x| x.top_k(0, 0).0).elements(), 0);
    assert_eq!(value(&x, |x| x.split(0, &[0, 2])[0]).elements(), 0);
    assert_eq!(value(&empty, |x| x.chunk::<2>(1)[1]).shape()[..], [2, 0]);
}

#[test]
fn what_does_not_fit_an_axis_is_an_error_with_a_way_out() {
    let has = |text: String, words: &[&str]| {
        for word in words.iter().chain(&["order.rs"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    let axes = "axes go from 0 to 1, or from -1 back to -2";
    has(error(|x| x.sort(2)), &["sort of f32[2, 3]", "axis 2 is out of range", axes]);
    has(error(|x| x.argsort_descending(-3)), &["argsort_descending", "axis -3", axes]);
    has(error(|x| x.top_k(1, 4).0), &["top_k", "axis 1 has 3 elements, not 4", "k goes up to 3"]);
    has(error(|x| x.top_k(1, 4).1), &["top_k", "axis 1 has 3 elements, not 4"]);
    has(error(|x| x.sum(()).sort(0)), &["sort of f32[]", "a scalar has no axes"]);
    has(error(|x| x.index(1, 3)), &["index", "place 3", "axis 1", "from 0 to 2, or from -1"]);
    has(error(|x| x.index(1, -4)), &["index", "place -4"]);
    has(error(|x| x.index(2, 0)), &["index", "axis 2", axes]);
    has(error(|x| x.slice(0, -3..)), &["slice", "place -3 is before the first", "back to -2"]);
    let (last, before) = (-1, -2);
    has(error(|x| x.slice(1, last..before)), &["slice", "2..1"]);
    has(error(|x| x.split(1, &[1, 1])[1]), &["split", "[1, 1] add up to 2", "axis 1"]);
    has(error(|x| x.chunk::<2>(1)[0]), &["chunk", "size 3, which is not 2 equal parts", "split()"]);
    has(error(|x| x.chunk::<2>(5)[0]), &["chunk", "axis 5", axes]);
    has(error(|x| x.index(0, 0).tril(0)), &["tril of f32[3]", "rows and columns", "unsqueeze"]);
    has(error(|x| x.sum(()).triu(0)), &["triu of f32[]"]);
}
