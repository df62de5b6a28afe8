//! Operations without inputs.

mod constant;
mod input;

pub use constant::Constant;
pub use input::Input;
