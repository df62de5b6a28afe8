//! What the verbs on expressions share: points, and results that go to a file or to the terminal.

use std::path::PathBuf;

use clap::ValueEnum;
use gradtape::io;
use gradtape_calculus::Trace;

use crate::error::{Failure, Outcome};
use crate::output::Output;

/// Values for variables: a flag such as `--at x=1,y=-2` may be given more than once.
#[derive(Clone, Debug)]
pub(crate) struct Point(Vec<(String, f64)>);

/// The values by name.
pub(crate) fn entries(points: &[Point]) -> Vec<(&str, f64)> {
    let all = points.iter().flat_map(|point| &point.0);
    all.map(|(name, value)| (name.as_str(), *value)).collect()
}

/// Reads a point for clap.
pub(crate) fn point(text: &str) -> Result<Point, String> {
    let mut entries: Vec<(String, f64)> = Vec::new();
    for part in text.split(',').filter(|_| !text.trim().is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            let is_number = part.trim().bytes().all(|byte| byte.is_ascii_digit());
            return Err(match entries.last() {
                Some((name, whole)) if is_number && whole.fract() == 0.0 => {
                    format!("a number has a point, not a comma: {name}={whole}.{}", part.trim())
                }
                _ => format!("{part:?} is not NAME=VALUE"),
            });
        };
        let value = value.trim();
        let number: f64 = value.parse().map_err(|_| match value.contains('=') {
            true => format!("commas stand between values, as in x=1,y=2, not as in {part:?}"),
            false => format!("{value:?} is not a number"),
        })?;
        if !number.is_finite() {
            return Err(format!("{}: {value} is not a finite number", name.trim()));
        }
        entries.push((name.trim().to_string(), number));
    }
    Ok(Point(entries))
}

/// Fails for a program with loops or branches, where one formula for all places is wanted.
pub(crate) fn no_program(text: &str, what: &str) -> Outcome {
    match Trace::is_program(text) {
        true => Err(Failure::usage(format!(
            "{what} is for expressions; a program with loops or branches is another formula at each point\n  hint: \
             `gradtape explain` runs it at one point and differentiates what it did: gradtape explain \"{}\" --at …",
            text.trim()
        ))),
        false => Ok(()),
    }
}

/// Puts a caret under the place of an error in the text of the expression that it is about.
pub(crate) fn placed<T>(result: gradtape_calculus::Result<T>, text: &str) -> Outcome<T> {
    result.map_err(|error| error.shown_in(text).into())
}

/// Endings of files that nothing opens which expects what they say, if something else is in them.
const ENDINGS: [&str; 14] = [
    "svg", "html", "htm", "json", "csv", "md", "dot", "png", "jpg", "jpeg", "gif", "webp", "pdf",
    "tex",
];

/// How to show a result: as asked for, else as the name of the file says, else the usual way. Fails for the
/// ending of a picture or a page that is not among the formats.
pub(crate) fn format<F: ValueEnum>(
    asked: Option<F>,
    file: Option<&PathBuf>,
    usual: F,
) -> Outcome<F> {
    let ending = file.and_then(|file| file.extension()?.to_str());
    let (None, Some(ending), Some(file)) = (&asked, ending, file) else {
        return Ok(asked.unwrap_or(usual));
    };
    match F::from_str(ending, true) {
        Ok(format) => Ok(format),
        Err(_) if ENDINGS.contains(&&*ending.to_lowercase()) => {
            let known = F::value_variants().iter().filter_map(F::to_possible_value);
            let known: Vec<String> = known.map(|value| value.get_name().to_string()).collect();
            let (file, known) = (file.display(), known.join(", "));
            Err(Failure::usage(format!(
                "{file}: this is not written as {ending}\n  hint: it can be {known}; --format chooses one \
                 for any ending"
            )))
        }
        Err(_) => Ok(usual),
    }
}

/// Prints a result, or writes it to a file, whole or not at all.
pub(crate) fn deliver(text: &str, file: Option<&PathBuf>, output: &Output) -> Outcome {
    match file {
        Some(path) => io::write_atomic(path, text.as_bytes()).map_err(Failure::usage),
        None => output.write(text),
    }
}
