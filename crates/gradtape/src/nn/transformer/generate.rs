//! [`Continuation`]: what a [`CausalTransformer`] goes on with.

use super::super::KeyValueCache;
use super::CausalTransformer;
use crate::eval::evaluate;
use crate::tape::Tape;
use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// How the next token of a [`Continuation`] is drawn.
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

impl CausalTransformer {
    /// The tokens that the model goes on with after a prompt, one after another without end.
    ///
    /// It looks back at the tokens in a window. Each new one joins it, and is computed alone: of those before, keys and
    /// values are kept. A window of [`places`](super::CausalTransformerOptions::places) tokens is full; then its first
    /// half is forgotten, and what stays, whose places are now others, is computed anew. Of a longer prompt the last
    /// tokens are the first window.
    ///
    /// The same model, prompt, sampling and generator give the same tokens. Fails for a prompt without or with foreign
    /// tokens, a temperature that is not a finite number of at least 0, and a choice of none.
    ///
    /// ```
    /// use gradtape::Rng;
    /// use gradtape::nn::{CausalTransformer, CausalTransformerOptions, Sampling};
    /// let options = CausalTransformerOptions { places: 8, ..CausalTransformerOptions::gpt(2, 16) };
    /// let model = CausalTransformer::with(10, 16, 4, options, &mut Rng::new(42))?;
    /// let next = model.continuation(&[3, 1, 4], Sampling::default(), Rng::new(1))?;
    /// assert_eq!(next.take(20).collect::<gradtape::Result<Vec<i64>>>()?.len(), 20);
    ///
    /// let error = model.continuation(&[10], Sampling::default(), Rng::new(1)).err().unwrap();
    /// assert!(error.message().contains("10 is none of 10 tokens"), "{error}");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn continuation(
        &self,
        prompt: &[i64],
        sampling: Sampling,
        rng: Rng,
    ) -> Result<Continuation<'_>> {
        let wrong = |rule: String| Err(Error::new(Kind::Value, format!("generate: {rule}")));
        let Sampling { temperature, top_k } = sampling;
        let (vocabulary, places) = (self.embedding.count(), self.options().places.max(1));
        if prompt.is_empty() {
            return wrong("there is no prompt to go on from".to_string());
        }
        if let Some(foreign) = prompt.iter().find(|n| !(0..vocabulary as i64).contains(n)) {
            return wrong(format!("{foreign} is none of {vocabulary} tokens"));
        }
        if !temperature.is_finite() || temperature < 0.0 {
            return wrong(format!("temperature is {temperature}, but must be at least 0"));
        }
        if top_k == Some(0) {
            return wrong("top_k is 0, but must be at least 1".to_string());
        }
        let window = prompt[prompt.len().saturating_sub(places)..].to_vec();
        let (tape, past) = (Tape::inference(), Vec::new());
        Ok(Continuation { model: self, tape, places, window, past, sampling, rng })
    }
}

/// What a model goes on with; made by [`CausalTransformer::continuation`].
pub struct Continuation<'m> {
    model: &'m CausalTransformer,
    tape: Tape,
    /// How many tokens a window has at most, at least 1.
    places: usize,
    /// The tokens that the model looks back at.
    window: Vec<i64>,
    /// Keys and values of each layer, for the first tokens of the window.
    past: Vec<[Tensor; 2]>,
    sampling: Sampling,
    rng: Rng,
}

impl Continuation<'_> {
    /// The logits of what follows the window.
    fn logits(&mut self) -> Result<Vec<f64>> {
        self.tape.reset();
        let tape = &self.tape;
        let cache = |[keys, values]: &[Tensor; 2]| KeyValueCache {
            keys: tape.constant(keys),
            values: tape.constant(values),
        };
        let past: Vec<_> = self.past.iter().map(cache).collect();
        let known = past.first().map_or(0, KeyValueCache::places);
        let new = &self.window[known..];
        let new = tape.constant(Tensor::from_slice(new, [1, new.len()])?);
        let (logits, caches) = self.model.run(new, &past);
        let last = logits.slice(1, -1..);
        let all: Vec<_> = caches.iter().flat_map(|cache| [cache.keys, cache.values]).collect();
        evaluate(&[&[last], &all[..]].concat())?;
        let kept = |cache: &KeyValueCache<'_>| Ok([cache.keys.value()?, cache.values.value()?]);
        let (logits, past) =
            (last.value()?.to_f64_vec(), caches.iter().map(kept).collect::<Result<_>>()?);
        self.past = past;
        Ok(logits)
    }

    fn draw(&mut self) -> Result<i64> {
        let logits = self.logits()?;
        let next = self.sampling.choose(&logits, &mut self.rng)?;
        self.window.push(next);
        if self.window.len() > self.places {
            self.window.drain(..self.window.len() - self.places.div_ceil(2));
            self.past.clear();
        }
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
            let message = format!("generate: the network answers {broken}");
            return Err(Error::new(Kind::Value, message).hint("its weights are damaged"));
        }
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let most = if self.temperature == 0.0 { 1 } else { self.top_k.unwrap_or(order.len()) };
        order.truncate(most);
        let Some(&best) = order.first() else {
            return Err(Error::new(Kind::Shape, "generate: the network answers nothing"));
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
    use super::super::CausalTransformerOptions;
    use super::*;
    use crate::nn::Module;
    use crate::tensor::DType;

    /// One of five tokens that looks back at `places`, with numbers large enough to matter.
    fn tiny(places: usize, tied: bool, rotary: Option<f64>) -> CausalTransformer {
        let mut options = CausalTransformerOptions::gpt(2, 8);
        (options.places, options.tied) = (places, tied);
        (options.stack.layer.rotary, options.stack.layer.dtype) = (rotary, DType::F64);
        let (model, rng) =
            (CausalTransformer::with(5, 8, 2, options, &mut Rng::new(3)).unwrap(), Rng::new(4));
        for (number, own) in model.parameters().iter().enumerate() {
            let (value, rng) = (own.value(), &mut rng.split(number as u64));
            let numbers = Tensor::normal(value.shape(), 0.0, 0.7, value.dtype(), rng).unwrap();
            own.set(numbers).unwrap();
        }
        model
    }

    fn go_on(prompt: &[i64], sampling: Sampling, seed: u64) -> Result<Vec<i64>> {
        let model = tiny(4, true, None);
        model.continuation(prompt, sampling, Rng::new(seed))?.take(12).collect()
    }

    #[test]
    fn what_is_kept_gives_the_logits_of_the_whole_window() {
        let prompts = [&[2][..], &[1, 2, 3, 4, 0, 1, 2, 3]];
        for (places, tied, rotary, prompt) in [
            (6, true, None, prompts[0]),
            (5, false, Some(50.0), prompts[1]),
            (1, true, None, prompts[1]),
            (2, false, None, prompts[0]),
        ] {
            let model = tiny(places, tied, rotary);
            let (mut whole, mut sizes) = (Rng::new(7), std::collections::BTreeSet::new());
            let mut next = model.continuation(prompt, Sampling::default(), Rng::new(7)).unwrap();
            for _ in 0..20 {
                let window = next.window.clone();
                sizes.insert(window.len());
                let tape = Tape::inference();
                let tokens = tape.constant(Tensor::from_slice(&window, [1, window.len()]).unwrap());
                let want = model.forward(tokens).slice(1, -1..).value().unwrap().to_f64_vec();
                let mut twin = Continuation {
                    tape: Tape::inference(),
                    window,
                    past: next.past.clone(),
                    rng: next.rng.clone(),
                    ..next
                };
                for (got, want) in twin.logits().unwrap().into_iter().zip(&want) {
                    assert!((got - want).abs() < 1e-11, "{got} for {want}");
                }
                let drawn = Sampling::default().choose(&want, &mut whole).unwrap();
                assert_eq!(next.next().unwrap().unwrap(), drawn);
            }
            let first = if prompt.len() == 1 { 1 } else { places.div_ceil(2) };
            assert!(sizes.into_iter().eq(first..=places), "{places}");
        }
    }

    #[test]
    fn the_same_seed_goes_on_alike_and_the_likeliest_needs_none() {
        let warm = Sampling::default();
        let one = go_on(&[1, 2], warm, 1).unwrap();
        assert_eq!(one, go_on(&[1, 2], warm, 1).unwrap());
        let hot = Sampling { temperature: 9.0, ..warm };
        assert_ne!(go_on(&[1, 2], hot, 1).unwrap(), go_on(&[1, 2], hot, 2).unwrap());
        for cold in [
            Sampling { temperature: 0.0, ..warm },
            Sampling { temperature: 1e-300, ..warm },
            Sampling { top_k: Some(1), ..warm },
        ] {
            let [a, b] = [1, 2].map(|seed| go_on(&[0, 1, 2, 3, 4, 0], cold, seed).unwrap());
            assert_eq!(a, b, "{cold:?}");
        }
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
        let warm = Sampling::default();
        for (prompt, sampling, word) in [
            (&[][..], warm, "no prompt"),
            (&[5], warm, "5 is none of 5"),
            (&[-1], warm, "-1 is none of 5"),
            (&[1], Sampling { temperature: -1.0, ..warm }, "temperature"),
            (&[1], Sampling { temperature: f64::NAN, ..warm }, "temperature"),
            (&[1], Sampling { top_k: Some(0), ..warm }, "top_k"),
        ] {
            let text = go_on(prompt, sampling, 1).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
        let model = tiny(4, false, None);
        let weight = &model.embedding.weight;
        weight.set(Tensor::full([5, 8], f64::NAN, DType::F64)).unwrap();
        let mut next = model.continuation(&[1], warm, Rng::new(1)).unwrap();
        assert!(next.next().unwrap().unwrap_err().message().contains("NaN"));
    }
}
