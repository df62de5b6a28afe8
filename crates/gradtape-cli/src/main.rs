//! The command line of gradtape.
//!
//! A verb is a file with a struct of its arguments that implements [`Verb`]. To add one: name the
//! file, and add the word to the list.

mod advice;
mod baseline;
mod contributions;
mod deal;
mod descend;
mod division;
mod error;
mod evaluate;
mod explain;
#[cfg(feature = "onnx")]
mod export;
mod expression;
mod fit;
mod flags;
mod folds;
mod generate;
mod hyper;
mod importance;
mod inspect;
mod interrupt;
mod interval;
mod layers;
mod mean;
mod measure;
mod memory;
mod model;
mod network;
mod ops;
mod output;
mod page;
mod pieces;
mod play;
mod plot;
mod predict;
mod profile;
mod progress;
mod quiz;
mod record;
mod reference;
mod report;
mod rows;
#[cfg(feature = "serve")]
mod serve;
mod settings;
mod show;
mod source;
mod text;
mod train;
mod tune;
mod words;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::error::{Failure, Outcome};
use crate::output::Output;

/// What a subcommand does with its arguments.
trait Verb: clap::Args {
    fn run(self, output: &Output) -> Outcome;
}

macro_rules! verbs {
    ($($(#[$when:meta])? $name:ident: $arguments:ty;)*) => {
        #[derive(Subcommand)]
        enum Command {
            $($(#[$when])? $name(Box<$arguments>),)*
        }

        impl Command {
            fn run(self, output: &Output) -> Outcome {
                match self {
                    $($(#[$when])? Command::$name(arguments) => arguments.run(output),)*
                }
            }
        }
    };
}

verbs! {
    Train: train::Train;
    Tune: tune::Tune;
    Evaluate: evaluate::Evaluate;
    Predict: predict::Predict;
    Inspect: inspect::Inspect;
    Generate: generate::Generate;
    #[cfg(feature = "onnx")]
    Export: export::Export;
    #[cfg(feature = "serve")]
    Serve: serve::Serve;
    Explain: explain::Explain;
    Descend: descend::Descend;
    Fit: fit::Fit;
    Plot: plot::Plot;
    Play: play::Play;
    Show: show::Show;
    Profile: profile::Profile;
    Ops: ops::Ops;
    Record: record::Record;
    Layers: layers::Layers;
}

/// A gradient tape that trains networks and shows how they learn.
#[derive(Parser)]
#[command(
    name = "gradtape",
    version,
    after_help = "`gradtape <VERB> --help` explains each verb, with examples. Start with `gradtape train`.",
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs"
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = profile::without_train(std::env::args_os().collect());
    let output = Output::new(asks_for_json(&arguments));
    let verb = arguments.get(1).cloned().unwrap_or_default();
    let outcome = flags::known(&arguments, &Line::command()).and_then(|()| {
        if let Some(comparison) = train::Comparison::of(&arguments)? {
            return comparison.run(&output);
        }
        match Line::try_parse_from(arguments) {
            Ok(line) => line.command.run(&output),
            Err(error) => refuse(error, &verb, &output),
        }
    });
    outcome.and_then(|()| output.finish()).map_or_else(
        |failure| {
            output.failure(&failure);
            ExitCode::from(failure.status())
        },
        |()| ExitCode::SUCCESS,
    )
}

/// Help is printed; anything else that the parser has to say is wrong use.
fn refuse(error: clap::Error, verb: &OsStr, output: &Output) -> Outcome {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output.printed(error.print()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::usage(format!("what to do is missing\n\n{}", error.render())))
        }
        _ => {
            // What the standard library says of numbers, in words for people.
            let text = error.render().to_string();
            let text = text.replace("invalid float literal", "it must be a number");
            let text = text.replace("invalid digit found in string", "it must be a whole number");
            let text = text.replace("number too large to fit in target type", "it is too large");
            let mut text = text.trim().trim_start_matches("error: ").to_string();
            if let (ErrorKind::UnknownArgument, Some(ContextValue::String(flag)), Some(verb)) = (
                error.kind(),
                error.get(ContextKind::InvalidArg),
                Line::command().find_subcommand(verb),
            ) && let Some(tip) = flags::foreign(flag, verb)
            {
                // What looks alike is something else.
                let head = text.split("\n\n").next().unwrap_or_default();
                let usage = text.find("\n\nUsage:").map_or("", |at| &text[at..]);
                text = format!("{head}\n\n  tip: {tip}{usage}");
            }
            let end = ["\n\nUsage:", "\n\nFor more information"]
                .iter()
                .filter_map(|summary| text.find(summary))
                .min();
            Err(Failure::usage(&text).plain(&text[..end.unwrap_or(text.len())]))
        }
    }
}

/// Whether a failure is to be told as JSON, also when the arguments cannot be understood.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let follows = |pair: &[OsString]| pair[0] == "--format" && pair[1] == "json";
    arguments.windows(2).any(follows) || arguments.iter().any(|word| word == "--format=json")
}
