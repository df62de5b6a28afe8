//! The most that a core can compute, as the measure for kernels.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::gemm::{self, FLOWS};
use super::isa::{Isa, isa};
use super::pool::Pool;
use super::threads;
use crate::tensor::{DType, Element};

/// Multiplies and adds on registers alone, `rounds` times on ten vectors, and gives how many multiplications
/// and additions that were. Memory is not used, so that no product of as many takes less time on one core:
/// what `gradtape-bench floors` holds matrix products against.
///
/// An instruction set that the machine lacks is replaced by the portable one. Types that are not floating-point
/// numbers have no such loop, and give 0.
///
/// ```
/// use gradtape::engine::cpu::{self, Isa};
/// assert!(cpu::multiply_adds::<f32>(Isa::best(), 1000) >= 2 * 10 * 1000);
/// ```
pub fn multiply_adds<T: Element>(isa: Isa, rounds: usize) -> usize {
    match T::DTYPE {
        DType::F32 => run::<f32>(isa, rounds),
        DType::F64 => run::<f64>(isa, rounds),
        _ => 0,
    }
}

/// The most floating-point operations of f32 that all threads together can do in a second: [`multiply_adds`] on
/// each, for the instruction set in use. It takes about a twentieth of a second to find out.
pub fn operations_a_second() -> f64 {
    const TURN: Duration = Duration::from_millis(2);
    let (isa, workers) = (isa(), threads());
    let turn = |_| {
        let done = std::sync::atomic::AtomicUsize::new(0);
        let start = Instant::now();
        Pool::global().run(workers, &|_| {
            let (begun, mut own) = (Instant::now(), 0);
            while begun.elapsed() < TURN {
                own += multiply_adds::<f32>(isa, 2000);
            }
            done.fetch_add(own, std::sync::atomic::Ordering::Relaxed);
        });
        done.into_inner() as f64 / start.elapsed().as_secs_f64()
    };
    // Others may use the machine meanwhile: the best turn counts.
    (0..20).map(turn).fold(0.0, f64::max)
}

fn run<T: gemm::Real + Element>(isa: Isa, rounds: usize) -> usize {
    let isa = if isa.is_available() { isa } else { Isa::Portable };
    let kernels = T::kernels(isa);
    let lanes = kernels.lanes();
    // All different, or the compiler could compute one for all.
    let mut flows: Vec<T> = (0..FLOWS * lanes).map(|i| T::from_f64(i as f64)).collect();
    // SAFETY: the machine has the instruction set, and there are as many numbers as the loop uses.
    unsafe { kernels.multiply_adds(rounds, black_box(flows.as_mut_ptr())) };
    black_box(flows);
    2 * FLOWS * lanes * rounds
}
