//! The graph that a step would run, to be looked at.

use super::extract::{Extraction, Origin};
use super::run::want_step;
use crate::tape::{Graph, Leaf, Tape, Var};
use crate::tensor::{DType, Result, Tensor};

/// The graph that [`step`](super::step) would plan and run for these results and the updates recorded so
/// far, and the numbers of its inputs. Nothing is computed.
pub fn graph(tape: &Tape, results: &[Var<'_>]) -> Result<(Graph, Vec<Tensor>)> {
    results.iter().try_for_each(|var| var.check())?;
    let recording = tape.recording().borrow();
    let mut extraction = Extraction::default();
    want_step(&recording, results.iter().map(|var| var.id()), &mut extraction);
    extraction.extract(&recording);
    let graph = extraction.graph(&recording);
    let inputs = graph.nodes.iter().filter(|node| matches!(node.op, crate::op::Op::Input(_)));
    let number = |(origin, meta): (&Origin, &crate::op::Meta)| match origin {
        Origin::Scalar(value) => Tensor::full(&meta.shape, *value, meta.dtype),
        Origin::Node(id) => match (recording.value(*id), recording.leaf(*id)) {
            (Some(value), _) => value.contiguous(),
            (None, Some(Leaf::Tensor { tensor, .. })) => tensor.contiguous(),
            (None, Some(Leaf::Parameter { parameter, .. })) => parameter.value().contiguous(),
            (None, Some(Leaf::Dial { value, .. })) => Tensor::full(&meta.shape, *value, meta.dtype),
            (None, None) => Tensor::zeros(&meta.shape, DType::F32),
        },
    };
    let metas = inputs.map(|node| &node.meta);
    let values = extraction.origins.iter().zip(metas).map(number).collect();
    Ok((graph, values))
}
