//! Workloads of networks put together from the library's layers; `peers_more.py` has the same of others.

use gradtape::loss::cross_entropy;
use gradtape::nn::{
    Blueprint, CausalTransformer, CausalTransformerOptions, LayerNorm, Lstm, Module,
    RecurrentOptions,
};
use gradtape::optim::{Adam, AdamW, Optimizer, Sgd};
use gradtape::{Result, Rng, Tape, Tensor, Var, compile, vjp};

use crate::measure::{Samples, measure};
use crate::workloads::{normal, train};

/// Numbers from 0 to one below `count`, of a shape.
fn below<const N: usize>(count: usize, shape: [usize; N], rng: &mut Rng) -> Result<Tensor> {
    let len: usize = shape.iter().product();
    Tensor::from_vec((0..len).map(|_| rng.below(count) as i64).collect::<Vec<i64>>(), shape)
}

/// A step of the residual network of eight layers on 64 images of 3 × 32 × 32, running statistics included.
pub(crate) fn resnet8(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let (x, y) = (normal([64, 3, 32, 32], &mut rng)?, below(10, [64], &mut rng)?);
    let model = "resnet8".parse::<Blueprint>()?.build([3, 32, 32], 10, &mut rng)?;
    let optimizer = Sgd::new(&model, 0.01).momentum(0.9);
    train(&[x, y], compiled, |x, y| {
        let loss = cross_entropy(model.forward(x), y);
        optimizer.step(loss)?;
        Ok(loss)
    })
}

/// A step of an LSTM of two layers of 256 on 32 sequences of 64 places of 256 numbers, on the mean of its squared
/// results.
pub(crate) fn lstm(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let (x, y) = (normal([32, 64, 256], &mut rng)?, Tensor::scalar(0.0f32));
    let options = RecurrentOptions { layers: 2, ..RecurrentOptions::default() };
    let model = Lstm::with(256, 256, options, &mut rng)?;
    let optimizer = Adam::new(&model, 1e-3);
    train(&[x, y], compiled, |x, _| {
        let loss = model.forward(x).square().mean(());
        optimizer.step(loss)?;
        Ok(loss)
    })
}

/// A step of a small GPT on 12 sequences of 64 letters: 4 layers of 4 heads and width 128 without dropout, the
/// vectors of 65 letters also those of the answer.
pub(crate) fn gpt(compiled: bool) -> Result<Samples> {
    const VOCABULARY: usize = 65;
    const WIDTH: usize = 128;
    const BATCH: usize = 12;
    const CONTEXT: usize = 64;
    let mut rng = Rng::new(0);
    let letters = below(VOCABULARY, [BATCH, CONTEXT], &mut rng)?;
    let next = below(VOCABULARY, [BATCH * CONTEXT], &mut rng)?;
    let mut options =
        CausalTransformerOptions { places: CONTEXT, ..CausalTransformerOptions::default() };
    options.stack.layers = 4;
    options.stack.layer.feedforward = 4 * WIDTH;
    options.stack.layer.dropout = 0.0;
    let model = CausalTransformer::with(VOCABULARY, WIDTH, 4, options, &mut rng)?;
    let optimizer = AdamW::new(&model, 1e-3).betas(0.9, 0.99).weight_decay(0.1);
    train(&[letters, next], compiled, |letters, next| {
        let logits = model.forward(letters).reshape([BATCH * CONTEXT, VOCABULARY]);
        let loss = cross_entropy(logits, next);
        optimizer.step(loss)?;
        Ok(loss)
    })
}

/// A layer normalisation of 4,096 rows of 1,024 numbers with scale and shift, and the gradients of all three.
pub(crate) fn norms(compiled: bool) -> Result<Samples> {
    const ROWS: usize = 4096;
    const WIDTH: usize = 1024;
    let mut rng = Rng::new(0);
    let inputs = [normal([ROWS, WIDTH], &mut rng)?, normal([ROWS, WIDTH], &mut rng)?];
    let layer = LayerNorm::new(WIDTH);
    fn graph<'t>(layer: &LayerNorm, x: Var<'t>, cotangent: Var<'t>) -> Vec<Var<'t>> {
        let own = layer.parameters().into_iter().map(|own| x.tape().parameter(&own));
        let all: Vec<Var<'t>> = [x].into_iter().chain(own).collect();
        let y = layer.forward(x);
        [y].into_iter().chain(vjp(&[y], &[cotangent], &all)).collect()
    }
    if compiled {
        let mut step = compile(|_, v| Ok(graph(&layer, v[0], v[1])));
        let mut results = Vec::new();
        return measure(|| step.call_into(&inputs, &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let [x, cotangent] = [tape.watch(inputs[0].clone()), tape.constant(inputs[1].clone())];
        gradtape::evaluate(&graph(&layer, x, cotangent))
    })
}
