//! Normalisation against PyTorch's values and against plain loops.

use gradtape::nn::{
    GroupNorm, InstanceNorm1d, InstanceNorm2d, Layer, LayerNorm, LayerNormOptions, Module,
    NormOptions, RmsNorm, RmsNormOptions, Sequential,
};
use gradtape::{DType, Result, Tape, Tensor, vjp};
use serde_json::Value;

use super::shared::{close, get, numbers as draw, predict, refused, set, stir};
use crate::reference::{Tolerance, cases, numbers, read, tensor};

#[test]
fn layer_norm_agrees_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let all: Vec<&Value> = cases(&file).iter().filter(|case| case["op"] == "layer_norm").collect();
    assert_eq!(all.len(), 3);
    for case in all {
        let (id, inputs) = (case["id"].as_str().unwrap(), &case["inputs"]);
        let weight = tensor(&inputs["weight"]);
        let options = LayerNormOptions {
            eps: case["attrs"]["eps"].as_f64().unwrap(),
            dtype: DType::F64,
            ..LayerNormOptions::default()
        };
        let layer = LayerNorm::with(weight.shape().clone(), options)?;
        set(&layer, "weight", weight);
        set(&layer, "bias", tensor(&inputs["bias"]));
        let tape = Tape::new();
        let x = tape.watch(tensor(&inputs["x"]));
        let y = layer.forward(x);
        let own = layer.parameters();
        let watched = [x, tape.parameter(&own[0]), tape.parameter(&own[1])];
        let slopes = vjp(&[y], &[tape.constant(tensor(&case["cotangent"]))], &watched);
        let tolerance = Tolerance::of(&file, case);
        let data = |value: &Value| numbers(&value["data"]);
        tolerance.check(id, &y.value()?.to_f64_vec(), &data(&case["output"]));
        for (name, slope) in ["x", "weight", "bias"].into_iter().zip(slopes) {
            let (what, want) = (format!("{id}: gradient of {name}"), data(&case["grads"][name]));
            tolerance.check(&what, &slope.value()?.to_f64_vec(), &want);
        }
    }
    Ok(())
}

/// Each run of `size` numbers with mean 0 and variance 1.
fn normalised(x: &[f64], size: usize, eps: f64) -> Vec<f64> {
    let run = |run: &[f64]| -> Vec<f64> {
        let mean = run.iter().sum::<f64>() / size as f64;
        let variance = run.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / size as f64;
        run.iter().map(|x| (x - mean) / (variance + eps).sqrt()).collect()
    };
    x.chunks(size).flat_map(run).collect()
}

/// Scaled and moved channel by channel, of `places` numbers each.
fn affine(layer: &dyn Module, x: &mut [f64], places: usize) {
    let (weight, bias) = (get(layer, "weight"), get(layer, "bias"));
    for (channel, x) in x.chunks_mut(places).enumerate() {
        let channel = channel % weight.len();
        x.iter_mut().for_each(|x| *x = *x * weight[channel] + bias[channel]);
    }
}

#[test]
fn groups_and_instances_agree_with_plain_loops() -> Result<()> {
    let options = NormOptions { eps: 1e-3, affine: true, dtype: DType::F64 };
    let x = draw(&[2, 6, 2, 5], 1);
    for groups in [1, 2, 3, 6] {
        let layer = GroupNorm::with(groups, 6, options)?;
        stir(&layer);
        let mut want = normalised(&x.to_f64_vec(), 6 / groups * 10, 1e-3);
        affine(&layer, &mut want, 10);
        close("group", &predict(&layer, &x)?.to_f64_vec(), &want, 1e-12);
    }
    let layer = InstanceNorm2d::with(6, options)?;
    stir(&layer);
    let mut want = normalised(&x.to_f64_vec(), 10, 1e-3);
    affine(&layer, &mut want, 10);
    close("instance", &predict(&layer, &x)?.to_f64_vec(), &want, 1e-12);
    let bare = InstanceNorm1d::new(6);
    assert_eq!(bare.parameter_count(), 0);
    let x = draw(&[2, 6, 5], 2);
    let y = predict(&bare, &x.cast(DType::F32))?;
    close("bare", &y.to_f64_vec(), &normalised(&x.to_f64_vec(), 5, 1e-5), 1e-5);
    // Groups of rows without places.
    let rows = GroupNorm::with(2, 6, NormOptions { affine: false, ..options })?;
    let x = draw(&[4, 6], 3);
    close("rows", &predict(&rows, &x)?.to_f64_vec(), &normalised(&x.to_f64_vec(), 3, 1e-3), 1e-12);
    Ok(())
}

#[test]
fn root_mean_squares_agree_with_plain_loops() -> Result<()> {
    let x = draw(&[3, 2, 4], 1);
    for (eps, used) in [(None, f64::EPSILON), (Some(0.1), 0.1)] {
        let options = RmsNormOptions { eps, dtype: DType::F64, ..RmsNormOptions::default() };
        let layer = RmsNorm::with([2, 4], options)?;
        stir(&layer);
        let weight = get(&layer, "weight");
        let run = |run: &[f64]| -> Vec<f64> {
            let mean = run.iter().map(|x| x * x).sum::<f64>() / 8.0;
            run.iter().zip(&weight).map(|(x, w)| x / (mean + used).sqrt() * w).collect()
        };
        let want: Vec<f64> = x.to_f64_vec().chunks(8).flat_map(run).collect();
        close("rms", &predict(&layer, &x)?.to_f64_vec(), &want, 1e-12);
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let net = Sequential::new().add(LayerNorm::new([3, 4])).add(RmsNorm::new(4));
    net.named_parameters();
    refused(predict(&net, &zeros(&[2, 4])), &["last axes of [3, 4]", "f32[2, 4]", "0 (LayerNorm)"]);
    refused(predict(&net, &Tensor::zeros([2, 3, 4], DType::F64)), &["write 1.0f32"]);
    refused(predict(&RmsNorm::new(3), &zeros(&[2, 4])), &["last axes of [3]", "in layer RmsNorm"]);
    refused(predict(&LayerNorm::new(()), &zeros(&[2, 4])), &["no axis to normalise"]);
    refused(LayerNorm::with((), LayerNormOptions::default()), &["no axis to normalise"]);
    let eps = LayerNormOptions { eps: -1.0, ..LayerNormOptions::default() };
    refused(LayerNorm::with(4, eps), &["LayerNorm of [4]", "eps is -1"]);
    let eps = RmsNormOptions { eps: Some(f64::NAN), ..RmsNormOptions::default() };
    refused(RmsNorm::with(4, eps), &["eps is NaN"]);
    let whole = NormOptions { dtype: DType::I64, ..NormOptions::default() };
    refused(GroupNorm::with(2, 4, whole), &["not i64"]);
    refused(GroupNorm::new(0, 4), &["0 groups"]);
    let groups = GroupNorm::new(2, 4)?;
    refused(predict(&groups, &zeros(&[2, 3, 4])), &["takes 4 channels", "f32[2, 3, 4]"]);
    refused(predict(&groups, &zeros(&[4])), &["takes 4 channels", "f32[4]"]);
    let instance = InstanceNorm2d::new(4);
    refused(
        predict(&instance, &zeros(&[2, 4, 3])),
        &["[n, channels, height, width]", "in layer InstanceNorm2d"],
    );
    refused(predict(&instance, &zeros(&[2, 4, 1, 1])), &["1 place in each channel"]);
    let layer: &dyn Layer =
        &LayerNorm::with(4, LayerNormOptions { bias: false, ..Default::default() })?;
    assert_eq!(layer.named_parameters().len(), 1);
    Ok(())
}
