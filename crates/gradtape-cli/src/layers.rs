//! `gradtape layers`: the table of layers that a model file can hold.

use clap::Args;
use gradtape::nn::{LayerInfo, LayerSpec};
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::{Align, Format, Table};

/// List the layers that a model file can hold, or explain one.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape layers                  every layer with what it takes and gives
  gradtape layers conv2d           its arguments, shapes and what it does
  gradtape layers --format json    the same for programs")]
pub(crate) struct Layers {
    /// The layer to explain, by its name (Conv2d) or its tag in a model file (conv2d)
    name: Option<String>,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Verb for Layers {
    fn run(self, output: &Output) -> Outcome {
        let Some(name) = &self.name else {
            return match self.format {
                Format::Text => output.line(table()),
                Format::Json => {
                    output.json(&LayerSpec::TABLE.iter().map(Entry::of).collect::<Vec<_>>())
                }
            };
        };
        let found = LayerSpec::TABLE.iter().find(|info| info.name == name || info.tag() == *name);
        let Some(info) = found else {
            let tags: Vec<String> = LayerSpec::TABLE.iter().map(LayerInfo::tag).collect();
            return Err(Failure::unknown("layer", name, tags.iter().map(|tag| &tag[..])));
        };
        match self.format {
            Format::Text => output.line(Entry::of(info).text(output)),
            Format::Json => output.json(&Entry::of(info)),
        }
    }
}

fn table() -> Table {
    let headings = ["layer", "input", "output", "what it does"];
    let mut table = Table::new(headings.map(|heading| (heading, Align::Left)));
    for info in LayerSpec::TABLE {
        table.row([info.name, info.input, info.output, info.what]);
    }
    table
}

/// What is told of a layer.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    tag: String,
    arguments: &'static [&'static str],
    input: &'static str,
    output: &'static str,
    what: &'static str,
}

impl Entry {
    fn of(info: &LayerInfo) -> Entry {
        let &LayerInfo { name, input, output, what, .. } = info;
        Entry { name, tag: info.tag(), arguments: info.arguments(), input, output, what }
    }

    fn text(&self, output: &Output) -> String {
        let arguments = match self.arguments {
            [] => String::from("none"),
            all => all.join(", "),
        };
        format!(
            "{}\n  what       {}\n  input      {}\n  output     {}\n  arguments  {arguments}\n  in a file  \
             {{\"layer\": {:?}, …}}",
            output.bold(self.name),
            self.what,
            self.input,
            self.output,
            self.tag
        )
    }
}
