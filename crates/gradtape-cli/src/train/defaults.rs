//! What a training on a table does where nothing is said.

use gradtape::train::Every;
use gradtape_tables::{Recipe, Shape};

use super::flags::{Precision, Train, Widths};

impl Train {
    /// How many networks answer together on a table with so many rows to train on, where nothing is said.
    pub(super) fn usual_members(&self, rows: usize) -> usize {
        let alone = self.is_chosen() || self.validation == 0.0;
        if alone { 1 } else { Recipe::usual_members(rows) }
    }

    /// Settles on what is not given for a perceptron on a table with so many rows to train on and to validate on.
    pub(super) fn settle_table(&mut self, rows: [usize; 2], shape: Shape) {
        let usual = self.usual_members(rows[0]);
        self.runs.members.get_or_insert(usual);
        let mut recipe = self.recipe();
        recipe.settle(rows, shape);
        self.follow(recipe);
    }

    /// What is given of the networks and of their training.
    pub(super) fn recipe(&self) -> Recipe {
        Recipe {
            hidden: self.hidden.as_ref().map(|widths| widths.0.clone()),
            activation: self.activation,
            dropout: self.dropout,
            members: self.runs.members,
            epochs: self.epochs,
            steps: self.steps,
            batch: self.batch,
            accumulate: Some(self.accumulate),
            patience: self.early_stopping,
            stops: false,
            optimizer: self.optimizer.clone(),
            hyper: self.hyper.all().clone(),
            schedule: self.schedule.clone(),
            every: self.schedule_every.as_ref().map(|what| match &**what {
                "epoch" => Every::Epoch,
                _ => Every::Step,
            }),
            cuts: self.cuts,
            embed: self.embed.choice(),
        }
    }

    /// Takes over what a recipe settled on.
    pub(super) fn follow(&mut self, recipe: Recipe) {
        self.hidden = recipe.hidden.map(Widths);
        self.activation = recipe.activation;
        self.dropout = recipe.dropout;
        self.cuts = recipe.cuts;
        self.runs.members = recipe.members;
        self.epochs = recipe.epochs;
        self.batch = recipe.batch;
        self.early_stopping = recipe.patience;
        self.optimizer = recipe.optimizer;
        self.hyper.set_all(recipe.hyper);
        self.schedule = recipe.schedule;
    }

    /// What may be settled on, by the names of the flags, as they are read.
    pub(super) fn choices(&self) -> Vec<(&'static str, Option<String>)> {
        let number = |value: Option<usize>| value.map(|value| value.to_string());
        let mut all = vec![
            ("hidden", self.hidden.as_ref().map(Widths::to_string)),
            ("activation", self.activation.map(|own| own.to_string())),
            ("dropout", self.dropout.map(|own| own.to_string())),
            ("cuts", number(self.cuts)),
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
        let clips = [self.clip_norm, self.clip_each_norm, self.clip_value];
        self.recipe().is_chosen()
            || clips.iter().any(Option::is_some)
            || self.precision != Precision::F32
            || self.lookahead.is_some()
            || self.average.is_some()
            || !self.groups.is_empty()
    }
}
