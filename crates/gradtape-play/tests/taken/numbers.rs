use gradtape::data::{Dataset, moons};
use gradtape::loss::hinge;
use gradtape::nn::{Activation, Sequential};
use gradtape::optim::{Hyper, by_name};
use gradtape::train::Trainer;
use gradtape::{Result, Rng, Tensor};

fn main() -> Result<()> {
    let data = moons(500, 0.1, 42)?;
    let split = data.split(0.0, 0.2, 42)?;
    let rng = &mut Rng::new(42);
    let net = Sequential::mlp(&[2, 8, 8, 1], Activation::Tanh, 0.0, rng)?;
    let optimizer = by_name("adam", &net, &Hyper::new().with("lr", 0.01))?;
    let mut trainer = Trainer::new(&net, optimizer)
        .epochs(3)
        .batch_size(32)
        .seed(42)
        .loss(|outputs, targets| hinge(outputs, targets));
    let history = trainer.fit(&numbers(&split.train)?, Some(&numbers(&split.test)?))?;
    println!("{:?}", history.epochs.last());
    Ok(())
}

/// Labels as this loss takes them.
fn numbers(data: &Dataset) -> Result<Dataset> {
    let labels = data.labels().unwrap_or_default();
    let targets: Vec<f32> = labels.iter().map(|&label| if label == 1 { 1.0 } else { -1.0 }).collect();
    Dataset::new(data.inputs().clone(), Tensor::from_vec(targets, [labels.len(), 1])?)
}
