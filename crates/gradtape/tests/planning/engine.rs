//! The CPU engine against the reference engine, with a bound on what rounding may do.

use gradtape::engine::cpu::{self, Isa};
use gradtape::engine::reference;
use gradtape::op::{Op, reduce};
use gradtape::plan::Target;
use gradtape::tape::Graph;
use gradtape::tensor::{DType, Tensor};

use super::slots;

/// [`check_engine_in`] f32 and f64.
pub(crate) fn check_engine(graph: impl Fn(DType) -> (Graph, Vec<Tensor>)) {
    check_engine_in(&[DType::F64, DType::F32], graph);
}

/// Runs a graph in some types, for every instruction set, on 1, 2 and 7 threads: the results are those
/// of the reference engine in f64, but for what rounding may do, and the same bits for every number of
/// threads.
pub(crate) fn check_engine_in(types: &[DType], graph: impl Fn(DType) -> (Graph, Vec<Tensor>)) {
    check_engine_for(&Target::default(), types, graph);
}

/// As [`check_engine_in`], with plans for another machine.
pub(crate) fn check_engine_for(
    target: &Target,
    types: &[DType],
    graph: impl Fn(DType) -> (Graph, Vec<Tensor>),
) {
    let (exact, values) = graph(DType::F64);
    let mut computed = Vec::new();
    let mut inputs = values.clone();
    let mut want = Vec::new();
    reference::run(&exact, &mut slots(&exact, &mut inputs), &mut want, &mut |_, value| {
        computed.push(value.clone());
        Ok(())
    })
    .unwrap();
    want.extend(inputs);
    for &dtype in types {
        let (graph, values) = graph(dtype);
        let bounds = bounds(&graph, &values, &computed, dtype);
        for isa in Isa::available() {
            let run = |threads: usize| run_for(target, &graph, &values, isa, threads);
            let alone = run(1);
            for ((got, want), bound) in alone.iter().zip(&want).zip(&bounds) {
                assert_near(got, want, *bound, &format!("{isa:?} {dtype} of\n{graph}"));
            }
            for threads in [2, 7] {
                assert!(same_bits(&alone, &run(threads)), "{threads} threads: {isa:?} of\n{graph}");
            }
        }
    }
    cpu::set_threads(0);
}

/// The results of the CPU engine, then the inputs after it.
pub(crate) fn run(graph: &Graph, values: &[Tensor], isa: Isa, threads: usize) -> Vec<Tensor> {
    run_for(&Target::default(), graph, values, isa, threads)
}

/// As [`run`], with a plan for another machine.
pub(crate) fn run_for(
    target: &Target,
    graph: &Graph,
    values: &[Tensor],
    isa: Isa,
    threads: usize,
) -> Vec<Tensor> {
    cpu::set_threads_beyond_cores(threads);
    let mut inputs = values.to_vec();
    let mut results = Vec::new();
    cpu::run_graph_for(graph, target, isa, &mut slots(graph, &mut inputs), &mut results)
        .unwrap_or_else(|error| panic!("{error}\n{graph}"));
    results.extend(inputs);
    results
}

/// The largest relative error of one rounding.
pub(crate) fn unit(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2f64.powi(-11),
        DType::BF16 => 2f64.powi(-8),
        DType::F32 => f64::from(f32::EPSILON) / 2.0,
        _ => f64::EPSILON / 2.0,
    }
}

fn same_bits(a: &[Tensor], b: &[Tensor]) -> bool {
    a.iter().zip(b).all(|(a, b)| {
        let bits = |t: &Tensor| t.to_f64_vec().into_iter().map(f64::to_bits).collect::<Vec<_>>();
        bits(a) == bits(b)
    })
}

/// Numbers of a type whose range is exceeded, or whose bound is, are not compared.
pub(crate) fn assert_near(got: &Tensor, want: &Tensor, bound: f64, what: &str) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    if !bound.is_finite() {
        return;
    }
    for (i, (x, y)) in got.to_f64_vec().into_iter().zip(want.to_f64_vec()).enumerate() {
        let near = x == y || (x - y).abs() <= bound || x.is_nan() && y.is_nan();
        assert!(near, "element {i} is {x}, not {y} (within {bound:e}): {what}");
    }
}

/// For each output and then each input after a run, how far an element may be from the exact value when
/// every operation rounds its result by `unit`: the running bounds of Higham (2002).
fn bounds(graph: &Graph, inputs: &[Tensor], computed: &[Tensor], dtype: DType) -> Vec<f64> {
    let unit = unit(dtype);
    // How large numbers may become, and how near to 0 they are rounded to one that is far from them.
    let (most, least) = match dtype {
        DType::F16 => (0.5 * 65504.0, 2f64.powi(-25)),
        DType::F64 => (f64::INFINITY, 0.0),
        _ => (1e-3 * f64::from(f32::MAX), 0.0),
    };
    let mut computed = computed.iter();
    let mut given = inputs.iter();
    let mut places = Vec::new();
    // For each node, the largest magnitude and the bound of its error.
    let mut nodes: Vec<(f64, f64)> = Vec::with_capacity(graph.nodes.len());
    for (number, node) in graph.nodes.iter().enumerate() {
        let is_input = matches!(node.op, Op::Input(_));
        let value = if is_input { given.next() } else { computed.next() }.unwrap();
        let size = value.to_f64_vec().into_iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let x: Vec<(f64, f64)> = node.inputs.iter().map(|input| nodes[input.index()]).collect();
        let count = |axes: &[usize]| -> f64 {
            let shape = &graph.nodes[node.inputs[0].index()].meta.shape;
            axes.iter().map(|&axis| shape[axis]).product::<usize>() as f64
        };
        let largest = x.iter().map(|x| x.1).fold(0.0, f64::max);
        // A sum of k terms of this size and error, one after another: numbers alike round alike.
        let one_by_one = |k: f64, size: f64, error: f64| k * error + 2.0 * unit * k * k * size;
        // In runs of so many, as the engine adds, in f32 what has 16 bits; the reference adds one by one, but in f64.
        let sum = |k: f64, size: f64, error: f64| {
            const RUN: f64 = 256.0;
            let added = 2.0 * unit.min(self::unit(DType::F32)) * (k.min(RUN) + k / RUN);
            k * error + k * size * (added + unit + f64::EPSILON * k)
        };
        let error = match &node.op {
            _ if is_input => {
                places.push(number);
                0.0
            }
            Op::Add(_) | Op::Sub(_) => x[0].1 + x[1].1 + unit * size,
            Op::Mul(_) => x[0].1 * (x[1].0 + x[1].1) + x[1].1 * x[0].0 + unit * size,
            Op::Tanh(_) | Op::Sigmoid(_) => largest + 8.0 * unit * size,
            Op::Sum(reduce::Sum { axes }) => sum(count(axes), x[0].0, x[0].1),
            Op::CumSum(reduce::CumSum { axis, .. }) => one_by_one(count(&[*axis]), x[0].0, x[0].1),
            Op::LogSumExp(reduce::LogSumExp { axes }) => {
                let own = 8.0 * unit * (size + x[0].0 + count(axes).sqrt());
                largest + own + f64::EPSILON * count(axes)
            }
            Op::Fold(_) => {
                let shape = &graph.nodes[node.inputs[0].index()].meta.shape;
                sum(shape[shape.rank() - 1] as f64, x[0].0, x[0].1)
            }
            Op::Contract(contract) => {
                let shape = &graph.nodes[node.inputs[0].index()].meta.shape;
                let k = shape[shape.rank() - contract.summed..].iter().product::<usize>() as f64;
                let error = x[0].1 * (x[1].0 + x[1].1) + x[1].1 * x[0].0;
                one_by_one(k, x[0].0 * x[1].0, error)
            }
            Op::IndexAdd(_) | Op::ScatterAdd(_) => sum(
                graph.nodes[node.inputs[1].index()].meta.shape.elements() as f64,
                x[0].0,
                x[0].1,
            ),
            // The digits that f32 has fewer.
            Op::Random(_) => 2.0 * unit,
            Op::Cast(_) => largest + unit * size,
            _ => largest,
        };
        let error = if is_input { error } else { error + least };
        nodes.push((size, if size + error < most { error } else { f64::INFINITY }));
    }
    let results = graph.outputs.iter().filter(|output| output.into.is_none());
    let mut bounds: Vec<f64> = results.map(|output| nodes[output.node.index()].1).collect();
    bounds.extend(places.into_iter().map(|place| {
        let update =
            graph.outputs.iter().rfind(|o| o.into.is_some_and(|into| into.index() == place));
        update.map_or(0.0, |output| nodes[output.node.index()].1)
    }));
    bounds
}
