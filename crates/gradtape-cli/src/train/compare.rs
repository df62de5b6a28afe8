//! Several settings of `gradtape train` side by side: any flag with a list, and folds.

mod folds;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{ArgAction, Args, Command};
use gradtape::io;
use gradtape::train::{EpochReport, Scores, Stopped};
use gradtape_chart::{Axis, COLOURS, Chart, Line, Mark, Panel};
use serde::Serialize;

use super::Done;
use super::flags::Train;
use super::resume::read;
use crate::error::{Failure, Outcome};
use crate::mean::Mean;
use crate::output::Output;
use crate::report::{Align, Format, Number, Table, of};

/// The trainings that a command line with lists asks for.
pub(crate) struct Comparison {
    /// The flags that have lists, in the order of the command line.
    flags: Vec<String>,
    /// The values of these and all words, of each training.
    runs: Vec<(Vec<String>, Vec<String>)>,
}

/// What became of one training.
struct Ran {
    values: Vec<String>,
    done: Done,
    losses: Vec<f64>,
}

/// More trainings than this are a slip of the keyboard.
const MOST_RUNS: usize = 1_000;

impl Comparison {
    /// What a command line asks for; `None` unless it is of `train` and a flag has a list: values with commas between
    /// (`--batch 1,100`) or a range (`--seed 1..5`), where the flag takes one value, or the flag several times.
    pub(crate) fn of(arguments: &[OsString]) -> Outcome<Option<Comparison>> {
        let words: Option<Vec<String>> =
            arguments.iter().skip(1).map(|word| word.to_str().map(String::from)).collect();
        let Some([verb, words @ ..]) = words.as_deref() else { return Ok(None) };
        if verb != "train" {
            return Ok(None);
        }
        let command = Train::augment_args(Command::new("train"));
        let (mut plain, mut lists): (Vec<String>, Vec<(String, Vec<String>)>) = Default::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_string())),
                None => (&**word, None),
            };
            let known = command.get_arguments().find(|own| {
                flag.strip_prefix("--").is_some_and(|name| own.get_long() == Some(name))
            });
            let one = |own: &&clap::Arg| {
                matches!(own.get_action(), ArgAction::Set)
                    && own.get_num_args().is_none_or(|count| count.max_values() <= 1)
            };
            let Some(known) = known.filter(one) else {
                plain.push(word.clone());
                continue;
            };
            let needs = known.get_num_args().is_none_or(|count| count.min_values() > 0);
            let Some(value) = value.or_else(|| needs.then(|| words.next().cloned()).flatten())
            else {
                plain.push(word.clone());
                continue;
            };
            let values = listed(flag, &value);
            match lists.iter_mut().find(|(other, _)| other == flag) {
                Some((_, all)) => all.extend(values),
                None => lists.push((flag.to_string(), values)),
            }
        }
        folds::listed(&mut lists)?;
        if lists.iter().all(|(_, values)| values.len() == 1) {
            return Ok(None);
        }
        let count = lists.iter().map(|(_, values)| values.len()).product::<usize>();
        if count > MOST_RUNS {
            return Err(Failure::usage(format!("the lists ask for {count} trainings")));
        }
        let mut runs = vec![(Vec::new(), plain)];
        for (flag, values) in &lists {
            let with = |(known, words): &(Vec<String>, Vec<String>), value: &String| {
                let mut run = (known.clone(), words.clone());
                run.1.push(format!("{flag}={value}"));
                if values.len() > 1 {
                    run.0.push(value.clone());
                }
                run
            };
            runs = runs
                .iter()
                .flat_map(|run| values.iter().map(move |value| with(run, value)))
                .collect();
        }
        let flags = lists.into_iter().filter(|(_, values)| values.len() > 1);
        let flags = flags.map(|(flag, _)| flag.trim_start_matches('-').to_string()).collect();
        Ok(Some(Comparison { flags, runs }))
    }

    /// Trains each and tells how they compare.
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let mut trainings = Vec::new();
        for (values, words) in &self.runs {
            let training = read(words).map_err(|error| {
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
            trainings.push((values.clone(), words.clone(), training));
        }
        let Some((.., first)) = trainings.first() else { return Ok(()) };
        let (out, format, quiet) = (first.out.clone(), first.format, first.quiet);
        let mut all = Vec::new();
        for (values, mut words, mut training) in trainings {
            training.out = out.join(self.label(&values, "-", "_"));
            // What a checkpoint of it goes on with.
            words.push(format!("--out={}", training.out.display()));
            training.runs.words = words;
            training.quiet = true;
            training.format = Format::Text;
            let losses = Arc::new(Mutex::new(Vec::new()));
            training.runs.losses = Some(Arc::clone(&losses));
            let label = self.label(&values, " ", ", ");
            let done = training
                .ran(output)
                .map_err(|failure| failure.note(format!("in the training with {label}")))?;
            if matches!(done.history.stopped, Stopped::Requested) {
                let folder = out.join(self.label(&values, "-", "_"));
                return Err(Failure::failed(format!(
                    "stopped by Ctrl-C or a signal in the training with {label}; its model is in {}",
                    folder.display()
                )));
            }
            let losses =
                std::mem::take(&mut *losses.lock().unwrap_or_else(PoisonError::into_inner));
            if format == Format::Text && !quiet {
                let loss = lowest(&done).map_or("-".to_string(), |loss| format!("{loss:.4}"));
                output.line(format!(
                    "{label}: {}, loss {loss}",
                    of(done.history.epochs.len(), "epoch")
                ))?;
                output.flush()?;
            }
            all.push(Ran { values, done, losses });
        }
        let name =
            |name: &str| if out == Path::new(".") { PathBuf::from(name) } else { out.join(name) };
        let files = ["compare.csv", "steps.csv", "compare.svg"].map(name);
        io::write_atomic(&files[0], self.epochs_csv(&all).as_bytes())?;
        io::write_atomic(&files[1], self.steps_csv(&all).as_bytes())?;
        io::write_atomic(&files[2], self.chart(&all).svg()?.as_bytes())?;
        if self.is_of_folds() {
            return self.tell_folds(&all, &files, output);
        }
        match format {
            Format::Json => output.json(&self.report(&all, &files)),
            Format::Text if quiet => Ok(()),
            Format::Text => {
                output.line("")?;
                output.line(self.table(&all))?;
                if self.groups(&all).iter().any(|(_, group)| group.len() > 1) {
                    output.line(INTERVALS)?;
                }
                let [a, b, c] = files.each_ref().map(|file| file.display());
                output.line(format!("\nwrote {a}, {b}, {c}, and a folder with the model of each"))
            }
        }
    }

    fn label(&self, values: &[String], between: &str, next: &str) -> String {
        let own = self.flags.iter().zip(values);
        let own: Vec<String> = own.map(|(flag, value)| format!("{flag}{between}{value}")).collect();
        own.join(next).replace(['/', '\\', ':'], if next == "_" { "-" } else { "/" })
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

    fn settings(&self) -> Vec<&String> {
        self.flags.iter().filter(|flag| !is_repeat(flag)).collect()
    }

    fn table(&self, all: &[Ran]) -> Table {
        let scores = ["trainings", "epochs", "loss", "held-out loss", "held-out score"];
        let names = self.settings().into_iter().map(String::as_str).chain(scores);
        let mut table = Table::new(names.map(|name| (name.to_string(), Align::Right)));
        for (key, group) in self.groups(all) {
            let over = |value: &dyn Fn(&Ran) -> Option<f64>| {
                let values: Vec<f64> = group.iter().filter_map(|ran| value(ran)).collect();
                spread(&values)
            };
            let held_out = |ran: &Ran, of: fn(&Scores) -> Option<f64>| {
                of(&ran.done.held_out.as_ref()?.scores())
            };
            let row = [
                group.len().to_string(),
                over(&|ran| Some(ran.done.history.epochs.len() as f64)),
                over(&|ran| lowest(&ran.done)),
                over(&|ran| held_out(ran, |scores| Some(scores.loss))),
                over(&|ran| held_out(ran, |scores| scores.accuracy.or(scores.mean_absolute_error))),
            ];
            table.row(key.into_iter().chain(row));
        }
        table
    }

    /// The loss against epochs and against steps; of several seeds or folds the mean, with the lowest and highest in dashes.
    fn chart(&self, all: &[Ran]) -> Chart {
        let of_epochs =
            |ran: &Ran| -> Vec<f64> { ran.done.history.epochs.iter().map(decisive).collect() };
        let of_steps = |ran: &Ran| averaged(&ran.losses);
        let panels = vec![
            self.panel(all, "epoch", "loss", &|ran| numbered(&of_epochs(ran), 1.0)),
            self.panel(all, "step", "training loss", &of_steps),
        ];
        let title = format!("{} compared", self.flags.join(", "));
        Chart { title, panels }
    }

    fn panel(
        &self,
        all: &[Ran],
        x: &str,
        y: &str,
        curve: &dyn Fn(&Ran) -> Vec<(f64, f64)>,
    ) -> Panel {
        let mut marks = Vec::new();
        let mut extents = (f64::INFINITY, 0.0f64, 1.0f64);
        for (number, (key, group)) in self.groups(all).into_iter().enumerate() {
            let curves: Vec<Vec<(f64, f64)>> = group.iter().map(|ran| curve(ran)).collect();
            let longest =
                curves.iter().max_by_key(|curve| curve.len()).cloned().unwrap_or_default();
            let at =
                |place: usize| curves.iter().filter_map(move |curve| Some(curve.get(place)?.1));
            let line = |of: &dyn Fn(Vec<f64>) -> f64| -> Vec<(f64, f64)> {
                let point = |(place, &(x, _)): (usize, &(f64, f64))| (x, of(at(place).collect()));
                longest.iter().enumerate().map(point).collect()
            };
            let mean = line(&|values| values.iter().sum::<f64>() / values.len() as f64);
            for &(x, y) in mean.iter().filter(|(_, y)| y.is_finite() && *y > 0.0) {
                extents = (extents.0.min(y), extents.1.max(y), extents.2.max(x));
            }
            let colour = COLOURS[number % COLOURS.len()];
            let names = self.settings();
            let own: Vec<String> =
                names.iter().zip(&key).map(|(name, value)| format!("{name} {value}")).collect();
            let label = if own.is_empty() { "mean".to_string() } else { own.join(", ") };
            let dashed = number >= COLOURS.len();
            marks.push(Mark::Line(Line { points: mean, colour, dashed, label, ..Line::default() }));
            if curves.len() > 1 {
                let ends: [&dyn Fn(Vec<f64>) -> f64; 2] =
                    [&|values| values.into_iter().fold(f64::INFINITY, f64::min), &|values| {
                        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }];
                marks.extend(ends.map(|end| {
                    Mark::Line(Line { points: line(end), colour, dashed: true, ..Line::default() })
                }));
            }
        }
        let (low, high, last) = extents;
        let y = match low.is_finite() && low > 0.0 && high > low {
            true => Axis::logarithmic(format!("{y} (logarithmic)"), 0.9 * low, 1.1 * high),
            false => Axis::new(y, 0.0, 1.0),
        };
        Panel { x: Axis::new(x, 1.0, last.max(2.0)), y, equal: false, marks }
    }

    fn epochs_csv(&self, all: &[Ran]) -> String {
        let mut text = String::new();
        for (number, ran) in all.iter().enumerate() {
            let table = ran.done.history.to_csv();
            let mut lines = table.lines();
            let heading = lines.next().unwrap_or_default();
            if number == 0 {
                text += &format!("{},{heading}\n", self.flags.join(","));
            }
            let values: Vec<String> = ran.values.iter().map(|value| quoted(value)).collect();
            lines.for_each(|line| text += &format!("{},{line}\n", values.join(",")));
        }
        text
    }

    fn steps_csv(&self, all: &[Ran]) -> String {
        let mut text = format!("{},step,loss\n", self.flags.join(","));
        for ran in all {
            let values: Vec<String> = ran.values.iter().map(|value| quoted(value)).collect();
            for (step, loss) in (1..).zip(&ran.losses) {
                text += &format!("{},{step},{loss}\n", values.join(","));
            }
        }
        text
    }

    fn report(&self, all: &[Ran], files: &[PathBuf; 3]) -> Report {
        let run = |ran: &Ran| {
            let held_out = ran.done.held_out.as_ref().map(|measured| measured.scores());
            Run {
                settings: self.flags.iter().cloned().zip(ran.values.iter().cloned()).collect(),
                epochs: ran.done.history.epochs.len(),
                kept_epoch: ran.done.history.kept_epoch,
                loss: lowest(&ran.done).map(Number),
                held_out_loss: held_out.map(|scores| Number(scores.loss)),
                held_out_accuracy: held_out.and_then(|scores| scores.accuracy.map(Number)),
                held_out_mae: held_out.and_then(|scores| scores.mean_absolute_error.map(Number)),
            }
        };
        let group = |(key, group): (Vec<String>, Vec<&Ran>)| {
            let mean = |of: fn(Scores) -> Option<f64>| {
                let scores = |ran: &&Ran| of(ran.done.held_out.as_ref()?.scores());
                Mean::of(&group.iter().filter_map(scores).collect::<Vec<_>>())
            };
            let settings = self.settings().into_iter().cloned().zip(key);
            Group {
                settings: settings.collect(),
                held_out_loss: mean(|scores| Some(scores.loss)),
                held_out_accuracy: mean(|scores| scores.accuracy),
                held_out_mae: mean(|scores| scores.mean_absolute_error),
            }
        };
        let groups = self.groups(all).into_iter().map(group).collect();
        Report { runs: all.iter().map(run).collect(), groups, files: files.to_vec() }
    }
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Run>,
    /// Those that differ in the seed or the fold alone, together.
    groups: Vec<Group>,
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Group {
    settings: std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_loss: Option<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_accuracy: Option<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_mae: Option<Mean>,
}

#[derive(Serialize)]
struct Run {
    settings: std::collections::BTreeMap<String, String>,
    epochs: usize,
    kept_epoch: usize,
    /// The lowest on the rows to validate, without them to train on.
    loss: Option<Number>,
    held_out_loss: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_accuracy: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_mae: Option<Number>,
}

/// The values of a list, or the one value.
fn listed(flag: &str, value: &str) -> Vec<String> {
    let alone = || vec![value.to_string()];
    if read(&[format!("{flag}={value}")]).is_ok() {
        return alone();
    }
    if let Some((first, last)) = value.split_once("..")
        && let (Ok(first), Ok(last)) =
            (first.parse::<u32>(), last.trim_start_matches('=').parse::<u32>())
        && first <= last
        && last - first < MOST_RUNS as u32
    {
        return (first..=last).map(|number| number.to_string()).collect();
    }
    let parts: Vec<String> = value.split(',').map(|part| part.trim().to_string()).collect();
    // What is wrong in one of them, the flag itself says best.
    match parts.iter().all(|part| read(&[format!("{flag}={part}")]).is_ok()) {
        true => parts,
        false => alone(),
    }
}

/// Whether trainings that differ in a flag alone are the same one, done again.
fn is_repeat(flag: &str) -> bool {
    ["seed", "fold"].contains(&flag)
}

/// What stands under means.
const INTERVALS: &str = "± is half of the 95 % interval of a mean (Student's t)";

/// The loss by which epochs are chosen.
fn decisive(report: &EpochReport) -> f64 {
    report.validation.unwrap_or(report.train).loss
}

fn lowest(done: &Done) -> Option<f64> {
    done.history.epochs.iter().map(decisive).min_by(f64::total_cmp)
}

fn numbered(values: &[f64], first: f64) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(place, &value)| (first + place as f64, value)).collect()
}

/// So many losses as can be told apart, each the mean of a stretch.
fn averaged(losses: &[f64]) -> Vec<(f64, f64)> {
    let stretch = losses.len().div_ceil(200).max(1);
    let mean = |(place, part): (usize, &[f64])| {
        let middle = (place * stretch) as f64 + (part.len() as f64 + 1.0) / 2.0;
        (middle, part.iter().sum::<f64>() / part.len() as f64)
    };
    losses.chunks(stretch).enumerate().map(mean).collect()
}

/// The mean, and of several values its interval.
fn spread(values: &[f64]) -> String {
    Mean::of(values).map_or("-".to_string(), |mean| mean.to_string())
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_string()
    }
}
