//! What there is: the tables of layers and optimisers, and the data that come with the library.

use gradtape::nn::LayerSpec;
use gradtape::optim::{HyperValue, OPTIMIZERS, Schedule};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{layer, made};
use crate::tape::array::numpy_of;

/// Names them in the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("LAYERS", layers(py)?)?;
    module.add("OPTIMIZERS", optimizers(py)?)?;
    module.add("SCHEDULES", Schedule::NAMES.to_vec())?;
    for function in [
        wrap_pyfunction!(layer::seed, module)?,
        wrap_pyfunction!(made::layer_from_bytes, module)?,
        wrap_pyfunction!(made::save_model, module)?,
        wrap_pyfunction!(made::load_model, module)?,
        wrap_pyfunction!(made::mlp, module)?,
        wrap_pyfunction!(layer_samples, module)?,
        wrap_pyfunction!(data, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

/// The kinds of layers, as dicts.
fn layers(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let rows = LayerSpec::TABLE.iter().map(|info| {
        let row = PyDict::new(py);
        row.set_item("name", info.name)?;
        row.set_item("tag", info.tag())?;
        row.set_item("what", info.what)?;
        row.set_item("input", info.input)?;
        row.set_item("output", info.output)?;
        row.set_item("arguments", info.arguments().to_vec())?;
        Ok(row)
    });
    rows.collect()
}

/// Samples of every kind of layer: name, description as JSON, and the shape of an input. For tests.
#[pyfunction]
fn layer_samples() -> Vec<(&'static str, String, Vec<usize>)> {
    let samples = LayerSpec::samples().into_iter();
    samples
        .filter_map(|(name, spec, shape)| Some((name, serde_json::to_string(&spec).ok()?, shape)))
        .collect()
}

/// The optimisers, as dicts.
fn optimizers(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let rows = OPTIMIZERS.iter().map(|info| {
        let row = PyDict::new(py);
        row.set_item("name", info.name)?;
        row.set_item("doc", info.doc.join("\n"))?;
        let settings = PyDict::new(py);
        let docs = PyDict::new(py);
        for known in info.hyperparameters {
            settings.set_item(known.name, hyper_value(py, known.default)?)?;
            docs.set_item(known.name, known.doc)?;
        }
        row.set_item("settings", settings)?;
        row.set_item("docs", docs)?;
        let presets = PyDict::new(py);
        for preset in info.presets {
            let own = PyDict::new(py);
            for (name, value) in preset.settings {
                own.set_item(name, hyper_value(py, *value)?)?;
            }
            presets.set_item(preset.name, own)?;
        }
        row.set_item("presets", presets)?;
        Ok(row)
    });
    rows.collect()
}

/// A setting for Python.
pub(super) fn hyper_value(py: Python<'_>, value: HyperValue) -> PyResult<Bound<'_, PyAny>> {
    Ok(match value {
        HyperValue::Number(number) => number.into_pyobject(py)?.into_any(),
        HyperValue::Pair(first, second) => (first, second).into_pyobject(py)?.into_any(),
        HyperValue::Flag(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
    })
}

/// Inputs and targets of a data set that comes with the library: `"digits"` or `"iris"`.
#[pyfunction]
fn data<'py>(py: Python<'py>, name: &str) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let set = match name {
        "digits" => gradtape::data::digits().flatten(),
        "iris" => gradtape::data::iris(),
        other => {
            let hint = "there are \"digits\" and \"iris\"";
            return Err(crate::tape::wrong(format!("there is no data set {other:?}"), hint));
        }
    };
    Ok((numpy_of(py, set.inputs())?, numpy_of(py, set.targets())?))
}
