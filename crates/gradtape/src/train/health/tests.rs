use super::*;
use crate::data::{Dataset, moons};
use crate::nn::{Activation, Module, Sequential};
use crate::optim::{Adam, Sgd};
use crate::tensor::Rng;
use crate::train::{Scores, Trainer};

/// The warnings of a training and how the layers were.
fn train(
    sizes: &[usize],
    activation: Activation,
    rate: f64,
    change: impl Fn(&Sequential),
    data: &Dataset,
) -> Result<HealthReport> {
    let net = Sequential::mlp(sizes, activation, 0.0, &mut Rng::new(7))?;
    change(&net);
    let health = Health::new();
    let mut trainer = Trainer::new(&net, Sgd::new(&net, rate)).epochs(6).watch(health.clone());
    trainer.fit(data, None)?;
    Ok(health.report())
}

#[track_caller]
fn warns(report: &HealthReport, what: &str) {
    let found = report.warnings.iter().filter(|own| own.what.contains(what)).count();
    assert_eq!(found, 1, "{what}: {report}");
}

#[test]
fn a_training_that_goes_well_has_no_warning() -> Result<()> {
    let data = moons(300, 0.1, 7)?;
    for activation in [Activation::Relu, Activation::Tanh] {
        let net = Sequential::mlp(&[2, 16, 16, 2], activation, 0.0, &mut Rng::new(7))?;
        let health = Health::new();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(30);
        trainer = trainer.watch(health.clone());
        trainer.fit(&data, None)?;
        let report = health.report();
        assert!(report.warnings.is_empty(), "{report}");
        let names: Vec<&str> = report.layers.iter().map(|row| &*row.name).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!((names[0], names[4]), ("0 (Linear)", "4 (Linear)"));
        for row in report.layers.iter().filter(|row| row.weight.is_some()) {
            assert!(row.gradient.unwrap() > 0.0 && row.update.unwrap() < 0.2, "{report}");
        }
    }
    Ok(())
}

#[test]
fn dead_units_are_told() -> Result<()> {
    // A bias far below 0 has every unit of the first layer give 0.
    let report = train(
        &[2, 16, 2],
        Activation::Relu,
        0.01,
        |net| {
            let bias = &net.parameters()[1];
            bias.set(Tensor::full([16], -100.0, DType::F32)).unwrap();
        },
        &moons(100, 0.1, 7)?,
    )?;
    warns(&report, "100 % of the units of layer 1 (Relu) are dead");
    Ok(())
}

#[test]
fn saturated_units_and_large_steps_are_told() -> Result<()> {
    let data = moons(200, 0.1, 7)?;
    let wide = |net: &Sequential| {
        let weight = &net.parameters()[0];
        let value = weight.value().cast(DType::F64).to_vec::<f64>().unwrap();
        let value: Vec<f32> = value.iter().map(|v| (v * 1000.0) as f32).collect();
        weight.set(Tensor::from_vec(value, [16, 2]).unwrap()).unwrap();
    };
    let report = train(&[2, 16, 2], Activation::Tanh, 0.01, wide, &data)?;
    warns(&report, "of the values of layer 1 (Tanh) are saturated");
    Ok(())
}

#[test]
fn spikes_and_explosions_are_told() {
    let mut health = Health::new();
    for step in 1..=300 {
        let loss = if step == 150 || step == 250 { 40.0 } else { 1.0 + (step % 7) as f64 / 10.0 };
        let running = Scores::default();
        let report = StepReport { epoch: 1, epochs: 1, step, steps: 300, running, loss };
        health.step(&report).unwrap();
    }
    let warnings = health.take_warnings();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].to_string().contains("the loss spikes: 40.000 at step 250"),
        "{warnings:?}"
    );
    assert!(health.take_warnings().is_empty());

    let seen = |size: f64| Observation {
        epoch: 2,
        step: 1,
        loss: 1.0,
        learning_rate: 0.1,
        parameters: vec![crate::train::ObservedParameter {
            name: "0.weight".to_string(),
            before: Tensor::from([[1.0, 1.0]]),
            after: Tensor::from([[1.0, 1.001]]),
            gradient: Some(Tensor::from([[size, 0.0]])),
        }],
        layers: Vec::new(),
        graph: Vec::new(),
    };
    for size in [1.0, 1.5, 0.7, 1.1, 3.0e3] {
        health.observe(&seen(size)).unwrap();
    }
    let report = health.report();
    warns(&report, "gradients explode: their norm is 3.0e3, and was 1.1e0");
    health.observe(&seen(f64::NAN)).unwrap();
}
