//! Products whose result is needed transposed: the gradient of a weight that was used transposed.

use super::Rewriter;
use crate::op::{NodeId, Op, linear, shape};
use crate::tape::{Graph, GraphNode};

/// For each node, whether it is a product that was transposed, where the product can be computed that
/// way at once: nothing else needs it, and no other product, which could read it in any order, uses it.
pub(super) fn turned_products(graph: &Graph) -> Vec<bool> {
    let mut uses = vec![0usize; graph.nodes.len()];
    let mut by_product = vec![false; graph.nodes.len()];
    for node in &graph.nodes {
        for input in &node.inputs {
            uses[input.index()] += 1;
            by_product[input.index()] |= matches!(node.op, Op::MatMul(_));
        }
    }
    graph.outputs.iter().for_each(|output| uses[output.node.index()] += 1);
    let turned = |(number, node): (usize, &GraphNode)| match &node.op {
        Op::Transpose(transpose) => {
            let x = node.inputs[0].index();
            let product = matches!(graph.nodes[x].op, Op::MatMul(_));
            product && uses[x] == 1 && !by_product[number] && swaps_last_two(&transpose.order)
        }
        _ => false,
    };
    graph.nodes.iter().enumerate().map(turned).collect()
}

/// (x y)ᵀ = yᵀ xᵀ: operands are read in any order at no cost, results are not.
pub(super) fn rewrite(
    r: &mut Rewriter,
    graph: &Graph,
    node: &GraphNode,
    place: &[NodeId],
) -> Option<NodeId> {
    let Op::Transpose(transpose) = &node.op else { return None };
    let product = &graph.nodes[node.inputs[0].index()];
    let mut turned = |input: NodeId| {
        let order = transpose.order.clone();
        r.apply(shape::Transpose { order }, &[place[input.index()]], node.at)
    };
    let (left, right) = (turned(product.inputs[1])?, turned(product.inputs[0])?);
    r.apply(linear::MatMul {}, &[left, right], node.at)
}

fn swaps_last_two(order: &[usize]) -> bool {
    let rank = order.len();
    let swapped = |(place, &axis): (usize, &usize)| match rank - place {
        1 => axis + 2 == rank,
        2 => axis + 1 == rank,
        _ => axis == place,
    };
    rank >= 2 && order.iter().enumerate().all(swapped)
}
