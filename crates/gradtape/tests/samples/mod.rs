//! What tests on the operations' samples share.
#![allow(dead_code, reason = "each test uses a part")]

use std::fmt::Display;

use gradtape::op::{Meta, Op, Sample};
use gradtape::{DType, Tape, Tensor, Var, check_gradients};

/// How far first and second derivatives may be from differences in f64, relative to 1 or to
/// themselves.
pub(crate) const TOLERANCE: f64 = 1e-8;

pub(crate) fn text(error: impl Display) -> String {
    error.to_string()
}

pub(crate) fn metas(inputs: &[Tensor]) -> Vec<Meta> {
    inputs.iter().map(Meta::of).collect()
}

pub(crate) fn infer(op: &Op, inputs: &[Tensor]) -> Result<Meta, String> {
    let metas = metas(inputs);
    op.infer(&metas.iter().collect::<Vec<_>>()).map_err(|broken| broken.rule)
}

pub(crate) fn record<'t>(tape: &'t Tape, inputs: &[Tensor]) -> Vec<Var<'t>> {
    let leaf = |x: &Tensor| {
        if x.dtype().is_float() { tape.watch(x.clone()) } else { tape.constant(x.clone()) }
    };
    inputs.iter().map(leaf).collect()
}

pub(crate) fn floats<'t>(vars: &[Var<'t>]) -> Vec<Var<'t>> {
    vars.iter().copied().filter(|var| var.dtype().is_float()).collect()
}

/// Whether differences can be taken of a sample: it has inputs to move, and a result in f64 (those
/// of numbers rounded to f32 say nothing).
pub(crate) fn has_derivatives(sample: &Sample<Op>) -> Result<bool, String> {
    let Sample { op, inputs, no_derivative } = sample;
    let moved = inputs.iter().any(|x| x.dtype() == DType::F64);
    Ok(no_derivative.is_none() && moved && infer(op, inputs)?.dtype == DType::F64)
}

/// Whether a function's first and second derivatives by the rules are those by differences.
pub(crate) fn check_derivatives(
    function: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>,
    inputs: &[Tensor],
) -> Result<(), String> {
    check_gradients(function, inputs).and_then(|report| report.within(TOLERANCE)).map_err(text)
}
