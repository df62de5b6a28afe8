//! Several networks that answer together: Breiman 1996, with other rows to validate for each.

use gradtape::data::Dataset;
use gradtape::nn::{Merge, Module, Parallel, Sequential, Visitor};
use gradtape::train::{EpochReport, History, Scores, Stopped};
use gradtape::{Rng, Tensor};

use crate::error::Outcome;

/// The networks, as what a checkpoint keeps.
pub(super) struct Members(pub(super) Vec<Sequential>);

impl Module for Members {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (number, network) in self.0.iter().enumerate() {
            visitor.child(&number.to_string(), network);
        }
    }
}

impl Members {
    /// The mean of the first so many as one network; the only one as it is.
    pub(super) fn mean(self, count: usize) -> Outcome<Sequential> {
        let mut networks: Vec<Sequential> = self.0.into_iter().take(count.max(1)).collect();
        if networks.len() == 1 {
            return Ok(networks.swap_remove(0));
        }
        let share = 1.0 / networks.len() as f32;
        let mut side_by_side = Parallel::new(Merge::Sum);
        for network in networks {
            // The last layer is linear, so that its share of the mean can be in its weights.
            for own in network.layers().last().map(|last| last.parameters()).unwrap_or_default() {
                let value = own.value();
                let scaled = value.to_vec::<f32>()?.into_iter().map(|number| number * share);
                own.set(Tensor::from_vec(scaled.collect(), value.shape().clone())?)?;
            }
            side_by_side = side_by_side.add(network);
        }
        Ok(Sequential::new().add(side_by_side))
    }
}

/// The rows that the network of a number trains on and validates on. The first has the parts as they are; each of the
/// others validates on as many of the rows that the first trains on, over which targets are spread evenly.
pub(super) fn parts(
    number: usize,
    [train, validation]: [&Dataset; 2],
    seed: u64,
) -> Outcome<[Dataset; 2]> {
    if number == 0 || validation.is_empty() {
        return Ok([train.clone(), validation.clone()]);
    }
    let targets = train.targets().to_f64_vec();
    let mut order = Rng::new(seed).split(FOLDS).permutation(train.len());
    order.sort_by(|&a, &b| targets[a].total_cmp(&targets[b]));
    let every = (train.len() / validation.len()).max(2);
    let held_out = |place: usize| place % every == (number - 1) % every;
    let pick = |wanted: bool| {
        let places = order.iter().enumerate().filter(|(place, _)| held_out(*place) == wanted);
        let mut rows: Vec<usize> = places.map(|(_, &row)| row).collect();
        rows.sort_unstable();
        rows
    };
    let others = Dataset::concat(&[train.rows(&pick(false))?, validation.clone()])?;
    Ok([others, train.rows(&pick(true))?])
}

/// The heading over the lines of several networks.
pub(super) fn heading() -> String {
    format!(
        "{:>7}  {:>6}  {:>10}  {:>15}  {:>15}  {:>7}",
        "network", "epochs", "kept epoch", "train loss", "validation loss", "seconds"
    )
}

/// The line of a network of a number: its losses are those of the epoch that was kept.
pub(super) fn line(number: usize, history: &History, seconds: f64) -> String {
    let kept = history.epochs.iter().find(|report| report.epoch == history.kept_epoch);
    let number_of = |loss: Option<f64>| loss.map_or("-".to_string(), |loss| format!("{loss:.4}"));
    let train = number_of(kept.map(|report| report.train.loss));
    let validation = number_of(kept.and_then(|report| Some(report.validation?.loss)));
    let epochs = history.epochs.len();
    let kept = history.kept_epoch;
    format!(
        "{:>7}  {epochs:>6}  {kept:>10}  {train:>15}  {validation:>15}  {seconds:>7.2}",
        number + 1
    )
}

/// What happened to several networks: the mean of each epoch that all of them had, since a mean over those that are left
/// would jump where one ends; of the epochs that were kept the mean.
pub(super) fn mean(histories: &[History]) -> History {
    let [first, rest @ ..] = histories else { return History::default() };
    if rest.is_empty() {
        return first.clone();
    }
    let shortest = histories.iter().min_by_key(|history| history.epochs.len()).unwrap_or(first);
    let at = |number: usize| -> Vec<&EpochReport> {
        histories.iter().filter_map(|history| history.epochs.get(number)).collect()
    };
    let epoch = |(number, report): (usize, &EpochReport)| {
        let all = at(number);
        let validation: Option<Vec<&Scores>> =
            all.iter().map(|own| own.validation.as_ref()).collect();
        EpochReport {
            epoch: report.epoch,
            learning_rate: report.learning_rate,
            train: mean_of(&all.iter().map(|own| &own.train).collect::<Vec<_>>()),
            validation: validation.map(|scores| mean_of(&scores)),
        }
    };
    let kept: usize = histories.iter().map(|history| history.kept_epoch).sum();
    let worst = histories
        .iter()
        .map(|history| history.stopped)
        .find(|stopped| matches!(stopped, Stopped::Requested | Stopped::Diverged));
    History {
        epochs: shortest.epochs.iter().enumerate().map(epoch).collect(),
        stopped: worst.unwrap_or(shortest.stopped),
        kept_epoch: (kept as f64 / histories.len() as f64).round() as usize,
    }
}

fn mean_of(all: &[&Scores]) -> Scores {
    let count = all.len() as f64;
    let optional = |of: fn(&Scores) -> Option<f64>| -> Option<f64> {
        Some(all.iter().map(|scores| of(scores)).sum::<Option<f64>>()? / count)
    };
    Scores {
        loss: all.iter().map(|scores| scores.loss).sum::<f64>() / count,
        accuracy: optional(|scores| scores.accuracy),
        mean_absolute_error: optional(|scores| scores.mean_absolute_error),
    }
}

/// What tells the choice of rows to validate from other uses of a seed.
const FOLDS: u64 = 0x666f_6c64;

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::data::iris;

    #[test]
    fn the_rows_of_each_network_keep_the_names_of_all_classes() {
        // One class is only among the names.
        let data = iris().rows(&(0..100).collect::<Vec<_>>()).unwrap();
        let split = data.split(0.1, 0.0, 1).unwrap();
        for number in 0..3 {
            let [train, validation] = parts(number, [&split.train, &split.validation], 1).unwrap();
            assert_eq!(train.len() + validation.len(), 100);
            for part in [&train, &validation] {
                assert_eq!((part.classes(), part.class_count()), (data.classes(), Some(3)));
                assert_eq!(part.features(), data.features());
            }
        }
    }
}
