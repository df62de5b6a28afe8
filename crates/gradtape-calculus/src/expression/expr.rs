//! [`Expr`]: nodes with the names of their variables.

use super::node::{Id, Node};

/// An expression in variables: a sum of products of numbers, names and functions.
///
/// Its nodes lie in a vector with children before parents; a node may be used more than once. It is
/// made by [`Expr::parse`] or with a [`Builder`](crate::Builder), and printed with the fewest
/// parentheses, so that the text parses back to the same expression.
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
    pub(super) nodes: Vec<Node>,
    pub(super) names: Vec<Name>,
    /// Nodes that the text gave a name.
    pub(super) parts: Vec<(Id, String)>,
    pub(super) root: Id,
}

/// A variable's name and the byte offset of its first use in the text, if it came from text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) position: Option<usize>,
}

impl Expr {
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

    /// The name that the text gave a node, if it did: `y` for `x^2` in `y = x^2; y*sin(y)`.
    pub fn part(&self, id: Id) -> Option<&str> {
        self.parts.iter().find(|(part, _)| *part == id).map(|(_, name)| name.as_str())
    }

    /// The names of the variables in the order of their first use.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| name.text.as_str())
    }

    /// The byte offset at which a variable is first used, for an expression that came from text.
    pub fn position(&self, variable: usize) -> Option<usize> {
        self.names.get(variable)?.position
    }

    /// The same expression with other names.
    pub(crate) fn renamed(mut self, rename: impl Fn(&str) -> String) -> Expr {
        for name in &mut self.names {
            name.text = rename(&name.text);
        }
        self
    }

    /// The same expression in these variables, in this order, whether it uses them or not. A variable that is not among them
    /// has no value.
    pub(crate) fn over(mut self, names: &[String]) -> Expr {
        let place = |name: &Name| names.iter().position(|own| *own == name.text);
        let places: Vec<usize> =
            self.names.iter().map(|name| place(name).unwrap_or(usize::MAX)).collect();
        for node in &mut self.nodes {
            if let Node::Variable(number) = node {
                *number = places[*number];
            }
        }
        let named = |text: &String| Name { text: text.clone(), position: None };
        self.names = names.iter().map(named).collect();
        self
    }

    /// The value of a node that is a number or minus a number.
    pub(crate) fn number(&self, id: Id) -> Option<f64> {
        match self.node(id) {
            Node::Number(value) => Some(value),
            Node::Neg(x) => match self.node(x) {
                Node::Number(value) => Some(-value),
                _ => None,
            },
            _ => None,
        }
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
