//! `gradtape show`: what the planner makes of a step.

use clap::Args;
use clap::builder::PossibleValuesParser;
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Blueprint, Sequential};
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
  gradtape show --network lenet --pass lower        convolutions, which are contractions that read images
  gradtape show --network cnn:8c3-p2-16 --image 3x32x32
  gradtape show --pass lower                        only the program that runs
  gradtape show --all                               what the passes between are told by too
  gradtape show --summary                           only what each pass saves
  gradtape show \"tanh(x)*exp(-y^2)\" --batch 1000    an expression with its gradient
  gradtape show --format json")]
pub(crate) struct Show {
    /// An expression; its variables are arrays of as many numbers as --batch says
    #[arg(conflicts_with_all = ["network", "image", "activation", "optimizer", "dropout"])]
    expr: Option<String>,

    /// How many rows make a step
    #[arg(long, default_value_t = 32, value_name = "ROWS", value_parser = count)]
    batch: usize,

    /// The widths of a network from its inputs to its classes, with commas; or one for images as in train, for ten
    /// classes: lenet, resnet8 or cnn:PARTS
    #[arg(long, value_name = "WIDTHS or NAME", default_value = "64,32,10", value_parser = network)]
    network: Network,

    /// Channels, height and width of the images [default: 1x28x28]
    #[arg(long, value_name = "CxHxW", value_parser = image)]
    image: Option<[usize; 3]>,

    /// relu, leaky_relu, gelu, silu, sigmoid or tanh, between widths [default: relu]
    #[arg(long)]
    activation: Option<Activation>,

    /// How the step follows from gradients
    #[arg(
        long,
        default_value = "adam",
        value_parser = PossibleValuesParser::new(optim::NAMES)
    )]
    optimizer: String,

    /// The share of hidden values that is dropped, between widths [default: 0]
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f64>,

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

/// Of networks for images.
const CLASSES: usize = 10;

/// Networks beyond this are as well looked at in small.
const MOST_NUMBERS: usize = 100_000_000;

/// What `--network` names.
#[derive(Clone, Debug)]
enum Network {
    Widths(Vec<usize>),
    Images(Blueprint),
}

/// Reads a network for clap.
fn network(text: &str) -> Result<Network, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.split(',').map(count).collect::<Result<_, _>>().map(Network::Widths);
    }
    text.parse().map(Network::Images).map_err(|error: gradtape::Error| error.to_string())
}

/// Reads the sizes of images for clap.
fn image(text: &str) -> Result<[usize; 3], String> {
    let sizes: Vec<usize> = text.split('x').map(count).collect::<Result<_, _>>()?;
    sizes.try_into().map_err(|_| "it is channels, height and width, as in 1x28x28".to_string())
}

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
        let (network, inputs, called) = match &self.network {
            Network::Widths(widths) => self.perceptron(widths)?,
            Network::Images(blueprint) => self.of_images(blueprint)?,
        };
        let optimizer = optim::by_name(&self.optimizer, &network, &Hyper::default())?;
        let shape = [&[self.batch], &inputs[..]].concat();
        let (graph, _) = eval::trace(|tape| {
            let x = tape.constant(Tensor::zeros(shape, DType::F32));
            let labels = tape.constant(Tensor::zeros([self.batch], DType::I64));
            let loss = cross_entropy(network.forward(x), labels);
            optimizer.step(loss)?;
            Ok(vec![loss])
        })?;
        let rows = thousands(self.batch);
        Ok((format!("a step of training: {called}, {}, {rows} rows", self.optimizer), graph))
    }

    /// A network of these widths, the shape of a row, and what it is called.
    fn perceptron(&self, widths: &[usize]) -> Outcome<(Sequential, Vec<usize>, String)> {
        let [inputs, .., _] = *widths else {
            return Err(Failure::usage("--network needs two widths at least, as in 64,32,10"));
        };
        if self.image.is_some() {
            return Err(Failure::usage("--image is for networks of images")
                .note("hint: gradtape show --network lenet --image 1x28x28"));
        }
        let sizes = std::iter::once(&self.batch).chain(widths);
        let pairs = sizes.clone().zip(sizes.skip(1)).map(|(a, b)| a.saturating_mul(*b));
        if pairs.fold(0, usize::saturating_add) > MOST_NUMBERS {
            return Err(self.too_large(&format!("layers of {widths:?}")));
        }
        let activation = self.activation.unwrap_or(Activation::Relu);
        let dropout = self.dropout.unwrap_or(0.0);
        let network = Sequential::mlp(widths, activation, dropout, &mut Rng::new(42))
            .map_err(Failure::usage)?;
        let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
        Ok((network, vec![inputs], format!("{} network", widths.join("-"))))
    }

    /// A network for images, the shape of one, and what it is called.
    fn of_images(&self, blueprint: &Blueprint) -> Outcome<(Sequential, Vec<usize>, String)> {
        if self.activation.is_some() || self.dropout.is_some() {
            return Err(Failure::usage(format!(
                "--activation and --dropout are for widths: {blueprint} has its own"
            ))
            .note("hint: a part of cnn:PARTS can be d0.5, a dropout of one half"));
        }
        let image = self.image.unwrap_or([1, 28, 28]);
        let numbers = image.iter().fold(self.batch, |all, &size| all.saturating_mul(size));
        let size = image.map(|size| size.to_string()).join("x");
        if numbers > MOST_NUMBERS {
            return Err(self.too_large(&format!("images of {size}")));
        }
        let network = blueprint.build(image, CLASSES, &mut Rng::new(42)).map_err(Failure::usage)?;
        Ok((network, image.to_vec(), format!("{blueprint} on images of {size}")))
    }

    fn too_large(&self, what: &str) -> Failure {
        let (rows, most) = (self.batch, thousands(MOST_NUMBERS));
        Failure::usage(format!(
            "a step of {rows} rows through {what} holds more than {most} numbers"
        ))
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
