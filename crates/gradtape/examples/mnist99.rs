//! The record `mnist99`: 99 % of MNIST's test images, which are looked at once, after an epoch:
//! `cargo run --release -p gradtape --example mnist99 -- FOLDER [SEED]`

use std::path::Path;

use gradtape::data::{Dataset, read_idx_folder};
use gradtape::loss::{CrossEntropyOptions, cross_entropy_with};
use gradtape::nn::{
    BatchNorm2d, Conv2d, ConvOptions, Flatten, Linear, MaxPool2d, Relu, Sequential,
};
use gradtape::optim::{Adam, OneCycle, Optimizer, Schedule};
use gradtape::train::{Every, Trainer, evaluate};
use gradtape::{Error, Kind, Result, Rng, Tensor, Var, eval, plan};

/// What a run came to: percent of test images told right, its steps, their floating-point operations.
#[allow(missing_docs, reason = "said above")]
pub struct Run {
    pub score: f64,
    pub steps: u64,
    pub operations: f64,
}

const BATCH: usize = 96;
const RATE: f64 = 0.015;

/// Trains on the images of a folder, and looks at those of its test files.
pub fn run(folder: &Path, seed: u64) -> Result<Run> {
    let read = read_idx_folder(folder)?;
    let images = |data: &Dataset| {
        // Of about mean 0 and deviation 1.
        let pixels = data.inputs().to_vec::<f32>()?.into_iter().map(|x| (x - 0.13) / 0.31);
        let pixels = Tensor::from_vec(pixels.collect::<Vec<f32>>(), [data.len(), 1, 28, 28])?;
        Dataset::new(pixels, data.targets().clone())
    };
    let train = images(&read.train)?;
    let test = read.test.ok_or_else(|| Error::new(Kind::Data, "the folder has no test images"))?;

    let rng = &mut Rng::new(seed);
    let apart = ConvOptions { stride: [2, 2], ..ConvOptions::default() };
    let net = Sequential::new()
        .add(Conv2d::with(1, 16, [5, 5], apart, rng)?)
        .add(BatchNorm2d::new(16))
        .add(Relu)
        .add(Conv2d::new(16, 32, [5, 5], rng))
        .add(MaxPool2d::new([2, 2]))
        .add(BatchNorm2d::new(32))
        .add(Relu)
        .add(Flatten)
        .add(Linear::new(32 * 4 * 4, 10, rng));

    let steps = train.len().div_ceil(BATCH) as u64;
    let cycle = OneCycle { div_factor: 10.0, final_div_factor: 1e3, ..OneCycle::new(RATE, steps) };
    let trainer = Trainer::new(&net, Adam::new(&net, RATE)).epochs(1).batch_size(BATCH).seed(seed);
    trainer.loss(loss).schedule(Schedule::OneCycle(cycle), Every::Step).fit(&train, None)?;
    let scores = evaluate(&net, &images(&test)?, 500)?;
    let operations = steps as f64 * of_a_step(&net)?;
    Ok(Run { score: 100.0 * scores.accuracy.unwrap_or_default(), steps, operations })
}

fn loss<'t>(outputs: Var<'t>, labels: Var<'t>) -> Var<'t> {
    let options = CrossEntropyOptions { label_smoothing: 0.05, ..Default::default() };
    cross_entropy_with(outputs, labels, &options)
}

fn of_a_step(net: &Sequential) -> Result<f64> {
    let (x, y) = (Tensor::from(vec![0f32; BATCH * 784]), Tensor::from(vec![0i64; BATCH]));
    let (graph, _) = eval::trace(|tape| {
        let outputs = net.forward(tape.constant(x.reshape([BATCH, 1, 28, 28])?));
        let loss = loss(outputs, tape.constant(y));
        Adam::new(net, RATE).step(loss).map(|()| vec![loss])
    })?;
    Ok(plan::plan(&graph).operations())
}

#[allow(dead_code, reason = "`gradtape record` calls run() alone")]
fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().unwrap_or_else(|| "mnist".to_string());
    let run =
        run(Path::new(&folder), words.next().and_then(|word| word.parse().ok()).unwrap_or(1))?;
    println!("{:.2} % after {} steps", run.score, run.steps);
    Ok(())
}
