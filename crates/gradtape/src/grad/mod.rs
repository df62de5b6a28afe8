//! Derivatives, and functions of each example of a batch: recorded on the tape that they are about.
//!
//! This room never sees numbers. Whatever it records is planned, fused and run with everything
//! else, and can be differentiated again.

mod derivatives;
mod discrete;
mod reverse;
mod vmap;

pub use derivatives::{depends_on, hessian, jacobian, jvp};
pub use reverse::{connected_gradients, gradient, gradients, vjp};
pub use vmap::{Vars, vmap, vmap_axes};
