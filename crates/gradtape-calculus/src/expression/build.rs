//! Making expressions without text.

use std::collections::BTreeMap;

use super::expr::{Expr, Name};
use super::function::Function;
use super::node::{Id, Node, Operator};
use crate::report::{Error, Result};

/// The most nodes that an expression may have when it is written out, shared parts counted each
/// time they appear.
const MAX_WRITTEN: usize = 1 << 20;

/// Collects the nodes of an [`Expr`], children before parents.
///
/// ```
/// use gradtape_calculus::{Builder, Function, Operator};
///
/// let mut b = Builder::new();
/// let x = b.variable("x");
/// let two = b.number(2.0);
/// let product = b.binary(Operator::Mul, two, x);
/// let root = b.call(Function::Sin, product);
/// assert_eq!(b.finish(root)?.to_string(), "sin(2*x)");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Default)]
pub struct Builder {
    nodes: Vec<Node>,
    names: Vec<Name>,
    known: BTreeMap<String, Id>,
}

impl Builder {
    /// No nodes yet.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// A number. A negative one becomes minus its magnitude.
    pub fn number(&mut self, value: f64) -> Id {
        let magnitude = self.push(Node::Number(value.abs()));
        if value.is_sign_negative() && !value.is_nan() { self.neg(magnitude) } else { magnitude }
    }

    /// A variable; the same name gives the same node.
    pub fn variable(&mut self, name: &str) -> Id {
        self.variable_at(name, None)
    }

    pub(super) fn variable_at(&mut self, name: &str, position: Option<usize>) -> Id {
        if let Some(&id) = self.known.get(name) {
            return id;
        }
        self.names.push(Name { text: name.to_string(), position });
        let id = self.push(Node::Variable(self.names.len() - 1));
        self.known.insert(name.to_string(), id);
        id
    }

    /// Minus `x`.
    pub fn neg(&mut self, x: Id) -> Id {
        self.push(Node::Neg(x))
    }

    /// `x` and `y` joined by an operator.
    pub fn binary(&mut self, operator: Operator, x: Id, y: Id) -> Id {
        self.push(Node::Binary(operator, x, y))
    }

    /// A function of one argument.
    pub fn call(&mut self, function: Function, x: Id) -> Id {
        debug_assert_eq!(function.arity(), 1);
        self.push(Node::Call(function, x))
    }

    /// A function of two arguments.
    pub fn call2(&mut self, function: Function, x: Id, y: Id) -> Id {
        debug_assert_eq!(function.arity(), 2);
        self.push(Node::Call2(function, x, y))
    }

    /// The expression that ends in `root`.
    ///
    /// # Errors
    /// More than about a million nodes when written out, which shared parts can reach quickly.
    pub fn finish(self, root: Id) -> Result<Expr> {
        let mut written = vec![0_usize; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let inputs = node.inputs().map(|input| written[input.index()]);
            written[index] = inputs.fold(1, usize::saturating_add);
        }
        if written[root.index()] > MAX_WRITTEN {
            return Err(Error::new(format!(
                "the expression has more than {MAX_WRITTEN} nodes when written out"
            )));
        }
        Ok(self.finish_unchecked(root))
    }

    pub(super) fn finish_unchecked(self, root: Id) -> Expr {
        Expr { nodes: self.nodes, names: self.names, root }
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The expression that ends in `root`, without the nodes that it does not use.
    pub(crate) fn part(&self, root: Id) -> Result<Expr> {
        let (builder, root) = part(&self.nodes, &self.names, root);
        builder.finish(root)
    }

    fn push(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        Id::at(self.nodes.len() - 1)
    }
}

/// The nodes and names of an expression, under their own ids.
impl From<&Expr> for Builder {
    fn from(expr: &Expr) -> Builder {
        let mut known = BTreeMap::new();
        for (index, node) in expr.nodes.iter().enumerate() {
            if let Node::Variable(variable) = *node {
                known.insert(expr.names[variable].text.clone(), Id::at(index));
            }
        }
        Builder { nodes: expr.nodes.clone(), names: expr.names.clone(), known }
    }
}

impl Expr {
    /// The subexpression under a node, with its own variables.
    pub fn subexpression(&self, root: Id) -> Expr {
        let (builder, root) = part(&self.nodes, &self.names, root);
        builder.finish_unchecked(root)
    }
}

/// A copy of the nodes that `root` uses, and the copy of `root`.
fn part(nodes: &[Node], names: &[Name], root: Id) -> (Builder, Id) {
    let nodes = &nodes[..=root.index()];
    let mut used = vec![false; nodes.len()];
    used[root.index()] = true;
    for (index, node) in nodes.iter().enumerate().rev() {
        if used[index] {
            node.inputs().for_each(|input| used[input.index()] = true);
        }
    }
    let mut builder = Builder::new();
    let mut copies = vec![Id::at(0); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let at = |id: Id| copies[id.index()];
        if used[index] {
            copies[index] = match *node {
                Node::Variable(number) => builder.variable(&names[number].text),
                Node::Number(value) => builder.push(Node::Number(value)),
                Node::Neg(x) => builder.neg(at(x)),
                Node::Binary(operator, x, y) => builder.binary(operator, at(x), at(y)),
                Node::Call(function, x) => builder.call(function, at(x)),
                Node::Call2(function, x, y) => builder.call2(function, at(x), at(y)),
            };
        }
    }
    (builder, copies[root.index()])
}
