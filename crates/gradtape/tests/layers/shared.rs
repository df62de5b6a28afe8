//! What tests of layers share.

use gradtape::nn::{Layer, LayerSpec, Module};
use gradtape::{DType, Result, Rng, Tape, Tensor, Var, vjp};
use serde_json::Value;

use crate::reference::{self, Tolerance, tensor};

/// Numbers without a pattern, in f64.
pub(crate) fn numbers(shape: &[usize], seed: u64) -> Tensor {
    Tensor::uniform(shape, -1.5, 1.5, DType::F64, &mut Rng::new(seed)).unwrap()
}

/// A layer from its description as JSON.
#[track_caller]
pub(crate) fn build(json: &str) -> Box<dyn Layer> {
    let spec: LayerSpec = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"));
    spec.build(&mut Rng::new(3)).unwrap_or_else(|e| panic!("{e}: {json}"))
}

/// Gives every parameter numbers without a pattern, biases and scales too.
pub(crate) fn stir(module: &dyn Module) {
    for (seed, parameter) in module.parameters().into_iter().enumerate() {
        let value = parameter.value();
        let numbers = numbers(value.shape(), seed as u64 + 10).cast(value.dtype());
        parameter.set(numbers).unwrap();
    }
}

pub(crate) fn set(module: &dyn Module, name: &str, value: Tensor) {
    let all = module.named_parameters();
    let (_, own) = all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}"));
    own.set(value).unwrap();
}

/// The numbers of a parameter.
pub(crate) fn get(module: &dyn Module, name: &str) -> Vec<f64> {
    let all = module.named_parameters();
    let (_, own) = all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}"));
    own.value().to_f64_vec()
}

/// What a layer gives, when nothing is drawn.
pub(crate) fn predict(layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
    layer.forward(Tape::inference().constant(x)).value()
}

/// A function of values, with the lifetime of its tape said.
pub(crate) fn function<F: for<'t> Fn(&[Var<'t>]) -> Var<'t>>(function: F) -> F {
    function
}

#[track_caller]
pub(crate) fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(error <= tolerance * (1.0 + want.abs()), "{what}: {got}, not {want}, at {i}");
    }
}

/// The message of an error, for a layer's first use or for how it was built.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T>, words: &[&str]) {
    let text = result.err().expect("an error").to_string();
    for words in words {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
}

/// Whether a layer's result, and its gradient with respect to a value that the case names, are those of a case.
pub(crate) fn agrees<'t>(
    file: &Value,
    case: &Value,
    y: Var<'t>,
    (name, x): (&str, Var<'t>),
) -> Result<()> {
    let cotangent = y.tape().constant(tensor(&case["cotangent"]));
    let slope = vjp(&[y], &[cotangent], &[x]).remove(0);
    let tolerance = Tolerance::of(file, case);
    let data = |value: &Value| reference::numbers(&value["data"]);
    let id = case["id"].as_str().unwrap();
    tolerance.check(id, &y.value()?.to_f64_vec(), &data(&case["output"]));
    let want = data(&case["grads"][name]);
    tolerance.check(&format!("{id}: gradient"), &slope.value()?.to_f64_vec(), &want);
    Ok(())
}
