use gradtape::{Tape, Tensor};

fn main() {
    let mut tape = Tape::new();
    let mut losses = Vec::new();
    for _ in 0..3 {
        tape.reset();
        let x = tape.watch(Tensor::scalar(1.0f32));
        losses.push(x * x);
    }
}
