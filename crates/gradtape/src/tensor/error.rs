//! The one error type of the library.

use std::fmt;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

/// `std::result::Result` with this library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what would mend it.
///
/// The text names the operation, the shapes, the axis and, for recorded operations, the line of the
/// user's program. [`Error::kind`] is for programs that want to tell cases apart.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    at: Option<&'static Location<'static>>,
    /// A line in another language, which stands in the place of Rust's.
    told: Option<Arc<str>>,
    notes: Vec<String>,
    hint: Option<String>,
}

/// The broad class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Shapes, axes or element types that do not fit an operation.
    Shape,
    /// A tape used in a way it does not allow: spent, mixed with another, or an outdated parameter.
    Tape,
    /// A gradient that does not exist.
    Gradient,
    /// A value outside what is allowed: a label out of range, a NaN where checked, a bad rate.
    Value,
    /// Data or a file that cannot be understood.
    Data,
    /// A file that cannot be read or written.
    File,
    /// A model that does not fit what it is used with.
    Model,
}

impl Error {
    /// An error of a kind with a message: what was attempted and which rule was broken.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            at: None,
            told: None,
            notes: Vec::new(),
            hint: None,
        }))
    }

    /// Adds the line of the user's program. The first one given is kept, and one in the standard library,
    /// which calls what it was given as a value (`map(Var::relu)`), is none.
    #[must_use]
    pub fn at(mut self, location: &'static Location<'static>) -> Error {
        if !is_call_by_value(location) {
            self.0.at.get_or_insert(location);
        }
        self
    }

    /// Puts the line of the user's program in the place of one in this library, which is named where a
    /// layer is called without being known by its type.
    #[must_use]
    pub(crate) fn called_from(mut self, location: &'static Location<'static>) -> Error {
        self.0.at = self.0.at.filter(|at| !is_foreign(at));
        self.at(location)
    }

    /// Names a line of a program in another language, which is told in the place of one of Rust. The first one
    /// given is kept. What is recorded after [`Tape::told`](crate::Tape::told) has one by itself.
    ///
    /// ```
    /// use gradtape::{Error, Kind};
    /// let error = Error::new(Kind::Value, "no such class").at_line("train.py:12");
    /// assert_eq!(error.to_string(), "no such class\n  at train.py:12");
    /// ```
    #[must_use]
    pub fn at_line(mut self, line: impl Into<Arc<str>>) -> Error {
        self.0.told.get_or_insert_with(|| line.into());
        self
    }

    /// Adds a line of detail, such as where an operand came from.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Error {
        self.0.notes.push(note.into());
        self
    }

    /// Adds what would mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// What would mend it.
    pub(crate) fn mend(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Puts words before the message, such as the file that was being read.
    #[must_use]
    pub fn context(mut self, words: impl fmt::Display) -> Error {
        self.0.message = format!("{words}: {}", self.0.message);
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The message alone, without place, notes and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The line of the user's program, when the error belongs to a recorded operation.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0.at
    }
}

/// Whether it is no line of the user's program: one of this library, or the one of the standard library
/// that calls a function given as a value.
pub(crate) fn is_foreign(location: &Location<'_>) -> bool {
    is_call_by_value(location) || is_of_library(location)
}

/// Whether it is a line of this library.
fn is_of_library(location: &Location<'_>) -> bool {
    let source = Path::new(file!()).ancestors().nth(2);
    source.is_some_and(|source| Path::new(location.file()).starts_with(source))
}

/// Whether it is the line of the standard library that calls a function given as a value.
fn is_call_by_value(location: &Location<'_>) -> bool {
    Path::new(location.file()).ends_with("core/src/ops/function.rs")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, at, told, notes, hint, .. } = &*self.0;
        f.write_str(message)?;
        match (told, at) {
            (Some(line), _) => write!(f, "\n  at {line}")?,
            (None, Some(at)) => write!(f, "\n  at {at}")?,
            (None, None) => {}
        }
        for note in notes {
            write!(f, "\n  {note}")?;
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
