//! Tokens to expressions: a Pratt parser whose stack is a vector, so that depth is only memory.

use std::str::FromStr;

use super::build::Builder;
use super::expr::Expr;
use super::function::Function;
use super::hints;
use super::node::{Id, Operator};
use super::token::{Lexer, Token};
use crate::report::{Error, Result};

/// The longest text that is read, in bytes: a mebibyte. Depth has no limit of its own.
pub const MAX_TEXT: usize = 1 << 20;

impl Expr {
    /// Reads an expression from text in the grammar of the command line.
    ///
    /// # Errors
    /// Text that the grammar does not allow, with the byte offset of the place; text longer than
    /// [`MAX_TEXT`].
    pub fn parse(text: &str) -> Result<Expr> {
        parse(text)
    }
}

impl FromStr for Expr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Expr> {
        Expr::parse(text)
    }
}

fn parse(text: &str) -> Result<Expr> {
    if text.len() > MAX_TEXT {
        let message = format!(
            "the expression has {} bytes; the longest that is read has {MAX_TEXT}",
            text.len()
        );
        return Err(Error::new(message).at(text, MAX_TEXT));
    }
    let mut parser =
        Parser { text, lexer: Lexer::new(text), builder: Builder::new(), pending: Vec::new() };
    let root = parser.expression()?;
    Ok(parser.builder.finish_unchecked(root))
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    builder: Builder,
    pending: Vec<Pending>,
}

/// What waits for an operand to end.
enum Pending {
    Minus,
    Left(Operator, Id),
    Group,
    Call { function: Function, first: Option<Id> },
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
    fn expression(&mut self) -> Result<Id> {
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
        let after = self.text[at + name.len()..].trim_start();
        let function = Function::find(name);
        match (after.starts_with('('), function) {
            (true, Some(function)) => {
                self.lexer.next()?;
                self.pending.push(Pending::Call { function, first: None });
                Ok(None)
            }
            (false, None) => Ok(Some(self.builder.variable_at(name, Some(at)))),
            (true, None) => {
                let error = Error::new(format!("unknown function `{name}`"));
                Err(error.at(self.text, at).hint(hints::unknown_function(name)))
            }
            (false, Some(_)) => {
                let place = self.text.len() - after.len();
                Err(Error::new(format!("expected `(` after the function `{name}`"))
                    .at(self.text, if after.is_empty() { self.text.len() } else { place })
                    .hint(hints::function_without_call(name, after)))
            }
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
                return Err(Error::new(format!("expected an operator, found {found}"))
                    .at(self.text, at)
                    .hint("multiplication needs a `*`"));
            }
        })
    }

    fn no_operand(&self, token: Token<'_>, at: usize) -> Error {
        if let (Token::Sign(')'), Some(Pending::Call { function, first })) =
            (token, self.pending.last())
        {
            let given = usize::from(first.is_some());
            return self.wrong_count(*function, &given.to_string(), at);
        }
        if self.text.trim().is_empty() {
            return Error::new("the expression is empty").at(self.text, 0);
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
            Token::Sign('+') => {
                error.hint("a leading plus is not part of the grammar; leave it out")
            }
            _ => error,
        }
    }

    fn wrong_count(&self, function: Function, given: &str, at: usize) -> Error {
        let arity = function.arity();
        let plural = if arity == 1 { "" } else { "s" };
        Error::new(format!("`{}` takes {arity} argument{plural}, not {given}", function.name()))
            .at(self.text, at)
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
            Some(Pending::Call { function, first }) => match (function.arity(), first) {
                (1, None) => Ok(self.builder.call(function, value)),
                (2, Some(first)) => Ok(self.builder.call2(function, first, value)),
                _ => Err(self.wrong_count(function, "1", at)),
            },
            _ => Err(Error::new("unexpected `)`").at(self.text, at).hint("no `(` is open here")),
        }
    }

    fn comma(&mut self, value: Id, at: usize) -> Result<()> {
        let value = self.reduce(value, 0);
        match self.pending.last_mut() {
            Some(Pending::Call { function, first: first @ None }) if function.arity() == 2 => {
                *first = Some(value);
                Ok(())
            }
            Some(Pending::Call { function, .. }) => {
                let function = *function;
                Err(self.wrong_count(function, "more", at))
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
