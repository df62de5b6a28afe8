use gradtape::{Tape, Tensor};

fn main() {
    let mut tape = Tape::new();
    let mut running = 0.0;
    for _ in 0..3 {
        tape.reset();
        let x = tape.watch(Tensor::scalar(1.0f32));
        running += x * x;
    }
}
