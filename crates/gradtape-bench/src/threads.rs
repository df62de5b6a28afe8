//! What more threads gain over one, also where they cannot gain anything.

use gradtape::engine::cpu;
use gradtape::{Error, Kind, Result};

use crate::workloads;

/// Requested threads, beyond one.
const REQUESTED: [usize; 3] = [2, 4, 16];

/// Workloads of every size: steps of ten microseconds up to some of a hundred milliseconds.
const NAMES: [&str; 6] =
    ["scalar-graph", "mlp-tiny", "infer-b1", "mlp-mnist-nodrop", "elementwise", "mlp-wide"];

/// Prints a table: the median step on one thread, and others as a share of it.
pub(crate) fn print() -> Result<()> {
    let heads = REQUESTED.map(|threads| format!("{threads:>8}")).concat();
    println!("{:<20}{:>12}{heads}", "requested threads", "1 (µs)");
    for name in NAMES {
        let found = workloads::ALL.iter().find(|(known, _)| *known == name);
        let missing = || Error::new(Kind::Value, format!("there is no workload {name}"));
        let (_, workload) = found.ok_or_else(missing)?;
        let step = |threads: usize| {
            cpu::set_threads(threads);
            workload(true).map(|samples| samples.median_us())
        };
        let one = step(1)?;
        let mut shares = String::new();
        for threads in REQUESTED {
            shares += &format!("{:>8.2}", step(threads)? / one);
        }
        println!("{name:<20}{one:>12.1}{shares}");
    }
    cpu::set_threads(0);
    Ok(())
}
