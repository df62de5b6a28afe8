//! Operations without inputs.

mod constant;
mod input;
mod iota;
mod random;

pub use constant::Constant;
pub use input::Input;
pub use iota::Iota;
pub use random::Random;
