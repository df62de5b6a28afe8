//! [`Settings`]: how a model was trained, as its file tells.

use std::fmt;

use gradtape::data::Split;
use gradtape::train::{History, Stopped};
use serde::{Deserialize, Serialize};

use crate::deal::Deal;
use crate::error::{Failure, Outcome};
use crate::source::{self, ImageSettings};

/// The note of a model file under which the settings stand, as JSON.
pub(crate) const NOTE: &str = "training";

/// How a model was trained. It holds what the training and the choice of its rows can be done again
/// with, and neither times nor paths: the same command gives the same file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) data: DataSettings,
    /// What was asked for, if not a perceptron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<String>,
    /// Of a perceptron, as the activation.
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: String,
    pub(crate) dropout: f64,
    /// How many networks answer together, if more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) members: Option<usize>,
    /// How images were changed in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) augment: Option<String>,
    /// Whether images are standardised by channel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) normalize: bool,
    /// The type of products, if not f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) precision: Option<String>,
    pub(crate) optimizer: String,
    /// What was set of the learning rate and the other hyperparameters, by the names of the flags.
    pub(crate) hyperparameters: Vec<(String, String)>,
    pub(crate) schedule: Option<String>,
    pub(crate) batch: usize,
    /// How many were asked for.
    pub(crate) epochs: usize,
    /// After how many steps training was to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) steps: Option<usize>,
    pub(crate) seed: u64,
    /// How it went; files of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) course: Option<Course>,
}

/// How a training went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    /// The last one may be a part of one.
    pub(crate) epochs_run: usize,
    /// The epoch after which the weights were as they are in the file.
    pub(crate) kept_epoch: usize,
    pub(crate) ended: Ended,
    /// Of each network, where several answer together; the numbers above are the most epochs and the mean of those kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) networks: Vec<Run>,
}

/// How the training of one of several networks went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) epochs: usize,
    pub(crate) kept_epoch: usize,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ended {
    Finished,
    Early,
    Requested,
    Diverged,
}

/// Which data, and which of its rows for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataSettings {
    pub(crate) name: String,
    /// Tells whether other data is the same.
    pub(crate) fingerprint: String,
    /// What generated points are made from; other data has neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) samples: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noise: Option<f64>,
    /// The shares that are held out; of the rows for training, where the data has a test part.
    pub(crate) validation: f64,
    pub(crate) test: f64,
    pub(crate) seed: u64,
    /// Whether the data brought its own test part.
    #[serde(default)]
    pub(crate) own_test: bool,
    /// How rows were chosen, if not as usual: `random`, `time:COLUMN` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) split: Option<String>,
    /// How the rows of data that was read in pieces were dealt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dealt: Option<Deal>,
    /// Which words were missing values, if not the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) words: Option<MissingWords>,
    /// How PNG and JPEG images were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<ImageSettings>,
    /// How many rows were in each part; files of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Counts>,
    /// The table of `--test`, where its rows were held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tests: Option<TestTable>,
}

/// Another table than that of the training, whose rows were held out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TestTable {
    pub(crate) name: String,
    /// Tells whether other rows are the same, in whatever pieces they are read.
    pub(crate) fingerprint: String,
}

/// Which words of a table are missing values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MissingWords {
    /// Whether `NA` and its like are values.
    pub(crate) keep_na: bool,
    pub(crate) missing: Vec<String>,
}

/// How many rows are in each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) train: usize,
    pub(crate) validation: usize,
    pub(crate) test: usize,
}

impl Settings {
    pub(crate) fn to_json(&self) -> Outcome<String> {
        serde_json::to_string(self).map_err(Failure::failed)
    }

    /// The settings in the notes of a model; `None` when it was made by another program.
    pub(crate) fn read(text: Option<&String>) -> Option<Settings> {
        let mut settings: Settings = serde_json::from_str(text?).ok()?;
        // Earlier versions wrote them for all data.
        if !source::is_generated(&settings.data.name) {
            (settings.data.samples, settings.data.noise) = (None, None);
        }
        Some(settings)
    }
}

impl Course {
    /// How the training of a history went.
    pub(crate) fn of(history: &History) -> Course {
        Course {
            epochs_run: history.epochs.len(),
            kept_epoch: history.kept_epoch,
            ended: match history.stopped {
                Stopped::Finished => Ended::Finished,
                Stopped::Early { .. } => Ended::Early,
                Stopped::Requested => Ended::Requested,
                Stopped::Diverged => Ended::Diverged,
            },
            networks: Vec::new(),
        }
    }

    /// With how each of several networks was trained.
    pub(crate) fn with_each(mut self, histories: &[History]) -> Course {
        let one = |history: &History| Run {
            epochs: history.epochs.len(),
            kept_epoch: history.kept_epoch,
        };
        if histories.len() > 1 {
            let longest = histories.iter().map(|history| history.epochs.len()).max();
            self.epochs_run = longest.unwrap_or(self.epochs_run);
            self.networks = histories.iter().map(one).collect();
        }
        self
    }
}

impl Counts {
    pub(crate) fn of(split: &Split) -> Counts {
        let Split { train, validation, test } = split;
        Counts { train: train.len(), validation: validation.len(), test: test.len() }
    }
}

/// The end of a sentence that began with the epochs.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ended::Finished => "all done",
            Ended::Early => "stopped early, the loss fell no more",
            Ended::Requested => "stopped by Ctrl-C or a signal",
            Ended::Diverged => "stopped, the loss or a weight became no number",
        })
    }
}
