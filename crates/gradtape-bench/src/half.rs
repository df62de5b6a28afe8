//! What numbers of 16 bits save: the time of a step, and the memory that its program takes.

use gradtape::loss::cross_entropy;
use gradtape::nn::{
    Activation, Blueprint, CausalTransformer, CausalTransformerOptions, Module, Sequential,
};
use gradtape::optim::{Adam, Optimizer};
use gradtape::plan::{Place, Program, plan};
use gradtape::{DType, Parameter, Result, Rng, Tensor, Var, compile, eval};

use crate::measure::{Samples, measure};
use crate::workloads::normal;

/// Measures something with numbers of a type.
type Workload = fn(DType) -> Result<Measured>;

const TYPES: [DType; 3] = [DType::F32, DType::BF16, DType::F16];

/// Prints a table in Markdown: for each workload and type the median step, and the megabytes of its program's arena,
/// inputs and results.
pub(crate) fn print() -> Result<()> {
    println!("| workload | type | ms | of f32 | MB | of f32 |");
    println!("|---|---|---|---|---|---|");
    let workloads: [(&str, Workload); 6] = [
        ("training a perceptron of 784-1000-1000-10, batch 128", perceptron),
        ("training `resnet8` on 64 images of 3 x 32 x 32", resnet8),
        ("training a GPT of 4 layers of 128, 12 x 64 letters", gpt),
        ("`tanh(x) * y + z` of 16 million numbers stored so", elementwise),
        ("rows of 4,096 x 1,024 stored so, normalised", norms),
        ("a row through 784-1000-1000-10, weights stored so", inference),
    ];
    for (name, workload) in workloads {
        let mut first = None;
        for dtype in TYPES {
            let Measured { samples, bytes } = workload(dtype)?;
            let (ms, mb) = (samples.median_us() / 1e3, bytes as f64 / 1e6);
            let (ms_f32, mb_f32) = *first.get_or_insert((ms, mb));
            let shares = [ms / ms_f32, mb / mb_f32];
            println!(
                "| {name} | {dtype} | {ms:.3} | {:.2} | {mb:.1} | {:.2} |",
                shares[0], shares[1]
            );
        }
    }
    Ok(())
}

struct Measured {
    samples: Samples,
    bytes: usize,
}

/// The bytes of the arena, the inputs and the results of a program.
fn bytes(program: &Program) -> usize {
    let own = program.buffers.iter().filter(|buffer| !matches!(buffer.place, Place::Arena(_)));
    own.map(|buffer| buffer.len * buffer.dtype.size()).sum::<usize>() + program.arena
}

/// Steps of training in mixed precision: products in this type.
fn trained(
    net: &(impl Module + ?Sized),
    data: [Tensor; 2],
    dtype: DType,
    loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) -> Result<Measured> {
    let adam = Adam::new(net, 1e-3);
    let traced = eval::trace(|tape| {
        let [x, y] = data.clone().map(|data| tape.constant(data));
        Ok(vec![step(x, y, dtype, &adam, &loss)?])
    })?;
    let bytes = bytes(&plan(&traced.0));
    let mut compiled =
        compile(|_, inputs| Ok(vec![step(inputs[0], inputs[1], dtype, &adam, &loss)?]));
    let mut results = Vec::new();
    let samples = measure(|| {
        compiled.call_into(&data, &mut results)?;
        results[0].item().map(drop)
    })?;
    Ok(Measured { samples, bytes })
}

/// Records a loss whose products are narrow, and the step that follows from it.
fn step<'t>(
    x: Var<'t>,
    y: Var<'t>,
    dtype: DType,
    adam: &Adam,
    loss: &impl for<'a> Fn(Var<'a>, Var<'a>) -> Var<'a>,
) -> Result<Var<'t>> {
    let narrow = x.tape().autocast(dtype)?;
    let loss = loss(x, y);
    drop(narrow);
    adam.step(loss)?;
    Ok(loss)
}

/// A function of values that are stored in this type.
fn stored<F>(inputs: &[Tensor], dtype: DType, function: F) -> Result<Measured>
where
    F: for<'t> Fn(&[Var<'t>]) -> Var<'t>,
{
    let inputs: Vec<Tensor> = inputs.iter().map(|x| x.cast(dtype).contiguous()).collect();
    let traced = eval::trace(|tape| {
        let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.watch(x.clone())).collect();
        Ok(vec![function(&x)])
    })?;
    let bytes = bytes(&plan(&traced.0));
    let mut compiled = compile(|_, inputs| Ok(vec![function(inputs)]));
    let mut results = Vec::new();
    let samples = measure(|| compiled.call_into(&inputs, &mut results))?;
    Ok(Measured { samples, bytes })
}

fn labels(count: usize, below: usize, rng: &mut Rng) -> Result<Tensor> {
    Tensor::from_vec((0..count).map(|_| rng.below(below) as i64).collect::<Vec<i64>>(), [count])
}

fn perceptron(dtype: DType) -> Result<Measured> {
    let mut rng = Rng::new(0);
    let data = [normal([128, 784], &mut rng)?, labels(128, 10, &mut rng)?];
    let net = Sequential::mlp(&[784, 1000, 1000, 10], Activation::Relu, 0.0, &mut rng)?;
    trained(&net, data, dtype, |x, y| cross_entropy(net.forward(x), y))
}

fn resnet8(dtype: DType) -> Result<Measured> {
    let mut rng = Rng::new(0);
    let data = [normal([64, 3, 32, 32], &mut rng)?, labels(64, 10, &mut rng)?];
    let net = "resnet8".parse::<Blueprint>()?.build([3, 32, 32], 10, &mut rng)?;
    trained(&net, data, dtype, |x, y| cross_entropy(net.forward(x), y))
}

fn gpt(dtype: DType) -> Result<Measured> {
    const VOCABULARY: usize = 65;
    let (rows, context, mut rng) = (12, 64, Rng::new(0));
    let letters = labels(rows * context, VOCABULARY, &mut rng)?.reshape([rows, context])?;
    let next = labels(rows * context, VOCABULARY, &mut rng)?;
    let mut options =
        CausalTransformerOptions { places: context, ..CausalTransformerOptions::gpt(4, 128) };
    options.stack.layer.dropout = 0.0;
    let net = CausalTransformer::with(VOCABULARY, 128, 4, options, &mut rng)?;
    trained(&net, [letters, next], dtype, |x, y| {
        cross_entropy(net.forward(x).reshape([rows * context, VOCABULARY]), y)
    })
}

fn elementwise(dtype: DType) -> Result<Measured> {
    let mut rng = Rng::new(0);
    let mut own = || normal([4096, 4096], &mut rng);
    stored(&[own()?, own()?, own()?], dtype, |x| x[0].tanh() * x[1] + x[2])
}

fn norms(dtype: DType) -> Result<Measured> {
    let x = normal([4096, 1024], &mut Rng::new(0))?;
    stored(&[x], dtype, |x| x[0].normalize(-1, 1e-5))
}

fn inference(dtype: DType) -> Result<Measured> {
    let mut rng = Rng::new(0);
    let widths = [784, 1000, 1000, 10];
    let weights = widths.windows(2).map(|pair| normal([pair[0], pair[1]], &mut rng));
    let weights = weights.collect::<Result<Vec<Tensor>>>()?;
    let own = weights.iter().map(|w| Parameter::new(w.cast(dtype))).collect::<Vec<_>>();
    let x = normal([1, 784], &mut rng)?;
    stored(&[x], dtype, |x| own.iter().fold(x[0], |x, w| x.matmul(x.tape().parameter(w)).relu()))
}
