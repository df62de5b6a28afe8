//! Recurrent layers against plain loops.

use gradtape::io::Model;
use gradtape::nn::{
    Cell, Gru, Linear, Lstm, Module, Nonlinearity, Recurrent, RecurrentOptions, RecurrentState,
    Rnn, RnnCell, Sequential,
};
use gradtape::optim::{Adam, Optimizer};
use gradtape::{DType, Result, Rng, Tape, Tensor, check_gradients, loss};

use super::shared::{close, function, get, numbers as draw, predict, refused, stir};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// What a kind of layer does at one step to what input and state add to its gates: the next hidden state and cell.
type Step = dyn Fn(&[f64], &[f64], &[f64], &[f64]) -> (Vec<f64>, Vec<f64>);

fn elman(f: fn(f64) -> f64) -> Box<Step> {
    Box::new(move |a, b, _, c| (a.iter().zip(b).map(|(a, b)| f(a + b)).collect(), c.to_vec()))
}

fn lstm(a: &[f64], b: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = h.len();
    let gate = |k: usize, i: usize| a[k * n + i] + b[k * n + i];
    let cell = |i: usize| sigmoid(gate(1, i)) * c[i] + sigmoid(gate(0, i)) * gate(2, i).tanh();
    let cells: Vec<f64> = (0..n).map(cell).collect();
    ((0..n).map(|i| sigmoid(gate(3, i)) * cells[i].tanh()).collect(), cells)
}

fn gru(a: &[f64], b: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = h.len();
    let next = |i: usize| {
        let (r, z) = (sigmoid(a[i] + b[i]), sigmoid(a[n + i] + b[n + i]));
        let new = (a[2 * n + i] + r * b[2 * n + i]).tanh();
        (1.0 - z) * new + z * h[i]
    };
    ((0..n).map(next).collect(), c.to_vec())
}

fn affine(x: &[f64], weight: &[f64], bias: Option<&Vec<f64>>) -> Vec<f64> {
    let rows = weight.len() / x.len();
    let row = |o: usize| -> f64 {
        let sum: f64 = x.iter().zip(&weight[o * x.len()..]).map(|(x, w)| x * w).sum();
        sum + bias.map_or(0.0, |bias| bias[o])
    };
    (0..rows).map(row).collect()
}

/// One example read by its definition: what is said at each step, and the last hidden state and cell of each layer and
/// direction.
#[expect(clippy::type_complexity, reason = "three lists of rows, for a test")]
fn read(
    layer: &dyn Module,
    hidden: usize,
    options: RecurrentOptions,
    mut x: Vec<Vec<f64>>,
    start: &[(Vec<f64>, Vec<f64>)],
    step: &Step,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let directions = if options.bidirectional { 2 } else { 1 };
    let (mut hiddens, mut cells) = (Vec::new(), Vec::new());
    for number in 0..options.layers {
        let mut said = vec![Vec::new(); x.len()];
        for direction in 0..directions {
            let suffix = format!("l{number}{}", if direction == 1 { "_reverse" } else { "" });
            let of = |name: &str| get(layer, &format!("{name}_{suffix}"));
            let (ih, hh) = (of("weight_ih"), of("weight_hh"));
            let bias = |name: &str| options.bias.then(|| of(name));
            let (bias_ih, bias_hh) = (bias("bias_ih"), bias("bias_hh"));
            let (mut h, mut c) = start[number * directions + direction].clone();
            for i in 0..x.len() {
                let place = if direction == 1 { x.len() - 1 - i } else { i };
                let a = affine(&x[place], &ih, bias_ih.as_ref());
                let b = affine(&h, &hh, bias_hh.as_ref());
                (h, c) = step(&a, &b, &h, &c);
                said[place].extend(&h);
            }
            assert_eq!(h.len(), hidden);
            hiddens.push(h);
            cells.push(c);
        }
        x = said;
    }
    (x, hiddens, cells)
}

fn agrees<C: Cell>(
    make: impl Fn(RecurrentOptions) -> Result<Recurrent<C>>,
    step: &Step,
) -> Result<()> {
    for (layers, bidirectional, bias) in
        [(1, false, true), (2, false, true), (2, true, true), (1, true, false)]
    {
        let dtype = DType::F64;
        let options = RecurrentOptions { layers, bidirectional, bias, dropout: 0.0, dtype };
        let layer = make(options)?;
        stir(&layer);
        let count = layers * (1 + usize::from(bidirectional));
        let (x, h, c) = (draw(&[2, 4, 3], 1), draw(&[count, 2, 2], 2), draw(&[count, 2, 2], 3));
        let (xs, hs, cs) = (x.to_f64_vec(), h.to_f64_vec(), c.to_f64_vec());
        for given in [false, true] {
            let tape = Tape::new();
            let cell = C::HAS_CELL.then(|| tape.constant(&c));
            let state = RecurrentState { hidden: tape.constant(&h), cell };
            let (y, last) = layer.run(tape.constant(&x), given.then_some(state));
            let (y, last_h) = (y.value()?.to_f64_vec(), last.hidden.value()?);
            let last_c = last.cell.map(|cell| cell.value()).transpose()?;
            assert_eq!(last_h.shape()[..], [count, 2, 2]);
            let what = format!("{} {layers} {bidirectional} {bias} {given}", C::NAME);
            for n in 0..2 {
                let rows = xs[n * 12..][..12].chunks(3).map(<[f64]>::to_vec).collect();
                let place = |all: &[f64], k: usize| match given {
                    true => all[(k * 2 + n) * 2..][..2].to_vec(),
                    false => vec![0.0; 2],
                };
                let start: Vec<_> = (0..count).map(|k| (place(&hs, k), place(&cs, k))).collect();
                let (said, hiddens, cells) = read(&layer, 2, options, rows, &start, step);
                let said = said.concat();
                close(&what, &y[n * said.len()..][..said.len()], &said, 1e-12);
                for k in 0..count {
                    let at = (k * 2 + n) * 2;
                    close(&what, &last_h.to_f64_vec()[at..at + 2], &hiddens[k], 1e-12);
                    if let Some(last_c) = &last_c {
                        close(&what, &last_c.to_f64_vec()[at..at + 2], &cells[k], 1e-12);
                    }
                }
            }
        }
        if layers == 1 || !bidirectional {
            continue;
        }
        // Derivatives by the state that is handed over, through the one that is returned.
        let through = function(|x| {
            let cell = C::HAS_CELL.then(|| x[2]);
            let (y, last) = layer.run(x[0], Some(RecurrentState { hidden: x[1], cell }));
            let sum = y.square().sum(()) + last.hidden.square().sum(());
            last.cell.map_or(sum, |cell| sum + cell.square().sum(()))
        });
        let inputs = if C::HAS_CELL { vec![x, h, c] } else { vec![x, h] };
        check_gradients(through, &inputs)?.within(1e-6)?;
    }
    Ok(())
}

#[test]
fn elman_layers_agree_with_plain_loops() -> Result<()> {
    agrees(|options| Rnn::with(3, 2, options, &mut Rng::new(1)), &elman(f64::tanh))?;
    let relu = RnnCell { nonlinearity: Nonlinearity::Relu };
    agrees(|options| Rnn::of_cell(relu, 3, 2, options, &mut Rng::new(1)), &elman(|x| x.max(0.0)))
}

#[test]
fn lstm_layers_agree_with_plain_loops() -> Result<()> {
    agrees(|options| Lstm::with(3, 2, options, &mut Rng::new(1)), &lstm)
}

#[test]
fn gru_layers_agree_with_plain_loops() -> Result<()> {
    agrees(|options| Gru::with(3, 2, options, &mut Rng::new(1)), &gru)
}

#[test]
fn weights_have_the_names_shapes_and_first_numbers_of_pytorch() -> Result<()> {
    let options =
        RecurrentOptions { layers: 2, bidirectional: true, ..RecurrentOptions::default() };
    let layer = Lstm::with(3, 16, options, &mut Rng::new(1))?;
    let named: Vec<String> = layer
        .named_parameters()
        .iter()
        .map(|(n, own)| format!("{n} {}", own.value().shape()))
        .collect();
    assert_eq!(named.len(), 16);
    assert_eq!(
        named[..4],
        ["weight_ih_l0 [64, 3]", "weight_hh_l0 [64, 16]", "bias_ih_l0 [64]", "bias_hh_l0 [64]"]
    );
    assert_eq!(named[4], "weight_ih_l0_reverse [64, 3]");
    assert_eq!(named[8], "weight_ih_l1 [64, 32]");
    assert_eq!(named[15], "bias_hh_l1_reverse [64]");
    for parameter in layer.parameters() {
        let most = parameter.value().to_f64_vec().into_iter().fold(0.0f64, |a, b| a.max(b.abs()));
        assert!((0.2..=0.2500001).contains(&most), "{most}");
    }
    Ok(())
}

#[test]
fn a_rectified_layer_is_saved_and_loaded() -> Result<()> {
    let relu = RnnCell { nonlinearity: Nonlinearity::Relu };
    let layer = Rnn::of_cell(relu, 3, 4, RecurrentOptions::default(), &mut Rng::new(1))?;
    let x = draw(&[2, 5, 3], 1).cast(DType::F32);
    let want = predict(&layer, &x)?;
    let path = std::env::temp_dir().join(format!("gradtape-rnn-{}", std::process::id()));
    Model::new(Sequential::new().add(layer)).save(&path)?;
    let again = Model::load(&path)?.network;
    std::fs::remove_file(&path).unwrap();
    assert!(predict(&again, &x)?.equals(&want));
    Ok(())
}

#[test]
fn dropout_stands_between_layers_in_training_alone() -> Result<()> {
    let x = draw(&[2, 4, 3], 1).cast(DType::F32);
    for (layers, drawn) in [(1, false), (2, true)] {
        let options = RecurrentOptions { layers, dropout: 0.5, ..RecurrentOptions::default() };
        let layer = Gru::with(3, 8, options, &mut Rng::new(1))?;
        let train = || layer.forward(Tape::new().constant(&x)).value();
        assert_eq!(!train()?.equals(&train()?), drawn);
        assert!(predict(&layer, &x)?.equals(&predict(&layer, &x)?));
    }
    Ok(())
}

#[test]
fn a_network_learns_what_a_sequence_began_with() -> Result<()> {
    let rng = &mut Rng::new(1);
    let (lstm, out) = (Lstm::new(1, 8, rng), Linear::new(8, 2, rng));
    let x = Tensor::uniform([32, 6, 1], -1.0, 1.0, DType::F32, rng)?;
    let first: Vec<i64> = x.to_f64_vec().chunks(6).map(|row| i64::from(row[0] > 0.0)).collect();
    let y = Tensor::from(&first[..]);
    let both = [&lstm as &dyn Module, &out];
    let adam = Adam::new(&both[..], 0.03);
    let mut tape = Tape::new();
    let mut last = f64::INFINITY;
    for _ in 0..100 {
        tape.reset();
        let said = lstm.forward(tape.constant(&x)).index(1, -1);
        let loss = loss::cross_entropy(out.forward(said), tape.constant(&y));
        adam.step(loss)?;
        last = loss.item()?;
    }
    assert!(last < 0.2, "{last}");
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_with_a_way_out() -> Result<()> {
    let rng = &mut Rng::new(1);
    let net = Sequential::new().add(Lstm::new(3, 2, rng));
    net.named_parameters();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    refused(
        predict(&net, &zeros(&[2, 5, 4])),
        &["[n, length, 3]", "f32[2, 5, 4]", "0 (Lstm)", "the layer's inputs"],
    );
    refused(predict(&net, &zeros(&[5, 3])), &["f32[5, 3]"]);
    refused(predict(&net, &zeros(&[5, 0, 3])), &["no step", "1 step or more"]);
    refused(predict(&net, &Tensor::zeros([2, 5, 3], DType::F64)), &["write 1.0f32"]);
    let with = |options| Gru::with(3, 2, options, &mut Rng::new(1));
    let plain = RecurrentOptions::default;
    refused(with(RecurrentOptions { layers: 0, ..plain() }), &["Gru from 3 to 2", "0 layers"]);
    refused(with(RecurrentOptions { dropout: 1.0, ..plain() }), &["probability 1"]);
    refused(with(RecurrentOptions { dtype: DType::I64, ..plain() }), &["not i64"]);
    refused(Gru::with(3, 0, plain(), rng), &["from 3 to 0"]);
    refused(predict(&Gru::new(3, 0, rng), &zeros(&[2, 5, 3])), &["could not be built"]);
    let tape = Tape::new();
    let x = tape.constant(zeros(&[2, 5, 3]));
    let (gru, lstm) = (Gru::new(3, 2, rng), Lstm::new(3, 2, rng));
    let state = |shape: &[usize], cell| {
        let hidden = tape.constant(zeros(shape));
        Some(RecurrentState { hidden, cell: if cell { Some(hidden) } else { None } })
    };
    let (y, last) = gru.run(x, state(&[1, 3, 2], false));
    refused(y.value(), &["f32[1, 3, 2]", "must be f32[1, 2, 2]"]);
    refused(last.hidden.value(), &["must be f32[1, 2, 2]"]);
    refused(gru.run(x, state(&[1, 2, 2], true)).0.value(), &["has a cell"]);
    refused(lstm.run(x, state(&[1, 2, 2], false)).0.value(), &["lacks a cell"]);
    for (lengths, words) in [
        (
            Tensor::from([5i64, 6]),
            "length 1 is 6, but the sequences of the input f32[2, 5, 3] have 5 steps",
        ),
        (Tensor::from([-1i64, 5]), "length 0 is -1"),
        (
            Tensor::from([5i64]),
            "lengths are i64[1], but for the input f32[2, 5, 3] they must be i64[2]",
        ),
        (Tensor::from([5.0f32, 5.0]), "lengths are f32[2]"),
    ] {
        let (y, last) = lstm.run_lengths(x, tape.constant(lengths), None);
        let error = last.hidden.value().unwrap_err();
        refused(Err::<(), _>(error), &[words, "in layer Lstm", "hint: ", "recurrent.rs"]);
        refused(y.value(), &[words]);
    }
    // No step at all is a length, and leaves the state as it was.
    let (y, last) = gru.run_lengths(x, tape.constant([0i64, 5]), None);
    let numbers =
        (y.index(0, 0).value()?.to_f64_vec(), last.hidden.index(1, 0).value()?.to_f64_vec());
    assert_eq!(numbers, (vec![0.0; 10], vec![0.0; 2]));
    Ok(())
}
