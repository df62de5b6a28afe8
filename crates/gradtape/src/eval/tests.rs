//! The planner and the CPU engine against the meaning of each operation.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::{Mode, compile, evaluate};
use crate::grad::gradients;
use crate::op::{Op, Recorder};
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Result, Rng, Tensor};

/// Evaluates an operation and, if it is differentiable, its gradients of two orders.
fn values(op: &Op, inputs: &[Tensor], mode: Mode) -> Result<Vec<Tensor>> {
    let tape = Tape::new();
    if mode != Mode::Fused {
        tape.set_mode(mode);
    }
    let x: Vec<Var<'_>> = inputs.iter().map(|t| tape.watch(t.clone())).collect();
    let ids: Vec<_> = x.iter().map(|x| x.id()).collect();
    let id = tape.record(op.clone(), &ids, std::panic::Location::caller());
    let out = tape.var(id);
    let mut wanted = vec![out];
    let floats: Vec<Var<'_>> = x.iter().copied().filter(|x| x.dtype().is_float()).collect();
    if out.dtype().is_float() && !floats.is_empty() {
        let first = gradients((out * out).sum(()), &floats);
        if first.iter().all(|g| g.check().is_ok()) {
            let total = first.iter().map(|g| (*g * *g).sum(())).reduce(|a, b| a + b);
            wanted.extend(first);
            wanted.extend(total.into_iter().flat_map(|total| gradients(total, &floats)));
        }
    }
    evaluate(&wanted)?;
    wanted.into_iter().map(Var::value).collect()
}

#[test]
fn every_operation_runs_as_it_means() {
    let mut wrong = Vec::new();
    for dtype in [DType::F64, DType::F32] {
        let close = if dtype == DType::F64 { 1e-11 } else { 2e-4 };
        for sample in Op::samples() {
            let inputs: Vec<Tensor> = sample
                .inputs
                .iter()
                .map(|t| if t.dtype().is_float() { t.cast(dtype) } else { t.clone() })
                .collect();
            let name = sample.op.name();
            match (
                values(&sample.op, &inputs, Mode::Eager),
                values(&sample.op, &inputs, Mode::Fused),
            ) {
                (Ok(want), Ok(got)) => {
                    for (i, (want, got)) in want.iter().zip(&got).enumerate() {
                        if !got.cast(DType::F64).all_close(&want.cast(DType::F64), close, close) {
                            wrong.push(format!(
                                "{name} {dtype} result {i}: {got:?} instead of {want:?}"
                            ));
                        }
                    }
                }
                (want, got) => {
                    wrong.push(format!("{name} {dtype}: {:?} / {:?}", want.err(), got.err()))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_fails_for_the_numbers_of_its_inputs_is_known_to_fail() {
    let mut failing = BTreeSet::new();
    for sample in Op::samples() {
        for number in [0, -1, i64::MAX] {
            let whole = |t: &Tensor| match t.dtype() {
                DType::I64 => Tensor::full(t.shape(), number as f64, DType::I64),
                _ => t.clone(),
            };
            // Also with all of its numbers whole, where it takes them, and with floats that are nothing.
            let all_whole = |t: &Tensor| whole(&t.cast(DType::I64));
            let floats = |t: &Tensor, value: f64| match t.dtype().is_float() {
                true => Tensor::full(t.shape(), value, t.dtype()),
                false => t.clone(),
            };
            let inputs: [Vec<Tensor>; 4] = [
                sample.inputs.iter().map(whole).collect(),
                sample.inputs.iter().map(all_whole).collect(),
                sample.inputs.iter().map(|t| floats(t, 0.0)).collect(),
                sample.inputs.iter().map(|t| floats(t, f64::NAN)).collect(),
            ];
            for inputs in inputs {
                let metas: Vec<_> = inputs.iter().map(crate::op::Meta::of).collect();
                let Ok(out) = sample.op.infer(&metas.iter().collect::<Vec<_>>()) else { continue };
                if sample.op.is_input() || sample.op.eval(&inputs, &out).is_ok() {
                    continue;
                }
                failing.insert(sample.op.name());
                assert!(sample.op.can_fail(out.dtype), "{}", sample.op.name());
            }
        }
    }
    let mut known = BTreeSet::from([
        "div",
        "gather",
        "index_add",
        "index_select",
        "one_hot",
        "scatter_add",
        "scatter_max",
    ]);
    if cfg!(feature = "linalg") {
        known.extend(["cholesky", "eigh", "lu", "pinv", "qr", "solve", "svd", "triangular_solve"]);
    }
    assert_eq!(failing, known);
}

#[test]
fn results_are_told_as_soon_as_they_are_complete() {
    let order = Mutex::new(Vec::new());
    let mut compiled = compile(|_, x| {
        let first = x[0].matmul(x[0]);
        let second = first.matmul(x[0]);
        // Of another type: not told.
        Ok(vec![second, first, first.sum(()).cast(DType::F64), second.sum(())])
    });
    let x = Tensor::uniform([40, 40], -1.0, 1.0, DType::F32, &mut Rng::new(1)).unwrap();
    for _ in 0..2 {
        order.lock().unwrap().clear();
        let told = |result: usize, numbers: &[f32]| {
            order.lock().unwrap().push((result, numbers.to_vec()));
        };
        let results = compiled.call_telling(std::slice::from_ref(&x), &told).unwrap();
        let order = order.lock().unwrap();
        let which: Vec<usize> = order.iter().map(|(result, _)| *result).collect();
        assert_eq!(
            (which[0], which.len()),
            (1, 3),
            "the first product is complete first: {which:?}"
        );
        for (result, numbers) in order.iter() {
            assert_eq!(results[*result].as_slice::<f32>(), Some(&numbers[..]));
        }
    }
}
