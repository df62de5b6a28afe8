//! Small networks against the reference: outputs, loss, gradients, and training by whole batches.

use gradtape::loss::{bce_with_logits, cross_entropy, mse};
use gradtape::nn::{Linear, Module};
use gradtape::optim::{Hyper, Optimizer, by_name};
use gradtape::{DType, Result, Tape, Tensor, Var, gradients};
use serde_json::Value;

use crate::reference::{Tolerance, cases, read, tensor, tensor_of};

#[derive(Module)]
struct Net {
    layers: Vec<Linear>,
    #[module(skip)]
    activations: Vec<String>,
}

impl Net {
    fn new(case: &Value, dtype: DType) -> Net {
        let activations = case["activations"].as_array().unwrap();
        let activations = activations.iter().map(|name| name.as_str().unwrap().to_string());
        let activations: Vec<String> = activations.collect();
        let parameter =
            |kind: &str, layer: usize| tensor_of(&case["params"][format!("{kind}{layer}")], dtype);
        let layer = |i| Linear::from_tensors(parameter("w", i), Some(parameter("b", i))).unwrap();
        Net { layers: (1..=activations.len()).map(layer).collect(), activations }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let mut x = x;
        for (layer, activation) in self.layers.iter().zip(&self.activations) {
            x = layer.forward(x);
            x = match &activation[..] {
                "relu" => x.relu(),
                "tanh" => x.tanh(),
                "sigmoid" => x.sigmoid(),
                "none" => x,
                other => panic!("{other}"),
            };
        }
        x
    }

    /// The outputs and the loss of a case.
    fn loss<'t>(&self, tape: &'t Tape, case: &Value) -> (Var<'t>, Var<'t>) {
        let dtype = self.layers[0].weight.value().dtype();
        let outputs = self.forward(tape.constant(tensor_of(&case["inputs"], dtype)));
        let targets = tape.constant(tensor_of(&case["targets"], dtype));
        let loss = match case["loss"].as_str().unwrap() {
            "mse" => mse(outputs, targets),
            "cross_entropy" => cross_entropy(outputs, targets),
            "bce_with_logits" => bce_with_logits(outputs, targets),
            other => panic!("{other}"),
        };
        (outputs, loss)
    }

    fn check(&self, what: &str, tolerance: Tolerance, got: &[Tensor], want: &Value) {
        let names = (1..=self.layers.len()).flat_map(|i| [format!("w{i}"), format!("b{i}")]);
        assert_eq!(got.len(), want.as_object().unwrap().len(), "{what}");
        for (name, got) in names.zip(got) {
            let want = tensor(&want[&name]);
            assert_eq!(got.shape(), want.shape(), "{what}, {name}");
            tolerance.check(&format!("{what}, {name}"), &got.to_f64_vec(), &want.to_f64_vec());
        }
    }
}

/// How far f32 may be from the reference, relative to the largest element.
const SINGLE: f64 = 1e-5;

#[test]
fn networks_are_those_of_the_reference() -> Result<()> {
    compare(DType::F64)
}

#[test]
fn networks_in_f32_are_near_the_reference() -> Result<()> {
    compare(DType::F32)
}

fn compare(dtype: DType) -> Result<()> {
    let file = read("networks.json");
    for case in cases(&file) {
        let id = case["id"].as_str().unwrap();
        let tolerance = Tolerance::for_type(&file, case, dtype, SINGLE);
        let net = Net::new(case, dtype);
        let mut tape = Tape::new();
        let (outputs, loss) = net.loss(&tape, case);
        let want = tensor(&case["outputs"]);
        tolerance.check(id, &outputs.value()?.to_f64_vec(), &want.to_f64_vec());
        tolerance.check(id, &[loss.item()?], &[case["loss_value"].as_f64().unwrap()]);
        let parameters: Vec<Var<'_>> =
            net.parameters().iter().map(|parameter| tape.parameter(parameter)).collect();
        let gradients = gradients(loss, &parameters);
        let gradients: Vec<Tensor> = gradients.iter().map(|g| g.value()).collect::<Result<_>>()?;
        net.check(id, tolerance, &gradients, &case["grads"]);

        for after in case["after"].as_array().unwrap() {
            let (name, steps) =
                (after["optimiser"].as_str().unwrap(), after["steps"].as_u64().unwrap());
            let net = Net::new(case, dtype);
            let hyper: Hyper = serde_json::from_value(after["hyper"].clone()).unwrap();
            let optimizer = by_name(name, &net, &hyper)?;
            for _ in 0..steps {
                tape.reset();
                optimizer.step(net.loss(&tape, case).1)?;
            }
            // Small gradients divided by small roots: the reference's own bound for Adam.
            let relative = match name == "adam" && steps > 1 {
                true => 1e-7_f64.max(tolerance.relative),
                false => tolerance.relative,
            };
            let tolerance = Tolerance { relative, ..tolerance };
            let what = format!("{id}, {steps} steps of {name}");
            let values: Vec<Tensor> = net.parameters().iter().map(|p| p.value()).collect();
            net.check(&what, tolerance, &values, &after["params"]);
            tape.reset();
            let loss = net.loss(&tape, case).1.item()?;
            tolerance.check(&what, &[loss], &[after["loss_after"].as_f64().unwrap()]);
        }
    }
    Ok(())
}

/// The course's example: prediction 10 against 7.
#[test]
fn lecture_example() -> Result<()> {
    let file = read("networks.json");
    let case = cases(&file).iter().find(|case| case["id"] == "lecture-4-2-1").unwrap();
    let net = Net::new(case, DType::F64);
    let tape = Tape::new();
    let (prediction, loss) = net.loss(&tape, case);
    let b2 = tape.parameter(net.layers[1].bias.as_ref().unwrap());
    let gradient = gradients(loss, &[b2])[0];
    assert_eq!((prediction.item()?, loss.item()?, gradient.item()?), (10.0, 9.0, 6.0));
    Ok(())
}
