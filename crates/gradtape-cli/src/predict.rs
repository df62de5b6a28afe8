//! `gradtape predict`: what a model says about rows of data.

use std::path::PathBuf;

use clap::Args;
use gradtape::Tensor;
use gradtape::data::{Categories, Preprocessing, Target};
use gradtape::io;
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::model::Trained;
use crate::output::{Output, json};
use crate::report::{Format, Number};
use crate::rows;
use crate::source::{CsvFlags, Source, spare};

/// Predict classes with their probabilities, or numbers, for rows of data
///
/// Prints CSV with one line for each row: the class and the probability of each class, or the
/// number. The data needs the columns that the model was trained on, in any order; the column to
/// predict need not be there. Of a folder with IDX files, the images are predicted, those for tests
/// (t10k) if there are any; their labels need not be there.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape predict model.safetensors new.csv > predictions.csv
  gradtape predict model.safetensors new.csv --output predictions.csv
  gradtape predict model.safetensors digits | head
  producer | gradtape predict model.safetensors - --format json")]
pub(crate) struct Predict {
    /// The model file that `gradtape train` wrote
    model: PathBuf,

    /// Built-in data, a CSV file (- for standard input) or a folder of IDX files
    data: String,

    /// CSV (text) or JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Write to a file, whole or not at all, instead of standard output
    #[arg(long, short, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    csv: CsvFlags,
}

impl Verb for Predict {
    fn run(self, output: &Output) -> Outcome {
        if let Some(path) = &self.output {
            io::check_writable(path).map_err(Failure::usage)?;
            spare(&self.model, "the model", path)?;
        }
        let trained = Trained::load_for(&self.data, &self.model)?;
        let source = Source::of(&self.data)?;
        if let Some(path) = &self.output {
            source.spare(path)?;
        }
        let inputs = self.inputs(&source, &trained, output)?;
        let outputs = trained.outputs(&inputs)?;
        let predictions = match trained.preprocessing.target() {
            Target::Classes { column, classes, .. } => Predictions {
                target: column.clone(),
                values: Values::Classes {
                    classes: classes.names().to_vec(),
                    rows: likely(&trained.probabilities(outputs)?, classes),
                },
            },
            Target::Number { column, .. } => Predictions {
                target: column.clone(),
                values: Values::Numbers { rows: numbers(&trained.preprocessing, &outputs)? },
            },
        };
        let text = match self.format {
            Format::Text => predictions.csv(),
            Format::Json => json(&predictions)?,
        };
        match &self.output {
            Some(path) => Ok(io::write_atomic(path, text.as_bytes())?),
            None => output.write(&text),
        }
    }
}

impl Predict {
    fn inputs(&self, source: &Source, trained: &Trained, output: &Output) -> Outcome<Tensor> {
        if let Source::Idx(folder) = source {
            source.check(&self.csv)?;
            return rows::images(folder, &trained.preprocessing);
        }
        let content = source.read(&self.csv, trained.points())?;
        trained.note_filled(&content, output);
        rows::inputs(&content, &trained.preprocessing)
    }
}

#[derive(Serialize)]
struct Predictions {
    target: String,
    #[serde(flatten)]
    values: Values,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Values {
    Classes { classes: Vec<String>, rows: Vec<Likely> },
    Numbers { rows: Vec<Number> },
}

#[derive(Serialize)]
struct Likely {
    class: String,
    probabilities: Vec<Number>,
}

impl Predictions {
    fn csv(&self) -> String {
        let mut text = String::new();
        match &self.values {
            Values::Classes { classes, rows } => {
                text += &cell(&self.target);
                for class in classes {
                    text += &format!(",{}", cell(&format!("p_{class}")));
                }
                text += "\n";
                for row in rows {
                    text += &cell(&row.class);
                    for probability in &row.probabilities {
                        text += &format!(",{}", probability.0 as f32);
                    }
                    text += "\n";
                }
            }
            Values::Numbers { rows } => {
                text += &format!("{}\n", cell(&self.target));
                for number in rows {
                    text += &format!("{}\n", number.0);
                }
            }
        }
        text
    }
}

/// The most likely class of each row, the first of several.
fn likely(probabilities: &Tensor, classes: &Categories) -> Vec<Likely> {
    let names = classes.names();
    let row = |row: &[f64]| {
        let best = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
        let class = names[(0..names.len()).fold(0, best)].clone();
        Likely { class, probabilities: row.iter().copied().map(Number).collect() }
    };
    probabilities.to_f64_vec().chunks_exact(names.len()).map(row).collect()
}

fn numbers(preprocessing: &Preprocessing, outputs: &Tensor) -> Outcome<Vec<Number>> {
    Ok(preprocessing.predicted_numbers(outputs)?.into_iter().map(Number).collect())
}

/// A cell of CSV, in quotes where it must be.
fn cell(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) || text != text.trim() {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}
