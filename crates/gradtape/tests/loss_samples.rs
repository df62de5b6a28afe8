//! Losses against PyTorch's, for PyTorch's own samples of them and some more: `scripts/loss_samples.py`.
//! `loss_samples.txt` has how many are compared, and why some are left out; out of date it is written anew, and the test
//! fails.

use std::collections::BTreeMap;
use std::path::Path;

use gradtape::loss::*;
use gradtape::{Tape, Tensor, Var, gradients};
use serde_json::Value;

use crate::reference::{cases, check, read, spread_tensor, tensor};

/// What a sample's loss is built with.
struct Arguments<'a>(&'a Value);

impl Arguments<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn f64(&self, name: &str, or: f64) -> f64 {
        self.get(name).map_or(or, |value| value.as_f64().unwrap())
    }

    fn bool(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.as_bool().unwrap())
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        self.get(name).map(tensor)
    }

    fn reduction(&self) -> Reduction {
        match self.get("reduction").map_or("mean", |value| value.as_str().unwrap()) {
            "mean" => Reduction::Mean,
            "sum" => Reduction::Sum,
            "batchmean" => Reduction::BatchMean,
            "none" => Reduction::None,
            other => panic!("{other}"),
        }
    }
}

/// Classes last, where PyTorch has them second.
fn classes_last(x: Var<'_>) -> Var<'_> {
    if x.shape().rank() > 2 { x.move_axis(1, -1) } else { x }
}

/// The loss of a sample, or why there is none.
fn record<'t>(loss: &str, of: &Arguments<'_>, x: &[Var<'t>]) -> Result<Var<'t>, &'static str> {
    let reduction = of.reduction();
    let ignore_index = of.get("ignore_index").map(|value| value.as_i64().unwrap());
    Ok(match loss {
        "L1Loss" => mae_with(x[0], x[1], reduction),
        "MSELoss" => mse_with(x[0], x[1], reduction),
        "HuberLoss" => huber_with(x[0], x[1], of.f64("delta", 1.0), reduction),
        "SmoothL1Loss" => smooth_l1_with(x[0], x[1], of.f64("beta", 1.0), reduction),
        "BCELoss" if of.get("weight").is_some() => return Err("bce has no weights"),
        "BCELoss" => bce_with(x[0], x[1], reduction),
        "BCEWithLogitsLoss" => {
            let (weight, pos_weight) = (of.tensor("weight"), of.tensor("pos_weight"));
            bce_with_logits_with(x[0], x[1], &BceOptions { weight, pos_weight, reduction })
        }
        "CrossEntropyLoss" => {
            let (weight, label_smoothing) = (of.tensor("weight"), of.f64("label_smoothing", 0.0));
            let options = CrossEntropyOptions { weight, label_smoothing, ignore_index, reduction };
            cross_entropy_with(classes_last(x[0]), x[1], &options)
        }
        "NLLLoss" => {
            let options = NllOptions { weight: of.tensor("weight"), ignore_index, reduction };
            nll_with(classes_last(x[0]), x[1], options)
        }
        "KLDivLoss" if of.bool("log_target") => return Err("the target is no logarithm"),
        "KLDivLoss" if reduction == Reduction::BatchMean && x[0].shape().rank() == 0 => {
            return Err("one number has no rows");
        }
        "KLDivLoss" => kl_div_with(x[0], x[1], reduction),
        "MultiMarginLoss" => {
            let (p, margin) = (of.f64("p", 1.0) as u32, of.f64("margin", 1.0));
            let options = MultiMarginOptions { p, margin, weight: of.tensor("weight"), reduction };
            multi_margin_with(x[0], x[1], &options)
        }
        "CosineEmbeddingLoss" => {
            let options = CosineEmbeddingOptions { margin: of.f64("margin", 0.0), reduction };
            cosine_embedding_with(x[0], x[1], x[2], options)
        }
        "TripletMarginLoss" => {
            let (margin, p) = (of.f64("margin", 1.0), of.f64("p", 2.0));
            let (eps, swap) = (of.f64("eps", 1e-6), of.bool("swap"));
            let options = TripletMarginOptions { margin, p, eps, swap, reduction };
            triplet_margin_with(x[0], x[1], x[2], options)
        }
        "PoissonNLLLoss" => {
            let log_input = of.get("log_input").is_none_or(|value| value.as_bool().unwrap());
            let (full, eps) = (of.bool("full"), of.f64("eps", 1e-8));
            poisson_nll_with(x[0], x[1], PoissonNllOptions { log_input, full, eps, reduction })
        }
        "GaussianNLLLoss" => {
            let (full, eps) = (of.bool("full"), of.f64("eps", 1e-6));
            gaussian_nll_with(x[0], x[1], x[2], GaussianNllOptions { full, eps, reduction })
        }
        "CTCLoss" => {
            let blank = of.f64("blank", 0.0) as usize;
            let options = CtcOptions { blank, zero_infinity: of.bool("zero_infinity"), reduction };
            ctc_with(x[0].log_softmax(-1), x[1], x[2], x[3], options)
        }
        other => panic!("{other}"),
    })
}

/// A sum with the weights of a seed, as in the script.
fn weighted(y: Var<'_>, seed: u64) -> Var<'_> {
    (y.tape().constant(spread_tensor(&y.shape(), seed)) * y).sum(())
}

fn compare(case: &Value) -> Result<(), &'static str> {
    let loss = case["loss"].as_str().unwrap();
    let what = format!("{loss} {}", case["arguments"]);
    let tape = Tape::new();
    let inputs = case["inputs"].as_array().unwrap();
    let x: Vec<Var<'_>> = inputs.iter().map(|input| tape.watch(tensor(input))).collect();
    let y = record(loss, &Arguments(&case["arguments"]), &x)?;
    let places = case["by"].as_array().unwrap();
    let by: Vec<Var<'_>> = places.iter().map(|n| x[n.as_u64().unwrap() as usize]).collect();
    let read = |var: Var<'_>| var.value().unwrap_or_else(|e| panic!("{what}: {e}")).to_f64_vec();
    check(&what, &read(y), &case["output"]);
    let slopes = gradients(weighted(y, 1), &by);
    for (place, slope) in slopes.iter().enumerate() {
        check(&format!("{what}: gradient {place}"), &read(*slope), &case["gradients"][place]);
    }
    if let Some(seconds) = case.get("seconds") {
        let sum = slopes.iter().map(|slope| weighted(*slope, 2)).reduce(|a, b| a + b).unwrap();
        for (place, second) in gradients(sum, &by).iter().enumerate() {
            check(&format!("{what}: second {place}"), &read(*second), &seconds[place]);
        }
    }
    Ok(())
}

#[test]
fn losses_agree_with_the_samples_of_pytorch() {
    let file = read("loss_samples.json");
    let (mut compared, mut seconds) = (BTreeMap::<&str, usize>::new(), 0);
    let mut left_out = BTreeMap::<String, usize>::new();
    for case in cases(&file) {
        let loss = case["loss"].as_str().unwrap();
        match compare(case) {
            Ok(()) => {
                *compared.entry(loss).or_default() += 1;
                seconds += usize::from(case.get("seconds").is_some());
            }
            Err(reason) => *left_out.entry(format!("{loss}: {reason}")).or_default() += 1,
        }
    }
    let all: usize = compared.values().sum();
    let mut table =
        format!("{all} cases of {} losses compared, {seconds} to second order\n", compared.len());
    compared.iter().for_each(|(loss, count)| table += &format!("  {loss}: {count}\n"));
    table += "left out\n";
    left_out.iter().for_each(|(reason, count)| table += &format!("  {reason}: {count}\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loss_samples.txt");
    if std::fs::read_to_string(&path).is_ok_and(|have| have == table) {
        return;
    }
    std::fs::write(&path, table).unwrap();
    panic!("loss_samples.txt was out of date and has been written anew; read it and commit it");
}
