//! Text to tokens.

use super::hints;
use crate::report::{Error, Result};

/// A word of the grammar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    Name(&'a str),
    /// One of `+ - * / ^ ( ) [ ] ,`.
    Sign(char),
    End,
}

impl Token<'_> {
    /// The token in words, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(value) => format!("the number {value}"),
            Token::Name(name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_string(),
        }
    }
}

/// Reads tokens one by one.
pub(super) struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    end: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, offset: 0, end: text.len() }
    }

    /// Reads on at a byte offset.
    pub(super) fn go_to(&mut self, offset: usize) {
        self.offset = offset;
    }

    /// As if the text ended at a byte offset.
    pub(super) fn end_at(&mut self, end: usize) {
        self.end = end;
    }

    /// The next token and the byte offset at which it begins.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, usize)> {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        let rest = self.text[self.offset..self.end].trim_start_matches(blank);
        let start = self.end - rest.len();
        let Some(first) = rest.chars().next() else {
            self.offset = self.end;
            return Ok((Token::End, self.end));
        };
        let (token, length) = match first {
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | '[' | ']' | ',' => (Token::Sign(first), 1),
            '0'..='9' | '.' => self.number(rest, start)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                (Token::Name(&rest[..length]), length)
            }
            _ => return Err(self.unexpected(first, start)),
        };
        self.offset = start + length;
        Ok((token, start))
    }

    /// Digits with at most one point, then at most one exponent.
    fn number(&self, rest: &str, start: usize) -> Result<(Token<'a>, usize)> {
        let digits = |from: usize| {
            let bytes = rest.as_bytes().get(from..).unwrap_or_default();
            from + bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let mut length = digits(0);
        if rest[length..].starts_with('.') {
            length = digits(length + 1);
        }
        let malformed = || {
            let whole = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let whole = &rest[..whole.unwrap_or(rest.len())];
            Error::new(format!("malformed number `{whole}`"))
                .at(self.text, start)
                .hint("numbers look like 2, 0.5, .5, 3. or 1.5e-3")
        };
        if length == 1 && rest.starts_with('.') {
            return Err(malformed());
        }
        if rest[length..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
            let end = digits(length + 1 + sign);
            // Without digits the letter begins a name: 2exp(x) is 2*exp(x).
            if end > length + 1 + sign {
                length = end;
            }
        }
        if rest[length..].starts_with('.') {
            return Err(malformed());
        }
        let value: f64 = rest[..length].parse().map_err(|_| malformed())?;
        if value.is_infinite() {
            return Err(Error::new(format!("the number {} is too large", &rest[..length]))
                .at(self.text, start)
                .hint("the largest number is about 1.8e308"));
        }
        Ok((Token::Number(value), length))
    }

    fn unexpected(&self, c: char, start: usize) -> Error {
        let shown = match c {
            '\'' | '"' | '\\' => c.to_string(),
            _ => c.escape_debug().to_string(),
        };
        let error = Error::new(format!("unexpected character `{shown}`")).at(self.text, start);
        match hints::character(c) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
