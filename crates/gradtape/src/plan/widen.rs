//! Widening: numbers that are only kept are computed in a wider type.
//!
//! What an operation on f16 or bf16 means is written out as a graph: its operands as f32, the operation in f32,
//! its result rounded once by a cast. So nothing after this pass knows arithmetic of 16 bits.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::op::{Form, Meta, NodeId, Op};
use crate::tape::{Graph, GraphNode, Output};
use crate::tensor::DType;

/// The graph with every operation in a type that is computed in.
pub(super) fn widen(graph: &Graph) -> Cow<'_, Graph> {
    if !graph.nodes.iter().any(|node| node.meta.dtype.is_stored_only()) {
        return Cow::Borrowed(graph);
    }
    let mut widening = Widening::default();
    let mut place: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs = node.inputs.iter().map(|input| place[input.index()]).collect();
        place.push(widening.add(GraphNode { inputs, ..node.clone() }));
    }
    let outputs = graph.outputs.iter().map(|output| Output {
        node: place[output.node.index()],
        into: output.into.map(|input| place[input.index()]),
    });
    Cow::Owned(Graph { outputs: outputs.collect(), nodes: widening.nodes })
}

#[derive(Default)]
struct Widening {
    nodes: Vec<GraphNode>,
    /// For each node that was asked for in the wider type, what it is there.
    wide: Vec<Option<NodeId>>,
}

impl Widening {
    /// Adds what a node means.
    fn add(&mut self, node: GraphNode) -> NodeId {
        let GraphNode { op, inputs, meta, at, origin } = &node;
        let types = || inputs.iter().map(|&input| self.meta(input).dtype).chain([meta.dtype]);
        let whole = types().any(|dtype| dtype == DType::I64);
        if !types().any(DType::is_stored_only) || op.takes_stored(whole) {
            return self.push(node);
        }
        // A whole number is rounded once, not to f32 first.
        let computed = match whole && op.is_elementwise() {
            true => DType::F64,
            false => meta.dtype.computed(),
        };
        let operands = inputs.iter().map(|&input| self.widened(input)).collect();
        if !meta.dtype.is_stored_only() {
            return self.push(GraphNode { inputs: operands, ..node });
        }
        let (op, wide) = (op.giving(computed), meta.with_dtype(computed));
        let (at, origin) = (*at, *origin);
        let wide = self.push(GraphNode { op, inputs: operands, meta: wide, at, origin });
        self.cast(wide, node.meta.dtype)
    }

    /// A node in the type that it is computed in. Views of no fewer elements are views of the wide ones then, so
    /// that each is converted once.
    fn widened(&mut self, id: NodeId) -> NodeId {
        if !self.meta(id).dtype.is_stored_only() {
            return id;
        }
        let (mut views, mut base) = (SmallVec::<[NodeId; 4]>::new(), id);
        while let (None, Some(inner)) = (self.wide[base.index()], self.viewed(base)) {
            views.push(base);
            base = inner;
        }
        let known = self.wide[base.index()];
        let mut wide = known.unwrap_or_else(|| self.cast(base, self.meta(base).dtype.computed()));
        self.wide[base.index()] = Some(wide);
        for view in views.into_iter().rev() {
            let GraphNode { op, meta, at, origin, .. } = self.nodes[view.index()].clone();
            let (inputs, meta) =
                ([wide].into_iter().collect(), meta.with_dtype(meta.dtype.computed()));
            wide = self.push(GraphNode { op, inputs, meta, at, origin });
            self.wide[view.index()] = Some(wide);
        }
        wide
    }

    /// What a node is a view of, if it has no fewer elements.
    fn viewed(&self, id: NodeId) -> Option<NodeId> {
        let node = &self.nodes[id.index()];
        let inner = *node.inputs.first()?;
        let elements = |meta: &Meta| meta.shape.elements();
        let no_fewer = elements(&node.meta) >= elements(self.meta(inner));
        (matches!(node.op.form(), Form::View(_)) && no_fewer).then_some(inner)
    }

    fn cast(&mut self, id: NodeId, dtype: DType) -> NodeId {
        let GraphNode { meta, at, origin, .. } = &self.nodes[id.index()];
        let (meta, at, origin) = (meta.with_dtype(dtype), *at, *origin);
        let inputs = [id].into_iter().collect();
        self.push(GraphNode { op: Op::cast(dtype), inputs, meta, at, origin })
    }

    fn push(&mut self, node: GraphNode) -> NodeId {
        self.nodes.push(node);
        self.wide.push(None);
        NodeId::new(self.nodes.len() - 1)
    }

    fn meta(&self, id: NodeId) -> &Meta {
        &self.nodes[id.index()].meta
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
        let graph: Graph = graph.parse().unwrap();
        let wide = widen(&graph);
        wide.verify().unwrap();
        assert_eq!(lines(&wide.to_string()), lines(expected));
    }

    #[test]
    fn an_operation_is_computed_wide_and_rounded_once() {
        check(
            "%0 = input {dtype: f16; shape: [2, 3]} : f16[2, 3]
             %1 = exp(%0) : f16[2, 3]
             %2 = sum(%1) {axes: [1]} : f16[2]
             return %2",
            "%0 = input {dtype: f16; shape: [2, 3]} : f16[2, 3]
             %1 = cast(%0) {dtype: f32} : f32[2, 3]
             %2 = exp(%1) : f32[2, 3]
             %3 = cast(%2) {dtype: f16} : f16[2, 3]
             %4 = cast(%3) {dtype: f32} : f32[2, 3]
             %5 = sum(%4) {axes: [1]} : f32[2]
             %6 = cast(%5) {dtype: f16} : f16[2]
             return %6",
        );
    }

    #[test]
    fn what_moves_numbers_takes_them_as_they_are() {
        let graph = "
            %0 = input {dtype: bf16; shape: [2, 3]} : bf16[2, 3]
            %1 = transpose(%0) {order: [1, 0]} : bf16[3, 2]
            %2 = pad(%1) {axis: 0; start: 1; step: 1; size: 5} : bf16[5, 2]
            %3 = cast(%2) {dtype: f64} : f64[5, 2]
            %4 = concat(%2, %2) {axis: 0} : bf16[10, 2]
            return %3, %4";
        check(graph, graph);
    }

    #[test]
    fn views_of_no_fewer_elements_are_of_the_wide_numbers() {
        check(
            "%0 = input {dtype: f16; shape: [4]} : f16[4]
             %1 = broadcast(%0) {shape: [2, 4]} : f16[2, 4]
             %2 = slice(%0) {axis: 0; start: 0; stop: 2; step: 1} : f16[2]
             %3 = exp(%1) : f16[2, 4]
             %4 = exp(%2) : f16[2]
             return %3, %4",
            "%0 = input {dtype: f16; shape: [4]} : f16[4]
             %1 = broadcast(%0) {shape: [2, 4]} : f16[2, 4]
             %2 = slice(%0) {axis: 0; start: 0; stop: 2; step: 1} : f16[2]
             %3 = cast(%0) {dtype: f32} : f32[4]
             %4 = broadcast(%3) {shape: [2, 4]} : f32[2, 4]
             %5 = exp(%4) : f32[2, 4]
             %6 = cast(%5) {dtype: f16} : f16[2, 4]
             %7 = cast(%2) {dtype: f32} : f32[2]
             %8 = exp(%7) : f32[2]
             %9 = cast(%8) {dtype: f16} : f16[2]
             return %6, %9",
        );
    }

    #[test]
    fn whole_numbers_are_rounded_once() {
        check(
            "%0 = input {dtype: i64; shape: [4]} : i64[4]
             %1 = cast(%0) {dtype: bf16} : bf16[4]
             %2 = cast(%1) {dtype: i64} : i64[4]
             return %2",
            "%0 = input {dtype: i64; shape: [4]} : i64[4]
             %1 = cast(%0) {dtype: f64} : f64[4]
             %2 = cast(%1) {dtype: bf16} : bf16[4]
             %3 = cast(%2) {dtype: f32} : f32[4]
             %4 = cast(%3) {dtype: i64} : i64[4]
             return %4",
        );
    }

    #[test]
    fn a_graph_of_other_types_stays() {
        let graph: Graph = "%0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = exp(%0) : f32[4]
             return %1"
            .parse()
            .unwrap();
        assert!(matches!(widen(&graph), Cow::Borrowed(_)));
    }
}
