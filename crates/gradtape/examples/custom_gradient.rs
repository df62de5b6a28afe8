//! A gradient of one's own: weights that are only ever +1 or -1.
//!
//! The sign of a number has the gradient 0 everywhere, so nothing can be learnt through it. The
//! straight-through estimator (Bengio, Léonard and Courville 2013) lets the gradient pass as if the sign
//! were not there.
//!
//! ```text
//! cargo run --release -p gradtape --example custom_gradient
//! ```

use gradtape::loss::mse;
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Parameter, Result, Rng, Tape, Tensor, Var, gradient};

/// The sign of each element, whose gradient passes straight through.
fn sign_through(x: Var<'_>) -> Var<'_> {
    // The rule is given inputs, value and incoming cotangent, and answers for each input.
    x.tape().custom_gradient(&[x], x.sign(), |_, _, g| vec![g])
}

fn main() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([0.3, -1.2]);
    let [plain] = gradient(x.sign().sum(()), [x]);
    let [through] = gradient(sign_through(x).sum(()), [x]);
    println!("gradient of the sign   {:?}", plain.value()?.to_vec::<f64>()?);
    println!("gradient straight on   {:?}", through.value()?.to_vec::<f64>()?);

    // Rows of numbers, and their sums with hidden signs. The signs are to be found.
    let mut rng = Rng::new(3);
    let hidden = [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0];
    let rows = Tensor::normal([64, 8], 0.0, 1.0, DType::F64, &mut rng)?;
    let column = Tensor::from_slice(&hidden, [8, 1])?;
    let tape = Tape::inference();
    let sums = tape.constant(&rows).matmul(tape.constant(column)).value()?;

    let weight = Parameter::new(Tensor::normal([8, 1], 0.0, 0.1, DType::F64, &mut rng)?);
    let optimizer = Adam::new(&weight, 0.02);
    let mut tape = Tape::new();
    for step in 0..=100 {
        tape.reset();
        let signs = sign_through(tape.parameter(&weight));
        let loss = mse(tape.constant(&rows).matmul(signs), tape.constant(&sums));
        optimizer.step(loss)?;
        if step % 50 == 0 {
            println!("step {step}: loss {:.3}", loss.item()?);
        }
    }
    let found: Vec<f64> = weight.value().to_vec::<f64>()?.into_iter().map(f64::signum).collect();
    println!("all signs found: {}", found == hidden);
    Ok(())
}
