//! Operations on numbers of the program are done when planning.

use std::num::Wrapping;

use super::{Operation, Rewriter};
use crate::op::{Bits, Meta, NodeId, Op};
use crate::tensor::{DType, Element};

pub(super) fn rewrite(r: &mut Rewriter, operation: &Operation<'_>) -> Option<NodeId> {
    let &Operation { op, inputs, meta, at } = operation;
    if let Op::Constant(constant) = op {
        // constant(c) = constant(c rounded to its type)
        let rounded = round(constant.value.value(), constant.dtype);
        let same = Bits::new(rounded) == constant.value;
        return if same { None } else { r.full(rounded, meta, at) };
    }
    if !op.is_elementwise() || inputs.is_empty() {
        return None;
    }
    let mut x = [0.0; 3];
    let mut compute = None;
    for (x, &input) in x.iter_mut().zip(inputs) {
        *x = r.number(input)?;
        let Meta { dtype, .. } = r.meta(input);
        compute = compute.or(Some(*dtype).filter(|&dtype| dtype != DType::Bool));
    }
    // Whole numbers divided by 0 are an error of the run.
    if let (Op::Div(_), DType::I64, 0.0) = (op, meta.dtype, x[1]) {
        return None;
    }
    // f(c) = constant(f(c)), computed in the type that the operands have
    let value = match compute.unwrap_or(DType::F64) {
        DType::F32 => f64::from(op.formula(x.map(|x| x as f32))?),
        DType::I64 => op.formula(x.map(|x| Wrapping(i64::from_f64(x))))?.0.to_f64(),
        DType::F64 | DType::Bool => op.formula(x)?,
    };
    r.full(round(value, meta.dtype), meta, at)
}

fn round(value: f64, dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f64::from(value as f32),
        DType::F64 => value,
        DType::I64 => i64::from_f64(value).to_f64(),
        DType::Bool => f64::from(u8::from(value != 0.0)),
    }
}
