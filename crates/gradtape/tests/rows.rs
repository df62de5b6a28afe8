//! Rows that are reduced and mapped in one loop: what the planner makes of softmax, normalisations and their
//! gradients, and that the engine computes what they mean, whatever the length of a row.

use crate::planning::engine::{check_engine, run};
use crate::planning::{check, numbers, slots};
use gradtape::engine::cpu::{self, Isa};
use gradtape::engine::reference;
use gradtape::plan::{Inst, Kernel, Program, Target, plan, plan_for};
use gradtape::tape::Graph;
use gradtape::{Buffer, DType, Mode, Result, Rng, Tape, Tensor, Var, eval, evaluate, vjp};

/// Something computed of rows, of another array of their shape, and of one number for each column.
type Of = for<'t> fn(Var<'t>, Var<'t>, Var<'t>) -> Vec<Var<'t>>;

fn layer_norm<'t>(x: Var<'t>, _: Var<'t>, scale: Var<'t>) -> Vec<Var<'t>> {
    vec![x.normalize(-1, 1e-5) * scale + scale]
}

fn softmax<'t>(x: Var<'t>, _: Var<'t>, _: Var<'t>) -> Vec<Var<'t>> {
    vec![x.softmax(-1)]
}

fn log_softmax<'t>(x: Var<'t>, y: Var<'t>, _: Var<'t>) -> Vec<Var<'t>> {
    vec![x.log_softmax(-1) * y]
}

/// The greatest, the least and their distance, which is stored too.
fn range<'t>(x: Var<'t>, y: Var<'t>, _: Var<'t>) -> Vec<Var<'t>> {
    let [least, most] = [x.min(-1).unsqueeze(-1), x.max(-1).unsqueeze(-1)];
    let distance = most - least + 1.0;
    vec![(x - least) / distance * y, distance.sqrt(), most]
}

/// Rows that are reduced again after they were mapped, three times.
fn deep<'t>(x: Var<'t>, y: Var<'t>, scale: Var<'t>) -> Vec<Var<'t>> {
    let mut x = x * scale;
    for _ in 0..3 {
        x = x / (x.abs().mean(-1).unsqueeze(-1) + 0.5) + y;
    }
    vec![x, x.sum(-1), x.logsumexp(-1).sum(())]
}

/// Numbers of rows that were there before, and truth values.
fn given<'t>(x: Var<'t>, y: Var<'t>, _: Var<'t>) -> Vec<Var<'t>> {
    let row = y.index(-1, 0).unsqueeze(-1);
    let above = x.greater(x.mean(-1).unsqueeze(-1) * row.tanh());
    vec![above.select(x, y) - row, above]
}

const ALL: [(&str, Of); 6] = [
    ("layer norm", layer_norm),
    ("softmax", softmax),
    ("log softmax", log_softmax),
    ("range", range),
    ("deep", deep),
    ("given", given),
];

/// The graph of a function, or of its gradients too, with numbers for its inputs.
fn graph(of: Of, shape: &[usize], dtype: DType, slopes: bool) -> Result<(Graph, Vec<Tensor>)> {
    let mut rng = Rng::new(shape.iter().sum::<usize>() as u64);
    let columns = [shape[shape.len() - 1]];
    let mut number = |shape: &[usize]| Tensor::uniform(shape, -2.0, 2.0, DType::F64, &mut rng);
    let values = [number(shape)?, number(shape)?, number(&columns)?].map(|x| x.cast(dtype));
    let (graph, inputs) = eval::trace(|tape: &Tape| {
        let [x, y, scale] = values.clone().map(|value| tape.watch(value));
        let mut wanted = of(x, y, scale);
        if slopes {
            let outputs: Vec<Var<'_>> =
                wanted.iter().copied().filter(|var| var.dtype().is_float()).collect();
            let seeds: Vec<Var<'_>> = outputs.iter().map(|var| var.cos()).collect();
            wanted.extend(vjp(&outputs, &seeds, &[x, y, scale]));
        }
        Ok(wanted)
    })?;
    Ok((graph, inputs))
}

#[test]
fn the_engine_computes_what_rows_mean() -> Result<()> {
    let lengths = [1, 2, 3, 7, 16, 17, 63, 64, 65, 257, 511, 512, 513, 2047, 2048, 2049];
    for (name, of) in ALL {
        for (number, length) in lengths.into_iter().enumerate() {
            let rows: &[usize] = [&[1][..], &[5], &[2, 3], &[33]][number % 4];
            let shape = [rows, &[length]].concat();
            for slopes in [false, true] {
                let (exact, mut values) = graph(of, &shape, DType::F64, slopes)?;
                let mut want = Vec::new();
                let given = &mut slots(&exact, &mut values);
                reference::run(&exact, given, &mut want, &mut |_, _| Ok(()))?;
                for (dtype, bound) in [(DType::F64, 1e-12), (DType::F32, 3e-4)] {
                    let (graph, values) = graph(of, &shape, dtype, slopes)?;
                    for isa in Isa::available() {
                        let got = run(&graph, &values, isa, 1);
                        for (number, (got, want)) in got.iter().zip(&want).enumerate() {
                            let size =
                                want.to_f64_vec().iter().fold(1.0, |a: f64, x| a.max(x.abs()));
                            let (got, want) = (got.to_f64_vec(), want.to_f64_vec());
                            for (at, (x, y)) in got.iter().zip(&want).enumerate() {
                                assert!(
                                    (x - y).abs() <= bound * size,
                                    "{name} of {dtype}{shape:?}, result {number}, element {at}: {x}, \
                                     not {y} on {isa:?}:\n{}",
                                    plan(&graph)
                                );
                            }
                        }
                        let bits =
                            |all: &[Tensor]| all.iter().map(Tensor::to_f64_vec).collect::<Vec<_>>();
                        assert_eq!(bits(&got), bits(&run(&graph, &values, isa, 3)));
                    }
                }
            }
        }
    }
    cpu::set_threads(0);
    Ok(())
}

fn planned(of: Of, shape: &[usize], slopes: bool) -> Result<Program> {
    Ok(plan(&graph(of, shape, DType::F32, slopes)?.0))
}

fn loops_with_rows(program: &Program) -> usize {
    let with_rows = |kernel: &&Kernel| match kernel {
        Kernel::Loop(plain) => {
            plain.body.insts.iter().any(|inst| matches!(inst, Inst::Reduce { .. }))
        }
        _ => false,
    };
    program.kernels.iter().filter(with_rows).count()
}

#[test]
fn what_is_made_of_short_rows_is_one_loop() -> Result<()> {
    for (name, of) in ALL.into_iter().take(4) {
        for shape in [&[64, 128][..], &[4, 16, 2048], &[1000]] {
            let program = planned(of, shape, false)?;
            assert_eq!(
                (program.kernels.len(), loops_with_rows(&program)),
                (1, 1),
                "{name}: {program}"
            );
        }
    }
    Ok(())
}

#[test]
fn rows_and_their_gradients_are_one_loop() -> Result<()> {
    for (name, of) in ALL.into_iter().take(4) {
        let program = planned(of, &[64, 128], true)?;
        // What is the same everywhere has loops of its own.
        let others = program.kernels.iter().filter(|kernel| match kernel {
            Kernel::Loop(plain) => plain.space[..] == [64, 128] && plain.reduced == 1,
            _ => true,
        });
        assert_eq!((loops_with_rows(&program), others.count()), (1, 1), "{name}: {program}");
    }
    Ok(())
}

/// Columns that are reduced beside rows of the same elements, whatever the length of a row and how many there are.
#[test]
fn columns_are_reduced_in_the_loop_over_their_rows() -> Result<()> {
    let normed: Of = |x, y, scale| {
        let normed = x.normalize(-1, 1e-5);
        vec![normed * scale, (normed * y).sum(0), y.max(0), y.sum(0)]
    };
    for (rows, length) in [(300, 64), (70, 1024), (5, 2048), (1000, 130), (37, 1031)] {
        let program = planned(normed, &[rows, length], false)?;
        let across = program.kernels.iter().map(|kernel| match kernel {
            Kernel::Loop(own) => own.across.len(),
            _ => 0,
        });
        assert_eq!((program.kernels.len(), across.sum::<usize>()), (1, 3), "{program}");
        let (exact, mut values) = graph(normed, &[rows, length], DType::F64, false)?;
        let mut want = Vec::new();
        let given = &mut slots(&exact, &mut values);
        reference::run(&exact, given, &mut want, &mut |_, _| Ok(()))?;
        for (dtype, bound) in [(DType::F64, 1e-12), (DType::F32, 1e-5), (DType::BF16, 0.03)] {
            let (graph, values) = graph(normed, &[rows, length], dtype, false)?;
            for isa in Isa::available() {
                let all = [1, 2, 7].map(|threads| run(&graph, &values, isa, threads));
                for (number, want) in want.iter().enumerate() {
                    let want = want.to_f64_vec();
                    let size = want.iter().fold(1.0, |a: f64, x| a.max(x.abs()));
                    let got = all[0][number].to_f64_vec();
                    for (at, (x, y)) in got.iter().zip(&want).enumerate() {
                        let near = (x - y).abs() <= bound * size;
                        assert!(
                            near,
                            "{isa:?} {dtype} {rows}x{length} {number} {at}: {x}, not {y}"
                        );
                    }
                    let bits = all.each_ref().map(|results| results[number].to_f64_vec());
                    assert!(bits[0] == bits[1] && bits[0] == bits[2], "{isa:?} {rows}x{length}");
                }
            }
        }
    }
    cpu::set_threads(0);
    // Columns of which something is made in turn, and some of all rows alone, are reduced by themselves.
    let used: Of = |x, _, _| {
        let normed = x.normalize(-1, 1e-5);
        vec![normed * normed.sum(0)]
    };
    assert!(planned(used, &[64, 128], false)?.kernels.len() > 1);
    Ok(())
}

#[test]
fn long_rows_and_other_axes_have_loops_of_their_own() -> Result<()> {
    let long = planned(softmax, &[4, 4096], false)?;
    assert_eq!(loops_with_rows(&long), 0, "{long}");
    let columns: Of = |x, _, _| vec![x.softmax(0)];
    let columns = planned(columns, &[300, 200], false)?;
    assert_eq!(loops_with_rows(&columns), 0, "{columns}");
    let (graph, _) = graph(softmax, &[8, 64], DType::F32, false)?;
    let short = Target { row: 32, ..Target::default() };
    assert_eq!(loops_with_rows(&plan_for(&graph, &short)), 0);
    Ok(())
}

/// What a row has once is updated once, also where the loop is left with reductions alone.
#[test]
fn numbers_of_rows_are_updated_once() -> Result<()> {
    for (rows, length) in [(4, 1024), (64, 100), (3, 2048), (1, 513)] {
        for mode in [Mode::Fused, Mode::Eager] {
            let buffer = Buffer::new(Tensor::ones([rows], DType::F32));
            let gain = Tensor::full([rows], 0.5, DType::F32);
            let tape = Tape::new();
            tape.set_mode(mode);
            let x = tape.constant(Tensor::ones([rows, length], DType::F32));
            tape.update(&buffer, tape.buffer(&buffer) * 2.0 + tape.constant(gain))?;
            let scale = tape.buffer(&buffer).unsqueeze(1);
            let scaled = x * scale;
            let results = [scaled.sum(1), scaled - scale];
            evaluate(&results)?;
            let results = [results[0].value()?, results[1].value()?];
            assert_eq!(buffer.value().to_f64_vec(), vec![2.5; rows], "{mode:?} {length}");
            assert_eq!(results[0].to_f64_vec(), vec![2.5 * length as f64; rows]);
            assert_eq!(results[1].to_f64_vec(), vec![0.0; rows * length]);
        }
    }
    let graph: Graph = "
        %0 = input {dtype: f32; shape: [4]} : f32[4]
        %1 = input {dtype: f32; shape: [4, 1024]} : f32[4, 1024]
        %2 = add(%0, %0) : f32[4]
        %3 = reshape(%2) {shape: [4, 1]} : f32[4, 1]
        %4 = broadcast(%3) {shape: [4, 1024]} : f32[4, 1024]
        %5 = mul(%1, %4) : f32[4, 1024]
        %6 = sum(%5) {axes: [1]} : f32[4]
        %7 = sub(%5, %4) : f32[4, 1024]
        return %2 -> %0, %6, %7
    "
    .parse()?;
    let values = [Tensor::ones([4], DType::F32), Tensor::ones([4, 1024], DType::F32)];
    for isa in Isa::available() {
        let results = run(&graph, &values, isa, 2);
        assert_eq!(results[0].to_f64_vec(), vec![2048.0; 4]);
        assert_eq!(results[2].to_f64_vec(), vec![2.0; 4], "the input after it");
    }
    Ok(())
}

/// Rows whose columns are reduced too are of one axis: what cuts them further is a loop of its own.
#[test]
fn columns_are_reduced_beside_whole_rows_alone() {
    let graph = |dtype| {
        eval::trace(|tape: &Tape| {
            let own = |shape: &[usize], salt| tape.watch(numbers(shape, salt).cast(dtype));
            let (x, y, z) = (own(&[64, 32], 1), own(&[64, 32], 2), own(&[4], 3));
            let finer = x.reshape([64, 4, 8]) * z.reshape([1, 4, 1]);
            Ok(vec![x.sum(1), (x * y).sum(0), x.sum(0), finer])
        })
        .unwrap()
    };
    let (exact, values) = graph(DType::F64);
    check(&exact, &values, 1e-12);
    check_engine(graph);
}
