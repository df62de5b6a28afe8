//! Random numbers on a tape: their distributions, what decides them, and what must be an error.

use std::collections::BTreeSet;
use std::thread;

use gradtape::{
    DType, Generator, Mode, Result, Rng, Tape, Tensor, Var, compile, engine, evaluate, gradient,
    gradients, op,
};

const MANY: usize = 200_000;

/// The distribution function at each of these numbers.
type Cdf = fn(&[f64]) -> Vec<f64>;

type Draw = for<'t> fn(&'t Tape, &Generator, DType) -> Var<'t>;

fn drawn(draw: Draw, seed: u64, dtype: DType) -> Vec<f64> {
    let tape = Tape::new();
    draw(&tape, &Generator::new(seed), dtype).value().unwrap().to_f64_vec()
}

/// The distribution function of the standard normal distribution at each of these numbers.
fn normal_cdf(x: &[f64]) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.constant(x);
    (0.5 * (1.0 + (x * std::f64::consts::FRAC_1_SQRT_2).erf())).value().unwrap().to_f64_vec()
}

/// The greatest distance between the share of numbers below a place and what it should be, times the root
/// of their number (Kolmogorov and Smirnov): above 1.95 once in a thousand times.
fn distance(mut numbers: Vec<f64>, cdf: Cdf) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len() as f64;
    let far = cdf(&numbers).into_iter().enumerate().map(|(i, p)| {
        let i = i as f64;
        (p - i / n).abs().max(((i + 1.0) / n - p).abs())
    });
    far.fold(0.0, f64::max) * n.sqrt()
}

/// The mean of each of the first four powers, and its standard error.
fn moments(numbers: &[f64]) -> [(f64, f64); 4] {
    let n = numbers.len() as f64;
    let mean = |k: i32| numbers.iter().map(|x| x.powi(k)).sum::<f64>() / n;
    [1, 2, 3, 4].map(|k| (mean(k), ((mean(2 * k) - mean(k).powi(2)) / n).sqrt()))
}

#[test]
fn numbers_have_the_distribution_they_are_named_after() {
    let cases: [(&str, Draw, Cdf, [f64; 4]); 3] = [
        (
            "uniform",
            |tape, g, dtype| tape.uniform(g, MANY, dtype),
            |x| x.to_vec(),
            [1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0],
        ),
        ("normal", |tape, g, dtype| tape.normal(g, MANY, dtype), normal_cdf, [0.0, 1.0, 0.0, 3.0]),
        (
            "gumbel",
            |tape, g, dtype| tape.gumbel(g, MANY, dtype),
            |x| x.iter().map(|x| (-(-x).exp()).exp()).collect(),
            // The Euler-Mascheroni constant, and moments by the derivatives of the gamma function.
            [0.577_215_66, 1.978_111_99, 5.444_874_46, 23.561_474_08],
        ),
    ];
    for (name, draw, cdf, expected) in cases {
        for dtype in [DType::F32, DType::F64] {
            for seed in [1, 2] {
                let numbers = drawn(draw, seed, dtype);
                for ((got, error), want) in moments(&numbers).into_iter().zip(expected) {
                    assert!((got - want).abs() < 4.0 * error, "{name} {dtype}: {got} for {want}");
                }
                let far = distance(numbers, cdf);
                assert!(far < 1.95, "{name} {dtype}: {far}");
            }
        }
    }
}

#[test]
fn a_wrong_distribution_is_seen() {
    let flat: Draw = |tape, g, dtype| (tape.uniform(g, MANY, dtype) - 0.5) * 12f64.sqrt();
    assert!(distance(drawn(flat, 1, DType::F64), normal_cdf) > 10.0);
    let wide: Draw = |tape, g, dtype| tape.normal(g, MANY, dtype) * 1.02;
    assert!(distance(drawn(wide, 1, DType::F64), normal_cdf) > 1.95);
}

/// Neighbours, rows, draws and seeds say nothing of each other.
#[test]
fn numbers_are_independent() {
    let draw: Draw = |tape, g, dtype| tape.normal(g, [400, 500], dtype);
    let tape = Tape::new();
    let generator = Generator::new(1);
    let two = [(); 2].map(|()| draw(&tape, &generator, DType::F32).value().unwrap().to_f64_vec());
    let other = drawn(draw, 2, DType::F32);
    let correlation = |x: &[f64], y: &[f64]| {
        x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / x.len().min(y.len()) as f64
    };
    let pairs = [
        (&two[0][..], &two[0][1..]),
        (&two[0], &two[0][500..]),
        (&two[0], &two[0][100_000..]),
        (&two[0], &two[1]),
        (&two[0], &other),
    ];
    for (number, (x, y)) in pairs.into_iter().enumerate() {
        // The standard deviation is at most 0.0032.
        let squares: [Vec<f64>; 2] = [x, y].map(|x| x.iter().map(|x| x * x - 1.0).collect());
        assert!(correlation(x, y).abs() < 0.012, "pair {number}: {}", correlation(x, y));
        let of_squares = correlation(&squares[0], &squares[1]);
        assert!(of_squares.abs() < 0.024, "pair {number}: squares {of_squares}");
    }
}

/// At the seed 7, these draws begin with the least and the greatest 24 bits.
#[test]
fn the_ends_of_the_uniform_numbers_are_finite_everywhere() -> Result<()> {
    let at = |draw: u64| {
        let generator = Generator::new(7);
        generator.set_draws(draw - 1);
        generator
    };
    let tape = Tape::new();
    for dtype in [DType::F32, DType::F64] {
        for (draw, least) in [(13_619_867, true), (80_764_671, false)] {
            let u = tape.uniform(&at(draw), 1, dtype).item()?;
            assert!(if least { u < 2f64.powi(-23) } else { u > 1.0 - 2f64.powi(-23) && u < 1.0 });
            let gumbel = tape.gumbel(&at(draw), 1, dtype).item()?;
            assert!(if least { gumbel > 16.0 } else { gumbel < -2.5 }, "{gumbel}");
        }
        for (draw, least) in [(18_450_207, true), (15_199_864, false)] {
            let normal = tape.normal(&at(draw), 1, dtype).item()?.abs();
            assert!(if least { normal < 1e-3 } else { normal < 6.0 && normal > 1e-3 }, "{normal}");
        }
    }
    Ok(())
}

#[test]
fn choices_are_as_frequent_as_their_probabilities() -> Result<()> {
    let (tape, generator) = (Tape::new(), Generator::new(5));
    for dtype in [DType::F32, DType::F64] {
        let p = Tensor::from([0.0, 0.01, 0.3, 0.5, 0.99, 1.0, -0.5, 1.5, f64::NAN]).cast(dtype);
        let coins = tape.constant(p).broadcast_to([MANY, 9]).bernoulli(&generator);
        assert_eq!(coins.dtype(), DType::Bool);
        let shares = coins.cast(DType::F64).mean(0).value()?.to_f64_vec();
        for (share, p) in shares.iter().zip([0.0, 0.01, 0.3, 0.5, 0.99, 1.0, 0.0, 1.0, 0.0]) {
            let error = (p * (1.0 - p) / MANY as f64).sqrt();
            assert!((share - p).abs() <= 3.5 * error, "{share} for {p}");
        }
        let logits = [1.0, -2.0, f64::NEG_INFINITY, 0.0, 3.0, -7.0];
        let rows = tape.constant(Tensor::from(logits).cast(dtype)).broadcast_to([MANY, 6]);
        let classes = rows.categorical(-1, &generator);
        let columns = rows.t().categorical(0, &generator);
        let weights = logits.map(f64::exp);
        let sum: f64 = weights.iter().sum();
        for classes in [classes, columns] {
            assert_eq!((classes.dtype(), classes.shape()), (DType::I64, MANY.into()));
            let mut counts = [0.0; 6];
            classes.value()?.to_vec::<i64>()?.iter().for_each(|&k| counts[k as usize] += 1.0);
            assert_eq!(counts[2], 0.0);
            // The sum of squared errors over four degrees of freedom: above 18.5 once in a thousand times.
            let squares = counts.iter().zip(weights).filter(|(_, weight)| *weight > 0.0);
            let far: f64 = squares
                .map(|(count, weight)| {
                    let want = MANY as f64 * weight / sum;
                    (count - want).powi(2) / want
                })
                .sum();
            assert!(far < 18.5, "{dtype}: {far} {counts:?}");
        }
    }
    // Certain choices, and none that can be told.
    let certain = tape.constant([[-1e30, 0.0, -1e30], [f64::INFINITY, 0.0, 1.0]]);
    assert_eq!(certain.categorical(1, &generator).value()?.to_vec::<i64>()?, [1, 0]);
    let nothing = tape.constant([f64::NEG_INFINITY; 3]).categorical(0, &generator);
    assert_eq!(nothing.item()?, 0.0);
    Ok(())
}

fn all(x: &Var<'_>, generator: &Generator) -> Result<Vec<Tensor>> {
    let tape = x.tape();
    let values = [
        tape.uniform(generator, [30, 70], x.dtype()),
        tape.normal(generator, [300, 700], x.dtype()),
        tape.gumbel(generator, [30, 70], x.dtype()),
        x.sigmoid().bernoulli(generator),
        x.categorical(-1, generator),
    ];
    values.iter().map(|var| var.value()).collect()
}

#[test]
fn the_seed_decides_every_bit_on_any_number_of_threads() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::normal([300, 40], 0.0, 1.0, dtype, &mut Rng::new(1))?;
        let draw = |threads: usize, mode: Mode, seed: u64| {
            engine::cpu::set_threads_beyond_cores(threads);
            let tape = Tape::new();
            tape.set_mode(mode);
            let drawn = all(&tape.watch(x.clone()), &Generator::new(seed));
            engine::cpu::set_threads(0);
            drawn
        };
        let first = draw(1, Mode::Fused, 9)?;
        for threads in [2, 7] {
            for (a, b) in first.iter().zip(draw(threads, Mode::Fused, 9)?) {
                assert!(a.equals(&b), "{dtype}, {threads} threads");
            }
        }
        // The uniform numbers and the choices are the same by the operations' own meaning; the others up
        // to the rounding of logarithms.
        for mode in [Mode::Eager, Mode::Checked] {
            let other = draw(1, mode, 9)?;
            for kind in [0, 3, 4] {
                assert!(first[kind].equals(&other[kind]), "{dtype} {mode:?}: {kind}");
            }
            for kind in [1, 2] {
                assert!(
                    first[kind].all_close(&other[kind], 1e-5, 1e-5),
                    "{dtype} {mode:?}: {kind}"
                );
            }
        }
        assert!(draw(1, Mode::Fused, 10)?.iter().zip(&first).all(|(a, b)| !a.equals(b)));
    }
    Ok(())
}

#[test]
fn compiled_draws_are_those_of_recorded_ones_and_new_at_every_call() -> Result<()> {
    fn draws<'t>(tape: &'t Tape, generator: &Generator) -> [Var<'t>; 3] {
        let logits = tape.constant(Tensor::zeros([50, 9], DType::F32));
        [
            tape.normal(generator, [4, 5], DType::F32),
            logits.categorical(1, generator),
            tape.normal(generator, [4, 5], DType::F32),
        ]
    }
    let generator = Generator::new(4);
    let mut step = compile(|tape, _| Ok(draws(tape, &generator).to_vec()));
    let compiled = [(); 3].map(|()| step.call(&[]).unwrap());
    let again = Generator::new(4);
    let mut tape = Tape::new();
    for (call, compiled) in compiled.iter().enumerate() {
        tape.reset();
        for (var, compiled) in draws(&tape, &again).iter().zip(compiled) {
            assert!(var.value()?.equals(compiled), "call {call}");
        }
        assert!(!compiled[0].equals(&compiled[2]));
    }
    assert!((0..3).all(|k| !compiled[0][k].equals(&compiled[1][k])));
    assert_eq!((generator.draws(), again.draws()), (9, 9));
    // Going on where a training was stopped.
    let resumed = Generator::new(4);
    resumed.set_draws(6);
    tape.reset();
    assert!(draws(&tape, &resumed)[1].value()?.equals(&compiled[2][1]));
    Ok(())
}

#[test]
fn a_counter_may_be_one_of_many_numbers() -> Result<()> {
    let random = op::source::Random { key: 7, shape: [40].into(), dtype: DType::F32 };
    let draw = |counter: Var<'_>| (counter.tape().apply(random.clone(), &[counter]) * 2).value();
    let tape = Tape::new();
    let counters = tape.constant(Tensor::from([[5i64, 0], [9, 5]]));
    for (row, column, number) in [(0, 1, 0i64), (1, 0, 9), (1, 1, 5)] {
        let want = draw(tape.constant(number))?;
        assert!(draw(counters.index(0, row).index(0, column))?.equals(&want));
        assert!(draw(counters.t().flatten(0).index(0, 2 * column + row))?.equals(&want));
    }
    Ok(())
}

#[test]
fn gradients_go_through_what_is_made_of_random_numbers() -> Result<()> {
    let tape = Tape::new();
    let generator = Generator::new(2);
    let (mean, scale) = (tape.watch(0.5), tape.watch(2.0));
    let noise = tape.normal(&generator, [1000], DType::F64);
    let z = mean + scale * noise;
    let [by_mean, by_scale] = gradient(z.square().mean(()), [mean, scale]);
    let want = (2.0 * z * noise).mean(()).item()?;
    assert!((by_scale.item()? - want).abs() < 1e-12);
    assert!((by_mean.item()? - (2.0 * z).mean(()).item()?).abs() < 1e-12);
    // A mask says that it has no gradient.
    let p = tape.watch([0.5, 0.5]);
    let mask = p.bernoulli(&generator);
    let error = gradients(mask, &[p])[0].value().unwrap_err().to_string();
    assert!(error.contains("has no gradient"), "{error}");
    Ok(())
}

#[test]
fn what_nothing_can_be_drawn_from_is_an_error() {
    let (tape, generator) = (Tape::new(), Generator::new(1));
    let has = |var: Var<'_>, words: &[&str]| {
        let text = var.value().unwrap_err().to_string();
        for word in words.iter().chain(&["sampling.rs"]) {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    let whole = tape.constant([1i64, 2]);
    has(whole.bernoulli(&generator), &["bernoulli of i64[2]", "a floating-point number", "cast"]);
    has(
        whole.categorical(0, &generator),
        &["categorical of i64[2]", "logits are floating-point numbers"],
    );
    let x = tape.constant(Tensor::zeros([2, 0], DType::F32));
    has(x.categorical(1, &generator), &["categorical of f32[2, 0]", "no class to choose"]);
    has(x.categorical(2, &generator), &["categorical of f32[2, 0]", "axis 2 is out of range"]);
    has(
        tape.uniform(&generator, 3, DType::I64),
        &["uniform: draws floating-point numbers, not i64"],
    );
    has(
        tape.normal(&generator, 3, DType::Bool),
        &["normal: draws floating-point numbers, not bool"],
    );
    has(tape.normal(&generator, [usize::MAX, 2], DType::F32), &["too many elements"]);
    let failed = tape.constant([1.0, 2.0]).reshape([3]);
    has(failed.bernoulli(&generator), &["reshape"]);
    has(failed.categorical(0, &generator), &["reshape"]);
    assert_eq!(tape.normal(&generator, [0, 3], DType::F32).value().unwrap().elements(), 0);
}

#[test]
fn threads_that_share_a_generator_have_draws_of_their_own() {
    const DRAWS: usize = 300;
    let generator = Generator::new(3);
    let draw = || {
        let tape = Tape::new();
        let drawn: Vec<_> = (0..DRAWS).map(|_| tape.uniform(&generator, [2], DType::F64)).collect();
        evaluate(&drawn).unwrap();
        let bits =
            |x: Var<'_>| x.value().unwrap().to_f64_vec().iter().map(|x| x.to_bits()).collect();
        drawn.into_iter().map(bits).collect::<Vec<Vec<u64>>>()
    };
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        thread::scope(|scope| {
            let threads = [scope.spawn(draw), scope.spawn(draw)];
            threads.into_iter().for_each(|thread| seen.extend(thread.join().unwrap()));
        });
    }
    assert_eq!((seen.len(), generator.draws()), (20 * DRAWS, 20 * DRAWS as u64));
}
