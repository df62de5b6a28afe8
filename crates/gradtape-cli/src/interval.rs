//! [`Residuals`]: how far a model was from the numbers of rows that it did not learn from, for intervals.

use gradtape::Tensor;
use gradtape::data::{Dataset, Preprocessing, Target, Transform};
use gradtape::io::Model;
use gradtape::nn::Sequential;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome};
use crate::model::outputs;

/// The note of a model file under which they stand, as JSON.
pub(crate) const NOTE: &str = "residuals";

/// Absolute errors on validation rows of what is answered, in the unit of the target; where that has a transform, of both
/// transformed and standardised, so that an interval is the wider the larger the number. Of several networks that answer
/// together those of each on the rows that it did not learn from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Residuals {
    rows: usize,
    /// All of them, or so many at even distances once they are sorted.
    sizes: Vec<f64>,
    /// Whether they are of the answer: files of earlier versions have those of the network's output, which stands for the
    /// middle of what is transformed, where the answer is the mean.
    #[serde(default)]
    of_answers: bool,
    /// Outputs of the network with the targets, standardised.
    #[serde(skip)]
    pairs: Vec<(f64, f64)>,
}

/// How far to each side of what an interval reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    size: f64,
    of_answers: bool,
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
        self.pairs.extend(answers.to_f64_vec().into_iter().zip(targets));
    }

    /// The preprocessing that knows of the errors.
    pub(crate) fn told_to(&self, preprocessing: Preprocessing) -> Preprocessing {
        let errors: Vec<f64> = self.pairs.iter().map(|(output, target)| target - output).collect();
        preprocessing.with_errors(&errors)
    }

    /// As a note of a model with a preprocessing that knows of them, if there are any.
    pub(crate) fn to_note(
        &self,
        preprocessing: &Preprocessing,
    ) -> Outcome<Option<(String, String)>> {
        let (outputs, targets): (Vec<f64>, Vec<f64>) = self.pairs.iter().copied().unzip();
        let rows = outputs.len();
        if rows == 0 {
            return Ok(None);
        }
        let [outputs, targets] = [Tensor::from(outputs), Tensor::from(targets)];
        let mut sizes: Vec<f64> = match Learned::of(preprocessing) {
            Some(learned) => {
                let answers = preprocessing.predicted_numbers(&outputs)?.into_iter();
                let answers = answers.map(|answer| learned.of_number(answer));
                answers
                    .zip(targets.to_f64_vec())
                    .map(|(answer, own)| (answer - own).abs())
                    .collect()
            }
            None => {
                let answers = preprocessing.predicted_numbers(&outputs)?.into_iter();
                let known = preprocessing.target_numbers(&targets)?;
                answers.zip(known).map(|(answer, own)| (answer - own).abs()).collect()
            }
        };
        sizes.sort_by(f64::total_cmp);
        if rows > MOST {
            sizes = (1..=MOST).map(|place| sizes[(place * rows).div_ceil(MOST) - 1]).collect();
        }
        let own = Residuals { rows, sizes, of_answers: true, pairs: Vec::new() };
        let text = serde_json::to_string(&own).map_err(Failure::failed)?;
        Ok(Some((NOTE.to_string(), text)))
    }

    /// How far to each side an interval reaches that holds the true number in a share of the cases (split conformal
    /// prediction: the rows to come are like those of the validation).
    pub(crate) fn reach(model: &Model, share: f64) -> Outcome<Reach> {
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
        let size = own.sizes[place.clamp(1, own.sizes.len()) - 1];
        Ok(Reach { size, of_answers: own.of_answers })
    }
}

/// What is learned of a number that has a transform.
struct Learned {
    mean: f64,
    scale: f64,
    transform: Transform,
}

impl Learned {
    fn of(preprocessing: &Preprocessing) -> Option<Learned> {
        match preprocessing.target() {
            &Target::Number { mean, scale, transform, .. } if !transform.is_none() => {
                Some(Learned { mean, scale, transform })
            }
            _ => None,
        }
    }

    fn of_number(&self, number: f64) -> f64 {
        (self.transform.of(number) - self.mean) / self.scale
    }
}

/// The lower and the upper bounds of predictions, which outputs of the network became, by how far they reach. The
/// prediction is between them.
pub(crate) fn bounds(
    preprocessing: &Preprocessing,
    outputs: &Tensor,
    predicted: &[f64],
    reach: Reach,
) -> Outcome<[Vec<f64>; 2]> {
    let Some(learned) = Learned::of(preprocessing) else {
        return Ok([-reach.size, reach.size]
            .map(|side| predicted.iter().map(|answer| answer + side).collect()));
    };
    // What is true is within reach also far beyond the training data, where nothing is answered.
    let truth = preprocessing.undo_target()?;
    let middles: Vec<f64> = match reach.of_answers {
        true => predicted.iter().map(|&answer| learned.of_number(answer)).collect(),
        false => outputs.to_f64_vec(),
    };
    let side = |size: f64, further: fn(f64, f64) -> f64| {
        let of = |(middle, &answer): (&f64, &f64)| {
            further(answer, truth(middle + size)).clamp(f64::MIN, f64::MAX)
        };
        middles.iter().zip(predicted).map(of).collect()
    };
    Ok([side(-reach.size, f64::min), side(reach.size, f64::max)])
}

#[cfg(test)]
mod tests {
    use gradtape::data::{CsvOptions, PreprocessOptions, Table, TransformChoice};

    use super::*;

    fn prepared(choice: TransformChoice) -> Preprocessing {
        let row = |i: usize| format!("{i},{}\n", (i as f64 * 0.1).exp());
        let text = "x,y\n".to_string() + &(0..60).map(row).collect::<String>();
        let table = Table::from_csv(text.as_bytes(), "t.csv", &CsvOptions::default()).unwrap();
        let options = PreprocessOptions { transform: choice, ..PreprocessOptions::default() };
        Preprocessing::fit(&table, "y", &(0..60).collect::<Vec<_>>(), &options).unwrap()
    }

    fn model(own: &Residuals, preprocessing: &Preprocessing) -> Model {
        let mut model = Model::new(Sequential::new());
        model.notes.extend(own.to_note(preprocessing).unwrap());
        model
    }

    #[test]
    fn a_share_of_the_errors_is_within_reach() {
        let preprocessing = prepared(TransformChoice::None);
        assert!(Residuals::reach(&Model::new(Sequential::new()), 0.9).is_err());
        let unit = preprocessing.target_numbers(&Tensor::from([0.0, 1.0])).unwrap();
        let of = |size: i32| f64::from(size) / (unit[1] - unit[0]);
        let pairs = (1..=99).map(|size| (of(size), 0.0)).collect();
        let model = model(&Residuals { pairs, ..Residuals::default() }, &preprocessing);
        let reach = |share| Residuals::reach(&model, share).unwrap().size;
        assert!((reach(0.9) - 90.0).abs() < 1e-9 && (reach(0.5) - 50.0).abs() < 1e-9);
        assert!(Residuals::reach(&model, 0.995).unwrap_err().message().contains("0.9900 at most"));
    }

    #[test]
    fn a_prediction_is_between_its_bounds_and_the_share_of_the_truth_too() {
        // What is true is above the answer in one of eight cases, and then far: the mean is not in the middle.
        let pairs: Vec<(f64, f64)> = (0..800)
            .map(|i| {
                let output = f64::from(i % 40) / 40.0 - 0.5;
                (output, output + if i % 8 == 0 { 2.5 } else { -0.05 })
            })
            .collect();
        for choice in [TransformChoice::Log, TransformChoice::Asinh] {
            let own = Residuals { pairs: pairs.clone(), ..Residuals::default() };
            let preprocessing = own.told_to(prepared(choice));
            let model = model(&own, &preprocessing);
            let (outputs, targets): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let (outputs, targets) = (Tensor::from(outputs), Tensor::from(targets));
            let predicted = preprocessing.predicted_numbers(&outputs).unwrap();
            let known = preprocessing.target_numbers(&targets).unwrap();
            for share in [0.1, 0.5, 0.8, 0.95] {
                let reach = Residuals::reach(&model, share).unwrap();
                let earlier = Reach { of_answers: false, ..reach };
                for (reach, counts) in [(reach, true), (earlier, false)] {
                    let [low, high] = bounds(&preprocessing, &outputs, &predicted, reach).unwrap();
                    let mut inside = 0;
                    for (row, answer) in predicted.iter().enumerate() {
                        assert!(
                            (low[row]..=high[row]).contains(answer),
                            "{choice}, {share}, {row}"
                        );
                        inside += usize::from((low[row]..=high[row]).contains(&known[row]));
                    }
                    let least = share * pairs.len() as f64 - 1.0;
                    assert!(!counts || inside as f64 >= least, "{choice}, {share}: {inside}");
                }
            }
        }
    }
}
