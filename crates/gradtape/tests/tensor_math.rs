//! Arithmetic on tensors: what a tape computes, at once, and errors at the user's line.

use gradtape::{DType, Error, Result, Rng, Tape, Tensor, Var};

fn random(shape: &[usize], dtype: DType, seed: u64) -> Tensor {
    Tensor::uniform(shape, 0.1, 2.0, dtype, &mut Rng::new(seed)).unwrap()
}

#[track_caller]
fn same(got: Result<Tensor>, want: Var<'_>) {
    let (got, want) = (got.unwrap(), want.value().unwrap());
    assert!(got.equals(&want), "{got} is not {want}");
}

/// Calls a method of a tensor and of its value on a tape.
macro_rules! check {
    ($x:ident: $($method:ident($($argument:expr),*))*) => {
        $(
            let tape = Tape::new();
            let var = tape.constant(&$x);
            same($x.$method($($argument),*), var.$method($($argument),*));
        )*
    };
}

#[test]
fn methods_are_those_of_a_value_on_a_tape() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        let x = random(&[3, 4], dtype, 1).transpose(&[1, 0])?;
        check! { x:
            exp() expm1() log() log1p() sqrt() square() powf(1.7) abs() sign() sin() cos() tan() sinh()
            cosh() tanh() atan() erf() sigmoid() softplus() relu() clamp(0.5, 1.0) clamp(None, 1.0)
            softmax(0) log_softmax(-1) sum(()) sum([0, 1]) sum(-1) mean(0) max(1) min(()) prod(0)
            logsumexp(1) var(0, 1) std(1, 0) norm(2.0, 0) norm(f64::INFINITY, ()) sum_keepdims(0)
            mean_keepdims(1) max_keepdims(()) min_keepdims(-1) argmax(0) argmin(1) cumsum(0) sort(0)
            sort_descending(1) argsort(0) argsort_descending(1) flip(0) pad(1, 1, 2) tril(0) triu(-1)
            exp2() log2() log10() rsqrt() reciprocal() floor() ceil() round() trunc() asinh() erfc()
            lgamma() digamma() polygamma(2) log_sigmoid() is_nan() is_inf() is_finite()
            count_nonzero(0) cumprod(0) logcumsumexp(1) quantile(0, 0.3) median(1) roll(0, 1)
            tile(&[2, 1]) repeat_interleave(1, 2) atan2(0.5) hypot(2) xlogy(2) logaddexp(1)
            pow(2.5) maximum(1.0) minimum(1.0) less(1.0) less_equal(1.0) greater(1.0)
            greater_equal(1.0) equal(1.0) not_equal(1.0)
        }
        let (y, row) = (random(&[4, 3], dtype, 2), random(&[3], dtype, 3));
        let tape = Tape::new();
        let [a, b, r] = [&x, &y, &row].map(|t| tape.constant(t));
        same(x.pow(&y), a.pow(b));
        same(x.maximum(&row), a.maximum(r));
        same(row.less(&x), r.less(a));
        same(x.matmul(&row), a.matmul(r));
        same(x.matmul(&y.t()), a.matmul(tape.constant(y.t())));
        let mask = x.greater(&y)?;
        same(mask.select(&x, &row), a.greater(b).select(a, r));
        same(mask.select(&x, 2), a.greater(b).select(a, 2.0));
        same(mask.select(0.5, &row), a.greater(b).select(0.5, r));
        same(mask.logical_not(), a.less_equal(b));
        same(mask.any(0), a.greater(b).any(0));
        same(mask.all(1), a.greater(b).all(1));
        let other = x.less(1.0)?;
        same(mask.logical_and(&other), a.greater(b).logical_and(a.less(1.0)));
        same(mask.logical_or(&other), a.greater(b).logical_or(a.less(1.0)));
        same(mask.logical_xor(&other), a.greater(b).logical_xor(a.less(1.0)));
        let unit = (&x / 2.0)?;
        let half = tape.constant(&unit);
        same(unit.asin(), half.asin());
        same(unit.acos(), half.acos());
        same(unit.atanh(), half.atanh());
        same(unit.erf_inv(), half.erf_inv());
        same((&x + 1.0)?.acosh(), (a + 1.0).acosh());
        let sorted = row.sort(0)?;
        same(sorted.searchsorted(&x), tape.constant(&sorted).searchsorted(a));
        same(sorted.searchsorted_right(&x), tape.constant(&sorted).searchsorted_right(a));
        for (got, want) in [(x.cummax(0)?, a.cummax(0)), (x.cummin(1)?, a.cummin(1))] {
            same(Ok(got.0), want.0);
            same(Ok(got.1), want.1);
        }
        let index = Tensor::from([[2i64], [0], [1], [1]]);
        same(x.gather(1, &index), a.gather(1, tape.constant(&index)));
        let rows = Tensor::from([3i64, 3, 0]);
        same(x.index_select(0, &rows), a.index_select(0, tape.constant(&rows)));
        same(rows.one_hot(4, dtype), tape.constant(&rows).one_hot(4, dtype));
        let (values, places) = x.top_k(0, 2)?;
        same(Ok(values), a.top_k(0, 2).0);
        same(Ok(places), a.top_k(0, 2).1);
    }
    Ok(())
}

#[test]
fn operators_take_tensors_and_numbers_on_either_side() -> Result<()> {
    let (x, row) = (random(&[2, 3], DType::F32, 1), random(&[3], DType::F32, 2));
    let tape = Tape::new();
    let [a, r] = [&x, &row].map(|t| tape.constant(t));
    same(&x + &row, a + r);
    same(&row - x.clone(), r - a);
    same(x.clone() * &row, a * r);
    same(row.clone() / x.clone(), r / a);
    same(&x * 2, a * 2.0);
    same(x.clone() - 0.5, a - 0.5);
    same(1 - &x, 1.0 - a);
    let (n, half) = (3usize, 0.5f32);
    same(&x / n, a / 3.0);
    same((&x * half)?.exp(), (a * 0.5).exp());
    assert!((Tensor::from([1i64]) + i64::MAX).unwrap_err().to_string().contains("not exact"));
    same(2.5 / x.clone(), 2.5 / a);
    same(-&x, -a);
    same(-x.clone(), -a);
    same((1.0 - &x)?.tanh(), (1.0 - a).tanh());
    let average = ((&x * 0.9)? + (&row * 0.1)?)?;
    assert!(average.all_close(&(a * 0.9 + r * 0.1).value()?, 1e-6, 0.0));
    // Whole numbers stay whole.
    let n = Tensor::from([7i64, -7, i64::MAX]);
    assert_eq!((&n / 2)?.to_vec::<i64>()?, [3, -3, i64::MAX / 2]);
    assert_eq!((&n + 1)?.to_vec::<i64>()?, [8, -6, i64::MIN]);
    assert_eq!(n.max(())?.to_vec::<i64>()?, [i64::MAX]);
    Ok(())
}

/// Of views of any kind, of nothing, and where there is nothing to do.
#[test]
fn operands_may_lie_in_memory_as_they_like() -> Result<()> {
    let x = random(&[4, 6], DType::F64, 1);
    let views = [x.t(), x.slice_step(1, 0, 6, 2)?, x.index(0, 1)?.broadcast_to([5, 6])?];
    for view in views {
        assert!((&view + 1.0)?.equals(&(view.contiguous() + 1.0)?));
        assert!(view.sum(0)?.equals(&view.contiguous().sum(0)?));
    }
    let empty = Tensor::zeros([0, 3], DType::F32);
    assert_eq!((&empty + 1.0)?.shape()[..], [0, 3]);
    assert_eq!(empty.sum(0)?.to_f64_vec(), [0.0; 3]);
    let none: [isize; 0] = [];
    assert!(x.sum(none)?.equals(&x) && x.powf(1.0)?.equals(&x));
    // A result is memory of its own.
    let mut sum = (&x + 0.0)?;
    assert!(sum.as_slice_mut::<f64>().is_some());
    let there = std::thread::spawn(move || x.mean(()).and_then(|mean| mean.item())).join();
    assert!(there.unwrap()?.is_finite());
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_at_the_users_line() {
    let (x, y) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([4], DType::F32));
    let line = line!();
    let errors: [(Result<Tensor>, &[&str]); 13] = [
        (&x + &y, &["add: shapes [2, 3] and [4] do not broadcast", "axis -1 has sizes 3 and 4"]),
        (&x * x.cast(DType::F64), &["mul: element types differ: f32 and f64", "cast"]),
        (Tensor::from([1i64, 2]) * 0.5, &["constant: 0.5 is no i64", "cast"]),
        (Tensor::from([1i64]) / Tensor::from([0i64]), &["div: element 0 of the divisor is 0"]),
        (x.less(&y), &["less: shapes [2, 3] and [4]"]),
        (x.sum(2), &["sum of f32[2, 3]: axis 2 is out of range", "axes go from 0 to 1"]),
        (x.sum([0, 0]), &["axis 0 is named twice"]),
        (Tensor::from([1i64, 2]).mean(()), &["mean", "needs floating-point numbers"]),
        (x.matmul(&y), &["matmul", "inner sizes differ"]),
        (x.gather(0, &Tensor::from([[5i64]])), &["gather: the index at [0, 0] is 5"]),
        (x.select(&x, 0), &["select: the mask is f32"]),
        (x.equal(&x).unwrap().select(1, 2), &["two numbers do not tell the element type"]),
        (x.top_k(0, 3).map(|best| best.0), &["top_k", "axis 0 has 2 elements, not 3"]),
    ];
    for (number, (result, words)) in errors.into_iter().enumerate() {
        let error: Error = result.unwrap_err();
        let text = error.to_string();
        for word in words {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
        let at = error.location().unwrap();
        assert!(at.file().ends_with("tensor_math.rs"), "{text}");
        assert_eq!(at.line(), line + 2 + number as u32, "{text}");
        assert!(!text.contains("src/eval"), "{text}");
    }
    let endless = Tensor::zeros([1 << 50], DType::F32);
    assert!((&endless + 1.0).unwrap_err().to_string().contains("no memory for"));
}
