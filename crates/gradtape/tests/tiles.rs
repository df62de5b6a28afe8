//! Rows that several kernels compute a tile at a time: attention, whose scores then are in no memory that the kernels
//! share, and what else has its form.

use crate::planning::engine::run_for;
use crate::planning::{check_for, slots};
use gradtape::engine::cpu::{self, Isa};
use gradtape::engine::reference;
use gradtape::plan::{Kernel, Place, Program, Target, Tiled, plan, plan_for};
use gradtape::tape::Graph;
use gradtape::{DType, Result, Rng, Tape, Tensor, eval, vjp};

/// Tiles of so many bytes wherever there can be any.
fn tiles_of(tile_bytes: usize) -> Target {
    Target { tiled: 0, tile_bytes, ..Target::default() }
}

fn without() -> Target {
    Target { tiled: usize::MAX, ..Target::default() }
}

/// Which keys a query looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mask {
    All,
    Before,
    Given,
}

/// Attention of examples, heads, queries, keys and a width, with a mask.
#[derive(Clone, Copy, Debug)]
struct Case {
    sizes: [usize; 5],
    mask: Mask,
    slopes: bool,
}

/// The graph of attention as the formula states it, with numbers for its inputs.
fn graph(Case { sizes, mask, slopes }: Case, dtype: DType) -> Result<(Graph, Vec<Tensor>)> {
    let [examples, heads, queries, keys, width] = sizes;
    let mut rng = Rng::new(sizes.iter().sum::<usize>() as u64);
    let mut number = |places: usize| {
        Tensor::uniform([examples, places, heads, width], -1.0, 1.0, DType::F64, &mut rng)
    };
    let values = [number(queries)?, number(keys)?, number(keys)?, number(queries)?];
    let seen: Vec<bool> = (0..examples * keys).map(|at| at % keys == 0 || at % 3 != 1).collect();
    let seen = Tensor::from_vec(seen, [examples, 1, 1, keys])?;
    eval::trace(|tape: &Tape| {
        let [q, k, v, cotangent] = values.map(|value| tape.watch(value.cast(dtype)));
        let scores = tape.einsum("bqhd,bkhd->bhqk", &[q, k]) * (1.0 / (width as f64).sqrt());
        let scores = match mask {
            Mask::All => scores,
            Mask::Before => {
                let place = |axis| tape.iota([queries, keys], axis, DType::F64);
                place(1).less_equal(place(0)).select(scores, -1e30)
            }
            Mask::Given => tape.constant(seen).broadcast_to(scores.shape()).select(scores, -1e30),
        };
        let y = tape.einsum("bhqk,bkhd->bqhd", &[scores.softmax(-1), v]);
        let slopes = if slopes { vjp(&[y], &[cotangent], &[q, k, v]) } else { Vec::new() };
        Ok(std::iter::once(y).chain(slopes).collect())
    })
}

fn tiled(program: &Program) -> Vec<&Tiled> {
    let tiled = program.kernels.iter().filter_map(|kernel| match kernel {
        Kernel::Tiled(tiled) => Some(tiled),
        _ => None,
    });
    tiled.collect()
}

const SIZES: [[usize; 5]; 6] = [
    [1, 1, 16, 16, 8],
    [2, 3, 64, 64, 16],
    [1, 1, 100, 77, 5],
    [2, 1, 33, 130, 32],
    [1, 2, 257, 19, 64],
    [1, 4, 70, 513, 24],
];

#[test]
fn the_engine_computes_what_attention_means() -> Result<()> {
    for sizes in SIZES {
        for (mask, slopes) in
            [(Mask::All, false), (Mask::Before, false), (Mask::Before, true), (Mask::Given, true)]
        {
            let case = Case { sizes, mask, slopes };
            let (exact, mut values) = graph(case, DType::F64)?;
            let mut want = Vec::new();
            reference::run(&exact, &mut slots(&exact, &mut values), &mut want, &mut |_, _| Ok(()))?;
            for (dtype, bound) in [(DType::F64, 1e-12), (DType::F32, 2e-5), (DType::BF16, 4e-2)] {
                let (graph, values) = graph(case, dtype)?;
                for tile_bytes in [0, 24 << 10, 1 << 20] {
                    let target = tiles_of(tile_bytes);
                    let program = plan_for(&graph, &target);
                    // What gradients need is in memory, in tiles or not.
                    assert_eq!(tiled(&program).len(), usize::from(!slopes), "{program}");
                    for isa in Isa::available() {
                        let run = |target, threads| run_for(target, &graph, &values, isa, threads);
                        let got = run(&target, 1);
                        let what = || format!("{case:?} of {dtype} on {isa:?}:\n{program}");
                        for (got, want) in got.iter().zip(&want) {
                            let (got, want) = (got.to_f64_vec(), want.to_f64_vec());
                            let size = want.iter().fold(1e-2, |a: f64, x| a.max(x.abs()));
                            let mut both = got.iter().zip(&want);
                            let near = both.all(|(x, y)| (x - y).abs() <= bound * size);
                            assert!(near, "{}", what());
                        }
                        for threads in [2, 7] {
                            assert!(bits(&got) == bits(&run(&target, threads)), "{}", what());
                        }
                        // As long as a sum is added up in one go, tiles change no bit.
                        assert!(bits(&got) == bits(&run(&without(), 1)), "{}", what());
                    }
                }
            }
        }
    }
    cpu::set_threads(0);
    Ok(())
}

fn bits(all: &[Tensor]) -> Vec<Vec<u64>> {
    let bits = |tensor: &Tensor| tensor.to_f64_vec().into_iter().map(f64::to_bits).collect();
    all.iter().map(bits).collect()
}

#[test]
fn the_interpreter_agrees() -> Result<()> {
    for mask in [Mask::All, Mask::Before, Mask::Given] {
        let case = Case { sizes: [2, 2, 33, 20, 4], mask, slopes: false };
        let (graph, values) = graph(case, DType::F64)?;
        let program = check_for(&tiles_of(1 << 10), &graph, &values, 1e-12);
        assert_eq!(tiled(&program).len(), 1, "{program}");
    }
    Ok(())
}

#[test]
fn scores_are_in_no_memory() -> Result<()> {
    let case = Case { sizes: [2, 4, 512, 512, 64], mask: Mask::Before, slopes: false };
    let scores = 2 * 4 * 512 * 512;
    let graph = graph(case, DType::F32)?.0;
    let program = plan(&graph);
    let places = program.buffers.iter().filter(|buffer| buffer.len == scores);
    let places: Vec<Place> = places.map(|buffer| buffer.place).collect();
    assert_eq!(places, [Place::Scratch(0); 2], "{program}");
    // Beside them the mask, and the result in the order of its heads.
    assert!(program.arena < scores, "{program}");
    let before = plan_for(&graph, &without());
    assert!(before.arena >= 4 * scores, "{before}");
    assert!(program.traffic() + 4 * 4 * scores <= before.traffic(), "{program}\n{before}");
    Ok(())
}
