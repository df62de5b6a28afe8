//! [`Importance`]: how much a network rests on each column.

use gradtape::data::{Dataset, Preprocessing};
use gradtape::nn::{Module, Sequential};
use gradtape::train;
use gradtape::{Rng, Tensor};
use serde::Serialize;

use crate::error::Outcome;
use crate::output::Output;
use crate::report::{Align, Number, Table, thousands};

/// By permutation: the values of a column are shuffled among the rows, and the loss is measured again.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Importance {
    /// The most important first.
    pub(crate) columns: Vec<Column>,
}

#[derive(Serialize)]
pub(crate) struct Column {
    pub(crate) column: String,
    /// How much the loss rises: the mean over the shuffles, and their standard deviation.
    pub(crate) loss: Number,
    pub(crate) deviation: Number,
    /// How much of the accuracy is lost, for classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accuracy: Option<Number>,
}

/// How often each column is shuffled.
const TIMES: usize = 5;

/// How many rows and columns are measured at most, where a row takes so many floating-point operations: of the rows no
/// fewer than some hundreds, of the columns no fewer than one.
fn affordable(of_row: usize, rows: usize, columns: usize) -> [usize; 2] {
    let work = MOST_WORK / (TIMES * of_row.max(1)) as f64;
    let within = |others: usize| (work / others.max(1) as f64) as usize;
    let rows = within(columns).max(FEWEST_ROWS).min(rows);
    [rows, within(rows).max(1).min(columns)]
}

/// Floating-point operations of a few seconds.
const MOST_WORK: f64 = 1e11;

/// Fewer rows tell little.
const FEWEST_ROWS: usize = 300;

/// More columns are not shown to people.
pub(crate) const SHOWN: usize = 20;

impl Importance {
    /// Of a network on some rows. The same rows give the same numbers.
    pub(crate) fn of(
        network: &Sequential,
        preprocessing: &Preprocessing,
        data: &Dataset,
    ) -> Outcome<Importance> {
        Importance::of_first(network, preprocessing, data, usize::MAX)
    }

    /// As much of it as is measured in some seconds: on so many of the rows, chosen at random, and of so many of the
    /// first columns. Tells how many rows and columns these are; no clock is looked at, so that the same model and rows
    /// give the same numbers.
    pub(crate) fn in_short(
        network: &Sequential,
        preprocessing: &Preprocessing,
        data: &Dataset,
    ) -> Outcome<(Importance, [usize; 2])> {
        let of_row = 2 * network.parameter_count() + 10 * preprocessing.width();
        let [rows, columns] = affordable(of_row, data.len(), preprocessing.features().len());
        let importance = match rows == data.len() {
            true => Importance::of_first(network, preprocessing, data, columns)?,
            false => {
                let mut some = Rng::new(0).permutation(data.len());
                some.truncate(rows);
                some.sort_unstable();
                Importance::of_first(network, preprocessing, &data.rows(&some)?, columns)?
            }
        };
        Ok((importance, [rows, columns]))
    }

    fn of_first(
        network: &Sequential,
        preprocessing: &Preprocessing,
        data: &Dataset,
        most: usize,
    ) -> Outcome<Importance> {
        let whole = train::evaluate(network, data, 1024)?;
        let inputs = data.inputs().to_vec::<f32>()?;
        let width = preprocessing.width();
        let mut rng = Rng::new(0);
        let (mut columns, mut at) = (Vec::new(), 0);
        for feature in preprocessing.features().iter().take(most) {
            let own = at..at + feature.width();
            at = own.end;
            let (mut losses, mut accuracy) =
                (Vec::with_capacity(TIMES), whole.accuracy.map(|_| 0.0));
            for _ in 0..TIMES {
                let mut shuffled = inputs.clone();
                for (row, other) in rng.permutation(data.len()).into_iter().enumerate() {
                    let from = &inputs[other * width..][own.clone()];
                    shuffled[row * width..][own.clone()].copy_from_slice(from);
                }
                let shuffled =
                    data.with_inputs(Tensor::from_vec(shuffled, [data.len(), width])?)?;
                let scores = train::evaluate(network, &shuffled, 1024)?;
                losses.push(scores.loss - whole.loss);
                if let (Some(sum), Some(own), Some(all)) =
                    (&mut accuracy, scores.accuracy, whole.accuracy)
                {
                    *sum += (all - own) / TIMES as f64;
                }
            }
            let mean = losses.iter().sum::<f64>() / TIMES as f64;
            let spread =
                losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / TIMES as f64;
            columns.push(Column {
                column: feature.column().to_string(),
                loss: Number(mean),
                deviation: Number(spread.sqrt()),
                accuracy: accuracy.map(Number),
            });
        }
        columns.sort_by(|a, b| b.loss.0.total_cmp(&a.loss.0));
        Ok(Importance { columns })
    }

    /// Prints the most important columns for people.
    pub(crate) fn print(&self, output: &Output) -> Outcome {
        output
            .line("\nhow much worse it is with the values of a column shuffled among these rows")?;
        let accuracy = self.columns.iter().any(|column| column.accuracy.is_some());
        let headings =
            [("column", Align::Left), ("loss rises by", Align::Right), ("±", Align::Right)];
        let last = accuracy.then_some(("accuracy falls by", Align::Right));
        let mut table = Table::new(headings.into_iter().chain(last));
        for column in self.columns.iter().take(SHOWN) {
            let numbers = [column.loss, column.deviation].map(|number| format!("{:.4}", number.0));
            let share = column.accuracy.map(|share| format!("{:.2} %", 100.0 * share.0));
            table.row([column.column.clone()].into_iter().chain(numbers).chain(share));
        }
        output.line(table)?;
        match self.columns.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => output.line(format!("and {} more: --format json has them", thousands(more))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::affordable;

    #[test]
    fn wide_data_is_measured_in_part() {
        assert_eq!(affordable(20_000, 1_000, 20), [1_000, 20], "all of what is small");
        let [rows, columns] = affordable(200_000, 50_000, 100);
        assert!((300..50_000).contains(&rows) && columns == 100, "{rows} {columns}");
        let [rows, columns] = affordable(2_000_000, 50_000, 5_000);
        assert!(rows == 300 && (1..5_000).contains(&columns), "{rows} {columns}");
        assert_eq!(affordable(usize::MAX / 8, 50_000, 5_000), [300, 1]);
        assert_eq!(affordable(0, 0, 0), [0, 0]);
    }
}
