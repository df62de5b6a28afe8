//! Metrics: how good predictions are, computed from tensors that were read from a tape.

mod classes;
mod confusion;
mod numbers;
mod ranking;
mod scores;

pub use classes::{accuracy, binary_accuracy, top_k};
pub use confusion::ConfusionMatrix;
pub use numbers::{mean_absolute_error, mean_squared_error, r2};
pub use ranking::{average_precision, calibration_error, roc_auc};

use scores::{greatest, rows};
