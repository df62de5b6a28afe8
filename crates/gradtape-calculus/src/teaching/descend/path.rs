//! [`Path`]: every place of a descent, and how it was made.

use gradtape::optim::Hyper;
use serde::Serialize;

use super::extras::Extras;
use crate::report::{Named, Number};
use crate::teaching::extremum::Place;

/// How to descend.
#[derive(Clone, Debug)]
pub struct Descent {
    /// The optimiser's name, as [`gradtape::optim::NAMES`] has them.
    pub optimizer: String,
    /// Its settings, the learning rate among them.
    pub hyper: Hyper,
    /// How the learning rate changes from step to step, as [`gradtape::optim::Schedule::by_name`] reads it; it
    /// stays if not said.
    pub schedule: Option<String>,
    /// The most steps, at most [`MAX_STEPS`].
    pub steps: usize,
    /// A step shorter than this is the last one; 0 for none.
    pub tolerance: f64,
    /// The standard deviation of the noise that one example adds to every component of the gradient.
    pub noise: f64,
    /// How many examples a step averages: the noise shrinks by its root.
    pub batch: usize,
    /// The seed of the noise.
    pub seed: u64,
    /// What goes on around the optimiser.
    pub extras: Extras,
}

/// Plain gradient descent for 100 steps, without noise.
impl Default for Descent {
    fn default() -> Descent {
        Descent {
            optimizer: "sgd".to_string(),
            hyper: Hyper::default(),
            schedule: None,
            steps: 100,
            tolerance: 0.0,
            noise: 0.0,
            batch: 1,
            seed: 0,
            extras: Extras::default(),
        }
    }
}

/// The most steps of a descent.
pub const MAX_STEPS: usize = 1_000_000;

/// The path of a descent. Serialises to the JSON of `gradtape descend`.
#[derive(Clone, Debug, Serialize)]
pub struct Path {
    /// The expression as it is printed.
    pub expression: String,
    /// The optimiser.
    pub optimizer: String,
    /// The learning rate.
    pub lr: Number,
    /// What tells it from other paths: the optimiser, where several differ also its rate or its start.
    #[serde(skip)]
    pub label: String,
    /// Every place, the start first.
    pub steps: Vec<PathStep>,
    /// Why it ended.
    pub stopped: Stopped,
    /// What kind of place the end is.
    pub end: Place,
    /// What a reader should know: where it left the domain, what a smaller learning rate would do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One place on the path.
#[derive(Clone, Debug, Serialize)]
pub struct PathStep {
    /// How many steps were taken before.
    pub step: usize,
    /// The place.
    pub at: Named<Number>,
    /// The value there.
    pub value: Number,
    /// The gradient there, without noise.
    pub gradient: Named<Number>,
    /// The gradient that the step from here used, with noise; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Named<Number>>,
    /// How far the step from here goes; the last place has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Named<Number>>,
    /// What the optimiser keeps for each variable after the step from here, under its own names, such as `exp_avg` and
    /// `exp_avg_sq` of Adam. Where it has both, they are also given as Adam corrects them, divided by 1 - βᵗ.
    #[serde(skip_serializing_if = "is_empty")]
    pub state: Named<Named<Number>>,
}

fn is_empty(state: &Named<Named<Number>>) -> bool {
    state.0.is_empty()
}

/// Why a descent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// All steps were taken.
    Steps,
    /// A step was shorter than the tolerance.
    Tolerance,
    /// It left the numbers, went a million million times farther from 0 than it started, or ended more
    /// than a hundred times higher.
    Diverged,
}

pub(super) fn numbers(named: &Named<Number>) -> Vec<f64> {
    named.values().map(|number| number.0).collect()
}

/// The length of a vector.
pub(super) fn length(x: &[f64]) -> f64 {
    x.iter().fold(0.0_f64, |length, &x| length.hypot(x))
}
