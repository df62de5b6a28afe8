//! Models and tensors in files, in the safetensors format, which other libraries read too.
//!
//! [`save`] and [`load`] keep the parameters and buffers of any [`Module`](crate::nn::Module); a [`Model`] is a
//! network with all that is needed to use it: architecture, preprocessing, labels. A [`Checkpoint`] is a
//! training with all that is needed to go on.

mod checkpoint;
mod events;
mod matching;
mod model;
mod safetensors;
mod weights;
mod write;

pub use checkpoint::Checkpoint;
pub use events::{EventWriter, Setting, Unit};
pub use matching::{Matched, load_matching};
pub use model::Model;
pub use safetensors::{SafeTensors, read_safetensors, write_safetensors};
pub use weights::{load, load_converted, save};
pub use write::{check_writable, with_unfinished, write_atomic, write_atomic_with};
