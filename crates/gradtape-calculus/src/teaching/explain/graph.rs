//! The nodes that an explanation shows, their names, and how they read.

use std::collections::BTreeSet;

use crate::expression::{Builder, Expr, Function, Id, Minus, Node, Operator};
use crate::report::short;

/// The computation graph for people: variables first, then operations, each after its operands.
///
/// Numbers are no nodes of their own: they belong to the operation that uses them.
pub(super) struct Graph<'a> {
    pub(super) expr: &'a Expr,
    pub(super) shown: Vec<Shown>,
    /// For each node of the expression, the shown node that stands for it.
    pub(super) place: Vec<Option<usize>>,
}

/// One node of the graph.
pub(super) struct Shown {
    /// The node of the expression.
    pub(super) id: Id,
    pub(super) name: String,
    /// The operands in order: shown nodes, or numbers.
    pub(super) operands: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Node(usize),
    Number(f64),
}

impl Shown {
    /// The shown nodes among the operands.
    pub(super) fn inputs(&self) -> impl Iterator<Item = usize> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Node(node) => Some(*node),
            Operand::Number(_) => None,
        })
    }
}

impl<'a> Graph<'a> {
    pub(super) fn new(expr: &'a Expr) -> Graph<'a> {
        let mut graph = Graph { expr, shown: Vec::new(), place: vec![None; expr.nodes().len()] };
        let names: Vec<&str> = expr.variables().collect();
        let mut fresh = Names::new(expr);
        let ids = || (0..expr.nodes().len()).map(Id::at);
        for id in ids() {
            if let Node::Variable(variable) = expr.node(id) {
                graph.place[id.index()] = Some(graph.shown.len());
                let name = names[variable].to_string();
                graph.shown.push(Shown { id, name, operands: Vec::new() });
            }
        }
        for id in ids() {
            let constant = expr.number(id).is_some() && id != expr.root();
            if constant || matches!(expr.node(id), Node::Variable(_)) {
                continue;
            }
            let operand = |input: Id| match (graph.place[input.index()], expr.number(input)) {
                (Some(node), _) => Operand::Node(node),
                (None, number) => Operand::Number(number.unwrap_or(f64::NAN)),
            };
            // Minus a number is that number.
            let operands = match expr.number(id) {
                Some(_) => Vec::new(),
                None => expr.node(id).inputs().map(operand).collect(),
            };
            let named = expr.part(id).map(str::to_string);
            let name = named.unwrap_or_else(|| fresh.next(id == expr.root()));
            graph.place[id.index()] = Some(graph.shown.len());
            graph.shown.push(Shown { id, name, operands });
        }
        graph
    }

    pub(super) fn root(&self) -> usize {
        self.place[self.expr.root().index()].unwrap_or(0)
    }

    /// The operation's name, as in the table of operations.
    pub(super) fn op(&self, node: usize) -> &'static str {
        match self.expr.node(self.shown[node].id) {
            Node::Variable(_) => "input",
            Node::Number(_) => "constant",
            Node::Neg(_) if self.shown[node].operands.is_empty() => "constant",
            Node::Neg(_) => "neg",
            Node::Binary(operator, ..) => match operator {
                Operator::Add => "add",
                Operator::Sub => "sub",
                Operator::Mul => "mul",
                Operator::Div => "div",
                Operator::Pow => "pow",
            },
            Node::Call2(Function::Max, ..) => "maximum",
            Node::Call2(Function::Min, ..) => "minimum",
            Node::Call(function, _) | Node::Call2(function, ..) => function.name(),
        }
    }

    /// The operation in the names of its operands, such as `a + b`.
    pub(super) fn formula(&self, node: usize) -> String {
        let names = self.shown[node].operands.iter().map(|operand| match operand {
            Operand::Node(input) => Word::Name(self.shown[*input].name.clone()),
            Operand::Number(value) => Word::Number(*value),
        });
        self.written(node, &names.collect::<Vec<_>>())
    }

    /// The operation with the values of its operands put in, such as `2 + 1`.
    pub(super) fn formula_in_numbers(&self, node: usize, values: &[f64]) -> String {
        let numbers = self.shown[node].operands.iter().map(|operand| {
            Word::Number(match operand {
                Operand::Node(input) => values[*input],
                Operand::Number(value) => *value,
            })
        });
        self.written(node, &numbers.collect::<Vec<_>>())
    }

    fn written(&self, node: usize, words: &[Word]) -> String {
        self.step(node, words).map(|step| step.text(Minus::Enclosed)).unwrap_or_default()
    }

    /// How the operation changes with operand `place`, in the names of [`Graph::in_names`].
    pub(super) fn slope(&self, node: usize, place: usize) -> Option<Expr> {
        self.alone(node)?.derivative(&format!("operand_{place}")).ok()
    }

    /// The operation alone, on variables `operand_0` and `operand_1`: one node used twice is two
    /// operands.
    pub(super) fn alone(&self, node: usize) -> Option<Expr> {
        let words =
            self.shown[node].operands.iter().enumerate().map(|(place, operand)| match operand {
                Operand::Node(_) => Word::Name(format!("operand_{place}")),
                Operand::Number(value) => Word::Exact(*value),
            });
        self.step(node, &words.collect::<Vec<_>>())
    }

    /// What two operations have in common when they have the same slopes.
    pub(super) fn pattern(&self, node: usize) -> String {
        let numbers = self.shown[node].operands.iter().map(|operand| match operand {
            Operand::Node(_) => " x".to_string(),
            Operand::Number(value) => format!(" {value:e}"),
        });
        self.op(node).to_string() + &numbers.collect::<String>()
    }

    /// A slope with the names of the operands put in.
    pub(super) fn in_names(&self, node: usize, slope: Expr) -> Expr {
        slope.renamed(|name| {
            let place = name.strip_prefix("operand_").and_then(|place| place.parse::<usize>().ok());
            match place.and_then(|place| self.shown[node].operands.get(place)) {
                Some(Operand::Node(input)) => self.shown[*input].name.clone(),
                _ => name.to_string(),
            }
        })
    }

    fn step(&self, node: usize, words: &[Word]) -> Option<Expr> {
        let mut builder = Builder::new();
        let mut ids = words.iter().map(|word| match word {
            Word::Name(name) => builder.variable(name),
            Word::Number(value) => builder.number(rounded(*value)),
            Word::Exact(value) => builder.number(*value),
        });
        let (x, y) = (ids.next(), ids.next());
        drop(ids);
        let root = match (self.expr.node(self.shown[node].id), x, y) {
            (Node::Neg(_), Some(x), _) => builder.neg(x),
            (Node::Call(function, _), Some(x), _) => builder.call(function, x),
            (Node::Binary(operator, ..), Some(x), Some(y)) => builder.binary(operator, x, y),
            (Node::Call2(function, ..), Some(x), Some(y)) => builder.call2(function, x, y),
            _ => return None,
        };
        builder.finish(root).ok()
    }
}

/// The number that its short form reads as.
fn rounded(value: f64) -> f64 {
    short(value).parse().unwrap_or(value)
}

enum Word {
    Name(String),
    /// In its short form.
    Number(f64),
    Exact(f64),
}

/// Names for intermediates: the letters that no variable begins with, then v1, v2, …
struct Names {
    taken: BTreeSet<String>,
    letter: u8,
    number: usize,
}

impl Names {
    fn new(expr: &Expr) -> Names {
        let mut taken = BTreeSet::new();
        let parts = (0..expr.nodes().len()).filter_map(|node| expr.part(Id::at(node)));
        for name in expr.variables().chain(parts) {
            // Beside x1 and x2, something else called x would mislead.
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
            taken.extend([name.to_string(), stem.to_string()]);
        }
        Names { taken, letter: b'a', number: 0 }
    }

    fn next(&mut self, is_result: bool) -> String {
        loop {
            let name = if self.letter <= b'z' {
                self.letter += 1;
                char::from(self.letter - 1).to_string()
            } else {
                self.number += 1;
                format!("v{}", self.number)
            };
            // Its derivatives would read dd/dd.
            if !(self.taken.contains(&name) || is_result && name == "d") {
                return name;
            }
        }
    }
}
