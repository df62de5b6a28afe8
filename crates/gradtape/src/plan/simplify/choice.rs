//! What only passes a value on: identities, casts, choices between equals.

use std::panic::Location;

use super::{Pending, Rewriter};
use crate::op::{NodeId, Op, control};
use crate::tensor::DType;

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    match (op, inputs) {
        // stop_gradient(x) = x: gradients have been recorded by now
        (Op::StopGradient(_), &[x]) => Some(x),
        // custom(x, ...) = x
        (Op::Custom(_), &[x, ..]) => Some(x),
        (Op::Cast(cast), &[x]) => {
            let from = r.meta(x).dtype;
            // cast to the type it has = x
            if from == cast.dtype {
                return Some(x);
            }
            let Op::Cast(inner) = r.op(x) else { return None };
            let (source, inner) = (r.node(x).inputs[0], inner.dtype);
            let first = r.meta(source).dtype;
            // cast(cast(x)) = cast(x) when the type between holds every x
            if !inner.holds(first) || inner == DType::Bool {
                return None;
            }
            match first == cast.dtype {
                true => Some(source),
                false => r.apply(control::Cast { dtype: meta.dtype }, &[source], at),
            }
        }
        // reduce_precision(x) = x of what has no more digits
        (Op::ReducePrecision(to), &[x]) => fits(r, x, to.dtype, 0).then_some(x),
        (Op::Select(_), &[mask, yes, no]) => match r.number(mask) {
            // select(true, x, y) = x, select(false, x, y) = y
            Some(value) => Some(if value != 0.0 { yes } else { no }),
            // select(m, x, x) = x
            None if yes == no => Some(yes),
            // select(!m, x, y) = select(m, y, x)
            None => {
                let contrary = contrary(r, mask, at)?;
                r.apply(op.clone(), &[contrary, no, yes], at)
            }
        },
        // max(x, x) = min(x, x) = x
        (Op::Maximum(_) | Op::Minimum(_), &[x, y]) => (x == y).then_some(x),
        // relu(relu(x)) = relu(x), |(|x|)| = |x|
        (Op::Relu(_), &[x]) => matches!(r.op(x), Op::Relu(_)).then_some(x),
        (Op::Abs(_), &[x]) => matches!(r.op(x), Op::Abs(_) | Op::Relu(_)).then_some(x),
        _ => None,
    }
}

/// Operations that are looked through for where numbers come from.
const DEEP: usize = 8;

/// Whether all that a node can hold are numbers of another type: it was rounded to it, or passes such on.
fn fits(r: &Rewriter, id: NodeId, dtype: DType, deep: usize) -> bool {
    let node = r.node(id);
    let all = |inputs: &[NodeId]| inputs.iter().all(|&input| fits(r, input, dtype, deep + 1));
    let is_wide = |dtype: DType| dtype.is_float() && !dtype.is_stored_only();
    match &node.op {
        _ if dtype.holds(node.meta.dtype) => true,
        _ if deep == DEEP => false,
        Op::ReducePrecision(to) => dtype.holds(to.dtype),
        // Not by way of types that have fewer numbers, or larger ones.
        Op::Cast(cast) if is_wide(cast.dtype) && r.meta(node.inputs[0]).dtype.is_float() => {
            all(&node.inputs)
        }
        Op::Neg(_) | Op::Abs(_) | Op::Relu(_) | Op::Max(_) | Op::Min(_) => all(&node.inputs),
        Op::Maximum(_) | Op::Minimum(_) => all(&node.inputs),
        Op::Select(_) => all(&node.inputs[1..]),
        Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) => all(&node.inputs),
        Op::Constant(constant) => {
            let value = constant.value.value();
            dtype.rounded(value).to_bits() == value.to_bits()
        }
        _ => false,
    }
}

/// The truth values that others, or what they repeat, are the contrary of: `!m` is recorded as `m = 0`.
fn contrary(r: &mut Rewriter, mask: NodeId, at: &'static Location<'static>) -> Option<NodeId> {
    let origin = match r.op(mask) {
        Op::Broadcast(_) => r.node(mask).inputs[0],
        _ => mask,
    };
    let (Op::Equal(_), &[value, zero]) = (r.op(origin), &r.node(origin).inputs[..]) else {
        return None;
    };
    if r.meta(value).dtype != DType::Bool || r.number(zero) != Some(0.0) {
        return None;
    }
    let shape = r.meta(mask).shape.clone();
    r.broadcast(value, &shape, at)
}
