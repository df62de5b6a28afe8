//! A comparison as a table for people, and as numbers for programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gradtape::train::Scores;
use serde::Serialize;

use super::cells::Cells;
use super::folds::simple_answers;
use super::known::HeldOut;
use super::{Comparison, Ran, first_line, kept, lowest};
use crate::error::Failure;
use crate::mean::Mean;
use crate::report::Number;

impl Comparison {
    /// A row for each of the trainings that differ in the seed or the fold alone, together.
    pub(super) fn cells(&self, all: &[Ran]) -> Cells {
        let held_out = all.iter().filter_map(|ran| ran.done.held_out.as_ref());
        let by_class = held_out.map(HeldOut::scores).any(|scores| scores.accuracy.is_some());
        let score = if by_class { "held-out accuracy" } else { "held-out mean absolute error" };
        let scores = ["trainings", "epochs", "loss", "held-out loss", score];
        let names = self.settings().into_iter().map(String::as_str).chain(scores);
        let headings = names.map(String::from).chain([String::new()]).collect();
        let mut rows = Vec::new();
        let groups = self.groups(all);
        let best = self.best(&groups);
        for (place, (key, group)) in groups.into_iter().enumerate() {
            let over = |value: &dyn Fn(&Ran) -> Option<f64>| {
                let well = group.iter().filter(|ran| ran.done.failed.is_none());
                spread(&well.filter_map(|ran| value(ran)).collect::<Vec<_>>())
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
                if best == Some(place) { "best" } else { "" }.to_string(),
            ];
            rows.push(key.into_iter().chain(row).collect());
        }
        Cells { headings, rows }
    }

    /// The place of the trainings whose mean score, by which they are compared, is the lowest of several.
    fn best(&self, groups: &[(Vec<String>, Vec<&Ran>)]) -> Option<usize> {
        let score = self.score()?;
        let mean = |group: &[&Ran]| {
            let well = group.iter().filter(|ran| ran.done.failed.is_none());
            let of = |ran: &&Ran| match self.compares_errors() {
                true => kept(&ran.done, score),
                false => lowest(&ran.done),
            };
            let scores: Vec<f64> = well.filter_map(of).collect();
            let sum: f64 = scores.iter().sum();
            (!scores.is_empty()).then_some(sum / scores.len() as f64)
        };
        let means =
            groups.iter().enumerate().filter_map(|(at, (_, group))| Some((mean(group)?, at)));
        let best = means.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        best.map(|(_, place)| place).filter(|_| groups.len() > 1)
    }

    /// A line on what simple answers come to on the rows held out, where they are the same rows for all settings.
    pub(super) fn simple(&self, all: &[Ran]) -> Option<String> {
        let of_rows =
            ["task", "target", "test-fraction", "test", "samples", "noise", "split", "group"];
        if self.is_of_folds() || self.flags.iter().any(|flag| of_rows.contains(&&**flag)) {
            return None;
        }
        let by_class =
            all.iter().any(|ran| ran.done.held_out.as_ref().is_some_and(|own| own.by_class));
        let means = simple_answers(all, |own| own.accuracy().or(own.mae()));
        let told = means.iter().map(|(name, mean)| format!("{name} {mean}"));
        let what = if by_class { "accuracies" } else { "mean absolute errors" };
        (!means.is_empty()).then(|| {
            let told = told.collect::<Vec<_>>().join(", ");
            format!("held-out {what} of simple answers: {told}")
        })
    }

    /// Lines about the trainings that did not come to their end.
    pub(super) fn failures(&self, all: &[Ran]) -> Vec<String> {
        let failed = all.iter().filter_map(|ran| Some((ran, ran.done.failed.as_ref()?)));
        let line = |(ran, failure): (&Ran, &Failure)| {
            let label = self.label(&ran.values, " ", ", ");
            format!(
                "did not come to its end, and counts in no mean: {label}: {}",
                first_line(failure)
            )
        };
        failed.map(line).collect()
    }

    /// The history of each training.
    pub(super) fn epochs_csv(&self, all: &[Ran]) -> String {
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

    /// The loss of each step of each training.
    pub(super) fn steps_csv(&self, all: &[Ran]) -> String {
        let mut text = format!("{},step,loss\n", self.flags.join(","));
        for ran in all {
            let values: Vec<String> = ran.values.iter().map(|value| quoted(value)).collect();
            for (step, loss) in (1..).zip(&ran.losses) {
                text += &format!("{},{step},{loss}\n", values.join(","));
            }
        }
        text
    }

    pub(super) fn report(&self, all: &[Ran], files: Vec<PathBuf>) -> Report {
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
                failed: ran.done.failed.as_ref().map(|failure| failure.message().to_string()),
            }
        };
        let groups = self.groups(all);
        let best = self.best(&groups);
        let group = |(place, (key, group)): (usize, (Vec<String>, Vec<&Ran>))| {
            let mean = |of: fn(Scores) -> Option<f64>| {
                let scores = |ran: &&Ran| of(ran.done.held_out.as_ref()?.scores());
                let well = group.iter().filter(|ran| ran.done.failed.is_none());
                Mean::of(&well.filter_map(scores).collect::<Vec<_>>())
            };
            let settings = self.settings().into_iter().cloned().zip(key);
            Group {
                settings: settings.collect(),
                best: best == Some(place),
                held_out_loss: mean(|scores| Some(scores.loss)),
                held_out_accuracy: mean(|scores| scores.accuracy),
                held_out_mae: mean(|scores| scores.mean_absolute_error),
            }
        };
        let groups = groups.into_iter().enumerate().map(group).collect();
        Report { runs: all.iter().map(run).collect(), groups, files }
    }
}

#[derive(Serialize)]
pub(super) struct Report {
    runs: Vec<Run>,
    /// Those that differ in the seed or the fold alone, together.
    groups: Vec<Group>,
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Group {
    settings: BTreeMap<String, String>,
    /// Whether its loss is the lowest of several.
    best: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_loss: Option<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_accuracy: Option<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_mae: Option<Mean>,
}

#[derive(Serialize)]
struct Run {
    settings: BTreeMap<String, String>,
    epochs: usize,
    kept_epoch: usize,
    /// The lowest on the rows to validate, without them to train on.
    loss: Option<Number>,
    held_out_loss: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_accuracy: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_mae: Option<Number>,
    /// Why it did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
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

#[cfg(test)]
mod tests {
    use gradtape::train::{EpochReport, History, Stopped};

    use super::*;
    use crate::settings::Counts;
    use crate::train::compare::known::Known;
    use crate::words::Words;

    /// A training whose epochs had these losses and errors, of which the model has the weights of one.
    fn ran(value: &str, kept_epoch: usize, epochs: &[(f64, f64)]) -> Ran {
        let report = |(place, &(loss, error)): (usize, &(f64, f64))| EpochReport {
            epoch: place + 1,
            learning_rate: 0.1,
            train: Scores::default(),
            validation: Some(Scores { loss, accuracy: None, mean_absolute_error: Some(error) }),
        };
        let epochs = epochs.iter().enumerate().map(report).collect();
        let history = History { epochs, stopped: Stopped::Finished, kept_epoch };
        let done = Known {
            history,
            held_out: None,
            rows: Counts::default(),
            settings: None,
            failed: None,
        };
        Ran { values: vec![value.to_string()], done, losses: Vec::new() }
    }

    fn best(flag: &str, all: &[Ran]) -> Option<usize> {
        let comparison = Comparison {
            flags: vec![flag.to_string()],
            runs: Vec::new(),
            words: Words::default(),
            again: None,
        };
        let marked = comparison.cells(all).rows;
        let place = marked.iter().position(|row| row.last().is_some_and(|cell| cell == "best"));
        assert_eq!(place, comparison.best(&comparison.groups(all)));
        place
    }

    #[test]
    fn means_leave_out_what_did_not_come_to_its_end() {
        let held_out = |loss: f64| {
            let bits = loss.to_bits();
            let known = serde_json::json!({
                "by_class": false, "loss": bits, "accuracy": null, "mean_absolute_error": bits, "figures": [], "baselines": [],
            });
            Some(serde_json::from_value::<HeldOut>(known).unwrap())
        };
        let mut all = [ran("1", 1, &[(0.2, 5.0)]), ran("2", 1, &[(0.3, 6.0)])];
        (all[0].done.held_out, all[1].done.held_out) = (held_out(0.5), held_out(9.0));
        all[1].done.failed = Some(Failure::failed("the loss is not finite"));
        let (flags, runs) = (vec!["seed".to_string()], Vec::new());
        let comparison = Comparison { flags, runs, words: Words::default(), again: None };
        let report = serde_json::to_value(comparison.report(&all, Vec::new())).unwrap();
        assert_eq!(report["groups"][0]["held_out_loss"]["mean"], 0.5, "{report}");
        assert_eq!(report["runs"][1]["held_out_loss"], 9.0);
    }

    #[test]
    fn errors_are_those_of_the_epoch_that_the_model_keeps() {
        // The first one had the lowest error in an epoch that its model does not keep.
        let all =
            [ran("none", 1, &[(0.2, 5.0), (0.3, 1.0)]), ran("log", 2, &[(0.5, 4.0), (0.4, 3.0)])];
        assert_eq!(best("target-transform", &all), Some(1));
        // Losses of one thing are the lowest ones.
        assert_eq!(best("lr", &all), Some(0));
        assert_eq!(best("target", &all), None);
    }
}
