//! [`Layout`]: where each number that is added up over shards stands.

use std::ops::Range;

use super::MANY;
use super::spare::Spare;
use super::sums::Sums;
use crate::nn::{self, Layer};
use crate::optim::Optimizer;
use crate::tape::{Dial, Parameter};
use crate::tensor::{DType, Result, Tensor};
use crate::train::score::Mean;

/// The numbers of a shard: a gradient for each parameter, what it counts, and how it changed what is not trained.
///
/// They are cut into buckets, which are added up by themselves: gradients in buckets of at least a megabyte, the last
/// parameters first, since these are differentiated first; in the last bucket, all that is known only at the end.
pub(super) struct Layout {
    parameters: Vec<(Parameter, Place)>,
    buffers: Vec<(Parameter, Place)>,
    dials: Vec<Dial>,
    /// Where the counts of draws begin in the last bucket, behind those of gradients.
    turned: usize,
    /// How many numbers of f32 each bucket has.
    narrow: Vec<usize>,
    /// How many of f64 the last bucket has.
    wide: usize,
}

/// Where the numbers of a tensor stand: in a bucket, or in the last one as f64.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Narrow { bucket: usize, range: Range<usize> },
    Wide(Range<usize>),
}

/// The state before a step.
pub(super) struct Before {
    buffers: Vec<Tensor>,
    dials: Vec<f64>,
}

/// The first numbers of f64: shards with rows, ranks that are asked to stop and those that are to save, and the scores. Then how often each parameter
/// had a gradient.
const SHARDS: usize = 0;
const STOPS: usize = 1;
const SAVES: usize = 2;
const SCORES: usize = 3;
const FIRST: usize = SCORES + Mean::NUMBERS;

/// Draws of random numbers that lie between two shards, so that each has its own.
const DRAWS: f64 = (1u64 << 32) as f64;

/// From how many numbers on a bucket is full.
const FULL: usize = 1 << 18;

impl Layout {
    pub(super) fn of(net: &dyn Layer, optimizer: &dyn Optimizer) -> Layout {
        let trained = optimizer.base().parameters();
        let state = nn::named_state(net).into_iter().map(|(_, own)| own);
        let buffers = state.filter(|own| !own.is_trained());
        let dials: Vec<Dial> = net.named_dials().into_iter().map(|(_, dial)| dial).collect();
        let turned = FIRST + trained.len();
        let (mut narrow, mut wide) = (vec![0], turned + dials.len());
        let mut place = |own: Parameter, narrow: &mut Vec<usize>| {
            let meta = own.meta();
            let (is_narrow, bucket) = (is_narrow(&own), narrow.len() - 1);
            let end = if is_narrow { &mut narrow[bucket] } else { &mut wide };
            let range = *end..*end + meta.shape.elements();
            *end = range.end;
            (own, if is_narrow { Place::Narrow { bucket, range } } else { Place::Wide(range) })
        };
        let count = |own: &Parameter| if is_narrow(own) { own.meta().shape.elements() } else { 0 };
        let is_cut = trained.iter().map(|(_, own)| count(own)).sum::<usize>() >= MANY;
        let mut parameters = Vec::with_capacity(trained.len());
        for (_, own) in trained.iter().rev() {
            parameters.push(place(own.share(), &mut narrow));
            if is_cut && narrow.last().is_some_and(|&last| last >= FULL) {
                narrow.push(0);
            }
        }
        if is_cut && narrow.last().is_some_and(|&last| last > 0) {
            narrow.push(0);
        }
        parameters.reverse();
        let buffers = buffers.map(|own| place(own, &mut narrow)).collect();
        Layout { parameters, buffers, dials, turned, narrow, wide }
    }

    /// How many buckets there are.
    pub(super) fn buckets(&self) -> usize {
        self.narrow.len()
    }

    /// The last bucket, which has what is known only at the end.
    fn last(&self) -> usize {
        self.narrow.len() - 1
    }

    /// Nothing yet, in a bucket.
    pub(super) fn zeros(&self, bucket: usize) -> Sums {
        let wide = if bucket == self.last() { self.wide } else { 0 };
        Sums { narrow: vec![0.0; self.narrow[bucket]], wide: vec![0.0; wide] }
    }

    /// As [`Layout::zeros`], in spare memory, where gradients are whatever was there.
    pub(super) fn room(&self, bucket: usize, spare: &Spare) -> Sums {
        if bucket == self.last() {
            return self.zeros(bucket);
        }
        Sums { narrow: spare.numbers(self.narrow[bucket]), wide: Vec::new() }
    }

    /// How many numbers of f32 a bucket has.
    pub(super) fn narrow(&self, bucket: usize) -> usize {
        self.narrow[bucket]
    }

    /// Where the gradient of each parameter stands.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.parameters.iter().map(|(_, place)| place)
    }

    /// The parameters, with where their gradients stand.
    pub(super) fn parameters(&self) -> &[(Parameter, Place)] {
        &self.parameters
    }

    pub(super) fn before(&self) -> Before {
        Before {
            buffers: self.buffers.iter().map(|(own, _)| own.value()).collect(),
            dials: self.dials.iter().map(Dial::get).collect(),
        }
    }

    /// Has a shard begin where the step does, with random numbers of its own.
    pub(super) fn begin(&self, before: &Before, shard: usize) -> Result<()> {
        let dials = self.dials.iter().zip(&before.dials);
        dials.for_each(|(dial, start)| dial.set(start + DRAWS * shard as f64));
        let mut buffers = self.buffers.iter().zip(&before.buffers);
        buffers.try_for_each(|((own, _), value)| own.set(value.clone()))
    }

    /// Puts into the last bucket what a shard gave beside gradients: which parameters have one, scores, draws, and how it
    /// changed what is not trained. `share` is its part of the rows.
    pub(super) fn count(
        &self,
        sums: &mut Sums,
        before: &Before,
        (shard, share): (usize, f64),
        used: &[bool],
        mean: &Mean,
    ) {
        sums.wide[SHARDS] = 1.0;
        sums.wide[SCORES..FIRST].copy_from_slice(&mean.numbers());
        let counts = sums.wide[FIRST..self.turned].iter_mut().zip(used);
        counts.for_each(|(count, used)| *count = f64::from(u8::from(*used)));
        for (number, (dial, start)) in self.dials.iter().zip(&before.dials).enumerate() {
            sums.wide[self.turned + number] = dial.get() - start - DRAWS * shard as f64;
        }
        for ((own, place), start) in self.buffers.iter().zip(&before.buffers) {
            let changed = own.value();
            // Of a whole number, which all shards count alike, the mean is made at the end.
            let share = if changed.dtype().is_float() { share } else { 1.0 };
            let numbers = changed.to_f64_vec().into_iter().zip(start.to_f64_vec());
            sums.put(place, numbers.map(|(now, then)| (now - then) * share));
        }
    }

    /// Has what is not trained be what all shards made of it together, by the sums of the last bucket.
    pub(super) fn end(&self, before: &Before, sums: &Sums) -> Result<()> {
        let shards = sums.wide[SHARDS].max(1.0);
        for (number, (dial, start)) in self.dials.iter().zip(&before.dials).enumerate() {
            dial.set(start + (sums.wide[self.turned + number] / shards).round());
        }
        for ((own, place), start) in self.buffers.iter().zip(&before.buffers) {
            let then = start.to_f64_vec().into_iter();
            let dtype = start.dtype();
            let now: Vec<f64> = match place {
                Place::Narrow { range, .. } => then
                    .zip(&sums.narrow[range.clone()])
                    .map(|(then, by)| then + f64::from(*by))
                    .collect(),
                Place::Wide(range) if dtype.is_float() => {
                    then.zip(&sums.wide[range.clone()]).map(|(then, by)| then + by).collect()
                }
                Place::Wide(range) => {
                    let counted = then.zip(&sums.wide[range.clone()]);
                    counted.map(|(then, by)| then + (by / shards).round()).collect()
                }
            };
            own.set(Tensor::from_vec(now, start.shape().clone())?.cast(dtype))?;
        }
        Ok(())
    }

    /// Which parameters have a gradient in any shard, by the sums of the last bucket.
    pub(super) fn used(&self, sums: &Sums) -> Vec<bool> {
        let used = sums.wide.get(FIRST..self.turned).unwrap_or_default();
        used.iter().map(|&used| used > 0.0).collect()
    }

    /// Asks all ranks to stop after the step, or to have all ready for being saved.
    pub(super) fn ask(sums: &mut Sums, [stop, save]: [bool; 2]) {
        sums.wide[STOPS] += f64::from(u8::from(stop));
        sums.wide[SAVES] += f64::from(u8::from(save));
    }

    /// Whether a rank asks to stop, or to save, and the scores of the batch.
    pub(super) fn told(sums: &Sums) -> ([bool; 2], Option<Mean>) {
        let Some(head) = sums.wide.get(..FIRST) else { return ([false; 2], None) };
        ([STOPS, SAVES].map(|at| head[at] > 0.0), Mean::of_numbers(&head[SCORES..]))
    }
}

/// Whether a tensor is computed in f32.
fn is_narrow(own: &Parameter) -> bool {
    let dtype = own.meta().dtype;
    dtype.is_float() && dtype.computed() == DType::F32
}
