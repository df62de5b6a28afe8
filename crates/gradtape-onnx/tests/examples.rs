//! The networks of the library's examples, whole, as files.

#[allow(dead_code, unreachable_pub, reason = "an example, of which the network is taken")]
#[path = "../../gradtape/examples/lenet.rs"]
mod lenet;
#[allow(dead_code, unreachable_pub, reason = "an example, of which the network is taken")]
#[path = "../../gradtape/examples/resnet.rs"]
mod resnet;

use gradtape::nn::{
    BatchNorm2d, CausalTransformer, CausalTransformerOptions, Conv2d, ConvOptions, Flatten, Gru,
    Linear, MaxPool2d, Relu, Sequential,
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
        ("lenet", lenet::network(rng)?, vec![1, 8, 8]),
        ("resnet", resnet::network(rng)?, vec![64]),
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
