//! A symbolic derivative step by step, each with the name of its rule.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::differences::chosen;
use crate::expression::{Builder, Expr, Function, Id, Minus, Node, Operator};
use crate::report::{Error, Result};

/// How a derivative is found, from the inside out. Serialises to the JSON of `gradtape explain --steps`.
///
/// ```
/// use gradtape_calculus::{Expr, derivation};
/// let found = derivation(&Expr::parse("sin(x^2)")?, None)?;
/// assert_eq!(found.steps[0].rule, "power rule");
/// assert_eq!(found.steps[1].detail, "f = sin(u), u = x^2: df/du = cos(u), du/dx = 2*x");
/// assert_eq!(found.derivative, "2*x*cos(x^2)");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Derivation {
    /// The expression as it is printed.
    pub expression: String,
    /// The variable.
    pub variable: String,
    /// The derivative, simplified.
    pub derivative: String,
    /// The derivatives of its parts, each made of those before it.
    pub steps: Vec<Rule>,
}

/// One rule at work.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// The part that is differentiated.
    pub expression: String,
    /// What the rule is called.
    pub rule: &'static str,
    /// The rule, and what stands for its letters.
    pub detail: String,
    /// What it gives, with the derivatives of the steps before put in.
    pub result: String,
    /// The same, simplified.
    pub simplified: String,
}

/// The most nodes of an expression whose derivation is written out.
const MAX_DERIVED: usize = 200;

/// Names for operands in the chain rule.
const LETTERS: [&str; 8] = ["u", "v", "w", "s", "t", "y", "z", "k"];

/// The derivative of an expression in one variable, step by step.
///
/// # Errors
/// No variable, or several and none named; a variable that the expression lacks; more than 200 nodes.
pub fn derivation(expr: &Expr, variable: Option<&str>) -> Result<Derivation> {
    let count = expr.nodes().len();
    if count > MAX_DERIVED {
        return Err(Error::new(format!(
            "the expression has {count} nodes; at most {MAX_DERIVED} are derived step by step"
        )));
    }
    let names: Vec<&str> = expr.variables().collect();
    let variable = names[chosen(&names, variable)?];
    let numbered = (1..).map(|number| format!("u{number}"));
    let mut free = LETTERS
        .into_iter()
        .map(str::to_string)
        .chain(numbered)
        .filter(|letter| !names.contains(&letter.as_str()));
    let letters = [free.next().unwrap_or_default(), free.next().unwrap_or_default()];
    let deriver = Deriver { expr, variable, varies: varying(expr, variable), letters };
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    for id in (0..expr.nodes().len()).map(Id::at).filter(|id| deriver.varies[id.index()]) {
        let is_variable = matches!(expr.node(id), Node::Variable(_));
        if !is_variable && seen.insert(expr.subexpression(id).to_string()) {
            steps.push(deriver.step(id)?);
        }
    }
    Ok(Derivation {
        expression: expr.to_string(),
        variable: variable.to_string(),
        derivative: expr.derivative(variable)?.to_string(),
        steps,
    })
}

/// Whether each node depends on the variable.
fn varying(expr: &Expr, variable: &str) -> Vec<bool> {
    let own = expr.variables().position(|name| name == variable);
    let mut varies: Vec<bool> = Vec::with_capacity(expr.nodes().len());
    for node in expr.nodes() {
        let is_own = matches!(node, Node::Variable(number) if Some(*number) == own);
        varies.push(is_own || node.inputs().any(|input| varies[input.index()]));
    }
    varies
}

struct Deriver<'a> {
    expr: &'a Expr,
    variable: &'a str,
    varies: Vec<bool>,
    /// Names for operands, which no variable has.
    letters: [String; 2],
}

/// The parts of a node and their derivatives, as nodes of one builder.
struct Parts {
    b: Builder,
    ids: Vec<Id>,
    slopes: Vec<Id>,
    texts: Vec<String>,
    varies: Vec<bool>,
}

impl Deriver<'_> {
    fn step(&self, id: Id) -> Result<Rule> {
        let node = self.expr.node(id);
        let mut b = Builder::new();
        let mut parts = Parts {
            ids: Vec::new(),
            slopes: Vec::new(),
            texts: Vec::new(),
            varies: node.inputs().map(|input| self.varies[input.index()]).collect(),
            b: Builder::new(),
        };
        for input in node.inputs() {
            let part = self.expr.subexpression(input);
            parts.ids.push(b.graft(&part));
            parts.slopes.push(b.graft(&self.slope(input)?));
            parts.texts.push(part.to_string());
        }
        parts.b = b;
        let (rule, detail, root) = self.rule(&mut parts, node)?;
        Ok(Rule {
            expression: self.expr.subexpression(id).to_string(),
            rule,
            detail,
            result: parts.b.part(root)?.text(Minus::Enclosed),
            simplified: self.slope(id)?.to_string(),
        })
    }

    /// The derivative of a node, simplified.
    fn slope(&self, id: Id) -> Result<Expr> {
        if self.varies[id.index()] {
            return self.expr.subexpression(id).derivative(self.variable);
        }
        let mut b = Builder::new();
        let zero = b.number(0.0);
        b.finish(zero)
    }

    /// The rule for a node, what it says, and what it gives.
    fn rule(&self, parts: &mut Parts, node: Node) -> Result<(&'static str, String, Id)> {
        let Parts { b, ids, slopes, texts, varies } = parts;
        let mut cross = |sign: Operator| {
            let left = b.binary(Operator::Mul, slopes[0], ids[1]);
            let right = b.binary(Operator::Mul, ids[0], slopes[1]);
            b.binary(sign, left, right)
        };
        Ok(match node {
            Node::Neg(_) => ("constant factor", "(-f)' = -f'".to_string(), b.neg(slopes[0])),
            Node::Binary(Operator::Add | Operator::Sub, ..) => {
                let sign = if matches!(node, Node::Binary(Operator::Add, ..)) { '+' } else { '-' };
                let detail = format!("(f {sign} g)' = f' {sign} g'");
                ("sum rule", detail, b.again(node, slopes))
            }
            Node::Binary(Operator::Mul, ..) if varies[0] && varies[1] => {
                let detail =
                    format!("(f*g)' = f'*g + f*g' with f = {}, g = {}", texts[0], texts[1]);
                ("product rule", detail, cross(Operator::Add))
            }
            Node::Binary(Operator::Mul, ..) => {
                let constant = usize::from(varies[0]);
                let detail = format!("(c*f)' = c*f' with c = {}", texts[constant]);
                let factors =
                    [0, 1].map(|place| if varies[place] { slopes[place] } else { ids[place] });
                ("constant factor", detail, b.again(node, &factors))
            }
            Node::Binary(Operator::Div, ..) if !varies[1] => {
                let detail = format!("(f/c)' = f'/c with c = {}", texts[1]);
                ("constant factor", detail, b.again(node, &[slopes[0], ids[1]]))
            }
            Node::Binary(Operator::Div, ..) => {
                let detail =
                    format!("(f/g)' = (f'*g - f*g')/g^2 with f = {}, g = {}", texts[0], texts[1]);
                let difference = cross(Operator::Sub);
                let two = b.number(2.0);
                let square = b.binary(Operator::Pow, ids[1], two);
                ("quotient rule", detail, b.binary(Operator::Div, difference, square))
            }
            _ => return self.chain(parts, node),
        })
    }

    /// The chain rule for a power or a function, or what it begins with: its derivative in the variable itself.
    fn chain(&self, parts: &mut Parts, node: Node) -> Result<(&'static str, String, Id)> {
        let Parts { b, ids, slopes, texts, varies } = parts;
        let places: Vec<usize> = (0..ids.len()).filter(|&place| varies[place]).collect();
        let outer = self.outer(node)?;
        for &place in &places {
            b.know(&self.letters[place], ids[place]);
        }
        let is_power =
            matches!(node, Node::Binary(Operator::Pow, ..) | Node::Call2(Function::Pow, ..));
        let derivative = |place: usize| outer.derivative(&self.letters[place]);
        if let [place] = places[..]
            && texts[place] == self.variable
        {
            let slope = derivative(place)?;
            let rule = if is_power && place == 0 { "power rule" } else { "known derivative" };
            let x = self.variable;
            let detail = match rule {
                "power rule" => format!("({x}^n)' = n*{x}^(n - 1) with n = {}", texts[1]),
                _ => format!("d/d{0} {outer} = {slope} at {0} = {x}", self.letters[place]),
            };
            return Ok((rule, detail, b.graft(&slope)));
        }
        let mut said = format!("f = {outer}");
        let mut sum = None;
        for &place in &places {
            let (letter, slope) = (&self.letters[place], derivative(place)?);
            said += &format!(", {letter} = {}", texts[place]);
            let (at, inner) = (b.graft(&slope), slopes[place]);
            let product = b.binary(Operator::Mul, at, inner);
            sum = Some(sum.map_or(product, |sum| b.binary(Operator::Add, sum, product)));
        }
        said += ":";
        for (number, &place) in places.iter().enumerate() {
            let (letter, slope) = (&self.letters[place], derivative(place)?);
            let inner = b.part(slopes[place])?;
            let comma = if number == 0 { " " } else { ", " };
            said +=
                &format!("{comma}df/d{letter} = {slope}, d{letter}/d{} = {inner}", self.variable);
        }
        let rule = if places.len() > 1 { "chain rule, two arguments" } else { "chain rule" };
        Ok((rule, said, sum.unwrap_or_else(|| b.number(0.0))))
    }

    /// The operation alone, with letters for the operands that vary.
    fn outer(&self, node: Node) -> Result<Expr> {
        let mut b = Builder::new();
        let operands =
            node.inputs().enumerate().map(|(place, input)| match self.varies[input.index()] {
                true => b.variable(&self.letters[place]),
                false => b.graft(&self.expr.subexpression(input)),
            });
        let operands: Vec<Id> = operands.collect();
        let root = b.again(node, &operands);
        b.finish(root)
    }
}

/// The parts from the inside out, a line for each rule, and below it what the rule says.
impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = &self.variable;
        writeln!(f, "d/d{x} ({}), from the inside out\n", self.expression)?;
        let wide = self.steps.len().to_string().len();
        for (number, step) in (1..).zip(&self.steps) {
            let Rule { expression, rule, detail, result, simplified } = step;
            let same =
                if result == simplified { String::new() } else { format!(" = {simplified}") };
            writeln!(f, "{number:wide$}  d/d{x} ({expression}) = {result}{same}")?;
            writeln!(f, "{:wide$}  {rule}: {detail}\n", "")?;
        }
        writeln!(f, "d/d{x} = {}", self.derivative)
    }
}
