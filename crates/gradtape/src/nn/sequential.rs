//! [`Sequential`]: layers one after another.

use serde::{Deserialize, Serialize};

use super::{Activation, Dropout, Init, Kept, Layer, LayerSpec, Linear, Module, Spec, Visitor};
use crate::tape::{Name, Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// Layers one after another; the parameters are named by their layer's number (`0.weight`).
///
/// ```
/// use gradtape::nn::{Linear, Module, Relu, Sequential};
/// use gradtape::Rng;
/// let mut rng = Rng::new(42);
/// let net = Sequential::new()
///     .add(Linear::new(64, 32, &mut rng))
///     .add(Relu)
///     .add(Linear::new(32, 10, &mut rng));
/// assert_eq!(net.named_parameters()[2].0, "2.weight");
/// ```
///
/// A clone has parameters of its own, which start with the same numbers.
#[derive(Clone, Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
    name: Name,
}

impl Sequential {
    /// No layer: the identity.
    pub fn new() -> Sequential {
        Sequential::default()
    }

    /// Adds a layer at the end.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it adds a layer, not a number")]
    pub fn add(mut self, layer: impl Layer + 'static) -> Sequential {
        self.layers.push(Box::new(layer));
        self
    }

    /// A multi-layer perceptron: linear layers between the widths `sizes`, and behind each but the
    /// last the activation and, if `dropout` is above 0, dropout.
    ///
    /// ```
    /// use gradtape::nn::{Activation, Module, Sequential};
    /// use gradtape::Rng;
    /// let net = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.1, &mut Rng::new(42))?;
    /// assert_eq!(net.kind(), "Sequential");
    /// assert_eq!(net.layers().len(), 4);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails for fewer than two sizes, a size of 0, and a dropout outside [0, 1).
    pub fn mlp(
        sizes: &[usize],
        activation: Activation,
        dropout: f64,
        rng: &mut Rng,
    ) -> Result<Sequential> {
        if sizes.len() < 2 || sizes.contains(&0) {
            let message = format!("a perceptron of sizes {sizes:?}");
            let hint = "give the widths of input, hidden layers and output, none of them 0";
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        Dropout::check(dropout)?;
        let mut net = Sequential::new();
        for (number, pair) in sizes.windows(2).enumerate() {
            net.layers.push(Box::new(Linear::with(pair[0], pair[1], Default::default(), rng)?));
            if number + 2 < sizes.len() {
                net.layers.push(activation.layer());
                if dropout > 0.0 {
                    net.layers.push(Box::new(Dropout::new(dropout, rng)));
                }
            }
        }
        Ok(net)
    }

    /// The layers that the specs describe, with new numbers.
    pub fn from_specs(specs: &[LayerSpec], rng: &mut Rng) -> Result<Sequential> {
        Sequential::build(specs, Init::FanIn, rng)
    }

    /// The layers of specs, their numbers by a rule.
    pub(crate) fn build(specs: &[LayerSpec], init: Init, rng: &mut Rng) -> Result<Sequential> {
        let layers = specs.iter().enumerate().map(|(number, spec)| {
            let named = |error: Error| error.context(format!("layer {number}"));
            spec.build_with(init, rng).map_err(named)
        });
        Ok(Sequential { layers: layers.collect::<Result<_>>()?, name: Name::default() })
    }

    /// The tensors that the layers of specs keep, by name.
    pub(crate) fn tensors(specs: &[LayerSpec]) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (number, spec) in specs.iter().enumerate() {
            let kept = spec.tensors().map_err(|e| e.context(format!("layer {number}")))?;
            all.extend(kept.into_iter().map(|kept| {
                let name = format!("{number}.{}", kept.name);
                Kept { name, ..kept }
            }));
        }
        Ok(all)
    }

    /// What it takes to build the same layers anew. Fails when a layer is the user's own.
    pub fn specs(&self) -> Result<Vec<LayerSpec>> {
        let specs = self.layers.iter().enumerate().map(|(number, layer)| {
            layer.spec().ok_or_else(|| {
                let message =
                    format!("layer {number}, {}, has no description as data", layer.kind());
                Error::new(Kind::Model, message)
                    .hint("save its parameters alone and build the network in code to load them")
            })
        });
        specs.collect()
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }

    /// The layers themselves.
    pub(super) fn into_layers(self) -> Vec<Box<dyn Layer>> {
        self.layers
    }

    /// Records what the layers compute of `x`, one after another. An error names the layer and the line of
    /// this call.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _list = tape.within(Part::List(self.name.get()));
        let mut x = x;
        for (number, layer) in self.layers.iter().enumerate() {
            let _layer = tape.within(Part::Number(number));
            x = (**layer).forward(x);
            tape.gives(x);
        }
        x
    }
}

impl Module for Sequential {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.name(&self.name);
        self.layers.visit(visitor);
    }
}

impl Layer for Sequential {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Sequential::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(SequentialSpec { layers: self.specs().ok()? }.into())
    }

    fn is_static(&self) -> bool {
        self.layers.iter().all(|layer| layer.is_static())
    }
}

/// A [`Sequential`] inside another as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequentialSpec {
    /// The layers in order.
    pub layers: Vec<LayerSpec>,
}

impl Spec for SequentialSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Sequential::build(&self.layers, init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        Sequential::tensors(&self.layers)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |sizes: &[usize]| {
            let net = Sequential::mlp(sizes, Activation::Tanh, 0.5, &mut Rng::new(1)).unwrap();
            SequentialSpec { layers: net.specs().unwrap() }
        };
        let nested =
            SequentialSpec { layers: vec![sample(&[3, 2]).into(), sample(&[2, 4]).into()] };
        vec![
            (SequentialSpec { layers: vec![] }, vec![2]),
            (sample(&[3, 5, 2]), vec![4, 3]),
            (nested, vec![1, 3]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{DropoutSpec, Flatten, LeakyRelu, LinearSpec, Relu, Sigmoid, Softmax, Tanh};
    use crate::tape::Tape;
    use crate::tensor::{DType, Tensor};

    #[test]
    fn specs_rebuild_the_layers() {
        let rng = &mut Rng::new(1);
        let net = Sequential::new()
            .add(Flatten)
            .add(Linear::new(4, 3, rng))
            .add(Relu)
            .add(LeakyRelu { slope: 0.2 })
            .add(Dropout::new(0.5, rng))
            .add(Sigmoid)
            .add(Tanh)
            .add(Softmax);
        let specs = net.specs().unwrap();
        let json = serde_json::to_string(&specs).unwrap();
        assert!(json.starts_with(
            r#"[{"layer":"flatten"},{"layer":"linear","inputs":4,"outputs":3,"bias":true,"dtype":"f32"},{"layer":"relu"}"#
        ));
        let read: Vec<LayerSpec> = serde_json::from_str(&json).unwrap();
        let again = Sequential::from_specs(&read, rng).unwrap();
        assert_eq!(again.specs().unwrap(), specs);
    }

    #[test]
    fn an_own_layer_has_no_spec() {
        #[derive(Clone, Module)]
        struct Own;
        impl Layer for Own {
            fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                x
            }
        }
        let text = Sequential::new().add(Relu).add(Own).specs().unwrap_err().to_string();
        assert!(text.contains("layer 1, Own"), "{text}");
    }

    #[test]
    fn specs_of_nonsense_are_errors() {
        let rng = &mut Rng::new(1);
        let linear = |inputs, dtype: &str| {
            LayerSpec::from(LinearSpec { inputs, outputs: 2, bias: true, dtype: dtype.into() })
        };
        for spec in [linear(2, "i64"), linear(2, "f8"), linear(usize::MAX, "f32")] {
            let text = Sequential::from_specs(&[Relu.into(), spec], rng).err().unwrap();
            assert!(text.to_string().contains("layer 1"), "{text}");
        }
        assert!(Sequential::from_specs(&[DropoutSpec { p: 1.0 }.into()], rng).is_err());
        assert!(Sequential::mlp(&[3], Activation::Relu, 0.0, rng).is_err());
        assert!(Sequential::mlp(&[3, 0, 2], Activation::Relu, 0.0, rng).is_err());
        assert!(Sequential::mlp(&[3, 2], Activation::Relu, -0.1, rng).is_err());
    }

    #[test]
    fn no_layer_is_the_identity() {
        let tape = Tape::new();
        let x = tape.constant(Tensor::zeros([2, 2], DType::F32));
        assert_eq!(Sequential::new().forward(x).id(), x.id());
    }
}
