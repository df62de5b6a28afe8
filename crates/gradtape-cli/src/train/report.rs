//! What a training tells programs.

use gradtape::train::{self, EpochReport, History};
use serde::Serialize;

use super::files::Files;
use super::ranks::Told;
use crate::measure::Measured;
use crate::report::Number;
use crate::settings::{Counts, Ended, Run};

#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) data: String,
    pub(super) task: String,
    pub(super) rows: Counts,
    pub(super) parameters: usize,
    /// How many networks answer together, if more than one; of the epochs that all of them had the means are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) members: Option<usize>,
    pub(super) epochs: Vec<Epoch>,
    pub(super) stopped: Ended,
    pub(super) kept_epoch: usize,
    /// Of each network, where several answer together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) networks: Vec<Run>,
    pub(super) held_out: Option<&'a Measured>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    /// Where several processes shared the training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ranks: Option<Told>,
    pub(super) files: &'a Files,
}

#[derive(Serialize)]
pub(super) struct Epoch {
    pub(super) epoch: usize,
    pub(super) learning_rate: Number,
    pub(super) train: Scores,
    pub(super) validation: Option<Scores>,
    pub(super) seconds: f64,
}

#[derive(Serialize)]
pub(super) struct Scores {
    pub(super) loss: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accuracy: Option<Number>,
    /// In the unit of the target, other than the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mae: Option<Number>,
}

/// What is told of each epoch, with the seconds that it took.
pub(super) fn epochs(history: &History, seconds: &[f64]) -> Vec<Epoch> {
    let scores = |scores: &train::Scores| Scores {
        loss: Number(scores.loss),
        accuracy: scores.accuracy.map(Number),
        mae: scores.mean_absolute_error.map(Number),
    };
    let epoch = |(report, &seconds): (&EpochReport, &f64)| Epoch {
        epoch: report.epoch,
        learning_rate: Number(report.learning_rate),
        train: scores(&report.train),
        validation: report.validation.as_ref().map(scores),
        seconds,
    };
    history.epochs.iter().zip(seconds).map(epoch).collect()
}
