//! `gradtape play`: the page in which a network is trained live.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use gradtape::io;
use gradtape_play::{Session, Settings, Source, page};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::output::Output;

/// Train a network live in a page: see the boundary move, units answer and gradients flow
///
/// The page is one file, with the library in it as a WebAssembly module: no network, no server, no installation. Without
/// --out it is written to a temporary file, which is opened in the browser. Everything on it stands in its address, so
/// that a lesson can be linked.
#[derive(Args)]
#[command(
    after_help = "Settings are those of the page, by the names of the flags of `gradtape train` where it has them:
  data, samples, noise, seed, formula, test-fraction, hidden, activation, dropout, init, loss, optimizer and
  its settings, lr, schedule, epochs, batch, l1, l2, clip-norm. Of the page alone: versus=batch:1 trains a second
  network beside the first with that setting, run=100 begins with a hundred steps.

Examples:
  gradtape play                                          opens the page
  gradtape play data=spiral hidden=16,16 lr=0.02         opens it with a lesson
  gradtape play 'data=formula' 'formula=y > sin(3*x)'    two classes that a formula divides
  gradtape play --out play.html                          writes it: put it on a web site"
)]
pub(crate) struct Play {
    /// What the page opens with, as in data=xor hidden=4 activation=relu
    #[arg(value_name = "NAME=VALUE")]
    settings: Vec<String>,

    /// Write the page to this file (.html) and open nothing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Verb for Play {
    fn run(self, output: &Output) -> Outcome {
        let (of_page, words): (Vec<String>, Vec<String>) = self
            .settings
            .iter()
            .cloned()
            .partition(|word| OF_PAGE.iter().any(|name| word.split('=').next() == Some(name)));
        let settings = session(&words)?;
        for word in &of_page {
            let Some(other) = word.strip_prefix("versus=") else { continue };
            let (name, value) = other.split_once(':').ok_or_else(|| {
                Failure::usage(format!(
                    "versus={other}: what has the second network otherwise?\n  hint: name a setting and its value, as \
                     in versus=batch:1"
                ))
            })?;
            session(&[&words[..], &[format!("{name}={value}")]].concat())?;
        }
        let lines: String = of_page.iter().map(|word| format!("{word}\n")).collect();
        let page = page(&(settings.text() + &lines));
        match &self.out {
            Some(path) => {
                check(path)?;
                io::write_atomic(path, page.as_bytes())?;
                output.line(format_args!("{} ({} kB)", path.display(), page.len() / 1000))
            }
            None => {
                let path = temporary(&page)?;
                match open(&path) {
                    true => {
                        output.line(format_args!("{} is opened in the browser", path.display()))
                    }
                    false => output.line(format_args!(
                        "{}\nopen it in a browser; --out FILE writes it to another place",
                        path.display()
                    )),
                }
            }
        }
    }
}

/// What the page knows beside the settings of a session: a second network, what edges show, how fast, and steps to begin
/// with.
const OF_PAGE: [&str; 4] = ["versus", "edges", "speed", "run"];

/// The settings of words. What does not fit together is told here, and not on the page; a table comes there.
fn session(words: &[String]) -> Outcome<Settings> {
    let settings = Settings::read(&words.join("\n")).map_err(Failure::usage)?;
    if settings.data != Source::Csv {
        Session::new(settings.clone(), None).map_err(Failure::usage)?;
    }
    Ok(settings)
}

fn check(path: &Path) -> Outcome {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("html" | "htm") => Ok(()),
        _ => Err(Failure::usage(format!(
            "--out {}: the page is HTML\n  hint: name a file that ends in .html",
            path.display()
        ))),
    }
}

/// A file that stays after the program has ended, since a browser reads it when it pleases.
fn temporary(page: &str) -> Outcome<PathBuf> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("the page cannot be written to a temporary file: {error}"))
            .note("hint: --out FILE writes it to a place of yours")
    };
    let made = tempfile::Builder::new().prefix("gradtape-play-").suffix(".html").tempfile();
    let mut file = made.map_err(|error| failed(&error))?;
    file.write_all(page.as_bytes()).map_err(|error| failed(&error))?;
    let (_, path) = file.keep().map_err(|error| failed(&error))?;
    Ok(path)
}

/// Whether the system's way to open a file took it.
fn open(path: &Path) -> bool {
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(before).arg(path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
