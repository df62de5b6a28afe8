//! `gradtape tune`: a search for settings of a training.

use clap::Args;

use crate::error::Outcome;
use crate::output::Output;
use crate::train::{Train, count};
use crate::words::Words;
use crate::{Verb, train};

/// Search for the settings with which a network learns best, and train it with them
///
/// Takes the flags of `gradtape train`. What they say is kept; of the rest it looks for the widths and the number of
/// hidden layers, the activation, dropout, batch, learning rate and weight decay (of a network for images for the last
/// three). Settings are drawn at random from --seed; all are trained for a ninth of the epochs, the best third of them
/// for a third, the best third of those for all (successive halving: Jamieson and Talwalkar 2016). What `train` would do
/// without a search is among them in each round. They are judged by their loss on the validation rows; the rows that are
/// held out take no part, and tell at the end how good the network is.
///
/// Writes what `train` writes, tune.csv with all trials, and tune.jsonl, with which the same command goes on after a
/// stop. While it searches, model.safetensors is the model of the best trial so far. The same seed gives the same bits, if the time is enough for all trials.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape tune homes.csv --target price --minutes 5
  gradtape tune digits --minutes 1 --trials 27
  gradtape tune homes.csv --target price --hidden 64,64 --optimizer sgd --momentum 0.9   the rest is looked for
  gradtape tune pets/ --network resnet8 --epochs 10 --minutes 60 --out pets/")]
pub(crate) struct Tune {
    #[command(flatten)]
    search: Search,

    #[command(flatten)]
    train: Train,
}

/// How long is searched.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Search {
    /// How long it may take, the training at the end among it
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 5.0,
        value_parser = minutes,
        help_heading = "Search"
    )]
    pub(crate) minutes: f64,

    /// How many settings are tried, fewer if the time is short
    #[arg(
        long,
        value_name = "N",
        default_value_t = 81,
        value_parser = count,
        help_heading = "Search"
    )]
    pub(crate) trials: usize,
}

impl Verb for Tune {
    fn run(self, output: &Output) -> Outcome {
        train::is_alone()?;
        let words = Words::own().without(&["--minutes", "--trials"]);
        self.train.tune(words, self.search, output)
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 1e6 => Ok(minutes),
        _ => Err("it must be a number of minutes above 0".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_above_0() {
        for wrong in ["0", "-1", "nan", "inf", "x", ""] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }
}
