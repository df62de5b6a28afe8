//! [`Node`]: one step of an expression.

use super::function::Function;

/// The place of a node in its expression: an index into [`Expr::nodes`](crate::Expr::nodes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// The index into [`Expr::nodes`](crate::Expr::nodes).
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
    /// The variable with this number, counted from 0 in the order of
    /// [`Expr::variables`](crate::Expr::variables).
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
