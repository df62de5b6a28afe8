//! What the user says of the columns of a table and of the rows that are held out.

use clap::{Args, ValueEnum};
use gradtape::Tensor;
use gradtape::data::{Dataset, TransformChoice};
use gradtape::loss::CrossEntropyOptions;

use crate::division::Division;
use crate::error::{Failure, Outcome};

/// Flags for tables.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data")]
pub(crate) struct Columns {
    /// Columns that are amounts although they look like codes, names of rows or text, with commas
    /// (tables); what is no number in them is missing
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) numbers: Vec<String>,

    /// Refuse cells that are no numbers in a column of numbers, instead of taking them as missing
    #[arg(long)]
    pub(crate) strict: bool,

    /// How rows are held out: random, stratified, time COLUMN (the latest), or group COLUMN (rows of a
    /// group stay together) [default: stratified for classes, else random]
    #[arg(long, value_names = ["HOW", "COLUMN"], num_args = 1..=2)]
    split: Vec<String>,

    /// Hold out the same share of each class, or of each tenth of the values; for classes it is the
    /// default
    #[arg(long, conflicts_with = "split")]
    stratify: bool,

    /// What is learned of a number to predict: none (itself), log or asinh, which draw in far values, or
    /// auto: asinh where there are such on both sides. Predictions and errors are of the number itself
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) target_transform: TransformChoice,

    /// How much the rows of a class count in training: balanced makes all classes count the same
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    pub(crate) class_weights: Option<ClassWeights>,
}

/// How much the rows of a class count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeights {
    /// All classes together the same.
    Balanced,
}

impl Columns {
    /// A flag that is given, of those that are for tables alone.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--numbers", !self.numbers.is_empty()),
            ("--strict", self.strict),
            ("--target-transform", self.target_transform != TransformChoice::default()),
            (
                "--split",
                self.split.first().is_some_and(|how| how != "random" && how != "stratified"),
            ),
        ];
        flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }

    /// The weights of the classes of the rows that are trained on, so that all classes together count the same.
    pub(crate) fn weights(&self, train: &Dataset) -> Outcome<Option<CrossEntropyOptions>> {
        if self.class_weights.is_none() {
            return Ok(None);
        }
        let (Some(labels), Some(count)) = (train.labels(), train.class_count()) else {
            return Err(Failure::usage("--class-weights is for classes; the target is a number"));
        };
        let mut counts = vec![0usize; count];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        let weight = |&count: &usize| labels.len() as f32 / (counts.len() * count.max(1)) as f32;
        let weight = Some(Tensor::from_vec(counts.iter().map(weight).collect(), count)?);
        Ok(Some(CrossEntropyOptions { weight, ..CrossEntropyOptions::default() }))
    }

    /// How rows are held out; `group` is the column of `--group`, if that names one.
    pub(crate) fn division(&self, group: Option<&str>) -> Outcome<Division> {
        let wrong = |why: &str| {
            Failure::usage(format!(
                "--split {}: {why}\n  hint: it is random, stratified, time COLUMN or group COLUMN",
                self.split.join(" ")
            ))
        };
        let words: Vec<&str> = self.split.iter().map(String::as_str).collect();
        let told = match words[..] {
            [] if self.stratify => Division::Stratified,
            [] => Division::Usual,
            ["random" | "stratified", ..] if words.len() > 1 => {
                return Err(wrong("one word too many; the data stands before the flags"));
            }
            ["time" | "group"] => return Err(wrong("a column is needed")),
            ["time", column] => Division::Time(column.to_string()),
            ["group", column] => Division::Group(column.to_string()),
            [one] => one.parse().map_err(|_: String| wrong("there is no such way"))?,
            _ => return Err(wrong("there is no such way")),
        };
        match (group, told) {
            (None, told) => Ok(told),
            (Some(column), Division::Usual) => Ok(Division::Group(column.to_string())),
            (Some(_), told) => {
                let told = match told {
                    Division::Stratified if self.stratify => "--stratify".to_string(),
                    _ => format!("--split {}", self.split.join(" ")),
                };
                Err(Failure::usage(format!("--group and {told}: give one of them")))
            }
        }
    }
}
