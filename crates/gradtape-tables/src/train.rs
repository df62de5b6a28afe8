//! [`train`]: the networks of a recipe, trained one after the other.

use gradtape::data::{Dataset, Preprocessing, Target};
use gradtape::nn::{EmbeddedColumns, Sequential};
use gradtape::train::{EarlyStopping, History, Stopped, Trainer, predict};
use gradtape::{Result, Rng};

use super::embed::embedded;
use super::members::{mean, parts};
use super::network::perceptron;
use super::recipe::Recipe;
use super::settle::Shape;

/// The rows of a training, prepared.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// What is learned from.
    pub train: &'a Dataset,
    /// What tells when to end; may be empty.
    pub validation: &'a Dataset,
}

/// What came of a training.
pub struct Trained {
    /// One network: of several, their mean.
    pub network: Sequential,
    /// Of each network.
    pub histories: Vec<History>,
    /// What was settled on.
    pub recipe: Recipe,
    /// Truth less answer, both standardised, of each network on the rows that it did not learn from; none for classes. See
    /// [`Preprocessing::with_errors`].
    pub errors: Vec<f64>,
}

/// Trains by a recipe, of which what is not chosen is settled by the rows. `adjust` gets each trainer before it begins: to
/// hear of steps and epochs, or to stop; then what was learned so far is kept.
///
/// Same rows, recipe and seed: same bits. Fails for a recipe that cannot be followed, and where losses become infinite;
/// see [`Trainer::fit`].
pub fn train(
    recipe: &Recipe,
    preprocessing: &Preprocessing,
    rows: Rows<'_>,
    seed: u64,
    mut adjust: impl for<'n> FnMut(Trainer<'n>) -> Trainer<'n>,
) -> Result<Trained> {
    recipe.check()?;
    let mut recipe = recipe.clone();
    let shape = Shape::of(preprocessing);
    recipe.settle(rows.train.len(), shape, !rows.validation.is_empty());
    let is_linear = recipe.hidden.as_ref().is_some_and(Vec::is_empty);
    let columns = embedded(&recipe.embed, preprocessing, is_linear)?;
    let columns: Vec<EmbeddedColumns> = columns.into_iter().map(|(_, own)| own).collect();
    let (mut networks, mut histories, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..recipe.members.unwrap_or(1) {
        let rng = &mut match number {
            0 => Rng::new(seed),
            other => Rng::new(seed).split(other as u64),
        };
        let network = perceptron(&recipe, shape, columns.clone(), rng)?;
        let [train, validation] = parts(number, [rows.train, rows.validation], seed)?;
        // Of very few rows none may be left for one of the two.
        if number > 0 && (train.is_empty() || validation.is_empty()) {
            break;
        }
        let validation = (!validation.is_empty()).then_some(validation);
        let seed = seed.wrapping_add(number as u64);
        let trainer = trainer(&recipe, preprocessing, &network, train.len(), seed)?;
        let trainer = match (recipe.patience, &validation) {
            (Some(patience), Some(_)) => {
                trainer.early_stopping(EarlyStopping { patience, min_delta: 0.0 })
            }
            _ => trainer,
        };
        let history = adjust(trainer).fit(&train, validation.as_ref())?;
        if let (Some(rows), Target::Number { .. }) = (&validation, preprocessing.target()) {
            let answers = predict(&network, rows.inputs(), 256)?.to_f64_vec();
            let truth = rows.targets().to_f64_vec();
            errors.extend(truth.iter().zip(answers).map(|(truth, answer)| truth - answer));
        }
        let stopped = matches!(history.stopped, Stopped::Requested);
        // A later network that came to nothing does not count.
        if number == 0 || history.kept_epoch > 0 {
            networks.push(network);
            histories.push(history);
        }
        if stopped {
            break;
        }
    }
    recipe.members = Some(networks.len());
    Ok(Trained { network: mean(networks)?, histories, recipe, errors })
}

/// What trains a network on so many rows.
fn trainer<'n>(
    recipe: &Recipe,
    preprocessing: &Preprocessing,
    network: &'n Sequential,
    rows: usize,
    seed: u64,
) -> Result<Trainer<'n>> {
    let (epochs, batch) = (recipe.epochs.unwrap_or(30), recipe.batch.unwrap_or(32));
    let mut trainer = Trainer::new(network, recipe.optimizer_of(network)?)
        .epochs(epochs)
        .steps(recipe.steps.unwrap_or(usize::MAX))
        .batch_size(batch)
        .seed(seed);
    if preprocessing.target().is_transformed() {
        trainer = trainer.errors_in(preprocessing.undo()?, preprocessing.undo_target()?);
    }
    if let Some((schedule, every)) = recipe.schedule(epochs, rows.div_ceil(batch))? {
        trainer = trainer.schedule(schedule, every);
    }
    Ok(trainer)
}
