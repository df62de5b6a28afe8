//! A small residual network (He, Zhang, Ren and Sun 2015) on handwritten digits that are moved and turned a little
//! each time, with products in bf16.
//!
//! ```text
//! cargo run --release -p gradtape --example resnet
//! ```

use gradtape::data::{Augment, digits};
use gradtape::nn::{
    AdaptiveAvgPool2d, BatchNorm2d, Conv2d, ConvOptions, Flatten, Linear, Module, Padding, Relu,
    Residual, Sequential, Unflatten, summary,
};
use gradtape::optim::{Adam, Schedule};
use gradtape::train::{Every, Trainer, evaluate};
use gradtape::{DType, Result, Rng};

/// A convolution of 3 x 3 without bias, since normalisation follows.
fn conv(from: usize, to: usize, stride: usize, rng: &mut Rng) -> Result<Conv2d> {
    let padding = Padding::Zeros([1, 1]);
    let options = ConvOptions { stride: [stride; 2], padding, bias: false, ..Default::default() };
    Conv2d::with(from, to, [3, 3], options, rng)
}

/// Two convolutions, and a way around them.
fn block(from: usize, to: usize, stride: usize, rng: &mut Rng) -> Result<Residual> {
    let inner = Sequential::new()
        .add(conv(from, to, stride, rng)?)
        .add(BatchNorm2d::new(to))
        .add(Relu)
        .add(conv(to, to, 1, rng)?)
        .add(BatchNorm2d::new(to));
    if (from, stride) == (to, 1) {
        return Ok(Residual::new(inner));
    }
    // Around a block that halves the image, a convolution halves it too.
    let options = ConvOptions { stride: [stride; 2], bias: false, ..Default::default() };
    Ok(Residual::new(inner).with_shortcut(Conv2d::with(from, to, [1, 1], options, rng)?))
}

/// Rows of 64 numbers become images of 8 x 8 in it.
pub fn network(rng: &mut Rng) -> Result<Sequential> {
    Ok(Sequential::new()
        .add(Unflatten::new([1, 8, 8]))
        .add(conv(1, 8, 1, rng)?)
        .add(BatchNorm2d::new(8))
        .add(Relu)
        .add(block(8, 8, 1, rng)?)
        .add(Relu)
        .add(block(8, 16, 2, rng)?)
        .add(Relu)
        .add(AdaptiveAvgPool2d::new([1, 1])?)
        .add(Flatten)
        .add(Linear::new(16, 10, rng)))
}

fn main() -> Result<()> {
    let split = digits().split(0.0, 0.2, 42)?;
    let net = network(&mut Rng::new(42))?;
    println!("{}\n\n{} parameters", summary(&net), net.parameter_count());

    let history = Trainer::new(&net, Adam::new(&net, 0.01))
        .epochs(4)
        .batch_size(32)
        .seed(42)
        .schedule(Schedule::by_name("cosine", 0.01, 4)?, Every::Epoch)
        .augment(Augment::new([1, 8, 8]).rotate(10.0))
        .precision(DType::BF16)
        .fit(&split.train, None)?;
    for report in &history.epochs {
        println!("epoch {}: loss {:.3}", report.epoch, report.train.loss);
    }
    let scores = evaluate(&net, &split.test, 256)?;
    println!("held out: {:.1} % right", 100.0 * scores.accuracy.unwrap_or_default());
    Ok(())
}
