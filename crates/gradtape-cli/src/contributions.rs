//! [`Contributions`]: what a prediction rests on, column by column.

use gradtape::data::Preprocessing;
use gradtape::{Rng, Tensor};

use crate::error::Outcome;

/// How much each column adds to each prediction, beginning with that of a row which tells nothing: numbers at their
/// mean, no category. The sum of all is the prediction.
///
/// These are Shapley values, estimated from orders in which the columns of the row replace those of the other: a column
/// adds the mean change when it does.
pub(crate) struct Contributions {
    /// What is predicted of a row that tells nothing.
    pub(crate) base: Vec<f64>,
    /// For each column, for each row.
    pub(crate) columns: Vec<(String, Vec<f64>)>,
}

/// How many orders are tried, and each backwards.
const ORDERS: usize = 8;

impl Contributions {
    /// Of predictions for inputs `[n, width]`. `answer` predicts for rows that stand for a row of the inputs, by its
    /// number.
    pub(crate) fn of(
        inputs: &Tensor,
        preprocessing: &Preprocessing,
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
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            let order = rng.permutation(features.len());
            orders.push(order.iter().rev().copied().collect::<Vec<usize>>());
            orders.push(order);
        }
        let mut base = Vec::new();
        for (number, row) in inputs.to_vec::<f32>()?.chunks_exact(width.max(1)).enumerate() {
            let mut rows = Vec::with_capacity(orders.len() * (features.len() + 1) * width);
            for order in &orders {
                let mut mixed = vec![0f32; width];
                rows.extend_from_slice(&mixed);
                for &column in order {
                    mixed[places[column].clone()].copy_from_slice(&row[places[column].clone()]);
                    rows.extend_from_slice(&mixed);
                }
            }
            let count = orders.len() * (features.len() + 1);
            let answers = answer(&Tensor::from_vec(rows, [count, width])?, number)?;
            base.push(answers[0]);
            let mut sums = vec![0.0; features.len()];
            for (order, answers) in orders.iter().zip(answers.chunks_exact(features.len() + 1)) {
                for (step, &column) in order.iter().enumerate() {
                    sums[column] += answers[step + 1] - answers[step];
                }
            }
            for ((_, values), sum) in columns.iter_mut().zip(sums) {
                values.push(sum / orders.len() as f64);
            }
        }
        Ok(Contributions { base, columns })
    }
}
