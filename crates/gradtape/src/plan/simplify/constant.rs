//! Operations on numbers of the program are done when planning.

use std::num::Wrapping;

use super::{Operation, Rewriter};
use crate::op::{Bits, Meta, NodeId, Op};
use crate::tensor::DType;

pub(super) fn rewrite(r: &mut Rewriter, operation: &Operation<'_>) -> Option<NodeId> {
    let &Operation { op, inputs, meta, at } = operation;
    if let Op::Constant(constant) = op {
        // constant(c) = constant(c rounded to its type)
        let rounded = round(constant.value, constant.dtype);
        return if rounded == constant.value { None } else { r.full(rounded, meta, at) };
    }
    if !op.is_elementwise() || inputs.is_empty() {
        return None;
    }
    let mut x = [Bits::new(0.0); 3];
    let mut compute = None;
    for (x, &input) in x.iter_mut().zip(inputs) {
        *x = r.constant(input)?;
        let Meta { dtype, .. } = r.meta(input);
        compute = compute.or(Some(*dtype).filter(|&dtype| dtype != DType::Bool));
    }
    // Whole numbers divided by 0 are an error of the run.
    if let (Op::Div(_), DType::I64, 0) = (op, meta.dtype, x[1].to_i64()) {
        return None;
    }
    // f(c) = constant(f(c)), computed in the type that the operands have
    let value = match compute.unwrap_or(DType::F64) {
        DType::F32 => Bits::new(f64::from(op.formula(x.map(|x| x.value() as f32))?)),
        DType::I64 => Bits::whole(op.formula(x.map(|x| Wrapping(x.to_i64())))?.0),
        DType::F64 | DType::Bool => Bits::new(op.formula(x.map(Bits::value))?),
    };
    r.full(round(value, meta.dtype), meta, at)
}

fn round(number: Bits, dtype: DType) -> Bits {
    let value = number.value();
    match dtype {
        DType::F32 => Bits::new(f64::from(value as f32)),
        DType::F64 => Bits::new(value),
        DType::I64 => Bits::whole(number.to_i64()),
        DType::Bool => Bits::new(f64::from(u8::from(value != 0.0))),
    }
}
