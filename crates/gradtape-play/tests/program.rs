//! A session takes the steps that the library's trainer takes, to the same bits.

use gradtape::data::{Dataset, digits, moons, xor};
use gradtape::nn::{Activation, Sequential};
use gradtape::optim::{Hyper, Schedule, by_name};
use gradtape::train::{Every, Trainer};
use gradtape::{Result, Rng};
use gradtape_play::{Session, Settings};
use std::sync::{Arc, Mutex};

/// The losses of the first steps of a trainer.
fn trained(
    data: &Dataset,
    sizes: &[usize],
    activation: Activation,
    dropout: f64,
    optimizer: (&str, f64),
    schedule: Option<(Schedule, Every)>,
    seed: u64,
) -> Result<Vec<f64>> {
    let split = data.split(0.0, 0.2, seed)?;
    let net = Sequential::mlp(sizes, activation, dropout, &mut Rng::new(seed))?;
    let hyper = Hyper::new().with("lr", optimizer.1);
    let losses = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&losses);
    let mut trainer = Trainer::new(&net, by_name(optimizer.0, &net, &hyper)?)
        .epochs(50)
        .batch_size(32)
        .seed(seed)
        .on_step(move |report| kept.lock().unwrap().push(report.loss));
    if let Some((schedule, every)) = schedule {
        trainer = trainer.schedule(schedule, every);
    }
    trainer.fit(&split.train, None)?;
    drop(trainer);
    Ok(Arc::into_inner(losses).unwrap().into_inner().unwrap())
}

#[track_caller]
fn same(text: &str, losses: &[f64]) {
    let mut session = Session::new(Settings::read(text).unwrap(), None).unwrap();
    for (step, loss) in losses.iter().take(300).enumerate() {
        session.advance(1).unwrap();
        assert_eq!(session.loss().to_bits(), loss.to_bits(), "{text}, step {}", step + 1);
    }
}

#[test]
fn the_usual_session_is_the_usual_training() {
    let data = moons(500, 0.1, 42).unwrap();
    let losses = trained(&data, &[2, 8, 8, 2], Activation::Tanh, 0.0, ("adam", 0.01), None, 42);
    same("epochs=50", &losses.unwrap());
}

#[test]
fn dropout_optimisers_and_schedules_are_the_trainers() {
    let data = xor(300, 0.05, 7).unwrap();
    let steps = 240usize.div_ceil(32) as u64 * 50;
    let cosine = Schedule::by_name("cosine", 0.3, steps).unwrap();
    let losses = trained(
        &data,
        &[2, 6, 2],
        Activation::Relu,
        0.3,
        ("momentum", 0.3),
        Some((cosine, Every::Step)),
        7,
    );
    let text = "data=xor\nsamples=300\nnoise=0.05\nseed=7\nhidden=6\nactivation=relu\ndropout=0.3\noptimizer=momentum\n\
                lr=0.3\nschedule=cosine\nepochs=50";
    same(text, &losses.unwrap());
    let step = Schedule::by_name("step", 0.02, 50).unwrap();
    let losses = trained(&data, &[2, 6, 2], Activation::Sigmoid, 0.0, ("lbfgs", 1.0), None, 7);
    let text = "data=xor\nsamples=300\nnoise=0.05\nseed=7\nhidden=6\nactivation=sigmoid\noptimizer=lbfgs\nlr=1\nepochs=50";
    same(text, &losses.unwrap()[..60]);
    let every = Some((step, Every::Epoch));
    let losses = trained(&data, &[2, 2], Activation::Relu, 0.0, ("adamw", 0.02), every, 7).unwrap();
    let text = "data=xor\nsamples=300\nnoise=0.05\nseed=7\nhidden=none\noptimizer=adamw\nlr=0.02\nschedule=step\nepochs=50";
    same(text, &losses);
}

#[test]
fn digits_are_those_of_the_program() {
    let sizes = [64, 16, 10];
    let losses =
        trained(&digits().flatten(), &sizes, Activation::Relu, 0.0, ("adam", 0.01), None, 1);
    same("data=digits\nhidden=16\nactivation=relu\nseed=1\nepochs=50", &losses.unwrap());
}

/// The program that the page gives to take home is this file; it is compiled and run here.
mod exported {
    #![allow(unused, reason = "the program's main is run by a test")]
    include!("taken/program.rs");

    #[test]
    fn it_trains() {
        main().unwrap();
    }
}

/// Another loss, whose targets are numbers.
mod exported_numbers {
    #![allow(unused, reason = "the program's main is run by a test")]
    include!("taken/numbers.rs");

    #[test]
    fn it_trains() {
        main().unwrap();
    }
}

/// Points that a formula divides, which the program reads from a file.
mod exported_points {
    #![allow(unused, reason = "it is compiled, and has no file here")]
    include!("taken/points.rs");
}

#[test]
fn programs_of_other_losses_and_points() {
    let rust = |text: &str| Session::new(Settings::read(text).unwrap(), None).unwrap().rust();
    assert_eq!(rust("loss=hinge\nepochs=3"), include_str!("taken/numbers.rs"));
    let text = "data=formula\nformula=y > x\nloss=mse\nhidden=4\ntest-fraction=0\nactivation=gelu\ninit=small";
    assert_eq!(rust(text), include_str!("taken/points.rs"));
}

const LESSON: &str = "data=circles\nsamples=200\nhidden=6,4\nactivation=relu,tanh\ninit=kaiming_normal\noptimizer=sgd\n\
                      lr=0.2\nmomentum=0.9\nschedule=cosine\nepochs=20\nbatch=16\nclip-norm=1";

#[test]
fn the_program_and_the_command_to_take_home() {
    let session = Session::new(Settings::read(LESSON).unwrap(), None).unwrap();
    let code = session.rust();
    assert_eq!(code, include_str!("taken/program.rs"), "tests/taken/program.rs is another program");
    let (command, notes) = session.command();
    assert_eq!(
        command,
        "gradtape train circles --samples 200 --noise 0.1 --validation 0 --test-fraction 0.2 --hidden 6,4 \
         --activation relu --optimizer sgd --lr 0.2 --momentum 0.9 --schedule cosine --batch 16 --epochs 20 \
         --clip-norm 1 --seed 42"
    );
    assert_eq!(notes.len(), 2, "{notes:?}");
    let usual = Session::new(Settings::default(), None).unwrap();
    assert!(usual.command().1.is_empty());
    assert!(usual.rust().contains("Sequential::mlp(&[2, 8, 8, 2], Activation::Tanh, 0.0, rng)?"));
}

#[test]
fn the_model_is_read_by_the_library() {
    use gradtape::io::{Model, SafeTensors};
    let mut session = Session::new(Settings::read("hidden=4").unwrap(), None).unwrap();
    session.advance(20).unwrap();
    let bytes = session.model().unwrap();
    let model = Model::from_safetensors(SafeTensors::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(model.labels, ["0", "1"]);
    assert_eq!(model.network.layers().len(), 3);
    assert!(model.preprocessing.is_some());
    let json: serde_json::Value = serde_json::from_str(&session.json().unwrap()).unwrap();
    assert_eq!(json["layers"][0]["weight"].as_array().unwrap().len(), 4);
    assert_eq!(json["steps"], 20);
    let table = session.table().unwrap();
    assert_eq!(table.lines().count(), 501);
    assert!(table.starts_with("x,y,class,part\n"));
}
