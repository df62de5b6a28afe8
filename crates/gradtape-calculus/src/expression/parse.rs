//! Tokens to expressions: a Pratt parser whose stack is a vector, so that depth is only memory.

use std::str::FromStr;

use super::build::Builder;
use super::composed::{self, Composed};
use super::expr::Expr;
use super::function::Function;
use super::hints;
use super::node::{Id, Operator};
use super::point::no_variable;
use super::token::{Lexer, Token};
use crate::report::{Error, Result};

/// The longest text that is read, in bytes: a mebibyte. Depth has no limit of its own.
pub const MAX_TEXT: usize = 1 << 20;

impl Expr {
    /// Reads an expression from text in the grammar of the command line.
    ///
    /// # Errors
    /// Text that the grammar does not allow, with the byte offset of the place; several expressions; text
    /// longer than [`MAX_TEXT`]; more than about a million nodes when written out.
    pub fn parse(text: &str) -> Result<Expr> {
        let mut all = Expr::parse_all(text)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(Error::new("one expression is wanted; several are given")
                .at(text, text.find(';').unwrap_or(0))
                .hint("a part before it needs a name, as in y = x^2; y*sin(y)")),
        }
    }
}

impl FromStr for Expr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Expr> {
        Expr::parse(text)
    }
}

/// Reads expressions one after another, all into one builder.
pub(super) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    pub(super) builder: Builder,
    pending: Vec<Pending>,
}

/// What waits for an operand to end.
enum Pending {
    Minus,
    Left(Operator, Id),
    Group,
    Call {
        callee: Callee,
        arguments: Vec<Id>,
    },
    /// Of what is in the parentheses, in a variable.
    Derivative(String),
}

/// What a name before parentheses stands for.
#[derive(Clone, Copy)]
enum Callee {
    Function(Function),
    Composed(&'static Composed),
}

impl Callee {
    fn find(name: &str) -> Option<Callee> {
        let function = Function::find(name).map(Callee::Function);
        function.or_else(|| Composed::find(name).map(Callee::Composed))
    }

    fn name(self) -> &'static str {
        match self {
            Callee::Function(function) => function.name(),
            Callee::Composed(composed) => composed.name,
        }
    }

    /// The least number of arguments, and the greatest.
    fn arguments(self) -> [usize; 2] {
        match self {
            Callee::Composed(composed) => composed.arguments,
            Callee::Function(function) if function.takes_any() => [2, usize::MAX],
            Callee::Function(function) => [function.arity(); 2],
        }
    }
}

/// How tightly an operator holds its left and its right operand.
fn binding(operator: Operator) -> (u8, u8) {
    match operator {
        Operator::Add | Operator::Sub => (1, 2),
        Operator::Mul | Operator::Div => (3, 4),
        Operator::Pow => (8, 7),
    }
}

/// How tightly a leading minus holds what follows: more than `*`, less than `^`.
const MINUS: u8 = 5;

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Parser<'a> {
        Parser { text, lexer: Lexer::new(text), builder: Builder::new(), pending: Vec::new() }
    }

    /// The expression between two byte offsets.
    pub(super) fn expression(&mut self, from: usize, to: usize) -> Result<Id> {
        self.lexer.go_to(from);
        self.lexer.end_at(to);
        self.pending.clear();
        loop {
            let mut value = self.operand()?;
            loop {
                let (token, at) = self.lexer.next()?;
                match token {
                    Token::End => return self.end(value, at),
                    Token::Sign(')') => value = self.close(value, at)?,
                    Token::Sign(',') => {
                        self.comma(value, at)?;
                        break;
                    }
                    Token::Name(_) | Token::Sign('(') => {
                        self.lexer.go_to(at);
                        let left = self.reduce(value, binding(Operator::Mul).0);
                        self.pending.push(Pending::Left(Operator::Mul, left));
                        break;
                    }
                    token => {
                        let operator = self.operator(token, at)?;
                        let left = self.reduce(value, binding(operator).0);
                        self.pending.push(Pending::Left(operator, left));
                        break;
                    }
                }
            }
        }
    }

    /// Reads up to and including a number, a variable or `f(`'s first operand.
    fn operand(&mut self) -> Result<Id> {
        loop {
            let (token, at) = self.lexer.next()?;
            match token {
                Token::Number(value) => return Ok(self.builder.number(value)),
                Token::Name(name) => {
                    if let Some(id) = self.name(name, at)? {
                        return Ok(id);
                    }
                }
                Token::Sign('-') => self.pending.push(Pending::Minus),
                Token::Sign('(') => self.pending.push(Pending::Group),
                token => return Err(self.no_operand(token, at)),
            }
        }
    }

    /// A variable, or the opening of a call.
    fn name(&mut self, name: &'a str, at: usize) -> Result<Option<Id>> {
        if name == "d"
            && let Some(variable) = self.derivative(at + 1)?
        {
            self.pending.push(Pending::Derivative(variable.to_string()));
            return Ok(None);
        }
        let after = self.text[at + name.len()..].trim_start();
        match (after.starts_with('('), Callee::find(name)) {
            (true, Some(callee)) => {
                self.lexer.next()?;
                self.pending.push(Pending::Call { callee, arguments: Vec::new() });
                Ok(None)
            }
            (true, None) if !self.is_factor(name) => {
                let error = Error::new(format!("unknown function `{name}`"));
                Err(error.at(self.text, at).hint(hints::unknown_function(name)))
            }
            (_, None) => Ok(Some(self.builder.variable_at(name, Some(at)))),
            (false, Some(_)) => {
                let place = self.text.len() - after.len();
                Err(Error::new(format!("expected `(` after the function `{name}`"))
                    .at(self.text, if after.is_empty() { self.text.len() } else { place })
                    .hint(hints::function_without_call(name, after)))
            }
        }
    }

    /// Whether a name before parentheses is a factor and no misspelt function: a letter with an index, or what is
    /// known already.
    fn is_factor(&self, name: &str) -> bool {
        let index = name[1..].trim_start_matches('_');
        self.builder.knows(name) || index.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The variable of `d/dx (`, of which the `d` before `from` was read. Reads up to and including the
    /// parenthesis.
    fn derivative(&mut self, from: usize) -> Result<Option<&'a str>> {
        let rest = self.text[from..].trim_start();
        let Some(rest) =
            rest.strip_prefix('/').and_then(|rest| rest.trim_start().strip_prefix('d'))
        else {
            return Ok(None);
        };
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (variable, after) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
        let after = after.trim_start();
        let at = self.text.len() - after.len();
        match after.chars().next() {
            _ if variable.is_empty() => Ok(None),
            Some('(') => {
                self.lexer.go_to(at + 1);
                Ok(Some(variable))
            }
            Some(c) if inside(c) => Err(Error::new("a derivative needs parentheses")
                .at(self.text, at)
                .hint(format!("write d/d{variable} (…)"))),
            _ => Ok(None),
        }
    }

    fn operator(&self, token: Token<'_>, at: usize) -> Result<Operator> {
        Ok(match token {
            Token::Sign('+') => Operator::Add,
            Token::Sign('-') => Operator::Sub,
            Token::Sign('*') => Operator::Mul,
            Token::Sign('/') => Operator::Div,
            Token::Sign('^') => Operator::Pow,
            token => {
                let found = token.describe();
                return Err(match token {
                    Token::Sign('[') => Error::new("unexpected `[`")
                        .at(self.text, at)
                        .hint("only ( and ) group; [1] chooses a result of softmax, rank or sort"),
                    _ => Error::new(format!("expected an operator, found {found}"))
                        .at(self.text, at)
                        .hint("a number before a factor is written `2x`, after it `x*2`"),
                });
            }
        })
    }

    fn no_operand(&self, token: Token<'_>, at: usize) -> Error {
        if let (Token::Sign(')'), Some(Pending::Call { callee, arguments })) =
            (token, self.pending.last())
        {
            return self.wrong_count(*callee, &arguments.len().to_string(), at);
        }
        let found = token.describe();
        let error = Error::new(format!("expected a number, a name or `(`, found {found}"))
            .at(self.text, at);
        match token {
            Token::Sign('*') if self.text[..at].ends_with('*') => {
                error.hint("powers are written `x^2`")
            }
            Token::Sign('/') if self.text[..at].ends_with('/') => {
                error.hint("division is written `/`")
            }
            Token::Sign('[') => error.hint("only ( and ) group"),
            Token::Sign('+') => {
                error.hint("a leading plus is not part of the grammar; leave it out")
            }
            _ => error,
        }
    }

    fn wrong_count(&self, callee: Callee, given: &str, at: usize) -> Error {
        let wanted = match callee.arguments() {
            [1, 1] => "1 argument".to_string(),
            [least, most] if least == most => format!("{least} arguments"),
            [least, usize::MAX] => format!("{least} or more arguments"),
            [least, most] => format!("{least} to {most} arguments"),
        };
        Error::new(format!("`{}` takes {wanted}, not {given}", callee.name())).at(self.text, at)
    }

    /// Applies the operators that hold the operand before them at least as tightly as `left`.
    fn reduce(&mut self, mut value: Id, left: u8) -> Id {
        loop {
            match self.pending.last() {
                Some(Pending::Minus) if MINUS > left => {
                    value = self.builder.neg(value);
                }
                Some(&Pending::Left(operator, first)) if binding(operator).1 > left => {
                    value = self.builder.binary(operator, first, value);
                }
                _ => return value,
            }
            self.pending.pop();
        }
    }

    fn close(&mut self, value: Id, at: usize) -> Result<Id> {
        let value = self.reduce(value, 0);
        match self.pending.pop() {
            Some(Pending::Group) => Ok(value),
            Some(Pending::Derivative(variable)) => {
                let part = self.builder.part(value)?;
                let is_variable = self.builder.has_variable(&variable);
                if self.builder.is_taken(&variable) {
                    let message = format!(
                        "`{variable}` has been given a value; a derivative is taken in a variable"
                    );
                    return Err(Error::new(message).at(self.text, at));
                }
                let names: Vec<&str> = part.variables().collect();
                match names.contains(&&*variable) {
                    true => Ok(self.builder.graft(&part.derivative(&variable)?)),
                    // It is known, or there is nothing that could be misspelt.
                    false if is_variable || names.is_empty() => Ok(self.builder.number(0.0)),
                    false => Err(no_variable(&names, &variable).at(self.text, at)),
                }
            }
            Some(Pending::Call { callee, mut arguments }) => {
                arguments.push(value);
                let [least, most] = callee.arguments();
                if !(least..=most).contains(&arguments.len()) {
                    return Err(self.wrong_count(callee, &arguments.len().to_string(), at));
                }
                self.call(callee, &arguments, at)
            }
            _ => Err(Error::new("unexpected `)`").at(self.text, at).hint("no `(` is open here")),
        }
    }

    fn call(&mut self, callee: Callee, arguments: &[Id], at: usize) -> Result<Id> {
        Ok(match (callee, arguments) {
            (Callee::Function(function), &[x]) => self.builder.call(function, x),
            (Callee::Function(function), all) => composed::fold(&mut self.builder, function, all),
            (Callee::Composed(composed), all) => {
                let place = match composed.indexed {
                    true => self.index(composed, all.len(), at + 1)?,
                    false => 0,
                };
                composed.build(&mut self.builder, all, place)
            }
        })
    }

    /// Reads which of the results is meant, counted from 1, and gives it counted from 0.
    fn index(&mut self, composed: &Composed, count: usize, after: usize) -> Result<usize> {
        let wanted = |at: usize| {
            Error::new(format!("`{}` has {count} results, of which one is chosen", composed.name))
                .at(self.text, at)
                .hint(format!("write [1] to [{count}] after it, as in {}", composed.example))
        };
        let (Token::Sign('['), _) = self.lexer.next()? else { return Err(wanted(after)) };
        let (Token::Number(number), at) = self.lexer.next()? else { return Err(wanted(after)) };
        if !(number.fract() == 0.0 && (1.0..=count as f64).contains(&number)) {
            return Err(wanted(at));
        }
        match self.lexer.next()? {
            (Token::Sign(']'), _) => Ok(number as usize - 1),
            (_, at) => Err(wanted(at)),
        }
    }

    fn comma(&mut self, value: Id, at: usize) -> Result<()> {
        let value = self.reduce(value, 0);
        match self.pending.last_mut() {
            Some(Pending::Call { callee, arguments }) => {
                arguments.push(value);
                let callee = *callee;
                match arguments.len() < callee.arguments()[1] {
                    true => Ok(()),
                    false => Err(self.wrong_count(callee, "more", at)),
                }
            }
            _ => Err(Error::new("unexpected `,`").at(self.text, at).hint(match hints::is_decimal(
                self.text, at,
            ) {
                true => "the decimal sign is a point, as in 1.5",
                false => "commas stand only between the arguments of a function",
            })),
        }
    }

    fn end(&mut self, value: Id, at: usize) -> Result<Id> {
        let value = self.reduce(value, 0);
        if self.pending.is_empty() {
            return Ok(value);
        }
        Err(Error::new("expected `)`, found the end").at(self.text, at))
    }
}
