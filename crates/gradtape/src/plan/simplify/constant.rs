//! Operations on numbers of the program are done when planning.

use smallvec::SmallVec;

use super::{Pending, Rewriter};
use crate::op::{Bits, Meta, NodeId, Op};
use crate::tensor::{DType, Shape, Tensor};

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    if let Op::Constant(constant) = op {
        // constant(c) = constant(c rounded to its type)
        let rounded = number(&scalar(constant.value, constant.dtype))?;
        return if rounded == constant.value { None } else { r.full(rounded, meta, at) };
    }
    if !op.is_elementwise() || inputs.is_empty() {
        return None;
    }
    let mut x: SmallVec<[Tensor; 3]> = SmallVec::new();
    for &input in inputs {
        x.push(scalar(r.constant(input)?, r.meta(input).dtype));
    }
    // f(c) = constant(f(c)), by f's own meaning; where that fails, it is an error of the run
    let value = op.eval(&x, &Meta::new(meta.dtype, ())).ok()?;
    r.full(number(&value)?, meta, at)
}

fn scalar(value: Bits, dtype: DType) -> Tensor {
    value.full(&Shape::scalar(), dtype)
}

fn number(scalar: &Tensor) -> Option<Bits> {
    match scalar.as_slice::<i64>() {
        Some(whole) => whole.first().copied().map(Bits::whole),
        None => scalar.item().ok().map(Bits::new),
    }
}
