//! Layers against PyTorch's modules, for PyTorch's own samples of them and some more: `scripts/module_samples.py`.
//! `modules.txt` has how many are compared, and why some are left out; out of date it is written anew, and the test fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gradtape::nn::{
    AttentionOptions, BagMode, Cell, EmbeddingBag, EmbeddingOptions, Gru, Layer, LayerSpec, Lstm,
    Module, MultiheadAttention, Nonlinearity, Recurrent, RecurrentOptions, RecurrentState, Rnn,
    RnnCell, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
    TransformerOptions, TransformerStackOptions,
};
use gradtape::{DType, Rng, Tape, Tensor, Var, gradients};
use serde_json::{Value, json};

use crate::reference::{cases, check, read, spread, spread_tensor};

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

/// What a sample's module is built with.
struct Arguments<'a>(&'a Value);

impl Arguments<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn usize(&self, name: &str, or: usize) -> usize {
        self.get(name).map_or(or, |value| value.as_u64().unwrap() as usize)
    }

    fn f64(&self, name: &str, or: f64) -> f64 {
        self.get(name).map_or(or, |value| value.as_f64().unwrap())
    }

    fn bool(&self, name: &str, or: bool) -> bool {
        self.get(name).map_or(or, |value| value.as_bool().unwrap())
    }

    fn text(&self, name: &str, or: &str) -> String {
        self.get(name).map_or(or, |value| value.as_str().unwrap()).to_string()
    }

    /// A number for each spatial axis.
    fn each(&self, name: &str, or: &[usize]) -> Vec<usize> {
        match self.get(name) {
            None => or.to_vec(),
            Some(Value::Array(_)) => sizes(&self.0[name]),
            Some(value) => vec![value.as_u64().unwrap() as usize; or.len()],
        }
    }
}

type Reason = &'static str;

/// No reason to leave a sample out.
const DIFFERS: Reason = "it differs";

/// A layer as data for the arguments of a module, for an input of a shape, or why there is none.
fn spec(
    module: &str,
    of: &Arguments<'_>,
    input: &[usize],
    training: bool,
) -> Result<Value, Reason> {
    let axes = module.chars().rev().nth(1).and_then(|n| n.to_digit(10)).unwrap_or(0) as usize;
    let unless = |wrong: bool, reason: Reason| if wrong { Err(reason) } else { Ok(()) };
    let (ones, zeros) = (vec![1; axes], vec![0; axes]);
    let kernel = || of.each("kernel_size", &ones);
    let stride = || of.each("stride", &kernel());
    let tag = |plain: &str| format!("{plain}{axes}d");
    let dtype = "f64";
    let family = module.trim_end_matches("1d").trim_end_matches("2d").trim_end_matches("3d");
    Ok(match family {
        "Linear" => json!({"layer": "linear", "inputs": of.usize("in_features", 0),
            "outputs": of.usize("out_features", 0), "bias": of.bool("bias", true), "dtype": dtype}),
        "Conv" => {
            let padding = match of.get("padding") {
                Some(Value::String(same)) if same == "same" => json!("same"),
                Some(Value::String(_)) => json!({"zeros": zeros}),
                _ => json!({"zeros": of.each("padding", &zeros)}),
            };
            json!({"layer": tag("conv"), "inputs": of.usize("in_channels", 0),
                "outputs": of.usize("out_channels", 0), "kernel": kernel(),
                "stride": of.each("stride", &ones), "padding": padding,
                "dilation": of.each("dilation", &ones), "groups": of.usize("groups", 1),
                "bias": of.bool("bias", true), "dtype": dtype})
        }
        "ConvTranspose" => json!({"layer": tag("conv_transpose"),
            "inputs": of.usize("in_channels", 0), "outputs": of.usize("out_channels", 0),
            "kernel": kernel(), "stride": of.each("stride", &ones),
            "padding": of.each("padding", &zeros),
            "output_padding": of.each("output_padding", &zeros),
            "dilation": of.each("dilation", &ones), "groups": of.usize("groups", 1),
            "bias": of.bool("bias", true), "dtype": dtype}),
        "MaxPool" => json!({"layer": tag("max_pool"), "kernel": kernel(), "stride": stride(),
            "padding": of.each("padding", &zeros), "dilation": of.each("dilation", &ones),
            "ceil_mode": of.bool("ceil_mode", false)}),
        "AvgPool" => {
            unless(of.get("divisor_override").is_some(), "divisor_override is not there")?;
            json!({"layer": tag("avg_pool"), "kernel": kernel(), "stride": stride(),
                "padding": of.each("padding", &zeros), "ceil_mode": of.bool("ceil_mode", false),
                "count_include_pad": of.bool("count_include_pad", true)})
        }
        "LPPool" => json!({"layer": tag("lp_pool"), "norm": of.f64("norm_type", 2.0),
            "kernel": kernel(), "stride": stride(), "ceil_mode": of.bool("ceil_mode", false)}),
        "AdaptiveAvgPool" | "AdaptiveMaxPool" => {
            let have = &input[input.len() - axes..];
            // An axis that is to keep its size.
            let size: Vec<usize> = match &of.0["output_size"] {
                Value::Array(each) => {
                    let size =
                        |(i, one): (usize, &Value)| one.as_u64().map_or(have[i], |n| n as usize);
                    each.iter().enumerate().map(size).collect()
                }
                one => vec![one.as_u64().unwrap() as usize; axes],
            };
            let more = size.iter().zip(have).any(|(size, have)| size > have);
            unless(more, "more parts than elements are an error")?;
            let plain = if family == "AdaptiveAvgPool" { "avg" } else { "max" };
            json!({"layer": tag(&format!("adaptive_{plain}_pool")), "size": size})
        }
        "BatchNorm" => {
            unless(training && input.contains(&0), "a batch of nothing has no statistics")?;
            unless(
                !of.bool("bias", true),
                "a norm of batches or groups has weight and bias or neither",
            )?;
            let momentum = match of.0.get("momentum") {
                Some(Value::Null) => Value::Null,
                _ => json!(of.f64("momentum", 0.1)),
            };
            json!({"layer": tag("batch_norm"), "features": of.usize("num_features", 0),
                "momentum": momentum, "eps": of.f64("eps", 1e-5), "affine": of.bool("affine", true),
                "track_running_stats": of.bool("track_running_stats", true), "dtype": dtype})
        }
        "InstanceNorm" => {
            unless(
                of.bool("track_running_stats", false),
                "instance norms keep no running statistics",
            )?;
            let affine = of.bool("affine", false);
            unless(
                affine && !of.bool("bias", true),
                "a norm of batches or groups has weight and bias or neither",
            )?;
            json!({"layer": tag("instance_norm"), "features": of.usize("num_features", 0),
                "eps": of.f64("eps", 1e-5), "affine": affine, "dtype": dtype})
        }
        "GroupNorm" => {
            let affine = of.bool("affine", true);
            unless(
                affine && !of.bool("bias", true),
                "a norm of batches or groups has weight and bias or neither",
            )?;
            json!({"layer": "group_norm", "groups": of.usize("num_groups", 0),
                "channels": of.usize("num_channels", 0), "eps": of.f64("eps", 1e-5),
                "affine": affine, "dtype": dtype})
        }
        "LayerNorm" => json!({"layer": "layer_norm", "shape": sizes(&of.0["normalized_shape"]),
            "eps": of.f64("eps", 1e-5), "affine": of.bool("elementwise_affine", true),
            "bias": of.bool("elementwise_affine", true) && of.bool("bias", true), "dtype": dtype}),
        "RMSNorm" => json!({"layer": "rms_norm", "shape": sizes(&of.0["normalized_shape"]),
            "eps": of.get("eps"), "affine": of.bool("elementwise_affine", true), "dtype": dtype}),
        "Embedding" => json!({"layer": "embedding", "count": of.usize("num_embeddings", 0),
            "width": of.usize("embedding_dim", 0), "padding": null, "dtype": dtype}),
        "Upsample" => {
            let linear = of.text("mode", "nearest") != "nearest";
            let mode = match linear {
                true => json!({"linear": {"align_corners": of.bool("align_corners", false)}}),
                false => json!("nearest"),
            };
            let list = |name: &str| of.get(name).map(|one| json!([one]));
            json!({"layer": "upsample", "size": list("size"), "scale": list("scale_factor"), "mode": mode})
        }
        "PReLU" => {
            json!({"layer": "prelu", "parameters": of.usize("num_parameters", 1), "dtype": dtype})
        }
        "ReLU" => json!({"layer": "relu"}),
        "ReLU6" => json!({"layer": "relu6"}),
        "LeakyReLU" => json!({"layer": "leaky_relu", "slope": of.f64("negative_slope", 0.01)}),
        "ELU" => json!({"layer": "elu", "alpha": of.f64("alpha", 1.0)}),
        "CELU" => json!({"layer": "celu", "alpha": of.f64("alpha", 1.0)}),
        "SELU" => json!({"layer": "selu"}),
        "GELU" => json!({"layer": "gelu", "tanh": of.text("approximate", "none") == "tanh"}),
        "SiLU" => json!({"layer": "silu"}),
        "Mish" => json!({"layer": "mish"}),
        "Sigmoid" => json!({"layer": "sigmoid"}),
        "Tanh" => json!({"layer": "tanh"}),
        "Softsign" => json!({"layer": "softsign"}),
        "Hardswish" => json!({"layer": "hardswish"}),
        "Hardtanh" => {
            json!({"layer": "hardtanh", "min": of.f64("min_val", -1.0), "max": of.f64("max_val", 1.0)})
        }
        "Softplus" => {
            unless(of.get("threshold").is_some(), "softplus is exact and has no threshold")?;
            json!({"layer": "softplus", "beta": of.f64("beta", 1.0)})
        }
        "GLU" => {
            json!({"layer": "glu", "axis": of.get("dim").map_or(-1, |dim| dim.as_i64().unwrap())})
        }
        "Softmax" | "LogSoftmax" => {
            let axis = of.get("dim").and_then(Value::as_i64).unwrap_or(-1);
            let last = axis == -1 || axis + 1 == input.len() as i64;
            unless(!last, "softmax as a layer is along the last axis")?;
            json!({"layer": if family == "Softmax" { "softmax" } else { "log_softmax" }})
        }
        other => panic!("{other} is not known"),
    })
}

/// Whether a module has an axis of examples that its samples may lack.
fn rank(module: &str) -> Option<usize> {
    let axes = module.chars().rev().nth(1)?.to_digit(10)? as usize;
    let channels = ["Conv", "Pool", "InstanceNorm"].iter().any(|part| module.contains(part));
    channels.then_some(axes + 2)
}

/// Inputs of a sample on a tape.
fn inputs<'t>(tape: &'t Tape, case: &Value) -> BTreeMap<String, Var<'t>> {
    fn put<'t>(
        tape: &'t Tape,
        all: &mut BTreeMap<String, Var<'t>>,
        seed: &mut u64,
        name: String,
        value: &Value,
    ) {
        if let Some(list) = value.as_array() {
            for (place, one) in list.iter().enumerate() {
                put(tape, all, seed, format!("{name}.{place}"), one);
            }
        } else if let Some(shape) = value.get("floats") {
            let (shape, low) = (sizes(shape), value["low"].as_f64().unwrap_or(-1.5));
            let numbers = spread(shape.iter().product(), *seed, low, 1.5);
            all.insert(name, tape.watch(Tensor::from_vec(numbers, shape).unwrap()));
            *seed += 1;
        } else if let Some(shape) = value.get("whole").or(value.get("bool")) {
            let data: Vec<i64> =
                value["data"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect();
            let data = Tensor::from_vec(data, sizes(shape)).unwrap();
            let data = if value.get("bool").is_some() { data.cast(DType::Bool) } else { data };
            all.insert(name, tape.constant(data));
        } else if value.get("same").is_some() {
            // A key is a value too; the script drew numbers for both.
            *seed += 1;
        }
    }
    let (mut all, mut seed) = (BTreeMap::new(), 100);
    for (place, value) in case["inputs"].as_array().unwrap().iter().enumerate() {
        put(tape, &mut all, &mut seed, place.to_string(), value);
    }
    // The one input of some goes by a name.
    for (name, value) in case["named_inputs"].as_object().unwrap() {
        let name = if name == "input" { "0" } else { name };
        put(tape, &mut all, &mut seed, name.to_string(), value);
    }
    all
}

/// A mask of padding `[n, keys]` or `[keys]` and one of `[queries, keys]` or `[n heads, queries, keys]`, true where PyTorch
/// leaves a key out, as what may be seen.
fn seen<'t>(padding: Option<&Var<'t>>, mask: Option<&Var<'t>>, heads: usize) -> Option<Var<'t>> {
    let padding = padding.map(|padding| {
        let shape = padding.shape();
        let (n, keys) = (shape.elements() / shape[shape.rank() - 1], shape[shape.rank() - 1]);
        padding.logical_not().reshape([n, 1, 1, keys])
    });
    let mask = mask.map(|mask| match mask.shape()[..] {
        [all, queries, keys] => mask.logical_not().reshape([all / heads, heads, queries, keys]),
        _ => mask.logical_not(),
    });
    match (padding, mask) {
        (Some(padding), Some(mask)) => Some(padding.logical_and(mask)),
        (padding, mask) => padding.or(mask),
    }
}

fn attention_options(of: &Arguments<'_>) -> AttentionOptions {
    AttentionOptions { bias: of.bool("bias", true), dtype: DType::F64, ..Default::default() }
}

fn transformer_options(of: &Arguments<'_>, training: bool) -> Result<TransformerOptions, Reason> {
    let dropout = of.f64("dropout", 0.1);
    if training && dropout > 0.0 {
        return Err("dropout draws other numbers");
    }
    Ok(TransformerOptions {
        feedforward: of.usize("dim_feedforward", 2048),
        dropout,
        norm_first: of.bool("norm_first", false),
        bias: of.bool("bias", true),
        dtype: DType::F64,
        ..TransformerOptions::default()
    })
}

/// What gives the first output of a module.
type Forward = Box<dyn for<'t> Fn(&BTreeMap<String, Var<'t>>) -> Var<'t>>;

/// With the lifetime of the tape said.
fn forward<F: for<'t> Fn(&BTreeMap<String, Var<'t>>) -> Var<'t> + 'static>(f: F) -> Forward {
    Box::new(f)
}

/// `[n, length, width]` from a layout of PyTorch, and back.
fn sequences<'t>(x: Var<'t>, batch_first: bool) -> Var<'t> {
    match x.shape().rank() {
        2 => x.unsqueeze(0),
        _ if batch_first => x,
        _ => x.swap_axes(0, 1),
    }
}

fn back<'t>(y: Var<'t>, rank: usize, batch_first: bool) -> Var<'t> {
    match rank {
        2 => y.squeeze(0),
        _ if batch_first => y,
        _ => y.swap_axes(0, 1),
    }
}

fn recurrent<C: Cell>(
    make: impl FnOnce(usize, usize, RecurrentOptions) -> gradtape::Result<Recurrent<C>>,
    of: &Arguments<'_>,
) -> Result<(Box<dyn Module>, Forward), Reason> {
    if of.usize("proj_size", 0) > 0 {
        return Err("an lstm has no projection");
    }
    let options = RecurrentOptions {
        layers: of.usize("num_layers", 1),
        bidirectional: of.bool("bidirectional", false),
        bias: of.bool("bias", true),
        dropout: 0.0,
        dtype: DType::F64,
    };
    let layer = make(of.usize("input_size", 0), of.usize("hidden_size", 0), options).unwrap();
    let first = of.bool("batch_first", false);
    let layer = Arc::new(layer);
    let run = Arc::clone(&layer);
    let forward = forward(move |x| {
        let input = x["0"];
        let rank = input.shape().rank();
        let given = |name: &str| {
            let lift = |part: &Var<'_>| part.shape().rank() == 2;
            x.get(name).map(|part| if lift(part) { part.unsqueeze(1) } else { *part })
        };
        let sequence = sequences(input, first);
        let y = match x.get("1") {
            Some(lengths) if lengths.dtype() == DType::I64 => {
                run.run_lengths(sequence, *lengths, None).0
            }
            Some(_) => {
                let state = RecurrentState { hidden: given("1").unwrap(), cell: None };
                run.run(sequence, Some(state)).0
            }
            None => {
                let state =
                    given("1.0").map(|hidden| RecurrentState { hidden, cell: given("1.1") });
                run.run(sequence, state).0
            }
        };
        back(y, rank, first)
    });
    Ok((Box::new(layer), forward))
}

/// The layer of a sample, and how it is called.
fn build(case: &Value) -> Result<(Box<dyn Module>, Forward), Reason> {
    let of = Arguments(&case["arguments"]);
    let (module, training) = (case["module"].as_str().unwrap(), case["training"] == true);
    let rng = &mut Rng::new(1);
    let first = of.bool("batch_first", false);
    match module {
        "RNN" => {
            let nonlinearity = match &of.text("nonlinearity", "tanh")[..] {
                "relu" => Nonlinearity::Relu,
                _ => Nonlinearity::Tanh,
            };
            let cell = RnnCell { nonlinearity };
            recurrent(|from, to, options| Rnn::of_cell(cell, from, to, options, rng), &of)
        }
        "LSTM" => recurrent(|from, to, options| Lstm::with(from, to, options, rng), &of),
        "GRU" => recurrent(|from, to, options| Gru::with(from, to, options, rng), &of),
        "MultiheadAttention" => {
            if of.bool("add_bias_kv", false) || of.bool("add_zero_attn", false) {
                return Err("attention adds no keys of its own");
            }
            let (width, heads) = (of.usize("embed_dim", 0), of.usize("num_heads", 0));
            let options = attention_options(&of);
            let layer = MultiheadAttention::with(width, heads, options, rng).unwrap();
            let layer = Arc::new(layer);
            let own = Arc::clone(&layer);
            let call = forward(move |x| {
                let (query, keys) = (x["0"], x["1"]);
                let mask = seen(x.get("key_padding_mask"), x.get("attn_mask"), heads);
                let y = own.attend(sequences(query, first), sequences(keys, first), mask);
                back(y, query.shape().rank(), first)
            });
            Ok((Box::new(layer), call))
        }
        "TransformerEncoderLayer" | "TransformerEncoder" => {
            let stacked = module == "TransformerEncoder";
            let inner = if stacked { Arguments(&of.0["encoder_layer"]) } else { Arguments(of.0) };
            let (width, heads) = (inner.usize("d_model", 0), inner.usize("nhead", 0));
            let first = inner.bool("batch_first", false);
            let layer = transformer_options(&inner, training)?;
            let mask = if stacked { "mask" } else { "src_mask" };
            if stacked {
                let layers = of.usize("num_layers", 0);
                let options = TransformerStackOptions { layers, final_norm: false, layer };
                let layer = TransformerEncoder::with(width, heads, options, rng).unwrap();
                let layer = Arc::new(layer);
                let own = Arc::clone(&layer);
                let call = forward(move |x| {
                    let mask = seen(x.get("src_key_padding_mask"), x.get(mask), heads);
                    let y = own.encode(sequences(x["0"], first), mask);
                    back(y, x["0"].shape().rank(), first)
                });
                return Ok((Box::new(layer), call));
            }
            let layer = TransformerEncoderLayer::with(width, heads, layer, rng).unwrap();
            let layer = Arc::new(layer);
            let own = Arc::clone(&layer);
            let call = forward(move |x| {
                let mask = seen(x.get("src_key_padding_mask"), x.get(mask), heads);
                let y = own.encode(sequences(x["0"], first), mask);
                back(y, x["0"].shape().rank(), first)
            });
            Ok((Box::new(layer), call))
        }
        "TransformerDecoderLayer" => {
            let (width, heads) = (of.usize("d_model", 0), of.usize("nhead", 0));
            let options = transformer_options(&of, training)?;
            let layer = TransformerDecoderLayer::with(width, heads, options, rng).unwrap();
            let layer = Arc::new(layer);
            let own = Arc::clone(&layer);
            let call = forward(move |x| {
                let (target, memory) = (sequences(x["0"], first), sequences(x["1"], first));
                let own_mask = seen(x.get("tgt_key_padding_mask"), x.get("tgt_mask"), heads);
                let other = seen(x.get("memory_key_padding_mask"), x.get("memory_mask"), heads);
                back(own.decode(target, memory, own_mask, other), x["0"].shape().rank(), first)
            });
            Ok((Box::new(layer), call))
        }
        "EmbeddingBag" => {
            let mode = match &of.text("mode", "mean")[..] {
                "sum" => BagMode::Sum,
                "max" => BagMode::Max,
                _ => BagMode::Mean,
            };
            let padding = of.get("padding_idx").map(|n| n.as_u64().unwrap() as usize);
            let options =
                EmbeddingOptions { padding, dtype: DType::F64, ..EmbeddingOptions::default() };
            let (count, width) = (of.usize("num_embeddings", 0), of.usize("embedding_dim", 0));
            let layer = EmbeddingBag::with(count, width, mode, options, rng).unwrap();
            let layer = Arc::new(layer);
            let own = Arc::clone(&layer);
            let call = forward(move |x| match x.get("1") {
                Some(offsets) => own.bags(x["0"], *offsets),
                None => own.forward(x["0"]),
            });
            Ok((Box::new(layer), call))
        }
        _ => {
            let tape = Tape::new();
            let input = inputs(&tape, case)["0"].shape();
            let spec = spec(module, &of, &input, training)?;
            let spec: LayerSpec =
                serde_json::from_value(spec.clone()).unwrap_or_else(|e| panic!("{e}: {spec}"));
            let layer: Arc<dyn Layer> = spec.build(rng).unwrap().into();
            let own = Arc::clone(&layer);
            let rank = rank(module);
            let call = forward(move |x| {
                let x = x["0"];
                match rank == Some(x.shape().rank() + 1) {
                    true => own.forward(x.unsqueeze(0)).squeeze(0),
                    false => own.forward(x),
                }
            });
            Ok((Box::new(layer), call))
        }
    }
}

fn compare(case: &Value) -> Result<(), Reason> {
    let (layer, call) = build(case)?;
    let what = format!("{} {} {}", case["module"], case["training"], case["arguments"]);
    let names = case["parameters"].as_array().unwrap();
    let named: BTreeMap<String, _> = layer.named_parameters().into_iter().collect();
    assert_eq!(named.len(), names.len(), "{what}: {:?}", named.keys());
    let tape = if case["training"] == true { Tape::new() } else { Tape::inference() };
    let mut by = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let own = named.get(name.as_str().unwrap()).unwrap_or_else(|| panic!("{what}: no {name}"));
        let shape = own.value().shape().clone();
        let value = spread(shape.elements(), place as u64 + 10, -0.6, 0.6);
        own.set(Tensor::from_vec(value, shape).unwrap()).unwrap();
        by.push(tape.parameter(own));
    }
    let x = inputs(&tape, case);
    if x["0"].dtype().is_float() {
        by.insert(0, x["0"]);
    }
    let y = call(&x);
    let read = |var: Var<'_>| var.value().unwrap_or_else(|e| panic!("{what}: {e}")).to_f64_vec();
    check(&what, &read(y), &case["outputs"][0]);
    let weights = tape.constant(spread_tensor(&y.shape(), 1));
    let slopes = gradients((weights * y * y).sum(()), &by);
    for (place, slope) in slopes.iter().enumerate() {
        check(&format!("{what}: gradient {place}"), &read(*slope), &case["gradients"][place]);
    }
    if let Some(seconds) = case.get("seconds") {
        let weights = tape.constant(spread_tensor(&slopes[0].shape(), 2));
        let second = gradients((weights * slopes[0]).sum(()), &by);
        for (place, slope) in second.iter().enumerate() {
            check(&format!("{what}: second {place}"), &read(*slope), &seconds[place]);
        }
    }
    Ok(())
}

#[test]
fn layers_agree_with_the_samples_of_pytorch() {
    let file = read("modules.json");
    let (mut compared, mut seconds) = (BTreeMap::<&str, usize>::new(), 0);
    let mut left_out = BTreeMap::<String, usize>::new();
    let mut differing = Vec::new();
    for case in cases(&file) {
        let module = case["module"].as_str().unwrap();
        let what = format!("{module} {} {}", case["training"], case["arguments"]);
        match std::panic::catch_unwind(|| compare(case)).unwrap_or(Err(DIFFERS)) {
            Err(DIFFERS) => differing.push(what),
            Ok(()) => {
                *compared.entry(module).or_default() += 1;
                seconds += usize::from(case.get("seconds").is_some());
            }
            Err(reason) => *left_out.entry(format!("{module}: {reason}")).or_default() += 1,
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    let all: usize = compared.values().sum();
    let mut table =
        format!("{all} cases of {} modules compared, {seconds} to second order\n", compared.len());
    compared.iter().for_each(|(module, count)| table += &format!("  {module}: {count}\n"));
    table += "left out\n";
    left_out.iter().for_each(|(reason, count)| table += &format!("  {reason}: {count}\n"));
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layers/modules.txt");
    if std::fs::read_to_string(&path).is_ok_and(|have| have == table) {
        return;
    }
    std::fs::write(&path, table).unwrap();
    panic!("modules.txt was out of date and has been written anew; read it and commit it");
}
