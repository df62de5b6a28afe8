//! Notes on kinks, on values outside the domain, and on derivatives that do not exist.

use super::explanation::{Step, Symbolic};
use super::graph::{Graph, Operand};
use super::walk::varying;
use crate::expression::{Expr, Function, Node, Operator};
use crate::report::{Named, Number, factor, short};

/// The most notes on nodes.
const MAX_NOTES: usize = 12;

/// What is special about the nodes at a point, without an explanation of the rest.
pub(crate) fn node_notes(expr: &Expr, point: &[f64]) -> Vec<String> {
    let graph = Graph::new(expr);
    let mut values = Vec::new();
    expr.evaluate_into(point, &mut values);
    let shown: Vec<f64> = graph.shown.iter().map(|shown| values[shown.id.index()]).collect();
    notes(&graph, &shown)
}

/// What is special at the point: kinks, and where infinities and NaN come from, node by node.
pub(super) fn notes(graph: &Graph<'_>, values: &[f64]) -> Vec<String> {
    let varies = varying(graph);
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
        // What comes from an operand was noted there.
        let is_made_here = match value.is_nan() {
            true => operands.iter().all(|operand| !operand.is_nan()),
            false => value.is_infinite() && operands.iter().all(|operand| operand.is_finite()),
        };
        if is_made_here {
            let reason = reason(kind, value, x, y);
            let numbers = graph.formula_in_numbers(node, values);
            let is_log = |operand: &Operand| match operand {
                Operand::Node(input) => {
                    let node = graph.expr.node(graph.shown[*input].id);
                    matches!(node, Node::Call(Function::Log, _))
                }
                Operand::Number(_) => false,
            };
            let is_product = matches!(kind, Node::Binary(Operator::Mul, ..));
            let convention = match is_product && value.is_nan() {
                true if graph.shown[node].operands.iter().any(is_log) => CONVENTION,
                _ => "",
            };
            notes.push(format!("{what}: {numbers} is {}{reason}{convention}", short(value)));
        } else {
            let varies = |place: usize| {
                let operand = graph.shown[node].operands.get(place);
                operand.is_some_and(|operand| matches!(operand, Operand::Node(x) if varies[*x]))
            };
            let base = varies(0) || (varies(1) && !is_power(kind));
            if let Some(kink) = kink(kind, x, y).filter(|_| base) {
                notes.push(format!("{what}: {kink}"));
            } else if is_power(kind) && x <= 0.0 && varies(1) {
                notes.push(format!(
                    "{what}: at bases not above 0 its derivative in the exponent, which log would give, is \
                     taken as 0"
                ));
            }
        }
        if notes.len() == MAX_NOTES {
            break;
        }
    }
    notes
}

/// What mends a product with a logarithm of 0.
const CONVENTION: &str = "; as a limit 0 log 0 is 0: xlogy(p, x) is p log x with that convention, kl(p, q) is p log(p/q)";

fn is_power(kind: Node) -> bool {
    matches!(kind, Node::Binary(Operator::Pow, ..) | Node::Call2(Function::Pow, ..))
}

/// Why a node is infinite or NaN though its operands are not.
fn reason(kind: Node, value: f64, x: f64, y: f64) -> &'static str {
    let is_power = is_power(kind);
    match kind {
        Node::Call(Function::Log, _) if x < 0.0 => "; log is defined above 0 only",
        Node::Call(Function::Log, _) => "; log falls without bound towards 0",
        Node::Call(Function::Log1p, _) if x < -1.0 => "; log1p is defined above -1 only",
        Node::Call(Function::Log1p, _) => "; log1p falls without bound towards -1",
        Node::Call(Function::Sqrt, _) => "; sqrt is defined from 0 on",
        Node::Binary(Operator::Div, ..) if y == 0.0 => "; division by zero",
        _ if is_power && x == 0.0 => "; 0 has no negative powers",
        _ if is_power && value.is_nan() => "; a negative number has only whole powers",
        Node::Binary(Operator::Add | Operator::Sub, ..) if value.is_nan() => {
            "; infinities do not cancel"
        }
        Node::Binary(Operator::Mul, ..) if value.is_nan() => "; zero times infinity has no value",
        Node::Binary(Operator::Div, ..) if value.is_nan() => {
            "; infinity over infinity has no value"
        }
        _ if value.is_nan() => "; it has no value there",
        _ => "; it overflows",
    }
}

/// Where the chain rule has no answer, although the value is a number, or an answer that means nothing.
pub(super) fn of_gradients(nodes: &[Step], root: usize) -> Option<String> {
    let out = &nodes[root].label;
    if nodes[root].value.0.is_nan() {
        let any = nodes.iter().any(|node| node.name.is_some() && !node.gradient.0.is_nan());
        return any.then(|| {
            format!(
                "{out} is nan: there is no derivative here, and the numbers of the backward walk only \
                 follow its formulas"
            )
        });
    }
    // The topological order is that of the ids from the result down.
    let node = nodes.iter().rev().find(|node| node.gradient.0.is_nan())?;
    let users = nodes.iter().flat_map(|user| {
        let locals = user.inputs.iter().zip(&user.local);
        locals.filter(|(input, _)| **input == node.id).map(|(_, local)| (user.gradient.0, local.0))
    });
    let terms: Vec<(f64, f64)> = users.collect();
    let product = terms.iter().find(|(gradient, local)| (gradient * local).is_nan());
    let sum = match product {
        Some((gradient, local)) => format!("{} * {}", factor(*gradient), factor(*local)),
        None => terms
            .iter()
            .map(|(gradient, local)| factor(gradient * local))
            .collect::<Vec<_>>()
            .join(" + "),
    };
    Some(format!("d{out}/d{} is nan: the chain rule has no answer for {sum}", node.label))
}

/// Where differences of values give something else than the chain rule.
pub(super) fn of_differences(gradient: &Named<Number>, numeric: &Named<Number>) -> Vec<String> {
    let pairs = gradient.0.iter().zip(numeric.values());
    let differs = pairs.filter(|((_, automatic), numeric)| {
        let (automatic, numeric) = (automatic.0, numeric.0);
        let size = automatic.abs().max(numeric.abs());
        let near = (automatic - numeric).abs() <= 1e-3 * size.max(1e-6);
        automatic.is_finite() && !near
    });
    differs
        .map(|((name, automatic), numeric)| {
            let why = match numeric.0.is_nan() {
                true => "their steps reach values that are nan or infinite",
                false => {
                    "their steps reach over a kink, a jump or a pole, or rounding hides the change"
                }
            };
            let (numeric, automatic) = (short(numeric.0), short(automatic.0));
            format!(
                "numeric: differences give {numeric} for d/d{name}, the chain rule {automatic}: {why}"
            )
        })
        .take(MAX_NOTES)
        .collect()
}

/// Second derivatives that do not exist, although the first have numbers.
pub(super) fn of_hessian(hessian: &Named<Named<Number>>) -> Option<String> {
    let rows = hessian.0.iter().enumerate();
    let pairs = rows.flat_map(|(row, (x, entries))| {
        let upper = entries.0.iter().enumerate().skip(row);
        upper.map(move |(column, (y, entry))| (x, y, entry.0, hessian.0[column].1.0[row].1.0))
    });
    let odd = |&(_, _, entry, turned): &(_, _, f64, f64)| {
        let same =
            entry == turned || (entry - turned).abs() <= 1e-6 * entry.abs().max(turned.abs());
        entry.is_nan() || !same
    };
    let (x, y, entry, turned) = pairs.into_iter().find(odd)?;
    let (first, second) = (short(entry), short(turned));
    let what = match entry.is_nan() || turned.is_nan() {
        true => format!("nan for {x} and {y}: the chain rule has no answer"),
        false => format!(
            "{first} for {x} and {y}, {second} for {y} and {x}: there is no second derivative, and \
             conventions stand in for it"
        ),
    };
    Some(format!("Hessian: {what}"))
}

/// Where the formula of a derivative gives something else than the chain rule.
pub(super) fn of_symbolic(gradient: &Named<Number>, symbolic: &Named<Symbolic>) -> Vec<String> {
    let pairs = gradient.0.iter().zip(symbolic.values());
    let differs = pairs.filter_map(|((name, automatic), symbolic)| match symbolic {
        Symbolic::Found { value, .. } => {
            let (automatic, symbolic) = (automatic.0, value.0);
            let near = (symbolic - automatic).abs() <= 1e-6 * automatic.abs().max(1e-6);
            (automatic.is_finite() && !near).then_some((name, automatic, symbolic))
        }
        Symbolic::Refused { .. } => None,
    });
    differs
        .map(|(name, automatic, symbolic)| {
            let why = match symbolic.is_finite() {
                true => "large terms cancel in one of them, and rounding hides what is left",
                false => "a part of it has no value here, where the chain rule has a convention or a 0",
            };
            let (symbolic, automatic) = (short(symbolic), short(automatic));
            format!(
                "symbolic: the formula gives {symbolic} for d/d{name}, the chain rule {automatic}: {why}"
            )
        })
        .take(MAX_NOTES)
        .collect()
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
        _ if is_power(kind) && x == 0.0 && 0.0 < y && y < 1.0 => {
            "a power below 1 is infinitely steep at 0"
        }
        Node::Call2(Function::Xlogy, ..) if x == 0.0 => {
            "0 log 0 is taken as 0, and where a derivative has no value there, as 0 too"
        }
        Node::Call2(Function::Max, ..) if x == y => {
            "max has a kink at a tie; each argument gets half of the derivative"
        }
        Node::Call2(Function::Min, ..) if x == y => {
            "min has a kink at a tie; each argument gets half of the derivative"
        }
        _ => return None,
    })
}
