//! [`PyLayer`]: a layer or a network of the library.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::made::{holding, unreadable};
use gradtape::io::Model;
use gradtape::nn::{Layer, LayerSpec, Module, Sequential, Visitor};
use gradtape::{Rng, Tape, Tensor, Var};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::told;
use crate::tape::array::{numpy_of, tensor_of};
use crate::tape::{PyParameter, first_var, lifted, line};

/// A layer or a network: `layer(x)` records what it computes of a value, and computes it of an array, as in inference.
#[pyclass(frozen, subclass, name = "Layer", weakref, module = "gradtape.nn")]
pub(super) struct PyLayer {
    pub(super) layer: Arc<dyn Layer>,
    /// The same, if it is a network of several layers.
    network: Option<Arc<Sequential>>,
    /// What the file that it was read from tells besides.
    file: Option<Arc<FileNotes>>,
}

struct FileNotes {
    preprocessing: Option<String>,
    labels: Vec<String>,
    notes: BTreeMap<String, String>,
}

impl PyLayer {
    pub(super) fn of(layer: Arc<dyn Layer>) -> PyLayer {
        PyLayer { layer, network: None, file: None }
    }

    pub(super) fn of_network(network: Sequential) -> PyLayer {
        let network = Arc::new(network);
        PyLayer { layer: network.clone(), network: Some(network), file: None }
    }

    /// The layers of a network, or this one alone, in a network that shares them.
    fn as_network(&self) -> Sequential {
        match &self.network {
            None => Sequential::new().add(self.layer.clone()),
            Some(network) => (0..network.layers().len())
                .fold(Sequential::new(), |all, number| all.add(Nth(network.clone(), number))),
        }
    }
}

/// A layer of a network that others have.
#[derive(Clone)]
struct Nth(Arc<Sequential>, usize);

impl Nth {
    fn layer(&self) -> &dyn Layer {
        &*self.0.layers()[self.1]
    }
}

impl Module for Nth {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.layer().visit(visitor);
    }

    fn kind(&self) -> String {
        self.layer().kind()
    }
}

impl Layer for Nth {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.layer().forward(x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        self.layer().spec()
    }

    fn is_static(&self) -> bool {
        self.layer().is_static()
    }
}

/// Where layers without a seed of their own draw their first numbers from. A lock that a panic does not poison: whoever
/// draws next goes on from the last number that was drawn, which is right whatever became of the layer.
static NUMBERS: Mutex<Option<Rng>> = Mutex::new(None);

/// Begins anew the numbers that layers without a seed of their own start with.
#[pyfunction]
pub(super) fn seed(seed: u64) {
    *NUMBERS.lock() = Some(Rng::new(seed));
}

/// Calls `f` with what draws the numbers of a new layer.
pub(super) fn drawn<T>(seed: Option<u64>, f: impl FnOnce(&mut Rng) -> T) -> T {
    match seed {
        Some(seed) => f(&mut Rng::new(seed)),
        None => f(NUMBERS.lock().get_or_insert_with(|| Rng::new(0))),
    }
}

#[pymethods]
impl PyLayer {
    /// A layer of a description as JSON. With `parts`, one of the kinds that hold others holds these, and shares their
    /// parameters.
    #[new]
    #[pyo3(signature = (spec, parts=None, seed=None))]
    fn new(
        py: Python<'_>,
        spec: &str,
        parts: Option<Vec<PyRef<'_, PyLayer>>>,
        seed: Option<u64>,
    ) -> PyResult<PyLayer> {
        if let Some(parts) = parts {
            return holding(
                py,
                spec,
                &parts.iter().map(|part| part.layer.clone()).collect::<Vec<_>>(),
            );
        }
        let spec: LayerSpec =
            serde_json::from_str(spec).map_err(|error| unreadable(py, &error.to_string()))?;
        if let LayerSpec::Sequential(network) = &spec {
            let network = drawn(seed, |rng| Sequential::from_specs(&network.layers, rng));
            return lifted(py, network).map(PyLayer::of_network);
        }
        let layer = lifted(py, drawn(seed, |rng| spec.build(rng)))?;
        Ok(PyLayer::of(Arc::from(layer)))
    }

    /// Records what the layer computes of a value; of an array it computes it, as in inference.
    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let layer = &self.layer;
        if let Some(var) = first_var([x]) {
            let found = var.get().shared().enter(py, |on| {
                let x = on.value(x, dtype_of_layer(&**layer))?;
                on.give(py, layer.forward(x))
            })?;
            return Ok(Bound::new(py, found)?.into_any());
        }
        let float = dtype_of_layer(&**layer);
        let input = tensor_of(x, float)?;
        let line = line::current(py);
        let told_line = line.clone();
        let found = py.detach(|| {
            let tape = Tape::inference();
            let _line = tape.told(&told_line);
            layer.forward(tape.constant(input)).value()
        });
        numpy_of(py, &found.map_err(|error| told(error, &line))?)
    }

    /// What it takes to build the layer anew, as JSON; `None` if only a program can.
    #[getter]
    fn spec(&self) -> Option<String> {
        serde_json::to_string(&self.layer.spec()?).ok()
    }

    /// What it is, in a word or two.
    #[getter]
    fn kind(&self) -> String {
        self.layer.kind()
    }

    /// The parameters by name, in order.
    fn named_parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, parameter) in self.layer.named_parameters() {
            found.set_item(name, Bound::new(py, PyParameter(parameter))?)?;
        }
        Ok(found)
    }

    /// The parameters in order.
    fn parameters(&self) -> Vec<PyParameter> {
        self.layer.parameters().into_iter().map(PyParameter).collect()
    }

    /// What is kept beside the parameters, such as running statistics: arrays by name.
    fn named_buffers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (name, buffer) in self.layer.named_buffers() {
            found.set_item(name, numpy_of(py, &buffer.value())?)?;
        }
        Ok(found)
    }

    /// The number of numbers in all parameters.
    #[getter]
    fn parameter_count(&self) -> usize {
        self.layer.parameter_count()
    }

    /// Takes the numbers of the parameters and buffers of another of the same layers.
    fn load_from(&self, py: Python<'_>, other: &Bound<'_, PyLayer>) -> PyResult<()> {
        lifted(py, self.layer.load_from(&*other.get().layer))
    }

    /// A table of the layers with their shapes and numbers of parameters; for an input like `x` also with the shapes of what
    /// they give.
    #[pyo3(signature = (x=None))]
    fn summary(&self, py: Python<'_>, x: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
        let Some(x) = x else { return Ok(gradtape::nn::summary(&*self.layer).to_string()) };
        let x = tensor_of(x, dtype_of_layer(&*self.layer))?;
        Ok(lifted(py, gradtape::nn::summary_for(&*self.layer, &x))?.to_string())
    }

    /// The names of classes in the file that it was read from.
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.file.as_ref().map_or(Vec::new(), |file| file.labels.clone())
    }

    /// What the file that it was read from notes, by name.
    #[getter]
    fn notes(&self) -> BTreeMap<String, String> {
        self.file.as_ref().map_or(BTreeMap::new(), |file| file.notes.clone())
    }

    /// What is done to data before the network sees it, as JSON, if the file that it was read from says so.
    #[getter]
    fn preprocessing(&self) -> Option<String> {
        self.file.as_ref().and_then(|file| file.preprocessing.clone())
    }

    fn __len__(&self) -> usize {
        self.network.as_ref().map_or(1, |network| network.layers().len())
    }

    pub(super) fn __getitem__(&self, place: isize) -> PyResult<PyLayer> {
        let count = self.__len__();
        let from_start = if place < 0 { place.saturating_add_unsigned(count) } else { place };
        let Some(place) = usize::try_from(from_start).ok().filter(|place| *place < count) else {
            let message = format!("there is no layer {place} of {count}");
            return Err(pyo3::exceptions::PyIndexError::new_err(message));
        };
        Ok(match &self.network {
            Some(network) => PyLayer::of(Arc::new(Nth(network.clone(), place))),
            None => PyLayer::of(self.layer.clone()),
        })
    }

    fn __repr__(&self) -> String {
        match &self.network {
            None => self.layer.kind(),
            Some(network) => {
                let kinds = network.layers().iter().enumerate();
                let rows: Vec<String> =
                    kinds.map(|(number, layer)| format!("  {number}: {}", layer.kind())).collect();
                format!("Sequential(\n{}\n)", rows.join("\n"))
            }
        }
    }

    /// One of its own, with the same numbers.
    fn clone(&self) -> PyLayer {
        match &self.network {
            Some(network) => {
                PyLayer { file: self.file.clone(), ..PyLayer::of_network((**network).clone()) }
            }
            None => PyLayer::of(Arc::from(self.layer.clone_layer())),
        }
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyLayer {
        self.clone()
    }

    /// For `pickle`: the bytes of a model file.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let bytes = lifted(py, self.model().to_bytes())?;
        let from_bytes = py.import("gradtape._gradtape")?.getattr("layer_from_bytes")?;
        Ok((from_bytes, (PyBytes::new(py, &bytes), self.network.is_some())))
    }
}

/// A function and its arguments, as `pickle` asks for them.
type Reduced<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, bool));

impl PyLayer {
    pub(super) fn model(&self) -> Model {
        let mut model = Model::new(self.as_network());
        if let Some(file) = &self.file {
            model.preprocessing = file.preprocessing.clone();
            model.labels = file.labels.clone();
            model.notes = file.notes.clone();
        }
        model
    }

    pub(super) fn of_model(model: Model) -> PyLayer {
        let Model { network, preprocessing, labels, notes } = model;
        let file = Arc::new(FileNotes { preprocessing, labels, notes });
        PyLayer { file: Some(file), ..PyLayer::of_network(network) }
    }
}

/// The element type of the first parameter.
fn dtype_of_layer(layer: &dyn Layer) -> gradtape::DType {
    let first: Option<Tensor> = layer.parameters().first().map(|parameter| parameter.value());
    first.map_or(gradtape::DType::F32, |value| value.dtype())
}
