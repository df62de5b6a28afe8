//! Threads that work on one program together: one fork per program, barriers between its kernels.

use std::any::Any;
use std::cell::Cell;
use std::hint::spin_loop;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};

/// How many threads programs run on unless told otherwise: 0 stands for one per core.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets on how many threads programs run in this process; 0 means one per core, the default.
///
/// Results do not depend on it, not even in their last bit.
pub fn set_threads(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}

/// On how many threads programs run.
pub fn threads() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
        }
        count => count,
    }
}

/// Looks at the clock would cost more: about 30 µs of waiting before a thread goes to sleep.
const SPINS: usize = 1500;

/// Threads that wait for work, first spinning, then parked.
pub(crate) struct Pool {
    helpers: Mutex<Vec<Helper>>,
}

struct Helper {
    mailbox: Arc<Mailbox>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

struct Mailbox {
    /// The region to join, or null. Points into the stack of a caller that waits for us.
    job: AtomicPtr<Region>,
    number: usize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// What the workers of one run share.
struct Region {
    run: *const (dyn Fn(&Worker<'_>) + Sync),
    count: usize,
    /// Helpers that have not finished.
    pending: AtomicUsize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// One of the threads of a run.
pub(crate) struct Worker<'r> {
    region: &'r Region,
    id: usize,
    count: usize,
    round: Cell<usize>,
}

/// What a worker unwinds with when another one has panicked.
struct Broken;

impl Pool {
    pub(crate) fn new() -> Pool {
        Pool { helpers: Mutex::default() }
    }

    /// The pool of the process.
    pub(crate) fn global() -> &'static Pool {
        static GLOBAL: OnceLock<Pool> = OnceLock::new();
        GLOBAL.get_or_init(Pool::new)
    }

    /// Runs `work` on `threads` threads at once, the calling one among them, and waits for all.
    ///
    /// When the pool is taken by another thread, the calling thread does the work alone: results do
    /// not depend on the number of workers. A panic of a worker is passed on to the caller.
    pub(crate) fn run(&self, threads: usize, work: &(dyn Fn(&Worker<'_>) + Sync)) {
        let mut helpers = if threads > 1 { self.helpers.try_lock().ok() } else { None };
        let count = helpers.as_mut().map_or(1, |helpers| {
            while helpers.len() + 1 < threads {
                // Where the system refuses a thread, fewer do.
                let Some(helper) = Helper::spawn(helpers.len() + 1) else { break };
                helpers.push(helper);
            }
            threads.min(helpers.len() + 1)
        });
        let region = Region {
            // SAFETY: only the lifetime changes. Helpers use the pointer before they count down
            // `pending`, and this function returns after that.
            run: unsafe {
                std::mem::transmute::<
                    *const (dyn Fn(&Worker<'_>) + Sync + '_),
                    *const (dyn Fn(&Worker<'_>) + Sync + 'static),
                >(work)
            },
            count,
            pending: AtomicUsize::new(count - 1),
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            panic: Mutex::new(None),
        };
        for helper in helpers.iter().flat_map(|helpers| helpers.iter()).take(count - 1) {
            helper.mailbox.job.store((&raw const region).cast_mut(), Ordering::SeqCst);
            if helper.mailbox.asleep.load(Ordering::SeqCst) {
                helper.thread.unpark();
            }
        }
        region.work(0);
        let mut tries = 0;
        while region.pending.load(Ordering::Acquire) != 0 {
            wait(&mut tries);
        }
        drop(helpers);
        let panic = region.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let helpers = self.helpers.get_mut().unwrap_or_else(PoisonError::into_inner);
        for helper in helpers.iter_mut() {
            helper.mailbox.stop.store(true, Ordering::SeqCst);
            helper.thread.unpark();
            if let Some(handle) = helper.handle.take() {
                // A helper catches every panic, so there is nothing to hear of.
                drop(handle.join());
            }
        }
    }
}

impl Helper {
    fn spawn(number: usize) -> Option<Helper> {
        let mailbox = Arc::new(Mailbox {
            job: AtomicPtr::new(null_mut()),
            number,
            asleep: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let own = Arc::clone(&mailbox);
        let name = format!("gradtape-{number}");
        let handle = std::thread::Builder::new().name(name).spawn(move || own.serve()).ok()?;
        Some(Helper { mailbox, thread: handle.thread().clone(), handle: Some(handle) })
    }
}

impl Mailbox {
    fn serve(&self) {
        let mut spins = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let job = self.job.swap(null_mut(), Ordering::Acquire);
            // SAFETY: a region stays where it is until all its helpers have counted down `pending`.
            if let Some(region) = unsafe { job.as_ref() } {
                region.work(self.number);
                region.pending.fetch_sub(1, Ordering::Release);
                spins = 0;
                continue;
            }
            // Reading alone does not take the cache line away from the caller.
            while self.job.load(Ordering::Relaxed).is_null() && spins < SPINS {
                spin_loop();
                spins += 1;
            }
            if spins >= SPINS {
                self.asleep.store(true, Ordering::SeqCst);
                if self.job.load(Ordering::SeqCst).is_null() && !self.stop.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
                spins = 0;
            }
        }
    }
}

impl Region {
    fn work(&self, id: usize) {
        let worker = Worker { region: self, id, count: self.count, round: Cell::new(0) };
        // SAFETY: the closure outlives the region's run; see `Pool::run`.
        let run = unsafe { &*self.run };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&worker))) {
            self.broken.store(true, Ordering::Release);
            if !panic.is::<Broken>() {
                let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(panic);
            }
        }
    }
}

impl Worker<'_> {
    /// Which of the workers this is, from 0; 0 is the calling thread.
    pub(crate) fn id(&self) -> usize {
        self.id
    }

    /// How many workers there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// This worker as the only one, for work that the others leave to it.
    pub(crate) fn alone(&self) -> Worker<'_> {
        Worker { region: self.region, id: 0, count: 1, round: Cell::new(0) }
    }

    /// Waits until every worker is here. What they wrote before is visible after.
    pub(crate) fn barrier(&self) {
        let region = self.region;
        if self.count == 1 {
            return;
        }
        let round = self.round.get();
        self.round.set(round + 1);
        if region.arrived.fetch_add(1, Ordering::AcqRel) + 1 == region.count {
            region.arrived.store(0, Ordering::Relaxed);
            region.round.store(round + 1, Ordering::Release);
            return;
        }
        let mut tries = 0;
        while region.round.load(Ordering::Acquire) == round {
            if region.broken.load(Ordering::Acquire) {
                resume_unwind(Box::new(Broken));
            }
            wait(&mut tries);
        }
    }

    /// This worker's share of `count` chunks: neighbours, as many as the others have or one less.
    pub(crate) fn share(&self, count: usize) -> Range<usize> {
        let workers = self.count();
        count * self.id / workers..count * (self.id + 1) / workers
    }
}

/// Waits a moment: spins at first, then lets other threads have the core.
fn wait(tries: &mut usize) {
    *tries += 1;
    if *tries < SPINS {
        spin_loop();
    } else {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_runs_once_and_barriers_order_their_writes() {
        let pool = Pool::new();
        for threads in [1, 2, 7, 3] {
            let cells: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            pool.run(threads, &|worker: &Worker<'_>| {
                assert_eq!(worker.count(), threads);
                for round in 1..200 {
                    cells[worker.id()].store(round, Ordering::Relaxed);
                    worker.barrier();
                    assert!(cells.iter().all(|cell| cell.load(Ordering::Relaxed) == round));
                    worker.barrier();
                }
            });
        }
    }

    #[test]
    fn helpers_wake_up_after_a_pause() {
        let pool = Pool::new();
        let runs = AtomicUsize::new(0);
        for _ in 0..3 {
            pool.run(3, &|_: &Worker<'_>| {
                runs.fetch_add(1, Ordering::Relaxed);
            });
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(runs.into_inner(), 9);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new();
        for culprit in 0..3 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.run(3, &|worker: &Worker<'_>| {
                    assert!(worker.id() != culprit, "worker {culprit} fails");
                    worker.barrier();
                });
            }));
            let panic = caught.expect_err("the panic is passed on");
            let text = panic.downcast_ref::<String>().expect("with its own message");
            assert!(text.contains(&format!("worker {culprit} fails")), "{text}");
        }
        let runs = AtomicUsize::new(0);
        pool.run(3, &|_: &Worker<'_>| {
            runs.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(runs.into_inner(), 3);
    }

    #[test]
    fn a_run_inside_a_run_is_done_by_its_caller() {
        let pool = Pool::new();
        let runs = AtomicUsize::new(0);
        pool.run(2, &|_: &Worker<'_>| {
            pool.run(2, &|worker: &Worker<'_>| {
                assert_eq!(worker.count(), 1);
                runs.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(runs.into_inner(), 2);
    }

    #[test]
    fn shares_cover_all_chunks() {
        let pool = Pool::new();
        let seen: Vec<AtomicUsize> = (0..23).map(|_| AtomicUsize::new(0)).collect();
        pool.run(7, &|worker: &Worker<'_>| {
            for chunk in worker.share(23) {
                seen[chunk].fetch_add(1, Ordering::Relaxed);
            }
        });
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
}
