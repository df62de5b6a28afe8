//! Plans keep values: what the interpreter computes from a program is what the reference engine computes
//! from the graph.

use gradtape::engine::{Slot, interpret, reference};
use gradtape::op::{Meta, NodeId, Op, binary, source};
use gradtape::plan::{Program, plan};
use gradtape::tape::{Graph, GraphNode, Output};
use gradtape::tensor::{DType, Shape, Tensor};
use gradtape::{Dial, Parameter, Tape, Var};

/// A graph in the making.
#[derive(Default)]
struct Build {
    graph: Graph,
    values: Vec<Tensor>,
}

impl Build {
    fn input(&mut self, value: Tensor) -> NodeId {
        let op = source::Input { dtype: value.dtype(), shape: value.shape().clone() };
        self.values.push(value);
        self.push(op, &[])
    }

    fn push(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
        let op = op.into();
        let metas: Vec<&Meta> =
            inputs.iter().map(|id| &self.graph.nodes[id.index()].meta).collect();
        let meta = op.infer(&metas).unwrap_or_else(|e| panic!("{op:?}: {}", e.rule));
        let at = std::panic::Location::caller();
        self.graph.nodes.push(GraphNode { op, inputs: inputs.iter().copied().collect(), meta, at });
        NodeId::new(self.graph.nodes.len() - 1)
    }

    fn output(&mut self, node: NodeId) {
        self.graph.outputs.push(Output { node, into: None });
    }

    fn update(&mut self, node: NodeId, into: NodeId) {
        self.graph.outputs.push(Output { node, into: Some(into) });
    }
}

/// Distinct numbers in no order.
fn numbers(shape: impl Into<Shape>, salt: usize) -> Tensor {
    let shape = shape.into();
    let value = |i: usize| ((i * 37 + salt * 11 + 5) % 101) as f64 / 50.0 - 1.0;
    Tensor::from_vec((0..shape.elements()).map(value).collect(), shape).unwrap()
}

/// Plans, runs both engines and compares every output.
fn check(graph: &Graph, values: &[Tensor], tolerance: f64) -> Program {
    let program = plan(graph);
    assert_eq!(plan(graph), program, "plans are deterministic");
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
    for (i, (a, b)) in expected.iter().zip(&found).enumerate() {
        same(a, b, tolerance, &format!("output {i} of\n{graph:?}\n{program:?}"));
    }
    for (i, (a, b)) in left.iter().zip(&right).enumerate() {
        same(a, b, tolerance, &format!("input {i} of\n{graph:?}\n{program:?}"));
    }
    program
}

fn slots<'a>(graph: &Graph, values: &'a mut [Tensor]) -> Vec<Slot<'a>> {
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
        assert!(close, "{x} {y}: {what}");
    }
}

#[test]
fn updates_in_place_see_the_old_values() {
    let mut build = Build::default();
    let (a, b) = (build.input(numbers([3], 1)), build.input(numbers([3], 2)));
    let sum = build.push(binary::Add {}, &[a, b]);
    let product = build.push(binary::Mul {}, &[sum, a]);
    build.output(product);
    build.update(sum, a);
    build.update(a, b);
    build.output(sum);
    check(&build.graph, &build.values, 0.0);
    // Two inputs change places.
    let mut build = Build::default();
    let (a, b) = (build.input(numbers([3], 1)), build.input(numbers([3], 2)));
    build.update(b, a);
    build.update(a, b);
    check(&build.graph, &build.values, 0.0);
}

#[test]
fn every_sample_of_every_operation_keeps_its_value() {
    for sample in Op::samples() {
        let mut build = Build::default();
        let inputs: Vec<NodeId> = sample.inputs.into_iter().map(|t| build.input(t)).collect();
        let out = build.push(sample.op, &inputs);
        build.output(out);
        check(&build.graph, &build.values, 1e-12);
    }
}

/// Records one step of a network of these widths with Adam, with dropout between the layers.
fn network(widths: &[usize], batch: usize, dropout: f64, dtype: DType) -> (Graph, Vec<Tensor>) {
    let tape = Tape::new();
    let input = numbers([batch, widths[0]], 3).cast(dtype);
    let classes = widths[widths.len() - 1];
    let labels: Vec<i64> = (0..batch).map(|row| (row * 7 % classes) as i64).collect();
    let labels = tape.constant(Tensor::from_vec(labels, [batch]).unwrap());
    let mut h = tape.constant(input);
    let counter = Dial::new(5.0);
    let mut parameters = Vec::new();
    for (layer, pair) in widths.windows(2).enumerate() {
        let w = Parameter::new(numbers([pair[0], pair[1]], layer).cast(dtype));
        let b = Parameter::new(numbers([pair[1]], layer + 7).cast(dtype));
        h = h.matmul(tape.parameter(&w)) + tape.parameter(&b);
        parameters.extend([w, b]);
        if layer + 2 < widths.len() {
            h = h.relu();
            if dropout > 0.0 {
                let noise = tape.random(layer as u64, &counter, h.shape(), dtype);
                let keep = noise.less_equal(1.0 - dropout);
                h = keep.select(h * (1.0 / (1.0 - dropout)), 0.0);
            }
        }
    }
    let picked = (h * labels.one_hot(classes, dtype)).sum(-1);
    let loss = (h.logsumexp(-1) - picked).mean(());
    let vars: Vec<Var<'_>> = parameters.iter().map(|p| tape.parameter(p)).collect();
    let gradients = gradtape::gradients(loss, &vars);
    let step = tape.dial(&Dial::new(3.0), dtype);
    let fix = |beta: f64| 1.0 - step.literal(beta).pow(step);
    for ((p, &x), g) in parameters.iter().zip(&vars).zip(gradients) {
        let m = Parameter::new(numbers(x.shape(), 1).cast(dtype));
        let v = Parameter::new(numbers(x.shape(), 2).cast(dtype).cast(dtype));
        let (m_old, v_old) = (tape.parameter(&m), tape.parameter(&v));
        let m_new = m_old * 0.9 + g * 0.1;
        let v_new = v_old * v_old * 0.999 + g * g * 0.001;
        let size = (v_new / fix(0.999)).sqrt() + 1e-8;
        tape.assign(p, x - (m_new / fix(0.9)) / size * 0.01).unwrap();
        tape.assign(&m, m_new).unwrap();
        tape.assign(&v, v_new).unwrap();
    }
    gradtape::eval::graph(&tape, &[loss]).unwrap()
}

#[test]
fn a_step_of_training_keeps_its_values() {
    for dropout in [0.0, 0.4] {
        let (graph, values) = network(&[6, 5, 4, 3], 7, dropout, DType::F64);
        let program = check(&graph, &values, 1e-12);
        println!("{program}");
    }
}
