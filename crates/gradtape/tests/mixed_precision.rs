//! Training with products in 16 bits: nearly what f32 gives, and no step on gradients that overflowed.

use gradtape::data::{Augment, Dataset, digits, moons};
use gradtape::io::{self, Checkpoint};
use gradtape::loss::{cross_entropy, mse};
use gradtape::nn::{Activation, Blueprint, Linear, Module, Sequential};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::train::{LossScale, Trainer, evaluate};
use gradtape::{DType, Parameter, Result, Rng, Tape, Tensor, Var, compile};

fn values(net: &dyn Module) -> Vec<Vec<f64>> {
    net.parameters().iter().map(|own| own.value().to_f64_vec()).collect()
}

#[test]
fn both_types_learn_nearly_what_f32_learns() -> Result<()> {
    let split = moons(300, 0.1, 7)?.split(0.0, 0.3, 7)?;
    let train = |precision: DType| -> Result<(f64, f64, Vec<Vec<f64>>)> {
        let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02))
            .precision(precision)
            .epochs(15)
            .batch_size(20)
            .seed(7);
        trainer.fit(&split.train, None)?;
        assert!(net.parameters().iter().all(|own| own.value().dtype() == DType::F32));
        let scores = evaluate(&net, &split.test, 100)?;
        Ok((scores.loss, scores.accuracy.unwrap(), values(&net)))
    };
    let (loss, accuracy, plain) = train(DType::F32)?;
    assert!(accuracy > 0.9, "{accuracy}");
    for dtype in [DType::BF16, DType::F16] {
        let (other, right, weights) = train(dtype)?;
        assert!((other - loss).abs() < 0.03, "{dtype}: {other} and {loss}");
        assert!(right > accuracy - 0.05, "{dtype}: {right} and {accuracy}");
        assert_ne!(weights, plain, "{dtype}");
        assert_eq!(train(dtype)?.2, weights, "{dtype}: the same again");
    }
    let wrong = train(DType::I64).unwrap_err().to_string();
    assert!(wrong.contains("autocast to i64"), "{wrong}");
    Ok(())
}

#[test]
fn products_are_rounded_and_nothing_else_is() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([[1.0f32 + 1.0 / 512.0, 3.0]]);
    let w = tape.watch([[1.0f32], [1.0 / 512.0]]);
    let y = {
        let _narrow = tape.autocast(DType::BF16)?;
        x.matmul(w) + 1.0 / 1024.0
    };
    // 1 + 3/512 is 1.0078125 in bf16.
    let rounded = 1.0 + 1.0 / 128.0 + 1.0 / 1024.0;
    assert_eq!((y.dtype(), y.item()?), (DType::F32, rounded));
    let [dx, dw] = gradtape::gradient(y, [x, w]);
    assert_eq!((dx.dtype(), dw.dtype()), (DType::F32, DType::F32));
    assert_eq!(dw.value()?.to_f64_vec(), [1.0, 3.0]);
    // f64 stays as it is, and the type of before comes back.
    let z = tape.constant([[1.0 + 1.0 / 512.0]]);
    let inner = {
        let _outer = tape.autocast(DType::BF16)?;
        drop(tape.autocast(DType::F32)?);
        [z.matmul(z), x.slice(1, ..1).matmul(x.slice(1, ..1))]
    };
    assert!(inner[0].item()? > 1.0);
    assert_eq!(inner[1].item()?, 1.0);
    Ok(())
}

/// A loss whose gradient is infinite in f16, with scale 65,536: 4 of them times the scale.
fn steep<'t>(x: Var<'t>, w: Var<'t>) -> Result<Var<'t>> {
    let _narrow = x.tape().autocast(DType::F16)?;
    Ok(x.matmul(w).sum(()) * 4.0)
}

#[test]
fn an_overflow_skips_the_step_and_halves_the_scale() -> Result<()> {
    let w = Parameter::new(Tensor::from([[1.0f32], [2.0]]));
    let (adam, scale) = (Adam::new(&w, 0.5), LossScale::default());
    let mut tape = Tape::new();
    let mut seen = Vec::new();
    for _ in 0..5 {
        tape.reset();
        let loss = steep(tape.constant([[1.0f32, 1.0]]), tape.parameter(&w))?;
        let before = w.value().to_f64_vec();
        let counted = scale.step(&w, &adam, loss)?.item()? == 1.0;
        assert!((loss.item()? - 4.0 * before.iter().sum::<f64>()).abs() < 0.01);
        assert_eq!(w.value().to_f64_vec() != before, counted);
        seen.push((counted, scale.scale(), adam.steps()));
    }
    // 4 x 16,384 is beyond the largest number of f16, 65,504; 4 x 8,192 is not.
    let halved = [(false, 32_768.0, 0), (false, 16_384.0, 0), (false, 8_192.0, 0)];
    assert_eq!(seen[..3], halved);
    assert_eq!(seen[3..], [(true, 8_192.0, 1), (true, 8_192.0, 2)]);

    // What Adam keeps saw the gradient alone, not the scale.
    let plain = Parameter::new(Tensor::from([[1.0f32], [2.0]]));
    let other = Adam::new(&plain, 0.5);
    for _ in 0..2 {
        tape.reset();
        let loss = tape.constant([[1.0f32, 1.0]]).matmul(tape.parameter(&plain)).sum(()) * 4.0;
        other.step(loss)?;
    }
    assert_eq!(plain.value().to_f64_vec(), w.value().to_f64_vec());
    Ok(())
}

#[test]
fn a_compiled_step_is_the_recorded_one() -> Result<()> {
    let run = |compiled: bool| -> Result<(Vec<f64>, f64, u64)> {
        let w = Parameter::new(Tensor::from([[1.0f32], [2.0]]));
        let (adam, scale) = (Adam::new(&w, 0.5), LossScale::default());
        let x = Tensor::from([[1.0f32, 0.5]]);
        if compiled {
            let mut step = compile(|tape, inputs| {
                Ok(vec![scale.step(&w, &adam, steep(inputs[0], tape.parameter(&w))?)?])
            });
            for _ in 0..6 {
                let counted = step.call(std::slice::from_ref(&x))?[0].item()? != 0.0;
                LossScale::settle(&adam, counted)?;
            }
        } else {
            let mut tape = Tape::new();
            for _ in 0..6 {
                tape.reset();
                scale.step(&w, &adam, steep(tape.constant(&x), tape.parameter(&w))?)?;
            }
        }
        Ok((w.value().to_f64_vec(), scale.scale(), adam.steps()))
    };
    assert_eq!(run(true)?, run(false)?);
    assert_eq!(run(true)?.2, 3);
    Ok(())
}

#[test]
fn the_scale_doubles_after_its_interval_and_is_saved() -> Result<()> {
    let net = Linear::new(1, 1, &mut Rng::new(1));
    let (sgd, scale) = (Sgd::new(&net, 1e-4), LossScale::new(4.0)?);
    let step = |scale: &LossScale, tape: &mut Tape| -> Result<()> {
        tape.reset();
        let outputs = net.forward(tape.constant([[1.0f32]]));
        let loss = mse(outputs, tape.constant([[0.0f32]]));
        scale.step(&net, &sgd, loss).map(drop)
    };
    let mut tape = Tape::new();
    for _ in 1..LossScale::INTERVAL {
        step(&scale, &mut tape)?;
    }
    assert_eq!(scale.scale(), 4.0);

    let path = std::env::temp_dir().join(format!("gradtape-scale-{}", std::process::id()));
    io::save(&scale, &path)?;
    let again = LossScale::default();
    io::load(&again, &path)?;
    let both = (net.clone(), again.share());
    Checkpoint::new(&both, &sgd)?.save(&path)?;
    let other = (Linear::new(1, 1, &mut Rng::new(2)), LossScale::default());
    Checkpoint::load(&path)?.restore(&other, &Sgd::new(&net, 1e-4))?;
    std::fs::remove_file(&path).unwrap();
    for scale in [scale, again, other.1] {
        step(&scale, &mut tape)?;
        assert_eq!(scale.scale(), 8.0);
    }
    for wrong in [0.0, -1.0, f64::NAN, 1e300] {
        assert!(LossScale::new(wrong).is_err());
    }
    Ok(())
}

#[test]
fn clipping_sees_gradients_without_the_scale() -> Result<()> {
    let moved = |scaled: bool| -> Result<Vec<f64>> {
        let w = Parameter::new(Tensor::from([[1.0f32], [2.0]]));
        let sgd = Sgd::new(&w, 1.0).clip_norm(1.0);
        let tape = Tape::new();
        let loss = (tape.parameter(&w) * 8.0).sum(());
        match scaled {
            true => drop(LossScale::default().step(&w, &sgd, loss)?),
            false => sgd.step(loss)?,
        }
        Ok(w.value().to_f64_vec())
    };
    assert_eq!(moved(true)?, moved(false)?);
    Ok(())
}

#[test]
fn a_condition_is_a_bool_scalar_of_the_same_tape() -> Result<()> {
    let (tape, other) = (Tape::new(), Tape::new());
    let text = tape.update_if(tape.constant([true, false])).unwrap_err().to_string();
    assert!(text.contains("bool[2]") && text.contains("all(())"), "{text}");
    assert!(tape.update_if(tape.constant(1.0)).is_err());
    assert!(tape.update_if(other.constant(true)).is_err());
    Ok(())
}

#[test]
fn convolutions_with_normalisation_train_in_all_types_and_change_what_augment_says() -> Result<()> {
    let data = digits().rows(&(0..96).collect::<Vec<_>>())?;
    let train = |precision: DType, augment: Option<Augment>, data: &Dataset| -> Result<f64> {
        let blueprint: Blueprint = "cnn:4c3b-r4-p2-16".parse()?;
        let net = blueprint.build([1, 8, 8], 10, &mut Rng::new(3))?;
        let mut trainer =
            Trainer::new(&net, Adam::new(&net, 0.01)).precision(precision).epochs(4).seed(1);
        if let Some(augment) = augment {
            trainer = trainer.augment(augment);
        }
        Ok(trainer.fit(data, None)?.epochs.last().unwrap().train.loss)
    };
    let plain = train(DType::F32, None, &data)?;
    for dtype in [DType::BF16, DType::F16] {
        let other = train(dtype, None, &data)?;
        assert!((other - plain).abs() < 0.2 * plain, "{dtype}: {other} and {plain}");
    }
    let augment = Augment::new([1, 8, 8]).shift(1);
    let changed = train(DType::F32, Some(augment.clone()), &data)?;
    assert_ne!(changed, plain);
    assert_eq!(train(DType::F32, Some(augment), &data.flatten())?, changed);
    let wrong = train(DType::F32, Some(Augment::new([1, 4, 8])), &data).unwrap_err().to_string();
    assert!(wrong.contains("augment images of [1, 4, 8]"), "{wrong}");
    Ok(())
}

#[test]
fn a_training_ends_after_its_steps() -> Result<()> {
    let data = moons(50, 0.1, 1)?;
    let net = Linear::new(2, 2, &mut Rng::new(1));
    for (steps, epochs) in [(3, 1), (5, 1), (7, 2), (100, 4)] {
        let adam = Adam::new(&net, 0.01);
        let mut trainer = Trainer::new(&net, adam).batch_size(10).epochs(4).steps(steps);
        let history = trainer.fit(&data, Some(&data))?;
        assert_eq!(history.epochs.len(), epochs, "{steps}");
        assert_eq!(trainer.optimizer().steps(), steps.min(20) as u64);
        assert!(history.epochs.last().unwrap().validation.is_some());
    }
    // A loss of the user's own, in 16 bits.
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01))
        .precision(DType::F16)
        .loss(|outputs, targets| cross_entropy(outputs, targets) * 2.0)
        .epochs(1);
    assert!(trainer.fit(&data, None)?.epochs[0].train.loss > 0.0);
    Ok(())
}

#[test]
fn a_scale_has_an_end_and_training_says_that_none_helps() -> Result<()> {
    let x = Parameter::new(Tensor::scalar(0f32));
    let (sgd, scale) = (Sgd::new(&x, 0.1), LossScale::new(1e-37)?);
    for _ in 0..5 {
        let tape = Tape::new();
        assert_eq!(scale.step(&x, &sgd, tape.parameter(&x).sqrt())?.item()?, 0.0);
    }
    assert_eq!(scale.scale(), f64::from(f32::MIN_POSITIVE));

    // The slope of the root is infinite at every scale.
    let data = moons(40, 0.1, 7)?;
    let net = Sequential::mlp(&[2, 4, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
    let before = values(&net);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1))
        .precision(DType::F16)
        .epochs(10)
        .batch_size(4)
        .loss(|outputs, _| (outputs - outputs.stop_gradient()).sqrt().sum(()));
    let error = trainer.fit(&data, None).unwrap_err().to_string();
    assert!(error.contains("the last 50 steps in a row"), "{error}");
    assert_eq!(values(&net), before);
    Ok(())
}
