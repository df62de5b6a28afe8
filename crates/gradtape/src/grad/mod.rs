//! Derivatives: recorded on the tape that is being differentiated.
//!
//! This room never sees numbers. Whatever it records is planned, fused and run with everything
//! else, and can be differentiated again.

mod derivatives;
mod discrete;
mod reverse;

pub use derivatives::{depends_on, hessian, jacobian, jvp};
pub use reverse::{connected_gradients, gradient, gradients, vjp};
