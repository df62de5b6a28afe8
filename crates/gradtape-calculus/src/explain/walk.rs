//! The forward and the backward walk, line by line.

use std::collections::BTreeMap;

use super::graph::{Graph, Operand};
use super::{Line, Step};
use crate::expr::{Expr, Node, Operator};
use crate::json::short;

/// The order of the backward walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// A node after all that use it: right on every graph.
    #[default]
    Topological,
    /// A node when it is first reached, breadth first: too early where branches of different length
    /// meet at a fork.
    BreadthFirst,
}

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
                let same = numbers == formula;
                let middle = if same { String::new() } else { format!(" = {numbers}") };
                format!("{} = {formula}{middle} = {value}", shown.name)
            }
        };
        Line { node, text }
    };
    (0..graph.shown.len()).map(line).collect()
}

/// One line for each node that varies, and notes on an order that goes wrong.
pub(super) fn backward(
    graph: &Graph<'_>,
    nodes: &[Step],
    order: Order,
) -> (Vec<Line>, Vec<String>) {
    let users = users(graph);
    let walk = match order {
        Order::Topological => topological(graph, &users),
        Order::BreadthFirst => breadth_first(graph),
    };
    let varies = varying(graph);
    let mut slopes = Slopes { graph, known: BTreeMap::new() };
    let root = graph.root();
    let out = &nodes[root].label;
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    let mut done = vec![false; nodes.len()];
    for node in walk {
        if !varies[node] && node != root {
            continue;
        }
        let label = &nodes[node].label;
        let late: Vec<usize> =
            users[node].iter().map(|&(user, _)| user).filter(|&user| !done[user]).collect();
        if let (Some(user), true) = (late.first(), node != root) {
            notes.push(format!(
                "breadth first takes {label} before {}, which still adds to d{out}/d{label}: what {label} \
                 hands on by then is incomplete, and the gradient would be wrong; the lines show the \
                 complete sums of the topological order",
                nodes[*user].label
            ));
        }
        done[node] = true;
        let text = match users[node].as_slice() {
            [] => format!("d{out}/d{label} = 1"),
            users => {
                let mut names = Vec::new();
                let mut numbers = Vec::new();
                for &(user, input) in users {
                    let (name, gradient) = (&nodes[user].label, nodes[user].gradient.0);
                    let local = nodes[user].local.get(input).map_or(f64::NAN, |local| local.0);
                    names.push(format!("d{out}/d{name} * {}", slopes.text(user, input)));
                    numbers.push(format!("{} * {}", factor(gradient), factor(local)));
                }
                let value = short(nodes[node].gradient.0);
                format!(
                    "d{out}/d{label} = {} = {} = {value}",
                    names.join(" + "),
                    numbers.join(" + ")
                )
            }
        };
        lines.push(Line { node, text });
    }
    notes.truncate(MAX_NOTES);
    (lines, notes)
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

fn varying(graph: &Graph<'_>) -> Vec<bool> {
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

/// A number as a factor: negative ones in parentheses.
fn factor(value: f64) -> String {
    if value < 0.0 { format!("({})", short(value)) } else { short(value) }
}

/// Local derivatives in names. Those of one operation are derived once.
struct Slopes<'a> {
    graph: &'a Graph<'a>,
    known: BTreeMap<(String, usize), Expr>,
}

impl Slopes<'_> {
    fn text(&mut self, node: usize, input: usize) -> String {
        let shown = &self.graph.shown[node];
        // The place among all operands, numbers included.
        let nodes = shown.operands.iter().enumerate();
        let mut places = nodes.filter(|(_, operand)| matches!(operand, Operand::Node(_)));
        let Some((place, _)) = places.nth(input) else { return "?".to_string() };
        let key = (self.graph.pattern(node), place);
        if !self.known.contains_key(&key) {
            let Some(slope) = self.graph.slope(node, place) else { return "?".to_string() };
            self.known.insert(key.clone(), slope);
        }
        let Some(slope) = self.known.get(&key) else { return "?".to_string() };
        let slope = self.graph.in_names(node, slope.clone());
        let sum = matches!(
            slope.node(slope.root()),
            Node::Binary(Operator::Add | Operator::Sub, ..) | Node::Neg(_)
        );
        if sum { format!("({slope})") } else { slope.to_string() }
    }
}
