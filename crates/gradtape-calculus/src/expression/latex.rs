//! Expressions to LaTeX.

use std::borrow::Cow;

use super::expr::Expr;
use super::function::Function;
use super::node::{Id, Node, Operator};
use super::print::{Level, level};
use crate::report::{Named, Number, exact, short};

impl Expr {
    /// The expression as LaTeX for mathematics mode.
    ///
    /// Names of Greek letters become the letters, and digits at the end of a name an index.
    ///
    /// ```
    /// let e = gradtape_calculus::Expr::parse("exp(-x1^2)/(2*alpha)")?;
    /// assert_eq!(e.latex(), r"\frac{e^{-x_{1}^{2}}}{2 \alpha}");
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    pub fn latex(&self) -> String {
        let mut out = String::new();
        let mut todo = vec![Todo::Node(self.root, Level::Sum)];
        while let Some(next) = todo.pop() {
            match next {
                Todo::Word(word) => out.push_str(&word),
                Todo::Node(id, least) if latex_level(self.node(id)) < least => {
                    let (open, close) = (r"\left(", r"\right)");
                    todo.extend([word(close), Todo::Node(id, Level::Sum), word(open)]);
                }
                Todo::Node(id, _) => self.latex_node(id, &mut todo),
            }
        }
        out
    }

    fn latex_node(&self, id: Id, todo: &mut Vec<Todo>) {
        let whole = |id| Todo::Node(id, Level::Sum);
        match self.node(id) {
            Node::Number(value) => todo.push(Todo::Word(latex_number(value).into())),
            Node::Variable(variable) => {
                todo.push(Todo::Word(latex_name(&self.names[variable].text).into()));
            }
            // Two signs in a row are hard to read: -(-x), not --x.
            Node::Neg(x) => todo.extend([Todo::Node(x, Level::Power), word("-")]),
            Node::Binary(Operator::Div, x, y) => {
                todo.extend([word("}"), whole(y), word("}{"), whole(x), word(r"\frac{")]);
            }
            Node::Binary(Operator::Pow, x, y) => power(x, y, todo),
            Node::Binary(operator, x, y) => {
                let term = match self.node(y) {
                    Node::Neg(_) => Level::Power,
                    _ => Level::Product,
                };
                let (least, sign, right) = match operator {
                    Operator::Add => (Level::Sum, " + ", term),
                    Operator::Sub => (Level::Sum, " - ", term),
                    _ if self.needs_dot(y) => (Level::Product, r" \cdot ", Level::Power),
                    _ => (Level::Product, " ", Level::Power),
                };
                todo.extend([Todo::Node(y, right), word(sign), Todo::Node(x, least)]);
            }
            Node::Call(function, x) => {
                let (open, close) = match function {
                    Function::Exp => ("e^{", "}"),
                    Function::Sqrt => (r"\sqrt{", "}"),
                    Function::Abs => (r"\left\lvert ", r"\right\rvert"),
                    Function::Log => (r"\ln\left(", r"\right)"),
                    Function::Sin => (r"\sin\left(", r"\right)"),
                    Function::Cos => (r"\cos\left(", r"\right)"),
                    Function::Tan => (r"\tan\left(", r"\right)"),
                    Function::Tanh => (r"\tanh\left(", r"\right)"),
                    Function::Sinh => (r"\sinh\left(", r"\right)"),
                    Function::Cosh => (r"\cosh\left(", r"\right)"),
                    Function::Atan => (r"\arctan\left(", r"\right)"),
                    Function::Sigmoid => (r"\sigma\left(", r"\right)"),
                    other => {
                        let open = format!(r"\operatorname{{{}}}\left(", other.name());
                        todo.extend([word(r"\right)"), whole(x), Todo::Word(open.into())]);
                        return;
                    }
                };
                todo.extend([word(close), whole(x), word(open)]);
            }
            Node::Call2(Function::Pow, x, y) => power(x, y, todo),
            Node::Call2(function, ..) => {
                let name = match function {
                    Function::Max | Function::Min => format!(r"\{}", function.name()),
                    _ => format!(r"\operatorname{{{}}}", function.name()),
                };
                todo.push(word(r"\right)"));
                for (number, argument) in self.arguments(id).into_iter().enumerate() {
                    todo.extend((number > 0).then(|| word(", ")));
                    todo.push(whole(argument));
                }
                todo.push(Todo::Word((name + r"\left(").into()));
            }
        }
    }

    /// Whether a right factor begins with a digit, so that a blank before it would not do.
    fn needs_dot(&self, factor: Id) -> bool {
        match self.node(factor) {
            Node::Number(_) | Node::Binary(Operator::Div, ..) => true,
            Node::Binary(Operator::Pow, x, _) => matches!(self.node(x), Node::Number(_)),
            _ => false,
        }
    }
}

enum Todo {
    Word(Cow<'static, str>),
    Node(Id, Level),
}

fn word(word: &'static str) -> Todo {
    Todo::Word(Cow::Borrowed(word))
}

fn power(x: Id, y: Id, todo: &mut Vec<Todo>) {
    let base = Todo::Node(x, Level::Atom);
    todo.extend([word("}"), Todo::Node(y, Level::Sum), word("^{"), base]);
}

/// As in text, but e^x is a power, so is a call of `pow`, and a fraction needs no parentheses beside
/// a factor.
fn latex_level(node: Node) -> Level {
    match node {
        Node::Call(Function::Exp, _) | Node::Call2(Function::Pow, ..) => Level::Power,
        Node::Binary(Operator::Div, ..) => Level::Power,
        Node::Number(value) if !plain(value) => Level::Product,
        node => level(node),
    }
}

fn plain(value: f64) -> bool {
    value == 0.0 || (1e-5..1e16).contains(&value.abs())
}

fn latex_number(value: f64) -> String {
    let text = exact(value);
    match text.split_once('e') {
        Some((digits, exponent)) => format!(r"{digits} \cdot 10^{{{exponent}}}"),
        None => text,
    }
}

/// A number for people, as [`short`] gives it.
pub(crate) fn short_latex(value: f64) -> String {
    let text = short(value);
    match text.split_once('e') {
        _ if value.is_nan() => r"\mathrm{nan}".to_string(),
        _ if value.is_infinite() => text.replace("inf", r"\infty"),
        Some((digits, exponent)) => format!(r"{digits} \cdot 10^{{{exponent}}}"),
        None => text,
    }
}

/// The values of variables, as in `a = 2,\ b = 1`.
pub(crate) fn latex_point(at: &Named<Number>) -> String {
    let all = at.0.iter();
    let all = all.map(|(name, value)| format!("{} = {}", latex_name(name), short_latex(value.0)));
    all.collect::<Vec<_>>().join(",\\ ")
}

/// Numbers with a sign between them that puts them into columns.
pub(crate) fn latex_row<'n>(values: impl IntoIterator<Item = &'n Number>) -> String {
    let cells = values.into_iter().map(|value| short_latex(value.0));
    cells.collect::<Vec<_>>().join(" & ")
}

/// Rows between parentheses.
pub(crate) fn latex_matrix(rows: impl IntoIterator<Item = String>) -> String {
    let rows: Vec<String> = rows.into_iter().collect();
    format!("\\begin{{pmatrix}}\n{}\n\\end{{pmatrix}}", rows.join(" \\\\\n"))
}

const GREEK: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
    "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
];

/// `w1` and `w_1` have the index 1.
pub(crate) fn latex_name(name: &str) -> String {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let index = &name[letters.len()..];
    let stem = letters.trim_end_matches('_');
    let stem = match stem {
        "" => return format!(r"\mathrm{{{}}}", name.replace('_', r"\_")),
        stem if GREEK.contains(&stem) => format!(r"\{stem}"),
        stem if stem.len() == 1 => stem.to_string(),
        stem => format!(r"\mathrm{{{}}}", stem.replace('_', r"\_")),
    };
    if index.is_empty() { stem } else { format!("{stem}_{{{index}}}") }
}
