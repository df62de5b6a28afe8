//! On how many threads programs run.

use std::cell::Cell;
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

/// How many threads compute side by side.
static ABREAST: AtomicUsize = AtomicUsize::new(0);

/// A thread that computes beside others that do as well, until this is dropped: a training among several. Each program of the
/// process then runs on one thread less for each other such thread, since more would only wait for each other.
///
/// ```
/// use gradtape::engine::cpu::Abreast;
/// let [first, second] = [Abreast::begin(), Abreast::begin()];
/// // With 2 cores each of two trainings has one now; the one that is left will have both.
/// drop(first);
/// # drop(second);
/// ```
#[derive(Debug)]
pub struct Abreast(());

impl Abreast {
    /// Counts the calling thread among those that compute side by side.
    pub fn begin() -> Abreast {
        ABREAST.fetch_add(1, Ordering::Relaxed);
        Abreast(())
    }
}

impl Drop for Abreast {
    fn drop(&mut self) {
        ABREAST.fetch_sub(1, Ordering::Relaxed);
    }
}

thread_local! {
    /// Whether programs that this thread begins run on it alone.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does something whose programs all run on the calling thread alone: many that are so small that a second thread costs
/// more than it helps.
///
/// ```
/// use gradtape::Tensor;
/// let sum = gradtape::engine::cpu::alone(|| {
///     let tape = gradtape::Tape::new();
///     tape.constant(Tensor::from([1.0, 2.0])).sum(()).item()
/// })?;
/// assert_eq!(sum, 3.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn alone<R>(work: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }
    let _before = Before(ALONE.replace(true));
    work()
}

/// On how many threads a program that begins now runs.
pub(crate) fn share() -> usize {
    if ALONE.get() {
        return 1;
    }
    let others = ABREAST.load(Ordering::Relaxed).saturating_sub(1);
    threads().saturating_sub(others).max(1)
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
        set_threads_beyond_cores(4);
        let mut abreast: Vec<Abreast> = (0..6).map(|_| Abreast::begin()).collect();
        for left in [1, 1, 1, 2, 3, 4, 4] {
            assert_eq!(share(), left, "{} abreast", abreast.len());
            abreast.pop();
        }
        assert_eq!(alone(|| (alone(share), share())), (1, 1));
        assert_eq!(share(), 4);
        set_threads(0);
        assert_eq!(threads(), cores());
    }
}
