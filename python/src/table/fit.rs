//! Training a model of a table.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use gradtape::data::{
    Dataset, Fractions, PreprocessOptions, Preprocessing, Rows, Table, Target, TransformChoice,
};
use gradtape::engine::cpu::threads;
use gradtape::io::Model;
use gradtape::nn::Activation;
use gradtape::optim::Hyper;
use gradtape::train::History;
use gradtape::{Error, Kind, Result, Tensor};
use gradtape_tables::{Recipe, distinct, train};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::columns::{Column, named_rows, table};
use super::ears::Ears;
use super::{Epoch, NOTE, TableModel};
use crate::error::raised;

/// What is to be predicted, and how the network learns it.
#[derive(FromPyObject)]
pub(super) struct Settings {
    target: String,
    /// What the package wants to know of the columns and the classes, as it wrote it.
    note: String,
    /// The names of the classes in the order of their numbers; `None` where a number is predicted.
    classes: Option<Vec<String>>,
    /// Whether the names of the classes are numbers.
    numeric: bool,
    transform: String,
    hidden: Option<Vec<usize>>,
    activation: Option<String>,
    dropout: Option<f64>,
    members: Option<usize>,
    epochs: Option<usize>,
    batch_size: Option<usize>,
    patience: Option<usize>,
    /// Whether training ends early also where the epochs are given.
    stops: bool,
    optimizer: Option<String>,
    learning_rate: Option<f64>,
    weight_decay: Option<f64>,
    schedule: Option<String>,
    validation: f64,
    seed: u64,
    threads: usize,
}

/// Trains on rows of numbers, float64 `[n, columns]` with NaN where missing. `targets` are the numbers to predict, or those of
/// the classes.
#[pyfunction]
#[pyo3(signature = (names, values, targets, weights, settings, on_epoch=None))]
pub(super) fn fit_rows<'py>(
    py: Python<'py>,
    names: Vec<String>,
    values: PyReadonlyArray2<'py, f64>,
    targets: PyReadonlyArray1<'py, f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    settings: Settings,
    on_epoch: Option<Py<PyAny>>,
) -> PyResult<(TableModel, bool)> {
    let values = named_rows(&names, &values)?;
    let data = || Ok(Data::Rows { names, values });
    fitted(py, data, targets, weights, settings, on_epoch)
}

/// As `fit_rows`, on columns of any kind: tuples of name, kind (`number`, `text` or `category`) and cells.
#[pyfunction]
#[pyo3(signature = (columns, targets, weights, settings, on_epoch=None))]
pub(super) fn fit_columns<'py>(
    py: Python<'py>,
    columns: Vec<Column>,
    targets: PyReadonlyArray1<'py, f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    settings: Settings,
    on_epoch: Option<Py<PyAny>>,
) -> PyResult<(TableModel, bool)> {
    let data = move || {
        let (table, options) = table(columns)?;
        Ok(Data::Table { table: Box::new(table), options: Box::new(options) })
    };
    fitted(py, data, targets, weights, settings, on_epoch)
}

/// The model, and whether Ctrl-C ended the training before its time.
fn fitted<'py>(
    py: Python<'py>,
    data: impl FnOnce() -> Result<Data> + Send,
    targets: PyReadonlyArray1<'py, f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    settings: Settings,
    on_epoch: Option<Py<PyAny>>,
) -> PyResult<(TableModel, bool)> {
    let targets = targets.as_slice()?.to_vec();
    let weights = weights.map(|all| all.as_slice().map(<[f64]>::to_vec)).transpose()?;
    let ears = Ears::new(on_epoch);
    let heard = ears.clone();
    let made = py.detach(|| {
        let fit = Fit { data: data()?, targets, weights, settings };
        fit.check()?;
        fit.run(&heard)
    });
    ears.raised()?;
    Ok((made.map_err(raised)?, ears.interrupted()))
}

/// The rows of a training.
enum Data {
    Rows { names: Vec<String>, values: Vec<f64> },
    Table { table: Box<Table>, options: Box<PreprocessOptions> },
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Data::Rows { names, values } => values.len() / names.len().max(1),
            Data::Table { table, .. } => table.len(),
        }
    }

    /// An order of rows by what they hold.
    fn order(&self, a: usize, b: usize) -> Ordering {
        match self {
            Data::Rows { names, values } => {
                let row = |row: usize| values[row * names.len()..].iter().take(names.len());
                first(row(a).zip(row(b)).map(|(a, b)| a.total_cmp(b)))
            }
            Data::Table { table, .. } => {
                first(table.columns().iter().map(|column| column.cell(a).cmp(&column.cell(b))))
            }
        }
    }

    /// Some of the rows.
    fn rows(&self, rows: &[usize]) -> Result<Data> {
        Ok(match self {
            Data::Rows { names, values } => {
                let width = names.len();
                let own = rows.iter().flat_map(|&row| &values[row * width..(row + 1) * width]);
                Data::Rows { names: names.clone(), values: own.copied().collect() }
            }
            Data::Table { table, options } => {
                Data::Table { table: Box::new(table.rows(rows)?), options: options.clone() }
            }
        })
    }

    fn prepare(&self, rows: &[usize], target: Target) -> Result<Preprocessing> {
        match self {
            Data::Rows { names, values } => Preprocessing::fit_rows(names, values, rows, target),
            Data::Table { table, options } => Preprocessing::fit_to(table, target, rows, options),
        }
    }

    fn inputs(&self, prepared: &Preprocessing) -> Result<Tensor> {
        match self {
            Data::Rows { names, values } => prepared.inputs_of_rows(names, values),
            Data::Table { table, .. } => prepared.inputs(table),
        }
    }
}

/// The order by the first of what differs.
fn first(mut each: impl Iterator<Item = Ordering>) -> Ordering {
    each.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// What was made of rows that were put in an order; where that fails, the error for them as they were given, so that it
/// names the rows that the caller knows.
fn as_given<T>(made: Result<T>, given: impl FnOnce() -> Result<T>) -> Result<T> {
    made.map_err(|error| given().err().unwrap_or(error))
}

/// A training.
struct Fit {
    data: Data,
    targets: Vec<f64>,
    weights: Option<Vec<f64>>,
    settings: Settings,
}

impl Fit {
    /// Fails unless each row has a finite target, of a class that there is, and a weight where there are any.
    fn check(&self) -> Result<()> {
        let rows = self.data.len();
        let own = [
            ("targets", Some(self.targets.len())),
            ("weights", self.weights.as_ref().map(Vec::len)),
        ];
        if let Some((what, Some(count))) =
            own.iter().find(|(_, count)| count.is_some_and(|count| count != rows))
        {
            let message = format!("{count} {what} for {rows} rows");
            return Err(Error::new(Kind::Shape, message).hint("give one for each row"));
        }
        let classes = self.settings.classes.as_ref().map(Vec::len);
        let is_target = |target: f64| match classes {
            Some(classes) => target.fract() == 0.0 && (0.0..classes as f64).contains(&target),
            None => target.is_finite(),
        };
        if let Some(row) = self.targets.iter().position(|&target| !is_target(target)) {
            let message = format!("row {row}: {} is no target", self.targets[row]);
            return Err(
                Error::new(Kind::Data, message).hint("it is a finite number, or that of a class")
            );
        }
        let weights = self.weights.iter().flatten();
        if let Some((row, weight)) =
            weights.enumerate().find(|(_, weight)| !(0.0..f64::INFINITY).contains(*weight))
        {
            let message = format!("row {row}: {weight} is no weight");
            return Err(Error::new(Kind::Data, message).hint("weights are finite and at least 0"));
        }
        Ok(())
    }

    fn run(self, ears: &Ears) -> Result<TableModel> {
        let Fit { data, targets, weights, settings } = self;
        gradtape::engine::cpu::set_threads(settings.threads);
        let recipe = settings.recipe()?;
        // Rows that are the same are learned from together, in an order of their own.
        let counted = distinct(data.len(), weights.as_deref(), |a, b| {
            data.order(a, b).then_with(|| targets[a].total_cmp(&targets[b]))
        });
        let (given, count) = ((data, targets), counted.rows.len());
        let data = given.0.rows(&counted.rows)?;
        let targets: Vec<f64> = counted.rows.iter().map(|&row| given.1[row]).collect();
        let fractions = Fractions { validation: settings.validation, test: 0.0 };
        let labels: Vec<i64> = targets.iter().map(|&target| target as i64).collect();
        let rows = match settings.classes {
            Some(_) => Rows::stratified(&labels, fractions, settings.seed)?,
            None => Rows::random(count, fractions, settings.seed)?,
        };
        let known: Vec<f64> = rows.train.iter().map(|&row| targets[row]).collect();
        let prepared = data.prepare(&rows.train, settings.target(&known)?)?;
        let labels = match settings.classes {
            Some(_) => Tensor::from_vec(labels, count)?,
            None => as_given(prepared.targets_of_numbers(&targets), || {
                prepared.targets_of_numbers(&given.1)
            })?,
        };
        let inputs = as_given(data.inputs(&prepared), || given.0.inputs(&prepared))?;
        let dataset = Dataset::new(inputs, labels)?;
        let dataset = match &settings.classes {
            Some(names) => dataset.with_classes(names.iter().cloned())?,
            None => dataset,
        };
        let times = counted.repeats(given.1.len());
        let dataset = match &times {
            Some(_) => dataset,
            None => dataset.with_weights(counted.about_one())?,
        };
        let part = |rows: &[usize]| {
            let times = |row: usize| times.as_ref().map_or(1, |times| times[row]);
            let each = rows.iter().flat_map(|&row| std::iter::repeat_n(row, times(row)));
            dataset.rows(&each.collect::<Vec<_>>())
        };
        let [learned, held_out] = [part(&rows.train)?, part(&rows.validation)?];
        let rows = gradtape_tables::Rows { train: &learned, validation: &held_out };
        let trained = train(&recipe, &prepared, rows, settings.seed, threads(), ears)?;
        let prepared = prepared.with_errors(&trained.errors);
        let model = Model {
            notes: BTreeMap::from([(NOTE.to_string(), settings.note.clone())]),
            preprocessing: Some(prepared.to_json()),
            labels: settings.classes.clone().unwrap_or_default(),
            ..Model::new(trained.network)
        };
        TableModel::of(model.to_bytes()?, trained.histories.iter().map(epochs).collect())
    }
}

impl Settings {
    fn recipe(&self) -> Result<Recipe> {
        let given = [("lr", self.learning_rate), ("weight_decay", self.weight_decay)];
        let given = given.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        let activation = self.activation.as_deref().map(str::parse::<Activation>).transpose()?;
        Ok(Recipe {
            hidden: self.hidden.clone(),
            activation,
            dropout: self.dropout,
            members: self.members,
            epochs: self.epochs,
            batch: self.batch_size,
            patience: self.patience,
            stops: self.stops,
            optimizer: self.optimizer.clone(),
            schedule: self.schedule.clone(),
            hyper: given.fold(Hyper::new(), |hyper, (name, value)| hyper.with(name, value)),
            ..Recipe::default()
        })
    }

    fn target(&self, known: &[f64]) -> Result<Target> {
        match &self.classes {
            Some(names) => Target::of_classes(&self.target, names.clone(), self.numeric),
            None => Target::of_numbers(&self.target, known, self.transform()?),
        }
    }

    fn transform(&self) -> Result<TransformChoice> {
        self.transform.parse().map_err(|_| {
            let message = format!("target_transform is {:?}", self.transform);
            Error::new(Kind::Value, message).hint("it is none, log, asinh or auto")
        })
    }
}

/// What a history tells.
fn epochs(history: &History) -> Vec<Epoch> {
    let epoch = |report: &gradtape::train::EpochReport| {
        let validation = report.validation.as_ref();
        let accuracy = validation.and_then(|scores| scores.accuracy);
        (report.epoch, report.train.loss, validation.map(|scores| scores.loss), accuracy)
    };
    history.epochs.iter().map(epoch).collect()
}
