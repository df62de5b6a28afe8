//! Planning: from a [`Graph`] to a [`Program`].
//!
//! Pure and deterministic: the same graph gives the same program, byte for byte.

mod classify;
mod fuse;
mod lower;
mod origins;
mod passes;
mod print;
mod program;
mod schedule;
mod simplify;
mod target;
mod widen;

pub(crate) use origins::{Origins, plan_with_origins};
pub use passes::{Passes, Stage, passes};
pub(crate) use program::Strides;
pub use program::{
    Access, Body, Buffer, BufferId, Check, Contract, Host, Inst, Kernel, Loop, Place, Program,
    Reduction, Reg, Store,
};
pub use target::Target;

use crate::op::{Form, Meta, NodeId};
use crate::tape::Graph;
use classify::{Classified, Role};

/// Plans a graph for this machine's kind. It must be legal: what is recorded on a tape is.
pub fn plan(graph: &Graph) -> Program {
    plan_for(graph, &Target::default())
}

/// As [`plan`], for another machine.
pub fn plan_for(graph: &Graph, target: &Target) -> Program {
    let wide = widen::widen(graph);
    let simple = simplify::simplify(&wide, target);
    debug_assert!(simple.verify().is_ok(), "what is simplified is legal:\n{simple}");
    fused(simple, target).unwrap_or_else(|Circular| {
        debug_assert!(false, "what is fused can be ordered:\n{graph}");
        unfused(simplify::simplify(&wide, target), target)
    })
}

/// The program of a simplified graph.
fn fused(simple: Graph, target: &Target) -> Result<Program, Circular> {
    let mut graph = Classified::new(simple, target);
    let groups = fuse::fuse(&graph);
    lower_all(&mut graph, groups)
}

/// The program with one kernel for each operation.
fn unfused(graph: Graph, target: &Target) -> Program {
    let mut graph = Classified::new(graph, target);
    let groups = fuse::singles(&graph);
    // Single operations are in the order of the graph.
    lower_all(&mut graph, groups).unwrap_or_default()
}

/// Groups that wait for each other.
struct Circular;

/// From groups to the finished program.
fn lower_all(graph: &mut Classified, groups: Vec<fuse::Group>) -> Result<Program, Circular> {
    lower_each(graph, groups, &mut |_, _, _| {})
}

/// What sees the kernels that a group was lowered to.
type Lowered<'l> = dyn FnMut(&Classified, &fuse::Group, &[Kernel]) + 'l;

/// As [`lower_all`], for who looks at kernels with their groups.
fn lower_each(
    graph: &mut Classified,
    groups: Vec<fuse::Group>,
    lowered: &mut Lowered<'_>,
) -> Result<Program, Circular> {
    let schedule::Schedule { groups, into, circular } = schedule::schedule(graph, groups);
    if circular {
        return Err(Circular);
    }
    let stored = schedule::stored(graph, &groups);
    let mut program = Program::default();
    let mut buffer_of: Vec<Option<BufferId>> = vec![None; graph.nodes.len()];
    for (number, &input) in graph.inputs.iter().enumerate() {
        let id = add_buffer(&mut program, graph.meta(input), Place::Input(number));
        buffer_of[input.index()] = Some(id);
        program.inputs.push(id);
    }
    let mut result_of: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let results = graph.outputs.iter().filter(|output| output.into.is_none()).enumerate();
    results.for_each(|(number, output)| result_of[output.node.index()] = Some(number));
    for group in &groups {
        for &member in group.members.iter().filter(|member| stored[member.index()]) {
            let place = match (into[member.index()], result_of[member.index()]) {
                (Some(input), _) => {
                    buffer_of[member.index()] = buffer_of[input.index()];
                    continue;
                }
                (None, Some(result)) => Place::Output(result),
                (None, None) => Place::Arena(0),
            };
            buffer_of[member.index()] = Some(add_buffer(&mut program, graph.meta(member), place));
        }
    }
    for group in &groups {
        let before = program.kernels.len();
        lower::lower(graph, group, &buffer_of, &mut program.kernels);
        lowered(graph, group, &program.kernels[before..]);
    }
    let of = |node: NodeId| buffer_of[node.index()].unwrap_or(BufferId(0));
    program.outputs = graph.outputs.iter().map(|output| of(output.node)).collect();
    program.checks = checks(graph);
    program.arena = lower::lay_out(&mut program.buffers, &program.kernels);
    Ok(program)
}

/// The labels that are compared with classes inside kernels are checked before anything runs.
fn checks(graph: &Classified) -> Vec<Check> {
    let mut checks = Vec::new();
    for id in graph.ids() {
        let alive = matches!(graph.role(id), Role::Inline | Role::Body);
        let form = graph.node(id).op.form();
        let (Form::Label(classes), true, Some(labels)) = (form, alive, graph.labels(id)) else {
            continue;
        };
        if let Role::Input(input) = graph.role(labels) {
            checks.push(Check { input, classes, at: graph.node(id).at });
        }
    }
    checks
}

fn add_buffer(program: &mut Program, meta: &Meta, place: Place) -> BufferId {
    program.buffers.push(Buffer { dtype: meta.dtype, len: meta.shape.elements(), place });
    BufferId(program.buffers.len() as u32 - 1)
}
