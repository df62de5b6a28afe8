//! [`Parts`]: what a network of Python consists of, as a module of the library.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use gradtape::io::Checkpoint;
use gradtape::nn::{Layer, Module, Visitor};
use gradtape::{Parameter, io};
use pyo3::prelude::*;

use super::layer::PyLayer;
use super::optimizer::PyOptimizer;
use crate::tape::array::shortened;
use crate::tape::{PyParameter, lifted, wrong};

/// Names what is done with them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for function in [
        wrap_pyfunction!(save_parameters, module)?,
        wrap_pyfunction!(load_parameters, module)?,
        wrap_pyfunction!(save_checkpoint, module)?,
        wrap_pyfunction!(load_checkpoint, module)?,
        wrap_pyfunction!(summary_of, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

/// Layers and parameters by their paths.
pub(super) struct Parts(Vec<(String, Part)>);

enum Part {
    Layer(Arc<dyn Layer>),
    Parameter(Parameter),
}

/// As Python lists them.
pub(super) type Listed<'py> = Vec<(String, Bound<'py, PyAny>)>;

impl Parts {
    pub(super) fn of(listed: &Listed<'_>) -> PyResult<Parts> {
        let part = |(path, object): &(String, Bound<'_, PyAny>)| {
            if let Ok(layer) = object.cast::<PyLayer>() {
                return Ok((path.clone(), Part::Layer(layer.get().layer.clone())));
            }
            if let Ok(parameter) = object.cast::<PyParameter>() {
                return Ok((path.clone(), Part::Parameter(parameter.get().0.share())));
            }
            let message = format!("{} has no parameters", shortened(object));
            Err(wrong(message, "give a layer, a network, a parameter, or a list of them"))
        };
        listed.iter().map(part).collect::<PyResult<_>>().map(Parts)
    }

    /// The layer that is all of it.
    pub(super) fn layer(&self) -> Option<&dyn Layer> {
        match &self.0[..] {
            [(path, Part::Layer(layer))] if path.is_empty() => Some(&**layer),
            _ => None,
        }
    }
}

impl Module for Parts {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (path, part) in &self.0 {
            let part: &dyn Module = match part {
                Part::Layer(layer) => layer,
                Part::Parameter(parameter) => parameter,
            };
            match path.is_empty() {
                true => part.visit(visitor),
                false => visitor.child(path, part),
            }
        }
    }

    fn kind(&self) -> String {
        "network".into()
    }
}

/// Writes parameters and buffers to a safetensors file.
#[pyfunction]
fn save_parameters(py: Python<'_>, parts: Listed<'_>, path: PathBuf) -> PyResult<()> {
    let parts = Parts::of(&parts)?;
    lifted(py, py.detach(|| io::save(&parts, path)))
}

/// Reads parameters and buffers from a safetensors file, by name.
#[pyfunction]
fn load_parameters(py: Python<'_>, parts: Listed<'_>, path: PathBuf) -> PyResult<()> {
    let parts = Parts::of(&parts)?;
    lifted(py, py.detach(|| io::load(&parts, path)))
}

/// Writes what a training has come to: parameters, the optimiser's state, and notes.
#[pyfunction]
#[pyo3(signature = (parts, optimizer, path, notes=None))]
fn save_checkpoint(
    py: Python<'_>,
    parts: Listed<'_>,
    optimizer: &Bound<'_, PyOptimizer>,
    path: PathBuf,
    notes: Option<BTreeMap<String, String>>,
) -> PyResult<()> {
    let (parts, optimizer) = (Parts::of(&parts)?, optimizer.get());
    let saved = py.detach(|| {
        let mut checkpoint = Checkpoint::new(&parts, &*optimizer.inner)?;
        checkpoint.notes.extend(notes.unwrap_or_default());
        checkpoint.save(path)
    });
    lifted(py, saved)
}

/// Goes on where a checkpoint was saved; gives its notes.
#[pyfunction]
fn load_checkpoint(
    py: Python<'_>,
    parts: Listed<'_>,
    optimizer: &Bound<'_, PyOptimizer>,
    path: PathBuf,
) -> PyResult<BTreeMap<String, String>> {
    let (parts, optimizer) = (Parts::of(&parts)?, optimizer.get());
    let loaded = py.detach(|| {
        let checkpoint = Checkpoint::load(path)?;
        checkpoint.restore(&parts, &*optimizer.inner)?;
        Ok(checkpoint.notes)
    });
    lifted(py, loaded)
}

/// A table of layers with their shapes and numbers of parameters.
#[pyfunction]
fn summary_of(parts: Listed<'_>) -> PyResult<String> {
    Ok(gradtape::nn::summary(&Parts::of(&parts)?).to_string())
}
