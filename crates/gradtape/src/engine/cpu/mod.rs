//! The engine for CPUs: fused loops over tiles and packed matrix products, on several threads.
//!
//! Results do not depend, in any bit, on the number of threads.

#[allow(dead_code, reason = "complete in itself and tested so")]
pub(crate) mod gemm;
pub(crate) mod isa;
#[allow(dead_code, reason = "complete in itself and tested so")]
pub(crate) mod math32;
#[allow(dead_code, reason = "complete in itself and tested so")]
pub(crate) mod pool;
pub(crate) mod simd;

pub use isa::Isa;
pub use pool::{set_threads, threads};
