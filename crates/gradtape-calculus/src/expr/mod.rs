//! Expressions: nodes in a vector, children before parents, so that nothing recurses over depth.

mod build;
mod eval;
mod function;
mod hints;
mod latex;
mod parse;
mod print;
mod token;

use std::fmt;
use std::str::FromStr;

pub use build::Builder;
pub use function::Function;
pub(crate) use latex::{latex_name, short_latex};
pub use parse::MAX_TEXT;
pub(crate) use print::Minus;

use gradtape::nearest;

use crate::error::{Error, Result};

/// An expression in variables: a sum of products of numbers, names and functions.
///
/// Its nodes lie in a vector with children before parents; a node may be used more than once. It is
/// made by [`Expr::parse`] or with a [`Builder`], and printed with the fewest parentheses, so that
/// the text parses back to the same expression.
///
/// ```
/// use gradtape_calculus::Expr;
///
/// let e = Expr::parse("((a+b))*(b+1)")?;
/// assert_eq!(e.to_string(), "(a + b) * (b + 1)");
/// assert_eq!(e.variables().collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!(e.value(&[("a", 2.0), ("b", 1.0)])?, 6.0);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Clone)]
pub struct Expr {
    nodes: Vec<Node>,
    names: Vec<Name>,
    root: Id,
}

/// The place of a node in its expression: an index into [`Expr::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// The index into [`Expr::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn at(index: usize) -> Id {
        Id(index as u32)
    }
}

/// One step of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node {
    /// A number, never negative: minus is a node of its own.
    Number(f64),
    /// The variable with this number, counted from 0 in the order of [`Expr::variables`].
    Variable(usize),
    /// Minus an operand.
    Neg(Id),
    /// An operator between two operands.
    Binary(Operator, Id, Id),
    /// A function of one argument.
    Call(Function, Id),
    /// A function of two arguments.
    Call2(Function, Id, Id),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `^`
    Pow,
}

impl Operator {
    /// The sign in text.
    pub fn sign(self) -> char {
        match self {
            Operator::Add => '+',
            Operator::Sub => '-',
            Operator::Mul => '*',
            Operator::Div => '/',
            Operator::Pow => '^',
        }
    }
}

/// A variable's name and the byte offset of its first use in the text, if it came from text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    text: String,
    position: Option<usize>,
}

impl Node {
    /// The operands, in order.
    pub fn inputs(&self) -> impl DoubleEndedIterator<Item = Id> + ExactSizeIterator + use<> {
        let (inputs, count) = match *self {
            Node::Number(_) | Node::Variable(_) => ([Id(0); 2], 0),
            Node::Neg(x) | Node::Call(_, x) => ([x, x], 1),
            Node::Binary(_, x, y) | Node::Call2(_, x, y) => ([x, y], 2),
        };
        inputs.into_iter().take(count)
    }
}

impl Expr {
    /// Reads an expression from text in the grammar of the command line.
    ///
    /// # Errors
    /// Text that the grammar does not allow, with the byte offset of the place; text longer than
    /// [`MAX_TEXT`].
    pub fn parse(text: &str) -> Result<Expr> {
        parse::parse(text)
    }

    /// The nodes, children before parents.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: Id) -> Node {
        self.nodes[id.index()]
    }

    /// The node that stands for the whole expression.
    pub fn root(&self) -> Id {
        self.root
    }

    /// The names of the variables in the order of their first use.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| name.text.as_str())
    }

    /// The byte offset at which a variable is first used, for an expression that came from text.
    pub fn position(&self, variable: usize) -> Option<usize> {
        self.names.get(variable)?.position
    }

    /// The subexpression under a node, with its own variables.
    pub fn subexpression(&self, root: Id) -> Expr {
        let (builder, root) = build::part(&self.nodes, &self.names, root);
        builder.finish_unchecked(root)
    }

    /// As it is printed, a minus after an operator as asked for.
    pub(crate) fn text(&self, minus: Minus) -> String {
        print::text(self, self.root, minus)
    }

    /// The same expression with other names.
    pub(crate) fn renamed(mut self, rename: impl Fn(&str) -> String) -> Expr {
        for name in &mut self.names {
            name.text = rename(&name.text);
        }
        self
    }

    /// The values in the order of [`Expr::variables`], looked up by name.
    ///
    /// # Errors
    /// Variables without a value, with the place of the first in the text; a value without a variable,
    /// with the nearest match; a name given twice.
    pub fn point(&self, at: &[(&str, f64)]) -> Result<Vec<f64>> {
        let names: Vec<&str> = self.variables().collect();
        point(&names, at, |variable| self.position(variable))
    }
}

/// The values of some variables, looked up by name. `position` knows where in the text a variable is.
pub(crate) fn point(
    names: &[&str],
    at: &[(&str, f64)],
    position: impl Fn(usize) -> Option<usize>,
) -> Result<Vec<f64>> {
    for (index, (name, _)) in at.iter().enumerate() {
        if !names.contains(name) {
            return Err(no_variable(names, name));
        }
        if at[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Error::new(format!("`{name}` has two values")));
        }
    }
    let value = |name: &&str| at.iter().find(|(given, _)| given == name).map(|&(_, value)| value);
    match names.iter().position(|name| value(name).is_none()) {
        None => Ok(names.iter().filter_map(value).collect()),
        Some(first) => {
            let without = names.iter().copied().filter(|name| value(name).is_none());
            Err(missing(without.collect()).position_of(position(first)))
        }
    }
}

/// A name that is none of the variables, with the nearest or all of them.
pub(crate) fn no_variable(names: &[&str], name: &str) -> Error {
    let error = Error::new(format!("the expression has no variable `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(close) => error.hint(format!("did you mean `{close}`?")),
        None if names.is_empty() => error.hint("it has no variables at all"),
        None if names.len() > MAX_NAMED => error,
        None => error.hint(format!("its variables are {}", names.join(", "))),
    }
}

/// More names than this are counted.
const MAX_NAMED: usize = 8;

fn missing(mut names: Vec<&str>) -> Error {
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let constant = |name: &str| match name {
        "pi" => format!("pi={}", std::f64::consts::PI),
        "e" => format!("e={}", std::f64::consts::E),
        name => format!("{name}=…"),
    };
    let values = names.iter().map(|name| constant(name)).collect::<Vec<_>>().join(",");
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = match quoted.as_slice() {
        [name] => format!("the variable {name} has no value"),
        [first @ .., last] if more == 0 => {
            format!("the variables {} and {last} have no values", first.join(", "))
        }
        all => format!("the variables {} and {more} more have no values", all.join(", ")),
    };
    let error = Error::new(message);
    match names.iter().any(|name| ["pi", "e"].contains(name)) {
        true => error.hint(format!("no constants are built in: add `{values}` to the point")),
        false => error.hint(format!("add `{values}` to the point")),
    }
}

impl FromStr for Expr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Expr> {
        Expr::parse(text)
    }
}

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

/// Equal as written: the same operations on the same names and numbers, whatever the sharing.
impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let mut pairs = vec![(self.root, other.root)];
        while let Some((x, y)) = pairs.pop() {
            if !seen.insert((x, y)) {
                continue;
            }
            let (left, right) = (self.node(x), other.node(y));
            let same = match (left, right) {
                (Node::Number(a), Node::Number(b)) => a == b,
                (Node::Variable(a), Node::Variable(b)) => self.names[a].text == other.names[b].text,
                (Node::Neg(_), Node::Neg(_)) => true,
                (Node::Binary(a, ..), Node::Binary(b, ..)) => a == b,
                (Node::Call(a, _), Node::Call(b, _)) => a == b,
                (Node::Call2(a, ..), Node::Call2(b, ..)) => a == b,
                _ => false,
            };
            if !same {
                return false;
            }
            pairs.extend(left.inputs().zip(right.inputs()));
        }
        true
    }
}
