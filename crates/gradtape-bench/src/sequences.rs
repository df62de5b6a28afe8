//! What attention costs as sequences grow longer.

use gradtape::plan::{Place, plan};
use gradtape::{DType, Result, Rng, Var, compile, eval, vjp};

use crate::measure::measure;
use crate::workloads::normal;

/// Examples and places: as many scores at each length.
const LENGTHS: [(usize, usize); 4] = [(256, 64), (16, 256), (4, 512), (1, 1024)];
/// Without as many scores, one example of this many places.
const LONG: [usize; 3] = [2048, 4096, 8192];
const HEADS: usize = 4;
const WIDTH: usize = 64;

/// Prints a table in Markdown: for each length of sequences the median time of attention with 4 heads of 64, alone and
/// with its gradients, causal and not, and the megabytes of memory between the kernels.
pub(crate) fn print() -> Result<()> {
    println!("| places | examples | causal | ms | MB | with gradients, ms | MB |");
    println!("|---|---|---|---|---|---|---|");
    let lengths = LENGTHS.into_iter().chain(LONG.map(|places| (1, places)));
    for (examples, places) in lengths {
        for causal in [false, true] {
            let [alone, both] =
                [false, true].map(|gradients| measured([examples, places], causal, gradients));
            let ([ms, mb], [ms_both, mb_both]) = (alone?, both?);
            println!(
                "| {places} | {examples} | {causal} | {ms:.3} | {mb:.1} | {ms_both:.3} | {mb_both:.1} |"
            );
        }
    }
    Ok(())
}

fn measured([examples, places]: [usize; 2], causal: bool, gradients: bool) -> Result<[f64; 2]> {
    let mut rng = Rng::new(0);
    let mut input = || normal([examples, places, HEADS, WIDTH], &mut rng);
    let inputs = [input()?, input()?, input()?, input()?];
    let traced = eval::trace(|tape| {
        let inputs: Vec<Var<'_>> = inputs.iter().map(|x| tape.watch(x.clone())).collect();
        Ok(recorded(&inputs, causal, gradients))
    })?;
    let program = plan(&traced.0);
    let arena = program.buffers.iter().any(|buffer| matches!(buffer.place, Place::Arena(_)));
    let bytes = if arena { program.arena } else { 0 };
    let mut compiled = compile(|_, inputs| Ok(recorded(inputs, causal, gradients)));
    let mut results = Vec::new();
    let samples = measure(|| compiled.call_into(&inputs, &mut results))?;
    Ok([samples.median_us() / 1e3, bytes as f64 / 1e6])
}

/// Attention of queries to keys and values, and the gradients of these three.
fn recorded<'t>(inputs: &[Var<'t>], causal: bool, gradients: bool) -> Vec<Var<'t>> {
    let [q, k, v, cotangent] = inputs else { return Vec::new() };
    let tape = q.tape();
    let mut scores = tape.einsum("bqhd,bkhd->bhqk", &[*q, *k]) * (1.0 / (WIDTH as f64).sqrt());
    if causal {
        let places = scores.shape()[2];
        let place = |axis| tape.iota([places, places], axis, DType::F64);
        scores = place(1).less_equal(place(0)).select(scores, -1e30);
    }
    let y = tape.einsum("bhqk,bkhd->bqhd", &[scores.softmax(-1), *v]);
    let slopes = if gradients { vjp(&[y], &[*cotangent], &[*q, *k, *v]) } else { Vec::new() };
    std::iter::once(y).chain(slopes).collect()
}
