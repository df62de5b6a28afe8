//! Steps of an optimiser on an expression.

use gradtape::optim::{HyperValue, Optimizer, Schedule, Scheduler, by_name};
use gradtape::{Parameter, Rng, Tape, Tensor, Var, gradients};

use super::path::{Descent, PathStep, Stopped, length, numbers};
use crate::expression::{read, reading_tape};
use crate::report::{Error, Named, Number, Result, short};
use crate::teaching::ground::Ground;

/// Longer expressions are computed operation by operation: planning them takes seconds.
const MAX_PLANNED: usize = 500;

/// The places, why it ended, and the learning rate.
pub(super) fn walk(
    ground: &Ground<'_>,
    start: &[f64],
    how: &Descent,
) -> Result<(Vec<PathStep>, Stopped, f64)> {
    let wrong = |error: gradtape::Error| Error::new(error.to_string());
    let parameters: Vec<Parameter> =
        start.iter().map(|&value| Parameter::new(Tensor::scalar(value))).collect();
    let made = by_name(&how.optimizer, parameters.as_slice(), &how.hyper).map_err(wrong)?;
    let mut optimizer = made.allow_unused();
    how.extras.set(&mut optimizer);
    let lr = optimizer.learning_rate();
    let schedule = how.schedule.as_deref().unwrap_or("constant");
    let schedule = Schedule::by_name(schedule, lr, how.steps as u64).map_err(wrong)?;
    let mut scheduler = Scheduler::new(schedule, lr).map_err(wrong)?;
    let mut random = Rng::new(how.seed);
    let size = how.noise / (how.batch as f64).sqrt();
    let limit = 1e12 * (1.0 + length(start));
    // Another path of a program would be planned anew.
    let mut tape = match ground.is_program() || ground.cost() > MAX_PLANNED {
        true => reading_tape(),
        false => Tape::new(),
    };
    let names = ground.names();
    let mut places: Vec<PathStep> = Vec::new();
    loop {
        tape.reset();
        let place = places_of(&parameters);
        let expr = match ground.at(&place) {
            Ok(expr) => expr,
            Err(error) if places.is_empty() => return Err(error),
            Err(_) if place.iter().any(|x| !x.is_finite()) => {
                places.push(nowhere(&names, places.len(), &place));
                return Ok((places, Stopped::Diverged, lr));
            }
            Err(error) => return Err(at_step(&error, &names, places.len(), &place)),
        };
        let inputs: Vec<_> = parameters.iter().map(|parameter| tape.parameter(parameter)).collect();
        let value = expr.record(&tape, &inputs);
        let mut wanted = gradients(value, &inputs);
        wanted.extend(&inputs);
        wanted.push(value);
        let found = read(&wanted)?;
        let (gradient, rest) = found.split_at(start.len());
        let (at, value_now) = rest.split_at(start.len());
        let named =
            |values: &[f64]| Named::new(names.iter().copied(), values.iter().copied().map(Number));
        let before = places.last().map(|place| numbers(&place.at));
        let step = places.len();
        places.push(PathStep {
            step,
            at: named(at),
            value: Number(value_now[0]),
            gradient: named(gradient),
            used: None,
            moved: None,
            state: Named(Vec::new()),
        });
        let finite = found.iter().all(|number| number.is_finite());
        if !finite || length(at) > limit {
            return Ok((places, Stopped::Diverged, lr));
        }
        if let Some(before) = before {
            let moved: Vec<f64> = at.iter().zip(&before).map(|(a, b)| a - b).collect();
            places[step - 1].moved = Some(named(&moved));
            if length(&moved) < how.tolerance {
                return Ok((places, Stopped::Tolerance, lr));
            }
        }
        if step == how.steps {
            let first = places[0].value.0;
            let risen = value_now[0] - first > 100.0 * (1.0 + first.abs());
            let stopped = if risen { Stopped::Diverged } else { Stopped::Steps };
            return Ok((places, stopped, lr));
        }
        optimizer.set_learning_rate(scheduler.learning_rate()).map_err(wrong)?;
        let noise: Vec<f64> = match size > 0.0 {
            true => inputs.iter().map(|_| size * random.normal()).collect(),
            false => Vec::new(),
        };
        if !noise.is_empty() {
            let used: Vec<f64> = gradient.iter().zip(&noise).map(|(g, n)| g + n).collect();
            places[step].used = Some(named(&used));
        }
        if optimizer.searches() {
            optimizer
                .minimize(&mut |tape| Ok(searched(ground, tape, &parameters, &noise)))
                .map_err(wrong)?;
        } else {
            optimizer.step(noisy(value, &inputs, &noise)).map_err(wrong)?;
        }
        scheduler.advance(value_now[0]);
        places[step].state = kept(&names, &optimizer).map_err(wrong)?;
    }
}

/// Where the parameters are now.
fn places_of(parameters: &[Parameter]) -> Vec<f64> {
    let of = |parameter: &Parameter| parameter.value().to_f64_vec().first().copied();
    parameters.iter().map(|parameter| of(parameter).unwrap_or(f64::NAN)).collect()
}

/// A place that is none, where a program cannot be run.
fn nowhere(names: &[&str], step: usize, place: &[f64]) -> PathStep {
    let named =
        |values: &[f64]| Named::new(names.iter().copied(), values.iter().copied().map(Number));
    PathStep {
        step,
        at: named(place),
        value: Number(f64::NAN),
        gradient: named(&vec![f64::NAN; place.len()]),
        used: None,
        moved: None,
        state: Named(Vec::new()),
    }
}

/// Why a program could not be run at a later place.
fn at_step(error: &Error, names: &[&str], step: usize, place: &[f64]) -> Error {
    let at: Vec<String> =
        names.iter().zip(place).map(|(name, x)| format!("{name} = {}", short(*x))).collect();
    let told = Error::new(format!("at step {step}, {}: {}", at.join(", "), error.message()));
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

/// What an optimiser keeps for each variable: numbers under the last part of their names, for Adam and its kin also
/// corrected for the zeros that the averages began with.
fn kept(variables: &[&str], optimizer: &dyn Optimizer) -> gradtape::Result<Named<Named<Number>>> {
    let count = variables.len();
    let mut all: Vec<(String, Vec<f64>)> = Vec::new();
    for (name, tensor) in optimizer.state()? {
        let name = name.rsplit('.').next().unwrap_or_default().to_string();
        if let [value] = tensor.to_f64_vec()[..]
            && tensor.shape().rank() == 0
        {
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => all.push((name, vec![value])),
            }
        }
    }
    // What is kept once for all is no state of a variable.
    all.retain(|(name, values)| values.len() == count && name != "steps");
    let hyper = optimizer.hyper();
    // One with the first average alone uses it as it is.
    let has = |name: &str| all.iter().any(|(known, _)| known == name);
    let corrects = has("exp_avg") && has("exp_avg_sq");
    let (true, Some(HyperValue::Pair(first, second))) = (corrects, hyper.get("betas")) else {
        return Ok(by_variable(variables, all));
    };
    for (name, beta) in [("exp_avg", first), ("exp_avg_sq", second)] {
        if let Some((_, values)) = all.iter().find(|(known, _)| known == name) {
            let began = 1.0 - beta.powf(optimizer.steps() as f64);
            let corrected = values.iter().map(|value| value / began).collect();
            all.push((format!("{name}_corrected"), corrected));
        }
    }
    Ok(by_variable(variables, all))
}

fn by_variable(variables: &[&str], all: Vec<(String, Vec<f64>)>) -> Named<Named<Number>> {
    let named =
        |values: Vec<f64>| Named::new(variables.iter().copied(), values.into_iter().map(Number));
    Named(all.into_iter().map(|(name, values)| (name, named(values))).collect())
}

/// The value where a search looks at it.
fn searched<'t>(
    ground: &Ground<'_>,
    tape: &'t Tape,
    parameters: &[Parameter],
    noise: &[f64],
) -> Var<'t> {
    let inputs: Vec<_> = parameters.iter().map(|parameter| tape.parameter(parameter)).collect();
    // Where a program cannot be run, the search has looked too far.
    let value = match ground.at(&places_of(parameters)) {
        Ok(expr) => expr.record(tape, &inputs),
        Err(_) => tape.watch(Tensor::scalar(f64::NAN)),
    };
    noisy(value, &inputs, noise)
}

/// Noise in the gradient is a slope added to the loss.
fn noisy<'t>(value: Var<'t>, inputs: &[Var<'t>], noise: &[f64]) -> Var<'t> {
    inputs.iter().zip(noise).fold(value, |loss, (&input, &slope)| loss + input * slope)
}
