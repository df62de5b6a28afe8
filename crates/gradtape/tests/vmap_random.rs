//! Random functions of a batch give what they give of each example, with gradients of two orders.

use crate::functions::{SIZES, grown, loss, numbers, shapes};
use gradtape::{Mode, Result, Tape, Tensor, Var, gradients, vmap_axes};
use proptest::prelude::*;

/// How many examples a batch has.
const COUNT: usize = 3;

/// A number made of these values, its gradients, and those of the sum of their squares.
fn outputs<'t>(choices: &[u32], xs: &[Var<'t>]) -> Vec<Var<'t>> {
    let loss = loss(&grown(choices, xs));
    let first = gradients(loss, xs);
    let slope = first.iter().map(|g| g.square().sum(())).reduce(|a, b| a + b).unwrap_or(loss);
    let second = gradients(slope, xs);
    [vec![loss], first, second].concat()
}

/// The inputs of an example; those that are not batched are the same in all.
fn inputs(sizes: [usize; 3], batched: u32, example: usize) -> Result<Vec<Tensor>> {
    let salt = |i: usize| if batched >> i & 1 == 1 { i + 10 * example } else { i };
    shapes(sizes).iter().enumerate().map(|(i, dims)| numbers(dims, salt(i))).collect()
}

fn each(choices: &[u32], sizes: [usize; 3], batched: u32) -> Result<Vec<Vec<Tensor>>> {
    let one = |example| {
        let tape = Tape::new();
        tape.set_mode(Mode::Eager);
        let xs = inputs(sizes, batched, example)?;
        let xs: Vec<Var<'_>> = xs.into_iter().map(|x| tape.watch(x)).collect();
        outputs(choices, &xs).into_iter().map(Var::value).collect()
    };
    (0..COUNT).map(one).collect()
}

fn together(choices: &[u32], sizes: [usize; 3], batched: u32, mode: Mode) -> Result<Vec<Tensor>> {
    let tape = Tape::new();
    tape.set_mode(mode);
    let examples = (0..COUNT).map(|i| inputs(sizes, batched, i)).collect::<Result<Vec<_>>>()?;
    let (mut xs, mut axes) = (Vec::new(), Vec::new());
    for (i, shared) in examples[0].iter().enumerate() {
        let is_batched = batched >> i & 1 == 1;
        let own: Vec<Var<'_>> = examples.iter().map(|x| tape.watch(x[i].clone())).collect();
        xs.push(if is_batched { tape.stack(&own, 0) } else { tape.watch(shared.clone()) });
        axes.push(is_batched.then_some(0));
    }
    let all = vmap_axes(xs, &axes, |xs| outputs(choices, &xs));
    all.into_iter().map(Var::value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_batch_gives_what_its_examples_give(
        choices in prop::collection::vec(any::<u32>(), 2..14),
        sizes in 0..SIZES.len(),
        batched in 1u32..64,
    ) {
        let want = each(&choices, SIZES[sizes], batched).unwrap();
        for (mode, tolerance) in [(Mode::Eager, 0.0), (Mode::Fused, 1e-9)] {
            let got = together(&choices, SIZES[sizes], batched, mode).unwrap();
            for (i, got) in got.iter().enumerate() {
                for (example, want) in want.iter().enumerate() {
                    let got = got.index(0, example).unwrap();
                    prop_assert_eq!(got.shape(), want[i].shape());
                    for (x, y) in got.to_f64_vec().into_iter().zip(want[i].to_f64_vec()) {
                        let near = (x - y).abs() <= tolerance * y.abs().max(1.0);
                        let same = x == y || x.is_nan() && y.is_nan();
                        prop_assert!(near || same, "{mode:?}, output {i}: {x} is not {y}");
                    }
                }
            }
        }
    }
}
