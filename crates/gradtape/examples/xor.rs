//! A network of one's own: exclusive or, which no single layer can learn.
//!
//! ```text
//! cargo run --release -p gradtape --example xor
//! ```

use gradtape::loss::bce_with_logits;
use gradtape::nn::{Linear, Module};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{Result, Rng, Tape, Var};

/// Deriving `Module` finds the parameters; what the network computes is an ordinary method.
#[derive(Module)]
struct Xor {
    hidden: Linear,
    out: Linear,
}

impl Xor {
    fn new(rng: &mut Rng) -> Xor {
        Xor { hidden: Linear::new(2, 8, rng), out: Linear::new(8, 1, rng) }
    }

    /// One logit for each row: positive for true.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.out.forward(self.hidden.forward(x).tanh())
    }
}

const INPUTS: [[f32; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
const TARGETS: [[f32; 1]; 4] = [[0.0], [1.0], [1.0], [0.0]];

fn main() -> Result<()> {
    let net = Xor::new(&mut Rng::new(1));
    println!("{} parameters", net.parameter_count());

    let optimizer = Adam::new(&net, 0.05);
    let mut tape = Tape::new();
    for step in 1..=500 {
        tape.reset();
        let logits = net.forward(tape.constant(INPUTS));
        let loss = bce_with_logits(logits, tape.constant(TARGETS));
        optimizer.step(loss)?;
        if step % 100 == 0 {
            println!("step {step}: loss {:.4}", loss.item()?);
        }
    }

    // A tape for inference records no gradients; layers such as dropout do nothing on it.
    let tape = Tape::inference();
    let chances = net.forward(tape.constant(INPUTS)).sigmoid().value()?.to_vec::<f32>()?;
    for ([a, b], chance) in INPUTS.iter().zip(chances) {
        println!("{a} xor {b} = {} ({chance:.3})", u8::from(chance > 0.5));
    }
    Ok(())
}
