//! f16 and bf16: kept in 16 bits, computed in f32, rounded once by each operation.

use std::collections::BTreeMap;
use std::{fs, process};

use crate::planning::{Build, check, engine, numbers};
use gradtape::engine::cpu::Isa;
use gradtape::io::{read_safetensors, write_safetensors};
use gradtape::nn::{Linear, LinearOptions};
use gradtape::op::{NodeId, binary, linear, reduce, shape, unary};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::plan::{Kernel, plan};
use gradtape::tape::Graph;
use gradtape::{
    Bf16, Convolution, DType, F16, Generator, Mode, Parameter, Result, Rng, Tape, Tensor, Var,
    compile, eval, evaluate, gradient, loss, vjp,
};

const HALVES: [DType; 2] = [DType::F16, DType::BF16];

fn normal(shape: &[usize], dtype: DType, seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, dtype, &mut Rng::new(seed)).unwrap()
}

/// Numbers of f32 as they come back from a type of 16 bits.
fn rounded(x: &[f32], dtype: DType) -> Vec<f32> {
    let round = |&x: &f32| match dtype {
        DType::F16 => F16::from_f32(x).to_f32(),
        _ => Bf16::from_f32(x).to_f32(),
    };
    x.iter().map(round).collect()
}

fn singles(x: &Tensor) -> Vec<f32> {
    x.cast(DType::F32).to_vec().unwrap()
}

#[test]
fn elements_are_stored_and_read_as_they_are() -> Result<()> {
    let x = Tensor::from(vec![F16::from_f32(0.1), F16::from_f32(-3.0)]);
    assert_eq!((x.dtype(), x.to_string()), (DType::F16, "[ 0.1 -3. ]".into()));
    assert_eq!(x.to_vec::<F16>()?[1], F16::from_f32(-3.0));
    assert_eq!(x.to_f64_vec()[0], 0.0999755859375);
    assert_eq!(x.as_slice::<F16>().unwrap().len(), 2);
    let text = x.to_vec::<f32>().unwrap_err().to_string();
    assert!(
        text.contains("elements of a f16 tensor") && text.contains("cast(DType::F32)"),
        "{text}"
    );
    let x = Tensor::from([[Bf16::from_f32(0.1); 2]; 3]).transpose(&[1, 0])?;
    assert_eq!(
        format!("{:?}", x.contiguous()),
        "Tensor bf16 [2, 3]\n[[0.1 0.1 0.1]\n [0.1 0.1 0.1]]"
    );
    assert_eq!(Tensor::concat(&[x.clone(), x], 0)?.shape()[..], [4, 3]);
    assert_eq!(Tensor::full([2], 1e6, DType::F16).to_f64_vec(), [f64::INFINITY; 2]);
    assert_eq!(Tensor::arange(0.0, 1.0, 0.25, DType::BF16)?.to_f64_vec(), [0.0, 0.25, 0.5, 0.75]);
    Ok(())
}

#[test]
fn casts_round_once_from_every_type() {
    for dtype in HALVES {
        // Between two numbers of 16 bits, and nearer to the middle than f32 can tell.
        let ulp = if dtype == DType::F16 { 2f64.powi(-10) } else { 2f64.powi(-7) };
        let x = Tensor::from([1.0 + ulp / 2.0 + 1e-12, 1.0 + ulp / 2.0, 1.0 + 1.5 * ulp]);
        let want = [1.0 + ulp, 1.0, 1.0 + 2.0 * ulp];
        assert_eq!(x.cast(dtype).to_f64_vec(), want);
        let whole = Tensor::from([(1i64 << 40) + (1 << 32) + 1, 65519, 65520, -3]);
        let tape = Tape::new();
        for mode in [Mode::Fused, Mode::Eager] {
            tape.set_mode(mode);
            assert_eq!(
                tape.constant(&x).cast(dtype).value().unwrap().to_f64_vec(),
                want,
                "{mode:?}"
            );
            let got = tape.constant(&whole).cast(dtype).value().unwrap();
            assert!(got.equals(&whole.cast(dtype)), "{got} for {}", whole.cast(dtype));
            let back = tape.constant(Tensor::from([2.5, -2.5]).cast(dtype)).cast(DType::I64);
            assert_eq!(back.value().unwrap().to_vec::<i64>().unwrap(), [2, -2]);
            let truth = tape.constant(Tensor::from([0.0, -1e-3]).cast(dtype)).cast(DType::Bool);
            assert_eq!(truth.value().unwrap().to_vec::<bool>().unwrap(), [false, true]);
            let ones = tape.constant(Tensor::from([true, false])).cast(dtype).value().unwrap();
            assert_eq!(ones.to_f64_vec(), [1.0, 0.0]);
        }
    }
    let other = Tensor::from([1e5, 1e-7, 1.0 / 3.0]).cast(DType::BF16);
    let tape = Tape::new();
    let got = tape.constant(&other).cast(DType::F16).value().unwrap();
    assert!(got.equals(&other.cast(DType::F16)) && got.to_f64_vec()[0].is_infinite());
}

/// What each operation gives is rounded, also where several are fused: the bits are those of f32 arithmetic
/// rounded after each operation.
#[test]
fn each_operation_rounds_its_result() -> Result<()> {
    for dtype in HALVES {
        let (x, y) = (normal(&[40, 50], dtype, 1), normal(&[40, 50], dtype, 2));
        let tape = Tape::new();
        let (a, b) = (tape.constant(&x), tape.constant(&y));
        let got = ((a * b + a) / b.abs().sqrt() - b).value()?;
        let step = |x: Vec<f32>| rounded(&x, dtype);
        let (x, y) = (singles(&x), singles(&y));
        let zip = |x: &[f32], y: &[f32], f: fn(f32, f32) -> f32| {
            step(x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect())
        };
        let product = zip(&x, &y, |x, y| x * y);
        let sum = zip(&product, &x, |x, y| x + y);
        let root = step(y.iter().map(|y| y.abs().sqrt()).collect());
        let quotient = zip(&sum, &root, |x, y| x / y);
        let want = zip(&quotient, &y, |x, y| x - y);
        assert_eq!(singles(&got), want, "{dtype}");
        assert_eq!(got.dtype(), dtype);
        // Rounded in the end alone it would be something else.
        let once = x.iter().zip(&y).map(|(x, y)| (x * y + x) / y.abs().sqrt() - y).collect();
        assert_ne!(step(once), want, "{dtype}");
    }
    Ok(())
}

#[test]
fn sums_and_products_accumulate_in_f32() -> Result<()> {
    for dtype in HALVES {
        let tape = Tape::new();
        let ones = tape.constant(Tensor::full([30_000, 2], 1.0, dtype));
        let want = Tensor::from([30_000.0f32; 2]).cast(dtype);
        assert!(ones.sum(0).value()?.equals(&want));
        assert!(tape.constant(Tensor::full([2, 30_000], 1.0, dtype)).sum(1).value()?.equals(&want));
        let row = tape.constant(Tensor::full([1, 30_000], 1.0, dtype));
        assert!(row.matmul(ones).value()?.equals(&want.reshape([1, 2])?));
        assert_eq!(ones.mean(()).item()?, 1.0);
        assert_eq!(ones.cumsum(0).value()?.get(&[29_999, 0])?, want.get(&[0])?);
        let index = tape.constant(Tensor::zeros([30_000], DType::I64));
        assert!(ones.index_add(0, index, 1).value()?.equals(&want.reshape([1, 2])?));
    }
    // Finite, though the sum is not.
    let large = Tape::new().constant(Tensor::full([8], 60_000.0, DType::F16)).mean(()).item()?;
    assert_eq!(large, 60_000.0);
    Ok(())
}

/// Sums and squares on the way to a result may be larger than the type holds, and an epsilon smaller.
#[test]
fn only_results_need_fit_the_type() -> Result<()> {
    let tape = Tape::new();
    for count in [8, 70_000] {
        let x: Vec<f32> =
            (0..count).map(|i| if i % 2 == 0 { 50_000.0 } else { 50_512.0 }).collect();
        let x = tape.watch(Tensor::from(x).cast(DType::F16));
        assert_eq!(x.std((), 0).item()?, 256.0, "{count}");
        assert_eq!((x * 2f64.powi(-6)).var(0, 0).item()?, 16.0, "{count}");
        let normal = x.normalize(0, 1e-5);
        assert_eq!(normal.value()?.to_f64_vec()[..2], [-1.0, 1.0], "{count}");
        let [slope] = gradient(normal.index(0, 0), [x]);
        assert!(slope.value()?.to_f64_vec().iter().all(|slope| slope.is_finite()), "{count}");
        let ones = tape.watch(Tensor::ones([count], DType::F16));
        let want = Tensor::scalar((count as f32).sqrt()).cast(DType::F16).item()?;
        assert_eq!(ones.norm(2.0, ()).item()?, want);
        assert_eq!(ones.normalize(0, 1e-10).value()?.to_f64_vec()[0], 0.0);
    }
    Ok(())
}

#[test]
fn products_are_those_of_f32_rounded_once() -> Result<()> {
    for dtype in HALVES {
        for sizes in [[3, 5, 4], [70, 130, 90], [257, 64, 33]] {
            let (a, b) = (normal(&sizes[..2], dtype, 1), normal(&sizes[1..], dtype, 2));
            let tape = Tape::new();
            let got = tape.constant(&a).matmul(tape.constant(&b)).value()?;
            let wide = tape.constant(a.cast(DType::F32)).matmul(tape.constant(b.cast(DType::F32)));
            assert!(got.equals(&wide.value()?.cast(dtype)), "{dtype} {sizes:?}");
            let turned = tape.constant(b.transpose(&[1, 0])?.contiguous());
            let turned = tape.constant(&a).matmul(turned.t()).value()?;
            // What lies otherwise may be added up in another order.
            assert!(turned.all_close(&got, 2f64.powi(-7), 1e-5), "{dtype} {sizes:?}");
        }
    }
    Ok(())
}

/// Elementwise work around a product, a reduction along each axis, an update in place.
fn step(dtype: DType) -> (Graph, Vec<Tensor>) {
    let mut build = Build::default();
    let x = build.input(numbers([40, 30], 1).cast(dtype));
    let w = build.input(numbers([30, 50], 2).cast(dtype));
    let b = build.input(numbers([50], 3).cast(dtype));
    let mut push = |op: gradtape::op::Op, inputs: &[NodeId]| build.push(op, inputs);
    let product = push(linear::Contract { batch: 0, summed: 1 }.into(), &[x, w]);
    let bias = push(shape::Broadcast { shape: [40, 50].into() }.into(), &[b]);
    let y = push(binary::Add {}.into(), &[product, bias]);
    let y = push(unary::Relu {}.into(), &[y]);
    let rows = push(reduce::Sum { axes: [1].into_iter().collect() }.into(), &[y]);
    let columns = push(reduce::Max { axes: [0].into_iter().collect() }.into(), &[y]);
    let new = push(binary::Sub {}.into(), &[b, columns]);
    build.output(y);
    build.output(rows);
    build.update(new, b);
    (build.graph, build.values)
}

#[test]
fn engines_agree_on_any_number_of_threads() {
    for dtype in HALVES {
        let (graph, values) = step(dtype);
        // All sums are exact in f32.
        check(&graph, &values, 0.0);
        for isa in Isa::available() {
            let alone = engine::run(&graph, &values, isa, 1);
            for threads in [2, 7] {
                let several = engine::run(&graph, &values, isa, threads);
                assert!(alone.iter().zip(&several).all(|(a, b)| a.equals(b)), "{isa:?}");
            }
        }
    }
    gradtape::engine::cpu::set_threads(0);
}

#[test]
fn rounding_and_converting_cost_no_pass_over_memory() {
    for dtype in HALVES {
        let program = plan(&step(dtype).0);
        let kinds = program.kernels.iter().map(|kernel| match kernel {
            Kernel::Contract(_) => "product",
            Kernel::Loop(_) => "loop",
            Kernel::Host(_) => "host",
            Kernel::Tiled(_) => "tiled",
        });
        // Two operands as f32; bias, relu and roundings with the product; a reduction along each axis, of which
        // one ends in the update.
        let kinds: Vec<_> = kinds.collect();
        let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
        assert_eq!((count("product"), count("host")), (1, 0), "{program}");
        assert!(count("loop") <= 6, "{program}");
        let half = Tape::new();
        let x = half.watch(Tensor::ones([1000], dtype));
        let (graph, _) = gradtape::eval::graph(&half, &[(x.exp() + x) * x.tanh()]).unwrap();
        assert_eq!(plan(&graph).kernels.len(), 1, "{}", plan(&graph));
    }
}

#[test]
fn precision_is_reduced_as_by_casting_there_and_back() -> Result<()> {
    let tape = Tape::new();
    for wide in [DType::F32, DType::F64] {
        let x = tape.watch(normal(&[300], wide, 5));
        for dtype in HALVES {
            let y = x.reduce_precision(dtype);
            let numbers = |y: Var<'_>| y.value().map(|y| y.to_f64_vec());
            assert_eq!(numbers(y)?, numbers(x.cast(dtype).cast(wide))?, "{dtype}");
            let [slope] = gradient((y * y).sum(()), [x]);
            assert_eq!(numbers(slope)?, numbers(y * 2.0)?, "{dtype}");
        }
        let same = x.reduce_precision(DType::F64).value()?;
        assert_eq!(same.to_f64_vec(), x.value()?.to_f64_vec());
        let error = x.reduce_precision(DType::I64).value().unwrap_err().to_string();
        assert!(error.contains("i64 is no floating-point type"), "{error}");
        assert!(error.contains("hint: for whole numbers"), "{error}");
    }
    Ok(())
}

/// In mixed precision a convolution reads its image as it does in f32, and so do the products of its gradients.
#[test]
fn convolutions_in_mixed_precision_store_no_windows() -> Result<()> {
    let planned = |dtype: DType| -> Result<(usize, usize)> {
        let (graph, _) = eval::trace(|tape: &Tape| {
            let _narrow = tape.autocast(dtype)?;
            let [x, w, g] = [[4, 8, 12, 12], [8, 8, 3, 3], [4, 8, 12, 12]]
                .map(|shape| tape.watch(normal(&shape, DType::F32, 7)));
            let y = x.tanh().convolve(w, &Convolution::new().padding(&[1]));
            Ok([vec![y], vjp(&[y], &[g], &[x, w])].concat())
        })?;
        let program = plan(&graph);
        let is_product = |kernel: &&Kernel| matches!(kernel, Kernel::Contract(_));
        Ok((program.kernels.iter().filter(is_product).count(), program.arena))
    };
    let (products, arena) = planned(DType::F32)?;
    assert_eq!(products, 3);
    for dtype in HALVES {
        let (own, bytes) = planned(dtype)?;
        assert_eq!(own, products, "{dtype}");
        // Images once more, rounded.
        assert!(bytes < 2 * arena, "{dtype}: {bytes} and {arena}");
    }
    Ok(())
}

#[test]
fn graphs_are_printed_and_read() {
    for dtype in HALVES {
        let graph = step(dtype).0;
        let text = graph.to_string();
        assert!(text.contains(&format!(": {dtype}[40, 30]\n")), "{text}");
        assert_eq!(text.parse::<Graph>().unwrap(), graph);
    }
}

#[test]
fn types_are_not_mixed() {
    let tape = Tape::new();
    let single = tape.watch(Tensor::ones([3], DType::F32));
    for dtype in HALVES {
        let half = tape.watch(Tensor::ones([3], dtype));
        let text = (half * single).value().unwrap_err().to_string();
        assert!(text.contains(&format!("element types differ: {dtype} and f32")), "{text}");
        assert!(text.contains("cast one operand"), "{text}");
        assert_eq!((half * 3.0).dtype(), dtype);
    }
    let text = tape.random(1, &gradtape::Dial::new(0.0), [2], DType::F16).value().unwrap_err();
    assert!(text.to_string().contains("are made in f32 or f64, not f16"), "{text}");
}

#[test]
fn an_overflow_of_f16_is_told_by_the_checked_mode() -> Result<()> {
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    let x = tape.watch(Tensor::full([2, 3], 300.0, DType::F16));
    assert_eq!((x * 200.0).value()?.to_f64_vec(), [60_000.0; 6]);
    let line = line!() + 1;
    let error = (x * x).value().unwrap_err().to_string();
    for part in [
        "mul: the result f16[2, 3] has 6 of 6 elements that are not finite; the first is inf at [0, 0]",
        &format!("half_precision.rs:{line}"),
        "f16 holds no number beyond 65504: compute this in f32 or bf16",
    ] {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    let error = tape.watch(Tensor::from([1e6f32])).cast(DType::F16).value().unwrap_err();
    assert!(error.to_string().contains("cast: the result f16[1]"), "{error}");
    // The same numbers are finite in the other type.
    let x = tape.watch(Tensor::full([2], 300.0, DType::BF16));
    assert!((x * x).value().is_ok());
    let error = (x * x / 0.0).value().unwrap_err().to_string();
    assert!(error.contains("not finite") && !error.contains("holds no number"), "{error}");
    Ok(())
}

/// The parameter in 16 bits, what is kept of it in f32: each step is that of f32 from the rounded parameter.
#[test]
fn optimisers_compute_in_f32_and_round_the_parameter_once() -> Result<()> {
    for dtype in HALVES {
        let half = Parameter::new(normal(&[20], dtype, 3));
        let single = Parameter::new(half.value().cast(DType::F32));
        let (opt, other) = (Adam::new(&half, 0.01), Adam::new(&single, 0.01));
        let mut compiled = compile(|tape, _| {
            let loss = (tape.parameter(&half).square() * 0.5).sum(());
            opt.step(loss)?;
            Ok(vec![loss])
        });
        for number in 0..6 {
            let gradient = half.value().cast(DType::F32);
            if number % 2 == 0 {
                compiled.call(&[])?;
            } else {
                let tape = Tape::new();
                opt.step((tape.parameter(&half).square() * 0.5).sum(()))?;
            }
            let tape = Tape::new();
            other.step((tape.parameter(&single) * tape.constant(&gradient)).sum(()))?;
            assert!(half.value().equals(&single.value().cast(dtype)), "{dtype} step {number}");
            single.set(half.value().cast(DType::F32))?;
        }
        for (name, tensor) in opt.state()?.iter().skip(1) {
            assert_eq!(tensor.dtype(), DType::F32, "{name}");
        }
        assert!(opt.load_state(&other.state()?).is_ok());
    }
    Ok(())
}

/// A layer whose product takes numbers of this type.
fn apply<'t>(layer: &Linear, x: Var<'t>, dtype: DType) -> Var<'t> {
    let weight = x.tape().parameter(&layer.weight).cast(dtype);
    let bias = x.tape().parameter(layer.bias.as_ref().unwrap()).cast(DType::F32);
    x.cast(dtype).matmul(weight.t()).cast(DType::F32) + bias
}

/// The loss of a small network after some steps; with `mixed`, its products take numbers of that type.
fn train(mixed: Option<DType>, own: DType) -> Result<f64> {
    let mut rng = Rng::new(5);
    let options = LinearOptions { dtype: own, ..LinearOptions::default() };
    let layers = [Linear::with(8, 32, options, &mut rng)?, Linear::with(32, 3, options, &mut rng)?];
    let sgd = Sgd::new(&layers[..], 0.5).momentum(0.5);
    let x = Tensor::normal([64, 8], 0.0, 1.0, own, &mut rng)?;
    let labels: Vec<i64> = (0..64).map(|row| i64::from(x.get(&[row, 0]).unwrap() > 0.0)).collect();
    let mut tape = Tape::new();
    let mut last = f64::INFINITY;
    for _ in 0..60 {
        tape.reset();
        let dtype = mixed.unwrap_or(own);
        let hidden = apply(&layers[0], tape.constant(&x), dtype).tanh();
        let logits = apply(&layers[1], hidden, dtype);
        let loss = loss::cross_entropy(logits, tape.constant(Tensor::from(&labels)));
        sgd.step(loss)?;
        last = loss.item()?;
    }
    Ok(last)
}

#[test]
fn networks_train_in_mixed_precision_and_in_16_bits() -> Result<()> {
    let exact = train(None, DType::F32)?;
    assert!(exact < 0.1, "{exact}");
    for dtype in HALVES {
        let (mixed, pure) = (train(Some(dtype), DType::F32)?, train(None, dtype)?);
        assert!((mixed - exact).abs() < 0.1 * exact, "{dtype}: {mixed} for {exact}");
        assert!((pure - exact).abs() < 0.5 * exact, "{dtype}: {pure} for {exact}");
    }
    Ok(())
}

#[test]
fn gradients_have_the_type_of_what_they_are_of() -> Result<()> {
    for dtype in HALVES {
        let tape = Tape::new();
        let x = tape.watch(normal(&[6, 4], dtype, 1));
        let w = tape.watch(normal(&[4, 3], DType::F32, 2));
        let y = x.softmax(-1).cast(DType::F32).matmul(w).square().mean(());
        let [dx, dw] = gradient(y, [x, w]);
        assert_eq!((dx.dtype(), dw.dtype()), (dtype, DType::F32));
        let exact = tape.watch(x.value()?.cast(DType::F32));
        let z = exact.softmax(-1).matmul(w).square().mean(());
        let [want, _] = gradient(z, [exact, w]);
        evaluate(&[dx, want])?;
        let size = want.value()?.to_f64_vec().iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!(dx.value()?.all_close(&want.value()?, 0.0, 0.05 * size), "{dtype}");
    }
    Ok(())
}

#[test]
fn random_numbers_stay_in_their_range() -> Result<()> {
    for dtype in HALVES {
        let x = Tensor::uniform([20_000], 0.0, 1.0, dtype, &mut Rng::new(1))?;
        assert!(x.to_f64_vec().iter().all(|x| (0.0..1.0).contains(x)));
        let tape = Tape::new();
        let u = tape.uniform(&Generator::new(1), [20_000], dtype);
        assert!(u.value()?.to_f64_vec().iter().all(|x| (0.0..1.0).contains(x)));
        assert!((u.cast(DType::F32).mean(()).item()? - 0.5).abs() < 0.01);
        let z = tape.normal(&Generator::new(1), [20_000], dtype);
        assert_eq!(z.dtype(), dtype);
        assert!((z.cast(DType::F32).square().mean(()).item()? - 1.0).abs() < 0.05);
        let coins =
            tape.constant(Tensor::full([20_000], 0.25, dtype)).bernoulli(&Generator::new(2));
        assert!((coins.cast(DType::F32).mean(()).item()? - 0.25).abs() < 0.02);
    }
    Ok(())
}

#[test]
fn files_keep_every_bit() -> Result<()> {
    let all = || 0..=u16::MAX;
    let tensors = [
        ("half".to_string(), Tensor::from(all().map(F16::from_bits).collect::<Vec<_>>())),
        ("brain".to_string(), Tensor::from(all().map(Bf16::from_bits).collect::<Vec<_>>())),
        ("flag".to_string(), Tensor::from([true])),
        ("single".to_string(), Tensor::from([1.5f32])),
    ];
    let path = std::env::temp_dir().join(format!("gradtape-half-{}", process::id()));
    write_safetensors(&path, &tensors, &BTreeMap::new())?;
    let read = read_safetensors(&path)?.tensors;
    fs::remove_file(&path).unwrap();
    for (name, tensor) in &tensors {
        let (_, found) = read.iter().find(|(other, _)| other == name).unwrap();
        assert!(found.equals(tensor), "{name}");
    }
    Ok(())
}
