//! Sums of parts that lie apart: one array, put together instead of added up.

use smallvec::SmallVec;

use super::{Pending, Rewriter};
use crate::op::{Bits, NodeId, Op, binary, shape};

/// Parts that are looked at.
pub(super) const MOST: usize = 1 << 12;

/// pad(x) + pad(y) + … = concat(x + 0, y + 0, …) where the parts cover everything and none lies on another: the
/// gradients of `index`, `split` and steps of a sequence. (-0 + 0 is 0.)
pub(super) fn rewrite(r: &mut Rewriter, pending: &Pending<'_>) -> Option<NodeId> {
    // concat(x) = x
    if let (Op::Concat(_), &[only]) = (pending.op, pending.inputs) {
        return Some(only);
    }
    let &Pending { op: Op::Add(_), inputs, meta, at } = pending else { return None };
    if !meta.dtype.is_float() {
        return None;
    }
    let mut parts: SmallVec<[(usize, NodeId); 8]> = SmallVec::new();
    let mut axis = None;
    let mut open: SmallVec<[NodeId; 8]> = SmallVec::from_slice(inputs);
    while let Some(id) = open.pop() {
        match r.op(id) {
            Op::Add(_) => open.extend_from_slice(&r.node(id).inputs),
            Op::Pad(pad) if pad.step == 1 && *axis.get_or_insert(pad.axis) == pad.axis => {
                parts.push((pad.start, r.node(id).inputs[0]));
            }
            _ => return None,
        }
        if parts.len() + open.len() > MOST {
            return None;
        }
    }
    let axis = axis?;
    parts.sort_unstable();
    let mut end = 0;
    for &(start, part) in &parts {
        let size = r.meta(part).shape[axis];
        if start != end || size == 0 {
            return None;
        }
        end += size;
    }
    if end != meta.shape[axis] {
        return None;
    }
    let mut inputs: SmallVec<[NodeId; 8]> = SmallVec::new();
    for (_, part) in parts {
        let own = r.meta(part).clone();
        let zero = r.full(Bits::new(0.0), &own, at)?;
        inputs.push(r.apply(binary::Add {}, &[part, zero], at)?);
    }
    r.apply(shape::Concat { axis }, &inputs, at)
}
