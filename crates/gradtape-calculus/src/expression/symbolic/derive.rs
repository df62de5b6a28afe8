//! The chain rule on expressions: one walk backward gives the derivative in every variable.

use crate::expression::{Builder, Expr, Function, Id, Node, Operator};

/// Adds to `builder`, which holds the nodes of `expr` under their own ids, the derivative of `expr` in
/// each of its variables. `None` stands for zero.
pub(super) fn derive(builder: &mut Builder, expr: &Expr) -> Vec<Option<Id>> {
    let count = expr.nodes().len();
    let mut varies = vec![false; count];
    for (index, node) in expr.nodes().iter().enumerate() {
        let one_does = node.inputs().any(|input| varies[input.index()]);
        varies[index] = one_does || matches!(node, Node::Variable(_));
    }
    let mut rules = Rules { builder };
    let mut adjoint: Vec<Option<Id>> = vec![None; count];
    adjoint[expr.root().index()] = Some(rules.builder.number(1.0));
    let mut derivatives = vec![None; expr.variables().len()];
    for index in (0..count).rev() {
        let (Some(g), true) = (adjoint[index], varies[index]) else { continue };
        let node = expr.nodes()[index];
        if let Node::Variable(variable) = node {
            derivatives[variable] = Some(g);
        }
        for (number, input) in node.inputs().enumerate() {
            if !varies[input.index()] {
                continue;
            }
            let Some(part) = rules.rule(expr, Id::at(index), node, number, g) else {
                continue;
            };
            let slot = &mut adjoint[input.index()];
            *slot = Some(match *slot {
                Some(sum) => rules.builder.binary(Operator::Add, sum, part),
                None => part,
            });
        }
    }
    derivatives
}

struct Rules<'a> {
    builder: &'a mut Builder,
}

impl Rules<'_> {
    /// What input `number` of a node gets when the node gets `g`; `None` for zero.
    fn rule(&mut self, expr: &Expr, out: Id, node: Node, number: usize, g: Id) -> Option<Id> {
        let first = number == 0;
        Some(match node {
            Node::Number(_) | Node::Variable(_) => return None,
            Node::Neg(_) => self.builder.neg(g),
            Node::Binary(Operator::Add, ..) => g,
            Node::Binary(Operator::Sub, ..) if first => g,
            Node::Binary(Operator::Sub, ..) => self.builder.neg(g),
            Node::Binary(Operator::Mul, x, y) => self.mul(g, if first { y } else { x }),
            Node::Binary(Operator::Div, _, y) if first => self.div(g, y),
            Node::Binary(Operator::Div, x, y) => {
                // -g x / y²
                let (product, square) = (self.mul(g, x), self.power(y, 2.0));
                let quotient = self.div(product, square);
                self.builder.neg(quotient)
            }
            Node::Binary(Operator::Pow, x, y) | Node::Call2(Function::Pow, x, y) if first => {
                // y x^(y-1)
                if let Node::Number(exponent) = expr.node(y)
                    && exponent == 1.0
                {
                    return Some(g);
                }
                let one = self.builder.number(1.0);
                let less = self.builder.binary(Operator::Sub, y, one);
                let power = self.builder.binary(Operator::Pow, x, less);
                let slope = self.mul(y, power);
                self.mul(g, slope)
            }
            Node::Binary(Operator::Pow, x, _) | Node::Call2(Function::Pow, x, _) => {
                // x^y log x, but 0^y is 0 wherever it has a slope
                if expr.node(x) == Node::Number(0.0) {
                    return None;
                }
                let log = self.builder.call(Function::Log, x);
                let slope = self.mul(out, log);
                self.mul(g, slope)
            }
            Node::Call(function, x) => {
                let slope = self.slope(function, x, out)?;
                match function {
                    Function::Sqrt | Function::Log | Function::Log1p | Function::Atan => {
                        self.div(g, slope)
                    }
                    _ => self.mul(g, slope),
                }
            }
            Node::Call2(Function::Logsumexp, x, y) => {
                let (own, other) = if first { (x, y) } else { (y, x) };
                let difference = self.builder.binary(Operator::Sub, own, other);
                let share = self.builder.call(Function::Sigmoid, difference);
                self.mul(g, share)
            }
            Node::Call2(Function::Xlogy, _, y) if first => {
                let log = self.builder.call(Function::Log, y);
                self.mul(g, log)
            }
            Node::Call2(Function::Xlogy, x, y) => {
                let product = self.mul(g, x);
                self.div(product, y)
            }
            Node::Call2(function, x, y) => {
                // A half plus or minus half the sign of the difference: 1, 1/2 at a tie, or 0.
                let (greater, lesser) = if function == Function::Max { (x, y) } else { (y, x) };
                let difference = self.builder.binary(Operator::Sub, greater, lesser);
                let sign = self.builder.call(Function::Sign, difference);
                let one = self.builder.number(1.0);
                let two = self.builder.number(2.0);
                let operator = if first { Operator::Add } else { Operator::Sub };
                let sum = self.builder.binary(operator, one, sign);
                let share = self.div(sum, two);
                self.mul(g, share)
            }
        })
    }

    /// The derivative of a function of one argument, or its reciprocal for those that divide.
    fn slope(&mut self, function: Function, x: Id, out: Id) -> Option<Id> {
        Some(match function {
            Function::Exp => out,
            Function::Log => x,
            Function::Sqrt => self.scale(2.0, out),
            Function::Sin => self.builder.call(Function::Cos, x),
            Function::Cos => {
                let sin = self.builder.call(Function::Sin, x);
                self.builder.neg(sin)
            }
            Function::Tan => {
                let square = self.power(out, 2.0);
                self.one(Operator::Add, square)
            }
            Function::Tanh => {
                let square = self.power(out, 2.0);
                self.one(Operator::Sub, square)
            }
            Function::Sinh => self.builder.call(Function::Cosh, x),
            Function::Cosh => self.builder.call(Function::Sinh, x),
            Function::Atan => {
                let square = self.power(x, 2.0);
                self.one(Operator::Add, square)
            }
            Function::Sigmoid => {
                // sigmoid(-x) is 1 - sigmoid(x) without cancellation.
                let minus = self.builder.neg(x);
                let rest = self.builder.call(Function::Sigmoid, minus);
                self.mul(out, rest)
            }
            Function::Relu => self.builder.call(Function::Step, x),
            Function::Softplus => self.builder.call(Function::Sigmoid, x),
            Function::Softsign => {
                let abs = self.builder.call(Function::Abs, x);
                let sum = self.one(Operator::Add, abs);
                self.power(sum, -2.0)
            }
            Function::Abs => self.builder.call(Function::Sign, x),
            Function::Erf => {
                let square = self.power(x, 2.0);
                let minus = self.builder.neg(square);
                let exp = self.builder.call(Function::Exp, minus);
                self.scale(std::f64::consts::FRAC_2_SQRT_PI, exp)
            }
            Function::Log1p => self.one(Operator::Add, x),
            Function::Expm1 => self.builder.call(Function::Exp, x),
            Function::Sign
            | Function::Step
            | Function::Max
            | Function::Min
            | Function::Pow
            | Function::Logsumexp
            | Function::Xlogy => return None,
        })
    }

    fn mul(&mut self, x: Id, y: Id) -> Id {
        self.builder.binary(Operator::Mul, x, y)
    }

    fn div(&mut self, x: Id, y: Id) -> Id {
        self.builder.binary(Operator::Div, x, y)
    }

    fn power(&mut self, x: Id, exponent: f64) -> Id {
        let exponent = self.builder.number(exponent);
        self.builder.binary(Operator::Pow, x, exponent)
    }

    fn scale(&mut self, factor: f64, x: Id) -> Id {
        let factor = self.builder.number(factor);
        self.mul(factor, x)
    }

    /// 1 plus or minus `x`.
    fn one(&mut self, operator: Operator, x: Id) -> Id {
        let one = self.builder.number(1.0);
        self.builder.binary(operator, one, x)
    }
}
