use gradtape::data::circles;
use gradtape::nn::*;
use gradtape::optim::{Hyper, Schedule, by_name};
use gradtape::train::{Every, Trainer};
use gradtape::{Result, Rng};

fn main() -> Result<()> {
    let data = circles(200, 0.1, 42)?;
    let split = data.split(0.0, 0.2, 42)?;
    let rng = &mut Rng::new(42);
    let net = Sequential::new()
        .add(Linear::with(2, 6, LinearOptions { weight_init: Init::KaimingNormal, bias_init: Init::Zeros, ..Default::default() }, rng)?)
        .add(Relu)
        .add(Linear::with(6, 4, LinearOptions { weight_init: Init::KaimingNormal, bias_init: Init::Zeros, ..Default::default() }, rng)?)
        .add(Tanh)
        .add(Linear::with(4, 2, LinearOptions { weight_init: Init::KaimingNormal, bias_init: Init::Zeros, ..Default::default() }, rng)?);
    let optimizer = by_name("sgd", &net, &Hyper::new().with("lr", 0.2).with("momentum", 0.9))?;
    let mut trainer = Trainer::new(&net, optimizer)
        .epochs(20)
        .batch_size(16)
        .seed(42)
        .clip_norm(1.0)
        .schedule(Schedule::by_name("cosine", 0.2, 200)?, Every::Step);
    let history = trainer.fit(&split.train, Some(&split.test))?;
    println!("{:?}", history.epochs.last());
    Ok(())
}
