//! Several settings of `gradtape train` side by side: any flag with a list, and folds.

mod again;
mod cells;
mod folds;
mod known;
mod lists;
mod log;
mod one;
mod page;
mod picture;
mod told;

use std::path::{Path, PathBuf};

use gradtape::io;
use gradtape::shell_word;
use gradtape::train::{EpochReport, Stopped};

use self::again::Again;
use self::known::Known;
use self::log::{Head, Log};
use super::TEST_TABLE;
use super::files::{named, tidy};
use super::flags::Train;
use super::resume::read;
use crate::error::{Failure, Outcome};
use crate::interrupt::Made;
use crate::output::Output;
use crate::report::{Format, of};
use crate::source::{Source, spare};
use crate::words::Words;

/// The trainings that a command line with lists asks for.
pub(crate) struct Comparison {
    /// The flags that have lists, in the order of the command line.
    flags: Vec<String>,
    /// The values of these and all words, of each training.
    runs: Vec<(Vec<String>, Words)>,
    /// The words of the command line.
    words: Words,
    /// What it goes on from, if it was stopped.
    again: Option<Again>,
}

/// What became of one training.
struct Ran {
    values: Vec<String>,
    done: Known,
    losses: Vec<f64>,
}

impl Comparison {
    /// Trains each and tells how they compare. One that comes to nothing is told of and does not end the others.
    pub(crate) fn run(mut self, output: &Output) -> Outcome {
        super::is_alone()?;
        let mut again = self.again.take();
        let trainings = self.trainings()?;
        let Some((.., first)) = trainings.first() else { return Ok(()) };
        // Each has a folder of its own in that of all.
        let out = first.out.parent().unwrap_or(&first.out).to_path_buf();
        let files = ["compare.csv", "steps.csv", "compare.svg"].map(|name| named(&out, name));
        let source = Source::of(&first.data).map_err(|failure| match &again {
            Some(again) => again.moved(failure),
            None => failure,
        })?;
        let report = self.report_path()?;
        let mut tests: Vec<PathBuf> =
            trainings.iter().filter_map(|(_, training)| training.test.clone()).collect();
        tests.sort();
        tests.dedup();
        for file in files.iter().chain(&report).chain([&named(&out, log::NAME)]) {
            source.spare(file)?;
            tests.iter().try_for_each(|test| spare(test, TEST_TABLE, file))?;
        }
        if again.is_none() {
            // Before what is known of an earlier comparison is put away.
            trainings.iter().try_for_each(|(_, training)| training.spare_checkpoints())?;
            if let Some(last) = self.last()? {
                last.spare_checkpoints()?;
            }
        }
        // The page may go into it.
        let folder = match out.exists() {
            true => None,
            false => Some(
                Made::folder(&out)
                    .map_err(|error| Failure::usage(format!("--out {}: {error}", out.display())))?,
            ),
        };
        if let Some(path) = &report {
            io::check_writable(path).map_err(Failure::usage)?;
        }
        let there = tests.iter().filter(|test| test.is_file()).map(PathBuf::as_path);
        let head = Head::of(&self.words, &source, there)?;
        if let Some(again) = &again {
            again.check(&head)?;
            if !first.quiet {
                again.tell(trainings.len(), output);
            }
        }
        let mut log = match Log::open(&out, &head, again.as_ref().map(|again| &again.read)) {
            Ok(log) => log,
            Err(failure) => {
                // What others write to stays.
                if let Some(folder) = folder.filter(|_| failure.status() == 2) {
                    folder.keep();
                }
                return Err(failure);
            }
        };
        // No other writes here now.
        let left = files.iter().chain(&report).map(PathBuf::as_path);
        tidy(&out, &left.chain([Path::new(log::NAME)]).collect::<Vec<_>>());
        let places = Places { out, files, report };
        let told = self.train(trainings, &places, &mut again, &mut log, output);
        if told.is_err() {
            log.forget_nothing();
        }
        told
    }

    fn train(
        &self,
        trainings: Vec<(Vec<String>, Train)>,
        places: &Places,
        again: &mut Option<Again>,
        log: &mut Log,
        output: &Output,
    ) -> Outcome {
        let Some((.., first)) = trainings.first() else { return Ok(()) };
        let Places { files, report, .. } = places;
        let written = || files.iter().chain(report);
        let format = first.format;
        let quiet = first.quiet || first.watch.takes_output();
        let (mut all, mut stopped) = (Vec::new(), None);
        for (number, (values, mut training)) in trainings.into_iter().enumerate() {
            // Those with other settings have the rows of one of these.
            training.runs.beside = self.repeats_first(&values);
            let label = self.label(&values, " ", ", ");
            let folder = training.out.clone();
            let ran = match again.as_mut().and_then(|again| again.done(number)) {
                Some(kept) => {
                    let (done, losses) = kept.known()?;
                    Ran { values, done, losses }
                }
                None => self.ran((number, values), training, again.as_ref(), log, output)?,
            };
            if format == Format::Text && !quiet {
                let epochs = of(ran.done.history.epochs.len(), "epoch");
                output.line(match (&ran.done.failed, lowest(&ran.done)) {
                    (Some(failure), _) => format!("{label}: {}", first_line(failure)),
                    (None, Some(loss)) => format!("{label}: {epochs}, loss {loss:.4}"),
                    (None, None) => format!("{label}: {epochs}"),
                })?;
                output.flush()?;
            }
            let ends = matches!(ran.done.history.stopped, Stopped::Requested);
            all.push(ran);
            if ends {
                log.keep();
                stopped = Some(Failure::failed(format!(
                    "stopped by Ctrl-C or a signal in the training with {label}; its model is in {}\n  hint: gradtape train \
                     --resume {} goes on",
                    folder.display(),
                    shell_word(&places.out.display().to_string())
                )));
                break;
            }
        }
        if let [Ran { values, done: Known { failed: Some(failure), .. }, .. }, others @ ..] =
            &all[..]
            && others.iter().all(|ran| ran.done.failed.is_some())
        {
            let label = self.label(values, " ", ", ");
            let note = format!("in the training with {label}; in no other it was better");
            return Err(failure.clone().note(note));
        }
        io::write_atomic(&files[0], self.epochs_csv(&all).as_bytes())?;
        io::write_atomic(&files[1], self.steps_csv(&all).as_bytes())?;
        io::write_atomic(&files[2], self.chart(&all).svg()?.as_bytes())?;
        self.write_page(&all, report.as_ref())?;
        if self.is_of_folds() && stopped.is_none() {
            // A fold without a network would be missing in the mean.
            if let Some(failure) = all.iter().find_map(|ran| ran.done.failed.clone()) {
                return Err(failure);
            }
            return self.tell_folds(&all, places, again.as_ref(), log, output);
        }
        if stopped.is_none() {
            log.end()?;
        }
        match format {
            Format::Json => {
                let files = written().cloned().collect();
                output.json(&self.report(&all, files))?;
            }
            Format::Text if quiet => {}
            Format::Text => {
                output.line("")?;
                output.line(self.cells(&all).text())?;
                if let (2.., Some(best)) = (self.groups(&all).len(), self.best_is()) {
                    output.line(best)?;
                }
                if self.groups(&all).iter().any(|(_, group)| group.len() > 1) {
                    output.line(INTERVALS)?;
                }
                for line in self.simple(&all).into_iter().chain(self.failures(&all)) {
                    output.line(line)?;
                }
                let written: Vec<String> =
                    written().map(|file| file.display().to_string()).collect();
                let written = written.join(", ");
                output.line(format!("\nwrote {written}, and a folder with the model of each"))?;
            }
        }
        stopped.map_or(Ok(()), Err)
    }

    /// The trainings, with the values of the lists, each with a folder of its own.
    fn trainings(&self) -> Outcome<Vec<(Vec<String>, Train)>> {
        let mut trainings = Vec::new();
        for (place, (values, words)) in self.runs.iter().enumerate() {
            // The page is of all.
            let words = words.clone().without(&["--report"]);
            let mut training = read(&words).map_err(|error| {
                Failure::usage(error.render().to_string().trim().trim_start_matches("error: "))
            })?;
            if training.runs.resume.is_some() {
                return Err(Failure::usage("--resume goes on with one training, not with several"));
            }
            if training.data == "-" {
                return Err(Failure::usage(
                    "standard input is read once, and not by several trainings",
                ));
            }
            training.out = training.out.join(self.label(values, "-", "_"));
            let own = |(_, other): &&(Vec<String>, Train)| other.out == training.out;
            if let Some((others, _)) = trainings.iter().find(own) {
                let [own, other] = [values, others].map(|values| self.label(values, " ", ", "));
                return Err(Failure::usage(format!(
                    "the trainings with {other} and with {own} would be in one folder, {}: the names of folders have no / and \
                     no :",
                    training.out.display()
                )));
            }
            self.set_apart(place, values, &mut training);
            // What a checkpoint of it goes on with.
            let out = Words::of([format!("--out={}", training.out.display())]);
            training.runs.words = words.and(out);
            trainings.push((values.clone(), training));
        }
        Ok(trainings)
    }

    /// Where the page of all goes, if one is asked for. Fails for one that is no page, and where another file goes.
    fn report_path(&self) -> Outcome<Option<PathBuf>> {
        let Some((_, words)) = self.runs.first() else { return Ok(None) };
        let training = read(words).map_err(|error| Failure::usage(error.render()))?;
        training.runs.check_report(false)?;
        training.check_paths()?;
        Ok(training.runs.report)
    }

    /// Gives one of the trainings files of its own beside its folder.
    fn set_apart(&self, place: usize, values: &[String], training: &mut Train) {
        let own = self.label(values, "-", "_");
        training.watch.set_beside(place, self.label(values, " ", ", "), &own);
    }

    fn label(&self, values: &[String], between: &str, next: &str) -> String {
        let own = self.flags.iter().zip(values);
        let own: Vec<String> = own.map(|(flag, value)| format!("{flag}{between}{value}")).collect();
        match next {
            // A folder has none of these in its name.
            "_" => own.join(next).replace(['/', '\\', ':'], "-"),
            _ => own.join(next),
        }
    }

    /// The trainings that differ in the seed or the fold alone, side by side, by what they are.
    fn groups<'a>(&self, all: &'a [Ran]) -> Vec<(Vec<String>, Vec<&'a Ran>)> {
        let mut groups: Vec<(Vec<String>, Vec<&Ran>)> = Vec::new();
        for ran in all {
            let own = self.flags.iter().zip(&ran.values).filter(|(flag, _)| !is_repeat(flag));
            let key: Vec<String> = own.map(|(_, value)| value.clone()).collect();
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, members)) => members.push(ran),
                None => groups.push((key, vec![ran])),
            }
        }
        groups
    }

    /// Whether values are those of the first training, but for the seed or the fold.
    fn repeats_first(&self, values: &[String]) -> bool {
        let first = self.runs.first().map_or(&[][..], |(first, _)| first);
        let mut own = self.flags.iter().zip(values.iter().zip(first));
        own.all(|(flag, (own, first))| is_repeat(flag) || own == first)
    }

    /// The score of an epoch by which trainings are compared: losses, unless they are of what is not the same in all; `None`
    /// where no score is.
    fn score(&self) -> Option<fn(&EpochReport) -> f64> {
        let compares = |flag: &str| self.flags.iter().any(|own| own == flag);
        match () {
            () if ["task", "target"].into_iter().any(compares) => None,
            () if self.compares_errors() => Some(|report| {
                let scores = report.validation.unwrap_or(report.train);
                scores.mean_absolute_error.unwrap_or(scores.loss)
            }),
            () => Some(decisive),
        }
    }

    /// Whether losses are of different things, so that errors in the unit of the target are compared, of the epoch that a model
    /// keeps.
    fn compares_errors(&self) -> bool {
        self.flags.iter().any(|flag| flag == "target-transform")
    }

    /// What the best training is.
    fn best_is(&self) -> Option<&'static str> {
        self.score().map(|_| match self.compares_errors() {
            true => {
                "best is the lowest mean absolute error, of the rows to validate if there are any: losses are of what is learned"
            }
            false => "best is the lowest loss, of the rows to validate if there are any",
        })
    }

    fn settings(&self) -> Vec<&String> {
        self.flags.iter().filter(|flag| !is_repeat(flag)).collect()
    }
}

/// Where the files of all are.
struct Places {
    out: PathBuf,
    files: [PathBuf; 3],
    report: Option<PathBuf>,
}

/// Whether a folder is that of trainings that are compared.
pub(super) fn is_in(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && folder.join(log::NAME).is_file()
}

/// Whether trainings that differ in a flag alone are the same one, done again.
fn is_repeat(flag: &str) -> bool {
    ["seed", "fold"].contains(&flag)
}

/// What stands under means.
const INTERVALS: &str = "± is half of the 95 % interval of a mean (Student's t)";

/// The loss by which epochs are chosen.
pub(super) fn decisive(report: &EpochReport) -> f64 {
    report.validation.unwrap_or(report.train).loss
}

fn lowest(done: &Known) -> Option<f64> {
    done.history.epochs.iter().map(decisive).min_by(f64::total_cmp)
}

/// The score of the epoch whose weights the model has.
fn kept(done: &Known, score: fn(&EpochReport) -> f64) -> Option<f64> {
    let kept = done.history.kept_epoch;
    done.history.epochs.iter().find(|report| report.epoch == kept).map(score)
}

fn first_line(failure: &Failure) -> &str {
    failure.message().lines().next().unwrap_or_default()
}
