//! A layer can be cloned, as the networks can that hold it.

use gradtape::Var;
use gradtape::nn::{Layer, Linear, Module};

#[derive(Module)]
struct Block(Linear);

impl Layer for Block {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.forward(x).relu()
    }
}

fn main() {}
