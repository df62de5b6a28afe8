//! Operations that move elements and compute nothing.

mod broadcast;
mod concat;
mod pad;
mod reshape;
mod slice;
mod transpose;

pub use broadcast::Broadcast;
pub use concat::Concat;
pub use pad::Pad;
pub use reshape::Reshape;
pub use slice::Slice;
pub use transpose::Transpose;
