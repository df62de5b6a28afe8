//! What is in an ONNX file.

use std::collections::BTreeMap;
use std::path::Path;

use gradtape_onnx::{Model, Network, Shown};
use serde::Serialize;

use super::Form;
use crate::error::Outcome;
use crate::output::Output;

/// What an ONNX file tells: inputs, what it holds, its nodes and outputs.
pub(super) fn inspect(path: &Path, format: Form, output: &Output) -> Outcome {
    let model = Model::read(path)?;
    let (types, missing) = match Network::new(model.clone()) {
        Ok(network) => (network.types(), None),
        Err(error) => (BTreeMap::new(), Some(error)),
    };
    match format {
        Form::Dot => output.line(model.dot(&types).trim_end()),
        Form::Json => output.json(&Onnx {
            producer: model.producer(),
            opset: model.opset(),
            inputs: described(&model, model.inputs()),
            outputs: described(&model, model.outputs()),
            operators: model.operators().into_iter().collect(),
            nodes: model.nodes(&types).into_iter().map(Node::of).collect(),
            notes: model.metadata().iter().cloned().collect(),
            runs: missing.is_none(),
        }),
        Form::Text => {
            output.line(model.show(&types).trim_end())?;
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
    nodes: Vec<Node>,
    notes: BTreeMap<String, String>,
    /// Whether this program knows all of its operators.
    runs: bool,
}

/// A node of the graph, or of a branch or a body within it.
#[derive(Serialize)]
struct Node {
    op: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    /// What its outputs are, as far as it is known.
    types: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bodies: BTreeMap<String, Vec<Node>>,
}

impl Node {
    fn of(shown: Shown) -> Node {
        let bodies = shown.bodies.into_iter();
        Node {
            op: shown.op,
            inputs: shown.inputs,
            outputs: shown.outputs.iter().map(|(name, _)| name.clone()).collect(),
            types: shown
                .outputs
                .into_iter()
                .filter_map(|(name, kind)| Some((name, kind?)))
                .collect(),
            attributes: shown.attributes.into_iter().collect(),
            bodies: bodies
                .map(|(name, nodes)| (name, nodes.into_iter().map(Node::of).collect()))
                .collect(),
        }
    }
}

/// Inputs or outputs by name, each with what the file says of it.
fn described(model: &Model, names: Vec<&str>) -> BTreeMap<String, String> {
    let about = |name: &str| model.about(name).unwrap_or_default().to_string();
    names.into_iter().map(|name| (name.to_string(), about(name))).collect()
}
