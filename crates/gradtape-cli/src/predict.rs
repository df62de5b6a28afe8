//! `gradtape predict`: what a model says about rows of data.

#[cfg(feature = "onnx")]
mod onnx;
mod pieces;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use gradtape::Tensor;
use gradtape::data::{Dataset, Table, Target};
use gradtape::io;
use gradtape::train::{AnswerText, Answers, push_cell, push_number};
use serde::Serialize;

use crate::Verb;
use crate::contributions::Contributions;
use crate::error::{Failure, Outcome};
use crate::interrupt;
use crate::interval::{self, Reach, Residuals};
use crate::memory::Memory;
use crate::model::Trained;
#[cfg(feature = "onnx")]
use crate::model::is_onnx;
use crate::output::{Output, json};
use crate::pieces::Pieces;
use crate::reference::Reference;
use crate::report::{Format, Number};
use crate::rows::{self, rejoined};
use crate::settings::Settings;
#[cfg(feature = "onnx")]
use crate::source::present;
use crate::source::{BYTES, Content, ReadFlags, Source, read_images, spare};

/// Predict classes with their probabilities, or numbers, for rows of data
///
/// Prints CSV with one line for each row: the class and the probability of each class, or the
/// number. The data needs the columns that the model was trained on, in any order; the column to
/// predict need not be there. Every row is predicted, in its order; --with puts columns of the data
/// beside it. Of a folder with IDX files, the images are predicted, those for tests
/// (t10k, x_test) if there are any, as of npz files; their labels need not be there. Of a folder of PNG or JPEG images, with
/// folders in it or not, all are, with the file beside each.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape predict model.safetensors new.csv > predictions.csv
  gradtape predict model.safetensors new.csv --output predictions.csv
  gradtape predict model.safetensors new.csv --with row,name    joined to what was asked
  gradtape predict model.safetensors homes.csv --held-out --with price --interval 0.9
  gradtape predict model.safetensors new.csv --explain          what each prediction rests on
  gradtape predict model.safetensors all.parquet --memory 2GB --out all.csv    in pieces
  gradtape predict model.safetensors photos/                    images, or one, as photo.jpg
  gradtape predict model.safetensors digits | head
  gradtape predict model.onnx new.csv                           of whatever tool wrote it
  producer | gradtape predict model.safetensors - --format json")]
pub(crate) struct Predict {
    /// The model file that `gradtape train` wrote, or an ONNX file (.onnx), whose inputs are columns of a table
    model: PathBuf,

    /// Built-in data, a table (- for standard input) in any format that is trained on, images in a file of NumPy (npz,
    /// npy), a folder of images or of IDX files, or an image
    data: String,

    /// CSV (text) or JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Write to a file, whole or not at all, instead of standard output
    #[arg(long, short, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,

    /// Columns of the data to print beside the predictions, with commas; row is the number of the row,
    /// counted from 1, unless a column is called so; file is the one of an image
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    with: Vec<String>,

    /// Only the rows that were held out in training, of the data that the model was trained on
    #[arg(long)]
    held_out: bool,

    /// Print bounds on both sides of each number, between which the true one is in this share of the
    /// cases, as the errors of the validation rows tell
    #[arg(long, value_name = "SHARE", value_parser = share)]
    interval: Option<f64>,

    /// Print how much each column adds to the number, or to the probability of the class, beginning with the mean answer
    /// to rows of the training, at most 50 of which the model file keeps; all together they are the prediction (in JSON
    /// `explanation`: a `base` for each row, and what each column `adds`)
    #[arg(long)]
    explain: bool,

    /// Refuse categories that were not trained on, and cells that are no numbers among numbers
    #[arg(long)]
    strict: bool,

    /// How much memory a table may take; CSV, JSON lines, Parquet, Feather and arrays of NumPy that take more are read in
    /// pieces [default: a quarter of what there is]
    #[arg(long, value_name = "SIZE", value_parser = Memory::from_str)]
    memory: Option<Memory>,

    #[command(flatten)]
    reading: ReadFlags,
}

impl Verb for Predict {
    fn run(mut self, output: &Output) -> Outcome {
        self.reading.most = self.memory.map(Memory::bytes);
        if let Some(path) = &self.output {
            interrupt::tidies();
            io::check_writable(path).map_err(Failure::usage)?;
            spare(&self.model, "the model", path)?;
        }
        #[cfg(feature = "onnx")]
        if is_onnx(&self.model) {
            present(&self.model)?;
            let text = onnx::predict(&self, &self.model, output)?;
            return self.told(&text, output);
        }
        let trained = Trained::load_for(&self.data, &self.model)?;
        let source = Source::of(&self.data)?;
        if let Some(path) = &self.output {
            source.spare(path)?;
        }
        let known = trained.settings.as_ref();
        if let Some(pieces) = Pieces::for_model(&source, &self.reading, known, self.memory)? {
            return self.in_pieces(&trained, &source, &pieces, output);
        }
        let (inputs, beside) = self.inputs(&source, &trained, output)?;
        let more = self.more(&trained, output)?;
        let predictions = self.predictions(&trained, &inputs, beside, &more)?;
        let text = match self.format {
            Format::Text => predictions.csv(true),
            Format::Json => predictions.json()?,
        };
        self.told(&text, output)
    }
}

impl Predict {
    /// Gives the answers out.
    fn told(&self, text: &str, output: &Output) -> Outcome {
        match &self.output {
            Some(path) => Ok(io::write_atomic(path, text.as_bytes())?),
            None => output.write(text),
        }
    }

    /// How far intervals reach to each side, if there are to be any.
    fn reach(&self, trained: &Trained) -> Outcome<Option<Reach>> {
        match (self.interval, trained.preprocessing.target()) {
            (Some(_), Target::Classes { .. }) => {
                Err(Failure::usage("--interval is for numbers; the model predicts a class"))
            }
            (Some(share), _) => Ok(Some(Residuals::reach(&trained.model, share)?)),
            (None, _) => Ok(None),
        }
    }

    /// What is told beside each prediction.
    fn more(&self, trained: &Trained, output: &Output) -> Outcome<More> {
        let reach = self.reach(trained)?;
        if !self.explain {
            return Ok(More { reach, begin: None });
        }
        let known = Reference::read(&trained.model, &trained.preprocessing)?;
        if known.is_none() {
            output.note(
                "note: the model file keeps no rows of the training for explanations to begin with: they begin with a row \
                 of means, of no category",
            );
        }
        let means = || Reference::of_means(trained.preprocessing.width());
        Ok(More { reach, begin: Some(known.unwrap_or_else(means)) })
    }

    /// What the model says of rows, between columns of the data and what else was asked for.
    fn predictions(
        &self,
        trained: &Trained,
        inputs: &Tensor,
        beside: Vec<Beside>,
        more: &More,
    ) -> Outcome<Predictions> {
        let outputs = trained.outputs(inputs)?;
        let answers = trained.answers(&outputs)?;
        let interval = match (more.reach.zip(self.interval), &answers) {
            (Some((reach, share)), Answers::Numbers(numbers)) => {
                let bounds = interval::bounds(&trained.preprocessing, &outputs, numbers, reach)?;
                let [low, high] = bounds.map(|all| all.into_iter().map(Number).collect());
                Some(Interval { share, low, high })
            }
            _ => None,
        };
        let explanation = match &more.begin {
            Some(begin) => Some(explained(trained, inputs, begin, &answers)?),
            None => None,
        };
        let own = trained.preprocessing.target().column().to_string();
        // Beside the column itself the prediction has a name of its own.
        let target = match beside.iter().any(|column| column.name == own) {
            true => format!("predicted_{own}"),
            false => own.clone(),
        };
        let classes = trained.preprocessing.classes().map(|classes| classes.names().to_vec());
        Ok(Predictions { with: beside, target, classes, answers, interval, explanation, own })
    }

    /// The inputs, and the columns beside the predictions.
    fn inputs(
        &self,
        source: &Source,
        trained: &Trained,
        output: &Output,
    ) -> Outcome<(Tensor, Vec<Beside>)> {
        let preprocessing = &trained.preprocessing;
        if let Source::Idx(folder) = source {
            source.check(&self.reading)?;
            if self.held_out {
                return Err(self.no_held_out(source, trained.settings.as_ref()));
            }
            let inputs = rows::images(folder, preprocessing)?;
            let count = inputs.shape()[0];
            return Ok((inputs, self.beside(None, None, &(0..count).collect::<Vec<usize>>())?));
        }
        if let Source::Images(path) = source {
            source.check(&self.reading)?;
            if self.held_out {
                return Err(self.no_held_out(source, trained.settings.as_ref()));
            }
            let images = read_images(path, &self.reading.images, trained.settings.as_ref())?;
            images.notes.iter().for_each(|note| output.note(format_args!("note: {note}")));
            let all: Vec<usize> = (0..images.files.len()).collect();
            let inputs = rows::of_images(path, &images.inputs, BYTES, preprocessing)?;
            return Ok((inputs, self.beside(None, Some(&images.files), &all)?));
        }
        if let (Source::Arrays(path), false) = (source, self.held_out) {
            source.check(&self.reading)?;
            let images = gradtape_files::read_array_images(path, true)?;
            images.notes.iter().for_each(|note| output.note(format_args!("note: {note}")));
            let inputs = rows::of_images(path, &images.inputs, images.scale, preprocessing)?;
            let all: Vec<usize> = (0..inputs.shape()[0]).collect();
            return Ok((inputs, self.beside(None, None, &all)?));
        }
        let mut content =
            source.read_following(&self.reading, trained.settings.as_ref(), trained.points())?;
        let (mut kept, mut held_out): (Option<Vec<usize>>, Option<Dataset>) = (None, None);
        let tests = match &content {
            Content::Table(table) if self.held_out => table.rows_for_tests(),
            _ => Vec::new(),
        };
        if let (Content::Table(table), [_, ..]) = (&content, &tests[..]) {
            content = Content::Table(table.rows(&tests)?);
            kept = Some(tests);
        } else if self.held_out {
            let settings = trained.settings.as_ref();
            let unknown = || self.no_held_out(source, settings);
            let known = settings.map(|settings| &settings.data).ok_or_else(unknown)?;
            let (answered, rows::Answered { rows: all, .. }) =
                rows::answered(content, preprocessing, settings)?;
            let (test, data) = match rows::held_out(known, &answered, preprocessing)? {
                Some(data) => ((0..all.len()).collect(), data),
                None => {
                    let (data, _) = rows::datasets(&answered, preprocessing)?;
                    if known.own_test || !rows::is_of(known, &answered, &data)? {
                        return Err(unknown());
                    }
                    let test = rows::parts(&answered, &data, preprocessing, known)?.test;
                    let data = data.rows(&test)?;
                    (test, data)
                }
            };
            if test.is_empty() {
                return Err(none_held_out());
            }
            content = match answered {
                Content::Table(table) => Content::Table(table.rows(&test)?),
                Content::Rows(mut rows) => {
                    rows.data = rows.data.rows(&test)?;
                    Content::Rows(rows)
                }
            };
            kept = Some(test.into_iter().map(|row| all[row]).collect());
            held_out = Some(data);
        }
        trained.note_filled(&content, self.strict, output)?;
        let inputs = match held_out {
            Some(data) => data.inputs().clone(),
            None => rows::inputs(&content, preprocessing)?,
        };
        let kept = kept.unwrap_or_else(|| (0..inputs.shape()[0]).collect());
        let table = match &content {
            Content::Table(table) => Some(table),
            Content::Rows(_) => None,
        };
        Ok((inputs, self.beside(table, None, &kept)?))
    }

    fn no_held_out(&self, source: &Source, settings: Option<&Settings>) -> Failure {
        let name = source.name();
        match settings.and_then(|settings| settings.data.tests.as_ref()) {
            Some(tests) => Failure::usage(format!(
                "--held-out: {name} is not the table whose rows were held out in training\n  hint: that was {} (--test)",
                tests.name
            )),
            None => Failure::usage(format!(
                "--held-out: {name} is not the table or the points that the model was trained on"
            )),
        }
    }

    /// The columns that were asked for, of rows that have these numbers, counted from 0.
    fn beside(
        &self,
        table: Option<&Table>,
        files: Option<&[String]>,
        rows: &[usize],
    ) -> Outcome<Vec<Beside>> {
        let column = |name: &String| {
            let numbers = || rows.iter().map(|row| (row + 1).to_string()).collect();
            let cells = match table.map(|table| table.column(name)) {
                Some(Ok(column)) => {
                    column.cells().map(|cell| cell.unwrap_or_default().to_string()).collect()
                }
                _ if name == "row" => numbers(),
                _ if let ("file", Some(files)) = (&**name, files) => files.to_vec(),
                Some(Err(error)) => return Err(Failure::usage(error)),
                None => {
                    let message = format!("--with {name}: the data is no table");
                    return Err(Failure::usage(message)
                        .note("hint: --with row prints the number of each row"));
                }
            };
            Ok(Beside { name: name.clone(), cells })
        };
        let with = match table {
            Some(table) => rejoined(&self.with, table),
            None => self.with.clone(),
        };
        match (&with[..], files) {
            ([], Some(_)) => [&"file".to_string()].into_iter().map(column).collect(),
            (with, _) => with.iter().map(column).collect(),
        }
    }
}

/// Where a model is asked for the rows that were held out, and none were.
fn none_held_out() -> Failure {
    Failure::failed("the model held out no row to predict")
        .note("hint: leave --held-out away to predict all rows")
}

/// What is told beside each prediction.
struct More {
    /// How far intervals reach.
    reach: Option<Reach>,
    /// What explanations begin with.
    begin: Option<Reference>,
}

/// A column of the data beside the predictions.
#[derive(Serialize)]
struct Beside {
    name: String,
    cells: Vec<String>,
}

struct Predictions {
    /// What was asked for beside them.
    with: Vec<Beside>,
    target: String,
    classes: Option<Vec<String>>,
    answers: Answers,
    interval: Option<Interval>,
    explanation: Option<Explanation>,
    /// What the column itself is called.
    own: String,
}

/// Predictions as JSON.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(skip_serializing_if = "<[Beside]>::is_empty")]
    with: &'a [Beside],
    #[serde(flatten)]
    answers: AnswerText<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'a Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
}

/// The bounds of the number of each row.
#[derive(Serialize)]
struct Interval {
    share: f64,
    low: Vec<Number>,
    high: Vec<Number>,
}

/// What each prediction rests on: of each row the numbers of all columns and the base add up to it.
#[derive(Serialize)]
struct Explanation {
    /// How many rows are begun with.
    rows: usize,
    /// The mean answer to these.
    base: Vec<Number>,
    columns: Vec<Added>,
}

/// What a column adds to the prediction of each row.
#[derive(Serialize)]
struct Added {
    column: String,
    adds: Vec<Number>,
}

impl Predictions {
    /// The columns of numbers after the predictions.
    fn after(&self) -> Vec<(String, &[Number])> {
        let mut all: Vec<(String, &[Number])> = Vec::new();
        if let Some(Interval { low, high, .. }) = &self.interval {
            all.push((format!("{}_low", self.own), low));
            all.push((format!("{}_high", self.own), high));
        }
        if let Some(Explanation { base, columns, .. }) = &self.explanation {
            all.push(("base".to_string(), base));
            all.extend(columns.iter().map(|own| (format!("by_{}", own.column), &own.adds[..])));
        }
        all
    }

    fn text(&self) -> AnswerText<'_> {
        self.answers.named(&self.target, self.classes.as_deref())
    }

    fn json(&self) -> Outcome<String> {
        let Predictions { with, interval, explanation, .. } = self;
        let (interval, explanation) = (interval.as_ref(), explanation.as_ref());
        json(&Json { with, answers: self.text(), interval, explanation })
    }

    /// As CSV, with a line of names or without.
    fn csv(&self, named: bool) -> String {
        let (answers, after) = (self.text(), self.after());
        let mut text = String::new();
        if named {
            for beside in &self.with {
                push_cell(&beside.name, &mut text);
                text += ",";
            }
            answers.push_names(&mut text);
            for (name, _) in &after {
                text += ",";
                push_cell(name, &mut text);
            }
            text += "\n";
        }
        for row in 0..answers.len() {
            for beside in &self.with {
                push_cell(&beside.cells[row], &mut text);
                text += ",";
            }
            answers.push_row(row, &mut text);
            for (_, values) in &after {
                text += ",";
                push_number(values[row].0, &mut text);
            }
            text += "\n";
        }
        text
    }
}

/// What columns add to each number, or to the probability of each chosen class.
fn explained(
    trained: &Trained,
    inputs: &Tensor,
    begin: &Reference,
    answers: &Answers,
) -> Outcome<Explanation> {
    let answer = |rows: &Tensor, number: usize| -> Outcome<Vec<f64>> {
        let of_rows = trained.answers(&trained.outputs(rows)?)?;
        Ok(match (of_rows, answers) {
            (Answers::Classes { probabilities, .. }, Answers::Classes { labels, .. }) => {
                let classes = trained.preprocessing.outputs();
                let shares = probabilities.to_f64_vec();
                shares.chunks_exact(classes).map(|row| row[labels[number]]).collect()
            }
            (Answers::Numbers(numbers), _) => numbers,
            // One model answers with one of both.
            (Answers::Classes { .. }, Answers::Numbers(_)) => Vec::new(),
        })
    };
    let Contributions { base, columns } =
        Contributions::of(inputs, &trained.preprocessing, begin.rows(), answer)?;
    let numbers = |values: Vec<f64>| values.into_iter().map(Number).collect();
    let columns = columns.into_iter();
    let columns = columns.map(|(column, values)| Added { column, adds: numbers(values) });
    let rows = begin.rows().len();
    Ok(Explanation { rows, base: numbers(base), columns: columns.collect() })
}

/// Reads a share between 0 and 1 for clap.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "a share above 0 and below 1, such as 0.9".to_string())
}
