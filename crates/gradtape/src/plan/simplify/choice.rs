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
