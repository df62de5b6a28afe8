//! Watching a training changes no bit of it, and what is seen is what the step did.

use std::sync::{Arc, Mutex};

use gradtape::data::{Dataset, digits, moons};
use gradtape::eval::{Pass, Profiler};
use gradtape::nn::{Activation, BatchNorm1d, Dropout, Layer, Linear, Module, Sequential};
use gradtape::optim::{Adam, Sgd};
use gradtape::train::{Health, Observation, TensorBoard, Trainer, Watch};
use gradtape::{DType, Error, Kind, Result, Rng, Tensor, compile};

/// With all that a forward pass changes: masks and running statistics.
fn net() -> Sequential {
    let rng = &mut Rng::new(3);
    Sequential::new()
        .add(Linear::new(2, 12, rng))
        .add(BatchNorm1d::new(12))
        .add(Activation::Relu.layer())
        .add(Dropout::new(0.3, rng))
        .add(Linear::new(12, 2, rng))
}

/// All that a network keeps.
fn state(net: &Sequential) -> Vec<Vec<f64>> {
    let parameters = net.parameters().into_iter().map(|own| own.value().to_f64_vec());
    let buffers = net.named_buffers().into_iter().map(|(_, own)| own.value().to_f64_vec());
    let dials = net.named_dials().into_iter().map(|(_, dial)| vec![dial.get()]);
    parameters.chain(buffers).chain(dials).collect()
}

/// Looks into every step.
#[derive(Clone, Default)]
struct Every(Arc<Mutex<Vec<Observation>>>);

impl Watch for Every {
    fn is_due(&self, _: usize, _: usize, _: usize) -> bool {
        true
    }

    fn observe(&mut self, seen: &Observation) -> Result<()> {
        self.0.lock().unwrap().push(seen.clone());
        Ok(())
    }
}

#[test]
fn watching_changes_no_bit() -> Result<()> {
    let data = moons(70, 0.1, 7)?;
    let folder = std::env::temp_dir().join(format!("gradtape-watching-{}", std::process::id()));
    let train = |watched: bool| -> Result<(Vec<Vec<f64>>, Vec<Observation>)> {
        let (net, every) = (net(), Every::default());
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(3).seed(5);
        if watched {
            let board = TensorBoard::create(&folder)?;
            trainer = trainer.watch(every.clone()).watch(Health::new()).watch(board);
            trainer = trainer.profile(&Profiler::new());
        }
        trainer.fit(&data, Some(&data))?;
        let seen = every.0.lock().unwrap().clone();
        Ok((state(&net), seen))
    };
    let (plain, _) = train(false)?;
    let (watched, seen) = train(true)?;
    assert_eq!(plain, watched);
    assert_eq!(seen.len(), 3 * 3);
    assert_eq!((seen[8].epoch, seen[8].step), (3, 9));
    let names: Vec<&str> = seen[0].layers.iter().map(|layer| &*layer.name).collect();
    assert_eq!(
        names,
        ["0 (Linear)", "1 (BatchNorm1d)", "2 (Relu)", "3 (Dropout)", "4 (Linear)", "loss"]
    );
    assert_eq!(seen[0].layers[2].output.shape()[..], [32, 12]);
    assert!(!seen[0].graph.is_empty() && seen[1].graph.is_empty());
    let op = |op: &str| seen[0].graph.iter().any(|unit| unit.op == op);
    assert!(op("parameter") && op("relu"));
    std::fs::remove_dir_all(folder).unwrap();
    Ok(())
}

#[test]
fn what_is_seen_is_what_the_step_did() -> Result<()> {
    let (net, every) = (net(), Every::default());
    let losses = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&losses);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.25)).epochs(2);
    trainer = trainer.watch(every.clone());
    trainer = trainer.on_step(move |report| kept.lock().unwrap().push(report.loss));
    trainer.fit(&moons(64, 0.1, 7)?, None)?;
    let seen = every.0.lock().unwrap();
    for (seen, loss) in seen.iter().zip(&*losses.lock().unwrap()) {
        assert!((seen.loss - loss).abs() < 1e-6, "{} and {loss}", seen.loss);
        for own in &seen.parameters {
            let gradient = own.gradient.as_ref().expect("every parameter has one");
            let (before, after) = (own.before.to_f64_vec(), own.after.to_f64_vec());
            for ((before, after), g) in before.into_iter().zip(after).zip(gradient.to_f64_vec()) {
                assert!((before - 0.25 * g - after).abs() < 1e-6, "{}: {g}", own.name);
            }
        }
    }
    assert_eq!(seen.len(), 4);
    Ok(())
}

#[test]
fn a_watch_that_fails_ends_the_training() -> Result<()> {
    struct Refuses;
    impl Watch for Refuses {
        fn observe(&mut self, _: &Observation) -> Result<()> {
            Err(Error::new(Kind::Value, "seen enough"))
        }
    }
    let net = net();
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).watch(Refuses);
    let error = trainer.fit(&moons(64, 0.1, 7)?, None).unwrap_err();
    assert_eq!(error.message(), "seen enough");
    Ok(())
}

fn flat_digits() -> Dataset {
    digits().flatten()
}

#[test]
fn a_profile_knows_layers_passes_and_kernels() -> Result<()> {
    let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
    let profiler = Profiler::new();
    let rows: Vec<usize> = (0..320).collect();
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(2).profile(&profiler);
    trainer.fit(&flat_digits().rows(&rows)?, None)?;
    let profile = profiler.report().with_peak();
    assert_eq!(profile.calls, 20);
    assert!(profile.peak.unwrap() > 1e8 && profile.planning > 0.0);
    let of = |layer: &str, pass: Pass| {
        let mut lines = profile.lines.iter();
        lines.any(|line| line.layer.as_deref() == Some(layer) && line.pass == pass)
    };
    for layer in ["0 (Linear)", "2 (Linear)", "loss"] {
        assert!(of(layer, Pass::Forward), "{profile}");
    }
    assert!(of("0 (Linear)", Pass::Backward) && of("2 (Linear)", Pass::Backward), "{profile}");
    assert!(profile.lines.iter().any(|line| line.pass == Pass::Update), "{profile}");
    // The products of both layers, forward and for the gradients of all but the input.
    let products = 2.0 * 20.0 * 32.0 * (2.0 * 64.0 * 32.0 + 3.0 * 32.0 * 10.0);
    let counted: f64 = profile.kernels.iter().map(|kernel| kernel.cost.operations).sum();
    assert!(counted > products && counted < 4.0 * products, "{counted} and {products}");
    let by_line: f64 = profile.lines.iter().map(|line| line.cost.seconds).sum();
    let by_kernel: f64 = profile.kernels.iter().map(|kernel| kernel.cost.seconds).sum();
    assert!((by_line - by_kernel).abs() < 1e-9 && by_kernel <= profile.seconds);
    let text = profile.to_string();
    for part in
        ["20 calls", "of peak", "backward of layer 0 (Linear)", "matmul [32, 64] x [64, 32]"]
    {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    Ok(())
}

#[test]
fn a_profile_tells_lines_and_changes_no_bit() -> Result<()> {
    let x = Tensor::normal([100, 80], 0.0, 1.0, DType::F32, &mut Rng::new(1))?;
    let line = line!() + 1;
    let mut plain = compile(|_, x| Ok(vec![(x[0].matmul(x[0].t()) * 2.0).tanh().sum(0)]));
    let mut timed = compile(|_, x| Ok(vec![(x[0].matmul(x[0].t()) * 2.0).tanh().sum(0)])).profile();
    for _ in 0..3 {
        let want = plain.call(std::slice::from_ref(&x))?;
        assert!(want[0].equals(&timed.call(std::slice::from_ref(&x))?[0]));
    }
    let profile = timed.report();
    assert_eq!((profile.calls, plain.report().calls), (3, 0));
    let place = format!("watching.rs:{}:", line + 1);
    assert!(profile.lines.iter().all(|own| own.place.contains(&place)), "{profile}");
    assert!(profile.lines.len() >= 3, "{profile}");
    assert!(profile.peak.is_none() && !profile.to_string().contains("of peak"));
    // A failing call is no call that went well, and measures on.
    assert!(timed.call(&[Tensor::ones([3], DType::F32)]).is_err());
    assert_eq!(timed.report().calls, 3);
    let _: &dyn Layer = &net();
    Ok(())
}
