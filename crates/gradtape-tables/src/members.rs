//! Several networks that answer together: Breiman 1996, with other rows to validate for each.

use gradtape::data::Dataset;
use gradtape::nn::{Merge, Module, Parallel, Sequential};
use gradtape::{Result, Rng, Tensor};

/// The mean of networks as one network; the only one as it is. Their last layers become parts of it.
pub fn mean(mut networks: Vec<Sequential>) -> Result<Sequential> {
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

/// What draws the first weights of the network of a number.
pub fn draws(number: usize, seed: u64) -> Rng {
    match number {
        0 => Rng::new(seed),
        other => Rng::new(seed).split(other as u64),
    }
}

/// The rows that the network of a number trains on and validates on. The first has the parts as they are; each of the
/// others validates on as many of the rows that the first trains on, over which targets are spread evenly.
pub fn parts(number: usize, [train, validation]: [&Dataset; 2], seed: u64) -> Result<[Dataset; 2]> {
    if number == 0 || validation.is_empty() {
        return Ok([train.clone(), validation.clone()]);
    }
    let targets = train.targets().to_f64_vec();
    let mut order = Rng::new(seed).split(FOLDS).permutation(train.len());
    order.sort_by(|&a, &b| targets[a].total_cmp(&targets[b]));
    let every = every(train.len(), validation.len());
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

/// How many of so many networks have rows to validate on, of so many rows to train and to validate on.
pub(crate) fn with_rows(members: usize, [train, validation]: [usize; 2]) -> usize {
    let enough = validation == 0 || train >= every(train, validation);
    if enough { members } else { members.min(1 + train) }
}

/// Of how many of the rows that the first network trains on each of the others validates on one.
fn every(train: usize, validation: usize) -> usize {
    (train / validation).max(2)
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

    #[test]
    fn each_network_has_rows_to_validate_on() {
        for (train, validation) in [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (9, 2), (40, 3)] {
            let data = iris().rows(&(0..train + validation).collect::<Vec<_>>()).unwrap();
            let [known, held_out] = [0..train, train..train + validation]
                .map(|rows| data.rows(&rows.collect::<Vec<_>>()).unwrap());
            let most = with_rows(20, [train, validation]);
            assert_eq!(most, if train == 1 { 2 } else { 20 });
            for number in 0..most {
                let own = parts(number, [&known, &held_out], 1).unwrap();
                assert!(own.iter().all(|part| !part.is_empty()), "{train} {validation} {number}");
            }
        }
        assert_eq!(with_rows(5, [1, 0]), 5);
    }
}
