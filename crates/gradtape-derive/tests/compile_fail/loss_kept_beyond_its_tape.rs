use gradtape::{Tape, Tensor, Var};

fn main() {
    let mut running_loss: Option<Var> = None;
    for _ in 0..3 {
        let tape = Tape::new();
        let x = tape.watch(Tensor::scalar(1.0f32));
        let loss = x * x;
        running_loss = Some(match running_loss {
            None => loss,
            Some(sum) => sum + loss,
        });
    }
    println!("{running_loss:?}");
}
