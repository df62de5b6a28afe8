//! Every engine runs the same recordings: reads, steps, compiled functions, in every mode.

use gradtape::engine::Engine;
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Module, Sequential};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{Mode, Rng, Tape, Tensor, compile};

fn data() -> (Tensor, Tensor) {
    let mut rng = Rng::new(2);
    let x: Vec<f64> = (0..24).map(|_| rng.normal()).collect();
    (Tensor::from_vec(x, [6, 4]).unwrap(), Tensor::from_slice(&[0i64, 2, 1, 0, 1, 2], [6]).unwrap())
}

/// A network of f64, after some steps of training.
fn trained(engine: Engine, compiled: bool, mode: Mode) -> Vec<f64> {
    let net = Sequential::mlp(&[4, 5, 3], Activation::Tanh, 0.2, &mut Rng::new(1)).unwrap();
    let adam = Adam::new(&net, 0.05);
    let (x, y) = data();
    let x = x.cast(gradtape::DType::F32);
    if compiled {
        let mut step = compile(|tape, v| {
            tape.set_mode(mode);
            let loss = cross_entropy(net.forward(v[0]), v[1]);
            adam.step(loss)?;
            Ok(vec![loss])
        })
        .engine(engine);
        for _ in 0..4 {
            step.call(&[x.clone(), y.clone()]).unwrap();
        }
    } else {
        let mut tape = Tape::new().with_engine(engine);
        tape.set_mode(mode);
        for _ in 0..4 {
            tape.reset();
            let loss =
                cross_entropy(net.forward(tape.constant(x.clone())), tape.constant(y.clone()));
            adam.step(loss).unwrap();
        }
    }
    net.parameters().iter().flat_map(|own| own.value().to_f64_vec()).collect()
}

#[test]
fn training_gives_the_same_numbers() {
    let want = trained(Engine::Reference, false, Mode::Fused);
    for engine in Engine::ALL {
        for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
            for compiled in [false, true] {
                let got = trained(engine, compiled, mode);
                let near = |(got, want): (&f64, &f64)| (got - want).abs() < 1e-5;
                assert!(got.iter().zip(&want).all(near), "{engine} {mode:?} {compiled}");
            }
        }
    }
}

#[test]
fn a_plan_of_one_engine_is_not_run_by_another() {
    for _ in 0..2 {
        for engine in Engine::ALL {
            let tape = Tape::new().with_engine(engine);
            assert_eq!(tape.engine(), engine);
            let (x, _) = data();
            let x = tape.watch(x);
            assert_eq!((x * 0.0).sum(()).item().unwrap(), 0.0);
        }
    }
}

#[test]
fn an_engine_that_is_not_there_is_an_error_that_names_those_that_are() {
    let text = "cup".parse::<Engine>().unwrap_err().to_string();
    assert!(text.contains("there is no engine \"cup\"") && text.contains("\"cpu\""), "{text}");
    let text = "metal".parse::<Engine>().unwrap_err().to_string();
    assert!(text.contains("cpu, interpreter, reference"), "{text}");
    for engine in Engine::ALL {
        assert_eq!(engine.to_string().parse::<Engine>().unwrap(), engine);
    }
}
