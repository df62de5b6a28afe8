//! The number of threads does not show in the results, not even in their last bit.

use gradtape::nn::{Activation, Module, Sequential};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Mode, Result, Rng, Tape, Tensor, engine, evaluate, gradient, loss};

/// Networks whose steps hold kernels for all workers and kernels for one, in turn; the wide one is updated
/// while its gradient is computed.
const NETWORKS: [[usize; 3]; 2] = [[100, 200, 150], [400, 420, 30]];

/// Trains a network with layers of these sizes and ten classes.
fn train(sizes: [usize; 3], threads: usize, mode: Mode) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
    engine::cpu::set_threads_beyond_cores(threads);
    let mut rng = Rng::new(7);
    let net =
        Sequential::mlp(&[sizes[0], sizes[1], sizes[2], 10], Activation::Tanh, 0.0, &mut rng)?;
    let adam = Adam::new(&net, 1e-2);
    let inputs: Vec<f32> = (0..64 * sizes[0]).map(|_| rng.normal() as f32).collect();
    let labels: Vec<i64> = (0..64).map(|_| rng.below(10) as i64).collect();
    let (x, y) = (Tensor::from_vec(inputs, [64, sizes[0]])?, Tensor::from_vec(labels, [64])?);
    let mut losses = Vec::new();
    let mut tape = Tape::new();
    tape.set_mode(mode);
    for _ in 0..4 {
        tape.reset();
        let loss = loss::cross_entropy(net.forward(tape.constant(&x)), tape.constant(&y));
        adam.step(loss)?;
        losses.push(loss.item()?);
    }
    engine::cpu::set_threads(0);
    Ok((losses, net.parameters().iter().map(|p| p.value().to_f64_vec()).collect()))
}

#[test]
fn training_gives_the_same_bits_on_any_number_of_threads() -> Result<()> {
    for sizes in NETWORKS {
        let alone = train(sizes, 1, Mode::Fused)?;
        for threads in [2, 7] {
            assert_eq!(alone, train(sizes, threads, Mode::Fused)?, "{sizes:?}, {threads} threads");
        }
        let (losses, _) = train(sizes, 2, Mode::Checked)?;
        for (got, want) in alone.0.iter().zip(&losses) {
            assert!((got - want).abs() < 1e-5, "{got}, by the operations' own meaning {want}");
        }
    }
    Ok(())
}

/// Reductions along rows, along columns and of everything, with their gradients, as bits.
fn reduce(threads: usize) -> Result<Vec<u32>> {
    engine::cpu::set_threads_beyond_cores(threads);
    let tape = Tape::new();
    let mut rng = Rng::new(5);
    let mut random = || Tensor::normal([700, 300], 0.0, 1.0, DType::F32, &mut rng);
    let (x, w) = (tape.watch(random()?), tape.watch(random()?));
    let y = (x * w).tanh().logsumexp(0).mean(()) + x.max(1).sum(()) + (w * w).sum(());
    let [dx, dw] = gradient(y, [x, w]);
    evaluate(&[y, dx, dw])?;
    engine::cpu::set_threads(0);
    let mut bits = Vec::new();
    for var in [y, dx, dw] {
        bits.extend(var.value()?.to_vec::<f32>()?.into_iter().map(f32::to_bits));
    }
    Ok(bits)
}

#[test]
fn reductions_give_the_same_bits_on_any_number_of_threads() -> Result<()> {
    let alone = reduce(1)?;
    for threads in [2, 7] {
        assert_eq!(alone, reduce(threads)?, "{threads} threads");
    }
    Ok(())
}
