//! The thread that makes all calls of MPI.

use std::iter;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use gradtape::{Error, Kind, Result};
use mpi::request::{self, LocalScope, Request};
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;
use mpi::{Threading, environment};

/// What there is.
pub(crate) struct World {
    pub(crate) rank: usize,
    /// The machine of each rank.
    pub(crate) hosts: Vec<String>,
    pub(crate) library: String,
}

/// What is to be done, in the order in which it was asked for.
pub(crate) enum Job {
    Send { to: i32, bytes: Vec<u8> },
    Receive { from: i32, length: usize, answer: Sender<Result<Vec<u8>>> },
    Exchange { with: i32, bytes: Vec<u8>, length: usize, answer: Sender<Result<Vec<u8>>> },
    End { answer: Sender<()> },
}

/// Starts MPI, tells what there is, and does what is asked for until it is to end.
pub(crate) fn run(told: &Sender<Result<World>>, jobs: &Receiver<Job>) {
    // This thread is the only one that calls it.
    let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
        let message = "MPI was started in this process before";
        drop(told.send(Err(Error::new(Kind::Value, message))));
        return;
    };
    let ranks = universe.world();
    if told.send(world(&ranks)).is_err() {
        leave(universe);
        return;
    }
    // What was sent is room for what is received: asked for anew each time, megabytes would be cleared first.
    let mut spare = Vec::new();
    for job in jobs {
        // Nobody waits any more where an answer finds no taker.
        match job {
            Job::Send { to, bytes } => {
                let process = ranks.process_at_rank(to);
                for part in parts(&bytes) {
                    request::scope(|scope| sent(process.immediate_send(scope, part)));
                }
                keep(&mut spare, bytes);
            }
            Job::Receive { from, length, answer } => {
                let mut received = Received::new(&ranks, (from, length));
                while received.is_open() {
                    received.part(&mut spare);
                }
                drop(answer.send(received.whole()));
            }
            Job::Exchange { with, bytes, length, answer } => {
                let process = ranks.process_at_rank(with);
                let mut received = Received::new(&ranks, (with, length));
                // Both at once, as each end may wait for the other.
                for part in parts(&bytes).map(Some).chain(iter::repeat(None)) {
                    if part.is_none() && !received.is_open() {
                        break;
                    }
                    request::scope(|scope| {
                        let own = part.map(|part| process.immediate_send(scope, part));
                        if received.is_open() {
                            received.part(&mut spare);
                        }
                        own.map(sent);
                    });
                }
                keep(&mut spare, bytes);
                drop(answer.send(received.whole()));
            }
            Job::End { answer } => {
                drop(ranks);
                drop(universe);
                // Whoever asked may have gone.
                let _ = answer.send(());
                return;
            }
        }
    }
    leave(universe);
}

/// Leaves MPI without the end that all ranks wait for.
fn leave(universe: environment::Universe) {
    std::mem::forget(universe);
}

/// Keeps memory for what is received later, if it is larger than what there is.
fn keep(spare: &mut Vec<u8>, bytes: Vec<u8>) {
    if bytes.capacity() > spare.capacity() {
        *spare = bytes;
    }
}

/// Asks until there is an answer: at once for a short time, then less and less often, so that other processes and the
/// thread that computes have the processor.
fn waited<T>(mut answer: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        match start.elapsed() {
            short if short < SPINS => std::hint::spin_loop(),
            longer if longer < YIELDS => std::thread::yield_now(),
            _ => std::thread::sleep(SLEEP),
        }
    }
}

/// Waits until bytes are under way, so that they are needed no more.
fn sent<'a>(request: Request<'a, [u8], &LocalScope<'a>>) {
    let mut open = Some(request);
    waited(|| match open.take()?.test() {
        Ok(_) => Some(()),
        Err(still) => {
            open = Some(still);
            None
        }
    });
}

/// The messages that bytes are sent as: MPI counts those of one in 31 bits. There is one of no bytes.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let none = bytes.is_empty().then_some(bytes);
    bytes.chunks(PART).chain(none)
}

/// What comes from another rank, message by message.
struct Received<'r> {
    ranks: &'r SimpleCommunicator,
    from: i32,
    /// How many bytes are due.
    length: usize,
    bytes: Vec<u8>,
    is_open: bool,
}

impl<'r> Received<'r> {
    fn new(ranks: &'r SimpleCommunicator, (from, length): (i32, usize)) -> Received<'r> {
        Received { ranks, from, length, bytes: Vec::new(), is_open: true }
    }

    /// Whether there is more to come.
    fn is_open(&self) -> bool {
        self.is_open
    }

    /// Waits for the next message.
    fn part(&mut self, spare: &mut Vec<u8>) {
        let process = self.ranks.process_at_rank(self.from);
        let (message, status) = waited(|| process.immediate_matched_probe());
        let count = usize::try_from(status.count(u8::equivalent_datatype())).unwrap_or_default();
        if self.bytes.is_empty() && count >= SMALL {
            self.bytes = std::mem::take(spare);
            self.bytes.clear();
        }
        let start = self.bytes.len();
        self.bytes.resize(start + count, 0);
        message.matched_receive_into(&mut self.bytes[start..]);
        self.is_open = count == PART && self.bytes.len() < self.length;
    }

    /// All of it. Fails where it is not as long as was due.
    fn whole(self) -> Result<Vec<u8>> {
        let Received { from, length, bytes, .. } = self;
        if bytes.len() == length {
            return Ok(bytes);
        }
        let message = format!("rank {from} sent {} bytes where {length} were due", bytes.len());
        Err(Error::new(Kind::Value, message)
            .hint("all ranks must call the same things in the same order: are all of one version?"))
    }
}

fn world(ranks: &SimpleCommunicator) -> Result<World> {
    let unreadable = |what: &str| Error::new(Kind::Value, format!("MPI does not tell {what}"));
    let own = environment::processor_name().map_err(|_| unreadable("the name of the machine"))?;
    let library =
        environment::library_version().map_err(|_| unreadable("the name of its library"))?;
    // Names of one length, filled up with zeros.
    let mut name = [0u8; NAME];
    let length = own.len().min(NAME);
    name[..length].copy_from_slice(&own.as_bytes()[..length]);
    let count =
        usize::try_from(ranks.size()).map_err(|_| unreadable("how many ranks there are"))?;
    let mut names = vec![0u8; NAME * count];
    ranks.all_gather_into(&name[..], &mut names[..]);
    let name = |name: &[u8]| String::from_utf8_lossy(name).trim_end_matches('\0').to_string();
    Ok(World {
        rank: usize::try_from(ranks.rank()).map_err(|_| unreadable("the number of this rank"))?,
        hosts: names.chunks(NAME).map(name).collect(),
        library: library.lines().next().unwrap_or_default().trim_end_matches('\0').to_string(),
    })
}

/// How long an answer is asked for without a break, and how long others are let go first; after that, how long each break is.
const SPINS: Duration = Duration::from_micros(20);
const YIELDS: Duration = Duration::from_millis(1);
const SLEEP: Duration = Duration::from_micros(50);

/// The most bytes of a message.
const PART: usize = 1 << 30;

/// Bytes that are as fast in new memory.
const SMALL: usize = 1 << 16;

/// Bytes of a machine's name.
const NAME: usize = 128;
