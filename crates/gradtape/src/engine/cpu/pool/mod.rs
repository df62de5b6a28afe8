//! Threads that work on one program together: one fork per program, and phases of chunks in it.
//!
//! A worker that the system does not run holds up nobody who could do its work: chunks belong to a
//! worker, but whoever is idle takes those that have not been started, and nobody waits for a helper that
//! has not begun. Who waits spins for a moment and then sleeps.

mod strain;
mod threads;

use std::any::Any;
use std::cell::Cell;
use std::hint::spin_loop;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use self::strain::Strain;
use super::simd::settle;

pub(crate) use threads::share;
pub use threads::{Abreast, alone, set_threads, set_threads_beyond_cores, threads};

/// Looks before a thread goes to sleep: about 50 µs of waiting.
const SPINS: usize = 1500;

/// Into how many pieces a worker's share of a phase is cut at most. A piece is what others can take.
const PIECES: usize = 8;

/// Threads that wait for work, first spinning, then parked.
pub(crate) struct Pool {
    crew: Mutex<Crew>,
    meeting: Arc<Meeting>,
}

#[derive(Default)]
struct Crew {
    helpers: Vec<Helper>,
    /// What was taken of each worker's share, the caller's first.
    taken: Vec<Taken>,
    strain: Strain,
}

struct Helper {
    mailbox: Arc<Mailbox>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

struct Mailbox {
    /// The run to join, or null. Points into the stack of a caller that waits for us.
    job: AtomicPtr<Region<'static>>,
    number: usize,
    meeting: Arc<Meeting>,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// Where the workers of a run wait for each other. It outlives the run, so that the last helper to leave
/// can still wake the caller.
#[derive(Default)]
struct Meeting {
    /// Pieces that were finished in this run.
    done: Apart<AtomicUsize>,
    /// Helpers that may still join the run or have not left it.
    pending: Apart<AtomicUsize>,
    /// Whether a worker of this run has panicked.
    broken: AtomicBool,
    /// How long the caller of this run slept, in nanoseconds.
    slept: AtomicU64,
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    woken: Condvar,
}

/// On cache lines of its own; two, since processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// The number of a phase in the upper half, and how many pieces of it were taken in the lower.
type Taken = Apart<AtomicU64>;

/// What the workers of one run share.
struct Region<'r> {
    run: &'r (dyn Fn(&Worker<'_>) + Sync),
    count: usize,
    meeting: &'r Meeting,
    taken: &'r [Taken],
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// One of the threads of a run.
pub(crate) struct Worker<'r> {
    region: &'r Region<'r>,
    id: usize,
    count: usize,
    /// Phases that this worker has begun, and the pieces of all of them.
    phase: Cell<u32>,
    pieces: Cell<usize>,
}

/// What a worker unwinds with when another one has panicked.
struct Broken;

impl Pool {
    pub(crate) fn new() -> Pool {
        Pool { crew: Mutex::default(), meeting: Arc::default() }
    }

    /// The pool of the process.
    pub(crate) fn global() -> &'static Pool {
        static GLOBAL: OnceLock<Pool> = OnceLock::new();
        GLOBAL.get_or_init(Pool::new)
    }

    /// Runs `work` on up to `threads` threads at once, the calling one among them, and waits for all that
    /// began. Every worker must go through the same phases.
    ///
    /// When the pool is taken by another thread, or helpers were more of a hindrance of late, the calling thread does the
    /// work alone: results do not depend on the number of workers. A panic of a worker is passed on to the caller.
    pub(crate) fn run(&self, threads: usize, work: &(dyn Fn(&Worker<'_>) + Sync)) {
        let crew = if threads > 1 { self.crew.try_lock().ok() } else { None };
        let mut crew = crew.filter(|crew| !crew.strain.rests(now));
        if let Some(crew) = &mut crew {
            crew.grow(threads, &self.meeting);
        }
        let (helpers, taken) = match &crew {
            Some(crew) => {
                let count = threads.min(crew.helpers.len() + 1);
                (&crew.helpers[..count - 1], &crew.taken[..count])
            }
            None => (&[][..], &[][..]),
        };
        let meeting = &*self.meeting;
        if !helpers.is_empty() {
            meeting.done.0.store(0, Ordering::Relaxed);
            meeting.broken.store(false, Ordering::Relaxed);
            meeting.slept.store(0, Ordering::Relaxed);
            meeting.pending.0.store(helpers.len(), Ordering::Relaxed);
            taken.iter().for_each(|taken| taken.0.store(0, Ordering::Relaxed));
        }
        let count = helpers.len() + 1;
        let begun = (count > 1).then(now);
        let region = Region { run: work, count, meeting, taken, panic: Mutex::new(None) };
        // Only the lifetime changes. A helper uses the region before it counts down `pending`, and this
        // function returns after that.
        let job = (&raw const region).cast_mut().cast::<Region<'static>>();
        for helper in helpers {
            helper.mailbox.job.store(job, Ordering::SeqCst);
            if helper.mailbox.asleep.load(Ordering::SeqCst) {
                helper.thread.unpark();
            }
        }
        region.work(0);
        for Helper { mailbox, .. } in helpers {
            // All is done: a helper that has not begun need not.
            let job =
                mailbox.job.compare_exchange(job, null_mut(), Ordering::AcqRel, Ordering::Relaxed);
            if job.is_ok() {
                meeting.pending.0.fetch_sub(1, Ordering::AcqRel);
            }
        }
        if !helpers.is_empty() {
            meeting.wait(true, || meeting.pending.0.load(Ordering::SeqCst) == 0);
        }
        let panic = region.panic.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (Some(crew), Some(begun)) = (&mut crew, begun) {
            let (now, slept) = (now(), meeting.slept.load(Ordering::Relaxed));
            crew.strain.note(now, now - begun, Duration::from_nanos(slept), count);
        }
        drop(crew);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let crew = self.crew.get_mut().unwrap_or_else(PoisonError::into_inner);
        for helper in crew.helpers.iter_mut() {
            helper.mailbox.stop.store(true, Ordering::SeqCst);
            helper.thread.unpark();
            if let Some(handle) = helper.handle.take() {
                // A helper catches every panic, so there is nothing to hear of.
                drop(handle.join());
            }
        }
    }
}

impl Crew {
    /// Makes sure of helpers for this many threads; of fewer where the system refuses one.
    fn grow(&mut self, threads: usize, meeting: &Arc<Meeting>) {
        while self.helpers.len() + 1 < threads {
            let Some(helper) = Helper::spawn(self.helpers.len() + 1, meeting) else { break };
            self.helpers.push(helper);
        }
        self.taken.resize_with(self.helpers.len() + 1, Taken::default);
    }
}

impl Helper {
    fn spawn(number: usize, meeting: &Arc<Meeting>) -> Option<Helper> {
        let mailbox = Arc::new(Mailbox {
            job: AtomicPtr::new(null_mut()),
            number,
            meeting: Arc::clone(meeting),
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
            let job = self.job.swap(null_mut(), Ordering::AcqRel);
            // SAFETY: a region stays where it is until everyone who took it has counted down `pending`.
            if let Some(region) = unsafe { job.as_ref() } {
                region.work(self.number);
                self.meeting.pending.0.fetch_sub(1, Ordering::SeqCst);
                self.meeting.wake();
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

impl Meeting {
    /// Waits until something is true that somebody makes true before calling [`Meeting::wake`]. Looks at
    /// it again and again for a while, then sleeps, so that a core which others want is theirs; how long the caller
    /// does is noted.
    fn wait(&self, is_caller: bool, reached: impl Fn() -> bool) {
        for _ in 0..SPINS {
            if reached() {
                return;
            }
            spin_loop();
        }
        let begun = is_caller.then(now);
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while !reached() {
            lock = self.woken.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        if let Some(begun) = begun {
            self.slept.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }

    fn wake(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            // Who holds the lock is between looking and sleeping, and would not hear of it.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.woken.notify_all();
        }
    }
}

impl Region<'_> {
    fn work(&self, id: usize) {
        let (phase, pieces) = Default::default();
        let worker = Worker { region: self, id, count: self.count, phase, pieces };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.run)(&worker))) {
            if !panic.is::<Broken>() {
                let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(panic);
            }
            self.meeting.broken.store(true, Ordering::SeqCst);
            self.meeting.wake();
        }
    }

    /// Takes the next piece of a worker's share of `len` pieces, if one is left.
    fn take(&self, owner: usize, phase: u32, len: usize) -> Option<usize> {
        let taken = &self.taken[owner].0;
        // What the pieces read was made visible by the end of the phase before.
        let mut seen = taken.load(Ordering::Relaxed);
        loop {
            let next = match ((seen >> 32) as u32).cmp(&phase) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => seen as u32,
                // All of this phase was done, and another has begun.
                std::cmp::Ordering::Greater => return None,
            };
            if next as usize >= len {
                return None;
            }
            let then = u64::from(phase) << 32 | u64::from(next + 1);
            match taken.compare_exchange_weak(seen, then, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(next as usize),
                Err(now) => seen = now,
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
        let (phase, pieces) = Default::default();
        Worker { region: self.region, id: 0, count: 1, phase, pieces }
    }

    /// A phase: calls `work` for every chunk of `0..chunks`, each on one of the workers, and returns when
    /// all are done. What was written to memory before is visible after.
    ///
    /// Each worker has a share, neighbours as far as possible, and helps the others once it is done.
    pub(crate) fn each(&self, chunks: usize, mut work: impl FnMut(usize)) {
        let workers = self.count();
        if workers == 1 {
            (0..chunks).for_each(work);
            return settle();
        }
        let grain = chunks.div_ceil(workers * PIECES).max(1);
        let pieces = chunks.div_ceil(grain);
        let phase = self.begin(pieces);
        for owner in (self.id..workers).chain(0..self.id) {
            let share = cut(pieces, owner, workers);
            let mut finished = 0;
            while let Some(piece) = self.region.take(owner, phase, share.len()) {
                let start = (share.start + piece) * grain;
                (start..(start + grain).min(chunks)).for_each(&mut work);
                settle();
                finished += 1;
            }
            self.finish(finished);
        }
        self.meet();
    }

    /// A phase of work that worker 0 does alone.
    pub(crate) fn once(&self, work: impl FnOnce()) {
        if self.count() == 1 {
            // The meeting may be another run's.
            return work();
        }
        self.begin(1);
        if self.id == 0 {
            work();
            self.finish(1);
        }
        self.meet();
    }

    fn begin(&self, pieces: usize) -> u32 {
        self.phase.set(self.phase.get() + 1);
        self.pieces.set(self.pieces.get() + pieces);
        self.phase.get()
    }

    fn finish(&self, pieces: usize) {
        let meeting = self.region.meeting;
        if pieces > 0 {
            let before = meeting.done.0.fetch_add(pieces, Ordering::SeqCst);
            if before + pieces == self.pieces.get() {
                meeting.wake();
            }
        }
    }

    /// Waits until all pieces of the phases begun so far are done.
    fn meet(&self) {
        let Meeting { done, broken, .. } = self.region.meeting;
        let all = self.pieces.get();
        self.region.meeting.wait(self.id == 0, || {
            done.0.load(Ordering::SeqCst) >= all || broken.load(Ordering::SeqCst)
        });
        if done.0.load(Ordering::Acquire) < all {
            resume_unwind(Box::new(Broken));
        }
    }
}

/// For whether helpers help; no result depends on it.
fn now() -> Instant {
    Instant::now()
}

/// Part number `at` of `count` things cut into `parts` of as equal length as possible.
fn cut(count: usize, at: usize, parts: usize) -> Range<usize> {
    count * at / parts..count * (at + 1) / parts
}

#[cfg(test)]
mod tests;
