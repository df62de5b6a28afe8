//! What layers say of inputs that do not fit, and of settings that no layer can have: `refusals.txt` has every message. When
//! it is out of date this test writes it anew and fails once.

use std::path::Path;

use gradtape::nn::{LayerSpec, Module, Sequential};
use gradtape::{DType, Error, Rng, Tape, Tensor};

use super::every::LAYERS;
use super::shared::build;

/// Descriptions that no layer can be built from.
const SETTINGS: &[&str] = &[
    r#"{"layer":"linear","inputs":2,"outputs":2,"bias":true,"dtype":"i64"}"#,
    r#"{"layer":"conv1d","inputs":2,"outputs":2,"kernel":[0],"stride":[1],"padding":"same","dilation":[1],"groups":1,
        "bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv1d","inputs":2,"outputs":2,"kernel":[2],"stride":[0],"padding":"same","dilation":[1],"groups":1,
        "bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv1d","inputs":2,"outputs":2,"kernel":[2],"stride":[1],"padding":"same","dilation":[0],"groups":1,
        "bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv1d","inputs":2,"outputs":2,"kernel":[2],"stride":[2],"padding":"same","dilation":[1],"groups":1,
        "bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv1d","inputs":3,"outputs":2,"kernel":[2],"stride":[1],"padding":"same","dilation":[1],"groups":2,
        "bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv1d","inputs":3,"outputs":2,"kernel":[2,2],"stride":[1],"padding":"same","dilation":[1],
        "groups":1,"bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv_transpose1d","inputs":2,"outputs":2,"kernel":[2],"stride":[2],"padding":[0],
        "output_padding":[2],"dilation":[1],"groups":1,"bias":true,"dtype":"f32"}"#,
    r#"{"layer":"conv_transpose3d","inputs":2,"outputs":3,"kernel":[2,2,2],"stride":[2,2,2],"padding":[0,0,0],
        "output_padding":[0,0,0],"dilation":[1,1,1],"groups":2,"bias":true,"dtype":"f32"}"#,
    r#"{"layer":"max_pool2d","kernel":[0,2],"stride":[2,2],"padding":[0,0],"dilation":[1,1],"ceil_mode":false}"#,
    r#"{"layer":"max_pool3d","kernel":[2,2,2],"stride":[2,0,2],"padding":[0,0,0],"dilation":[1,1,1],
        "ceil_mode":false}"#,
    r#"{"layer":"avg_pool2d","kernel":[2,2],"stride":[2,2],"padding":[2,0],"ceil_mode":false,
        "count_include_pad":true}"#,
    r#"{"layer":"lp_pool1d","norm":0.0,"kernel":[2],"stride":[2],"ceil_mode":false}"#,
    r#"{"layer":"lp_pool1d","norm":2.0,"kernel":[2],"stride":[0],"ceil_mode":false}"#,
    r#"{"layer":"adaptive_avg_pool1d","size":[0]}"#,
    r#"{"layer":"adaptive_max_pool2d","size":[1,0]}"#,
    r#"{"layer":"upsample","size":[0],"scale":null,"mode":"nearest"}"#,
    r#"{"layer":"upsample","size":null,"scale":[-1.0],"mode":"nearest"}"#,
    r#"{"layer":"upsample","size":[2],"scale":[2.0],"mode":"nearest"}"#,
    r#"{"layer":"upsample","size":null,"scale":null,"mode":"nearest"}"#,
    r#"{"layer":"layer_norm","shape":[2],"eps":-1.0,"affine":true,"bias":true,"dtype":"f32"}"#,
    r#"{"layer":"group_norm","groups":3,"channels":4,"eps":1e-5,"affine":true,"dtype":"f32"}"#,
    r#"{"layer":"dropout","p":1.0}"#,
    r#"{"layer":"dropout1d","p":-0.5}"#,
    r#"{"layer":"embedding","count":3,"width":2,"padding":3,"dtype":"f32"}"#,
    r#"{"layer":"embedding_bag","count":3,"width":2,"mode":"sum","padding":3,"dtype":"f32"}"#,
    r#"{"layer":"embed_columns","inputs":4,"columns":[],"dtype":"f32"}"#,
    r#"{"layer":"embed_columns","inputs":4,"columns":[{"start":2,"count":3,"width":2}],"dtype":"f32"}"#,
    r#"{"layer":"embed_columns","inputs":4,"columns":[{"start":0,"count":2,"width":1},{"start":1,"count":2,"width":1}],
        "dtype":"f32"}"#,
    r#"{"layer":"prelu","parameters":0,"dtype":"f32"}"#,
    r#"{"layer":"multihead_attention","width":4,"heads":3,"causal":false,"dropout":0.0,"bias":true,"rotary":null,
        "dtype":"f32"}"#,
    r#"{"layer":"multihead_attention","width":4,"heads":2,"causal":false,"dropout":1.0,"bias":true,"rotary":null,
        "dtype":"f32"}"#,
    r#"{"layer":"multihead_attention","width":6,"heads":2,"causal":false,"dropout":0.0,"bias":true,"rotary":10.0,
        "dtype":"f32"}"#,
    r#"{"layer":"rotary_embedding","base":1.0}"#,
    r#"{"layer":"transformer_encoder_layer","width":4,"heads":2,"feedforward":0,"dropout":0.0,"activation":"gelu",
        "eps":1e-5,"norm_first":true,"bias":true,"causal":true,"rotary":null,"dtype":"f32"}"#,
    r#"{"layer":"transformer_encoder","layers":0,"final_norm":true,"encoder_layer":{"width":4,"heads":2,"feedforward":2,
        "dropout":0.0,"activation":"gelu","eps":1e-5,"norm_first":true,"bias":true,"causal":true,"rotary":null,
        "dtype":"f32"}}"#,
    r#"{"layer":"transformer_decoder_layer","width":4,"heads":3,"feedforward":2,"dropout":0.0,"activation":"gelu",
        "eps":1e-5,"norm_first":true,"bias":true,"causal":true,"rotary":null,"dtype":"f32"}"#,
    r#"{"layer":"transformer_decoder","layers":1,"final_norm":true,"decoder_layer":{"width":4,"heads":2,"feedforward":2,
        "dropout":0.0,"activation":"gelu","eps":-1.0,"norm_first":true,"bias":true,"causal":true,"rotary":null,
        "dtype":"f32"}}"#,
    r#"{"layer":"causal_transformer","vocabulary":5,"places":0,"tied":true,"stack":{"layers":1,"final_norm":true,
        "encoder_layer":{"width":4,"heads":2,"feedforward":2,"dropout":0.0,"activation":"gelu","eps":1e-5,
        "norm_first":true,"bias":true,"causal":true,"rotary":null,"dtype":"f32"}}}"#,
    r#"{"layer":"swi_glu","width":0,"hidden":4,"bias":true,"dtype":"f32"}"#,
    r#"{"layer":"gru","inputs":2,"hidden":2,"layers":0,"bidirectional":true,"bias":true,"dropout":0.0,"cell":null,
        "dtype":"f32"}"#,
    r#"{"layer":"lstm","inputs":2,"hidden":2,"layers":2,"bidirectional":true,"bias":true,"dropout":1.5,"cell":null,
        "dtype":"f32"}"#,
    r#"{"layer":"parallel","merge":"sum","layers":[]}"#,
];

/// Layers of whole numbers, which stand beside those of floats.
const WHOLE: &[(&str, &[usize])] = &[
    (r#"{"layer":"embedding","count":3,"width":2,"padding":null,"dtype":"f64"}"#, &[2, 3]),
    (
        r#"{"layer":"embedding_bag","count":3,"width":2,"mode":"max","padding":0,"dtype":"f64"}"#,
        &[2, 3],
    ),
    (
        r#"{"layer":"causal_transformer","vocabulary":3,"places":4,"tied":true,"stack":{"layers":1,"final_norm":true,
            "encoder_layer":{"width":4,"heads":2,"feedforward":2,"dropout":0.0,"activation":"gelu","eps":1e-5,
            "norm_first":true,"bias":true,"causal":true,"rotary":null,"dtype":"f64"}}}"#,
        &[2, 3],
    ),
];

/// Inputs that a layer may not take, beside one that it takes.
fn misfits(shape: &[usize], dtype: DType) -> Vec<Tensor> {
    let mut all = vec![Tensor::zeros((), dtype), Tensor::zeros(&shape[1..], dtype)];
    all.push(Tensor::zeros([shape, &[2]].concat(), dtype));
    for axis in 1..shape.len() {
        for size in [0, 1, shape[axis] + 1] {
            let mut other = shape.to_vec();
            other[axis] = size;
            all.push(Tensor::zeros(other, dtype));
        }
    }
    all.extend([DType::Bool, DType::F32, DType::I64, DType::F64].map(|other| {
        // Numbers that no table has, if they are looked up.
        Tensor::full(shape, 7.0, other)
    }));
    all
}

/// What is said: the message, and the way out.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let hint = text.lines().filter_map(|line| line.trim().strip_prefix("hint: "));
    let hint = hint.collect::<Vec<_>>().join("; ");
    format!("{}\n    -> {hint}\n", error.message())
}

#[test]
fn every_layer_says_what_it_was_given_where_and_what_would_do() {
    let mut text = String::new();
    for (json, shape) in LAYERS.iter().chain(WHOLE) {
        let whole = WHOLE.iter().any(|(other, _)| other == json);
        let network = Sequential::new().add(Sequential::new().add(build(json)));
        network.named_parameters();
        let tag = json.split('"').nth(3).unwrap();
        let mut lines = Vec::new();
        for x in misfits(shape, if whole { DType::I64 } else { DType::F64 }) {
            let given = format!("{}{}", x.dtype(), x.shape());
            let tape = Tape::inference();
            let Err(error) = network.forward(tape.constant(x)).value() else { continue };
            let full = error.to_string();
            assert!(full.contains("in layer 0.0"), "{tag} of {given}: {full}");
            assert!(full.contains("hint: "), "{tag} of {given}: {full}");
            let here = error.location().is_some_and(|at| at.file().ends_with("refusals.rs"));
            assert!(here, "{tag} of {given}: {full}");
            let line = format!("  {given}: {}", said(&error));
            lines.push(line);
        }
        assert!(!lines.is_empty() || tag == "flatten", "{tag} takes everything");
        text += &format!(
            "{}\n{}",
            json.split_whitespace().collect::<Vec<_>>().join(" "),
            lines.concat()
        );
    }
    for json in SETTINGS {
        let spec: LayerSpec = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"));
        let error = spec.build(&mut Rng::new(1)).err().unwrap_or_else(|| panic!("built: {json}"));
        let json = json.split_whitespace().collect::<Vec<_>>().join(" ");
        text += &format!("{json}\n  built: {}", said(&error));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layers/refusals.txt");
    if std::fs::read_to_string(&path).is_ok_and(|have| have == text) {
        return;
    }
    std::fs::write(&path, text).unwrap();
    panic!("refusals.txt was out of date and has been written anew; read it and commit it");
}
