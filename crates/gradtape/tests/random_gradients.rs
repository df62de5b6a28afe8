//! Random functions recorded on a tape, with gradients of two orders and a step that updates what it reads:
//! planned and fused they give what the operations mean one by one.

use crate::functions::{SIZES, grown, loss, numbers, shapes};
use gradtape::{
    DType, Mode, Parameter, Result, Tape, Tensor, Var, engine, eval, evaluate, gradients,
};
use proptest::prelude::*;

/// What a step computes, and the parameters after it.
fn step(choices: &[u32], sizes: [usize; 3], mode: Mode) -> Result<Vec<Tensor>> {
    let shapes = shapes(sizes);
    let parameters =
        shapes.iter().enumerate().map(|(i, dims)| Ok(Parameter::new(numbers(dims, i)?)));
    let parameters = parameters.collect::<Result<Vec<_>>>()?;
    let tape = Tape::new();
    tape.set_mode(mode);
    let leaves: Vec<Var<'_>> = parameters.iter().map(|p| tape.parameter(p)).collect();
    let loss = loss(&grown(choices, &leaves));
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
