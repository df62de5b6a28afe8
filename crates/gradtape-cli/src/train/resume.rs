//! Checkpoints of `gradtape train`, and going on from one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use clap::{Args, Command, FromArgMatches};
use gradtape::io::{self, Checkpoint};
use gradtape::train::{Checkpoints, History, Stopped};
use gradtape::{Tensor, shell_word};
use serde::Serialize;

use super::differences::Differences;
use super::flags::Train;
use super::network::Tokens;
use super::run_flags::When;
use super::text::CONTEXT;
use crate::error::{Failure, Outcome};
use crate::report::of;
use crate::source::Source;
use crate::words::{TELLING, Words};

/// What a checkpoint says of the training that it is of.
pub(super) struct Before {
    path: PathBuf,
    /// Where the ends of networks are, and whether that of this one is among them.
    ends: PathBuf,
    has_ends: bool,
    /// Of the networks that were done.
    histories: Vec<History>,
    /// How many epochs of the one after these were done, and whether it had stopped early then.
    epochs: usize,
    is_early: bool,
    /// What is other than it was of how long is trained.
    pub(super) further: Option<Further>,
    /// Whether the user wants to hear nothing of it now.
    pub(super) quiet: bool,
}

/// A training that goes on longer than it once was to.
#[derive(Clone, Copy)]
pub(super) struct Further {
    /// Whether it is to now; else it was so before, and networks before that of the checkpoint are done.
    now: bool,
    /// Whether the networks after that of the checkpoint were trained once, too.
    all: bool,
    /// Whether the schedule may be another one than it was.
    pub(super) reschedules: bool,
}

impl Train {
    /// Fails where the networks would be other ones than those of a checkpoint: no insisting makes its weights theirs.
    fn is_built_as(&self, was: &Train) -> Outcome {
        let shown = |train: &Train| {
            let dropout = train.dropout.unwrap_or(0.0);
            [
                ("--members", format!("{:?}", train.runs.members)),
                ("--network", format!("{:?}", train.network)),
                ("--hidden", format!("{:?}", train.hidden)),
                ("--activation", format!("{:?}", train.activation)),
                ("--dropout", dropout.to_string()),
                ("--cuts", format!("{:?}", train.cuts)),
                ("--embed", format!("{:?}", train.embed.given())),
                ("--context", format!("{:?}", train.context.unwrap_or(CONTEXT))),
                ("--vocabulary", format!("{:?}", train.vocabulary.unwrap_or(Tokens::Characters))),
                ("--start", format!("{:?}", train.start.start)),
            ]
        };
        match shown(self).into_iter().zip(shown(was)).find(|(now, before)| now.1 != before.1) {
            None => Ok(()),
            Some(((flag, _), _)) => Err(Failure::usage(format!(
                "--resume: {flag} is another one than in the checkpoint\n  hint: leave it out; a network that is built \
                 in another way begins anew, without --resume"
            ))),
        }
    }

    /// With the flags that the checkpoint of `--resume` remembers, under those that are given.
    pub(super) fn remembered(self) -> Outcome<(Train, Option<Before>)> {
        self.remembered_beside(Words::own().without(&["--resume", "--insist"]))
    }

    /// As [`Train::remembered`], where the command line has these words.
    pub(super) fn remembered_beside(self, own: Words) -> Outcome<(Train, Option<Before>)> {
        let Some(path) = &self.runs.resume else {
            let mut train = self;
            train.take_settings()?;
            if train.runs.words.is_empty() {
                train.runs.words = own;
            }
            return Ok((train, None));
        };
        let usage = |error: gradtape::Error| Failure::usage(format!("--resume: {error}"));
        let path = Checkpoints::latest(path)
            .map_err(|error| within(path).into_iter().fold(usage(error), Failure::note))?;
        let checkpoint = Checkpoint::load(&path).map_err(usage)?;
        let note = |name: &str| {
            checkpoint.notes.get(name).ok_or_else(|| {
                Failure::usage(format!(
                    "--resume: {} was not written by gradtape train",
                    path.display()
                ))
            })
        };
        let words = |name: &str| -> Outcome<Words> {
            let words: Vec<String> = serde_json::from_str(note(name)?).map_err(Failure::failed)?;
            Ok(Words::of(words))
        };
        let (mut settled, saved) = (words(SETTLED)?, words(ARGUMENTS)?);
        let histories: Vec<Vec<u64>> =
            serde_json::from_str(note(HISTORIES)?).map_err(Failure::failed)?;
        let histories = histories.into_iter().map(history).collect::<Outcome<_>>()?;
        let history = History::of_checkpoint(&checkpoint).map_err(usage)?;
        let is_early = matches!(history.stopped, Stopped::Early { .. });
        let epochs = history.epochs.len();
        // The rate of one optimiser is not that of another.
        if own.has("--optimizer") {
            settled = settled.without(&["--lr", "--weight-decay"]);
        }
        let before = settled.clone().and(saved.clone());
        // Data that is named again may be elsewhere now; its flags are those of the checkpoint.
        let under = |words: Words| match own.has_plain() {
            true => words.behind(&own),
            false => words,
        };
        let mut words = under(saved.clone()).and(own.clone());
        let all = settled.clone().and(words.clone());
        let mut train = read(&all).map_err(|error| Failure::usage(error.render()))?;
        let was = read(&before).map_err(|error| Failure::failed(error.render()))?;
        train.is_built_as(&was)?;
        train.runs.differences = Differences::of(&was, &train);
        let all = checkpoint.notes.contains_key(FURTHER);
        let is_longer = (train.epochs(), train.steps) != (was.epochs(), was.steps);
        let reschedules = !own.has("--schedule");
        let further = (all || is_longer).then_some(Further { now: is_longer, all, reschedules });
        if !own.clone().without(&TELLING).is_empty() {
            // Other flags would have others follow.
            words = settled.clone().and(words);
        }
        train.runs.words = words;
        train.runs.settled = settled;
        train.runs.insist = self.runs.insist;
        train.runs.resume = Some(path.clone());
        let quiet = own.has("--quiet");
        let ends = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        let has_ends = false;
        let before = Before { path, ends, has_ends, histories, epochs, is_early, further, quiet };
        Ok((train, Some(before)))
    }

    /// The data. Of a training that goes on it may be elsewhere than it was.
    pub(super) fn source(&self) -> Outcome<Source> {
        Source::of(&self.data).map_err(|failure| match &self.runs.resume {
            Some(path) => failure.note(format!(
                "hint: where the data was moved, or the folder is another than that in which the training began: \
                 gradtape train DATA --resume {}",
                shell_word(&path.display().to_string())
            )),
            None => failure,
        })
    }

    /// The flags that stand for what is settled on, where `given` did not say it.
    pub(super) fn note_settled(&mut self, given: &[(&str, Option<String>)]) {
        let now = self.choices();
        let new = now.iter().zip(given).filter(|(_, (_, given))| given.is_none());
        let new = new.filter_map(|((flag, now), _)| Some(format!("--{flag}={}", now.as_ref()?)));
        let new = Words::of(new.collect::<Vec<_>>());
        self.runs.settled = std::mem::take(&mut self.runs.settled).and(new);
    }

    /// When and where the training of the network of a number saves itself, and what makes it do so by the clock.
    pub(super) fn checkpoints(
        &self,
        folder: &Path,
        number: usize,
        histories: &[History],
        further: bool,
    ) -> Outcome<Option<(Checkpoints, Clock)>> {
        let Some(when) = self.runs.checkpoint_every else { return Ok(None) };
        let histories = histories.iter().map(history_bits).collect::<Outcome<Vec<_>>>()?;
        let mut checkpoints = Checkpoints::new(folder)
            .keep(self.runs.checkpoints.unwrap_or(3))
            .note(ARGUMENTS, json(&self.runs.words.list())?)
            .note(SETTLED, json(&self.runs.settled.list())?)
            .note(HISTORIES, json(&histories)?);
        if further {
            checkpoints = checkpoints.note(FURTHER, "");
        }
        if self.members() > 1 {
            checkpoints = checkpoints.prefix(prefix(number)).keep_end();
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

impl Before {
    /// Where the network of a number goes on, if it does.
    pub(super) fn from(&self, number: usize) -> Option<PathBuf> {
        let current = self.histories.len();
        let end = self.end(number);
        match self.further {
            None => Some(self.path.clone()).filter(|_| number == current),
            Some(_) if number == current && !self.has_ends => Some(self.path.clone()),
            Some(Further { now: false, .. }) if number < current => None,
            Some(Further { all, .. }) if number <= current || all => {
                Some(end).filter(|end| end.is_file())
            }
            Some(_) => None,
        }
    }

    /// The end of the network of a number.
    fn end(&self, number: usize) -> PathBuf {
        self.ends.join(format!("{}end.checkpoint", prefix(number)))
    }

    /// What the networks that are not trained again came to.
    pub(super) fn kept(&self) -> &[History] {
        if self.further.is_some_and(|further| further.now) { &[] } else { &self.histories }
    }

    /// Whether the network of a number goes on by itself, also where it had stopped early, and the others stay as they
    /// are.
    pub(super) fn alone(&self, number: usize) -> bool {
        self.further.is_some_and(|further| further.now || number != self.histories.len())
    }

    /// Fails where a network that was done has no end to go on from; puts the ends of all into the folder of new
    /// checkpoints, if there are any.
    pub(super) fn gather_ends(&mut self, folder: Option<&Path>, networks: usize) -> Outcome {
        let current = self.histories.len();
        let Some(further) = self.further.filter(|_| networks > 1) else { return Ok(()) };
        let needed = if further.now { current } else { 0 };
        let missing = (0..needed).map(|number| self.end(number)).find(|end| !end.is_file());
        if let Some(end) = missing {
            return Err(Failure::usage(format!(
                "--resume: {} is not there, without which a network that is done does not go on with other --epochs or \
                 --steps\n  hint: go on without these, or train anew",
                end.display()
            )));
        }
        let Some(folder) = folder else { return Ok(()) };
        fs::create_dir_all(folder).map_err(Failure::failed)?;
        for number in 0..networks {
            // The checkpoint itself will be taken away once earlier networks have later ones.
            let from = if number == current { self.path.clone() } else { self.end(number) };
            let bytes = match fs::read(&from) {
                Ok(bytes) => bytes,
                // Of a network that has not begun there is no end.
                Err(error) if number == current => {
                    return Err(Failure::failed(format!("{}: {error}", from.display())));
                }
                Err(_) => continue,
            };
            io::write_atomic(folder.join(format!("{}end.checkpoint", prefix(number))), &bytes)?;
        }
        (self.ends, self.has_ends) = (folder.to_path_buf(), true);
        Ok(())
    }

    /// What it goes on from, for people; `None` where they do not want to know.
    pub(super) fn told(&self, train: &Train) -> Option<String> {
        let network = match train.members() {
            1 => String::new(),
            all => format!("network {} of {all}, ", self.histories.len() + 1),
        };
        let (done, all) = (self.epochs, of(train.epochs(), "epoch"));
        let mut told =
            format!("goes on from {}: {network}{done} of {all} done", self.path.display());
        if let (Some(_), Some(schedule)) = (self.further, &train.schedule)
            && schedule != "constant"
        {
            told += &format!(
                "; the schedule {schedule} is now for so many, so that what comes is not what they give alone"
            );
        }
        if self.is_early && self.alone(self.histories.len()) {
            told += "; it had stopped early: its patience begins anew";
        }
        (!self.quiet).then_some(told)
    }
}

/// A hint where it is the folders in a folder that have checkpoints, as of several trainings that were compared.
pub(super) fn within(folder: &Path) -> Option<String> {
    let folders = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> =
        folders.filter(|inner| inner.is_dir() && Checkpoints::latest(inner).is_ok()).collect();
    folders.sort();
    let first = shell_word(&folders.first()?.display().to_string());
    Some(match folders.len() {
        1 => format!("hint: --resume {first}"),
        all => format!(
            "hint: {all} folders in it have some, and each goes on by itself: --resume {first}"
        ),
    })
}

/// What the names of the checkpoints of one of several networks begin with.
fn prefix(number: usize) -> String {
    format!("network-{}-", number + 1)
}

/// Takes away checkpoints of networks after that of a number, which an earlier training went on to, so that what is the
/// latest stays so; each has its own end.
pub(super) fn remove_later(folder: &Path, number: usize) {
    let later = |name: &str| {
        let rest = name.strip_prefix("network-").and_then(|rest| rest.split_once("-step-"));
        rest.and_then(|(own, _)| own.parse::<usize>().ok()).is_some_and(|own| own > number + 1)
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(later) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn json(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(Failure::failed)
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
pub(super) fn read(words: &Words) -> Result<Train, clap::Error> {
    let command = Train::augment_args(Command::new("gradtape train")).args_override_self(true);
    let words = std::iter::once("train".to_string()).chain(words.list());
    let matches = command.try_get_matches_from(words)?;
    let mut train = Train::from_arg_matches(&matches)?;
    match train.take_settings() {
        Ok(()) => Ok(train),
        Err(failure) => {
            Err(clap::Error::raw(ErrorKind::ArgumentConflict, format!("{}\n", failure.message())))
        }
    }
}

/// A history as the bits of its numbers.
pub(super) fn history_bits(history: &History) -> Outcome<Vec<u64>> {
    Ok(history.to_tensor().to_vec::<f64>()?.into_iter().map(f64::to_bits).collect())
}

/// The history of [`history_bits`].
pub(super) fn history(bits: Vec<u64>) -> Outcome<History> {
    let rows = bits.len() / 8;
    let numbers = bits.into_iter().map(f64::from_bits).collect();
    Ok(History::from_tensor(&Tensor::from_vec(numbers, [rows, 8])?)?)
}

const ARGUMENTS: &str = "train.arguments";
const SETTLED: &str = "train.settled";
const HISTORIES: &str = "train.histories";
const FURTHER: &str = "train.further";
