//! A field without parameters must say so.

use gradtape::nn::{Linear, Module};

#[derive(Module)]
struct Net {
    hidden: Linear,
    width: usize,
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
