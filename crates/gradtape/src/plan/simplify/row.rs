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
    let of_column = is_one(&columns) && is_converted(r, x);
    if summed.is_empty() || !(of_row || of_column) {
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

#[cfg(test)]
mod tests {
    use crate::plan::Target;
    use crate::plan::simplify::simplify;
    use crate::tape::Graph;

    #[track_caller]
    fn check(graph: &str, expected: &str) {
        let lines =
            |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        let graph: Graph = graph.parse().unwrap();
        let simple = simplify(&graph, &Target::default());
        simple.verify().unwrap();
        assert_eq!(lines(&simple.to_string()), lines(&format!("{expected}\n"))[..]);
    }

    #[test]
    fn one_row_times_numbers_of_16_bits_is_a_sum() {
        check(
            "%0 = input {dtype: f32; shape: [1, 3]} : f32[1, 3]
             %1 = input {dtype: bf16; shape: [3, 4]} : bf16[3, 4]
             %2 = cast(%1) {dtype: f32} : f32[3, 4]
             %3 = contract(%0, %2) {batch: 0; summed: 1} : f32[1, 4]
             return %3",
            "%0 = input {dtype: f32; shape: [1, 3]} : f32[1, 3]
             %1 = input {dtype: bf16; shape: [3, 4]} : bf16[3, 4]
             %2 = cast(%1) {dtype: f32} : f32[3, 4]
             %3 = reshape(%0) {shape: [3, 1]} : f32[3, 1]
             %4 = broadcast(%3) {shape: [3, 4]} : f32[3, 4]
             %5 = mul(%2, %4) : f32[3, 4]
             %6 = sum(%5) {axes: [0]} : f32[4]
             %7 = reshape(%6) {shape: [1, 4]} : f32[1, 4]
             return %7",
        );
        // Of several rows, each number would be converted for each of them.
        let rows = "%0 = input {dtype: f32; shape: [2, 3]} : f32[2, 3]
             %1 = input {dtype: bf16; shape: [3, 4]} : bf16[3, 4]
             %2 = cast(%1) {dtype: f32} : f32[3, 4]
             %3 = contract(%0, %2) {batch: 0; summed: 1} : f32[2, 4]
             return %3";
        check(rows, rows);
    }
}
