//! What holds for every operation, tried on the samples in its file. That the trial finds rules which are
//! wrong is tried in `planted_rules.rs`.
//!
//! Reading a value goes through the planner and the engine, so comparing it with the operation's
//! own meaning also compares the engines.

#[path = "batches/mod.rs"]
mod batches;

use std::collections::BTreeSet;

use crate::samples::{check_derivatives, floats, has_derivatives, infer, record, text};
use gradtape::engine::{Slot, interpret, reference};
use gradtape::op::scalar::Dual;
use gradtape::op::{Form, Meta, Op, Sample};
use gradtape::plan::plan;
use gradtape::{DType, Tape, Tensor, Var, eval, gradients, jvp, vjp};

/// How far f32 may be from f64, relative to the largest element (a few roundings of 6e-8).
const SINGLE: f64 = 1e-6;

/// The types of 16 bits, with how much one rounding can change a number.
const HALVES: [(DType, f64); 2] = [(DType::F16, 1.0 / 2048.0), (DType::BF16, 1.0 / 256.0)];

/// The types of 16 bits that an operation takes: all, but for those that say that they take none.
fn halves(op: &Op, inputs: &[Tensor]) -> Vec<(DType, f64)> {
    let refuses = |dtype: DType| {
        let inputs: Vec<Tensor> = inputs.iter().map(|x| half(x, dtype)).collect();
        infer(op, &inputs).is_err_and(|rule| rule == format!("needs f32 or f64, not {dtype}"))
    };
    HALVES.into_iter().filter(|&(dtype, _)| !refuses(dtype)).collect()
}

/// Runs a check on every sample and reports the operations that fail it, by name.
fn for_every_sample(check: impl Fn(&Sample<Op>) -> Result<(), String>) {
    let failures: Vec<String> = Op::samples()
        .iter()
        .filter_map(|sample| check(sample).err().map(|error| format!("{:?}: {error}", sample.op)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn by_meaning(op: &Op, inputs: &[Tensor]) -> Result<Tensor, String> {
    op.eval(inputs, &infer(op, inputs)?).map_err(text)
}

fn single(x: &Tensor) -> Tensor {
    if x.dtype() == DType::F64 { x.cast(DType::F32) } else { x.clone() }
}

/// Differences relative to the largest finite element; other elements must be the same.
fn compare(got: &Tensor, want: &Tensor, tolerance: f64) -> Result<(), String> {
    let (got, want) = (got.to_f64_vec(), want.to_f64_vec());
    let finite = want.iter().copied().filter(|x| x.is_finite());
    let scale = finite.fold(1e-30f64, |max, x| max.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        let same = got == want || got.is_nan() && want.is_nan();
        let near = (got - want).abs() <= tolerance * scale;
        if !same && !near {
            return Err(format!("element {i} is {got}, not {want}"));
        }
    }
    Ok(())
}

#[test]
fn every_operation_has_samples_and_complete_documentation() {
    let sampled: BTreeSet<&str> = Op::samples().iter().map(|sample| sample.op.name()).collect();
    // An input has no meaning of its own that a sample could show.
    let leaf = leaf();
    assert!(matches!(leaf.form(), Form::Input) && !sampled.contains(leaf.name()));
    let mut names = BTreeSet::new();
    for info in Op::TABLE {
        assert!(names.insert(info.name), "{} stands twice in the list", info.name);
        assert!(sampled.contains(info.name) || info.name == leaf.name(), "{}", info.name);
        let mut lines = info.doc.iter().map(|line| line.trim());
        for heading in ["# What", "# Gradient", "# Why it holds", "# Example"] {
            assert!(lines.any(|line| line == heading), "{}: {heading} is missing", info.name);
            assert!(lines.next().is_some_and(|line| !line.is_empty()), "{}", info.name);
        }
    }
}

/// The operation of a value from outside: what is negated.
fn leaf() -> Op {
    let tape = Tape::new();
    let (graph, _) = eval::graph(&tape, &[-tape.watch([1.0])]).unwrap();
    graph.nodes[0].op.clone()
}

#[test]
fn the_shape_rule_tells_what_the_meaning_computes() {
    for_every_sample(|Sample { op, inputs, .. }| {
        for inputs in [inputs.clone(), inputs.iter().map(single).collect()] {
            let want = infer(op, &inputs)?;
            let got = Meta::of(&op.eval(&inputs, &want).map_err(text)?);
            if got != want {
                return Err(format!("the rule says {want}, the meaning computes {got}"));
            }
        }
        Ok(())
    });
}

/// Operations take a number of inputs that is always the same, or any number from one on.
#[test]
fn the_shape_rule_refuses_the_wrong_number_of_inputs() {
    for_every_sample(|Sample { op, inputs, .. }| {
        let (last, fewer) =
            inputs.split_last().map_or((None, &inputs[..]), |(x, rest)| (Some(x), rest));
        let mut more = inputs.clone();
        more.push(last.cloned().unwrap_or(Tensor::scalar(true)));
        let refused = |inputs: &[Tensor]| infer(op, inputs).is_err();
        match (refused(&more), last) {
            (true, Some(_)) if !refused(fewer) => Err("accepted without its last input".into()),
            (true, _) => Ok(()),
            (false, None) => Err("accepted with an input".into()),
            (false, Some(_)) if refused(&inputs[..1]) || !refused(&[]) => {
                Err("takes neither one number of inputs nor any".into())
            }
            (false, Some(_)) => Ok(()),
        }
    });
}

#[test]
fn attributes_are_read_back_from_text() {
    for_every_sample(|Sample { op, .. }| {
        let attributes = op.attributes();
        let mut get = |name: &str| {
            attributes.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone())
        };
        match Op::parse(op.name(), &mut get) {
            Some(read) if read == *op => Ok(()),
            read => Err(format!("read back as {read:?}")),
        }
    });
}

#[test]
fn engines_agree_with_the_meaning() {
    for_every_sample(|Sample { op, inputs, .. }| {
        for (inputs, tolerance) in
            [(inputs.clone(), 1e-13), (inputs.iter().map(single).collect(), SINGLE)]
        {
            let tape = Tape::new();
            let out = tape.apply(op.clone(), &record(&tape, &inputs));
            compare(&out.value().map_err(text)?, &by_meaning(op, &inputs)?, tolerance)?;
        }
        Ok(())
    });
}

/// The operation between elementwise neighbours, so that the planner has something to fuse it with and
/// to simplify (a double negative), its gradients and theirs, all in one program.
#[test]
fn plans_keep_values_and_gradients() {
    for_every_sample(|Sample { op, inputs, no_derivative }| {
        for (inputs, tolerance) in planned(op, inputs) {
            let tape = Tape::new();
            let x = record(&tape, &inputs);
            let operands: Vec<Var<'_>> = x.iter().map(double_negative).collect();
            let out = tape.apply(op.clone(), &operands);
            let mut wanted = vec![out];
            if out.dtype().is_float() && no_derivative.is_none() {
                let x = floats(&x);
                let y = ((out + out).abs() * out).sum(());
                let first = gradients(y, &x);
                wanted.extend(&first);
                if let Some(sum) = first.iter().map(|g| (*g * *g).sum(())).reduce(|a, b| a + b) {
                    wanted.extend(gradients(sum, &x));
                }
            }
            let (graph, numbers) = eval::graph(&tape, &wanted).map_err(text)?;
            let slots = || numbers.iter().map(Slot::Read).collect::<Vec<_>>();
            let mut want = Vec::new();
            reference::run(&graph, &mut slots(), &mut want, &mut |_, _| Ok(())).map_err(text)?;
            let empty = |want: &Tensor| Tensor::zeros(want.shape(), want.dtype()).contiguous();
            let mut got: Vec<Tensor> = want.iter().map(empty).collect();
            interpret::run(&plan(&graph), &mut slots(), &mut got).map_err(text)?;
            for (k, (got, want)) in got.iter().zip(&want).enumerate() {
                if Meta::of(got) != Meta::of(want) {
                    return Err(format!("result {k} is planned as {}", Meta::of(got)));
                }
                compare(got, want, tolerance).map_err(|e| format!("result {k}: {e}"))?;
            }
        }
        Ok(())
    });
}

/// Inputs in every type, with how far plans and meanings may be apart.
fn planned(op: &Op, inputs: &[Tensor]) -> Vec<(Vec<Tensor>, f64)> {
    let mut all =
        vec![(inputs.to_vec(), 1e-13), (inputs.iter().map(single).collect(), 4.0 * SINGLE)];
    let rounded = |(dtype, unit)| (inputs.iter().map(|x| half(x, dtype)).collect(), 8.0 * unit);
    all.extend(halves(op, inputs).into_iter().map(rounded));
    all
}

fn double_negative<'t>(x: &Var<'t>) -> Var<'t> {
    if x.dtype().is_float() { -(-*x) } else { *x }
}

#[test]
fn f32_is_near_f64() {
    for_every_sample(|Sample { op, inputs, no_derivative }| {
        let rounded: Vec<Tensor> = inputs.iter().map(single).collect();
        let exact: Vec<Tensor> = rounded.iter().map(widened).collect();
        let (got, want) = (by_meaning(op, &rounded)?, by_meaning(op, &exact)?);
        // The random numbers of the two types are the same up to the digits of the shorter.
        compare(&got, &want, SINGLE)?;
        if no_derivative.is_some() || !want.dtype().is_float() {
            return Ok(());
        }
        for (got, want) in gradient_of_sum(op, &rounded)?.iter().zip(gradient_of_sum(op, &exact)?) {
            compare(got, &want, 4.0 * SINGLE)?;
        }
        Ok(())
    });
}

fn widened(x: &Tensor) -> Tensor {
    if x.dtype().is_float() { x.cast(DType::F64) } else { x.clone() }
}

fn half(x: &Tensor, dtype: DType) -> Tensor {
    if x.dtype() == DType::F64 { x.cast(dtype) } else { x.clone() }
}

/// Of numbers of 16 bits an operation's result is that of f64 within one rounding, and f32's own; its first and
/// second derivatives, which several operations make, within some.
#[test]
fn numbers_of_16_bits_are_near_f64() {
    for_every_sample(|Sample { op, inputs, no_derivative }| {
        for (dtype, unit) in halves(op, inputs) {
            let rounded: Vec<Tensor> = inputs.iter().map(|x| half(x, dtype)).collect();
            let exact: Vec<Tensor> = rounded.iter().map(widened).collect();
            let named = |error: String| format!("{dtype}: {error}");
            let (got, want) = (by_meaning(op, &rounded)?, by_meaning(op, &exact)?);
            compare(&got, &want, unit + SINGLE).map_err(named)?;
            if no_derivative.is_some() || !want.dtype().is_float() {
                continue;
            }
            let slopes =
                gradient_of_sum(op, &rounded)?.into_iter().zip(gradient_of_sum(op, &exact)?);
            for (got, want) in slopes {
                compare(&got, &want, 8.0 * unit).map_err(|e| format!("{dtype} first: {e}"))?;
            }
            let slopes = second(op, &rounded)?.into_iter().zip(second(op, &exact)?);
            for (got, want) in slopes {
                compare(&got, &want, 32.0 * unit).map_err(|e| format!("{dtype} second: {e}"))?;
            }
        }
        Ok(())
    });
}

/// The gradient of the sum of the gradients, each weighted.
fn second(op: &Op, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
    let tape = Tape::new();
    let x = record(&tape, inputs);
    let y = tape.apply(op.clone(), &x).sum(());
    let first = gradients(y, &floats(&x));
    let weighted = first.iter().enumerate().map(|(k, g)| {
        let weight = |i: usize| 0.5 + ((i * 29 + k * 17 + 7) % 53) as f64 / 64.0;
        let weights = (0..g.shape().elements()).map(weight).collect();
        let weights = Tensor::from_vec::<f64>(weights, g.shape()).unwrap().cast(DType::BF16);
        (*g * tape.constant(weights.cast(g.dtype()))).sum(()).cast(DType::F64)
    });
    let Some(sum) = weighted.reduce(|a, b| a + b) else { return Ok(Vec::new()) };
    gradients(sum, &floats(&x)).iter().map(|slope| slope.value().map_err(text)).collect()
}

/// Engines round where the meaning does: they differ where f32 differs and another number is the nearest.
#[test]
fn engines_agree_on_numbers_of_16_bits() {
    for_every_sample(|Sample { op, inputs, .. }| {
        for (dtype, unit) in halves(op, inputs) {
            let inputs: Vec<Tensor> = inputs.iter().map(|x| half(x, dtype)).collect();
            let want = by_meaning(op, &inputs)?;
            let tape = Tape::new();
            let out = tape.apply(op.clone(), &record(&tape, &inputs));
            compare(&out.value().map_err(text)?, &want, 2.0 * unit)?;
        }
        Ok(())
    });
}

fn gradient_of_sum(op: &Op, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
    let tape = Tape::new();
    let x = record(&tape, inputs);
    let y = tape.apply(op.clone(), &x).sum(());
    gradients(y, &floats(&x)).iter().map(|slope| slope.value().map_err(text)).collect()
}

#[test]
fn cotangents_have_the_shape_and_type_of_their_input() {
    for_every_sample(|Sample { op, inputs, no_derivative }| {
        for inputs in [inputs.clone(), inputs.iter().map(single).collect()] {
            if !infer(op, &inputs)?.dtype.is_float() || no_derivative.is_some() {
                continue;
            }
            let tape = Tape::new();
            let x = record(&tape, &inputs);
            let out = tape.apply(op.clone(), &x);
            let g = tape.watch(Tensor::ones(out.shape(), out.dtype()));
            let x = floats(&x);
            for (x, cotangent) in x.iter().zip(vjp(&[out], &[g], &x)) {
                let value = cotangent.value().map_err(text)?;
                if cotangent.meta() != x.meta() || Meta::of(&value) != x.meta() {
                    return Err(format!("{} for an input of {}", cotangent.meta(), x.meta()));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn first_and_second_derivatives_agree_with_differences() {
    for_every_sample(|sample| {
        if !has_derivatives(sample)? {
            return Ok(());
        }
        check_derivatives(|x| x[0].tape().apply(sample.op.clone(), x), &sample.inputs)
    });
}

/// A vector-Jacobian product times a tangent is the cotangent times a Jacobian-vector product.
#[test]
fn forward_mode_is_the_transpose_of_reverse_mode() {
    for_every_sample(|sample| {
        if !has_derivatives(sample)? {
            return Ok(());
        }
        let tape = Tape::new();
        let x = record(&tape, &sample.inputs);
        let y = tape.apply(sample.op.clone(), &x);
        let x = floats(&x);
        let some = |like: Var<'_>, salt: usize| {
            let value = |i: usize| ((i * 31 + salt * 13 + 3) % 23) as f64 / 11.5 - 1.0;
            let values = (0..like.shape().elements()).map(value).collect();
            Tensor::from_vec::<f64>(values, like.shape())
        };
        let mut tangents = Vec::new();
        for (salt, &x) in x.iter().enumerate() {
            tangents.push(tape.constant(some(x, salt + 1).map_err(text)?));
        }
        let g = tape.constant(some(y, 0).map_err(text)?);
        let forward = (jvp(&[y], &x, &tangents)[0] * g).sum(()).item().map_err(text)?;
        let cotangents = vjp(&[y], &[g], &x);
        let parts = cotangents.iter().zip(&tangents).map(|(&c, &t)| (c * t).sum(()).item());
        let reverse = parts.sum::<gradtape::Result<f64>>().map_err(text)?;
        let near = (forward - reverse).abs() <= 1e-13 * reverse.abs().max(1.0);
        if near { Ok(()) } else { Err(format!("{forward} forward, {reverse} in reverse")) }
    });
}

#[test]
fn elementwise_rules_are_the_derivatives_of_their_formulas() {
    for_every_sample(|Sample { op, inputs, no_derivative }| {
        let out = infer(op, inputs)?;
        let skip = !op.is_elementwise() || !out.dtype.is_float();
        if skip || no_derivative.is_some() {
            return Ok(());
        }
        let slopes = gradient_of_sum(op, inputs)?;
        let columns: Vec<Vec<f64>> = inputs.iter().map(Tensor::to_f64_vec).collect();
        let floats = (0..inputs.len()).filter(|&k| inputs[k].dtype().is_float());
        for (k, slope) in floats.zip(slopes) {
            for (i, got) in slope.to_f64_vec().into_iter().enumerate() {
                let x = std::array::from_fn(|j| {
                    let value = columns.get(j).map_or(0.0, |column| column[i]);
                    Dual::new(value, if j == k { 1.0 } else { 0.0 })
                });
                let want = op.formula(x).map_or(f64::NAN, |dual| dual.derivative);
                let near = (got - want).abs() <= 1e-13 * want.abs().max(1.0);
                if !near {
                    return Err(format!("by input {k}: the rule gives {got}, the formula {want}"));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn truth_values_and_places_have_no_gradient_but_say_why() {
    for_every_sample(|Sample { op, inputs, .. }| {
        let tape = Tape::new();
        let x = record(&tape, inputs);
        let out = tape.apply(op.clone(), &x);
        if out.dtype().is_float() || floats(&x).is_empty() {
            return Ok(());
        }
        let ones = tape.constant(Tensor::ones(out.shape(), out.dtype()));
        match vjp(&[out], &[ones], &floats(&x))[0].value() {
            Err(error) if error.to_string().contains("has no gradient") => Ok(()),
            other => Err(format!("gave {other:?}")),
        }
    });
}

#[test]
fn a_stopped_gradient_is_an_error_that_names_the_stop() {
    let tape = Tape::new();
    let x = tape.watch(Tensor::scalar(2.0f64));
    let error = gradients(x.stop_gradient() * 3.0, &[x])[0].item().unwrap_err();
    assert!(error.to_string().contains("stop_gradient lets no gradient through"), "{error}");
}
