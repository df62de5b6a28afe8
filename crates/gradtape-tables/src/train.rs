//! [`train`]: the networks of a recipe, trained side by side.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use gradtape::Result;
use gradtape::data::{Dataset, Preprocessing, Target};
use gradtape::engine::cpu::Abreast;
use gradtape::nn::{EmbeddedColumns, Sequential};
use gradtape::train::{History, Trainer, predict};

use super::cuts::{Cut, cuts};
use super::embed::embedded;
use super::members::{draws, mean, parts};
use super::network::perceptron;
use super::recipe::Recipe;
use super::settle::Shape;
use super::turns::Turns;

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

/// Who hears of a training.
pub trait Listen: Sync {
    /// Gets the trainer of each network, by its number, before it begins: to hear of steps and epochs, or to stop all of
    /// them; then what was learned so far is kept. Of several networks it is called from several threads.
    fn adjust<'n>(&self, number: usize, trainer: Trainer<'n>) -> Trainer<'n> {
        let _ = number;
        trainer
    }

    /// Is called now and then on the thread that called [`train`], while that waits for others.
    fn wait(&self) {}
}

/// Nobody.
impl Listen for () {}

/// Trains by a recipe, of which what is not chosen is settled by the rows; several networks on up to `threads` threads at once.
///
/// Same rows, recipe and seed: same bits. Fails for a recipe that cannot be followed, and where losses become infinite;
/// see [`Trainer::fit`].
pub fn train(
    recipe: &Recipe,
    preprocessing: &Preprocessing,
    rows: Rows<'_>,
    seed: u64,
    threads: usize,
    listen: &impl Listen,
) -> Result<Trained> {
    recipe.check()?;
    let mut recipe = recipe.clone();
    let shape = Shape::of(preprocessing);
    recipe.settle([rows.train.len(), rows.validation.len()], shape);
    let is_linear = recipe.hidden.as_ref().is_some_and(Vec::is_empty);
    let columns = embedded(&recipe.embed, preprocessing, is_linear)?;
    let columns = columns.into_iter().map(|(_, own)| own).collect();
    let members = recipe.members.unwrap_or(1);
    let cuts = cuts(recipe.cuts.unwrap_or(0), preprocessing, rows.train);
    let of = Training { recipe: &recipe, preprocessing, cuts, columns, rows, seed };
    let turns = Turns::new(0..members);
    let done = Mutex::new(Vec::new());
    let workers = threads.min(members);
    let work = || {
        // What is left over by those that are done, the others get.
        let _abreast = (workers > 1).then(Abreast::begin);
        while let Some(number) = turns.next() {
            let member = of.member(number, listen);
            let counts = match &member {
                Ok(member) => turns.came(number, &member.history),
                Err(_) => {
                    turns.end();
                    true
                }
            };
            if counts {
                done.lock().unwrap_or_else(PoisonError::into_inner).push((number, member));
            }
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        work();
        while others.iter().any(|other| !other.is_finished()) {
            listen.wait();
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    let (mut networks, mut histories, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (_, member) in done {
        let member = member?;
        networks.push(member.network);
        histories.push(member.history);
        errors.extend(member.errors);
    }
    recipe.members = Some(networks.len());
    Ok(Trained { network: mean(networks)?, histories, recipe, errors })
}

/// What the networks are trained on, and how.
struct Training<'a> {
    recipe: &'a Recipe,
    preprocessing: &'a Preprocessing,
    cuts: Vec<Cut>,
    columns: Vec<EmbeddedColumns>,
    rows: Rows<'a>,
    seed: u64,
}

/// One of the networks, trained.
struct Member {
    network: Sequential,
    history: History,
    errors: Vec<f64>,
}

impl Training<'_> {
    /// Trains the network of a number.
    fn member(&self, number: usize, listen: &impl Listen) -> Result<Member> {
        let Training { recipe, preprocessing, rows, seed, .. } = *self;
        let (shape, columns) = (Shape::of(preprocessing), self.columns.clone());
        let network = perceptron(recipe, shape, &self.cuts, columns, &mut draws(number, seed))?;
        let [train, validation] = parts(number, [rows.train, rows.validation], seed)?;
        let validation = (!validation.is_empty()).then_some(validation);
        let optimizer = recipe.optimizer_of(&network)?;
        let batches = train.len().div_ceil(recipe.batch());
        let mut trainer = recipe
            .trainer(&network, optimizer, batches, validation.is_some())?
            .seed(seed.wrapping_add(number as u64));
        if preprocessing.target().is_transformed() {
            trainer = trainer.errors_in(preprocessing.undo()?, preprocessing.undo_target()?);
        }
        let mut trainer = listen.adjust(number, trainer);
        let fit = || trainer.fit(&train, validation.as_ref());
        let history = recipe.with_threads(&network, fit)?;
        drop(trainer);
        let mut errors = Vec::new();
        if let (Some(rows), Target::Number { .. }) = (&validation, preprocessing.target()) {
            let answers = predict(&network, rows.inputs(), 256)?.to_f64_vec();
            let truth = rows.targets().to_f64_vec();
            errors.extend(truth.iter().zip(answers).map(|(truth, answer)| truth - answer));
        }
        Ok(Member { network, history, errors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradtape::Tensor;
    use gradtape::data::{Preprocessing, TransformChoice};

    #[test]
    fn which_networks_are_trained_on_one_row_hangs_on_no_thread() {
        let names = ["x".to_string()];
        let target = Target::of_numbers("y", &[1.0, 2.0], TransformChoice::None).unwrap();
        let prepared = Preprocessing::fit_rows(&names, &[1.0, 2.0], &[0, 1], target).unwrap();
        let of = |x: f32| Dataset::new(Tensor::from([[x]]), Tensor::from([[x]])).unwrap();
        let (one, other) = (of(-1.0), of(1.0));
        let rows = Rows { train: &one, validation: &other };
        let recipe = Recipe { members: Some(6), epochs: Some(2), ..Recipe::default() };
        for threads in [1, 2, 6] {
            let trained = train(&recipe, &prepared, rows, 1, threads, &()).unwrap();
            // A third would have no row to validate on that the first two have not.
            assert_eq!(trained.histories.len(), 2, "{threads} threads");
        }
        let none = one.rows(&[]).unwrap();
        let rows = Rows { train: &one, validation: &none };
        let trained = train(&recipe, &prepared, rows, 1, 2, &()).unwrap();
        assert_eq!(trained.histories.len(), 6, "all on the same rows, from other weights");
    }
}
