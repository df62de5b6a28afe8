//! [`Collective`]: ranks that train one network together.

use std::time::{Duration, Instant};

use super::spare::Spare;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that this rank sent.
    pub sent: u64,
    /// The time that this rank spent on sending and waiting, and on nothing else.
    pub waited: Duration,
    /// The time of sending and waiting during which this rank computed: of gradients that were on their way while those of
    /// earlier layers were computed.
    pub hidden: Duration,
    /// The time of all steps.
    pub steps: Duration,
}

impl Traffic {
    /// Adds what other steps took.
    pub fn add(&mut self, more: Traffic) {
        self.sent += more.sent;
        self.waited += more.waited;
        self.hidden += more.hidden;
        self.steps += more.steps;
    }

    /// The part of the steps' time that was spent on sending and waiting alone, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.of_steps(self.waited)
    }

    /// The part of the steps' time during which something was on its way while the rank computed, from 0 to 1.
    pub fn hidden_share(&self) -> f64 {
        self.of_steps(self.hidden)
    }

    fn of_steps(&self, time: Duration) -> f64 {
        let steps = self.steps.as_secs_f64();
        if steps > 0.0 { (time.as_secs_f64() / steps).min(1.0) } else { 0.0 }
    }
}

/// A collective, and what is measured of it.
pub(super) struct Link<'a> {
    pub(super) ranks: &'a dyn Collective,
    pub(super) spare: &'a Spare,
    pub(super) traffic: Traffic,
}

impl<'a> Link<'a> {
    pub(super) fn new(ranks: &'a dyn Collective, spare: &'a Spare) -> Link<'a> {
        Link { ranks, spare, traffic: Traffic::default() }
    }
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

/// The numbers of all ranks, one rank after the other, on each of them; `length` tells how many a rank has.
pub(in crate::train) fn of_all(
    ranks: &dyn Collective,
    own: Vec<f64>,
    length: &dyn Fn(usize) -> usize,
) -> Result<Vec<f64>> {
    let bytes = |numbers: &[f64]| numbers.iter().flat_map(|own| own.to_le_bytes()).collect();
    let numbers = |bytes: Vec<u8>| -> Vec<f64> {
        bytes.as_chunks().0.iter().map(|&own| f64::from_le_bytes(own)).collect()
    };
    let count = ranks.ranks();
    if ranks.rank() > 0 {
        ranks.send(0, bytes(&own))?;
        let all: usize = (0..count).map(length).sum();
        return Ok(numbers(ranks.receive(0, all * size_of::<f64>())?));
    }
    let mut all = own;
    for other in 1..count {
        all.extend(numbers(ranks.receive(other, length(other) * size_of::<f64>())?));
    }
    (1..count).try_for_each(|other| ranks.send(other, bytes(&all)))?;
    Ok(all)
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
