//! Random functions of whole numbers, many beyond 2^53: every engine and every mode gives them bit for bit as
//! the operations mean them.

use gradtape::engine::{Slot, cpu, interpret, reference};
use gradtape::op::{Bits, source};
use gradtape::tape::Graph;
use gradtape::{DType, Dial, Mode, Result, Tape, Tensor, Var, compile, eval, plan};
use proptest::prelude::*;

/// Numbers of every size, scattered.
fn number(choice: u32, i: usize) -> i64 {
    let mixed = (u64::from(choice) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let bits = mixed.wrapping_mul(2 * i as u64 + 1) ^ (mixed >> 29);
    match (choice as usize + i) % 5 {
        0 => bits as i64,
        1 => (bits >> 9) as i64,
        2 => (bits % 7) as i64 - 3,
        3 => (1 << (53 + bits % 10)) + (bits % 3) as i64 - 1,
        _ => i64::MIN.wrapping_add((bits % 4) as i64).wrapping_sub(2),
    }
}

fn input(salt: u32) -> Tensor {
    Tensor::from_vec((0..12).map(|i| number(salt, i)).collect(), [3, 4]).unwrap()
}

/// A whole number of the program: none that f64 holds, some that it does, and those that plans look at.
fn literal(tape: &Tape, choice: u32) -> Var<'_> {
    let value = match choice % 3 {
        0 => number(choice, 3),
        1 => number(choice, 0),
        _ => [0, 1, -1, 2, i64::MAX, i64::MIN, (1 << 53) + 1][choice as usize / 3 % 7],
    };
    tape.apply(source::Constant { value: Bits::whole(value), dtype: DType::I64 }, &[])
}

/// The next value from two of [3, 4] or single ones; it is one of these again.
fn next<'t>(tape: &'t Tape, choice: u32, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    let small = |x: Var<'t>| {
        let rest = x - x / 3.0 * 3.0;
        rest.maximum(-rest)
    };
    let wide = |x: Var<'t>| x.broadcast_to([3, 4]);
    match choice % 26 {
        0 => x + y,
        1 => x - y,
        2 => x * y,
        3 => x / (y * 2.0 + 1.0),
        4 => -x,
        5 => -(x * x),
        6 => x.maximum(y),
        7 => x.minimum(y),
        8 => x.maximum(0.0),
        9 => x.less_equal(y).cast(DType::I64) * y,
        10 => x.less(y).select(wide(x), wide(y)),
        11 => x.equal(y).cast(DType::I64) + y,
        12 => x.sum(()) + y,
        13 => x.max(()) - y,
        14 => wide(x).cumsum(1),
        15 => wide(x).reshape([4, 3]).t(),
        16 => wide(x).slice(0, 0..1) + y,
        17 => wide(x).gather(0, small(wide(y))),
        18 => wide(x).scatter_add(0, small(wide(y)), [3, 4]),
        19 => wide(x).index_select(0, small(wide(y)).slice(1, 0..1).reshape([3])),
        20 => wide(x).argmax(0).broadcast_to([3, 4]) * y,
        21 => x.cast(DType::F64).cast(DType::I64) + y,
        22 => x.cast(DType::F32).cast(DType::I64) - y,
        23 => x.cast(DType::Bool).cast(DType::I64) * y,
        24 => literal(tape, choice / 26) * x,
        _ => literal(tape, choice / 26) + literal(tape, choice / 31) - y,
    }
}

/// What the choices make of two inputs and a dial; all of it is wanted.
fn record<'t>(tape: &'t Tape, inputs: &[Var<'t>], dial: &Dial, choices: &[u32]) -> Vec<Var<'t>> {
    let mut all = vec![inputs[0], inputs[1], tape.dial(dial, DType::I64), literal(tape, 5)];
    for &choice in choices {
        let pick = |salt: u32| all[(choice.rotate_right(salt) >> 3) as usize % all.len()];
        let value = next(tape, choice, pick(7), pick(17));
        all.push(value);
    }
    all.split_off(4)
}

fn numbers(tensor: &Tensor) -> (Vec<usize>, Vec<i64>) {
    (tensor.shape().to_vec(), tensor.to_vec::<i64>().unwrap())
}

fn check(choices: &[u32], switch: [Mode; 2]) -> Result<()> {
    let dial = Dial::new(number(choices[0], 3) as f64);
    let given = [input(choices[0]), input(choices[choices.len() - 1])];
    let (graph, values) = {
        let tape = Tape::new();
        let x = given.each_ref().map(|x| tape.watch(x.clone()));
        eval::graph(&tape, &record(&tape, &x, &dial, choices))?
    };
    let slots = || values.iter().map(Slot::Read).collect::<Vec<_>>();
    let mut want = Vec::new();
    reference::run(&graph, &mut slots(), &mut want, &mut |_, _| Ok(()))?;
    let same = |got: &[Tensor], what: &str| {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(&want) {
            assert_eq!(numbers(got), numbers(want), "{what} of\n{graph}");
        }
    };

    let program = plan::plan(&graph);
    let mut results: Vec<Tensor> =
        want.iter().map(|t| Tensor::zeros(t.shape(), t.dtype()).contiguous()).collect();
    interpret::run(&program, &mut slots(), &mut results)?;
    same(&results, "interpreter");
    for isa in cpu::Isa::available() {
        let mut results = Vec::new();
        cpu::run_graph(&graph, isa, &mut slots(), &mut results)?;
        same(&results, "engine");
    }

    let tape = Tape::new();
    tape.set_mode(switch[0]);
    let x = given.each_ref().map(|x| tape.watch(x.clone()));
    let first = record(&tape, &x, &dial, &choices[..choices.len() / 2]).len();
    tape.set_mode(switch[1]);
    let all = record(&tape, &x, &dial, choices);
    assert!(first <= all.len());
    let read: Result<Vec<Tensor>> = all.iter().map(|var| var.value()).collect();
    same(&read?, "tape");

    let mut compiled = compile(|tape, x| {
        tape.set_mode(switch[0]);
        let all = record(tape, x, &dial, choices);
        tape.set_mode(switch[1]);
        Ok(all)
    });
    for _ in 0..2 {
        same(&compiled.call(&given)?, "compiled");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_numbers_keep_all_their_bits(
        choices in prop::collection::vec(any::<u32>(), 1..16),
        modes in 0..9usize,
    ) {
        let mode = |number: usize| [Mode::Fused, Mode::Eager, Mode::Checked][number];
        check(&choices, [mode(modes / 3), mode(modes % 3)]).unwrap();
    }
}

#[test]
fn whole_numbers_of_the_program_that_no_f64_is_are_exact() -> Result<()> {
    let tape = Tape::new();
    let x = tape.constant([0i64]);
    let sum = (x.literal(2f64.powi(56)) + x.literal(1.0)) + x;
    assert_eq!(sum.value()?.to_vec::<i64>()?, [(1 << 56) + 1]);
    let most = x.literal(2f64.powi(62)) - 1.0 + x.literal(2f64.powi(62)) + x;
    assert_eq!(most.value()?.to_vec::<i64>()?, [i64::MAX]);
    let exact =
        tape.apply(source::Constant { value: Bits::whole(i64::MAX - 1), dtype: DType::I64 }, &[]);
    assert_eq!((exact * x.full_like(1.0)).value()?.to_vec::<i64>()?, [i64::MAX - 1]);
    let text = (x + 2f64.powi(63)).value().unwrap_err().to_string();
    assert!(text.contains("is no i64"), "{text}");
    Ok(())
}

#[test]
fn whole_numbers_of_the_program_print_and_parse() {
    for value in [0, 3, -(1 << 53) - 1, i64::MAX, i64::MIN, (1 << 60) + 1] {
        let text = format!(
            "%0 = constant {{value: {}; dtype: i64}} : i64[]
             %1 = neg(%0) : i64[]
             return %1",
            gradtape::op::Attr::print(&Bits::whole(value))
        );
        let graph: Graph = text.parse().unwrap();
        assert_eq!(graph.to_string().parse::<Graph>().unwrap(), graph);
        let mut results = Vec::new();
        cpu::run_graph(&graph, cpu::Isa::best(), &mut [], &mut results).unwrap();
        assert_eq!(results[0].to_vec::<i64>().unwrap(), [value.wrapping_neg()]);
    }
    for text in ["0.0", "-0.0", "1e300", "NaN", "9007199254740993", "-9223372036854775808"] {
        let bits = <Bits as gradtape::op::Attr>::parse(text).unwrap();
        let printed = gradtape::op::Attr::print(&bits);
        assert_eq!(<Bits as gradtape::op::Attr>::parse(&printed), Some(bits), "{text}");
    }
}
