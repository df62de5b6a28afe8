//! [`MultiheadAttention`]: each place of a sequence looks at others.

mod cache;
mod spec;

pub use cache::KeyValueCache;
pub use spec::AttentionSpec;

use super::fit::{check_float, misfit, setting};
use super::positions::Rotary;
use super::{Dropout, Init, Layer, LayerSpec, Linear, Module, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// Attention of several heads: each place of a sequence takes the mean of the values at the places that it may look
/// at, weighed by `softmax(q k / √head)` of its query and their keys. Vaswani et al. 2017.
///
/// Sequences are `[n, length, width]`: examples first, unlike PyTorch's default. As a [`Layer`] it is
/// self-attention; [`MultiheadAttention::attend`] takes queries from one sequence and keys and values from
/// another, and a mask. Weights have the names and shapes of PyTorch: `in_proj_weight` `[3 width, width]` holds
/// those of queries, keys and values, in this order.
///
/// ```
/// use gradtape::nn::{AttentionOptions, MultiheadAttention};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let rng = &mut Rng::new(1);
/// let tape = Tape::new();
/// let text = tape.constant(Tensor::uniform([2, 5, 8], -1.0, 1.0, DType::F32, rng)?);
/// let causal = AttentionOptions { causal: true, ..AttentionOptions::default() };
/// let layer = MultiheadAttention::with(8, 2, causal, rng)?;
/// assert_eq!(layer.forward(text).shape()[..], [2, 5, 8]);
///
/// let error = MultiheadAttention::new(8, 3, rng).unwrap_err();
/// assert!(error.message().contains("3 heads do not divide the width 8"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("SelfAttention", "scaled_dot_product_attention"))]
#[derive(Clone, Debug)]
pub struct MultiheadAttention {
    /// `[3 width, width]`: what makes queries, keys and values.
    pub in_proj_weight: Parameter,
    /// `[3 width]`; `None` without [`AttentionOptions::bias`].
    pub in_proj_bias: Option<Parameter>,
    /// What is made of the heads side by side.
    pub out_proj: Linear,
    width: usize,
    heads: usize,
    options: AttentionOptions,
    dropout: Dropout,
}

/// What [`MultiheadAttention::with`] can be told; the default is what [`MultiheadAttention::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// Whether a place looks at itself and those before it alone (default: no).
    pub causal: bool,
    /// The probability that a weight is set to 0 during training, in [0, 1) (default: 0).
    pub dropout: f64,
    /// Whether there are biases (default: yes).
    pub bias: bool,
    /// Whether queries and keys are turned by their places, and the base of the angles, above 1: 10,000 in
    /// most models (default: none). See [`RotaryEmbedding`](super::RotaryEmbedding).
    pub rotary: Option<f64>,
    /// The element type, f32 (default) or f64.
    pub dtype: DType,
}

impl Default for AttentionOptions {
    fn default() -> AttentionOptions {
        let (causal, dropout, bias, rotary) = (false, 0.0, true, None);
        AttentionOptions { causal, dropout, bias, rotary, dtype: DType::F32 }
    }
}

impl MultiheadAttention {
    /// A layer in f32 of this width with the default options. The weight of the inputs is uniform in
    /// ±√(6 / (4 width)), that of the output in ±1/√width; biases are 0 (PyTorch's default). Fails for heads that
    /// do not divide the width.
    pub fn new(width: usize, heads: usize, rng: &mut Rng) -> Result<MultiheadAttention> {
        MultiheadAttention::with(width, heads, AttentionOptions::default(), rng)
    }

    /// A layer with other [`AttentionOptions`]. Fails for heads that do not divide the width, for a dropout or a base
    /// of angles out of range, for rotary heads of an odd width, for an element type that is no float, and
    /// for sizes that memory cannot hold.
    pub fn with(
        width: usize,
        heads: usize,
        options: AttentionOptions,
        rng: &mut Rng,
    ) -> Result<MultiheadAttention> {
        MultiheadAttention::build(width, heads, options, Init::FanIn, rng)
    }

    /// A layer with its own first numbers, or with zeros, if `init` says so.
    pub(super) fn build(
        width: usize,
        heads: usize,
        options: AttentionOptions,
        init: Init,
        rng: &mut Rng,
    ) -> Result<MultiheadAttention> {
        let name = format!("MultiheadAttention of width {width}");
        check_heads(&name, width, heads)?;
        let AttentionOptions { dropout, bias, rotary, dtype, .. } = options;
        check_float(&name, dtype)?;
        if let Some(base) = rotary {
            Rotary::check(&name, base, width / heads)?;
        }
        Dropout::check(dropout).map_err(|error| error.context(&name))?;
        let rows = width.saturating_mul(3);
        let mut made = || -> Result<MultiheadAttention> {
            let (inside, out) = match init {
                Init::Zeros => (Init::Zeros, Init::Zeros),
                _ => (Init::XavierUniform, Init::FanIn),
            };
            let in_proj_weight = inside.weight([rows, width], dtype, &mut *rng)?;
            let out_proj = Linear::from_tensors(
                out.weight([width, width], dtype, &mut *rng)?,
                bias.then(|| Tensor::zeros(width, dtype)),
            )?;
            Ok(MultiheadAttention {
                in_proj_weight: Parameter::new(in_proj_weight),
                in_proj_bias: bias.then(|| Parameter::new(Tensor::zeros(rows, dtype))),
                out_proj,
                width,
                heads,
                options,
                dropout: Dropout::new(dropout, &mut *rng),
            })
        };
        made().map_err(|error| error.context(&name))
    }

    /// The width of the sequences.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of heads.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// What it was made with.
    pub fn options(&self) -> AttentionOptions {
        self.options
    }

    /// Records self-attention: [`MultiheadAttention::attend`] of `x` to itself without a mask.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.attend(x, x, None)
    }

    /// Records what the places of `query` `[n, queries, width]` take from those of `keys` `[n, keys, width]`, which
    /// values are made of too: `[n, queries, width]`.
    ///
    /// A mask of `bool` is true where a query may look at a key; its shape broadcasts to
    /// `[n, heads, queries, keys]`, so that `[queries, keys]` and `[n, 1, 1, keys]`, which leaves padding out, both
    /// do. (That is what `scaled_dot_product_attention` of PyTorch takes; its `MultiheadAttention` takes the
    /// opposite.) A query that may look at nothing takes 0.
    ///
    /// ```
    /// use gradtape::nn::MultiheadAttention;
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let rng = &mut Rng::new(1);
    /// let layer = MultiheadAttention::new(8, 2, rng)?;
    /// let tape = Tape::new();
    /// let question = tape.constant(Tensor::ones([2, 3, 8], DType::F32));
    /// let text = tape.constant(Tensor::ones([2, 5, 8], DType::F32));
    /// // The second text has 4 places, the rest of it is padding.
    /// let words = tape.constant([[true; 5], [true, true, true, true, false]]).reshape([2, 1, 1, 5]);
    /// assert_eq!(layer.attend(question, text, Some(words)).shape()[..], [2, 3, 8]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn attend<'t>(&self, query: Var<'t>, keys: Var<'t>, mask: Option<Var<'t>>) -> Var<'t> {
        let tape = query.tape();
        let _layer = tape.within(Part::Layer("MultiheadAttention"));
        tape.parameter(&self.in_proj_weight);
        if let Err(error) = self.check(query, keys, mask) {
            return query.failed(error, &[query, keys]);
        }
        self.look(query, self.remember(keys, 0), 0, mask)
    }

    /// Records rows of the weight applied to a sequence, as heads `[n, heads, length, head]`.
    #[track_caller]
    fn project<'t>(&self, x: Var<'t>, part: usize) -> Var<'t> {
        let (tape, shape) = (x.tape(), x.shape());
        let (n, length, width) = (shape[0], shape[1], self.width);
        let rows = part * width..(part + 1) * width;
        let weight = tape.parameter(&self.in_proj_weight).slice(0, rows.clone()).t();
        let y = x.reshape([n * length, width]).matmul(weight);
        let bias = self.in_proj_bias.as_ref().map(|bias| tape.parameter(bias));
        let y = bias.map_or(y, |bias| y + bias.slice(0, rows));
        y.reshape([n, length, self.heads, width / self.heads]).transpose(&[0, 2, 1, 3])
    }

    /// Records what queries at the places from one on take of keys and values, all of which fit.
    #[track_caller]
    fn look<'t>(
        &self,
        query: Var<'t>,
        cache: KeyValueCache<'t>,
        from: usize,
        mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let (tape, shape) = (query.tape(), query.shape());
        let (n, length, head) = (shape[0], shape[1], self.width / self.heads);
        let mut q = self.project(query, 0);
        if let Some(base) = self.options.rotary {
            q = Rotary { base }.turn(q, from);
        }
        let scores = q.matmul(cache.keys.t()) * (1.0 / (head as f64).sqrt());
        let causal = self.options.causal.then(|| {
            let places = |axis| tape.iota([length, cache.places()], axis, DType::F64);
            places(1).less_equal(places(0) + from as f64)
        });
        // Low enough to weigh nothing beside any score, and finite, so that no row is NaN.
        let hidden = |scores: Var<'t>, seen: Option<Var<'t>>| match seen {
            Some(seen) => seen.select(scores, -1e30),
            None => scores,
        };
        let mut weights = hidden(hidden(scores, causal), mask).softmax(-1);
        if let Some(mask) = mask {
            let seen = causal.map_or(mask, |causal| causal.select(mask, mask.literal(0.0)));
            weights = seen.select(weights, 0.0);
        }
        let taken = self.dropout.forward(weights).matmul(cache.values);
        let taken = taken.transpose(&[0, 2, 1, 3]).reshape([n, length, self.width]);
        let y = self.out_proj.forward(taken);
        // Not the keys and values that it may have recorded before.
        tape.gives(y);
        y
    }

    fn check(&self, query: Var<'_>, keys: Var<'_>, mask: Option<Var<'_>>) -> Result<()> {
        let (input, source) = (self.check_sequence(query)?, self.check_sequence(keys)?);
        self.check_examples(&input, &source)?;
        self.check_mask(&input, source.shape[1], mask)
    }

    /// Whether a sequence is one of the layer's; its type and shape.
    fn check_sequence(&self, x: Var<'_>) -> Result<Meta> {
        x.check()?;
        let (meta, dtype) = (x.meta(), self.options.dtype);
        if meta.shape.rank() != 3 || meta.shape[2] != self.width || meta.dtype != dtype {
            let takes = format!("sequences of [n, length, {}]", self.width);
            let hint = "the last axis must have the layer's width, the first the examples";
            return Err(misfit("attention", takes, dtype, &meta, hint));
        }
        Ok(meta)
    }

    fn check_examples(&self, input: &Meta, source: &Meta) -> Result<()> {
        if input.shape[0] == source.shape[0] {
            return Ok(());
        }
        let message = format!(
            "attention: {input} and {source} have {} and {} examples along axis 0",
            input.shape[0], source.shape[0]
        );
        let hint = "queries look at keys of the same example; broadcast_to() repeats one for all";
        Err(Error::new(Kind::Shape, message).hint(hint))
    }

    /// Whether a mask fits queries and so many keys.
    fn check_mask(&self, input: &Meta, keys: usize, mask: Option<Var<'_>>) -> Result<()> {
        let Some(mask) = mask else { return Ok(()) };
        mask.check()?;
        let (given, full) = (mask.meta(), [input.shape[0], self.heads, input.shape[1], keys]);
        let fits = given.shape.broadcast(&full.into()).is_ok_and(|shape| shape[..] == full);
        if fits && given.dtype == DType::Bool {
            return Ok(());
        }
        let message = format!(
            "attention: the mask is {given}, but must be of bool and broadcast to [n, heads, queries, keys], \
             {full:?}"
        );
        let hint = "true where a query may look at a key; [queries, keys] or [n, 1, 1, keys]";
        Err(Error::new(Kind::Shape, message).hint(hint))
    }
}

fn check_heads(name: &str, width: usize, heads: usize) -> Result<()> {
    if heads > 0 && width > 0 && width.is_multiple_of(heads) {
        return Ok(());
    }
    let rule = format!("{heads} heads do not divide the width {width}");
    Err(setting(name, rule).hint("the width must be a multiple of the number of heads"))
}

impl Module for MultiheadAttention {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("in_proj_weight", &self.in_proj_weight);
        if let Some(bias) = &self.in_proj_bias {
            visitor.child("in_proj_bias", bias);
        }
        visitor.child("out_proj", &self.out_proj);
        if self.options.dropout > 0.0 {
            visitor.child("dropout", &self.dropout);
        }
    }

    fn kind(&self) -> String {
        format!("MultiheadAttention({}, {})", self.width, self.heads)
    }
}

impl Layer for MultiheadAttention {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        MultiheadAttention::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let AttentionOptions { causal, dropout, rotary, dtype, .. } = self.options;
        let bias = self.in_proj_bias.is_some();
        let spec = AttentionSpec {
            width: self.width,
            heads: self.heads,
            causal,
            dropout,
            bias,
            rotary,
            dtype: dtype.to_string(),
        };
        (bias == self.out_proj.bias.is_some()).then(|| spec.into())
    }
}
