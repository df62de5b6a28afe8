//! [`Portion`]: some numbers of each parameter, which take an optimiser's steps by themselves.

use std::cell::RefCell;
use std::ops::Range;

use super::kept::Kept;
use super::optimizer::kept;
use super::rule::Rule;
use super::step::{Gradients, Members, record};
use crate::eval;
use crate::op::{Bits, Form, Meta, NodeId};
use crate::tape::{Given, Parameter, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Copies of some numbers of each parameter and of what an optimiser keeps for it: of those that one of several processes
/// changes, where each changes a part.
pub(crate) struct Portion {
    /// For each parameter, the part.
    members: Vec<Member>,
    /// How often each whole was changed when the copies were made, or since then by [`Portion::write`].
    seen: RefCell<Vec<Vec<u64>>>,
}

struct Member {
    range: Range<usize>,
    value: Parameter,
    /// What is kept, slot by slot.
    state: Vec<Parameter>,
}

impl Member {
    fn copies(&self) -> impl Iterator<Item = &Parameter> {
        [&self.value].into_iter().chain(&self.state)
    }
}

impl Portion {
    /// The numbers in `ranges`, one for each parameter of the rule. None where they cannot be stepped alone: where a step
    /// is not made of each number by itself, or of other numbers than f32.
    pub(crate) fn of(
        rule: &(impl Rule + ?Sized),
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<Option<Portion>> {
        let kept = kept(rule)?;
        let wholes = |i: usize| wholes(rule, kept, i);
        let count = rule.base().parameters.len();
        let is_alike = |i: usize| {
            let meta = rule.base().parameters[i].1.meta();
            meta.dtype == DType::F32 && wholes(i).all(|own| own.meta() == meta)
        };
        if rule.searches() || !rule.own_state()?.is_empty() || !(0..count).all(is_alike) {
            return Ok(None);
        }
        let members = ranges.into_iter().enumerate().map(|(i, range)| {
            let copy = || Parameter::new(Tensor::zeros([range.len()], DType::F32));
            let state = kept.state(i).iter().map(|_| copy()).collect();
            Member { value: copy(), state, range }
        });
        let members: Vec<Member> = members.collect();
        let seen = (0..members.len()).map(|i| wholes(i).map(|_| u64::MAX).collect());
        let portion = Portion { seen: RefCell::new(seen.collect()), members };
        // A rule may also look at shapes: then the two differ.
        let parameters = &rule.base().parameters;
        let whole = recorded(rule, kept, &|i| (&parameters[i].1, kept.state(i)))?;
        let is_same = whole.is_some() && whole == recorded(rule, kept, &|i| portion.member(i))?;
        Ok(is_same.then_some(portion))
    }

    /// How many kinds of numbers there are of a parameter: its own, which are kind 0, and those of each slot. None has
    /// more.
    pub(crate) fn kinds(&self) -> usize {
        self.members.iter().map(|member| member.copies().count()).max().unwrap_or(0)
    }

    /// Copies what others changed since the last time.
    pub(crate) fn refresh(&self, rule: &(impl Rule + ?Sized)) -> Result<()> {
        let kept = kept(rule)?;
        let mut seen = self.seen.borrow_mut();
        for (i, (member, seen)) in self.members.iter().zip(&mut *seen).enumerate() {
            let Range { start, end } = member.range;
            for ((whole, copy), seen) in wholes(rule, kept, i).zip(member.copies()).zip(seen) {
                let version = whole.version();
                if version != *seen && start < end {
                    let value = whole.value();
                    copy.set(value.reshape([value.elements()])?.slice(0, start..end)?)?;
                }
                *seen = version;
            }
        }
        Ok(())
    }

    /// Records a step of the copies along gradients, one of the length of each copy, and runs it.
    #[track_caller]
    pub(crate) fn step_by<'t>(
        &self,
        rule: &(impl Rule + ?Sized),
        tape: &'t Tape,
        gradients: &[Option<Var<'t>>],
    ) -> Result<()> {
        let kept = kept(rule)?;
        let mut gradients: Gradients<'_> = gradients.into();
        rule.base().clip.apply(&mut gradients);
        record(rule, kept, tape, &gradients, &|i| self.member(i))?;
        eval::step(tape, &[])?;
        kept.count(tape);
        Ok(())
    }

    fn member(&self, i: usize) -> (&Parameter, &[Parameter]) {
        let Member { value, state, .. } = &self.members[i];
        (value, state)
    }

    /// The numbers of a kind that this has of a parameter.
    pub(crate) fn numbers(&self, i: usize, kind: usize) -> Option<(Range<usize>, Tensor)> {
        let member = &self.members[i];
        Some((member.range.clone(), member.copies().nth(kind)?.value()))
    }

    /// Has a parameter, or what is kept of a kind for it, be these numbers as a whole.
    pub(crate) fn write(
        &self,
        rule: &(impl Rule + ?Sized),
        (i, kind): (usize, usize),
        numbers: &[f32],
    ) -> Result<()> {
        let Some(whole) = wholes(rule, kept(rule)?, i).nth(kind) else { return Ok(()) };
        {
            let mut value = whole.write();
            value.make_writable();
            let own = value.as_slice_mut::<f32>().filter(|own| own.len() == numbers.len());
            own.ok_or_else(of_another_size)?.copy_from_slice(numbers);
            whole.changed();
        }
        self.seen.borrow_mut()[i][kind] = whole.version();
        Ok(())
    }
}

/// A parameter, and what is kept for it.
fn wholes<'a, R: Rule + ?Sized>(
    rule: &'a R,
    kept: &'a Kept,
    i: usize,
) -> impl Iterator<Item = &'a Parameter> {
    rule.base().parameters.get(i).map(|(_, own)| own).into_iter().chain(kept.state(i))
}

/// Records a step of some tensors in place of parameters; gives what each node is. None where one makes a number of
/// anything but the numbers in the same place.
fn recorded(
    rule: &(impl Rule + ?Sized),
    kept: &Kept,
    members: &Members<'_>,
) -> Result<Option<Vec<Known>>> {
    let tape = Tape::new();
    let count = rule.base().parameters.len();
    let gradient = |i: usize| {
        let Meta { dtype, shape } = members(i).0.meta();
        Some(tape.watch(Tensor::zeros(shape, *dtype)))
    };
    let mut gradients: Gradients<'_> = (0..count).map(gradient).collect();
    rule.base().clip.apply(&mut gradients);
    record(rule, kept, &tape, &gradients, members)?;
    let recording = tape.recording().borrow();
    let known = (0..recording.len()).map(|id| {
        let id = NodeId::new(id);
        let node = recording.node(id);
        let is_one = |input: &NodeId| recording.node(*input).meta.shape.elements() == 1;
        let number = match (node.op.form(), recording.given(id)) {
            (_, Some(Given::Literal(number))) | (Form::Constant(number), _) => Some(number),
            (Form::Input | Form::First | Form::Formula(_), _) => None,
            // One number, everywhere.
            (Form::View(_), _) if node.inputs.iter().all(is_one) => None,
            _ => return None,
        };
        Some((node.op.name(), number))
    });
    Ok(known.collect())
}

/// The name of an operation, and the number that it is.
type Known = (&'static str, Option<Bits>);

fn of_another_size() -> Error {
    Error::new(Kind::Shape, "parts that were put together are not as many numbers as the parameter")
}

#[cfg(test)]
mod tests {
    use super::Portion;
    use crate::optim::{Hyper, OPTIMIZERS, Optimizer, by_name};
    use crate::tape::{Parameter, Tape};
    use crate::tensor::{DType, Rng, Tensor};

    #[test]
    fn portions_take_the_steps_of_the_whole() {
        let numbers =
            |seed| Tensor::uniform([5, 7], -1.0, 1.0, DType::F32, &mut Rng::new(seed)).unwrap();
        let mut whole_only = Vec::new();
        for info in OPTIMIZERS {
            let made = || {
                let own = Parameter::new(numbers(1));
                (by_name(info.name, &own, &Hyper::default()).unwrap(), own)
            };
            let (whole, own) = made();
            let (parted, other) = made();
            let Some(portion) = Portion::of(&*parted, Some(3..20)).unwrap() else {
                whole_only.push(info.name);
                continue;
            };
            for step in 0..3 {
                let tape = Tape::new();
                let g = tape.constant(numbers(step));
                whole.step_by(&[Some(g)], &[]).unwrap();
                let tape = Tape::new();
                let g = tape.constant(numbers(step)).reshape(35).slice(0, 3..20);
                portion.refresh(&*parted).unwrap();
                portion.step_by(&*parted, &tape, &[Some(g)]).unwrap();
            }
            assert_eq!((whole.steps(), parted.steps()), (3, 3));
            let mut want = vec![own.value()];
            want.extend(whole.state().unwrap().into_iter().skip(1).map(|(_, tensor)| tensor));
            assert_eq!(portion.kinds(), want.len(), "{}", info.name);
            for (kind, want) in want.into_iter().enumerate() {
                let (range, part) = portion.numbers(0, kind).unwrap();
                let want = want.to_f64_vec();
                assert_eq!(part.to_f64_vec(), want[range], "{} {kind}", info.name);
                // Put together again, it is what the whole is.
                let all: Vec<f32> = want.iter().map(|own| *own as f32).collect();
                portion.write(&*parted, (0, kind), &all).unwrap();
            }
            assert!(other.value().equals(&own.value()));
            for ((_, a), (_, b)) in whole.state().unwrap().iter().zip(&parted.state().unwrap()) {
                assert!(a.equals(b), "{}", info.name);
            }
        }
        // These look at a whole tensor, or search.
        assert_eq!(whole_only, ["lamb", "lars", "muon", "adafactor", "lbfgs"]);
    }
}
