//! What errors say: the user's line, the layer, and what each operand is.

use gradtape::loss::cross_entropy;
use gradtape::nn::{Dropout, Flatten, Layer, Linear, Module, Relu, Sequential, Softmax};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::{
    DType, Error, Mode, Parameter, Result, Rng, Tape, Tensor, Var, compile, evaluate, gradient, jvp,
};

/// Compares an error with a text in which `+n` stands for the place `n` lines below `base`.
#[track_caller]
fn expect(error: Error, base: u32, expected: &[&str]) {
    let mut text = String::new();
    for (number, part) in error.to_string().split(&format!("{}:", file!())).enumerate() {
        if number == 0 {
            text += part;
            continue;
        }
        let mut parts = part.splitn(3, ':');
        let line: u32 = parts.next().unwrap().parse().unwrap();
        parts.next();
        let (column, rest) = part.split_once(':').unwrap();
        assert!(!column.is_empty());
        text += &format!("+{}{}", line - base, rest.trim_start_matches(|c: char| c.is_numeric()));
    }
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    assert_eq!(lines, expected);
}

fn rng() -> Rng {
    Rng::new(1)
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

#[test]
fn show() {
    let base = line!();
    let tape = Tape::new();
    let x = tape.constant(zeros(&[5, 4]));
    let net = Sequential::new().add(Linear::new(4, 3, &mut rng())).add(Relu);
    let logits = net.forward(x);
    let labels = tape.constant(zeros(&[5]));
    let loss = cross_entropy(logits, labels);
    println!("{}", loss.item().unwrap_err());
    let _adam = Adam::new(&net, 0.1);
    println!("{}", cross_entropy(net.forward(x), labels).item().unwrap_err());
    println!("{}", net.forward(tape.constant([[1.0, 2.0, 3.0, 4.0]])).item().unwrap_err());
    println!(
        "{}",
        (tape.constant([1.0, 2.0]) + tape.watch([1.0, 2.0, 3.0f64])).item().unwrap_err()
    );
    println!("{}", (tape.constant([1.0, 2.0]) + tape.watch([1.0f32, 2.0])).item().unwrap_err());
    println!("{}", net.forward(x).item().unwrap_err());
    let _ = (base, compile(|_, x| Ok(vec![x[0]])));
}
