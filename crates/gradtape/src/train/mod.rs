//! Training: the loop around a network, an optimiser and a dataset. It prints nothing and can be
//! replaced by ten lines of your own.

mod answers;
mod board;
mod checkpoints;
mod course;
mod feed;
mod fit;
mod health;
mod history;
mod losses;
mod observe;
mod own_step;
mod predictor;
mod same;
mod saver;
mod scale;
mod score;
mod shards;
mod step;
mod trainer;
mod watch;

pub use answers::{AnswerText, Answers, finite_outputs, probabilities, push_cell, push_number};
pub use board::TensorBoard;
pub use checkpoints::Checkpoints;
pub use health::{Health, HealthReport, LayerHealth, Warning};
pub use history::{EpochReport, History, Stopped};
pub use losses::default_loss;
pub use observe::{Observation, ObservedLayer, ObservedParameter, Watch};
pub use predictor::Predictor;
pub use scale::LossScale;
pub use score::{Scores, evaluate, evaluate_with, predict};
pub use shards::{Collective, ThreadRanks, Traffic};
pub use trainer::{EarlyStopping, Every, StepReport, Trainer};
