//! Rounding where it costs least: before numbers are repeated, and once after they are added up.
//!
//! What [`widen`](super::widen) leaves are products of f32 whose operands and results are rounded one by one. A convolution is
//! a product of windows, so its image would be rounded once for each window that an element is in, and each part of its
//! gradients before all are added.

use smallvec::SmallVec;

use super::simplify::sweep;
use crate::op::{Form, NodeId, Op};
use crate::tape::{Graph, GraphNode, Output};

/// Views that are looked through.
const DEEP: usize = 16;

/// The graph with
/// - `reduce_precision(view(x))` as `view(reduce_precision(x))`, where the view has no fewer elements;
/// - `sum(reduce_precision(product))` as `reduce_precision(sum(product))`, where nothing else reads the product: rounded once
///   instead of several times; and so views of such a sum that no other product reads.
pub(super) fn place(graph: Graph) -> Graph {
    let (readers, is_operand) = (readers(&graph), operands(&graph));
    let mut placing = Placing::default();
    let mut place: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for (number, node) in graph.nodes.into_iter().enumerate() {
        let inputs = node.inputs.iter().map(|input| place[input.index()]).collect();
        let node = GraphNode { inputs, ..node };
        place.push(placing.add(node, readers[number], is_operand[number]));
    }
    let outputs = graph.outputs.iter().map(|output| Output {
        node: place[output.node.index()],
        into: output.into.map(|input| place[input.index()]),
    });
    sweep(Graph { outputs: outputs.collect(), nodes: placing.nodes })
}

/// How often each node is read by one that an output needs, or is an output.
fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0; graph.nodes.len()];
    graph.outputs.iter().for_each(|output| readers[output.node.index()] += 1);
    for (number, node) in graph.nodes.iter().enumerate().rev() {
        if readers[number] > 0 {
            node.inputs.iter().for_each(|input| readers[input.index()] += 1);
        }
    }
    readers
}

/// Whether a product reads each node, or a view of it, or what is made of one by rounding.
fn operands(graph: &Graph) -> Vec<bool> {
    let mut operands = vec![false; graph.nodes.len()];
    for (number, node) in graph.nodes.iter().enumerate().rev() {
        let passes = || is_view(node) || node.op.rounds_to().is_some();
        if matches!(node.op.form(), Form::Contraction(_)) || operands[number] && passes() {
            node.inputs.iter().for_each(|input| operands[input.index()] = true);
        }
    }
    operands
}

fn is_view(node: &GraphNode) -> bool {
    matches!(node.op.form(), Form::View(_))
}

#[derive(Default)]
struct Placing {
    nodes: Vec<GraphNode>,
    readers: Vec<usize>,
}

impl Placing {
    fn add(&mut self, node: GraphNode, readers: usize, is_operand: bool) -> NodeId {
        let found = match (node.op.rounds_to(), &node.inputs[..]) {
            (Some(_), &[x]) if self.node(x).meta.dtype == node.meta.dtype => {
                self.before_views(&node, x, readers)
            }
            (None, &[x]) if node.op.adds_up() || !is_operand && self.is_part(&node, x) => {
                self.after_sum(&node, x, readers)
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.push(node, readers))
    }

    /// Whether a node is a view of another one's elements, none of them several times.
    fn is_part(&self, node: &GraphNode, x: NodeId) -> bool {
        is_view(node) && node.meta.shape.elements() <= self.node(x).meta.shape.elements()
    }

    /// Rounding before the views that follow, if there are any.
    fn before_views(&mut self, node: &GraphNode, x: NodeId, readers: usize) -> Option<NodeId> {
        let repeats = |own: &GraphNode, from: &GraphNode| {
            let no_fewer = own.meta.shape.elements() >= from.meta.shape.elements();
            no_fewer && matches!(own.op.form(), Form::View(_) | Form::Spread(_))
        };
        let (base, views) = self.behind(x, |placing, id| {
            let own = placing.node(id);
            own.inputs.len() == 1 && repeats(own, placing.node(own.inputs[0]))
        });
        if views.is_empty() {
            return None;
        }
        self.readers[base.index()] += 1;
        let rounded = self.of(node, node.op.clone(), base, readers);
        Some(self.through(&views, rounded, readers))
    }

    /// A sum, or a view, of what is not rounded, and its rounding.
    fn after_sum(&mut self, node: &GraphNode, x: NodeId, readers: usize) -> Option<NodeId> {
        let own = |placing: &Placing, id: NodeId| {
            placing.readers[id.index()] == 1 && is_view(placing.node(id))
        };
        let (base, views) = self.behind(x, own);
        let dtype = self.node(base).op.rounds_to()?;
        let product = self.node(base).inputs[0];
        let of = &self.node(self.behind(product, own).0).op;
        let sums = matches!(of.form(), Form::Contraction(_)) || of.adds_up();
        let alone = self.readers[base.index()] == 1 && self.readers[product.index()] == 1;
        if !sums || !alone || self.node(product).meta.dtype != node.meta.dtype {
            return None;
        }
        let inner = self.through(&views, product, 1);
        let inputs = SmallVec::from_slice(&[inner]);
        let sum = self.push(GraphNode { inputs, ..node.clone() }, 1);
        Some(self.of(node, Op::reduce_precision(dtype), sum, readers))
    }

    /// What a node is views of, and these, the outermost first.
    fn behind(
        &self,
        mut id: NodeId,
        passes: impl Fn(&Placing, NodeId) -> bool,
    ) -> (NodeId, SmallVec<[NodeId; 8]>) {
        let mut views = SmallVec::new();
        while views.len() < DEEP && passes(self, id) {
            views.push(id);
            id = self.node(id).inputs[0];
        }
        (id, views)
    }

    /// Views of another node.
    fn through(&mut self, views: &[NodeId], mut id: NodeId, readers: usize) -> NodeId {
        for &view in views.iter().rev() {
            let node = self.node(view).clone();
            id = self.push(GraphNode { inputs: SmallVec::from_slice(&[id]), ..node }, readers);
        }
        id
    }

    /// An operation on another node, of its shape, recorded where a node was.
    fn of(&mut self, node: &GraphNode, op: Op, input: NodeId, readers: usize) -> NodeId {
        let meta = self.node(input).meta.clone();
        let inputs = SmallVec::from_slice(&[input]);
        self.push(GraphNode { op, inputs, meta, at: node.at, origin: node.origin }, readers)
    }

    fn push(&mut self, node: GraphNode, readers: usize) -> NodeId {
        self.nodes.push(node);
        self.readers.push(readers);
        NodeId::new(self.nodes.len() - 1)
    }

    fn node(&self, id: NodeId) -> &GraphNode {
        &self.nodes[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(graph: &str, expected: &str) {
        let lines = |text: &str| {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let placed = place(graph.parse().unwrap());
        placed.verify().unwrap();
        assert_eq!(lines(&placed.to_string()), lines(expected));
    }

    #[test]
    fn images_are_rounded_before_their_windows() {
        check(
            "%0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = pad(%0) {axis: 0; start: 1; step: 1; size: 6} : f32[6]
             %2 = window(%1) {axis: 0; size: 3; stride: 1; dilation: 1} : f32[4, 3]
             %3 = reduce_precision(%2) {dtype: bf16} : f32[4, 3]
             return %3",
            "%0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = reduce_precision(%0) {dtype: bf16} : f32[4]
             %2 = pad(%1) {axis: 0; start: 1; step: 1; size: 6} : f32[6]
             %3 = window(%2) {axis: 0; size: 3; stride: 1; dilation: 1} : f32[4, 3]
             return %3",
        );
        // Of fewer elements than there are.
        let part = "
             %0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = slice(%0) {axis: 0; start: 0; stop: 2; step: 1} : f32[2]
             %2 = reduce_precision(%1) {dtype: bf16} : f32[2]
             return %2";
        check(part, part);
    }

    #[test]
    fn parts_of_a_product_are_rounded_with_their_sum() {
        let graph = |ends: &str| {
            format!(
                "%0 = input {{dtype: f32; shape: [5, 2]}} : f32[5, 2]
                 %1 = input {{dtype: f32; shape: [2, 3]}} : f32[2, 3]
                 %2 = contract(%0, %1) {{batch: 0; summed: 1}} : f32[5, 3]
                 {ends}"
            )
        };
        let before = "
             %3 = reduce_precision(%2) {dtype: f16} : f32[5, 3]
             %4 = fold(%3) {axis: 0; size: 7; stride: 1; dilation: 1} : f32[7]
             %5 = slice(%4) {axis: 0; start: 1; stop: 6; step: 1} : f32[5]
             %6 = sum(%5) {axes: [0]} : f32[]
             return %6";
        check(
            &graph(before),
            &graph(
                "%3 = fold(%2) {axis: 0; size: 7; stride: 1; dilation: 1} : f32[7]
                 %4 = slice(%3) {axis: 0; start: 1; stop: 6; step: 1} : f32[5]
                 %5 = sum(%4) {axes: [0]} : f32[]
                 %6 = reduce_precision(%5) {dtype: f16} : f32[]
                 return %6",
            ),
        );
        // Read by another, too.
        let both = graph(
            "%3 = reduce_precision(%2) {dtype: f16} : f32[5, 3]
             %4 = sum(%3) {axes: [0]} : f32[3]
             %5 = exp(%3) : f32[5, 3]
             return %4, %5",
        );
        check(&both, &both);
    }
}
