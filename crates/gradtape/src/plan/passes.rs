//! The passes of the planner, kept to be printed.

use super::{Program, plan, simplify, unfused};
use crate::tape::Graph;

/// What each pass of [`plan`](super::plan) made of a graph.
#[derive(Clone, Debug)]
pub struct Passes {
    /// The passes in order; the first is the recording itself.
    pub stages: Vec<Stage>,
    /// The program that the last pass made.
    pub program: Program,
}

/// A graph after a pass, and what it would cost to run it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The name of the pass.
    pub name: &'static str,
    /// The graph after it.
    pub graph: Graph,
    /// The number of kernels it takes.
    pub kernels: usize,
    /// Bytes that these kernels read from memory and write to it.
    pub traffic: usize,
    /// Bytes of the arena for what is between the kernels.
    pub arena: usize,
}

impl Passes {
    /// Plans a graph and keeps what each pass made of it. A pass before fusion is costed with one kernel
    /// for each operation.
    pub fn of(graph: &Graph) -> Passes {
        let simple = simplify::simplify(graph);
        let program = plan(graph);
        let stages = vec![
            stage("record", graph, &unfused(graph.clone())),
            stage("simplify", &simple, &unfused(simple.clone())),
            stage("fuse", &simple, &program),
        ];
        Passes { stages, program }
    }
}

fn stage(name: &'static str, graph: &Graph, program: &Program) -> Stage {
    let (kernels, traffic) = (program.kernels.len(), program.traffic());
    Stage { name, graph: graph.clone(), kernels, traffic, arena: program.arena }
}
