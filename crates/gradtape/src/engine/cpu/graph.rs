//! Running a graph at once, with the instructions that the caller asks for.

use super::{Isa, Workspace, run};
use crate::engine::{Slot, check_inputs};
use crate::op::Meta;
use crate::plan::{Target, plan_for};
use crate::tape::Graph;
use crate::tensor::{Result, Tensor};

/// Plans a graph and runs it: inputs in the order of its input nodes, one tensor in `results` for each
/// output that updates nothing in place.
///
/// What [`reference::run`](crate::engine::reference::run) does, by fused kernels; reading a value on a
/// tape does this with plans and memory kept for the next time. An instruction set that the machine
/// lacks is replaced by the portable one.
///
/// A graph that is not legal is an error, and so are inputs of another type or shape than its own, and an
/// input to be updated that is not given to be written.
///
/// ```
/// use gradtape::engine::{Slot, cpu};
/// use gradtape::Tensor;
/// let graph = "
///     %0 = input {dtype: f32; shape: [2]} : f32[2]
///     %1 = neg(%0) : f32[2]
///     return %1
/// ".parse()?;
/// let x = Tensor::from_slice(&[1.0f32, 2.0], [2])?;
/// let mut results = Vec::new();
/// cpu::run_graph(&graph, cpu::Isa::best(), &mut [Slot::Read(&x)], &mut results)?;
/// assert_eq!(results[0].to_vec::<f32>()?, [-1.0, -2.0]);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn run_graph(
    graph: &Graph,
    isa: Isa,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
) -> Result<()> {
    run_graph_for(graph, &Target::default(), isa, slots, results)
}

/// As [`run_graph`], with a plan for another machine.
pub fn run_graph_for(
    graph: &Graph,
    target: &Target,
    isa: Isa,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
) -> Result<()> {
    graph.verify()?;
    check_inputs(graph, slots)?;
    for slot in slots.iter_mut() {
        if let Slot::Write(tensor) = slot {
            tensor.make_writable();
        }
    }
    let program = plan_for(graph, target);
    let wanted = graph.outputs.iter().filter(|output| output.into.is_none());
    let metas = wanted.map(|output| &graph.nodes[output.node.index()].meta);
    let mut made: Vec<Tensor> =
        metas.map(|Meta { dtype, shape }| Tensor::zeros(shape, *dtype).contiguous()).collect();
    run(&program, &mut Workspace::for_isa(&program, isa)?, slots, &mut made)?;
    results.append(&mut made);
    Ok(())
}
