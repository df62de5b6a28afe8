//! `gradtape generate`: how a model goes on with a text.

use std::path::PathBuf;

use clap::Args;
use gradtape::Rng;
use gradtape::nn::Sampling;
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::flags::number;
use crate::output::Output;
use crate::report::Format;
use crate::text::TextModel;
use crate::train::count;

/// Go on with a text, by a model that `gradtape train TEXT --network gpt:4x128` wrote
///
/// Prints the prompt and what follows, token after token; a token is a character, or what
/// --vocabulary made of the text. The same model, prompt and seed give the same text.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape generate model.safetensors
  gradtape generate model.safetensors --prompt 'To be, or' --length 1000
  gradtape generate model.safetensors --temperature 0.8 --top-k 20 --seed 7
  gradtape generate model.safetensors --temperature 0 --format json")]
pub(crate) struct Generate {
    /// The model file that `gradtape train` wrote
    model: PathBuf,

    /// What to go on from [default: a line end, if the text had any]
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,

    /// How many tokens follow
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 500)]
    length: usize,

    /// Below 1 what is likely gets likelier; 0 takes the likeliest always
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = number,
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    temperature: f64,

    /// Draw from so many of the likeliest [default: all]
    #[arg(long, value_name = "K", value_parser = count)]
    top_k: Option<usize>,

    /// Decides what is drawn
    #[arg(long, default_value_t = 42)]
    seed: u64,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Verb for Generate {
    fn run(self, output: &Output) -> Outcome {
        if !self.temperature.is_finite() || self.temperature < 0.0 {
            return Err(Failure::usage(format!(
                "--temperature is {}, but must be a finite number of at least 0",
                self.temperature
            )));
        }
        let text = TextModel::load(&self.model)?;
        let prompt = self.prompt.clone().unwrap_or_else(|| match text.vocabulary.encode("\n") {
            Ok(_) => "\n".to_string(),
            Err(_) => text.vocabulary.tokens().first().cloned().unwrap_or_default(),
        });
        if prompt.is_empty() {
            return Err(Failure::usage(
                "--prompt is empty, but the text must begin with something",
            ));
        }
        let tokens =
            text.vocabulary.encode(&prompt).map_err(|e| Failure::usage(e.context("--prompt")))?;
        let sampling = Sampling { temperature: self.temperature, top_k: self.top_k };
        let rng = Rng::new(self.seed);
        let next = text.transformer.continuation(&tokens, sampling, rng)?.take(self.length);
        let show = self.format == Format::Text;
        if show {
            output.write(&prompt)?;
        }
        let mut follows = String::new();
        for token in next {
            let token = text.vocabulary.decode(&[token?])?;
            if show {
                output.write(&token)?;
                output.flush()?;
            }
            follows += &token;
        }
        match self.format {
            Format::Text => output.line(""),
            Format::Json => output.json(&Report { prompt, tokens: self.length, text: follows }),
        }
    }
}

#[derive(Serialize)]
struct Report {
    prompt: String,
    /// How many tokens follow the prompt.
    tokens: usize,
    /// What follows the prompt.
    text: String,
}
