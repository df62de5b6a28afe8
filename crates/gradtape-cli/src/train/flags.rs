//! The arguments of `gradtape train`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use gradtape::DType;
use gradtape::data::{Fractions, PreprocessOptions, Task};
use gradtape::nn::Activation;
use gradtape::optim::Group;
use gradtape::train::{Every, History};

use super::columns::Columns;
use super::embed::EmbedFlags;
use super::network::{Network, Tokens};
use super::optimizer::OptimizerParser;
use super::run_flags::RunFlags;
use super::start::StartFlags;
use super::watch::WatchFlags;
use crate::division::Division;
use crate::error::{Failure, Outcome};
use crate::flags::{decay, group_or_column, lookahead, schedule};
use crate::hyper::HyperFlags;
use crate::report::Format;
use crate::rows::{Prepared, TableWishes};
use crate::settings::{Course, DataSettings, Settings};
use crate::source::{ImageSettings, Points, ReadFlags, Source};
use gradtape_tables::{MANY_ROWS, Shape};

/// Train a network on images, a table, generated points or a text
///
/// Prints a line for each epoch and how good the network is on rows that were held out, and writes
/// model.safetensors, history.csv and curves.svg. The same command gives the same bits.
///
/// For classes the loss is the cross entropy. For a number it is the mean squared error in units of
/// the column's standard deviation; the error beside it is the mean absolute one in the column's own
/// unit, also in history.csv. Ctrl-C ends after the current batch, with the model saved.
///
/// On a table the network and the training follow from the data where nothing is said: the epoch with the
/// lowest validation loss is kept, and four networks, each with other rows to validate, answer together.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
#[command(after_help = "Networks:
  mlp         a perceptron of --hidden, --activation and --dropout, for any rows
  lenet       images: two convolutions with pools, then two dense layers
  resnet8     images: a residual network with batch normalisation
  cnn:PARTS   images: parts with hyphens between, as in cnn:32c3-32c3b-p2-r64s2-avg-d0.5-128
                32c3   a convolution of 32 channels, kernel 3, with relu; 32c3b also normalises
                r64    a residual block of 64 channels; r64s2 also halves the images
                p2     a max pool of 2 x 2; avg, the mean of each channel
                d0.5   dropout; 128, a dense layer with relu
  gpt:4x128   a text: a transformer of 4 layers of width 128; gpt:4x128x8, with 8 heads

Examples:
  gradtape train                                        the built-in handwritten digits
  gradtape train homes.csv --target price               a table: columns, task and scales are found
  gradtape train homes.parquet --target price           also .xlsx, .feather, .npz and others
  gradtape train mnist/ --hidden 1000,1000 --dropout 0.5 --epochs 20
  gradtape train mnist/ --network lenet --augment shift:2,rotate:10 --normalize --epochs 10
  gradtape train pets/ --network resnet8 --resize 32x32    images in pets/cat/, pets/dog/
  gradtape train digits --network cnn:16c3-p2-32c3-p2-64 --precision bf16
  gradtape train book.txt --network gpt:4x128 --context 128 --steps 2000
  gradtape train moons --hidden 16,16 --activation tanh --epochs 100
  gradtape train iris --optimizer sgd --momentum 0.9 --schedule cosine --out iris/
  gradtape train homes.csv --target price --folds 5     each row is held out once; the model is of all rows
  gradtape train data.csv --target y --early-stopping 10 --format json
  gradtape train mnist/ --network lenet --checkpoint-every 10min --out run/
  gradtape train --resume run/                          goes on where that was stopped or killed")]
pub(crate) struct Train {
    /// digits, iris, moons, circles, spiral, xor, blobs; a table (- for standard input): CSV, JSON lines, xlsx, Parquet,
    /// Feather or npy, CSV also gzipped or by zstd; images in an npz file with x and y; a folder with a folder of PNG or
    /// JPEG images for each class, or of IDX files as of MNIST; with --network gpt a text file
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

    /// The column to predict (tables)
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    target: Option<String>,

    /// classification or regression [default: found in the target column]
    #[arg(long, value_parser = Task::from_str, help_heading = "Data")]
    task: Option<Task>,

    /// Columns to leave out, with commas (tables)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Data")]
    pub(super) ignore: Vec<String>,

    /// Columns of numbers that are categories, with commas (tables)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Data")]
    categories: Vec<String>,

    /// The share of rows that is looked at after each epoch
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, help_heading = "Data")]
    pub(super) validation: f64,

    /// The share of rows that is held out to the end [default: 0.2, or the folder's own test files]
    #[arg(long, value_name = "SHARE", help_heading = "Data")]
    pub(super) test_fraction: Option<f64>,

    /// A table whose rows are held out to the end, in the place of a share of DATA; the model remembers it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["test_fraction", "folds"],
        help_heading = "Data"
    )]
    pub(super) test: Option<PathBuf>,

    /// How many points are generated (moons, circles, spiral, xor, blobs) [default: 1000]
    #[arg(long, value_parser = count, value_name = "N", help_heading = "Data")]
    samples: Option<usize>,

    /// How far generated points are scattered [default: 0.1]
    #[arg(long, value_name = "DEVIATION", help_heading = "Data")]
    noise: Option<f64>,

    /// How images are changed at random in training, with commas: shift:2 (pixels), crop:4 (pixels,
    /// mirrored at the edges), flip, rotate:10 (degrees)
    #[arg(long, value_name = "CHANGES", help_heading = "Data")]
    pub(super) augment: Option<String>,

    /// Standardise images by the mean and the deviation of each channel
    #[arg(long, help_heading = "Data")]
    pub(super) normalize: bool,

    /// What a text is cut into: characters, or bpe:N for N parts of words that are learned from it
    /// [default: characters]
    #[arg(long, value_name = "KIND", value_parser = Tokens::from_str, help_heading = "Data")]
    pub(super) vocabulary: Option<Tokens>,

    /// How many places of a text the network sees at once [default: 64]
    #[arg(long, value_name = "PLACES", value_parser = count, help_heading = "Data")]
    pub(super) context: Option<usize>,

    #[command(flatten)]
    pub(super) columns: Columns,

    #[command(flatten)]
    pub(super) reading: ReadFlags,

    /// mlp, lenet, resnet8, cnn:PARTS or gpt:LAYERSxWIDTH; see below
    #[arg(long, value_name = "NAME", default_value = "mlp", help_heading = "Network")]
    pub(super) network: Network,

    /// The widths of the hidden layers of mlp, with commas; none for a linear model [default: 32, for a
    /// table 64,64, with 5,000 rows to train on or more 128,128]
    #[arg(long, value_name = "WIDTHS", help_heading = "Network")]
    pub(super) hidden: Option<Widths>,

    /// relu, leaky_relu, gelu, silu, sigmoid or tanh, of mlp [default: relu, for a table silu]
    #[arg(long, help_heading = "Network")]
    pub(super) activation: Option<Activation>,

    /// The share of hidden values that is dropped in training, of mlp and gpt [default: 0, for
    /// a table with classes 0.1]
    #[arg(long, value_name = "SHARE", help_heading = "Network")]
    pub(super) dropout: Option<f64>,

    /// Into how many parts columns of numbers are cut at their quantiles, 3 at least or 0 for none: mlp sees how far a number
    /// passed each part beside the number itself. Only where a value comes 20 times or more in the mean [default: 0, for a
    /// table with 2,000 rows to train on or more 16, fewer where the columns of numbers are many]
    #[arg(long, value_name = "N", value_parser = parts, help_heading = "Network")]
    pub(super) cuts: Option<usize>,

    /// How often all rows are gone through [default: 30, of a text 5, of a table 100, fewer where the network and
    /// the rows are many]
    #[arg(long, value_parser = count, help_heading = "Training")]
    pub(super) epochs: Option<usize>,

    /// End after so many steps, if there are more in the epochs
    #[arg(long, value_parser = count, help_heading = "Training")]
    pub(super) steps: Option<usize>,

    /// The numbers in which products are computed while training; weights are f32 always
    #[arg(long, value_enum, default_value_t, help_heading = "Training")]
    pub(super) precision: Precision,

    /// How many rows make a step [default: 32, of a table with 2,000 rows to train on or more 64, with
    /// 50,000 or more 128]
    #[arg(long, value_name = "ROWS", value_parser = count, help_heading = "Training")]
    pub(super) batch: Option<usize>,

    /// How steps follow from gradients, in a list each with settings of its own: sgd:lr=0.1,adam:lr=0.001:eps=1e-6
    /// [default: adam, for a table adamw]
    #[arg(
        long,
        value_name = "NAME[:SETTING=VALUE...]",
        value_parser = OptimizerParser,
        help_heading = "Training"
    )]
    pub(super) optimizer: Option<String>,

    /// How the learning rate changes: constant, step, multi_step, exponential, linear, polynomial,
    /// cosine, cosine_restarts, warmup_linear, warmup_decay, one_cycle or plateau, with settings as in
    /// cosine:eta_min=0.001; several one after another as in warmup_linear@100/cosine; by default
    /// constant, with 10,000 rows or more and of networks other than mlp cosine, for a table warmup_linear
    /// before cosine
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

    /// Stop after so many epochs without a lower validation loss, and go back to the lowest [default:
    /// for a table a fifth of the epochs and at least 10; if --epochs is given, go back without stopping]
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

    /// Let slow weights follow every so many steps, by a share of the way (0.5)
    #[arg(long, value_name = "STEPS[,SHARE]", value_parser = lookahead, help_heading = "Training")]
    pub(super) lookahead: Option<(usize, f64)>,

    /// Keep a moving average of the weights, of which each step is a share of 1 less this (usually 0.99 to 0.9999); it
    /// is validated, and is the model
    #[arg(long, value_name = "DECAY", value_parser = decay, allow_negative_numbers = true, help_heading = "Training")]
    pub(super) average: Option<f64>,

    /// Give the parameters of a name settings of their own, as in *.bias:weight_decay=0,lr_scale=2;
    /// may be given several times. Or a column of a table: its groups of rows are held out whole
    #[arg(
        long = "group",
        value_name = "PATTERN:SETTING=VALUE,... or COLUMN",
        value_parser = group_or_column,
        help_heading = "Training"
    )]
    pub(super) groups: Vec<(String, Option<Group>)>,

    #[command(flatten)]
    pub(super) embed: EmbedFlags,

    #[command(flatten)]
    pub(super) start: StartFlags,

    #[command(flatten)]
    pub(super) runs: RunFlags,

    #[command(flatten)]
    pub(super) watch: WatchFlags,

    #[command(flatten)]
    pub(super) hyper: HyperFlags,
}

/// The type of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    #[default]
    F32,
    Bf16,
    F16,
}

impl Precision {
    pub(super) fn dtype(self) -> DType {
        match self {
            Precision::F32 => DType::F32,
            Precision::Bf16 => DType::BF16,
            Precision::F16 => DType::F16,
        }
    }
}

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
        widths.map_err(|why| {
            let several = "; to compare several, --hidden again: --hidden 64,32 --hidden 16";
            let more = if text.contains([';', ' ', '|']) { several } else { "" };
            format!("{why}; with commas, as in 64,32, or none{more}")
        })
    }
}

/// As it is read.
impl fmt::Display for Widths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&if widths.is_empty() { "none".to_string() } else { widths.join(",") })
    }
}

impl Default for Widths {
    fn default() -> Widths {
        Widths(vec![32])
    }
}

impl Train {
    /// Settles on what depends on the network and the data and is not given, with so many rows to train on and to validate
    /// on.
    pub(super) fn settle(&mut self, rows: [usize; 2], table: Option<Shape>) {
        if let (Network::Mlp, Some(shape)) = (&self.network, table) {
            self.settle_table(rows, shape);
        }
        // The rate and the schedule for many rows are those of deep networks, too.
        let rows = if self.network == Network::Mlp { rows[0] } else { rows[0].max(MANY_ROWS) };
        let mut recipe = self.recipe();
        recipe.settle_for_rows(rows);
        self.follow(recipe);
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
    pub(super) fn hyperparameters(&self) -> Vec<(String, String)> {
        let mut named = self.hyper.named(self.optimizer());
        let mut add = |flag: &str, value: String| named.push((flag.to_string(), value));
        self.clips().for_each(|(flag, most)| add(flag, most.to_string()));
        if self.accumulate > 1 {
            add("accumulate", self.accumulate.to_string());
        }
        if let Some((steps, share)) = self.lookahead {
            add("lookahead", format!("{steps},{share}"));
        }
        if let Some(decay) = self.average {
            add("average", decay.to_string());
        }
        let groups = self.groups.iter().filter(|(_, group)| group.is_some());
        groups.for_each(|(text, _)| add("group", text.clone()));
        if let Some(what) = &self.schedule_every {
            add("schedule-every", what.clone());
        }
        if let Some(parts) = self.cuts.filter(|parts| *parts > 0) {
            add("cuts", parts.to_string());
        }
        named.extend(self.embed.given());
        named
    }

    /// Whether the schedule counts epochs.
    pub(super) fn counts_epochs(&self) -> bool {
        self.recipe().every() == Every::Epoch
    }

    pub(super) fn optimizer(&self) -> &str {
        self.optimizer.as_deref().unwrap_or("adam")
    }

    pub(super) fn dropout(&self) -> f64 {
        self.dropout.unwrap_or(0.0)
    }

    /// How many networks are trained, to answer together.
    pub(super) fn members(&self) -> usize {
        self.runs.members.unwrap_or(1)
    }

    pub(super) fn epochs(&self) -> usize {
        self.epochs.unwrap_or(if self.network.is_of_texts() { 5 } else { 30 })
    }

    pub(super) fn hidden(&self) -> Widths {
        self.hidden.clone().unwrap_or_default()
    }

    pub(super) fn activation(&self) -> Activation {
        self.activation.unwrap_or(Activation::Relu)
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
        if let Some(name) = self.categories.iter().find(|name| self.columns.numbers.contains(name))
        {
            return Err(Failure::usage(format!(
                "--categories {name} and --numbers {name}: a column is of names or of amounts\n  hint: leave it out of one \
                 of them"
            )));
        }
        for (flag, most) in self.clips() {
            if most.is_nan() || most <= 0.0 {
                return Err(Failure::usage(format!("--{flag} is {most}, but must be above 0")));
            }
        }
        let flags = [
            ("--hidden", self.hidden.is_some(), self.network == Network::Mlp),
            ("--activation", self.activation.is_some(), self.network == Network::Mlp),
            ("--dropout", self.dropout.is_some(), !self.network.is_of_images()),
            ("--cuts", self.cuts.is_some(), self.network == Network::Mlp),
            ("--members", self.members() > 1, self.network == Network::Mlp),
            ("--embed", self.embed.is_given(), self.network == Network::Mlp),
            ("--context", self.context.is_some(), self.network.is_of_texts()),
            ("--vocabulary", self.vocabulary.is_some(), self.network.is_of_texts()),
        ];
        if let Some((flag, ..)) = flags.iter().find(|(_, given, fits)| *given && !fits) {
            let hint = match *flag {
                "--hidden" | "--activation" => {
                    "cnn:32c3-p2-128 says all layers; --hidden and --activation are of mlp"
                }
                "--dropout" => "put d0.5 among the parts of a cnn",
                "--members" => "several networks that answer together are perceptrons",
                "--cuts" => "numbers of tables are cut before a perceptron",
                "--embed" => "columns of tables are embedded before a perceptron",
                _ => "it is for texts, with --network gpt:4x128",
            };
            let network = &self.network;
            return Err(Failure::usage(format!(
                "{flag} is not for the network {network}\n  hint: {hint}"
            )));
        }
        self.check_paths()?;
        self.runs.check_folds()?;
        self.runs.check_report(self.network.is_of_texts())?;
        if self.runs.folds.is_some() && self.test_fraction.is_some() {
            return Err(Failure::usage(
                "--test-fraction and --folds: give one of them; of folds each row is held out once",
            ));
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
        // The end of a text is held out once.
        let none = self.network.is_of_texts() || self.runs.folds.is_some();
        let usual = if none || self.test.is_some() { 0.0 } else { 0.2 };
        Fractions { validation: self.validation, test: self.test_fraction.unwrap_or(usual) }
    }

    pub(super) fn points(&self) -> Points {
        let samples = self.samples.unwrap_or(Points::SAMPLES);
        Points { samples, noise: self.noise.unwrap_or(Points::NOISE), seed: self.seed }
    }

    /// Fails for a flag that is for other data than a text.
    pub(super) fn check_text(&self) -> Outcome {
        let flags = [
            ("--target", self.target.is_some()),
            ("--task", self.task.is_some()),
            ("--ignore", !self.ignore.is_empty()),
            ("--categories", !self.categories.is_empty()),
            (self.columns.given().unwrap_or_default(), self.columns.given().is_some()),
            ("--samples", self.samples.is_some()),
            ("--noise", self.noise.is_some()),
            ("--augment", self.augment.is_some()),
            ("--normalize", self.normalize),
            ("--test-fraction", self.test_fraction.is_some()),
            ("--test", self.test.is_some()),
            ("--folds", self.runs.folds.is_some()),
        ];
        match flags.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::usage(format!(
                "{flag} is not for texts\n  hint: --validation is the share at the end of a text that is \
                 not trained on"
            ))),
            None => Ok(()),
        }
    }

    /// What is to be done with the columns of a table; other data has none to choose from.
    pub(super) fn wishes(&self, source: &Source) -> Outcome<TableWishes> {
        let table = matches!(source, Source::Iris | Source::Table(_) | Source::StandardInput);
        let flags = [
            ("--target", self.target.is_some()),
            ("--task", self.task.is_some()),
            ("--ignore", !self.ignore.is_empty()),
            ("--categories", !self.categories.is_empty()),
            (self.columns.given().unwrap_or_default(), self.columns.given().is_some()),
            ("--group COLUMN", self.group_column().is_some()),
            ("--test", self.test.is_some()),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, given)| !table && *given) {
            return Err(source.no_table(flag));
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
            numbers: self.columns.numbers.clone(),
            ignore: self.ignore.clone(),
            transform: self.columns.target_transform,
        };
        let division = match (self.columns.division(self.group_column())?, self.runs.held_out()) {
            (Division::Time(_), Some(_)) => {
                return Err(Failure::usage(
                    "--split time and --folds: give one of them; a fold would be told from what came after it",
                ));
            }
            (division, Some(fold)) => Division::Fold(fold, Box::new(division)),
            (division, None) => division,
        };
        let strict = self.columns.strict;
        let inputs_of = self.start.inputs()?;
        Ok(TableWishes {
            inputs_of,
            target: self.target.clone().or(species),
            options,
            division,
            strict,
        })
    }

    /// The column by whose groups rows are held out.
    fn group_column(&self) -> Option<&str> {
        self.groups.iter().find(|(_, group)| group.is_none()).map(|(column, _)| &**column)
    }

    pub(super) fn settings(
        &self,
        source: &Source,
        prepared: &Prepared,
        history: &History,
    ) -> Settings {
        let data = self.data_settings(source, prepared);
        Settings {
            augment: self.augment.clone(),
            normalize: self.normalize,
            ..self.settings_of(data, history)
        }
    }

    fn data_settings(&self, source: &Source, prepared: &Prepared) -> DataSettings {
        let Fractions { validation, test } = self.fractions();
        let Points { samples, noise, seed } = self.points();
        let generated = matches!(source, Source::Points(_));
        DataSettings {
            name: source.name(),
            fingerprint: prepared.fingerprint.clone(),
            samples: generated.then_some(samples),
            noise: generated.then_some(noise),
            validation,
            test: if prepared.own_test { 0.0 } else { test },
            seed,
            own_test: prepared.own_test,
            split: prepared.division.note(),
            dealt: prepared.dealt,
            words: self.reading.words(),
            images: match (source, &prepared.images) {
                (Source::Images(_), Some(images)) => {
                    let resized = self.reading.images.resize.is_some();
                    Some(ImageSettings { shape: images.shape, resized })
                }
                _ => None,
            },
            rows: Some(prepared.counts()),
            tests: prepared.tests.clone(),
        }
    }

    /// How the network was trained on some data.
    pub(super) fn settings_of(&self, data: DataSettings, history: &History) -> Settings {
        let mlp = self.network == Network::Mlp;
        Settings {
            data,
            network: (!mlp).then(|| self.network.to_string()),
            hidden: if mlp { self.hidden().0 } else { Vec::new() },
            activation: if mlp { self.activation().to_string() } else { String::new() },
            augment: None,
            normalize: false,
            precision: Some(self.precision.dtype().to_string()).filter(|name| name != "f32"),
            dropout: self.dropout(),
            members: Some(self.members()).filter(|&members| members > 1),
            optimizer: self.optimizer().to_string(),
            hyperparameters: self.hyperparameters(),
            schedule: self.schedule.clone(),
            batch: self.batch(),
            epochs: self.epochs(),
            steps: self.steps,
            seed: self.seed,
            course: Some(Course::of(history)),
        }
    }
}

/// Parts that numbers are cut into: two would hardly tell more than the numbers themselves.
fn parts(text: &str) -> Result<usize, String> {
    match text.parse::<u32>() {
        Ok(1 | 2) => Err("it must be at least 3, or 0 for none".to_string()),
        Ok(number) => Ok(number as usize),
        Err(_) => Err("it must be a whole number, 0 or at least 3".to_string()),
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
