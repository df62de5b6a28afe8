//! Workloads of networks beyond perceptrons, made of windows and contractions.

use gradtape::loss::cross_entropy;
use gradtape::nn::{Linear, Module};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::{Convolution, DType, Parameter, Result, Rng, Tape, Tensor, Var, compile, vjp};

use crate::measure::{Samples, measure};
use crate::workloads::{normal, train};

/// Two convolutions with average pools, then three layers, as LeCun and others had in 1998, with ReLU.
#[derive(Module)]
struct LeNet {
    first: [Parameter; 2],
    second: [Parameter; 2],
    head: [Linear; 3],
}

impl LeNet {
    fn new(rng: &mut Rng) -> Result<LeNet> {
        let mut convolution =
            |out: usize, channels: usize, size: usize| -> Result<[Parameter; 2]> {
                let bound = 1.0 / ((channels * size * size) as f64).sqrt();
                let weight =
                    Tensor::uniform([out, channels, size, size], -bound, bound, DType::F32, rng)?;
                Ok([Parameter::new(weight), Parameter::new(Tensor::zeros([out, 1, 1], DType::F32))])
            };
        let (first, second) = (convolution(6, 1, 5)?, convolution(16, 6, 5)?);
        let head =
            [Linear::new(400, 120, rng), Linear::new(120, 84, rng), Linear::new(84, 10, rng)];
        Ok(LeNet { first, second, head })
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let layer = |x: Var<'t>, [weight, bias]: &[Parameter; 2], padding: usize| {
            let [weight, bias] = [weight, bias].map(|own| x.tape().parameter(own));
            let y = x.convolve(weight, &Convolution::new().padding(&[padding])) + bias;
            y.relu().window(2, 2, 2, 1).window(3, 2, 2, 1).mean([-2, -1])
        };
        let x = layer(layer(x, &self.first, 2), &self.second, 0).flatten(1);
        let [one, two, three] = &self.head;
        three.forward(two.forward(one.forward(x).relu()).relu())
    }
}

/// A step of LeNet on 64 images of 28 × 28.
pub(crate) fn lenet(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let x = normal([64, 1, 28, 28], &mut rng)?;
    let labels: Vec<i64> = (0..64).map(|_| rng.below(10) as i64).collect();
    let y = Tensor::from_vec(labels, [64])?;
    let model = LeNet::new(&mut rng)?;
    let optimizer = Sgd::new(&model, 0.01);
    train(&[x, y], compiled, |x, y| {
        let loss = cross_entropy(model.forward(x), y);
        optimizer.step(loss)?;
        Ok(loss)
    })
}

/// A convolution of 3 × 3, 64 channels to 64, on 32 images of 32 × 32, and both its gradients.
pub(crate) fn conv(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let inputs = [
        normal([32, 64, 32, 32], &mut rng)?,
        normal([64, 64, 3, 3], &mut rng)?,
        normal([32, 64, 32, 32], &mut rng)?,
    ];
    let how = Convolution::new().padding(&[1]);
    if compiled {
        let mut compiled = compile(|_, v| {
            let y = v[0].convolve(v[1], &how);
            let slopes = vjp(&[y], &[v[2]], &[v[0], v[1]]);
            Ok(vec![y, slopes[0], slopes[1]])
        });
        let mut results = Vec::new();
        return measure(|| compiled.call_into(&inputs, &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let [x, w, g] = [0, 1, 2].map(|i| tape.watch(inputs[i].clone()));
        let y = x.convolve(w, &how);
        let slopes = vjp(&[y], &[g], &[x, w]);
        gradtape::evaluate(&[y, slopes[0], slopes[1]])
    })
}

/// A block of a transformer: causal attention of 4 heads over 64 places of 128 numbers, then two layers, each
/// after a normalisation and beside a shortcut.
#[derive(Module)]
struct Block {
    norms: [[Parameter; 2]; 2],
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
}

const WIDTH: usize = 128;
const HEADS: usize = 4;
const PLACES: usize = 64;
const BATCH: usize = 16;

impl Block {
    fn new(rng: &mut Rng) -> Block {
        let norm = || {
            let all = |number| Parameter::new(Tensor::full([WIDTH], number, DType::F32));
            [all(1.0), all(0.0)]
        };
        Block {
            norms: [norm(), norm()],
            qkv: Linear::new(WIDTH, 3 * WIDTH, rng),
            out: Linear::new(WIDTH, WIDTH, rng),
            up: Linear::new(WIDTH, 4 * WIDTH, rng),
            down: Linear::new(4 * WIDTH, WIDTH, rng),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let norm = |x: Var<'t>, [scale, shift]: &[Parameter; 2]| {
            x.normalize(-1, 1e-5) * tape.parameter(scale) + tape.parameter(shift)
        };
        let heads = self.qkv.forward(norm(x, &self.norms[0]));
        let heads = heads.reshape([BATCH, PLACES, 3, HEADS, WIDTH / HEADS]);
        let [q, k, v] = [0usize, 1, 2].map(|i| heads.index(2, i));
        let scores =
            tape.einsum("bqhd,bkhd->bhqk", &[q, k]) * (1.0 / ((WIDTH / HEADS) as f64).sqrt());
        let causal = tape.constant(Tensor::ones([PLACES, PLACES], DType::Bool)).tril(0);
        let weights =
            causal.broadcast_to(scores.shape()).select(scores, f64::NEG_INFINITY).softmax(-1);
        let mixed = tape.einsum("bhqk,bkhd->bqhd", &[weights, v]).reshape([BATCH, PLACES, WIDTH]);
        let x = x + self.out.forward(mixed);
        x + self.down.forward(self.up.forward(norm(x, &self.norms[1])).gelu())
    }
}

/// A step of the block on the mean of its squared results.
pub(crate) fn attention(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let x = normal([BATCH, PLACES, WIDTH], &mut rng)?;
    let model = Block::new(&mut rng);
    let optimizer = Adam::new(&model, 1e-3);
    train(&[x.clone(), x], compiled, |x, _| {
        let loss = model.forward(x).square().mean(());
        optimizer.step(loss)?;
        Ok(loss)
    })
}
