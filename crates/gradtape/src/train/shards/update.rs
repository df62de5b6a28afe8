//! The optimiser's step along what was added up.

use std::rc::Rc;

use super::Traffic;
use super::layout::{Layout, Place};
use super::part::Part;
use super::shared::Shared;
use super::spare::Spare;
use super::sums::Sums;
use crate::eval::compile;
use crate::tape::Var;
use crate::tensor::{Result, Tensor};
use crate::train::step::Parts;

/// The optimiser's step along what was added up.
pub(super) struct Update<'a, 'n> {
    parts: Parts<'a, 'n>,
    layout: Rc<Layout>,
    /// The part of the parameters that this rank steps, where each steps one.
    own: Option<Rc<Part<'n>>>,
    /// For these parameters with a gradient, the compiled step.
    step: Option<(Vec<bool>, Step<'a>)>,
}

/// Takes the sums as tensors.
type Step<'a> = Box<dyn FnMut(&[Tensor]) -> Result<()> + 'a>;

impl<'a, 'n: 'a> Update<'a, 'n> {
    /// Where the ranks can share it, each of them steps the numbers that it added up.
    pub(super) fn new(
        parts: Parts<'a, 'n>,
        layout: &Rc<Layout>,
        shared: Shared<'n>,
    ) -> Result<Update<'a, 'n>> {
        let own = Part::of(parts, layout, shared)?.map(Rc::new);
        Ok(Update { parts, layout: Rc::clone(layout), own, step: None })
    }

    /// Whether each rank steps the numbers that it added up.
    pub(super) fn is_in_parts(&self) -> bool {
        self.own.is_some()
    }

    /// Steps along the sums of all buckets.
    pub(super) fn take(
        &mut self,
        sums: Vec<Sums>,
        spare: &Spare,
        spent: &mut Traffic,
    ) -> Result<()> {
        let used = sums.last().map(|last| self.layout.used(last)).unwrap_or_default();
        let (parts, layout) = (self.parts, &self.layout);
        let step = match self.step.take().filter(|(before, _)| *before == used) {
            Some((_, step)) => step,
            None => match &self.own {
                None => whole(parts, Rc::clone(layout), used.clone()),
                Some(own) => in_parts(parts, Rc::clone(layout), Rc::clone(own), used.clone()),
            },
        };
        let (_, step) = self.step.insert((used, step));
        match &self.own {
            None => {
                let numbers = tensors(sums)?;
                step(&numbers)?;
                keep(numbers, spare);
                Ok(())
            }
            Some(own) => own.take((parts, layout), sums, step, (spare, spent)),
        }
    }

    /// Has each rank know all of what the optimiser keeps. All ranks call it after the same step.
    pub(super) fn settle(&self, spare: &Spare, spent: &mut Traffic) -> Result<()> {
        match &self.own {
            Some(own) => own.settle((self.parts, &self.layout), (spare, spent)),
            None => Ok(()),
        }
    }
}

/// The step of all parameters.
fn whole<'a, 'n: 'a>(parts: Parts<'a, 'n>, layout: Rc<Layout>, used: Vec<bool>) -> Step<'a> {
    let mut step = compile(move |_, inputs: &[Var<'_>]| {
        let gradients = gradients(&layout, &used, inputs);
        parts.optimizer.step_by(&gradients, &[])?;
        Ok(Vec::new())
    });
    Box::new(move |numbers| step.call(numbers).map(drop))
}

/// The step of the numbers that this rank added up.
fn in_parts<'a, 'n: 'a>(
    parts: Parts<'a, 'n>,
    layout: Rc<Layout>,
    own: Rc<Part<'n>>,
    used: Vec<bool>,
) -> Step<'a> {
    let mut step = compile(move |tape, inputs: &[Var<'_>]| {
        own.record(parts, &layout, &used, (tape, inputs))?;
        Ok(Vec::new())
    });
    Box::new(move |numbers| step.call(numbers).map(drop))
}

/// The numbers of each bucket, and behind them those of f64.
fn tensors(mut sums: Vec<Sums>) -> Result<Vec<Tensor>> {
    let wide = sums.last_mut().map(|last| std::mem::take(&mut last.wide)).unwrap_or_default();
    let length = wide.len();
    let narrow = sums.into_iter().map(|own| {
        let length = own.narrow.len();
        Tensor::from_vec(own.narrow, length)
    });
    narrow.chain([Tensor::from_vec(wide, length)]).collect()
}

/// Keeps the memory of numbers that nobody else has.
pub(super) fn keep(numbers: Vec<Tensor>, spare: &Spare) {
    let narrow = numbers.into_iter().filter_map(Tensor::into_numbers::<f32>);
    narrow.for_each(|numbers| spare.keep_numbers(numbers));
}

/// The gradients among these numbers, of the parameters that have one.
fn gradients<'t>(layout: &Layout, used: &[bool], numbers: &[Var<'t>]) -> Vec<Option<Var<'t>>> {
    let given = layout.parameters().iter().zip(used).map(|((own, place), used)| {
        let (from, range) = match place {
            Place::Narrow { bucket, range } => (numbers[*bucket], range),
            Place::Wide(range) => (numbers[numbers.len() - 1], range),
        };
        let meta = own.meta();
        used.then(|| from.slice(0, range.clone()).reshape(meta.shape.clone()).cast(meta.dtype))
    });
    given.collect()
}
