//! Numbers in parts: what depends on them in steps and bends is learned faster from how far each part of their range is
//! passed.

use gradtape::data::{Dataset, Feature, Preprocessing};
use gradtape::nn::{
    Hardtanh, LayerSpec, LinearSpec, Merge, Module, ParallelSpec, Sequential, SequentialSpec,
};
use gradtape::optim::{self, Group, Optimizer};
use gradtape::{DType, Result, Rng, Tensor};

/// A number of a row, and where the range of its values is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Its place in the row.
    pub input: usize,
    /// Where parts begin and end, ascending; two at least.
    pub ends: Vec<f32>,
}

impl Cut {
    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }
}

/// Where the columns of numbers of a table are cut into so many parts: at quantiles of its rows, as far as these differ. Not
/// into fewer than three, which hardly tell more than the numbers themselves, and not where a value comes fewer than 20
/// times in the mean: of what is measured finely, parts learn the noise. Gorishniy, Rubachev and Babenko 2022.
///
/// ```
/// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
/// let text: String = (0..400).map(|i| format!("{},{},{}\n", i % 20, i % 2, i % 7)).collect();
/// let table = Table::from_csv(format!("size,side,y\n{text}").as_bytes(), "t.csv", &CsvOptions::default())?;
/// let all: Vec<usize> = (0..400).collect();
/// let prepared = Preprocessing::fit(&table, "y", &all, &PreprocessOptions::default())?;
/// let cuts = gradtape_tables::cuts(4, &prepared, &prepared.dataset(&table)?);
/// assert_eq!((cuts.len(), cuts[0].input, cuts[0].parts()), (1, 0, 4));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn cuts(parts: usize, preprocessing: &Preprocessing, rows: &Dataset) -> Vec<Cut> {
    let width = preprocessing.width();
    if parts < FEWEST || rows.is_empty() || rows.inputs().shape()[1..] != [width] {
        return Vec::new();
    }
    let parts = parts.min(rows.len());
    let inputs = rows.inputs().cast(DType::F32).contiguous();
    let numbers = inputs.as_slice::<f32>().unwrap_or_default();
    let cut = |input: usize| {
        let mut values: Vec<f32> =
            looked_at(rows.len()).map(|row| numbers[row * width + input]).collect();
        values.sort_unstable_by(f32::total_cmp);
        let at = |end: usize| {
            // What is far from all others is no end.
            let share = FAR + (1.0 - 2.0 * FAR) * end as f64 / parts as f64;
            values[((values.len() - 1) as f64 * share).round() as usize]
        };
        let different = 1 + values.windows(2).filter(|pair| pair[0] != pair[1]).count();
        if different * REPEATS > values.len() {
            return Cut { input, ends: Vec::new() };
        }
        let mut ends: Vec<f32> = (0..=parts).map(at).collect();
        ends.dedup_by(|end, before| *end - *before < NEAR);
        Cut { input, ends }
    };
    let mut next = 0;
    let places = preprocessing.features().iter().filter_map(|feature| {
        let at = next;
        next += feature.width();
        matches!(feature, Feature::Number { .. }).then_some(at)
    });
    places.map(cut).filter(|cut| cut.parts() >= FEWEST).collect()
}

/// Parts that tell more than the number itself.
const FEWEST: usize = 3;

/// Ends that are no nearer, in standard deviations, so that slopes stay within measure.
const NEAR: f32 = 1e-3;

/// How often a value comes, in the mean, where numbers are cut: of a size that people count or choose each may be a matter
/// of its own, of a measure none is.
const REPEATS: usize = 20;

/// Rows that tell how values are spread at most.
const LOOKED_AT: usize = 1_000_000;

/// The share of the values beyond the first and the last end.
const FAR: f64 = 0.005;

/// One of so many neighbouring rows each, not always at the same place: rows may come in turns.
fn looked_at(rows: usize) -> impl Iterator<Item = usize> {
    let every = rows.div_ceil(LOOKED_AT).max(1);
    let mut rng = Rng::new(0);
    let place = move |first: usize| first + (rng.uniform() * every as f64) as usize;
    (0..rows).step_by(every).map(place).map(move |row| row.min(rows - 1))
}

/// How many numbers all parts are together.
pub(crate) fn width(cuts: &[Cut]) -> usize {
    cuts.iter().map(Cut::parts).sum()
}

/// How many parts the first layer of a network gives, if it is one that cuts numbers.
pub fn parts_in(network: &Sequential) -> Option<usize> {
    let Some(LayerSpec::Parallel(both)) = network.layers().first()?.spec() else { return None };
    let (Merge::Concat(1), [LayerSpec::Sequential(same), LayerSpec::Sequential(parts)]) =
        (both.merge, &both.layers[..])
    else {
        return None;
    };
    match &parts.layers[..] {
        [LayerSpec::Linear(ends), LayerSpec::Hardtanh(_)] if same.layers.is_empty() => {
            Some(ends.outputs)
        }
        _ => None,
    }
}

/// Has an optimiser leave the ends of parts out of its weight decay, if a network begins with parts and the optimiser decays:
/// slopes are far from 0 where parts are narrow, and decay would have these overlap.
///
/// ```
/// use gradtape::optim::{AdamW, Optimizer};
/// use gradtape::{Rng, nn::{Activation, Sequential}};
/// let network = Sequential::mlp(&[2, 8, 1], Activation::Relu, 0.0, &mut Rng::new(1))?;
/// let mut optimizer = AdamW::new(&network, 0.01);
/// // There are no parts.
/// assert!(!gradtape_tables::spare_ends("adamw", &mut optimizer, &network));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn spare_ends(name: &str, optimizer: &mut dyn Optimizer, network: &Sequential) -> bool {
    const DECAY: &str = "weight_decay";
    let decays = optim::info(name).is_ok_and(|info| info.hyperparameter(DECAY).is_ok());
    let spares = decays && parts_in(network).is_some();
    if spares {
        optimizer.add_group(Group::named("0.1.0.*").set(DECAY, 0.0));
    }
    spares
}

/// The layer that gives rows of so many numbers with their parts behind: -1 before a part, 1 after it.
pub(crate) fn spec(inputs: usize, cuts: &[Cut]) -> LayerSpec {
    let dtype = "f32".to_string();
    let linear = LinearSpec { inputs, outputs: width(cuts), bias: true, dtype };
    let parts = SequentialSpec { layers: vec![linear.into(), Hardtanh::default().into()] };
    let same = SequentialSpec { layers: Vec::new() };
    ParallelSpec { merge: Merge::Concat(1), layers: vec![same.into(), parts.into()] }.into()
}

/// Gives the first layer of a network, which is of [`spec`], its numbers.
pub(crate) fn fill(network: &Sequential, inputs: usize, cuts: &[Cut]) -> Result<()> {
    let Some(layer) = network.layers().first() else { return Ok(()) };
    let (mut weight, mut bias) = (vec![0f32; inputs * width(cuts)], Vec::new());
    for cut in cuts {
        for ends in cut.ends.windows(2) {
            let slope = 2.0 / (ends[1] - ends[0]);
            weight[bias.len() * inputs + cut.input] = slope;
            bias.push(-1.0 - ends[0] * slope);
        }
    }
    let outputs = bias.len();
    let numbers = [Tensor::from_vec(weight, [outputs, inputs])?, Tensor::from_vec(bias, outputs)?];
    for (own, numbers) in layer.parameters().iter().zip(numbers) {
        own.set(numbers)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::Tape;
    use gradtape::data::{Preprocessing, Target, TransformChoice};
    use gradtape::optim::Hyper;

    /// Rows of a whole number below 40, one that never comes again, and one of two.
    fn rows() -> (Preprocessing, Dataset) {
        let names = ["whole", "other", "side"].map(String::from);
        let row = |i: usize| [(i * 7919 % 40) as f64, (i as f64).sqrt(), (i % 2) as f64];
        let values: Vec<f64> = (0..1000).flat_map(row).collect();
        let targets: Vec<f64> = (0..1000).map(|i| (i % 3) as f64).collect();
        let target = Target::of_numbers("y", &targets, TransformChoice::None).unwrap();
        let all: Vec<usize> = (0..1000).collect();
        let prepared = Preprocessing::fit_rows(&names, &values, &all, target).unwrap();
        let inputs = prepared.inputs_of_rows(&names, &values).unwrap();
        let targets = prepared.targets_of_numbers(&targets).unwrap();
        let data = Dataset::new(inputs, targets).unwrap();
        (prepared, data)
    }

    #[test]
    fn numbers_that_come_again_are_cut() {
        let (prepared, data) = rows();
        let own = cuts(4, &prepared, &data);
        assert_eq!(own.iter().map(|cut| (cut.input, cut.parts())).collect::<Vec<_>>(), [(0, 4)]);
        assert!(own[0].ends.is_sorted_by(|a, b| a < b));
        assert_eq!(cuts(2, &prepared, &data), []);
        assert_eq!(cuts(4, &prepared, &data.rows(&[]).unwrap()), []);
        // No end comes twice.
        assert!(cuts(400, &prepared, &data)[0].parts() <= 39);
        assert!(cuts(usize::MAX, &prepared, &data)[0].parts() <= 39);
    }

    #[test]
    fn rows_in_turns_are_all_looked_at() {
        assert_eq!(looked_at(1000).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
        assert_eq!(looked_at(0).count(), 0);
        let rows = 8 * LOOKED_AT - 3;
        let mut seen = [0usize; 8];
        looked_at(rows).for_each(|row| seen[row % 8] += 1);
        assert_eq!(seen.iter().sum::<usize>(), LOOKED_AT);
        assert!(seen.iter().all(|count| *count > LOOKED_AT / 10), "{seen:?}");
    }

    #[test]
    fn ends_of_parts_do_not_decay() {
        let cuts = [Cut { input: 0, ends: vec![-1.0, 0.0, 1.0, 2.0] }];
        let layers = [
            spec(1, &cuts),
            LinearSpec { inputs: 4, outputs: 1, bias: true, dtype: "f32".into() }.into(),
        ];
        let decay = Hyper::new().with("weight_decay", 0.5);
        for (name, hyper) in [("adamw", decay.clone()), ("sgd", decay), ("lbfgs", Hyper::new())] {
            let network = Sequential::from_specs(&layers, &mut Rng::new(1)).unwrap();
            fill(&network, 1, &cuts).unwrap();
            assert_eq!(parts_in(&network), Some(3));
            let values = || -> Vec<Vec<f64>> {
                network.parameters().iter().map(|own| own.value().to_f64_vec()).collect()
            };
            let before = values();
            let mut optimizer = optim::by_name(name, &network, &hyper.with("lr", 0.1)).unwrap();
            assert_eq!(spare_ends(name, &mut *optimizer, &network), name != "lbfgs");
            if name == "lbfgs" {
                continue;
            }
            let tape = Tape::new();
            // Beyond all parts no slope gets a gradient.
            let loss = network.forward(tape.constant(Tensor::from([[9.0f32]]))).sum(());
            optimizer.step(loss).unwrap();
            let after = values();
            assert_eq!(before[..2], after[..2], "{name}");
            assert_ne!(before[2], after[2], "{name}");
        }
    }

    #[test]
    fn a_part_is_passed_from_its_begin_to_its_end() {
        let cuts = [
            Cut { input: 1, ends: vec![-1.0, 0.0, 2.0] },
            Cut { input: 0, ends: vec![0.5, 1.0, 1.5, 2.0] },
        ];
        let layer = Sequential::from_specs(&[spec(2, &cuts)], &mut gradtape::Rng::new(1)).unwrap();
        fill(&layer, 2, &cuts).unwrap();
        let tape = Tape::new();
        let y = layer.forward(tape.constant(Tensor::from([[1.25f32, 1.0], [-9.0, 9.0]])));
        let y = y.value().unwrap().to_f64_vec();
        assert_eq!(y[..7], [1.25, 1.0, 1.0, 0.0, 1.0, 0.0, -1.0]);
        assert_eq!(y[7..], [-9.0, 9.0, 1.0, 1.0, -1.0, -1.0, -1.0]);
    }
}
