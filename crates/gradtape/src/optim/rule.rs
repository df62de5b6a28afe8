//! [`Rule`]: what an optimiser is made of.

use smallvec::SmallVec;

use super::base::RATES;
use super::{Base, HyperValue, Hyperparameter};
use crate::tape::{Dial, Parameter, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result};

/// Numbers that change from step to step, from the step (1 at the first) and the learning rate.
pub type Rates = dyn Fn(u64, f64) -> [f64; RATES] + Send + Sync;

/// A tensor that an optimiser keeps for each parameter, of its shape and type; f32 for one of f16 or bf16.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Its name in checkpoints.
    pub name: &'static str,
    /// What it is filled with at first.
    pub start: f64,
}

impl Slot {
    /// A tensor that starts at 0.
    pub const fn zeros(name: &'static str) -> Slot {
        Slot { name, start: 0.0 }
    }
}

/// The mathematics of an optimiser. Write one, and [`Optimizer`](super::Optimizer) comes with it.
///
/// ```
/// use gradtape::optim::{Base, Optimizer, Rates, Rule, Slot, Update};
/// use gradtape::{Parameter, Result, Tape, Tensor, Var};
///
/// /// Steps by the sign of the moving average of the gradient, in steps that shrink.
/// struct SignSgd(Base);
///
/// impl Rule for SignSgd {
///     fn base(&self) -> &Base { &self.0 }
///     fn base_mut(&mut self) -> &mut Base { &mut self.0 }
///     fn name(&self) -> &'static str { "sign_sgd" }
///     fn slots(&self) -> Vec<Slot> { vec![Slot::zeros("average")] }
///     fn rates(&self) -> Box<Rates> {
///         Box::new(|step, rate| [rate / step as f64, 0.0, 0.0])
///     }
///     fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
///         let average = u.average(0, u.g(), 0.1);
///         u.x() - average.sign() * u.rate(0)
///     }
/// }
///
/// let x = Parameter::new(Tensor::scalar(1.0f64));
/// let opt = SignSgd(Base::new(&x, 0.5));
/// let tape = Tape::new();
/// opt.step(tape.parameter(&x).square())?;
/// assert_eq!(x.value().item()?, 0.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Rule: Send + Sync {
    /// The part that all optimisers share.
    fn base(&self) -> &Base;

    /// The same, to be changed.
    fn base_mut(&mut self) -> &mut Base;

    /// The name, as [`by_name`](super::by_name()) knows it.
    fn name(&self) -> &'static str;

    /// The hyperparameters beside the learning rate, with their values; none, if not said otherwise. They are
    /// held to their ranges before the first step.
    fn settings(&self) -> Vec<(Hyperparameter, HyperValue)> {
        Vec::new()
    }

    /// Fails when settings do not fit each other.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// What is kept for each parameter; nothing, if not said otherwise. Asked once, before the first step.
    fn slots(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// The numbers that change from step to step, which the update reads with [`Update::rate`]. They
    /// enter as dials, so that a plan and a compiled step serve for all steps. Number 0 is the learning
    /// rate if not said otherwise.
    fn rates(&self) -> Box<Rates> {
        Box::new(|_, rate| [rate, 0.0, 0.0])
    }

    /// Records the new value of a parameter and, with [`Update::keep`], what is kept for it.
    fn update<'t>(&self, update: &mut Update<'_, 't>) -> Var<'t>;
}

impl<R: Rule + ?Sized> Rule for Box<R> {
    fn base(&self) -> &Base {
        (**self).base()
    }

    fn base_mut(&mut self) -> &mut Base {
        (**self).base_mut()
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn settings(&self) -> Vec<(Hyperparameter, HyperValue)> {
        (**self).settings()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn slots(&self) -> Vec<Slot> {
        (**self).slots()
    }

    fn rates(&self) -> Box<Rates> {
        (**self).rates()
    }

    fn update<'t>(&self, update: &mut Update<'_, 't>) -> Var<'t> {
        (**self).update(update)
    }
}

/// One parameter in one step, as a [`Rule`] sees it.
pub struct Update<'a, 't> {
    pub(super) x: Var<'t>,
    pub(super) g: Var<'t>,
    pub(super) state: &'a [Parameter],
    pub(super) next: SmallVec<[(usize, Var<'t>); 3]>,
    pub(super) dials: &'a mut Dials<'t>,
}

impl<'t> Update<'_, 't> {
    /// The parameter before the step; as f32, if it is of f16 or bf16.
    pub fn x(&self) -> Var<'t> {
        self.x
    }

    /// Its gradient, clipped, in the same type.
    pub fn g(&self) -> Var<'t> {
        self.g
    }

    /// Its gradient with that of the penalty ½ `weight_decay` ‖x‖²: `g + weight_decay x`.
    pub fn decayed(&self, weight_decay: f64) -> Var<'t> {
        if weight_decay > 0.0 { self.g + self.x * weight_decay } else { self.g }
    }

    /// What was kept in a slot, by its number.
    pub fn state(&self, slot: usize) -> Var<'t> {
        match self.state.get(slot) {
            Some(state) => self.x.tape().parameter(state),
            None => self.x.failed(no_slot(slot), &[]),
        }
    }

    /// Keeps a value in a slot for the next step, and gives it back. The step fails where there is no such
    /// slot.
    pub fn keep(&mut self, slot: usize, value: Var<'t>) -> Var<'t> {
        self.next.push((slot, value));
        value
    }

    /// Moves what is kept in a slot by a share of the way to a value, `kept + (value - kept) share`,
    /// and keeps that: the moving average `(1 - share) kept + share value`.
    pub fn average(&mut self, slot: usize, value: Var<'t>, share: f64) -> Var<'t> {
        let kept = self.state(slot);
        self.keep(slot, kept + (value - kept) * share)
    }

    /// As [`Update::average`] of the square of a value, `(1 - share) kept + (share value) value`: finite
    /// wherever the average is, also where the square alone is not.
    pub fn average_of_square(&mut self, slot: usize, value: Var<'t>, share: f64) -> Var<'t> {
        let new = value * share * value;
        // With no past, an infinite one must not count.
        let past = (share < 1.0).then(|| self.state(slot) * (1.0 - share));
        self.keep(slot, past.map_or(new, |past| past + new))
    }

    /// A number that changes from step to step, by its place in [`Rule::rates`], as a scalar of the
    /// parameter's type.
    pub fn rate(&mut self, place: usize) -> Var<'t> {
        self.dials.get(self.x, place)
    }
}

/// A slot that [`Rule::slots`] does not name.
pub(super) fn no_slot(slot: usize) -> Error {
    Error::new(Kind::Value, format!("the optimiser has no slot {slot}"))
}

/// The clock's dials on the tape, each recorded when it is first read.
pub(super) struct Dials<'t> {
    tape: &'t Tape,
    dials: [Dial; RATES],
    recorded: [[Option<Var<'t>>; RATES]; 2],
}

impl<'t> Dials<'t> {
    pub(super) fn new(tape: &'t Tape, dials: [Dial; RATES]) -> Dials<'t> {
        Dials { tape, dials, recorded: [[None; RATES]; 2] }
    }

    fn get(&mut self, x: Var<'t>, place: usize) -> Var<'t> {
        let dtype = x.dtype();
        let known = self.recorded[usize::from(dtype == DType::F64)].get_mut(place);
        let Some((known, dial)) = known.zip(self.dials.get(place)) else {
            let message = format!("the optimiser has no rate {place}, only {RATES}");
            return x.failed(Error::new(Kind::Value, message), &[]);
        };
        *known.get_or_insert_with(|| self.tape.dial(dial, dtype))
    }
}
