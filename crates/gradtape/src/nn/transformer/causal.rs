//! [`CausalTransformer`]: what follows in a text.

use serde::{Deserialize, Serialize};

use super::super::fit::setting;
use super::super::spec::float;
use super::super::{
    Activation, Embedding, EmbeddingOptions, Init, Kept, KeyValueCache, Layer, LayerSpec, Linear,
    LinearOptions, Module, PositionalEmbedding, Sequential, Spec, Visitor,
};
use super::{
    TransformerEncoder, TransformerOptions, TransformerStackOptions, TransformerStackSpec, spec_of,
};
use crate::op::Meta;
use crate::tape::{Part, Var};
use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// A language model of decoder layers alone, as GPT: tokens `[n, length]`, i64 from 0 to `vocabulary - 1`, to logits
/// `[n, length, vocabulary]`, at each place those of the token that follows. Radford et al. 2018 and 2019.
///
/// It is an [`Embedding`], a [`PositionalEmbedding`] (or rotary attention), a causal [`TransformerEncoder`], and a linear
/// layer without a bias, whose weight is that of the embedding if they are tied. As in GPT-2, weights are first normal
/// with standard deviation 0.02, those that add to the sequence (`out_proj`, `linear2`) with `0.02 / √(2 layers)`;
/// biases are 0. [`CausalTransformer::continuation`] goes on with a text.
///
/// ```
/// use gradtape::nn::{CausalTransformer, CausalTransformerOptions};
/// use gradtape::{Rng, Tape};
/// let options = CausalTransformerOptions::gpt(2, 8);
/// let model = CausalTransformer::with(50, 8, 2, options, &mut Rng::new(1))?;
/// // Each token is computed once, alone.
/// let (mut token, mut cache, mut text) = (7i64, Vec::new(), vec![]);
/// let tape = Tape::inference();
/// for _ in 0..4 {
///     let logits;
///     (logits, cache) = model.run(tape.constant([[token]]), &cache);
///     token = logits.argmax(-1).item()? as i64;
///     text.push(token);
/// }
/// assert_eq!((text.len(), cache[0].places()), (4, 4));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("gpt", "language model", "llm"))]
#[derive(Clone, Debug)]
pub struct CausalTransformer {
    /// A vector for each token.
    pub embedding: Embedding,
    /// A vector for each place; `None` with rotary attention.
    pub positions: Option<PositionalEmbedding>,
    /// The layers.
    pub encoder: TransformerEncoder,
    /// What makes logits; `None` where the weight of the embedding does.
    pub head: Option<Linear>,
    options: CausalTransformerOptions,
}

/// What [`CausalTransformer::with`] can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CausalTransformerOptions {
    /// How many places can be told apart (default: 1024). With rotary attention there is no such limit, but a
    /// [`Continuation`](super::Continuation) looks back at so many.
    pub places: usize,
    /// Whether logits are products with the vectors of the tokens (default: yes). Press and Wolf 2017.
    pub tied: bool,
    /// The layers (default: 12 as in GPT-2: causal, normalised first, with [`Activation::Gelu`]).
    pub stack: TransformerStackOptions,
}

impl Default for CausalTransformerOptions {
    fn default() -> CausalTransformerOptions {
        let layer = TransformerOptions {
            causal: true,
            norm_first: true,
            activation: Activation::Gelu,
            ..TransformerOptions::default()
        };
        let stack = TransformerStackOptions { layers: 12, final_norm: true, layer };
        CausalTransformerOptions { places: 1024, tied: true, stack }
    }
}

impl CausalTransformerOptions {
    /// As GPT-2: so many layers, inside of which the network for each place is four times as wide as the model; all else
    /// by default.
    pub fn gpt(layers: usize, width: usize) -> CausalTransformerOptions {
        let mut options = CausalTransformerOptions::default();
        options.stack.layers = layers;
        options.stack.layer.feedforward = width.saturating_mul(4);
        options
    }
}

impl CausalTransformer {
    const NAME: &str = "CausalTransformer";

    /// A model with these options. Fails for layers that are not causal, and as [`TransformerEncoder::with`] does.
    pub fn with(
        vocabulary: usize,
        width: usize,
        heads: usize,
        options: CausalTransformerOptions,
        rng: &mut Rng,
    ) -> Result<CausalTransformer> {
        let encoder = TransformerEncoder::build(width, heads, options.stack, Init::Zeros, rng)?;
        CausalTransformer::around(encoder, vocabulary, width, options, Init::FanIn, rng)
    }

    /// The model that a network consists of, such as that of a [model file](crate::io::Model), with the same numbers.
    /// Fails for any other network.
    ///
    /// ```
    /// use gradtape::Rng;
    /// use gradtape::nn::{CausalTransformer, CausalTransformerOptions, Relu, Sequential};
    /// let options = CausalTransformerOptions::gpt(1, 8);
    /// let network = Sequential::new().add(CausalTransformer::with(9, 8, 2, options, &mut Rng::new(1))?);
    /// assert_eq!(CausalTransformer::of(&network)?.options(), options);
    /// assert!(CausalTransformer::of(&Sequential::new().add(Relu)).is_err());
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn of(network: &Sequential) -> Result<CausalTransformer> {
        let [layer] = network.layers() else {
            let message = format!("a network of {} layers", network.layers().len());
            let hint = "it must be one CausalTransformer";
            return Err(Error::new(Kind::Model, message).hint(hint));
        };
        let spec = spec_of::<CausalTransformerSpec>(layer)?;
        let model = spec.model(Init::Zeros, &mut Rng::new(0))?;
        model.load_from(layer)?;
        Ok(model)
    }

    /// A model around an encoder of zeros, with its first numbers, or with zeros if `init` says so.
    fn around(
        encoder: TransformerEncoder,
        vocabulary: usize,
        width: usize,
        options: CausalTransformerOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<CausalTransformer> {
        let TransformerOptions { causal, rotary, dtype, .. } = options.stack.layer;
        if !causal {
            let rule = "its layers are not causal, and would see what they are to predict";
            return Err(setting(Self::NAME, rule).hint("set causal, or take a TransformerEncoder"));
        }
        if vocabulary == 0 || (rotary.is_none() && options.places == 0) {
            let rule = format!("{vocabulary} tokens at {} places, none may be 0", options.places);
            return Err(setting(Self::NAME, rule));
        }
        let zeros = Init::Zeros;
        let named = EmbeddingOptions { padding: None, init: zeros, dtype };
        let plain = LinearOptions { bias: false, weight_init: zeros, bias_init: zeros, dtype };
        let made = || -> Result<_> {
            let embedding = Embedding::with(vocabulary, width, named, rng)?;
            let positions = match rotary {
                None => Some(PositionalEmbedding::new(options.places, width, dtype, rng)?),
                Some(_) => None,
            };
            let head = match options.tied {
                true => None,
                false => Some(Linear::with(width, vocabulary, plain, rng)?),
            };
            let model = CausalTransformer { embedding, positions, encoder, head, options };
            if init != Init::Zeros {
                model.start(rng)?;
            }
            Ok(model)
        };
        made().map_err(|error| error.context(Self::NAME))
    }

    /// Gives weights their first numbers, where there are zeros.
    fn start(&self, rng: &mut Rng) -> Result<()> {
        let adding = 0.02 / (2.0 * self.encoder.layers.len() as f64).sqrt();
        for (name, own) in self.named_parameters() {
            let (shape, dtype) = (own.meta().shape.clone(), own.meta().dtype);
            if shape.rank() == 2 {
                let adds = name.ends_with("out_proj.weight") || name.ends_with("linear2.weight");
                let std = if adds { adding } else { 0.02 };
                own.set(Tensor::normal(shape, 0.0, std, dtype, rng)?)?;
            }
        }
        Ok(())
    }

    /// What it was made with.
    pub fn options(&self) -> CausalTransformerOptions {
        self.options
    }

    /// Records the logits of what follows each of the tokens `[n, length]`.
    #[track_caller]
    pub fn forward<'t>(&self, tokens: Var<'t>) -> Var<'t> {
        self.run(tokens, &[]).0
    }

    /// Records the logits of what follows each of the tokens `[n, length]`, which follow those of the caches (`&[]`: the
    /// first ones), and the caches of all of them.
    #[track_caller]
    pub fn run<'t>(
        &self,
        tokens: Var<'t>,
        past: &[KeyValueCache<'t>],
    ) -> (Var<'t>, Vec<KeyValueCache<'t>>) {
        let _layer = tokens.tape().within(Part::Layer(Self::NAME));
        let from = past.first().map_or(0, KeyValueCache::places);
        let mut x = self.embedding.forward(tokens);
        if let Some(positions) = &self.positions {
            x = positions.forward_from(x, from);
        }
        let (y, caches) = self.encoder.run(x, past, None);
        if y.check().is_err() {
            return (y, caches);
        }
        let logits = match &self.head {
            Some(head) => head.forward(y),
            None => {
                let weight = y.tape().parameter(&self.embedding.weight);
                let (shape, rows) = (y.shape(), weight.shape()[0]);
                let flat = y.reshape([shape[0] * shape[1], shape[2]]).matmul(weight.t());
                flat.reshape([shape[0], shape[1], rows])
            }
        };
        (logits, caches)
    }
}

impl Module for CausalTransformer {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("embedding", &self.embedding);
        if let Some(positions) = &self.positions {
            visitor.child("positions", positions);
        }
        visitor.child("encoder", &self.encoder);
        if let Some(head) = &self.head {
            visitor.child("head", head);
        }
    }
}

impl Layer for CausalTransformer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        CausalTransformer::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let CausalTransformerOptions { places, tied, .. } = self.options;
        let (vocabulary, stack) = (self.embedding.count(), self.encoder.data());
        Some(CausalTransformerSpec { vocabulary, places, tied, stack }.into())
    }
}

/// A [`CausalTransformer`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CausalTransformerSpec {
    /// How many tokens there are.
    pub vocabulary: usize,
    /// As [`CausalTransformerOptions::places`].
    pub places: usize,
    /// As [`CausalTransformerOptions::tied`].
    pub tied: bool,
    /// The layers.
    pub stack: TransformerStackSpec,
}

impl CausalTransformerSpec {
    fn model(&self, init: Init, rng: &mut Rng) -> Result<CausalTransformer> {
        let &CausalTransformerSpec { vocabulary, places, tied, ref stack } = self;
        let encoder = stack.encoder(Init::Zeros, rng)?;
        let options = CausalTransformerOptions { places, tied, stack: encoder.options() };
        let width = stack.encoder_layer.width;
        CausalTransformer::around(encoder, vocabulary, width, options, init, rng)
    }
}

impl Spec for CausalTransformerSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        Ok(Box::new(self.model(init, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let (width, dtype) =
            (self.stack.encoder_layer.width, float(&self.stack.encoder_layer.dtype)?);
        let table =
            |name: &str, rows: usize| Kept::parameter(name, Meta::new(dtype, [rows, width]));
        let mut kept = vec![table("embedding.weight", self.vocabulary)];
        if self.stack.encoder_layer.rotary.is_none() {
            kept.push(table("positions.weight", self.places));
        }
        kept.extend(self.stack.tensors()?.into_iter().map(|kept| kept.inside("encoder")));
        if !self.tied {
            kept.push(table("head.weight", self.vocabulary));
        }
        Ok(kept)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let each = TransformerStackSpec::samples().into_iter().zip([true, false]);
        let model = |((mut stack, _), tied): ((TransformerStackSpec, _), _)| {
            stack.encoder_layer.causal = true;
            (CausalTransformerSpec { vocabulary: 5, places: 6, tied, stack }, vec![2, 3])
        };
        each.map(model).collect()
    }
}
