//! Which instructions the machine has.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::tensor::{Error, Kind, Result};

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
        Isa::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// Every set that kernels are compiled for on some target, the widest last.
    const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// Its name: `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
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

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = Error;

    fn from_str(name: &str) -> Result<Isa> {
        let found = Isa::ALL.into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| {
            let names = Isa::ALL.map(Isa::name).join(", ");
            let message = format!("no instruction set is called {name}: there are {names}");
            Error::new(Kind::Value, message)
        })
    }
}

/// The set that was asked for: its place in [`Isa::ALL`] plus 1, or 0 for the widest that there is.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// Sets with which vector instructions programs run in this process that are planned from here on; the widest
/// of the machine unless told otherwise. To be called before the first value is read: programs planned
/// before keep theirs.
///
/// Made for measuring and for tests. Results differ between instruction sets by rounding.
///
/// # Errors
/// The machine lacks the instruction set.
///
/// ```
/// use gradtape::engine::cpu::{self, Isa};
/// cpu::set_isa("portable".parse()?)?;
/// assert_eq!(cpu::isa(), Isa::Portable);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn set_isa(isa: Isa) -> Result<()> {
    if !isa.is_available() {
        let names: Vec<_> = Isa::available().map(Isa::name).collect();
        let message = format!("this machine has no {isa}, only {}", names.join(", "));
        return Err(Error::new(Kind::Value, message));
    }
    CHOSEN.store(isa as u8 + 1, Ordering::Relaxed);
    Ok(())
}

/// With which vector instructions programs are planned.
pub fn isa() -> Isa {
    let chosen = CHOSEN.load(Ordering::Relaxed).checked_sub(1);
    chosen.map_or_else(Isa::best, |at| Isa::ALL[usize::from(at)])
}

/// Whether the portable path may multiply and add in one instruction.
pub(crate) const PORTABLE_FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
