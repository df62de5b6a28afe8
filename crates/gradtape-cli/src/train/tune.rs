//! A search for settings, for `gradtape tune`: successive halving, Jamieson and Talwalkar 2016.

mod kept;
mod log;
mod space;

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gradtape::engine;
use gradtape::io::Model;
use gradtape::train::Stopped;
use indicatif::ProgressBar;
use serde::Serialize;

use self::kept::{Kept, named_in};
use self::log::{Head, Log, Trial};
use self::space::{Settings, Space};
use super::TEST_TABLE;
use super::compare::decisive;
use super::files::{Files, named};
use super::fit::Part;
use super::flags::Train;
use super::ready::Ready;
use super::resume::read;
use crate::error::{Failure, Outcome};
use crate::interrupt;
use crate::measure::Measured;
use crate::output::Output;
use crate::progress::Shown;
use crate::report::{Align, Format, Number, Table, of};
use crate::source::{Source, spare};
use crate::tune::Search;
use crate::words::{TELLING, Words};

/// A trial by its round and its number.
type Key = (usize, usize);

/// How long the trials of a round are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Round {
    epochs: usize,
    /// How many networks, each with other rows to validate.
    networks: usize,
}

/// A search that goes on.
struct Tuning<'a> {
    ready: &'a Ready,
    space: Space,
    /// The flags that are given.
    words: Words,
    seed: u64,
    rounds: Vec<Round>,
    log: Log,
    /// Where the model of the best trial is kept.
    model: PathBuf,
    /// When the search must end, the training at the end not among it.
    until: Instant,
    bar: ProgressBar,
}

/// What a search found.
struct Found {
    trial: usize,
    settings: Settings,
    /// The round in which it was the best, from 0 on.
    round: usize,
    in_time: bool,
}

impl Train {
    /// Searches for settings, and trains with the best. `words` are the flags of the training.
    pub(crate) fn tune(mut self, words: Words, search: Search, output: &Output) -> Outcome {
        let started = Instant::now();
        self.quiet |= self.watch.takes_output() && self.format == Format::Text;
        self.check_search()?;
        self.check()?;
        engine::cpu::set_threads(self.threads);
        let source = Source::of(&self.data)?;
        let given = read(&words).map_err(|error| Failure::usage(error.render()))?;
        let files = Files::check(&self.out, self.runs.report.as_deref(), &source)?;
        for name in ["tune.csv", "tune.jsonl"] {
            source.spare(&named(&self.out, name))?;
            if let Some(test) = &self.test {
                spare(test, TEST_TABLE, &named(&self.out, name))?;
            }
        }
        files.spare(self.test.as_deref(), TEST_TABLE)?;
        let ready = self.ready(source, &self.out.clone())?;
        let rows = ready.prepared.counts().train;
        let embeds = !self.embedded(&ready.prepared.preprocessing)?.is_empty();
        let space = Space::of(&given, &self, rows, embeds);
        if space.is_empty() {
            return Err(Failure::usage(
                "all settings are given: nothing is left to look for\n  hint: leave out --lr, --hidden or others",
            ));
        }
        if ready.prepared.split.validation.is_empty() {
            return Err(Failure::failed(format!(
                "no row is left to validate, by which settings are judged: there are {} to train\n  hint: --validation \
                 0.3",
                of(rows, "row")
            )));
        }
        let head = Head {
            version: env!("CARGO_PKG_VERSION").to_string(),
            seed: self.seed,
            data: ready.prepared.fingerprint.clone(),
            flags: words.clone().without(&TELLING).list(),
        };
        let text = self.tells_people();
        let bar = !self.quiet && stderr().is_terminal();
        let mut tuning = Tuning {
            space,
            words: words.clone(),
            seed: self.seed,
            rounds: rounds(self.epochs(), self.members()),
            log: Log::open(named(&self.out, "tune.jsonl"), &head)?,
            model: named(&self.out, "model.safetensors"),
            until: started + Duration::from_secs_f64(60.0 * search.minutes),
            bar: if bar { ProgressBar::new(0) } else { ProgressBar::hidden() },
            ready: &ready,
        };
        if text {
            self.introduce(&ready, output)?;
            if !tuning.log.trials.is_empty() {
                let known = of(tuning.log.trials.len(), "trial");
                output.line(format!(
                    "{} has {known}: the search goes on",
                    tuning.log.path().display()
                ))?;
            }
        }
        let found = tuning.search(search, self.members(), text, output);
        let table = named(&self.out, "tune.csv");
        if !tuning.log.trials.is_empty() {
            // The folder may be gone since the search began.
            drop(std::fs::create_dir_all(&self.out));
            gradtape::io::write_atomic(&table, tuning.log.csv().as_bytes())?;
        }
        let found = found.map_err(|failure| match interrupt::is_asked() {
            true => tuning.stopped(&self, failure, &table),
            false => failure,
        })?;
        let log = tuning.log;
        drop((files, ready));

        let words = self.judged(&words, &found.settings);
        let mut training = read(&words).map_err(|error| Failure::usage(error.render()))?;
        training.runs.words = words.clone();
        let command = words.command(self.seed);
        if text {
            if !found.in_time {
                let round = found.round + 1;
                output.line(format!("the time was over: the best so far is of round {round}"))?;
            }
            output.line(format!("\n{}", top(&log, found.round)))?;
            output.line(format!("the best is trial {}: {}", found.trial, found.settings))?;
            output.line(format!("to train it again: {command}\n"))?;
            output.flush()?;
            training.ran(output)?.well()?;
            return output.line(format!(
                "{} has all trials, {} what goes on",
                table.display(),
                log.path().display()
            ));
        }
        let json = self.format == Format::Json;
        (training.quiet, training.format, training.runs.beside) = (true, Format::Text, json);
        let done = training.ran(output)?.well()?;
        if !json {
            return Ok(());
        }
        output.json(&Report {
            trials: log.trials.values().map(TrialReport::of).collect(),
            best: found.trial,
            in_time: found.in_time,
            settings: found.settings.0.iter().cloned().collect(),
            command,
            held_out: done.held_out.as_ref(),
            files: ["model.safetensors", "history.csv", "curves.svg"]
                .map(|name| named(&self.out, name))
                .into_iter()
                .chain([table, log.path().to_path_buf()])
                .collect(),
        })
    }

    /// The flags of the training with settings that a search tried, as it was judged.
    fn judged(&self, words: &Words, settings: &Settings) -> Words {
        let mut judged = settings.words();
        if !words.has("--epochs") {
            judged.push(format!("--epochs={}", self.epochs()));
        }
        if !words.has("--members") && self.members() > 1 {
            judged.push(format!("--members={}", self.members()));
        }
        words.clone().and(Words::of(judged))
    }

    /// Fails for flags that are not for a search.
    fn check_search(&self) -> Outcome {
        let flags = [
            (
                "--start",
                self.start.start.is_some(),
                "other widths than those of the model do not fit it",
            ),
            (
                "--resume",
                self.runs.resume.is_some(),
                "the same command goes on with a search by itself",
            ),
            (
                "--folds",
                self.runs.folds.is_some(),
                "train with --folds and the settings that were found",
            ),
            (
                "--checkpoint-every",
                self.runs.checkpoint_every.is_some(),
                "tune.jsonl keeps what was tried",
            ),
        ];
        if let Some((flag, _, hint)) = flags.iter().find(|(_, given, _)| *given) {
            return Err(Failure::usage(format!("{flag} is not for a search\n  hint: {hint}")));
        }
        if self.data == "-" {
            return Err(Failure::usage("standard input is read once, and not by a search"));
        }
        if self.network.is_of_texts() {
            return Err(Failure::usage(
                "a search is for rows and images, not for texts\n  hint: lists compare settings, as in \
                 `gradtape train book.txt --network gpt:4x128 --lr 0.001,0.003`",
            ));
        }
        if self.validation == 0.0 {
            let message = "settings are judged by the validation loss, but --validation is 0";
            return Err(Failure::usage(message));
        }
        Ok(())
    }
}

impl Tuning<'_> {
    /// Tries settings, round by round. Fails where not one trial ends in time.
    fn search(
        &mut self,
        search: Search,
        members: usize,
        text: bool,
        output: &Output,
    ) -> Outcome<Found> {
        // The first trial tells how long others take.
        let Some(first) = self.tried((0, 0), output)? else {
            let minutes = search.minutes;
            return Err(Failure::failed(format!(
                "not one trial ended in {minutes} minutes\n  hint: more --minutes, or fewer --epochs"
            )));
        };
        let last = self.rounds[self.rounds.len() - 1];
        let each = first.seconds / self.rounds[0].epochs as f64;
        let at_end = SLOWER * each * (last.epochs * members) as f64;
        self.until -= Duration::from_secs_f64(at_end.min(0.5 * 60.0 * search.minutes));
        if self.log.size != Some(search.trials) {
            let left = self.until.saturating_duration_since(Instant::now()).as_secs_f64();
            let shares = self.rounds.iter().zip([1.0, 3.0, 9.0]);
            let epochs: f64 =
                shares.map(|(own, share)| (own.epochs * own.networks) as f64 / share).sum();
            let size = (left / (SLOWER * each * epochs).max(1e-9)) as usize;
            // What was begun is gone on with, and more if there is time.
            let size = size.max(self.log.size.unwrap_or(1));
            self.log.set_size(size.min(search.trials))?;
        }
        let mut candidates: Vec<usize> = (0..self.log.size.unwrap_or(1)).collect();
        let mut found = Found { trial: 0, settings: Settings::default(), round: 0, in_time: true };
        for number in 0..self.rounds.len() {
            let round = self.rounds[number];
            if text {
                output.line(format!(
                    "round {}: {}, {}, {}",
                    number + 1,
                    of(candidates.len(), "trial"),
                    of(round.epochs, "epoch"),
                    of(round.networks, "network")
                ))?;
                output.flush()?;
            }
            self.bar.set_length(candidates.len() as u64);
            self.bar.set_position(0);
            let mut tried: Vec<(f64, usize)> = Vec::new();
            for &trial in &candidates {
                let Some(own) = self.tried((number, trial), output)? else {
                    found.in_time = false;
                    break;
                };
                tried.push((own.order(), trial));
                self.bar.inc(1);
            }
            tried.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            // One alone is better than none.
            if let Some(&(_, best)) = tried.first()
                && (number == 0 || tried.len() > 1 || candidates.len() == 1)
            {
                (found.trial, found.round) = (best, number);
            }
            if text && let Some((loss, trial)) = tried.first() {
                let settings = self.space.settings(*trial, self.seed);
                output.line(format!("  validation loss {loss:.4}: {settings}"))?;
            }
            if !found.in_time {
                break;
            }
            let keep = tried.len().div_ceil(3);
            let mut kept: Vec<usize> = tried[..keep].iter().map(|&(_, trial)| trial).collect();
            if !kept.contains(&0) {
                kept.insert(0, 0);
            }
            candidates = kept;
        }
        self.bar.finish_and_clear();
        found.settings = self.space.settings(found.trial, self.seed);
        match self.log.trials.get(&(found.round, found.trial)).and_then(|trial| trial.loss) {
            Some(_) => Ok(found),
            None => Err(Failure::failed("no trial came to anything: the losses are no numbers")),
        }
    }

    /// A trial, known from before or done now; `None` where the time is over before it ends.
    fn tried(&mut self, (round, number): Key, output: &Output) -> Outcome<Option<Trial>> {
        if let Some(known) = self.log.trials.get(&(round, number)) {
            return Ok(Some(known.clone()));
        }
        if Instant::now() > self.until {
            return Ok(None);
        }
        let Some((trial, model)) = self.trial((round, number), output)? else {
            return match interrupt::is_asked() {
                true => {
                    Err(Failure::failed("stopped by Ctrl-C or a signal; the same command goes on"))
                }
                false => Ok(None),
            };
        };
        self.log.add(trial.clone())?;
        if let Some(model) = model.filter(|_| self.log.best().map(Trial::key) == Some(trial.key()))
        {
            // The search goes on all the same.
            if let Err(error) = model.save(&self.model) {
                output.note(format_args!("note: the best so far is not kept: {error}"));
            }
        }
        Ok(Some(trial))
    }

    /// What a search that was stopped came to, and how to go on with it or with its best.
    fn stopped(&self, train: &Train, failure: Failure, table: &Path) -> Failure {
        let Some(best) = self.log.best() else { return failure };
        let settings = self.space.settings(best.trial, self.seed);
        let command = train.judged(&self.words, &settings).command(self.seed);
        let known = of(self.log.trials.len(), "trial");
        failure
            .note(format!("{} has {known}, {} what goes on", table.display(), self.log.path().display()))
            .note(match named_in(&self.model) == Some(best.name()) {
                true => format!(
                    "{} is the best so far, {}: {settings}; it was trained for {}, `{command}` trains it to the end",
                    self.model.display(),
                    best.name(),
                    of(best.epochs, "epoch")
                ),
                false => format!(
                    "the best so far is {}: {settings}; `{command}` trains it, which the search had not come to",
                    best.name()
                ),
            })
    }

    /// Trains with the settings of a number; the model is there where training came to something.
    fn trial(
        &self,
        (round, number): Key,
        output: &Output,
    ) -> Outcome<Option<(Trial, Option<Model>)>> {
        let started = Instant::now();
        let Round { epochs, networks } = self.rounds[round];
        let settings = self.space.settings(number, self.seed);
        let own = settings.words().into_iter().chain([format!("--epochs={epochs}")]);
        let words = self.words.clone().and(Words::of(own));
        let mut train = read(&words).map_err(|error| Failure::usage(error.render()))?;
        train.quiet = true;
        train.watch.see_nothing();
        train.runs.until = Some(self.until);
        train.runs.members = Some(1);
        let prepared = &self.ready.prepared;
        let counts = prepared.counts();
        train.settle([counts.train, counts.validation], self.ready.shape);
        let shown = Shown { lines: false, bar: false, beside: None, validation: true };
        let (mut sum, mut kept) = (Some(0.0), Kept::default());
        for number in 0..networks {
            let network = train.build(&self.ready.source, prepared, number)?;
            let optimizer = train.optimizer_of(&network)?;
            let rows = self.ready.rows(number)?;
            let augment = self.ready.augment.clone();
            let stream = prepared.stream.as_ref();
            let part = Part { number, augment, stream, ..Part::alone([&rows[0], &rows[1]]) };
            let fitted = train.fit(&network, optimizer, part, &shown, |_| {}, output)?;
            if matches!(fitted.history.stopped, Stopped::Requested) {
                return Ok(None);
            }
            let losses = fitted.history.epochs.iter().map(decisive);
            let lowest = losses.min_by(f64::total_cmp).filter(|loss| loss.is_finite());
            sum = sum.zip(lowest).map(|(sum, own)| sum + own).filter(|_| fitted.ended.is_ok());
            if sum.is_none() {
                break;
            }
            kept.add(network, fitted.history);
        }
        let trial = Trial {
            trial: number,
            round: round + 1,
            epochs,
            networks,
            loss: sum.map(|sum| sum / networks as f64),
            seconds: started.elapsed().as_secs_f64(),
            settings: settings.0.into_iter().map(|(flag, own)| (flag.to_string(), own)).collect(),
        };
        let model = match sum {
            Some(_) => Some(kept.model(train, self.ready, &trial)?),
            None => None,
        };
        Ok(Some((trial, model)))
    }
}

/// The rounds of a search for a training of so many epochs and networks.
fn rounds(epochs: usize, members: usize) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    for (share, networks) in [(9, 1), (3, members.min(2)), (1, members)] {
        let round = Round { epochs: epochs.div_ceil(share), networks };
        if rounds.last().is_none_or(|last| last.epochs < round.epochs || last.networks < networks) {
            rounds.push(round);
        }
    }
    rounds
}

/// How much slower than the first trial others are taken to be: many are of larger networks.
const SLOWER: f64 = 2.0;

/// The best trials of a round.
fn top(log: &Log, round: usize) -> Table {
    let mut all: Vec<&Trial> = log.trials.values().filter(|own| own.round == round + 1).collect();
    all.sort_by(|a, b| a.order().total_cmp(&b.order()));
    let names = ["trial", "validation loss", "settings"];
    let mut table = Table::new(names.into_iter().zip([Align::Right, Align::Right, Align::Left]));
    for trial in all.into_iter().take(10) {
        let loss = trial.loss.map_or("-".to_string(), |loss| format!("{loss:.4}"));
        let settings: Vec<String> =
            trial.settings.iter().map(|(flag, value)| format!("{flag} {value}")).collect();
        let settings = match &settings[..] {
            [] => "as without a search".to_string(),
            some => some.join(", "),
        };
        table.row([trial.trial.to_string(), loss, settings]);
    }
    table
}

#[derive(Serialize)]
struct Report<'a> {
    trials: Vec<TrialReport>,
    /// The number of the best.
    best: usize,
    /// Whether all rounds were done.
    in_time: bool,
    settings: BTreeMap<&'static str, String>,
    /// What trains it again.
    command: String,
    held_out: Option<&'a Measured>,
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct TrialReport {
    round: usize,
    trial: usize,
    epochs: usize,
    networks: usize,
    validation_loss: Option<Number>,
    settings: BTreeMap<String, String>,
}

impl TrialReport {
    fn of(trial: &Trial) -> TrialReport {
        TrialReport {
            round: trial.round,
            trial: trial.trial,
            epochs: trial.epochs,
            networks: trial.networks,
            validation_loss: trial.number(),
            settings: trial.settings.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_grow_to_the_whole_training() {
        let round = |epochs, networks| Round { epochs, networks };
        assert_eq!(rounds(100, 4), [round(12, 1), round(34, 2), round(100, 4)]);
        assert_eq!(rounds(30, 1), [round(4, 1), round(10, 1), round(30, 1)]);
        assert_eq!(rounds(1, 1), [round(1, 1)]);
    }
}
