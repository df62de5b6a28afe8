//! Planning: from a [`Graph`] to a [`Program`].
//!
//! Pure and deterministic: the same graph gives the same program, byte for byte.

mod anew;
mod body;
mod epilogue;
mod fuse;
mod group;
mod index;
mod lower;
mod memory;
mod merge;
mod passes;
mod print;
mod program;
mod roles;
mod schedule;
mod sequence;
mod simplify;
mod work;

pub use passes::{Passes, Stage};
pub use program::{
    Access, Body, Buffer, BufferId, Check, Contract, Host, Inst, Kernel, Loop, Place, Program,
    Reduction, Reg, Store, Strides,
};

use crate::op::{Form, Meta, NodeId};
use crate::tape::Graph;
use work::{Role, Work};

/// Plans a graph, which must be legal: what is recorded on a tape is.
pub fn plan(graph: &Graph) -> Program {
    fused(simplify::simplify(graph)).unwrap_or_else(|Circular| {
        debug_assert!(false, "what is fused can be ordered:\n{graph}");
        unfused(simplify::simplify(graph))
    })
}

/// The program of a simplified graph.
fn fused(simple: Graph) -> Result<Program, Circular> {
    let mut work = Work::new(simple);
    let groups = fuse::fuse(&work);
    lower_all(&mut work, groups)
}

/// The program with one kernel for each operation.
fn unfused(graph: Graph) -> Program {
    let mut work = Work::new(graph);
    let groups = group::singles(&work);
    // Single operations are in the order of the graph.
    lower_all(&mut work, groups).unwrap_or_default()
}

/// Groups that wait for each other.
struct Circular;

/// The text of a graph after each pass, by the name of the pass; the first is the recording, the last the
/// program.
pub fn passes(graph: &Graph) -> Vec<(&'static str, String)> {
    let Passes { stages, program } = Passes::of(graph);
    let text = |stage: &Stage| {
        let Stage { kernels, traffic, arena, graph, .. } = stage;
        let cost =
            format!("{kernels} kernels, {traffic} bytes in and out of memory, {arena} between");
        (stage.name, format!("{cost}\n{graph}"))
    };
    let fused = ("fuse", program.to_string());
    stages.iter().take(2).map(text).chain([fused]).collect()
}

/// From groups to the finished program.
fn lower_all(work: &mut Work, groups: Vec<group::Group>) -> Result<Program, Circular> {
    let schedule::Schedule { groups, into, circular } = schedule::schedule(work, groups);
    if circular {
        return Err(Circular);
    }
    let stored = schedule::stored(work, &groups);
    let mut program = Program::default();
    let mut buffer_of: Vec<Option<BufferId>> = vec![None; work.nodes.len()];
    for (number, &input) in work.inputs.iter().enumerate() {
        let id = add_buffer(&mut program, work.meta(input), Place::Input(number));
        buffer_of[input.index()] = Some(id);
        program.inputs.push(id);
    }
    let mut result_of: Vec<Option<usize>> = vec![None; work.nodes.len()];
    let results = work.outputs.iter().filter(|output| output.into.is_none()).enumerate();
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
            buffer_of[member.index()] = Some(add_buffer(&mut program, work.meta(member), place));
        }
    }
    for group in &groups {
        program.kernels.extend(lower::zeros(work, group, &buffer_of));
        program.kernels.push(lower::lower(work, group, &buffer_of));
    }
    let of = |node: NodeId| buffer_of[node.index()].unwrap_or(BufferId(0));
    program.outputs = work.outputs.iter().map(|output| of(output.node)).collect();
    program.checks = checks(work);
    program.arena = memory::lay_out(&mut program.buffers, &program.kernels);
    Ok(program)
}

/// The labels that are compared with classes inside kernels are checked before anything runs.
fn checks(work: &Work) -> Vec<Check> {
    let mut checks = Vec::new();
    for id in work.ids() {
        let alive = matches!(work.role(id), Role::Inline | Role::Body);
        let form = work.node(id).op.form();
        let (Form::Label(classes), true, Some(labels)) = (form, alive, work.labels(id)) else {
            continue;
        };
        if let Role::Input(input) = work.role(labels) {
            checks.push(Check { input, classes, at: work.node(id).at });
        }
    }
    checks
}

fn add_buffer(program: &mut Program, meta: &Meta, place: Place) -> BufferId {
    program.buffers.push(Buffer { dtype: meta.dtype, len: meta.shape.elements(), place });
    BufferId(program.buffers.len() as u32 - 1)
}
