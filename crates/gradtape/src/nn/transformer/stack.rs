//! [`TransformerEncoder`] and [`TransformerDecoder`]: layers one behind another.

use super::super::fit::setting;
use super::super::{Init, KeyValueCache, Layer, LayerNorm, LayerSpec, Module, Visitor};
use super::{
    DecoderCache, TransformerDecoderLayer, TransformerDecoderSpec, TransformerDecoderStackSpec,
    TransformerEncoderLayer, TransformerEncoderSpec, TransformerOptions, TransformerStackSpec,
    apart, spec_of,
};
use crate::tape::{Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// What [`TransformerEncoder::with`] and [`TransformerDecoder::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerStackOptions {
    /// How many layers there are, at least 1 (default: 6).
    pub layers: usize,
    /// Whether what the last layer gives is normalised once more (default: yes).
    pub final_norm: bool,
    /// Each layer.
    pub layer: TransformerOptions,
}

impl Default for TransformerStackOptions {
    fn default() -> TransformerStackOptions {
        TransformerStackOptions {
            layers: 6,
            final_norm: true,
            layer: TransformerOptions::default(),
        }
    }
}

impl TransformerStackOptions {
    /// The layers of a kind, and the last normalisation.
    fn build<L>(
        self,
        name: &str,
        width: usize,
        mut layer: impl FnMut(TransformerOptions) -> Result<L>,
    ) -> Result<(Vec<L>, Option<LayerNorm>)> {
        if self.layers == 0 {
            return Err(setting(name, "it has 0 layers, but needs at least 1"));
        }
        let layers = (0..self.layers).map(|number| {
            layer(self.layer).map_err(|error| error.context(format!("{name}: layer {number}")))
        });
        let layers = layers.collect::<Result<_>>()?;
        let norm = self.final_norm.then(|| self.layer.norm(name, width)).transpose()?;
        Ok((layers, norm))
    }
}

/// The encoder of a transformer: [`TransformerEncoderLayer`]s one behind another, `[n, length, width]` to the same, and a
/// last normalisation. Vaswani et al. 2017. Weights have the names of PyTorch: `layers.0.linear1.weight`,
/// `norm.weight`.
///
/// ```
/// use gradtape::nn::{TransformerEncoder, TransformerOptions, TransformerStackOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let layer = TransformerOptions { feedforward: 16, causal: true, ..Default::default() };
/// let options = TransformerStackOptions { layers: 2, layer, ..Default::default() };
/// let encoder = TransformerEncoder::with(8, 2, options, &mut Rng::new(1))?;
/// let tape = Tape::inference();
/// let text = tape.constant(Tensor::ones([1, 5, 8], DType::F32));
/// // Place by place, without computing those before anew.
/// let mut cache = Vec::new();
/// for place in 0..5 {
///     let y;
///     (y, cache) = encoder.run(text.slice(1, place..place + 1), &cache, None);
///     assert_eq!(y.shape()[..], [1, 1, 8]);
/// }
/// assert_eq!(cache[0].places(), 5);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransformerEncoder {
    /// The layers in order.
    pub layers: Vec<TransformerEncoderLayer>,
    /// The last normalisation.
    pub norm: Option<LayerNorm>,
    width: usize,
    heads: usize,
    options: TransformerStackOptions,
}

impl TransformerEncoder {
    const NAME: &str = "TransformerEncoder";

    /// An encoder in f32 of so many layers with the default options. Fails for heads that do not divide the width.
    pub fn new(width: usize, heads: usize, layers: usize, rng: &mut Rng) -> Result<Self> {
        let options = TransformerStackOptions { layers, ..Default::default() };
        TransformerEncoder::with(width, heads, options, rng)
    }

    /// An encoder with other [`TransformerStackOptions`]. Fails without a layer, and as
    /// [`TransformerEncoderLayer::with`] does.
    pub fn with(
        width: usize,
        heads: usize,
        options: TransformerStackOptions,
        rng: &mut Rng,
    ) -> Result<Self> {
        TransformerEncoder::build(width, heads, options, Init::FanIn, rng)
    }

    pub(super) fn build(
        width: usize,
        heads: usize,
        options: TransformerStackOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<Self> {
        let (layers, norm) = options.build(Self::NAME, width, |options| {
            TransformerEncoderLayer::build(width, heads, options, init, &mut *rng)
        })?;
        Ok(TransformerEncoder { layers, norm, width, heads, options })
    }

    /// What it was made with.
    pub fn options(&self) -> TransformerStackOptions {
        self.options
    }

    /// Records the layers of `x`, `[n, length, width]`, whose places may all be looked at.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.encode(x, None)
    }

    /// Records the layers of `x`, `[n, length, width]`, with a mask as
    /// [`MultiheadAttention::attend`](super::super::MultiheadAttention::attend) takes it.
    #[track_caller]
    pub fn encode<'t>(&self, x: Var<'t>, mask: Option<Var<'t>>) -> Var<'t> {
        self.run(x, &[], mask).0
    }

    /// Records the layers of `x`, `[n, length, width]`, whose places follow those of `past`, the caches of the layers
    /// (`&[]`: the first places), and the caches of all places.
    #[track_caller]
    pub fn run<'t>(
        &self,
        x: Var<'t>,
        past: &[KeyValueCache<'t>],
        mask: Option<Var<'t>>,
    ) -> (Var<'t>, Vec<KeyValueCache<'t>>) {
        let _layer = x.tape().within(Part::Layer(Self::NAME));
        let mut y = x;
        if !past.is_empty() && past.len() != self.layers.len() {
            y = x.failed(caches(Self::NAME, past.len(), self.layers.len()), &[x]);
        }
        let mut all = Vec::with_capacity(self.layers.len());
        for (number, layer) in self.layers.iter().enumerate() {
            let cache;
            (y, cache) = layer.run(y, past.get(number).copied(), mask);
            all.push(cache);
        }
        (self.norm.as_ref().map_or(y, |norm| norm.forward(y)), all)
    }

    pub(super) fn data(&self) -> TransformerStackSpec {
        let TransformerStackOptions { layers, final_norm, layer } = self.options;
        let encoder_layer = TransformerEncoderSpec::of(self.width, self.heads, layer);
        TransformerStackSpec { layers, final_norm, encoder_layer }
    }
}

fn caches(name: &str, have: usize, want: usize) -> Error {
    let message = format!("{name}: there are {have} caches for {want} layers");
    Error::new(Kind::Value, message).hint("give what run() gave, or &[] for the first places")
}

/// The decoder of a transformer: [`TransformerDecoderLayer`]s one behind another, each of which looks at the same memory,
/// and a last normalisation. Vaswani et al. 2017. Weights have the names of PyTorch.
///
/// As a [`Layer`], of one value, it looks at itself both ways, as [`TransformerDecoderLayer`] does: the memory is the target.
/// So it can stand in a model file, beside its encoder:
///
/// ```
/// use gradtape::io::{Model, SafeTensors};
/// use gradtape::nn::{Sequential, TransformerDecoder, TransformerEncoder};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let (encoder, decoder) = (TransformerEncoder::new(8, 2, 1, rng)?, TransformerDecoder::new(8, 2, 1, rng)?);
/// let file = Model::new(Sequential::new().add(encoder).add(decoder)).to_bytes()?;
///
/// let network = Model::from_safetensors(SafeTensors::from_bytes(&file)?)?.network;
/// let [encoder, decoder] = network.layers() else { unreachable!() };
/// let decoder = TransformerDecoder::of(decoder)?;
/// let tape = Tape::inference();
/// let source = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// let target = tape.constant(Tensor::ones([2, 3, 8], DType::F32));
/// assert_eq!(decoder.forward(target, encoder.forward(source)).shape()[..], [2, 3, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Its caches:
///
/// ```
/// use gradtape::nn::{TransformerDecoder, TransformerOptions, TransformerStackOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let layer = TransformerOptions { feedforward: 16, causal: true, ..Default::default() };
/// let options = TransformerStackOptions { layers: 2, layer, ..Default::default() };
/// let decoder = TransformerDecoder::with(8, 2, options, &mut Rng::new(1))?;
/// let tape = Tape::inference();
/// let target = tape.constant(Tensor::ones([1, 3, 8], DType::F32));
/// let memory = tape.constant(Tensor::ones([1, 5, 8], DType::F32));
/// assert_eq!(decoder.forward(target, memory).shape()[..], [1, 3, 8]);
/// let cache = decoder.begin(memory);
/// let (first, cache) = decoder.run(target.slice(1, ..1), &cache, None, None);
/// assert_eq!((first.shape()[1], cache.len()), (1, 2));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransformerDecoder {
    /// The layers in order.
    pub layers: Vec<TransformerDecoderLayer>,
    /// The last normalisation.
    pub norm: Option<LayerNorm>,
    width: usize,
    heads: usize,
    options: TransformerStackOptions,
}

impl TransformerDecoder {
    const NAME: &str = "TransformerDecoder";

    /// A decoder in f32 of so many layers with the default options. Fails for heads that do not divide the width.
    pub fn new(width: usize, heads: usize, layers: usize, rng: &mut Rng) -> Result<Self> {
        let options = TransformerStackOptions { layers, ..Default::default() };
        TransformerDecoder::with(width, heads, options, rng)
    }

    /// A decoder with other [`TransformerStackOptions`]. Fails without a layer, and as
    /// [`TransformerDecoderLayer::with`] does.
    pub fn with(
        width: usize,
        heads: usize,
        options: TransformerStackOptions,
        rng: &mut Rng,
    ) -> Result<Self> {
        TransformerDecoder::build(width, heads, options, Init::FanIn, rng)
    }

    pub(super) fn build(
        width: usize,
        heads: usize,
        options: TransformerStackOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<Self> {
        let (layers, norm) = options.build(Self::NAME, width, |options| {
            TransformerDecoderLayer::build(width, heads, options, init, &mut *rng)
        })?;
        Ok(TransformerDecoder { layers, norm, width, heads, options })
    }

    /// The decoder that a layer is, such as one of a [model file](crate::io::Model), with the same numbers. Fails for any
    /// other layer.
    pub fn of(layer: &(impl Layer + ?Sized)) -> Result<TransformerDecoder> {
        let spec = spec_of::<TransformerDecoderStackSpec>(layer)?;
        let own = spec.decoder(Init::Zeros, &mut Rng::new(0))?;
        own.load_from(&layer)?;
        Ok(own)
    }

    /// What it was made with.
    pub fn options(&self) -> TransformerStackOptions {
        self.options
    }

    /// Records the layers of `target` `[n, length, width]`, which look at all of `memory` `[n, places, width]`.
    #[track_caller]
    pub fn forward<'t>(&self, target: Var<'t>, memory: Var<'t>) -> Var<'t> {
        self.decode(target, memory, None, None)
    }

    /// As [`TransformerDecoder::forward`], with masks as
    /// [`MultiheadAttention::attend`](super::super::MultiheadAttention::attend) takes them: of the target's own places,
    /// and of the memory's.
    #[track_caller]
    pub fn decode<'t>(
        &self,
        target: Var<'t>,
        memory: Var<'t>,
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let _call = target.tape().within(Part::Layer(Self::NAME));
        if let Some(failed) = apart(Self::NAME, target, memory) {
            return failed;
        }
        self.run(target, &self.begin(memory), target_mask, memory_mask).0
    }

    /// Records the caches of the layers before the first place, for all of `memory` `[n, places, width]` to be looked at.
    #[track_caller]
    pub fn begin<'t>(&self, memory: Var<'t>) -> Vec<DecoderCache<'t>> {
        let _layer = memory.tape().within(Part::Layer(Self::NAME));
        self.layers.iter().map(|layer| layer.begin(memory)).collect()
    }

    /// Records the layers of `target` `[n, length, width]`, whose places follow those of the caches, and the caches of all
    /// of them. Masks are as for [`TransformerDecoder::decode`], the target's own places those of the caches and
    /// the new ones.
    #[track_caller]
    pub fn run<'t>(
        &self,
        target: Var<'t>,
        past: &[DecoderCache<'t>],
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> (Var<'t>, Vec<DecoderCache<'t>>) {
        let _layer = target.tape().within(Part::Layer(Self::NAME));
        if past.len() != self.layers.len() {
            let error = caches(Self::NAME, past.len(), self.layers.len());
            return (target.failed(error, &[target]), past.to_vec());
        }
        let mut y = target;
        let mut all = Vec::with_capacity(past.len());
        for (layer, &past) in self.layers.iter().zip(past) {
            let cache;
            (y, cache) = layer.run(y, past, target_mask, memory_mask);
            all.push(cache);
        }
        (self.norm.as_ref().map_or(y, |norm| norm.forward(y)), all)
    }
}

impl Module for TransformerEncoder {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("layers", &self.layers);
        if let Some(norm) = &self.norm {
            visitor.child("norm", norm);
        }
    }
}

impl Module for TransformerDecoder {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("layers", &self.layers);
        if let Some(norm) = &self.norm {
            visitor.child("norm", norm);
        }
    }
}

impl Layer for TransformerEncoder {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        TransformerEncoder::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(self.data().into())
    }
}

impl Layer for TransformerDecoder {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        TransformerDecoder::forward(self, x, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let TransformerStackOptions { layers, final_norm, layer } = self.options;
        let same = TransformerEncoderSpec::of(self.width, self.heads, layer);
        let decoder_layer = TransformerDecoderSpec(same);
        Some(TransformerDecoderStackSpec { layers, final_norm, decoder_layer }.into())
    }
}
