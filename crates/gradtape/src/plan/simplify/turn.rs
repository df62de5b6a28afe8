//! Contractions whose result is needed in another order of its axes: the gradient of a weight that was used
//! transposed, images with channels first.

use super::Rewriter;
use crate::op::linear::Contract;
use crate::op::{NodeId, Op, shape};
use crate::tape::{Graph, GraphNode};
use crate::tensor::Dims;

/// For each node, whether it is a contraction that was transposed, where the contraction can be computed that
/// way at once: nothing else needs it, and no other contraction, which could read it in any order, uses it.
pub(super) fn turned_products(graph: &Graph) -> Vec<bool> {
    let mut uses = vec![0usize; graph.nodes.len()];
    let mut by_product = vec![false; graph.nodes.len()];
    for node in &graph.nodes {
        for input in &node.inputs {
            uses[input.index()] += 1;
            by_product[input.index()] |= matches!(node.op, Op::Contract(_));
        }
    }
    graph.outputs.iter().for_each(|output| uses[output.node.index()] += 1);
    let turned = |(number, node): (usize, &GraphNode)| match &node.op {
        Op::Transpose(_) => {
            let x = node.inputs[0].index();
            let product = matches!(graph.nodes[x].op, Op::Contract(_));
            product && uses[x] == 1 && !by_product[number]
        }
        _ => false,
    };
    graph.nodes.iter().enumerate().map(turned).collect()
}

/// transpose(contract(x, y)) = contract(y', x') or contract(x', y'), where the axes of each group stay
/// together: operands are read in any order at no cost, results are not.
pub(super) fn rewrite(
    r: &mut Rewriter,
    graph: &Graph,
    node: &GraphNode,
    place: &[NodeId],
) -> Option<NodeId> {
    let Op::Transpose(shape::Transpose { order }) = &node.op else { return None };
    let product = &graph.nodes[node.inputs[0].index()];
    let &Op::Contract(Contract { batch, summed }) = &product.op else { return None };
    let (x, y) = (place[product.inputs[0].index()], place[product.inputs[1].index()]);
    let rows = r.meta(x).shape.rank() - batch - summed;
    let (first, own) = order.split_at(batch);
    if first.iter().any(|&axis| axis >= batch) {
        return None;
    }
    let is_row = |axis: &usize| *axis < batch + rows;
    let (left, right) =
        own.split_at(own.iter().take_while(|axis| is_row(axis) == is_row(&own[0])).count());
    let swap = own.first().is_some_and(|axis| !is_row(axis));
    if right.iter().any(|axis| is_row(axis) != swap) {
        return None;
    }
    let (new_rows, new_columns) = if swap { (right, left) } else { (left, right) };
    // The axes of x are batch, rows, summed; those of y batch, summed, columns.
    let of_x = || first.iter().copied().chain(new_rows.iter().copied());
    let columns = || new_columns.iter().map(|axis| axis - rows + summed);
    let sums_of_x = batch + rows..batch + rows + summed;
    let sums_of_y = batch..batch + summed;
    let of_y = || first.iter().copied();
    let (x_order, y_order): (Dims, Dims) = match swap {
        false => {
            (of_x().chain(sums_of_x).collect(), of_y().chain(sums_of_y).chain(columns()).collect())
        }
        true => {
            let rows = new_rows.iter().copied();
            (
                first.iter().copied().chain(sums_of_x).chain(rows).collect(),
                of_y().chain(columns()).chain(sums_of_y).collect(),
            )
        }
    };
    let x = r.apply(shape::Transpose { order: x_order }, &[x], node.at)?;
    let y = r.apply(shape::Transpose { order: y_order }, &[y], node.at)?;
    let operands = if swap { [y, x] } else { [x, y] };
    r.apply(Contract { batch, summed }, &operands, node.at)
}
