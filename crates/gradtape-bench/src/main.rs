//! The workloads of the benchmark suite: one line of JSON for each.
//!
//! `gradtape-bench WORKLOAD [--compiled] [--threads N] [--digits FILE]`; without a workload, the list.
//! `--compiled` records a step once instead of each time; `--digits` names the CSV file that the cold
//! start reads instead of the embedded digits.

mod measure;
mod workloads;

use std::process::ExitCode;

use gradtape::Result;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            let names: Vec<&str> = workloads::ALL.iter().map(|(name, _)| *name).collect();
            eprintln!("usage: gradtape-bench WORKLOAD [--compiled] [--threads N] [--digits FILE]");
            eprintln!("workloads: {} cold-start", names.join(" "));
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
    let compiled = arguments.iter().any(|word| word == "--compiled");
    let threads = arguments.iter().position(|word| word == "--threads");
    if let Some(at) = threads {
        match arguments.get(at + 1).and_then(|count| count.parse().ok()) {
            Some(count) => gradtape::engine::cpu::set_threads(count),
            None => return Ok(false),
        }
    }
    let digits = arguments.iter().position(|word| word == "--digits");
    let digits = digits.and_then(|at| arguments.get(at + 1)).map(String::as_str);
    let Some(name) = arguments.first() else { return Ok(false) };
    match name.as_str() {
        "cold-start-child" => {
            let accuracy = workloads::cold_start(digits)?;
            println!("{accuracy} {}", measure::peak_rss_mb()?);
            return Ok(true);
        }
        "cold-start" => {
            println!("{}", measure::cold_starts("cold-start-child", digits)?.json(name))
        }
        _ => match workloads::ALL.iter().find(|(known, _)| known == name) {
            Some((_, workload)) => println!("{}", workload(compiled)?.json(name)),
            None => return Ok(false),
        },
    }
    Ok(true)
}
