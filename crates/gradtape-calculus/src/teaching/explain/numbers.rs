//! Values and derivatives of the nodes, from a tape.

use gradtape::{Tensor, Var, gradients, vjp};

use super::graph::{Graph, Operand};
use crate::expression::{read, reading_tape};
use crate::report::Result;

/// What the tape computes.
pub(super) struct Numbers {
    pub(super) values: Vec<f64>,
    pub(super) gradients: Vec<f64>,
    pub(super) local: Vec<Vec<f64>>,
    pub(super) hessian: Option<Vec<Vec<f64>>>,
}

impl Numbers {
    pub(super) fn compute(graph: &Graph<'_>, point: &[f64], hessian: bool) -> Result<Numbers> {
        let tape = reading_tape();
        let expr = graph.expr;
        let scalar = |&value: &f64| tape.watch(Tensor::scalar(value));
        let inputs: Vec<Var<'_>> = point.iter().map(scalar).collect();
        let vars = expr.record_nodes(&tape, &inputs);
        let shown: Vec<Var<'_>> = graph.shown.iter().map(|s| vars[s.id.index()]).collect();
        let out = vars[expr.root().index()];
        let first = gradients(out, &shown);
        let values = read(&shown)?;
        let gradients_read = read(&first)?;
        let hessian = match hessian {
            false => None,
            true => {
                let by_input = gradients(out, &inputs);
                let rows = by_input.iter().map(|&row| read(&gradients(row, &inputs)));
                Some(rows.collect::<Result<Vec<_>>>()?)
            }
        };
        Ok(Numbers { local: local(graph, &values)?, values, gradients: gradients_read, hessian })
    }
}

/// The derivative of every operation in each of its operands: all operations recorded apart from each
/// other, on inputs of their own.
fn local(graph: &Graph<'_>, values: &[f64]) -> Result<Vec<Vec<f64>>> {
    let tape = reading_tape();
    let mut outs = Vec::new();
    let mut leaves = Vec::new();
    for node in 0..graph.shown.len() {
        let mut own = Vec::new();
        for operand in &graph.shown[node].operands {
            if let Operand::Node(input) = operand {
                own.push(tape.watch(Tensor::scalar(values[*input])));
            }
        }
        if let (Some(step), false) = (graph.alone(node), own.is_empty()) {
            outs.push(step.record(&tape, &own));
            leaves.extend(own);
        }
    }
    if outs.is_empty() {
        return Ok(vec![Vec::new(); graph.shown.len()]);
    }
    let one = tape.constant(Tensor::scalar(1.0));
    let all = read(&vjp(&outs, &vec![one; outs.len()], &leaves))?;
    let mut rest = all.into_iter();
    let counts = graph.shown.iter().map(|shown| shown.inputs().count());
    Ok(counts.map(|count| rest.by_ref().take(count).collect()).collect())
}
