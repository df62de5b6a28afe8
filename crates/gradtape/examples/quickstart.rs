//! The first ten minutes: values, gradients, and a line found by gradient descent.
//!
//! ```text
//! cargo run --release -p gradtape --example quickstart
//! ```

use gradtape::loss::mse;
use gradtape::nn::Linear;
use gradtape::optim::{Optimizer, Sgd};
use gradtape::{Result, Rng, Tape, Tensor, gradient};

fn main() -> Result<()> {
    gradients()?;
    training()
}

/// What is done with a watched value is recorded on its tape, and nothing is computed until a number
/// is read. Gradients are recorded on the same tape.
fn gradients() -> Result<()> {
    let tape = Tape::new();
    let a = tape.watch(2.0);
    let b = tape.watch(1.0);
    let e = (a + b) * (b + 1.0);
    let [da, db] = gradient(e, [a, b]);
    println!("e = {}, de/da = {}, de/db = {}", e.item()?, da.item()?, db.item()?);

    // Tensors broadcast as in NumPy. A shape that does not fit is no panic: the error waits for the
    // first number that is read, and names this line.
    let matrix = tape.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    println!("column means {:?}", matrix.mean(0).value()?.to_vec::<f64>()?);
    if let Err(error) = (matrix * tape.constant([1.0, 2.0])).value() {
        println!("refused: {}", error.message());
    }
    Ok(())
}

/// The line y = 3x - 1 from 64 points that lie near it.
fn training() -> Result<()> {
    let mut rng = Rng::new(42);
    let xs: Vec<f32> = (0..64).map(|_| rng.uniform() as f32).collect();
    let ys: Vec<f32> = xs.iter().map(|x| 3.0 * x - 1.0 + 0.01 * rng.normal() as f32).collect();
    let (xs, ys) = (Tensor::from_vec(xs, [64, 1])?, Tensor::from_vec(ys, [64, 1])?);

    let line = Linear::new(1, 1, &mut rng);
    let optimizer = Sgd::new(&line, 0.5);
    let mut tape = Tape::new();
    for step in 0..=200 {
        tape.reset();
        let loss = mse(line.forward(tape.constant(&xs)), tape.constant(&ys));
        // Gradients, update and loss run as one fused program.
        optimizer.step(loss)?;
        if step % 100 == 0 {
            println!("step {step}: loss {:.4}", loss.item()?);
        }
    }
    let slope = line.weight.value().item()?;
    let offset = line.bias.iter().map(|bias| bias.value().item()).sum::<Result<f64>>()?;
    println!("y = {slope:.1}x {offset:+.1}");
    Ok(())
}
