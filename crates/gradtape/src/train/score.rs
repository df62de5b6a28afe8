//! How good a network is on a dataset, and its predictions.

use std::panic::Location;

use super::losses::{Loss, On, unweighed};
use super::shards::{Collective, of_all};
use crate::data::{Batch, Dataset, shard};
use crate::eval::Mode;
use crate::metric::{accuracy, mean_absolute_error};
use crate::nn::Layer;
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// How good a network is: means over examples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The loss.
    pub loss: f64,
    /// For classes, the share of examples that were classified rightly.
    pub accuracy: Option<f64>,
    /// For numbers, the mean absolute error in the unit of the targets.
    pub mean_absolute_error: Option<f64>,
}

/// What brings numbers to the unit of the target.
pub(super) struct Undo<'a> {
    pub(super) output: Box<dyn Fn(f64) -> f64 + Send + 'a>,
    pub(super) target: Box<dyn Fn(f64) -> f64 + Send + 'a>,
}

/// The scores of a network on a dataset, without dropout, by [`default_loss`](super::default_loss).
#[track_caller]
pub fn evaluate(net: &(impl Layer + ?Sized), data: &Dataset, batch_size: usize) -> Result<Scores> {
    let at = Location::caller();
    let how = Scoring { loss: None, mode: Mode::Fused, undo: None, ranks: None };
    scores(net, data, batch_size, how).map_err(|error| error.called_from(at))
}

/// As [`evaluate`], by another loss, which gives the mean over the rows of a batch.
#[track_caller]
pub fn evaluate_with(
    net: &(impl Layer + ?Sized),
    data: &Dataset,
    batch_size: usize,
    loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
) -> Result<Scores> {
    let at = Location::caller();
    let how = Scoring { loss: Some(&loss), mode: Mode::Fused, undo: None, ranks: None };
    scores(net, data, batch_size, how).map_err(|error| error.called_from(at))
}

/// How a network is scored.
#[derive(Clone, Copy)]
pub(super) struct Scoring<'a, 'n> {
    /// The default one if there is none.
    pub(super) loss: Option<&'a Loss<'n>>,
    pub(super) mode: Mode,
    pub(super) undo: Option<&'a Undo<'n>>,
    /// Who else looks at some of the batches, of the same data with the same network.
    pub(super) ranks: Option<&'n dyn Collective>,
}

/// The scores of a network on a dataset.
pub(super) fn scores(
    net: &(impl Layer + ?Sized),
    data: &Dataset,
    batch_size: usize,
    how: Scoring<'_, '_>,
) -> Result<Scores> {
    let mut tape = Tape::inference();
    tape.set_mode(how.mode);
    if how.loss.is_some() {
        unweighed(data)?;
    }
    counting(data, "given")?;
    let mut batches = data.batches(batch_size)?;
    let count = batches.len();
    let (rank, ranks) = how.ranks.map_or((0, 1), |own| (own.rank(), own.ranks()));
    let own = |rank| shard(rank, ranks, count);
    let mut numbers = Vec::new();
    for batch in batches.epoch_from(0, own(rank).start).take(own(rank).len()) {
        tape.reset();
        let on = On::of(&batch, &tape);
        let outputs = net.forward(on.x);
        let loss = on.loss(outputs, how.loss);
        crate::eval::evaluate(&[loss, outputs])?;
        let mut mean = Mean::default();
        mean.add(loss.item()?, &outputs.value()?, &batch, how.undo)?;
        numbers.extend(mean.numbers());
    }
    if let Some(ranks) = how.ranks {
        numbers = of_all(ranks, numbers, &|rank| own(rank).len() * Mean::NUMBERS)?;
    }
    // In the order of the batches, whoever looked at them.
    let mut mean = Mean::default();
    let all = numbers.chunks(Mean::NUMBERS).filter_map(Mean::of_numbers);
    all.for_each(|own| mean.join(&own));
    mean.scores().ok_or_else(|| Error::new(Kind::Data, "there are no examples to evaluate"))
}

/// Fails for examples of which each has weight 0: any network would have a loss of 0 on them.
pub(super) fn counting(data: &Dataset, name: &str) -> Result<()> {
    let counts = |weights: &Tensor| weights.to_f64_vec().iter().any(|weight| *weight > 0.0);
    if data.is_empty() || data.weights().is_none_or(counts) {
        return Ok(());
    }
    let message = format!("all {} {name} examples have weight 0, so that none counts", data.len());
    Err(Error::new(Kind::Data, message).hint("take others, or give some of them a weight"))
}

/// The outputs of a network for inputs `[n, …]`, computed `batch_size` rows at a time, without dropout.
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::train::predict;
/// use gradtape::{DType, Rng, Tensor};
/// let net = Linear::new(4, 3, &mut Rng::new(1));
/// let outputs = predict(&net, &Tensor::zeros([10, 4], DType::F32), 4)?;
/// assert_eq!(outputs.shape()[..], [10, 3]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[track_caller]
pub fn predict(net: &(impl Layer + ?Sized), inputs: &Tensor, batch_size: usize) -> Result<Tensor> {
    let rows = inputs.shape().first().copied().unwrap_or(0);
    if batch_size == 0 || inputs.rank() == 0 {
        let message = format!("predict {} in batches of {batch_size} rows", inputs.shape());
        return Err(Error::new(Kind::Value, message).hint("give rows, and 1 or more at a time"));
    }
    let at = Location::caller();
    let mut tape = Tape::inference();
    let mut outputs = Vec::new();
    // No rows still have a shape of outputs.
    for start in (0..rows.max(1)).step_by(batch_size) {
        tape.reset();
        let batch = inputs.slice(0, start.min(rows)..start.saturating_add(batch_size).min(rows))?;
        let output = net.forward(tape.constant(batch)).value();
        outputs.push(output.map_err(|error| error.called_from(at))?);
    }
    match outputs.len() {
        1 => Ok(outputs.swap_remove(0)),
        _ => Tensor::concat(&outputs, 0),
    }
}

/// Scores summed over batches.
#[derive(Default)]
pub(super) struct Mean {
    rows: usize,
    /// What the rows count together in the loss.
    weight: f64,
    loss: f64,
    right: Option<f64>,
    off: Option<f64>,
}

impl Mean {
    /// How many numbers [`Mean::numbers`] has.
    pub(super) const NUMBERS: usize = 5;

    /// Adds what others are the sum of.
    pub(super) fn join(&mut self, other: &Mean) {
        let sum = |own: &mut Option<f64>, other: Option<f64>| {
            if let Some(other) = other {
                *own.get_or_insert(0.0) += other;
            }
        };
        self.rows += other.rows;
        self.weight += other.weight;
        self.loss += other.loss;
        sum(&mut self.right, other.right);
        sum(&mut self.off, other.off);
    }

    /// The mean loss of a row.
    pub(super) fn loss_of_rows(&self) -> f64 {
        self.loss / self.rows as f64
    }

    /// Adds a batch with its mean loss.
    pub(super) fn add(
        &mut self,
        loss: f64,
        outputs: &Tensor,
        batch: &Batch,
        undo: Option<&Undo<'_>>,
    ) -> Result<()> {
        let targets = &batch.y;
        let rows = targets.shape().first().copied().unwrap_or(0);
        let count = rows as f64;
        self.rows += rows;
        self.weight += match &batch.w {
            None => count,
            Some(weights) => weights.to_f64_vec().iter().sum(),
        };
        self.loss += loss * count;
        if targets.dtype() == DType::I64 && outputs.rank() == 2 {
            *self.right.get_or_insert(0.0) += accuracy(outputs, targets)? * count;
        } else if targets.dtype().is_float() && outputs.shape() == targets.shape() {
            let error = match undo {
                None => mean_absolute_error(outputs, targets)?,
                Some(undo) => {
                    let undone = |all: &Tensor, undo: &dyn Fn(f64) -> f64| -> Result<Tensor> {
                        let values = all.to_f64_vec().into_iter().map(undo).collect();
                        Tensor::from_vec(values, all.shape().clone())
                    };
                    let outputs = undone(outputs, &undo.output)?;
                    mean_absolute_error(&outputs, &undone(targets, &undo.target)?)?
                }
            };
            *self.off.get_or_insert(0.0) += error * count;
        }
        Ok(())
    }

    /// What it has so far, for a file; NaN for a score that it has not.
    pub(super) fn numbers(&self) -> [f64; Mean::NUMBERS] {
        let number = |sum: Option<f64>| sum.unwrap_or(f64::NAN);
        [self.rows as f64, self.weight, self.loss, number(self.right), number(self.off)]
    }

    /// From the numbers of [`Mean::numbers`].
    pub(super) fn of_numbers(numbers: &[f64]) -> Option<Mean> {
        let [rows, weight, loss, right, off] = match *numbers {
            [rows, weight, loss, right, off] => [rows, weight, loss, right, off],
            // Earlier versions knew no weights.
            [rows, loss, right, off] => [rows, rows, loss, right, off],
            _ => return None,
        };
        let sum = |number: f64| (!number.is_nan()).then_some(number);
        Some(Mean { rows: rows as usize, weight, loss, right: sum(right), off: sum(off) })
    }

    /// The means, unless there was nothing.
    pub(super) fn scores(&self) -> Option<Scores> {
        let mean = |sum: f64| sum / self.rows as f64;
        (self.rows > 0).then(|| Scores {
            // Where no row has counted yet, none was wrong.
            loss: if self.weight > 0.0 { self.loss / self.weight } else { 0.0 },
            accuracy: self.right.map(mean),
            mean_absolute_error: self.off.map(mean),
        })
    }
}
