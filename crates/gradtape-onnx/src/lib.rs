//! Networks from and to ONNX.
//!
//! A file is read as a [`Model`], to look at; a [`Network`] records it on a tape, so that it runs, has gradients, and
//! can be trained on like any layer.
//!
//! ```no_run
//! use gradtape::{Tape, Tensor};
//! use gradtape_onnx::Network;
//! let network = Network::read("model.onnx")?;
//! let tape = Tape::inference();
//! let x = tape.constant(Tensor::from_slice(&[5.1f32, 3.5, 1.4, 0.2], [1, 4])?);
//! println!("{:?}", network.forward_all(&[x])?);
//! # Ok::<(), gradtape::Error>(())
//! ```

mod call;
mod elem;
mod export;
mod frame;
mod graph;
mod model;
mod network;
mod ops;
mod proto;
mod show;
mod tensor;
mod types;
mod value;

use gradtape::{Result, Tensor};
use prost::Message;

pub use elem::Elem;
pub use export::Export;
pub use model::Model;
pub use network::Network;
pub use show::Shown;
pub use value::{Array, Columns, Texts, Value};

/// The operators that a [`Network`] may have, by name: those of ONNX itself, then those of its training domain.
pub fn operators() -> Vec<&'static str> {
    ops::names().collect()
}

/// Reads a tensor as ONNX's test data has it (`input_0.pb`). Fails where it is damaged or has elements of another kind
/// than numbers and truth values.
pub fn decode_tensor(bytes: &[u8]) -> Result<(Elem, Tensor)> {
    let proto = proto::TensorProto::decode(bytes).map_err(|error| {
        tensor::broken(format!("not a tensor of ONNX, or a damaged one ({error})"))
    })?;
    tensor::decode(&proto, None)
}

/// Reads a tensor of texts, as [`decode_tensor`] reads one of numbers.
pub fn decode_texts(bytes: &[u8]) -> Result<Texts> {
    let proto = proto::TensorProto::decode(bytes).map_err(|error| {
        tensor::broken(format!("not a tensor of ONNX, or a damaged one ({error})"))
    })?;
    tensor::decode_texts(&proto)
}
