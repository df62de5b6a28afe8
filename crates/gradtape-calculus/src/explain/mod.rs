//! The chain rule at work: values forward, gradients backward, three ways to differentiate.

mod dot;
mod drawing;
mod graph;
mod html;
mod layout;
mod markdown;
mod notes;
mod text;
mod walk;

use std::collections::BTreeMap;

use gradtape::{Tensor, Var, evaluate, gradients, vjp};
use serde::Serialize;

pub use drawing::MAX_DRAWN;
pub(crate) use text::table;
pub use walk::Order;

use crate::error::{Error, Result};
use crate::expr::{Expr, Node};
use crate::json::{Named, Number};
use crate::numeric::{central_difference, central_step, richardson};
use crate::record::reading_tape;
use graph::{Graph, Operand};

/// The most nodes of an expression that is explained.
pub const MAX_EXPLAINED: usize = 20_000;

/// The most variables that a Hessian is worked out for.
pub const MAX_HESSIAN: usize = 200;

/// What to work out beside values and gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Second derivatives too.
    pub hessian: bool,
    /// The order of the backward walk.
    pub order: Order,
}

/// Everything about an expression at a point. Serialises to the JSON of `gradtape explain`.
///
/// ```
/// use gradtape_calculus::{Expr, explain};
///
/// let e = Expr::parse("(a+b)*(b+1)")?;
/// let found = explain(&e, &[("a", 2.0), ("b", 1.0)], Default::default())?;
/// assert_eq!(found.value.0, 6.0);
/// assert_eq!(found.gradient.get("b").unwrap().0, 5.0);
/// assert_eq!(found.backward[1].text, "de/dc = de/de * d = 1 * 2 = 2");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The expression as it is printed.
    pub expression: String,
    /// The same as LaTeX.
    #[serde(skip)]
    pub latex: String,
    /// The point.
    pub at: Named<Number>,
    /// The value there.
    pub value: Number,
    /// The derivative in each variable, from the tape.
    pub gradient: Named<Number>,
    /// The same from differences of values.
    pub numeric: Named<Number>,
    /// The same from an expression for it.
    pub symbolic: Named<Symbolic>,
    /// The second derivatives, from the tape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hessian: Option<Named<Named<Number>>>,
    /// The computation graph, operands before what uses them.
    pub nodes: Vec<Step>,
    /// The forward walk, a line for each node.
    pub forward: Vec<Line>,
    /// The backward walk in the order asked for: a line of the chain rule for each node.
    pub backward: Vec<Line>,
    /// What a reader should know: kinks, values outside the domain, an order that goes wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A derivative as an expression, or why there is none.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Symbolic {
    /// The derivative.
    Found {
        /// As text.
        expression: String,
        /// Its value at the point.
        value: Number,
        /// As LaTeX.
        #[serde(skip)]
        latex: String,
    },
    /// It was too long.
    Refused {
        /// Why.
        refused: String,
    },
}

/// A node of the computation graph.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The place in [`Explanation::nodes`].
    pub id: usize,
    /// The operation, or `input`.
    pub op: &'static str,
    /// The variable of an input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The nodes that it uses. Numbers are not nodes.
    pub inputs: Vec<usize>,
    /// Its value.
    pub value: Number,
    /// The derivative of the result in this node.
    pub gradient: Number,
    /// The derivative of this node in each of its inputs.
    pub local: Vec<Number>,
    /// The name that lines and pictures use: a variable, or a letter.
    #[serde(skip)]
    pub label: String,
    /// The operation in the labels of its operands, such as `a + b`.
    #[serde(skip)]
    pub formula: String,
    /// The derivatives of [`Step::local`] in those labels, such as `2*a`.
    #[serde(skip)]
    pub slopes: Vec<String>,
}

/// A line about a node.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The place in [`Explanation::nodes`].
    pub node: usize,
    /// The line.
    pub text: String,
    /// A line of the chain rule as LaTeX; empty for a forward line.
    #[serde(skip)]
    pub latex: String,
}

/// Explains an expression at a point.
///
/// Values, gradients and local derivatives are those of a [`gradtape::Tape`]; the numeric and the symbolic
/// derivative stand beside them.
///
/// # Errors
/// A point that does not fit the variables (see [`Expr::point`]); more than [`MAX_EXPLAINED`] nodes, or
/// [`MAX_HESSIAN`] variables for a Hessian.
pub fn explain(expr: &Expr, at: &[(&str, f64)], options: Options) -> Result<Explanation> {
    let point = expr.point(at)?;
    if expr.nodes().len() > MAX_EXPLAINED {
        let message = format!(
            "the expression has {} nodes; at most {MAX_EXPLAINED} are explained",
            expr.nodes().len()
        );
        return Err(Error::new(message));
    }
    if options.hessian && point.len() > MAX_HESSIAN {
        let message = format!(
            "the Hessian in {} variables is too large; it is worked out for at most {MAX_HESSIAN}",
            point.len()
        );
        return Err(Error::new(message));
    }
    let names = || expr.variables();
    let graph = Graph::new(expr);
    let numbers = Numbers::compute(&graph, &point, options.hessian)?;
    let inputs = |values: &[f64]| -> Vec<Number> {
        let node = |variable: usize| {
            graph.shown.iter().position(|shown| expr.node(shown.id) == Node::Variable(variable))
        };
        (0..names().len())
            .map(|variable| Number(node(variable).map_or(0.0, |node| values[node])))
            .collect()
    };
    let slopes = walk::slopes(&graph);
    let slope = |slope: &Option<Expr>| slope.as_ref().map(Expr::to_string).unwrap_or_default();
    let nodes: Vec<Step> = (0..graph.shown.len())
        .map(|id| {
            let shown = &graph.shown[id];
            let is_input = matches!(expr.node(shown.id), Node::Variable(_));
            Step {
                id,
                op: graph.op(id),
                name: is_input.then(|| shown.name.clone()),
                inputs: shown.inputs().collect(),
                value: Number(numbers.values[id]),
                gradient: Number(numbers.gradients[id]),
                local: numbers.local[id].iter().copied().map(Number).collect(),
                label: shown.name.clone(),
                formula: graph.formula(id),
                slopes: slopes[id].iter().map(slope).collect(),
            }
        })
        .collect();
    let (backward, mut notes) = walk::backward(&graph, &nodes, &slopes, options.order);
    notes.extend(notes::notes(&graph, &numbers.values));
    notes.extend(notes::of_gradients(&nodes, graph.root()));
    let gradient = Named::new(names(), inputs(&numbers.gradients));
    let has_value = !numbers.values[graph.root()].is_nan();
    let numeric = numeric(expr, &point, &mut notes);
    if has_value {
        notes.extend(notes::of_differences(&gradient, &numeric));
    }
    let symbolic = symbolic(expr, &point, &mut notes);
    if has_value {
        notes.extend(notes::of_symbolic(&gradient, &symbolic));
    }
    let hessian = numbers.hessian.map(|rows| {
        let row = |row: Vec<f64>| Named::new(names(), row.into_iter().map(Number));
        Named::new(names(), rows.into_iter().map(row))
    });
    if let Some(hessian) = &hessian
        && gradient.values().all(|slope| !slope.0.is_nan())
        && has_value
    {
        notes.extend(notes::of_hessian(hessian));
    }
    Ok(Explanation {
        expression: expr.to_string(),
        latex: expr.latex(),
        at: Named::new(names(), point.iter().copied().map(Number)),
        value: Number(numbers.values[graph.root()]),
        gradient,
        numeric,
        symbolic,
        hessian,
        forward: walk::forward(&graph, &numbers.values),
        backward,
        notes,
        nodes,
    })
}

/// What is special about the nodes at a point, without an explanation of the rest.
pub(crate) fn node_notes(expr: &Expr, point: &[f64]) -> Vec<String> {
    let graph = Graph::new(expr);
    let mut values = Vec::new();
    expr.evaluate_into(point, &mut values);
    let shown: Vec<f64> = graph.shown.iter().map(|shown| values[shown.id.index()]).collect();
    notes::notes(&graph, &shown)
}

/// What the tape computes.
struct Numbers {
    values: Vec<f64>,
    gradients: Vec<f64>,
    local: Vec<Vec<f64>>,
    hessian: Option<Vec<Vec<f64>>>,
}

impl Numbers {
    fn compute(graph: &Graph<'_>, point: &[f64], hessian: bool) -> Result<Numbers> {
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

pub(crate) fn read(vars: &[Var<'_>]) -> Result<Vec<f64>> {
    let numbers = || -> gradtape::Result<Vec<f64>> {
        evaluate(vars)?;
        vars.iter().map(|var| var.item()).collect()
    };
    numbers().map_err(|error| Error::new(error.to_string()))
}

/// All elements of several values, computed together.
pub(crate) fn read_all(vars: &[Var<'_>]) -> Result<Vec<Vec<f64>>> {
    let numbers = || -> gradtape::Result<Vec<Vec<f64>>> {
        evaluate(vars)?;
        vars.iter().map(|var| Ok(var.value()?.to_f64_vec())).collect()
    };
    numbers().map_err(|error| Error::new(error.to_string()))
}

/// The most evaluations of nodes that differences may cost.
const MAX_DIFFERENCES: usize = 50_000_000;

fn numeric(expr: &Expr, point: &[f64], notes: &mut Vec<String>) -> Named<Number> {
    let once = point.len().saturating_mul(expr.nodes().len());
    if once > MAX_DIFFERENCES {
        notes.push("numeric: too many variables for differences; all are nan".to_string());
        return Named::new(expr.variables(), vec![Number(f64::NAN); point.len()]);
    }
    let mut moved = point.to_vec();
    let mut values = Vec::new();
    let mut derivative = |variable: usize| {
        let x = point[variable];
        let f = |x: f64| {
            moved[variable] = x;
            expr.evaluate_into(&moved, &mut values);
            values[expr.root().index()]
        };
        let found = match once < MAX_DIFFERENCES / 50 {
            true => richardson(f, x).derivative,
            false => central_difference(f, x, central_step(x)),
        };
        moved[variable] = x;
        Number(found)
    };
    let all: Vec<Number> = (0..point.len()).map(&mut derivative).collect();
    Named::new(expr.variables(), all)
}

/// The longest text of all symbolic derivatives together.
const MAX_SYMBOLIC: usize = 1 << 20;

fn symbolic(expr: &Expr, point: &[f64], notes: &mut Vec<String>) -> Named<Symbolic> {
    let names: Vec<&str> = expr.variables().collect();
    let places: BTreeMap<&str, f64> = names.iter().copied().zip(point.iter().copied()).collect();
    let too_long = || format!("the derivatives have more than {MAX_SYMBOLIC} letters together");
    let mut left = MAX_SYMBOLIC;
    let mut derivatives = expr.each_derivative();
    let mut found = Vec::with_capacity(names.len());
    while found.len() < names.len() {
        // Nothing is written out that would not be shown.
        let derivative = if left > 0 { derivatives.next() } else { None };
        let Some(derivative) = derivative else {
            found.push(Symbolic::Refused { refused: too_long() });
            continue;
        };
        found.push(match derivative {
            Err(error) => Symbolic::Refused { refused: error.message().to_string() },
            Ok(derivative) => {
                let expression = derivative.to_string();
                match left.checked_sub(expression.len()) {
                    None => {
                        left = 0;
                        Symbolic::Refused { refused: too_long() }
                    }
                    Some(rest) => {
                        left = rest;
                        let value = |name| places.get(name).copied().unwrap_or(f64::NAN);
                        let at: Vec<f64> = derivative.variables().map(value).collect();
                        let value = Number(derivative.evaluate(&at));
                        Symbolic::Found { expression, value, latex: derivative.latex() }
                    }
                }
            }
        });
    }
    if found.iter().any(|symbolic| matches!(symbolic, Symbolic::Refused { .. })) {
        notes.push("symbolic: at least one derivative is too long to write out".to_string());
    }
    Named::new(names, found)
}
