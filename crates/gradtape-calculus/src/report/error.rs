//! The error of this crate: what was expected, and where in the text.

use std::fmt;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with an expression, a point or a request, and what would mend it.
///
/// An error that belongs to a place in an expression's text knows that place: its `Display` shows the
/// line with a caret under it.
///
/// ```
/// let error = gradtape_calculus::Expr::parse("2*sine(x)").unwrap_err();
/// assert_eq!(error.position(), Some(2));
/// assert_eq!(
///     error.to_string(),
///     "unknown function `sine`\n  2*sine(x)\n    ^\n  hint: did you mean `sin`?"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    message: String,
    position: Option<usize>,
    excerpt: Option<Excerpt>,
    hint: Option<String>,
}

/// One line of the text, cut to what fits a terminal, and the column of the caret in characters.
#[derive(Clone, PartialEq, Eq)]
struct Excerpt {
    line: String,
    column: usize,
}

impl Error {
    /// An error with a message: what was attempted and what is wrong.
    pub fn new(message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            message: message.into(),
            position: None,
            excerpt: None,
            hint: None,
        }))
    }

    /// Adds the place: a byte offset from 0 in `text`, which may be its length.
    #[must_use]
    pub fn at(mut self, text: &str, position: usize) -> Error {
        self.0.position = Some(position);
        self.0.excerpt = Some(excerpt(text, position));
        self
    }

    /// Shows the line of the text that the place belongs to, if the error knows a place but not the text.
    #[must_use]
    pub fn shown_in(mut self, text: &str) -> Error {
        if let (Some(position), None) = (self.0.position, &self.0.excerpt) {
            self.0.excerpt = Some(excerpt(text, position));
        }
        self
    }

    /// Adds the place in a text that is not at hand, for [`Error::shown_in`].
    pub(crate) fn position_of(mut self, position: Option<usize>) -> Error {
        self.0.position = position;
        self
    }

    /// Adds what would mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// The message alone, without place and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would mend it, if the error knows.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The byte offset from 0 in the text of the expression, where the error belongs to one.
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, excerpt, hint, .. } = &*self.0;
        f.write_str(message)?;
        if let Some(Excerpt { line, column }) = excerpt {
            write!(f, "\n  {line}\n  {:column$}^", "")?;
        }
        if let Some(hint) = hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The same text as `Display`, so that a `main` returning the error prints it readably.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// How many characters of the line are shown on either side of the caret.
const AROUND: usize = 60;

fn excerpt(text: &str, position: usize) -> Excerpt {
    let position = text.floor_char_boundary(position.min(text.len()));
    let start = text[..position].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[position..].find('\n').map_or(text.len(), |newline| position + newline);
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let before: Vec<char> = text[start..position].chars().rev().take(AROUND + 1).collect();
    let mut line = String::new();
    let cut = before.len() > AROUND;
    if cut {
        line.push('…');
    }
    line.extend(before.iter().take(AROUND).rev().copied().map(shown));
    let column = line.chars().count();
    let mut after = text[position..end].chars();
    line.extend(after.by_ref().take(AROUND).map(shown));
    if after.next().is_some() {
        line.push('…');
    }
    Excerpt { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place_in_characters() {
        let text = "α + $";
        let error = Error::new("unexpected").at(text, text.find('$').unwrap());
        assert_eq!(error.to_string(), "unexpected\n  α + $\n      ^");
    }

    #[test]
    fn only_the_line_of_the_place_is_shown() {
        let error = Error::new("m").at("a +\n\tb $\n+ c", 7);
        assert_eq!(error.to_string(), "m\n   b $\n     ^");
    }

    #[test]
    fn long_lines_are_cut_on_both_sides() {
        let text = "x".repeat(500);
        let shown = Error::new("m").at(&text, 250).to_string();
        let line = shown.lines().nth(1).unwrap();
        assert_eq!(line.chars().count(), 2 + 1 + AROUND + AROUND + 1);
        assert_eq!(shown.lines().nth(2).unwrap().find('^'), Some(2 + 1 + AROUND));
    }

    #[test]
    fn a_place_beyond_or_inside_a_character_does_not_panic() {
        assert!(Error::new("m").at("é", 1).to_string().ends_with('^'));
        assert!(Error::new("m").at("x", 99).to_string().ends_with(" ^"));
    }
}
