//! A user's program, built as cargo builds it by default: without optimisation, with overflow checks and
//! debug assertions, in the library as well. It goes through products, fused loops, reductions, random
//! numbers, steps and compiled steps of sizes that take the vector code and several threads.

use gradtape::optim;
use gradtape::prelude::*;

#[derive(Clone, Module)]
struct Net {
    hidden: Sequential,
    out: Linear,
    scale: f64,
}

impl Layer for Net {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.out.forward(self.hidden.forward(x)) * self.scale
    }
}

fn net() -> Net {
    let mut rng = Rng::new(3);
    let hidden = Sequential::new()
        .add(Linear::new(37, 65, &mut rng))
        .add(Relu)
        .add(Dropout::new(0.1, &mut rng))
        .add(Linear::new(65, 33, &mut rng))
        .add(Tanh);
    Net { hidden, out: Linear::new(33, 5, &mut rng), scale: 2.0 }
}

fn data() -> (Tensor, Tensor) {
    let x = Tensor::normal([301, 37], 0.0, 1.0, DType::F32, &mut Rng::new(4)).unwrap();
    let labels: Vec<i64> = (0..301).map(|row| row % 5).collect();
    (x, Tensor::from(&labels[..]))
}

/// Every mode computes the same.
fn modes() -> Result<()> {
    let (x, y) = data();
    let mut seen: Vec<Vec<f64>> = Vec::new();
    for mode in [Mode::Fused, Mode::Checked, Mode::Eager] {
        for dtype in [DType::F32, DType::F64] {
            let tape = Tape::inference();
            tape.set_mode(mode);
            let (x, y) = (tape.watch(x.cast(dtype)), tape.constant(&y));
            let z = x.matmul(x.t()).softmax(-1).matmul(x.sin() + 0.5 * x.exp().log1p());
            let loss = cross_entropy(z, y) + (z * z).mean(0).sum(()) + z.max(1).std((), 0);
            let [g] = gradient(loss, [x]);
            let mut read = vec![loss.item()?, g.norm(2.0, ()).item()?];
            read.extend(g.value()?.to_f64_vec().into_iter().step_by(97));
            seen.push(read);
        }
    }
    for other in &seen[1..] {
        for (a, b) in seen[0].iter().zip(other) {
            assert!((a - b).abs() <= 1e-3 * (1.0 + a.abs()), "{a} and {b}");
        }
    }
    Ok(())
}

/// Recorded and compiled steps of every optimiser lower the loss, and take the same way.
fn steps() -> Result<()> {
    let (x, y) = data();
    for name in ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam"] {
        let rate = match name {
            "sgd" => 0.05,
            "adadelta" => 1.0,
            _ => 0.005,
        };
        let mut ways: Vec<Vec<f64>> = Vec::new();
        for compiled in [false, true] {
            let net = net();
            let hyper = optim::Hyper::new().with("lr", rate);
            let mut optimizer = optim::by_name(name, &net, &hyper)?;
            let mut losses = Vec::new();
            if compiled {
                let mut step = compile(|_, x| {
                    let loss = cross_entropy(net.forward(x[0]), x[1]);
                    optimizer.step(loss)?;
                    Ok(vec![loss])
                });
                for _ in 0..8 {
                    losses.push(step.call(&[x.clone(), y.clone()])?[0].item()?);
                }
            } else {
                let mut tape = Tape::new();
                for _ in 0..8 {
                    tape.reset();
                    let loss = cross_entropy(net.forward(tape.constant(&x)), tape.constant(&y));
                    optimizer.step(loss)?;
                    losses.push(loss.item()?);
                }
            }
            assert!(losses[7] < losses[0], "{name}: {losses:?}");
            ways.push(losses);
        }
        for (a, b) in ways[0].iter().zip(&ways[1]) {
            assert!((a - b).abs() <= 1e-5 * a.abs(), "{name}: {a} and {b}");
        }
    }
    Ok(())
}

fn overflow() -> Result<()> {
    let wraps =
        std::panic::catch_unwind(|| std::hint::black_box(u8::MAX) + std::hint::black_box(1));
    assert!(wraps.is_err(), "the program is to be built with overflow checks");
    assert!(cfg!(debug_assertions));
    let tape = Tape::new();
    let x = tape.constant([i64::MAX, i64::MIN, -1]);
    for y in [x + 1, x * x, x - 5, x.abs(), -x, x.cumsum(0), x / -1] {
        // Whatever it is, it is no panic.
        let _ = y.value();
    }
    Ok(())
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let checks: [fn() -> Result<()>; 3] = [modes, steps, overflow];
    for (number, check) in checks.into_iter().enumerate() {
        // A thread of its own has the small stack that threads have.
        let done = std::thread::spawn(check).join();
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                eprintln!("check {number}: {error}");
                std::process::exit(1);
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or(panic.downcast_ref::<&str>().map(|text| text.to_string()));
                eprintln!("check {number}: {}", text.unwrap_or_default());
                std::process::exit(1);
            }
        }
    }
}
