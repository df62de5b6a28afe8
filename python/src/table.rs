//! Models of tables: `TableModel`, on which the estimators stand.

mod columns;
mod ears;
mod fit;

use gradtape::data::{Preprocessing, Target};
use gradtape::io::{Model, SafeTensors};
use gradtape::train::{Answers, Predictor};
use gradtape::{Error, Kind, Tensor};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use self::columns::{Column, named_rows, table};
use crate::error::raised;

/// Names the class and what makes it in the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TableModel>()?;
    module.add_function(wrap_pyfunction!(fit::fit_rows, module)?)?;
    module.add_function(wrap_pyfunction!(fit::fit_columns, module)?)
}

/// A network with what is done to the columns before it: the content of a model file, as `gradtape train` writes it.
#[pyclass(module = "gradtape._gradtape", frozen)]
pub(crate) struct TableModel {
    predictor: Predictor,
    bytes: Vec<u8>,
    history: Vec<Vec<Epoch>>,
    /// What the package wrote of the columns and the classes.
    note: Option<String>,
}

/// The name of that note in a model file.
const NOTE: &str = "python";

/// What an epoch came to: its number, the training loss, the validation loss and accuracy.
type Epoch = (usize, f64, Option<f64>, Option<f64>);

impl TableModel {
    fn of(bytes: Vec<u8>, history: Vec<Vec<Epoch>>) -> gradtape::Result<TableModel> {
        let model = Model::from_safetensors(SafeTensors::from_bytes(&bytes)?)?;
        let note = model.notes.get(NOTE).cloned();
        Ok(TableModel { predictor: Predictor::of(model)?, bytes, history, note })
    }

    fn prepared(&self) -> &Preprocessing {
        self.predictor.preprocessing()
    }

    fn answer<'py>(&self, py: Python<'py>, inputs: Tensor) -> PyResult<Answered<'py>> {
        let answers = py.detach(|| self.predictor.answer(&inputs)).map_err(raised)?;
        match answers {
            Answers::Numbers(numbers) => Ok(Answered::Numbers(PyArray1::from_vec(py, numbers))),
            Answers::Classes { probabilities, .. } => {
                let shape = [probabilities.shape()[0], probabilities.shape()[1]];
                let all = PyArray1::from_vec(py, probabilities.to_f64_vec());
                Ok(Answered::Shares(all.reshape(shape)?))
            }
        }
    }
}

/// Numbers, or for each row the probability of each class.
#[derive(IntoPyObject)]
enum Answered<'py> {
    Numbers(Bound<'py, PyArray1<f64>>),
    Shares(Bound<'py, PyArray2<f64>>),
}

#[pymethods]
impl TableModel {
    /// Reads the bytes of a model file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<TableModel> {
        py.detach(|| TableModel::of(bytes, Vec::new())).map_err(raised)
    }

    /// Reads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: std::path::PathBuf) -> PyResult<TableModel> {
        let read = |path: &std::path::Path| -> gradtape::Result<TableModel> {
            let model = Model::load(path)?;
            if model.preprocessing.is_none() {
                let message = "the model does not say how its inputs are prepared";
                return Err(Error::new(Kind::Model, message).hint("it is of no table"));
            }
            TableModel::of(model.to_bytes()?, Vec::new())
        };
        py.detach(|| read(&path)).map_err(|error| raised(error.context(path.display())))
    }

    /// Writes a model file, whole or not at all.
    fn save(&self, py: Python<'_>, path: std::path::PathBuf) -> PyResult<()> {
        let write = || Model::from_safetensors(SafeTensors::from_bytes(&self.bytes)?)?.save(&path);
        py.detach(write).map_err(raised)
    }

    /// The bytes of a model file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let py = slf.py();
        Ok((py.get_type::<TableModel>().getattr("from_bytes")?, (slf.get().to_bytes(py),)))
    }

    /// What it answers for rows of numbers, float64 `[n, columns]` with NaN where missing: float64 `[n]` of numbers, or
    /// `[n, classes]` of probabilities.
    fn answer_rows<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
        values: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Answered<'py>> {
        let values = named_rows(&names, &values)?;
        let inputs = py.detach(|| self.prepared().inputs_of_rows(&names, &values));
        self.answer(py, inputs.map_err(raised)?)
    }

    /// As `answer_rows`, for columns of any kind.
    fn answer_columns<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<Column>,
    ) -> PyResult<Answered<'py>> {
        let inputs = py.detach(|| self.prepared().inputs(&table(columns)?.0));
        self.answer(py, inputs.map_err(raised)?)
    }

    /// The names of the columns that are used.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.predictor.columns()
    }

    /// What the package wrote of the columns and the classes; None in models of other programs.
    #[getter]
    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether the names of the classes are numbers.
    #[getter]
    fn is_numeric(&self) -> bool {
        matches!(self.prepared().target(), Target::Classes { numeric: true, .. })
    }

    /// The names of the network's inputs.
    #[getter]
    fn inputs(&self) -> Vec<String> {
        self.prepared().feature_names()
    }

    /// The name of the target.
    #[getter]
    fn target(&self) -> &str {
        self.predictor.target()
    }

    /// The names of the classes, if there are any.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        self.predictor.classes().map(<[String]>::to_vec)
    }

    /// What the user should know of the columns.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.prepared().notes().to_vec()
    }

    /// Of each network its epochs.
    #[getter]
    fn history<'py>(&self, py: Python<'py>) -> PyResult<Vec<Vec<Bound<'py, PyDict>>>> {
        let epoch = |&(number, train, validation, accuracy): &Epoch| {
            let told = PyDict::new(py);
            told.set_item("epoch", number)?;
            told.set_item("loss", train)?;
            if let Some(loss) = validation {
                told.set_item("validation_loss", loss)?;
            }
            if let Some(accuracy) = accuracy {
                told.set_item("validation_accuracy", accuracy)?;
            }
            Ok(told)
        };
        self.history.iter().map(|epochs| epochs.iter().map(epoch).collect()).collect()
    }
}
