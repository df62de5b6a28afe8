//! [`Kept`]: what an optimiser keeps from step to step: tensors for each parameter, and the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::rule::unknown_state;
use super::{Base, Rates, Rule};
use crate::op::Meta;
use crate::tape::{Dial, Parameter, Tape, Var};
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// How many numbers of a rule may change from step to step.
pub(super) const RATES: usize = 3;

/// Those of a rule, then two of the look ahead, of which averages need the first: whether this is the first step, and
/// whether the slow weights move in it.
pub(super) const DIALS: usize = RATES + 2;
pub(super) const FIRST: usize = RATES;
pub(super) const SYNC: usize = RATES + 1;

/// The slot of the slow weights.
pub(super) const SLOW: &str = "slow";

/// The slot of the averages, the last.
pub(super) const AVERAGE: &str = "average";

/// What an optimiser keeps from step to step.
pub(super) struct Kept {
    members: Vec<Member>,
    /// The rules of the groups; the optimiser's own is the first part, which has none here.
    rules: Vec<Box<dyn Rule>>,
    /// One for each part.
    clocks: Vec<Arc<Clock>>,
    steps: Arc<AtomicU64>,
    has_groups: bool,
    lookahead: Option<(usize, f64)>,
    averages: bool,
}

/// What is kept for one parameter.
struct Member {
    /// Which part it belongs to: 0, or the number of its group from 1.
    part: usize,
    names: Vec<&'static str>,
    state: Vec<Parameter>,
}

/// What turns from step to step.
pub(super) struct Clock {
    rates: Box<Rates>,
    rate: Dial,
    scale: f64,
    every: u64,
    steps: Arc<AtomicU64>,
    pub(super) dials: [Dial; DIALS],
}

impl Clock {
    fn new(rule: &(impl Rule + ?Sized), base: &Base, scale: f64) -> Arc<Clock> {
        Arc::new(Clock {
            rates: rule.rates(),
            rate: base.rate.share(),
            scale,
            every: base.lookahead.map_or(1, |(every, _)| every as u64),
            steps: Arc::clone(&base.steps),
            dials: Default::default(),
        })
    }

    /// Sets the dials for the next step.
    fn turn(&self) {
        let step = self.steps.load(Ordering::Relaxed) + 1;
        let numbers = (self.rates)(step, self.rate.get() * self.scale);
        self.dials.iter().zip(numbers).for_each(|(dial, number)| dial.set(number));
        self.dials[FIRST].set(f64::from(u8::from(step == 1)));
        self.dials[SYNC].set(f64::from(u8::from(step.is_multiple_of(self.every))));
    }
}

impl Kept {
    /// For the parameters of a rule and its groups, whose settings are known to be good.
    pub(super) fn new(rule: &(impl Rule + ?Sized)) -> Result<Kept> {
        let base = rule.base();
        let parts = base.parts()?;
        let rules: Vec<Box<dyn Rule>> =
            base.groups.iter().map(|group| rule.varied(group.hyper())).collect::<Result<_>>()?;
        let mut clocks = vec![Clock::new(rule, base, 1.0)];
        let groups = rules.iter().zip(&base.groups);
        clocks.extend(groups.map(|(rule, group)| Clock::new(&**rule, base, group.scale())));
        let fresh = |((_, parameter), &part): (&(String, Parameter), &usize)| {
            let Meta { dtype, shape } = parameter.meta().clone();
            let dtype = dtype.computed();
            let slots = match part {
                0 => rule.slots(&shape),
                group => rules[group - 1].slots(&shape),
            };
            let tensor = |slot: &super::Slot| {
                let shape = slot.shape.as_ref().unwrap_or(&shape);
                Parameter::new(Tensor::full(shape, slot.start, dtype))
            };
            let mut state: Vec<Parameter> = slots.iter().map(tensor).collect();
            let mut names: Vec<&str> = slots.iter().map(|slot| slot.name).collect();
            let besides = [(base.lookahead.is_some(), SLOW), (base.average.is_some(), AVERAGE)];
            for (_, name) in besides.into_iter().filter(|(is_kept, _)| *is_kept) {
                names.push(name);
                state.push(Parameter::new(parameter.value().cast(dtype)));
            }
            Member { part, names, state }
        };
        let members = base.parameters.iter().zip(&parts).map(fresh).collect();
        let has_groups = !base.groups.is_empty();
        let (steps, lookahead) = (Arc::clone(&base.steps), base.lookahead);
        let averages = base.average.is_some();
        Ok(Kept { members, rules, clocks, steps, has_groups, lookahead, averages })
    }

    /// The tensors kept for parameter number `i`, in the order of the slots.
    pub(super) fn state(&self, i: usize) -> &[Parameter] {
        &self.members[i].state
    }

    /// Which part parameter number `i` belongs to: 0, or the number of its group from 1.
    pub(super) fn part(&self, i: usize) -> usize {
        self.members[i].part
    }

    /// The rule of a group, numbered from 1.
    pub(super) fn group_rule(&self, part: usize) -> Option<&dyn Rule> {
        part.checked_sub(1).map(|group| &*self.rules[group])
    }

    /// The look ahead that slow weights are kept for.
    pub(super) fn lookahead(&self) -> Option<(usize, f64)> {
        self.lookahead
    }

    /// Whether averages are kept.
    pub(super) fn averages(&self) -> bool {
        self.averages
    }

    /// The average of parameter number `i`, where averages are kept.
    pub(super) fn average(&self, i: usize) -> Option<&Parameter> {
        self.members[i].state.last().filter(|_| self.averages)
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.rules.len()
    }

    /// Sets the dials for the next step; a compiled step sets them again at every later call. Gives the clock of
    /// each part.
    pub(super) fn turn(&self, tape: &Tape) -> &[Arc<Clock>] {
        for clock in &self.clocks {
            clock.turn();
            if tape.is_tracing() {
                let clock = Arc::clone(clock);
                tape.on_replay(Arc::new(move || clock.turn()));
            }
        }
        &self.clocks
    }

    /// Counts the step that was just taken; a compiled step counts those that it takes later.
    pub(super) fn count(&self, tape: &Tape) {
        match tape.is_tracing() {
            true => {
                let steps = Arc::clone(&self.steps);
                tape.after_run(Arc::new(move || {
                    steps.fetch_add(1, Ordering::Relaxed);
                }));
            }
            false => self.count_one(),
        }
    }

    /// Counts a step of no tape.
    pub(super) fn count_one(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// The step count and the state tensors by name.
    pub(super) fn save(&self, rule: &(impl Rule + ?Sized)) -> Result<Vec<(String, Tensor)>> {
        let mut saved = vec![(STEPS.to_string(), Tensor::scalar(rule.base().steps() as i64))];
        if self.has_groups {
            saved.push((GROUPS.to_string(), self.parts()));
        }
        saved.extend(self.named(rule.base()).map(|(name, tensor)| (name, tensor.value())));
        saved.extend(rule.own_state()?);
        Ok(saved)
    }

    /// Takes over what [`Kept::save`] gave, all or nothing.
    pub(super) fn load(
        &self,
        rule: &(impl Rule + ?Sized),
        saved: &[(String, Tensor)],
    ) -> Result<()> {
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
        if !whole(steps) {
            return Err(wrong(format!("the saved optimiser state has {steps} steps")));
        }
        if self.has_groups && !find(GROUPS)?.equals(&self.parts()) {
            let error = wrong("the state was saved with other groups of parameters".to_string());
            return Err(error.hint("add the groups that it was saved with, in their order"));
        }
        let mut pairs = Vec::new();
        for (name, state) in self.named(rule.base()) {
            let tensor = find(&name)?;
            let have = state.read();
            if (tensor.shape(), tensor.dtype()) != (have.shape(), have.dtype()) {
                let (want, dtype) = (have.shape(), have.dtype());
                let (shape, other) = (tensor.shape(), tensor.dtype());
                let message = format!("{name:?} is {dtype}{want}, but {other}{shape} was saved");
                return Err(wrong(message));
            }
            pairs.push((state, tensor));
        }
        let own = |name: &str| {
            name == STEPS
                || (name == GROUPS && self.has_groups)
                || self.named(rule.base()).any(|(known, _)| known == name)
        };
        let rest: Vec<_> = saved.iter().filter(|(name, _)| !own(name)).cloned().collect();
        if let Some((name, _)) = rest.iter().find(|(name, _)| name == GROUPS) {
            return Err(unknown_state(name).hint("it was saved with groups of parameters"));
        }
        // What may fail comes first; tensors of the right shape and type are taken as they are.
        rule.load_own_state(&rest)?;
        for (state, tensor) in pairs {
            state.set(tensor.clone())?;
        }
        self.steps.store(steps as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The state tensors with their names, in order.
    fn named<'a>(&'a self, base: &'a Base) -> impl Iterator<Item = (String, &'a Parameter)> {
        base.parameters.iter().zip(&self.members).flat_map(|((name, _), member)| {
            let slots = member.names.iter().zip(&member.state);
            slots.map(move |(slot, state)| (format!("{name}.{slot}"), state))
        })
    }

    /// The part of each parameter.
    fn parts(&self) -> Tensor {
        Tensor::from(self.members.iter().map(|member| member.part as i64).collect::<Vec<_>>())
    }
}

/// What the look ahead (Zhang et al. 2019) makes of the new value of a parameter: the value and what is kept as its
/// slow one. `first` and `sync` are the dials of that name.
pub(super) fn look_ahead<'t>(
    (x, new, slow): (Var<'t>, Var<'t>, Var<'t>),
    (first, sync): (Var<'t>, Var<'t>),
    share: f64,
) -> (Var<'t>, Var<'t>) {
    let slow = first.greater(0.5).select(x, slow);
    let moved = slow + (new - slow) * share;
    let sync = sync.greater(0.5);
    (sync.select(moved, new), sync.select(moved, slow))
}

/// Whether a number counts something: every one up to 2^53 has a f64 of its own.
pub(super) fn whole(number: f64) -> bool {
    (0.0..=(1u64 << 53) as f64).contains(&number) && number.fract() == 0.0
}

const STEPS: &str = "steps";
const GROUPS: &str = "groups";
