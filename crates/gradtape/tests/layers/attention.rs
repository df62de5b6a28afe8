//! Attention and transformers against plain loops.

use gradtape::nn::{
    Activation, AttentionOptions, Layer, Module, MultiheadAttention, PositionalEmbedding,
    RotaryEmbedding, Sequential, TransformerDecoderLayer, TransformerEncoderLayer,
    TransformerOptions,
};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Result, Rng, Tape, Tensor, check_gradients, loss};

use super::shared::{close, function, get, numbers as draw, predict, refused, stir};

/// A matrix of rows.
type Rows = Vec<Vec<f64>>;

fn rows(x: &Tensor, example: usize) -> Rows {
    let [_, length, width] = x.shape()[..] else { panic!("{}", x.shape()) };
    let all = x.to_f64_vec();
    (0..length).map(|i| all[(example * length + i) * width..][..width].to_vec()).collect()
}

/// `x wᵀ + b`, with the rows of the weight from one on.
fn linear(x: &Rows, weight: &[f64], bias: &[f64], from: usize, outputs: usize) -> Rows {
    let width = x[0].len();
    let product = |x: &Vec<f64>, o: usize| -> f64 {
        let row = &weight[(from + o) * width..][..width];
        x.iter().zip(row).map(|(x, w)| x * w).sum::<f64>() + bias.get(from + o).unwrap_or(&0.0)
    };
    x.iter().map(|x| (0..outputs).map(|o| product(x, o)).collect()).collect()
}

/// Pairs of the two halves of a row turned by its place.
fn turned(x: &Rows, base: f64) -> Rows {
    let turn = |(place, x): (usize, &Vec<f64>)| {
        let half = x.len() / 2;
        let mut y = x.clone();
        for i in 0..half {
            let angle = place as f64 / base.powf(2.0 * i as f64 / x.len() as f64);
            y[i] = x[i] * angle.cos() - x[half + i] * angle.sin();
            y[half + i] = x[half + i] * angle.cos() + x[i] * angle.sin();
        }
        y
    };
    x.iter().enumerate().map(turn).collect()
}

/// Attention of one example by its definition; `seen` tells of head, query and key.
fn attention(
    layer: &dyn Module,
    prefix: &str,
    [heads, width]: [usize; 2],
    [query, keys]: [&Rows; 2],
    rotary: Option<f64>,
    seen: &dyn Fn(usize, usize, usize) -> bool,
) -> Rows {
    let of = |name: &str| get(layer, &format!("{prefix}{name}"));
    let (weight, head) = (of("in_proj_weight"), width / heads);
    let biased = layer.named_parameters().iter().any(|(name, _)| name.ends_with("in_proj_bias"));
    let bias = |name: &str| if biased { of(name) } else { Vec::new() };
    let inside = bias("in_proj_bias");
    let project = |x: &Rows, part: usize| linear(x, &weight, &inside, part * width, width);
    let (q, k, v) = (project(query, 0), project(keys, 1), project(keys, 2));
    let part = |x: &Rows, h: usize| -> Rows {
        x.iter().map(|row| row[h * head..(h + 1) * head].to_vec()).collect()
    };
    let mut taken = vec![Vec::new(); query.len()];
    for h in 0..heads {
        let (mut q, mut k, v) = (part(&q, h), part(&k, h), part(&v, h));
        if let Some(base) = rotary {
            (q, k) = (turned(&q, base), turned(&k, base));
        }
        for (i, q) in q.iter().enumerate() {
            let score = |k: &Vec<f64>| -> f64 {
                q.iter().zip(k).map(|(q, k)| q * k).sum::<f64>() / (head as f64).sqrt()
            };
            let weigh =
                |(j, k): (usize, &Vec<f64>)| if seen(h, i, j) { score(k).exp() } else { 0.0 };
            let weights: Vec<f64> = k.iter().enumerate().map(weigh).collect();
            let sum: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            for d in 0..head {
                let value = weights.iter().zip(&v).map(|(w, v)| w / sum * v[d]).sum::<f64>();
                taken[i].push(value);
            }
        }
    }
    linear(&taken, &of("out_proj.weight"), &bias("out_proj.bias"), 0, width)
}

fn flat(rows: &[Rows]) -> Vec<f64> {
    rows.iter().flatten().flatten().copied().collect()
}

fn double(causal: bool, bias: bool, rotary: Option<f64>) -> AttentionOptions {
    AttentionOptions { causal, bias, rotary, dtype: DType::F64, ..AttentionOptions::default() }
}

#[test]
fn self_attention_agrees_with_plain_loops() -> Result<()> {
    for (heads, causal, bias, rotary) in [
        (1, false, true, None),
        (2, true, true, None),
        (3, false, false, Some(50.0)),
        (3, true, true, Some(50.0)),
    ] {
        let layer =
            MultiheadAttention::with(6, heads, double(causal, bias, rotary), &mut Rng::new(1))?;
        stir(&layer);
        let x = draw(&[2, 4, 6], 1);
        let want: Vec<Rows> = (0..2)
            .map(|n| {
                let x = rows(&x, n);
                let seen = |_: usize, i: usize, j: usize| !causal || j <= i;
                attention(&layer, "", [heads, 6], [&x, &x], rotary, &seen)
            })
            .collect();
        close(
            &format!("{heads} {causal}"),
            &predict(&layer, &x)?.to_f64_vec(),
            &flat(&want),
            1e-12,
        );
    }
    Ok(())
}

#[test]
fn attention_to_another_sequence_takes_masks_of_every_shape() -> Result<()> {
    let layer = MultiheadAttention::with(4, 2, double(false, true, None), &mut Rng::new(1))?;
    stir(&layer);
    let (query, keys) = (draw(&[2, 3, 4], 1), draw(&[2, 5, 4], 2));
    // The mask of an example, a head, a query and a key, in which query 1 sees nothing.
    let full: Vec<bool> = (0..2 * 2 * 3 * 5).map(|i| i / 5 % 3 != 1 && i * 7 % 11 > 3).collect();
    for (shape, step) in [
        ([2, 2, 3, 5], [30, 15, 5, 1]),
        ([1, 1, 3, 5], [0, 0, 5, 1]),
        ([2, 1, 1, 5], [30, 0, 0, 1]),
        ([1, 2, 3, 1], [0, 15, 5, 0]),
    ] {
        let place = |n: usize, h: usize, i: usize, j: usize| {
            full[n * step[0] + h * step[1] + i * step[2] + j * step[3]]
        };
        let mut mask = Vec::new();
        for n in 0..shape[0] {
            for h in 0..shape[1] {
                for i in 0..shape[2] {
                    mask.extend((0..shape[3]).map(|j| place(n, h, i, j)));
                }
            }
        }
        let mask = Tensor::from_vec(mask, shape)?;
        let want: Vec<Rows> = (0..2)
            .map(|n| {
                let seen = |h: usize, i: usize, j: usize| place(n, h, i, j);
                attention(&layer, "", [2, 4], [&rows(&query, n), &rows(&keys, n)], None, &seen)
            })
            .collect();
        let tape = Tape::new();
        let y =
            layer.attend(tape.constant(&query), tape.constant(&keys), Some(tape.constant(&mask)));
        close(&format!("{shape:?}"), &y.value()?.to_f64_vec(), &flat(&want), 1e-12);
        let attend = function(|x| {
            let mask = x[0].tape().constant(&mask);
            layer.attend(x[0], x[1], Some(mask))
        });
        check_gradients(attend, &[query.clone(), keys.clone()])?.within(1e-6)?;
    }
    Ok(())
}

#[test]
fn a_causal_layer_does_not_see_the_future() -> Result<()> {
    let options = AttentionOptions { causal: true, ..AttentionOptions::default() };
    let layer = MultiheadAttention::with(4, 2, options, &mut Rng::new(1))?;
    let x = draw(&[1, 6, 4], 1).cast(DType::F32);
    let tape = Tape::inference();
    let x = tape.constant(x);
    let whole = layer.forward(x).slice(1, ..3).value()?;
    assert!(layer.forward(x.slice(1, ..3)).value()?.all_close(&whole, 1e-6, 1e-6));
    // A mask beside it: who may see only later keys sees nothing, and no number is NaN.
    let later = tape.constant([[false, false, true], [true, true, true], [true, true, true]]);
    let y = layer.attend(x.slice(1, ..3), x.slice(1, ..3), Some(later)).value()?;
    let bias = get(&layer, "out_proj.bias");
    close("nothing", &y.to_f64_vec()[..4], &bias, 1e-6);
    assert!(y.to_f64_vec().iter().all(|y| y.is_finite()));
    Ok(())
}

#[test]
fn dropout_takes_weights_in_training_alone() -> Result<()> {
    let options = AttentionOptions { dropout: 0.5, ..AttentionOptions::default() };
    let layer = MultiheadAttention::with(4, 2, options, &mut Rng::new(1))?;
    let x = draw(&[1, 6, 4], 1).cast(DType::F32);
    let train = || layer.forward(Tape::new().constant(&x)).value();
    assert!(!train()?.equals(&train()?));
    assert!(predict(&layer, &x)?.equals(&predict(&layer, &x)?));
    assert_eq!(layer.named_dials().len(), 1);
    Ok(())
}

/// Rows with mean 0 and variance 1, scaled and moved.
fn norm(layer: &dyn Module, name: &str, x: &Rows) -> Rows {
    let (weight, bias) =
        (get(layer, &format!("{name}.weight")), get(layer, &format!("{name}.bias")));
    let one = |x: &Vec<f64>| -> Vec<f64> {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let each = x.iter().zip(weight.iter().zip(&bias));
        each.map(|(x, (w, b))| (x - mean) / (variance + 1e-5).sqrt() * w + b).collect()
    };
    x.iter().map(one).collect()
}

fn plus(a: &Rows, b: &Rows) -> Rows {
    let row = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    a.iter().zip(b).map(row).collect()
}

/// The network of two layers.
fn think(layer: &dyn Module, x: &Rows, feedforward: usize, width: usize) -> Rows {
    let of = |name: &str| get(layer, name);
    let mut inside = linear(x, &of("linear1.weight"), &of("linear1.bias"), 0, feedforward);
    inside.iter_mut().flatten().for_each(|x| *x = x.max(0.0));
    linear(&inside, &of("linear2.weight"), &of("linear2.bias"), 0, width)
}

fn options(norm_first: bool) -> TransformerOptions {
    TransformerOptions {
        feedforward: 5,
        dropout: 0.0,
        norm_first,
        causal: true,
        dtype: DType::F64,
        ..TransformerOptions::default()
    }
}

#[test]
fn an_encoder_layer_agrees_with_plain_loops() -> Result<()> {
    for first in [false, true] {
        let layer = TransformerEncoderLayer::with(4, 2, options(first), &mut Rng::new(1))?;
        stir(&layer);
        let names: Vec<String> =
            layer.named_parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names.join(" "),
            "self_attn.in_proj_weight self_attn.in_proj_bias self_attn.out_proj.weight self_attn.out_proj.bias \
             linear1.weight linear1.bias linear2.weight linear2.bias norm1.weight norm1.bias norm2.weight \
             norm2.bias"
        );
        let x = draw(&[2, 3, 4], 1);
        let causal = |_: usize, i: usize, j: usize| j <= i;
        let look = |x: &Rows| attention(&layer, "self_attn.", [2, 4], [x, x], None, &causal);
        let want: Vec<Rows> = (0..2)
            .map(|n| {
                let x = rows(&x, n);
                if first {
                    let x = plus(&x, &look(&norm(&layer, "norm1", &x)));
                    return plus(&x, &think(&layer, &norm(&layer, "norm2", &x), 5, 4));
                }
                let x = norm(&layer, "norm1", &plus(&x, &look(&x)));
                norm(&layer, "norm2", &plus(&x, &think(&layer, &x, 5, 4)))
            })
            .collect();
        close(&format!("{first}"), &predict(&layer, &x)?.to_f64_vec(), &flat(&want), 1e-11);
    }
    Ok(())
}

#[test]
fn a_decoder_layer_agrees_with_plain_loops() -> Result<()> {
    for first in [false, true] {
        let layer = TransformerDecoderLayer::with(4, 2, options(first), &mut Rng::new(1))?;
        stir(&layer);
        let (target, memory) = (draw(&[2, 3, 4], 1), draw(&[2, 5, 4], 2));
        let padding = |j: usize| j < 4;
        let causal = |_: usize, i: usize, j: usize| j <= i;
        let seen = |_: usize, _: usize, j: usize| padding(j);
        let want: Vec<Rows> = (0..2)
            .map(|n| {
                let (x, memory) = (rows(&target, n), rows(&memory, n));
                let look =
                    |x: &Rows| attention(&layer, "self_attn.", [2, 4], [x, x], None, &causal);
                let recall = |x: &Rows| {
                    attention(&layer, "multihead_attn.", [2, 4], [x, &memory], None, &seen)
                };
                let normal = |name: &str, x: &Rows| norm(&layer, name, x);
                if first {
                    let x = plus(&x, &look(&normal("norm1", &x)));
                    let x = plus(&x, &recall(&normal("norm2", &x)));
                    return plus(&x, &think(&layer, &normal("norm3", &x), 5, 4));
                }
                let x = normal("norm1", &plus(&x, &look(&x)));
                let x = normal("norm2", &plus(&x, &recall(&x)));
                normal("norm3", &plus(&x, &think(&layer, &x, 5, 4)))
            })
            .collect();
        let mask = Tensor::from([true, true, true, true, false]);
        let decode = function(|x| {
            let mask = x[0].tape().constant(&mask).reshape([1, 5]);
            layer.decode(x[0], x[1], None, Some(mask))
        });
        let tape = Tape::inference();
        let y = decode(&[tape.constant(&target), tape.constant(&memory)]).value()?;
        close(&format!("{first}"), &y.to_f64_vec(), &flat(&want), 1e-11);
        check_gradients(decode, &[target, memory])?.within(1e-5)?;
        let copy = layer.clone();
        let y2 = copy.decode(
            tape.constant(draw(&[2, 3, 4], 1)),
            tape.constant(draw(&[2, 5, 4], 2)),
            None,
            None,
        );
        assert!(y2.value().is_ok());
        assert_ne!(copy.parameters()[0].id(), layer.parameters()[0].id());
    }
    Ok(())
}

#[test]
fn a_small_model_learns_to_repeat_what_came_before() -> Result<()> {
    let rng = &mut Rng::new(1);
    let options = TransformerOptions {
        feedforward: 32,
        dropout: 0.0,
        activation: Activation::Gelu,
        norm_first: true,
        causal: true,
        ..TransformerOptions::default()
    };
    let net = Sequential::new()
        .add(gradtape::nn::Embedding::new(4, 16, rng))
        .add(PositionalEmbedding::new(6, 16, DType::F32, rng)?)
        .add(TransformerEncoderLayer::with(16, 2, options, rng)?)
        .add(gradtape::nn::Linear::new(16, 4, rng));
    // At each place the number before it, which only attention knows.
    let x: Vec<i64> = (0..16 * 6).map(|_| (rng.next_u64() % 4) as i64).collect();
    let y: Vec<i64> = x.chunks(6).flat_map(|row| [&row[..1], &row[..5]].concat()).collect();
    let (x, y) = (Tensor::from_vec(x, [16, 6])?, Tensor::from_vec(y, 16 * 6)?);
    let adam = Adam::new(&net, 0.01);
    let mut tape = Tape::new();
    let mut last = f64::INFINITY;
    for _ in 0..120 {
        tape.reset();
        let scores = net.forward(tape.constant(&x)).reshape([16 * 6, 4]);
        let loss = loss::cross_entropy(scores, tape.constant(&y));
        adam.step(loss)?;
        last = loss.item()?;
    }
    assert!(last < 0.1, "{last}");
    Ok(())
}

#[test]
fn only_distances_count_for_turned_heads() -> Result<()> {
    let tape = Tape::new();
    let layer = RotaryEmbedding { base: 100.0 };
    let (q, k) = (draw(&[1, 1, 4], 1), draw(&[1, 1, 4], 2));
    let long = |x: &Tensor| layer.forward(tape.constant(x).broadcast_to([1, 8, 4]));
    let scores = long(&q).matmul(long(&k).t()).value()?.to_f64_vec();
    for (i, j) in (0..7).flat_map(|i| (0..7).map(move |j| (i, j))) {
        let error = (scores[i * 8 + j] - scores[(i + 1) * 8 + j + 1]).abs();
        assert!(error < 1e-12, "{i} {j}");
    }
    // Beyond 256 there are places that 16 bits do not have.
    let places = |dtype: DType| {
        let ones = tape.constant(Tensor::ones([1, 400, 4], dtype));
        Result::Ok(RotaryEmbedding::default().forward(ones).value()?.to_f64_vec())
    };
    let want = places(DType::F32)?;
    for dtype in [DType::BF16, DType::F16] {
        let got = places(dtype)?;
        assert!(got.iter().zip(&want).all(|(x, y)| (x - y).abs() < 0.02), "{dtype}");
    }
    refused(layer.forward(tape.constant([1.0])).value(), &["f64[1]", "an even width"]);
    refused(layer.forward(tape.constant([[1.0]])).value(), &["f64[1, 1]"]);
    refused(
        RotaryEmbedding { base: 1.0 }.forward(tape.constant([[1.0, 2.0]])).value(),
        &["base", "is 1"],
    );
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let rng = &mut Rng::new(1);
    refused(
        MultiheadAttention::new(8, 3, rng),
        &["3 heads do not divide the width 8", "a multiple"],
    );
    refused(MultiheadAttention::new(8, 0, rng), &["0 heads"]);
    let with = |options| MultiheadAttention::with(6, 2, options, &mut Rng::new(1));
    let plain = AttentionOptions::default;
    refused(with(AttentionOptions { dropout: 1.0, ..plain() }), &["probability 1", "width 6"]);
    refused(with(AttentionOptions { rotary: Some(0.5), ..plain() }), &["0.5", "above 1"]);
    refused(with(AttentionOptions { rotary: Some(1e4), ..plain() }), &["width 3", "must be even"]);
    refused(with(AttentionOptions { dtype: DType::I64, ..plain() }), &["not i64"]);
    let broken = TransformerOptions { feedforward: 0, ..TransformerOptions::default() };
    refused(TransformerEncoderLayer::with(8, 2, broken, rng), &["feedforward is 0"]);
    refused(
        TransformerDecoderLayer::with(8, 2, broken, rng),
        &["TransformerDecoderLayer", "feedforward is 0"],
    );
    refused(TransformerEncoderLayer::new(8, 3, rng), &["TransformerEncoderLayer", "3 heads"]);
    let eps = TransformerOptions { eps: -1.0, ..TransformerOptions::default() };
    refused(TransformerEncoderLayer::with(8, 2, eps, rng), &["eps is -1"]);

    let small = TransformerOptions { feedforward: 8, ..TransformerOptions::default() };
    let net = Sequential::new().add(TransformerEncoderLayer::with(6, 2, small, rng)?);
    net.named_parameters();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let words = &[
        "[n, length, 6]",
        "f32[2, 3, 5]",
        "0.self_attn (MultiheadAttention)",
        "the layer's width",
    ];
    refused(predict(&net, &zeros(&[2, 3, 5])), words);
    refused(predict(&net, &zeros(&[2, 6])), &["f32[2, 6]"]);
    refused(predict(&net, &Tensor::zeros([2, 3, 6], DType::F64)), &["write 1.0f32"]);
    let layer = with(plain())?;
    let tape = Tape::new();
    let one = |n: usize, length: usize| tape.constant(zeros(&[n, length, 6]));
    refused(
        layer.attend(one(2, 3), one(1, 4), None).value(),
        &["f32[2, 3, 6]", "f32[1, 4, 6]", "axis 0"],
    );
    let mask = |shape: &[usize], dtype| Some(tape.constant(Tensor::zeros(shape, dtype)));
    for mask in
        [mask(&[3, 5], DType::Bool), mask(&[3, 4], DType::F32), mask(&[2, 2, 2, 3, 4], DType::Bool)]
    {
        let y = layer.attend(one(2, 3), one(2, 4), mask);
        refused(y.value(), &["the mask is", "[2, 2, 3, 4]", "true where"]);
    }
    let table = PositionalEmbedding::new(4, 6, DType::F32, rng)?;
    refused(predict(&table, &zeros(&[2, 5, 6])), &["up to 4 places", "f32[2, 5, 6]"]);
    let layer: &dyn Layer = &table;
    assert!(layer.spec().is_some());
    Ok(())
}
