//! A gated recurrent unit (Cho et al. 2014) learns to add: of a sequence of random numbers, two are marked, and their sum
//! is asked for at the end (Hochreiter and Schmidhuber 1997).
//!
//! ```text
//! cargo run --release -p gradtape --example gru
//! ```

use gradtape::data::Dataset;
use gradtape::nn::{Gru, Layer, Linear, Module, summary};
use gradtape::optim::{Adam, Optimizer};
use gradtape::train::{Trainer, evaluate};
use gradtape::{Result, Rng, Tensor, Var};

const LENGTH: usize = 12;

/// Reads a sequence, and answers from the state at its end.
#[derive(Clone, Module)]
struct Adder {
    gru: Gru,
    out: Linear,
}

impl Layer for Adder {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.out.forward(self.gru.forward(x).index(1, -1))
    }

    // It records the same operations for all inputs of a shape, so that its step can be compiled.
    fn is_static(&self) -> bool {
        true
    }
}

/// Sequences `[n, length, 2]` of numbers and marks, and the sums of the two that are marked.
fn sequences(n: usize, rng: &mut Rng) -> Result<Dataset> {
    let (mut inputs, mut sums) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let marked = [rng.below(LENGTH / 2), LENGTH / 2 + rng.below(LENGTH / 2)];
        let numbers: Vec<f32> = (0..LENGTH).map(|_| rng.uniform() as f32).collect();
        for (place, number) in numbers.iter().enumerate() {
            inputs.extend([*number, if marked.contains(&place) { 1.0 } else { 0.0 }]);
        }
        sums.push(numbers[marked[0]] + numbers[marked[1]]);
    }
    Dataset::new(Tensor::from_vec(inputs, [n, LENGTH, 2])?, Tensor::from_vec(sums, [n, 1])?)
}

fn main() -> Result<()> {
    let rng = &mut Rng::new(42);
    let (train, test) = (sequences(1500, rng)?, sequences(300, rng)?);
    let net = Adder { gru: Gru::new(2, 24, rng), out: Linear::new(24, 1, rng) };
    println!("{}\n", summary(&net));

    let adam = Adam::new(&net, 0.01).clip_norm(1.0);
    let mut trainer =
        Trainer::new(&net, adam).epochs(20).batch_size(50).seed(42).on_epoch(|report| {
            if report.epoch % 5 == 0 {
                println!("epoch {}: loss {:.4}", report.epoch, report.train.loss);
            }
        });
    trainer.fit(&train, None)?;
    drop(trainer);

    // Who always answers 1, the mean, is off by 0.33 on average.
    let scores = evaluate(&net, &test, 100)?;
    println!("held out: off by {:.3} on average", scores.mean_absolute_error.unwrap_or_default());
    Ok(())
}
