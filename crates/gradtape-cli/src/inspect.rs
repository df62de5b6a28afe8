//! `gradtape inspect`: what is in a model file.

#[cfg(feature = "onnx")]
mod onnx;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gradtape::data::{Categories, Feature, Part, Preprocessing, Target, Transform};
use gradtape::io::{self, Model, SafeTensors};
use gradtape::nn::{LayerSpec, Module, Summary, summary, summary_with};
use gradtape::{DType, Tensor};
use serde::Serialize;
use serde_json::Value;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::interval;
use crate::measure::short;
#[cfg(feature = "onnx")]
use crate::model::is_onnx;
use crate::model::tensors;
use crate::output::Output;
use crate::reference::{self, Reference};
use crate::report::{Align, Table, of, thousands};
use crate::settings::{self, Counts, Course, DataSettings, Run, Settings, TestTable};
use crate::source::present;
use crate::text::{self, TextModel};

/// Show the layers, preprocessing and training settings of a model file
///
/// Of each layer its parameters and the shape of what it gives for one row. Of a file that another program wrote, the tensors
/// and notes; of an ONNX file the graph. Of the training: data and how its
/// rows were divided, hyperparameters, how many epochs were run, why it ended and which epoch's
/// weights were kept.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape inspect model.safetensors
  gradtape inspect model.safetensors --format json
  gradtape inspect model.onnx
  gradtape inspect model.onnx --format dot | dot -Tsvg > model.svg")]
pub(crate) struct Inspect {
    /// The model file, in the safetensors format, or an ONNX file (.onnx)
    model: PathBuf,

    /// The shape of one example, as in 3,32,32, of a model that a program of its own saved, for the shapes that layers give
    #[arg(long, value_name = "SIZES", value_delimiter = ',')]
    shape: Vec<usize>,

    /// For people, for programs, or the graph of an ONNX file for Graphviz
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Text,
    Json,
    Dot,
}

impl Verb for Inspect {
    fn run(self, output: &Output) -> Outcome {
        present(&self.model)?;
        #[cfg(feature = "onnx")]
        if is_onnx(&self.model) {
            self.needs_network("an ONNX file says itself what each of its nodes gives")?;
            return onnx::inspect(&self.model, self.format, output);
        }
        if self.format == Form::Dot {
            return Err(Failure::usage(
                "--format dot is for the graph of an ONNX file\n  hint: `gradtape export` writes one of a model",
            ));
        }
        let file = io::read_safetensors(&self.model)?;
        if !file.metadata.contains_key(Model::ARCHITECTURE) {
            self.needs_network("the file has tensors, and no network that gives something")?;
            return self.tensors(&file, output);
        }
        let in_file = |error: gradtape::Error| error.context(self.model.display());
        let model = Model::from_safetensors(file).map_err(in_file)?;
        let read = |text: &String| Preprocessing::from_json(text).map_err(in_file);
        let preprocessing = model.preprocessing.as_ref().map(read).transpose()?;
        let settings = Settings::read(model.notes.get(settings::NOTE));
        let layers = self.layers(&model, preprocessing.as_ref())?;
        match self.format {
            Form::Json => output.json(&json(&model, &layers, preprocessing.as_ref(), settings)?),
            Form::Text | Form::Dot => {
                output.line(output.bold("network"))?;
                output.line(layers)?;
                if let Some(preprocessing) = &preprocessing {
                    print_preprocessing(preprocessing, output)?;
                    if let Some(kept) = Reference::read(&model, preprocessing)? {
                        let rows = of(kept.rows().len(), "row");
                        output.line(format!("explanations begin with {rows} of the training"))?;
                    }
                }
                if let Some(written) = TextModel::vocabulary(&model)? {
                    let vocabulary = text::described(&written);
                    output
                        .line(format!("\n{}\n{vocabulary}", output.bold("goes on with texts")))?;
                }
                if let Some(settings) = &settings {
                    output.line(format!("\n{}", output.bold("training")))?;
                    output.line(training(settings))?;
                }
                print_notes(other_notes(&model), output)
            }
        }
    }
}

impl Inspect {
    /// Fails where a shape is given and there is nothing to give it to.
    fn needs_network(&self, why: &str) -> Outcome {
        match self.shape[..] {
            [] => Ok(()),
            _ => Err(Failure::usage(format!(
                "--shape {}: {why}\n  hint: leave it out",
                words(&self.shape)
            ))),
        }
    }

    /// The layers, with what each gives for an example where the model or the user says what that is.
    fn layers(&self, model: &Model, preprocessing: Option<&Preprocessing>) -> Outcome<Summary> {
        let specs = model.network.specs()?;
        let first = specs.first();
        let known = match (first, preprocessing) {
            (_, Some(own)) => Some(vec![own.width()]),
            (Some(LayerSpec::CausalTransformer(own)), None) => Some(vec![own.places]),
            (Some(LayerSpec::Linear(own)), None) => Some(vec![own.inputs]),
            _ => None,
        };
        if preprocessing.is_some() && !self.shape.is_empty() {
            return Err(Failure::usage(format!(
                "--shape {}: the model says itself that its inputs are {}\n  hint: leave it out",
                words(&self.shape),
                of(preprocessing.map_or(0, Preprocessing::width), "number")
            )));
        }
        let told = !self.shape.is_empty();
        let Some(shape) = (if told { Some(self.shape.clone()) } else { known }) else {
            return Ok(summary(&model.network));
        };
        let info = |spec: &LayerSpec| {
            let json = serde_json::to_value(spec).ok()?;
            LayerSpec::TABLE.iter().find(|info| json["layer"] == info.tag())
        };
        let whole = first.and_then(info).is_some_and(|info| info.input.starts_with("i64"));
        let own = model.network.parameters().first().map_or(DType::F32, |own| own.value().dtype());
        let dtype = if whole { DType::I64 } else { own };
        // Zeros of any shape take no memory as long as nobody reads them.
        let shape = [vec![1], shape].concat();
        // The line that errors name is the user's.
        let line = format!("--shape {}", words(&self.shape)).into();
        let outputs = summary_with(&model.network, |tape| {
            let _line = tape.told(&line);
            model.network.forward(tape.constant(Tensor::zeros((), dtype)).broadcast_to(shape))
        });
        match outputs {
            Ok(outputs) => Ok(outputs),
            Err(error) if told => Err(error.into()),
            // What does not fit is told by those who use the model.
            Err(_) => Ok(summary(&model.network)),
        }
    }

    /// What a file tells that holds tensors and no network.
    fn tensors(&self, file: &SafeTensors, output: &Output) -> Outcome {
        let numbers: usize = file.tensors.iter().map(|(_, tensor)| tensor.elements()).sum();
        let tensors = || {
            file.tensors.iter().map(|(name, tensor)| Parameter {
                name: name.clone(),
                dtype: tensor.dtype().to_string(),
                shape: tensor.shape().to_vec(),
            })
        };
        match self.format {
            Form::Json => output.json(&Tensors {
                parameters: numbers,
                tensors: tensors().collect(),
                notes: &file.metadata,
            }),
            Form::Text | Form::Dot => {
                output.line(output.bold("tensors, without a network that they belong to"))?;
                let columns = ["name", "type", "shape"].map(|name| (name, Align::Left));
                let mut table = Table::new(columns.into_iter().chain([("count", Align::Right)]));
                for (Parameter { name, dtype, shape }, (_, tensor)) in tensors().zip(&file.tensors)
                {
                    let count = thousands(tensor.elements());
                    table.row([name, dtype, format!("{shape:?}"), count]);
                }
                table.row(["", "total", "", &thousands(numbers)]);
                output.line(table)?;
                print_notes(file.metadata.iter(), output)
            }
        }
    }
}

/// The notes of a model but for the settings of its training and its vocabulary.
fn other_notes(model: &Model) -> impl Iterator<Item = (&String, &String)> {
    let shown =
        |name: &str| ![settings::NOTE, text::NOTE, interval::NOTE, reference::NOTE].contains(&name);
    model.notes.iter().filter(move |(name, _)| shown(name))
}

fn print_notes<'a>(
    notes: impl Iterator<Item = (&'a String, &'a String)>,
    output: &Output,
) -> Outcome {
    for (number, (name, text)) in notes.enumerate() {
        if number == 0 {
            output.line(format!("\n{}", output.bold("notes")))?;
        }
        output.line(format!("{name}: {text}"))?;
    }
    Ok(())
}

/// More columns with the same treatment are shown as one line.
const MOST_COLUMNS: usize = 40;

fn print_preprocessing(preprocessing: &Preprocessing, output: &Output) -> Outcome {
    let features = preprocessing.features();
    let heading = format!(
        "inputs: {} of data, {} for the network",
        of(features.len(), "column"),
        of(preprocessing.width(), "number")
    );
    output.line(format!("\n{}", output.bold(heading)))?;
    let written = |column: &str| {
        preprocessing.written_as(column).map_or(String::new(), |how| format!("; {how}"))
    };
    let treatment = |feature: &Feature| match feature {
        Feature::Number { column, mean, scale, missing } => {
            let drawn_in = if preprocessing.draws_in(column) { ", drawn in by asinh" } else { "" };
            let number = standardised(*mean, *scale);
            format!("{number}{drawn_in}{}{}", written(column), or_missing(*missing))
        }
        Feature::Category { categories, missing, .. } => {
            format!("one of {}{}", names(categories), or_missing(*missing))
        }
        Feature::Time { column, parts, missing, .. } => {
            let parts: Vec<&str> = parts.iter().map(|part| named(*part)).collect();
            let parts = parts.join(", ");
            format!("a date: {parts}{}{}", written(column), or_missing(*missing))
        }
        Feature::Words { places, .. } => {
            format!("a text: {} hashed words", thousands(places.len()))
        }
    };
    match features {
        [first, .., last]
            if features.len() > MOST_COLUMNS
                && features.iter().all(|feature| treatment(feature) == treatment(first)) =>
        {
            let (from, to) = (first.column(), last.column());
            output.line(format!("{from} to {to}  {}", treatment(first)))?;
        }
        _ => {
            let mut table = Table::new([("column", Align::Left), ("prepared as", Align::Left)]);
            for feature in features {
                table.row([feature.column().to_string(), treatment(feature)]);
            }
            output.line(table)?;
        }
    }
    for note in preprocessing.notes() {
        output.line(format!("note: {note}"))?;
    }
    let target = match preprocessing.target() {
        Target::Classes { column, classes, .. } => {
            format!("{column}, one of {}: {}", of(classes.len(), "class"), names(classes))
        }
        Target::Number { column, mean, scale, transform, .. } => {
            let value = match *transform {
                Transform::None => "value".to_string(),
                Transform::Log { unit, .. } => format!("log(1 + value / {})", short(unit)),
                Transform::Asinh { middle, unit, .. } => {
                    format!("asinh((value - {}) / {})", short(middle), short(unit))
                }
            };
            let gives = standardised(*mean, *scale).replace("value", &value);
            format!("{column}, a number; the network gives {gives}{}", written(column))
        }
    };
    output.line(format!("\n{}\n{target}", output.bold("predicts")))
}

fn or_missing(missing: bool) -> &'static str {
    if missing { "; or missing" } else { "" }
}

fn named(part: Part) -> &'static str {
    match part {
        Part::Elapsed { .. } => "time elapsed",
        Part::Year { .. } => "year",
        Part::Month => "month",
        Part::Weekday => "day of the week",
        Part::Hour => "time of the day",
    }
}

fn standardised(mean: f64, scale: f64) -> String {
    match mean == 0.0 {
        true => format!("value / {}", short(scale)),
        false => format!("(value - {}) / {}", short(mean), short(scale)),
    }
}

/// More names are left out.
const MOST_NAMES: usize = 30;

fn names(categories: &Categories) -> String {
    let names = categories.names();
    let quoted = names.iter().take(MOST_NAMES).map(|name| format!("{name:?}"));
    let shown = quoted.collect::<Vec<_>>().join(", ");
    match names.len() - names.len().min(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {} more", thousands(more)),
    }
}

fn training(settings: &Settings) -> Table {
    let mut table = Table::new([("setting", Align::Left), ("value", Align::Left)]);
    rows(settings).into_iter().for_each(|row| table.row(row));
    table
}

/// The settings by name, for people.
pub(crate) fn rows(settings: &Settings) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: &str| rows.push([name.to_string(), value.to_string()]);
    let sizes: Vec<String> = settings.hidden.iter().map(usize::to_string).collect();
    let hidden = sizes.join(",");
    let data = &settings.data;
    row("data", &data.name);
    if let Some(samples) = data.samples {
        row("samples", &thousands(samples));
    }
    if let Some(noise) = data.noise {
        row("noise", &noise.to_string());
    }
    row("held out", &held_out(data));
    if let Some(split) = &data.split {
        row("split", split);
    }
    if let Some(Counts { train, validation, test }) = data.rows {
        let [train, validation, test] = [train, validation, test].map(thousands);
        let rows = format!("{train} to train, {validation} to validate, {test} held out");
        row("rows", &rows);
    }
    match &settings.network {
        Some(network) => {
            row("network", network);
        }
        None => {
            row("hidden", if sizes.is_empty() { "none" } else { &hidden });
            row("activation", &settings.activation);
        }
    }
    if settings.normalize {
        row("images", "standardised by channel");
    }
    if let Some(augment) = &settings.augment {
        row("augment", augment);
    }
    if let Some(members) = settings.members {
        row("members", &members.to_string());
    }
    row("dropout", &settings.dropout.to_string());
    row("optimizer", &settings.optimizer);
    for (name, value) in &settings.hyperparameters {
        row(name, value);
    }
    if let Some(images) = &settings.data.images {
        row("images", &images.to_string());
    }
    if let Some(precision) = &settings.precision {
        row("precision", precision);
    }
    if let Some(schedule) = &settings.schedule {
        row("schedule", schedule);
    }
    row("batch", &settings.batch.to_string());
    row("epochs", &epochs(settings));
    if let Some(steps) = settings.steps {
        row("steps", &format!("at most {}", thousands(steps)));
    }
    row("seed", &settings.seed.to_string());
    rows
}

fn held_out(data: &DataSettings) -> String {
    if let Some(TestTable { name, fingerprint }) = &data.tests {
        let test = data.rows.map_or(String::new(), |rows| of(rows.test, "row"));
        return format!(
            "{test} of {name} (--test, fingerprint {fingerprint}); a share of {} of the others for validation",
            data.validation
        );
    }
    if let (Some(_), Some(rows)) = (data.dealt, data.rows) {
        let [test, validation] = [rows.test, rows.validation].map(thousands);
        let how = match data.dealt.and_then(|deal| deal.measured) {
            Some(_) => "",
            None => ", chosen one by one",
        };
        return format!("{test} rows for test, {validation} for validation{how}");
    }
    match (data.own_test, data.rows) {
        (true, _) => {
            format!("own test files; a share of {} of the others for validation", data.validation)
        }
        // Earlier versions did not say whether there were such files.
        (false, None) => format!(
            "shares of {} for test (unless the data has its own), {} for validation",
            data.test, data.validation
        ),
        (false, Some(_)) => {
            format!("shares of {} for test, {} for validation", data.test, data.validation)
        }
    }
}

fn epochs(settings: &Settings) -> String {
    let Some(Course { epochs_run, kept_epoch, ended, networks }) = &settings.course else {
        return format!("{} asked for", thousands(settings.epochs));
    };
    let [run, asked] = [*epochs_run, settings.epochs].map(thousands);
    if !networks.is_empty() {
        let listed = |of: fn(&Run) -> usize| {
            networks.iter().map(|run| thousands(of(run))).collect::<Vec<_>>().join(", ")
        };
        let (run, kept) = (listed(|run| run.epochs), listed(|run| run.kept_epoch));
        return format!("{run} of {asked}; the weights are those after epochs {kept}");
    }
    let weights = match kept_epoch == epochs_run {
        true => String::new(),
        false => format!("; the weights are those after epoch {}", thousands(*kept_epoch)),
    };
    format!("{run} of {asked}, {ended}{weights}")
}

/// As in `3,32,32`.
fn words(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[derive(Serialize)]
struct Contents {
    parameters: usize,
    layers: Vec<Layer>,
    preprocessing: Option<Value>,
    labels: Vec<String>,
    training: Option<Settings>,
    notes: Value,
}

/// A file without a network.
#[derive(Serialize)]
struct Tensors<'a> {
    parameters: usize,
    tensors: Vec<Parameter>,
    notes: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Layer {
    name: String,
    layer: String,
    /// The shapes of what it gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Vec<usize>>,
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buffers: Vec<Parameter>,
}

#[derive(Serialize)]
struct Parameter {
    name: String,
    dtype: String,
    shape: Vec<usize>,
}

fn json(
    model: &Model,
    layers: &Summary,
    preprocessing: Option<&Preprocessing>,
    training: Option<Settings>,
) -> Outcome<Contents> {
    let values: Vec<_> = tensors(&model.network).collect();
    let layer = |row: &gradtape::nn::SummaryRow| {
        let of = |(name, shape): &(String, gradtape::Shape)| {
            let path = format!("{}.{name}", row.path);
            let found = values.iter().find(|(other, _)| *other == path);
            let dtype = found.map_or(String::new(), |(_, value)| value.dtype().to_string());
            Parameter { name: path, dtype, shape: shape.to_vec() }
        };
        let [parameters, buffers] =
            [&row.parameters, &row.buffers].map(|own| own.iter().map(of).collect());
        let outputs = row.outputs.iter().map(|shape| shape.to_vec()).collect();
        Layer { name: row.path.clone(), layer: row.kind.clone(), outputs, parameters, buffers }
    };
    let preprocessing = match preprocessing {
        Some(known) => Some(serde_json::to_value(known).map_err(Failure::failed)?),
        None => None,
    };
    let others = other_notes(model);
    Ok(Contents {
        parameters: model.network.parameter_count(),
        layers: layers.rows().iter().map(layer).collect(),
        preprocessing,
        labels: model.labels.clone(),
        training,
        notes: others.map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect(),
    })
}
