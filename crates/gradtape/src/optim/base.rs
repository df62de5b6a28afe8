//! [`Base`]: what every optimiser has: parameters, state, learning rate, step count.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::declare::bad;
use super::{Interval, Rates, Rule, Slot};
use crate::nn::Module;
use crate::op::Meta;
use crate::tape::{Dial, Parameter, Tape};
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// The part that all optimisers share: the parameters they change, the tensors they keep for each, the
/// learning rate and the step count.
pub struct Base {
    pub(super) parameters: Vec<(String, Parameter)>,
    rate: Dial,
    steps: Arc<AtomicU64>,
    /// Made at the first use, when the settings are complete.
    kept: OnceLock<Kept>,
    pub(super) clip_norm: Option<f64>,
    pub(super) allow_unused: bool,
}

/// What an optimiser keeps from step to step.
pub(super) struct Kept {
    slots: Vec<Slot>,
    /// For each parameter its state tensors, one after another.
    state: Vec<Parameter>,
    clock: Arc<Clock>,
}

/// How many numbers of a rule may change from step to step.
pub(super) const RATES: usize = 3;

/// What turns from step to step.
pub(super) struct Clock {
    rates: Box<Rates>,
    rate: Dial,
    steps: Arc<AtomicU64>,
    pub(super) dials: [Dial; RATES],
}

impl Clock {
    /// Sets the dials for the next step.
    fn turn(&self) {
        let numbers = (self.rates)(self.steps.load(Ordering::Relaxed) + 1, self.rate.get());
        self.dials.iter().zip(numbers).for_each(|(dial, number)| dial.set(number));
    }

    /// Counts a step that was taken.
    fn count(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }
}

impl Base {
    /// For the floating-point parameters of a module, starting with a learning rate.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> Base {
        let mut parameters = module.named_parameters();
        parameters.retain(|(_, parameter)| parameter.read().dtype().is_float());
        Base {
            parameters,
            rate: Dial::new(learning_rate),
            steps: Arc::default(),
            kept: OnceLock::new(),
            clip_norm: None,
            allow_unused: false,
        }
    }

    /// The learning rate now.
    pub fn learning_rate(&self) -> f64 {
        self.rate.get()
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    pub(super) fn set_learning_rate(&self, rate: f64) -> Result<()> {
        check_rate(rate)?;
        self.rate.set(rate);
        Ok(())
    }

    /// What the optimiser of this rule keeps, made the first time.
    pub(super) fn kept<R: Rule + ?Sized>(&self, rule: &R) -> Result<&Kept> {
        if let Some(kept) = self.kept.get() {
            return Ok(kept);
        }
        check(rule)?;
        Ok(self.kept.get_or_init(|| {
            let clock = Clock {
                rates: rule.rates(),
                rate: self.rate.share(),
                steps: Arc::clone(&self.steps),
                dials: Default::default(),
            };
            let slots = rule.slots();
            let fresh = |(_, parameter): &(String, Parameter)| {
                let Meta { dtype, shape } = parameter.meta().clone();
                let dtype = dtype.computed();
                let start = |slot: &Slot| Parameter::new(Tensor::full(&shape, slot.start, dtype));
                slots.iter().map(start).collect::<Vec<_>>()
            };
            let state = self.parameters.iter().flat_map(fresh).collect();
            Kept { slots, state, clock: Arc::new(clock) }
        }))
    }

    pub(super) fn check(&self) -> Result<()> {
        check_rate(self.learning_rate())?;
        if let Some(most) = self.clip_norm
            && (most.is_nan() || most <= 0.0)
        {
            return Err(bad("clip_norm", most, "above 0"));
        }
        if self.parameters.is_empty() {
            let message = "the optimiser was given no parameter to change";
            return Err(Error::new(Kind::Value, message)
                .hint("give it a module with parameters of a floating-point type"));
        }
        Ok(())
    }

    /// The step count and the state tensors by name.
    pub(super) fn save(&self, kept: &Kept) -> Vec<(String, Tensor)> {
        let mut saved = vec![(STEPS.to_string(), Tensor::scalar(self.steps() as i64))];
        let state = self.names(kept).zip(&kept.state);
        saved.extend(state.map(|(name, tensor)| (name, tensor.value())));
        saved
    }

    /// Takes over what [`Base::save`] gave, all or nothing.
    pub(super) fn load(&self, kept: &Kept, saved: &[(String, Tensor)]) -> Result<()> {
        let wrong = |message: String| Error::new(Kind::Model, message);
        let find = |name: &str| {
            let found = saved.iter().find(|(other, _)| other == name);
            found.map(|(_, tensor)| tensor).ok_or_else(|| {
                let error = wrong(format!("the saved optimiser state has no {name:?}"));
                match nearest(name, saved.iter().map(|(other, _)| &other[..])) {
                    Some(close) => error.hint(format!("it has {close:?}")),
                    None => error.hint("it was saved by another optimiser or for another network"),
                }
            })
        };
        let steps = find(STEPS)?.item()?;
        if steps < 0.0 || steps.fract() != 0.0 {
            return Err(wrong(format!("the saved optimiser state has {steps} steps")));
        }
        let mut tensors = Vec::with_capacity(kept.state.len());
        for (name, state) in self.names(kept).zip(&kept.state) {
            let tensor = find(&name)?;
            let have = state.read();
            if (tensor.shape(), tensor.dtype()) != (have.shape(), have.dtype()) {
                let (want, dtype) = (have.shape(), have.dtype());
                let (shape, other) = (tensor.shape(), tensor.dtype());
                let message = format!("{name:?} is {dtype}{want}, but {other}{shape} was saved");
                return Err(wrong(message));
            }
            tensors.push(tensor);
        }
        if let Some((name, _)) = saved
            .iter()
            .find(|(name, _)| name != STEPS && !self.names(kept).any(|own| own == *name))
        {
            return Err(wrong(format!("the optimiser keeps nothing called {name:?}"))
                .hint("the state was saved by another optimiser or for another network"));
        }
        for (state, tensor) in kept.state.iter().zip(tensors) {
            state.set(tensor.clone())?;
        }
        self.steps.store(steps as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The names of the state tensors, in order.
    fn names<'a>(&'a self, kept: &'a Kept) -> impl Iterator<Item = String> + 'a {
        self.parameters.iter().flat_map(move |(name, _)| {
            kept.slots.iter().map(move |slot| format!("{name}.{}", slot.name))
        })
    }
}

impl Kept {
    /// The tensors kept for parameter number `i`, in the order of the slots.
    pub(super) fn state(&self, i: usize) -> &[Parameter] {
        let slots = self.slots.len();
        &self.state[i * slots..][..slots]
    }

    /// Sets the dials for the next step; a compiled step sets them again at every later call.
    pub(super) fn turn(&self, tape: &Tape) -> &Clock {
        self.clock.turn();
        if tape.is_tracing() {
            let clock = Arc::clone(&self.clock);
            tape.on_replay(Arc::new(move || clock.turn()));
        }
        &self.clock
    }

    /// Counts the step that was just taken; a compiled step counts those that it takes later.
    pub(super) fn count(&self, tape: &Tape) {
        if tape.is_tracing() {
            let clock = Arc::clone(&self.clock);
            tape.after_run(Arc::new(move || clock.count()));
        } else {
            self.clock.count();
        }
    }
}

const STEPS: &str = "steps";

pub(super) fn check_rate(rate: f64) -> Result<()> {
    Interval::FROM_0.check("learning rate", rate)
}

/// Fails for settings that are out of range or do not fit each other.
pub(super) fn check<R: Rule + ?Sized>(rule: &R) -> Result<()> {
    let settings = rule.settings();
    let ranges = settings.iter().try_for_each(|(known, value)| known.check(*value));
    ranges
        .and_then(|()| rule.check())
        .and_then(|()| rule.base().check())
        .map_err(|error| error.context(rule.name()))
}
