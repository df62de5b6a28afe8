//! Recording: [`Tape`], [`Var`], [`Parameter`], and the [`Graph`] that is taken from a tape to be run.

mod batching;
mod buffer;
mod convolve;
mod einsum;
mod foreign;
mod functions;
mod graph;
mod layers;
mod mixed;
mod name;
mod names;
mod parameter;
mod random;
mod record;
mod scope;
mod sum;
#[allow(clippy::module_inception, reason = "the room is named after the type it is about")]
mod tape;
mod text;
mod values;
mod var;
mod verify;
mod walk;

pub(crate) use batching::Batching;
pub use buffer::Buffer;
pub use convolve::Convolution;
pub use foreign::Told;
pub use graph::{Graph, GraphNode, Output};
pub(crate) use layers::{Gave, Place, Shown};
pub use mixed::Autocast;
pub(crate) use name::Name;
pub use parameter::{Dial, Parameter};
pub use random::Generator;
pub(crate) use record::{Action, Leaf, Node, Recording, Spent, Update};
pub(crate) use scope::Part;
pub use tape::Tape;
pub(crate) use values::Given;
pub use var::Var;
pub(crate) use var::mixed_tapes;
pub(crate) use walk::Question;

#[cfg(test)]
mod tests;
