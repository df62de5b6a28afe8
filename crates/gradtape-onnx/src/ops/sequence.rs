//! Lists of arrays, and values that may be missing.

use gradtape::{Result, Tensor, Var};

use super::Table;
use super::shape::sizes;
use crate::call::{Call, Outputs, one};
use crate::tensor::broken;
use crate::value::{Array, Value};

pub(super) const TABLE: Table = &[
    ("ConcatFromSequence", concat),
    ("Optional", |c| Ok(vec![c.inputs.first().cloned().flatten().unwrap_or(Value::Nothing)])),
    ("OptionalGetElement", |c| match c.value(0)? {
        Value::Nothing => Err(broken("the optional value is not there")),
        value => Ok(vec![value.clone()]),
    }),
    ("OptionalHasElement", |c| {
        let there = !matches!(c.inputs.first(), None | Some(None) | Some(Some(Value::Nothing)));
        one(Array::of(c.tape.constant(Tensor::scalar(there))))
    }),
    ("SequenceAt", |c| {
        let items = c.sequence(0)?;
        one(items[place(c, items.len(), false)?])
    }),
    ("SequenceConstruct", |c| Ok(vec![Value::Sequence(c.arrays()?)])),
    ("SequenceEmpty", |_| Ok(vec![Value::Sequence(Vec::new())])),
    ("SequenceErase", |c| {
        let mut items = c.sequence(0)?.to_vec();
        let place = match c.maybe(1)? {
            Some(_) => place(c, items.len(), false)?,
            None => items.len().checked_sub(1).ok_or_else(|| broken("an empty sequence"))?,
        };
        items.remove(place);
        Ok(vec![Value::Sequence(items)])
    }),
    ("SequenceInsert", |c| {
        let mut items = c.sequence(0)?.to_vec();
        let place = match c.maybe(2)? {
            Some(at) => from_start(at, items.len(), true)?,
            None => items.len(),
        };
        items.insert(place, c.x(1)?);
        Ok(vec![Value::Sequence(items)])
    }),
    ("SequenceLength", |c| one(c.of_whole(vec![c.sequence(0)?.len() as i64], &[])?)),
    ("SequenceMap", map),
    ("SplitToSequence", split),
];

fn place(c: &Call<'_, '_>, count: usize, end: bool) -> Result<usize> {
    from_start(c.x(1)?, count, end)
}

/// A place in a sequence, counted from the end where it is below 0; `end` allows that behind the last.
fn from_start(at: Array<'_>, count: usize, end: bool) -> Result<usize> {
    let given = at.whole()?.first().copied().unwrap_or(0);
    let place = if given < 0 { given + count as i64 } else { given };
    let most = count + usize::from(end);
    usize::try_from(place)
        .ok()
        .filter(|&place| place < most)
        .ok_or_else(|| broken(format!("place {given} of a sequence of {count}")))
}

fn concat<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let items = c.sequence(0)?;
    let Some(first) = items.first() else { return Err(broken("an empty sequence")) };
    let vars: Vec<Var<'t>> = items.iter().map(|item| item.var).collect();
    let new = c.flag("new_axis", false)?;
    let at = c.axis(0, first.rank() + usize::from(new))? as isize;
    one(first.like(if new { c.tape.stack(&vars, at) } else { c.tape.concat(&vars, at) }))
}

fn split<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let at = c.axis(0, x.rank())?;
    let size = x.shape()[at];
    let given = c.maybe(1)?;
    let keep = given.is_some() || c.flag("keepdims", true)?;
    let parts: Vec<usize> = match given {
        None => vec![1; size],
        Some(given) if given.rank() == 0 => {
            let each = sizes(&given.whole()?)?[0];
            if each == 0 {
                return Err(broken("parts of size 0"));
            }
            (0..size.div_ceil(each)).map(|part| each.min(size - part * each)).collect()
        }
        Some(given) => sizes(&given.whole()?)?,
    };
    let parts = x.var.split(at as isize, &parts).into_iter();
    let parts = parts.map(|part| x.like(if keep { part } else { part.squeeze(at as isize) }));
    Ok(vec![Value::Sequence(parts.collect())])
}

/// Runs its body for each item of the first sequence; other sequences go along, other values stay.
fn map<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let body = c.graph("body")?;
    let count = c.sequence(0)?.len();
    let mut results = vec![Vec::new(); body.outputs.len()];
    for turn in 0..count {
        let mut inputs = Vec::new();
        for place in 0..c.inputs.len() {
            inputs.push(match c.value(place)? {
                Value::Sequence(items) => match items.get(turn) {
                    Some(&item) => item.into(),
                    None => return Err(broken("sequences of different lengths")),
                },
                other => other.clone(),
            });
        }
        for (all, value) in results.iter_mut().zip(c.scope.body(body, inputs)?) {
            match value {
                Value::Array(array) => all.push(array),
                _ => return Err(broken("a body that gives no array")),
            }
        }
    }
    Ok(results.into_iter().map(Value::Sequence).collect())
}
