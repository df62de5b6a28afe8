//! What a reader should know about a descent that went wrong, and what would mend it.

use super::path::{Descent, PathStep, Stopped, length, numbers};
use super::walk::walk;
use crate::report::{Result, short};
use crate::teaching::explain::node_notes;
use crate::teaching::ground::Ground;

/// Notes on the end of a walk.
pub(super) fn notes(
    ground: &Ground<'_>,
    how: &Descent,
    steps: &[PathStep],
    stopped: Stopped,
    lr: f64,
) -> Result<Vec<String>> {
    let [first, .., last] = steps else {
        let undefined = steps.iter().find(|only| !only.value.0.is_finite());
        return Ok(undefined.map(|only| outside(ground, only)).unwrap_or_default());
    };
    let mut notes = Vec::new();
    if last.value.0.is_nan() {
        notes.extend(outside(ground, last));
    }
    let before = &steps[steps.len() - 2];
    let far = 1e3 * (1.0 + length(&numbers(&first.at)));
    if stopped == Stopped::Diverged
        && before.value.0 < first.value.0
        && length(&numbers(&before.at)) > far
    {
        notes.push(format!(
            "the value falls without bound, to {} at step {}: there is no minimum this way, and a smaller \
             learning rate only takes longer",
            short(before.value.0),
            before.step
        ));
        return Ok(notes);
    }
    // On another path of a program, a value may be higher at any rate.
    let is_one = !ground.is_program();
    let has_risen = is_one && how.noise == 0.0 && last.value.0 > first.value.0;
    if stopped == Stopped::Diverged || has_risen {
        if stopped != Stopped::Diverged {
            let (from, to) = (short(first.value.0), short(last.value.0));
            notes.push(format!(
                "the value rose from {from} to {to}: the learning rate is too large"
            ));
        }
        notes.push(smaller_rate(ground, how, first, lr)?);
    } else if how.noise == 0.0 && jumps(steps) {
        notes.push(
            "the last steps jump back and forth between two places: a smaller learning rate would end \
             nearer to the minimum"
                .to_string(),
        );
    }
    Ok(notes)
}

/// What a program did where a descent on it began and where it ended.
pub(super) fn of_program(ground: &Ground<'_>, start: &[f64], end: &[f64]) -> Vec<String> {
    if !ground.is_program() {
        return Vec::new();
    }
    let (first, last) = (ground.told(start).join(", "), ground.told(end).join(", "));
    let told = match first == last || last.is_empty() {
        true => format!("at the start {first}"),
        false => format!("at the start {first}; at the end {last}"),
    };
    let path = "each step follows the derivative of the path that the program takes there; where the path changes, the \
                value may jump";
    vec![told, path.to_string()]
}

/// Which node of the expression is not a number at a place.
fn outside(ground: &Ground<'_>, place: &PathStep) -> Vec<String> {
    let what = format!("the value at step {} is {}", place.step, short(place.value.0));
    let at = numbers(&place.at);
    let mut notes = ground.at(&at).map(|expr| node_notes(&expr, &at)).unwrap_or_default();
    notes.insert(0, what);
    notes
}

/// Whether the place before the last step but one is that after the last.
fn jumps(steps: &[PathStep]) -> bool {
    let [.., a, b, c] = steps else { return false };
    let apart = |x: &PathStep, y: &PathStep| {
        let pairs = x.at.values().zip(y.at.values());
        length(&pairs.map(|(x, y)| x.0 - y.0).collect::<Vec<_>>())
    };
    apart(b, c) > 0.0 && apart(a, c) < 1e-6 * apart(b, c)
}

/// Halves the learning rate until the descent stays among the numbers and leads down.
fn smaller_rate(ground: &Ground<'_>, how: &Descent, first: &PathStep, lr: f64) -> Result<String> {
    let start = numbers(&first.at);
    let mut smaller = how.clone();
    smaller.steps = how.steps.min(10_000);
    let mut rate = lr;
    for _ in 0..20 {
        rate *= 0.5;
        smaller.hyper = smaller.hyper.with("lr", rate);
        let (places, stopped, _) = walk(ground, &start, &smaller)?;
        let (Some(first), Some(last)) = (places.first(), places.last()) else { break };
        if stopped != Stopped::Diverged && last.value.0 < first.value.0 {
            return Ok(format!(
                "with the learning rate {} it does not diverge: after {} steps the value is {}",
                short(rate),
                last.step,
                short(last.value.0)
            ));
        }
    }
    Ok(format!(
        "it diverges at every learning rate tried, down to {}: the expression may have no minimum here",
        short(rate)
    ))
}
