//! [`Settings`]: how a model was trained, as its file tells.

use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome};

/// The note of a model file under which the settings stand, as JSON.
pub(crate) const NOTE: &str = "training";

/// How a model was trained. It holds what the training and the choice of its rows can be done again
/// with, and neither times nor paths: the same command gives the same file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) data: DataSettings,
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: String,
    pub(crate) dropout: f64,
    pub(crate) optimizer: String,
    /// What was set of the learning rate and the other hyperparameters, by the names of the flags.
    pub(crate) hyperparameters: Vec<(String, String)>,
    pub(crate) schedule: Option<String>,
    pub(crate) batch: usize,
    pub(crate) epochs: usize,
    pub(crate) seed: u64,
}

/// Which data, and which of its rows for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataSettings {
    pub(crate) name: String,
    /// Tells whether other data is the same.
    pub(crate) fingerprint: String,
    pub(crate) samples: usize,
    pub(crate) noise: f64,
    pub(crate) validation: f64,
    pub(crate) test: f64,
    pub(crate) seed: u64,
}

impl Settings {
    pub(crate) fn to_json(&self) -> Outcome<String> {
        serde_json::to_string(self).map_err(Failure::failed)
    }

    /// The settings in the notes of a model; `None` when it was made by another program.
    pub(crate) fn read(text: Option<&String>) -> Option<Settings> {
        serde_json::from_str(text?).ok()
    }
}
