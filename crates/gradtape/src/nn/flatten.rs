//! [`Flatten`]: one row for each example.

use serde::{Deserialize, Serialize};

use super::activation::stateless;
use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{Result, Rng};

/// All axes but the first made into one: `[n, 28, 28]` to `[n, 784]`, `[n]` to `[n, 1]`.
///
/// ```
/// use gradtape::nn::Flatten;
/// use gradtape::{DType, Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::zeros([5, 2, 3], DType::F32));
/// assert_eq!(Flatten.forward(x).shape()[..], [5, 6]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flatten;

stateless! {
    /// Records `x` as `[n, width]`.
    Flatten, |_layer, x| {
        let shape = x.shape();
        match shape.split_first() {
            Some((&rows, rest)) => x.reshape([rows, rest.iter().product()]),
            None => x.reshape([1, 1]),
        }
    }
}
