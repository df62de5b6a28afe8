//! Networks that are made: of words, of other layers, of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use gradtape::Kind;
use gradtape::io::{Model, SafeTensors};
use gradtape::nn::{Activation, Bidirectional, Layer, Merge, Parallel, Residual, Sequential};
use pyo3::prelude::*;

use super::layer::{PyLayer, drawn};
use crate::tape::{lifted, refused, wrong};

/// What `pickle` calls.
#[pyfunction]
pub(super) fn layer_from_bytes(py: Python<'_>, bytes: &[u8], network: bool) -> PyResult<PyLayer> {
    let read = lifted(py, SafeTensors::from_bytes(bytes).and_then(Model::from_safetensors))?;
    let whole = PyLayer::of_model(read);
    if network { Ok(whole) } else { whole.__getitem__(0) }
}

/// Writes a network to a model file, which the program `gradtape` reads too.
#[pyfunction]
#[pyo3(signature = (network, path, labels=None, notes=None))]
pub(super) fn save_model(
    py: Python<'_>,
    network: &Bound<'_, PyLayer>,
    path: std::path::PathBuf,
    labels: Option<Vec<String>>,
    notes: Option<BTreeMap<String, String>>,
) -> PyResult<()> {
    let mut model = network.get().model();
    if let Some(labels) = labels {
        model.labels = labels;
    }
    if let Some(notes) = notes {
        model.notes.extend(notes);
    }
    lifted(py, py.detach(|| model.save(path)))
}

/// Reads a network from a model file.
#[pyfunction]
pub(super) fn load_model(py: Python<'_>, path: std::path::PathBuf) -> PyResult<PyLayer> {
    lifted(py, py.detach(|| Model::load(path))).map(PyLayer::of_model)
}

/// Linear layers between widths, with an activation and perhaps a dropout behind each but the last.
#[pyfunction]
#[pyo3(signature = (sizes, activation="relu", dropout=0.0, seed=None))]
pub(super) fn mlp(
    py: Python<'_>,
    sizes: Vec<usize>,
    activation: &str,
    dropout: f64,
    seed: Option<u64>,
) -> PyResult<PyLayer> {
    let known = Activation::ALL.into_iter().find(|known| known.name() == activation);
    let Some(known) = known else {
        let names: Vec<&str> = Activation::ALL.into_iter().map(Activation::name).collect();
        let hint = match gradtape::nearest(activation, names.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("there are {}", names.join(", ")),
        };
        return Err(refused(
            py,
            Kind::Value,
            format!("there is no activation {activation:?}"),
            &hint,
        ));
    };
    let network = drawn(seed, |rng| Sequential::mlp(&sizes, known, dropout, rng));
    lifted(py, network).map(PyLayer::of_network)
}

/// A layer of a kind that holds others, which are these.
pub(super) fn holding(py: Python<'_>, spec: &str, parts: &[Arc<dyn Layer>]) -> PyResult<PyLayer> {
    let spec: serde_json::Value =
        serde_json::from_str(spec).map_err(|error| unreadable(py, &error.to_string()))?;
    let all = || parts.iter().cloned();
    Ok(match (spec["layer"].as_str(), parts) {
        (Some("sequential"), _) => {
            PyLayer::of_network(all().fold(Sequential::new(), Sequential::add))
        }
        (Some("residual"), [inner]) => PyLayer::of(Arc::new(Residual::new(inner.clone()))),
        (Some("residual"), [inner, shortcut]) => {
            let residual = Residual::new(inner.clone()).with_shortcut(shortcut.clone());
            PyLayer::of(Arc::new(residual))
        }
        (Some("parallel"), _) => {
            let merge: Merge = serde_json::from_value(spec["merge"].clone())
                .map_err(|error| unreadable(py, &error.to_string()))?;
            PyLayer::of(Arc::new(all().fold(Parallel::new(merge), Parallel::add)))
        }
        (Some("bidirectional"), [forward, backward]) => {
            PyLayer::of(Arc::new(Bidirectional::new(forward.clone(), backward.clone())))
        }
        (kind, parts) => {
            return Err(wrong(
                format!("{} layers inside of {kind:?}", parts.len()),
                "sequential and parallel hold any number of layers, residual one or two, bidirectional two",
            ));
        }
    })
}

pub(super) fn unreadable(py: Python<'_>, error: &str) -> PyErr {
    // Of JSON that this package writes, line and column tell users nothing.
    let message = error.rsplit_once(" at line ").map_or(error, |(message, _)| message);
    refused(
        py,
        Kind::Model,
        format!("the layer cannot be built: {message}"),
        "gradtape.nn.LAYERS has the arguments of each kind",
    )
}
