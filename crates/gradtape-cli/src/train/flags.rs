//! The arguments of `gradtape train`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clap::builder::PossibleValuesParser;
use gradtape::data::{Fractions, PreprocessOptions, Task};
use gradtape::nn::Activation;
use gradtape::optim::{self, Group};
use gradtape::train::History;

use crate::error::{Failure, Outcome};
use crate::flags::{group, lookahead, schedule};
use crate::hyper::{HyperFlags, MANY_ROWS};
use crate::report::Format;
use crate::rows::{Prepared, TableWishes};
use crate::settings::{Counts, Course, DataSettings, Settings};
use crate::source::{CsvFlags, Points, Source};

/// Train a network on images, a table or generated points
///
/// Prints a line for each epoch and how good the network is on rows that were held out, and writes
/// model.safetensors, history.csv and curves.svg. The same command gives the same bits.
///
/// For classes the loss is the cross entropy. For a number it is the mean squared error in units of
/// the column's standard deviation; the error beside it is the mean absolute one in the column's own
/// unit, also in history.csv. Ctrl-C ends after the current batch, with the model saved.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
#[command(after_help = "Examples:
  gradtape train                                        the built-in handwritten digits
  gradtape train homes.csv --target price               a table: columns, task and scales are found
  gradtape train mnist/ --hidden 1000,1000 --dropout 0.5 --epochs 20
  gradtape train moons --hidden 16,16 --activation tanh --epochs 100
  gradtape train iris --optimizer sgd --momentum 0.9 --schedule cosine --out iris/
  gradtape train data.csv --target y --early-stopping 10 --format json")]
pub(crate) struct Train {
    /// digits, iris, moons, circles, spiral, xor; a CSV file (- for standard input); or a folder of
    /// IDX files as of MNIST
    #[arg(default_value = "digits")]
    pub(super) data: String,

    /// The folder for the model, the history and the curves
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(super) out: PathBuf,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,

    /// Print nothing but errors (and the JSON)
    #[arg(long, short)]
    pub(super) quiet: bool,

    /// Drives splits, first weights, shuffles and dropout
    #[arg(long, default_value_t = 42)]
    pub(super) seed: u64,

    /// How many threads compute, 0 for all cores; results do not depend on it
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) threads: usize,

    /// The column to predict (CSV)
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    target: Option<String>,

    /// classification or regression [default: found in the target column]
    #[arg(long, value_parser = Task::from_str, help_heading = "Data")]
    task: Option<Task>,

    /// Columns to leave out, with commas (CSV)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Data")]
    ignore: Vec<String>,

    /// Columns of numbers that are categories, with commas (CSV)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Data")]
    categories: Vec<String>,

    /// The share of rows that is looked at after each epoch
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, help_heading = "Data")]
    validation: f64,

    /// The share of rows that is held out to the end [default: 0.2, or the folder's own test files]
    #[arg(long, value_name = "SHARE", help_heading = "Data")]
    pub(super) test_fraction: Option<f64>,

    /// How many points are generated (moons, circles, spiral, xor) [default: 1000]
    #[arg(long, value_parser = count, value_name = "N", help_heading = "Data")]
    samples: Option<usize>,

    /// How far generated points are scattered [default: 0.1]
    #[arg(long, value_name = "DEVIATION", help_heading = "Data")]
    noise: Option<f64>,

    #[command(flatten)]
    pub(super) csv: CsvFlags,

    /// The widths of the hidden layers, with commas; none for a linear model
    #[arg(long, value_name = "WIDTHS", default_value = "32", help_heading = "Network")]
    pub(super) hidden: Widths,

    /// relu, leaky_relu, gelu, silu, sigmoid or tanh
    #[arg(long, default_value = "relu", help_heading = "Network")]
    pub(super) activation: Activation,

    /// The share of hidden values that is dropped in training
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, help_heading = "Network")]
    pub(super) dropout: f64,

    /// How often all rows are gone through
    #[arg(long, default_value_t = 30, value_parser = count, help_heading = "Training")]
    pub(super) epochs: usize,

    /// How many rows make a step [default: 32, with 50,000 rows or more 128]
    #[arg(long, value_name = "ROWS", value_parser = count, help_heading = "Training")]
    pub(super) batch: Option<usize>,

    /// How steps follow from gradients
    #[arg(
        long,
        default_value = "adam",
        value_parser = PossibleValuesParser::new(optim::NAMES),
        help_heading = "Training"
    )]
    pub(super) optimizer: String,

    /// How the learning rate changes: constant, step, multi_step, exponential, linear, polynomial,
    /// cosine, cosine_restarts, warmup_linear, warmup_decay, one_cycle or plateau, with settings as in
    /// cosine:eta_min=0.001; several one after another as in warmup_linear@100/cosine [default:
    /// constant, with 10,000 rows or more cosine]
    #[arg(
        long,
        value_name = "NAME[:SETTING=VALUE,...]",
        value_parser = schedule,
        help_heading = "Training"
    )]
    pub(super) schedule: Option<String>,

    /// What a schedule counts: step or epoch [default: epoch for step, multi_step and plateau]
    #[arg(
        long,
        value_name = "WHAT",
        value_parser = PossibleValuesParser::new(["step", "epoch"]),
        hide_possible_values = true,
        help_heading = "Training"
    )]
    pub(super) schedule_every: Option<String>,

    /// Stop after so many epochs without a lower validation loss, and go back to the lowest
    #[arg(long, value_name = "EPOCHS", value_parser = count, help_heading = "Training")]
    pub(super) early_stopping: Option<usize>,

    /// Scale gradients down to at most this norm, over all parameters together
    #[arg(long, value_name = "NORM", help_heading = "Training")]
    pub(super) clip_norm: Option<f64>,

    /// Scale the gradient of each parameter down to at most this norm
    #[arg(long, value_name = "NORM", help_heading = "Training")]
    pub(super) clip_each_norm: Option<f64>,

    /// Hold each number of the gradients between this and its negative
    #[arg(long, value_name = "NUMBER", help_heading = "Training")]
    pub(super) clip_value: Option<f64>,

    /// Take one step for the mean gradient of so many batches
    #[arg(
        long,
        value_name = "BATCHES",
        default_value_t = 1,
        value_parser = count,
        help_heading = "Training"
    )]
    pub(super) accumulate: usize,

    /// Let slow weights follow every so many steps, by a share of the way (0.5) [Lookahead]
    #[arg(long, value_name = "STEPS[,SHARE]", value_parser = lookahead, help_heading = "Training")]
    pub(super) lookahead: Option<(usize, f64)>,

    /// Give the parameters of a name settings of their own, as in *.bias:weight_decay=0,lr_scale=2;
    /// may be given several times
    #[arg(
        long = "group",
        value_name = "PATTERN:SETTING=VALUE,...",
        value_parser = group,
        help_heading = "Training"
    )]
    pub(super) groups: Vec<(String, Group)>,

    #[command(flatten)]
    pub(super) hyper: HyperFlags,
}

/// Rows from which so many steps are made in an epoch that larger batches save more time than they cost.
const LARGE_BATCHES: usize = 50_000;

/// The widths of hidden layers.
#[derive(Clone, Debug)]
pub(crate) struct Widths(pub(super) Vec<usize>);

impl FromStr for Widths {
    type Err = String;

    fn from_str(text: &str) -> Result<Widths, String> {
        if text == "none" {
            return Ok(Widths(Vec::new()));
        }
        let widths = text.split(',').map(|width| count(width.trim()));
        let widths = widths.collect::<Result<_, _>>().map(Widths);
        widths.map_err(|why| format!("{why}; with commas, as in 64,32, or none"))
    }
}

impl Train {
    /// Settles on what depends on the number of rows to train on and is not given.
    pub(super) fn settle(&mut self, rows: usize) {
        self.hyper.settle_rate(&self.optimizer, rows);
        if rows >= MANY_ROWS {
            self.schedule.get_or_insert_with(|| "cosine".into());
        }
        if rows >= LARGE_BATCHES {
            self.batch.get_or_insert(128);
        }
    }

    /// The bounds that are given, by the names of their flags.
    fn clips(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("clip-norm", self.clip_norm),
            ("clip-each-norm", self.clip_each_norm),
            ("clip-value", self.clip_value),
        ];
        all.into_iter().filter_map(|(flag, most)| Some((flag, most?)))
    }

    /// What is set of the optimiser and of what it is given, by the names of the flags.
    fn hyperparameters(&self) -> Vec<(String, String)> {
        let mut named = self.hyper.named(&self.optimizer);
        let mut add = |flag: &str, value: String| named.push((flag.to_string(), value));
        self.clips().for_each(|(flag, most)| add(flag, most.to_string()));
        if self.accumulate > 1 {
            add("accumulate", self.accumulate.to_string());
        }
        if let Some((steps, share)) = self.lookahead {
            add("lookahead", format!("{steps},{share}"));
        }
        self.groups.iter().for_each(|(text, _)| add("group", text.clone()));
        if let Some(what) = &self.schedule_every {
            add("schedule-every", what.clone());
        }
        named
    }

    /// Whether the schedule counts epochs.
    pub(super) fn counts_epochs(&self) -> bool {
        let by_epoch = |part: &str| {
            let name = part.split([':', '@']).next().unwrap_or_default().replace('-', "_");
            ["step", "multi_step", "plateau"].contains(&&name[..])
        };
        match &self.schedule_every {
            Some(what) => what == "epoch",
            None => self.schedule.iter().flat_map(|text| text.split('/')).any(by_epoch),
        }
    }

    pub(super) fn batch(&self) -> usize {
        self.batch.unwrap_or(32)
    }

    /// Fails for flags that do not fit each other.
    pub(super) fn check(&self) -> Outcome {
        if self.early_stopping.is_some() && self.validation == 0.0 {
            let message = "--early-stopping looks at the validation loss, but --validation is 0";
            return Err(Failure::usage(message));
        }
        for (flag, most) in self.clips() {
            if most.is_nan() || most <= 0.0 {
                return Err(Failure::usage(format!("--{flag} is {most}, but must be above 0")));
            }
        }
        let Fractions { validation, test } = self.fractions();
        if !(validation >= 0.0 && test >= 0.0 && validation + test < 1.0) {
            return Err(Failure::usage(format!(
                "--validation {validation} and --test-fraction {test}: both must be at least 0 and \
                 leave rows to train on"
            )));
        }
        Ok(())
    }

    pub(super) fn fractions(&self) -> Fractions {
        Fractions { validation: self.validation, test: self.test_fraction.unwrap_or(0.2) }
    }

    pub(super) fn points(&self) -> Points {
        let samples = self.samples.unwrap_or(Points::SAMPLES);
        Points { samples, noise: self.noise.unwrap_or(Points::NOISE), seed: self.seed }
    }

    /// What is to be done with the columns of a table; other data has none to choose from.
    pub(super) fn wishes(&self, source: &Source) -> Outcome<TableWishes> {
        let table = matches!(source, Source::Iris | Source::Table(_) | Source::StandardInput);
        let flags = [
            ("--target", self.target.is_some()),
            ("--task", self.task.is_some()),
            ("--ignore", !self.ignore.is_empty()),
            ("--categories", !self.categories.is_empty()),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, given)| !table && *given) {
            let name = source.name();
            return Err(Failure::usage(format!("{flag} is for tables; {name} has its own target")));
        }
        let points = matches!(source, Source::Points(_));
        let flags = [("--samples", self.samples.is_some()), ("--noise", self.noise.is_some())];
        if let Some((flag, _)) = flags.iter().find(|(_, given)| !points && *given) {
            let name = source.name();
            return Err(Failure::usage(format!("{flag} is for generated points, not for {name}")));
        }
        let species = (*source == Source::Iris).then(|| "species".to_string());
        let options = PreprocessOptions {
            task: self.task,
            categories: self.categories.clone(),
            ignore: self.ignore.clone(),
        };
        Ok(TableWishes { target: self.target.clone().or(species), options })
    }

    pub(super) fn settings(
        &self,
        source: &Source,
        prepared: &Prepared,
        history: &History,
    ) -> Settings {
        let Fractions { validation, test } = self.fractions();
        let Points { samples, noise, seed } = self.points();
        let generated = matches!(source, Source::Points(_));
        Settings {
            data: DataSettings {
                name: source.name(),
                fingerprint: prepared.fingerprint.clone(),
                samples: generated.then_some(samples),
                noise: generated.then_some(noise),
                validation,
                test: if prepared.own_test { 0.0 } else { test },
                seed,
                own_test: prepared.own_test,
                rows: Some(Counts::of(&prepared.split)),
            },
            hidden: self.hidden.0.clone(),
            activation: self.activation.to_string(),
            dropout: self.dropout,
            optimizer: self.optimizer.clone(),
            hyperparameters: self.hyperparameters(),
            schedule: self.schedule.clone(),
            batch: self.batch(),
            epochs: self.epochs,
            seed: self.seed,
            course: Some(Course::of(history)),
        }
    }
}

/// A number from 1 on, small enough that sums of it do not overflow.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse::<u32>() {
        Ok(0) => Err("it must be at least 1".to_string()),
        Ok(number) if number <= 100_000_000 => Ok(number as usize),
        _ => Err("it must be a whole number from 1 to 100,000,000".to_string()),
    }
}
