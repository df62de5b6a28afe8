//! The graph that a step would run, to be looked at.

use super::extract::{Extraction, Origin};
use super::read::check;
use super::run::{not_given, want_step};
use crate::tape::{Given, Graph, Tape, Var};
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
