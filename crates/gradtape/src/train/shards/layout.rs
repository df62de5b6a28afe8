//! [`Layout`]: where each number that is added up over shards stands.

use std::ops::Range;

use super::sums::Sums;
use crate::nn::{self, Layer};
use crate::optim::Optimizer;
use crate::tape::{Dial, Parameter, Var};
use crate::tensor::{DType, Result, Tensor};
use crate::train::score::Mean;

/// The numbers of a shard: what it counts, a gradient for each parameter, and how it changed what is not trained.
pub(super) struct Layout {
    pub(super) parameters: Vec<(Parameter, Place)>,
    pub(super) buffers: Vec<(Parameter, Place)>,
    pub(super) dials: Vec<Dial>,
    /// Where the counts of draws begin, behind those of gradients.
    turned: usize,
    narrow: usize,
    wide: usize,
}

/// Where the numbers of a tensor stand.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Narrow(Range<usize>),
    Wide(Range<usize>),
}

/// The state before a step.
pub(super) struct Before {
    buffers: Vec<Tensor>,
    dials: Vec<f64>,
}

/// The first numbers: shards with rows, ranks that are asked to stop, and the scores. Then how often each parameter had a
/// gradient.
const SHARDS: usize = 0;
const STOPS: usize = 1;
const SCORES: usize = 2;
const FIRST: usize = SCORES + Mean::NUMBERS;

/// Draws of random numbers that lie between two shards, so that each has its own.
const DRAWS: f64 = (1u64 << 32) as f64;

impl Layout {
    pub(super) fn of(net: &dyn Layer, optimizer: &dyn Optimizer) -> Layout {
        let trained = optimizer.base().parameters();
        let state = nn::named_state(net).into_iter().map(|(_, own)| own);
        let buffers = state.filter(|own| !own.is_trained());
        let dials: Vec<Dial> = net.named_dials().into_iter().map(|(_, dial)| dial).collect();
        let turned = FIRST + trained.len();
        let (mut narrow, mut wide) = (0, turned + dials.len());
        let mut place = |own: Parameter| {
            let meta = own.meta();
            let is_narrow = meta.dtype.is_float() && meta.dtype.computed() == DType::F32;
            let end = if is_narrow { &mut narrow } else { &mut wide };
            let range = *end..*end + meta.shape.elements();
            *end = range.end;
            (own, if is_narrow { Place::Narrow(range) } else { Place::Wide(range) })
        };
        let parameters = trained.iter().map(|(_, own)| place(own.share())).collect();
        let buffers = buffers.map(&mut place).collect();
        Layout { parameters, buffers, dials, turned, narrow, wide }
    }

    /// Nothing yet.
    pub(super) fn zeros(&self) -> Sums {
        Sums { narrow: vec![0.0; self.narrow], wide: vec![0.0; self.wide] }
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

    /// What a shard gave: a gradient for each parameter that has one, of its part of the loss, and its scores. `share` is
    /// its part of the rows.
    pub(super) fn sums(
        &self,
        before: &Before,
        (shard, share): (usize, f64),
        gradients: &[Option<Tensor>],
        mean: &Mean,
    ) -> Sums {
        let (narrow, wide) = (Vec::with_capacity(self.narrow), vec![0.0; self.wide]);
        let mut sums = Sums { narrow, wide };
        sums.wide[SHARDS] = 1.0;
        sums.wide[SCORES..FIRST].copy_from_slice(&mean.numbers());
        for (number, ((_, place), gradient)) in self.parameters.iter().zip(gradients).enumerate() {
            sums.wide[FIRST + number] = f64::from(u8::from(gradient.is_some()));
            sums.put(place, gradient.as_ref());
        }
        for (number, (dial, start)) in self.dials.iter().zip(&before.dials).enumerate() {
            sums.wide[self.turned + number] = dial.get() - start - DRAWS * shard as f64;
        }
        for ((own, place), start) in self.buffers.iter().zip(&before.buffers) {
            let changed = own.value();
            // Of a whole number, which all shards count alike, the mean is made at the end.
            let share = if changed.dtype().is_float() { share } else { 1.0 };
            let numbers = changed.to_f64_vec().into_iter().zip(start.to_f64_vec());
            let moved = numbers.map(|(now, then)| (now - then) * share);
            match place {
                Place::Narrow(_) => sums.narrow.extend(moved.map(|by| by as f32)),
                Place::Wide(range) => {
                    sums.wide[range.clone()].iter_mut().zip(moved).for_each(|(own, by)| *own = by);
                }
            }
        }
        sums
    }

    /// Has what is not trained be what all shards made of it together.
    pub(super) fn end(&self, before: &Before, sums: &Sums) -> Result<()> {
        let shards = sums.wide[SHARDS].max(1.0);
        for (number, (dial, start)) in self.dials.iter().zip(&before.dials).enumerate() {
            dial.set(start + (sums.wide[self.turned + number] / shards).round());
        }
        for ((own, place), start) in self.buffers.iter().zip(&before.buffers) {
            let then = start.to_f64_vec().into_iter();
            let dtype = start.dtype();
            let now: Vec<f64> = match place {
                Place::Narrow(range) => then
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

    /// Which parameters have a gradient in any shard, and all numbers as tensors.
    pub(super) fn told_of(&self, sums: Sums) -> Result<(Vec<bool>, [Tensor; 2])> {
        let Sums { narrow, wide } = sums;
        let used = wide.get(FIRST..self.turned).unwrap_or_default();
        let used = used.iter().map(|&used| used > 0.0).collect();
        let lengths = [narrow.len(), wide.len()];
        Ok((used, [Tensor::from_vec(narrow, lengths[0])?, Tensor::from_vec(wide, lengths[1])?]))
    }

    /// The gradients among these numbers, of the parameters that have one.
    pub(super) fn gradients<'t>(
        &self,
        used: &[bool],
        [narrow, wide]: [Var<'t>; 2],
    ) -> Vec<Option<Var<'t>>> {
        let given = self.parameters.iter().zip(used).map(|((own, place), used)| {
            let (from, range) = match place {
                Place::Narrow(range) => (narrow, range),
                Place::Wide(range) => (wide, range),
            };
            let meta = own.meta();
            used.then(|| from.slice(0, range.clone()).reshape(meta.shape.clone()).cast(meta.dtype))
        });
        given.collect()
    }

    /// Asks all ranks to stop after the step.
    pub(super) fn ask_to_stop(sums: &mut Sums) {
        sums.wide[STOPS] += 1.0;
    }

    /// Whether a rank was asked to stop, and the scores of the batch.
    pub(super) fn told(sums: &Sums) -> (bool, Option<Mean>) {
        let Some(head) = sums.wide.get(..FIRST) else { return (false, None) };
        (head[STOPS] > 0.0, Mean::of_numbers(&head[SCORES..]))
    }
}

impl Sums {
    /// Puts a gradient in its place, the next one of the first numbers.
    fn put(&mut self, place: &Place, gradient: Option<&Tensor>) {
        match (place, gradient) {
            (Place::Narrow(range), None) => self.narrow.resize(range.end, 0.0),
            (Place::Narrow(_), Some(gradient)) => match gradient.as_slice::<f32>() {
                Some(numbers) => self.narrow.extend_from_slice(numbers),
                None => self.narrow.extend(gradient.to_f64_vec().iter().map(|own| *own as f32)),
            },
            (Place::Wide(_), None) => {}
            (Place::Wide(range), Some(gradient)) => {
                self.wide[range.clone()].copy_from_slice(&gradient.to_f64_vec());
            }
        }
    }
}
