//! Operations that move elements and compute nothing.

mod broadcast;
mod reshape;
mod transpose;

pub use broadcast::Broadcast;
pub use reshape::Reshape;
pub use transpose::Transpose;
