//! What happened while training.

use std::fmt::Write;

use super::Scores;

/// The epochs of a training, and why it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// One report for each epoch, in order; of an epoch that was interrupted, what was done of it.
    pub epochs: Vec<EpochReport>,
    /// Why training ended.
    pub stopped: Stopped,
    /// The epoch whose weights the network has now; 0 for those that it began with.
    pub kept_epoch: usize,
}

/// An epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// Its number, from 1.
    pub epoch: usize,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// Mean over the examples as training went through them, with the weights of the moment and with
    /// dropout.
    pub train: Scores,
    /// On the validation data after the epoch, if there are any.
    pub validation: Option<Scores>,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stopped {
    /// All epochs were done.
    #[default]
    Finished,
    /// The loss did not fall any more.
    Early {
        /// The epoch whose weights the network has now.
        best_epoch: usize,
    },
    /// The stop flag was raised.
    Requested,
    /// The loss or a weight became NaN or infinite; [`Trainer::fit`](super::Trainer::fit) is an error.
    Diverged,
}

impl History {
    /// A table of comma-separated values with a line for each epoch.
    pub fn to_csv(&self) -> String {
        let mut text = String::from(
            "epoch,learning_rate,train_loss,train_accuracy,train_mean_absolute_error,\
             validation_loss,validation_accuracy,validation_mean_absolute_error\n",
        );
        let cell = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        for EpochReport { epoch, learning_rate, train, validation } in &self.epochs {
            let mut cells = vec![epoch.to_string(), learning_rate.to_string()];
            for scores in [Some(train), validation.as_ref()] {
                cells.push(cell(scores.map(|s| s.loss)));
                cells.push(cell(scores.and_then(|s| s.accuracy)));
                cells.push(cell(scores.and_then(|s| s.mean_absolute_error)));
            }
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", cells.join(","));
        }
        text
    }
}
