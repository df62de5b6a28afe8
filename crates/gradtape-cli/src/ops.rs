//! `gradtape ops`: the table of operations, and what each does.

use clap::Args;
use gradtape::op::{self, Method, Op, OpInfo};
use gradtape_calculus::{Composed, Expr, Function};
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::{Align, Format, Table};

/// List the operations of the tape, or explain one.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape ops                     every operation with what it does, and what is made of them
  gradtape ops tanh                its gradient, why it holds, an example
  gradtape ops masked_fill         by the name that another library has for it
  gradtape ops --format json       the same for programs")]
pub(crate) struct Ops {
    /// The operation to explain
    name: Option<String>,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Verb for Ops {
    fn run(self, output: &Output) -> Outcome {
        let Some(name) = &self.name else {
            return match self.format {
                Format::Text => output.line(table()),
                Format::Json => {
                    let made = made().map(|method| Entry::of_method(&method));
                    output.json(&Op::TABLE.iter().map(Entry::of).chain(made).collect::<Vec<_>>())
                }
            };
        };
        let own = operation(name).map(Entry::of);
        let Some(entry) = own.or_else(|| called(name)) else {
            let made: Vec<Method> = made().collect();
            let known = names().chain(made.iter().map(|method| method.name));
            return Err(Failure::unknown("operation", name, known));
        };
        match self.format {
            Format::Text => output.line(entry.text(output)),
            Format::Json => output.json(&entry),
        }
    }
}

/// The operation of a name.
pub(crate) fn operation(name: &str) -> Option<&'static OpInfo> {
    Op::TABLE.iter().find(|info| info.name == name)
}

/// What is made of operations.
fn made() -> impl Iterator<Item = Method> {
    op::methods().into_iter().filter(|method| !method.is_operation())
}

/// What has a name, or is called so elsewhere.
fn called(name: &str) -> Option<Entry> {
    let methods = op::methods();
    let own = methods.iter().find(|method| method.name == name);
    let method = own.or(methods.iter().find(|method| method.aliases().any(|own| own == name)))?;
    Some(operation(method.name).map_or_else(|| Entry::of_method(method), Entry::of))
}

/// The operation whose name is nearest to one that is none.
pub(crate) fn nearest_operation(name: &str) -> Option<&'static str> {
    gradtape::nearest(name, names())
}

fn names() -> impl Iterator<Item = &'static str> + Clone {
    Op::TABLE.iter().map(|info| info.name)
}

/// The family of what is no operation, but made of some.
const MADE: &str = "made";

fn table() -> Table {
    let headings = ["operation", "family", "what it does"];
    let mut table = Table::new(headings.map(|heading| (heading, Align::Left)));
    for info in Op::TABLE {
        table.row([info.name, info.family, &summary(info)]);
    }
    for Method { name, what, .. } in made() {
        table.row([name, MADE, what]);
    }
    table
}

/// The first sentence of the documentation.
fn summary(info: &OpInfo) -> String {
    let body = lines(info).skip_while(|line| line.is_empty() || line.starts_with('#'));
    let paragraph: Vec<&str> = body.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.split(". ").next().unwrap_or_default();
    sentence.trim_end_matches('.').to_string()
}

fn lines(info: &OpInfo) -> impl Iterator<Item = &'static str> {
    info.doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line))
}

/// What is told of an operation, or of a function of expressions that is made of several.
#[derive(Serialize)]
pub(crate) struct Entry {
    name: &'static str,
    family: &'static str,
    elementwise: bool,
    summary: String,
    documentation: String,
}

impl Entry {
    pub(crate) fn of(info: &OpInfo) -> Entry {
        let documentation = lines(info).collect::<Vec<_>>().join("\n");
        let OpInfo { name, family, elementwise, .. } = *info;
        Entry { name, family, elementwise, summary: summary(info), documentation }
    }

    /// What users call that records several operations.
    fn of_method(method: &Method) -> Entry {
        let Method { name, of, what, .. } = *method;
        let aliases: Vec<&str> = method.aliases().collect();
        let mut documentation = format!("# What\n{what}.\n\n# Where\n`{of}::{name}`");
        if !aliases.is_empty() {
            documentation += &format!("\n\n# Elsewhere\n{}", aliases.join(", "));
        }
        documentation += "\n\n# Gradient\nThat of the operations that it is made of";
        Entry { name, family: MADE, elementwise: false, summary: what.to_string(), documentation }
    }

    /// A function of expressions that is no operation of the tape.
    pub(crate) fn composition(function: Function) -> Outcome<Entry> {
        let (name, what) = (function.name(), function.doc());
        let documentation = match function.arity() {
            1 => {
                let slope = Expr::parse(&format!("{name}(x)"))?.derivative("x")?;
                format!("# What\n{what}\n\n# Gradient\n`g * ({slope})`")
            }
            _ => {
                let both = Expr::parse(&format!("{name}(x, y)"))?;
                let (x, y) = (both.derivative("x")?, both.derivative("y")?);
                format!("# What\n{what}\n\n# Gradient\n`g * ({x})` to `x`, `g * ({y})` to `y`")
            }
        };
        let summary = what.trim_end_matches('.').to_string();
        Ok(Entry { name, family: "composition", elementwise: true, summary, documentation })
    }

    /// A function of expressions that stands for an expression in its arguments.
    pub(crate) fn composed(composed: &Composed) -> Outcome<Entry> {
        let Composed { name, doc, example, .. } = *composed;
        let expr = Expr::parse(example)?;
        let mut documentation =
            format!("# What\n{doc}\n\n# Made of\n`{example} = {expr}`\n\n# Gradient\n");
        for variable in expr.variables() {
            documentation += &format!("`g * ({})` to `{variable}`\n", expr.derivative(variable)?);
        }
        let summary = doc.trim_end_matches('.').to_string();
        Ok(Entry { name, family: "composition", elementwise: false, summary, documentation })
    }

    /// Text for people: headings without marks, examples indented.
    pub(crate) fn text(&self, output: &Output) -> String {
        let kind = if self.elementwise { ", element by element" } else { "" };
        let mut text = format!("{} ({}{kind})\n", output.bold(self.name), self.family);
        let mut code = false;
        for line in self.documentation.lines() {
            match line.strip_prefix("# ") {
                _ if line.starts_with("```") => code = !code,
                // Lines of an example that documentation hides.
                Some(_) if code => {}
                Some(heading) => text += &format!("\n{}\n", output.bold(heading)),
                None if code => text += &format!("    {line}\n"),
                None if line.is_empty() => {}
                None => text += &format!("  {line}\n"),
            }
        }
        text.trim_end().to_string()
    }

    /// Markdown under the name, without lines that are hidden.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.name);
        let mut code = false;
        for line in self.documentation.lines() {
            if line.starts_with("```") {
                code = !code;
            } else if code && line.starts_with("# ") {
                continue;
            }
            let mark = if !code && line.starts_with("# ") { "#" } else { "" };
            text += &format!("{mark}{line}\n");
        }
        text
    }
}
