//! What a step records and runs.

use std::panic::Location;

use smallvec::SmallVec;

use super::kept::{FIRST, Kept, SYNC, look_ahead};
use super::optimizer::kept;
use super::rule::{Dials, LossOf, Update, no_slot};
use super::{Base, Rule};
use crate::eval;
use crate::grad::{connected_gradients, gradients};
use crate::tape::{Dial, Parameter, Tape, Var};
use crate::tensor::{Error, Kind, Result};

/// A step with a loss that is recorded once.
#[track_caller]
pub(super) fn once<R: Rule + ?Sized>(rule: &R, loss: &mut LossOf<'_>) -> Result<f64> {
    let at = Location::caller();
    let tape = Tape::new();
    let loss = loss(&tape)?;
    loss.check().map_err(|error| error.called_from(at))?;
    take_step(rule, loss, &[]).map_err(|error| error.called_from(at))?;
    loss.item()
}

/// A step with a loss that is recorded.
#[track_caller]
pub(super) fn take_step<'t, R: Rule + ?Sized>(
    rule: &R,
    loss: Var<'t>,
    values: &[Var<'t>],
) -> Result<()> {
    steps_once(rule)?;
    kept(rule)?;
    let gs = gradients_of(rule.base(), loss)?;
    let mut results: SmallVec<[Var<'_>; 8]> = SmallVec::from_slice(&[loss]);
    results.extend_from_slice(values);
    step_along(rule, loss.tape(), gs, &results)
}

/// The gradient of each parameter.
#[track_caller]
pub(super) fn gradients_of<'t>(base: &Base, loss: Var<'t>) -> Result<Gradients<'t>> {
    loss.check()?;
    let tape = loss.tape();
    let xs: SmallVec<[Var<'_>; 16]> =
        base.parameters.iter().map(|(_, parameter)| tape.parameter(parameter)).collect();
    let mut gs: Gradients<'_> = SmallVec::from_elem(None, xs.len());
    connected_gradients(loss, &xs, |i, g| gs[i] = g);
    gs.iter().flatten().try_for_each(|g| g.check())?;
    if !base.allow_unused
        && let Some(missing) = gs.iter().position(Option::is_none)
    {
        // A loss made of whole numbers, as accuracy is, says so.
        gradients(loss, &xs[missing..=missing]).iter().try_for_each(|g| g.check())?;
        return Err(unused(base, &gs).at(Location::caller()));
    }
    Ok(gs)
}

/// A step along gradients that the user gives.
pub(super) fn given_step<'t, R: Rule + ?Sized>(
    rule: &R,
    gs: &[Option<Var<'t>>],
    values: &[Var<'t>],
) -> Result<()> {
    steps_once(rule)?;
    kept(rule)?;
    let parameters = &rule.base().parameters;
    if gs.len() != parameters.len() {
        let (given, want) = (gs.len(), parameters.len());
        let message = format!("a step along {given} gradients, but there are {want} parameters");
        return Err(Error::new(Kind::Value, message)
            .hint("give one for each of base().parameters(), None for what is to stay"));
    }
    for (g, (name, parameter)) in gs.iter().zip(parameters) {
        let Some(g) = g else { continue };
        g.check()?;
        let (want, have) = (parameter.meta(), (g.dtype(), g.shape()));
        if have != (want.dtype, want.shape.clone()) {
            let message = format!(
                "the gradient of {name:?} is {}{}, but the parameter is {}{}",
                have.0, have.1, want.dtype, want.shape
            );
            return Err(Error::new(Kind::Shape, message));
        }
    }
    let Some(first) = gs.iter().flatten().next() else {
        return Err(Error::new(Kind::Value, "a step along no gradient at all"));
    };
    step_along(rule, first.tape(), gs.into(), values)
}

/// Fails for an optimiser that looks at the loss several times.
pub(super) fn steps_once<R: Rule + ?Sized>(rule: &R) -> Result<()> {
    match rule.searches() {
        true => {
            let message = "it looks at the loss several times in a step, and one recording is once";
            Err(Error::new(Kind::Value, message)
                .hint("call minimize with a function that records the loss")
                .context(rule.name()))
        }
        false => Ok(()),
    }
}

/// What is known of each parameter's gradient.
pub(super) type Gradients<'t> = SmallVec<[Option<Var<'t>>; 16]>;

/// Records the updates along gradients, runs them with what else is asked for, and counts the step.
#[track_caller]
pub(super) fn step_along<'t, R: Rule + ?Sized>(
    rule: &R,
    tape: &'t Tape,
    mut gs: Gradients<'t>,
    results: &[Var<'t>],
) -> Result<()> {
    let kept = kept(rule)?;
    // What is only kept in 16 bits is updated in f32, and rounded once.
    gs.iter_mut().flatten().for_each(|g| *g = computed(*g));
    rule.base().clip.apply(&mut gs);
    let parameters = &rule.base().parameters;
    let recorded = record(rule, kept, tape, &gs, &|i| (&parameters[i].1, kept.state(i)));
    if recorded.is_err() {
        tape.recording().borrow_mut().updates.clear();
    }
    recorded?;
    eval::step(tape, results)?;
    kept.count(tape);
    Ok(())
}

/// What is changed in place of a parameter, by its number, and what is kept for that.
pub(super) type Members<'a> = dyn Fn(usize) -> (&'a Parameter, &'a [Parameter]) + 'a;

/// Records the new value of every parameter that has a gradient, and of what is kept for it.
#[track_caller]
pub(super) fn record<'t, R: Rule + ?Sized>(
    rule: &R,
    kept: &Kept,
    tape: &'t Tape,
    gs: &[Option<Var<'t>>],
    members: &Members<'_>,
) -> Result<()> {
    let base = rule.base();
    let clocks = kept.turn(tape);
    let mut dials: SmallVec<[Dials<'t>; 1]> = clocks
        .iter()
        .map(|clock| Dials::new(tape, clock.dials.each_ref().map(Dial::share)))
        .collect();
    for (i, g) in gs.iter().enumerate() {
        let Some(g) = *g else { continue };
        let ((parameter, state), part) = (members(i), kept.part(i));
        let x = tape.parameter(parameter);
        let next = SmallVec::new();
        let mut update = Update { x: computed(x), g, state, next, dials: &mut dials[part] };
        let mut value = match kept.group_rule(part) {
            Some(rule) => rule.update(&mut update),
            None => rule.update(&mut update),
        };
        let Update { x: before, mut next, dials, .. } = update;
        let average = base.average.and_then(|decay| Some((state.len().checked_sub(1)?, decay)));
        let others = average.map_or(state.len(), |(average, _)| average);
        if let Some((_, share)) = base.lookahead
            && let Some(slow) = others.checked_sub(1)
        {
            let weights = (before, value, tape.parameter(&state[slow]));
            let turns = (dials.get(before, FIRST), dials.get(before, SYNC));
            let (moved, kept) = look_ahead(weights, turns, share);
            value = moved;
            next.push((slow, kept));
        }
        if let Some((average, decay)) = average {
            // What was loaded before the first step is what the average starts from.
            let is_first = dials.get(before, FIRST).greater(0.5);
            let last = is_first.select(before, tape.parameter(&state[average]));
            next.push((average, last + (value - last) * (1.0 - decay)));
        }
        tape.assign(parameter, value.cast(x.dtype()))?;
        for (slot, value) in next {
            tape.assign(state.get(slot).ok_or_else(|| no_slot(slot))?, value)?;
        }
    }
    Ok(())
}

/// A value as the type that it is computed in.
pub(super) fn computed(x: Var<'_>) -> Var<'_> {
    x.cast(x.dtype().computed())
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
    if missing().count() == gs.len() && gs.len() > 1 {
        let message = format!(
            "none of the {} parameters received a gradient: the loss does not depend on them",
            gs.len()
        );
        return Error::new(Kind::Gradient, message)
            .hint("make the optimiser from the network whose outputs the loss is computed from");
    }
    let it = if names.len() == 1 && more.is_empty() { "it" } else { "them" };
    let message = format!("{named}{more} received no gradient: the loss does not depend on {it}");
    Error::new(Kind::Gradient, message).hint(
        "give the optimiser only what the loss uses, or call .allow_unused() to leave the rest as it is",
    )
}
