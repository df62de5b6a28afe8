//! [`TransformerDecoderLayer`]: attention to itself and to another sequence, and a network.

use super::super::{
    AttentionOptions, Dropout, Init, KeyValueCache, Layer, LayerNorm, LayerSpec, Linear, Module,
    MultiheadAttention, Visitor,
};
use super::{
    TransformerDecoderSpec, TransformerEncoderSpec, TransformerOptions, added, apart, spec_of,
};
use crate::tape::{Part, Tape, Var};
use crate::tensor::{Result, Rng};

/// A layer of a transformer's decoder: self-attention, attention to another sequence (the memory), and a network of two
/// linear layers for each place, each added to the sequence and normalised. Vaswani et al. 2017. Weights have the
/// names of PyTorch.
///
/// As a [`Layer`], of one value, it looks at itself both ways, as [`MultiheadAttention`] does: the memory is the target. That
/// is what a [`Sequential`](super::super::Sequential) and [`summary`](super::super::summary()) call, and what a
/// [model file](crate::io::Model) keeps it as; [`TransformerDecoderLayer::of`] gives it back with its two values.
///
/// ```
/// use gradtape::nn::{TransformerDecoderLayer, TransformerOptions};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let options = TransformerOptions { feedforward: 16, causal: true, ..Default::default() };
/// let layer = TransformerDecoderLayer::with(8, 2, options, &mut Rng::new(1))?;
/// let tape = Tape::new();
/// let target = tape.constant(Tensor::ones([2, 3, 8], DType::F32));
/// let memory = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
/// assert_eq!(layer.forward(target, memory).shape()[..], [2, 3, 8]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransformerDecoderLayer {
    /// Where each place looks at others of its sequence.
    pub self_attn: MultiheadAttention,
    /// Where each place looks at the memory.
    pub multihead_attn: MultiheadAttention,
    /// The first layer of the network.
    pub linear1: Linear,
    /// The second layer of the network.
    pub linear2: Linear,
    /// Of self-attention.
    pub norm1: LayerNorm,
    /// Of attention to the memory.
    pub norm2: LayerNorm,
    /// Of the network.
    pub norm3: LayerNorm,
    dropout: Dropout,
    dropout1: Dropout,
    dropout2: Dropout,
    dropout3: Dropout,
    options: TransformerOptions,
}

impl TransformerDecoderLayer {
    const NAME: &str = "TransformerDecoderLayer";

    /// A layer in f32 with the default options. Fails for heads that do not divide the width.
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Result<TransformerDecoderLayer> {
        TransformerDecoderLayer::with(width, heads, TransformerOptions::default(), rng)
    }

    /// A layer with other [`TransformerOptions`]. Fails for heads that do not divide the width, for settings out of
    /// range, for an element type that is no float, and for sizes that memory cannot hold.
    pub fn with(
        width: usize,
        heads: usize,
        options: TransformerOptions,
        rng: &mut Rng,
    ) -> Result<TransformerDecoderLayer> {
        TransformerDecoderLayer::build(width, heads, options, Init::FanIn, rng)
            .map_err(|error| error.context(Self::NAME))
    }

    pub(super) fn build(
        width: usize,
        heads: usize,
        options: TransformerOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<TransformerDecoderLayer> {
        options.check(Self::NAME)?;
        let (dropout, own) = (options.dropout, options.attention());
        // The memory has an order of its own.
        let other = AttentionOptions { causal: false, rotary: None, ..own };
        Ok(TransformerDecoderLayer {
            self_attn: MultiheadAttention::build(width, heads, own, init, rng)?,
            multihead_attn: MultiheadAttention::build(width, heads, other, init, rng)?,
            linear1: options.linear(width, options.feedforward, init, rng)?,
            linear2: options.linear(options.feedforward, width, init, rng)?,
            norm1: options.norm(Self::NAME, width)?,
            norm2: options.norm(Self::NAME, width)?,
            norm3: options.norm(Self::NAME, width)?,
            dropout: Dropout::new(dropout, rng),
            dropout1: Dropout::new(dropout, rng),
            dropout2: Dropout::new(dropout, rng),
            dropout3: Dropout::new(dropout, rng),
            options,
        })
    }

    /// The decoder's layer that a layer is, such as one of a [model file](crate::io::Model), with the same numbers. Fails for
    /// any other layer.
    pub fn of(layer: &(impl Layer + ?Sized)) -> Result<TransformerDecoderLayer> {
        let own = spec_of::<TransformerDecoderSpec>(layer)?.layer(Init::Zeros, &mut Rng::new(0))?;
        own.load_from(&layer)?;
        Ok(own)
    }

    /// What it was made with.
    pub fn options(&self) -> TransformerOptions {
        self.options
    }

    /// Records the layer of `target` `[n, length, width]`, which looks at all of `memory` `[n, places, width]`.
    #[track_caller]
    pub fn forward<'t>(&self, target: Var<'t>, memory: Var<'t>) -> Var<'t> {
        self.decode(target, memory, None, None)
    }

    /// As [`TransformerDecoderLayer::forward`], with masks as [`MultiheadAttention::attend`] takes them: of the target's own
    /// places, and of the memory's.
    #[track_caller]
    pub fn decode<'t>(
        &self,
        target: Var<'t>,
        memory: Var<'t>,
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let _layer = target.tape().within(Part::Layer(Self::NAME));
        if let Some(failed) = apart(Self::NAME, target, memory) {
            return failed;
        }
        let remembered = self.multihead_attn.keys_and_values(memory);
        self.continued(target, None, remembered, target_mask, memory_mask).0
    }

    /// Records the cache of a decoder that has seen no place yet, and is to look at all of `memory`
    /// `[n, places, width]`.
    #[track_caller]
    pub fn begin<'t>(&self, memory: Var<'t>) -> DecoderCache<'t> {
        let _layer = memory.tape().within(Part::Layer(Self::NAME));
        DecoderCache { own: None, memory: self.multihead_attn.keys_and_values(memory) }
    }

    /// Records the layer of `target` `[n, length, width]`, whose places follow those of the cache, and the cache of all of
    /// them. Masks are as for [`TransformerDecoderLayer::decode`], the target's own places those of the cache
    /// and the new ones.
    #[track_caller]
    pub fn run<'t>(
        &self,
        target: Var<'t>,
        past: DecoderCache<'t>,
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> (Var<'t>, DecoderCache<'t>) {
        let _layer = target.tape().within(Part::Layer(Self::NAME));
        let memory = past.memory;
        let (y, own) = self.continued(target, past.own, memory, target_mask, memory_mask);
        (y, DecoderCache { own: Some(own), memory })
    }

    #[track_caller]
    fn continued<'t>(
        &self,
        target: Var<'t>,
        past: Option<KeyValueCache<'t>>,
        memory: KeyValueCache<'t>,
        target_mask: Option<Var<'t>>,
        memory_mask: Option<Var<'t>>,
    ) -> (Var<'t>, KeyValueCache<'t>) {
        let before = self.options.norm_first;
        let (x, cache) = added(before, &self.norm1, target, |x| {
            let (taken, cache) = self.self_attn.run(x, past, target_mask);
            (self.dropout1.forward(taken), cache)
        });
        let (x, ()) = added(before, &self.norm2, x, |x| {
            let taken = self.multihead_attn.attend_to(x, memory, memory_mask);
            (self.dropout2.forward(taken), ())
        });
        added(before, &self.norm3, x, |x| {
            let inside = self.options.activation.layer().forward(self.linear1.forward(x));
            (self.dropout3.forward(self.linear2.forward(self.dropout.forward(inside))), cache)
        })
    }
}

/// What a [`TransformerDecoderLayer`] remembers.
#[derive(Clone, Copy)]
pub struct DecoderCache<'t> {
    /// Of its own places; `None` before the first.
    pub own: Option<KeyValueCache<'t>>,
    /// Of the memory.
    pub memory: KeyValueCache<'t>,
}

impl DecoderCache<'_> {
    /// The same numbers on another tape, without gradients: see [`KeyValueCache::onto`].
    pub fn onto<'u>(&self, tape: &'u Tape) -> Result<DecoderCache<'u>> {
        let own = self.own.map(|own| own.onto(tape)).transpose()?;
        Ok(DecoderCache { own, memory: self.memory.onto(tape)? })
    }
}

impl Module for TransformerDecoderLayer {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("self_attn", &self.self_attn);
        visitor.child("multihead_attn", &self.multihead_attn);
        visitor.child("linear1", &self.linear1);
        visitor.child("dropout", &self.dropout);
        visitor.child("linear2", &self.linear2);
        visitor.child("norm1", &self.norm1);
        visitor.child("norm2", &self.norm2);
        visitor.child("norm3", &self.norm3);
        visitor.child("dropout1", &self.dropout1);
        visitor.child("dropout2", &self.dropout2);
        visitor.child("dropout3", &self.dropout3);
    }
}

impl Layer for TransformerDecoderLayer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        TransformerDecoderLayer::forward(self, x, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let (width, heads) = (self.self_attn.width(), self.self_attn.heads());
        let same = TransformerEncoderSpec::of(width, heads, self.options);
        Some(TransformerDecoderSpec(same).into())
    }
}
