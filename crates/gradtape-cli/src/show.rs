//! `gradtape show`: what the planner makes of a step.

use clap::Args;
use clap::builder::PossibleValuesParser;
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Sequential};
use gradtape::optim::{self, Hyper, Optimizer};
use gradtape::plan::{Passes, Stage, passes};
use gradtape::tape::Graph;
use gradtape::{DType, Rng, Tensor, eval, gradients};
use gradtape_calculus::{Expr, MAX_NODES};
use serde::Serialize;

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::{Align, Format, Table, thousands};
use crate::train::count;

/// Show a recording before and after each pass of the planner
///
/// Without an expression, the recording is a step of training: forward, backward and update of a
/// network for classes. Nothing is trained. A kernel is one pass over memory; before fusion each
/// operation is one.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape show                                     a step of a network with adam
  gradtape show --network 784,128,10 --optimizer sgd --dropout 0.2
  gradtape show --pass lower                        only the program that runs
  gradtape show --all                               what the passes between are told by too
  gradtape show --summary                           only what each pass saves
  gradtape show \"tanh(x)*exp(-y^2)\" --batch 1000    an expression with its gradient
  gradtape show --format json")]
pub(crate) struct Show {
    /// An expression; its variables are arrays of as many numbers as --batch says
    #[arg(conflicts_with_all = ["network", "activation", "optimizer", "dropout"])]
    expr: Option<String>,

    /// How many rows make a step
    #[arg(long, default_value_t = 32, value_name = "ROWS", value_parser = count)]
    batch: usize,

    /// The widths of the network from its inputs to its classes, with commas
    #[arg(
        long,
        value_name = "WIDTHS",
        default_value = "64,32,10",
        value_delimiter = ',',
        value_parser = count
    )]
    network: Vec<usize>,

    /// relu, leaky_relu, gelu, silu, sigmoid or tanh
    #[arg(long, default_value = "relu")]
    activation: Activation,

    /// How the step follows from gradients
    #[arg(
        long,
        default_value = "adam",
        value_parser = PossibleValuesParser::new(optim::NAMES)
    )]
    optimizer: String,

    /// The share of hidden values that is dropped
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    dropout: f64,

    /// Print only what this pass made
    #[arg(long, value_name = "PASS", value_parser = PossibleValuesParser::new(PASSES))]
    pass: Option<String>,

    /// Print also the passes between, which make lists of nodes: what each node is, which ones share a kernel
    #[arg(long, conflicts_with = "pass")]
    all: bool,

    /// Print no recordings, only what each pass saves
    #[arg(long, conflicts_with_all = ["pass", "all"])]
    summary: bool,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const PASSES: [&str; 6] = ["record", "simplify", "classify", "fuse", "schedule", "lower"];

/// Networks beyond this are as well looked at in small.
const MOST_NUMBERS: usize = 100_000_000;

impl Verb for Show {
    fn run(self, output: &Output) -> Outcome {
        let (recorded, graph) = match &self.expr {
            Some(text) => self.expression(text)?,
            None => self.step()?,
        };
        let Passes { stages, .. } = Passes::of(&graph);
        let passes: Vec<Pass> = passes(&graph)
            .into_iter()
            .map(|(name, text)| Pass {
                name,
                cost: stages.iter().find(|stage| stage.name == name).map(PassCost::of),
                text: (!self.summary).then_some(text),
            })
            .filter(|pass| match &self.pass {
                Some(name) => name == pass.name,
                None => self.all || pass.cost.is_some(),
            })
            .collect();
        let saved = Saved::of(&stages);
        match self.format {
            Format::Json => output.json(&Report { recorded, passes, saved }),
            Format::Text if self.pass.is_some() => passes
                .iter()
                .filter_map(|pass| pass.text.as_ref())
                .try_for_each(|t| output.write(t)),
            Format::Text => {
                output.line(format!("{recorded}\n\n{}\n\n{saved}", table(&passes)))?;
                passes.iter().filter(|pass| pass.text.is_some()).try_for_each(|pass| {
                    let text = pass.text.as_deref().unwrap_or_default();
                    output.line(format!("\n{}\n{}", output.bold(pass.name), text.trim_end()))
                })
            }
        }
    }
}

impl Show {
    /// Records a step of training.
    fn step(&self) -> Outcome<(String, Graph)> {
        let [inputs, .., _] = self.network[..] else {
            return Err(Failure::usage("--network needs two widths at least, as in 64,32,10"));
        };
        let widths = std::iter::once(&self.batch).chain(&self.network);
        let pairs = widths.clone().zip(widths.skip(1)).map(|(a, b)| a.saturating_mul(*b));
        if pairs.fold(0, usize::saturating_add) > MOST_NUMBERS {
            return Err(Failure::usage(format!(
                "a step of {} rows through layers of {:?} holds more than {} numbers",
                self.batch,
                self.network,
                thousands(MOST_NUMBERS)
            )));
        }
        let network =
            Sequential::mlp(&self.network, self.activation, self.dropout, &mut Rng::new(42))
                .map_err(Failure::usage)?;
        let optimizer = optim::by_name(&self.optimizer, &network, &Hyper::default())?;
        let (graph, _) = eval::trace(|tape| {
            let x = tape.constant(Tensor::zeros([self.batch, inputs], DType::F32));
            let labels = tape.constant(Tensor::zeros([self.batch], DType::I64));
            let loss = cross_entropy(network.forward(x), labels);
            optimizer.step(loss)?;
            Ok(vec![loss])
        })?;
        let widths: Vec<String> = self.network.iter().map(usize::to_string).collect();
        let recorded = format!(
            "a step of training: {} network, {}, {} rows",
            widths.join("-"),
            self.optimizer,
            thousands(self.batch)
        );
        Ok((recorded, graph))
    }

    /// Records an expression and its derivatives by its variables.
    fn expression(&self, text: &str) -> Outcome<(String, Graph)> {
        let expr = Expr::parse(text)?;
        if expr.nodes().len() > MAX_NODES {
            let most = thousands(MAX_NODES);
            return Err(Failure::usage(format!("the expression has more than {most} parts")));
        }
        let variables: Vec<&str> = expr.variables().collect();
        if variables.is_empty() {
            return Err(Failure::usage("the expression has no variables: nothing is computed")
                .note("hint: gradtape show \"x^2\""));
        }
        let (graph, _) = eval::trace(|tape| {
            let variable = |_: &&str| tape.watch(Tensor::zeros([self.batch], DType::F64));
            let xs: Vec<_> = variables.iter().map(variable).collect();
            let y = expr.record(tape, &xs);
            let derivatives = gradients(y.sum(()), &xs);
            Ok(std::iter::once(y).chain(derivatives).collect())
        })?;
        let (by, batch) = (variables.join(", "), thousands(self.batch));
        Ok((format!("{expr}, its derivatives by {by}, {batch} at once"), graph))
    }
}

#[derive(Serialize)]
struct Report {
    recorded: String,
    passes: Vec<Pass>,
    saved: Saved,
}

/// What a pass made, and if it could be run as it is, what that would cost.
#[derive(Serialize)]
struct Pass {
    name: &'static str,
    #[serde(flatten)]
    cost: Option<PassCost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Serialize)]
struct PassCost {
    operations: usize,
    kernels: usize,
    /// Read from memory and written to it.
    bytes: usize,
    arena: usize,
}

impl PassCost {
    fn of(stage: &Stage) -> PassCost {
        PassCost {
            operations: stage.graph.nodes.len(),
            kernels: stage.kernels,
            bytes: stage.traffic,
            arena: stage.arena,
        }
    }
}

fn table(passes: &[Pass]) -> Table {
    let numbers = ["operations", "kernels", "bytes read and written", "bytes of arena"];
    let numbers = numbers.map(|heading| (heading, Align::Right));
    let mut table = Table::new(std::iter::once(("pass", Align::Left)).chain(numbers));
    for (name, cost) in passes.iter().filter_map(|pass| Some((pass.name, pass.cost.as_ref()?))) {
        let PassCost { operations, kernels, bytes, arena } = cost;
        let numbers = [operations, kernels, bytes, arena].map(|number| thousands(*number));
        table.row(std::iter::once(name.to_string()).chain(numbers));
    }
    table
}

/// What all passes together save.
#[derive(Serialize)]
struct Saved {
    kernels: usize,
    bytes: usize,
}

impl Saved {
    fn of(stages: &[Stage]) -> Saved {
        let saved = |of: fn(&Stage) -> usize| match stages {
            [first, .., last] => of(first).saturating_sub(of(last)),
            _ => 0,
        };
        Saved { kernels: saved(|stage| stage.kernels), bytes: saved(|stage| stage.traffic) }
    }
}

impl std::fmt::Display for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kernels, bytes) = (thousands(self.kernels), thousands(self.bytes));
        write!(f, "saved: {kernels} passes over memory, {bytes} bytes read and written")
    }
}
