//! The passes of the planner, kept to be printed.

use std::borrow::Cow;

use super::classify::Classified;
use super::{Kernel, Program, Target, fuse, plan, plan_for, schedule, simplify, unfused, widen};
use crate::tape::Graph;

/// What [`plan`](super::plan) made of a graph, and what it would cost to run it before and after.
#[derive(Clone, Debug)]
pub struct Passes {
    /// The passes after which there is something that could be run, in order; the first is the recording itself,
    /// the last the program. For the others, see [`passes`].
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
        let target = Target::default();
        let wide = widen::widen(graph);
        let simple = simplify::simplify(&wide, &target);
        let program = plan(graph);
        let lowered = plan_for(graph, &untiled(&target));
        let mut stages = vec![
            stage("record", graph, &unfused(wide.into_owned(), &target)),
            stage("simplify", &simple, &unfused(simple.clone(), &target)),
            stage("lower", &simple, &lowered),
        ];
        if is_tiled(&program) {
            stages.push(stage("tile", &simple, &program));
        }
        Passes { stages, program }
    }
}

/// The text of what each pass makes of a graph, by the name of the pass; the first is the recording, the last
/// the program. `widen` is there where numbers are kept in a type that they are not computed in, `tile` where kernels are
/// run a tile of rows at a time.
pub fn passes(graph: &Graph) -> Vec<(&'static str, String)> {
    let target = Target::default();
    let wide = widen::widen(graph);
    let simple = simplify::simplify(&wide, &target);
    let mut classified = Classified::new(simple.clone(), &target);
    let roles = classified.to_string();
    let groups = fuse::fuse(&classified);
    let list = |groups: &[fuse::Group]| -> String {
        groups.iter().map(|group| format!("{group}\n")).collect()
    };
    let fused = list(&groups);
    let ordered = schedule::schedule(&mut classified, groups);
    let mut passes = vec![("record", graph.to_string())];
    if let Cow::Owned(wide) = &wide {
        passes.push(("widen", wide.to_string()));
    }
    passes.extend([
        ("simplify", simple.to_string()),
        ("classify", roles),
        ("fuse", fused),
        ("schedule", list(&ordered.groups)),
        ("lower", plan_for(graph, &untiled(&target)).to_string()),
    ]);
    let program = plan(graph);
    if is_tiled(&program) {
        passes.push(("tile", program.to_string()));
    }
    passes
}

/// The machine on which nothing is run in tiles of rows.
fn untiled(target: &Target) -> Target {
    Target { tiled: usize::MAX, ..target.clone() }
}

fn is_tiled(program: &Program) -> bool {
    program.kernels.iter().any(|kernel| matches!(kernel, Kernel::Tiled(_)))
}

fn stage(name: &'static str, graph: &Graph, program: &Program) -> Stage {
    let (kernels, traffic) = (program.kernels.len(), program.traffic());
    Stage { name, graph: graph.clone(), kernels, traffic, arena: program.arena }
}

#[cfg(test)]
mod tests;
