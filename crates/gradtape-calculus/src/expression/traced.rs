//! Programs with loops and branches: run at a point, and recorded as the expression that was computed.

use std::cmp::Reverse;

use super::build::Builder;
use super::expr::Expr;
use super::node::{Id, Node};
use super::parse::Parser;
use super::program::{check_name, empty, is_name, named};
use super::size::MAX_NODES;
use crate::report::{Error, Result, plural, short};

/// What a program computed at a point.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The operations that were run, in terms of the variables as they were given: loops unrolled, branches taken.
    pub expr: Expr,
    /// How often each loop ran, and which branches were taken.
    pub told: Vec<String>,
    /// Variables that the program read and that its result does not depend on.
    pub unused: Vec<String>,
}

/// A loop is stopped after so many rounds.
const MAX_ROUNDS: usize = 10_000;

const WORDS: [&str; 3] = ["while", "for", "if"];

impl Trace {
    /// Whether a text has loops or branches, so that what it computes depends on the point.
    pub fn is_program(text: &str) -> bool {
        text.split(';').any(|piece| WORDS.iter().any(|word| after_word(piece, word).is_some()))
    }

    /// Runs a program at a point. Its pieces, with `;` between, are assignments, which may give a name a new value,
    /// `while CONDITION: NAME = EXPR`, `if CONDITION: NAME = EXPR` and `for NAME in LOW..HIGH: NAME = EXPR`
    /// (both ends are taken), and at last an expression. Conditions compare with `<`, `>`, `<=`, `>=`, `==` or `!=`.
    ///
    /// ```
    /// use gradtape_calculus::Trace;
    ///
    /// let trace = Trace::of("while abs(x) > 5: x = x/2; x^2", &[("x", 12.0)])?;
    /// assert_eq!(trace.expr.to_string(), "(x/2/2)^2");
    /// assert_eq!(trace.told, ["`while abs(x) > 5` ran 2 times"]);
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    ///
    /// # Errors
    /// Text that is not in the grammar, with its place; a variable without a value; a loop that does not end
    /// after 10,000 rounds or records more than [`MAX_NODES`](crate::MAX_NODES) nodes.
    pub fn of(text: &str, at: &[(&str, f64)]) -> Result<Trace> {
        let mut run =
            Run { text, at, parser: Parser::new(text), values: Vec::new(), told: Vec::new() };
        let mut start = 0;
        let mut result = None;
        for piece in text.split(';') {
            let end = start + piece.len();
            if piece.trim().is_empty() {
                return Err(empty(text, start, end));
            }
            if result.is_some() {
                return Err(Error::new("nothing uses the expression before this `;`")
                    .at(text, start - 1)
                    .hint("the last piece is what is worked out; give those before it a name, as in y = x^2"));
            }
            result = run.piece(start, end)?;
            start = end + 1;
        }
        let Some(root) = result else {
            return Err(Error::new("the program ends without a result")
                .at(text, text.len())
                .hint("its last piece is an expression, as in while x > 1: x = x/2; x^2"));
        };
        let expr = run.parser.builder.part_unchecked(root);
        let read =
            run.parser.builder.names().filter(|name| expr.variables().all(|own| own != *name));
        let unused = read.map(str::to_string).collect();
        Ok(Trace { expr, told: run.told, unused })
    }
}

/// What follows a keyword at the beginning of a piece.
fn after_word<'a>(piece: &'a str, word: &str) -> Option<&'a str> {
    let rest = piece.trim_start().strip_prefix(word)?;
    let ends = rest.starts_with(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    (ends && rest.contains(':')).then_some(rest)
}

struct Run<'a> {
    text: &'a str,
    at: &'a [(&'a str, f64)],
    parser: Parser<'a>,
    /// Of the nodes recorded so far.
    values: Vec<f64>,
    told: Vec<String>,
}

impl<'a> Run<'a> {
    /// Runs what stands between two offsets; an expression gives its node.
    fn piece(&mut self, start: usize, end: usize) -> Result<Option<Id>> {
        let piece = &self.text[start..end];
        let Some((word, rest)) =
            WORDS.iter().find_map(|word| Some((*word, after_word(piece, word)?)))
        else {
            return match named(piece) {
                Some(_) => self.assign(start, end).map(|()| None),
                None => self.value(start, end).map(|(id, _)| Some(id)),
            };
        };
        let head = start + piece.len() - rest.len();
        let colon = head + rest.find(':').unwrap_or(rest.len());
        let body = (colon + 1, end);
        let said = self.text[start..colon].trim();
        let rounds = match word {
            "while" => {
                let mut rounds = 0;
                self.is_assignment(body)?;
                while self.holds(head, colon)? {
                    self.round(&mut rounds, said, start)?;
                    self.assign(body.0, body.1)?;
                }
                rounds
            }
            "if" => {
                self.is_assignment(body)?;
                let taken = self.holds(head, colon)?;
                if taken {
                    self.assign(body.0, body.1)?;
                }
                self.told.push(format!("`{said}` was {taken}"));
                return Ok(None);
            }
            _ => self.counted(head, colon, body, said)?,
        };
        self.told.push(format!("`{said}` ran {}", plural(rounds, "time")));
        Ok(None)
    }

    /// `for NAME in LOW..HIGH`: how often it ran.
    fn counted(
        &mut self,
        head: usize,
        colon: usize,
        body: (usize, usize),
        said: &str,
    ) -> Result<usize> {
        let wrong = || {
            Error::new("a counting loop is not written like this")
                .at(self.text, head)
                .hint("write for i in 1..3: x = x*i")
        };
        let text = &self.text[head..colon];
        let (name, range) = text.split_once(" in ").ok_or_else(wrong)?;
        let dots = range.find("..").ok_or_else(wrong)?;
        if range[dots + 2..].starts_with('.') {
            return Err(wrong());
        }
        let from = head + text.len() - range.len();
        let name = name.trim();
        if !is_name(name) {
            return Err(wrong());
        }
        check_name(&Builder::new(), self.text, name, head)?;
        let (_, low) = self.value(from, from + dots)?;
        let (_, high) = self.value(from + dots + 2, colon)?;
        if !(low.is_finite() && high.is_finite()) {
            return Err(wrong());
        }
        self.is_assignment(body)?;
        let mut rounds = 0;
        let mut counter = low;
        while counter <= high {
            self.round(&mut rounds, said, head)?;
            let id = self.parser.builder.number(counter);
            self.parser.builder.know(name, id);
            self.assign(body.0, body.1)?;
            counter += 1.0;
        }
        Ok(rounds)
    }

    fn round(&self, rounds: &mut usize, said: &str, at: usize) -> Result<()> {
        *rounds += 1;
        let nodes = self.parser.builder.nodes().len();
        if *rounds > MAX_ROUNDS || nodes > MAX_NODES {
            let message = format!(
                "`{said}` was stopped after {}: at most {MAX_ROUNDS} rounds and {MAX_NODES} operations are recorded",
                plural(*rounds - 1, "round")
            );
            return Err(Error::new(message)
                .at(self.text, at)
                .hint("it is without end, or too long to be explained"));
        }
        Ok(())
    }

    /// Whether a body could be run, also where it is not.
    fn is_assignment(&self, (start, end): (usize, usize)) -> Result<()> {
        let (_, from) = self.target(start, end)?;
        let mut apart = Parser::new(self.text);
        apart.builder = self.parser.builder.clone();
        apart.expression(from, end).map(|_| ())
    }

    /// The name that an assignment gives a value to, and where its right side begins.
    fn target(&self, start: usize, end: usize) -> Result<(&'a str, usize)> {
        let piece = &self.text[start..end];
        let at = start + piece.len() - piece.trim_start().len();
        let Some((name, sign)) = named(piece) else {
            return Err(Error::new("an assignment is wanted here")
                .at(self.text, at)
                .hint("write one NAME = EXPR, as in x = x/2"));
        };
        // A name may change what it stands for.
        check_name(&Builder::new(), self.text, name, at)?;
        Ok((name, start + sign + 1))
    }

    /// `NAME = EXPR`.
    fn assign(&mut self, start: usize, end: usize) -> Result<()> {
        let (name, from) = self.target(start, end)?;
        let (id, _) = self.value(from, end)?;
        self.parser.builder.know(name, id);
        Ok(())
    }

    /// Whether a comparison holds.
    fn holds(&mut self, start: usize, end: usize) -> Result<bool> {
        let text = &self.text[start..end];
        let signs = ["<=", ">=", "==", "!=", "<", ">"];
        let Some((place, sign)) = signs
            .iter()
            .filter_map(|sign| Some((text.find(sign)?, *sign)))
            .min_by_key(|(place, sign)| (*place, Reverse(sign.len())))
        else {
            return Err(Error::new("a condition compares two numbers")
                .at(self.text, start)
                .hint("write it with < > <= >= == or !=, as in abs(x) > 5"));
        };
        let (_, left) = self.value(start, start + place)?;
        let (_, right) = self.value(start + place + sign.len(), end)?;
        if left.is_nan() || right.is_nan() {
            let message = format!("the condition compares {} with {}", short(left), short(right));
            return Err(Error::new(message).at(self.text, start));
        }
        Ok(match sign {
            "<=" => left <= right,
            ">=" => left >= right,
            "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            _ => left > right,
        })
    }

    /// Records an expression and works out its value.
    fn value(&mut self, start: usize, end: usize) -> Result<(Id, f64)> {
        let root = self.parser.expression(start, end)?;
        for index in self.values.len()..self.parser.builder.nodes().len() {
            let node = self.parser.builder.nodes()[index];
            let value = match node {
                Node::Variable(number) => self.given(number)?,
                node => node.value(&self.values),
            };
            self.values.push(value);
        }
        Ok((root, self.values[root.index()]))
    }

    fn given(&self, variable: usize) -> Result<f64> {
        let (name, position) = self.parser.builder.name(variable);
        let value = self.at.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        value.ok_or_else(|| {
            let error = Error::new(format!("the variable `{name}` has no value"));
            error.hint(format!("add `{name}=…` to the point")).at(self.text, position.unwrap_or(0))
        })
    }
}
