//! Values and gradients of the methods against `data/tensor_ops.json`, which was computed with
//! torch and checked with jax, both in f64. Each case: operation, attributes, inputs, output,
//! cotangent and the gradients of `sum(output * cotangent)`.

use std::collections::BTreeSet;

use gradtape::{DType, Tape, Tensor, Var, vjp};
use serde_json::Value;

/// Operations of the file that the library does not have, and batch normalisation, which is a layer
/// (`batch_norm.rs`).
const NOT_YET: [&str; 4] = ["avg_pool2d", "batch_norm", "conv2d", "max_pool2d"];

#[test]
fn every_case_has_the_expected_value_and_gradients() {
    let file = file();
    let mut failures = Vec::new();
    for case in file["cases"].as_array().unwrap() {
        if NOT_YET.contains(&case["op"].as_str().unwrap()) {
            continue;
        }
        let rtol = case.get("rtol").unwrap_or(&file["default_rtol"]).as_f64().unwrap();
        let atol = case.get("atol").unwrap_or(&file["default_atol"]).as_f64().unwrap();
        if let Err(error) = check(case, rtol, atol) {
            failures.push(format!("{}: {error}", case["id"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_left_out_is_left_out_by_name() {
    let file = file();
    let cases = file["cases"].as_array().unwrap();
    let names: BTreeSet<&str> = cases.iter().map(|case| case["op"].as_str().unwrap()).collect();
    for name in NOT_YET {
        assert!(names.contains(name), "{name} has no case");
    }
    let covered = cases.iter().filter(|case| !NOT_YET.contains(&case["op"].as_str().unwrap()));
    assert_eq!((names.len() - NOT_YET.len(), covered.count()), (42, 138));
}

fn file() -> Value {
    serde_json::from_str(include_str!("data/tensor_ops.json")).unwrap()
}

fn check(case: &Value, rtol: f64, atol: f64) -> Result<(), String> {
    let tape = Tape::new();
    let mut x = Vec::new();
    let mut names = Vec::new();
    for (name, array) in ordered(case) {
        let tensor = tensor(array);
        names.push(name);
        x.push(match tensor.dtype() {
            DType::F64 => tape.watch(tensor),
            _ => tape.constant(tensor),
        });
    }
    let named = |name: &str| x[names.iter().position(|&n| n == name).unwrap()];
    let out = apply(case["op"].as_str().unwrap(), &case["attrs"], &x, &named);
    close("output", &out.value().map_err(|e| e.to_string())?, &[&case["output"]], rtol, atol)?;
    let floats: Vec<(&str, Var<'_>)> = names
        .iter()
        .copied()
        .zip(x.iter().copied())
        .filter(|(_, x)| x.dtype().is_float())
        .collect();
    let g = tape.constant(tensor(&case["cotangent"]));
    let slopes = vjp(&[out], &[g], &floats.iter().map(|&(_, x)| x).collect::<Vec<_>>());
    for ((name, _), slope) in floats.iter().zip(slopes) {
        let mut accepted = vec![&case["grads"][name]];
        accepted.extend(case.get("grads_also_accepted").map(|also| &also[name]));
        let got = slope.value().map_err(|e| e.to_string())?;
        close(&format!("gradient of {name}"), &got, &accepted, rtol, atol)?;
    }
    Ok(())
}

fn apply<'t>(op: &str, attrs: &Value, x: &[Var<'t>], named: &dyn Fn(&str) -> Var<'t>) -> Var<'t> {
    let axis = || attrs["axis"].as_i64().unwrap() as isize;
    let count = |name: &str| attrs[name].as_u64().unwrap() as usize;
    let number = |name: &str| real(&attrs[name]);
    let tape = x[0].tape();
    match op {
        "add" => x[0] + x[1],
        "sub" => x[0] - x[1],
        "mul" => x[0] * x[1],
        "div" => x[0] / x[1],
        "matmul" => {
            let turned = |x: Var<'t>, name: &str| match attrs.get(name) {
                Some(Value::Bool(true)) => x.t(),
                _ => x,
            };
            turned(x[0], "transpose_a").matmul(turned(x[1], "transpose_b"))
        }
        "sum" | "mean" | "max" | "min" | "prod" | "var" | "std" | "norm" | "logsumexp" => {
            reduced(op, attrs, x[0])
        }
        "reshape" => {
            let sizes: Vec<i64> = list(&attrs["shape"]);
            let known: i64 = sizes.iter().filter(|&&size| size >= 0).product();
            let rest = x[0].shape().elements() as i64 / known.max(1);
            let size = |&size: &i64| if size < 0 { rest } else { size } as usize;
            x[0].reshape(sizes.iter().map(size).collect::<Vec<_>>())
        }
        "transpose" => {
            let order: Vec<usize> = list(&attrs["perm"]).into_iter().map(|i| i as usize).collect();
            x[0].transpose(&order)
        }
        "concat" => tape.concat(x, axis()),
        "stack" => tape.stack(x, axis()),
        "slice" => {
            let ranges = attrs["ranges"].as_array().unwrap().iter().enumerate();
            ranges.fold(x[0], |x, (axis, range)| {
                let [start, stop, step] = list(range)[..] else { panic!("a range of three") };
                x.slice_step(axis as isize, start as usize, stop as usize, step as usize)
            })
        }
        "index_select" => named("x").index_select(axis(), named("index")),
        "gather" => named("x").gather(axis(), named("index")),
        "embedding" => named("weight").index_select(0, named("index")),
        "where" => named("condition").select(named("a"), named("b")),
        "clamp" => x[0].clamp(attrs["min"].as_f64(), attrs["max"].as_f64()),
        "pow" if x.len() == 2 => x[0].pow(x[1]),
        "pow" => x[0].powf(number("exponent")),
        "exp" => x[0].exp(),
        "log" => x[0].log(),
        "sqrt" => x[0].sqrt(),
        "tanh" => x[0].tanh(),
        "sigmoid" => x[0].sigmoid(),
        "relu" => x[0].relu(),
        "silu" => x[0].silu(),
        "softplus" => x[0].softplus(),
        "softsign" => x[0].softsign(),
        "leaky_relu" => x[0].leaky_relu(number("negative_slope")),
        "elu" => x[0].elu(number("alpha")),
        "gelu" if attrs["approximate"] == "tanh" => x[0].gelu_tanh(),
        "gelu" => x[0].gelu(),
        "softmax" => x[0].softmax(axis()),
        "log_softmax" => x[0].log_softmax(axis()),
        "cumsum" => x[0].cumsum(axis()),
        "layer_norm" => {
            let axes: Vec<isize> = (1..=count("normalized_dims") as isize).map(|i| -i).collect();
            named("x").normalize(axes, number("eps")) * named("weight") + named("bias")
        }
        "dropout" => named("mask").select(named("x") / (1.0 - number("p")), 0.0),
        _ => panic!("{op} is new in the file"),
    }
}

fn reduced<'t>(op: &str, attrs: &Value, x: Var<'t>) -> Var<'t> {
    let shape = x.shape();
    let axes: Vec<isize> = match (attrs.get("axes"), attrs.get("axis")) {
        (Some(Value::Array(_)), _) => {
            list(&attrs["axes"]).into_iter().map(|i| i as isize).collect()
        }
        (_, Some(Value::Number(axis))) => vec![axis.as_i64().unwrap() as isize],
        _ => (0..shape.rank() as isize).collect(),
    };
    let kept = |out: Var<'t>| {
        let one = |i: usize| axes.iter().any(|&axis| shape.axis(axis).unwrap() == i);
        let size = |i| if one(i) { 1 } else { shape[i] };
        out.reshape((0..shape.rank()).map(size).collect::<Vec<_>>())
    };
    let correction = || attrs["correction"].as_u64().unwrap() as usize;
    let keep = attrs["keepdim"].as_bool().unwrap_or(false);
    match (op, keep) {
        ("sum", false) => x.sum(&axes),
        ("sum", true) => x.sum_keepdims(&axes),
        ("mean", false) => x.mean(&axes),
        ("mean", true) => x.mean_keepdims(&axes),
        ("max", false) => x.max(&axes),
        ("max", true) => x.max_keepdims(&axes),
        ("min", false) => x.min(&axes),
        ("min", true) => x.min_keepdims(&axes),
        ("logsumexp", false) => x.logsumexp(&axes),
        ("logsumexp", true) => x.logsumexp_keepdims(&axes),
        (_, true) => kept(reduced(op, &without_keepdim(attrs), x)),
        ("prod", _) => x.prod(&axes),
        ("var", _) => x.var(&axes, correction()),
        ("std", _) => x.std(&axes, correction()),
        ("norm", _) => x.norm(real(&attrs["p"]), &axes),
        _ => panic!("{op} is no reduction"),
    }
}

fn without_keepdim(attrs: &Value) -> Value {
    let mut attrs = attrs.clone();
    attrs["keepdim"] = false.into();
    attrs
}

/// The inputs in the order of their names, which is that of the operands: a, b; x, y; x0, x1, …
fn ordered(case: &Value) -> Vec<(&str, &Value)> {
    case["inputs"].as_object().unwrap().iter().map(|(name, array)| (name.as_str(), array)).collect()
}

fn list(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|item| item.as_i64().unwrap()).collect()
}

fn real(value: &Value) -> f64 {
    match value.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        Some("nan") => f64::NAN,
        _ => value.as_f64().unwrap(),
    }
}

fn tensor(array: &Value) -> Tensor {
    let shape: Vec<usize> = list(&array["shape"]).into_iter().map(|size| size as usize).collect();
    let data = array["data"].as_array().unwrap();
    match array["dtype"].as_str() {
        Some("i64") => Tensor::from_vec(list(&array["data"]), shape),
        Some("bool") => {
            Tensor::from_vec(data.iter().map(|v| v.as_bool().unwrap()).collect(), shape)
        }
        _ => Tensor::from_vec::<f64>(data.iter().map(real).collect(), shape),
    }
    .unwrap()
}

/// As the file defines it: `|got - want| <= atol + rtol * max|want|`; what is not finite must
/// match.
fn close(
    what: &str,
    got: &Tensor,
    accepted: &[&Value],
    rtol: f64,
    atol: f64,
) -> Result<(), String> {
    let mut last = Ok(());
    for array in accepted {
        let want = tensor(array);
        if got.shape() != want.shape() {
            return Err(format!("{what} has shape {}, not {}", got.shape(), want.shape()));
        }
        let (have, want) = (got.to_f64_vec(), want.to_f64_vec());
        let finite = want.iter().filter(|x| x.is_finite());
        let bound = atol + rtol * finite.fold(0.0f64, |max, x| max.max(x.abs()));
        let off = have.iter().zip(&want).position(|(have, want)| {
            let same = have == want || have.is_nan() && want.is_nan();
            let near = (have - want).abs() <= bound;
            !(same || near)
        });
        last = match off {
            Some(i) => Err(format!("{what}: element {i} is {}, not {}", have[i], want[i])),
            None => return Ok(()),
        };
    }
    last
}
