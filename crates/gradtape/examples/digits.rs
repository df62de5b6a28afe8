//! Handwritten digits: train, watch, stop early, measure on held-out images, save, load, predict.
//!
//! ```text
//! cargo run --release -p gradtape --example digits
//! ```

use gradtape::data::digits;
use gradtape::io::Model;
use gradtape::metric::ConfusionMatrix;
use gradtape::nn::{Activation, Sequential, summary};
use gradtape::optim::Adam;
use gradtape::train::{EarlyStopping, Trainer, evaluate, predict};
use gradtape::{Result, Rng};

fn main() -> Result<()> {
    // 1,797 images of 8 x 8, as rows of 64 numbers; 10 % to watch, 20 % that training never sees.
    let data = digits().flatten();
    let split = data.split(0.1, 0.2, 42)?;
    println!("{} images to train on, {} held out", split.train.len(), split.test.len());

    let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.1, &mut Rng::new(42))?;
    println!("{}\n", summary(&net));

    let history = Trainer::new(&net, Adam::new(&net, 0.005))
        .epochs(30)
        .batch_size(32)
        .seed(42)
        .early_stopping(EarlyStopping { patience: 5, min_delta: 0.0 })
        .on_epoch(|report| {
            if let (Some(seen), true) = (report.validation, report.epoch.is_multiple_of(5)) {
                let accuracy = 100.0 * seen.accuracy.unwrap_or_default();
                println!("epoch {}: loss {:.3}, {accuracy:.1} % right", report.epoch, seen.loss);
            }
        })
        .fit(&split.train, Some(&split.validation))?;
    println!("{} epochs, {:?}", history.epochs.len(), history.stopped);

    let scores = evaluate(&net, &split.test, 256)?;
    println!("\nheld out: {:.1} % right", 100.0 * scores.accuracy.unwrap_or_default());
    let outputs = predict(&net, split.test.inputs(), 256)?;
    println!("{}", ConfusionMatrix::new(&outputs, split.test.targets())?);

    // One file holds the weights, the architecture and the names of the classes.
    let path = std::env::temp_dir().join(format!("digits-{}.safetensors", std::process::id()));
    let mut model = Model::new(net);
    model.labels = data.classes().to_vec();
    model.save(&path)?;

    let model = Model::load(&path)?;
    let again = predict(&model.network, split.test.inputs(), 256)?;
    println!("\nthe same after loading: {}", again.to_vec::<f32>()? == outputs.to_vec::<f32>()?);
    // Whether the file can be removed does not matter here.
    let _ = std::fs::remove_file(path);
    Ok(())
}
