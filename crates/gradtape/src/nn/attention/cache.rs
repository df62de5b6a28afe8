//! What attention remembers of the places that it has seen.

use super::super::positions::Rotary;
use super::MultiheadAttention;
use crate::op::Meta;
use crate::tape::{Part, Tape, Var};
use crate::tensor::{Error, Kind, Result};

/// Keys and values of a sequence, each `[n, heads, places, width / heads]`: what [`MultiheadAttention::run`] hands on,
/// so that a sequence can be continued without computing its beginning anew.
#[doc(alias("kv_cache", "past_key_values"))]
#[derive(Clone, Copy)]
pub struct KeyValueCache<'t> {
    /// What queries are compared with, turned by their places where attention is rotary.
    pub keys: Var<'t>,
    /// What queries take.
    pub values: Var<'t>,
}

impl<'t> KeyValueCache<'t> {
    /// The number of places.
    pub fn places(&self) -> usize {
        self.keys.shape().get(2).copied().unwrap_or(0)
    }

    /// The same numbers on another tape, without gradients: what was recorded before can be forgotten. Computes them.
    pub fn onto<'u>(&self, tape: &'u Tape) -> Result<KeyValueCache<'u>> {
        let (keys, values) = (self.keys.value()?, self.values.value()?);
        Ok(KeyValueCache { keys: tape.constant(keys), values: tape.constant(values) })
    }

    fn failed(var: Var<'t>) -> Self {
        KeyValueCache { keys: var, values: var }
    }
}

impl MultiheadAttention {
    /// Records self-attention of `x` `[n, length, width]`, whose places follow those of `past` (`None`: the first ones), and
    /// the cache of all of them. A mask is as for [`MultiheadAttention::attend`], its keys those of the past and `x`.
    ///
    /// Where attention is causal, the parts of a sequence in turn have the result of the whole.
    ///
    /// ```
    /// use gradtape::nn::{AttentionOptions, MultiheadAttention};
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let rng = &mut Rng::new(1);
    /// let causal = AttentionOptions { causal: true, rotary: Some(100.0), ..Default::default() };
    /// let layer = MultiheadAttention::with(8, 2, causal, rng)?;
    /// let tape = Tape::inference();
    /// let x = tape.constant(Tensor::uniform([1, 5, 8], -1.0, 1.0, DType::F32, rng)?);
    /// let (_, cache) = layer.run(x.slice(1, ..4), None, None);
    /// let (last, cache) = layer.run(x.slice(1, 4..), Some(cache), None);
    /// assert_eq!(cache.places(), 5);
    /// let whole = layer.forward(x).slice(1, 4..).value()?;
    /// assert!(last.value()?.all_close(&whole, 1e-5, 1e-6));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn run<'t>(
        &self,
        x: Var<'t>,
        past: Option<KeyValueCache<'t>>,
        mask: Option<Var<'t>>,
    ) -> (Var<'t>, KeyValueCache<'t>) {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("MultiheadAttention"));
        tape.parameter(&self.in_proj_weight);
        let from = past.map_or(0, |past| past.places());
        let checked = self.check_sequence(x).and_then(|input| {
            past.iter().try_for_each(|past| self.check_cache(&input, past))?;
            self.check_mask(&input, from + input.shape[1], mask)
        });
        if let Err(error) = checked {
            let failed = x.failed(error, &[x]);
            return (failed, KeyValueCache::failed(failed));
        }
        let mut cache = self.remember(x, from);
        if let Some(past) = past {
            cache = KeyValueCache {
                keys: past.keys.concat(&[cache.keys], 2),
                values: past.values.concat(&[cache.values], 2),
            };
        }
        (self.look(x, cache, from, mask), cache)
    }

    /// Records keys and values of a sequence `[n, keys, width]` that others look at, for
    /// [`MultiheadAttention::attend_to`] to use many times.
    #[track_caller]
    pub fn keys_and_values<'t>(&self, x: Var<'t>) -> KeyValueCache<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("MultiheadAttention"));
        tape.parameter(&self.in_proj_weight);
        match self.check_sequence(x) {
            Ok(_) => self.remember(x, 0),
            Err(error) => KeyValueCache::failed(x.failed(error, &[x])),
        }
    }

    /// Records [`MultiheadAttention::attend`] of `query` `[n, queries, width]` to the sequence whose keys and values these are.
    #[track_caller]
    pub fn attend_to<'t>(
        &self,
        query: Var<'t>,
        cache: KeyValueCache<'t>,
        mask: Option<Var<'t>>,
    ) -> Var<'t> {
        let tape = query.tape();
        let _layer = tape.within(Part::Layer("MultiheadAttention"));
        tape.parameter(&self.in_proj_weight);
        let checked = self.check_sequence(query).and_then(|input| {
            self.check_cache(&input, &cache)?;
            self.check_mask(&input, cache.places(), mask)
        });
        match checked {
            Ok(()) => self.look(query, cache, 0, mask),
            Err(error) => query.failed(error, &[query, cache.keys]),
        }
    }

    /// Records keys and values of a sequence that fits, whose places begin with one.
    #[track_caller]
    pub(super) fn remember<'t>(&self, x: Var<'t>, from: usize) -> KeyValueCache<'t> {
        let (mut keys, values) = (self.project(x, 1), self.project(x, 2));
        if let Some(base) = self.options.rotary {
            keys = Rotary { base }.turn(keys, from);
        }
        KeyValueCache { keys, values }
    }

    fn check_cache(&self, input: &Meta, cache: &KeyValueCache<'_>) -> Result<()> {
        let want = Meta::new(
            self.options.dtype,
            [input.shape[0], self.heads, cache.places(), self.width / self.heads],
        );
        for (name, var) in [("keys", cache.keys), ("values", cache.values)] {
            var.check()?;
            let have = var.meta();
            if have != want {
                let message = format!(
                    "attention: the cache's {name} are {have}, but for the input {input} they must be {want}"
                );
                let hint = "its axes are examples, heads, places, width of a head; give what run() gave for the \
                            same examples";
                return Err(Error::new(Kind::Shape, message).hint(hint));
            }
        }
        Ok(())
    }
}
