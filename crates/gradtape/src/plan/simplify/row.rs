//! Products with one row, of numbers that are kept in 16 bits.

use super::{Pending, Rewriter};
use crate::op::linear::Groups;
use crate::op::{NodeId, Op, binary, reduce};
use crate::tensor::{Dims, Shape};

/// contract(x, y) = sum(x * y) where x has one row and y is converted, or the other way round: a loop converts numbers as
/// it reads them, a product needs them in memory.
pub(super) fn rewrite(r: &mut Rewriter, operation: &Pending<'_>) -> Option<NodeId> {
    let &Pending { op: Op::Contract(contract), inputs: &[x, y], meta, at } = operation else {
        return None;
    };
    let Groups { batch, rows, columns, summed } =
        contract.groups(&r.meta(x).shape, &r.meta(y).shape);
    let is_one = |sizes: &[usize]| sizes.iter().product::<usize>() == 1;
    let of_row = is_one(&rows) && is_converted(r, y);
    if summed.is_empty() || !of_row && !(is_one(&columns) && is_converted(r, x)) {
        return None;
    }
    let ones = |sizes: &[usize]| Dims::from_elem(1, sizes.len());
    let shape = |groups: [&[usize]; 3]| Shape::from(groups.concat().into_iter().collect::<Dims>());
    let (row, own, first) = match of_row {
        true => (x, [&batch[..], &summed, &columns], batch.len()),
        false => (y, [&batch[..], &rows, &summed], batch.len() + rows.len()),
    };
    let narrow = match of_row {
        true => shape([&batch, &summed, &ones(&columns)]),
        false => shape([&batch, &ones(&rows), &summed]),
    };
    let own = shape(own);
    let row = r.reshape(row, &narrow, at)?;
    let row = r.broadcast(row, &own, at)?;
    let matrix = r.reshape(if of_row { y } else { x }, &own, at)?;
    let products = r.apply(binary::Mul {}, &[row, matrix], at)?;
    let axes = (first..first + summed.len()).collect();
    let sums = r.apply(reduce::Sum { axes }, &[products], at)?;
    r.reshape(sums, &meta.shape, at)
}

/// Whether a node is a view of numbers that are converted from 16 bits.
fn is_converted(r: &Rewriter, mut id: NodeId) -> bool {
    loop {
        let node = r.node(id);
        match node.op {
            Op::Transpose(_) | Op::Reshape(_) => id = node.inputs[0],
            Op::Cast(_) => return r.meta(node.inputs[0]).dtype.is_stored_only(),
            _ => return false,
        }
    }
}
