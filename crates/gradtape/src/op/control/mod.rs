//! Operations that pass their input on and change what happens to gradients.

mod cast;
mod custom;
mod reduce_precision;
mod select;
mod stop_gradient;

pub use cast::Cast;
pub use custom::Custom;
pub use reduce_precision::ReducePrecision;
pub use select::Select;
pub use stop_gradient::StopGradient;
