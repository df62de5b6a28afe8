use gradtape::data::{Dataset, PreprocessOptions, Preprocessing, Table};
use gradtape::loss::mse;
use gradtape::nn::*;
use gradtape::optim::{Hyper, by_name};
use gradtape::train::Trainer;
use gradtape::{Result, Rng, Tensor};

fn main() -> Result<()> {
    let data = points()?;
    let split = data.split(0.0, 0.0, 42)?;
    let rng = &mut Rng::new(42);
    let net = Sequential::new()
        .add(Linear::with(2, 4, LinearOptions { weight_init: Init::Normal { mean: 0.0, std: 0.01 }, bias_init: Init::Zeros, ..Default::default() }, rng)?)
        .add(Gelu::default())
        .add(Linear::with(4, 2, LinearOptions { weight_init: Init::Normal { mean: 0.0, std: 0.01 }, bias_init: Init::Zeros, ..Default::default() }, rng)?);
    let optimizer = by_name("adam", &net, &Hyper::new().with("lr", 0.01))?;
    let mut trainer = Trainer::new(&net, optimizer)
        .epochs(200)
        .batch_size(32)
        .seed(42)
        .loss(|outputs, targets| mse(outputs, targets));
    let history = trainer.fit(&numbers(&split.train)?, None)?;
    println!("{:?}", history.epochs.last());
    Ok(())
}

/// Labels as this loss takes them: 1 for the class, 0 for the others.
fn numbers(data: &Dataset) -> Result<Dataset> {
    let labels = data.labels().unwrap_or_default();
    let hot = |label: &i64| (0..2).map(|class| if class == *label { 1.0f32 } else { 0.0 }).collect::<Vec<_>>();
    let targets: Vec<f32> = labels.iter().flat_map(hot).collect();
    Dataset::new(data.inputs().clone(), Tensor::from_vec(targets, [labels.len(), 2])?)
}

/// The points that were saved from the page, their columns standardised.
fn points() -> Result<Dataset> {
    let table = Table::read_csv("points.csv")?;
    let rows: Vec<usize> = (0..table.len()).collect();
    let options = PreprocessOptions { ignore: vec!["part".into()], ..Default::default() };
    Preprocessing::fit(&table, "class", &rows, &options)?.dataset(&table)
}
