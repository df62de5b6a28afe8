//! Notes on kinks and on values outside the domain.

use super::graph::{Graph, Operand};
use crate::expr::{Function, Node, Operator};
use crate::json::short;

/// The most notes on nodes.
const MAX_NOTES: usize = 12;

/// What is special at the point, node by node.
pub(super) fn notes(graph: &Graph<'_>, values: &[f64]) -> Vec<String> {
    let mut notes = Vec::new();
    for node in 0..graph.shown.len() {
        let operand = |operand: &Operand| match operand {
            Operand::Node(input) => values[*input],
            Operand::Number(value) => *value,
        };
        let operands: Vec<f64> = graph.shown[node].operands.iter().map(operand).collect();
        let (x, y) = match operands.as_slice() {
            [] => continue,
            [x] => (*x, f64::NAN),
            [x, y, ..] => (*x, *y),
        };
        let what = format!("{} = {}", graph.shown[node].name, graph.formula(node));
        let value = values[node];
        let kind = graph.expr.node(graph.shown[node].id);
        if !value.is_finite() && operands.iter().all(|operand| operand.is_finite()) {
            let reason = reason(kind, x, y);
            let numbers = graph.formula_in_numbers(node, values);
            notes.push(format!("{what}: {numbers} is {}{reason}", short(value)));
        } else if let Some(kink) = kink(kind, x, y) {
            notes.push(format!("{what}: {kink}"));
        }
        if notes.len() == MAX_NOTES {
            break;
        }
    }
    notes
}

fn reason(kind: Node, x: f64, y: f64) -> &'static str {
    match kind {
        Node::Call(Function::Log, _) if x < 0.0 => "; log is defined above 0 only",
        Node::Call(Function::Log, _) => "; log falls without bound towards 0",
        Node::Call(Function::Log1p, _) => "; log1p is defined above -1 only",
        Node::Call(Function::Sqrt, _) => "; sqrt is defined from 0 on",
        Node::Binary(Operator::Div, ..) if y == 0.0 => "; division by zero",
        Node::Binary(Operator::Pow, ..) | Node::Call2(Function::Pow, ..) if x == 0.0 => {
            "; 0 has no negative powers"
        }
        Node::Binary(Operator::Pow, ..) | Node::Call2(Function::Pow, ..) if x < 0.0 => {
            "; a negative number has only whole powers"
        }
        _ => "; it overflows",
    }
}

fn kink(kind: Node, x: f64, y: f64) -> Option<&'static str> {
    Some(match kind {
        Node::Call(Function::Relu, _) if x == 0.0 => {
            "relu has a kink at 0; its derivative there is taken as 0"
        }
        Node::Call(Function::Abs, _) if x == 0.0 => {
            "abs has a kink at 0; its derivative there is taken as 0"
        }
        Node::Call(Function::Sign, _) if x == 0.0 => {
            "sign jumps at 0; its derivative is taken as 0 everywhere"
        }
        Node::Call(Function::Sqrt, _) if x == 0.0 => "sqrt is infinitely steep at 0",
        Node::Call2(Function::Max, ..) if x == y => {
            "max has a kink at a tie; each argument gets half of the derivative"
        }
        Node::Call2(Function::Min, ..) if x == y => {
            "min has a kink at a tie; each argument gets half of the derivative"
        }
        _ => return None,
    })
}
