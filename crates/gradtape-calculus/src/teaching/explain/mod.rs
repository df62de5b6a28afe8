//! The chain rule at work: values forward, gradients backward, three ways to differentiate.

mod dot;
mod drawing;
mod edges;
mod explanation;
mod graph;
mod html;
mod layout;
mod markdown;
mod notes;
mod numbers;
mod order;
mod text;
mod walk;
mod ways;

pub use drawing::MAX_DRAWN;
pub(crate) use drawing::STYLE;
pub use explanation::{Explanation, Line, Order, Step, Symbolic};
pub(crate) use notes::node_notes;

use crate::expression::{Expr, Node, Trace, check_size};
use crate::report::{Error, Named, Number, Result};
use graph::Graph;
use numbers::Numbers;
use ways::{numeric, symbolic};

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

/// Explains an expression at a point.
///
/// Values, gradients and local derivatives are those of a [`gradtape::Tape`]; the numeric and the symbolic
/// derivative stand beside them.
///
/// # Errors
/// A point that does not fit the variables (see [`Expr::point`]); more than
/// [`MAX_NODES`](crate::MAX_NODES) nodes, or [`MAX_HESSIAN`] variables for a Hessian.
pub fn explain(expr: &Expr, at: &[(&str, f64)], options: Options) -> Result<Explanation> {
    explained(expr, at, options, None)
}

/// As [`explain()`]; what a program recorded goes by the program's text, because written out it may be without end.
fn explained(
    expr: &Expr,
    at: &[(&str, f64)],
    options: Options,
    program: Option<&str>,
) -> Result<Explanation> {
    let point = expr.point(at)?;
    check_size(std::slice::from_ref(expr), "explained")?;
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
    let orders = walk::orders(&graph);
    let handed = walk::handed(&nodes, &orders[usize::from(options.order == Order::Topological)]);
    let (backward, mut notes) = walk::backward(&graph, &nodes, &slopes, options.order);
    notes.extend(notes::notes(&graph, &numbers.values));
    notes.extend(notes::of_gradients(&nodes, graph.root()));
    let gradient = Named::new(names(), inputs(&numbers.gradients));
    let has_value = !numbers.values[graph.root()].is_nan();
    let numeric = numeric(expr, &point, &mut notes);
    if has_value {
        notes.extend(notes::of_differences(&gradient, &numeric));
    }
    let symbolic = match program {
        None => symbolic(expr, &point, &mut notes),
        Some(_) => {
            let refused =
                || Symbolic::Refused { refused: "loops and branches have no formula".into() };
            Named::new(names(), names().map(|_| refused()))
        }
    };
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
        expression: program.map_or_else(|| expr.to_string(), str::to_string),
        latex: match program {
            None => expr.latex(),
            Some(text) => format!(r"\text{{{}}}", text.replace(['\\', '{', '}', '_', '^'], " ")),
        },
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
        order: options.order,
        orders,
        handed,
        is_numbered: false,
    })
}

/// Explains what a program with loops and branches computes at a point; see [`Trace::of`]. The graph is that of the
/// operations that were run. There is no expression to differentiate, so the symbolic way is refused: this is what
/// a tape is for.
///
/// ```
/// use gradtape_calculus::{Options, explain_program};
///
/// let text = "while abs(x) > 5: x = x/2; x^2";
/// let found = explain_program(text, &[("x", 12.0)], Options::default())?;
/// assert_eq!((found.value.0, found.gradient.get("x").unwrap().0), (9.0, 1.5));
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
///
/// # Errors
/// As [`Trace::of`] and [`explain()`].
pub fn explain_program(text: &str, at: &[(&str, f64)], options: Options) -> Result<Explanation> {
    let Trace { expr, mut told, unused } = Trace::of(text, at)?;
    let reaches = |name: &str| unused.iter().all(|other| other != name);
    let point: Vec<(&str, f64)> = at.iter().copied().filter(|(name, _)| reaches(name)).collect();
    let mut found = explained(&expr, &point, options, Some(text.trim()))?;
    let idle = unused
        .iter()
        .map(|name| format!("`{name}` does not reach the result: its derivative is 0"));
    told.extend(idle);
    let path =
        "the derivative is that of the path that was taken; at another point it may be another one";
    found.notes.splice(0..0, told.into_iter().chain([path.to_string()]));
    Ok(found)
}
