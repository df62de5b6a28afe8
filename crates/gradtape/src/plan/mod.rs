//! Planning: from a [`Graph`] to a [`Program`].
//!
//! Pure and deterministic: the same graph gives the same program, byte for byte.

mod apart;
mod classify;
mod fuse;
mod hidden;
mod lower;
mod origins;
mod passes;
mod print;
mod program;
mod rounding;
mod rows;
mod schedule;
mod simplify;
mod target;
mod tile;
mod widen;

pub use hidden::Hiding;
pub(crate) use origins::{Origins, plan_with_origins};
pub use passes::{Passes, Stage, passes};
pub(crate) use program::Strides;
pub use program::{
    Access, Body, Buffer, BufferId, Check, Contract, Host, Inst, Kernel, Loop, Place, Program,
    Reduction, Reg, Store, Tiled,
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
    lower_each(graph, groups, &mut |_, _, _| {}).map(|(program, _)| program)
}

/// What sees the kernels that a group was lowered to.
type Lowered<'l> = dyn FnMut(&Classified, &fuse::Group, &[Kernel]) + 'l;

/// As [`lower_all`], for who looks at kernels with their groups: also of which of these kernels each of the program's is
/// made.
fn lower_each(
    graph: &mut Classified,
    groups: Vec<fuse::Group>,
    lowered: &mut Lowered<'_>,
) -> Result<(Program, tile::Made), Circular> {
    let schedule::Schedule { groups, into, circular } = schedule::schedule(graph, groups);
    if circular {
        return Err(Circular);
    }
    let stored = schedule::stored(graph, &groups);
    let mut result_of: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let results = graph.outputs.iter().filter(|output| output.into.is_none()).enumerate();
    results.for_each(|(number, output)| result_of[output.node.index()] = Some(number));
    let holds = |id: NodeId| stored[id.index()] && into[id.index()].is_none();
    let may = |id: NodeId| holds(id) && result_of[id.index()].is_none();
    let mut placement = lower::Placement::new(graph, &groups, may, holds);
    let (mut program, ends) = loop {
        let mut program = Program::default();
        assign_buffers(graph, &groups, &mut placement, &mut program, |member| {
            match (stored[member.index()], into[member.index()], result_of[member.index()]) {
                (false, ..) => None,
                (true, Some(input), _) => Some(Stored::Over(input)),
                (true, None, Some(result)) => Some(Stored::In(Place::Output(result))),
                (true, None, None) => Some(Stored::In(Place::Arena(0))),
            }
        });
        let mut ends = Vec::with_capacity(groups.len());
        for group in &groups {
            lower::lower(graph, group, &placement, &mut program.kernels);
            ends.push(program.kernels.len());
        }
        if !placement.recover(&program.kernels) {
            break (program, ends);
        }
    };
    let starts = std::iter::once(0).chain(ends.iter().copied());
    for (group, (start, &end)) in groups.iter().zip(starts.zip(&ends)) {
        lowered(graph, group, &program.kernels[start..end]);
    }
    let buffer_of = &placement.buffers;
    let of = |node: NodeId| buffer_of[node.index()].unwrap_or(BufferId(0));
    program.outputs = graph.outputs.iter().map(|output| of(output.node)).collect();
    program.checks = checks(graph);
    let made = tile::tile(&mut program, &graph.target);
    program.arena = lower::lay_out(&mut program.buffers, &program.kernels);
    Ok((program, made))
}

/// Where a node is stored that is no part of another.
enum Stored {
    /// In the memory of an input that it updates.
    Over(NodeId),
    In(Place),
}

/// Gives every input and every node that is stored its buffer.
fn assign_buffers(
    graph: &Classified,
    groups: &[fuse::Group],
    placement: &mut lower::Placement,
    program: &mut Program,
    stored: impl Fn(NodeId) -> Option<Stored>,
) {
    placement.buffers.fill(None);
    for (number, &input) in graph.inputs.iter().enumerate() {
        let id = add_buffer(program, graph.meta(input), Place::Input(number));
        placement.buffers[input.index()] = Some(id);
        program.inputs.push(id);
    }
    let members = || groups.iter().flat_map(|group| &group.members);
    for &member in members() {
        let root = placement.root(member);
        placement.buffers[member.index()] = match stored(member) {
            Some(Stored::Over(input)) => placement.buffers[input.index()],
            Some(Stored::In(place)) if root.is_none() => {
                Some(add_buffer(program, graph.meta(member), place))
            }
            _ => None,
        };
    }
    for &member in members() {
        if let Some(root) = placement.root(member) {
            placement.buffers[member.index()] = placement.buffers[root.index()];
        }
    }
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
