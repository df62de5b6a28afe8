//! Operations that move elements and compute nothing.

mod broadcast;
mod concat;
mod diagonal;
mod flip;
mod fold;
mod pad;
mod reshape;
mod slice;
mod transpose;
mod window;

pub use broadcast::Broadcast;
pub use concat::Concat;
pub use diagonal::Diagonal;
pub use flip::Flip;
pub use fold::Fold;
pub use pad::Pad;
pub use reshape::Reshape;
pub use slice::Slice;
pub use transpose::Transpose;
pub use window::Window;
pub(crate) use window::reach;
