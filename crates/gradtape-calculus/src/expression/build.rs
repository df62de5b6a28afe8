//! Making expressions without text.

use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, Default)]
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
        Expr { nodes: self.nodes, names: self.names, parts: Vec::new(), root }
    }

    /// Whether a name stands for a node.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Adds the variables of another builder that are not there yet.
    pub(super) fn add_variables(&mut self, other: &Builder) {
        for Name { text, position } in &other.names {
            self.variable_at(text, *position);
        }
    }

    /// Whether a name is that of a variable.
    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.text == name)
    }

    /// The names of the variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| name.text.as_str())
    }

    /// A variable's name, and where it is first used.
    pub(super) fn name(&self, variable: usize) -> (&str, Option<usize>) {
        let Name { text, position } = &self.names[variable];
        (text, *position)
    }

    /// Whether a name stands for something else than the variable of that name.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        let node = self.known.get(name).map(|id| self.nodes[id.index()]);
        node.is_some_and(|node| !matches!(node, Node::Variable(_)))
    }

    /// The node of the variable of a name, whatever the name stands for by now.
    fn own_variable(&mut self, name: &str, position: Option<usize>) -> Id {
        let is_own = |node: &Node| matches!(node, Node::Variable(number) if self.names[*number].text == name);
        match self.known.get(name) {
            None => return self.variable_at(name, position),
            Some(&id) if is_own(&self.nodes[id.index()]) => return id,
            Some(_) => {}
        }
        match self.nodes.iter().position(is_own) {
            Some(place) => Id::at(place),
            None => self.variable_at(name, position),
        }
    }

    /// Lets a name stand for a node.
    pub(crate) fn know(&mut self, name: &str, id: Id) {
        self.known.insert(name.to_string(), id);
    }

    /// Adds the nodes of an expression, whose variables are those of the same name here, and gives its root.
    pub(crate) fn graft(&mut self, expr: &Expr) -> Id {
        self.copy(&expr.nodes, &expr.names, expr.root)[&expr.root]
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The expression that ends in `root`, without the nodes that it does not use.
    pub(crate) fn part(&self, root: Id) -> Result<Expr> {
        let (builder, copies) = self.copied(root);
        builder.finish(copies[&root])
    }

    /// As [`Builder::part`], however long it would be when written out.
    pub(super) fn part_unchecked(&self, root: Id) -> Expr {
        let (builder, copies) = self.copied(root);
        builder.finish_unchecked(copies[&root])
    }

    /// A builder with the nodes that `root` uses alone, and for each of these here its copy there.
    pub(super) fn copied(&self, root: Id) -> (Builder, BTreeMap<Id, Id>) {
        let mut builder = Builder::new();
        let copies = builder.copy(&self.nodes, &self.names, root);
        (builder, copies)
    }

    fn push(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        Id::at(self.nodes.len() - 1)
    }

    /// The operation of a node, which is no variable, on other operands.
    pub(crate) fn again(&mut self, node: Node, operands: &[Id]) -> Id {
        let operand = |place: usize, own: Id| operands.get(place).copied().unwrap_or(own);
        self.push(match node {
            Node::Number(_) | Node::Variable(_) => node,
            Node::Neg(x) => Node::Neg(operand(0, x)),
            Node::Call(function, x) => Node::Call(function, operand(0, x)),
            Node::Binary(sign, x, y) => Node::Binary(sign, operand(0, x), operand(1, y)),
            Node::Call2(function, x, y) => Node::Call2(function, operand(0, x), operand(1, y)),
        })
    }

    /// Adds the nodes that `root` uses, and gives for each of them its copy. What others use takes no time.
    fn copy(&mut self, nodes: &[Node], names: &[Name], root: Id) -> BTreeMap<Id, Id> {
        let (mut used, mut todo) = (BTreeSet::from([root]), vec![root]);
        while let Some(id) = todo.pop() {
            todo.extend(nodes[id.index()].inputs().filter(|input| used.insert(*input)));
        }
        let mut copies = BTreeMap::new();
        for id in used {
            let copy = match nodes[id.index()] {
                Node::Variable(number) => {
                    let Name { text, position } = &names[number];
                    self.own_variable(text, *position)
                }
                // Operands come before what uses them.
                node => {
                    let operands: Vec<Id> = node.inputs().map(|input| copies[&input]).collect();
                    self.again(node, &operands)
                }
            };
            copies.insert(id, copy);
        }
        copies
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
        let mut builder = Builder::new();
        let copies = builder.copy(&self.nodes, &self.names, root);
        builder.finish_unchecked(copies[&root])
    }
}
