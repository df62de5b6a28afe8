//! The workloads of the benchmark suite: one line of JSON for each.
//!
//! `gradtape-bench WORKLOAD [--compiled] [--threads N] [--isa NAME] [--digits FILE]`; without a workload, the
//! list. `--compiled` records a step once instead of each time; `--isa` takes the vector instructions `avx512`,
//! `avx2` or `portable` instead of the widest; `--digits` names the CSV file that the cold start reads instead of
//! the embedded digits.
//!
//! `gradtape-bench floors` prints, for each instruction set, what share of a loop of multiplications and additions
//! on registers matrix products reach; `gradtape-bench threads`, what more threads gain over one; `gradtape-bench half`,
//! what numbers of 16 bits save; `gradtape-bench sequences`, what attention costs as sequences grow longer.

mod floors;
mod half;
mod layers;
mod measure;
mod networks;
mod sequences;
mod threads;
mod workloads;

use std::process::ExitCode;

use gradtape::Result;
use gradtape::engine::cpu;

const USAGE: &str =
    "usage: gradtape-bench WORKLOAD [--compiled] [--threads N] [--isa NAME] [--digits FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            let names: Vec<&str> = workloads::ALL.iter().map(|(name, _)| *name).collect();
            eprintln!("{USAGE}");
            eprintln!("workloads: {} cold-start", names.join(" "));
            eprintln!("tables: floors half sequences threads");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the named workload; `false` when the words on the command line name none.
fn run(arguments: &[String]) -> Result<bool> {
    let Some((name, flags)) = arguments.split_first() else { return Ok(false) };
    let (mut compiled, mut digits) = (false, None);
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        let mut value = || flags.next().map(String::as_str);
        match flag.as_str() {
            "--compiled" => compiled = true,
            "--threads" => match value().and_then(|count| count.parse().ok()) {
                Some(count) => cpu::set_threads(count),
                None => return Ok(false),
            },
            "--isa" => match value() {
                Some(name) => cpu::set_isa(name.parse()?)?,
                None => return Ok(false),
            },
            "--digits" => match value() {
                Some(file) => digits = Some(file),
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
    }
    match name.as_str() {
        "floors" => floors::print()?,
        "half" => half::print()?,
        "sequences" => sequences::print()?,
        "threads" => threads::print()?,
        "cold-start-child" => {
            let accuracy = workloads::cold_start(digits)?;
            println!("{accuracy} {}", measure::peak_rss_mb()?);
        }
        "cold-start" => {
            println!("{}", measure::cold_starts("cold-start-child", &arguments[1..])?.json(name))
        }
        _ => match workloads::ALL.iter().find(|(known, _)| known == name) {
            Some((_, workload)) => println!("{}", workload(compiled)?.json(name)),
            None => return Ok(false),
        },
    }
    Ok(true)
}
