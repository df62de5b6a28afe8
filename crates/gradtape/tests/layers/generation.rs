//! Sequences that are continued: caches of keys and values have the numbers of the whole.

use gradtape::io::{Model, SafeTensors};
use gradtape::nn::{
    AttentionOptions, CausalTransformer, CausalTransformerOptions, KeyValueCache, Layer, LayerSpec,
    Module, MultiheadAttention, Sequential, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerOptions, TransformerStackOptions, summary,
};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Result, Rng, Tape, Tensor, Var, check_gradients, loss};

use super::shared::{close, function, numbers as draw, predict, refused, stir};

/// How six places are taken in turn.
const PARTS: [&[usize]; 3] = [&[1, 1, 1, 1, 1, 1], &[4, 2], &[1, 3, 2]];

fn attention(rotary: Option<f64>, bias: bool) -> AttentionOptions {
    AttentionOptions { causal: true, rotary, bias, dtype: DType::F64, ..Default::default() }
}

fn stack(norm_first: bool, rotary: Option<f64>) -> TransformerStackOptions {
    let layer = TransformerOptions {
        feedforward: 5,
        dropout: 0.1,
        causal: true,
        norm_first,
        rotary,
        dtype: DType::F64,
        ..TransformerOptions::default()
    };
    TransformerStackOptions { layers: 2, final_norm: norm_first, layer }
}

/// The parts of a sequence, each with what was there before.
fn in_parts<'t, S>(
    x: Var<'t>,
    parts: &[usize],
    mut state: S,
    mut step: impl FnMut(Var<'t>, S) -> (Var<'t>, S),
) -> Result<Vec<f64>> {
    let (mut from, mut said) = (0, Vec::new());
    for &length in parts {
        let y;
        (y, state) = step(x.slice(1, from..from + length), state);
        said.push(y);
        from += length;
    }
    Ok(x.tape().concat(&said, 1).value()?.to_f64_vec())
}

#[test]
fn attention_in_parts_is_attention_of_the_whole() -> Result<()> {
    for (rotary, bias) in [(None, true), (Some(50.0), false)] {
        let layer = MultiheadAttention::with(4, 2, attention(rotary, bias), &mut Rng::new(1))?;
        stir(&layer);
        let x = draw(&[2, 6, 4], 1);
        let want = predict(&layer, &x)?.to_f64_vec();
        for parts in PARTS {
            let tape = Tape::inference();
            let step = |x, past| {
                let (y, cache) = layer.run(x, past, None);
                (y, Some(cache))
            };
            let got = in_parts(tape.constant(&x), parts, None, step)?;
            close(&format!("{rotary:?} {parts:?}"), &got, &want, 1e-12);
        }
        // Each step on a tape of its own.
        let mut past: Option<(Tape, [Tensor; 2])> = None;
        for place in 0..6 {
            let tape = Tape::inference();
            let cache = past.take().map(|(_, [keys, values])| KeyValueCache {
                keys: tape.constant(keys),
                values: tape.constant(values),
            });
            let next = tape.constant(&x).slice(1, place..place + 1);
            let (y, cache) = layer.run(next, cache, None);
            let row: Vec<f64> =
                (0..2).flat_map(|n| want[(n * 6 + place) * 4..][..4].to_vec()).collect();
            close("own tape", &y.value()?.to_f64_vec(), &row, 1e-12);
            assert_eq!(cache.places(), place + 1);
            let other = Tape::inference();
            let moved = cache.onto(&other)?;
            let kept = [moved.keys.value()?, moved.values.value()?];
            past = Some((Tape::inference(), kept));
        }
    }
    Ok(())
}

#[test]
fn derivatives_go_through_the_cache() -> Result<()> {
    let layer = MultiheadAttention::with(4, 2, attention(Some(9.0), true), &mut Rng::new(1))?;
    let through = function(|x| {
        let (first, cache) = layer.run(x[0].slice(1, ..2), None, None);
        let (rest, _) = layer.run(x[0].slice(1, 2..), Some(cache), None);
        first.concat(&[rest], 1).square()
    });
    check_gradients(through, &[draw(&[1, 3, 4], 1)])?.within(1e-6)
}

#[test]
fn encoders_and_decoders_in_parts_are_the_whole() -> Result<()> {
    for (norm_first, rotary) in [(false, None), (true, Some(20.0))] {
        let options = stack(norm_first, rotary);
        let encoder = TransformerEncoder::with(4, 2, options, &mut Rng::new(1))?;
        let decoder = TransformerDecoder::with(4, 2, options, &mut Rng::new(2))?;
        assert_eq!(encoder.named_parameters()[0].0, "layers.0.self_attn.in_proj_weight");
        assert_eq!(decoder.norm.is_some(), norm_first);
        let (x, memory) = (draw(&[2, 6, 4], 1), draw(&[2, 3, 4], 2));
        let tape = Tape::inference();
        let (whole, memory) = (tape.constant(&x), tape.constant(&memory));
        let encoded = encoder.forward(whole).value()?.to_f64_vec();
        let decoded = decoder.forward(whole, memory).value()?.to_f64_vec();
        for parts in PARTS {
            let step = |x, past: Vec<_>| encoder.run(x, &past, None);
            close("encoder", &in_parts(whole, parts, Vec::new(), step)?, &encoded, 1e-11);
            let step = |x, past: Vec<_>| decoder.run(x, &past, None, None);
            let start = decoder.begin(memory);
            close("decoder", &in_parts(whole, parts, start, step)?, &decoded, 1e-11);
        }
    }
    Ok(())
}

#[test]
fn a_decoder_is_kept_with_its_encoder_and_still_takes_two_sequences() -> Result<()> {
    for (norm_first, rotary) in [(false, None), (true, Some(20.0))] {
        let options = stack(norm_first, rotary);
        let encoder = TransformerEncoder::with(4, 2, options, &mut Rng::new(1))?;
        let decoder = TransformerDecoder::with(4, 2, options, &mut Rng::new(2))?;
        let layer = TransformerDecoderLayer::with(4, 2, options.layer, &mut Rng::new(3))?;
        stir(&decoder);
        stir(&layer);
        let (target, source) = (draw(&[2, 6, 4], 1), draw(&[2, 3, 4], 2));
        let tape = Tape::inference();
        let (target, source) = (tape.constant(&target), tape.constant(&source));
        let want = decoder.forward(target, encoder.forward(source)).value()?;
        let one = layer.forward(target, source).value()?;
        // Of one value it is the decoder of the value and itself.
        let itself = decoder.forward(target, target).value()?;
        assert!(Layer::forward(&decoder, target).value()?.equals(&itself));

        let network = Sequential::new().add(encoder).add(decoder).add(layer);
        let file = SafeTensors::from_bytes(&Model::new(network).to_bytes()?)?;
        let network = Model::from_safetensors(file)?.network;
        let [encoder, decoder, layer] = network.layers() else { panic!("three layers") };
        let memory = encoder.forward(source);
        let again = TransformerDecoder::of(decoder)?;
        assert_eq!(again.options(), options);
        assert!(again.forward(target, memory).value()?.equals(&want));
        let again = TransformerDecoderLayer::of(layer)?;
        assert!(again.forward(target, source).value()?.equals(&one));

        refused(
            TransformerDecoder::of(&network),
            &["Sequential", "no TransformerDecoder", "one of its layers"],
        );
        refused(TransformerDecoderLayer::of(decoder), &["the layer is no TransformerDecoderLayer"]);
        // What a decoder is told is told of its layers; a name that they do not know is refused.
        let json = serde_json::to_string(&decoder.spec()).unwrap();
        let other = json.replace("norm_first", "norm_frist");
        let error = serde_json::from_str::<LayerSpec>(&other).unwrap_err().to_string();
        assert!(error.contains("unknown field `norm_frist`"), "{error}");
    }
    Ok(())
}

#[test]
fn a_language_model_generates_what_the_whole_text_says() -> Result<()> {
    for (tied, rotary) in [(true, None), (false, Some(100.0))] {
        let options = CausalTransformerOptions { places: 8, tied, stack: stack(true, rotary) };
        let model = CausalTransformer::with(7, 4, 2, options, &mut Rng::new(1))?;
        stir(&model);
        let names: Vec<String> = model.named_parameters().into_iter().map(|(n, _)| n).collect();
        assert_eq!(names[0], "embedding.weight");
        assert_eq!(names.iter().any(|name| name == "head.weight"), !tied);
        assert_eq!(names.iter().any(|name| name == "positions.weight"), rotary.is_none());
        assert_eq!(summary(&model).total(), model.parameter_count());
        let text = Tensor::from([[3i64, 1, 4, 1, 5, 2], [6, 5, 3, 5, 0, 2]]);
        let tape = Tape::inference();
        let whole = model.forward(tape.constant(&text)).value()?;
        assert_eq!(whole.shape()[..], [2, 6, 7]);
        for parts in PARTS {
            let step = |x, past: Vec<_>| model.run(x, &past);
            let got = in_parts(tape.constant(&text), parts, Vec::new(), step)?;
            close("model", &got, &whole.to_f64_vec(), 1e-11);
        }
        // What follows does not change what was said before.
        let other = Tensor::from([[3i64, 1, 4, 0, 0, 0], [6, 5, 3, 0, 0, 0]]);
        let begun = |y: &Tensor| Tape::new().constant(y).slice(1, ..3).value();
        let other = predict(&model, &other)?;
        close("causal", &begun(&other)?.to_f64_vec(), &begun(&whole)?.to_f64_vec(), 1e-12);
    }
    Ok(())
}

#[test]
fn a_language_model_learns_to_count() -> Result<()> {
    let mut options = CausalTransformerOptions { places: 8, ..Default::default() };
    options.stack.layers = 1;
    options.stack.layer.feedforward = 16;
    options.stack.layer.dropout = 0.0;
    let model = CausalTransformer::with(6, 8, 2, options, &mut Rng::new(1))?;
    let adam = Adam::new(&model, 0.02);
    let text = Tensor::from([[0i64, 1, 2, 3, 4, 5, 0], [3, 4, 5, 0, 1, 2, 3]]);
    let mut tape = Tape::new();
    let mut last = f64::INFINITY;
    for _ in 0..60 {
        tape.reset();
        let text = tape.constant(&text);
        let logits = model.forward(text.slice(1, ..6));
        let loss = loss::cross_entropy(logits, text.slice(1, 1..));
        adam.step(loss)?;
        last = loss.item()?;
    }
    assert!(last < 0.1, "{last}");
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let rng = &mut Rng::new(1);
    let tape = Tape::new();
    let zeros = |shape: &[usize]| tape.constant(Tensor::zeros(shape, DType::F64));
    let layer = MultiheadAttention::with(4, 2, attention(None, true), rng)?;
    let (_, cache) = layer.run(zeros(&[2, 3, 4]), None, None);
    let (y, more) = layer.run(zeros(&[1, 3, 4]), Some(cache), None);
    refused(y.value(), &["keys are f64[2, 2, 3, 2]", "must be f64[1, 2, 3, 2]", "what run() gave"]);
    refused(more.keys.value(), &["f64[1, 3, 4]"]);
    let mask = tape.constant([[true; 3]; 3]);
    let (y, _) = layer.run(zeros(&[2, 3, 4]), Some(cache), Some(mask));
    refused(y.value(), &["the mask is bool[3, 3]", "[2, 2, 3, 6]"]);
    refused(layer.keys_and_values(zeros(&[2, 4])).keys.value(), &["[n, length, 4]", "f64[2, 4]"]);
    refused(layer.attend_to(zeros(&[1, 3, 4]), cache, None).value(), &["keys are f64[2, 2, 3, 2]"]);

    let encoder = TransformerEncoder::with(4, 2, stack(true, None), rng)?;
    refused(encoder.run(zeros(&[1, 2, 4]), &[cache], None).0.value(), &["1 caches for 2 layers"]);
    let decoder = TransformerDecoder::with(4, 2, stack(true, None), rng)?;
    let (y, _) = decoder.run(zeros(&[1, 2, 4]), &[], None, None);
    refused(y.value(), &["0 caches for 2 layers"]);
    let words = ["target f64[1, 2, 4]", "memory f64[3, 2, 4]", "broadcast_to()", "generation.rs"];
    let (target, memory) = (zeros(&[1, 2, 4]), zeros(&[3, 2, 4]));
    refused(decoder.forward(target, memory).value(), &words);
    refused(decoder.layers[0].forward(target, memory).value(), &words);
    refused(
        decoder.forward(target, zeros(&[1, 2, 3])).value(),
        &["[n, length, 4]", "f64[1, 2, 3]"],
    );
    let none = TransformerStackOptions { layers: 0, ..stack(true, None) };
    refused(TransformerEncoder::with(4, 2, none, rng), &["0 layers"]);
    refused(TransformerDecoder::with(4, 2, none, rng), &["0 layers"]);
    refused(TransformerEncoder::new(4, 3, 2, rng), &["layer 0", "3 heads do not divide"]);

    let mut options = CausalTransformerOptions { places: 4, tied: true, stack: stack(true, None) };
    let model = CausalTransformer::with(7, 4, 2, options, rng)?;
    model.named_parameters();
    let text = |shape: &[usize]| Tensor::zeros(shape, DType::I64);
    refused(
        predict(&model, &text(&[2, 5])),
        &["up to 4 places", "positions (PositionalEmbedding)"],
    );
    refused(predict(&model, &Tensor::zeros([2, 3], DType::F32)), &["i64", "embedding (Embedding)"]);
    refused(predict(&model, &Tensor::from([[7i64]])), &["7, out of range for 7"]);
    options.stack.layer.causal = false;
    refused(CausalTransformer::with(7, 4, 2, options, rng), &["not causal", "TransformerEncoder"]);
    options.stack.layer.causal = true;
    refused(CausalTransformer::with(0, 4, 2, options, rng), &["0 tokens"]);
    assert!(model.spec().is_some());
    Ok(())
}
