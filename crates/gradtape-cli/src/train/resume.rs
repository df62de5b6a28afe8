//! Checkpoints of `gradtape train`, and going on from one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, Command, FromArgMatches};
use gradtape::Tensor;
use gradtape::io::Checkpoint;
use gradtape::train::{Checkpoints, History};

use super::flags::Train;
use super::run_flags::When;
use crate::error::{Failure, Outcome};

/// What a checkpoint says of a training of several networks.
pub(super) struct Before {
    /// Those that were done.
    pub(super) histories: Vec<History>,
}

impl Train {
    /// With the flags that the checkpoint of `--resume` remembers, under those that are given.
    pub(super) fn remembered(self) -> Outcome<(Train, Option<Before>)> {
        let own = without_resume(
            std::env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned()),
        );
        let Some(path) = &self.runs.resume else {
            let mut train = self;
            if train.runs.words.is_empty() {
                train.runs.words = own;
            }
            return Ok((train, None));
        };
        let usage = |error: gradtape::Error| Failure::usage(format!("--resume: {error}"));
        let path = Checkpoints::latest(path).map_err(usage)?;
        let checkpoint = Checkpoint::load(&path).map_err(usage)?;
        let note = |name: &str| {
            checkpoint.notes.get(name).ok_or_else(|| {
                Failure::usage(format!(
                    "--resume: {} was not written by gradtape train",
                    path.display()
                ))
            })
        };
        let saved: Vec<String> = serde_json::from_str(note(ARGUMENTS)?).map_err(Failure::failed)?;
        let histories: Vec<Vec<u64>> =
            serde_json::from_str(note(HISTORIES)?).map_err(Failure::failed)?;
        let histories = histories.into_iter().map(history).collect::<Outcome<_>>()?;
        let histories: Vec<History> = histories;
        let longer = ["--epochs", "--steps"]
            .into_iter()
            .find(|flag| own.iter().any(|word| word.split('=').next() == Some(flag)));
        if let (Some(flag), [_, ..]) = (longer, &histories[..]) {
            return Err(Failure::usage(format!(
                "--resume: of several networks {} done, which do not go on with other {flag}\n  hint: go on without it, or \
                 train anew",
                match histories.len() {
                    1 => "1 is".to_string(),
                    done => format!("{done} are"),
                }
            )));
        }
        let both: Vec<String> = saved.iter().chain(&own).cloned().collect();
        // Where the data is named again, the flags are all there.
        let (mut train, words) = match read(&both) {
            Ok(train) => (train, both),
            Err(_) => (read(&own).map_err(|error| Failure::usage(error.render()))?, own),
        };
        train.runs.words = words;
        train.runs.insist = self.runs.insist;
        train.runs.resume = Some(path);
        Ok((train, Some(Before { histories })))
    }

    /// When and where the training of the network of a number saves itself, and what makes it do so by the clock.
    pub(super) fn checkpoints(
        &self,
        folder: &Path,
        number: usize,
        histories: &[History],
    ) -> Outcome<Option<(Checkpoints, Clock)>> {
        let Some(when) = self.runs.checkpoint_every else { return Ok(None) };
        let bits = |history: &History| -> Outcome<Vec<u64>> {
            Ok(history.to_tensor().to_vec::<f64>()?.into_iter().map(f64::to_bits).collect())
        };
        let histories = histories.iter().map(bits).collect::<Outcome<Vec<_>>>()?;
        let mut checkpoints = Checkpoints::new(folder)
            .keep(self.runs.checkpoints.unwrap_or(3))
            .note(ARGUMENTS, serde_json::to_string(&self.runs.words).map_err(Failure::failed)?)
            .note(HISTORIES, serde_json::to_string(&histories).map_err(Failure::failed)?);
        if self.members() > 1 {
            checkpoints = checkpoints.prefix(format!("network-{}-", number + 1));
        }
        let mut clock = Clock::default();
        checkpoints = match when {
            When::Steps(steps) => checkpoints.every_steps(steps),
            When::Epochs(epochs) => checkpoints.every_epochs(epochs),
            When::Minutes(minutes) => {
                let every = Duration::try_from_secs_f64(60.0 * minutes);
                clock.every = Some(every.unwrap_or(Duration::MAX));
                checkpoints.on_request(Arc::clone(&clock.request))
            }
        };
        Ok(Some((checkpoints, clock)))
    }
}

/// Asks for a checkpoint now and then.
pub(super) struct Clock {
    every: Option<Duration>,
    last: Instant,
    request: Arc<AtomicBool>,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { every: None, last: Instant::now(), request: Arc::default() }
    }
}

impl Clock {
    /// Looks at the time.
    pub(super) fn look(&mut self) {
        if self.every.is_some_and(|every| self.last.elapsed() >= every) {
            self.request.store(true, Ordering::Relaxed);
            self.last = Instant::now();
        }
    }
}

/// The flags that words stand for; later ones count.
pub(super) fn read(words: &[String]) -> Result<Train, clap::Error> {
    let command = Train::augment_args(Command::new("gradtape train")).args_override_self(true);
    let matches =
        command.try_get_matches_from(std::iter::once(&"train".to_string()).chain(words))?;
    Train::from_arg_matches(&matches)
}

/// Without what says where to go on.
fn without_resume(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        match &*word {
            "--insist" => {}
            "--resume" => drop(words.next()),
            other if other.starts_with("--resume=") => {}
            _ => kept.push(word),
        }
    }
    kept
}

fn history(bits: Vec<u64>) -> Outcome<History> {
    let rows = bits.len() / 8;
    let numbers = bits.into_iter().map(f64::from_bits).collect();
    Ok(History::from_tensor(&Tensor::from_vec(numbers, [rows, 8])?)?)
}

const ARGUMENTS: &str = "train.arguments";
const HISTORIES: &str = "train.histories";
