//! The batching rule of every operation, tried on the samples in its file.

use gradtape::op::{Meta, Op, Sample};
use gradtape::{DType, Mode, Shape, Tape, Tensor, Var, gradients, vjp, vmap_axes};

use super::{SINGLE, by_meaning, compare, for_every_sample, single};
use crate::samples::{floats, infer, record, text};

/// How many examples a batch has.
const COUNT: usize = 3;

/// The inputs of each example: of those that are batched the elements in another order, or another number.
fn examples(inputs: &[Tensor], batched: usize) -> Vec<Vec<Tensor>> {
    let turned = |x: &Tensor, example: usize| {
        let mut numbers = x.to_f64_vec();
        match &mut numbers[..] {
            [one] if x.dtype() == DType::I64 => {
                *one = ((*one as i64) ^ (example as i64 & 1)) as f64
            }
            all => all.rotate_left(example % all.len().max(1)),
        }
        let turned = Tensor::from_vec(numbers, x.shape()).map(|turned| turned.cast(x.dtype()));
        turned.unwrap_or_else(|_| x.clone())
    };
    let own = |example, (i, x): (usize, &Tensor)| match batched >> i & 1 {
        1 => turned(x, example),
        _ => x.clone(),
    };
    (0..COUNT).map(|example| inputs.iter().enumerate().map(|x| own(example, x)).collect()).collect()
}

/// The inputs of all examples at once, and the axes of these.
fn batch<'t>(
    tape: &'t Tape,
    examples: &[Vec<Tensor>],
    batched: usize,
) -> (Vec<Var<'t>>, Vec<Option<isize>>) {
    let axes: Vec<Option<isize>> =
        (0..examples[0].len()).map(|i| (batched >> i & 1 == 1).then_some(0)).collect();
    let whole = |(i, axis): (usize, &Option<isize>)| {
        let all: Vec<Tensor> = examples.iter().map(|inputs| inputs[i].clone()).collect();
        let stacked = axis.map(|axis| Tensor::stack(&all, axis).unwrap());
        record(tape, &[stacked.unwrap_or_else(|| all[0].clone())])[0]
    };
    (axes.iter().enumerate().map(whole).collect(), axes)
}

/// Runs a check on every sample, with every choice of inputs that are batched, in both precisions.
fn for_every_batch(check: impl Fn(&Sample<Op>, usize, f64) -> Result<(), String>) {
    for_every_sample(|sample| {
        for batched in 1..1 << sample.inputs.len() {
            let rounded = sample.inputs.iter().map(single).collect();
            let rounded = Sample { inputs: rounded, ..sample.clone() };
            for (sample, tolerance) in [(sample, 1e-13), (&rounded, SINGLE)] {
                check(sample, batched, tolerance)
                    .map_err(|error| format!("inputs {batched:b} batched: {error}"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn a_batch_gives_what_its_examples_give() {
    for_every_batch(|Sample { op, inputs, .. }, batched, tolerance| {
        let examples = examples(inputs, batched);
        for (mode, tolerance) in [(Mode::Eager, 0.0), (Mode::Fused, tolerance)] {
            let tape = Tape::new();
            tape.set_mode(mode);
            let (x, axes) = batch(&tape, &examples, batched);
            let all = vmap_axes(x, &axes, |x| tape.apply(op.clone(), &x)).value().map_err(text)?;
            for (i, example) in examples.iter().enumerate() {
                let (got, want) = (all.index(0, i).map_err(text)?, by_meaning(op, example)?);
                if Meta::of(&got) != Meta::of(&want) {
                    return Err(format!("{} of {}", Meta::of(&got), Meta::of(&want)));
                }
                compare(&got, &want, tolerance).map_err(|e| format!("{mode:?}, {i}: {e}"))?;
            }
        }
        Ok(())
    });
}

/// A batch of vector-Jacobian products, and that of a batch.
#[test]
fn gradients_of_a_batch_are_those_of_its_examples() {
    for_every_batch(|Sample { op, inputs, no_derivative }, batched, tolerance| {
        let out = infer(op, inputs)?;
        if no_derivative.is_some() || !out.dtype.is_float() {
            return Ok(());
        }
        let value = |i: usize| ((i * 31 + 3) % 23) as f64 / 11.5 - 1.0;
        let g = Tensor::from_vec((0..out.shape.elements()).map(value).collect(), &out.shape);
        let with_g = [&inputs[..], &[g.map_err(text)?.cast(out.dtype)]].concat();
        let batched = batched | 1 << inputs.len();
        let examples = examples(&with_g, batched);
        let tape = Tape::new();
        let (x, axes) = batch(&tape, &examples, batched);
        let inside = vmap_axes(x.clone(), &axes, |x| pulled(op, &x));
        let (g, x) = x.split_last().ok_or("no inputs")?;
        let y = vmap_axes(x.to_vec(), &axes[..x.len()], |x| tape.apply(op.clone(), &x));
        let outside = vjp(&[y], &[*g], &floats(x));
        let mut sums: Vec<Option<Tensor>> = vec![None; outside.len()];
        let is_float = |i: &usize| inputs[*i].dtype().is_float();
        let places: Vec<usize> = (0..inputs.len()).filter(is_float).collect();
        for (i, example) in examples.iter().enumerate() {
            let own = Tape::new();
            let x = record(&own, example);
            for (k, want) in pulled(op, &x).into_iter().enumerate() {
                let want = want.value().map_err(text)?;
                let got = inside[k].value().and_then(|all| all.index(0, i)).map_err(text)?;
                compare(&got, &want, 4.0 * tolerance).map_err(|e| format!("inside, {i}: {e}"))?;
                let outside = outside[k].value().map_err(text)?;
                if axes[places[k]].is_some() {
                    let got = outside.index(0, i).map_err(text)?;
                    compare(&got, &want, 4.0 * tolerance)
                        .map_err(|e| format!("outside, {i}: {e}"))?;
                    continue;
                }
                let sum = match sums[k].take() {
                    Some(sum) => (sum + want).map_err(text)?,
                    None => want,
                };
                if i + 1 == COUNT {
                    compare(&outside, &sum, 8.0 * tolerance).map_err(|e| format!("shared: {e}"))?;
                }
                sums[k] = Some(sum);
            }
        }
        Ok(())
    });
}

/// The cotangents of an operation's float inputs, given the inputs and the cotangent of the result.
fn pulled<'t>(op: &Op, x: &[Var<'t>]) -> Vec<Var<'t>> {
    match x.split_last() {
        Some((g, x)) => vjp(&[g.tape().apply(op.clone(), x)], &[*g], &floats(x)),
        None => vec![],
    }
}

#[test]
fn a_batch_of_no_examples_has_the_shape_of_none() {
    for_every_batch(|Sample { op, inputs, no_derivative }, batched, _| {
        let out = infer(op, inputs)?;
        for mode in [Mode::Fused, Mode::Eager] {
            let tape = Tape::new();
            tape.set_mode(mode);
            let (all, axes) = batch(&tape, &examples(inputs, batched), batched);
            let x: Vec<Var<'_>> = all
                .iter()
                .zip(&axes)
                .map(|(&x, axis)| match axis {
                    Some(_) => {
                        let dims = [&[0], &x.shape()[1..]].concat();
                        record(&tape, &[Tensor::zeros(dims, x.dtype())])[0]
                    }
                    None => x,
                })
                .collect();
            let y = vmap_axes(x.clone(), &axes, |x| tape.apply(op.clone(), &x));
            let want = Meta::new(out.dtype, Shape::from([&[0], &out.shape[..]].concat()));
            let got = Meta::of(&y.value().map_err(text)?);
            if got != want {
                return Err(format!("{got}, not {want}"));
            }
            if no_derivative.is_none() && out.dtype.is_float() {
                for (x, slope) in floats(&x).iter().zip(gradients(y.sum(()), &floats(&x))) {
                    let slope = slope.value().map_err(text)?;
                    if Meta::of(&slope) != x.meta() || slope.to_f64_vec().iter().any(|g| *g != 0.0)
                    {
                        return Err(format!("the gradient is {slope:?}"));
                    }
                }
            }
        }
        Ok(())
    });
}
