//! Several networks that answer together: Breiman 1996, with other rows to validate for each.

use gradtape::nn::{Module, Sequential, Visitor};
use gradtape::train::{EpochReport, History, Scores, Stopped};

use crate::error::Outcome;

/// The networks, as what a checkpoint keeps.
pub(super) struct Members(pub(super) Vec<Sequential>);

impl Module for Members {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (number, network) in self.0.iter().enumerate() {
            visitor.child(&number.to_string(), network);
        }
    }
}

impl Members {
    /// The mean of the first so many as one network; the only one as it is.
    pub(super) fn mean(self, count: usize) -> Outcome<Sequential> {
        Ok(gradtape_tables::mean(self.0.into_iter().take(count.max(1)).collect())?)
    }
}

/// The heading over the lines of several networks.
pub(super) fn heading() -> String {
    format!(
        "{:>7}  {:>6}  {:>10}  {:>15}  {:>15}  {:>7}",
        "network", "epochs", "kept epoch", "train loss", "validation loss", "seconds"
    )
}

/// The line of a network of a number: its losses are those of the epoch that was kept.
pub(super) fn line(number: usize, history: &History, seconds: f64) -> String {
    let kept = history.epochs.iter().find(|report| report.epoch == history.kept_epoch);
    let number_of = |loss: Option<f64>| loss.map_or("-".to_string(), |loss| format!("{loss:.4}"));
    let train = number_of(kept.map(|report| report.train.loss));
    let validation = number_of(kept.and_then(|report| Some(report.validation?.loss)));
    let epochs = history.epochs.len();
    let kept = history.kept_epoch;
    format!(
        "{:>7}  {epochs:>6}  {kept:>10}  {train:>15}  {validation:>15}  {seconds:>7.2}",
        number + 1
    )
}

/// What happened to several networks: the mean of each epoch that all of them had, since a mean over those that are left
/// would jump where one ends; of the epochs that were kept the mean.
pub(super) fn mean(histories: &[History]) -> History {
    let [first, rest @ ..] = histories else { return History::default() };
    if rest.is_empty() {
        return first.clone();
    }
    let shortest = histories.iter().min_by_key(|history| history.epochs.len()).unwrap_or(first);
    let at = |number: usize| -> Vec<&EpochReport> {
        histories.iter().filter_map(|history| history.epochs.get(number)).collect()
    };
    let epoch = |(number, report): (usize, &EpochReport)| {
        let all = at(number);
        let validation: Option<Vec<&Scores>> =
            all.iter().map(|own| own.validation.as_ref()).collect();
        EpochReport {
            epoch: report.epoch,
            learning_rate: report.learning_rate,
            train: mean_of(&all.iter().map(|own| &own.train).collect::<Vec<_>>()),
            validation: validation.map(|scores| mean_of(&scores)),
        }
    };
    let kept: usize = histories.iter().map(|history| history.kept_epoch).sum();
    let worst = histories
        .iter()
        .map(|history| history.stopped)
        .find(|stopped| matches!(stopped, Stopped::Requested | Stopped::Diverged));
    History {
        epochs: shortest.epochs.iter().enumerate().map(epoch).collect(),
        stopped: worst.unwrap_or(shortest.stopped),
        kept_epoch: (kept as f64 / histories.len() as f64).round() as usize,
    }
}

fn mean_of(all: &[&Scores]) -> Scores {
    let count = all.len() as f64;
    let optional = |of: fn(&Scores) -> Option<f64>| -> Option<f64> {
        Some(all.iter().map(|scores| of(scores)).sum::<Option<f64>>()? / count)
    };
    Scores {
        loss: all.iter().map(|scores| scores.loss).sum::<f64>() / count,
        accuracy: optional(|scores| scores.accuracy),
        mean_absolute_error: optional(|scores| scores.mean_absolute_error),
    }
}
