//! Activations against PyTorch's values and against their definitions.

use gradtape::nn::{
    Activation, Celu, Elu, Gelu, Glu, Hardsigmoid, Hardswish, Hardtanh, Layer, LayerSpec,
    LogSoftmax, Mish, Prelu, PreluOptions, Relu6, Selu, Silu, Softplus, Softsign,
};
use gradtape::{DType, Result, Rng, Tape, Tensor};

use super::shared::{agrees, close, refused};
use crate::reference::{cases, read, tensor};

#[test]
fn values_and_gradients_agree_with_the_reference() -> Result<()> {
    let file = read("tensor_ops.json");
    let mut seen = 0;
    for case in cases(&file) {
        let attrs = &case["attrs"];
        let number = |name: &str| attrs[name].as_f64().unwrap();
        let layer: Box<dyn Layer> = match case["op"].as_str().unwrap() {
            "elu" => Box::new(Elu { alpha: number("alpha") }),
            "gelu" => Box::new(Gelu { tanh: attrs["approximate"] == "tanh" }),
            "silu" => Box::new(Silu),
            "softplus" => Box::new(Softplus::default()),
            "softsign" => Box::new(Softsign),
            "log_softmax" if attrs["axis"] == -1 => Box::new(LogSoftmax),
            _ => continue,
        };
        seen += 1;
        let tape = Tape::new();
        let x = tape.watch(tensor(&case["inputs"]["x"]));
        agrees(&file, case, layer.forward(x), ("x", x))?;
    }
    assert!(seen >= 16, "only {seen} cases");
    Ok(())
}

#[test]
fn values_agree_with_the_definitions() -> Result<()> {
    let points: Vec<f64> = (-40..=40).map(|i| f64::from(i) * 0.17).collect();
    let relu6 = |x: f64| x.clamp(0.0, 6.0);
    let check = |layer: &dyn Layer, formula: &dyn Fn(f64) -> f64| -> Result<()> {
        let want: Vec<f64> = points.iter().map(|&x| formula(x)).collect();
        for dtype in [DType::F64, DType::F32] {
            let x = Tensor::from(&points[..]).cast(dtype);
            let y = layer.forward(Tape::new().constant(x)).value()?;
            assert_eq!(y.dtype(), dtype);
            let tolerance = if dtype == DType::F64 { 1e-14 } else { 3e-6 };
            close(&layer.kind(), &y.to_f64_vec(), &want, tolerance);
        }
        Ok(())
    };
    let elu = |x: f64, alpha: f64| if x > 0.0 { x } else { alpha * (x.exp() - 1.0) };
    check(&Selu, &|x| 1.0507009873554805 * elu(x, 1.6732632423543772))?;
    check(&Celu { alpha: 0.6 }, &|x| x.max(0.0) + (0.6 * ((x / 0.6).exp() - 1.0)).min(0.0))?;
    check(&Mish, &|x| x * (1.0 + x.exp()).ln().tanh())?;
    check(&Softplus { beta: 3.0 }, &|x| (1.0 + (3.0 * x).exp()).ln() / 3.0)?;
    check(&Hardtanh { min: -2.0, max: 0.5 }, &|x| x.clamp(-2.0, 0.5))?;
    check(&Relu6, &relu6)?;
    check(&Hardsigmoid, &|x| relu6(x + 3.0) / 6.0)?;
    check(&Hardswish, &|x| x * relu6(x + 3.0) / 6.0)?;
    Ok(())
}

#[test]
fn large_numbers_neither_overflow_nor_lose_their_slope() -> Result<()> {
    let layers: [&dyn Layer; 7] = [
        &Selu,
        &Celu { alpha: 0.01 },
        &Mish,
        &Softplus { beta: 100.0 },
        &Hardswish,
        &Elu::default(),
        &Gelu { tanh: true },
    ];
    for layer in layers {
        let tape = Tape::new();
        let x = tape.watch(Tensor::from([-1e30f32, -200.0, 200.0, 1e30]));
        let y = layer.forward(x);
        let [slope] = gradtape::gradient(y.sum(()), [x]);
        for numbers in [y.value()?, slope.value()?] {
            let fine = numbers.to_f64_vec().iter().all(|number| number.is_finite());
            assert!(fine, "{}: {numbers}", layer.kind());
        }
    }
    Ok(())
}

#[test]
fn glu_takes_halves_along_any_axis() -> Result<()> {
    let x = Tensor::from([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let y = Glu::default().forward(Tape::new().constant(&x)).value()?;
    assert_eq!(y.shape()[..], [2, 2]);
    let want = [1.0 * sigmoid(3.0), 2.0 * sigmoid(4.0), 5.0 * sigmoid(7.0), 6.0 * sigmoid(8.0)];
    close("last axis", &y.to_f64_vec(), &want, 1e-15);
    let y = Glu { axis: 0 }.forward(Tape::new().constant(&x)).value()?;
    let want: Vec<f64> = (0..4).map(|i| (1 + i) as f64 * sigmoid((5 + i) as f64)).collect();
    close("first axis", &y.to_f64_vec(), &want, 1e-15);
    let odd = Tape::new();
    refused(
        Glu::default().forward(odd.constant([1.0, 2.0, 3.0])).value(),
        &["[3]", "even number", "in layer Glu"],
    );
    refused(Glu { axis: 4 }.forward(odd.constant([1.0, 2.0])).value(), &["axis 4"]);
    Ok(())
}

#[test]
fn prelu_learns_its_slopes() -> Result<()> {
    let layer = Prelu::with(2, PreluOptions { init: 0.5, dtype: DType::F64 })?;
    let tape = Tape::new();
    let x = tape.watch(Tensor::from([[-2.0, -4.0], [3.0, -6.0]]));
    let y = layer.forward(x);
    assert_eq!(y.value()?.to_f64_vec(), [-1.0, -2.0, 3.0, -3.0]);
    let [slope, of_weight] = gradtape::gradient(y.sum(()), [x, tape.parameter(&layer.weight)]);
    assert_eq!(slope.value()?.to_f64_vec(), [0.5, 0.5, 1.0, 0.5]);
    assert_eq!(of_weight.value()?.to_f64_vec(), [-2.0, -10.0]);
    refused(Prelu::with(0, PreluOptions::default()), &["0 slopes"]);
    let broken = PreluOptions { init: f64::NAN, ..PreluOptions::default() };
    refused(Prelu::with(1, broken), &["init is NaN"]);
    refused(Prelu::new(3).forward(tape.constant([[1.0f32]])).value(), &["3 channels", "f32[1, 1]"]);
    refused(Prelu::new(1).forward(tape.constant([[1.0]])).value(), &["write 1.0f32"]);
    Ok(())
}

#[test]
fn settings_out_of_range_are_errors_when_built_and_when_used() {
    let rng = &mut Rng::new(1);
    let specs: [(LayerSpec, &str); 6] = [
        (Elu { alpha: f64::INFINITY }.into(), "alpha is inf"),
        (Celu { alpha: -1.0 }.into(), "alpha is -1"),
        (Celu { alpha: f64::NAN }.into(), "alpha is NaN"),
        (Softplus { beta: 0.0 }.into(), "beta is 0"),
        (Hardtanh { min: 1.0, max: 1.0 }.into(), "max must be above min"),
        (Hardtanh { min: f64::NAN, max: 1.0 }.into(), "min is NaN"),
    ];
    for (spec, words) in specs {
        refused(spec.build(rng), &[words]);
    }
    let tape = Tape::new();
    refused(
        Softplus { beta: -1.0 }.forward(tape.constant(1.0)).value(),
        &["beta is -1", "in layer Softplus"],
    );
}

#[test]
fn activations_by_name() -> Result<()> {
    let names = Activation::ALL.map(Activation::name);
    assert_eq!(names, ["relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh"]);
    let x = Tensor::from([-1.0, 2.0]);
    for (activation, layer) in
        [(Activation::Gelu, &Gelu::default() as &dyn Layer), (Activation::Silu, &Silu)]
    {
        let [ours, theirs] = [&*activation.layer(), layer]
            .map(|layer| layer.forward(Tape::new().constant(&x)).value().unwrap());
        assert!(ours.equals(&theirs));
    }
    Ok(())
}
