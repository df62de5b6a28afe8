//! Several expressions in one text, and parts that have names.

use super::build::Builder;
use super::expr::Expr;
use super::node::{Id, Node};
use super::parse::{MAX_TEXT, Parser};
use super::{Composed, Function};
use crate::report::{Error, Result};

impl Expr {
    /// Reads expressions that `;` stands between. A piece `name = expression` names a part for those after
    /// it, which use one node for it: the only way, beside variables, to use a value twice.
    ///
    /// ```
    /// use gradtape_calculus::Expr;
    ///
    /// let all = Expr::parse_all("y = x^2; y*sin(y)")?;
    /// assert_eq!(all[0].to_string(), "x^2*sin(x^2)");
    /// assert_eq!(all[0].nodes().len(), 5);
    /// assert_eq!(Expr::parse_all("a*b; a + b")?.len(), 2);
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Expr::parse`]; a name that is a function, was used before, or has nothing after it.
    pub fn parse_all(text: &str) -> Result<Vec<Expr>> {
        if text.len() > MAX_TEXT {
            let message = format!(
                "the expression has {} bytes; the longest that is read has {MAX_TEXT}",
                text.len()
            );
            return Err(Error::new(message).at(text, MAX_TEXT));
        }
        if text.trim().is_empty() {
            return Err(Error::new("the expression is empty").at(text, 0));
        }
        let mut parser = Parser::new(text);
        let (mut parts, mut roots) = (Vec::new(), Vec::new());
        let mut start = 0;
        let mut last_name = None;
        for piece in text.split(';') {
            let end = start + piece.len();
            if piece.trim().is_empty() {
                return Err(empty(text, start, end));
            }
            last_name = named(piece);
            match last_name {
                Some((name, sign)) => {
                    let at = start + piece.len() - piece.trim_start().len();
                    check_name(&parser.builder, text, name, at)?;
                    let root = parser.expression(start + sign + 1, end)?;
                    // Its own right side may use the name.
                    check_name(&parser.builder, text, name, at)?;
                    parser.builder.know(name, root);
                    parts.push((root, name.to_string()));
                }
                None => roots.push(parser.expression(start, end)?),
            }
            last_name = last_name.map(|(name, sign)| (name, start + sign));
            start = end + 1;
        }
        match last_name {
            // One that stands alone is read by most as an equation.
            Some((_, sign)) if parts.len() == 1 => {
                Err(Error::new("unexpected character `=`").at(text, sign).hint(
                    "write the right side of the equation alone, or after it what is made of it, as in \
                     y = x^2; y*sin(y)",
                ))
            }
            Some((name, sign)) => Err(Error::new(format!("nothing uses the part `{name}`"))
                .at(text, sign)
                .hint("the last of the pieces is what is worked out: leave its name out")),
            None => {
                if let Some(unused) = parts.iter().find(|(_, name)| times(text, name) < 2) {
                    let at = text.find(&unused.1).unwrap_or(0);
                    return Err(Error::new(format!("nothing uses the part `{}`", unused.1))
                        .at(text, at)
                        .hint("leave it out, or use its name"));
                }
                // What is written has a place in the point, also where a derivative does not depend on it.
                let all = roots.len() == 1;
                let whole = |root| parser.builder.part_named(root, &parts, all);
                roots.into_iter().map(whole).collect()
            }
        }
    }
}

/// The name before a single `=`, and the offset of the sign.
pub(super) fn named(piece: &str) -> Option<(&str, usize)> {
    let sign = piece.find('=')?;
    let name = piece[..sign].trim();
    (is_name(name) && !piece[sign + 1..].starts_with('=')).then_some((name, sign))
}

/// How often a name stands in a text, also behind a number: `2y`.
fn times(text: &str, name: &str) -> usize {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let words = words.map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()));
    words.filter(|word| *word == name).count()
}

/// Letters, digits and `_`, not beginning with a digit.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name that is a function, or stands for something already, cannot name a part.
pub(super) fn check_name(builder: &Builder, text: &str, name: &str, at: usize) -> Result<()> {
    let error = |message: String| Err(Error::new(message).at(text, at));
    if Function::find(name).is_some() || Composed::find(name).is_some() {
        return error(format!("`{name}` is a function and cannot name a part"));
    }
    match builder.knows(name) {
        true => error(format!("`{name}` stands for something else before")),
        false => Ok(()),
    }
}

/// The error of a piece without an expression.
pub(super) fn empty(text: &str, start: usize, end: usize) -> Error {
    let place = if end == text.len() { start.saturating_sub(1) } else { end };
    Error::new("no expression stands on one side of this `;`")
        .at(text, place)
        .hint("`;` stands between expressions: leave it out, or write the one that is missing")
}

impl Builder {
    /// The expression that ends in `root`, without the nodes that it does not use, with the names of those
    /// among `parts` that it does; with `all`, with every variable of the builder.
    fn part_named(&self, root: Id, parts: &[(Id, String)], all: bool) -> Result<Expr> {
        let (mut builder, copies) = self.copied(root);
        if all {
            builder.add_variables(self);
        }
        let own = |(id, name): &(Id, String)| {
            let copy = *copies.get(id)?;
            let plain =
                matches!(builder.nodes()[copy.index()], Node::Variable(_) | Node::Number(_));
            (!plain).then(|| (copy, name.clone()))
        };
        let parts = parts.iter().filter_map(own).collect();
        Ok(Expr { parts, ..builder.finish(copies[&root])? })
    }
}
