//! The networks of the library's examples, whole, as files.

use gradtape::nn::{
    AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, CausalTransformer, CausalTransformerOptions, Conv2d,
    ConvOptions, Dropout2d, Flatten, Gru, Linear, MaxPool2d, Padding, Relu, Residual, Sequential,
    Tanh, Unflatten,
};
use gradtape::{DType, Result, Rng, Tape, Tensor};
use gradtape_onnx::Export;

use crate::export::{Written, numbered};

/// `digits`, `lenet`, `resnet`, `mnist99`, `shakespeare` and `gru`, each for a batch of any size but the last, which is a
/// recording.
pub(crate) fn written() -> Result<Vec<Written>> {
    let rng = &mut Rng::new(7);
    let digits =
        Sequential::new().add(Linear::new(64, 32, rng)).add(Relu).add(Linear::new(32, 10, rng));
    let options = CausalTransformerOptions::gpt(2, 16);
    let texts = Sequential::new().add(CausalTransformer::with(20, 12, 2, options, rng)?);
    let networks = [
        ("digits", digits, vec![64]),
        ("lenet", lenet(rng)?, vec![1, 8, 8]),
        ("resnet", resnet(rng)?, vec![64]),
        ("mnist99", mnist99(rng)?, vec![1, 28, 28]),
        ("shakespeare", texts, vec![12]),
    ];
    let mut all = Vec::new();
    for (name, network, shape) in networks {
        let dtype = if name == "shakespeare" { DType::I64 } else { DType::F32 };
        let sizes = [&[5], &shape[..]].concat();
        let input = match dtype {
            DType::I64 => numbered(&sizes),
            _ => Tensor::normal(sizes, 0.3, 1.0, dtype, rng)?,
        };
        // Running statistics move.
        let training = Tape::new();
        network.forward(training.constant(input.clone())).value()?;
        let bytes = Export::new().network_of(&network, &shape, dtype)?;
        let tape = Tape::inference();
        let expected = network.forward(tape.constant(input.clone())).value()?;
        all.push(Written { name: format!("example_{name}"), bytes, input, expected });
    }
    let (gru, out) = (Gru::new(2, 24, rng), Linear::new(24, 1, rng));
    let input = Tensor::normal([5, 9, 2], 0.0, 1.0, DType::F32, rng)?;
    let tape = Tape::inference();
    let x = tape.watch(input.clone());
    let y = out.forward(gru.forward(x).index(1, -1));
    let bytes = Export::new().recording(&tape, &[("input", x)], &[("output", y)])?;
    all.push(Written { name: "example_gru".into(), bytes, input, expected: y.value()? });
    Ok(all)
}

fn lenet(rng: &mut Rng) -> Result<Sequential> {
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

fn resnet(rng: &mut Rng) -> Result<Sequential> {
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

fn conv(from: usize, to: usize, stride: usize, rng: &mut Rng) -> Result<Conv2d> {
    let padding = Padding::Zeros([1, 1]);
    let options = ConvOptions { stride: [stride; 2], padding, bias: false, ..Default::default() };
    Conv2d::with(from, to, [3, 3], options, rng)
}

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
    let options = ConvOptions { stride: [stride; 2], bias: false, ..Default::default() };
    Ok(Residual::new(inner).with_shortcut(Conv2d::with(from, to, [1, 1], options, rng)?))
}

fn mnist99(rng: &mut Rng) -> Result<Sequential> {
    let apart = ConvOptions { stride: [2, 2], ..ConvOptions::default() };
    Ok(Sequential::new()
        .add(Conv2d::with(1, 16, [5, 5], apart, rng)?)
        .add(BatchNorm2d::new(16))
        .add(Relu)
        .add(Conv2d::new(16, 32, [5, 5], rng))
        .add(MaxPool2d::new([2, 2]))
        .add(BatchNorm2d::new(32))
        .add(Relu)
        .add(Flatten)
        .add(Linear::new(32 * 4 * 4, 10, rng)))
}
