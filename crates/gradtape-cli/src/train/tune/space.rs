//! [`Space`]: the settings among which a search chooses.

use std::fmt;

use gradtape::optim;
use gradtape::{Rng, nn::Activation};

use crate::train::flags::Train;
use crate::train::network::Network;

/// What is not said of a training, and hence looked for.
#[derive(Clone, Debug)]
pub(super) struct Space {
    hidden: bool,
    activation: bool,
    dropout: bool,
    /// The largest batch, if batches are looked for.
    batch: Option<usize>,
    /// The middle of the learning rates, if they are looked for.
    rate: Option<f64>,
    weight_decay: bool,
    /// Whether the optimiser is chosen here.
    optimizer: bool,
    /// Whether columns are embedded, so that their widths are looked for.
    embeds: bool,
}

/// Values of flags, by their names; the settings as they are without a search have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(pub(super) Vec<(&'static str, String)>);

impl Space {
    /// Of a training that is settled, by what was given before.
    pub(super) fn of(given: &Train, settled: &Train, rows: usize, embeds: bool) -> Space {
        let mlp = given.network == Network::Mlp;
        let optimizer = given.optimizer.is_none();
        let name = if optimizer { OPTIMIZER } else { settled.optimizer() };
        let has =
            |name_of: &str| optim::info(name).is_ok_and(|own| own.hyperparameter(name_of).is_ok());
        let is_free = |name: &str| !given.hyper.is_set(name);
        Space {
            hidden: mlp && given.hidden.is_none(),
            activation: mlp && given.activation.is_none(),
            dropout: mlp && given.dropout.is_none(),
            batch: given.batch.is_none().then_some((rows / 8).max(1)),
            rate: (has("lr") && is_free("lr")).then(|| settled.hyper.learning_rate(name)),
            weight_decay: has("weight_decay") && is_free("weight_decay"),
            optimizer,
            embeds: embeds && !given.embed.is_given(),
        }
    }

    /// Whether nothing is left to look for.
    pub(super) fn is_empty(&self) -> bool {
        let Space { hidden, activation, dropout, batch, rate, weight_decay, embeds, .. } = self;
        !(*hidden || *activation || *dropout || *weight_decay || *embeds)
            && batch.is_none_or(|most| most < BATCHES[0])
            && rate.is_none()
    }

    /// The settings of a number; those of 0 are as they are.
    pub(super) fn settings(&self, number: usize, seed: u64) -> Settings {
        if number == 0 {
            return Settings::default();
        }
        // All are drawn, so that what is given changes nothing of the others.
        let mut rng = Rng::new(seed).split(SEARCH).split(number as u64);
        let depth = 1 + rng.below(3);
        let width = WIDTHS[rng.below(WIDTHS.len())];
        let activation = ACTIVATIONS[rng.below(ACTIVATIONS.len())];
        let dropout = DROPOUTS[rng.below(DROPOUTS.len())];
        let batch = rng.uniform();
        let rate = 10f64.powf(2.0 * rng.uniform() - 1.0);
        let decay = [0.0, 10f64.powf(3.0 * rng.uniform() - 3.5)][rng.below(4).min(1)];
        let scale = SCALES[rng.below(SCALES.len())];
        let mut all = Vec::new();
        if self.optimizer {
            all.push(("optimizer", OPTIMIZER.to_string()));
        }
        if self.hidden {
            all.push(("hidden", vec![width.to_string(); depth].join(",")));
        }
        if self.activation {
            all.push(("activation", activation.to_string()));
        }
        if self.dropout {
            all.push(("dropout", dropout.to_string()));
        }
        let batches = self.batch.map_or(0, |most| BATCHES.partition_point(|&own| own <= most));
        if batches > 0 {
            let place = (batch * batches as f64) as usize;
            all.push(("batch", BATCHES[place.min(batches - 1)].to_string()));
        }
        if let Some(middle) = self.rate {
            all.push(("lr", two_digits(middle * rate)));
        }
        if self.weight_decay {
            all.push(("weight-decay", two_digits(decay)));
        }
        if self.embeds {
            all.push(("embed-scale", scale.to_string()));
        }
        Settings(all)
    }
}

impl Settings {
    /// As words of a command line.
    pub(super) fn words(&self) -> Vec<String> {
        self.0.iter().map(|(flag, value)| format!("--{flag}={value}")).collect()
    }
}

/// `hidden 64,64, batch 32`.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> =
            self.0.iter().map(|(flag, value)| format!("{flag} {value}")).collect();
        f.write_str(if all.is_empty() { "as without a search" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

/// A number with two digits, which are enough for what is drawn at random.
fn two_digits(number: f64) -> String {
    let text = format!("{number:.1e}");
    text.parse::<f64>().map_or(text, |rounded| rounded.to_string())
}

const OPTIMIZER: &str = "adamw";
const WIDTHS: [usize; 6] = [16, 32, 64, 128, 256, 512];
const BATCHES: [usize; 6] = [16, 32, 64, 128, 256, 512];
/// How wide vectors of categories are beside what is usual.
const SCALES: [f64; 3] = [0.0, 0.5, 1.0];
const DROPOUTS: [f64; 5] = [0.0, 0.1, 0.2, 0.3, 0.5];
const ACTIVATIONS: [Activation; 4] =
    [Activation::Relu, Activation::Silu, Activation::Gelu, Activation::Tanh];

/// What tells the settings from other uses of a seed.
const SEARCH: u64 = 0x7365_6172_6368;

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space {
            hidden: true,
            activation: true,
            dropout: true,
            batch: Some(100),
            rate: Some(0.003),
            weight_decay: true,
            optimizer: true,
            embeds: true,
        }
    }

    #[test]
    fn settings_are_of_the_seed_and_within_bounds() {
        let space = space();
        assert_eq!(space.settings(0, 7), Settings::default());
        assert_eq!(space.settings(5, 7), space.settings(5, 7));
        assert_ne!(space.settings(5, 7), space.settings(6, 7));
        assert_ne!(space.settings(5, 7), space.settings(5, 8));
        for number in 1..200 {
            let settings = space.settings(number, 7);
            let of = |name: &str| {
                let value = settings.0.iter().find(|(flag, _)| *flag == name).map(|own| &*own.1);
                value.unwrap().to_string()
            };
            assert!((16..=64).contains(&of("batch").parse::<usize>().unwrap()));
            assert!((0.0003..=0.03).contains(&of("lr").parse::<f64>().unwrap()), "{settings}");
            let decay: f64 = of("weight-decay").parse().unwrap();
            assert!(decay == 0.0 || (0.0003..=0.32).contains(&decay));
        }
    }

    #[test]
    fn what_is_given_is_not_looked_for() {
        let all = space().settings(3, 1);
        let fewer = Space { hidden: false, rate: None, ..space() }.settings(3, 1);
        let kept = all.0.iter().filter(|(flag, _)| !["hidden", "lr"].contains(flag));
        assert!(kept.eq(&fewer.0));
        let none = Space {
            hidden: false,
            activation: false,
            dropout: false,
            batch: Some(9),
            rate: None,
            weight_decay: false,
            optimizer: true,
            embeds: false,
        };
        assert!(none.is_empty() && !space().is_empty());
    }
}
