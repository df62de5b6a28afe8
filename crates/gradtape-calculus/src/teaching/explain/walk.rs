//! The forward and the backward walk, line by line.

use std::collections::BTreeMap;

use super::explanation::{Line, Order, Step};
use super::graph::{Graph, Operand};
use crate::expression::{Expr, Node, Operator, latex_name, short_latex};
use crate::report::{factor, short};

/// One line for each node: its formula, the numbers put in, the value.
pub(super) fn forward(graph: &Graph<'_>, values: &[f64]) -> Vec<Line> {
    let line = |node: usize| {
        let shown = &graph.shown[node];
        let value = short(values[node]);
        let formula = graph.formula(node);
        let text = match formula.is_empty() {
            true => format!("{} = {value}", shown.name),
            false => {
                let numbers = graph.formula_in_numbers(node, values);
                // Minus 0 is 0 for people.
                let same = numbers == formula || numbers == value || numbers == "-0";
                let middle = if same { String::new() } else { format!(" = {numbers}") };
                format!("{} = {formula}{middle} = {value}", shown.name)
            }
        };
        Line { node, text, latex: String::new() }
    };
    (0..graph.shown.len()).map(line).collect()
}

/// One line for each node that varies, and notes on an order that goes wrong.
pub(super) fn backward(
    graph: &Graph<'_>,
    nodes: &[Step],
    slopes: &[Vec<Option<Expr>>],
    order: Order,
) -> (Vec<Line>, Vec<String>) {
    let users = users(graph);
    let root = graph.root();
    let [reached, sorted] = orders(graph);
    let walk = match order {
        Order::Topological => sorted,
        Order::BreadthFirst => reached,
    };
    let writer = Writer { nodes, slopes, out: &nodes[root].label };
    match order {
        Order::Topological => {
            let line =
                |&node: &usize| writer.line(node, &users[node], |user| nodes[user].gradient.0);
            (walk.iter().map(line).collect(), Vec::new())
        }
        Order::BreadthFirst => {
            (as_reached(&writer, &users, &walk), early(nodes, &users, &walk, root))
        }
    }
}

/// The nodes that vary, breadth first and in topological order.
pub(super) fn orders(graph: &Graph<'_>) -> [Vec<usize>; 2] {
    let (varies, root) = (varying(graph), graph.root());
    [breadth_first(graph), topological(graph, &users(graph))].map(|mut walk| {
        walk.retain(|&node| varies[node] || node == root);
        walk
    })
}

/// What each node of a walk has when it is taken, and hands on.
pub(super) fn handed(nodes: &[Step], walk: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; nodes.len()];
    let mut handed = vec![f64::NAN; nodes.len()];
    for (place, &node) in walk.iter().enumerate() {
        handed[node] = if place == 0 { 1.0 } else { sums[node] };
        for (&input, local) in nodes[node].inputs.iter().zip(&nodes[node].local) {
            sums[input] += handed[node] * local.0;
        }
    }
    handed
}

/// The lines of a walk that hands on what a node has when it is taken; what reaches it later is added in a line of
/// its own.
fn as_reached(writer: &Writer<'_>, users: &[Vec<(usize, usize)>], walk: &[usize]) -> Vec<Line> {
    let mut handed = vec![f64::NAN; users.len()];
    let mut sums = vec![0.0; users.len()];
    let mut done = vec![false; users.len()];
    let mut lines = Vec::new();
    for (place, &node) in walk.iter().enumerate() {
        let arrived = users[node].iter().copied().filter(|&(user, _)| done[user]);
        let arrived: Vec<(usize, usize)> = arrived.collect();
        lines.push(writer.line(node, &arrived, |user| handed[user]));
        sums[node] = if place == 0 { 1.0 } else { sums[node] };
        (handed[node], done[node]) = (sums[node], true);
        let step = &writer.nodes[node];
        for (number, (&input, local)) in step.inputs.iter().zip(&step.local).enumerate() {
            sums[input] += handed[node] * local.0;
            if done[input] {
                lines.push(writer.late(input, (node, number), handed[node], sums[input]));
            }
        }
    }
    lines
}

/// Writes lines of the chain rule.
struct Writer<'a> {
    nodes: &'a [Step],
    slopes: &'a [Vec<Option<Expr>>],
    /// The name of the result.
    out: &'a str,
}

/// What reaches a node through one use: in names and in numbers, as text and as LaTeX.
struct Term {
    value: f64,
    names: [String; 2],
    numbers: [String; 2],
}

impl Writer<'_> {
    /// What `user` with a gradient hands to its operand `input`.
    fn term(&self, (user, input): (usize, usize), gradient: f64) -> Term {
        let (name, out) = (&self.nodes[user].label, self.out);
        let local = self.nodes[user].local.get(input).map_or(f64::NAN, |local| local.0);
        let (slope, latex) = as_factor(self.slopes[user].get(input).and_then(Option::as_ref));
        Term {
            value: gradient * local,
            names: [
                format!("d{out}/d{name} * {slope}"),
                format!(r"{} \cdot {latex}", partial(out, name)),
            ],
            numbers: [
                format!("{} * {}", factor(gradient), factor(local)),
                format!(r"{} \cdot {}", latex_factor(gradient), latex_factor(local)),
            ],
        }
    }

    /// The gradient of a node from some of its uses, whose own gradients are given.
    fn line(&self, node: usize, uses: &[(usize, usize)], gradient: impl Fn(usize) -> f64) -> Line {
        let terms = uses.iter().map(|&(user, input)| self.term((user, input), gradient(user)));
        let terms: Vec<Term> = terms.collect();
        let [text, latex] = [0, 1].map(|kind| {
            let own = self.own(node)[kind].clone();
            if terms.is_empty() {
                return format!("{own} = 1");
            }
            let joined = |of: fn(&Term) -> &[String; 2]| {
                terms.iter().map(|term| of(term)[kind].as_str()).collect::<Vec<_>>().join(" + ")
            };
            let sum = terms.iter().map(|term| term.value).sum();
            let sum = [short, short_latex][kind](sum);
            format!(
                "{own} = {} = {} = {sum}",
                joined(|term| &term.names),
                joined(|term| &term.numbers)
            )
        });
        Line { node, text, latex }
    }

    /// What is added to a node that has been taken already.
    fn late(&self, node: usize, from: (usize, usize), gradient: f64, sum: f64) -> Line {
        let term = self.term(from, gradient);
        let [text, latex] = [0, 1].map(|kind| {
            let own = &self.own(node)[kind];
            let sign = ["+=", r"\mathrel{+}="][kind];
            let [part, sum] = [term.value, sum].map([short, short_latex][kind]);
            let (names, numbers) = (&term.names[kind], &term.numbers[kind]);
            let label = &self.nodes[node].label;
            let now = match kind {
                0 => format!("   late: {label} was taken before; now {sum}"),
                _ => format!(r"\quad\text{{late: now }} {sum}"),
            };
            format!("{own} {sign} {names} = {numbers} = {part}{now}")
        });
        Line { node, text, latex }
    }

    /// The name of a node's gradient.
    fn own(&self, node: usize) -> [String; 2] {
        let label = &self.nodes[node].label;
        [format!("d{}/d{label}", self.out), partial(self.out, label)]
    }
}

/// Whether breadth first takes nodes before all that use them: where, and what the gradients would come
/// out as.
fn early(
    nodes: &[Step],
    users: &[Vec<(usize, usize)>],
    walk: &[usize],
    root: usize,
) -> Vec<String> {
    let out = &nodes[root].label;
    let mut notes = Vec::new();
    let mut done = vec![false; nodes.len()];
    let mut sums = vec![0.0; nodes.len()];
    sums[root] = 1.0;
    for &node in walk {
        done[node] = true;
        for (&input, local) in nodes[node].inputs.iter().zip(&nodes[node].local) {
            sums[input] += sums[node] * local.0;
        }
        let late = users[node].iter().find(|&&(user, _)| !done[user]);
        let Some(user) = late.map(|&(user, _)| &nodes[user].label) else { continue };
        let label = &nodes[node].label;
        let (now, right) = (short(sums[node]), short(nodes[node].gradient.0));
        notes.push(format!(
            "breadth first takes {label} before {user}, which still adds to d{out}/d{label} at this \
             fork: by then it is {now} instead of {right}"
        ));
    }
    if notes.is_empty() {
        let right = "breadth first is right here: it reaches every node after all that use it";
        return vec![right.to_string()];
    }
    notes.truncate(MAX_NOTES);
    let differs = |sum: f64, right: f64| {
        (sum - right).abs() > 1e-9 * right.abs().max(sum.abs()) || sum.is_nan() != right.is_nan()
    };
    let wrong: Vec<String> = nodes
        .iter()
        .filter(|node| node.name.is_some() && differs(sums[node.id], node.gradient.0))
        .take(MAX_NOTES)
        .map(|node| {
            let (got, right) = (short(sums[node.id]), short(node.gradient.0));
            format!("d{out}/d{} = {got} instead of {right}", node.label)
        })
        .collect();
    notes.push(match wrong.is_empty() {
        true => {
            "only inputs come too early here, and they hand nothing on: adding later mends it; a part that is \
             used twice, as in y = x^2; y*sin(y), hands on too little"
                .to_string()
        }
        false => format!(
            "breadth first goes wrong: {}; the topological order takes a node after all that use it, and \
             its sums are right",
            wrong.join(", ")
        ),
    });
    notes
}

/// More notes of one kind than this say nothing new.
const MAX_NOTES: usize = 8;

/// For each node, what uses it, and as which of its inputs.
pub(super) fn users(graph: &Graph<'_>) -> Vec<Vec<(usize, usize)>> {
    let mut users = vec![Vec::new(); graph.shown.len()];
    for (user, shown) in graph.shown.iter().enumerate() {
        for (number, input) in shown.inputs().enumerate() {
            users[input].push((user, number));
        }
    }
    users
}

/// Whether each node depends on a variable.
pub(super) fn varying(graph: &Graph<'_>) -> Vec<bool> {
    let mut varies = Vec::with_capacity(graph.shown.len());
    for shown in &graph.shown {
        let input = matches!(graph.expr.node(shown.id), Node::Variable(_));
        varies.push(input || shown.inputs().any(|input| varies[input]));
    }
    varies
}

/// From the result on, each node once all its users are done.
fn topological(graph: &Graph<'_>, users: &[Vec<(usize, usize)>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = users.iter().map(Vec::len).collect();
    let mut order = vec![graph.root()];
    let mut next = 0;
    while next < order.len() {
        for input in graph.shown[order[next]].inputs() {
            waiting[input] -= 1;
            if waiting[input] == 0 {
                order.push(input);
            }
        }
        next += 1;
    }
    order
}

fn breadth_first(graph: &Graph<'_>) -> Vec<usize> {
    let mut seen = vec![false; graph.shown.len()];
    let mut order = vec![graph.root()];
    seen[graph.root()] = true;
    let mut next = 0;
    while next < order.len() {
        for input in graph.shown[order[next]].inputs() {
            if !std::mem::replace(&mut seen[input], true) {
                order.push(input);
            }
        }
        next += 1;
    }
    order
}

fn latex_factor(value: f64) -> String {
    let text = short_latex(value);
    if value < 0.0 { format!(r"\left({text}\right)") } else { text }
}

fn partial(of: &str, by: &str) -> String {
    format!(r"\frac{{\partial {}}}{{\partial {}}}", latex_name(of), latex_name(by))
}

/// A local derivative as a factor, in text and in LaTeX: sums and negative ones in parentheses.
fn as_factor(slope: Option<&Expr>) -> (String, String) {
    let Some(slope) = slope else { return ("?".to_string(), "?".to_string()) };
    let (text, latex) = (slope.to_string(), slope.latex());
    let sum = matches!(slope.node(slope.root()), Node::Binary(Operator::Add | Operator::Sub, ..));
    match sum || text.starts_with('-') {
        true => (format!("({text})"), format!(r"\left({latex}\right)")),
        false => (text, latex),
    }
}

/// The local derivatives in names: for each node, one for each of its inputs. Those of one kind of
/// operation are derived once.
pub(super) fn slopes(graph: &Graph<'_>) -> Vec<Vec<Option<Expr>>> {
    let mut known: BTreeMap<(String, usize), Option<Expr>> = BTreeMap::new();
    let mut all = Vec::with_capacity(graph.shown.len());
    for (node, shown) in graph.shown.iter().enumerate() {
        let places = shown.operands.iter().enumerate();
        let places = places.filter(|(_, operand)| matches!(operand, Operand::Node(_)));
        let slope = |(place, _): (usize, &Operand)| {
            let slope = known.entry((graph.pattern(node), place));
            let slope = slope.or_insert_with(|| graph.slope(node, place)).clone();
            slope.map(|slope| graph.in_names(node, slope))
        };
        all.push(places.map(slope).collect());
    }
    all
}
