//! What a training on a table does where nothing is said.

use gradtape::data::{Feature, Preprocessing};
use gradtape::nn::Activation;
use gradtape::optim::{self, Hyper, Pace};

use super::members::with_rows;
use super::recipe::{MANY_ROWS, Recipe, settle_rate};

/// What is known of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What a network sees of a row.
    pub inputs: usize,
    /// How many columns of numbers there are among them.
    pub numbers: usize,
    /// What it answers for a row.
    pub outputs: usize,
    /// Whether the target is one of several classes.
    pub classes: bool,
}

impl Shape {
    /// Of the tables that a preprocessing was made for.
    pub fn of(preprocessing: &Preprocessing) -> Shape {
        let is_number = |feature: &&Feature| matches!(feature, Feature::Number { .. });
        Shape {
            inputs: preprocessing.width(),
            numbers: preprocessing.features().iter().filter(is_number).count(),
            outputs: preprocessing.outputs(),
            classes: preprocessing.classes().is_some(),
        }
    }
}

/// Rows from which so many steps are made in an epoch that larger batches save more time than they cost.
pub const LARGE_BATCHES: usize = 50_000;

/// Rows from which one network of a table is trained: others change little, and it takes long.
const ONE_NETWORK: usize = 20_000;

/// How many networks of a table answer together.
const MEMBERS: usize = 4;

/// Rows from which a network of a table is wider.
const WIDE: usize = 5_000;

/// Rows of a table from which its numbers are cut into parts: of fewer these learn the noise.
const ENOUGH_TO_CUT: usize = 2_000;

/// How many parts that are.
const PARTS: usize = 16;

/// How many numbers all parts of all columns may be together.
const MOST_PARTS: usize = 512;

/// Rows of a table from which batches are larger.
const MIDDLE_BATCHES: usize = 2_000;

/// Floating-point operations of a training on a table: some minutes of a processor. It is a bound on the epochs, and no
/// clock, so that the same command gives the same bits.
const MOST_WORK: f64 = 5e12;

/// Epochs of a table that is small.
const MOST_EPOCHS: f64 = 100.0;

/// Epochs without progress after which no training stops, however long it is gone on with.
const NEVER: usize = 100_000_000;

/// Epochs that are always done.
const FEWEST_EPOCHS: f64 = 5.0;

impl Recipe {
    /// How many networks answer together on a table with so many rows to train on, where nothing is chosen.
    pub fn usual_members(rows: usize) -> usize {
        if rows >= ONE_NETWORK { 1 } else { MEMBERS }
    }

    /// Settles on what is not chosen, for a table with so many rows to train on and to validate on, which tell when to
    /// end. Where anything is chosen, one network is trained; at most as many as have rows to validate on.
    pub fn settle(&mut self, [rows, held_out]: [usize; 2], shape: Shape) {
        let validates = held_out > 0;
        let alone = self.is_chosen() || !validates;
        let members = if alone { 1 } else { Recipe::usual_members(rows) };
        let members = with_rows(self.members.unwrap_or(members), [rows, held_out]);
        self.members = Some(members);
        let width = if rows >= WIDE { 128 } else { 64 };
        let hidden = self.hidden.get_or_insert(vec![width, width]).clone();
        self.activation.get_or_insert(Activation::Silu);
        // Of numbers it spoils more than it helps.
        self.dropout.get_or_insert(if hidden.is_empty() || !shape.classes { 0.0 } else { 0.1 });
        let most = MOST_PARTS / shape.numbers.max(1);
        let parts = if rows < ENOUGH_TO_CUT || hidden.is_empty() { 0 } else { most.min(PARTS) };
        self.cuts.get_or_insert(parts);
        if (MIDDLE_BATCHES..LARGE_BATCHES).contains(&rows) {
            self.batch.get_or_insert(64);
        }
        let sizes = [&[shape.inputs], &hidden[..], &[shape.outputs]].concat();
        let weights: f64 = sizes.windows(2).map(|pair| pair[0] as f64 * pair[1] as f64).sum();
        let work = 6.0 * weights * rows as f64 * members as f64;
        let epochs = (MOST_WORK / work.max(1.0)).clamp(FEWEST_EPOCHS, MOST_EPOCHS) as usize;
        let own = self.epochs.is_none();
        let epochs = *self.epochs.get_or_insert(epochs);
        if validates {
            let patience = if own || self.stops { (epochs / 5).max(10) } else { NEVER };
            self.patience.get_or_insert(patience);
        }
        if self.optimizer.is_none() {
            self.optimizer = Some("adamw".into());
            self.usual("weight_decay", 0.05);
            self.usual("lr", if shape.classes { 0.003 } else { 0.005 });
        }
        let by_rate = optim::info(self.optimizer()).is_ok_and(|info| info.pace == Pace::Rate);
        if by_rate && self.every.is_none() {
            let batches = rows.div_ceil(self.batch.unwrap_or(32)).saturating_mul(epochs);
            let warmup = (batches.min(self.steps.unwrap_or(usize::MAX)) / 10).max(1);
            self.schedule.get_or_insert_with(|| format!("warmup_linear@{warmup}/cosine"));
        }
        self.settle_for_rows(rows);
    }

    /// Settles on what depends on the number of rows alone: the learning rate, the schedule, the batches.
    pub fn settle_for_rows(&mut self, rows: usize) {
        let optimizer = self.optimizer().to_string();
        settle_rate(&mut self.hyper, &optimizer, rows);
        if rows >= MANY_ROWS {
            self.schedule.get_or_insert_with(|| "cosine".into());
        }
        if rows >= LARGE_BATCHES {
            self.batch.get_or_insert(128);
        }
    }

    /// Sets what is not set yet.
    fn usual(&mut self, name: &str, value: f64) {
        if self.hyper.get(name).is_none() {
            self.hyper = std::mem::replace(&mut self.hyper, Hyper::new()).with(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_shared_among_the_columns_of_numbers_alone() {
        let parts = |rows: usize, inputs: usize, numbers: usize| {
            let mut recipe = Recipe::default();
            recipe.settle([rows, 9], Shape { inputs, numbers, outputs: 1, classes: false });
            recipe.cuts
        };
        assert_eq!(parts(1_999, 4, 4), Some(0));
        assert_eq!(parts(2_000, 4, 4), Some(16));
        assert_eq!(parts(2_000, 100, 100), Some(5));
        // Of one number beside a category of many levels.
        assert_eq!(parts(2_000, 300, 1), Some(16));
    }

    #[test]
    fn chosen_epochs_are_all_done_unless_it_is_to_stop() {
        let patience = |epochs: Option<usize>, stops: bool, held_out: usize| {
            let mut recipe = Recipe { epochs, stops, ..Recipe::default() };
            recipe.settle(
                [100, held_out],
                Shape { inputs: 4, numbers: 4, outputs: 3, classes: true },
            );
            recipe.patience
        };
        assert_eq!(patience(None, false, 9), Some(20));
        assert_eq!(patience(None, true, 9), Some(20));
        assert_eq!(patience(Some(500), false, 9), Some(NEVER));
        assert_eq!(patience(Some(500), true, 9), Some(100));
        assert_eq!(patience(Some(500), true, 0), None);
    }
}
