//! Running products and maxima, quantiles, places in sorted rows, values put in the place of others, and axes
//! repeated and turned: values, gradients of both orders, batches, edges, and what must be an error.

use crate::modes_agree::value;
use gradtape::{
    DType, Generator, Result, Rng, Tape, Tensor, Var, check_gradients, compile, gradient, hessian,
    vmap,
};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
fn numbers(x: impl Into<Tensor>, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<f64> {
    f(Tape::new().watch(x.into())).value().unwrap().to_f64_vec()
}

fn whole(x: impl Into<Tensor>, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Vec<i64> {
    f(Tape::new().watch(x.into())).value().unwrap().to_vec().unwrap()
}

fn random(shape: &[usize], seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

type Function = for<'t> fn(Var<'t>) -> Var<'t>;

/// First and second derivatives by the rules are those by differences, and a batch gives what its rows give.
#[test]
fn derivatives_and_batches_are_right() -> Result<()> {
    fn index<'t>(x: Var<'t>, places: &[i64]) -> Var<'t> {
        x.tape().constant(places)
    }
    let functions: [(&str, Function); 21] = [
        ("cumprod", |x| x.cumprod(1) * x.cumprod(0)),
        ("logcumsumexp", |x| x.logcumsumexp(1) * x),
        ("cummax", |x| x.cummax(1).0.square() * x.cummin(0).0),
        ("quantile", |x| x.quantile(1, 0.3) * x.median(1).exp()),
        ("with_slice", |x| x.with_slice(1, 1..3, x.slice(1, ..2).square()).exp()),
        ("with_index", |x| x.with_index(0, -1, x.index(0, 0) * 2).square()),
        ("a number", |x| x.with_slice(1, ..-1, 3).square() * x),
        ("scatter", |x| {
            let places = index(x, &[2, 0, 2, 1, 1, 3]).reshape([3, 2]);
            x.scatter(1, places, x.slice(1, 1..3).exp()).square()
        }),
        ("scatter of rows", |x| {
            let places = index(x, &[2, 0, 2, 1]).reshape([1, 4]);
            x.scatter(0, places, x.slice(0, 1..2).exp()).square()
        }),
        ("index_copy", |x| x.index_copy(1, index(x, &[3, 1, 3]), x.slice(1, ..3).exp()) * x),
        ("index_put", |x| {
            let (i, j) = (index(x, &[2, 0, 2]), index(x, &[1, 3, 1]));
            x.index_put(&[i, j], x.index_get(&[j.slice(0, ..1), i]).exp()) * x
        }),
        ("index_put of slices", |x| {
            let i = index(x, &[2, 0]).unsqueeze(1);
            x.index_put(&[i], x.index_get(&[i]).flip(0).square()) * x
        }),
        ("scatter_max", |x| {
            let places = index(x, &[1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0]).reshape([3, 4]);
            x.scatter_max(1, places, [3, 2]).square() * x.scatter_min(1, places, [3, 2])
        }),
        ("index_max", |x| {
            let rows = index(x, &[1, 0, 1]);
            x.index_max(0, rows, 2).exp() * x.index_min(0, rows, 2)
        }),
        ("tile", |x| (x.tile(&[2, 1]) * x.tile(&[2, 1]).roll(0, 1)).exp()),
        ("new axes", |x| x.tile(&[2, 1, 3]).square().cumsum(0)),
        ("repeat_interleave", |x| x.repeat_interleave(1, 3).cumsum(1).square()),
        ("roll", |x| x.roll(1, -3) * x.exp()),
        ("move_axis", |x| x.move_axis(0, -1).matmul(x).square()),
        ("meshgrid", |x| {
            let [a, b] = x.tape().meshgrid([x.index(0, 0), x.index(1, 1)]);
            a * b.exp()
        }),
        ("logic", |x| x.greater(0.0).logical_xor(x.less(1.0)).select(x.square(), x)),
    ];
    let x = random(&[3, 4], 5);
    for (name, f) in functions {
        check_gradients(|x| f(x[0]), std::slice::from_ref(&x))?
            .within(1e-7)
            .map_err(|error| error.context(name))?;
        let tape = Tape::new();
        let all = tape.watch(random(&[5, 3, 4], 6));
        let batch = vmap(all, |x| f(x)).value()?;
        for i in 0..5 {
            let one = f(all.index(0, i)).value()?;
            assert!(batch.index(0, i)?.all_close(&one, 1e-14, 1e-14), "{name} of {i}");
        }
    }
    Ok(())
}

#[test]
fn running_products_have_derivatives_where_elements_are_0() -> Result<()> {
    let x = Tensor::from([2.0, 0.0, 3.0, 0.0, 5.0]);
    assert_eq!(value(&x, |x| x.cumprod(0)).to_f64_vec(), [2.0, 0.0, 0.0, 0.0, 0.0]);
    let tape = Tape::new();
    let v = tape.watch(x);
    // Each element of the Hessian of the last product is a product of three others.
    let second = hessian(v.cumprod(0).index(0, -1), v).value()?;
    for (i, j) in [(0, 1), (1, 3), (3, 1), (2, 4), (1, 1)] {
        let want = if i.min(j) == 1 && i.max(j) == 3 { 30.0 } else { 0.0 };
        assert_eq!(second.get(&[i, j])?, want, "{i} {j}");
    }
    let n = Tensor::from([[2i64, -3, 4], [1, 0, 7]]);
    assert_eq!(value(&n, |x| x.cumprod(1)).to_vec::<i64>()?, [2, -6, -24, 1, 0, 0]);
    assert_eq!(value(&n, |x| x.cumprod(0)).to_vec::<i64>()?, [2, -3, 4, 2, 0, 28]);
    for size in 0..10 {
        let x = random(&[size], 3);
        let mut product = 1.0;
        let want: Vec<f64> = x.to_f64_vec().iter().map(|x| (product *= x, product).1).collect();
        let want = Tensor::from_vec(want, [size])?;
        assert!(value(&x, |x| x.cumprod(0)).all_close(&want, 1e-15, 0.0), "{size}");
    }
    Ok(())
}

#[test]
fn running_logarithms_of_sums_do_not_overflow() -> Result<()> {
    for (dtype, size, near) in [(DType::F32, 1e30, 1e-5), (DType::F64, 1e300, 1e-14)] {
        let x = Tensor::from([-INF, -size, 0.0, 1.0, size, size]).cast(dtype);
        let got = Tape::new().constant(x).logcumsumexp(0).value()?.to_f64_vec();
        let size = Tensor::from([size]).cast(dtype).to_f64_vec()[0];
        let want = [-INF, -size, 0.0, 1.0 + (-1f64).exp().ln_1p(), size, size];
        assert!(got.iter().zip(want).all(|(x, y)| *x == y || (x - y).abs() < near), "{got:?}");
    }
    let x = random(&[700], 1);
    let tape = Tape::new();
    let x = tape.constant(x);
    let (got, want) = (x.logcumsumexp(0).value()?, x.exp().cumsum(0).log().value()?);
    assert!(got.all_close(&want, 1e-13, 1e-13));
    let x = tape.watch([-INF, 2.0, 2.0]);
    let [dx] = gradient(x.logcumsumexp(0).index(0, 2), [x]);
    assert_eq!(dx.value()?.to_f64_vec(), [0.0, 0.5, 0.5]);
    Ok(())
}

#[test]
fn running_maxima_are_the_first_of_several() -> Result<()> {
    let x = Tensor::from([1.0, 3.0, 3.0, -INF, NAN, 9.0, NAN]);
    assert_eq!(whole(x.clone(), |x| x.cummax(0).1), [0, 1, 1, 1, 4, 4, 4]);
    assert_eq!(whole(x, |x| x.cummin(0).1), [0, 0, 0, 3, 4, 4, 4]);
    let n = Tensor::from([[0i64, i64::MIN, 5], [7, i64::MAX, 5]]);
    assert_eq!(whole(n.clone(), |x| x.cummin(1).0), [0, i64::MIN, i64::MIN, 7, 7, 5]);
    assert_eq!(whole(n.clone(), |x| x.cummin(1).1), [0, 1, 1, 0, 0, 2]);
    assert_eq!(whole(n, |x| x.cummax(0).1), [0, 0, 0, 1, 1, 0]);
    let tape = Tape::new();
    let x = tape.watch([3.0, 3.0, 1.0]);
    let [dx] = gradient(x.cummax(0).0.sum(()), [x]);
    assert_eq!(dx.value()?.to_f64_vec(), [3.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn quantiles_are_those_of_numpy() {
    let x = [4.0, 1.0, 2.0, 3.0];
    let at = |q: f64| numbers(x, move |x| x.quantile(0, q))[0];
    assert_eq!([0.0, 0.25, 0.5, 0.9, 1.0].map(at), [1.0, 1.75, 2.5, 3.7, 4.0]);
    assert_eq!(numbers([5.0, -INF, 7.0], |x| x.median(0)), [5.0]);
    assert_eq!(numbers([INF, -INF, INF, INF], |x| x.median(-1)), [INF]);
    assert!(numbers([1.0, NAN, 2.0], |x| x.median(0))[0].is_nan());
    let rows = numbers([[1.0, 2.0, 9.0], [NAN, 1.0, 1.0]], |x| x.median(1));
    assert!(rows[0] == 2.0 && rows[1].is_nan());
    assert_eq!(numbers([[1.0, 8.0], [3.0, 2.0]], |x| x.median(0)), [2.0, 5.0]);
}

#[test]
fn places_in_sorted_rows_are_between_less_and_greater() -> Result<()> {
    let tape = Tape::new();
    for dtype in [DType::F32, DType::F64, DType::I64] {
        let mut edges = random(&[50], 1).to_f64_vec();
        edges.sort_by(f64::total_cmp);
        let edges = (Tensor::from(&edges[..]) * 3.0)?.cast(dtype);
        let x = (random(&[4, 25], 2) * 3.0)?.cast(dtype);
        for (right, got) in [
            (false, tape.constant(&edges).searchsorted(tape.constant(&x))),
            (true, tape.constant(&edges).searchsorted_right(tape.constant(&x))),
        ] {
            let below = |x: f64| {
                let edges = edges.to_f64_vec();
                edges.into_iter().filter(|&e| e < x || right && e == x).count() as i64
            };
            let want: Vec<i64> = x.to_f64_vec().into_iter().map(below).collect();
            assert_eq!((got.value()?.to_vec::<i64>()?, got.shape()), (want, [4, 25].into()));
        }
    }
    let search = |x: Tensor, y: Tensor| tape.constant(x).searchsorted(tape.constant(y)).value();
    let rows = Tensor::from([[0.0, 1.0], [5.0, 6.0]]);
    let own = search(rows, Tensor::from([[0.5, 7.0, 0.0], [0.5, 5.5, NAN]]))?;
    assert_eq!(own.to_vec::<i64>()?, [1, 2, 0, 0, 1, 2]);
    assert_eq!(search(Tensor::from([0.0, NAN]), Tensor::from(NAN))?.item()?, 1.0);
    assert_eq!(search(Tensor::zeros([0], DType::F64), Tensor::from([1.0]))?.to_vec::<i64>()?, [0]);
    assert_eq!(search(Tensor::from([1.0]), Tensor::zeros([3, 0], DType::F64))?.shape()[..], [3, 0]);
    Ok(())
}

#[test]
fn the_last_of_several_values_stays() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([1.0, 2.0, 3.0]);
    let y = tape.watch([7.0, 8.0, 9.0]);
    let z = x.scatter(0, tape.constant([2i64, 2, 2]), y);
    assert_eq!(z.value()?.to_f64_vec(), [1.0, 2.0, 9.0]);
    let [dx, dy] = gradient(z.square().sum(()), [x, y]);
    assert_eq!(dx.value()?.to_f64_vec(), [2.0, 4.0, 0.0]);
    assert_eq!(dy.value()?.to_f64_vec(), [0.0, 0.0, 18.0]);
    // Another part of each row, a number, and nothing.
    let m = tape.watch(Tensor::zeros([2, 3], DType::F64));
    let places = tape.constant([[2i64], [0]]);
    assert_eq!(m.scatter(1, places, 5).value()?.to_f64_vec(), [0.0, 0.0, 5.0, 5.0, 0.0, 0.0]);
    let first = tape.constant([[1i64, 0]]);
    let put = m.scatter(0, first, tape.constant([[4.0, 6.0]])).value()?;
    assert_eq!(put.to_f64_vec(), [0.0, 6.0, 0.0, 4.0, 0.0, 0.0]);
    let none = tape.constant(Tensor::zeros([2, 0], DType::I64));
    assert!(m.scatter(1, none, 1).value()?.equals(&m.value()?));
    let rows = m.index_copy(0, tape.constant([1i64]), tape.constant([1.0, 2.0, 3.0]));
    assert_eq!(rows.value()?.to_f64_vec(), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
    // Several arrays of places, which broadcast: a grid of elements, and rows of a deeper array.
    let grid = [tape.constant([[0i64], [1]]), tape.constant([2i64, 0])];
    let put = m.index_put(&grid, tape.constant([[1.0, 2.0], [3.0, 4.0]]));
    assert_eq!(put.value()?.to_f64_vec(), [2.0, 0.0, 1.0, 4.0, 0.0, 3.0]);
    assert_eq!(put.index_get(&grid).value()?.to_f64_vec(), [1.0, 2.0, 3.0, 4.0]);
    let twice = [tape.constant([1i64, 1]), tape.constant([1i64, 1])];
    let last = m.index_put(&twice, tape.constant([1.0, 2.0])).value()?;
    assert_eq!(last.to_f64_vec(), [0.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    let deep = tape.iota([2, 2, 2], 2, DType::F64).index_put(&twice, 7);
    assert_eq!(deep.value()?.to_f64_vec(), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 7.0, 7.0]);
    assert_eq!(deep.index_get(&twice).shape()[..], [2, 2]);
    let one = [tape.constant(1i64), tape.constant(0i64)];
    assert_eq!(put.index_get(&one).item()?, 4.0);
    // Of whole numbers and truth values.
    let n = tape.constant([1i64, i64::MAX]).scatter(0, tape.constant([0i64]), 3);
    assert_eq!(n.value()?.to_vec::<i64>()?, [3, i64::MAX]);
    let mask = tape.constant([true, true]).with_index(0, 0, 0).value()?;
    assert_eq!(mask.to_vec::<bool>()?, [false, true]);
    Ok(())
}

#[test]
fn places_without_elements_hold_the_neutral_one() -> Result<()> {
    let tape = Tape::new();
    let (x, places) = (tape.watch([1.0, NAN, 3.0, 3.0]), tape.constant([0i64, 2, 0, 0]));
    let (most, least) = (x.index_max(0, places, 4), x.index_min(0, places, 4));
    let (most, least) = (most.value()?.to_f64_vec(), least.value()?.to_f64_vec());
    assert!((most[0], most[1], most[3]) == (3.0, -INF, -INF) && most[2].is_nan());
    assert!((least[0], least[1], least[3]) == (1.0, INF, INF) && least[2].is_nan());
    let [dx] = gradient(x.index_max(0, places, 4).index(0, 0), [x]);
    assert_eq!(dx.value()?.to_f64_vec(), [0.0, 0.0, 0.5, 0.5]);
    let n = tape.constant([5i64, i64::MIN]);
    let most = n.scatter_max(0, tape.constant([1i64, 1]), 2).value()?.to_vec::<i64>()?;
    let least = n.scatter_min(0, tape.constant([1i64, 1]), 2).value()?.to_vec::<i64>()?;
    assert_eq!((most, least), (vec![i64::MIN, 5], vec![i64::MAX, i64::MIN]));
    let sums = tape.constant([1.0, 2.0, 4.0]).index_add(0, tape.constant([1i64, 1, 0]), 3);
    assert_eq!(sums.value()?.to_f64_vec(), [4.0, 3.0, 0.0]);
    Ok(())
}

#[test]
fn axes_are_repeated_and_turned_as_in_numpy() {
    let x = [[1.0, 2.0], [3.0, 4.0]];
    assert_eq!(numbers(x, |x| x.tile(&[2])), [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    assert_eq!(numbers(x, |x| x.tile(&[2, 1])), [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers(x, |x| x.tile(&[])), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers(2.0, |x| x.tile(&[1, 3])), [2.0; 3]);
    assert_eq!(numbers(x, |x| x.repeat_interleave(0, 2)), [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    assert!(numbers(x, |x| x.repeat_interleave(-1, 0)).is_empty());
    assert_eq!(numbers(x, |x| x.roll(0, 1)), [3.0, 4.0, 1.0, 2.0]);
    for shift in [-3, -1, 1, 5, isize::MAX] {
        assert_eq!(numbers(x, |x| x.roll(1, shift)), [2.0, 1.0, 4.0, 3.0], "{shift}");
    }
    assert_eq!(numbers(x, |x| x.roll(1, isize::MIN)), [1.0, 2.0, 3.0, 4.0]);
    assert!(numbers(Tensor::zeros([0], DType::F32), |x| x.roll(0, 1)).is_empty());
    let shape = |from, to| {
        Tape::new().constant(Tensor::zeros([2, 3, 4], DType::F32)).move_axis(from, to).shape()
    };
    assert_eq!(shape(0, 2)[..], [3, 4, 2]);
    assert_eq!(shape(-1, 0)[..], [4, 2, 3]);
    assert_eq!(shape(1, 1)[..], [2, 3, 4]);
    let tape = Tape::new();
    let [a, b, c] =
        tape.meshgrid([tape.constant([1i64, 2]), tape.constant([3i64]), tape.constant([4i64, 5])]);
    let grid = [a, b, c].map(|var| var.value().unwrap().to_vec::<i64>().unwrap());
    assert_eq!(grid, [[1, 1, 2, 2], [3; 4], [4, 5, 4, 5]]);
    assert_eq!(a.shape()[..], [2, 1, 2]);
}

#[test]
fn permutations_are_new_at_every_draw_and_the_same_for_a_seed() -> Result<()> {
    let generator = Generator::new(3);
    let mut order = compile(|tape, _| Ok(vec![tape.permutation(&generator, 20)]));
    let compiled = [(); 3].map(|()| order.call(&[]).unwrap().swap_remove(0));
    let again = Generator::new(3);
    for (i, compiled) in compiled.iter().enumerate() {
        assert!(Tape::new().permutation(&again, 20).value()?.equals(compiled), "{i}");
        let mut places = compiled.to_vec::<i64>()?;
        places.sort_unstable();
        assert_eq!(places, (0..20).collect::<Vec<_>>());
    }
    assert!(!compiled[0].equals(&compiled[1]) && !compiled[1].equals(&compiled[2]));
    assert_eq!(Tape::new().permutation(&generator, 0).value()?.elements(), 0);
    // Each of the six orders of three about as often: the sum of squared errors over five degrees of freedom
    // is above 20.5 once in a thousand times.
    let tape = Tape::new();
    let mut counts = [0f64; 9];
    for _ in 0..600 {
        let order = tape.permutation(&generator, 3).value()?.to_vec::<i64>()?;
        counts[(order[0] * 3 + order[1]) as usize] += 1.0;
    }
    let far: f64 = [1, 2, 3, 5, 6, 7].map(|i| (counts[i] - 100.0).powi(2) / 100.0).iter().sum();
    assert!(far < 20.5, "{counts:?}");
    Ok(())
}

#[test]
fn different_elements_are_counted() -> Result<()> {
    let (values, counts) = Tensor::from([2.0, NAN, -0.0, 2.0, 0.0, NAN]).unique()?;
    assert!(values.to_f64_vec()[2].is_nan() && values.to_f64_vec()[..2] == [0.0, 2.0]);
    assert_eq!(counts.to_vec::<i64>()?, [2, 2, 2]);
    let (values, counts) = Tensor::from([[true, true], [false, true]]).unique()?;
    assert_eq!(
        (values.to_vec::<bool>()?, counts.to_vec::<i64>()?),
        (vec![false, true], vec![1, 3])
    );
    let (values, counts) = Tensor::from(7i64).unique()?;
    assert_eq!((values.to_vec::<i64>()?, counts.to_vec::<i64>()?), (vec![7], vec![1]));
    let (values, counts) = Tensor::zeros([0, 2], DType::F32).unique()?;
    assert_eq!((values.dtype(), values.elements(), counts.elements()), (DType::F32, 0, 0));
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() {
    let error = |f: Function| {
        let tape = Tape::new();
        f(tape.watch(Tensor::zeros([2, 3], DType::F32))).value().unwrap_err().to_string()
    };
    let has = |text: String, words: &[&str]| {
        for word in words.iter().chain(&["arrays.rs"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    fn places<'t>(x: Var<'t>, places: &[i64]) -> Var<'t> {
        x.tape().constant(places)
    }
    let axes = "axes go from 0 to 1, or from -1 back to -2";
    has(error(|x| x.cumprod(2)), &["cumprod of f32[2, 3]", "axis 2", axes]);
    has(error(|x| x.equal(x).cumprod(0)), &["cumprod of bool[2, 3]", "needs numbers"]);
    has(
        error(|x| x.cast(DType::I64).logcumsumexp(0)),
        &["logcumsumexp", "needs floating-point numbers"],
    );
    has(error(|x| x.cummax(2).0), &["cummax of f32[2, 3]", "axis 2", axes]);
    has(error(|x| x.cummin(-3).1), &["cummin of f32[2, 3]", "axis -3"]);
    has(error(|x| x.equal(x).argmin(0)), &["argmin of bool[2, 3]", "needs numbers"]);
    has(error(|x| x.quantile(1, 1.5)), &["quantile of f32[2, 3]", "q is 1.5", "between 0 and 1"]);
    has(error(|x| x.quantile(1, f64::NAN)), &["q is NaN"]);
    has(error(|x| x.slice(0, ..0).median(0)), &["median of f32[0, 3]", "axis 0 is empty"]);
    has(
        error(|x| x.cast(DType::I64).median(0)),
        &["median of i64[2, 3]", "needs floating-point numbers"],
    );
    has(
        error(|x| x.searchsorted(x.t())),
        &["searchsorted", "f32[2, 3], the values f32[3, 2]", "one sorted row"],
    );
    has(error(|x| x.index(0, 0).searchsorted(x.cast(DType::F64))), &["element types differ"]);
    has(error(|x| x.with_slice(1, 2..5, 0)), &["slice", "2..5", "axis 1"]);
    has(error(|x| x.with_slice(3, .., 0)), &["with_slice of f32[2, 3]", "axis 3"]);
    has(error(|x| x.with_slice(1, ..2, x)), &["broadcast", "[2, 3]", "[2, 2]"]);
    has(error(|x| x.with_index(1, 3, 0)), &["with_index of f32[2, 3]", "place 3", "axis 1"]);
    has(error(|x| x.scatter(1, x, 0)), &["scatter of f32[2, 3]", "an index is i64, not f32"]);
    has(
        error(|x| x.scatter(1, places(x, &[0]), 0)),
        &["scatter", "index has shape [1], the elements [2, 3]"],
    );
    has(
        error(|x| x.index_copy(1, places(x, &[5]), 0)),
        &["scatter_max", "is 5, out of range for 3"],
    );
    has(error(|x| x.index_copy(0, x, 0)), &["index_copy", "an index is i64"]);
    has(
        error(|x| x.index_put(&[], 0)),
        &["index_put of f32[2, 3]", "0 arrays of places for 2 axes"],
    );
    has(error(|x| x.index_get(&[x])), &["index_get of f32[2, 3]", "an index is i64, not f32"]);
    has(
        error(|x| x.index_get(&[places(x, &[0, 1]), places(x, &[0, 1, 2])])),
        &["arrays of places [2] and [3]", "broadcast"],
    );
    has(
        error(|x| x.index_put(&[places(x, &[0]), places(x, &[3])], 0)),
        &["index_select", "is 3, out of range for 3"],
    );
    has(
        error(|x| x.index_max(0, places(x, &[0]), 2)),
        &["index_max", "1 places, axis 0 of [2, 3] 2 slices"],
    );
    has(
        error(|x| x.index_copy(1, places(x, &[0]).unsqueeze(0), 2)),
        &["index_copy", "vector, not i64[1, 1]", "flatten"],
    );
    has(error(|x| x.equal(x).index_min(0, places(x, &[0, 0]), 2)), &["index_min", "needs numbers"]);
    has(error(|x| x.repeat_interleave(2, 2)), &["repeat_interleave of f32[2, 3]", "axis 2", axes]);
    has(error(|x| x.tile(&[usize::MAX, 2])), &["too many elements"]);
    has(error(|x| x.roll(2, 1)), &["roll of f32[2, 3]", "axis 2", axes]);
    has(error(|x| x.move_axis(0, 2)), &["move_axis of f32[2, 3]", "axis 2", axes]);
    has(
        error(|x| x.tape().meshgrid([x])[0]),
        &["meshgrid: operand 0 is f32[2, 3]", "no vector", "flatten"],
    );
}
