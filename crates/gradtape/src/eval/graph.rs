//! The graph that a step would run, to be looked at.

use super::extract::{Extraction, Origin};
use super::read::check;
use super::run::{not_given, want_step};
use crate::op::{NodeId, Op};
use crate::tape::{Given, Graph, GraphNode, Node, Output, Tape, Var};
use crate::tensor::{Result, Tensor};

/// As [`graph`], of what a function records on a tape of its own. It may end in an optimiser's step,
/// which changes nothing here; reading a value inside is an error.
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tensor, eval, plan};
/// let x = Parameter::new(Tensor::from([1.0, 2.0]));
/// let (graph, _) = eval::trace(|tape| {
///     let loss = tape.parameter(&x).square().sum(());
///     Sgd::new(&x, 0.1).step(loss)?;
///     Ok(vec![loss])
/// })?;
/// assert_eq!(x.value().to_vec::<f64>()?, [1.0, 2.0]);
/// assert_eq!(plan::plan(&graph).kernels.len(), 1);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn trace<F>(function: F) -> Result<(Graph, Vec<Tensor>)>
where
    F: for<'t> FnOnce(&'t Tape) -> Result<Vec<Var<'t>>>,
{
    let tape = Tape::new();
    tape.set_tracing();
    let results = function(&tape)?;
    graph(&tape, &results)
}

/// The graph that [`step`](super::step) would plan and run for these results and the updates recorded so
/// far, and the numbers of its inputs. Nothing is computed. Fails where a parameter was changed after it
/// was recorded.
#[track_caller]
pub fn graph(tape: &Tape, results: &[Var<'_>]) -> Result<(Graph, Vec<Tensor>)> {
    for var in results {
        check(tape, var, "graph")?;
    }
    let recording = tape.recording().borrow();
    let mut extraction = Extraction::default();
    let asked = want_step(&recording, results.iter().map(|var| var.id()));
    extraction.extract(&recording, &asked, false);
    let graph = extraction.graph(&recording);
    let inputs = graph.nodes.iter().filter(|node| node.op.is_input());
    let number = |(origin, meta): (&Origin, &crate::op::Meta)| {
        Ok(match (recording.current(origin.node)?, recording.given(origin.node)) {
            (Some(value), _) => value.contiguous(),
            (None, Some(Given::Literal(value))) => value.full(&meta.shape, meta.dtype),
            (None, _) => return Err(not_given(&recording, origin.node)),
        })
    };
    let metas = inputs.map(|node| &node.meta);
    let values = extraction.origins.iter().zip(metas).map(number).collect::<Result<_>>()?;
    Ok((graph, values))
}

/// What is recorded of some results from the leaves of the tape on, whatever was computed already, and the numbers of
/// the leaves. The graph's outputs are the results in their order; one that is a leaf is an input of the graph. Nothing
/// is computed. Fails where a parameter was changed after it was recorded.
#[track_caller]
pub fn recorded(tape: &Tape, results: &[Var<'_>]) -> Result<(Graph, Vec<Tensor>)> {
    for var in results {
        check(tape, var, "recorded")?;
    }
    let recording = tape.recording().borrow();
    let end = results.iter().map(|var| var.id().index() + 1).max().unwrap_or(0);
    let mut needed = vec![false; end];
    results.iter().for_each(|var| needed[var.id().index()] = true);
    for place in (0..end).rev().filter(|&place| recording.leaf(NodeId::new(place)).is_none()) {
        if needed[place] {
            let inputs = &recording.node(NodeId::new(place)).inputs;
            inputs.iter().for_each(|input| needed[input.index()] = true);
        }
    }
    let (mut graph, mut values, mut number) = (Graph::default(), Vec::new(), vec![0; end]);
    for place in (0..end).filter(|&place| needed[place]) {
        let id = NodeId::new(place);
        let Node { op, inputs, meta, .. } = recording.node(id);
        let is_leaf = recording.leaf(id).is_some();
        if is_leaf {
            let value = recording.current(id)?.ok_or_else(|| not_given(&recording, id))?;
            values.push(value.contiguous());
        }
        number[place] = graph.nodes.len();
        let inputs = inputs.iter().map(|input| NodeId::new(number[input.index()]));
        graph.nodes.push(GraphNode {
            op: if is_leaf { Op::input(meta.dtype, &meta.shape) } else { op.clone() },
            inputs: if is_leaf { Default::default() } else { inputs.collect() },
            meta: meta.clone(),
            at: recording.place(id),
            origin: number[place] as u32,
        });
    }
    let node = |var: &Var<'_>| NodeId::new(number[var.id().index()]);
    graph.outputs = results.iter().map(|var| Output { node: node(var), into: None }).collect();
    Ok((graph, values))
}
