//! `gradtape record`: a whole training as a process of its own, against the clock.

#[allow(unreachable_pub, reason = "an example, whose items it shows")]
#[path = "../../gradtape/examples/mnist99.rs"]
mod mnist99;
#[allow(unreachable_pub, reason = "an example, whose items it shows")]
#[path = "../../gradtape/examples/shakespeare.rs"]
mod shakespeare;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::{Args, ValueEnum};
use gradtape::engine::cpu::{self, Isa};
use serde::{Deserialize, Serialize};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::{Align, Format, Table};

/// Run a record: train from nothing to a stated result, and tell how long whole processes took.
///
/// The recipes are the examples `mnist99` and `shakespeare` of the library.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape record mnist99 --data mnist/                  20 seeds to 99 % of MNIST's test images
  gradtape record shakespeare --data input.txt --seeds 3 to a loss of 1.88 on held-out text
  gradtape record mnist99 --data mnist/ --out records.csv  adds a line to a table")]
pub(crate) struct Record {
    /// Which: mnist99, a convolutional network to 99 % of MNIST's test images, as the mean of all seeds; shakespeare, a
    /// model of letters to a loss of 1.88 on the held-out tenth of a text
    #[arg(value_enum)]
    name: Name,

    /// The folder of MNIST's files; the text
    #[arg(long, value_name = "PATH")]
    data: PathBuf,

    /// How many seeds, each a process [default: 20 of mnist99, 3 of shakespeare]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,

    /// Threads [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    threads: Option<u64>,

    /// The vector instructions: avx512, avx2 or portable [default: the best that the machine has]
    #[arg(long, value_name = "NAME")]
    isa: Option<Isa>,

    /// A table (CSV) to which a line is added
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// For people or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// One training in this process
    #[arg(long, hide = true, value_name = "SEED")]
    alone: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Mnist99,
    Shakespeare,
}

/// What a training came to.
#[derive(Deserialize, Serialize)]
struct Trained {
    seed: u64,
    score: f64,
    steps: u64,
    operations: f64,
    /// Of the whole process.
    #[serde(default)]
    seconds: f64,
}

/// What all of them came to.
#[derive(Serialize)]
struct Report {
    record: &'static str,
    machine: String,
    isa: &'static str,
    threads: usize,
    commit: String,
    score: f64,
    reached: bool,
    seconds: f64,
    operations: f64,
    share_of_peak: f64,
    runs: Vec<Trained>,
}

impl Verb for Record {
    fn run(self, output: &Output) -> Outcome {
        if let Some(isa) = self.isa {
            cpu::set_isa(isa).map_err(|error| Failure::usage(error.context("--isa")))?;
        }
        if let Some(threads) = self.threads {
            cpu::set_threads(usize::try_from(threads).unwrap_or(usize::MAX));
        }
        if let Some(seed) = self.alone {
            return output.json(&self.alone(seed)?);
        }
        let seeds = self.seeds.unwrap_or(self.name.seeds());
        let mut runs = Vec::new();
        for seed in 1..=seeds {
            let run = self.process(seed)?;
            if self.format == Format::Text {
                output.line(format!(
                    "seed {seed:>2}: {} in {:.2} s, {} steps",
                    self.name.told(run.score),
                    run.seconds,
                    run.steps
                ))?;
                output.flush()?;
            }
            runs.push(run);
        }
        let report = self.report(runs);
        if let Some(file) = &self.out {
            add_line(file, &report)?;
        }
        match self.format {
            Format::Json => output.json(&report),
            Format::Text => {
                output.line("")?;
                output.line(report.table(self.name))
            }
        }
    }
}

impl Record {
    fn alone(&self, seed: u64) -> Result<Trained, Failure> {
        Ok(match self.name {
            Name::Mnist99 => {
                let mnist99::Run { score, steps, operations } = mnist99::run(&self.data, seed)?;
                Trained { seed, score, steps, operations, seconds: 0.0 }
            }
            Name::Shakespeare => {
                let run = shakespeare::run(&self.data, seed)?;
                let shakespeare::Run { score, steps, operations } = run;
                Trained { seed, score, steps, operations, seconds: 0.0 }
            }
        })
    }

    /// The training of a seed as a process of its own, from its start to its end.
    fn process(&self, seed: u64) -> Result<Trained, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::failed(format!("this program is not to be found: {error}"))
        })?;
        let mut command = Command::new(program);
        command.args(["record", self.name.word(), "--format", "json", "--alone"]);
        command.arg(seed.to_string()).arg("--data").arg(&self.data);
        if let Some(isa) = self.isa {
            command.args(["--isa", isa.name()]);
        }
        if let Some(threads) = self.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let start = Instant::now();
        let done = command.stderr(Stdio::inherit()).output();
        let seconds = start.elapsed().as_secs_f64();
        let done = done.map_err(|error| Failure::failed(format!("seed {seed}: {error}")))?;
        let told = String::from_utf8_lossy(&done.stdout);
        if !done.status.success() {
            let told: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
            let why = told["error"]["message"].as_str().unwrap_or("it ended early").to_string();
            return Err(Failure::failed(format!("seed {seed}: {why}")));
        }
        let trained: Trained = serde_json::from_str(&told)
            .map_err(|error| Failure::failed(format!("seed {seed}: {error}")))?;
        Ok(Trained { seconds, ..trained })
    }

    fn report(&self, runs: Vec<Trained>) -> Report {
        let count = runs.len() as f64;
        let mean = |of: fn(&Trained) -> f64| runs.iter().map(of).sum::<f64>() / count;
        let (score, seconds) = (mean(|run| run.score), mean(|run| run.seconds));
        let operations = mean(|run| run.operations);
        let threads = cpu::threads();
        Report {
            record: self.name.word(),
            machine: machine(),
            isa: cpu::isa().name(),
            threads,
            commit: commit(),
            score,
            reached: self.name.reached(score),
            seconds,
            operations,
            share_of_peak: operations / seconds / (peak() * threads as f64),
            runs,
        }
    }
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Name::Mnist99 => "mnist99",
            Name::Shakespeare => "shakespeare",
        }
    }

    fn seeds(self) -> u64 {
        match self {
            Name::Mnist99 => 20,
            Name::Shakespeare => 3,
        }
    }

    fn reached(self, score: f64) -> bool {
        match self {
            Name::Mnist99 => score >= 99.0,
            Name::Shakespeare => score <= 1.88,
        }
    }

    fn told(self, score: f64) -> String {
        match self {
            Name::Mnist99 => format!("{score:.2} % right"),
            Name::Shakespeare => format!("a loss of {score:.3}"),
        }
    }
}

impl Report {
    fn table(&self, name: Name) -> Table {
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        let reached = if self.reached { "reached" } else { "not reached" };
        let mut row = |what: &str, value: String| table.row([what, &value]);
        row("mean", format!("{} ({reached})", name.told(self.score)));
        row("seconds", format!("{:.2}", self.seconds));
        row("operations", format!("{:.3e}", self.operations));
        row("share of peak", format!("{:.0} %", 100.0 * self.share_of_peak));
        row("machine", format!("{}, {}, {} threads", self.machine, self.isa, self.threads));
        row("commit", self.commit.clone());
        table
    }
}

/// Adds a line to a table, under a line of headings where the file is new.
fn add_line(file: &Path, report: &Report) -> Outcome {
    let failed = |error| Failure::failed(format!("{}: {error}", file.display()));
    let new = !file.exists();
    let mut table =
        std::fs::OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
    let heading =
        "record,machine,isa,threads,commit,seeds,score,seconds,operations,share_of_peak\n";
    let Report { record, machine, isa, threads, commit, score, seconds, operations, .. } = report;
    let (seeds, share) = (report.runs.len(), report.share_of_peak);
    let line = format!(
        "{record},{machine},{isa},{threads},{commit},{seeds},{score:.3},{seconds:.2},{operations:.3e},{share:.3}\n"
    );
    let text = if new { format!("{heading}{line}") } else { line };
    table.write_all(text.as_bytes()).map_err(failed)
}

/// Floating-point operations a second of one core, at most.
fn peak() -> f64 {
    let mut best = 0f64;
    for _ in 0..20 {
        let start = Instant::now();
        let done = cpu::multiply_adds::<f32>(Isa::best(), 100_000);
        best = best.max(done as f64 / start.elapsed().as_secs_f64());
    }
    best
}

/// What the system calls the processor.
fn machine() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = told.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.and_then(|rest| rest.split_once(':')).map(|(_, name)| name.trim().to_string());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_string()).replace(',', " ")
}

/// The commit of the folder that the program is run in.
fn commit() -> String {
    let told = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let told = told.ok().filter(|told| told.status.success());
    let word = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_string());
    word.unwrap_or_else(|| "unknown".to_string())
}
