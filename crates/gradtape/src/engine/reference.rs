//! The engine that defines every result: each operation by its own meaning, one after another.

use super::{Slot, check_inputs};
use crate::op::Meta;
use crate::tape::{Graph, GraphNode};
use crate::tensor::{Result, Tensor};

/// Runs a graph: inputs in the order of its input nodes, one tensor in `results` for each output that
/// updates nothing in place.
///
/// `watch` sees each value as it is computed and may stop the run with an error.
///
/// A graph that is not legal is an error, and so are inputs of another type or shape than its own, and an
/// input to be updated that is not given to be written.
pub fn run(
    graph: &Graph,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
    watch: &mut dyn FnMut(&GraphNode, &Tensor) -> Result<()>,
) -> Result<()> {
    watched(graph, slots, results, &mut |number, _, value| watch(&graph.nodes[number], value))
}

/// What sees a value as it is computed: the number of its node, the operands, and the value.
pub(crate) type Watch<'w> = dyn FnMut(usize, &[Tensor], &Tensor) -> Result<()> + 'w;

/// As [`run`], for who looks at operands too.
pub(crate) fn watched(
    graph: &Graph,
    slots: &mut [Slot<'_>],
    results: &mut Vec<Tensor>,
    watch: &mut Watch<'_>,
) -> Result<()> {
    graph.verify()?;
    check_inputs(graph, slots)?;
    let mut values: Vec<Tensor> = Vec::with_capacity(graph.nodes.len());
    let mut input_of = Vec::new();
    for node in &graph.nodes {
        let value = if node.op.is_input() {
            input_of.push(values.len());
            read(&slots[input_of.len() - 1], &node.meta)
        } else {
            let inputs: Vec<Tensor> =
                node.inputs.iter().map(|id| values[id.index()].clone()).collect();
            let value = node.op.eval(&inputs, &node.meta).map_err(|e| e.at(node.at))?;
            watch(values.len(), &inputs, &value)?;
            value
        };
        values.push(value);
    }
    for output in &graph.outputs {
        let value = values[output.node.index()].contiguous();
        match output.into {
            None => results.push(value),
            Some(input) => {
                let place = input_of.iter().position(|&node| node == input.index());
                if let Some(Slot::Write(tensor)) = place.and_then(|k| slots.get_mut(k)) {
                    **tensor = value;
                }
            }
        }
    }
    Ok(())
}

fn read(slot: &Slot<'_>, meta: &Meta) -> Tensor {
    match slot {
        Slot::Read(tensor) => (*tensor).clone(),
        Slot::Write(tensor) => (*tensor).clone(),
        Slot::Scalar(value) => value.full(&meta.shape, meta.dtype),
    }
}
