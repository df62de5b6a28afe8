//! [`Predictor`]: a model of a table, from columns to answers.

use std::path::Path;

use super::predict;
use crate::data::{Preprocessing, Table, Target};
use crate::io::Model;
use crate::nn::{Module, Sequential};
use crate::tape::Tape;
use crate::tensor::{Error, Kind, Result, Tensor};

/// A network with what is done to the columns before it, and what its outputs mean.
///
/// ```
/// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
/// use gradtape::nn::{Linear, Sequential};
/// use gradtape::train::{Answers, Predictor};
/// use gradtape::Rng;
/// let homes = "size,sold\n30,yes\n50,no\n40,yes\n60,no\n";
/// let table = Table::from_csv(homes.as_bytes(), "homes.csv", &CsvOptions::default())?;
/// let prepared = Preprocessing::fit(&table, "sold", &[0, 1, 2, 3], &PreprocessOptions::default())?;
/// let network = Sequential::new().add(Linear::new(prepared.width(), 2, &mut Rng::new(1)));
/// let predictor = Predictor::new(network, prepared)?;
/// let Answers::Classes { labels, probabilities } = predictor.predict(&table)? else { panic!() };
/// assert_eq!((labels.len(), probabilities.shape()[..].to_vec()), (4, vec![4, 2]));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Predictor {
    network: Sequential,
    preprocessing: Preprocessing,
    /// Whether the last layer gives probabilities.
    is_soft: bool,
}

/// What a [`Predictor`] answers, row by row.
#[derive(Clone, Debug)]
pub enum Answers {
    /// For each row the number of the likeliest class, and the probability of every class, `[n, classes]`.
    Classes {
        /// Places in [`Predictor::classes`].
        labels: Vec<usize>,
        /// f32, each row of sum 1.
        probabilities: Tensor,
    },
    /// For each row a number in the unit of the table.
    Numbers(Vec<f64>),
}

/// How many rows go through the network at once.
const BATCH: usize = 256;

impl Predictor {
    /// Fails where the preprocessing makes other inputs than the network takes.
    pub fn new(network: Sequential, preprocessing: Preprocessing) -> Result<Predictor> {
        let is_soft = network.layers().last().is_some_and(|layer| layer.kind() == "Softmax");
        let predictor = Predictor { network, preprocessing, is_soft };
        let width = predictor.preprocessing.width();
        let zeros = Tensor::zeros([1, width], crate::tensor::DType::F32);
        let outputs = predict(&predictor.network, &zeros, 1)?;
        match outputs.shape()[..] == [1, predictor.preprocessing.outputs()] {
            true => Ok(predictor),
            false => Err(Error::new(
                Kind::Model,
                format!(
                    "the network gives {} for a row, its preprocessing is for {} outputs",
                    outputs.shape(),
                    predictor.preprocessing.outputs()
                ),
            )),
        }
    }

    /// Reads a model file. Fails where it does not say how its inputs are prepared.
    pub fn load(path: impl AsRef<Path>) -> Result<Predictor> {
        let path = path.as_ref();
        Predictor::of(Model::load(path)?).map_err(|error| error.context(path.display()))
    }

    /// A model that was read. Fails as [`Predictor::load`].
    pub fn of(model: Model) -> Result<Predictor> {
        let Some(prepared) = &model.preprocessing else {
            let message = "the model does not say how its inputs are prepared";
            return Err(Error::new(Kind::Model, message)
                .hint("it was saved by a program of its own; use it from there"));
        };
        Predictor::new(model.network, Preprocessing::from_json(prepared)?)
    }

    /// What is done to the columns.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The names of the columns that are read, in the order of the training.
    pub fn columns(&self) -> Vec<&str> {
        self.preprocessing.features().iter().map(|feature| feature.column()).collect()
    }

    /// The name of the column that is predicted.
    pub fn target(&self) -> &str {
        match self.preprocessing.target() {
            Target::Classes { column, .. } | Target::Number { column, .. } => column,
        }
    }

    /// The names of the classes; `None` where a number is predicted.
    pub fn classes(&self) -> Option<&[String]> {
        self.preprocessing.classes().map(|classes| classes.names())
    }

    /// Answers for the rows of a table. Fails where columns are missing, all of which are named, and where the network's
    /// outputs are not finite.
    pub fn predict(&self, table: &Table) -> Result<Answers> {
        self.answer(&self.preprocessing.inputs(table)?)
    }

    /// As [`Predictor::predict`], for inputs as [`Preprocessing::inputs`] makes them, `[n, width]`.
    pub fn answer(&self, inputs: &Tensor) -> Result<Answers> {
        let outputs = predict(&self.network, inputs, BATCH)?;
        let rows = outputs.shape()[0].max(1);
        let values = outputs.to_f64_vec();
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let row = 1 + place / (values.len() / rows);
            let message = format!("row {row} of the data: the network answers {}", values[place]);
            return Err(Error::new(Kind::Value, message)
                .hint("the row is too far from the data that the network was trained on"));
        }
        if let Target::Number { .. } = self.preprocessing.target() {
            return Ok(Answers::Numbers(self.preprocessing.predicted_numbers(&outputs)?));
        }
        let tape = Tape::inference();
        let shares = tape.constant(outputs);
        let shares = if self.is_soft { shares } else { shares.softmax(-1) };
        let probabilities = shares.value()?;
        let best = shares.argmax(-1).value()?.to_vec::<i64>()?;
        let labels = best.into_iter().map(|class| class as usize).collect();
        Ok(Answers::Classes { labels, probabilities })
    }
}
