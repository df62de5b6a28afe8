//! Graphs and inputs that are not legal or not those of the program they are used with: an error, never a panic.

use gradtape::Tensor;
use gradtape::engine::{Slot, cpu, interpret, reference};
use gradtape::op::{Bits, NodeId};
use gradtape::plan::{Access, Kernel, plan};
use gradtape::tape::Graph;

/// Ids, most of which a graph of three nodes does not have.
fn foreign() -> Vec<NodeId> {
    let index = [2, 7, (1 << 31) - 1, 1 << 31, u32::MAX as usize, usize::MAX];
    index.into_iter().flat_map(|index| [NodeId::new(index), NodeId::failed(index)]).collect()
}

fn graph() -> Graph {
    "%0 = input {dtype: f64; shape: [2]} : f64[2]
     %1 = exp(%0) : f64[2]
     %2 = cumsum(%1) {axis: 0; reverse: false} : f64[2]
     return %2"
        .parse()
        .unwrap()
}

#[test]
fn engines_refuse_graphs_that_are_not_legal_and_inputs_that_are_not_theirs() {
    let x = Tensor::from([1.0, 2.0]);
    let mut illegal = Vec::new();
    for id in foreign().into_iter().filter(|id| id.is_failed() || id.index() > 2) {
        let mut graph = graph();
        graph.nodes[1].inputs[0] = id;
        illegal.push(graph);
        let mut graph = self::graph();
        graph.outputs[0].node = id;
        illegal.push(graph);
        let mut graph = self::graph();
        graph.outputs[0].into = Some(id);
        illegal.push(graph);
    }
    for graph in &illegal {
        let mut results = Vec::new();
        let slots = || [Slot::Read(&x)];
        assert!(reference::run(graph, &mut slots(), &mut results, &mut |_, _| Ok(())).is_err());
        assert!(cpu::run_graph(graph, cpu::Isa::best(), &mut slots(), &mut results).is_err());
    }
    let (graph, other) = (graph(), Tensor::from([1.0f32, 2.0]));
    let wrong: [Vec<Slot<'_>>; 4] = [
        vec![],
        vec![Slot::Scalar(Bits::new(1.0))],
        vec![Slot::Read(&other)],
        vec![Slot::Read(&x), Slot::Read(&x)],
    ];
    for mut slots in wrong {
        let mut results = Vec::new();
        assert!(reference::run(&graph, &mut slots, &mut results, &mut |_, _| Ok(())).is_err());
        assert!(cpu::run_graph(&graph, cpu::Isa::best(), &mut slots, &mut results).is_err());
        if slots.len() < 2 {
            let mut results = [Tensor::from([0.0, 0.0])];
            assert!(interpret::run(&plan(&graph), &mut slots, &mut results).is_err());
        }
    }
}

#[test]
fn a_program_that_reaches_beyond_its_buffers_is_refused_by_the_interpreter() {
    let x = Tensor::from([1.0, 2.0]);
    let right = plan(&graph());
    let run = |program: &gradtape::plan::Program| {
        let mut results = [Tensor::from([0.0, 0.0])];
        interpret::run(program, &mut [Slot::Read(&x)], &mut results)
    };
    run(&right).unwrap();
    let mut wrong = right.clone();
    for kernel in &mut wrong.kernels {
        if let Kernel::Loop(plain) = kernel {
            plain.body.loads.iter_mut().for_each(|Access { offset, .. }| *offset += 1);
        }
    }
    assert!(wrong != right && run(&wrong).is_err());
    let mut wrong = right;
    wrong.arena = 0;
    assert!(run(&wrong).is_err());
}
