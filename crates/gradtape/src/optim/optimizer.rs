//! [`Optimizer`]: what a training loop calls; [`Rule`]: what an optimiser is made of.

use smallvec::SmallVec;

use super::Base;
use super::base::RATES;
use crate::eval;
use crate::grad::connected_gradients;
use crate::tape::{Dial, Parameter, Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Changes parameters so that a loss becomes smaller. Every [`Rule`] is one.
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tape, Tensor};
///
/// // The smallest value of (x - 3)², starting at 0.
/// let x = Parameter::new(Tensor::scalar(0.0f64));
/// let mut opt = Sgd::new(&x, 0.25);
/// let mut tape = Tape::new();
/// for _ in 0..50 {
///     tape.reset();
///     let loss = (tape.parameter(&x) - 3.0).square();
///     opt.step(loss)?;
/// }
/// assert!((x.value().item()? - 3.0).abs() < 1e-12);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Optimizer: Rule {
    /// Takes a step: differentiates the loss, records the update of every parameter, and runs all of it
    /// as one program. Afterwards the loss can be read; the tape is used up until
    /// [`Tape::reset`](crate::Tape::reset).
    ///
    /// Fails, with all parameters unchanged, for a loss that is no scalar or could not be recorded, for
    /// a hyperparameter out of range, and for a parameter that the loss does not depend on (unless
    /// [`Optimizer::allow_unused`] was called).
    #[track_caller]
    fn step(&mut self, loss: Var<'_>) -> Result<()> {
        take_step(self, loss)
    }

    /// Scales the gradients down where their norm, over all parameters together, is above `most`:
    /// by `most / (norm + 1e-6)`. Pascanu, Mikolov and Bengio 2013.
    #[must_use]
    fn clip_norm(mut self, most: f64) -> Self
    where
        Self: Sized,
    {
        self.base_mut().clip_norm = Some(most);
        self
    }

    /// As [`Optimizer::clip_norm`], on an optimiser in use; `None` clips nothing.
    fn set_clip_norm(&mut self, most: Option<f64>) {
        self.base_mut().clip_norm = most;
    }

    /// Leaves parameters that the loss does not depend on as they are, instead of failing.
    #[must_use]
    fn allow_unused(mut self) -> Self
    where
        Self: Sized,
    {
        self.base_mut().allow_unused = true;
        self
    }

    /// The learning rate now.
    fn learning_rate(&self) -> f64 {
        self.base().learning_rate()
    }

    /// Sets the learning rate for the steps that follow, compiled ones included. Fails when it is not
    /// a finite number of at least 0.
    fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        self.base().set_learning_rate(rate)
    }

    /// The number of steps taken.
    fn steps(&self) -> u64 {
        self.base().steps()
    }

    /// What a checkpoint needs: the step count and the tensors kept for each parameter, by name
    /// (`hidden.weight.exp_avg`).
    fn state(&mut self) -> Result<Vec<(String, Tensor)>> {
        prepare(self)?;
        Ok(self.base().save())
    }

    /// Takes over what [`Optimizer::state`] gave, all or nothing. Fails where it does not fit.
    fn load_state(&mut self, saved: &[(String, Tensor)]) -> Result<()> {
        prepare(self)?;
        self.base().load(saved)
    }
}

impl<R: Rule + ?Sized> Optimizer for R {}

/// Numbers that change from step to step, from the step (1 at the first) and the learning rate.
pub type Rates = dyn Fn(u64, f64) -> [f64; RATES];

/// A tensor that an optimiser keeps for each parameter, of its shape and type.
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

/// The mathematics of an optimiser. Write one, and [`Optimizer`] comes with it.
///
/// ```
/// use gradtape::optim::{Base, Optimizer, Rates, Rule, Slot, Update};
/// use gradtape::{Parameter, Result, Tape, Tensor, Var};
///
/// /// Steps by the sign of the gradient, in steps that shrink.
/// struct SignSgd(Base);
///
/// impl Rule for SignSgd {
///     fn base(&self) -> &Base { &self.0 }
///     fn base_mut(&mut self) -> &mut Base { &mut self.0 }
///     fn name(&self) -> &'static str { "sign_sgd" }
///     fn rates(&self) -> Box<Rates> {
///         Box::new(|step, rate| [rate / step as f64, 0.0, 0.0])
///     }
///     fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
///         u.x() - u.g().sign() * u.rate(0)
///     }
/// }
///
/// let x = Parameter::new(Tensor::scalar(1.0f64));
/// let mut opt = SignSgd(Base::new(&x, 0.5));
/// let tape = Tape::new();
/// opt.step(tape.parameter(&x).square())?;
/// assert_eq!(x.value().item()?, 0.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Rule {
    /// The part that all optimisers share.
    fn base(&self) -> &Base;

    /// The same, to be changed.
    fn base_mut(&mut self) -> &mut Base;

    /// The name, as [`by_name`](super::by_name()) knows it.
    fn name(&self) -> &'static str;

    /// Fails when a hyperparameter is out of range.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// What is kept for each parameter.
    fn slots(&self) -> SmallVec<[Slot; 3]> {
        SmallVec::new()
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

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn slots(&self) -> SmallVec<[Slot; 3]> {
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
    x: Var<'t>,
    g: Var<'t>,
    state: &'a [Parameter],
    next: SmallVec<[(usize, Var<'t>); 3]>,
    dials: &'a mut Dials<'t>,
}

impl<'t> Update<'_, 't> {
    /// The parameter before the step.
    pub fn x(&self) -> Var<'t> {
        self.x
    }

    /// Its gradient, clipped.
    pub fn g(&self) -> Var<'t> {
        self.g
    }

    /// What was kept in a slot, by its number.
    pub fn state(&self, slot: usize) -> Var<'t> {
        match self.state.get(slot) {
            Some(state) => self.x.tape().parameter(state),
            None => self
                .x
                .failed(Error::new(Kind::Value, format!("the optimiser has no slot {slot}")), &[]),
        }
    }

    /// Keeps a value in a slot for the next step, and gives it back.
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

    /// A number that changes from step to step, by its place in [`Rule::rates`], as a scalar of the
    /// parameter's type.
    pub fn rate(&mut self, place: usize) -> Var<'t> {
        self.dials.get(self.x, place)
    }
}

/// The clock's dials on the tape, each recorded when it is first read.
struct Dials<'t> {
    tape: &'t Tape,
    dials: [Dial; RATES],
    recorded: [[Option<Var<'t>>; RATES]; 2],
}

impl<'t> Dials<'t> {
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

fn prepare<R: Rule + ?Sized>(rule: &mut R) -> Result<()> {
    if !rule.base().is_prepared() {
        rule.check().map_err(|error| error.context(rule.name()))?;
        let (slots, rates) = (rule.slots(), rule.rates());
        rule.base_mut().prepare(&slots, || rates);
    }
    rule.base().check().map_err(|error| error.context(rule.name()))
}

#[track_caller]
fn take_step<R: Rule + ?Sized>(rule: &mut R, loss: Var<'_>) -> Result<()> {
    prepare(rule)?;
    loss.check()?;
    let (base, tape) = (rule.base(), loss.tape());
    let xs: SmallVec<[Var<'_>; 16]> =
        base.parameters.iter().map(|(_, parameter)| tape.parameter(parameter)).collect();
    let mut gs: SmallVec<[Option<Var<'_>>; 16]> = SmallVec::from_elem(None, xs.len());
    connected_gradients(loss, &xs, |i, g| gs[i] = g);
    gs.iter().flatten().try_for_each(|g| g.check())?;
    if !base.allow_unused && gs.iter().any(Option::is_none) {
        return Err(unused(base, &gs));
    }
    if let Some(most) = base.clip_norm {
        clip(&mut gs, most);
    }
    let Some(clock) = base.turn(tape) else { return Ok(()) };
    let mut dials = Dials { tape, dials: clock.dials.clone(), recorded: [[None; RATES]; 2] };
    let slots = base.state.len() / base.parameters.len().max(1);
    for (i, (_, parameter)) in base.parameters.iter().enumerate() {
        let Some(g) = gs[i] else { continue };
        let state = &base.state[i * slots..][..slots];
        let next = SmallVec::new();
        let mut update = Update { x: xs[i], g, state, next, dials: &mut dials };
        let value = rule.update(&mut update);
        let next = update.next;
        tape.assign(parameter, value)?;
        for (slot, value) in next {
            if let Some(state) = state.get(slot) {
                tape.assign(state, value)?;
            }
        }
    }
    eval::step(tape, &[loss])
}

/// Scales the gradients so that their common norm is at most `most`.
fn clip(gs: &mut [Option<Var<'_>>], most: f64) {
    let mut total: Option<Var<'_>> = None;
    for g in gs.iter().flatten() {
        let square = (*g * *g).sum(());
        total = Some(match total {
            Some(total) => total + square.cast(total.dtype()),
            None => square,
        });
    }
    let Some(total) = total else { return };
    let scale = (most / (total.sqrt() + 1e-6)).minimum(1.0);
    gs.iter_mut().flatten().for_each(|g| *g = *g * scale.cast(g.dtype()));
}

fn unused(base: &Base, gs: &[Option<Var<'_>>]) -> Error {
    let missing = || gs.iter().zip(&base.parameters).filter(|(g, _)| g.is_none());
    let names: Vec<&str> = missing().take(5).map(|(_, (name, _))| &name[..]).collect();
    let more = match missing().count() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = match &names[..] {
        [""] => String::from("the parameter"),
        [one] => format!("the parameter {one}"),
        several => format!("the parameters {}", several.join(", ")),
    };
    let message = format!("{named}{more} received no gradient: the loss does not depend on it");
    Error::new(Kind::Gradient, message).hint(
        "give the optimiser only what the loss uses, or call .allow_unused() to leave the rest as it is",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::compile;
    use crate::optim::{Adam, NAMES, Sgd, by_name};

    fn parameter(values: &[f64]) -> Parameter {
        Parameter::new(Tensor::from(values))
    }

    /// The loss Σ (x - 1)² of a parameter.
    fn loss<'t>(tape: &'t Tape, x: &Parameter) -> Var<'t> {
        (tape.parameter(x) - 1.0).square().sum(())
    }

    #[test]
    fn a_parameter_without_gradient_is_named_or_left_alone() {
        let parts = [parameter(&[0.0]), parameter(&[0.0]), parameter(&[0.0])];
        let mut tape = Tape::new();
        let error = Sgd::new(&parts, 0.5).step(loss(&tape, &parts[1])).unwrap_err();
        assert!(error.message().starts_with("the parameters 0, 2 received no gradient"), "{error}");
        assert_eq!(parts[1].value().to_f64_vec(), [0.0]);

        tape.reset();
        let mut opt = Sgd::new(&parts, 0.5).momentum(0.9).allow_unused();
        opt.step(loss(&tape, &parts[1])).unwrap();
        let values = parts.each_ref().map(|p| p.value().to_f64_vec()[0]);
        assert_eq!(values, [0.0, 1.0, 0.0]);

        tape.reset();
        let single = Sgd::new(&parts[0], 0.5).step(loss(&tape, &parts[1])).unwrap_err();
        assert!(single.message().starts_with("the parameter received"), "{single}");
    }

    #[test]
    fn what_makes_no_sense_is_an_error_and_changes_nothing() {
        let x = parameter(&[0.0, 0.0]);
        let mut tape = Tape::new();
        for rate in [f64::NAN, f64::INFINITY, -0.1] {
            tape.reset();
            let error = Sgd::new(&x, rate).step(loss(&tape, &x)).unwrap_err();
            assert!(error.message().contains(&format!("learning rate is {rate}")), "{error}");
            let mut opt = Sgd::new(&x, 0.1);
            assert!(opt.set_learning_rate(rate).is_err());
            assert_eq!(opt.learning_rate(), 0.1);
        }
        for most in [f64::NAN, 0.0, -1.0] {
            tape.reset();
            let error = Sgd::new(&x, 0.1).clip_norm(most).step(loss(&tape, &x)).unwrap_err();
            assert!(error.message().contains("clip_norm"), "{error}");
        }
        tape.reset();
        let error = Adam::new(&x, 0.1).step(tape.parameter(&x) * 2.0).unwrap_err();
        assert!(error.message().contains("[2]"), "{error}");
        let whole = Parameter::new(Tensor::from([1i64]));
        let error = Adam::new(&whole, 0.1).step(loss(&tape, &x)).unwrap_err();
        assert!(error.message().contains("no parameter"), "{error}");
        assert_eq!(x.value().to_f64_vec(), [0.0, 0.0]);
    }

    #[test]
    fn a_tape_serves_one_step() {
        let x = parameter(&[0.0]);
        let tape = Tape::new();
        let mut opt = Sgd::new(&x, 0.1);
        opt.step(loss(&tape, &x)).unwrap();
        let error = opt.step(loss(&tape, &x)).unwrap_err();
        assert!(error.to_string().contains("reset()"), "{error}");
        assert_eq!(opt.steps(), 1);
    }

    #[test]
    fn clipping_bounds_the_norm_over_all_parameters() {
        let parts = [parameter(&[4.0]), parameter(&[1.0, 5.0])];
        let single = Parameter::new(Tensor::from([1.0f32]));
        let tape = Tape::new();
        // The gradients are 6, (0, 8) and, in f32, 0: their norm is 10.
        let loss = loss(&tape, &parts[0])
            + loss(&tape, &parts[1])
            + (tape.parameter(&single) - 1.0).square().sum(()).cast(DType::F64);
        let all = (&parts, &single);
        Sgd::new(&all, 1.0).clip_norm(5.0).step(loss).unwrap();
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-6, "{got} for {want}");
        close(parts[0].value().to_f64_vec()[0], 4.0 - 3.0);
        close(parts[1].value().to_f64_vec()[1], 5.0 - 4.0);
        assert_eq!(single.value().to_f64_vec(), [1.0]);
    }

    #[test]
    fn small_gradients_are_not_clipped() {
        let (a, b) = (parameter(&[4.0]), parameter(&[4.0]));
        let mut tape = Tape::new();
        Sgd::new(&a, 0.1).clip_norm(100.0).step(loss(&tape, &a)).unwrap();
        tape.reset();
        Sgd::new(&b, 0.1).step(loss(&tape, &b)).unwrap();
        assert!(a.value().equals(&b.value()));
    }

    #[test]
    fn compiled_steps_are_recorded_steps_and_follow_the_rate() {
        for name in NAMES {
            let hyper = Default::default();
            let (a, b) = (parameter(&[3.0, -1.0]), parameter(&[3.0, -1.0]));
            let mut recorded = by_name(name, &a, &hyper).unwrap();
            let mut tape = Tape::new();
            for step in 0..6 {
                tape.reset();
                recorded.set_learning_rate(0.1 / (1.0 + step as f64)).unwrap();
                recorded.step(loss(&tape, &a)).unwrap();
            }
            let compiled = std::cell::RefCell::new(by_name(name, &b, &hyper).unwrap());
            let mut step = compile(|tape, _| {
                let loss = loss(tape, &b);
                compiled.borrow_mut().step(loss)?;
                Ok(vec![loss])
            });
            for count in 0..6 {
                compiled.borrow_mut().set_learning_rate(0.1 / (1.0 + count as f64)).unwrap();
                step.call(&[]).unwrap();
            }
            assert_eq!(a.value().to_f64_vec(), b.value().to_f64_vec(), "{name}");
            assert_eq!(compiled.borrow().steps(), 6);
        }
    }

    #[test]
    fn a_saved_state_continues_where_it_was() {
        for name in NAMES {
            let run = |x: &Parameter, opt: &mut dyn Optimizer, steps: usize| {
                let mut tape = Tape::new();
                for _ in 0..steps {
                    tape.reset();
                    opt.step(loss(&tape, x)).unwrap();
                }
            };
            let x = parameter(&[3.0, -1.0]);
            let mut opt = by_name(name, &x, &Default::default()).unwrap();
            run(&x, &mut *opt, 4);
            let (value, state) = (x.value(), opt.state().unwrap());
            run(&x, &mut *opt, 3);

            let again = Parameter::new(value);
            let mut other = by_name(name, &again, &Default::default()).unwrap();
            other.load_state(&state).unwrap();
            assert_eq!(other.steps(), 4);
            run(&again, &mut *other, 3);
            assert!(again.value().equals(&x.value()), "{name}");
        }
    }

    #[test]
    fn a_state_that_does_not_fit_changes_nothing() {
        let x = [parameter(&[3.0, -1.0])];
        let mut good = Adam::new(&x, 0.1).state().unwrap();
        let names: Vec<&str> = good.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(names, ["steps", "0.exp_avg", "0.exp_avg_sq"]);
        good.iter_mut().skip(1).for_each(|(_, tensor)| *tensor = Tensor::ones(2, DType::F64));
        type State = Vec<(String, Tensor)>;
        let load = |change: &dyn Fn(&mut State)| {
            let mut state = good.clone();
            change(&mut state);
            let mut opt = Adam::new(&x, 0.1);
            let text = opt.load_state(&state).unwrap_err().to_string();
            assert_eq!(opt.state().unwrap()[1].1.to_f64_vec(), [0.0, 0.0], "{text}");
            text
        };
        let text = load(&|state| state[2].0 = "0.exp_avg_qs".into());
        assert!(
            text.contains("has no \"0.exp_avg_sq\"") && text.contains("it has \"0.exp_avg_qs\""),
            "{text}"
        );
        let text = load(&|state| state[1].1 = Tensor::zeros(3, DType::F64));
        assert!(text.contains("f64[2]") && text.contains("f64[3]"), "{text}");
        assert!(load(&|state| state[0].1 = Tensor::scalar(-1.0)).contains("-1 steps"));
        let extra = |state: &mut Vec<_>| state.push(("1.exp_avg".into(), Tensor::scalar(0.0)));
        assert!(load(&extra).contains("nothing called \"1.exp_avg\""));
    }
}
