//! Optimisers and schedules. An update is recorded on the tape like everything else, fused with the
//! backward walk, and run with it as one program.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod base;
mod by_name;
mod ema;
mod nadam;
mod optimizer;
mod rmsprop;
mod rule;
mod schedule;
mod sgd;

pub use adadelta::AdaDelta;
pub use adagrad::AdaGrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use adamw::AdamW;
pub use base::Base;
pub use by_name::{Hyper, NAMES, by_name};
pub use ema::Ema;
pub use nadam::NAdam;
pub use optimizer::Optimizer;
pub use rmsprop::RmsProp;
pub use rule::{Rates, Rule, Slot, Update};
pub use schedule::{Schedule, Scheduler};
pub use sgd::Sgd;

#[cfg(test)]
mod tests;
