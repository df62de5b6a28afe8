//! [`Gpt`]: a model of sequences that tells what comes next, and what it goes on with.

use serde::{Deserialize, Serialize};

use super::fit::MOST_WEIGHTS;
use super::{
    Activation, Embedding, Layer, LayerNorm, LayerNormOptions, Linear, LinearOptions, Module,
    PositionalEmbedding, Sequential, TransformerEncoderLayer, TransformerOptions,
};
use crate::tape::Tape;
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// A transformer that tells for each place of a sequence of numbers (letters, parts of words) which comes next:
/// `[n, length]` in i64 to logits `[n, length, vocabulary]`. Radford et al. 2019 (GPT-2), small.
///
/// Vectors of numbers and places are added up, go through layers of causal attention normalised before, through a last
/// normalisation and a linear layer without bias. What [`Gpt::build`] makes is a [`Sequential`] of layers of this
/// library, so that a model file holds it like any other. Weights are first normal with standard deviation 0.02,
/// those that add to the sequence with `0.02 / √(2 layers)`; biases are 0.
///
/// ```
/// use gradtape::nn::{Gpt, Module, Sampling};
/// use gradtape::{Rng, Tape};
/// let gpt = Gpt { vocabulary: 10, context: 8, layers: 2, width: 16, heads: 4, dropout: 0.0 };
/// let net = gpt.build(&mut Rng::new(42))?;
/// let tape = Tape::new();
/// let text = tape.constant([[3i64, 1, 4, 1, 5], [9, 2, 6, 5, 3]]);
/// assert_eq!(net.forward(text).shape()[..], [2, 5, 10]);
///
/// let next = gpt.continuation(&net, &[3, 1, 4], Sampling::default(), Rng::new(1))?;
/// assert_eq!(next.take(20).collect::<gradtape::Result<Vec<i64>>>()?.len(), 20);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpt {
    /// How many different numbers there are, from 0 on.
    pub vocabulary: usize,
    /// The length of the longest sequence that it sees at once.
    pub context: usize,
    /// How many layers of attention.
    pub layers: usize,
    /// The width of the vectors.
    pub width: usize,
    /// How many heads each layer has; they divide the width.
    pub heads: usize,
    /// The probability that an element is dropped during training, in [0, 1).
    pub dropout: f64,
}

/// How the next number is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What logits are divided by (default: 1): below 1 what is likely gets likelier. At 0 always the likeliest is
    /// taken.
    pub temperature: f64,
    /// Of how many of the likeliest one is drawn (default: of all).
    pub top_k: Option<usize>,
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling { temperature: 1.0, top_k: None }
    }
}

impl Gpt {
    /// How many heads a width has if nothing is said: of 32 numbers each, where these divide it, else one.
    pub fn heads_of(width: usize) -> usize {
        if width.is_multiple_of(32) { width / 32 } else { 1 }
    }

    /// Whether a network has the layers that [`Gpt::build`] makes of these sizes.
    ///
    /// ```
    /// use gradtape::Rng;
    /// use gradtape::nn::Gpt;
    /// let gpt = Gpt { vocabulary: 10, context: 8, layers: 2, width: 16, heads: 4, dropout: 0.0 };
    /// let net = gpt.build(&mut Rng::new(1))?;
    /// assert!(gpt.fits(&net) && !Gpt { layers: 3, ..gpt }.fits(&net));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn fits(&self, network: &Sequential) -> bool {
        // Before any memory is asked for.
        let Some(inside) = network.layers().len().checked_sub(4) else { return false };
        let shapes = network.parameters().into_iter().take(2);
        let shapes: Vec<Vec<usize>> = shapes.map(|own| own.value().shape().to_vec()).collect();
        let tables = [[self.vocabulary, self.width], [self.context, self.width]];
        if inside != self.layers || shapes != tables {
            return false;
        }
        let specs = |network: &Sequential| network.specs().ok();
        let own = self.build(&mut Rng::new(0)).ok().and_then(|own| specs(&own));
        own.is_some() && own == specs(network)
    }

    /// The network, with new numbers. Fails for a size of 0, for heads that do not divide the width, for a dropout out
    /// of range, and beyond a thousand million weights.
    pub fn build(&self, rng: &mut Rng) -> Result<Sequential> {
        let &Gpt { vocabulary, context, layers, width, heads, dropout } = self;
        let wrong = |rule: String| Err(Error::new(Kind::Value, format!("gpt: {rule}")));
        for (name, size) in
            [("vocabulary", vocabulary), ("context", context), ("layers", layers), ("width", width)]
        {
            if size == 0 {
                return wrong(format!("{name} is 0, but must be at least 1"));
            }
        }
        let [v, c, l, w] = [vocabulary, context, layers, width].map(|size| size as f64);
        let weights = (2.0 * v + c) * w + 12.0 * l * w * w;
        if weights > MOST_WEIGHTS {
            return wrong(format!("{weights:.1e} weights are more than {MOST_WEIGHTS:.0e}"));
        }
        let transformer = TransformerOptions {
            feedforward: width.saturating_mul(4),
            dropout,
            activation: Activation::Gelu,
            norm_first: true,
            causal: true,
            ..TransformerOptions::default()
        };
        let out = LinearOptions { bias: false, ..LinearOptions::default() };
        let mut net = Sequential::new()
            .add(Embedding::new(vocabulary, width, rng))
            .add(PositionalEmbedding::new(context, width, DType::F32, rng)?);
        for _ in 0..layers {
            let layer = TransformerEncoderLayer::with(width, heads, transformer, rng);
            net = net.add(layer.map_err(|error| error.context("gpt"))?);
        }
        let net = net
            .add(LayerNorm::with(width, LayerNormOptions::default())?)
            .add(Linear::with(width, vocabulary, out, rng)?);
        for (name, own) in net.named_parameters() {
            let value = own.value();
            let adds = name.ends_with("out_proj.weight") || name.ends_with("linear2.weight");
            let std = if adds { 0.02 / (2.0 * l).sqrt() } else { 0.02 };
            match (value.rank(), name.ends_with("bias")) {
                (2, _) => own.set(Tensor::normal(value.shape(), 0.0, std, value.dtype(), rng)?)?,
                (_, true) => own.set(Tensor::zeros(value.shape(), value.dtype()))?,
                _ => {}
            }
        }
        Ok(net)
    }

    /// The numbers that a network of these sizes goes on with after a prompt, one after another without end. It sees
    /// the last [`context`](Gpt::context) of them, and computes all of these anew for each.
    ///
    /// The same network, prompt, sampling and generator give the same numbers. Fails for a prompt without or with
    /// foreign numbers, a temperature that is not a finite number of at least 0, and a choice of none.
    pub fn continuation<'n>(
        &self,
        net: &'n dyn Layer,
        prompt: &[i64],
        sampling: Sampling,
        rng: Rng,
    ) -> Result<Continuation<'n>> {
        let wrong = |rule: String| Err(Error::new(Kind::Value, format!("gpt: {rule}")));
        let Sampling { temperature, top_k } = sampling;
        if prompt.is_empty() {
            return wrong("there is no prompt to go on from".to_string());
        }
        if let Some(foreign) = prompt.iter().find(|n| !(0..self.vocabulary as i64).contains(n)) {
            return wrong(format!("{foreign} is none of {} numbers", self.vocabulary));
        }
        if !temperature.is_finite() || temperature < 0.0 {
            return wrong(format!("temperature is {temperature}, but must be at least 0"));
        }
        if top_k == Some(0) {
            return wrong("top_k is 0, but must be at least 1".to_string());
        }
        let seen = prompt[prompt.len().saturating_sub(self.context)..].to_vec();
        let (tape, context) = (Tape::inference(), self.context);
        Ok(Continuation { net, tape, context, seen, sampling, rng })
    }
}

/// What a network goes on with; made by [`Gpt::continuation`].
pub struct Continuation<'n> {
    net: &'n dyn Layer,
    tape: Tape,
    context: usize,
    /// The last numbers, as many as the network sees.
    seen: Vec<i64>,
    sampling: Sampling,
    rng: Rng,
}

impl Continuation<'_> {
    fn draw(&mut self) -> Result<i64> {
        // A place sees none behind it: filled up, all lengths are one plan.
        let mut window = self.seen.clone();
        window.resize(self.context, 0);
        self.tape.reset();
        let window = self.tape.constant(Tensor::from_vec(window, [1, self.context])?);
        let logits = self.net.forward(window).value()?.to_f64_vec();
        let width = logits.len() / self.context;
        let last = &logits[(self.seen.len() - 1) * width..][..width];
        let next = self.sampling.choose(last, &mut self.rng)?;
        if self.seen.len() == self.context {
            self.seen.remove(0);
        }
        self.seen.push(next);
        Ok(next)
    }
}

impl Iterator for Continuation<'_> {
    type Item = Result<i64>;

    fn next(&mut self) -> Option<Result<i64>> {
        Some(self.draw())
    }
}

impl Sampling {
    /// One of the numbers that logits belong to.
    fn choose(self, logits: &[f64], rng: &mut Rng) -> Result<i64> {
        if let Some(broken) = logits.iter().find(|logit| logit.is_nan()) {
            let message = format!("gpt: the network answers {broken}");
            return Err(Error::new(Kind::Value, message).hint("its weights are damaged"));
        }
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let most = if self.temperature == 0.0 { 1 } else { self.top_k.unwrap_or(order.len()) };
        order.truncate(most);
        let Some(&best) = order.first() else {
            return Err(Error::new(Kind::Shape, "gpt: the network answers nothing"));
        };
        let weight = |&place: &usize| match place == best {
            true => 1.0,
            false => ((logits[place] - logits[best]) / self.temperature).exp(),
        };
        let mut left = rng.uniform() * order.iter().map(weight).sum::<f64>();
        let found = order.iter().find(|place| {
            left -= weight(place);
            left < 0.0
        });
        Ok(*found.unwrap_or(&best) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> Gpt {
        Gpt { vocabulary: 5, context: 4, layers: 2, width: 8, heads: 2, dropout: 0.1 }
    }

    fn go_on(gpt: &Gpt, prompt: &[i64], sampling: Sampling, seed: u64) -> Result<Vec<i64>> {
        let net = gpt.build(&mut Rng::new(3))?;
        gpt.continuation(&net, prompt, sampling, Rng::new(seed))?.take(12).collect()
    }

    #[test]
    fn a_place_sees_none_behind_it() {
        let net = tiny().build(&mut Rng::new(1)).unwrap();
        let logits = |text: [i64; 4]| {
            let tape = Tape::inference();
            net.forward(tape.constant([text])).value().unwrap().to_f64_vec()
        };
        let (one, other) = (logits([1, 2, 3, 4]), logits([1, 2, 0, 0]));
        assert_eq!(one[..10], other[..10]);
        assert_ne!(one[10..], other[10..]);
    }

    #[test]
    fn the_same_seed_goes_on_alike_and_the_likeliest_needs_none() {
        let (gpt, warm) = (tiny(), Sampling::default());
        let one = go_on(&gpt, &[1, 2], warm, 1).unwrap();
        assert_eq!(one, go_on(&gpt, &[1, 2], warm, 1).unwrap());
        assert_ne!(one, go_on(&gpt, &[1, 2], warm, 2).unwrap());
        for cold in [
            Sampling { temperature: 0.0, ..warm },
            Sampling { temperature: 1e-300, ..warm },
            Sampling { top_k: Some(1), ..warm },
        ] {
            let [a, b] = [1, 2].map(|seed| go_on(&gpt, &[0, 1, 2, 3, 4, 0], cold, seed).unwrap());
            assert_eq!(a, b, "{cold:?}");
        }
    }

    #[test]
    fn only_a_network_of_the_same_sizes_fits() {
        let gpt = tiny();
        let net = gpt.build(&mut Rng::new(1)).unwrap();
        assert!(gpt.fits(&net));
        for other in [
            Gpt { vocabulary: 6, ..gpt },
            Gpt { context: usize::MAX, ..gpt },
            Gpt { layers: 1, ..gpt },
            Gpt { width: 16, ..gpt },
            Gpt { heads: 4, ..gpt },
            Gpt { heads: 0, ..gpt },
            Gpt { dropout: 0.2, ..gpt },
        ] {
            assert!(!other.fits(&net), "{other:?}");
        }
        assert!(!gpt.fits(&Sequential::new()));
    }

    #[test]
    fn draws_are_as_frequent_as_their_probabilities() {
        let logits = [2f64.ln(), f64::NEG_INFINITY, 0.0, 1e-9];
        let count = |sampling: Sampling| {
            let (mut counts, mut rng) = ([0; 4], Rng::new(5));
            (0..4000)
                .for_each(|_| counts[sampling.choose(&logits, &mut rng).unwrap() as usize] += 1);
            counts
        };
        let all = count(Sampling::default());
        assert!((1850..2150).contains(&all[0]) && all[1] == 0, "{all:?}");
        assert!((850..1150).contains(&all[2]) && (850..1150).contains(&all[3]), "{all:?}");
        let two = count(Sampling { temperature: 0.5, top_k: Some(2) });
        assert!((3050..3350).contains(&two[0]) && two[2] == 0, "{two:?}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let error = |gpt: Gpt| gpt.build(&mut Rng::new(1)).err().unwrap().to_string();
        assert!(error(Gpt { width: 0, ..tiny() }).contains("width is 0"));
        assert!(error(Gpt { heads: 3, ..tiny() }).contains("3 heads do not divide"));
        assert!(error(Gpt { dropout: 1.0, ..tiny() }).contains("dropout"));
        assert!(error(Gpt { width: 1 << 20, ..tiny() }).contains("more than"));
        let warm = Sampling::default();
        for (prompt, sampling, word) in [
            (&[][..], warm, "no prompt"),
            (&[5], warm, "5 is none of 5"),
            (&[-1], warm, "-1 is none of 5"),
            (&[1], Sampling { temperature: -1.0, ..warm }, "temperature"),
            (&[1], Sampling { temperature: f64::NAN, ..warm }, "temperature"),
            (&[1], Sampling { top_k: Some(0), ..warm }, "top_k"),
        ] {
            let text = go_on(&tiny(), prompt, sampling, 1).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
