//! The workloads of the benchmark suite.

fn main() {}
