//! Operations that pass their input on and change what happens to gradients.

mod stop_gradient;

pub use stop_gradient::StopGradient;
