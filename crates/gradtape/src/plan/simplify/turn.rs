//! Contractions whose result is needed in another order of its axes: the gradient of a weight that was used
//! transposed, images with channels first.

use super::Rewriter;
use super::contraction::{self, Labelled};
use crate::op::linear::Label;
use crate::op::{NodeId, Op, shape};
use crate::tape::{Graph, GraphNode};

/// For each node, whether it is a contraction, or what becomes one, that was transposed, where the contraction can be
/// computed that way at once: nothing else needs it, and no other contraction, which could read it in any order,
/// uses it.
pub(super) fn turned_products(graph: &Graph, uses: &[usize], stacked: &[bool]) -> Vec<bool> {
    let mut by_product = vec![false; graph.nodes.len()];
    for node in graph.nodes.iter().filter(|node| matches!(node.op, Op::Contract(_))) {
        node.inputs.iter().for_each(|input| by_product[input.index()] = true);
    }
    let turned = |(number, node): (usize, &GraphNode)| match &node.op {
        Op::Transpose(_) => {
            let x = node.inputs[0].index();
            let product = stacked[x] || matches!(graph.nodes[x].op, Op::Contract(_));
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
    transpose: &shape::Transpose,
    product: NodeId,
    node: &GraphNode,
) -> Option<NodeId> {
    let (operands, _) = Labelled::plain(r, product)?;
    let out: Vec<Label> = transpose.order.iter().map(|&axis| axis as Label).collect();
    contraction::directly(r, operands, &out, node.at)
}
