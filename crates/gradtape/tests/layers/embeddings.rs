//! Tables of vectors, and dropout of channels.

use gradtape::io::Model;
use gradtape::nn::{
    Dropout1d, Dropout2d, Embedding, EmbeddingOptions, Flatten, Init, Linear, Module, Residual,
    Sequential,
};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Result, Rng, Tape, Tensor, gradient};
use serde_json::Value;

use super::shared::{agrees, predict, refused, set};
use crate::reference::{cases, read, tensor};

#[test]
fn values_and_gradients_agree_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let all: Vec<&Value> = cases(&file).iter().filter(|case| case["op"] == "embedding").collect();
    assert_eq!(all.len(), 3);
    for case in all {
        let weight = tensor(&case["inputs"]["weight"]);
        let options = EmbeddingOptions { dtype: DType::F64, ..EmbeddingOptions::default() };
        let rng = &mut Rng::new(1);
        let layer = Embedding::with(weight.shape()[0], weight.shape()[1], options, rng)?;
        set(&layer, "weight", weight);
        let tape = Tape::new();
        let y = layer.forward(tape.constant(tensor(&case["inputs"]["index"])));
        let own = tape.parameter(&layer.weight);
        agrees(&file, case, y, ("weight", own))?;
    }
    Ok(())
}

#[test]
fn padding_stays_zero_while_the_rest_is_trained() -> Result<()> {
    let options = EmbeddingOptions { padding: Some(2), ..EmbeddingOptions::default() };
    let layer = Embedding::with(4, 3, options, &mut Rng::new(1))?;
    let before = layer.weight.value().to_f64_vec();
    assert_eq!(before[6..9], [0.0; 3]);
    assert!(before[..6].iter().all(|&number| number != 0.0));
    let tape = Tape::new();
    let y = layer.forward(tape.constant([[2i64, 0], [2, 1]]));
    let [slope] = gradient(y.exp().sum(()), [tape.parameter(&layer.weight)]);
    let slope = slope.value()?.to_f64_vec();
    assert_eq!(slope[6..], [0.0; 6]);
    assert!(slope[..6].iter().all(|&number| number > 0.0));
    let adam = Adam::new(&layer, 0.1);
    adam.step(y.exp().sum(()))?;
    let after = layer.weight.value().to_f64_vec();
    assert_eq!(after[6..], before[6..]);
    assert!(after[..6].iter().zip(&before).all(|(after, before)| after < before));
    Ok(())
}

#[test]
fn a_text_classifier_is_saved_and_loaded() -> Result<()> {
    let rng = &mut Rng::new(1);
    let net = Sequential::new()
        .add(Embedding::new(10, 4, rng))
        .add(Residual::new(Linear::new(4, 4, rng)))
        .add(Flatten)
        .add(Linear::new(12, 2, rng));
    let x = Tensor::from([[1i64, 9, 3], [0, 0, 7]]);
    let want = predict(&net, &x)?;
    let path = std::env::temp_dir().join(format!("gradtape-text-{}", std::process::id()));
    Model::new(net).save(&path)?;
    let again = Model::load(&path)?.network;
    std::fs::remove_file(&path).unwrap();
    assert!(predict(&again, &x)?.equals(&want));
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let rng = &mut Rng::new(1);
    let net = Sequential::new().add(Embedding::new(4, 3, rng));
    net.named_parameters();
    for index in [4i64, -1] {
        refused(predict(&net, &Tensor::from([0, index])), &["out of range for 4", "0 (Embedding)"]);
    }
    refused(predict(&net, &Tensor::from([1.0])), &["rows in i64", "f64[1]", "cast(DType::I64)"]);
    let padded = EmbeddingOptions { padding: Some(4), ..EmbeddingOptions::default() };
    refused(Embedding::with(4, 3, padded, rng), &["padding is 4", "below 4"]);
    let whole = EmbeddingOptions { dtype: DType::I64, ..EmbeddingOptions::default() };
    refused(Embedding::with(4, 3, whole, rng), &["not i64"]);
    let broken = Init::Normal { mean: 0.0, std: -1.0 };
    let broken = EmbeddingOptions { init: broken, ..EmbeddingOptions::default() };
    refused(Embedding::with(4, 3, broken, rng), &["an embedding of 4"]);
    assert!(predict(&Embedding::new(usize::MAX / 2, 3, rng), &Tensor::from([0i64])).is_err());
    Ok(())
}

#[test]
fn dropout_takes_whole_channels_with_its_probability() -> Result<()> {
    let ones = Tensor::ones([50, 40, 3], DType::F64);
    let layer = Dropout1d::new(0.25, &mut Rng::new(4));
    let draw = |layer: &Dropout1d| -> Result<Vec<f64>> {
        Ok(layer.forward(Tape::new().constant(&ones)).value()?.to_f64_vec())
    };
    let (copy, first) = (layer.clone(), draw(&layer)?);
    assert_eq!(draw(&copy)?, first);
    assert_ne!(draw(&layer)?, first);
    let kept = 1.0 / 0.75;
    let channel = |channel: &[f64]| channel == [0.0; 3] || channel == [kept; 3];
    assert!(first.chunks(3).all(channel));
    let share = first.iter().filter(|&&y| y == 0.0).count() as f64 / first.len() as f64;
    // The standard error of a share of 2,000 is 0.01.
    assert!((share - 0.25).abs() < 0.04, "{share}");
    let tape = Tape::new();
    let x = tape.watch(&ones);
    let y = layer.forward(x);
    let [slope] = gradient(y.sum(()), [x]);
    assert!(slope.value()?.equals(&y.value()?));
    assert!(predict(&layer, &ones)?.equals(&ones));

    refused(predict(&Dropout2d::new(0.5, &mut Rng::new(1)), &ones), &["height", "f64[50, 40, 3]"]);
    refused(predict(&Dropout1d::new(1.0, &mut Rng::new(1)), &ones), &["probability 1"]);
    Ok(())
}

#[test]
fn a_residual_names_both_shapes_and_its_path() -> Result<()> {
    let rng = &mut Rng::new(1);
    let net = Sequential::new().add(Residual::new(Sequential::new().add(Linear::new(3, 2, rng))));
    let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["0.inner.0.weight", "0.inner.0.bias"]);
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    refused(predict(&net, &zeros(&[5, 3])), &["f32[5, 3]", "f32[5, 2]", "in layer 0"]);
    refused(predict(&net, &zeros(&[5, 4])), &["takes 3 features", "0.inner.0 (Linear)"]);
    Ok(())
}
