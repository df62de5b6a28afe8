//! [`Measured`]: how good a network is on rows that it did not learn from.

use gradtape::data::{Dataset, Preprocessing, Target, Transform};
use gradtape::metric::{self, ConfusionMatrix};
use gradtape::nn::Sequential;
use gradtape::train::{Scores, default_loss};
use gradtape::{Tape, Tensor};
use serde::Serialize;

use crate::baseline::Baseline;
use crate::error::Outcome;
use crate::model::{outputs, probabilities};
use crate::output::Output;
use crate::report::{Align, Number, Table, of as count_of, percent, thousands};

/// The quality of predictions, for classes or for a number.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Measured {
    Classes {
        rows: usize,
        loss: Number,
        accuracy: Number,
        correct: usize,
        classes: Vec<Class>,
        /// For each true class, how often each class was predicted.
        confusion_matrix: Vec<Vec<usize>>,
        #[serde(flatten)]
        shares: Shares,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        baselines: Vec<Baseline>,
    },
    /// In the unit of the target, but for the loss, which is that of training.
    Number {
        rows: usize,
        loss: Number,
        mse: Number,
        rmse: Number,
        mae: Number,
        /// `null` where it is not defined: the targets do not vary.
        r2: Option<Number>,
        /// How close true numbers may be for the network not to tell them apart, where that is not little beside them.
        #[serde(skip)]
        coarse: Option<f64>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        baselines: Vec<Baseline>,
    },
}

/// The quality over all classes. Means over classes give each the same weight; what is not defined is `null`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shares {
    /// The mean of the recalls.
    pub(crate) balanced_accuracy: Option<Number>,
    /// The mean over the classes.
    pub(crate) f1: Option<Number>,
    /// Of the second class where there are two, else the mean over the classes, each against the rest.
    pub(crate) roc_auc: Option<Number>,
    pub(crate) average_precision: Option<Number>,
    /// How far probabilities are from shares of right predictions.
    pub(crate) calibration_error: Option<Number>,
}

impl Shares {
    /// Of probabilities, or, but for the calibration, of whatever grows with them.
    pub(crate) fn of(
        matrix: &ConfusionMatrix,
        probabilities: &Tensor,
        labels: &Tensor,
    ) -> Outcome<Shares> {
        let classes = matrix.counts().len();
        let mean = |values: Vec<f64>| {
            let defined: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
            let sum: f64 = defined.iter().sum();
            (!defined.is_empty()).then(|| Number(sum / defined.len() as f64))
        };
        let over = |of: &dyn Fn(usize) -> Option<f64>| mean((0..classes).filter_map(of).collect());
        let (scores, of_rows) = (probabilities.to_f64_vec(), labels.to_vec::<i64>()?);
        let area = |of: fn(&[f64], &[bool]) -> gradtape::Result<f64>| -> Outcome<Option<Number>> {
            let asked = if classes == 2 { 1..2 } else { 0..classes };
            let one = |class: usize| {
                let scores: Vec<f64> =
                    scores.iter().skip(class).step_by(classes).copied().collect();
                let positive: Vec<bool> =
                    of_rows.iter().map(|&label| label == class as i64).collect();
                of(&scores, &positive)
            };
            Ok(mean(asked.map(one).collect::<gradtape::Result<Vec<f64>>>()?))
        };
        let calibration = metric::calibration_error(probabilities, labels)?;
        Ok(Shares {
            balanced_accuracy: over(&|class| matrix.recall(class)),
            f1: over(&|class| matrix.f1(class)),
            roc_auc: area(metric::roc_auc)?,
            average_precision: area(metric::average_precision)?,
            calibration_error: (!calibration.is_nan()).then_some(Number(calibration)),
        })
    }

    /// For people.
    fn told(&self) -> String {
        let percents = [
            ("balanced accuracy", self.balanced_accuracy),
            ("F1", self.f1),
            ("calibration error", self.calibration_error),
        ];
        let areas = [("ROC area", self.roc_auc), ("precision-recall area", self.average_precision)];
        let percents = percents
            .into_iter()
            .filter_map(|(name, share)| Some(format!("{name} {}", percent(share?.0))));
        let areas =
            areas.into_iter().filter_map(|(name, area)| Some(format!("{name} {:.4}", area?.0)));
        percents.chain(areas).collect::<Vec<_>>().join(", ")
    }
}

/// The quality for one class.
#[derive(Debug, Serialize)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// `null` where it is not defined: the class was never predicted, or is not in the rows.
    pub(crate) precision: Option<Number>,
    pub(crate) recall: Option<Number>,
    pub(crate) f1: Option<Number>,
}

impl Measured {
    /// The scores that training has, too.
    pub(crate) fn scores(&self) -> Scores {
        match self {
            Measured::Classes { loss, accuracy, .. } => {
                Scores { loss: loss.0, accuracy: Some(accuracy.0), mean_absolute_error: None }
            }
            Measured::Number { loss, mae, .. } => {
                Scores { loss: loss.0, accuracy: None, mean_absolute_error: Some(mae.0) }
            }
        }
    }

    /// What is told of each fold, by name; what is not defined has no place.
    pub(crate) fn figures(&self) -> Vec<(&'static str, f64)> {
        let all = match self {
            Measured::Classes { loss, accuracy, shares, .. } => vec![
                ("accuracy", Some(*accuracy)),
                ("loss", Some(*loss)),
                ("balanced accuracy", shares.balanced_accuracy),
                ("F1", shares.f1),
                ("ROC area", shares.roc_auc),
            ],
            Measured::Number { rmse, mae, r2, .. } => vec![
                ("R²", *r2),
                ("mean absolute error", Some(*mae)),
                ("root mean squared error", Some(*rmse)),
            ],
        };
        all.into_iter().filter_map(|(name, value)| Some((name, value?.0))).collect()
    }

    /// What simple answers come to on the same rows.
    pub(crate) fn baselines(&self) -> &[Baseline] {
        let (Measured::Classes { baselines, .. } | Measured::Number { baselines, .. }) = self;
        baselines
    }

    /// Measures a network on rows.
    pub(crate) fn of(
        network: &Sequential,
        preprocessing: &Preprocessing,
        data: &Dataset,
    ) -> Outcome<Measured> {
        let outputs = outputs(network, data.inputs())?;
        Measured::of_outputs(network, preprocessing, &outputs, data.targets())
    }

    /// Measures what a network answered for rows with these targets.
    pub(crate) fn of_outputs(
        network: &Sequential,
        preprocessing: &Preprocessing,
        outputs: &Tensor,
        targets: &Tensor,
    ) -> Outcome<Measured> {
        let tape = Tape::inference();
        let loss = default_loss(tape.constant(outputs), tape.constant(targets));
        let (loss, rows) = (Number(loss.item()?), targets.shape()[0]);
        match preprocessing.target() {
            Target::Classes { classes, .. } => {
                let matrix = ConfusionMatrix::new(outputs, targets)?;
                let class = |(number, name): (usize, &String)| Class {
                    name: name.clone(),
                    precision: matrix.precision(number).map(Number),
                    recall: matrix.recall(number).map(Number),
                    f1: matrix.f1(number).map(Number),
                };
                let counts = matrix.counts().to_vec();
                let shares = Shares::of(&matrix, &probabilities(network, outputs)?, targets)?;
                Ok(Measured::Classes {
                    shares,
                    baselines: Vec::new(),
                    rows,
                    loss,
                    accuracy: Number(matrix.accuracy()),
                    correct: (0..counts.len()).map(|class| counts[class][class]).sum(),
                    classes: classes.names().iter().enumerate().map(class).collect(),
                    confusion_matrix: counts,
                })
            }
            Target::Number { .. } => {
                let predicted = preprocessing.predicted_numbers(outputs)?;
                let known = preprocessing.target_numbers(targets)?;
                let predicted = Tensor::from_vec(predicted, [rows])?;
                let known = Tensor::from_vec(known, [rows])?;
                let of = |metric: fn(&Tensor, &Tensor) -> gradtape::Result<f64>| {
                    metric(&predicted, &known)
                };
                let mse = of(metric::mean_squared_error)?;
                let r2 = of(metric::r2)?;
                Ok(Measured::Number {
                    rows,
                    loss,
                    mse: Number(mse),
                    rmse: Number(mse.sqrt()),
                    mae: Number(of(metric::mean_absolute_error)?),
                    // Predictions that are no numbers have a NaN of their own.
                    r2: (!r2.is_nan() || mse.is_nan()).then_some(Number(r2)),
                    coarse: coarse(preprocessing.target(), targets),
                    baselines: Vec::new(),
                })
            }
        }
    }

    /// Sets beside it what simple answers come to, learned from the rows of the training, or from some that stand for
    /// `all` of them.
    pub(crate) fn beside(
        mut self,
        train: &Dataset,
        all: usize,
        test: &Dataset,
        preprocessing: &Preprocessing,
    ) -> Outcome<Measured> {
        if !train.is_empty() && !test.is_empty() {
            let (Measured::Classes { baselines, .. } | Measured::Number { baselines, .. }) =
                &mut self;
            *baselines = Baseline::all(train, all, test, preprocessing)?;
        }
        Ok(self)
    }

    /// Prints the simple answers, and whether one of them is better.
    fn print_baselines(&self, output: &Output) -> Outcome {
        let (Measured::Classes { baselines, .. } | Measured::Number { baselines, .. }) = self;
        if baselines.is_empty() {
            return Ok(());
        }
        output.line(format!("on the same rows: {}", Baseline::told(baselines)))?;
        match self.better() {
            Some(best) => output.line(format!("better than the network: {}", best.called())),
            None => Ok(()),
        }
    }

    /// The simple answer that is better than the network, beside the constant; of several the best.
    pub(crate) fn better(&self) -> Option<&Baseline> {
        let (Measured::Classes { baselines, .. } | Measured::Number { baselines, .. }) = self;
        let own = match self {
            Measured::Classes { accuracy, .. } => accuracy.0,
            Measured::Number { r2, .. } => r2.map_or(f64::INFINITY, |r2| r2.0),
        };
        let score = |baseline: &Baseline| {
            baseline.accuracy.or(baseline.r2).map_or(f64::NEG_INFINITY, |score| score.0)
        };
        // The constant has a line of its own.
        let best = baselines.iter().skip(1).rev().max_by(|a, b| score(a).total_cmp(&score(b)));
        best.filter(|best| score(best) > own)
    }

    /// Prints it for people; `which` names the rows, as in `held-out`.
    pub(crate) fn print(&self, which: &str, output: &Output) -> Outcome {
        match self {
            Measured::Classes {
                rows,
                loss,
                accuracy,
                correct,
                classes,
                confusion_matrix,
                shares,
                ..
            } => {
                let accuracy = output.bold(format!("{which} accuracy {}", percent(accuracy.0)));
                let (correct, rows) = (thousands(*correct), thousands(*rows));
                output.line(format!("{accuracy} ({correct} of {rows}), loss {:.4}", loss.0))?;
                if let Some(constant) = self.no_better() {
                    output.line(format!("that is no better than {constant}"))?;
                }
                output.line(shares.told())?;
                let of_none = classes.iter().zip(confusion_matrix);
                let of_none = of_none.filter(|(_, row)| row.iter().all(|&count| count == 0));
                let of_none: Vec<_> =
                    of_none.map(|(class, _)| format!("{:?}", class.name)).collect();
                if !of_none.is_empty() && of_none.len() <= MOST_CLASSES {
                    let names = of_none.join(", ");
                    output
                        .line(format!("no {which} row is of {names}: of that nothing is told"))?;
                }
                self.print_baselines(output)?;
                if classes.len() > MOST_CLASSES {
                    return output.line("the confusion matrix is large: --format json has it");
                }
                output
                    .line("\nconfusion matrix: rows are the true classes, columns the predicted")?;
                output.line(confusion(classes, confusion_matrix))
            }
            Measured::Number { rows, rmse, mae, r2, coarse, .. } => {
                let why = match (rows, coarse) {
                    (1, _) => " for one row".to_string(),
                    _ if rmse.0.is_infinite() => {
                        ", a value is so far from the others that its square is infinite"
                            .to_string()
                    }
                    (_, Some(coarse)) => format!(
                        ", far values among those of the training leave nothing of the others: what is closer than {} is the \
                         same beside them (--target-transform asinh or log draws them in)",
                        short(*coarse)
                    ),
                    (_, None) => ", the target does not vary".to_string(),
                };
                let measure = match r2 {
                    Some(r2) => format!("{which} R² {:.4}", r2.0),
                    None => format!("{which} R² is not defined{why}"),
                };
                output.line(format!(
                    "{} ({}), mean absolute error {}, root mean squared error {}",
                    output.bold(&measure),
                    count_of(*rows, "row"),
                    short(mae.0),
                    short(rmse.0)
                ))?;
                if let Some(constant) = self.no_better() {
                    output.line(format!("that is no better than {constant}"))?;
                }
                self.print_baselines(output)
            }
        }
    }

    /// The constant answer that the network is no better than, in words, if it is not. It is that of the simple answers
    /// where there are any; else the most frequent class of the rows, or their mean.
    pub(crate) fn no_better(&self) -> Option<String> {
        let constant = self.baselines().first();
        match self {
            Measured::Classes { rows, correct, accuracy, classes, confusion_matrix, .. } => {
                let counts = confusion_matrix.iter().map(|row| row.iter().sum::<usize>());
                // The first of several.
                let most = counts.zip(classes).rev().max_by_key(|(count, _)| *count);
                let (name, share) = match constant {
                    Some(constant) => {
                        let share = constant.accuracy.filter(|share| accuracy.0 <= share.0)?;
                        (constant.answer.as_deref()?, share.0)
                    }
                    None => {
                        let (count, class) = most.filter(|(count, _)| correct <= count)?;
                        (class.name.as_str(), count as f64 / *rows as f64)
                    }
                };
                Some(format!("always answering {name:?}: {}", percent(share)))
            }
            Measured::Number { r2, rmse, .. } => {
                let constant = constant.and_then(|own| own.rmse);
                let is_no_better = match constant {
                    Some(own) => rmse.0 >= own.0,
                    None => r2.is_some_and(|r2| r2.0 <= 0.0),
                };
                is_no_better.then(|| "always answering the mean".to_string())
            }
        }
    }

    /// A class of few of the rows, most of which are not found, in words: of several the one that is found least.
    pub(crate) fn rarely_found(&self) -> Option<String> {
        let Measured::Classes { rows, classes, confusion_matrix, .. } = self else { return None };
        let of_class = confusion_matrix.iter().zip(classes).enumerate();
        let of_class = of_class.map(|(place, (row, class))| (row.iter().sum(), row[place], class));
        let is_rare = |count: usize| count >= FEWEST_OF_CLASS && 2 * count * classes.len() <= *rows;
        let poor = of_class.filter(|&(count, found, _): &(usize, usize, &Class)| {
            is_rare(count) && 2 * found < count
        });
        let (count, found, class) = poor.min_by(|a, b| {
            let share = |&(count, found, _): &(usize, usize, &Class)| found as f64 / count as f64;
            share(a).total_cmp(&share(b))
        })?;
        Some(format!(
            "of the {} of {:?}, a rare class, {} found: with --class-weights balanced all classes count the same in \
             training",
            count_of(count, "row"),
            class.name,
            match found {
                0 => "none is".to_string(),
                1 => "1 is".to_string(),
                some => format!("{} are", thousands(some)),
            }
        ))
    }
}

/// How far apart the numbers to predict must be for the network's f32 to tell them apart, where that is not little beside
/// these themselves: of those of a training one is so far away that all others are the same.
fn coarse(target: &Target, standardised: &Tensor) -> Option<f64> {
    let Target::Number { mean, scale, transform: Transform::None, .. } = target else {
        return None;
    };
    let values = standardised.to_f64_vec();
    let largest = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let step = largest * f64::from(f32::EPSILON) * scale;
    let size = values.iter().map(|value| (value * scale + mean).abs()).fold(0.0, f64::max);
    (step > 1e-3 * size).then_some(step)
}

/// Fewer rows of a class tell nothing of it.
const FEWEST_OF_CLASS: usize = 5;

/// Matrices of more classes do not fit on a screen.
const MOST_CLASSES: usize = 26;

fn confusion(classes: &[Class], counts: &[Vec<usize>]) -> Table {
    let names = classes.iter().map(|class| (class.name.clone(), Align::Right));
    let recall = [("recall".to_string(), Align::Right)];
    let mut table =
        Table::new([(String::new(), Align::Left)].into_iter().chain(names).chain(recall));
    for (class, counts) in classes.iter().zip(counts) {
        let cells = counts.iter().map(|count| match count {
            0 => "·".to_string(),
            count => thousands(*count),
        });
        let recall = [share(class.recall)];
        table.row([class.name.clone()].into_iter().chain(cells).chain(recall));
    }
    let precision = classes.iter().map(|class| share(class.precision));
    table.row(["precision".to_string()].into_iter().chain(precision));
    table
}

fn share(share: Option<Number>) -> String {
    share.map_or("-".to_string(), |share| format!("{:.0} %", 100.0 * share.0))
}

/// A number with five digits that matter.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e7).contains(&size) => {
            let decimals = (4 - size.log10().floor() as i32).clamp(0, 8) as usize;
            format!("{number:.decimals$}")
        }
        _ => format!("{number:.4e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn five_digits_matter() {
        let numbers = [0.0, 12.345678, 123456.7, 1234567.8, 0.00123456, 1e-9, -2.5e12];
        let texts = ["0", "12.346", "123457", "1234568", "0.0012346", "1.0000e-9", "-2.5000e12"];
        assert_eq!(numbers.map(short), texts);
    }
}
