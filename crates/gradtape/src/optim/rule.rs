//! [`Rule`]: what an optimiser is made of.

use smallvec::SmallVec;

use super::kept::{DIALS, RATES};
use super::step::once;
use super::{Base, Hyper, HyperValue, Hyperparameter};
use crate::tape::{Dial, Parameter, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor};

/// Numbers that change from step to step, from the step (1 at the first) and the learning rate.
pub type Rates = dyn Fn(u64, f64) -> [f64; RATES] + Send + Sync;

/// A tensor that an optimiser keeps for each parameter, of its type; f32 for one of f16 or bf16.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its name in checkpoints.
    pub name: &'static str,
    /// What it is filled with at first.
    pub start: f64,
    /// Its shape, where that is not the parameter's.
    pub shape: Option<Shape>,
}

impl Slot {
    /// A tensor that starts at 0.
    pub const fn zeros(name: &'static str) -> Slot {
        Slot { name, start: 0.0, shape: None }
    }

    /// The same of a shape of its own: sums over an axis, say.
    #[must_use]
    pub fn shaped(self, shape: impl Into<Shape>) -> Slot {
        Slot { shape: Some(shape.into()), ..self }
    }
}

/// The mathematics of an optimiser. Write one, and [`Optimizer`](super::Optimizer) comes with it.
///
/// ```
/// use gradtape::optim::{Base, Optimizer, Rates, Rule, Slot, Update};
/// use gradtape::{Parameter, Result, Shape, Tape, Tensor, Var};
///
/// /// Steps by the sign of the moving average of the gradient, in steps that shrink.
/// struct SignSgd(Base);
///
/// impl Rule for SignSgd {
///     fn base(&self) -> &Base { &self.0 }
///     fn base_mut(&mut self) -> &mut Base { &mut self.0 }
///     fn name(&self) -> &'static str { "sign_sgd" }
///     fn slots(&self, _: &Shape) -> Vec<Slot> { vec![Slot::zeros("average")] }
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

    /// What is kept for a parameter of a shape; nothing, if not said otherwise. Asked once for each, before the
    /// first step.
    fn slots(&self, _shape: &Shape) -> Vec<Slot> {
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

    /// The same rule with other settings, for a [`Group`](super::Group) of parameters. Fails for a setting that
    /// it does not have or that is out of range, and for every one if not said otherwise.
    fn varied(&self, _hyper: &Hyper) -> Result<Box<dyn Rule>> {
        let message = format!("{} has the same settings for all parameters", self.name());
        Err(Error::new(Kind::Value, message))
    }

    /// Takes a step with a loss that a function records, perhaps several times; gives the loss before it. See
    /// [`Optimizer::minimize`](super::Optimizer::minimize).
    #[track_caller]
    fn search(&self, loss: &mut LossOf<'_>) -> Result<f64> {
        once(self, loss)
    }

    /// Whether a step needs [`Optimizer::minimize`](super::Optimizer::minimize), as it looks at the loss
    /// several times.
    fn searches(&self) -> bool {
        false
    }

    /// What it keeps beside the slots, for checkpoints.
    fn own_state(&self) -> Result<Vec<(String, Tensor)>> {
        Ok(Vec::new())
    }

    /// Takes over what [`Rule::own_state`] gave, all or nothing.
    fn load_own_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        match saved.first() {
            Some((name, _)) => Err(unknown_state(name)),
            None => Ok(()),
        }
    }
}

/// A function that records a loss on a tape.
pub type LossOf<'a> = dyn for<'t> FnMut(&'t Tape) -> Result<Var<'t>> + 'a;

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

    fn slots(&self, shape: &Shape) -> Vec<Slot> {
        (**self).slots(shape)
    }

    fn rates(&self) -> Box<Rates> {
        (**self).rates()
    }

    fn update<'t>(&self, update: &mut Update<'_, 't>) -> Var<'t> {
        (**self).update(update)
    }

    fn varied(&self, hyper: &Hyper) -> Result<Box<dyn Rule>> {
        (**self).varied(hyper)
    }

    fn search(&self, loss: &mut LossOf<'_>) -> Result<f64> {
        (**self).search(loss)
    }

    fn searches(&self) -> bool {
        (**self).searches()
    }

    fn own_state(&self) -> Result<Vec<(String, Tensor)>> {
        (**self).own_state()
    }

    fn load_own_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        (**self).load_own_state(saved)
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
        if place >= RATES {
            let message = format!("the optimiser has no rate {place}, only {RATES}");
            return self.x.failed(Error::new(Kind::Value, message), &[]);
        }
        self.dials.get(self.x, place)
    }
}

/// A tensor of a saved state that the optimiser does not keep.
pub(super) fn unknown_state(name: &str) -> Error {
    Error::new(Kind::Model, format!("the optimiser keeps nothing called {name:?}"))
        .hint("the state was saved by another optimiser or for another network")
}

/// A slot that [`Rule::slots`] does not name.
pub(super) fn no_slot(slot: usize) -> Error {
    Error::new(Kind::Value, format!("the optimiser has no slot {slot}"))
}

/// The clock's dials on the tape, each recorded when it is first read.
pub(super) struct Dials<'t> {
    tape: &'t Tape,
    dials: [Dial; DIALS],
    recorded: [[Option<Var<'t>>; DIALS]; 2],
}

impl<'t> Dials<'t> {
    pub(super) fn new(tape: &'t Tape, dials: [Dial; DIALS]) -> Dials<'t> {
        Dials { tape, dials, recorded: [[None; DIALS]; 2] }
    }

    /// A dial of a place below [`DIALS`], as a scalar of the type of `x`.
    pub(super) fn get(&mut self, x: Var<'t>, place: usize) -> Var<'t> {
        let dtype = x.dtype();
        let known = &mut self.recorded[usize::from(dtype == DType::F64)][place];
        *known.get_or_insert_with(|| self.tape.dial(&self.dials[place], dtype))
    }
}
