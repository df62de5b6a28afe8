//! The value of an expression in f64, without a tape.

use super::expr::Expr;
use super::node::{Node, Operator};
use crate::report::Result;

impl Expr {
    /// The value at a point given by names.
    ///
    /// Outside the domain the value is NaN or infinite, as IEEE 754 has it; `x^0` is 1.
    ///
    /// # Errors
    /// As [`Expr::point`].
    pub fn value(&self, at: &[(&str, f64)]) -> Result<f64> {
        Ok(self.evaluate(&self.point(at)?))
    }

    /// The value at a point in the order of [`Expr::variables`]; a missing entry counts as NaN.
    pub fn evaluate(&self, point: &[f64]) -> f64 {
        let mut values = Vec::new();
        self.evaluate_into(point, &mut values);
        values[self.root.index()]
    }

    /// The value of every node, in the order of [`Expr::nodes`], into a buffer that is reused.
    pub fn evaluate_into(&self, point: &[f64], values: &mut Vec<f64>) {
        values.clear();
        values.reserve(self.nodes.len());
        for node in &self.nodes {
            let value = match *node {
                Node::Variable(number) => point.get(number).copied().unwrap_or(f64::NAN),
                node => node.value(values),
            };
            values.push(value);
        }
    }
}

impl Node {
    /// The value from those of the nodes before it; that of a variable is not among them.
    pub(super) fn value(self, values: &[f64]) -> f64 {
        match self {
            Node::Number(value) => value,
            Node::Variable(_) => f64::NAN,
            Node::Neg(x) => -values[x.index()],
            Node::Binary(operator, x, y) => operator.value(values[x.index()], values[y.index()]),
            Node::Call(function, x) => function.value(values[x.index()], 0.0),
            Node::Call2(function, x, y) => function.value(values[x.index()], values[y.index()]),
        }
    }
}

impl Operator {
    /// The value in f64.
    pub fn value(self, x: f64, y: f64) -> f64 {
        match self {
            Operator::Add => x + y,
            Operator::Sub => x - y,
            Operator::Mul => x * y,
            Operator::Div => x / y,
            Operator::Pow => x.powf(y),
        }
    }
}
