//! Numbers as vector code computes with them, and code stamped for each instruction set.

use super::body::chain;
use super::gemm;
use super::isa::{Isa, PORTABLE_FMA};
use super::math::Fast;
use super::row;
use crate::op::scalar::Scalar;
use crate::tensor::Element;

/// A floating-point type that fused loops compute in: f32 or f64.
pub(crate) trait Real:
    Element + Scalar + PartialOrd + gemm::Real + chain::Real + row::Real
{
    /// The type whose formulas the compiler turns into vector code; `FMA` tells whether multiplying
    /// and adding in one instruction is cheap.
    type Lane<const FMA: bool>: Scalar + Wrap<Self>;
}

/// One number inside a [`Real::Lane`].
pub(crate) trait Wrap<T> {
    fn wrap(value: T) -> Self;
    fn unwrap(self) -> T;
}

macro_rules! lane {
    ($type:ty) => {
        impl Real for $type {
            type Lane<const FMA: bool> = Fast<$type, FMA>;
        }

        impl<const FMA: bool> Wrap<$type> for Fast<$type, FMA> {
            #[inline(always)]
            fn wrap(value: $type) -> Self {
                Fast(value)
            }

            #[inline(always)]
            fn unwrap(self) -> $type {
                self.0
            }
        }
    };
}

lane!(f32);
lane!(f64);

/// A loop over numbers, to be compiled for each instruction set.
pub(crate) trait Task {
    /// What the loop gives.
    type Output;

    /// Must be `#[inline(always)]`, so that it becomes vector code of the caller's instruction set.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// Runs a task with the instructions of `isa`.
#[inline(always)]
pub(crate) fn dispatch<K: Task>(isa: Isa, task: K) -> K::Output {
    match isa {
        // SAFETY: an `Isa` beyond `Portable` is only chosen when the machine has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { with_avx512(task) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { with_avx2(task) },
        _ => task.run::<PORTABLE_FMA>(),
    }
}

/// # Safety
/// The machine must have these instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
unsafe fn with_avx512<K: Task>(task: K) -> K::Output {
    task.run::<true>()
}

/// # Safety
/// The machine must have these instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<K: Task>(task: K) -> K::Output {
    task.run::<true>()
}
