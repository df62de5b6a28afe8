//! [`Residuals`]: how far a model was from the numbers of rows that it did not learn from, for intervals.

use gradtape::Tensor;
use gradtape::data::{Dataset, Preprocessing, Target};
use gradtape::io::Model;
use gradtape::nn::Sequential;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome};
use crate::model::outputs;

/// The note of a model file under which they stand, as JSON.
pub(crate) const NOTE: &str = "residuals";

/// Absolute errors on validation rows, in the unit of the target, or standardised where that has a transform, so that an
/// interval is the wider the larger the number: of several networks that answer together those of each on
/// the rows that it did not learn from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Residuals {
    rows: usize,
    /// All of them, or so many at even distances once they are sorted.
    sizes: Vec<f64>,
    /// Truth less answer, standardised.
    #[serde(skip)]
    errors: Vec<f64>,
}

/// More than this many are not kept.
const MOST: usize = 1000;

impl Residuals {
    /// Adds the errors of a network on rows; none for classes, without rows, and where the network answers no numbers.
    pub(crate) fn add(
        &mut self,
        network: &Sequential,
        preprocessing: &Preprocessing,
        rows: &Dataset,
    ) {
        if rows.is_empty() || !matches!(preprocessing.target(), Target::Number { .. }) {
            return;
        }
        let Ok(answers) = outputs(network, rows.inputs()) else { return };
        let targets = rows.targets().to_f64_vec();
        self.errors.extend(answers.to_f64_vec().iter().zip(targets).map(|(p, y)| y - p));
        if preprocessing.target().is_transformed() {
            self.sizes = self.errors.iter().map(|error| error.abs()).collect();
        } else if let (Ok(predicted), Ok(known)) = (
            preprocessing.predicted_numbers(&answers),
            preprocessing.target_numbers(rows.targets()),
        ) {
            self.sizes.extend(predicted.iter().zip(known).map(|(p, y)| (p - y).abs()));
        }
        self.rows = self.sizes.len();
    }

    /// The preprocessing that knows of the errors.
    pub(crate) fn told_to(&self, preprocessing: Preprocessing) -> Preprocessing {
        preprocessing.with_errors(&self.errors)
    }

    /// As a note of a model, if there are any.
    pub(crate) fn to_note(&self) -> Outcome<Option<(String, String)>> {
        let Residuals { rows, mut sizes, errors } = self.clone();
        sizes.sort_by(f64::total_cmp);
        if rows > MOST {
            sizes = (1..=MOST).map(|place| sizes[(place * rows).div_ceil(MOST) - 1]).collect();
        }
        let text =
            serde_json::to_string(&Residuals { rows, sizes, errors }).map_err(Failure::failed)?;
        Ok((rows > 0).then(|| (NOTE.to_string(), text)))
    }

    /// How far to each side an interval reaches that holds the true number in a share of the cases (split conformal
    /// prediction: the rows to come are like those of the validation).
    pub(crate) fn reach(model: &Model, share: f64) -> Outcome<f64> {
        let own: Option<Residuals> =
            model.notes.get(NOTE).and_then(|text| serde_json::from_str(text).ok());
        let Some(own) = own.filter(|own| !own.sizes.is_empty()) else {
            return Err(Failure::failed(
                "--interval: the model has no errors of validation rows\n  hint: it is for numbers; train anew, with \
                 validation rows",
            ));
        };
        let rank = ((own.rows + 1) as f64 * share).ceil();
        if rank > own.rows as f64 {
            let most = own.rows as f64 / (own.rows + 1) as f64;
            return Err(Failure::failed(format!(
                "--interval {share}: {} validation rows tell of a share of {most:.4} at most",
                own.rows
            )));
        }
        let place = (rank * own.sizes.len() as f64 / own.rows as f64).ceil() as usize;
        Ok(own.sizes[place.clamp(1, own.sizes.len()) - 1])
    }
}

/// The lower and the upper bounds of predictions, which outputs of the network became, by how far they reach.
pub(crate) fn bounds(
    preprocessing: &Preprocessing,
    outputs: &Tensor,
    predicted: &[f64],
    reach: f64,
) -> Outcome<[Vec<f64>; 2]> {
    if !preprocessing.target().is_transformed() {
        return Ok([-reach, reach].map(|side| predicted.iter().map(|p| p + side).collect()));
    }
    // What is true is within reach of the output, also far beyond the training data, where the answer is not.
    let (answer, truth) = (preprocessing.undo()?, preprocessing.undo_target()?);
    let bound = |value: f64, further: fn(f64, f64) -> f64| {
        further(answer(value), truth(value)).clamp(f64::MIN, f64::MAX)
    };
    let outputs = outputs.to_f64_vec();
    Ok([
        outputs.iter().map(|output| bound(output - reach, f64::min)).collect(),
        outputs.iter().map(|output| bound(output + reach, f64::max)).collect(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::nn::Sequential;

    #[test]
    fn a_share_of_the_errors_is_within_reach() {
        let mut model = Model::new(Sequential::new());
        assert!(Residuals::reach(&model, 0.9).is_err());
        let sizes = (1..=99).map(f64::from).collect();
        let own = Residuals { rows: 99, sizes, errors: Vec::new() };
        model.notes.extend(own.to_note().unwrap());
        assert_eq!(Residuals::reach(&model, 0.9).unwrap(), 90.0);
        assert_eq!(Residuals::reach(&model, 0.5).unwrap(), 50.0);
        assert!(Residuals::reach(&model, 0.995).unwrap_err().message().contains("0.9900 at most"));
    }
}
