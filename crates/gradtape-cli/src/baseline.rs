//! What simple answers come to on the same rows: a constant, a linear model, the nearest neighbours.

use gradtape::data::{Dataset, Preprocessing, Target};
use gradtape::metric::{self, ConfusionMatrix};
use gradtape::nn::Linear;
use gradtape::optim::{Lbfgs, Optimizer};
use gradtape::{Rng, Tape, Tensor, train};
use serde::Serialize;

use crate::error::Outcome;
use crate::measure::Shares;
use crate::report::{Number, percent, thousands};

/// How good a simple answer is on rows that were held out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Baseline {
    /// `constant`, `linear` or `neighbours`.
    pub(crate) name: &'static str,
    /// For people.
    #[serde(skip)]
    called: String,
    /// The rows that it was learned from.
    rows: usize,
    /// The share of right answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accuracy: Option<Number>,
    /// The cross entropy, where there are probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) loss: Option<Number>,
    /// In the unit of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rmse: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mae: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) r2: Option<Number>,
    /// Of classes.
    #[serde(flatten)]
    pub(crate) shares: Option<Shares>,
    /// The class that is always answered.
    #[serde(skip)]
    pub(crate) answer: Option<String>,
}

/// The neighbours that answer together.
const NEIGHBOURS: usize = 5;

/// Numbers of inputs that a linear model is learned from.
const MOST_NUMBERS: usize = 20_000_000;

/// Differences of numbers between rows.
const MOST_DIFFERENCES: usize = 200_000_000;

/// Rows from which on some stand for all.
const FEW_ROWS: usize = 1000;

impl Baseline {
    /// All of them, learned from some rows, which stand for `all` of the training, and measured on others, of which there
    /// are some.
    pub(crate) fn all(
        train: &Dataset,
        all: usize,
        test: &Dataset,
        preprocessing: &Preprocessing,
    ) -> Outcome<Vec<Baseline>> {
        // Simple answers are those to the number itself.
        if preprocessing.target().is_transformed() {
            let numbers = preprocessing.target_numbers(train.targets())?;
            let plain = preprocessing.without_transform(&numbers)?;
            let Target::Number { mean, scale, .. } = *plain.target() else { return Ok(Vec::new()) };
            let own = |data: &Dataset| -> Outcome<Dataset> {
                let numbers = preprocessing.target_numbers(data.targets())?.into_iter();
                let values: Vec<f32> = numbers.map(|y| ((y - mean) / scale) as f32).collect();
                let targets = Tensor::from_vec(values, data.targets().shape().clone())?;
                Ok(Dataset::new(data.inputs().clone(), targets)?)
            };
            return Baseline::all(&own(train)?, all, &own(test)?, &plain);
        }
        let mut found = vec![constant(train, all, test, preprocessing)?];
        found.push(linear(train, all, test, preprocessing)?);
        found.extend(neighbours(train, all, test, preprocessing)?);
        Ok(found)
    }

    /// For people.
    pub(crate) fn told(all: &[Baseline]) -> String {
        let one = |baseline: &Baseline| match (baseline.accuracy, baseline.r2) {
            (Some(accuracy), _) => format!("{} {}", baseline.called, percent(accuracy.0)),
            (None, Some(r2)) => format!("{} R² {:.4}", baseline.called, r2.0),
            (None, None) => format!(
                "{} root mean squared error {:.4}",
                baseline.called,
                baseline.rmse.map_or(f64::NAN, |rmse| rmse.0)
            ),
        };
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The name for people.
    pub(crate) fn called(&self) -> &str {
        &self.called
    }

    fn of(
        name: &'static str,
        called: String,
        rows: usize,
        outputs: &Tensor,
        test: &Dataset,
        preprocessing: &Preprocessing,
        loss: bool,
    ) -> Outcome<Baseline> {
        let mut baseline = Baseline {
            name,
            called,
            rows,
            accuracy: None,
            loss: None,
            rmse: None,
            mae: None,
            r2: None,
            shares: None,
            answer: None,
        };
        match preprocessing.target() {
            Target::Classes { .. } => {
                baseline.accuracy = Some(Number(metric::accuracy(outputs, test.targets())?));
                let matrix = ConfusionMatrix::new(outputs, test.targets())?;
                if loss {
                    let tape = Tape::inference();
                    let own = tape.constant(outputs);
                    let loss = train::default_loss(own, tape.constant(test.targets()));
                    baseline.loss = Some(Number(loss.item()?));
                    let chances = own.softmax(-1).value()?;
                    baseline.shares = Some(Shares::of(&matrix, &chances, test.targets())?);
                } else {
                    // Their order tells the areas.
                    let shares = Shares::of(&matrix, outputs, test.targets())?;
                    baseline.shares = Some(Shares { calibration_error: None, ..shares });
                }
            }
            Target::Number { .. } => {
                // In the unit of the target, whatever is done to it.
                let predicted = preprocessing.predicted_numbers(outputs)?;
                let true_ones = preprocessing.target_numbers(test.targets())?;
                let [predicted, true_ones] =
                    [predicted, true_ones].map(|values| Tensor::from_vec(values, test.len()));
                let (predicted, true_ones) = (predicted?, true_ones?);
                baseline.rmse =
                    Some(Number(metric::mean_squared_error(&predicted, &true_ones)?.sqrt()));
                baseline.mae = Some(Number(metric::mean_absolute_error(&predicted, &true_ones)?));
                let r2 = metric::r2(&predicted, &true_ones)?;
                baseline.r2 = (!r2.is_nan()).then_some(Number(r2));
            }
        }
        Ok(baseline)
    }
}

/// The shares of the classes, or the mean.
fn constant(
    train: &Dataset,
    all: usize,
    test: &Dataset,
    preprocessing: &Preprocessing,
) -> Outcome<Baseline> {
    let (outputs, called, answer) = match (train.labels(), preprocessing.classes()) {
        (Some(labels), Some(classes)) => {
            let mut counts = vec![0usize; classes.len()];
            labels.iter().for_each(|&label| counts[label as usize] += 1);
            // The first of several.
            let most = (0..counts.len()).rev().max_by_key(|&class| counts[class]).unwrap_or(0);
            // One more of each: a class that was not seen is not impossible.
            let share =
                |count: &usize| ((count + 1) as f32 / (labels.len() + counts.len()) as f32).ln();
            let name = classes.names().get(most).map_or("", String::as_str);
            (counts.iter().map(share).collect(), format!("always {name:?}"), Some(name.to_string()))
        }
        _ => {
            let targets = train.targets().to_f64_vec();
            (
                vec![(targets.iter().sum::<f64>() / targets.len() as f64) as f32],
                "the mean".to_string(),
                None,
            )
        }
    };
    let width = outputs.len();
    let outputs = Tensor::from_vec(outputs.repeat(test.len()), [test.len(), width])?;
    let called = called + &of_rows(train.len(), all);
    let of = Baseline::of("constant", called, train.len(), &outputs, test, preprocessing, true)?;
    Ok(Baseline { answer, ..of })
}

/// Logistic regression, or ridge regression, with the usual penalty of half the squared weights over all rows.
fn linear(
    train: &Dataset,
    all: usize,
    test: &Dataset,
    preprocessing: &Preprocessing,
) -> Outcome<Baseline> {
    let width = preprocessing.width();
    let train = some(train, MOST_NUMBERS / width.max(1))?;
    let net = Linear::new(width, preprocessing.outputs(), &mut Rng::new(0));
    let optimizer = Lbfgs::new(&net, 1.0).max_iter(25).history_size(10);
    for _ in 0..4 {
        optimizer.minimize(&mut |tape| {
            let outputs = net.forward(tape.constant(train.inputs()));
            let loss = train::default_loss(outputs, tape.constant(train.targets()));
            Ok(loss + tape.parameter(&net.weight).square().sum(()) * (0.5 / train.len() as f64))
        })?;
    }
    let outputs = train::predict(&net, test.inputs(), 1024)?;
    let called = format!("linear{}", of_rows(train.len(), all));
    Baseline::of("linear", called, train.len(), &outputs, test, preprocessing, true)
}

/// The votes, or the mean, of the nearest rows. None where there are too few or too many numbers.
fn neighbours(
    train: &Dataset,
    all: usize,
    test: &Dataset,
    preprocessing: &Preprocessing,
) -> Outcome<Option<Baseline>> {
    let width = preprocessing.width();
    let most = MOST_DIFFERENCES / (test.len() * width).max(1);
    // Neighbours among few of many rows say little.
    if train.len() < 2 * NEIGHBOURS || most < train.len().min(FEW_ROWS) {
        return Ok(None);
    }
    let train = some(train, most)?;
    let (known, asked) = (train.inputs().to_vec::<f32>()?, test.inputs().to_vec::<f32>()?);
    let (labels, values) = (train.labels(), train.targets().to_f64_vec());
    let outputs = preprocessing.outputs();
    let mut answers = vec![0f32; test.len() * outputs];
    for (row, answer) in asked.chunks_exact(width).zip(answers.chunks_exact_mut(outputs)) {
        let mut nearest = [(f32::INFINITY, usize::MAX); NEIGHBOURS];
        for (place, other) in known.chunks_exact(width).enumerate() {
            let distance: f32 = row.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
            if distance < nearest[NEIGHBOURS - 1].0 {
                nearest[NEIGHBOURS - 1] = (distance, place);
                nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        let found: Vec<usize> =
            nearest.iter().map(|(_, place)| *place).filter(|place| *place < train.len()).collect();
        match labels {
            Some(labels) => found.iter().for_each(|&place| answer[labels[place] as usize] += 1.0),
            None => {
                answer[0] = (found.iter().map(|&place| values[place]).sum::<f64>()
                    / found.len() as f64) as f32
            }
        }
    }
    if labels.is_some() {
        answers.iter_mut().for_each(|votes| *votes /= NEIGHBOURS as f32);
    }
    let answers = Tensor::from_vec(answers, [test.len(), outputs])?;
    let called = format!("{NEIGHBOURS} nearest neighbours{}", of_rows(train.len(), all));
    // Votes are no probabilities.
    Ok(Some(Baseline::of("neighbours", called, train.len(), &answers, test, preprocessing, false)?))
}

/// At most so many rows, chosen at random.
fn some(data: &Dataset, most: usize) -> Outcome<Dataset> {
    if data.len() <= most {
        return Ok(data.clone());
    }
    let mut rows = Rng::new(0).permutation(data.len());
    rows.truncate(most.max(1));
    rows.sort_unstable();
    Ok(data.rows(&rows)?)
}

/// Of how many rows, where they are not all.
fn of_rows(rows: usize, all: usize) -> String {
    if rows == all { String::new() } else { format!(" (of {} rows)", thousands(rows)) }
}
