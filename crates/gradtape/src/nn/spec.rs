//! [`LayerSpec`]: a layer of this library as data, and the one table of them.

use serde::{Deserialize, Serialize};

use super::{
    AdaptivePoolSpec, AttentionSpec, AvgPoolSpec, BatchNormSpec, Celu, ConvSpec, ConvTransposeSpec,
    DropoutChannelsSpec, DropoutSpec, Elu, EmbeddingSpec, Flatten, Gelu, Glu, GroupNormSpec,
    GruCell, Hardsigmoid, Hardswish, Hardtanh, Init, InstanceNormSpec, Layer, LayerNormSpec,
    LeakyRelu, LinearSpec, LogSoftmax, LstmCell, MaxPoolSpec, Mish, Place, PositionsSpec,
    PreluSpec, RecurrentSpec, Relu, Relu6, ResidualSpec, RmsNormSpec, RnnCell, RotaryEmbedding,
    Selu, SequentialSpec, Sigmoid, Silu, Softmax, Softplus, Softsign, Tanh, TransformerEncoderSpec,
    Unflatten,
};
use crate::op::Meta;
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// Stamps [`LayerSpec`] from the table of the kinds.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($spec:ty),)*) => {
        /// A layer of this library as data: what a model file says of it.
        ///
        /// As JSON: `{"layer": "linear", "inputs": 64, "outputs": 32, "bias": true, "dtype": "f32"}`,
        /// `{"layer": "relu"}`, `{"layer": "dropout", "p": 0.2}`.
        ///
        /// ```
        /// use gradtape::Rng;
        /// use gradtape::nn::{DropoutSpec, Layer, LayerSpec, Relu};
        /// let layer = LayerSpec::from(DropoutSpec { p: 0.2 }).build(&mut Rng::new(1))?;
        /// assert_eq!(layer.kind(), "Dropout(0.2)");
        /// assert_eq!(Relu.spec(), Some(LayerSpec::Relu(Relu)));
        /// # Ok::<(), gradtape::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "layer", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum LayerSpec {
            $($(#[$doc])* $kind($spec),)*
        }

        $(
            impl From<$spec> for LayerSpec {
                fn from(spec: $spec) -> LayerSpec {
                    LayerSpec::$kind(spec)
                }
            }
        )*

        impl LayerSpec {
            /// The layer with new numbers.
            pub fn build(&self, rng: &mut Rng) -> Result<Box<dyn Layer>> {
                self.build_with(Init::FanIn, rng)
            }

            /// As [`Spec::build`].
            pub(crate) fn build_with(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
                match self {
                    $(LayerSpec::$kind(spec) => spec.build(init, rng),)*
                }
            }

            /// As [`Spec::tensors`].
            pub(crate) fn tensors(&self) -> Result<Vec<Kept>> {
                match self {
                    $(LayerSpec::$kind(spec) => spec.tensors(),)*
                }
            }

            /// Calls with the name of every kind, a sample of it, and the shape of an input.
            #[cfg(test)]
            pub(crate) fn each_sample(mut call: impl FnMut(&str, &LayerSpec, &[usize])) {
                $({
                    let (kind, samples) = (stringify!($kind), <$spec>::samples());
                    assert!(!samples.is_empty(), "{kind} has no sample");
                    samples.into_iter().for_each(|(spec, shape)| call(kind, &spec.into(), &shape));
                })*
            }
        }
    };
}

kinds! {
    /// [`Linear`](super::Linear).
    Linear(LinearSpec),
    /// [`BatchNorm1d`](super::BatchNorm1d).
    BatchNorm1d(BatchNormSpec<1>),
    /// [`BatchNorm2d`](super::BatchNorm2d).
    BatchNorm2d(BatchNormSpec<2>),
    /// [`LayerNorm`](super::LayerNorm).
    LayerNorm(LayerNormSpec),
    /// [`RmsNorm`](super::RmsNorm).
    RmsNorm(RmsNormSpec),
    /// [`GroupNorm`](super::GroupNorm).
    GroupNorm(GroupNormSpec),
    /// [`InstanceNorm1d`](super::InstanceNorm1d).
    InstanceNorm1d(InstanceNormSpec<1>),
    /// [`InstanceNorm2d`](super::InstanceNorm2d).
    InstanceNorm2d(InstanceNormSpec<2>),
    /// [`Relu`].
    Relu(Relu),
    /// [`LeakyRelu`].
    LeakyRelu(LeakyRelu),
    /// [`Sigmoid`].
    Sigmoid(Sigmoid),
    /// [`Tanh`].
    Tanh(Tanh),
    /// [`Softmax`].
    Softmax(Softmax),
    /// [`LogSoftmax`].
    LogSoftmax(LogSoftmax),
    /// [`Elu`].
    Elu(Elu),
    /// [`Selu`].
    Selu(Selu),
    /// [`Celu`].
    Celu(Celu),
    /// [`Gelu`].
    Gelu(Gelu),
    /// [`Silu`].
    Silu(Silu),
    /// [`Mish`].
    Mish(Mish),
    /// [`Softplus`].
    Softplus(Softplus),
    /// [`Softsign`].
    Softsign(Softsign),
    /// [`Hardtanh`].
    Hardtanh(Hardtanh),
    /// [`Relu6`].
    Relu6(Relu6),
    /// [`Hardsigmoid`].
    Hardsigmoid(Hardsigmoid),
    /// [`Hardswish`].
    Hardswish(Hardswish),
    /// [`Prelu`](super::Prelu).
    Prelu(PreluSpec),
    /// [`Glu`].
    Glu(Glu),
    /// [`Conv1d`](super::Conv1d).
    Conv1d(ConvSpec<1>),
    /// [`Conv2d`](super::Conv2d).
    Conv2d(ConvSpec<2>),
    /// [`Conv3d`](super::Conv3d).
    Conv3d(ConvSpec<3>),
    /// [`ConvTranspose1d`](super::ConvTranspose1d).
    ConvTranspose1d(ConvTransposeSpec<1>),
    /// [`ConvTranspose2d`](super::ConvTranspose2d).
    ConvTranspose2d(ConvTransposeSpec<2>),
    /// [`MaxPool1d`](super::MaxPool1d).
    MaxPool1d(MaxPoolSpec<1>),
    /// [`MaxPool2d`](super::MaxPool2d).
    MaxPool2d(MaxPoolSpec<2>),
    /// [`AvgPool1d`](super::AvgPool1d).
    AvgPool1d(AvgPoolSpec<1>),
    /// [`AvgPool2d`](super::AvgPool2d).
    AvgPool2d(AvgPoolSpec<2>),
    /// [`AdaptiveAvgPool1d`](super::AdaptiveAvgPool1d).
    AdaptiveAvgPool1d(AdaptivePoolSpec<1>),
    /// [`AdaptiveAvgPool2d`](super::AdaptiveAvgPool2d).
    AdaptiveAvgPool2d(AdaptivePoolSpec<2>),
    /// [`Flatten`].
    Flatten(Flatten),
    /// [`Unflatten`].
    Unflatten(Unflatten),
    /// [`Dropout`](super::Dropout).
    Dropout(DropoutSpec),
    /// [`Dropout1d`](super::Dropout1d).
    Dropout1d(DropoutChannelsSpec<1>),
    /// [`Dropout2d`](super::Dropout2d).
    Dropout2d(DropoutChannelsSpec<2>),
    /// [`Embedding`](super::Embedding).
    Embedding(EmbeddingSpec),
    /// [`MultiheadAttention`](super::MultiheadAttention).
    MultiheadAttention(AttentionSpec),
    /// [`PositionalEmbedding`](super::PositionalEmbedding).
    PositionalEmbedding(PositionsSpec),
    /// [`RotaryEmbedding`].
    RotaryEmbedding(RotaryEmbedding),
    /// [`TransformerEncoderLayer`](super::TransformerEncoderLayer).
    TransformerEncoderLayer(TransformerEncoderSpec),
    /// [`Rnn`](super::Rnn).
    Rnn(RecurrentSpec<RnnCell>),
    /// [`Lstm`](super::Lstm).
    Lstm(RecurrentSpec<LstmCell>),
    /// [`Gru`](super::Gru).
    Gru(RecurrentSpec<GruCell>),
    /// [`Residual`](super::Residual).
    Residual(ResidualSpec),
    /// A [`Sequential`](super::Sequential) inside another.
    Sequential(SequentialSpec),
}

/// What a model file says of the layers of one kind. It stands in the file of the layer, whose
/// [`Layer::spec`] gives it; the table lists it.
///
/// As JSON, its fields follow the name of the kind.
pub(crate) trait Spec: Serialize + for<'de> Deserialize<'de> + Into<LayerSpec> {
    /// The layer with numbers by a rule: zeros, if others take their place at once.
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>>;

    /// The tensors that the layer keeps, by name, before any memory is asked for: none, if not said
    /// otherwise.
    fn tensors(&self) -> Result<Vec<Kept>> {
        Ok(Vec::new())
    }

    /// Some of its kind, and the shape of an input for each.
    #[cfg(test)]
    fn samples() -> Vec<(Self, Vec<usize>)>;
}

/// A tensor that a layer of a spec keeps: its name, whether it is a buffer, and its type and shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) is_buffer: bool,
    pub(crate) meta: Meta,
}

impl Kept {
    pub(super) fn parameter(name: &str, meta: Meta) -> Kept {
        Kept { name: name.to_string(), is_buffer: false, meta }
    }

    pub(super) fn buffer(name: &str, meta: Meta) -> Kept {
        Kept { name: name.to_string(), is_buffer: true, meta }
    }

    /// Of a layer that belongs to another under a name.
    pub(super) fn inside(self, layer: &str) -> Kept {
        Kept { name: format!("{layer}.{}", self.name), ..self }
    }
}

impl Place for Kept {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn word(&self) -> &'static str {
        if self.is_buffer { "buffer" } else { "parameter" }
    }
}

/// The weight of a layer, of any shape, and the bias that each of its outputs may have.
pub(super) struct WeightAndBias<'a> {
    pub(super) shape: &'a [usize],
    pub(super) outputs: usize,
    pub(super) dtype: DType,
}

impl WeightAndBias<'_> {
    /// Their first numbers, for a weight of these fans in and out; a bias only with a rule for it.
    pub(super) fn fill(
        &self,
        [fan_in, fan_out]: [f64; 2],
        weight: Init,
        bias: Option<Init>,
        rng: &mut Rng,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let weight = weight.fill(self.shape, fan_in, fan_out, self.dtype, rng)?;
        let bias = bias.map(|init| init.fill(self.outputs, fan_in, fan_out, self.dtype, rng));
        Ok((weight, bias.transpose()?))
    }

    /// What a file keeps of them.
    pub(super) fn kept(&self, bias: bool) -> Vec<Kept> {
        let weight = Kept::parameter("weight", Meta::new(self.dtype, self.shape));
        let bias = bias.then(|| Kept::parameter("bias", Meta::new(self.dtype, [self.outputs])));
        [weight].into_iter().chain(bias).collect()
    }
}

/// The element type of a layer by its name.
pub(super) fn float(name: &str) -> Result<DType> {
    DType::named(name).filter(|dtype| dtype.is_float()).ok_or_else(|| {
        let floats = DType::ALL.into_iter().filter(|dtype| dtype.is_float());
        let names: Vec<_> = floats.map(DType::name).collect();
        let message = format!("layers have no element type {name:?}, only {}", names.join(", "));
        Error::new(Kind::Model, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::named_state;

    #[test]
    fn every_kind_tells_its_tensors_before_it_is_built() {
        LayerSpec::each_sample(|kind, spec, _| {
            let layer = spec.build(&mut Rng::new(1)).unwrap();
            let built = named_state(&*layer).into_iter().map(|(mut names, own)| Kept {
                name: names.swap_remove(0),
                is_buffer: !own.is_trained(),
                meta: own.meta().clone(),
            });
            assert_eq!(built.collect::<Vec<_>>(), spec.tensors().unwrap(), "{kind}: {spec:?}");
            assert_eq!(layer.spec().as_ref(), Some(spec), "{kind}");
            assert!(layer.is_static(), "{kind}");
        });
    }

    #[test]
    fn every_kind_is_named_in_json_and_refuses_what_it_does_not_know() {
        LayerSpec::each_sample(|kind, spec, _| {
            let json = serde_json::to_string(spec).unwrap();
            let plain = json.replace(['_', '"'], "").to_lowercase();
            assert!(plain.starts_with(&format!("{{layer:{}", kind.to_lowercase())), "{json}");
            assert_eq!(serde_json::from_str::<LayerSpec>(&json).unwrap(), *spec);
            let more = json.replacen('{', "{\"unheard\":1,", 1);
            assert!(serde_json::from_str::<LayerSpec>(&more).is_err(), "{more}");
        });
    }
}
