//! [`Dropout`].

use serde::{Deserialize, Serialize};

use super::{Init, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Generator, Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// Sets each element to 0 with probability `p` during training and divides the others by `1 - p`; on a
/// [`Tape::inference`](crate::Tape::inference) it passes its input on. Srivastava et al. 2014.
///
/// The mask of the `n`-th use depends on the seed and `n` alone, and is never stored: the backward walk
/// draws the same numbers again.
///
/// ```
/// use gradtape::nn::Dropout;
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let dropout = Dropout::new(0.25, &mut Rng::new(42));
/// let x = Tensor::ones([4, 100], DType::F32);
///
/// let tape = Tape::new();
/// let y = dropout.forward(tape.constant(&x)).value()?.to_vec::<f32>()?;
/// let kept = y.iter().filter(|&&y| y == 1.0 / 0.75).count();
/// let zeros = y.iter().filter(|&&y| y == 0.0).count();
/// assert!(kept + zeros == 400 && (260..340).contains(&kept));
///
/// let tape = Tape::inference();
/// assert!(dropout.forward(tape.constant(&x)).value()?.equals(&x));
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// How many masks were drawn is part of a [`Checkpoint`](crate::io::Checkpoint), after which training goes on
/// with the next one, and not of a model file, as predictions draw none.
///
/// A clone goes on with the same masks as the original would, each counting for itself, so that the clone of
/// a network trains as that does. In a stack of cloned blocks all would drop the same places at every step:
/// build each block from the [`Rng`], which gives it masks of its own.
///
/// ```
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::Rng;
/// let rng = &mut Rng::new(42);
/// let block = |rng: &mut Rng| Sequential::mlp(&[8, 8, 8], Activation::Relu, 0.1, rng);
/// // Not `vec![block(rng)?; 6]`.
/// let blocks = (0..6).map(|_| block(rng)).collect::<gradtape::Result<Vec<_>>>()?;
/// # assert_eq!(blocks.len(), 6);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dropout {
    p: f64,
    /// Draws a mask for each use in training.
    masks: Generator,
}

impl Dropout {
    /// A dropout of probability `p` in [0, 1). With any other `p` every use is an error.
    ///
    /// Its seed is drawn from `rng`, so that two dropouts of a network have different masks.
    pub fn new(p: f64, rng: &mut Rng) -> Dropout {
        Dropout { p, masks: Generator::new(rng.next_u64()) }
    }

    /// The probability that an element is set to 0.
    pub fn p(&self) -> f64 {
        self.p
    }

    pub(super) fn check(p: f64) -> Result<()> {
        if (0.0..1.0).contains(&p) {
            return Ok(());
        }
        Err(Error::new(Kind::Value, format!("dropout with probability {p}"))
            .hint("it must be at least 0 and below 1"))
    }

    /// Records the dropout of `x`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("Dropout"));
        if let Err(error) = Dropout::check(self.p) {
            return x.failed(error, &[x]);
        }
        let input = x.meta();
        if !tape.is_training() || self.p == 0.0 || !input.dtype.is_float() {
            return tape.drawing("Dropout", &self.masks, x);
        }
        let random = tape.uniform(&self.masks, input.shape, input.dtype.computed());
        let y = random.greater_equal(self.p).select(x * (1.0 / (1.0 - self.p)), 0.0);
        tape.drawing("Dropout", &self.masks, y)
    }
}

impl Module for Dropout {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("masks", &self.masks);
    }

    fn kind(&self) -> String {
        format!("Dropout({})", self.p)
    }
}

impl Layer for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Dropout::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(DropoutSpec { p: self.p }.into())
    }
}

/// A [`Dropout`] as data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutSpec {
    /// The probability that an element is set to 0.
    pub p: f64,
}

impl Spec for DropoutSpec {
    fn build(&self, _: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Dropout::check(self.p)?;
        Ok(Box::new(Dropout::new(self.p, rng)))
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        vec![(DropoutSpec { p: 0.25 }, vec![3, 4])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::compile;
    use crate::grad::gradient;
    use crate::tape::Tape;
    use crate::tensor::{DType, Tensor};

    fn ones() -> Tensor {
        Tensor::ones([10, 20], DType::F64)
    }

    fn masks(seed: u64, uses: usize) -> Vec<Vec<f64>> {
        let dropout = Dropout::new(0.5, &mut Rng::new(seed));
        let mut tape = Tape::new();
        let mut use_it = |_| {
            tape.reset();
            let x = tape.constant(ones());
            dropout.forward(x).value().unwrap().to_f64_vec()
        };
        (0..uses).map(&mut use_it).collect()
    }

    #[test]
    fn every_use_has_its_own_mask_and_the_seed_decides_all() {
        let first = masks(1, 3);
        assert_eq!(first, masks(1, 3));
        assert!(first[0] != first[1] && first[1] != first[2]);
        assert_ne!(first[0], masks(2, 1)[0]);
        assert!(first[0].iter().all(|&v| v == 0.0 || v == 2.0));
    }

    #[test]
    fn the_gradient_goes_where_the_value_went() {
        let dropout = Dropout::new(0.3, &mut Rng::new(4));
        let tape = Tape::new();
        let x = tape.watch(ones());
        let y = dropout.forward(x);
        let [g] = gradient(y.sum(()), [x]);
        assert!(g.value().unwrap().equals(&y.value().unwrap()));
    }

    #[test]
    fn compiled_uses_have_the_masks_of_recorded_ones() {
        let dropout = Dropout::new(0.5, &mut Rng::new(1));
        let mut twice = compile(|_, x| Ok(vec![dropout.forward(x[0]), dropout.forward(x[0])]));
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.extend(twice.call(&[ones()]).unwrap().iter().map(Tensor::to_f64_vec));
        }
        assert_eq!(seen, masks(1, 6));
    }

    #[test]
    fn a_probability_out_of_range_is_an_error() {
        for p in [-0.1, 1.0, 1.5, f64::NAN] {
            let dropout = Dropout::new(p, &mut Rng::new(1));
            for tape in [Tape::new(), Tape::inference()] {
                let error = dropout.forward(tape.constant(ones())).value().unwrap_err();
                assert!(error.to_string().contains(&p.to_string()), "{error}");
            }
        }
    }
}
