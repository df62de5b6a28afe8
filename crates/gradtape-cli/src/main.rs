//! The command line of gradtape.

fn main() {}
