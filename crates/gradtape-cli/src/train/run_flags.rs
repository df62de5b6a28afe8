//! [`RunFlags`]: how a training runs, beside what it trains.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::Args;

use super::differences::Differences;
use super::flags::count;
use super::losses::Losses;
use super::ranks::Ranks;
use crate::error::{Failure, Outcome};
use crate::folds::Fold;
use crate::memory::Memory;
use crate::words::Words;

/// How a training runs.
#[derive(Args, Debug, Default)]
pub(crate) struct RunFlags {
    /// How many perceptrons are trained, each with other first weights and other rows to validate, to
    /// answer together: their outputs are averaged [default: 1, for a table with fewer than 20,000 rows 4,
    /// if nothing else is chosen of network and training]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Network")]
    pub(super) members: Option<usize>,

    /// Train so many times, each time with another part of the rows held out, of classes each with its share
    /// and with --group each of whole groups; tell how good each is and their mean, and train at last on all
    /// rows
    #[arg(long, value_name = "N", value_parser = folds, help_heading = "Data")]
    pub(super) folds: Option<usize>,

    /// Train with so many seeds, --seed and those after it, and tell the mean and its interval: for 5 the same as --seed
    /// 42..46
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Training")]
    pub(super) seeds: Option<usize>,

    /// Train for one of the --folds alone, from 1 on, or all, which is the model of all rows
    #[arg(long, value_name = "NUMBER", value_parser = FoldOrAll::from_str, help_heading = "Data")]
    pub(super) fold: Option<FoldOrAll>,

    /// How much memory a table or a folder of images may take; CSV, JSON lines, Parquet, Feather, arrays of NumPy, IDX
    /// files and images that take more are read in pieces, prepared into a file in --out, and shuffled in blocks [default: a quarter of what there is]
    #[arg(long, value_name = "SIZE", value_parser = Memory::from_str, help_heading = "Data")]
    pub(super) memory: Option<Memory>,

    /// Save the training in the folder `checkpoints` of --out so often: 500steps, 2epochs or 10min
    #[arg(
        long,
        value_name = "HOW OFTEN",
        value_parser = When::from_str,
        help_heading = "Stopping and going on"
    )]
    pub(super) checkpoint_every: Option<When>,

    /// How many of the last checkpoints stay, beside the best [default: 3]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Stopping and going on")]
    pub(super) checkpoints: Option<usize>,

    /// Go on from a checkpoint, or the latest of a folder, to the same bits as without a stop. DATA and
    /// flags are those of the checkpoint; other flags may be given beside, as more --epochs, for which
    /// each of several networks goes on, also one that had stopped early. Of a folder of trainings that are compared, of
    /// folds or of seeds, what is done stays as it is, and the others are trained
    #[arg(long, value_name = "PATH", help_heading = "Stopping and going on")]
    pub(super) resume: Option<PathBuf>,

    /// Go on also where data, settings or the version of gradtape differ
    #[arg(long, requires = "resume", help_heading = "Stopping and going on")]
    pub(super) insist: bool,

    /// Cut each batch into so many shards, whose gradients are added as a fixed tree: what the processes that mpirun or
    /// srun start share. The number of shards belongs to the result, that of processes does not [default: 1]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Training")]
    pub(super) shards: Option<usize>,

    /// For how many seconds another process is waited for before the training ends with an error that names it
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = count, help_heading = "Training")]
    pub(super) rank_timeout: usize,

    /// Write a page about the training into this HTML file: data, settings, curves, how good it is on the rows held
    /// out and where it is wrong, which columns it rests on, the command to repeat it; of several trainings one page
    /// that compares them
    #[arg(long, value_name = "FILE", help_heading = "Watching")]
    pub(super) report: Option<PathBuf>,

    /// What was on the command line, for a checkpoint to remember.
    #[arg(skip)]
    pub(super) words: Words,

    /// What was settled on where the command line does not say it, for a checkpoint to remember.
    #[arg(skip)]
    pub(super) settled: Words,

    /// What is other than in the checkpoint that it goes on from.
    #[arg(skip)]
    pub(super) differences: Differences,

    /// Who shares it.
    #[arg(skip)]
    pub(super) ranks: Ranks,

    /// When it stops, done or not.
    #[arg(skip)]
    pub(super) until: Option<Instant>,

    /// Whether simple answers are told beside, where the training itself tells nothing.
    #[arg(skip)]
    pub(super) beside: bool,

    /// Where the loss of each step is noted.
    #[arg(skip)]
    pub(super) losses: Option<Arc<Mutex<Losses>>>,
}

/// Which of the folds is held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldOrAll {
    Fold(usize),
    /// None of them.
    All,
}

impl FromStr for FoldOrAll {
    type Err = String;

    fn from_str(text: &str) -> Result<FoldOrAll, String> {
        match text {
            "all" => Ok(FoldOrAll::All),
            number => count(number).map(FoldOrAll::Fold).map_err(|why| format!("{why}, or all")),
        }
    }
}

fn folds(text: &str) -> Result<usize, String> {
    match count(text)? {
        1 => Err("there must be two or more".to_string()),
        folds => Ok(folds),
    }
}

impl RunFlags {
    /// The fold that is held out, if it is one.
    pub(super) fn held_out(&self) -> Option<Fold> {
        match (self.fold, self.folds) {
            (Some(FoldOrAll::Fold(number)), Some(of)) => Some(Fold { number, of }),
            _ => None,
        }
    }

    /// Fails for a report that is no page, or of what has none.
    pub(super) fn check_report(&self, of_texts: bool) -> Outcome {
        let Some(path) = &self.report else { return Ok(()) };
        let named = path.display();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match (ending.as_deref(), of_texts) {
            (_, true) => Err(Failure::usage(
                "--report is for rows with a target, not for texts\n  hint: curves.svg has the curves; --log FOLDER \
                 writes the run for TensorBoard",
            )),
            (Some("html" | "htm"), _) => Ok(()),
            _ => Err(Failure::usage(format!(
                "--report {named}: a report is a page of HTML\n  hint: --report {}; a browser prints it as PDF",
                path.with_extension("html").display()
            ))),
        }
    }

    /// Fails for folds that there are not.
    pub(super) fn check_folds(&self) -> Outcome {
        match (self.fold, self.folds) {
            (Some(_), None) => Err(Failure::usage("--fold is one of --folds: how many are they?")),
            (Some(FoldOrAll::Fold(number)), Some(of)) if number > of => {
                Err(Failure::usage(format!("--fold {number}: there are {of} folds")))
            }
            (None, Some(_)) => Err(Failure::usage("--folds is for `gradtape train` alone")),
            _ if self.seeds.is_some_and(|seeds| seeds > 1) => {
                Err(Failure::usage("--seeds is for `gradtape train` alone"))
            }
            _ => Ok(()),
        }
    }
}

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    Steps(usize),
    Epochs(usize),
    Minutes(f64),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let form = || {
            "it is a number of steps, epochs or minutes, as in 500steps, 2epochs or 10min"
                .to_string()
        };
        let end = text.find(|c: char| c.is_ascii_alphabetic() || c == ' ').ok_or_else(form)?;
        let (number, unit) = text.split_at(end);
        match unit.trim() {
            "step" | "steps" => count(number).map(When::Steps),
            "epoch" | "epochs" => count(number).map(When::Epochs),
            "m" | "min" | "minute" | "minutes" => match number.parse::<f64>() {
                Ok(minutes) if minutes > 0.0 && minutes.is_finite() => Ok(When::Minutes(minutes)),
                _ => Err("minutes are a number above 0".to_string()),
            },
            _ => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    #[test]
    fn how_often_is_a_number_with_a_unit() {
        assert_eq!("500steps".parse(), Ok(When::Steps(500)));
        assert_eq!("1 epoch".parse(), Ok(When::Epochs(1)));
        assert_eq!("0.5min".parse(), Ok(When::Minutes(0.5)));
        for wrong in ["", "5", "steps", "0steps", "-1min", "infmin", "3parsecs", "1.5epochs"] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }
}
