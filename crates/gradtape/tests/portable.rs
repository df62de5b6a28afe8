//! Small programs of every kind of kernel, on the instructions that every machine has: few enough that Miri, which looks
//! at each access to memory, runs them all (`scripts/miri`). They stand alone, so that Miri reads nothing else.

#[path = "planning/mod.rs"]
mod planning;

use gradtape::engine::cpu::{self, Isa};
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Module, Sequential};
use gradtape::op::{Op, Sample};
use gradtape::optim::{Adam, Optimizer};
use gradtape::tape::Graph;
use gradtape::{Convolution, DType, Result, Rng, Tape, Tensor, Var, eval, gradients, vjp};
use planning::engine::{assert_near, run};
use planning::random::random_graph;
use planning::slots;

/// A graph's results on one and on several threads are those of the reference engine.
fn check(graph: &Graph, values: &[Tensor], bound: f64, what: &str) {
    let mut inputs = values.to_vec();
    let mut want = Vec::new();
    let given = &mut slots(graph, &mut inputs);
    gradtape::engine::reference::run(graph, given, &mut want, &mut |_, _| Ok(())).unwrap();
    want.extend(inputs);
    for threads in [1, 3] {
        let got = run(graph, values, Isa::Portable, threads);
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(&want) {
            let size = want
                .to_f64_vec()
                .iter()
                .filter(|x| x.is_finite())
                .fold(1.0, |a: f64, x| a.max(x.abs()));
            assert_near(got, want, bound * size, &format!("{what} on {threads} threads:\n{graph}"));
        }
    }
    cpu::set_threads(0);
}

fn uniform(shape: &[usize], seed: u64) -> Tensor {
    Tensor::uniform(shape, -1.0, 1.0, DType::F32, &mut Rng::new(seed)).unwrap()
}

#[test]
fn every_operation() {
    for Sample { op, inputs, .. } in Op::samples() {
        // Under Miri a decomposition is as long as all others together, and none of its memory is ours.
        if cfg!(miri)
            && Op::TABLE.iter().any(|info| info.name == op.name() && info.family == "linalg")
        {
            continue;
        }
        let tape = Tape::new();
        let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.watch(x.clone())).collect();
        let out = tape.apply(op.clone(), &x);
        let (graph, values) = eval::graph(&tape, &[out]).unwrap();
        check(&graph, &values, 1e-12, op.name());
    }
}

#[test]
fn random_graphs() {
    let mut rng = Rng::new(5);
    let (count, longest) = if cfg!(miri) { (12, 10) } else { (200, 16) };
    for number in 0..count {
        let choices: Vec<u32> =
            (0..4 + number % longest).map(|_| rng.below(1 << 31) as u32 * 2 + 1).collect();
        for dtype in [DType::F64, DType::F16] {
            let (graph, values) = random_graph(&choices, [3, 5], dtype);
            // Rounding is looked at elsewhere.
            let bound = if dtype == DType::F16 { f64::INFINITY } else { 1e-9 };
            check(&graph, &values, bound, "a random graph");
        }
    }
}

#[test]
fn convolutions_with_their_gradients() {
    let how = Convolution::new();
    for (how, kernel) in [
        (how.clone().padding(&[1]), [2, 2, 3, 3]),
        (how.clone().stride(&[2]), [3, 2, 2, 2]),
        (how.clone().stride(&[2]).dilation(&[2]), [2, 2, 2, 1]),
        (how.groups(2), [4, 1, 3, 2]),
    ] {
        let tape = Tape::new();
        let (x, w) = (tape.watch(uniform(&[2, 2, 5, 4], 1)), tape.watch(uniform(&kernel, 2)));
        let y = x.convolve(w, &how).relu();
        let g = tape.constant(uniform(&y.shape(), 3));
        let slopes = vjp(&[y], &[g], &[x, w]);
        let (graph, values) = eval::graph(&tape, &[y, slopes[0], slopes[1]]).unwrap();
        check(&graph, &values, 1e-5, "a convolution");
    }
}

/// Products in panels, in tiles that end within one, and of operands that are turned.
#[test]
fn products() {
    for [m, k, n] in [[1, 1, 1], [3, 5, 2], [9, 7, 17], [17, 33, 20]] {
        let tape = Tape::new();
        let (x, y) = (tape.watch(uniform(&[m, k], 1)), tape.watch(uniform(&[n, k], 2)));
        let product = x.matmul(y.t()).tanh();
        let slopes = gradients(product.square().sum(()), &[x, y]);
        let (graph, values) = eval::graph(&tape, &[product, slopes[0], slopes[1]]).unwrap();
        check(&graph, &values, 1e-5, &format!("{m} x {k} x {n}"));
    }
}

#[test]
fn rows_that_are_reduced_and_mapped() {
    for (rows, length) in [(3, 7), (2, 33), (1, 1)] {
        let tape = Tape::new();
        let x = tape.watch(uniform(&[rows, length], 1));
        let y = tape.watch(uniform(&[rows, length], 2));
        let mapped = x.normalize(-1, 1e-5) * y.softmax(-1);
        let slopes = gradients((mapped * y).sum(()), &[x, y]);
        let all = [mapped, slopes[0], slopes[1], slopes[0].sum(0)];
        let (graph, values) = eval::graph(&tape, &all).unwrap();
        check(&graph, &values, 1e-4, &format!("{rows} rows of {length}"));
    }
}

/// Steps that are recorded, planned once and run again in the same memory, with updates in place.
#[test]
fn steps_of_training() -> Result<()> {
    let net = Sequential::mlp(&[3, 5, 2], Activation::Relu, 0.25, &mut Rng::new(1))?;
    let adam = Adam::new(&net, 0.05);
    let mut tape = Tape::new();
    let mut losses = Vec::new();
    for _ in 0..3 {
        tape.reset();
        let x = tape.constant(uniform(&[4, 3], 2));
        let labels = tape.constant([0i64, 1, 1, 0]);
        let loss = cross_entropy(net.forward(x), labels);
        adam.step(loss)?;
        losses.push(loss.item()?);
    }
    assert!(losses.iter().all(|loss| loss.is_finite()) && losses[2] != losses[0], "{losses:?}");
    assert_eq!(net.parameters().len(), 4);
    Ok(())
}
