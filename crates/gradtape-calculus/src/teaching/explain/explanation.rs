//! [`Explanation`]: what is known of an expression at a point.

use serde::{Deserialize, Serialize};

use crate::report::{Named, Number, short};

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
    /// The order of the backward walk.
    #[serde(skip)]
    pub(super) order: Order,
    /// The nodes breadth first and in topological order.
    #[serde(skip)]
    pub(super) orders: [Vec<usize>; 2],
    /// What each node had when the walk took it.
    #[serde(skip)]
    pub(super) handed: Vec<f64>,
    /// Whether pictures show the numbers of the walk.
    #[serde(skip)]
    pub(super) is_numbered: bool,
}

/// The order of the backward walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// A node after all that use it: right on every graph.
    #[default]
    #[serde(rename = "topological")]
    Topological,
    /// A node when it is first reached, breadth first: too early where branches of different length
    /// meet at a fork.
    #[serde(rename = "bfs")]
    BreadthFirst,
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

impl Explanation {
    /// With the numbers of the backward walk on the nodes of pictures, and below the graph its nodes in a row, unsorted
    /// and sorted. In a walk breadth first, each node then has the gradient that it had when it was taken.
    ///
    /// ```
    /// use gradtape_calculus::{Expr, Options, Order, explain};
    ///
    /// let e = Expr::parse("y = x^2; y*sin(y)")?;
    /// let found = explain(&e, &[("x", 1.0)], Options { order: Order::BreadthFirst, ..Options::default() })?;
    /// let svg = found.numbered().svg()?;
    /// assert!(svg.contains("1 gradient late") && svg.contains("right: 2.76355"));
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    #[must_use]
    pub fn numbered(self) -> Explanation {
        Explanation { is_numbered: true, ..self }
    }

    /// The number of a node in the backward walk, from 1 on, where pictures show it.
    pub(super) fn number(&self, node: usize) -> Option<usize> {
        let walk = &self.orders[usize::from(self.order == Order::Topological)];
        let place = walk.iter().position(|&other| other == node)?;
        self.is_numbered.then_some(place + 1)
    }

    /// Whether the backward walk comes to a node.
    pub(super) fn is_walked(&self, node: usize) -> bool {
        self.backward.iter().any(|line| line.node == node)
    }

    /// The node of the whole expression: the backward walk starts there.
    pub(super) fn result(&self) -> usize {
        self.backward.first().map_or(0, |line| line.node)
    }

    /// The gradient that a node hands on in the walk, which breadth first may be another one than its own.
    pub(super) fn handed(&self, node: usize) -> f64 {
        match self.order {
            Order::Topological => self.nodes[node].gradient.0,
            Order::BreadthFirst => self.handed[node],
        }
    }

    /// The gradient of a node, as text, where the walk hands on another one.
    pub(super) fn right(&self, node: usize) -> Option<String> {
        let right = short(self.nodes[node].gradient.0);
        (self.is_numbered && short(self.handed(node)) != right).then_some(right)
    }

    /// The uses of a node, and the gradient that reaches it from each.
    pub(super) fn uses(&self, node: usize) -> Vec<(usize, f64)> {
        let uses = self.nodes.iter().flat_map(|user| {
            let inputs = user.inputs.iter().zip(&user.local).filter(|(input, _)| **input == node);
            inputs.map(|(_, local)| (user.id, self.handed(user.id) * local.0))
        });
        uses.collect()
    }

    /// How often each node is used.
    pub(super) fn use_counts(&self) -> Vec<usize> {
        let mut uses = vec![0; self.nodes.len()];
        for &input in self.nodes.iter().flat_map(|node| &node.inputs) {
            uses[input] += 1;
        }
        uses
    }
}
