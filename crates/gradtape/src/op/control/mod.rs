//! Operations that pass their input on and change what happens to gradients.

mod cast;
mod select;
mod stop_gradient;

pub use cast::Cast;
pub use select::Select;
pub use stop_gradient::StopGradient;
