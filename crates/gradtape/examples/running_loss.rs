//! A running loss that leaks nothing.
//!
//! In other frameworks `running += loss` keeps the graph of every step alive. Here a `Var` cannot
//! outlive its tape, nor a `reset` of it, so that line does not compile: what is added up are numbers.
//!
//! ```text
//! cargo run --release -p gradtape --example running_loss
//! ```

use gradtape::data::moons;
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Sequential};
use gradtape::optim::{Optimizer, Sgd};
use gradtape::{Result, Rng, Tape};

fn main() -> Result<()> {
    let data = moons(512, 0.1, 7)?;
    let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
    let optimizer = Sgd::new(&net, 0.5).momentum(0.9);
    let mut batches = data.batches(32)?.shuffled(7);

    let mut tape = Tape::new();
    for epoch in 0..30 {
        let mut running = 0.0;
        for batch in batches.epoch(epoch) {
            // Forgets the step before, keeps its memory.
            tape.reset();
            let outputs = net.forward(tape.constant(batch.x));
            let loss = cross_entropy(outputs, tape.constant(batch.y));
            optimizer.step(loss)?;
            // The step has computed the loss; reading it costs nothing.
            running += loss.item()?;
        }
        if epoch % 10 == 0 || epoch == 29 {
            let mean = running / batches.len() as f64;
            println!("epoch {epoch}: loss {mean:.3}, {} nodes on the tape", tape.len());
        }
    }
    Ok(())
}
