//! [`Collective`]: ranks that train one network together.

use std::time::{Duration, Instant};

use crate::tensor::{Error, Kind, Result};

/// Ranks that train one network together: processes on one machine or on several, or threads of one process.
///
/// It carries bytes from one rank to another. What is added to what, and in which order, the
/// [trainer](super::super::Trainer::across) decides, so that the sum has the same bits for any number of ranks.
///
/// [`ThreadRanks`](super::ThreadRanks) is one for the threads of a process.
pub trait Collective: Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn ranks(&self) -> usize;

    /// The machine that a rank runs on, for errors and reports.
    fn host(&self, rank: usize) -> String;

    /// Sends bytes to another rank. They may be under way still when this returns.
    ///
    /// Fails where the other rank has ended, or takes nothing for too long.
    fn send(&self, to: usize, bytes: Vec<u8>) -> Result<()>;

    /// The next bytes that another rank sent to this one, of which there must be `length`.
    ///
    /// Fails where the other rank has ended, sends nothing for too long, or something of another length.
    fn receive(&self, from: usize, length: usize) -> Result<Vec<u8>>;

    /// Sends bytes to another rank that sends some at the same time, and gives those, of which there must be `length`.
    fn exchange(&self, with: usize, bytes: Vec<u8>, length: usize) -> Result<Vec<u8>> {
        self.send(with, bytes)?;
        self.receive(with, length)
    }
}

/// What ranks sent each other in a training, as one of them sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Bytes that this rank sent.
    pub sent: u64,
    /// The time that this rank spent on sending and waiting.
    pub waited: Duration,
    /// The time of all steps.
    pub steps: Duration,
}

impl Traffic {
    /// The part of the steps' time that was spent on sending and waiting, from 0 to 1.
    pub fn share(&self) -> f64 {
        let steps = self.steps.as_secs_f64();
        if steps > 0.0 { (self.waited.as_secs_f64() / steps).min(1.0) } else { 0.0 }
    }
}

/// A collective, and what is measured of it.
pub(super) struct Link<'a> {
    pub(super) ranks: &'a dyn Collective,
    pub(super) traffic: Traffic,
}

impl Link<'_> {
    pub(super) fn send(&mut self, to: usize, bytes: Vec<u8>) -> Result<()> {
        self.traffic.sent += bytes.len() as u64;
        self.waiting(|ranks| ranks.send(to, bytes))
    }

    pub(super) fn receive(&mut self, from: usize, length: usize) -> Result<Vec<u8>> {
        self.waiting(|ranks| ranks.receive(from, length))
    }

    pub(super) fn exchange(
        &mut self,
        with: usize,
        bytes: Vec<u8>,
        length: usize,
    ) -> Result<Vec<u8>> {
        self.traffic.sent += bytes.len() as u64;
        self.waiting(|ranks| ranks.exchange(with, bytes, length))
    }

    fn waiting<T>(&mut self, call: impl FnOnce(&dyn Collective) -> T) -> T {
        let start = Instant::now();
        let done = call(self.ranks);
        self.traffic.waited += start.elapsed();
        done
    }
}

/// Sends a text of any length; [`receive_text`] takes it.
pub(super) fn send_text(ranks: &dyn Collective, to: usize, text: &str) -> Result<()> {
    ranks.send(to, (text.len() as u64).to_le_bytes().to_vec())?;
    ranks.send(to, text.as_bytes().to_vec())
}

pub(super) fn receive_text(ranks: &dyn Collective, from: usize) -> Result<String> {
    let unreadable = || {
        let message = format!("rank {from} on {} sent no readable text", ranks.host(from));
        Error::new(Kind::Value, message)
    };
    let length = ranks.receive(from, 8)?.try_into().map_err(|_| unreadable())?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(|_| unreadable())?;
    if length > LONGEST {
        return Err(unreadable());
    }
    String::from_utf8(ranks.receive(from, length)?).map_err(|_| unreadable())
}

/// Bytes of a text beyond which it is none.
const LONGEST: usize = 1 << 24;
