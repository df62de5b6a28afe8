//! Recording an expression on a tape.

use gradtape::{Tape, Tensor, Var};

use super::expr::Expr;
use super::function::Function;
use super::node::{Id, Node, Operator};

impl Expr {
    /// Records the expression on a tape. `inputs` stand for the variables in the order of
    /// [`Expr::variables`]: scalars or arrays whose shapes broadcast. Everything is f64.
    ///
    /// ```
    /// use gradtape::{Mode, Tape, Tensor, gradient};
    /// use gradtape_calculus::Expr;
    ///
    /// let tape = Tape::new();
    /// let [a, b] = [2.0, 1.0].map(|value| tape.watch(Tensor::scalar(value)));
    /// let e = Expr::parse("(a+b)*(b+1)")?.record(&tape, &[a, b]);
    /// let [da, db] = gradient(e, [a, b]);
    /// assert_eq!((e.item()?, da.item()?, db.item()?), (6.0, 2.0, 5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record<'t>(&self, tape: &'t Tape, inputs: &[Var<'t>]) -> Var<'t> {
        let nodes = self.record_nodes(tape, inputs);
        nodes[self.root().index()]
    }

    /// As [`Expr::record`], and gives a handle for every node, in the order of [`Expr::nodes`]. A
    /// variable without an input is NaN.
    pub fn record_nodes<'t>(&self, tape: &'t Tape, inputs: &[Var<'t>]) -> Vec<Var<'t>> {
        let mut vars: Vec<Var<'t>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let exponent = |y: Id| self.number(y);
            let var = match *node {
                Node::Number(value) => tape.watch(Tensor::scalar(value)),
                Node::Variable(number) => match inputs.get(number) {
                    Some(input) => *input,
                    None => tape.watch(Tensor::scalar(f64::NAN)),
                },
                Node::Neg(x) => -vars[x.index()],
                Node::Call(function, x) => call(function, vars[x.index()]),
                Node::Binary(Operator::Pow, x, y) | Node::Call2(Function::Pow, x, y) => {
                    match exponent(y) {
                        Some(exponent) => vars[x.index()].powf(exponent),
                        None => vars[x.index()].pow(vars[y.index()]),
                    }
                }
                Node::Binary(operator, x, y) => {
                    operator_of(operator, vars[x.index()], vars[y.index()])
                }
                Node::Call2(Function::Min, x, y) => vars[x.index()].minimum(vars[y.index()]),
                Node::Call2(Function::Logsumexp, x, y) => {
                    let (x, y) = (vars[x.index()], vars[y.index()]);
                    // Infinities that are equal have no difference.
                    let apart = x.equal(y).select(0.0, x - y);
                    y + apart.softplus()
                }
                Node::Call2(Function::Xlogy, x, y) => vars[x.index()].xlogy(vars[y.index()]),
                Node::Call2(_, x, y) => vars[x.index()].maximum(vars[y.index()]),
            };
            vars.push(var);
        }
        vars
    }
}

fn operator_of<'t>(operator: Operator, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    match operator {
        Operator::Add => x + y,
        Operator::Sub => x - y,
        Operator::Mul => x * y,
        Operator::Div => x / y,
        Operator::Pow => x.pow(y),
    }
}

fn call(function: Function, x: Var<'_>) -> Var<'_> {
    match function {
        Function::Exp => x.exp(),
        Function::Log => x.log(),
        Function::Sqrt => x.sqrt(),
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
        Function::Tan => x.tan(),
        Function::Tanh => x.tanh(),
        Function::Sinh => x.sinh(),
        Function::Cosh => x.cosh(),
        Function::Atan => x.atan(),
        Function::Sigmoid => x.sigmoid(),
        Function::Relu => x.relu(),
        Function::Softplus => x.softplus(),
        Function::Softsign => x.softsign(),
        Function::Abs => x.abs(),
        Function::Sign => x.sign(),
        Function::Step => x.sign().relu(),
        Function::Erf => x.erf(),
        Function::Log1p => x.log1p(),
        Function::Expm1 => x.expm1(),
        // These take two arguments and are recorded above.
        Function::Max | Function::Min | Function::Pow | Function::Logsumexp | Function::Xlogy => x,
    }
}
