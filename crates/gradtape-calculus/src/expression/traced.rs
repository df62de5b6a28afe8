//! Programs with loops and branches: run at a point, and recorded as the expression that was computed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::build::Builder;
use super::expr::Expr;
use super::node::{Id, Node};
use super::parse::Parser;
use super::program::{check_name, empty, is_name, named};
use super::size::MAX_NODES;
use super::told::Told;
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

/// And all loops after so many in all, where one stands in another.
const MOST_ROUNDS: usize = 100_000;

const WORDS: [&str; 3] = ["while", "for", "if"];

impl Trace {
    /// Whether a text has loops or branches, so that what it computes depends on the point.
    pub fn is_program(text: &str) -> bool {
        text.split(';').any(|piece| keyword(piece).is_some())
    }

    /// Runs a program at a point. Its pieces, with `;` between, are assignments, which may give a name a new value,
    /// `while CONDITION: NAME = EXPR`, `if CONDITION: NAME = EXPR` and `for NAME in LOW..HIGH: NAME = EXPR`
    /// (both ends are taken), and at last an expression. A body of several pieces stands in braces, also with loops and
    /// branches of its own: `while x > 1: { x = x/2; n = n + 1 }`. Without an expression at its end, the result is what its
    /// last piece gives a value. Conditions compare with `<`, `>`, `<=`, `>=`, `==` or
    /// `!=`.
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
        let mut run = Run {
            text,
            at,
            parser: Parser::new(text),
            values: Vec::new(),
            told: BTreeMap::new(),
            rounds: 0,
        };
        let mut result = None;
        let all = pieces(text, 0, text.len())?;
        for &(start, end) in &all {
            if text[start..end].trim().is_empty() {
                return Err(empty(text, start, end));
            }
            if result.is_some() {
                return Err(Error::new("nothing uses the expression before this `;`")
                    .at(text, start - 1)
                    .hint("the last piece is what is worked out; give those before it a name, as in y = x^2"));
            }
            result = run.piece((start, end))?;
        }
        let root = match (result, all.last()) {
            (Some(root), _) => root,
            // What the last piece gives a value to is what the program is about.
            (None, last) => {
                let (start, end) = run.last_target(last.copied().unwrap_or_default())?;
                let root = run.value(start, end)?.0;
                let name = &text[start..end];
                run.told.insert(text.len(), Told::result(name));
                root
            }
        };
        let expr = run.parser.builder.part_unchecked(root);
        let read =
            run.parser.builder.names().filter(|name| expr.variables().all(|own| own != *name));
        let unused = read.map(str::to_string).collect();
        let told = run.told.values().map(Told::text).collect();
        Ok(Trace { expr, told, unused })
    }
}

/// What follows a keyword at the beginning of a piece.
fn after_word<'a>(piece: &'a str, word: &str) -> Option<&'a str> {
    let rest = piece.trim_start().strip_prefix(word)?;
    let ends = rest.starts_with(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    (ends && rest.contains(':')).then_some(rest)
}

/// The keyword that a piece begins with, and what follows it.
fn keyword(piece: &str) -> Option<(&'static str, &str)> {
    WORDS.iter().find_map(|word| Some((*word, after_word(piece, word)?)))
}

/// What stands between the `;` that are in no braces, as two offsets each.
fn pieces(text: &str, start: usize, end: usize) -> Result<Vec<Span>> {
    let mut open: Vec<usize> = Vec::new();
    let mut found = vec![(start, end)];
    for (place, c) in text[start..end].char_indices().map(|(place, c)| (start + place, c)) {
        match c {
            '{' => open.push(place),
            '}' if open.pop().is_none() => {
                return Err(Error::new("unexpected `}`")
                    .at(text, place)
                    .hint("no `{` is open here"));
            }
            ';' if open.is_empty() => {
                if let Some(last) = found.last_mut() {
                    last.1 = place;
                }
                found.push((place + 1, end));
            }
            _ => {}
        }
    }
    match open.pop() {
        Some(place) => Err(Error::new("this `{` is not closed").at(text, place).hint(
            "the body of a loop ends with `}`, as in while x > 1: { x = x/2; n = n + 1 }; n",
        )),
        None => Ok(found),
    }
}

/// Where something begins and ends in the text.
type Span = (usize, usize);

struct Run<'a> {
    text: &'a str,
    at: &'a [(&'a str, f64)],
    parser: Parser<'a>,
    /// Of the nodes recorded so far.
    values: Vec<f64>,
    /// By where they stand.
    told: BTreeMap<usize, Told>,
    /// Of all loops.
    rounds: usize,
}

impl<'a> Run<'a> {
    /// Runs what stands between two offsets; an expression gives its node.
    fn piece(&mut self, (start, end): Span) -> Result<Option<Id>> {
        let piece = &self.text[start..end];
        if keyword(piece).is_none() && named(piece).is_none() {
            return self.value(start, end).map(|(id, _)| Some(id));
        }
        self.statement((start, end)).map(|()| None)
    }

    /// Runs an assignment, a loop or a branch.
    fn statement(&mut self, (start, end): Span) -> Result<()> {
        let piece = &self.text[start..end];
        let Some((word, rest)) = keyword(piece) else { return self.assign(start, end) };
        let head = start + piece.len() - rest.len();
        let colon = head + rest.find(':').unwrap_or(rest.len());
        let body = (colon + 1, end);
        let said = self.text[start..colon].trim();
        let times = match word {
            "while" => {
                let mut rounds = 0;
                self.check(body)?;
                while self.holds(head, colon)? {
                    self.round(&mut rounds, said, start)?;
                    self.body(body)?;
                }
                rounds
            }
            "if" => {
                self.check(body)?;
                let taken = self.holds(head, colon)?;
                if taken {
                    self.body(body)?;
                }
                usize::from(taken)
            }
            _ => self.counted(head, colon, body, said)?,
        };
        let is_branch = word == "if";
        let told = self.told.entry(start).or_insert_with(|| Told::new(said, is_branch));
        told.come_to(times);
        Ok(())
    }

    fn body(&mut self, body: Span) -> Result<()> {
        self.statements(body)?.into_iter().try_for_each(|piece| self.statement(piece))
    }

    /// The pieces of a body: one assignment, or what stands in braces.
    fn statements(&self, (start, end): Span) -> Result<Vec<Span>> {
        let body = &self.text[start..end];
        let open = start + body.len() - body.trim_start().len();
        if !self.text[open..end].starts_with('{') {
            // Without braces it would not be seen where the body of a loop in a loop ends.
            self.target(start, end)?;
            return Ok(vec![(start, end)]);
        }
        let mut depth = 0;
        let close = self.text[open..end].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        let close = open + close.unwrap_or(end - open - 1);
        let after = self.text[close + 1..end].trim_start();
        if !after.is_empty() {
            return Err(Error::new("expected `;` after `}`")
                .at(self.text, end - after.len())
                .hint("what is in braces is the whole body of a loop or a branch"));
        }
        let mut all = pieces(self.text, open + 1, close)?;
        let is_empty = |(start, end): Span| self.text[start..end].trim().is_empty();
        // A `;` before the brace is a habit.
        if all.len() > 1 && all.last().is_some_and(|last| is_empty(*last)) {
            all.pop();
        }
        match all.iter().find(|piece| is_empty(**piece)) {
            Some(_) if all.len() == 1 => Err(Error::new("nothing stands in these braces")
                .at(self.text, open)
                .hint("write what is done, as in { x = x/2; n = n + 1 }")),
            Some(&(start, end)) => Err(empty(self.text, start, end)),
            None => Ok(all),
        }
    }

    /// `for NAME in LOW..HIGH`: how often it ran.
    fn counted(&mut self, head: usize, colon: usize, body: Span, said: &str) -> Result<usize> {
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
        self.check(body)?;
        let mut rounds = 0;
        let mut counter = low;
        while counter <= high {
            self.round(&mut rounds, said, head)?;
            let id = self.parser.builder.number(counter);
            self.parser.builder.know(name, id);
            self.body(body)?;
            counter += 1.0;
        }
        Ok(rounds)
    }

    fn round(&mut self, rounds: &mut usize, said: &str, at: usize) -> Result<()> {
        *rounds += 1;
        self.rounds += 1;
        let nodes = self.parser.builder.nodes().len();
        if *rounds > MAX_ROUNDS || self.rounds > MOST_ROUNDS || nodes > MAX_NODES {
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
    fn check(&self, body: Span) -> Result<()> {
        let mut apart = Parser::new(self.text);
        apart.builder = self.parser.builder.clone();
        let mut todo = self.statements(body)?;
        todo.reverse();
        while let Some((start, end)) = todo.pop() {
            let piece = &self.text[start..end];
            match keyword(piece).and_then(|(_, rest)| rest.find(':').map(|at| (rest, at))) {
                Some((rest, colon)) => {
                    let inner =
                        self.statements((start + piece.len() - rest.len() + colon + 1, end))?;
                    todo.extend(inner.into_iter().rev());
                }
                None => {
                    let (name, from) = self.target(start, end)?;
                    let id = apart.expression(from, end)?;
                    apart.builder.know(name, id);
                }
            }
        }
        Ok(())
    }

    /// The name that an assignment gives a value to, and where its right side begins.
    fn target(&self, start: usize, end: usize) -> Result<(&'a str, usize)> {
        let piece = &self.text[start..end];
        let at = start + piece.len() - piece.trim_start().len();
        let Some((name, sign)) = named(piece) else {
            return Err(Error::new("an assignment is wanted here")
                .at(self.text, at)
                .hint("write NAME = EXPR, as in x = x/2; several stand in braces, as in { x = x/2; n = n + 1 }"));
        };
        // A name may change what it stands for.
        check_name(&Builder::new(), self.text, name, at)?;
        Ok((name, start + sign + 1))
    }

    /// Where the name stands that a piece gives a value to at last.
    fn last_target(&self, mut piece: Span) -> Result<Span> {
        loop {
            let text = &self.text[piece.0..piece.1];
            let Some(colon) =
                keyword(text).and_then(|(_, rest)| Some(text.len() - rest.len() + rest.find(':')?))
            else {
                let (name, _) = self.target(piece.0, piece.1)?;
                let start = piece.0 + text.len() - text.trim_start().len();
                return Ok((start, start + name.len()));
            };
            let body = self.statements((piece.0 + colon + 1, piece.1))?;
            piece = body.last().copied().unwrap_or((piece.1, piece.1));
        }
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
