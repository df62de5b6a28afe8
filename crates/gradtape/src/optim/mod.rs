//! Optimisers and schedules. An update is recorded on the tape like everything else, fused with the
//! backward walk, and run with it as one program.

mod accumulate;
mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod base;
mod by_name;
mod clip;
mod declare;
mod ema;
mod group;
mod hyper;
mod kept;
mod lamb;
mod lars;
mod lbfgs;
mod lion;
mod muon;
mod nadam;
mod optimizer;
mod portion;
mod radam;
mod rmsprop;
mod rule;
mod schedule;
mod sgd;
mod step;

pub use accumulate::Accumulator;
pub use base::Base;
pub use by_name::{NAMES, by_name, defaults, info};
pub use declare::{Hyperparameter, Interval, OptimizerInfo, Pace, Preset};
pub use ema::Ema;
pub use group::Group;
pub use hyper::{Hyper, HyperValue};
pub use optimizer::Optimizer;
pub(crate) use portion::Portion;
pub use rule::{LossOf, Rates, Rule, Slot, Update};
pub use schedule::{Anneal, OneCycle, Plateau, Schedule, Scheduler, Threshold};

/// Names the optimisers of files that declare them, and makes their table.
macro_rules! optimizers {
    ($($file:ident::$Name:ident)*) => {
        $(pub use $file::$Name;)*

        /// What the optimisers declare of themselves. Their names, builder methods, ranges, the flags of the
        /// command line and `docs/optimisers.md` follow from it.
        ///
        /// ```
        /// use gradtape::optim::OPTIMIZERS;
        /// let adam = OPTIMIZERS.iter().find(|info| info.name == "adam").unwrap();
        /// let names: Vec<&str> = adam.hyperparameters.iter().map(|known| known.name).collect();
        /// assert_eq!(names, ["lr", "weight_decay", "betas", "eps", "amsgrad"]);
        /// ```
        pub const OPTIMIZERS: &[OptimizerInfo] =
            &[$(<$Name as declare::Declared>::INFO),*];
    };
}

optimizers! {
    sgd::Sgd
    adagrad::AdaGrad
    rmsprop::RmsProp
    adadelta::AdaDelta
    adam::Adam
    adamw::AdamW
    adamax::Adamax
    nadam::NAdam
    radam::RAdam
    lion::Lion
    lamb::Lamb
    lars::Lars
    muon::Muon
    adafactor::Adafactor
    lbfgs::Lbfgs
}

#[cfg(test)]
mod tests;
