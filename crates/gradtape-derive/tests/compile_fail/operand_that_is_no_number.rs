//! What stands beside a value is told by the compiler.

use gradtape::{Tape, Tensor};

fn main() {
    let tape = Tape::new();
    let x = tape.watch([1.0f32, 2.0]);
    let mask = Tensor::from([1.0f32, 0.0]);
    let _ = (x * &mask).sum(());
}
