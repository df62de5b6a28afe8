//! What is in an ONNX file.

use std::collections::BTreeMap;
use std::path::Path;

use gradtape_onnx::{Model, Network};
use serde::Serialize;

use crate::error::Outcome;
use crate::output::Output;
use crate::report::Format;

/// What an ONNX file tells: inputs, what it holds, its nodes and outputs.
pub(super) fn inspect(path: &Path, format: Format, output: &Output) -> Outcome {
    let model = Model::read(path)?;
    let missing = Network::new(model.clone()).err();
    match format {
        Format::Json => output.json(&Onnx {
            producer: model.producer(),
            opset: model.opset(),
            inputs: described(&model, model.inputs()),
            outputs: described(&model, model.outputs()),
            operators: model.operators().into_iter().collect(),
            notes: model.metadata().iter().cloned().collect(),
            runs: missing.is_none(),
        }),
        Format::Text => {
            output.line(model.to_string().trim_end())?;
            match missing {
                Some(error) => output.line(format_args!("cannot be run here: {error}")),
                None => Ok(()),
            }
        }
    }
}

/// What an ONNX file tells.
#[derive(Serialize)]
struct Onnx<'a> {
    producer: &'a str,
    opset: i64,
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    operators: BTreeMap<String, usize>,
    notes: BTreeMap<String, String>,
    /// Whether this program knows all of its operators.
    runs: bool,
}

/// Inputs or outputs by name, each with what the file says of it.
fn described(model: &Model, names: Vec<&str>) -> BTreeMap<String, String> {
    let about = |name: &str| model.about(name).unwrap_or_default().to_string();
    names.into_iter().map(|name| (name.to_string(), about(name))).collect()
}
