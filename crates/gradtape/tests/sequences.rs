//! Networks that read sequences step by step: what the planner makes of the gradient of a weight that is used at each
//! step, of parts that are put together, and that the engine computes what they mean.

use crate::planning::engine::check_engine;
use crate::planning::{check, numbers};
use gradtape::nn::{Gru, Lstm, Module, Recurrent, RecurrentOptions, Rnn};
use gradtape::plan::{Kernel, Program, plan};
use gradtape::tape::Graph;
use gradtape::{DType, Result, Rng, Tape, Tensor, eval, vjp};
use proptest::prelude::*;

/// What a layer says to sequences `[n, length, inputs]`, its gradient by the input and by all parameters.
fn traced<C: gradtape::nn::Cell>(
    layer: &Recurrent<C>,
    [n, length, inputs]: [usize; 3],
    dtype: DType,
) -> Result<(Graph, Vec<Tensor>)> {
    let x = numbers([n, length, inputs], 1).cast(dtype);
    let (graph, values) = eval::trace(|tape: &Tape| {
        let x = tape.watch(x.clone());
        let own = layer.parameters().into_iter().map(|own| tape.parameter(&own));
        let all: Vec<_> = [x].into_iter().chain(own).collect();
        let y = layer.forward(x);
        let seed = y.cos();
        Ok([y].into_iter().chain(vjp(&[y], &[seed], &all)).collect())
    })?;
    // Weights that are exact in every type.
    let exact = |(salt, value): (usize, Tensor)| match value.rank() {
        0 => value,
        _ => numbers(value.shape(), salt).cast(dtype),
    };
    Ok((graph, values.into_iter().enumerate().map(exact).collect()))
}

/// A layer of a kind, by its number.
fn recorded(
    kind: usize,
    shape: [usize; 3],
    hidden: usize,
    options: RecurrentOptions,
) -> impl Fn(DType) -> (Graph, Vec<Tensor>) {
    move |dtype| {
        let options = RecurrentOptions { dtype, ..options };
        let (mut rng, inputs) = (Rng::new(7), shape[2]);
        let traced =
            match kind {
                0 => Lstm::with(inputs, hidden, options, &mut rng)
                    .and_then(|l| traced(&l, shape, dtype)),
                1 => Gru::with(inputs, hidden, options, &mut rng)
                    .and_then(|l| traced(&l, shape, dtype)),
                _ => Rnn::with(inputs, hidden, options, &mut rng)
                    .and_then(|l| traced(&l, shape, dtype)),
            };
        traced.unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_computes_what_sequences_mean(
        kind in 0..3usize,
        n in 1..40usize,
        length in 1..9usize,
        inputs in 1..20usize,
        hidden in 1..70usize,
        layers in 1..3usize,
        bidirectional: bool,
        bias: bool,
    ) {
        let options = RecurrentOptions { layers, bidirectional, bias, ..RecurrentOptions::default() };
        check_engine(recorded(kind, [n, length, inputs], hidden, options));
    }
}

#[test]
fn plans_of_sequences_keep_values() {
    for kind in 0..3 {
        for (shape, hidden) in [([3, 6, 2], 4), ([1, 5, 3], 1), ([4, 7, 1], 5)] {
            let options = RecurrentOptions { layers: 2, ..RecurrentOptions::default() };
            let (graph, values) = recorded(kind, shape, hidden, options)(DType::F64);
            check(&graph, &values, 1e-12);
        }
    }
}

fn contractions(program: &Program) -> Vec<[usize; 3]> {
    let sizes = |kernel: &Kernel| match kernel {
        Kernel::Contract(own) => Some([own.m(), own.k(), own.n()]),
        _ => None,
    };
    program.kernels.iter().filter_map(sizes).collect()
}

/// The weight of the state has one gradient over all steps, the input's part of the gates one product, and nothing is
/// copied into place but the states of the steps, which the product of the gradient reads one step later.
#[test]
fn the_gradient_of_a_weight_is_one_product_over_all_steps() {
    let (n, length, inputs, hidden) = (8, 12, 24, 32);
    let (graph, _) =
        recorded(0, [n, length, inputs], hidden, RecurrentOptions::default())(DType::F32);
    let program = plan(&graph);
    let found = contractions(&program);
    let count = |sizes: [usize; 3]| found.iter().filter(|found| **found == sizes).count();
    let gates = 4 * hidden;
    assert_eq!(count([n * length, inputs, gates]), 1, "{program}");
    assert_eq!(count([n, hidden, gates]), length, "{program}");
    assert_eq!(count([n, gates, hidden]), length - 1, "{program}");
    assert_eq!(count([n * length, gates, inputs]), 1, "the input's gradient: {program}");
    assert_eq!(count([gates, n * length, inputs]), 1, "{program}");
    assert_eq!(
        count([gates, n * length, hidden]) + count([hidden, n * length, gates]),
        1,
        "{program}"
    );
    assert_eq!(found.len(), 2 * length - 1 + 4, "{program}");
    let copies = program.kernels.iter().filter(|kernel| match kernel {
        Kernel::Loop(own) => own.body.insts.is_empty() && own.reductions.is_empty(),
        _ => false,
    });
    // The states, zeros before them, and the second bias' gradient, which is that of the first.
    assert!(copies.count() <= length + 1, "{program}");
}

/// What derivatives are made of is computed anew where it is needed, not kept since the step that read it.
#[test]
fn what_is_needed_later_is_made_of_what_is_kept_anyway() {
    let (graph, _) = recorded(0, [8, 6, 4], 16, RecurrentOptions::default())(DType::F32);
    let program = plan(&graph);
    let step = |kernel: &&Kernel| match kernel {
        Kernel::Loop(own) => own.body.insts.iter().any(|inst| format!("{inst:?}").contains("Tanh")),
        _ => false,
    };
    for kernel in program.kernels.iter().filter(step) {
        let Kernel::Loop(own) = kernel else { continue };
        // Four gates, the cell, its tangent and the state.
        assert!(own.stores.len() <= 8, "{kernel}");
    }
}

/// Of factors that are one number everywhere, the lengths that are summed over count too.
#[test]
fn products_of_one_number_everywhere_are_not_stacked_with_longer_ones() {
    let graph = |dtype| {
        eval::trace(|tape: &Tape| {
            let own = |shape: [usize; 2], salt| tape.watch(numbers(shape, salt).cast(dtype));
            let uniform =
                |shape: [usize; 2]| tape.watch(Tensor::scalar(0.5).cast(dtype)).broadcast_to(shape);
            let products = (0..3).map(|i| own([12, 5], 2 * i).matmul(own([5, 12], 2 * i + 1)));
            let sum = products.reduce(|sum, product| sum + product);
            Ok(vec![uniform([12, 3]).matmul(uniform([3, 12])) + sum.expect("three products")])
        })
        .unwrap()
    };
    let (exact, values) = graph(DType::F64);
    check(&exact, &values, 1e-12);
    check_engine(graph);
}
