//! How long two ranks need to give each other bytes, and what a step of training takes on many ranks after that.
//!
//! ```sh
//! cargo build --release -p gradtape-mpi --features mpi --example latency
//! mpirun -n 2 target/release/examples/latency 235146 1.6
//! ```
//!
//! The arguments are the weights of a network and the milliseconds that one rank computes for a step of the whole batch.

use std::time::{Duration, Instant};

use gradtape::train::Collective;
use gradtape::{Error, Kind, Result};
use gradtape_mpi::Mpi;

const SIZES: [usize; 6] = [1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 22, 1 << 24];
const TIMES: usize = 30;

fn main() -> Result<()> {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|own| own.parse().ok()).collect();
    let &[weights, step] = &numbers[..] else {
        let message = "two numbers are wanted: weights, and milliseconds of a step on one rank";
        return Err(Error::new(Kind::Value, message));
    };
    let mpi = Mpi::start(Duration::from_secs(60))?;
    let (rank, is_two) = (mpi.rank(), mpi.ranks() == 2);
    let mut measured = Vec::new();
    if is_two {
        for size in SIZES {
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let bytes = vec![1u8; size];
                let start = Instant::now();
                mpi.exchange(1 - rank, bytes, size)?;
                times.push(start.elapsed().as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            measured.push((size as f64, times[TIMES / 2]));
        }
    }
    let hosts = [0, 1].map(|rank| mpi.host(rank));
    mpi.finish()?;
    if !is_two {
        return Err(Error::new(Kind::Value, "start it with two ranks: mpirun -n 2"));
    }
    if rank == 0 {
        tell(&measured, &hosts, weights, step);
    }
    Ok(())
}

fn tell(measured: &[(f64, f64)], hosts: &[String; 2], weights: f64, step: f64) {
    println!(
        "Two ranks, on {} and {}, give each other bytes (median of {TIMES}):\n",
        hosts[0], hosts[1]
    );
    println!("| bytes | µs | MB/s each way |\n|---:|---:|---:|");
    for (size, seconds) in measured {
        println!("| {size} | {:.1} | {:.0} |", seconds * 1e6, size / seconds / 1e6);
    }
    let (first, last) = (measured[0], measured[measured.len() - 1]);
    let bandwidth = (last.0 - first.0) / (last.1 - first.1);
    let latency = first.1 - first.0 / bandwidth;
    println!("\nA message takes {:.0} µs, and {:.0} MB/s.\n", latency * 1e6, bandwidth / 1e6);
    println!(
        "A step of {step} ms on one rank, {weights} weights, where 2 log2 R messages carry 8 (R - 1) / R bytes a weight:\n"
    );
    println!("| ranks | as here | | 25 Gbit/s, 20 µs | | 200 Gbit/s, 2 µs | |");
    println!(
        "|---:|---:|---:|---:|---:|---:|---:|\n| | ms | of ideal | ms | of ideal | ms | of ideal |"
    );
    let links = [(latency, bandwidth), (20e-6, 25e9 / 8.0), (2e-6, 200e9 / 8.0)];
    for ranks in [2.0f64, 8.0, 32.0, 128.0, 512.0] {
        let row = links.map(|(latency, bandwidth)| {
            let sent = 8.0 * weights * (ranks - 1.0) / ranks;
            let exchange = 2.0 * ranks.log2() * latency + sent / bandwidth;
            let (ideal, took) = (step / ranks, step / ranks + exchange * 1e3);
            format!("{took:.3} | {:.0} %", 100.0 * ideal / took)
        });
        println!("| {ranks} | {} |", row.join(" | "));
    }
}
