//! What tests of plans share: building graphs, and comparing the interpreter on a plan with the reference
//! engine on its graph.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod engine;
pub(crate) mod random;

use gradtape::engine::cpu::Isa;
use gradtape::engine::{Slot, interpret, reference};
use gradtape::op::{Meta, NodeId, Op, shape, source};
use gradtape::plan::{Program, Target, plan_for};
use gradtape::tape::{Graph, GraphNode, Output};
use gradtape::tensor::{DType, Shape, Tensor};
use proptest::prelude::ProptestConfig;

/// So many random cases, or as many as the environment asks for: `scripts/random_graphs` asks for more.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    #[allow(clippy::disallowed_methods, reason = "how many are tried changes no result")]
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    let cases = asked.unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A graph in the making.
#[derive(Default)]
pub(crate) struct Build {
    pub(crate) graph: Graph,
    pub(crate) values: Vec<Tensor>,
    /// Updates to be added after all outputs.
    pub(crate) updates: Vec<(NodeId, NodeId)>,
}

impl Build {
    pub(crate) fn input(&mut self, value: Tensor) -> NodeId {
        let op = source::Input { dtype: value.dtype(), shape: value.shape().clone() };
        self.values.push(value);
        self.push(op, &[])
    }

    pub(crate) fn push(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
        let op = op.into();
        let metas: Vec<&Meta> =
            inputs.iter().map(|id| &self.graph.nodes[id.index()].meta).collect();
        let meta = op.infer(&metas).unwrap_or_else(|e| panic!("{op:?}: {}", e.rule));
        let at = std::panic::Location::caller();
        let (inputs, origin) = (inputs.iter().copied().collect(), self.graph.nodes.len() as u32);
        self.graph.nodes.push(GraphNode { op, inputs, meta, at, origin });
        NodeId::new(self.graph.nodes.len() - 1)
    }

    pub(crate) fn shape(&self, node: NodeId) -> Shape {
        self.graph.nodes[node.index()].meta.shape.clone()
    }

    pub(crate) fn broadcast(&mut self, x: NodeId, shape: &Shape) -> NodeId {
        match self.shape(x) == *shape {
            true => x,
            false => self.push(shape::Broadcast { shape: shape.clone() }, &[x]),
        }
    }

    pub(crate) fn output(&mut self, node: NodeId) {
        self.graph.outputs.push(Output { node, into: None });
    }

    pub(crate) fn update(&mut self, node: NodeId, into: NodeId) {
        self.graph.outputs.push(Output { node, into: Some(into) });
    }
}

/// Distinct numbers in no order, exact in every floating-point type.
pub(crate) fn numbers(shape: impl Into<Shape>, salt: usize) -> Tensor {
    let shape = shape.into();
    let value = |i: usize| ((i * 37 + salt * 11 + 5) % 101) as f64 / 64.0 - 0.75;
    Tensor::from_vec((0..shape.elements()).map(value).collect(), shape).unwrap()
}

/// Plans, runs the program by the interpreter and by the CPU engine, and compares every output and every
/// updated input with those of the reference engine.
pub(crate) fn check(graph: &Graph, values: &[Tensor], tolerance: f64) -> Program {
    check_for(&Target::default(), graph, values, tolerance)
}

/// As [`check`], with a plan for another machine.
pub(crate) fn check_for(
    target: &Target,
    graph: &Graph,
    values: &[Tensor],
    tolerance: f64,
) -> Program {
    let program = plan_for(graph, target);
    assert_eq!(plan_for(graph, target), program, "plans are deterministic");
    let (mut left, mut right) = (values.to_vec(), values.to_vec());
    let mut expected = Vec::new();
    reference::run(graph, &mut slots(graph, &mut left), &mut expected, &mut |_, _| Ok(())).unwrap();
    let mut found: Vec<Tensor> = graph
        .outputs
        .iter()
        .filter(|output| output.into.is_none())
        .map(|output| &graph.nodes[output.node.index()].meta)
        .map(|meta| Tensor::full(&meta.shape, 0.0, meta.dtype))
        .collect();
    interpret::run(&program, &mut slots(graph, &mut right), &mut found).unwrap();
    expected.extend(left);
    found.extend(right);
    for (i, (a, b)) in expected.iter().zip(&found).enumerate() {
        same(a, b, tolerance, &format!("output {i} of\n{graph}\n{program}"));
    }
    for isa in Isa::available() {
        for (i, (a, b)) in
            expected.iter().zip(engine::run_for(target, graph, values, isa, 1)).enumerate()
        {
            same(a, &b, tolerance, &format!("{isa:?}: output {i} of\n{graph}\n{program}"));
        }
    }
    program
}

/// What an engine is given: inputs that an output updates to be written.
pub(crate) fn slots<'a>(graph: &Graph, values: &'a mut [Tensor]) -> Vec<Slot<'a>> {
    let inputs = graph.nodes.iter().enumerate().filter(|(_, n)| matches!(n.op, Op::Input(_)));
    let written = |node: usize| graph.outputs.iter().any(|o| o.into == Some(NodeId::new(node)));
    let slot = |((node, _), value): ((usize, _), &'a mut Tensor)| match written(node) {
        true => Slot::Write(value),
        false => Slot::Read(value),
    };
    inputs.zip(values).map(slot).collect()
}

fn same(a: &Tensor, b: &Tensor, tolerance: f64, what: &str) {
    assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()), "{what}");
    let list = |t: &Tensor| t.cast(DType::F64).to_vec::<f64>().unwrap();
    for (x, y) in list(a).into_iter().zip(list(b)) {
        let close =
            x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * x.abs().max(1.0);
        assert!(close, "{y} instead of {x}: {what}");
    }
}
