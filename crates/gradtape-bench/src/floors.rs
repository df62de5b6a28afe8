//! What share of the most that a core can compute matrix products reach, for each instruction set.

use std::time::{Duration, Instant};

use gradtape::engine::cpu::{self, Isa};
use gradtape::{Element, Result, Rng, Tensor, compile};

/// Sizes of the square products.
const SIZES: [usize; 3] = [512, 256, 64];
/// Turns of peak and products.
const TURNS: usize = 60;
/// How long one of them runs in a turn at least: too short for another process to take part of each.
const TURN: Duration = Duration::from_millis(4);

/// Prints a table: operations a second of the loop on registers, and what share of it products reach.
///
/// Everything runs on one thread. Loop and products take turns, and of each the fastest turn counts, so that
/// the shares hold on a machine that does other things meanwhile.
pub(crate) fn print() -> Result<()> {
    cpu::set_threads(1);
    println!("{:<10}{:<6}{:>10}{}", "", "", "GFLOP/s", SIZES.map(|n| format!("{n:>8}³")).concat());
    for isa in Isa::available() {
        cpu::set_isa(isa)?;
        row::<f32>(isa)?;
        row::<f64>(isa)?;
    }
    Ok(())
}

fn row<T: Element>(isa: Isa) -> Result<()> {
    let mut rng = Rng::new(0);
    let mut square = |n: usize| Tensor::normal([n, n], 0.0, 1.0, T::DTYPE, &mut rng);
    let mut products = Vec::new();
    for n in SIZES {
        let operands = [square(n)?, square(n)?];
        let product = compile(|_, v| Ok(vec![v[0].matmul(v[1])])).inference();
        products.push((operands, product, Vec::new(), 2 * n * n * n));
    }
    let (mut most, mut rates) = (0f64, [0f64; SIZES.len()]);
    for _ in 0..TURNS {
        most = most.max(rate(&mut || Ok(cpu::multiply_adds::<T>(isa, 10_000)))?);
        for ((operands, product, results, work), best) in products.iter_mut().zip(&mut rates) {
            *best = best.max(rate(&mut || product.call_into(operands, results).map(|()| *work))?);
        }
    }
    let shares = rates.map(|rate| format!("{:>7.0} %", 100.0 * rate / most)).concat();
    println!("{:<10}{:<6}{most:>10.1}{shares}", isa.name(), T::DTYPE.name());
    Ok(())
}

/// Billions of operations a second of something that tells how many it did.
fn rate(work: &mut impl FnMut() -> Result<usize>) -> Result<f64> {
    work()?;
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < TURN {
        done += work()?;
    }
    Ok(done as f64 / start.elapsed().as_secs_f64() / 1e9)
}
