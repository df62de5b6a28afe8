//! Soft versions of hard functions: the values of the reference, gradients, and what holds of every soft order.

use gradtape::soft::*;
use gradtape::{
    DType, Error, Generator, Kind, Result, Rng, Tape, Tensor, Var, check_gradients, compile,
    gradient, hessian, vjp, vmap,
};

use crate::reference;
use crate::reference::{Tolerance, cases, tensor, tensor_of};

const BOTH: [Regularization; 2] = [Regularization::L2, Regularization::Kl];

fn order(strength: f64, regularization: Regularization, descending: bool) -> SoftOrderOptions {
    SoftOrderOptions { strength, regularization, descending }
}

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

fn value(x: &Tensor, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Tensor {
    f(Tape::new().constant(x)).value().unwrap()
}

#[track_caller]
fn near(got: &Tensor, want: &Tensor, tolerance: f64) {
    assert_eq!(got.shape(), want.shape());
    assert!(got.all_close(want, tolerance, tolerance), "{got:?} is not {want:?}");
}

/// Every soft order of a row, in both directions.
fn every_order<'t>(x: Var<'t>, strength: f64) -> Vec<Var<'t>> {
    let mut all = vec![soft_top_k(x, 2, strength), isotonic(x)];
    for regularization in BOTH {
        for descending in [false, true] {
            let options = order(strength, regularization, descending);
            all.extend([soft_rank_with(x, options), soft_sort_with(x, options)]);
        }
    }
    all
}

#[test]
fn values_and_gradients_are_those_of_the_reference() -> Result<()> {
    let file = reference::read("soft_rank.json");
    for case in cases(&file) {
        for dtype in [DType::F64, DType::F32] {
            let id = case["id"].as_str().unwrap();
            // Division by the strength makes roundings of the input larger.
            let tolerance = Tolerance::for_type(&file, case, dtype, 2e-5);
            let tape = Tape::new();
            let x = tape.watch(tensor_of(&case["input"], dtype));
            let number = |name: &str| case[name].as_f64().unwrap();
            let options = || {
                assert_eq!(case["regularization"], "l2");
                let descending = case["direction"] == "descending";
                assert!(descending || case["direction"] == "ascending");
                order(number("strength"), Regularization::L2, descending)
            };
            let out = match case["op"].as_str().unwrap() {
                "soft_rank" => soft_rank_with(x, options()),
                "soft_sort" => soft_sort_with(x, options()),
                "soft_argmax" => soft_argmax(x, 0, number("temperature")),
                other => panic!("{other}"),
            };
            let cotangent = tape.constant(tensor_of(&case["cotangent"], dtype));
            let slope = vjp(&[out], &[cotangent], &[x])[0];
            for (got, want) in [(out, &case["output"]), (slope, &case["grad_input"])] {
                let (got, want) = (got.value()?, tensor(want));
                assert_eq!((got.shape(), got.dtype()), (want.shape(), dtype), "{id}");
                tolerance.check(id, &got.to_f64_vec(), &want.to_f64_vec());
            }
        }
    }
    Ok(())
}

/// The projection by trying all partitions of a small row into blocks: the regression is the feasible one that is
/// nearest.
#[test]
fn ranks_by_the_entropy_are_those_of_the_best_partition() {
    let x = [0.9, 0.2, 1.4, 1.1, -0.3];
    for strength in [0.2, 1.0, 5.0] {
        let mut sorted: Vec<(f64, usize)> = x.iter().map(|x| x / strength).zip(0..).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let logs: Vec<f64> = (1..=5).rev().map(|rank| f64::from(rank).ln()).collect();
        let logsumexp = |x: &mut dyn Iterator<Item = f64>| x.map(f64::exp).sum::<f64>().ln();
        let (mut best, mut want) = (f64::INFINITY, vec![0.0; 5]);
        for cuts in 0..16u32 {
            let mut v = vec![0.0; 5];
            let mut start = 0;
            for end in 1..=5 {
                if end == 5 || cuts >> (end - 1) & 1 == 1 {
                    let level = logsumexp(&mut sorted[start..end].iter().map(|s| s.0))
                        - logsumexp(&mut logs[start..end].iter().copied());
                    v[start..end].fill(level);
                    start = end;
                }
            }
            let cost: f64 = (0..5).map(|i| (sorted[i].0 - v[i]).exp() + logs[i].exp() * v[i]).sum();
            if v.windows(2).all(|pair| pair[0] >= pair[1]) && cost < best {
                best = cost;
                sorted.iter().zip(&v).for_each(|(&(s, place), v)| want[place] = (s - v).exp());
            }
        }
        let options = order(strength, Regularization::Kl, false);
        let got = value(&x.into(), |x| soft_rank_with(x, options));
        near(&got, &Tensor::from(want), 1e-12);
    }
}

#[test]
fn derivatives_are_those_of_differences_to_second_order() -> Result<()> {
    // No step of differences moves the boundary of a block.
    let x = Tensor::from([
        [0.9, 0.09, -0.74, -0.92, -0.46, 0.22],
        [-0.44, -1.17, 1.74, -0.5, 0.33, -0.26],
    ]);
    for regularization in BOTH {
        for (strength, descending) in [(0.3, false), (2.0, true), (20.0, false)] {
            let options = order(strength, regularization, descending);

            check_gradients(|x| soft_rank_with(x[0], options).square(), std::slice::from_ref(&x))?
                .within(1e-6)?;

            check_gradients(|x| soft_sort_with(x[0], options).square(), std::slice::from_ref(&x))?
                .within(1e-6)?;
        }
    }
    let functions: [for<'t> fn(Var<'t>) -> Var<'t>; 7] = [
        |x| soft_top_k(x, 2, 1.5).square(),
        |x| isotonic(x).square() * x,
        |x| tempered_softmax(x, 1, 0.7),
        |x| soft_argmax(x, 0, 0.5) * x.index(0, 0),
        |x| smooth_sign(x, 0.5),
        |x| gumbel_softmax(x, &Generator::new(2), GumbelOptions::default()),
        |x| smooth_accuracy(x, x.tape().constant([3i64, 0]), 0.8),
    ];
    for f in functions {
        check_gradients(|x| f(x[0]), std::slice::from_ref(&x))?.within(1e-6)?;
    }
    Ok(())
}

#[test]
fn soft_orders_are_the_hard_ones_towards_a_strength_of_0() {
    let x = normal(&[3, 7], 1);
    let ranks = value(&x, |x| x.argsort(1).argsort(1).cast(DType::F64) + 1.0);
    let turned = value(&x, |x| x.argsort_descending(1).argsort(1).cast(DType::F64) + 1.0);
    for regularization in BOTH {
        for (descending, want) in [(false, &ranks), (true, &turned)] {
            let options = order(1e-4, regularization, descending);
            near(&value(&x, |x| soft_rank_with(x, options)), want, 1e-9);
            let sorted = value(&x, |x| if descending { x.sort_descending(1) } else { x.sort(1) });
            near(&value(&x, |x| soft_sort_with(x, options)), &sorted, 1e-9);
        }
    }
    let mask = value(&x, |x| x.greater_equal(x.top_k(1, 3).0.min_keepdims(1)).cast(DType::F64));
    near(&value(&x, |x| soft_top_k(x, 3, 1e-4)), &mask, 1e-9);
    near(
        &value(&x, |x| soft_argmax(x, 1, 1e-4)),
        &value(&x, |x| x.argmax(1).cast(DType::F64)),
        1e-9,
    );
}

#[test]
fn sums_and_orders_are_kept_and_results_move_with_their_elements() -> Result<()> {
    let x = normal(&[9], 4);
    let places = Tensor::from([4i64, 1, 8, 0, 2, 7, 3, 6, 5]);
    for strength in [0.05, 0.5, 5.0] {
        let ranks = value(&x, |x| soft_rank(x, strength));
        assert!((ranks.to_f64_vec().iter().sum::<f64>() - 45.0).abs() < 1e-9);
        near(&value(&ranks, |r| r.argsort(0)), &value(&x, |x| x.argsort(0)), 0.0);
        let mask = value(&x, |x| soft_top_k(x, 4, strength)).to_f64_vec();
        assert!((mask.iter().sum::<f64>() - 4.0).abs() < 1e-12, "{mask:?}");
        assert!(mask.iter().all(|share| (-1e-12..=1.0 + 1e-12).contains(share)), "{mask:?}");
        let sorted = value(&x, |x| soft_sort(x, strength)).to_f64_vec();
        let sum: f64 = x.to_f64_vec().iter().sum();
        assert!((sorted.iter().sum::<f64>() - sum).abs() < 1e-12);
        assert!(sorted.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{sorted:?}");
        let moved = value(&x, |x| x.index_select(0, x.tape().constant(&places)));
        let of = |x: &Tensor, kl| {
            value(x, |x| soft_rank_with(x, order(strength, BOTH[usize::from(kl)], true)))
        };
        for kl in [false, true] {
            let want = value(&of(&x, kl), |x| x.index_select(0, x.tape().constant(&places)));
            near(&of(&moved, kl), &want, 1e-12);
        }
        let again = value(&moved, |x| soft_sort(x, strength));
        near(&again, &Tensor::from(sorted), 1e-12);
    }
    Ok(())
}

#[test]
fn equal_elements_share() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([2.0, 1.0, 2.0]);
    let ranks = soft_rank(x, 0.1);
    assert_eq!(ranks.value()?.to_f64_vec(), [2.5, 1.0, 2.5]);
    let [dx] = gradient(ranks.index(0, 0), [x]);
    near(&dx.value()?, &[5.0, 0.0, -5.0].into(), 1e-12);
    assert_eq!(soft_top_k(x, 1, 0.1).value()?.to_f64_vec(), [0.5, 0.0, 0.5]);
    for regularization in BOTH {
        let same = tape.constant([7.0; 4]);
        let ranks = soft_rank_with(same, order(1.0, regularization, false));
        near(&ranks.value()?, &[2.5; 4].into(), 1e-12);
    }
    Ok(())
}

#[test]
fn nothing_and_one_have_an_order() -> Result<()> {
    for dtype in [DType::F32, DType::F64, DType::F16] {
        for shape in [&[0][..], &[2, 0], &[0, 3]] {
            let tape = Tape::new();
            let x = tape.watch(Tensor::zeros(shape, dtype));
            for regularization in BOTH {
                let options = order(1.0, regularization, true);
                for out in [soft_rank_with(x, options), soft_sort_with(x, options)] {
                    let [dx] = gradient(out.sum(()), [x]);
                    for result in [out.value()?, dx.value()?] {
                        assert_eq!((&result.shape()[..], result.dtype()), (shape, dtype));
                    }
                }
            }
            assert_eq!(soft_top_k(x, 0, 1.0).value()?.elements(), 0);
            assert_eq!(isotonic(x).value()?.elements(), 0);
        }
        let tape = Tape::new();
        let x = tape.watch(Tensor::full([1], 3.5, dtype));
        for regularization in BOTH {
            let options = order(1.0, regularization, false);
            assert_eq!(soft_rank_with(x, options).item()?, 1.0);
            assert_eq!(soft_sort_with(x, options).item()?, 3.5);
        }
        assert_eq!((soft_top_k(x, 1, 1.0).item()?, soft_argmax(x, 0, 1.0).item()?), (1.0, 0.0));
    }
    Ok(())
}

#[test]
fn a_row_with_what_is_no_number_is_none_and_infinite_elements_have_ranks() -> Result<()> {
    let tape = Tape::new();
    let inf = f64::INFINITY;
    let x = tape.watch([[1.0, f64::NAN, 3.0], [3.0, 1.0, 2.0]]);
    for out in every_order(x, 0.5) {
        let rows = out.value()?;
        assert!(rows.index(0, 0)?.to_f64_vec().iter().all(|x| x.is_nan()), "{rows:?}");
        assert!(rows.index(0, 1)?.to_f64_vec().iter().all(|x| x.is_finite()), "{rows:?}");
    }
    let x = tape.watch([inf, 1.0, -inf, 1.5, inf]);
    for regularization in BOTH {
        let ranks = soft_rank_with(x, order(0.1, regularization, false));
        let [dx] = gradient(ranks.square().sum(()), [x]);
        near(&ranks.value()?, &[4.5, 2.0, 1.0, 3.0, 4.5].into(), 1e-12);
        assert_eq!(dx.value()?.to_f64_vec()[4], 0.0);
        assert!(dx.value()?.to_f64_vec().iter().all(|x| x.is_finite()), "{dx:?}");
    }
    assert_eq!(soft_top_k(x, 2, 0.1).value()?.to_f64_vec(), [1.0, 0.0, 0.0, 0.0, 1.0]);
    Ok(())
}

#[test]
fn rows_are_batches_and_examples_are_rows() -> Result<()> {
    let x = normal(&[4, 3, 5], 8);
    let tape = Tape::new();
    let all = tape.watch(&x);
    let slope = |out: Var<'_>, x: Var<'_>| gradient(out.square().sum(()), [x])[0].value();
    for (kind, whole) in every_order(all, 0.7).into_iter().enumerate() {
        let mapped = vmap(all, |x| every_order(x, 0.7)[kind]);
        near(&mapped.value()?, &whole.value()?, 1e-14);
        near(&slope(mapped, all)?, &slope(whole, all)?, 1e-12);
        for (i, j) in [(0, 0), (3, 2), (1, 1)] {
            let row = tape.watch(x.index(0, i)?.index(0, j)?);
            let one = every_order(row, 0.7)[kind];
            near(&whole.value()?.index(0, i)?.index(0, j)?, &one.value()?, 1e-14);
            near(&slope(whole, all)?.index(0, i)?.index(0, j)?, &slope(one, row)?, 1e-12);
        }
    }
    // One example with something that all share.
    let sums = vmap(all, |x| soft_rank(x + all.index(0, 0), 1.0));
    assert_eq!(sums.value()?.shape()[..], [4, 3, 5]);
    Ok(())
}

#[test]
fn compiled_steps_order_anew_at_every_call() -> Result<()> {
    let mut step = compile(|_, x| {
        let out = soft_rank(x[0], 0.5);
        let [dx] = gradient(out.square().sum(()), [x[0]]);
        Ok(vec![out, dx])
    });
    for seed in 0..3 {
        let x = normal(&[3, 20], seed);
        let got = step.call(std::slice::from_ref(&x))?;
        let tape = Tape::new();
        let var = tape.watch(&x);
        let out = soft_rank(var, 0.5);
        let [dx] = gradient(out.square().sum(()), [var]);
        near(&got[0], &out.value()?, 1e-12);
        near(&got[1], &dx.value()?, 1e-12);
    }
    let mut draws = compile({
        let generator = Generator::new(5);
        move |_, x| Ok(vec![gumbel_softmax(x[0], &generator, GumbelOptions::default())])
    });
    let x = Tensor::zeros([2, 3], DType::F32);
    let (first, second) = (draws.call(std::slice::from_ref(&x))?, draws.call(&[x])?);
    assert!(!first[0].equals(&second[0]));
    Ok(())
}

/// In f32 the sum of a million ranks is far from exact, and `n²` numbers fit no memory.
#[test]
fn a_million_numbers_have_ranks_to_the_last_digit_of_f32() -> Result<()> {
    const N: usize = 1_000_000;
    let x = Tensor::normal([N], 0.0, 1.0, DType::F32, &mut Rng::new(1))?;
    let wide = x.cast(DType::F64);
    let tape = Tape::new();
    let (single, double) = (tape.watch(&x), tape.watch(&wide));
    for strength in [1.0, 1e-6] {
        let [ranks, want] = [single, double].map(|x| soft_rank(x, strength));
        let [slope] = gradient((ranks * tape.iota([N], 0, DType::F32)).mean(()), [single]);
        let [slope_want] = gradient((want * tape.iota([N], 0, DType::F64)).mean(()), [double]);
        let (ranks, want) = (ranks.value()?.to_f64_vec(), want.value()?.to_f64_vec());
        let off = ranks.iter().zip(&want).map(|(got, want)| (got - want).abs());
        assert!(off.fold(0.0, f64::max) <= 0.0313, "strength {strength}");
        let total: f64 = want.iter().sum();
        assert!((total / (N as f64 * (N as f64 + 1.0) / 2.0) - 1.0).abs() < 1e-12);
        let (got, want) = (slope.value()?.cast(DType::F64), slope_want.value()?);
        let largest = want.to_f64_vec().iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!(got.all_close(&want, 0.0, 1e-5 * largest), "strength {strength}");
    }
    Ok(())
}

#[test]
fn hard_values_have_soft_gradients_of_every_order() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([0.4, -1.6, 2.5]);
    let soft = x.tanh() * x;
    let y = straight_through(x.sign(), soft);
    let ([dy], [want]) = (gradient(y.sum(()), [x]), gradient(soft.sum(()), [x]));
    assert_eq!(y.value()?.to_f64_vec(), [1.0, -1.0, 1.0]);
    assert!(dy.value()?.equals(&want.value()?));
    near(&hessian(y.sum(()), x).value()?, &hessian(soft.sum(()), x).value()?, 0.0);
    assert_eq!(straight_through_round(x).value()?.to_f64_vec(), [0.0, -2.0, 2.0]);
    assert_eq!(straight_through_sign(x).value()?.to_f64_vec(), [1.0, -1.0, 1.0]);
    let rows = tape.watch([[1.0, 5.0, 2.0], [4.0, 0.0, 4.0]]);
    for axis in [0, 1] {
        let one = straight_through_argmax(rows, axis, 2.0);
        let want = match axis {
            0 => [0.0, 1.0, 0.0, 1.0, 0.0, 1.0],
            _ => [0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
        };
        assert_eq!(one.value()?.to_f64_vec(), want);
        let weights = tape.iota([2, 3], 1, DType::F64);
        let soft = tempered_softmax(rows, axis, 2.0);
        let [got] = gradient((one * weights).sum(()), [rows]);
        let [want] = gradient((soft * weights).sum(()), [rows]);
        near(&got.value()?, &want.value()?, 1e-15);
    }
    let mapped = vmap(rows, |row| straight_through_argmax(row, 0, 2.0));
    near(&mapped.value()?, &straight_through_argmax(rows, 1, 2.0).value()?, 0.0);
    Ok(())
}

#[test]
fn gumbel_choices_come_as_often_as_the_softmax_says() -> Result<()> {
    let tape = Tape::new();
    let logits = tape.watch([0.5, -0.5, 1.0]);
    let shares = logits.softmax(0).value()?.to_f64_vec();
    let many = logits.broadcast_to([20_000, 3]);
    let options = GumbelOptions { hard: true, temperature: 0.5, axis: 1 };
    let hard = gumbel_softmax(many, &Generator::new(9), options);
    let counts = hard.mean(0).value()?.to_f64_vec();
    for (count, share) in counts.iter().zip(&shares) {
        // Five standard deviations.
        assert!((count - share).abs() < 5.0 * (share / 20_000.0).sqrt(), "{counts:?} {shares:?}");
    }
    let soft = |seed| {
        gumbel_softmax(many, &Generator::new(seed), GumbelOptions { hard: false, ..options })
    };
    let one = soft(9);
    assert!(one.value()?.equals(&soft(9).value()?) && !one.value()?.equals(&soft(10).value()?));
    near(&one.sum(1).value()?, &Tensor::ones([20_000], DType::F64), 1e-12);
    near(
        &one.argmax(1).one_hot(3, DType::F64).value()?,
        &gumbel_softmax(many, &Generator::new(9), options).value()?,
        0.0,
    );
    let [dx] = gradient((hard * tape.constant([1.0, 0.0, 0.0])).sum(()), [many]);
    let [want] = gradient((one * tape.constant([1.0, 0.0, 0.0])).sum(()), [many]);
    near(&dx.value()?, &want.value()?, 1e-15);
    Ok(())
}

fn error<'t>(out: Var<'t>) -> Error {
    let error = out.value().unwrap_err();
    assert_eq!(error.location().unwrap().file(), file!(), "{error}");
    error
}

#[test]
fn what_does_not_fit_is_an_error_at_the_line_of_the_call() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.watch([[0.5f32, 0.2, 0.1], [0.3, 0.1, 0.4]]);
    let (whole, scalar) = (tape.constant([1i64, 2]), tape.watch(1.0));
    for (out, kind, words) in [
        (soft_rank(x, 0.0), Kind::Value, "soft_rank: strength is 0"),
        (soft_rank(x, f64::NAN), Kind::Value, "soft_rank: strength is NaN"),
        (soft_sort(x, -1.0), Kind::Value, "soft_sort: strength is -1"),
        (
            soft_top_k(x, 4, 1.0),
            Kind::Shape,
            "soft_top_k: the last axis of f32[2, 3] has 3 elements, not 4",
        ),
        (
            soft_rank(whole, 1.0),
            Kind::Shape,
            "soft_rank of i64[2]: needs floating-point numbers, not i64",
        ),
        (soft_rank(scalar, 1.0), Kind::Shape, "soft_rank of f64[]: axis -1 is out of range"),
        (isotonic(whole), Kind::Shape, "isotonic of i64[2]: needs floating-point numbers"),
        (
            tempered_softmax(x, 2, 1.0),
            Kind::Shape,
            "tempered_softmax of f32[2, 3]: axis 2 is out of range",
        ),
        (
            tempered_softmax(x, 1, f64::INFINITY),
            Kind::Value,
            "tempered_softmax: temperature is inf",
        ),
        (soft_argmax(x, 1, 0.0), Kind::Value, "soft_argmax: temperature is 0"),
        (smooth_sign(x, 0.0), Kind::Value, "smooth_sign: temperature is 0"),
        (
            smooth_accuracy(x, whole.index(0, 0), 1.0),
            Kind::Shape,
            "smooth_accuracy: scores f32[2, 3] do not fit labels i64[]",
        ),
        (
            straight_through(x, x.index(0, 0)),
            Kind::Shape,
            "straight_through: the value is f32[2, 3], but the gradient's is f32[3]",
        ),
        (
            straight_through(x, other.watch([1.0])),
            Kind::Tape,
            "straight_through: the operands are recorded on two different tapes",
        ),
        (
            straight_through_round(whole),
            Kind::Shape,
            "straight_through_round of i64[2]: needs floating-point numbers",
        ),
        (
            straight_through_argmax(x, 5, 1.0),
            Kind::Shape,
            "straight_through_argmax of f32[2, 3]: axis 5",
        ),
        (
            x.isotonic_blocks(x.cast(DType::F64)),
            Kind::Shape,
            "isotonic_blocks: element types differ: f32 and f64",
        ),
        (
            scalar.isotonic_blocks(scalar),
            Kind::Shape,
            "isotonic_blocks: a scalar has no axis along which numbers could increase",
        ),
    ] {
        let error = error(out);
        assert!(error.message().starts_with(words), "{words:?} is not in {error}");
        assert_eq!(error.kind(), kind, "{error}");
    }
    let generator = Generator::new(0);
    let options = GumbelOptions { temperature: -1.0, ..Default::default() };
    assert!(error(gumbel_softmax(x, &generator, options)).message().contains("temperature is -1"));
    assert_eq!(generator.draws(), 0);
    let labels = tape.constant([0i64, 3]);
    assert!(smooth_accuracy(x, labels, 1.0).item().is_err());
}

#[test]
fn temperatures_count_in_the_type_that_is_computed_in() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([3e38f32, 1.0, -3e38]);
    for (soft, want) in [
        (tempered_softmax(x, 0, 0.1), vec![1.0, 0.0, 0.0]),
        (straight_through_argmax(x, 0, 0.1), vec![1.0, 0.0, 0.0]),
        (soft_argmax(x, 0, 0.1), vec![0.0]),
        (smooth_accuracy(x.unsqueeze(0), tape.constant([0i64]), 0.1), vec![1.0]),
        (tempered_softmax(tape.watch([60_000f32, 0.0]).cast(DType::F16), 0, 0.1), vec![1.0, 0.0]),
    ] {
        assert_eq!(soft.value()?.to_f64_vec(), want);
    }
    for dtype in [DType::F32, DType::BF16] {
        let wrong = error(tempered_softmax(x.cast(dtype), 0, 1e-50));
        assert!(wrong.to_string().contains("does not tell it from 0"), "{wrong}");
    }
    let x = tape.watch([1.0, 2.0]);
    assert_eq!(tempered_softmax(x, 0, 1e-50).value()?.to_f64_vec(), [0.0, 1.0]);
    Ok(())
}
