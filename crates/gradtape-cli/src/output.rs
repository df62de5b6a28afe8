//! [`Output`]: the only place that prints.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use gradtape_chart::Chart;
use serde::Serialize;

use crate::error::{Failure, Outcome};

/// Standard output and standard error.
///
/// When the reader of standard output goes away (`| head`), what follows is dropped silently: a
/// training that was started still ends with its model saved.
#[derive(Clone)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
    closed: Arc<AtomicBool>,
    /// Whether another process tells all that is to be told.
    silent: bool,
}

impl Output {
    /// `json`: failures are told as JSON on standard output.
    pub(crate) fn new(json: bool) -> Output {
        #[allow(clippy::disallowed_methods, reason = "NO_COLOR changes looks, no results")]
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = !refused && io::stdout().is_terminal();
        Output { json, colour, closed: Arc::default(), silent: false }
    }

    /// Of a process beside another that does the same and tells of it.
    #[cfg_attr(not(feature = "mpi"), allow(dead_code, reason = "there are no such processes"))]
    pub(crate) fn of_another(&self) -> Output {
        Output { silent: true, ..self.clone() }
    }

    /// Prints text with a line end.
    pub(crate) fn line(&self, text: impl Display) -> Outcome {
        self.write(&format!("{text}\n"))
    }

    /// Prints text as it is.
    pub(crate) fn write(&self, text: &str) -> Outcome {
        if self.silent || self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.printed(io::stdout().write_all(text.as_bytes()))
    }

    /// Has what was printed seen at once, on a terminal.
    pub(crate) fn flush(&self) -> Outcome {
        if self.is_terminal() { self.finish() } else { Ok(()) }
    }

    /// Prints a value as JSON, indented.
    pub(crate) fn json(&self, value: &impl Serialize) -> Outcome {
        self.write(&json(value)?)
    }

    /// Tells the user something beside the result, on standard error.
    pub(crate) fn note(&self, text: impl Display) {
        if self.silent {
            return;
        }
        // Nothing can be done for a user who closed standard error.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Tells why the program ends.
    pub(crate) fn failure(&self, failure: &Failure) {
        let told = self.json && {
            let mut error = serde_json::json!({ "error": { "message": failure.for_programs() } });
            if let Some(position) = failure.position() {
                error["error"]["position"] = position.into();
            }
            self.line(error).and_then(|()| self.finish()).is_ok()
        };
        if told {
            return;
        }
        if io::stderr().is_terminal() && self.colour {
            self.note(format_args!("\x1b[1;31merror\x1b[0m: {}", failure.message()));
        } else {
            self.note(format_args!("error: {}", failure.message()));
        }
    }

    /// Text in bold on a terminal.
    pub(crate) fn bold(&self, text: impl Display) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_string() }
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// A chart in characters, as wide as the terminal, 80 times 24 where there is none. A row is left
    /// for the prompt.
    ///
    /// `printed`: it goes to standard output, in colours if that takes them.
    pub(crate) fn drawn(&self, chart: &Chart, printed: bool) -> Outcome<String> {
        let size = if printed { Term::stdout().size_checked() } else { None };
        let (rows, columns) = size.unwrap_or((24, 80));
        let colours = printed && self.colour;
        Ok(chart.terminal(columns.into(), usize::from(rows).saturating_sub(1), colours)?)
    }

    /// What writing to standard output came to: a reader that went away is no failure.
    pub(crate) fn printed(&self, result: io::Result<()>) -> Outcome {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(Failure::failed(format!("standard output: {error}"))),
        }
    }

    /// Writes out what is still held back.
    pub(crate) fn finish(&self) -> Outcome {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.printed(io::stdout().flush())
    }
}

/// A value as JSON, indented, with a line end.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> Outcome<String> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::failed)? + "\n")
}
