//! Expressions to text with the fewest parentheses.

use std::fmt;

use super::expr::Expr;
use super::node::{Id, Node, Operator};
use crate::report::exact;

/// The text with the fewest parentheses that parses back to the same expression.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Minus::Bare))
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Expr {
    /// The arguments of a call of two, the last one first: those of `max(max(a, b), c)` are three.
    pub(super) fn arguments(&self, id: Id) -> Vec<Id> {
        let Node::Call2(function, mut first, last) = self.node(id) else { return Vec::new() };
        let mut all = vec![last];
        while let Node::Call2(inner, x, y) = self.node(first)
            && inner == function
            && function.takes_any()
        {
            all.push(y);
            first = x;
        }
        all.push(first);
        all
    }

    /// As it is printed, a minus after an operator as asked for.
    pub(crate) fn text(&self, minus: Minus) -> String {
        text(self, self.root, minus)
    }
}

/// How tightly an expression's outermost operation holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

pub(super) fn level(node: Node) -> Level {
    match node {
        Node::Binary(Operator::Add | Operator::Sub, ..) => Level::Sum,
        Node::Binary(Operator::Mul | Operator::Div, ..) => Level::Product,
        Node::Neg(_) => Level::Minus,
        Node::Binary(Operator::Pow, ..) => Level::Power,
        _ => Level::Atom,
    }
}

/// The lowest levels that the two operands of an operator may have without parentheses.
fn operand_levels(operator: Operator) -> (Level, Level) {
    match operator {
        Operator::Add | Operator::Sub => (Level::Sum, Level::Product),
        Operator::Mul | Operator::Div => (Level::Product, Level::Minus),
        Operator::Pow => (Level::Atom, Level::Minus),
    }
}

/// What is still to be written, last first.
enum Todo {
    Word(&'static str),
    Node(Id, Level),
    /// A product inside a longer one, which decided whether its signs have blanks around them.
    Factor(Id, bool),
}

/// Whether a minus directly after an operator stands in parentheses, as people write it, or bare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Minus {
    Bare,
    Enclosed,
}

impl Minus {
    /// The lowest level of an operand that an operator stands before.
    fn least(self, expr: &Expr, id: Id, least: Level) -> Level {
        let encloses = self == Minus::Enclosed && level(expr.node(id)) == Level::Minus;
        if encloses { Level::Power } else { least }
    }
}

fn text(expr: &Expr, root: Id, minus: Minus) -> String {
    let is_wide = |id| is_wide(expr, id, minus);
    let mut out = String::new();
    let mut todo = vec![Todo::Node(root, Level::Sum)];
    while let Some(next) = todo.pop() {
        let (id, wide) = match next {
            Todo::Word(word) => {
                out.push_str(word);
                continue;
            }
            Todo::Node(id, least) if level(expr.node(id)) < least => {
                out.push('(');
                todo.push(Todo::Word(")"));
                (id, is_wide(id))
            }
            Todo::Node(id, _) => (id, is_wide(id)),
            Todo::Factor(id, wide) => (id, wide),
        };
        match expr.node(id) {
            Node::Number(value) => out.push_str(&exact(value)),
            Node::Variable(variable) => out.push_str(&expr.names[variable].text),
            Node::Neg(x) => {
                out.push('-');
                todo.push(Todo::Node(x, minus.least(expr, x, Level::Minus)));
            }
            Node::Binary(operator, x, y) => {
                let (left, right) = operand_levels(operator);
                todo.push(Todo::Node(y, minus.least(expr, y, right)));
                todo.push(Todo::Word(sign(operator, wide)));
                let chained = left == Level::Product && level(expr.node(x)) == Level::Product;
                todo.push(if chained { Todo::Factor(x, wide) } else { Todo::Node(x, left) });
            }
            Node::Call(function, x) => {
                out.push_str(function.name());
                out.push('(');
                todo.extend([Todo::Word(")"), Todo::Node(x, Level::Sum)]);
            }
            Node::Call2(function, ..) => {
                out.push_str(function.name());
                out.push('(');
                todo.push(Todo::Word(")"));
                for (number, argument) in expr.arguments(id).into_iter().enumerate() {
                    if number > 0 {
                        todo.push(Todo::Word(", "));
                    }
                    todo.push(Todo::Node(argument, Level::Sum));
                }
            }
        }
    }
    out
}

fn sign(operator: Operator, wide: bool) -> &'static str {
    match (operator, wide) {
        (Operator::Add, _) => " + ",
        (Operator::Sub, _) => " - ",
        (Operator::Mul, true) => " * ",
        (Operator::Mul, false) => "*",
        (Operator::Div, true) => " / ",
        (Operator::Div, false) => "/",
        (Operator::Pow, _) => "^",
    }
}

/// Whether a product has blanks around its signs: it does once a factor begins with a parenthesis.
fn is_wide(expr: &Expr, mut id: Id, minus: Minus) -> bool {
    let opens = |mut factor: Id, least: Level| loop {
        let node = expr.node(factor);
        if level(node) < least {
            return true;
        }
        let inner = match node {
            Node::Neg(x) => (x, Level::Minus),
            Node::Binary(Operator::Pow, x, _) => (x, Level::Atom),
            _ => return false,
        };
        factor = inner.0;
        if level(expr.node(factor)) < inner.1 {
            return true;
        }
    };
    while let Node::Binary(Operator::Mul | Operator::Div, x, y) = expr.node(id) {
        if opens(y, minus.least(expr, y, Level::Minus)) {
            return true;
        }
        if level(expr.node(x)) != Level::Product {
            return opens(x, Level::Product);
        }
        id = x;
    }
    false
}
