use std::sync::Arc;

use super::*;
use crate::nn::{
    BatchNorm1d, Bidirectional, Dropout, Dropout1d, Flatten, Gru, LayerSpec, Linear, Relu,
    Residual, Sequential, Tanh, TransformerDecoderLayer,
};
use crate::tape::{Buffer, Dial, Generator, Parameter};
use crate::tensor::{DType, Rng, Tensor};

#[derive(Module)]
struct Block {
    scale: Parameter,
    inner: (Arc<Linear>, Arc<Linear>),
}

#[test]
fn nested_and_shared() {
    let rng = &mut Rng::new(1);
    let shared = Arc::new(Linear::new(2, 3, rng));
    let scale = Parameter::new(Tensor::zeros((), DType::F32));
    let block = Block { scale: scale.share(), inner: (Arc::clone(&shared), shared) };
    let table = summary(&block);
    let rows: Vec<_> =
        table.rows().iter().map(|row| (&row.path[..], &row.kind[..], row.count)).collect();
    let linear = "Linear(2, 3)";
    assert_eq!(rows, [("", "Block", 1), ("inner.0", linear, 9), ("inner.1", linear, 0)]);
    assert_eq!(table.total(), block.parameter_count());
    assert_eq!(summary(&scale).total(), 1);
    assert_eq!(thousands(1_234_567), "1,234,567");
}

#[test]
fn buffers_have_a_column_and_do_not_count() {
    let net = Sequential::new().add(Linear::new(2, 3, &mut Rng::new(1))).add(BatchNorm1d::new(3));
    let text = "\
name  layer           parameters               buffers                                                    count
0     Linear(2, 3)    weight [3, 2], bias [3]                                                                 9
1     BatchNorm1d(3)  weight [3], bias [3]     running_mean [3], running_var [3], num_batches_tracked []      6
      total                                                                                                  15";
    assert_eq!(summary(&net).to_string(), text);
    let alone = summary(&Buffer::new(Tensor::zeros([3], DType::F32)));
    assert_eq!((alone.total(), alone.rows()[0].buffers.len()), (0, 1));
}

/// A layer that shows what is inside as if it stood in its own place.
struct Bare<M>(Option<Linear>, M);

impl<M: Module> Module for Bare<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        if let Some(linear) = &self.0 {
            visitor.child("linear", linear);
        }
        self.1.visit(visitor);
    }
}

fn kinds(module: &impl Module) -> Vec<(String, String, usize)> {
    let rows = summary(module).rows;
    rows.into_iter().map(|row| (row.path, row.kind, row.count)).collect()
}

#[test]
fn a_layer_that_shows_what_is_inside_by_hand_keeps_its_row() {
    let row = |path: &str, kind: &str, count| (path.to_string(), kind.to_string(), count);
    let scale = || Parameter::new(Tensor::zeros([3], DType::F32));
    let generator = Generator::new(1);
    let bare = (Bare(None, generator.share()), Bare(None, Dial::new(0.0)), Bare(None, scale()));
    let rows = [row("0", "Bare", 0), row("1", "Bare", 0), row("2", "Bare", 3)];
    assert_eq!(kinds(&bare), rows);
    assert!(summary(&bare).to_string().contains("2     Bare   [3]"), "{}", summary(&bare));

    let linear = || Some(Linear::new(2, 3, &mut Rng::new(1)));
    let after = (Bare(linear(), generator), Bare(linear(), scale()));
    let line = |path| row(path, "Linear(2, 3)", 9);
    assert_eq!(kinds(&after), [line("0.linear"), row("1", "Bare", 3), line("1.linear")]);

    let direct = (Dial::new(0.0), Dropout::new(0.5, &mut Rng::new(1)), scale());
    assert_eq!(kinds(&direct), [row("", "list", 3), row("1", "Dropout(0.5)", 0)]);
}

fn outputs(summary: &Summary) -> Vec<(&str, Vec<Vec<usize>>)> {
    let shapes = |row: &SummaryRow| row.outputs.iter().map(|shape| shape.to_vec()).collect();
    summary.rows().iter().map(|row| (&row.path[..], shapes(row))).collect()
}

#[test]
fn every_layer_is_shown_with_what_it_gives() {
    for (kind, spec, shape) in LayerSpec::samples() {
        let layer = spec.build(&mut Rng::new(1)).unwrap();
        let info = LayerSpec::TABLE.iter().find(|info| info.name == kind).unwrap();
        // A layer of batches without weights has its type from its statistics.
        let own = layer.parameters().first().map(|own| own.meta().dtype);
        let own = own.or_else(|| Some(layer.named_buffers().first()?.1.value().dtype()));
        let own = own.unwrap_or(DType::F32);
        let dtype = if info.input.starts_with("i64") { DType::I64 } else { own };
        let x = Tensor::zeros(&shape[..], dtype);
        let y = layer.forward(Tape::inference().constant(&x)).shape().to_vec();
        let alone = summary_for(&*layer, &x).unwrap();
        // By its number in a list of layers, and by its parameters in a struct.
        let listed = summary_for(&Sequential::new().add(layer.clone()), &x).unwrap();
        let field = (layer.clone(), Dial::new(0.0));
        let field = summary_with(&field, |tape| field.0.forward(tape.constant(&x))).unwrap();
        for (place, summary) in [("", &alone), ("0", &listed), ("0", &field)] {
            let named = std::ptr::eq(summary, &field);
            for row in summary.rows() {
                let told = !row.outputs.is_empty();
                let nameless = row.parameters.is_empty()
                    && !row.kind.starts_with("Dropout")
                    && (named || row.path != place);
                assert!(told || nameless, "{kind}: {} of {summary}", row.path);
                if told && row.path == place {
                    assert_eq!(row.outputs, [y[..].into()], "{kind}: {summary}");
                }
            }
        }
    }
}

#[derive(Clone, Module)]
struct Twice {
    linear: Linear,
    relu: Relu,
    unused: Linear,
}

impl Layer for Twice {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let first = self.relu.forward(self.linear.forward(x));
        first + self.linear.forward(x.slice(0, ..1))
    }
}

#[test]
fn outputs_of_parts_of_whatever_holds_them() {
    let rng = &mut Rng::new(1);
    let linear = |from, to| Linear::new(from, to, &mut Rng::new(2));
    let own = Twice { linear: linear(3, 4), relu: Relu, unused: linear(3, 4) };
    let net = Sequential::new()
        .add(Flatten)
        .add(Sequential::new().add(Dropout::new(0.5, rng)).add(own))
        .add(Residual::new(Tanh).with_shortcut(Sequential::new().add(linear(4, 4)).add(Relu)));
    let want = [
        ("0", vec![vec![2, 3]]),
        ("1.0", vec![vec![2, 3]]),
        ("1.1.linear", vec![vec![2, 4], vec![1, 4]]),
        ("1.1.relu", vec![]),
        ("1.1.unused", vec![]),
        ("2.inner", vec![vec![2, 4]]),
        ("2.shortcut.0", vec![vec![2, 4]]),
        ("2.shortcut.1", vec![vec![2, 4]]),
    ];
    let x = Tensor::zeros([2, 3], DType::F32);
    assert_eq!(outputs(&summary_for(&net, &x).unwrap()), want);
    // Listed before in a larger network, under other names.
    let larger = Sequential::new().add(Relu).add(net);
    larger.named_parameters();
    assert_eq!(outputs(&summary_for(&larger.layers()[1], &x).unwrap()), want);

    let both = Bidirectional::new(Gru::new(3, 4, rng), Tanh);
    let x = Tensor::zeros([2, 5, 3], DType::F32);
    let want = [("forward", vec![vec![2, 5, 4]]), ("backward", vec![vec![2, 5, 3]])];
    assert_eq!(outputs(&summary_for(&both, &x).unwrap()), want);
}

#[test]
fn a_decoder_is_shown_without_what_it_keeps_of_its_memory() {
    let layer = TransformerDecoderLayer::new(8, 2, &mut Rng::new(1)).unwrap();
    let summary = summary_with(&layer, |tape| {
        let [target, memory] = [3, 5].map(|n| tape.constant(Tensor::zeros([1, n, 8], DType::F32)));
        layer.forward(target, memory)
    });
    let (wide, seen, told) = (vec![1, 3, 2048], |n| vec![1, 2, 3, n], vec![1, 3, 8]);
    let want = [
        ("self_attn", told.clone()),
        ("self_attn.out_proj", told.clone()),
        ("self_attn.dropout", seen(3)),
        ("multihead_attn", told.clone()),
        ("multihead_attn.out_proj", told.clone()),
        ("multihead_attn.dropout", seen(5)),
        ("linear1", wide.clone()),
        ("dropout", wide),
        ("linear2", told.clone()),
        ("norm1", told.clone()),
        ("norm2", told.clone()),
        ("norm3", told.clone()),
        ("dropout1", told.clone()),
        ("dropout2", told.clone()),
        ("dropout3", told),
    ];
    assert_eq!(outputs(&summary.unwrap()), want.map(|(path, shape)| (path, vec![shape])));
}

#[derive(Module)]
struct Dropping {
    linear: Linear,
    dropout: Dropout,
    channels: Dropout1d,
    generator: Generator,
}

#[test]
fn dropouts_are_known_wherever_they_are() {
    let rng = &mut Rng::new(1);
    let net = Dropping {
        linear: Linear::new(3, 4, rng),
        dropout: Dropout::new(0.5, rng),
        channels: Dropout1d::new(0.5, rng),
        generator: Generator::new(1),
    };
    let summary = summary_with(&(&net, Dropout::new(0.1, rng)), |tape| {
        let x = tape.constant(Tensor::zeros([2, 5, 3], DType::F32));
        net.channels.forward(net.dropout.forward(net.linear.forward(x))).flatten(1)
    });
    let want = [
        ("0.linear", vec![vec![2, 5, 4]]),
        ("0.dropout", vec![vec![2, 5, 4]]),
        ("0.channels", vec![vec![2, 5, 4]]),
        ("1", vec![]),
    ];
    assert_eq!(outputs(&summary.unwrap()), want);
}

#[test]
fn an_input_that_does_not_fit_is_an_error_of_the_layer() {
    let net = Sequential::new().add(Relu).add(Residual::new(Linear::new(3, 2, &mut Rng::new(1))));
    let error = summary_for(&net, &Tensor::zeros([2, 3], DType::F32)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("f32[2, 3]") && text.contains("f32[2, 2]"), "{text}");
    assert!(text.contains("in layer 1") && text.contains("hint: "), "{text}");
    let error = summary_for(&net, &Tensor::zeros([2, 4], DType::F32)).unwrap_err().to_string();
    assert!(error.contains("in layer 1.inner (Linear)") && error.contains("3 features"), "{error}");
}
