//! What a training on a table does where nothing is said.

use gradtape::data::Preprocessing;
use gradtape::optim;

use super::flags::{Precision, Train, Widths};

/// What is known of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What a network sees of a row.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Whether the target is one of several classes.
    pub(super) classes: bool,
}

impl Shape {
    /// Of the tables that a preprocessing was made for.
    pub(super) fn of(preprocessing: &Preprocessing) -> Shape {
        Shape {
            inputs: preprocessing.width(),
            outputs: preprocessing.outputs(),
            classes: preprocessing.classes().is_some(),
        }
    }
}

/// Rows from which one network of a table is trained: others change little, and it takes long.
const ONE_NETWORK: usize = 20_000;

/// How many networks of a table answer together.
const MEMBERS: usize = 4;

/// Rows from which a network of a table is wider.
const WIDE: usize = 5_000;

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

impl Train {
    /// How many networks answer together on a table with so many rows to train on, where nothing is said.
    pub(super) fn usual_members(&self, rows: usize) -> usize {
        let alone = self.is_chosen() || rows >= ONE_NETWORK || self.validation == 0.0;
        if alone { 1 } else { MEMBERS }
    }

    /// Settles on what is not given for a perceptron on a table with so many rows to train on.
    pub(super) fn settle_table(&mut self, rows: usize, shape: Shape) {
        let usual = self.usual_members(rows);
        let members = *self.runs.members.get_or_insert(usual);
        let width = if rows >= WIDE { 128 } else { 64 };
        let hidden = self.hidden.get_or_insert(Widths(vec![width, width])).0.clone();
        self.activation.get_or_insert(gradtape::nn::Activation::Silu);
        // Of numbers it spoils more than it helps.
        self.dropout.get_or_insert(if hidden.is_empty() || !shape.classes { 0.0 } else { 0.1 });
        if (MIDDLE_BATCHES..super::flags::LARGE_BATCHES).contains(&rows) {
            self.batch.get_or_insert(64);
        }
        let sizes = [&[shape.inputs], &hidden[..], &[shape.outputs]].concat();
        let weights: f64 = sizes.windows(2).map(|pair| pair[0] as f64 * pair[1] as f64).sum();
        let work = 6.0 * weights * rows as f64 * members as f64;
        let epochs = (MOST_WORK / work.max(1.0)).clamp(FEWEST_EPOCHS, MOST_EPOCHS) as usize;
        let own = self.epochs.is_none();
        let epochs = *self.epochs.get_or_insert(epochs);
        if self.validation > 0.0 {
            let patience = if own { (epochs / 5).max(10) } else { NEVER };
            self.early_stopping.get_or_insert(patience);
        }
        if self.optimizer.is_none() {
            self.optimizer = Some("adamw".into());
            self.hyper.usual("weight_decay", 0.05);
            self.hyper.usual("lr", if shape.classes { 0.003 } else { 0.005 });
        }
        let by_rate =
            optim::info(self.optimizer()).is_ok_and(|info| info.pace == optim::Pace::Rate);
        if by_rate && self.schedule_every.is_none() {
            let batches = rows.div_ceil(self.batch()).saturating_mul(epochs);
            let warmup = (batches.min(self.steps.unwrap_or(usize::MAX)) / 10).max(1);
            self.schedule.get_or_insert_with(|| format!("warmup_linear@{warmup}/cosine"));
        }
    }

    /// What may be settled on, by the names of the flags, as they are read.
    pub(super) fn choices(&self) -> Vec<(&'static str, Option<String>)> {
        let number = |value: Option<usize>| value.map(|value| value.to_string());
        let mut all = vec![
            ("hidden", self.hidden.as_ref().map(Widths::to_string)),
            ("activation", self.activation.map(|own| own.to_string())),
            ("dropout", self.dropout.map(|own| own.to_string())),
            ("members", number(self.runs.members)),
            ("epochs", number(self.epochs)),
            ("batch", number(self.batch)),
            ("early-stopping", number(self.early_stopping)),
            ("optimizer", self.optimizer.clone()),
            ("schedule", self.schedule.clone()),
        ];
        let hyper = [("lr", "lr"), ("weight-decay", "weight_decay")];
        all.extend(hyper.map(|(flag, name)| (flag, self.hyper.value(name))));
        all
    }

    /// Whether the user chose anything of the network or the training.
    fn is_chosen(&self) -> bool {
        let counts = [self.epochs, self.steps, self.batch, self.early_stopping];
        let clips = [self.clip_norm, self.clip_each_norm, self.clip_value, self.dropout];
        self.hidden.is_some()
            || self.activation.is_some()
            || self.optimizer.is_some()
            || self.schedule.is_some()
            || counts.iter().any(Option::is_some)
            || clips.iter().any(Option::is_some)
            || self.precision != Precision::F32
            || self.accumulate > 1
            || self.lookahead.is_some()
            || !self.groups.is_empty()
            || !self.hyper.is_empty()
    }
}
