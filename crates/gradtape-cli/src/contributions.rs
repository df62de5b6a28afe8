//! [`Contributions`]: what a prediction rests on, column by column.

use gradtape::data::Preprocessing;
use gradtape::{Rng, Tensor};

use crate::error::Outcome;

/// How much each column adds to each prediction, beginning with the mean answer to rows of the training. The sum of all
/// is the prediction.
///
/// These are Shapley values, estimated from orders in which the columns of the row replace those of a row of the
/// training: a column adds the mean change when it does. One that the network does not look at adds nothing.
pub(crate) struct Contributions {
    /// The mean answer to the rows that are begun with.
    pub(crate) base: Vec<f64>,
    /// For each column, for each row.
    pub(crate) columns: Vec<(String, Vec<f64>)>,
}

/// How many orders are tried at least, and each backwards.
const ORDERS: usize = 8;

/// Numbers of rows that are answered at once.
const AT_ONCE: usize = 1 << 20;

impl Contributions {
    /// Of predictions for inputs `[n, width]`, beginning with some rows, all of which count the same. `answer` predicts
    /// for rows that stand for a row of the inputs, by its number.
    pub(crate) fn of(
        inputs: &Tensor,
        preprocessing: &Preprocessing,
        begin: &[Vec<f32>],
        answer: impl Fn(&Tensor, usize) -> Outcome<Vec<f64>>,
    ) -> Outcome<Contributions> {
        let (features, width) = (preprocessing.features(), preprocessing.width());
        let mut columns: Vec<(String, Vec<f64>)> =
            features.iter().map(|feature| (feature.column().to_string(), Vec::new())).collect();
        let mut places = Vec::with_capacity(features.len());
        let mut at = 0;
        for feature in features {
            places.push(at..at + feature.width());
            at += feature.width();
        }
        let mut rng = Rng::new(0);
        // Each row to begin with has as many orders.
        let mut walks: Vec<(&[f32], Vec<usize>)> = Vec::new();
        for row in begin {
            for _ in 0..ORDERS.div_ceil(begin.len()) {
                let order = rng.permutation(features.len());
                walks.push((row, order.iter().rev().copied().collect()));
                walks.push((row, order));
            }
        }
        let steps = features.len() + 1;
        let together = (AT_ONCE / (steps * width).max(1)).max(1);
        let mut base = Vec::new();
        for (number, row) in inputs.to_vec::<f32>()?.chunks_exact(width.max(1)).enumerate() {
            let (mut sums, mut begun) = (vec![0.0; features.len()], 0.0);
            for walks in walks.chunks(together) {
                let mut rows = Vec::with_capacity(walks.len() * steps * width);
                for (start, order) in walks {
                    let mut mixed = start.to_vec();
                    rows.extend_from_slice(&mixed);
                    for &column in order {
                        mixed[places[column].clone()].copy_from_slice(&row[places[column].clone()]);
                        rows.extend_from_slice(&mixed);
                    }
                }
                let rows = Tensor::from_vec(rows, [walks.len() * steps, width])?;
                let answers = answer(&rows, number)?;
                for ((_, order), answers) in walks.iter().zip(answers.chunks_exact(steps)) {
                    begun += answers[0];
                    for (step, &column) in order.iter().enumerate() {
                        sums[column] += answers[step + 1] - answers[step];
                    }
                }
            }
            base.push(begun / walks.len() as f64);
            for ((_, values), sum) in columns.iter_mut().zip(sums) {
                values.push(sum / walks.len() as f64);
            }
        }
        Ok(Contributions { base, columns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::data::{CsvOptions, PreprocessOptions, Table};
    use gradtape::nn::{Activation, Module, Sequential};
    use gradtape::train;

    #[test]
    fn what_the_network_does_not_use_adds_nothing() {
        let rows: String = (0..60)
            .map(|i| {
                let kind = ["a", "b", "c", "d"][(i * 5 + i / 4) % 4];
                format!("{},{kind},{},{}\n", i % 7, i * 13 % 11, (i % 7) * (i * 13 % 11))
            })
            .collect();
        let text = "x,kind,z,y\n".to_string() + &rows;
        let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
        let all: Vec<usize> = (0..60).collect();
        let prepared =
            Preprocessing::fit(&table, "y", &all, &PreprocessOptions::default()).unwrap();
        let inputs = prepared.inputs(&table).unwrap();
        let width = prepared.width();
        assert_eq!(width, 1 + 4 + 1);
        let net = Sequential::mlp(&[width, 8, 1], Activation::Tanh, 0.0, &mut Rng::new(3)).unwrap();
        // All kinds have the same weights, and the last column has none.
        let parameters = net.parameters();
        let weight = &parameters[0];
        let mut numbers = weight.value().to_vec::<f32>().unwrap();
        for row in numbers.chunks_exact_mut(width) {
            row[1..5].fill(0.7);
            row[5] = 0.0;
        }
        weight.set(Tensor::from_vec(numbers, [8, width]).unwrap()).unwrap();
        let answer = |rows: &Tensor, _: usize| -> Outcome<Vec<f64>> {
            Ok(train::predict(&net, rows, 256)?.to_f64_vec())
        };
        let known: Vec<Vec<f32>> =
            inputs.to_vec::<f32>().unwrap().chunks(width).map(<[f32]>::to_vec).collect();
        for begin in [&known[..20], &known[..3]] {
            let found = Contributions::of(&inputs, &prepared, begin, answer).unwrap();
            let begun: Vec<f32> = begin.concat();
            let begun = Tensor::from_vec(begun, [begin.len(), width]).unwrap();
            let mean = answer(&begun, 0).unwrap().iter().sum::<f64>() / begin.len() as f64;
            let predicted = answer(&inputs, 0).unwrap();
            for (row, predicted) in predicted.into_iter().enumerate() {
                assert!((found.base[row] - mean).abs() < 1e-6);
                let [x, kind, z] = [0, 1, 2].map(|column| found.columns[column].1[row]);
                assert!(kind.abs() < 1e-6 && z.abs() < 1e-6, "{kind} {z}");
                assert!((found.base[row] + x + kind + z - predicted).abs() < 1e-6);
            }
        }
        // From a row without a kind, they would seem to add something.
        let found = Contributions::of(&inputs, &prepared, &[vec![0.0; width]], answer).unwrap();
        assert!(found.columns[1].1.iter().any(|kind| kind.abs() > 0.01));
    }
}
