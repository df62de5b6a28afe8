//! Which instructions the machine has.

use std::sync::OnceLock;

/// A set of vector instructions for which kernels are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every machine of the target has.
    Portable,
    /// x86 with AVX2 and FMA: 256-bit vectors.
    Avx2,
    /// x86 with AVX-512 F, VL, BW and DQ: 512-bit vectors.
    Avx512,
}

impl Isa {
    /// The widest set that this machine has; found out once.
    pub fn best() -> Isa {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Isa::available().last().unwrap_or(Isa::Portable))
    }

    /// Every set that this machine has, the widest last.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_available())
    }

    /// Whether this machine can run it.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq");
            match self {
                Isa::Portable => true,
                Isa::Avx2 => avx2,
                Isa::Avx512 => avx2 && avx512,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Isa::Portable
        }
    }
}

/// Whether the portable path may multiply and add in one instruction.
pub(crate) const PORTABLE_FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
