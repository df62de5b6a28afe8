//! The tape's lifetime is written out in a layer; its documentation quotes this message.

use gradtape::Var;
use gradtape::nn::{Layer, Module};

#[derive(Clone, Module)]
struct Half;

impl Layer for Half {
    fn forward(&self, x: Var<'_>) -> Var<'_> {
        x * 0.5
    }
}

fn main() {}
