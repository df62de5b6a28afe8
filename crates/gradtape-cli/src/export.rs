//! `gradtape export`: a model file as an ONNX file, for other programs.

use std::path::PathBuf;

use clap::Args;
use gradtape::data::Preprocessing;
use gradtape::io;
use gradtape::nn::LayerSpec;
use gradtape::{DType, Error};
use gradtape_onnx as onnx;
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::model::read_for;
use crate::output::Output;
use crate::report::Format;
use crate::text::{self, TextModel};

/// Write a model as an ONNX file, which other programs run
///
/// What is done to the columns, the network, and what its answers mean are one graph with a batch of any size. Where all
/// columns are numbers it has one input, `input`, [batch, columns] of f32; otherwise each column is an input of its name,
/// [batch, 1], categories as texts. Its results are `label` and `probabilities`, or `prediction`.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape export model.safetensors --out model.onnx
  gradtape export model.safetensors --out model.onnx --opset 21")]
pub(crate) struct Export {
    /// The model file that `gradtape train` wrote
    model: PathBuf,

    /// The ONNX file (.onnx)
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// The version of ONNX's operators, 19 to 23
    #[arg(long, value_name = "N", default_value_t = 19)]
    opset: i64,

    /// The shape of one example, as in 3,32,32, of a model that a program of its own saved
    #[arg(long, value_name = "SIZES", value_delimiter = ',')]
    shape: Vec<usize>,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was written.
#[derive(Serialize)]
struct Written {
    out: String,
    bytes: usize,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

impl Verb for Export {
    fn run(self, output: &Output) -> Outcome {
        if self.out.extension().is_none_or(|ending| ending != "onnx") {
            return Err(Failure::usage(format!(
                "--out {}: an ONNX file ends in .onnx",
                self.out.display()
            )));
        }
        let in_file = |error: Error| error.context(self.model.display());
        let export = onnx::Export::new().opset(self.opset)?;
        let model = read_for("", &self.model)?;
        let bytes = match &model.preprocessing {
            Some(_) if !self.shape.is_empty() => {
                return Err(Failure::usage("--shape: the model says itself what its inputs are"));
            }
            Some(prepared) => {
                let prepared = Preprocessing::from_json(prepared).map_err(in_file)?;
                export.table(&model.network, &prepared).map_err(in_file)?
            }
            None => {
                let (shape, dtype) = match TextModel::vocabulary(&model)? {
                    Some(_) => (vec![self.context(&model.network.specs()?)?], DType::I64),
                    None => (self.shape_of(&model.network.specs()?)?, DType::F32),
                };
                // Without it nobody can tell which letters the numbers stand for.
                let export = match model.notes.get(text::NOTE) {
                    Some(vocabulary) => export.note(text::NOTE, vocabulary),
                    None => export,
                };
                export.network_of(&model.network, &shape, dtype).map_err(in_file)?
            }
        };
        // What is written is read once: a file that cannot be used is not left behind.
        let read = onnx::Model::from_bytes(&bytes)?;
        let named = |names: Vec<&str>| -> Vec<String> {
            let about = |name: &str| read.about(name).unwrap_or_default().to_string();
            names.into_iter().map(|name| format!("{name}: {}", about(name))).collect()
        };
        let (inputs, outputs) = (named(read.inputs()), named(read.outputs()));
        io::write_atomic(&self.out, &bytes)?;
        let out = self.out.display().to_string();
        match self.format {
            Format::Json => output.json(&Written { out, bytes: bytes.len(), inputs, outputs }),
            Format::Text => {
                output.line(format_args!("{out} ({} kB)", bytes.len().div_ceil(1000)))?;
                inputs.iter().try_for_each(|input| output.line(format_args!("input   {input}")))?;
                outputs.iter().try_for_each(|result| output.line(format_args!("output  {result}")))
            }
        }
    }
}

impl Export {
    /// How many tokens a model of texts looks at.
    fn context(&self, specs: &[LayerSpec]) -> Outcome<usize> {
        let of = |spec: &LayerSpec| match spec {
            LayerSpec::CausalTransformer(own) => Some(own.places),
            _ => None,
        };
        match (specs.iter().find_map(of), &self.shape[..]) {
            (_, &[length]) => Ok(length),
            (Some(context), []) => Ok(context),
            _ => Err(Failure::usage(
                "--shape: a model of texts takes one size, the number of tokens",
            )),
        }
    }

    /// The shape of an example: as it is given, or the width of a first linear layer.
    fn shape_of(&self, specs: &[LayerSpec]) -> Outcome<Vec<usize>> {
        match (specs.first(), &self.shape[..]) {
            (Some(LayerSpec::Linear(own)), []) => Ok(vec![own.inputs]),
            (_, []) => Err(Failure::usage(format!(
                "{}: the model does not say what its inputs are\n  hint: --shape 3,32,32 gives the sizes of one example",
                self.model.display()
            ))),
            (_, shape) => Ok(shape.to_vec()),
        }
    }
}
