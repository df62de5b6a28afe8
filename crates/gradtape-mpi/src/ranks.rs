//! [`Mpi`]: the ranks of this process and of those that were started with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gradtape::train::Collective;
use gradtape::{Error, Kind, Result};

use crate::wire::{self, Job, World};

/// The processes that a launcher started together, as a [`Collective`].
///
/// One thread makes all calls of MPI, so that sending goes on while this process computes, and what hangs there hangs
/// nobody else: after some time without an answer, [`Collective::receive`] fails with the rank and its machine.
///
/// ```no_run
/// use std::time::Duration;
/// use gradtape::data::digits;
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::{Rng, optim::Adam, train::Trainer};
/// use gradtape_mpi::Mpi;
/// let ranks = Mpi::start(Duration::from_secs(60))?;
/// let data = digits().flatten();
/// let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
/// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).shards(8).across(&ranks);
/// trainer.fit(&data, None)?;
/// drop(trainer);
/// ranks.finish()?;
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Dropped without [`Mpi::finish`], it leaves MPI as it is: the launcher then ends the other processes when this one ends,
/// which it is to do with a status other than 0.
pub struct Mpi {
    world: World,
    jobs: Mutex<Sender<Job>>,
    patience: Duration,
    /// Set where the process is told to end: then others are waited for no longer than before.
    told_to_end: Arc<AtomicBool>,
    waits: Mutex<Waits>,
    thread: JoinHandle<()>,
}

/// How others were waited for so far.
#[derive(Clone, Copy, Default)]
struct Waits {
    count: u32,
    longest: Duration,
}

impl Waits {
    /// How long they are waited for still, where the process is told to end. Of few waits it is not known how long one is:
    /// the first step is planned, and somebody may be saving.
    fn grace(self) -> Duration {
        if self.count < ENOUGH { FIRST_GRACE } else { GRACE.max(self.longest * 2) }
    }
}

const ENOUGH: u32 = 50;
const FIRST_GRACE: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_millis(300);
/// How long processes may take to start, beside what they are waited for later.
const STARTS: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(50);

impl Mpi {
    /// Starts MPI in this process, once. Another rank is waited for so long at most, and all of them to start for a minute
    /// more. Fails where MPI does not start.
    pub fn start(patience: Duration) -> Result<Mpi> {
        let (jobs, todo) = channel();
        let (told, world) = channel();
        let thread = std::thread::Builder::new()
            .name("mpi".to_string())
            .spawn(move || wire::run(&told, &todo))
            .map_err(|error| Error::new(Kind::Value, format!("no thread for MPI: {error}")))?;
        let longest = patience + STARTS;
        let world = world.recv_timeout(longest).map_err(|error| match error {
            RecvTimeoutError::Disconnected => stopped(),
            RecvTimeoutError::Timeout => {
                let message = format!("MPI has not started after {} s", longest.as_secs());
                Error::new(Kind::Value, message).hint(
                    "it waits for all processes: one may hang, or its machine cannot be reached from this one",
                )
            }
        })??;
        let (jobs, waits) = (Mutex::new(jobs), Mutex::default());
        Ok(Mpi { world, jobs, patience, told_to_end: Arc::default(), waits, thread })
    }

    /// Has others be waited for no longer than it ever took, once this is true: where launchers end processes, they first
    /// tell them.
    #[must_use]
    pub fn told_to_end(self, flag: Arc<AtomicBool>) -> Mpi {
        Mpi { told_to_end: flag, ..self }
    }

    /// What this MPI library calls itself.
    pub fn library(&self) -> &str {
        &self.world.library
    }

    /// Ends MPI. That waits for all ranks, which may have to write what came out: where one ends without, the launcher ends
    /// the others.
    pub fn finish(self) -> Result<()> {
        let (answer, ended) = channel();
        self.post(Job::End { answer })?;
        ended.recv().map_err(|_| stopped())?;
        self.thread.join().map_err(|_| stopped())
    }

    fn post(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.send(job).map_err(|_| stopped())
    }

    fn known(&self, rank: usize) -> Result<i32> {
        let count = self.world.hosts.len();
        match i32::try_from(rank) {
            Ok(known) if rank < count && rank != self.world.rank => Ok(known),
            _ => {
                let message = format!("rank {rank} of {count}, to rank {}", self.world.rank);
                Err(Error::new(Kind::Value, message))
            }
        }
    }

    /// What another rank sent.
    fn answered(&self, rank: usize, answer: &Receiver<Result<Vec<u8>>>) -> Result<Vec<u8>> {
        let start = Instant::now();
        let mut told = None;
        loop {
            match answer.recv_timeout(LOOK) {
                Ok(bytes) => {
                    let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
                    waits.longest = waits.longest.max(start.elapsed());
                    waits.count = waits.count.saturating_add(1);
                    return bytes;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(stopped()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let host = self.host(rank);
            if start.elapsed() > self.patience {
                let message =
                    format!("rank {rank} on {host} has not answered for {:?}", self.patience);
                return Err(Error::new(Kind::Value, message).hint(
                    "it hangs, needs longer, or its machine cannot be reached; all ranks end now",
                ));
            }
            if self.told_to_end.load(Ordering::Relaxed) {
                let since = *told.get_or_insert_with(Instant::now);
                let waits = *self.waits.lock().unwrap_or_else(PoisonError::into_inner);
                if since.elapsed() > waits.grace() {
                    let message = format!(
                        "rank {rank} on {host} does not answer, and this rank was told to end"
                    );
                    return Err(Error::new(Kind::Value, message)
                        .hint("it was killed, or has failed: see what the launcher says of it"));
                }
            }
        }
    }
}

impl Collective for Mpi {
    fn rank(&self) -> usize {
        self.world.rank
    }

    fn ranks(&self) -> usize {
        self.world.hosts.len()
    }

    fn host(&self, rank: usize) -> String {
        self.world.hosts.get(rank).cloned().unwrap_or_default()
    }

    fn send(&self, to: usize, bytes: Vec<u8>) -> Result<()> {
        let to = self.known(to)?;
        self.post(Job::Send { to, bytes })
    }

    fn receive(&self, from: usize, length: usize) -> Result<Vec<u8>> {
        let (answer, received) = channel();
        self.post(Job::Receive { from: self.known(from)?, length, answer })?;
        self.answered(from, &received)
    }

    fn exchange(&self, with: usize, bytes: Vec<u8>, length: usize) -> Result<Vec<u8>> {
        let (answer, received) = channel();
        self.post(Job::Exchange { with: self.known(with)?, bytes, length, answer })?;
        self.answered(with, &received)
    }
}

fn stopped() -> Error {
    Error::new(Kind::Value, "the thread of MPI has ended")
}
