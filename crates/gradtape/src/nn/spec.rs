//! [`LayerSpec`]: a layer of this library as data, and the one table of them.

use serde::{Deserialize, Serialize};

use super::info::{LayerInfo, arguments};
use super::{
    AdaptiveAvgPoolSpec, AdaptiveMaxPoolSpec, AttentionSpec, AvgPoolSpec, BatchNormSpec,
    BidirectionalSpec, CausalTransformerSpec, Celu, ConvSpec, ConvTransposeSpec,
    DropoutChannelsSpec, DropoutSpec, Elu, EmbedColumnsSpec, EmbeddingBagSpec, EmbeddingSpec,
    Flatten, Gelu, GlobalAvgPool, GlobalMaxPool, Glu, GroupNormSpec, GruCell, Hardsigmoid,
    Hardswish, Hardtanh, Init, InstanceNormSpec, Layer, LayerNormSpec, LeakyRelu, LinearSpec,
    LogSoftmax, LpPoolSpec, LstmCell, MaxPoolSpec, Mish, ParallelSpec, Place, PositionsSpec,
    PreluSpec, RecurrentSpec, Relu, Relu6, ResidualSpec, RmsNormSpec, RnnCell, RotaryEmbedding,
    Selu, SequentialSpec, Sigmoid, Silu, Softmax, Softplus, Softsign, SwiGluSpec, Tanh,
    TransformerDecoderSpec, TransformerDecoderStackSpec, TransformerEncoderSpec,
    TransformerStackSpec, Unflatten, Upsample,
};
use crate::op::Meta;
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// Stamps [`LayerSpec`] from the table of the kinds.
macro_rules! kinds {
    (
        $(
            $(#[$doc:meta])*
            $kind:ident($spec:ty): $input:literal => $output:literal, $what:literal;
        )*
    ) => {
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

            impl TryFrom<LayerSpec> for $spec {
                type Error = Error;

                fn try_from(spec: LayerSpec) -> Result<$spec> {
                    match spec {
                        LayerSpec::$kind(spec) => Ok(spec),
                        _ => Err(Error::new(
                            Kind::Model,
                            concat!("the layer is no ", stringify!($kind)),
                        )),
                    }
                }
            }
        )*

        impl LayerSpec {
            /// What there is: each kind of layer with its arguments, shapes, and what it does.
            ///
            /// ```
            /// use gradtape::nn::LayerSpec;
            /// let conv = LayerSpec::TABLE.iter().find(|info| info.name == "Conv2d").unwrap();
            /// assert_eq!(conv.tag(), "conv2d");
            /// assert_eq!(conv.arguments()[..3], ["inputs", "outputs", "kernel"]);
            /// assert_eq!(conv.output, "[n, outputs, windows…]");
            /// ```
            pub const TABLE: &[LayerInfo] = &[$(LayerInfo {
                name: stringify!($kind),
                what: $what,
                input: $input,
                output: $output,
                arguments: arguments::<$spec>,
            },)*];

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

            /// Samples of every kind under its name, each with the shape of an input: for tests of what is to
            /// work with all layers.
            pub fn samples() -> Vec<(&'static str, LayerSpec, Vec<usize>)> {
                let mut all = Vec::new();
                $(all.extend(
                    <$spec>::samples()
                        .into_iter()
                        .map(|(spec, shape)| (stringify!($kind), spec.into(), shape)),
                );)*
                all
            }
        }
    };
}

kinds! {
    /// [`Linear`](super::Linear).
    Linear(LinearSpec): "[…, inputs]" => "[…, outputs]",
        "`x Wᵀ + b`";
    /// [`BatchNorm1d`](super::BatchNorm1d).
    BatchNorm1d(BatchNormSpec<1>): "[n, features], [n, features, length]" => "the same",
        "Each channel normalised over the batch, by running statistics in evaluation";
    /// [`BatchNorm2d`](super::BatchNorm2d).
    BatchNorm2d(BatchNormSpec<2>): "[n, channels, height, width]" => "the same",
        "Each channel normalised over the batch, by running statistics in evaluation";
    /// [`LayerNorm`](super::LayerNorm).
    LayerNorm(LayerNormSpec): "[…, shape…]" => "the same",
        "The last axes normalised to mean 0 and variance 1, scaled and shifted";
    /// [`RmsNorm`](super::RmsNorm).
    RmsNorm(RmsNormSpec): "[…, shape…]" => "the same",
        "The last axes divided by the root of their mean square, scaled";
    /// [`GroupNorm`](super::GroupNorm).
    GroupNorm(GroupNormSpec): "[n, channels, …]" => "the same",
        "Groups of channels normalised, each channel scaled and shifted";
    /// [`InstanceNorm1d`](super::InstanceNorm1d).
    InstanceNorm1d(InstanceNormSpec<1>): "[n, channels, length]" => "the same",
        "Each channel of each example normalised";
    /// [`InstanceNorm2d`](super::InstanceNorm2d).
    InstanceNorm2d(InstanceNormSpec<2>): "[n, channels, height, width]" => "the same",
        "Each channel of each example normalised";
    /// [`Relu`].
    Relu(Relu): "[…]" => "the same",
        "`max(x, 0)`";
    /// [`LeakyRelu`].
    LeakyRelu(LeakyRelu): "[…]" => "the same",
        "`x` above 0, `slope x` elsewhere";
    /// [`Sigmoid`].
    Sigmoid(Sigmoid): "[…]" => "the same",
        "`1 / (1 + exp(-x))`";
    /// [`Tanh`].
    Tanh(Tanh): "[…]" => "the same",
        "The hyperbolic tangent";
    /// [`Softmax`].
    Softmax(Softmax): "[…, classes]" => "the same",
        "`exp(x) / Σ exp(x)` along the last axis";
    /// [`LogSoftmax`].
    LogSoftmax(LogSoftmax): "[…, classes]" => "the same",
        "`x - log Σ exp(x)` along the last axis";
    /// [`Elu`].
    Elu(Elu): "[…]" => "the same",
        "`x` above 0, `alpha (exp(x) - 1)` elsewhere";
    /// [`Selu`].
    Selu(Selu): "[…]" => "the same",
        "A scaled `elu` that keeps mean and variance";
    /// [`Celu`].
    Celu(Celu): "[…]" => "the same",
        "`x` above 0, `alpha (exp(x / alpha) - 1)` elsewhere";
    /// [`Gelu`].
    Gelu(Gelu): "[…]" => "the same",
        "`x Φ(x)` with the normal distribution, or its approximation by tanh";
    /// [`Silu`].
    Silu(Silu): "[…]" => "the same",
        "`x sigmoid(x)`";
    /// [`Mish`].
    Mish(Mish): "[…]" => "the same",
        "`x tanh(softplus(x))`";
    /// [`Softplus`].
    Softplus(Softplus): "[…]" => "the same",
        "`log(1 + exp(beta x)) / beta`";
    /// [`Softsign`].
    Softsign(Softsign): "[…]" => "the same",
        "`x / (1 + |x|)`";
    /// [`Hardtanh`].
    Hardtanh(Hardtanh): "[…]" => "the same",
        "`x` between `min` and `max`";
    /// [`Relu6`].
    Relu6(Relu6): "[…]" => "the same",
        "`x` between 0 and 6";
    /// [`Hardsigmoid`].
    Hardsigmoid(Hardsigmoid): "[…]" => "the same",
        "`x / 6 + 1/2` between 0 and 1";
    /// [`Hardswish`].
    Hardswish(Hardswish): "[…]" => "the same",
        "`x hardsigmoid(x)`";
    /// [`Prelu`](super::Prelu).
    Prelu(PreluSpec): "[n, channels, …]" => "the same",
        "`x` above 0, `weight x` elsewhere, with weights that are learned";
    /// [`Glu`].
    Glu(Glu): "[…, 2 n, …]" => "[…, n, …]",
        "The first half along an axis times the sigmoid of the second";
    /// [`Conv1d`](super::Conv1d).
    Conv1d(ConvSpec<1>): "[n, inputs, length]" => "[n, outputs, windows]",
        "Windows contracted with a weight that is the same everywhere";
    /// [`Conv2d`](super::Conv2d).
    Conv2d(ConvSpec<2>): "[n, inputs, height, width]" => "[n, outputs, windows…]",
        "Windows contracted with a weight that is the same everywhere";
    /// [`Conv3d`](super::Conv3d).
    Conv3d(ConvSpec<3>): "[n, inputs, depth, height, width]" => "[n, outputs, windows…]",
        "Windows contracted with a weight that is the same everywhere";
    /// [`ConvTranspose1d`](super::ConvTranspose1d).
    ConvTranspose1d(ConvTransposeSpec<1>): "[n, inputs, length]" => "[n, outputs, size]",
        "Each element adds a weight times itself to a window";
    /// [`ConvTranspose2d`](super::ConvTranspose2d).
    ConvTranspose2d(ConvTransposeSpec<2>): "[n, inputs, height, width]" => "[n, outputs, size…]",
        "Each element adds a weight times itself to a window";
    /// [`ConvTranspose3d`](super::ConvTranspose3d).
    ConvTranspose3d(ConvTransposeSpec<3>): "[n, inputs, depth, height, width]" => "[n, outputs, size…]",
        "Each element adds a weight times itself to a window";
    /// [`MaxPool1d`](super::MaxPool1d).
    MaxPool1d(MaxPoolSpec<1>): "[n, channels, length]" => "[n, channels, windows]",
        "The greatest of each window";
    /// [`MaxPool2d`](super::MaxPool2d).
    MaxPool2d(MaxPoolSpec<2>): "[n, channels, height, width]" => "[n, channels, windows…]",
        "The greatest of each window";
    /// [`MaxPool3d`](super::MaxPool3d).
    MaxPool3d(MaxPoolSpec<3>): "[n, channels, depth, height, width]" => "[n, channels, windows…]",
        "The greatest of each window";
    /// [`AvgPool1d`](super::AvgPool1d).
    AvgPool1d(AvgPoolSpec<1>): "[n, channels, length]" => "[n, channels, windows]",
        "The mean of each window";
    /// [`AvgPool2d`](super::AvgPool2d).
    AvgPool2d(AvgPoolSpec<2>): "[n, channels, height, width]" => "[n, channels, windows…]",
        "The mean of each window";
    /// [`AvgPool3d`](super::AvgPool3d).
    AvgPool3d(AvgPoolSpec<3>): "[n, channels, depth, height, width]" => "[n, channels, windows…]",
        "The mean of each window";
    /// [`LpPool1d`](super::LpPool1d).
    LpPool1d(LpPoolSpec<1>): "[n, channels, length]" => "[n, channels, windows]",
        "The norm `(Σ x^p)^(1/p)` of each window";
    /// [`LpPool2d`](super::LpPool2d).
    LpPool2d(LpPoolSpec<2>): "[n, channels, height, width]" => "[n, channels, windows…]",
        "The norm `(Σ x^p)^(1/p)` of each window";
    /// [`LpPool3d`](super::LpPool3d).
    LpPool3d(LpPoolSpec<3>): "[n, channels, depth, height, width]" => "[n, channels, windows…]",
        "The norm `(Σ x^p)^(1/p)` of each window";
    /// [`AdaptiveAvgPool1d`](super::AdaptiveAvgPool1d).
    AdaptiveAvgPool1d(AdaptiveAvgPoolSpec<1>): "[n, channels, length]" => "[n, channels, size]",
        "The mean of each of as many parts as asked for";
    /// [`AdaptiveAvgPool2d`](super::AdaptiveAvgPool2d).
    AdaptiveAvgPool2d(AdaptiveAvgPoolSpec<2>): "[n, channels, height, width]" => "[n, channels, size…]",
        "The mean of each of as many parts as asked for";
    /// [`AdaptiveAvgPool3d`](super::AdaptiveAvgPool3d).
    AdaptiveAvgPool3d(AdaptiveAvgPoolSpec<3>): "[n, channels, depth, height, width]" => "[n, channels, size…]",
        "The mean of each of as many parts as asked for";
    /// [`AdaptiveMaxPool1d`](super::AdaptiveMaxPool1d).
    AdaptiveMaxPool1d(AdaptiveMaxPoolSpec<1>): "[n, channels, length]" => "[n, channels, size]",
        "The greatest of each of as many parts as asked for";
    /// [`AdaptiveMaxPool2d`](super::AdaptiveMaxPool2d).
    AdaptiveMaxPool2d(AdaptiveMaxPoolSpec<2>): "[n, channels, height, width]" => "[n, channels, size…]",
        "The greatest of each of as many parts as asked for";
    /// [`AdaptiveMaxPool3d`](super::AdaptiveMaxPool3d).
    AdaptiveMaxPool3d(AdaptiveMaxPoolSpec<3>): "[n, channels, depth, height, width]" => "[n, channels, size…]",
        "The greatest of each of as many parts as asked for";
    /// [`GlobalAvgPool`].
    GlobalAvgPool(GlobalAvgPool): "[n, channels, size…]" => "[n, channels]",
        "The mean of each channel";
    /// [`GlobalMaxPool`].
    GlobalMaxPool(GlobalMaxPool): "[n, channels, size…]" => "[n, channels]",
        "The greatest of each channel";
    /// [`Upsample`].
    Upsample(Upsample): "[n, channels, size…]" => "[n, channels, new size…]",
        "Another size: the nearest element, or one interpolated along each axis";
    /// [`Flatten`].
    Flatten(Flatten): "[n, …]" => "[n, numbers]",
        "All axes but the first as one";
    /// [`Unflatten`].
    Unflatten(Unflatten): "[n, numbers]" => "[n, …]",
        "The numbers of each row under another shape";
    /// [`Dropout`](super::Dropout).
    Dropout(DropoutSpec): "[…]" => "the same",
        "Elements set to 0 in training, with probability `p`, the others scaled up";
    /// [`Dropout1d`](super::Dropout1d).
    Dropout1d(DropoutChannelsSpec<1>): "[n, channels, length]" => "the same",
        "Channels set to 0 in training, with probability `p`, the others scaled up";
    /// [`Dropout2d`](super::Dropout2d).
    Dropout2d(DropoutChannelsSpec<2>): "[n, channels, height, width]" => "the same",
        "Channels set to 0 in training, with probability `p`, the others scaled up";
    /// [`Embedding`](super::Embedding).
    Embedding(EmbeddingSpec): "i64[…]" => "[…, width]",
        "A vector for each number";
    /// [`EmbedColumns`](super::EmbedColumns).
    EmbedColumns(EmbedColumnsSpec): "[n, inputs]" => "[n, outputs]",
        "Stretches of columns of 0 and 1 replaced by the vectors of their categories";
    /// [`EmbeddingBag`](super::EmbeddingBag).
    EmbeddingBag(EmbeddingBagSpec): "i64[n, size]" => "[n, width]",
        "The sum, mean or maximum of the vectors of each bag of numbers";
    /// [`MultiheadAttention`](super::MultiheadAttention).
    MultiheadAttention(AttentionSpec): "[n, length, width]" => "the same",
        "Each place takes values of others, weighed by `softmax(q k / √head)`";
    /// [`PositionalEmbedding`](super::PositionalEmbedding).
    PositionalEmbedding(PositionsSpec): "[n, length, width]" => "the same",
        "A learned vector added to each place";
    /// [`RotaryEmbedding`].
    RotaryEmbedding(RotaryEmbedding): "[…, length, width]" => "the same",
        "Pairs of numbers turned by angles that grow with their place";
    /// [`TransformerEncoderLayer`](super::TransformerEncoderLayer).
    TransformerEncoderLayer(TransformerEncoderSpec): "[n, length, width]" => "the same",
        "Self-attention and a network for each place, each added and normalised";
    /// [`TransformerEncoder`](super::TransformerEncoder).
    TransformerEncoder(TransformerStackSpec): "[n, length, width]" => "the same",
        "Encoder layers one behind another, and a last normalisation";
    /// [`TransformerDecoderLayer`](super::TransformerDecoderLayer).
    TransformerDecoderLayer(TransformerDecoderSpec): "[n, length, width]" => "the same",
        "Self-attention, attention to another sequence (its own in a `Sequential`), and a network for each place";
    /// [`TransformerDecoder`](super::TransformerDecoder).
    TransformerDecoder(TransformerDecoderStackSpec): "[n, length, width]" => "the same",
        "Decoder layers one behind another, and a last normalisation";
    /// [`CausalTransformer`](super::CausalTransformer).
    CausalTransformer(CausalTransformerSpec): "i64[n, length]" => "[n, length, vocabulary]",
        "A language model: logits of the token that follows each one";
    /// [`SwiGlu`](super::SwiGlu).
    SwiGlu(SwiGluSpec): "[…, width]" => "the same",
        "`down(silu(gate(x)) * up(x))`";
    /// [`Rnn`](super::Rnn).
    Rnn(RecurrentSpec<RnnCell>): "[n, length, inputs]" => "[n, length, directions hidden]",
        "`h' = tanh(W x + b + U h + c)`, or with a rectifier, step by step";
    /// [`Lstm`](super::Lstm).
    Lstm(RecurrentSpec<LstmCell>): "[n, length, inputs]" => "[n, length, directions hidden]",
        "Long short-term memory: a cell behind input, forget and output gates";
    /// [`Gru`](super::Gru).
    Gru(RecurrentSpec<GruCell>): "[n, length, inputs]" => "[n, length, directions hidden]",
        "The gated recurrent unit: a state behind reset and update gates";
    /// [`Residual`](super::Residual).
    Residual(ResidualSpec): "[…]" => "the same",
        "`x + inner(x)`";
    /// [`Parallel`](super::Parallel).
    Parallel(ParallelSpec): "[…]" => "joined",
        "Layers of the same input, concatenated along an axis or added";
    /// [`Bidirectional`](super::Bidirectional).
    Bidirectional(BidirectionalSpec): "[n, length, …]" => "[n, length, both]",
        "Two layers that read a sequence from both ends, side by side";
    /// A [`Sequential`](super::Sequential) inside another.
    Sequential(SequentialSpec): "[…]" => "that of the last",
        "Layers one after another";
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
        let mut told =
            std::collections::BTreeMap::<&str, std::collections::BTreeSet<String>>::new();
        for (kind, spec, _) in LayerSpec::samples() {
            let layer = spec.build(&mut Rng::new(1)).unwrap();
            let built = named_state(&*layer).into_iter().map(|(mut names, own)| Kept {
                name: names.swap_remove(0),
                is_buffer: !own.is_trained(),
                meta: own.meta().clone(),
            });
            assert_eq!(built.collect::<Vec<_>>(), spec.tensors().unwrap(), "{kind}: {spec:?}");
            assert_eq!(layer.spec().as_ref(), Some(&spec), "{kind}");
            let info = LayerSpec::TABLE.iter().find(|info| info.name == kind).unwrap();
            let json = serde_json::to_value(&spec).unwrap();
            assert_eq!(json["layer"], info.tag());
            let fields = json.as_object().unwrap().keys().filter(|field| *field != "layer");
            told.entry(info.name).or_default().extend(fields.cloned());
            assert!(layer.is_static(), "{kind}");
        }
        for info in LayerSpec::TABLE {
            let mut arguments = info.arguments().to_vec();
            arguments.sort();
            assert_eq!(told[info.name].iter().collect::<Vec<_>>(), arguments, "{}", info.name);
        }
    }

    #[test]
    fn every_kind_is_named_in_json_and_refuses_what_it_does_not_know() {
        for (kind, spec, _) in LayerSpec::samples() {
            let json = serde_json::to_string(&spec).unwrap();
            let plain = json.replace(['_', '"'], "").to_lowercase();
            assert!(plain.starts_with(&format!("{{layer:{}", kind.to_lowercase())), "{json}");
            assert_eq!(serde_json::from_str::<LayerSpec>(&json).unwrap(), spec);
            let more = json.replacen('{', "{\"unheard\":1,", 1);
            assert!(serde_json::from_str::<LayerSpec>(&more).is_err(), "{more}");
        }
    }
}
