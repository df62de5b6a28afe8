//! Widening: numbers that are only kept are computed in a wider type.
//!
//! What an operation on f16 or bf16 means is written out as a graph: its operands as f32, the operation in f32,
//! its result rounded once. Who computes with the result takes it as f32, as it was rounded; it is kept in 16 bits where
//! the user sees it, and where it is moved by number. So nothing after this pass knows arithmetic of 16 bits.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::op::{Cost, Form, Meta, NodeId, Op};
use crate::plan::rounding;
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
    Cow::Owned(rounding::place(Graph { outputs: outputs.collect(), nodes: widening.nodes }))
}

#[derive(Default)]
struct Widening {
    nodes: Vec<GraphNode>,
    /// For each node what it is in the wider type.
    wide: Vec<Wide>,
}

/// What a node of 16 bits is in the wider type.
#[derive(Clone, Copy, Default, PartialEq)]
enum Wide {
    /// A conversion, if it is asked for.
    #[default]
    Converted,
    /// Made of wide numbers that there are in any case, if it is asked for.
    Made,
    There(NodeId),
}

impl Widening {
    /// Adds what a node means.
    fn add(&mut self, node: GraphNode) -> NodeId {
        let GraphNode { op, inputs, meta, at, origin } = &node;
        let types = || inputs.iter().map(|&input| self.meta(input).dtype).chain([meta.dtype]);
        let whole = types().any(|dtype| dtype == DType::I64);
        // What is wanted in the type that it was computed in is there.
        if let (Form::Formula(Cost::Copy), &[x]) = (op.form(), &inputs[..])
            && self.meta(x).dtype.is_stored_only()
            && meta.dtype == self.meta(x).dtype.computed()
            && self.wide[x.index()] != Wide::Converted
        {
            return self.widened(x);
        }
        if !types().any(DType::is_stored_only) || op.takes_stored(whole) {
            let made = meta.dtype.is_stored_only() && self.is_made(&node);
            let id = self.push(node);
            if made {
                self.wide[id.index()] = Wide::Made;
            }
            return id;
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
        let (at, origin, dtype) = (*at, *origin, meta.dtype);
        let wide = self.push(GraphNode { op, inputs: operands, meta: wide, at, origin });
        if computed != dtype.computed() {
            return self.cast(wide, dtype);
        }
        let rounded = self.rounded(wide, dtype);
        let narrow = self.cast(rounded, dtype);
        self.wide[narrow.index()] = Wide::There(rounded);
        narrow
    }

    /// Whether a node of 16 bits is one of wide numbers that are only rounded, or moves such.
    fn is_made(&self, node: &GraphNode) -> bool {
        let there = |&input: &NodeId| match self.meta(input).dtype.is_stored_only() {
            true => self.wide[input.index()] != Wide::Converted,
            false => self.meta(input).dtype == node.meta.dtype.computed(),
        };
        let moves = matches!(node.op.form(), Form::View(_) | Form::Spread(_) | Form::Joined(_));
        let rounds = node.op.rounds_to() == Some(node.meta.dtype);
        (moves || rounds) && !node.inputs.is_empty() && node.inputs.iter().all(there)
    }

    /// A node in the type that it is computed in. What is moved is moved as wide numbers where there are such, and views
    /// of no fewer elements are in any case, so that each number is converted once.
    fn widened(&mut self, id: NodeId) -> NodeId {
        let mut open: SmallVec<[NodeId; 8]> = SmallVec::from_slice(&[id]);
        while let Some(&id) = open.last() {
            if self.known(id).is_some() {
                open.pop();
                continue;
            }
            if self.wide[id.index()] != Wide::Made && !self.is_whole_view(id) {
                let wide = self.cast(id, self.meta(id).dtype.computed());
                self.wide[id.index()] = Wide::There(wide);
                continue;
            }
            let GraphNode { op, inputs, meta, at, origin } = self.nodes[id.index()].clone();
            let before = open.len();
            open.extend(inputs.iter().copied().filter(|&input| self.known(input).is_none()));
            if open.len() > before {
                continue;
            }
            let inputs: SmallVec<_> =
                inputs.iter().filter_map(|&input| self.known(input)).collect();
            let wide = match op.form() {
                Form::Formula(_) => self.rounded(inputs[0], meta.dtype),
                _ => {
                    let meta = meta.with_dtype(meta.dtype.computed());
                    self.push(GraphNode { op, inputs, meta, at, origin })
                }
            };
            self.wide[id.index()] = Wide::There(wide);
        }
        self.known(id).unwrap_or(id)
    }

    /// What a node is in the type that it is computed in, if that is there.
    fn known(&self, id: NodeId) -> Option<NodeId> {
        match (self.meta(id).dtype.is_stored_only(), self.wide[id.index()]) {
            (false, _) => Some(id),
            (true, Wide::There(wide)) => Some(wide),
            _ => None,
        }
    }

    /// Whether a node is a view of no fewer elements than there are.
    fn is_whole_view(&self, id: NodeId) -> bool {
        let node = &self.nodes[id.index()];
        let Some(&inner) = node.inputs.first() else { return false };
        let elements = |meta: &Meta| meta.shape.elements();
        let no_fewer = elements(&node.meta) >= elements(self.meta(inner));
        matches!(node.op.form(), Form::View(_)) && no_fewer
    }

    fn cast(&mut self, id: NodeId, dtype: DType) -> NodeId {
        self.of_each(id, Op::cast(dtype), dtype)
    }

    fn rounded(&mut self, id: NodeId, dtype: DType) -> NodeId {
        self.of_each(id, Op::reduce_precision(dtype), self.meta(id).dtype)
    }

    fn of_each(&mut self, id: NodeId, op: Op, dtype: DType) -> NodeId {
        let GraphNode { meta, at, origin, .. } = &self.nodes[id.index()];
        let (meta, at, origin) = (meta.with_dtype(dtype), *at, *origin);
        let inputs = [id].into_iter().collect();
        self.push(GraphNode { op, inputs, meta, at, origin })
    }

    fn push(&mut self, node: GraphNode) -> NodeId {
        self.nodes.push(node);
        self.wide.push(Wide::Converted);
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
             %3 = reduce_precision(%2) {dtype: f16} : f32[2, 3]
             %4 = sum(%3) {axes: [1]} : f32[2]
             %5 = reduce_precision(%4) {dtype: f16} : f32[2]
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
             %1 = slice(%0) {axis: 0; start: 0; stop: 2; step: 1} : f16[2]
             %2 = cast(%0) {dtype: f32} : f32[4]
             %3 = broadcast(%2) {shape: [2, 4]} : f32[2, 4]
             %4 = exp(%3) : f32[2, 4]
             %5 = reduce_precision(%4) {dtype: f16} : f32[2, 4]
             %6 = cast(%5) {dtype: f16} : f16[2, 4]
             %7 = cast(%1) {dtype: f32} : f32[2]
             %8 = exp(%7) : f32[2]
             %9 = reduce_precision(%8) {dtype: f16} : f32[2]
             %10 = cast(%9) {dtype: f16} : f16[2]
             return %6, %10",
        );
    }

    #[test]
    fn what_is_only_rounded_is_moved_as_wide_numbers() {
        check(
            "%0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = cast(%0) {dtype: bf16} : bf16[4]
             %2 = pad(%1) {axis: 0; start: 1; step: 1; size: 6} : bf16[6]
             %3 = concat(%2, %1) {axis: 0} : bf16[10]
             %4 = exp(%3) : bf16[10]
             %5 = slice(%3) {axis: 0; start: 0; stop: 2; step: 1} : bf16[2]
             %6 = exp(%5) : bf16[2]
             return %4, %6",
            "%0 = input {dtype: f32; shape: [4]} : f32[4]
             %1 = reduce_precision(%0) {dtype: bf16} : f32[4]
             %2 = pad(%1) {axis: 0; start: 1; step: 1; size: 6} : f32[6]
             %3 = concat(%2, %1) {axis: 0} : f32[10]
             %4 = exp(%3) : f32[10]
             %5 = reduce_precision(%4) {dtype: bf16} : f32[10]
             %6 = cast(%5) {dtype: bf16} : bf16[10]
             %7 = slice(%3) {axis: 0; start: 0; stop: 2; step: 1} : f32[2]
             %8 = exp(%7) : f32[2]
             %9 = reduce_precision(%8) {dtype: bf16} : f32[2]
             %10 = cast(%9) {dtype: bf16} : bf16[2]
             return %6, %10",
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
