//! What a trainer trains has a `forward` that it knows.

use gradtape::nn::{Linear, Module};
use gradtape::optim::Adam;
use gradtape::train::Trainer;
use gradtape::{Rng, Var};

#[derive(Clone, Module)]
struct Net(Linear);

impl Net {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.forward(x).relu()
    }
}

fn main() {
    let net = Net(Linear::new(2, 1, &mut Rng::new(1)));
    Trainer::new(&net, Adam::new(&net, 0.01));
}
