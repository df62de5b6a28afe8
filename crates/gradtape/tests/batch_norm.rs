//! Batch normalisation: values, gradients and running statistics as PyTorch has them.

use crate::reference::{Tolerance, cases, numbers, read, tensor};
use gradtape::data::{Dataset, iris};
use gradtape::loss::mse;
use gradtape::nn::{
    BatchNorm1d, BatchNorm2d, BatchNormOptions, Layer, Linear, Module, Relu, Sequential, summary,
};
use gradtape::optim::{Adam, Sgd};
use gradtape::train::{EarlyStopping, Trainer, evaluate, predict};
use gradtape::{
    DType, Mode, Result, Rng, Tape, Tensor, Var, check_gradients, compile, gradient, vjp,
};
use serde_json::Value;

/// What a test needs of a layer of any number of axes.
struct Parts<'l> {
    layer: &'l dyn Layer,
}

impl Parts<'_> {
    fn set(&self, name: &str, value: Tensor) {
        if let Some((_, own)) = self.layer.named_parameters().iter().find(|(n, _)| n == name) {
            return own.set(value).unwrap();
        }
        let buffers = self.layer.named_buffers();
        buffers.iter().find(|(n, _)| n == name).unwrap().1.set(value).unwrap();
    }

    fn buffer(&self, name: &str) -> Vec<f64> {
        let buffers = self.layer.named_buffers();
        buffers.iter().find(|(n, _)| n == name).unwrap().1.value().to_f64_vec()
    }
}

fn double(features: usize, rank: usize, options: BatchNormOptions) -> Result<Box<dyn Layer>> {
    let options = BatchNormOptions { dtype: DType::F64, ..options };
    Ok(match rank {
        4 => Box::new(BatchNorm2d::with(features, options)?),
        _ => Box::new(BatchNorm1d::with(features, options)?),
    })
}

#[test]
fn values_gradients_and_running_statistics_agree_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let all: Vec<&Value> = cases(&file).iter().filter(|case| case["op"] == "batch_norm").collect();
    assert_eq!(all.len(), 4);
    for case in all {
        let (id, attrs, inputs) = (&case["id"], &case["attrs"], &case["inputs"]);
        let tolerance = Tolerance::of(&file, case);
        let x = tensor(&inputs["x"]);
        let options = BatchNormOptions {
            momentum: attrs["momentum"].as_f64(),
            eps: attrs["eps"].as_f64().unwrap(),
            ..BatchNormOptions::default()
        };
        let layer = double(x.shape()[1], x.rank(), options)?;
        let parts = Parts { layer: &*layer };
        for name in ["weight", "bias"] {
            parts.set(name, tensor(&inputs[name]));
        }
        for name in ["running_mean", "running_var"] {
            parts.set(name, Tensor::from(&numbers(&attrs[name])[..]));
        }
        let training = attrs["training"].as_bool().unwrap();
        let tape = if training { Tape::new() } else { Tape::inference() };
        let x = tape.watch(x);
        let y = layer.forward(x);
        let own: Vec<Var<'_>> =
            layer.parameters().iter().map(|parameter| tape.parameter(parameter)).collect();
        let slopes = vjp(&[y], &[tape.constant(tensor(&case["cotangent"]))], &[x, own[0], own[1]]);
        let data = |value: &Value| numbers(&value["data"]);
        tolerance.check(&format!("{id}"), &y.value()?.to_f64_vec(), &data(&case["output"]));
        for (name, slope) in ["x", "weight", "bias"].into_iter().zip(slopes) {
            let (what, want) = (format!("{id}: gradient of {name}"), data(&case["grads"][name]));
            tolerance.check(&what, &slope.value()?.to_f64_vec(), &want);
        }
        for name in ["running_mean", "running_var"] {
            let want = numbers(&attrs[&format!("{name}_after")]);
            tolerance.check(&format!("{id}: {name}"), &parts.buffer(name), &want);
        }
        let batches = f64::from(u8::from(training));
        assert_eq!(parts.buffer("num_batches_tracked"), [batches], "{id}");
    }
    Ok(())
}

#[test]
fn first_and_second_derivatives_agree_with_differences() -> Result<()> {
    let numbers = |count: usize| (0..count).map(|i| (i as f64 * 1.3).sin() * 2.0).collect();
    for shape in [vec![5, 3], vec![3, 2, 4], vec![2, 3, 2, 2]] {
        let x = Tensor::from_vec(numbers(shape.iter().product()), &shape)?;
        let layer = double(shape[1], shape.len(), BatchNormOptions::default())?;
        let parts = Parts { layer: &*layer };
        parts.set("weight", Tensor::from_vec(numbers(shape[1]), shape[1])?);
        check_gradients(|x| layer.forward(x[0]), std::slice::from_ref(&x))?.within(1e-7)?;
        // Of the layer's own parameters, by giving it them as values.
        let bare = BatchNormOptions { affine: false, ..BatchNormOptions::default() };
        let bare = double(shape[1], shape.len(), bare)?;
        let along = [&[shape[1]][..], &vec![1; shape.len() - 2]].concat();
        let weight = Tensor::from_vec(numbers(shape[1]), along)?;
        check_gradients(|x| bare.forward(x[0]) * x[1] + x[1], &[x, weight])?.within(1e-7)?;
    }
    Ok(())
}

#[test]
fn every_mode_and_a_compiled_function_keep_the_same_statistics() -> Result<()> {
    let x = Tensor::uniform([6, 4], -1.0, 3.0, DType::F32, &mut Rng::new(3))?;
    let mut seen: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
        for compiled in [false, true] {
            let layer = BatchNorm1d::new(4);
            let mut call = compile(|tape, x| {
                tape.set_mode(mode);
                Ok(vec![layer.forward(x[0])])
            });
            let mut last = Vec::new();
            for _ in 0..3 {
                if compiled {
                    last = call.call(std::slice::from_ref(&x))?[0].to_f64_vec();
                    continue;
                }
                let tape = Tape::new();
                tape.set_mode(mode);
                last = layer.forward(tape.constant(&x)).value()?.to_f64_vec();
            }
            let parts = Parts { layer: &layer };
            assert_eq!(parts.buffer("num_batches_tracked"), [3.0]);
            let statistics = [parts.buffer("running_mean"), parts.buffer("running_var")].concat();
            seen.push((last, statistics));
        }
    }
    let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    for (outputs, statistics) in &seen[1..] {
        assert!(close(outputs, &seen[0].0) && close(statistics, &seen[0].1), "{seen:?}");
    }
    assert_eq!(seen[0].1, seen[1].1, "a compiled function gives the same bits");
    Ok(())
}

#[test]
fn without_momentum_every_batch_counts_alike() -> Result<()> {
    let options = BatchNormOptions { momentum: None, ..BatchNormOptions::default() };
    let layer = double(1, 2, options)?;
    // Two of them on one tape, the third on another.
    let batches = [[[1.0], [3.0]], [[5.0], [9.0]], [[0.0], [6.0]]];
    let tape = Tape::new();
    let outputs =
        [layer.forward(tape.constant(batches[0])), layer.forward(tape.constant(batches[1]))];
    gradtape::evaluate(&outputs)?;
    layer.forward(Tape::new().constant(batches[2])).value()?;
    let parts = Parts { layer: &*layer };
    let close = |name: &str, want: f64| {
        let got = parts.buffer(name)[0];
        assert!((got - want).abs() < 1e-12, "{name}: {got}, not {want}");
    };
    close("running_mean", (2.0 + 7.0 + 3.0) / 3.0);
    close("running_var", (2.0 + 8.0 + 18.0) / 3.0);
    close("num_batches_tracked", 3.0);
    Ok(())
}

#[test]
fn without_running_statistics_the_batch_is_used_everywhere() -> Result<()> {
    let options = BatchNormOptions { track_running_stats: false, ..BatchNormOptions::default() };
    let layer = BatchNorm1d::with(2, options)?;
    let x = Tensor::from([[1.0f32, 5.0], [3.0, 9.0]]);
    let outputs = [Tape::new(), Tape::inference()]
        .map(|tape| layer.forward(tape.constant(&x)).value().unwrap().to_f64_vec());
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!((layer.named_buffers().len(), layer.parameter_count()), (0, 4));
    let tape = Tape::inference();
    let text = layer.forward(tape.constant([[1.0f32, 2.0]])).value().unwrap_err().to_string();
    assert!(text.contains("track_running_stats"), "{text}");
    Ok(())
}

#[test]
fn what_does_not_fit_names_the_layer_the_line_and_a_way_out() -> Result<()> {
    let net = Sequential::new().add(Relu).add(BatchNorm1d::new(3));
    net.named_parameters();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    for (x, words) in [
        (zeros(&[4, 5]), "takes 3 features in f32, as [n, features] or [n, features, length]"),
        (zeros(&[4, 5]), "the input is f32[4, 5]"),
        (zeros(&[4, 3, 2, 2]), "images take BatchNorm2d"),
        (zeros(&[3]), "reshape the input"),
        (Tensor::zeros([4, 3], DType::F64), "write 1.0f32"),
        (zeros(&[1, 3]), "has 1 value of each feature, but its statistics need 2 or more"),
        (zeros(&[1, 3]), "a batch size that leaves no last batch of one row"),
        (zeros(&[0, 3]), "has no value of each feature"),
        (zeros(&[1, 3, 1]), "f32[1, 3, 1] has 1 value"),
    ] {
        let tape = Tape::new();
        let x = tape.constant(x);
        let (line, error) = (line!(), net.forward(x).value().unwrap_err());
        let text = error.to_string();
        assert!(text.contains(words), "{words:?} is not in {text}");
        assert!(text.contains("in layer 1 (BatchNorm1d)"), "{text}");
        assert_eq!(error.location().map(|at| (at.file(), at.line())), Some((file!(), line)));
    }
    // One row of several values has a variance.
    assert!(net.forward(Tape::new().constant(zeros(&[1, 3, 2]))).value().is_ok());
    assert_eq!(predict(&net, &zeros(&[0, 3]), 4)?.shape()[..], [0, 3]);
    let error = BatchNorm2d::new(3).forward(Tape::new().constant(zeros(&[4, 3]))).value();
    assert!(error.unwrap_err().to_string().contains("this takes BatchNorm1d"));
    for options in [
        BatchNormOptions { momentum: Some(1.5), ..BatchNormOptions::default() },
        BatchNormOptions { momentum: Some(f64::NAN), ..BatchNormOptions::default() },
        BatchNormOptions { eps: -1.0, ..BatchNormOptions::default() },
        BatchNormOptions { eps: f64::INFINITY, ..BatchNormOptions::default() },
        BatchNormOptions { dtype: DType::I64, ..BatchNormOptions::default() },
    ] {
        let text = BatchNorm1d::with(3, options).unwrap_err().to_string();
        assert!(text.contains("BatchNorm1d of 3 features"), "{text}");
    }
    // More than memory can hold is an error at the first use.
    let huge = BatchNorm1d::new(usize::MAX / 2);
    let x = Tape::inference();
    assert!(
        huge.forward(x.constant(Tensor::zeros([1, usize::MAX / 2], DType::F32))).value().is_err()
    );
    Ok(())
}

fn network(seed: u64) -> Sequential {
    let rng = &mut Rng::new(seed);
    Sequential::new()
        .add(Linear::new(4, 16, rng))
        .add(BatchNorm1d::new(16))
        .add(Relu)
        .add(Linear::new(16, 3, rng))
}

/// A network that is recorded at every step.
#[derive(Clone, Module)]
struct Recorded(Sequential);

impl Layer for Recorded {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.forward(x)
    }
}

fn state(net: &dyn Layer) -> Vec<Vec<f64>> {
    let parameters = net.parameters().into_iter().map(|own| own.value());
    let buffers = net.named_buffers().into_iter().map(|(_, own)| own.value());
    parameters.chain(buffers).map(|value| value.to_f64_vec()).collect()
}

#[test]
fn a_trainer_gives_the_same_bits_compiled_and_recorded_and_evaluates_with_running_statistics()
-> Result<()> {
    let split = iris().split_modulo(5, 4)?;
    // With every column alike, so that the statistics keep up with the weights.
    let (mean, std) = (split.train.inputs().mean(0)?, split.train.inputs().std(0, 0)?);
    let standardise = |data: &Dataset| -> Result<Dataset> {
        Dataset::new(((data.inputs() - &mean)? / &std)?, data.targets().clone())
    };
    let (train, test) = (standardise(&split.train)?, standardise(&split.test)?);
    let (compiled, recorded) = (network(3), Recorded(network(3)));
    assert!(compiled.is_static() && !recorded.is_static());
    let mut histories = Vec::new();
    // 120 rows in batches of 32: the last one has 24.
    for net in [&compiled as &dyn Layer, &recorded] {
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(30);
        histories.push(trainer.fit(&train, Some(&test))?);
    }
    assert_eq!(histories[0], histories[1]);
    assert_eq!(state(&compiled), state(&recorded));
    let count = compiled.named_buffers().pop().unwrap().1;
    assert_eq!(count.value().item()?, 120.0);
    let scores = evaluate(&compiled, &test, 7)?;
    assert!(scores.accuracy.unwrap() >= 0.8348, "{scores:?}");
    assert_eq!(scores.accuracy, evaluate(&compiled, &test, 30)?.accuracy);
    assert_eq!(count.value().item()?, 120.0, "evaluation changes nothing");
    Ok(())
}

#[test]
fn a_trainer_gives_buffers_back_with_the_weights() -> Result<()> {
    let split = iris().split_modulo(5, 4)?;
    let net = network(3);
    let start = state(&net);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 1e30)).epochs(3);
    trainer.fit(&split.train, None).unwrap_err();
    assert_eq!(state(&net), start, "after a divergence");

    let kept = std::sync::Mutex::new(Vec::new());
    let schedule = gradtape::optim::Schedule::Step { step_size: 2, gamma: 3000.0 };
    let early = EarlyStopping { patience: 2, min_delta: 0.0 };
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01))
        .epochs(20)
        .schedule(schedule, gradtape::train::Every::Epoch)
        .early_stopping(early)
        .on_epoch(|_| kept.lock().unwrap().push(state(&net)));
    let best = trainer.fit(&split.train, Some(&split.test))?.kept_epoch;
    let kept = kept.lock().unwrap();
    assert!(best < kept.len(), "it went on after epoch {best}");
    assert_eq!(state(&net), kept[best - 1], "the best epoch");
    Ok(())
}

#[test]
fn a_last_batch_of_one_row_is_an_error_that_says_what_to_do() -> Result<()> {
    let (x, y) = (Tensor::ones([5, 4], DType::F32), Tensor::from([0i64, 1, 2, 0, 1]));
    let data = Dataset::new(x, y)?;
    let net = network(3);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01)).batch_size(2);
    let text = trainer.fit(&data, None).unwrap_err().to_string();
    assert!(text.contains("leaves no last batch of one row"), "{text}");
    assert!(text.contains("in layer 1 (BatchNorm1d)"), "{text}");
    Ok(())
}

#[test]
fn gradients_of_a_network_with_it_agree_with_differences_of_its_weights() -> Result<()> {
    let rng = &mut Rng::new(1);
    let options = gradtape::nn::LinearOptions { dtype: DType::F64, ..Default::default() };
    let first = Linear::with(3, 4, options, rng)?;
    let norm = BatchNorm1d::with(4, BatchNormOptions { dtype: DType::F64, ..Default::default() })?;
    let x = Tensor::uniform([6, 3], -1.0, 1.0, DType::F64, rng)?;
    let loss = |tape: &Tape| -> Result<(f64, Vec<f64>)> {
        let y = norm.forward(first.forward(tape.constant(&x)));
        let loss = mse(y.tanh(), tape.constant(Tensor::zeros([6, 4], DType::F64)));
        let [slope] = gradient(loss, [tape.parameter(&first.weight)]);
        Ok((loss.item()?, slope.value()?.to_f64_vec()))
    };
    let (_, slopes) = loss(&Tape::new())?;
    let weight = first.weight.value().to_f64_vec();
    for (place, slope) in slopes.into_iter().enumerate() {
        let at = |by: f64| {
            let mut moved = weight.clone();
            moved[place] += by;
            first.weight.set(Tensor::from_vec(moved, [4, 3])?)?;
            Ok::<_, gradtape::Error>(loss(&Tape::new())?.0)
        };
        let numeric = (at(1e-5)? - at(-1e-5)?) / 2e-5;
        assert!((slope - numeric).abs() < 1e-8, "{slope} {numeric}");
    }
    Ok(())
}

#[test]
fn a_summary_lists_it() {
    let text = summary(&network(1)).to_string();
    assert!(text.contains("BatchNorm1d(16)  weight [16], bias [16]"), "{text}");
    assert!(text.contains("running_mean [16], running_var [16], num_batches_tracked []"), "{text}");
}
