//! [`ThreadRanks`]: a [`Collective`] of the threads of one process.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Collective;
use crate::tensor::{Error, Kind, Result};

/// One of several threads that train a network together: each has a copy of the network and all of the data.
///
/// ```
/// use gradtape::data::moons;
/// use gradtape::nn::{Activation, Module, Sequential};
/// use gradtape::optim::Adam;
/// use gradtape::train::{Collective, ThreadRanks, Trainer};
/// use gradtape::Rng;
/// let data = moons(64, 0.1, 7)?;
/// let train = |ranks: Option<&ThreadRanks>| -> gradtape::Result<_> {
///     let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
///     let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).shards(4);
///     if let Some(ranks) = ranks {
///         trainer = trainer.across(ranks);
///     }
///     trainer.fit(&data, None)?;
///     drop(trainer);
///     Ok(net.parameters()[0].value())
/// };
/// let alone = train(None)?;
/// std::thread::scope(|scope| {
///     let train = &train;
///     let all: Vec<_> =
///         ThreadRanks::new(2).into_iter().map(|own| scope.spawn(move || train(Some(&own)))).collect();
///     for one in all {
///         assert!(one.join().unwrap().unwrap().equals(&alone), "the same bits");
///     }
/// });
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct ThreadRanks {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Mutex<Receiver<Vec<u8>>>>,
    patience: Duration,
}

impl ThreadRanks {
    /// So many ranks, one for each thread, which wait for each other for a minute at most.
    pub fn new(ranks: usize) -> Vec<ThreadRanks> {
        let mut own: Vec<ThreadRanks> = (0..ranks)
            .map(|rank| ThreadRanks {
                rank,
                to: Vec::new(),
                from: Vec::new(),
                patience: Duration::from_secs(60),
            })
            .collect();
        for from in 0..ranks {
            for to in 0..ranks {
                let (sender, receiver) = channel();
                own[from].to.push(sender);
                own[to].from.push(Mutex::new(receiver));
            }
        }
        own
    }

    /// Waits for another rank for so long at most.
    #[must_use]
    pub fn patience(self, patience: Duration) -> ThreadRanks {
        ThreadRanks { patience, ..self }
    }
}

impl Collective for ThreadRanks {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.to.len()
    }

    fn host(&self, rank: usize) -> String {
        format!("thread {rank}")
    }

    fn send(&self, to: usize, bytes: Vec<u8>) -> Result<()> {
        let sender = self.to.get(to).ok_or_else(|| unknown(to, self.ranks()))?;
        sender.send(bytes).map_err(|_| ended(to))
    }

    fn receive(&self, from: usize, length: usize) -> Result<Vec<u8>> {
        let receiver = self.from.get(from).ok_or_else(|| unknown(from, self.ranks()))?;
        // A receiver that another thread panicked with still has what was sent.
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = receiver.recv_timeout(self.patience).map_err(|error| match error {
            RecvTimeoutError::Disconnected => ended(from),
            RecvTimeoutError::Timeout => {
                let message = format!("rank {from} sent nothing for {:?}", self.patience);
                Error::new(Kind::Value, message)
            }
        })?;
        if bytes.len() != length {
            let message = format!("rank {from} sent {} bytes where {length} were due", bytes.len());
            return Err(Error::new(Kind::Value, message)
                .hint("all ranks must call the same things in the same order"));
        }
        Ok(bytes)
    }
}

fn ended(rank: usize) -> Error {
    Error::new(Kind::Value, format!("rank {rank} has ended"))
        .hint("its own error says why: look there first")
}

fn unknown(rank: usize, ranks: usize) -> Error {
    Error::new(Kind::Value, format!("rank {rank} of {ranks}, which count from 0"))
}
