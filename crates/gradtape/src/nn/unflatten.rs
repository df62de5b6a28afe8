//! [`Unflatten`]: each example in a shape of its own.

use serde::{Deserialize, Serialize};

use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Part, Var};
use crate::tensor::{Dims, Error, Kind, Result, Rng};

/// The numbers of each example in a shape, `[n, …]` to `[n, shape…]`: rows of pixels become images. The inverse of
/// [`Flatten`](super::Flatten).
///
/// ```
/// use gradtape::nn::Unflatten;
/// use gradtape::{DType, Tape, Tensor};
/// let tape = Tape::new();
/// let rows = tape.constant(Tensor::zeros([5, 784], DType::F32));
/// let images = Unflatten::new([1, 28, 28]);
/// assert_eq!(images.forward(rows).shape()[..], [5, 1, 28, 28]);
///
/// let error = images.forward(rows.slice(1, ..64)).value().unwrap_err();
/// assert!(error.message().contains("784 numbers of each example, but the input f32[5, 64] has 64"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unflatten {
    /// The shape of one example.
    pub shape: Vec<usize>,
}

impl Unflatten {
    /// A layer for examples of this shape.
    pub fn new(shape: impl Into<Vec<usize>>) -> Unflatten {
        Unflatten { shape: shape.into() }
    }

    /// Records `x` with each example in the shape.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _layer = x.tape().within(Part::Layer("Unflatten"));
        let input = x.meta();
        let needed = self.shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        let (n, have) = match input.shape.split_first() {
            Some((&n, rest)) => (n, rest.iter().product::<usize>()),
            None => (1, 1),
        };
        if x.check().is_ok() && needed != Some(have) {
            let message = format!(
                "unflatten: {:?} takes {} numbers of each example, but the input {input} has {have}",
                self.shape,
                needed.map_or("too many".to_string(), |needed| needed.to_string())
            );
            let hint = "the network was built for examples of another size";
            return x.failed(Error::new(Kind::Shape, message).hint(hint), &[x]);
        }
        let shape: Dims = [n].into_iter().chain(self.shape.iter().copied()).collect();
        x.reshape(shape)
    }
}

impl Module for Unflatten {
    fn visit(&self, _: &mut Visitor<'_>) {}

    fn kind(&self) -> String {
        format!("Unflatten({:?})", self.shape)
    }
}

impl Layer for Unflatten {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Unflatten::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(self.clone().into())
    }
}

impl Spec for Unflatten {
    fn build(&self, _: Init, _: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.clone()))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        vec![(Unflatten::new([2, 3]), vec![4, 6]), (Unflatten::new([]), vec![3, 1])]
    }
}
