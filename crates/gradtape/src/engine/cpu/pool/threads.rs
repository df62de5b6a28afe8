//! On how many threads programs run.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads programs run on unless told otherwise: 0 stands for one per core.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets on how many threads programs run in this process: at most one per core, since more would only
/// wait for each other; 0 means one per core, the default.
///
/// Results do not depend on it, not even in their last bit.
pub fn set_threads(threads: usize) {
    THREADS.store(threads.min(cores()), Ordering::Relaxed);
}

/// As [`set_threads`], with more threads than cores too, up to 64. Slower than one thread per core: made
/// for tests that hold the results of many threads against those of one.
pub fn set_threads_beyond_cores(threads: usize) {
    THREADS.store(threads.min(64), Ordering::Relaxed);
}

/// On how many threads programs run.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => cores(),
        count => count,
    }
}

fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_no_more_than_cores_unless_a_test_asks() {
        // Other tests of this process may run on any number of threads meanwhile: results are the same.
        set_threads(1_000_000);
        assert_eq!(threads(), cores());
        set_threads_beyond_cores(cores() + 1);
        assert_eq!(threads(), cores() + 1);
        set_threads(0);
        assert_eq!(threads(), cores());
    }
}
