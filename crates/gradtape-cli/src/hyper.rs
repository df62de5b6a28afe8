//! [`HyperFlags`]: the hyperparameters of optimisers as flags, named as in PyTorch.

use clap::Args;
use gradtape::optim::Hyper;

use crate::flags::number;

/// Hyperparameters; those that an optimiser does not have are refused.
#[derive(Args, Clone, Debug, Default)]
#[command(
    next_help_heading = "Hyperparameters (each optimizer has its own and PyTorch's defaults)"
)]
pub(crate) struct HyperFlags {
    /// The learning rate [default: 0.01, in training with 10,000 rows or more 0.001 for adam, its relatives
    /// and rmsprop; 1 for adadelta]
    #[arg(long, value_name = "RATE", value_parser = number, allow_negative_numbers = true)]
    pub(crate) lr: Option<f64>,

    /// The share of the last step that is kept: sgd, momentum, nesterov, rmsprop
    #[arg(long, value_name = "SHARE", value_parser = number, allow_negative_numbers = true)]
    momentum: Option<f64>,

    /// How much less of the gradient enters the momentum: sgd, momentum
    #[arg(long, value_name = "SHARE", value_parser = number, allow_negative_numbers = true)]
    dampening: Option<f64>,

    /// Look ahead along the momentum: sgd
    #[arg(long)]
    nesterov: bool,

    /// How strongly weights are drawn to 0
    #[arg(long, value_name = "STRENGTH", value_parser = number, allow_negative_numbers = true)]
    weight_decay: Option<f64>,

    /// The two averages of adam and its relatives, as 0.9,0.999
    #[arg(long, value_name = "B1,B2", value_parser = betas, allow_negative_numbers = true)]
    betas: Option<(f64, f64)>,

    /// A small number against division by 0
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    eps: Option<f64>,

    /// The average of squares: rmsprop
    #[arg(long, value_name = "SHARE", value_parser = number, allow_negative_numbers = true)]
    alpha: Option<f64>,

    /// The averages: adadelta
    #[arg(long, value_name = "SHARE", value_parser = number, allow_negative_numbers = true)]
    rho: Option<f64>,

    /// Divide by the deviation, not the mean square: rmsprop
    #[arg(long)]
    centered: bool,

    /// Never forget the largest square: adam, adamw
    #[arg(long)]
    amsgrad: bool,

    /// How the rate falls with the step: adagrad
    #[arg(long, value_name = "SHARE", value_parser = number, allow_negative_numbers = true)]
    lr_decay: Option<f64>,

    /// Where the sum of squares starts: adagrad
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    initial_accumulator_value: Option<f64>,

    /// How the momentum changes with the step: nadam
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
    momentum_decay: Option<f64>,
}

/// Rows from which an epoch has so many steps that a learning rate for small data is too high for optimisers
/// whose steps are as long as the rate.
pub(crate) const MANY_ROWS: usize = 10_000;

impl HyperFlags {
    /// Settles on a learning rate for training with this many rows, where none is given.
    pub(crate) fn settle_rate(&mut self, optimizer: &str, rows: usize) {
        let scaled = ["adam", "adamw", "adamax", "nadam", "rmsprop"].contains(&optimizer);
        if scaled && rows >= MANY_ROWS {
            self.lr.get_or_insert(0.001);
        }
    }

    /// The learning rate for an optimiser of a name.
    pub(crate) fn learning_rate(&self, optimizer: &str) -> f64 {
        self.lr.unwrap_or(if optimizer == "adadelta" { 1.0 } else { 0.01 })
    }

    /// What is set, for an optimiser of a name.
    pub(crate) fn hyper(&self, optimizer: &str) -> Hyper {
        Hyper {
            lr: Some(self.learning_rate(optimizer)),
            momentum: self.momentum,
            dampening: self.dampening,
            nesterov: self.nesterov.then_some(true),
            weight_decay: self.weight_decay,
            betas: self.betas,
            eps: self.eps,
            alpha: self.alpha,
            rho: self.rho,
            centered: self.centered.then_some(true),
            amsgrad: self.amsgrad.then_some(true),
            lr_decay: self.lr_decay,
            initial_accumulator_value: self.initial_accumulator_value,
            momentum_decay: self.momentum_decay,
        }
    }

    /// What is set, by the names of the flags.
    pub(crate) fn named(&self, optimizer: &str) -> Vec<(String, String)> {
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let set = |flag: bool| flag.then(|| "true".to_string());
        let all = [
            ("lr", Some(self.learning_rate(optimizer).to_string())),
            ("momentum", number(self.momentum)),
            ("dampening", number(self.dampening)),
            ("nesterov", set(self.nesterov)),
            ("weight-decay", number(self.weight_decay)),
            ("betas", self.betas.map(|(first, second)| format!("{first},{second}"))),
            ("eps", number(self.eps)),
            ("alpha", number(self.alpha)),
            ("rho", number(self.rho)),
            ("centered", set(self.centered)),
            ("amsgrad", set(self.amsgrad)),
            ("lr-decay", number(self.lr_decay)),
            ("initial-accumulator-value", number(self.initial_accumulator_value)),
            ("momentum-decay", number(self.momentum_decay)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
    }
}

fn betas(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let pair = text.split_once(',').and_then(|(a, b)| Some((number(a)?, number(b)?)));
    pair.ok_or_else(|| "two numbers with a comma, as in 0.9,0.999".to_string())
}
