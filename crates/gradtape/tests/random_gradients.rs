//! Random functions recorded on a tape, with gradients of two orders and a step that updates what it reads:
//! planned and fused they give what the operations mean one by one.

use gradtape::{
    DType, Mode, Parameter, Result, Tape, Tensor, Var, engine, eval, evaluate, gradients,
};
use proptest::prelude::*;

/// Sizes below, at and above those at which the engine changes its way.
const SIZES: [[usize; 3]; 6] =
    [[2, 3, 4], [1, 5, 1], [7, 16, 33], [3, 255, 2], [40, 40, 40], [2, 513, 9]];

fn numbers(dims: &[usize], salt: usize) -> Result<Tensor> {
    let count = dims.iter().product::<usize>();
    let value = |i: usize| ((i * 37 + salt * 11 + 5) % 101) as f64 / 128.0 - 0.4;
    Tensor::from_vec((0..count).map(value).collect(), dims)
}

/// The next value from one or two earlier ones; `x` where they do not fit.
fn next<'t>(choice: u32, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    let (of_x, of_y) = (x.shape(), y.shape());
    let rank = of_x.rank();
    let axis = (choice >> 16) as usize % rank.max(1);
    let fits = of_x.broadcast(&of_y).is_ok_and(|shape| shape.elements() <= 5_000);
    match choice % 20 {
        0 => x.tanh(),
        1 => x.sigmoid(),
        2 => (x * 0.5).exp(),
        3 => (x.square() + 1.0).log(),
        4 => x.atan(),
        5 if fits => x + y,
        6 if fits => x * y,
        7 if fits => x / (y.square() + 1.0),
        8 if fits => x.less(y).select(x * 0.5, y.tanh()),
        9 | 10 if rank == 2 && of_y.rank() == 2 => {
            let turn = |x: Var<'t>, turned: bool| if turned { x.t() } else { x };
            for turned in 0..4 {
                let (a, b) = (turn(x, turned & 1 == 1), turn(y, turned & 2 == 2));
                if a.shape()[1] == b.shape()[0] {
                    return a.matmul(b) * 0.1;
                }
            }
            x
        }
        11 if rank == 3 && of_y.rank() == 3 && of_x == of_y => {
            x.matmul(y.swap_axes(1, 2)).matmul(x) * 0.01
        }
        12 if rank >= 1 => x.sum_keepdims([axis as isize]) * 0.1 + x,
        13 if rank >= 1 => x - x.mean_keepdims([axis as isize]),
        14 if rank >= 1 => x.softmax(axis as isize),
        15 if rank >= 1 => x.logsumexp([axis as isize]),
        16 if rank >= 1 && of_x[axis] > 1 => x
            .slice(axis as isize, 1..of_x[axis])
            .concat(&[x.slice(axis as isize, 0..1)], axis as isize),
        17 if rank >= 2 => x.swap_axes(axis as isize, ((axis + 1) % rank) as isize),
        18 if rank >= 1 => x.cumsum(axis as isize) * 0.1,
        19 if rank >= 1 && of_x[axis] > 2 => {
            let places = x.tape().constant(Tensor::from([1i64, 0, 2, 1]));
            x.index_select(axis as isize, places)
        }
        _ => x,
    }
}

/// What a step computes, and the parameters after it.
fn step(choices: &[u32], [a, b, c]: [usize; 3], mode: Mode) -> Result<Vec<Tensor>> {
    let shapes: [&[usize]; 6] = [&[a, b], &[b, c], &[a, b, c], &[b], &[], &[c, b]];
    let parameters =
        shapes.iter().enumerate().map(|(i, dims)| Ok(Parameter::new(numbers(dims, i)?)));
    let parameters = parameters.collect::<Result<Vec<_>>>()?;
    let tape = Tape::new();
    tape.set_mode(mode);
    let leaves: Vec<Var<'_>> = parameters.iter().map(|p| tape.parameter(p)).collect();
    let mut vars = leaves.clone();
    for &choice in choices {
        let pick = |turn: u32| vars[(choice.rotate_right(turn) >> 3) as usize % vars.len()];
        vars.push(next(choice, pick(5), pick(13)));
    }
    // Of large numbers as exact as of small ones, which a sine is not.
    let last = vars.iter().rev().take(3).map(|x| (x.square() + 1.0).log().mean(()));
    let loss = last.reduce(|a, b| a + b);
    let loss = loss.unwrap_or(vars[0]);
    let first = gradients(loss, &leaves);
    let slope = first.iter().map(|g| g.square().sum(())).reduce(|a, b| a + b).unwrap_or(loss);
    let second = gradients(slope, &leaves);
    let early = choices[0] & 1 == 0;
    if early {
        evaluate(&[loss])?;
    }
    for (i, (parameter, leaf)) in parameters.iter().zip(&leaves).enumerate() {
        // Some are read by others' updates, turned and cut.
        let turned = leaves[(i + 1) % leaves.len()].sum(()) * 0.01;
        let flip = if leaf.shape().rank() > 0 { leaf.flip(0) * 0.1 } else { *leaf };
        tape.assign(parameter, *leaf - first[i] * 0.1 + second[i] * 0.01 + turned + flip)?;
    }
    let mut wanted = vec![loss];
    wanted.extend(&first);
    wanted.extend(&second);
    eval::step(&tape, &wanted)?;
    let mut found = wanted.into_iter().map(Var::value).collect::<Result<Vec<_>>>()?;
    found.extend(parameters.iter().map(Parameter::value));
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_fused_step_gives_what_its_operations_mean(
        choices in prop::collection::vec(any::<u32>(), 2..14),
        sizes in 0..SIZES.len(),
    ) {
        let want = step(&choices, SIZES[sizes], Mode::Eager).unwrap();
        let mut bits = None;
        for threads in [1, 2, 7] {
            engine::cpu::set_threads_beyond_cores(threads);
            let got = step(&choices, SIZES[sizes], Mode::Fused).unwrap();
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                prop_assert_eq!(got.dtype(), DType::F64);
                prop_assert_eq!(got.shape(), want.shape());
                for (x, y) in got.to_f64_vec().into_iter().zip(want.to_f64_vec()) {
                    let near = (x - y).abs() <= 1e-9 * y.abs().max(1.0);
                    prop_assert!(near || x == y || x.is_nan() && y.is_nan(), "value {}: {} is not {}", i, x, y);
                }
            }
            let found: Vec<u64> = got.iter().flat_map(Tensor::to_f64_vec).map(f64::to_bits).collect();
            prop_assert!(bits.get_or_insert_with(|| found.clone()) == &found, "{} threads", threads);
        }
        engine::cpu::set_threads(0);
    }
}
