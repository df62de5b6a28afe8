//! What holds of every layer.

use gradtape::nn::{Layer, LayerSpec, Module, Sequential, summary, summary_for};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Result, Rng, Tape, Tensor, check_gradients};

use super::shared::{build, numbers, predict, stir};

/// Layers of f64 as data, with the shape of an input. None of them draws random numbers.
pub(crate) const LAYERS: &[(&str, &[usize])] = &[
    (r#"{"layer":"linear","inputs":4,"outputs":3,"bias":true,"dtype":"f64"}"#, &[3, 4]),
    (r#"{"layer":"relu"}"#, &[3, 4]),
    (r#"{"layer":"leaky_relu","slope":0.1}"#, &[3, 4]),
    (r#"{"layer":"sigmoid"}"#, &[3, 4]),
    (r#"{"layer":"tanh"}"#, &[3, 4]),
    (r#"{"layer":"softmax"}"#, &[3, 4]),
    (r#"{"layer":"flatten"}"#, &[3, 2, 2]),
    (r#"{"layer":"unflatten","shape":[2,2]}"#, &[3, 4]),
    (
        r#"{"layer":"sequential","layers":[{"layer":"linear","inputs":4,"outputs":2,"bias":false,"dtype":"f64"},
            {"layer":"tanh"}]}"#,
        &[3, 4],
    ),
    (r#"{"layer":"elu","alpha":0.7}"#, &[3, 4]),
    (r#"{"layer":"selu"}"#, &[3, 4]),
    (r#"{"layer":"celu","alpha":0.7}"#, &[3, 4]),
    (r#"{"layer":"gelu","tanh":false}"#, &[3, 4]),
    (r#"{"layer":"gelu","tanh":true}"#, &[3, 4]),
    (r#"{"layer":"silu"}"#, &[3, 4]),
    (r#"{"layer":"mish"}"#, &[3, 4]),
    (r#"{"layer":"softplus","beta":2.0}"#, &[3, 4]),
    (r#"{"layer":"softsign"}"#, &[3, 4]),
    (r#"{"layer":"hardtanh","min":-0.5,"max":0.75}"#, &[3, 4]),
    (r#"{"layer":"relu6"}"#, &[3, 4]),
    (r#"{"layer":"hardsigmoid"}"#, &[3, 4]),
    (r#"{"layer":"hardswish"}"#, &[3, 4]),
    (r#"{"layer":"log_softmax"}"#, &[3, 4]),
    (r#"{"layer":"glu","axis":-1}"#, &[3, 4]),
    (
        r#"{"layer":"embed_columns","inputs":6,"columns":[{"start":1,"count":3,"width":2}],"dtype":"f64"}"#,
        &[3, 6],
    ),
    (r#"{"layer":"prelu","parameters":1,"dtype":"f64"}"#, &[3, 4]),
    (r#"{"layer":"prelu","parameters":4,"dtype":"f64"}"#, &[3, 4, 2]),
    (
        r#"{"layer":"conv1d","inputs":4,"outputs":6,"kernel":[3],"stride":[2],"padding":{"zeros":[1]},
            "dilation":[1],"groups":2,"bias":true,"dtype":"f64"}"#,
        &[3, 4, 5],
    ),
    (
        r#"{"layer":"conv2d","inputs":2,"outputs":3,"kernel":[2,3],"stride":[1,1],"padding":"same",
            "dilation":[1,2],"groups":1,"bias":true,"dtype":"f64"}"#,
        &[3, 2, 3, 4],
    ),
    (
        r#"{"layer":"conv3d","inputs":1,"outputs":2,"kernel":[2,2,2],"stride":[1,1,1],
            "padding":{"zeros":[0,0,0]},"dilation":[1,1,1],"groups":1,"bias":false,"dtype":"f64"}"#,
        &[2, 1, 2, 3, 3],
    ),
    (
        r#"{"layer":"conv_transpose1d","inputs":2,"outputs":4,"kernel":[3],"stride":[2],"padding":[1],
            "output_padding":[1],"dilation":[1],"groups":2,"bias":true,"dtype":"f64"}"#,
        &[3, 2, 4],
    ),
    (
        r#"{"layer":"conv_transpose2d","inputs":2,"outputs":2,"kernel":[3,2],"stride":[2,1],"padding":[1,0],
            "output_padding":[0,0],"dilation":[1,2],"groups":1,"bias":true,"dtype":"f64"}"#,
        &[2, 2, 2, 3],
    ),
    (
        r#"{"layer":"max_pool1d","kernel":[3],"stride":[2],"padding":[1],"dilation":[1],"ceil_mode":true}"#,
        &[3, 2, 6],
    ),
    (
        r#"{"layer":"max_pool2d","kernel":[2,2],"stride":[2,1],"padding":[0,1],"dilation":[1,2],
            "ceil_mode":false}"#,
        &[3, 2, 4, 3],
    ),
    (
        r#"{"layer":"avg_pool1d","kernel":[3],"stride":[2],"padding":[1],"ceil_mode":true,
            "count_include_pad":true}"#,
        &[3, 2, 6],
    ),
    (
        r#"{"layer":"avg_pool2d","kernel":[2,2],"stride":[2,1],"padding":[0,1],"ceil_mode":false,
            "count_include_pad":false}"#,
        &[3, 2, 4, 3],
    ),
    (r#"{"layer":"adaptive_avg_pool1d","size":[3]}"#, &[3, 2, 5]),
    (r#"{"layer":"adaptive_avg_pool2d","size":[1,2]}"#, &[3, 2, 4, 3]),
    (
        r#"{"layer":"layer_norm","shape":[2,3],"eps":1e-5,"affine":true,"bias":true,"dtype":"f64"}"#,
        &[3, 2, 3],
    ),
    (r#"{"layer":"rms_norm","shape":[4],"eps":null,"affine":true,"dtype":"f64"}"#, &[3, 4]),
    (
        r#"{"layer":"group_norm","groups":2,"channels":4,"eps":1e-5,"affine":true,"dtype":"f64"}"#,
        &[3, 4, 2],
    ),
    (
        r#"{"layer":"instance_norm1d","features":2,"eps":1e-5,"affine":true,"dtype":"f64"}"#,
        &[3, 2, 3],
    ),
    (
        r#"{"layer":"instance_norm2d","features":2,"eps":1e-5,"affine":false,"dtype":"f64"}"#,
        &[3, 2, 2, 2],
    ),
    (
        r#"{"layer":"multihead_attention","width":4,"heads":2,"causal":false,"dropout":0.0,"bias":true,
            "rotary":null,"dtype":"f64"}"#,
        &[3, 3, 4],
    ),
    (
        r#"{"layer":"multihead_attention","width":4,"heads":1,"causal":true,"dropout":0.0,"bias":false,
            "rotary":100.0,"dtype":"f64"}"#,
        &[2, 3, 4],
    ),
    (r#"{"layer":"rotary_embedding","base":100.0}"#, &[3, 3, 4]),
    (r#"{"layer":"positional_embedding","places":4,"width":3,"dtype":"f64"}"#, &[3, 2, 3]),
    (
        r#"{"layer":"transformer_encoder_layer","width":4,"heads":2,"feedforward":5,"dropout":0.0,
            "activation":"gelu","eps":1e-5,"norm_first":true,"bias":true,"causal":true,"rotary":null,
            "dtype":"f64"}"#,
        &[2, 3, 4],
    ),
    (
        r#"{"layer":"transformer_encoder_layer","width":4,"heads":2,"feedforward":5,"dropout":0.0,
            "activation":"silu","eps":1e-5,"norm_first":false,"bias":true,"causal":false,"rotary":null,
            "dtype":"f64"}"#,
        &[2, 3, 4],
    ),
    (
        r#"{"layer":"rnn","inputs":3,"hidden":2,"layers":1,"bidirectional":true,"bias":true,"dropout":0.0,
            "cell":{"nonlinearity":"tanh"},"dtype":"f64"}"#,
        &[3, 3, 3],
    ),
    (
        r#"{"layer":"lstm","inputs":2,"hidden":3,"layers":2,"bidirectional":false,"bias":true,"dropout":0.0,
            "cell":null,            "dtype":"f64"}"#,
        &[3, 3, 2],
    ),
    (
        r#"{"layer":"gru","inputs":2,"hidden":2,"layers":2,"bidirectional":true,"bias":true,"dropout":0.0,
            "cell":null,            "dtype":"f64"}"#,
        &[3, 3, 2],
    ),
    (
        r#"{"layer":"residual","inner":{"layer":"linear","inputs":4,"outputs":4,"bias":true,"dtype":"f64"}}"#,
        &[3, 4],
    ),
    (
        r#"{"layer":"conv_transpose3d","inputs":2,"outputs":2,"kernel":[2,2,2],"stride":[2,1,1],"padding":[1,0,0],
            "output_padding":[0,0,0],"dilation":[1,1,1],"groups":2,"bias":true,"dtype":"f64"}"#,
        &[2, 2, 2, 2, 2],
    ),
    (
        r#"{"layer":"max_pool3d","kernel":[2,2,2],"stride":[2,1,1],"padding":[0,1,0],"dilation":[1,1,2],
            "ceil_mode":true}"#,
        &[2, 1, 3, 2, 3],
    ),
    (
        r#"{"layer":"avg_pool3d","kernel":[2,2,2],"stride":[2,1,1],"padding":[0,1,0],"ceil_mode":true,
            "count_include_pad":true}"#,
        &[2, 1, 3, 2, 2],
    ),
    (r#"{"layer":"lp_pool1d","norm":2.0,"kernel":[3],"stride":[2],"ceil_mode":true}"#, &[3, 2, 6]),
    (
        r#"{"layer":"lp_pool2d","norm":4.0,"kernel":[2,2],"stride":[1,2],"ceil_mode":false}"#,
        &[3, 1, 3, 4],
    ),
    (
        r#"{"layer":"lp_pool3d","norm":2.0,"kernel":[2,1,2],"stride":[1,1,1],"ceil_mode":false}"#,
        &[2, 1, 2, 2, 3],
    ),
    (r#"{"layer":"adaptive_avg_pool3d","size":[1,2,3]}"#, &[2, 1, 2, 3, 3]),
    (r#"{"layer":"adaptive_max_pool1d","size":[3]}"#, &[3, 2, 5]),
    (r#"{"layer":"adaptive_max_pool2d","size":[1,2]}"#, &[3, 2, 4, 3]),
    (r#"{"layer":"adaptive_max_pool3d","size":[2,1,2]}"#, &[2, 1, 2, 3, 3]),
    (r#"{"layer":"global_avg_pool"}"#, &[3, 2, 4]),
    (r#"{"layer":"global_max_pool"}"#, &[3, 2, 2, 3]),
    (r#"{"layer":"upsample","size":null,"scale":[2.0],"mode":"nearest"}"#, &[3, 2, 3]),
    (r#"{"layer":"upsample","size":[5,2],"scale":null,"mode":"nearest"}"#, &[2, 1, 3, 3]),
    (
        r#"{"layer":"upsample","size":null,"scale":[1.5,0.7],"mode":{"linear":{"align_corners":false}}}"#,
        &[2, 1, 3, 4],
    ),
    (
        r#"{"layer":"upsample","size":[5],"scale":null,"mode":{"linear":{"align_corners":true}}}"#,
        &[2, 2, 3],
    ),
    (r#"{"layer":"swi_glu","width":3,"hidden":4,"bias":true,"dtype":"f64"}"#, &[3, 3]),
    (
        r#"{"layer":"transformer_encoder","layers":2,"final_norm":true,"encoder_layer":{"width":4,"heads":2,
            "feedforward":5,"dropout":0.0,"activation":"gelu","eps":1e-5,"norm_first":true,"bias":true,
            "causal":true,"rotary":null,"dtype":"f64"}}"#,
        &[2, 2, 4],
    ),
    (
        r#"{"layer":"transformer_decoder_layer","width":4,"heads":2,"feedforward":5,"dropout":0.0,
            "activation":"gelu","eps":1e-5,"norm_first":true,"bias":true,"causal":true,"rotary":100.0,
            "dtype":"f64"}"#,
        &[2, 3, 4],
    ),
    (
        r#"{"layer":"transformer_decoder","layers":2,"final_norm":true,"decoder_layer":{"width":4,"heads":2,
            "feedforward":5,"dropout":0.0,"activation":"silu","eps":1e-5,"norm_first":false,"bias":true,
            "causal":true,"rotary":null,"dtype":"f64"}}"#,
        &[2, 2, 4],
    ),
    (
        r#"{"layer":"parallel","merge":{"concat":-1},"layers":[{"layer":"linear","inputs":4,"outputs":2,
            "bias":true,"dtype":"f64"},{"layer":"tanh"}]}"#,
        &[3, 4],
    ),
    (
        r#"{"layer":"parallel","merge":"sum","layers":[{"layer":"linear","inputs":4,"outputs":4,"bias":true,
            "dtype":"f64"},{"layer":"tanh"}]}"#,
        &[3, 4],
    ),
    (
        r#"{"layer":"bidirectional","forward":{"layer":"gru","inputs":3,"hidden":2,"layers":1,
            "bidirectional":false,"bias":true,"dropout":0.0,"cell":null,"dtype":"f64"},
            "backward":{"layer":"linear","inputs":3,"outputs":1,"bias":true,"dtype":"f64"}}"#,
        &[3, 3, 3],
    ),
];

/// Kinds of layers that are not among these, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("batch_norm1d", "normalises by the batch in training alone: batch_norm.rs"),
    ("batch_norm2d", "normalises by the batch in training alone: batch_norm.rs"),
    ("dropout", "draws: nn/dropout.rs"),
    ("dropout1d", "draws: embeddings.rs"),
    ("dropout2d", "draws: embeddings.rs"),
    ("embedding", "takes whole numbers: embeddings.rs"),
    ("embedding_bag", "takes whole numbers: modules.rs"),
    ("causal_transformer", "takes whole numbers: generation.rs"),
];

#[test]
fn every_kind_of_layer_is_here_or_elsewhere() {
    let here = |tag: &str| LAYERS.iter().any(|(json, _)| json.split('"').nth(3) == Some(tag));
    let elsewhere = |tag: &str| ELSEWHERE.iter().any(|(own, _)| *own == tag);
    let tags: Vec<String> = LayerSpec::TABLE.iter().map(|info| info.tag()).collect();
    let missing: Vec<&String> = tags.iter().filter(|tag| here(tag) == elsewhere(tag)).collect();
    assert!(missing.is_empty(), "{missing:?} must stand in LAYERS, or in ELSEWHERE with a reason");
    for (tag, _) in ELSEWHERE {
        assert!(tags.iter().any(|known| known == tag), "{tag} is no layer");
    }
}

/// Numbers of which no two are close together, by the golden ratio: a maximum of some has no kink nearby.
fn spaced(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let numbers = (1..=count).map(|i| (i as f64 * 0.618_033_988_749_895).fract() * 3.0 - 1.5);
    Tensor::from_vec(numbers.collect::<Vec<f64>>(), shape).unwrap()
}

fn each(mut call: impl FnMut(&str, &(dyn Layer + 'static), Tensor) -> Result<()>) {
    for (json, shape) in LAYERS {
        let layer = build(json);
        stir(&*layer);
        call(json, &*layer, spaced(shape)).unwrap_or_else(|error| panic!("{json}: {error}"));
    }
}

#[test]
fn first_and_second_derivatives_by_the_input_agree_with_differences() {
    each(|_, layer, x| check_gradients(|x| layer.forward(x[0]), &[x])?.within(1e-6));
}

#[test]
fn derivatives_by_the_parameters_agree_with_differences() {
    each(|json, layer, x| {
        let weights = numbers(predict(layer, &x)?.shape(), 5);
        let loss = |tape: &Tape| -> Result<(f64, Vec<Vec<f64>>)> {
            let sum = (layer.forward(tape.constant(&x)) * tape.constant(&weights)).sum(());
            let own: Vec<_> = layer.parameters().iter().map(|own| tape.parameter(own)).collect();
            let slopes = gradtape::gradients(sum, &own);
            let slopes = slopes.iter().map(|slope| Ok(slope.value()?.to_f64_vec()));
            Ok((sum.item()?, slopes.collect::<Result<_>>()?))
        };
        let (_, slopes) = loss(&Tape::new())?;
        for ((name, own), slopes) in layer.named_parameters().iter().zip(slopes) {
            let value = own.value();
            let at = |place: usize, by: f64| -> Result<f64> {
                let mut moved = value.to_f64_vec();
                moved[place] += by;
                own.set(Tensor::from_vec(moved, value.shape())?)?;
                let y = layer.forward(Tape::inference().constant(&x)).value()?.to_f64_vec();
                Ok(y.iter().zip(weights.to_f64_vec()).map(|(y, w)| y * w).sum())
            };
            // Some of them, spread over all.
            for place in (0..slopes.len()).step_by(slopes.len().div_ceil(6)) {
                let numeric = (at(place, 1e-5)? - at(place, -1e-5)?) / 2e-5;
                let (slope, error) = (slopes[place], (slopes[place] - numeric).abs());
                assert!(error < 1e-6 * (1.0 + slope.abs()), "{json}: {name}: {slope} {numeric}");
            }
            own.set(value)?;
        }
        Ok(())
    });
}

#[test]
fn training_and_inference_agree_and_permuted_examples_permute_the_result() {
    each(|json, layer, x| {
        let want = predict(layer, &x)?;
        let training = layer.forward(Tape::new().constant(&x)).value()?;
        assert!(training.equals(&want), "{json}");
        let last = x.shape()[0] as isize - 1;
        let turned = |x: &Tensor| -> Result<Tensor> {
            let tape = Tape::inference();
            let x = tape.constant(x);
            x.slice(0, last..).concat(&[x.slice(0, ..last)], 0).value()
        };
        let got = predict(layer, &turned(&x)?)?;
        assert!(got.all_close(&turned(&want)?, 1e-12, 1e-12), "{json}");
        Ok(())
    });
}

#[test]
fn one_step_changes_every_parameter() {
    each(|json, layer, x| {
        let before: Vec<_> = layer.parameters().iter().map(|own| own.value()).collect();
        if before.is_empty() {
            return Ok(());
        }
        let weights = numbers(predict(layer, &x)?.shape(), 5);
        let adam = Adam::new(layer, 0.01);
        let tape = Tape::new();
        adam.step((layer.forward(tape.constant(&x)) * tape.constant(&weights)).square().sum(()))?;
        for ((name, own), before) in layer.named_parameters().iter().zip(before) {
            assert!(!own.value().equals(&before), "{json}: {name}");
        }
        Ok(())
    });
}

#[test]
fn a_clone_has_numbers_of_its_own_and_says_the_same() {
    each(|json, layer, x| {
        let clone = layer.clone_layer();
        let want = predict(layer, &x)?;
        assert!(predict(&*clone, &x)?.equals(&want), "{json}");
        for (ours, theirs) in layer.parameters().iter().zip(clone.parameters()) {
            assert_ne!(ours.id(), theirs.id(), "{json}");
        }
        assert_eq!(layer.spec(), clone.spec(), "{json}");
        let text = summary(layer).to_string();
        let name = json.split('"').nth(3).unwrap().replace('_', "");
        // A layer made of others is listed by what is inside.
        let inside = [
            "residual",
            "transformerencoderlayer",
            "transformerencoder",
            "transformerdecoderlayer",
            "transformerdecoder",
            "multiheadattention",
            "swiglu",
            "parallel",
            "bidirectional",
            "sequential",
        ];
        assert!(text.to_lowercase().contains(&name) || inside.contains(&&*name), "{json}: {text}");
        assert_eq!(summary(layer).total(), layer.parameter_count(), "{json}");
        Ok(())
    });
}

#[test]
fn an_error_names_the_path_of_the_layer_and_what_it_was_given() {
    each(|json, layer, x| {
        let network = Sequential::new().add(Sequential::new().add(layer.clone_layer()));
        network.named_parameters();
        let tape = Tape::new();
        let whole = x.cast(DType::I64);
        let y = network.forward(tape.constant(&whole));
        // Views and maxima of whole numbers are right.
        let Err(error) = y.value() else {
            let whole = ["max_pool", "relu6", "\"relu\"", "flatten"];
            assert!(whole.iter().any(|name| json.contains(name)), "{json}");
            return Ok(());
        };
        let text = error.to_string();
        assert!(text.contains("0.0") && text.contains("i64"), "{json}: {text}");
        assert!(
            error.location().is_some_and(|at| at.file().ends_with("every.rs")),
            "{json}: {text}"
        );
        Ok(())
    });
}

#[test]
fn a_layer_without_examples_gives_none() {
    each(|json, layer, x| {
        let none = {
            let tape = Tape::inference();
            tape.constant(&x).slice(0, ..0).value()?
        };
        let y = predict(layer, &none)?;
        assert_eq!(y.shape()[0], 0, "{json}");
        assert_eq!(y.shape()[1..], predict(layer, &x)?.shape()[1..], "{json}");
        Ok(())
    });
}

#[test]
fn layers_that_draw_look_up_or_keep_statistics_learn_and_know_no_order_of_examples() {
    for (kind, spec, shape) in LayerSpec::samples() {
        let info = LayerSpec::TABLE.iter().find(|info| info.name == kind).unwrap();
        if ELSEWHERE.iter().all(|(tag, _)| *tag != info.tag()) {
            continue;
        }
        let layer = spec.build(&mut Rng::new(3)).unwrap();
        // A layer of batches without weights has its type from its statistics.
        let own = layer.parameters().first().map(|own| own.value().dtype());
        let own = own.or_else(|| Some(layer.named_buffers().first()?.1.value().dtype()));
        let own = own.unwrap_or(DType::F32);
        // Three examples, of places that every table has.
        let shape = [&[3], &shape[1..]].concat();
        let x = match info.input.starts_with("i64") {
            true => {
                let places = (0..shape.iter().product::<usize>()).map(|i| i as i64 * 5 % 7 % 3);
                Tensor::from_vec(places.collect(), &shape[..]).unwrap()
            }
            false => spaced(&shape).cast(own),
        };
        let turned = |x: &Tensor| {
            let tape = Tape::inference();
            let x = tape.constant(x);
            x.slice(0, 2..).concat(&[x.slice(0, ..2)], 0).value().unwrap()
        };
        let want = turned(&predict(&*layer, &x).unwrap());
        let got = predict(&*layer, &turned(&x)).unwrap();
        assert!(got.all_close(&want, 1e-5, 1e-6), "{kind}: {spec:?}");

        let before: Vec<_> = layer.parameters().iter().map(|own| own.value()).collect();
        if before.is_empty() {
            continue;
        }
        let adam = Adam::new(&*layer, 0.01);
        let tape = Tape::new();
        let y = layer.forward(tape.constant(&x));
        let weights = numbers(&y.shape(), 5).cast(own);
        adam.step((y * tape.constant(weights)).square().sum(())).unwrap();
        for ((name, own), before) in layer.named_parameters().iter().zip(before) {
            assert!(!own.value().equals(&before), "{kind}: {name}");
        }
    }
}

#[test]
fn a_summary_shows_what_every_layer_gives_or_the_line_that_gave_what_it_cannot_take() {
    each(|json, layer, x| {
        let network = Sequential::new().add(layer.clone_layer());
        let summary = summary_for(&network, &x)?;
        let given: Vec<_> = summary.rows().iter().filter(|row| row.path == "0").collect();
        let want = predict(layer, &x)?;
        assert!(given.iter().all(|row| row.outputs == [want.shape().clone()]), "{json}: {summary}");
        Ok(())
    });
    let network = Sequential::new().add(build(LAYERS[0].0));
    let (line, error) = (line!(), summary_for(&network, &spaced(&[3, 5])).unwrap_err());
    let at = error.location().unwrap();
    assert!(at.line() == line && at.file().ends_with("every.rs"), "{error}");
    assert!(error.to_string().contains("in layer 0 (Linear)"), "{error}");
}
