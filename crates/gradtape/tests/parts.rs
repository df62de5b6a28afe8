//! Arrays that are put together from parts: concatenations, and the gradients of what was taken apart.

use crate::planning::check;
use crate::planning::engine::check_engine;
use gradtape::plan::{Kernel, Program};
use gradtape::tape::Graph;
use gradtape::{DType, Result, Rng, Tape, Tensor, Var, eval, gradients};

/// The graph of a gradient with respect to a single input of a shape, with numbers for it.
fn slopes(
    shape: &[usize],
    dtype: DType,
    of: impl for<'t> Fn(Var<'t>) -> Var<'t>,
) -> Result<(Graph, Vec<Tensor>)> {
    let x = Tensor::uniform(shape, -1.0, 1.0, DType::F32, &mut Rng::new(3))?.cast(dtype);
    eval::trace(|tape: &Tape| {
        let x = tape.watch(x);
        Ok(gradients(of(x), &[x]))
    })
}

fn loops(program: &Program) -> usize {
    program.kernels.iter().filter(|kernel| matches!(kernel, Kernel::Loop(_))).count()
}

#[test]
fn gradients_of_parts_are_put_together() -> Result<()> {
    for axis in [0isize, 1, 2] {
        let graph = |dtype| {
            slopes(&[3, 3, 3], dtype, |x| {
                let [a, b, c] = [0, 1, 2].map(|i| x.index(axis, i));
                (a.tanh() * b + c * c).sum(())
            })
            .unwrap()
        };
        let (exact, values) = graph(DType::F64);
        let program = check(&exact, &values, 1e-12);
        // What computes the parts puts each of them in its place.
        assert_eq!((program.kernels.len(), loops(&program)), (1, 1), "{program}");
        check_engine(graph);
    }
    Ok(())
}

/// The gradient of a sequence that is read step by step would go through all of it for each step.
#[test]
fn steps_of_a_sequence_cost_their_own_size() -> Result<()> {
    const STEPS: usize = 64;
    let (graph, values) = slopes(&[STEPS, 32], DType::F64, |x| {
        let mut state = x.index(0, 0);
        for step in 1..STEPS as isize {
            state = (state * 0.5 + x.index(0, step)).tanh();
        }
        state.sum(())
    })?;
    let program = check(&graph, &values, 1e-12);
    let (all, own) = (program.traffic(), STEPS * 32 * size_of::<f64>());
    assert!(all < 12 * own, "{all} bytes for {own}: {program}");
    Ok(())
}

#[test]
fn what_overlaps_or_leaves_gaps_is_added_up() -> Result<()> {
    for (first, second) in [(0..3, 2..4), (0..1, 2..4), (1..2, 2..4)] {
        let graph = |dtype| {
            let [a, b] = [first.clone(), second.clone()];
            slopes(&[4, 5], dtype, move |x| {
                let [a, b] = [a.clone(), b.clone()].map(|rows| x.slice(0, rows));
                a.square().sum(()) + b.exp().sum(())
            })
            .unwrap()
        };
        let (exact, values) = graph(DType::F64);
        check(&exact, &values, 1e-12);
    }
    Ok(())
}

#[test]
fn concatenations_read_through_views_and_keep_the_sign_of_zero() -> Result<()> {
    for dtype in [DType::F64, DType::F32, DType::F16, DType::Bool, DType::I64] {
        let x = Tensor::from([[-0.0, 1.0, 2.0], [3.0, -4.0, 5.0]]).cast(dtype);
        let tape = Tape::new();
        let x = tape.constant(x);
        let turned = x.transpose(&[1, 0]);
        let joined = tape.concat(&[turned, turned.flip(0), turned.slice(1, 0..1)], 1);
        let own = joined.value()?.to_f64_vec();
        let [a, b, c] = [turned, turned.flip(0), turned.slice(1, 0..1)].map(|v| v.value());
        let [a, b, c] = [a?.to_f64_vec(), b?.to_f64_vec(), c?.to_f64_vec()];
        let rows = (0..3).flat_map(|i| [a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1], c[i]]);
        let bits = |numbers: Vec<f64>| numbers.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(own), bits(rows.collect()), "{dtype}");
    }
    Ok(())
}

/// A part that some kernel can only read in one piece gets a buffer of its own, and what lies in that part goes with it.
#[test]
fn parts_of_parts_move_with_them() -> Result<()> {
    let graph = |dtype| {
        let x = Tensor::uniform([3, 4], -1.0, 1.0, DType::F32, &mut Rng::new(3)).unwrap();
        eval::trace(|tape: &Tape| {
            let inner = tape.watch(x.cast(dtype)).exp();
            let pair = tape.concat(&[inner, inner], 0);
            let all = tape.concat(&[pair, inner], 0);
            let whole = tape.stack(&[all, all.tanh()], 0);
            Ok(vec![whole, all.cumsum(0)])
        })
        .unwrap()
    };
    let (exact, values) = graph(DType::F64);
    check(&exact, &values, 1e-12);
    check_engine(graph);
    Ok(())
}
