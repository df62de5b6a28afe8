//! A convolutional network like LeNet (LeCun, Bottou, Bengio and Haffner 1998) on handwritten digits.
//!
//! ```text
//! cargo run --release -p gradtape --example lenet
//! ```

use gradtape::data::{Dataset, digits};
use gradtape::nn::{
    AvgPool2d, Conv2d, ConvOptions, Dropout2d, Flatten, Linear, Padding, Sequential, Tanh, summary,
};
use gradtape::optim::Adam;
use gradtape::train::{Trainer, evaluate};
use gradtape::{Result, Rng, Tensor};

/// For images of 8 x 8 with one channel.
pub fn network(rng: &mut Rng) -> Result<Sequential> {
    let same = ConvOptions { padding: Padding::Same, ..ConvOptions::default() };
    Ok(Sequential::new()
        .add(Conv2d::with(1, 6, [3, 3], same, rng)?)
        .add(Tanh)
        .add(AvgPool2d::new([2, 2]))
        .add(Conv2d::new(6, 16, [3, 3], rng))
        .add(Tanh)
        .add(Dropout2d::new(0.05, rng))
        .add(Flatten)
        .add(Linear::new(16 * 2 * 2, 32, rng))
        .add(Tanh)
        .add(Linear::new(32, 10, rng)))
}

fn main() -> Result<()> {
    // 1,797 images of 8 x 8 with one channel, 20 % of them held out.
    let data = digits();
    let images = Tensor::from_vec(data.inputs().to_vec::<f32>()?, [data.len(), 1, 8, 8])?;
    let split = Dataset::new(images, data.targets().clone())?.split(0.0, 0.2, 42)?;

    let net = network(&mut Rng::new(42))?;
    println!("{}\n", summary(&net));

    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.005)).epochs(8).batch_size(32).seed(42);
    let history = trainer.fit(&split.train, None)?;
    for (number, epoch) in history.epochs.iter().enumerate() {
        println!("epoch {}: loss {:.3}", number + 1, epoch.train.loss);
    }
    let scores = evaluate(&net, &split.test, 256)?;
    println!("held out: {:.1} % right", 100.0 * scores.accuracy.unwrap_or_default());
    Ok(())
}
