//! How large the machine's caches are, for the sizes of blocks. Results do not depend on it.

use std::sync::OnceLock;

/// Bytes of the caches that a core uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caches {
    /// The second level, a core's own.
    pub(crate) second: usize,
    /// The last level, shared among cores.
    pub(crate) last: usize,
}

/// Where the machine does not tell: what most have.
const COMMON: Caches = Caches { second: 512 << 10, last: 8 << 20 };

impl Caches {
    /// Those of this machine; found out once.
    pub(crate) fn get() -> Caches {
        static FOUND: OnceLock<Caches> = OnceLock::new();
        *FOUND.get_or_init(|| Caches::from_levels(&levels()))
    }

    /// From the sizes of the levels 1 to 3, 0 where a level is missing.
    fn from_levels(levels: &[usize; 3]) -> Caches {
        let [_, second, third] = *levels;
        match (second, third) {
            (0, _) => COMMON,
            (second, 0) => Caches { second, last: second },
            (second, last) => Caches { second, last },
        }
    }
}

// Miri runs on no processor.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn levels() -> [usize; 3] {
    use std::arch::x86_64::{__cpuid, __cpuid_count};

    // Intel's leaf and AMD's have the same form; a processor has one of them.
    let highest = __cpuid(0).eax;
    let highest_extended = __cpuid(0x8000_0000).eax;
    let mut levels = [0; 3];
    for (leaf, known) in [(4, highest >= 4), (0x8000_001D, highest_extended >= 0x8000_001D)] {
        if !known {
            continue;
        }
        let found = (0..8).map(|at| __cpuid_count(leaf, at));
        for cache in found.take_while(|cache| cache.eax & 31 != 0) {
            // 2 stands for a cache of instructions.
            let level = (cache.eax >> 5 & 7) as usize;
            if cache.eax & 31 == 2 || !(1..=3).contains(&level) {
                continue;
            }
            let ways = (cache.ebx >> 22) as usize + 1;
            let partitions = (cache.ebx >> 12 & 0x3FF) as usize + 1;
            let line = (cache.ebx & 0xFFF) as usize + 1;
            levels[level - 1] = ways * partitions * line * (cache.ecx as usize + 1);
        }
    }
    levels
}

#[cfg(any(not(target_arch = "x86_64"), miri))]
fn levels() -> [usize; 3] {
    [0; 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_levels_are_filled_in() {
        assert_eq!(Caches::from_levels(&[0; 3]), COMMON);
        let two = Caches::from_levels(&[32 << 10, 1 << 20, 0]);
        assert_eq!(two, Caches { second: 1 << 20, last: 1 << 20 });
    }

    #[test]
    fn what_the_machine_tells_is_plausible() {
        let Caches { second, last } = Caches::get();
        assert!((64 << 10..=256 << 20).contains(&second), "{second}");
        assert!((64 << 10..=4 << 30).contains(&last), "{last}");
    }
}
