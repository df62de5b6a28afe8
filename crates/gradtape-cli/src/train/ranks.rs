//! A training that several processes share, as `mpirun` and `srun` start them.

mod launcher;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use gradtape::train::{Collective, Traffic, Trainer};
use serde::Serialize;

use self::launcher::Launcher;
use super::Done;
use super::files::Files;
use super::flags::Train;
use super::resume::Before;
use crate::error::{Failure, Outcome};
use crate::output::Output;
#[cfg(feature = "mpi")]
use crate::report::Format;
use crate::report::{Number, of};

/// The other processes of a training, if there are any.
#[derive(Clone, Default)]
pub(super) struct Ranks {
    ranks: Option<Arc<dyn Collective>>,
    /// Of all networks so far.
    traffic: Arc<Mutex<Traffic>>,
}

/// What is told of them.
#[derive(Serialize)]
pub(super) struct Told {
    ranks: usize,
    machines: usize,
    shards: usize,
    /// The part of the steps' time that was spent on sending and waiting.
    communication: Number,
    /// The part of the steps' time in which gradients were on their way while others were computed.
    hidden: Number,
    /// Bytes that this rank sent.
    sent: u64,
}

impl Train {
    /// Trains, alone or as one of several processes, and tells of it.
    pub(super) fn shared(self, output: &Output) -> Outcome<Done> {
        let Some(launcher) = Launcher::of_several()? else {
            return self.ran(output);
        };
        let (this, before) = self.remembered()?;
        let shards = this.shards();
        if shards < launcher.count {
            let (count, enough) = (launcher.count, launcher.count.next_power_of_two().max(8));
            return Err(Failure::usage(format!(
                "{} started {count} processes, and a batch is cut into {}: each process needs one\n  hint: --shards {enough}; \
                 the number of shards belongs to the result, as the seed does, and gives the same bits on any number of \
                 processes, also on one",
                launcher.name,
                of(shards, "shard")
            )));
        }
        if this.data == "-" {
            return Err(Failure::usage(
                "standard input is read once, and each process reads the data for itself\n  hint: name a file that all of \
                 them can read",
            ));
        }
        start(this, before, &launcher, output)
    }

    pub(super) fn shards(&self) -> usize {
        self.runs.shards.unwrap_or(1)
    }

    /// What is told of the other processes.
    pub(super) fn told_of_ranks(&self) -> Option<Told> {
        let ranks = self.runs.ranks.ranks.as_ref()?;
        let traffic = self.runs.ranks.traffic();
        Some(Told {
            ranks: ranks.ranks(),
            machines: machines(&**ranks),
            shards: self.shards(),
            communication: Number(traffic.share()),
            hidden: Number(traffic.hidden_share()),
            sent: traffic.sent,
        })
    }

    /// How the processes shared the work.
    pub(super) fn tell_ranks(&self, output: &Output) -> Outcome {
        let Some(ranks) = &self.runs.ranks.ranks else { return Ok(()) };
        let traffic = self.runs.ranks.traffic();
        let (share, sent) = (traffic.share(), traffic.sent as f64 / 1e6);
        let hidden = match traffic.hidden_share() {
            some if some >= 0.005 => {
                format!(", another {:.0} % was hidden behind computing", some * 100.0)
            }
            _ => String::new(),
        };
        output.line(format!(
            "\n{} on {}: {:.0} % of the time of steps was sending and waiting{hidden}; {sent:.1} MB sent by rank {}",
            of(ranks.ranks(), "rank"),
            of(machines(&**ranks), "machine"),
            share * 100.0,
            ranks.rank()
        ))?;
        if share > 0.5 {
            let seconds = traffic.steps.as_secs_f64();
            output.line(format!(
                "note: of {seconds:.2} s of steps {:.2} s were computing: a larger --batch, or fewer ranks, are faster",
                seconds * (1.0 - share)
            ))?;
        }
        Ok(())
    }

    /// Trains as the first rank does, whose files and words are those of all.
    #[cfg(feature = "mpi")]
    fn goes_on_silently(
        mut self,
        before: Option<Before>,
        folder: &std::path::Path,
        output: &Output,
    ) -> Outcome<Done> {
        self.out = folder.to_path_buf();
        (self.quiet, self.format) = (true, Format::Text);
        self.runs.report = None;
        self.watch = self.watch.silent();
        self.goes_on(before, &output.of_another())
    }
}

impl Ranks {
    /// Has a trainer share its batches with them.
    pub(super) fn on<'n>(&'n self, trainer: Trainer<'n>) -> Trainer<'n> {
        match &self.ranks {
            Some(ranks) => trainer.across(&**ranks),
            None => trainer,
        }
    }

    /// Tells with a failure where the model is, unless another process is the one that writes.
    pub(super) fn with_model(&self, failure: Failure, files: &Files, kept_epoch: usize) -> Failure {
        let is_first = self.ranks.as_ref().is_none_or(|ranks| ranks.rank() == 0);
        if !is_first {
            return failure;
        }
        let model = files.model();
        failure.note(format!("{model} holds the model after epoch {kept_epoch}"))
    }

    /// Adds what was sent in a training.
    pub(super) fn add(&self, more: Traffic) {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).add(more);
    }

    fn traffic(&self) -> Traffic {
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ranks({})", self.ranks.as_ref().map_or(1, |ranks| ranks.ranks()))
    }
}

/// How many machines the ranks run on.
fn machines(ranks: &dyn Collective) -> usize {
    let mut hosts: Vec<String> = (0..ranks.ranks()).map(|rank| ranks.host(rank)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts.len()
}

/// Fails where several processes were started for what one does.
pub(crate) fn is_alone() -> Outcome {
    match Launcher::of_several()? {
        None => Ok(()),
        Some(Launcher { name, count }) => Err(Failure::usage(format!(
            "{name} started {count} processes, which share one training: not a search, folds or a comparison\n  hint: start \
             this without {name}, or train once"
        ))),
    }
}

#[cfg(not(feature = "mpi"))]
fn start(_: Train, _: Option<Before>, launcher: &Launcher, _: &Output) -> Outcome<Done> {
    let Launcher { name, count } = launcher;
    Err(Failure::usage(format!(
        "{name} started {count} processes, and this gradtape was built without MPI: each would train by itself into the \
         same files\n  hint: build it with `--features mpi`, or start it without {name}"
    )))
}

#[cfg(feature = "mpi")]
fn start(
    mut train: Train,
    before: Option<Before>,
    launcher: &Launcher,
    output: &Output,
) -> Outcome<Done> {
    use std::time::Duration;

    use gradtape_mpi::Mpi;

    use crate::interrupt;

    let patience = Duration::from_secs(train.runs.rank_timeout as u64);
    let mpi = Mpi::start(patience)?.told_to_end(interrupt::flag());
    let (rank, ranks) = (mpi.rank(), mpi.ranks());
    if ranks != launcher.count {
        let Launcher { name, count } = launcher;
        return Err(Failure::usage(format!(
            "{name} started {count} processes, and MPI knows of {ranks}: the launcher is of another MPI than this program, \
             which was built with {}, or there is none\n  hint: start it with the mpirun of that one; without a launcher, \
             take its variables out of the environment",
            mpi.library()
        )));
    }
    let name = format!("rank {rank} of {ranks}, on {}", mpi.host(rank));
    let mpi = Arc::new(mpi);
    train.runs.ranks.ranks = Some(Arc::clone(&mpi) as Arc<dyn Collective>);
    let done = match rank {
        0 => train.goes_on(before, output),
        _ => {
            let folder = tempfile::tempdir().map_err(Failure::failed)?;
            train.goes_on_silently(before, folder.path(), output)
        }
    };
    let done = done.map_err(|failure| failure.note(&name))?;
    // Of one that came to nothing, the others come to know as this process ends.
    if done.failed.is_none() {
        let mpi = Arc::into_inner(mpi).ok_or_else(|| Failure::failed("MPI is still in use"))?;
        mpi.finish()?;
    }
    Ok(Done { failed: done.failed.map(|failure| failure.note(&name)), ..done })
}
