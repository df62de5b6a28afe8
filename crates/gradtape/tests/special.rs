//! Special and inverse functions against numbers computed with 50 digits, rounding, and truth values: their
//! edges, their derivatives there, and what must be an error.

use gradtape::{DType, Mode, Result, Tape, Tensor, Var, gradient, hessian};

use crate::reference;
use crate::reference::{cases, numbers};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// How far apart two numbers are, in units of the last place of the second.
fn ulps(got: f64, want: f64, digits: i32) -> f64 {
    if got == want || got.is_nan() && want.is_nan() {
        return 0.0;
    }
    let least = if digits == 24 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    let exponent = want.abs().max(least).log2().floor() as i32;
    // In two steps, as the unit of subnormal numbers is no power that one step makes.
    (got - want).abs() / 2f64.powi(exponent) * 2f64.powi(digits - 1)
}

fn apply<'t>(name: &str, order: u32, x: Var<'t>, y: Option<Var<'t>>) -> Var<'t> {
    match (name, y) {
        ("exp2", None) => x.exp2(),
        ("log2", None) => x.log2(),
        ("log10", None) => x.log10(),
        ("asin", None) => x.asin(),
        ("acos", None) => x.acos(),
        ("asinh", None) => x.asinh(),
        ("acosh", None) => x.acosh(),
        ("atanh", None) => x.atanh(),
        ("erfc", None) => x.erfc(),
        ("erf_inv", None) => x.erf_inv(),
        ("lgamma" | "lgamma_below", None) => x.lgamma(),
        ("digamma" | "digamma_below", None) => x.digamma(),
        (name, None) if name.starts_with("polygamma") => x.polygamma(order),
        ("atan2", Some(y)) => x.atan2(y),
        ("hypot", Some(y)) => x.hypot(y),
        ("xlogy", Some(y)) => x.xlogy(y),
        ("logaddexp", Some(y)) => x.logaddexp(y),
        _ => panic!("{name} is new in the file"),
    }
}

/// How many units in the last place each function may be off.
fn bound(name: &str) -> f64 {
    match name {
        "log2" | "log10" | "exp2" | "atan2" => 1.0,
        "asin" | "acos" | "hypot" | "xlogy" | "logaddexp" => 3.0,
        "erfc" | "erf_inv" | "asinh" | "acosh" | "atanh" => 4.0,
        "lgamma" | "digamma" => 6.0,
        // Sums of powers, and a polynomial of the cotangent.
        name if name.starts_with("polygamma") => 40.0,
        // As far as the absolute error of the case allows.
        _ => 10.0,
    }
}

#[test]
fn functions_are_those_of_the_reference() {
    let file = reference::read("special.json");
    for case in cases(&file) {
        let name = case["id"].as_str().unwrap();
        let order = case["order"].as_u64().unwrap_or(0) as u32;
        let absolute = case["absolute"].as_f64().unwrap_or(0.0);
        let (x, want) = (numbers(&case["x"]), numbers(&case["value"]));
        let y = case.get("y").map(numbers);
        let computed = |dtype: DType, mode: Mode| {
            let tape = Tape::new();
            tape.set_mode(mode);
            let var = |x: &Vec<f64>| tape.constant(Tensor::from(&x[..]).cast(dtype));
            let y = y.as_ref().map(var);
            apply(name, order, var(&x), y).value().unwrap().to_f64_vec()
        };
        for mode in [Mode::Fused, Mode::Eager] {
            for (i, (got, want)) in computed(DType::F64, mode).iter().zip(&want).enumerate() {
                let off = ulps(*got, *want, 53);
                let near = off <= bound(name) || (got - want).abs() <= absolute;
                assert!(near, "{name}({:e}) {mode:?}: {got:e}, not {want:e}: {off}", x[i]);
            }
        }
        // The same numbers rounded to f32, in f32 and in f64.
        let rounded = |x: &Vec<f64>| x.iter().map(|&x| f64::from(x as f32)).collect::<Vec<f64>>();
        let tape = Tape::new();
        let var = |x: &Vec<f64>| tape.constant(rounded(x));
        let exact = apply(name, order, var(&x), y.as_ref().map(var)).value().unwrap().to_f64_vec();
        for (i, (got, want)) in computed(DType::F32, Mode::Fused).iter().zip(exact).enumerate() {
            let beyond = f64::from(x[i] as f32) != 0.0 && (x[i] as f32).is_finite();
            let fits =
                want.abs() > f64::from(f32::MIN_POSITIVE) && want.abs() < f64::from(f32::MAX);
            let off = ulps(*got, want, 24);
            let near = off <= bound(name).min(6.0);
            assert!(near || !fits || !beyond, "{name}({:e}) f32: {got:e}, not {want:e}", x[i]);
        }
    }
}

/// The values of a function, and the gradient of their sum, fused and operation by operation.
fn both(x: &[f64], f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> (Vec<f64>, Vec<f64>) {
    let [fused, eager] = [Mode::Fused, Mode::Eager].map(|mode| {
        let tape = Tape::new();
        tape.set_mode(mode);
        let x = tape.watch(x);
        let y = f(x);
        let [dx] = gradient(y.sum(()), [x]);
        [y, dx].map(|var| var.value().unwrap().to_f64_vec())
    });
    assert!(same(&fused[0], &eager[0]) && near(&fused[1], &eager[1]), "{fused:?}, {eager:?}");
    fused.into()
}

fn near(got: &[f64], want: &[f64]) -> bool {
    got.len() == want.len() && got.iter().zip(want).all(|(x, y)| ulps(*x, *y, 53) < 8.0)
}

/// Whether numbers are near each other, with the signs of zeros.
fn same(got: &[f64], want: &[f64]) -> bool {
    let signs = |(x, y): (&f64, &f64)| x.is_nan() || x.is_sign_negative() == y.is_sign_negative();
    near(got, want) && got.iter().zip(want).all(signs)
}

#[track_caller]
fn values(x: &[f64], want: &[f64], f: impl for<'t> Fn(Var<'t>) -> Var<'t>) {
    for dtype in [DType::F32, DType::F64] {
        for mode in [Mode::Fused, Mode::Eager] {
            let tape = Tape::new();
            tape.set_mode(mode);
            let got = f(tape.constant(Tensor::from(x).cast(dtype))).value().unwrap().to_f64_vec();
            let rounded = Tensor::from(want).cast(dtype).to_f64_vec();
            let near = |(x, y): (&f64, &f64)| {
                let sign = x.is_sign_negative() == y.is_sign_negative();
                x.is_nan() && y.is_nan() || x == y && sign || (x - y).abs() <= 2e-7 * y.abs()
            };
            assert!(
                got.iter().zip(&rounded).all(near),
                "{dtype} {mode:?}: {got:?} for {rounded:?}"
            );
            assert_eq!(got.len(), want.len());
        }
    }
}

#[test]
fn edges_are_those_of_ieee_754() {
    let half_pi = std::f64::consts::FRAC_PI_2;
    let pi = std::f64::consts::PI;
    let edges = [0.0, -0.0, INF, -INF, NAN];
    values(&edges, &[0.0, -0.0, NAN, NAN, NAN], |x| x.asin());
    values(&edges, &[half_pi, half_pi, NAN, NAN, NAN], |x| x.acos());
    values(&[1.0, -1.0, 1.5, -1.5], &[half_pi, -half_pi, NAN, NAN], |x| x.asin());
    values(&[1.0, -1.0, 1.5, -1.5], &[0.0, pi, NAN, NAN], |x| x.acos());
    values(&edges, &[0.0, -0.0, INF, -INF, NAN], |x| x.asinh());
    values(&[1.0, 0.5, -3.0, INF, NAN], &[0.0, NAN, NAN, INF, NAN], |x| x.acosh());
    values(&edges, &[0.0, -0.0, NAN, NAN, NAN], |x| x.atanh());
    values(&[1.0, -1.0, 2.0], &[INF, -INF, NAN], |x| x.atanh());
    values(&edges, &[1.0, 1.0, INF, 0.0, NAN], |x| x.exp2());
    values(&edges, &[-INF, -INF, INF, NAN, NAN], |x| x.log2());
    values(&edges, &[-INF, -INF, INF, NAN, NAN], |x| x.log10());
    values(&edges, &[1.0, 1.0, 0.0, 2.0, NAN], |x| x.erfc());
    values(&edges, &[0.0, -0.0, NAN, NAN, NAN], |x| x.erf_inv());
    values(&[1.0, -1.0, 1.5, -2.0], &[INF, -INF, NAN, NAN], |x| x.erf_inv());
    values(&edges, &[INF, INF, INF, INF, NAN], |x| x.lgamma());
    values(&[1.0, 2.0, -1.0, -7.0], &[0.0, 0.0, INF, INF], |x| x.lgamma());
    values(&edges, &[-INF, INF, INF, NAN, NAN], |x| x.digamma());
    values(&[-1.0, -2.0], &[NAN, NAN], |x| x.digamma());
    values(&[0.0, -1.0, INF, -INF, NAN], &[INF, INF, 0.0, NAN, NAN], |x| x.polygamma(1));
    values(&[0.0, -1.0, INF, -INF, NAN], &[NAN, NAN, -0.0, NAN, NAN], |x| x.polygamma(2));
    values(&edges, &[INF, -INF, 0.0, -0.0, NAN], |x| x.reciprocal());
    values(&[0.0, 4.0, INF, -1.0], &[INF, 0.5, 0.0, NAN], |x| x.rsqrt());
    values(&[0.0, 1000.0, -1000.0], &[-(2f64.ln()), 0.0, -1000.0], |x| x.log_sigmoid() + 0.0);
    for f in [|x: Var<'_>| x.lgamma(), |x| x.erfc(), |x| x.hypot(1.0), |x| x.round()]
        as [fn(Var<'_>) -> Var<'_>; 4]
    {
        values(&[], &[], f);
    }
}

#[test]
fn pairs_have_the_edges_of_ieee_754() {
    let (pi, tape) = (std::f64::consts::PI, Tape::new());
    let pair = |f: for<'a> fn(Var<'a>, Var<'a>) -> Var<'a>, x: &[f64], y: &[f64], want: &[f64]| {
        let got = f(tape.constant(x), tape.constant(y)).value().unwrap().to_f64_vec();
        assert!(same(&got, want), "{got:?} is not {want:?}");
    };
    pair(
        |x, y| x.atan2(y),
        &[0.0, -0.0, 0.0, -0.0],
        &[1.0, 1.0, -1.0, -1.0],
        &[0.0, -0.0, pi, -pi],
    );
    pair(|x, y| x.atan2(y), &[INF, 1.0, NAN], &[INF, -INF, 1.0], &[pi / 4.0, pi, NAN]);
    pair(|x, y| x.hypot(y), &[0.0, INF, NAN, NAN], &[-0.0, NAN, -INF, 1.0], &[0.0, INF, INF, NAN]);
    pair(|x, y| x.hypot(y), &[1.5e308, 5e-324], &[1.5e308, 0.0], &[INF, 5e-324]);
    pair(|x, y| x.xlogy(y), &[0.0, 0.0, 0.0, -0.0], &[0.0, INF, -1.0, 0.0], &[0.0; 4]);
    pair(|x, y| x.xlogy(y), &[0.0, NAN, 2.0, 2.0], &[NAN, 1.0, 0.0, -1.0], &[NAN, NAN, -INF, NAN]);
    pair(|x, y| x.logaddexp(y), &[-INF, INF, INF], &[-INF, INF, -INF], &[-INF, INF, INF]);
    pair(
        |x, y| x.logaddexp(y),
        &[-INF, NAN, 1.0, -1e308],
        &[2.0, 1.0, NAN, 1e308],
        &[2.0, NAN, NAN, 1e308],
    );
}

#[test]
fn derivatives_follow_their_conventions_where_there_are_none() -> Result<()> {
    let tape = Tape::new();
    let slopes = |f: for<'a> fn(Var<'a>, Var<'a>) -> Var<'a>, x: f64, y: f64| {
        let (x, y) = (tape.watch(x), tape.watch(y));
        gradient(f(x, y), [x, y]).map(|slope| slope.item().unwrap())
    };
    assert_eq!(slopes(|x, y| x.atan2(y), 0.0, 0.0), [0.0, 0.0]);
    assert_eq!(slopes(|x, y| x.hypot(y), 0.0, 0.0), [0.0, 0.0]);
    assert_eq!(slopes(|x, y| x.hypot(y), 1e200, 0.0), [1.0, 0.0]);
    assert_eq!(slopes(|x, y| x.xlogy(y), 0.0, 0.0), [0.0, 0.0]);
    assert_eq!(slopes(|x, y| x.xlogy(y), 0.0, 2.0), [2f64.ln(), 0.0]);
    assert_eq!(slopes(|x, y| x.xlogy(y), 0.0, -2.0), [0.0, 0.0]);
    assert_eq!(slopes(|x, y| x.logaddexp(y), -INF, -INF), [0.5, 0.5]);
    assert_eq!(slopes(|x, y| x.logaddexp(y), INF, INF), [0.5, 0.5]);
    assert_eq!(slopes(|x, y| x.logaddexp(y), -INF, 0.0), [0.0, 1.0]);
    assert_eq!(slopes(|x, y| x.logaddexp(y), -1e308, 1e308), [0.0, 1.0]);
    // At a tie, which is a kink of the formula and not of the function.
    let x = tape.watch([3.0, 3.0]);
    let sum = x.index(0, 0).logaddexp(x.index(0, 1));
    assert_eq!(hessian(sum, x).value()?.to_f64_vec(), [0.25, -0.25, -0.25, 0.25]);
    // By x at 0, and by x and y.
    let x = tape.watch([0.0, 2.0]);
    let product = x.index(0, 0).xlogy(x.index(0, 1));
    assert_eq!(hessian(product, x).value()?.to_f64_vec(), [0.0, 0.5, 0.5, 0.0]);
    for f in [|x: Var<'_>| x.floor(), |x| x.ceil(), |x| x.round(), |x| x.trunc()]
        as [fn(Var<'_>) -> Var<'_>; 4]
    {
        assert_eq!(both(&[0.5, -1.2, 3.0], f).1, [0.0; 3]);
    }
    assert_eq!(both(&[0.0, 800.0, -800.0], |x| x.log_sigmoid()).1, [0.5, 0.0, 1.0]);
    assert_eq!(both(&[1e200, -1e200], |x| x.asinh()).1, [1e-200, 1e-200]);
    Ok(())
}

#[test]
fn numbers_are_rounded_to_even_and_keep_their_signs() -> Result<()> {
    let big = 4503599627370497.0;
    let x = [
        0.5, 1.5, 2.5, -0.5, -1.5, 0.3, -0.3, 0.7, -0.7, 2.0, -0.0, 0.0, INF, -INF, NAN, 1e300,
        big, -big,
    ];
    let exact = |f: fn(f64) -> f64| x.map(f).to_vec();
    let got = |f: fn(Var<'_>) -> Var<'_>| both(&x, f).0;
    assert!(same(&got(|x| x.round()), &exact(f64::round_ties_even)));
    assert!(same(&got(|x| x.floor()), &exact(f64::floor)));
    assert!(same(&got(|x| x.ceil()), &exact(f64::ceil)));
    assert!(same(&got(|x| x.trunc()), &exact(f64::trunc)));
    // Just beside a half.
    let near = [0.49999999999999994, 0.5000000000000001, 4503599627370495.5, 2251799813685248.5];
    assert_eq!(both(&near, |x| x.round()).0, near.map(f64::round_ties_even));
    // All f32 of some sizes, in f32.
    let halves: Vec<f32> =
        (-2000..2000).map(|i| i as f32 * 0.25).chain([8388607.5, -0.499_999_97]).collect();
    let tape = Tape::new();
    let rounded = tape.constant(&halves[..]).round().value()?.to_vec::<f32>()?;
    assert_eq!(rounded, halves.iter().map(|x| x.round_ties_even()).collect::<Vec<_>>());
    // Whole numbers stay.
    let whole = tape.constant([i64::MIN, -3, 0, i64::MAX]);
    for y in [whole.round(), whole.floor(), whole.ceil(), whole.trunc()] {
        assert!(y.value()?.equals(&whole.value()?) && y.dtype() == DType::I64);
    }
    Ok(())
}

#[test]
fn truth_values_are_told_combined_and_counted() -> Result<()> {
    let tape = Tape::new();
    let truths = |x: Var<'_>| x.value().unwrap().to_vec::<bool>().unwrap();
    for dtype in [DType::F32, DType::F64] {
        let x = tape.constant(Tensor::from([1.0, INF, -INF, NAN, -0.0]).cast(dtype));
        assert_eq!(truths(x.is_nan()), [false, false, false, true, false]);
        assert_eq!(truths(x.is_inf()), [false, true, true, false, false]);
        assert_eq!(truths(x.is_finite()), [true, false, false, false, true]);
        assert_eq!(x.count_nonzero(()).item()?, 4.0);
    }
    for whole in [tape.constant([i64::MIN, 0]), tape.constant([true, false])] {
        assert_eq!(truths(whole.is_finite()), [true; 2]);
        assert_eq!(
            (truths(whole.is_nan()), truths(whole.is_inf())),
            (vec![false; 2], vec![false; 2])
        );
        assert_eq!(whole.count_nonzero(0).value()?.to_vec::<i64>()?, [1]);
    }
    let (x, y) =
        (tape.constant([true, true, false, false]), tape.constant([true, false, true, false]));
    assert_eq!(truths(x.logical_and(y)), [true, false, false, false]);
    assert_eq!(truths(x.logical_or(y)), [true, true, true, false]);
    assert_eq!(truths(x.logical_xor(y)), [false, true, true, false]);
    let table = x.unsqueeze(1).logical_and(y);
    assert_eq!(table.shape()[..], [4, 4]);
    assert_eq!(truths(table.any(1)), [true, true, false, false]);
    assert_eq!(truths(table.any(0)), [true, false, true, false]);
    assert_eq!(truths(x.unsqueeze(1).logical_or(y).all(0)), [true, false, true, false]);
    assert_eq!((table.any(()).item()?, table.all([0, 1]).item()?), (1.0, 0.0));
    assert_eq!(table.count_nonzero([0, 1]).item()?, 4.0);
    // Of nothing.
    let none = tape.constant(Tensor::zeros([0, 2], DType::Bool));
    assert_eq!((truths(none.any(0)), truths(none.all(0))), (vec![false; 2], vec![true; 2]));
    assert_eq!((truths(none.any(1)), none.count_nonzero(()).item()?), (vec![], 0.0));
    assert_eq!(truths(tape.constant(true).any(())), [true]);
    Ok(())
}

#[test]
fn what_has_no_meaning_is_an_error() {
    let error = |f: fn(Var<'_>) -> Var<'_>| {
        let tape = Tape::new();
        f(tape.watch(Tensor::zeros([2, 3], DType::F32))).value().unwrap_err().to_string()
    };
    let has = |text: String, words: &[&str]| {
        for word in words.iter().chain(&["special.rs"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    has(
        error(|x| x.logical_and(x.equal(x))),
        &["logical_and of f32[2, 3]", "f32, not truth values", "compare"],
    );
    has(error(|x| x.equal(x).logical_or(x)), &["logical_or of f32[2, 3]"]);
    has(
        error(|x| x.equal(0.0).logical_xor(x.t().equal(0.0))),
        &["logical_xor: shapes [2, 3] and [3, 2]"],
    );
    has(error(|x| x.any(0)), &["any of f32[2, 3]", "not truth values", "compare it first"]);
    has(error(|x| x.equal(0.0).all(2)), &["all of bool[2, 3]", "axis 2 is out of range"]);
    has(error(|x| x.count_nonzero([0, 0])), &["count_nonzero", "named twice"]);
    has(error(|x| x.polygamma(31)), &["polygamma of f32[2, 3]", "order 31 is above 30"]);
    has(
        error(|x| x.cast(DType::I64).lgamma()),
        &["lgamma: needs floating-point numbers, not i64", "cast"],
    );
    has(error(|x| x.equal(x).floor()), &["floor of bool[2, 3]: needs numbers, not truth values"]);
    has(error(|x| x.hypot(x.t())), &["hypot: shapes [2, 3] and [3, 2]", "axis -1"]);
    has(error(|x| x.atan2(x.cast(DType::F64))), &["atan2: element types differ"]);
}
