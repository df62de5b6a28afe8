//! Training: the loop around a network, an optimiser and a dataset. It prints nothing and can be
//! replaced by ten lines of your own.

mod checkpoints;
mod course;
mod fit;
mod history;
mod same;
mod saver;
mod scale;
mod score;
mod step;
mod trainer;

pub use checkpoints::Checkpoints;
pub use history::{EpochReport, History, Stopped};
pub use scale::LossScale;
pub use score::{Scores, default_loss, evaluate, evaluate_with, predict};
pub use trainer::{EarlyStopping, Every, StepReport, Trainer};
