//! What stands around rows in tiles: kernels that may not be joined, sizes at which there is nothing to tile, and who runs
//! and looks at such programs.

use crate::planning::engine::run_for;
use crate::planning::slots;
use gradtape::engine::cpu::{self, Isa};
use gradtape::engine::{interpret, reference};
use gradtape::plan::{Inst, Kernel, Place, Program, Target, plan, plan_for};
use gradtape::tape::Graph;
use gradtape::{DType, Dial, Mode, Result, Rng, Shape, Tape, Tensor, Var, compile, eval, vjp};

/// What is recorded of inputs.
pub(crate) type Of = for<'t> fn(&'t Tape, &[Var<'t>]) -> Vec<Var<'t>>;

/// Tiles of so many bytes wherever there can be any.
fn tiles_of(tile_bytes: usize) -> Target {
    Target { tiled: 0, tile_bytes, ..Target::default() }
}

pub(crate) fn numbers(shape: impl Into<Shape>, seed: u64) -> Tensor {
    Tensor::uniform(shape, -1.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

/// Queries, keys and values of examples, heads, queries, keys and a width.
pub(crate) fn inputs([examples, heads, queries, keys, width]: [usize; 5]) -> Vec<Tensor> {
    let of = |places, seed| numbers([examples, heads, places, width], seed);
    vec![of(queries, 1), of(keys, 2), of(keys, 3)]
}

pub(crate) fn scores<'t>(q: Var<'t>, k: Var<'t>) -> Var<'t> {
    q.tape().einsum("bhqd,bhkd->bhqk", &[q, k])
}

pub(crate) fn summed<'t>(weights: Var<'t>, v: Var<'t>) -> Var<'t> {
    v.tape().einsum("bhqk,bhkd->bhqd", &[weights, v])
}

/// The recording of inputs of a type.
pub(crate) fn graph(of: Of, inputs: &[Tensor], dtype: DType) -> Result<(Graph, Vec<Tensor>)> {
    let cast =
        |input: &Tensor| if input.dtype().is_float() { input.cast(dtype) } else { input.clone() };
    eval::trace(|tape: &Tape| {
        let inputs: Vec<Var<'_>> = inputs.iter().map(|input| tape.watch(cast(input))).collect();
        Ok(of(tape, &inputs))
    })
}

fn tiled(program: &Program) -> usize {
    program.kernels.iter().filter(|kernel| matches!(kernel, Kernel::Tiled(_))).count()
}

fn bits(all: &[Tensor]) -> Vec<Vec<u64>> {
    let bits = |tensor: &Tensor| tensor.to_f64_vec().into_iter().map(f64::to_bits).collect();
    all.iter().map(bits).collect()
}

/// What the reference engine makes of a graph.
fn meaning(graph: &Graph, values: &[Tensor]) -> Vec<Tensor> {
    let (mut values, mut results) = (values.to_vec(), Vec::new());
    let slots = &mut slots(graph, &mut values);
    reference::run(graph, slots, &mut results, &mut |_, _| Ok(())).unwrap();
    results
}

fn near(got: &Tensor, want: &Tensor, bound: f64, what: &str) {
    let (got, want) = (got.to_f64_vec(), want.to_f64_vec());
    assert_eq!(got.len(), want.len());
    let finite = want.iter().filter(|x| x.is_finite());
    let size = finite.fold(1e-2, |most: f64, x| most.max(x.abs()));
    for (i, (x, y)) in got.iter().zip(&want).enumerate() {
        let near = x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= bound * size;
        assert!(near, "element {i} is {x}, not {y}: {what}");
    }
}

/// Compares what engines make of a recording with its meaning: in tiles of several sizes, on each instruction set, for
/// several numbers of threads, whose bits are the same. So many kernels must be tiled.
pub(crate) fn check(name: &str, of: Of, inputs: &[Tensor], tiles: usize) -> Result<()> {
    let (exact, values) = graph(of, inputs, DType::F64)?;
    let want = meaning(&exact, &values);
    for (dtype, bound) in
        [(DType::F64, 1e-11), (DType::F32, 1e-4), (DType::BF16, 5e-2), (DType::F16, 2e-2)]
    {
        let (graph, values) = graph(of, inputs, dtype)?;
        for tile_bytes in [0, 30 << 10, 1 << 20] {
            let target = tiles_of(tile_bytes);
            let program = plan_for(&graph, &target);
            // What is returned in 16 bits is computed with as f32 all the same.
            if tiles > 0 || matches!(dtype, DType::F64 | DType::F32) {
                assert_eq!(tiled(&program), tiles, "{name} of {dtype}:\n{graph}\n{program}");
            }
            for isa in Isa::available() {
                let results = run_for(&target, &graph, &values, isa, 1);
                for (got, want) in results.iter().zip(&want) {
                    near(got, want, bound, &format!("{name} of {dtype} on {isa:?}\n{program}"));
                }
                for threads in [2, 7] {
                    let other = run_for(&target, &graph, &values, isa, threads);
                    assert!(bits(&results) == bits(&other), "{name} of {dtype}, {threads} threads");
                }
            }
            if dtype == DType::F64 {
                let mut values = values.clone();
                let zeros = want.iter().map(|want| Tensor::full(want.shape(), 0.0, DType::F64));
                let mut made: Vec<Tensor> = zeros.collect();
                interpret::run(&program, &mut slots(&graph, &mut values), &mut made)?;
                made.iter().zip(&want).for_each(|(got, want)| near(got, want, bound, name));
            }
        }
    }
    cpu::set_threads(0);
    Ok(())
}

#[test]
fn a_softmax_in_another_type_is_no_tile() -> Result<()> {
    let wider: Of = |_, x| {
        let weights = scores(x[0], x[1]).cast(DType::F64).softmax(-1);
        vec![summed(weights, x[2].cast(DType::F64))]
    };
    // The product stores its scores in the type of the loop.
    let narrower: Of = |_, x| {
        let weights = scores(x[0], x[1]).cast(DType::F32).softmax(-1);
        vec![summed(weights, x[2].cast(DType::F32))]
    };
    let inputs = inputs([2, 3, 40, 48, 8]);
    for (of, dtype) in [(wider, DType::F32), (narrower, DType::F64)] {
        let (exact, values) = graph(of, &inputs, DType::F64)?;
        let want = meaning(&exact, &values);
        let (graph, values) = graph(of, &inputs, dtype)?;
        let target = tiles_of(1 << 16);
        let program = plan_for(&graph, &target);
        assert_eq!(tiled(&program), 0, "{program}");
        for isa in Isa::available() {
            let results = run_for(&target, &graph, &values, isa, 2);
            near(&results[0], &want[0], 1e-4, &format!("from {dtype}\n{program}"));
        }
    }
    cpu::set_threads(0);
    Ok(())
}

#[test]
fn both_results_of_a_loop_are_held() -> Result<()> {
    // As wide as there are keys: the last product reads both the weights and their logarithms.
    let of: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        vec![summed(scores.softmax(-1), x[2]) * scores.log_softmax(-1)]
    };
    check("weights and logarithms", of, &inputs([2, 1, 40, 48, 48]), 1)?;
    let of: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        let far = scores - scores.max(-1).unsqueeze(-1);
        vec![summed(far.exp(), x[2]) * far * far.tanh()]
    };
    check("weights and distances", of, &inputs([1, 2, 33, 20, 20]), 1)
}

#[test]
fn attentions_beside_each_other_are_all_in_tiles() -> Result<()> {
    let of: Of = |_, x| {
        let all = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 0, 1]];
        let scores = all.map(|[q, k, _]| scores(x[q], x[k]));
        let weights = scores.map(|scores| scores.softmax(-1));
        let results: Vec<Var<'_>> =
            weights.into_iter().zip(all).map(|(weights, [.., v])| summed(weights, x[v])).collect();
        vec![results[0] + results[1] * results[2].tanh() - results[3]]
    };
    check("four", of, &inputs([2, 1, 48, 48, 16]), 4)?;
    // One after another.
    let of: Of = |_, x| {
        let mut y = x[0];
        for _ in 0..3 {
            y = y + summed(scores(y, x[1]).softmax(-1), x[2]);
        }
        vec![y]
    };
    check("three layers", of, &inputs([1, 3, 37, 29, 8]), 3)
}

#[test]
fn scores_that_others_need_are_in_memory() -> Result<()> {
    let twice: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        vec![summed(scores.softmax(-1), x[2]), summed((scores * 2.0).softmax(-1), x[2])]
    };
    // The other weights are stored beside the tiles.
    check("two softmaxes", twice, &inputs([1, 2, 40, 24, 8]), 1)?;
    let returned: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        vec![scores, summed(scores.softmax(-1), x[2])]
    };
    check("scores", returned, &inputs([1, 2, 40, 24, 8]), 0)?;
    let weights: Of = |_, x| {
        let weights = scores(x[0], x[1]).softmax(-1);
        vec![weights, summed(weights, x[2])]
    };
    check("weights", weights, &inputs([1, 2, 40, 24, 8]), 0)?;
    let both: Of = |_, x| {
        let weights = scores(x[0], x[1]).softmax(-1);
        vec![summed(weights, x[2]), summed(weights, x[1])]
    };
    check("weights of two", both, &inputs([1, 2, 40, 24, 8]), 0)?;
    // Weights that sum themselves.
    let own: Of = |_, x| {
        let weights = scores(x[0], x[1]).softmax(-1);
        vec![summed(weights, weights)]
    };
    check("weights of themselves", own, &inputs([1, 2, 32, 32, 8]), 0)?;
    // What a row has once is stored beside the tiles.
    let stored: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        let top = scores.logsumexp(-1);
        vec![summed((scores - top.unsqueeze(-1)).exp(), x[2]), top]
    };
    check("logarithms of sums", stored, &inputs([2, 2, 40, 24, 8]), 1)
}

#[test]
fn sizes_without_tiles_and_beside_them() -> Result<()> {
    let of: Of = |_, x| vec![summed(scores(x[0], x[1]).softmax(-1), x[2])];
    for (sizes, tiles) in [
        ([1, 1, 1, 40, 8], 0),
        ([0, 2, 40, 24, 8], 0),
        ([2, 0, 40, 24, 8], 0),
        ([2, 2, 0, 24, 8], 0),
        ([2, 2, 40, 0, 8], 0),
        ([2, 2, 40, 24, 0], 0),
        ([2, 2, 15, 24, 8], 0),
        ([1, 1, 16, 2, 1], 1),
        ([3, 5, 17, 1025, 3], 1),
        ([1, 1, 1031, 33, 8], 1),
        ([7, 1, 16, 385, 16], 1),
    ] {
        let inputs = inputs(sizes);
        let (graph, values) = graph(of, &inputs, DType::F32)?;
        let program = plan_for(&graph, &tiles_of(20 << 10));
        let want = meaning(&graph, &values);
        for isa in Isa::available() {
            let [got, other] =
                [1, 7].map(|threads| run_for(&tiles_of(20 << 10), &graph, &values, isa, threads));
            near(&got[0], &want[0], 1e-4, &format!("{sizes:?}\n{program}"));
            assert!(bits(&got) == bits(&other), "{sizes:?}");
        }
        if tiles == 1 || sizes.contains(&0) {
            assert_eq!(tiled(&program), tiles, "{sizes:?}\n{program}");
        }
    }
    cpu::set_threads(0);
    Ok(())
}

#[test]
fn heads_that_share_keys_and_dropout() -> Result<()> {
    // Two heads for each of keys.
    let shared: Of = |tape, x| {
        let scores = tape.einsum("bhgqd,bhkd->bhgqk", &[x[0], x[1]]);
        vec![tape.einsum("bhgqk,bhkd->bhgqd", &[scores.softmax(-1), x[2]])]
    };
    let of = |shape: &[usize], seed| numbers(shape, seed);
    let inputs_of = vec![of(&[2, 3, 2, 33, 8], 1), of(&[2, 3, 20, 8], 2), of(&[2, 3, 20, 8], 3)];
    let (graph_of, values) = graph(shared, &inputs_of, DType::F64)?;
    let want = meaning(&graph_of, &values);
    for isa in Isa::available() {
        near(&run_for(&tiles_of(0), &graph_of, &values, isa, 2)[0], &want[0], 1e-12, "shared keys");
    }
    let dropped: Of = |tape, x| {
        let weights = scores(x[0], x[1]).softmax(-1);
        let kept = tape.random(7, &Dial::new(3.0), weights.shape(), weights.dtype()).less(0.7);
        vec![summed(kept.select(weights / 0.7, 0.0), x[2])]
    };
    let (graph_of, values) = graph(dropped, &inputs([2, 3, 50, 33, 8]), DType::F32)?;
    let want = meaning(&graph_of, &values);
    let program = plan_for(&graph_of, &tiles_of(0));
    assert_eq!(tiled(&program), 1, "{program}");
    for isa in Isa::available() {
        let [one, other] =
            [1, 7].map(|threads| run_for(&tiles_of(0), &graph_of, &values, isa, threads));
        near(&one[0], &want[0], 1e-4, &format!("dropout\n{program}"));
        assert!(bits(&one) == bits(&other));
    }
    cpu::set_threads(0);
    Ok(())
}

/// As users run it: again, with other shapes, in every mode, profiled, and with gradients.
#[test]
fn steps_are_run_again_with_other_shapes() -> Result<()> {
    fn attention<'t>(x: &[Var<'t>]) -> Var<'t> {
        summed(scores(x[0], x[1]).softmax(-1), x[2])
    }
    let given = |sizes| inputs(sizes).iter().map(|x| x.cast(DType::F32)).collect::<Vec<Tensor>>();
    let sizes = [[2, 4, 512, 512, 8], [1, 8, 300, 700, 16], [2, 4, 512, 512, 8]];
    let profiler = eval::Profiler::new();
    let mut compiled = compile(|_, x| Ok(vec![attention(x)])).profile_to(&profiler);
    for sizes in sizes {
        let inputs = given(sizes);
        let once = compiled.call(&inputs)?;
        let again = compiled.call(&inputs)?;
        assert!(bits(&once) == bits(&again), "{sizes:?}");
        for mode in [Mode::Fused, Mode::Eager, Mode::Checked] {
            let tape = Tape::new();
            tape.set_mode(mode);
            let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.constant(x.clone())).collect();
            near(&attention(&x).value()?, &once[0], 1e-4, &format!("{sizes:?} {mode:?}"));
        }
    }
    let profile = profiler.report();
    assert!(profile.kernels.iter().any(|kernel| kernel.kernel.starts_with("tiles")), "{profile}");
    let all: f64 = profile.kernels.iter().map(|kernel| kernel.cost.operations).sum();
    let by_line: f64 = profile.lines.iter().map(|line| line.cost.operations).sum();
    assert!(all > 0.0 && (by_line - all).abs() < 1e-6 * all, "{profile}");
    Ok(())
}

/// Rows beyond those that stay in the first-level cache.
#[test]
fn long_rows_are_in_tiles_as_well() -> Result<()> {
    let of: Of = |_, x| vec![summed(scores(x[0], x[1]).softmax(-1), x[2])];
    let slopes: Of = |_, x| {
        let y = summed(scores(x[0], x[1]).softmax(-1), x[2]);
        vjp(&[y.square()], &[y], x)
    };
    for keys in [2049, 4096, 5003] {
        let inputs = inputs([1, 2, 24, keys, 4]);
        for (of, tiles) in [(of, 1), (slopes, 0)] {
            let (exact, values) = graph(of, &inputs, DType::F64)?;
            let want = meaning(&exact, &values);
            for (dtype, bound) in [(DType::F64, 1e-11), (DType::F32, 1e-4)] {
                let (graph, values) = graph(of, &inputs, dtype)?;
                let program = plan_for(&graph, &tiles_of(1 << 18));
                assert_eq!(tiled(&program), tiles, "{program}");
                for isa in Isa::available() {
                    let run = |threads| run_for(&tiles_of(1 << 18), &graph, &values, isa, threads);
                    let results = run(1);
                    for (got, want) in results.iter().zip(&want) {
                        near(got, want, bound, &format!("{keys} of {dtype} on {isa:?}\n{program}"));
                    }
                    assert!(bits(&results) == bits(&run(2)) && bits(&results) == bits(&run(7)));
                }
            }
        }
    }
    cpu::set_threads(0);
    Ok(())
}

/// No tile at least is one.
#[test]
fn rows_are_in_tiles_for_no_worker_too() -> Result<()> {
    let of: Of = |_, x| vec![summed(scores(x[0], x[1]).softmax(-1), x[2])];
    let (graph, _) = graph(of, &inputs([1, 2, 24, 64, 4]), DType::F32)?;
    let [none, one] = [0, 1].map(|tiles| plan_for(&graph, &Target { tiles, ..tiles_of(1 << 18) }));
    assert_eq!(tiled(&none), 1, "{none}");
    assert_eq!(none.to_string(), one.to_string());
    Ok(())
}

#[test]
fn scores_of_long_rows_are_in_no_memory() -> Result<()> {
    let of: Of = |_, x| vec![summed(scores(x[0], x[1]).softmax(-1), x[2])];
    let graph_of = |of: Of, inputs: &[Tensor]| graph(of, inputs, DType::F32);
    let (graph, _) = graph_of(of, &inputs([1, 1, 3000, 8192, 4]))?;
    let program = plan(&graph);
    let count = 3000 * 8192;
    let places = program.buffers.iter().filter(|buffer| buffer.len == count);
    assert!(places.map(|buffer| buffer.place).eq([Place::Scratch(0); 2]), "{program}");
    assert!(program.arena < count, "{program}");
    // Few rows are reduced in pieces, and so are those without a product behind them or of long sums.
    let (few, _) = graph_of(of, &inputs([1, 1, 8, 8192, 4]))?;
    let alone: Of = |_, x| vec![scores(x[0], x[1]).softmax(-1)];
    let (alone, _) = graph_of(alone, &inputs([1, 1, 64, 8192, 4]))?;
    let (wide, _) = graph_of(of, &inputs([1, 1, 64, 8192, 129]))?;
    // Tiles are of the rows of a product's left operand.
    let right: Of = |_, x| {
        let weights = scores(x[0], x[1]).softmax(-1);
        vec![weights.tape().einsum("bhdq,bhqk->bhdk", &[x[2], weights])]
    };
    let mut values = inputs([1, 1, 64, 8192, 4]);
    values[2] = numbers([1, 1, 4, 64], 3);
    let (right, _) = graph_of(right, &values)?;
    for graph in [few, alone, wide, right] {
        let program = plan(&graph);
        let kept = program.kernels.iter().any(|kernel| match kernel {
            Kernel::Loop(plain) => {
                plain.body.insts.iter().any(|inst| matches!(inst, Inst::Reduce { .. }))
            }
            _ => false,
        });
        assert!(!kept, "{program}");
    }
    Ok(())
}
