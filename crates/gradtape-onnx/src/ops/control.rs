//! Branches and loops. Conditions and counts are read while the graph is recorded, as ordinary control flow does.

use gradtape::{Result, Tensor, Var};

use super::Table;
use crate::call::{Call, Outputs};
use crate::graph::Graph;
use crate::tensor::broken;
use crate::value::{Array, Value, axis};

pub(super) const TABLE: Table = &[("If", branch), ("Loop", repeat), ("Scan", scan)];

fn truth(value: &Value<'_>) -> Result<bool> {
    match value {
        Value::Array(array) => match array.numbers()?.as_slice() {
            &[number] => Ok(number != 0.0),
            others => Err(broken(format!("a condition of {} values, not one", others.len()))),
        },
        _ => Err(broken("a condition that is no array")),
    }
}

fn branch<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let taken = if truth(c.value(0)?)? { "then_branch" } else { "else_branch" };
    c.scope.body(c.graph(taken)?, Vec::new())
}

/// Runs its body up to a count or while a condition holds; what the body carries on comes first among its results, what
/// it gives each time is stacked.
fn repeat<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let body = c.graph("body")?;
    let most = c.whole(0)?.and_then(|most| most.first().copied());
    let mut goes_on = match c.maybe(1)? {
        Some(condition) => truth(&condition.into())?,
        None => true,
    };
    let mut carried: Vec<Value<'t>> =
        c.inputs.iter().skip(2).map(|value| value.clone().unwrap_or(Value::Nothing)).collect();
    let count = carried.len();
    let Some(kinds) = body.outputs.len().checked_sub(1 + count) else {
        return Err(broken(format!(
            "a body of {} outputs for {count} carried values",
            body.outputs.len()
        )));
    };
    let mut given: Vec<Vec<Array<'t>>> = vec![Vec::new(); kinds];
    let mut turn = 0;
    while goes_on && most.is_none_or(|most| turn < most) {
        if turn == MOST {
            return Err(broken(format!("a loop that has not ended after {MOST} turns")));
        }
        let condition = Array::of(c.tape.constant(Tensor::scalar(goes_on)));
        let mut inputs = vec![c.of_whole(vec![turn], &[])?.into(), condition.into()];
        inputs.extend(carried.iter().cloned());
        let mut outputs = c.scope.body(body, inputs)?.into_iter();
        goes_on = outputs.next().map_or(Ok(false), |condition| truth(&condition))?;
        carried = outputs.by_ref().take(count).collect();
        for (given, value) in given.iter_mut().zip(outputs) {
            given.push(array(value)?);
        }
        turn += 1;
    }
    let mut results = carried;
    for (place, given) in given.into_iter().enumerate() {
        results.push(stacked(c, body, 1 + count + place, given, 0)?);
    }
    Ok(results)
}

/// Loops that go on longer are taken for endless ones.
const MOST: i64 = 1 << 16;

fn array(value: Value<'_>) -> Result<Array<'_>> {
    match value {
        Value::Array(array) => Ok(array),
        _ => Err(broken("a body gives no array where arrays are stacked")),
    }
}

/// What a body gave each time along a new axis; of no times an empty array of the type that the body names.
fn stacked<'t>(
    c: &Call<'_, 't>,
    body: &Graph,
    output: usize,
    given: Vec<Array<'t>>,
    at: isize,
) -> Result<Value<'t>> {
    let Some(first) = given.first() else {
        let info = body.outputs.get(output);
        let elem = info.and_then(|info| info.elem).unwrap_or(crate::elem::Elem::F32);
        let mut shape = vec![0];
        let sizes = info.and_then(|info| info.sizes.clone()).unwrap_or_default();
        shape.extend(sizes.into_iter().map(|size| size.unwrap_or(0)));
        let empty = c.tape.constant(Tensor::zeros(shape, elem.dtype()));
        return Ok(Array { var: empty, elem }.into());
    };
    let vars: Vec<Var<'t>> = given.iter().map(|array| array.var).collect();
    Ok(first.like(c.tape.stack(&vars, at)).into())
}

/// Runs its body for each place along an axis of its last inputs. Version 8 does that for each example of a batch.
fn scan<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let body = c.graph("body")?;
    let scanned = c.int_or("num_scan_inputs", 1)?;
    // Version 8 has the lengths of the sequences in front, and a batch around everything.
    let (skip, batched) = if c.version < 9 { (1, true) } else { (0, false) };
    let inputs: Vec<Array<'t>> =
        (skip..c.inputs.len()).map(|place| c.x(place)).collect::<Result<_>>()?;
    let states =
        usize::try_from(scanned).ok().and_then(|scanned| inputs.len().checked_sub(scanned));
    let Some(states) = states else {
        return Err(broken(format!("`num_scan_inputs` is {scanned}")));
    };
    let kinds = body.outputs.len().saturating_sub(states);
    if !batched {
        return scan_one(c, body, &inputs, states, kinds);
    }
    let examples = inputs.first().map_or(0, |input| input.shape().first().copied().unwrap_or(0));
    let mut results: Vec<Vec<Array<'t>>> = vec![Vec::new(); states + kinds];
    for example in 0..examples {
        let own: Vec<Array<'t>> =
            inputs.iter().map(|input| input.like(input.var.index(0, example))).collect();
        for (all, value) in results.iter_mut().zip(scan_one(c, body, &own, states, kinds)?) {
            all.push(array(value)?);
        }
    }
    let results = results.into_iter().enumerate();
    results.map(|(output, given)| stacked(c, body, output, given, 0)).collect()
}

fn scan_one<'a, 't>(
    c: &Call<'a, 't>,
    body: &'a Graph,
    inputs: &[Array<'t>],
    states: usize,
    kinds: usize,
) -> Outputs<'t> {
    let (start, sequences) = inputs.split_at(states);
    let numbers = |name: &str, count: usize| -> Result<Vec<i64>> {
        Ok(c.ints(name)?.unwrap_or_else(|| vec![0; count]))
    };
    let axes = numbers("scan_input_axes", sequences.len())?;
    let backwards = numbers(
        if c.version < 9 { "directions" } else { "scan_input_directions" },
        sequences.len(),
    )?;
    let out_axes = numbers("scan_output_axes", kinds)?;
    let out_backwards = numbers("scan_output_directions", kinds)?;
    let axes = axes.iter().zip(sequences).map(|(&at, sequence)| axis(at, sequence.rank()));
    let axes = axes.collect::<Result<Vec<_>>>()?;
    if axes.len() != sequences.len() || backwards.len() != sequences.len() {
        return Err(broken("axes or directions are not as many as the sequences"));
    }
    let length =
        axes.first().zip(sequences.first()).map_or(0, |(&at, sequence)| sequence.shape()[at]);
    if let Some((at, sequence)) =
        axes.iter().zip(sequences).find(|(at, x)| x.shape()[**at] != length)
    {
        return Err(broken(format!(
            "sequences of {length} and of {} places",
            sequence.shape()[*at]
        )));
    }
    let mut carried: Vec<Value<'t>> = start.iter().map(|&state| state.into()).collect();
    let mut given: Vec<Vec<Array<'t>>> = vec![Vec::new(); kinds];
    for turn in 0..length {
        let mut inputs = carried.clone();
        for ((sequence, &at), &back) in sequences.iter().zip(&axes).zip(&backwards) {
            let place = if back == 1 { length - 1 - turn } else { turn };
            inputs.push(sequence.like(sequence.var.index(at as isize, place)).into());
        }
        let mut outputs = c.scope.body(body, inputs)?.into_iter();
        carried = outputs.by_ref().take(states).collect();
        for (given, value) in given.iter_mut().zip(outputs) {
            given.push(array(value)?);
        }
    }
    let mut results = carried;
    for (place, mut given) in given.into_iter().enumerate() {
        if out_backwards.get(place) == Some(&1) {
            given.reverse();
        }
        let rank = given.first().map_or(1, |array| array.rank() + 1);
        let at = axis(out_axes.get(place).copied().unwrap_or(0), rank)? as isize;
        results.push(stacked(c, body, states + place, given, at)?);
    }
    Ok(results)
}
