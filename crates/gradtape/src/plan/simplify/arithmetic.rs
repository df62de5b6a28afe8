//! Neutral numbers, signs and powers.

use super::{Pending, Rewriter};
use crate::op::{Bits, NodeId, Op, binary, unary};

/// How far [`never_negative_zero`] looks.
const DEPTH: usize = 6;
/// The most parts that it looks at.
const PARTS: usize = 8;

pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op, inputs, meta, at } = operation;
    let float = meta.dtype.is_float();
    match (op, inputs) {
        (Op::Neg(_), &[x]) => match r.op(x) {
            // -(-x) = x
            Op::Neg(_) => Some(r.node(x).inputs[0]),
            _ => None,
        },
        (Op::Add(_), &[x, y]) => {
            for (x, y) in [(x, y), (y, x)] {
                match r.number(y) {
                    // x + (-0) = x
                    Some(zero) if zero == 0.0 && zero.is_sign_negative() => return Some(x),
                    // x + 0 = x, unless x is -0: then it is 0
                    Some(0.0) if !float || never_negative_zero(r, x, DEPTH) => return Some(x),
                    _ => {}
                }
                // x + (-y) = x - y
                if let Op::Neg(_) = r.op(y) {
                    let y = r.node(y).inputs[0];
                    return r.apply(binary::Sub {}, &[x, y], at);
                }
            }
            None
        }
        (Op::Sub(_), &[x, y]) => {
            // x - 0 = x
            if r.number(y).is_some_and(|zero| zero == 0.0 && zero.is_sign_positive()) {
                return Some(x);
            }
            // x - (-y) = x + y
            if let Op::Neg(_) = r.op(y) {
                let y = r.node(y).inputs[0];
                return r.apply(binary::Add {}, &[x, y], at);
            }
            None
        }
        (Op::Mul(_), &[x, y]) => {
            for (x, y) in [(x, y), (y, x)] {
                match r.number(y) {
                    // x * 1 = x
                    Some(1.0) => return Some(x),
                    // x * -1 = -x
                    Some(-1.0) => return r.apply(unary::Neg {}, &[x], at),
                    _ => {}
                }
            }
            // (-x) * (-y) = x * y
            if let (Op::Neg(_), Op::Neg(_)) = (r.op(x), r.op(y)) {
                let (x, y) = (r.node(x).inputs[0], r.node(y).inputs[0]);
                return r.apply(binary::Mul {}, &[x, y], at);
            }
            None
        }
        (Op::Div(_), &[x, y]) => match r.number(y)? {
            // x / 1 = x
            1.0 => Some(x),
            // x / -1 = -x
            -1.0 => r.apply(unary::Neg {}, &[x], at),
            // x / c = x * (1 / c) when c is a power of 2: both are exact
            c if float && is_moderate_power_of_two(c) => {
                let inverse = r.full(Bits::new(1.0 / c), meta, at)?;
                r.apply(binary::Mul {}, &[x, inverse], at)
            }
            _ => None,
        },
        (Op::Pow(_), &[x, y]) if float => match r.number(y)? {
            // x ^ 1 = x
            1.0 => Some(x),
            // x ^ 2 = x * x
            2.0 => r.apply(binary::Mul {}, &[x, x], at),
            // x ^ -1 = 1 / x
            -1.0 => {
                let one = r.full(Bits::new(1.0), meta, at)?;
                r.apply(binary::Div {}, &[one, x], at)
            }
            _ => None,
        },
        _ => None,
    }
}

/// A power of 2 whose inverse is a normal number in every floating-point type.
fn is_moderate_power_of_two(c: f64) -> bool {
    let mantissa = c.to_bits() & ((1 << 52) - 1);
    mantissa == 0 && (1e-30..1e30).contains(&c.abs())
}

/// Whether no element of a node can be -0.
fn never_negative_zero(r: &Rewriter, id: NodeId, depth: usize) -> bool {
    let node = r.node(id);
    if depth == 0 {
        return false;
    }
    let deeper = |input: usize| never_negative_zero(r, node.inputs[input], depth - 1);
    match &node.op {
        Op::Exp(_) | Op::Sigmoid(_) | Op::Softplus(_) | Op::Relu(_) | Op::Abs(_) => true,
        Op::Random(_) | Op::Iota(_) | Op::OneHot(_) => true,
        Op::Cast(_) => !r.meta(node.inputs[0]).dtype.is_float(),
        Op::Constant(constant) => constant.value.value().to_bits() != (-0.0f64).to_bits(),
        Op::Mul(_) => node.inputs[0] == node.inputs[1],
        // A sum is -0 only if both operands are.
        Op::Add(_) => deeper(0) || deeper(1),
        Op::Select(_) => deeper(1) && deeper(2),
        Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) => deeper(0),
        Op::Concat(_) => node.inputs.len() <= PARTS && (0..node.inputs.len()).all(deeper),
        _ => false,
    }
}
