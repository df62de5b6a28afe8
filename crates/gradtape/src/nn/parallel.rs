//! [`Parallel`] and [`Bidirectional`]: layers side by side.

use serde::{Deserialize, Serialize};

use super::layer::part;
use super::{Init, Kept, Layer, LayerSpec, Module, Sequential, Spec, Visitor};
use crate::tape::{Name, Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// Layers side by side, all of the same input, and what they give joined: along an axis one behind another, or added.
/// Szegedy et al. 2014. The parameters are named by their layer's number (`0.weight`).
///
/// ```
/// use gradtape::nn::{Conv1d, ConvOptions, Merge, Padding, Parallel};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let same = ConvOptions { padding: Padding::Same, ..ConvOptions::default() };
/// let block = Parallel::new(Merge::Concat(1))
///     .add(Conv1d::with(3, 4, [1], same, rng)?)
///     .add(Conv1d::with(3, 2, [5], same, rng)?);
/// let x = Tape::new();
/// let y = block.forward(x.constant(Tensor::ones([2, 3, 8], DType::F32)));
/// assert_eq!(y.shape()[..], [2, 6, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("branches", "inception", "concatenate"))]
#[derive(Clone)]
pub struct Parallel {
    layers: Vec<Box<dyn Layer>>,
    merge: Merge,
    name: Name,
}

/// How [`Parallel`] joins what its layers give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// One behind another along an axis; negative ones count from the end.
    Concat(isize),
    /// Added; all have one shape.
    Sum,
}

impl Parallel {
    /// No layer yet; without one, every use is an error.
    pub fn new(merge: Merge) -> Parallel {
        Parallel { layers: Vec::new(), merge, name: Name::default() }
    }

    /// Adds a layer beside the others.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it adds a layer, not a number")]
    pub fn add(mut self, layer: impl Layer + 'static) -> Parallel {
        self.layers.push(Box::new(layer));
        self
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }

    /// How it joins what they give.
    pub fn merge(&self) -> Merge {
        self.merge
    }

    /// Records what the layers give of `x`, joined.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _list = tape.within(Part::List(self.name.get()));
        let each = self.layers.iter().enumerate().map(|(number, layer)| {
            let _layer = tape.within(Part::Number(number));
            let y = (**layer).forward(x);
            tape.gives(y);
            y
        });
        let each: Vec<Var<'t>> = each.collect();
        let Some((&first, rest)) = each.split_first() else {
            let error = Error::new(Kind::Value, "parallel: there is no layer");
            return x.failed(error.hint("add() one, or two and more"), &[x]);
        };
        if let Merge::Concat(axis) = self.merge {
            return first.concat(rest, axis);
        }
        let known = each.iter().all(|y| y.check().is_ok());
        if let Some(other) = rest.iter().find(|y| known && y.meta() != first.meta()) {
            let message =
                format!("parallel: one layer gives {}, another {}", first.meta(), other.meta());
            let hint = "layers that are added must give one shape; Merge::Concat takes others";
            return x.failed(Error::new(Kind::Shape, message).hint(hint), &[first, *other]);
        }
        rest.iter().fold(first, |sum, &y| sum + y)
    }
}

impl Module for Parallel {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.name(&self.name);
        self.layers.visit(visitor);
    }
}

impl Layer for Parallel {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Parallel::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let layers = self.layers.iter().map(|layer| layer.spec()).collect::<Option<_>>()?;
        Some(ParallelSpec { merge: self.merge, layers }.into())
    }

    fn is_static(&self) -> bool {
        self.layers.iter().all(|layer| layer.is_static())
    }
}

/// A [`Parallel`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelSpec {
    /// How it joins what they give: `"sum"` or `{"concat": 1}`.
    pub merge: Merge,
    /// The layers in order.
    pub layers: Vec<LayerSpec>,
}

impl Spec for ParallelSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        if self.layers.is_empty() {
            return Err(super::fit::setting("Parallel", "it has 0 layers, but needs at least 1"));
        }
        let layers = Sequential::build(&self.layers, init, rng)?.into_layers();
        Ok(Box::new(Parallel { layers, merge: self.merge, name: Name::default() }))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        Sequential::tensors(&self.layers)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let linear = || super::Linear::new(3, 2, &mut Rng::new(1)).spec().unwrap();
        let spec = |merge| ParallelSpec { merge, layers: vec![linear(), linear()] };
        vec![(spec(Merge::Concat(-1)), vec![2, 3]), (spec(Merge::Sum), vec![2, 3])]
    }
}

/// One layer that reads sequences `[n, length, …]` from their beginning and one that reads them from their end, and what
/// both say at each step side by side along the last axis. Schuster and Paliwal 1997. The parameters are named
/// behind `forward.` and `backward.`.
///
/// Recurrent layers do so themselves, with [`RecurrentOptions::bidirectional`](super::RecurrentOptions::bidirectional); this is
/// for any two layers.
///
/// ```
/// use gradtape::nn::{Bidirectional, Gru, Lstm};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let both = Bidirectional::new(Gru::new(3, 4, rng), Lstm::new(3, 2, rng));
/// let tape = Tape::new();
/// let text = tape.constant(Tensor::ones([2, 7, 3], DType::F32));
/// assert_eq!(both.forward(text).shape()[..], [2, 7, 6]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone)]
pub struct Bidirectional {
    forward: Box<dyn Layer>,
    backward: Box<dyn Layer>,
    name: Name,
}

impl Bidirectional {
    /// A layer for the way forward and one for the way back.
    pub fn new(forward: impl Layer + 'static, backward: impl Layer + 'static) -> Bidirectional {
        let (forward, backward) = (Box::new(forward), Box::new(backward));
        Bidirectional { forward, backward, name: Name::default() }
    }

    /// Records what both say of `x` `[n, length, …]`, side by side.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _list = x.tape().within(Part::List(self.name.get()));
        let input = x.meta();
        if x.check().is_ok() && input.shape.rank() < 3 {
            let message = format!(
                "bidirectional: the layer takes sequences of [n, length, …], but the input is {input}"
            );
            let hint = "axis 0 is the examples, axis 1 the steps";
            return x.failed(Error::new(Kind::Shape, message).hint(hint), &[x]);
        }
        let forward = part("forward", &*self.forward, x);
        let backward = part("backward", &*self.backward, x.flip(1)).flip(1);
        forward.concat(&[backward], -1)
    }
}

impl Module for Bidirectional {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.name(&self.name);
        visitor.child("forward", &self.forward);
        visitor.child("backward", &self.backward);
    }
}

impl Layer for Bidirectional {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Bidirectional::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let (forward, backward) = (self.forward.spec()?, self.backward.spec()?);
        let spec = BidirectionalSpec { forward: Box::new(forward), backward: Box::new(backward) };
        Some(spec.into())
    }

    fn is_static(&self) -> bool {
        self.forward.is_static() && self.backward.is_static()
    }
}

/// A [`Bidirectional`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BidirectionalSpec {
    /// The layer of the way forward.
    pub forward: Box<LayerSpec>,
    /// The layer of the way back.
    pub backward: Box<LayerSpec>,
}

impl Spec for BidirectionalSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let (forward, backward) =
            (self.forward.build_with(init, rng)?, self.backward.build_with(init, rng)?);
        Ok(Box::new(Bidirectional { forward, backward, name: Name::default() }))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for (name, layer) in [("forward", &self.forward), ("backward", &self.backward)] {
            kept.extend(layer.tensors()?.into_iter().map(|kept| kept.inside(name)));
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let rng = &mut Rng::new(1);
        let forward = Box::new(super::Gru::new(3, 2, rng).spec().unwrap());
        let backward = Box::new(super::Linear::new(3, 1, rng).spec().unwrap());
        vec![(BidirectionalSpec { forward, backward }, vec![2, 4, 3])]
    }
}
