//! A field without parameters must say so.

use gradtape::nn::{Linear, Module};

#[derive(Module)]
struct Net {
    hidden: Linear,
    made: std::time::Instant,
}

#[derive(Module)]
struct Misspelt {
    #[module(skipped)]
    width: usize,
}

#[derive(Module)]
enum Choice {
    One(Linear),
}

fn main() {}
