//! [`Predictor`]: a model of a table, from columns to answers.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answers::{Answers, BATCH, check_finite, shares};
use super::predict;
use crate::data::{PreparedRows, Preprocessing, RowReader, Table, Target};
use crate::eval::{Compiled, compile};
use crate::io::Model;
use crate::nn::{Layer, Sequential};
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// A network with what is done to the columns before it, and what its outputs mean.
///
/// Threads may ask it at once. What was planned for a number of rows is kept.
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
///
/// // A few rows of text, without the way over a table.
/// let rows = predictor.read(br#"{"size": 45}"#, "the row")?;
/// assert_eq!(predictor.answer(&rows.inputs)?.len(), 1);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Predictor {
    network: Arc<Sequential>,
    reader: RowReader,
    /// Runs that nobody uses at the moment.
    free: Mutex<Vec<Run>>,
}

/// The network, compiled for the numbers of rows that came.
struct Run {
    compiled: Compiled<Forward>,
    results: Vec<Tensor>,
}

type Forward =
    Box<dyn for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>> + Send + 'static>;

/// How many runs are kept for threads that ask at once.
const MOST_FREE: usize = 16;

impl Predictor {
    /// Fails where the preprocessing makes other inputs than the network takes.
    pub fn new(network: Sequential, preprocessing: Preprocessing) -> Result<Predictor> {
        let reader = RowReader::new(preprocessing);
        let (network, free) = (Arc::new(network), Mutex::default());
        let predictor = Predictor { network, reader, free };
        let width = predictor.preprocessing().width();
        let (outputs, _) = predictor.batch(Tensor::zeros([1, width], DType::F32))?;
        match outputs.shape()[..] == [1, predictor.preprocessing().outputs()] {
            true => Ok(predictor),
            false => Err(Error::new(
                Kind::Model,
                format!(
                    "the network gives {} for a row, its preprocessing is for {} outputs",
                    outputs.shape(),
                    predictor.preprocessing().outputs()
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
        self.reader.preprocessing()
    }

    /// What reads rows for [`Predictor::answer`].
    pub fn reader(&self) -> &RowReader {
        &self.reader
    }

    /// The names of the columns that are read, in the order of the training.
    pub fn columns(&self) -> Vec<&str> {
        self.preprocessing().features().iter().map(|feature| feature.column()).collect()
    }

    /// The name of the column that is predicted.
    pub fn target(&self) -> &str {
        self.preprocessing().target().column()
    }

    /// The names of the classes; `None` where a number is predicted.
    pub fn classes(&self) -> Option<&[String]> {
        self.preprocessing().classes().map(|classes| classes.names())
    }

    /// Answers for the rows of a table. Fails where columns are missing, all of which are named, and where the network's
    /// outputs are not finite.
    pub fn predict(&self, table: &Table) -> Result<Answers> {
        self.answer(&self.preprocessing().inputs(table)?)
    }

    /// The rows of a text, ready for [`Predictor::answer`]: see [`RowReader::read`].
    pub fn read(&self, text: &[u8], source: &str) -> Result<PreparedRows> {
        self.reader.read(text, source)
    }

    /// As [`Predictor::predict`], for inputs as [`Preprocessing::inputs`] makes them, `[n, width]`.
    pub fn answer(&self, inputs: &Tensor) -> Result<Answers> {
        let (outputs, probabilities) = self.run(inputs)?;
        check_finite(&self.network, &outputs)?;
        match self.preprocessing().target() {
            Target::Number { .. } => {
                Ok(Answers::Numbers(self.preprocessing().predicted_numbers(&outputs)?))
            }
            Target::Classes { .. } => Ok(Answers::likely(probabilities)),
        }
    }

    /// The network's outputs, and the probabilities that they stand for where classes are predicted.
    fn run(&self, inputs: &Tensor) -> Result<(Tensor, Tensor)> {
        let rows = match inputs.shape()[..] {
            [rows, width] if width == self.preprocessing().width() => rows,
            _ => {
                let message = format!("inputs {} of a model", inputs.shape());
                let hint = format!("give rows of {} numbers", self.preprocessing().width());
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
        };
        match rows {
            0 => {
                let outputs = predict(&*self.network, inputs, BATCH)?;
                return Ok((outputs.clone(), outputs));
            }
            1..=BATCH => return self.batch(inputs.clone()),
            _ => {}
        }
        let (mut outputs, mut probabilities) = (Vec::new(), Vec::new());
        for start in (0..rows).step_by(BATCH) {
            let batch = self.batch(inputs.slice(0, start..rows.min(start + BATCH))?)?;
            outputs.push(batch.0);
            probabilities.push(batch.1);
        }
        Ok((Tensor::concat(&outputs, 0)?, Tensor::concat(&probabilities, 0)?))
    }

    /// As [`Predictor::run`], for at most [`BATCH`] rows, with rows of zeros behind them until there is a plan for so many.
    fn batch(&self, inputs: Tensor) -> Result<(Tensor, Tensor)> {
        let rows = inputs.shape()[0];
        let size = SIZES.into_iter().find(|size| *size >= rows).unwrap_or(rows);
        let inputs = match size == rows {
            true => inputs,
            false => {
                let zeros = Tensor::zeros([size - rows, inputs.shape()[1]], inputs.dtype());
                Tensor::concat(&[inputs, zeros], 0)?
            }
        };
        let run = self.free().pop();
        let mut run =
            run.unwrap_or_else(|| Run::of(self.network.clone(), self.classes().is_some()));
        run.compiled.call_into(&[inputs], &mut run.results)?;
        let last = run.results.pop();
        let outputs = run.results.pop().or(last.clone());
        let mut free = self.free();
        if free.len() < MOST_FREE {
            free.push(run);
        }
        drop(free);
        let (Some(outputs), Some(last)) = (outputs, last) else {
            return Err(Error::new(Kind::Model, "the network gives nothing"));
        };
        match size == rows {
            true => Ok((outputs, last)),
            false => Ok((outputs.slice(0, 0..rows)?, last.slice(0, 0..rows)?)),
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Run>> {
        // Runs are whole whatever happened while they were locked.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers of rows that are planned for; at most a third of the rows are zeros.
const SIZES: [usize; 16] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, BATCH];

impl Run {
    fn of(network: Arc<Sequential>, has_classes: bool) -> Run {
        let forward = boxed(move |_, inputs| {
            let outputs = network.forward(inputs[0]);
            Ok(match has_classes {
                true => vec![outputs, shares(&network, outputs)],
                false => vec![outputs],
            })
        });
        let compiled = compile(forward).inference().most_traces(SIZES.len());
        Run { compiled, results: Vec::new() }
    }
}

/// Has the compiler see that a function is one for tapes of any lifetime.
fn boxed<F>(forward: F) -> Forward
where
    F: for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>> + Send + 'static,
{
    Box::new(forward)
}
