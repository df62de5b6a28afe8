//! Folds: each part of the rows is held out once, and the model at the end is trained on all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gradtape::train::Stopped;
use serde::Serialize;

use super::again::Again;
use super::cells::Cells;
use super::known::{HeldOut, Simple};
use super::lists::{Lists, MOST_RUNS};
use super::log::Log;
use super::one::{alone, resumed};
use super::{Comparison, INTERVALS, Places, Ran};
use crate::error::{Failure, Outcome};
use crate::mean::Mean;
use crate::measure::short;
use crate::output::Output;
use crate::report::{Format, Number, of, thousands};
use crate::settings::Counts;
use crate::train::files::named;
use crate::train::resume::read;
use crate::train::{Done, Train};
use crate::words::{Given, Words};

/// Adds the list of folds, where they are asked for and none is named.
pub(super) fn listed(lists: &mut Lists) -> Outcome {
    let values = |name: &str| lists.iter().find(|(flag, _)| flag == name).map(|(_, own)| own);
    let Some(counts) = values("--folds") else { return Ok(()) };
    let [count] = &counts[..] else {
        return Err(Failure::usage("--folds takes one number"));
    };
    // What is wrong with the number, the flag itself says best.
    let train = read(&Words::of([format!("--folds={count}")])).ok();
    let Some(count) = train.and_then(|train| train.runs.folds) else { return Ok(()) };
    if values("--fold").is_none() {
        if count > MOST_RUNS {
            return Err(Failure::usage(format!(
                "--folds {count} asks for {count} trainings, and {MOST_RUNS} are the most"
            )));
        }
        lists.push(("--fold".to_string(), (1..=count).map(|fold| fold.to_string()).collect()));
    }
    Ok(())
}

impl Comparison {
    /// Whether the trainings are those of the folds, and nothing else is compared.
    pub(super) fn is_of_folds(&self) -> bool {
        let words = self.runs.first().map(|(_, words)| words);
        let values = words.into_iter().flat_map(Words::iter).filter_map(Given::value);
        let mut counts = values.filter(|(flag, _)| *flag == "--folds").map(|(_, count)| count);
        self.flags == ["fold"]
            && counts.next().is_some_and(|count| count == self.runs.len().to_string())
    }

    /// The training on all rows, behind those of the folds; `None` where something else is compared.
    pub(super) fn last(&self) -> Outcome<Option<Train>> {
        let Some((_, words)) = self.runs.first().filter(|_| self.is_of_folds()) else {
            return Ok(None);
        };
        let words = words.clone().without(&["--fold", "--report"]).and(Words::of(["--fold=all"]));
        let mut training = read(&words).map_err(|error| Failure::usage(error.render()))?;
        training.runs.words = words;
        Ok(Some(training))
    }

    /// Trains on all rows, and tells how good each fold is, the mean, and what the model at the end was trained on.
    pub(super) fn tell_folds(
        &self,
        all: &[Ran],
        places: &Places,
        again: Option<&Again>,
        log: &mut Log,
        output: &Output,
    ) -> Outcome {
        let Places { files, report, .. } = places;
        let Some(training) = self.last()? else { return Ok(()) };
        let (out, format, quiet) = (training.out.clone(), training.format, training.quiet);
        if format == Format::Text && !quiet {
            output.line(format!("\n{}", cells(all).text()))?;
            output.line(INTERVALS)?;
            let beside = beside(all);
            if !beside.is_empty() {
                let told = beside.iter().map(|(name, mean)| format!("{name} {mean}"));
                let what = if is_of_classes(all) { "accuracies" } else { "R²" };
                let told = told.collect::<Vec<_>>().join(", ");
                output.line(format!("{what} of simple answers on the same rows: {told}"))?;
            }
            output.flush()?;
        }
        let (training, before) = resumed(training, again)?;
        let done = alone(training, before, output)
            .and_then(Done::well)
            .map_err(|failure| failure.note("in the training on all rows, after the folds"))?;
        if done.history.stopped != Stopped::Requested {
            log.end()?;
        }
        let model = named(&out, "model.safetensors");
        let rows = done.rows;
        match format {
            Format::Json => output.json(&Report {
                folds: all.iter().map(Fold::of).collect(),
                mean: figures(all).into_iter().collect(),
                baselines: beside(all).into_iter().collect(),
                model: &model,
                trained_on: rows,
                files,
            }),
            Format::Text if quiet => Ok(()),
            Format::Text => {
                let test = match rows.test {
                    0 => "none is held out: how good it is, the folds tell".to_string(),
                    rows => format!("{} of the data's own tests are held out", thousands(rows)),
                };
                output.line(format!(
                    "\nthe model was trained on all {}: {} to train and {} to validate; {test}",
                    of(rows.train + rows.validation, "row"),
                    thousands(rows.train),
                    thousands(rows.validation)
                ))?;
                if let Some(held_out) = &done.held_out {
                    held_out.print("test", output)?;
                }
                let [a, b, c] = files.each_ref().map(|file| file.display());
                let others = ["history.csv", "curves.svg"].map(|name| named(&out, name));
                let [d, e] = others.each_ref().map(|file| file.display());
                let page = report.as_ref();
                let page = page.map_or(String::new(), |page| format!(", {}", page.display()));
                output.line(format!(
                    "wrote {}, {d}, {e}, {a}, {b}, {c}{page}, and a folder with the model of each fold",
                    model.display()
                ))
            }
        }
    }
}

fn is_of_classes(all: &[Ran]) -> bool {
    all.iter().any(|ran| ran.done.held_out.as_ref().is_some_and(|own| own.by_class))
}

fn figures_of(ran: &Ran) -> Vec<(String, f64)> {
    ran.done.held_out.as_ref().map(HeldOut::figures).unwrap_or_default()
}

/// The names of the figures, in their order: those that one of the folds has.
fn names(all: &[Ran]) -> Vec<String> {
    let most = all.iter().map(figures_of).max_by_key(Vec::len).unwrap_or_default();
    most.into_iter().map(|(name, _)| name).collect()
}

/// The mean of each figure over the folds where it is defined.
fn figures(all: &[Ran]) -> Vec<(String, Mean)> {
    let mean = |name: String| {
        let own = |ran: &Ran| Some(figures_of(ran).into_iter().find(|own| own.0 == name)?.1);
        let mean = Mean::of(&all.iter().filter_map(own).collect::<Vec<_>>())?;
        Some((name, mean))
    };
    names(all).into_iter().filter_map(mean).collect()
}

/// What simple answers come to on the same rows: the accuracy or R² of those that all folds have.
fn beside(all: &[Ran]) -> Vec<(&str, Mean)> {
    simple_answers(all, |own| own.accuracy().or(own.r2()))
}

/// The mean of a score of simple answers, of those that all trainings have beside which some are.
pub(super) fn simple_answers(all: &[Ran], score: fn(&Simple) -> Option<f64>) -> Vec<(&str, Mean)> {
    let each = all.iter().filter_map(|ran| ran.done.held_out.as_ref()).map(|own| &own.baselines);
    let each: Vec<&Vec<Simple>> = each.filter(|own| !own.is_empty()).collect();
    let mean = |first: &'_ Simple| {
        let own = |own: &&Vec<Simple>| score(own.iter().find(|simple| simple.name == first.name)?);
        Mean::of(&each.iter().map(own).collect::<Option<Vec<f64>>>()?)
    };
    let names = each.first().into_iter().flat_map(|own| own.iter());
    names.filter_map(|own| Some((own.name.as_str(), mean(own)?))).collect()
}

/// A row for each fold, and one of the means.
pub(super) fn cells(all: &[Ran]) -> Cells {
    let names = names(all);
    let columns = ["fold", "rows", "epochs"].into_iter().chain(names.iter().map(String::as_str));
    let (headings, mut rows) = (columns.map(String::from).collect(), Vec::new());
    for ran in all {
        let own = figures_of(ran);
        let figure = |name: &String| {
            let own = own.iter().find(|own| own.0 == *name);
            own.map_or("-".to_string(), |own| short(own.1))
        };
        let epochs = ran.done.history.epochs.len();
        let counts = [ran.values.join(" "), thousands(ran.done.rows.test), thousands(epochs)];
        rows.push(counts.into_iter().chain(names.iter().map(figure)).collect());
    }
    let means = figures(all);
    let mean = |name: &String| {
        let own = means.iter().find(|own| own.0 == *name);
        own.map_or("-".to_string(), |own| own.1.to_string())
    };
    let blank = ["mean", "", ""].map(String::from);
    rows.push(blank.into_iter().chain(names.iter().map(mean)).collect());
    Cells { headings, rows }
}

#[derive(Serialize)]
struct Report<'a> {
    folds: Vec<Fold>,
    /// Of each figure over the folds.
    mean: BTreeMap<String, Mean>,
    /// Accuracies or R² of simple answers over the folds.
    baselines: BTreeMap<&'a str, Mean>,
    /// The one of all rows.
    model: &'a Path,
    trained_on: Counts,
    files: &'a [PathBuf; 3],
}

#[derive(Serialize)]
struct Fold {
    fold: String,
    rows: Counts,
    epochs: usize,
    kept_epoch: usize,
    figures: BTreeMap<String, Number>,
}

impl Fold {
    fn of(ran: &Ran) -> Fold {
        Fold {
            fold: ran.values.join(" "),
            rows: ran.done.rows,
            epochs: ran.done.history.epochs.len(),
            kept_epoch: ran.done.history.kept_epoch,
            figures: figures_of(ran)
                .into_iter()
                .map(|(name, value)| (name, Number(value)))
                .collect(),
        }
    }
}
