//! Operations on arrays beyond one tile of the engine and beyond one chunk of a worker: each elementwise
//! operation, each reduction over every choice of axes, for every instruction set and number of threads.

use crate::planning::engine::{check_engine, run};
use crate::planning::{Build, numbers, slots};
use gradtape::engine::cpu::{self, Isa};
use gradtape::engine::reference;
use gradtape::op::{
    Meta, NodeId, Op, binary, compare, control, index, linear, reduce, shape, source, unary,
};
use gradtape::tape::Graph;
use gradtape::tensor::{DType, Dims, Shape, Tensor};

/// How far a function of f64 or f32 may be from the reference's, relative to the larger of 1 and the value:
/// some roundings.
const NEAR: [(DType, f64); 2] = [(DType::F64, 2e-14), (DType::F32, 2e-6)];

/// A sample's input drawn out to many numbers, no two alike.
fn stretched(sample: &Tensor, dims: &[usize], dtype: DType) -> Tensor {
    let shape = Shape::from(dims);
    let values = sample.to_f64_vec();
    if !sample.dtype().is_float() {
        let value = |i: usize| values[i % values.len()];
        let values: Vec<f64> = (0..shape.elements()).map(value).collect();
        return Tensor::from_vec(values, shape).unwrap().cast(sample.dtype());
    }
    let value = |i: usize| values[i % values.len()] * (1.0 + i as f64 * 1e-5);
    Tensor::from_vec((0..shape.elements()).map(value).collect::<Vec<f64>>(), shape)
        .unwrap()
        .cast(dtype)
}

/// The values of a graph by the reference engine.
fn by_meaning(graph: &Graph, values: &[Tensor]) -> Vec<Tensor> {
    let mut inputs = values.to_vec();
    let mut want = Vec::new();
    reference::run(graph, &mut slots(graph, &mut inputs), &mut want, &mut |_, _| Ok(())).unwrap();
    want
}

/// The operation on operands as they lie, turned, repeated, and cut.
fn layouts(op: &Op, inputs: &[Tensor], dtype: DType) -> (Graph, Vec<Tensor>) {
    let mut build = Build::default();
    let wide = Shape::from([3, 700]);
    let mut operands = vec![Vec::new(); 4];
    for sample in inputs {
        let plain = build.input(stretched(sample, &[1300], dtype));
        let tall = build.input(stretched(sample, &[700, 3], dtype));
        let turned = build.push(shape::Transpose { order: Dims::from_slice(&[1, 0]) }, &[tall]);
        let row = build.input(stretched(sample, &[700], dtype));
        let repeated = build.broadcast(row, &wide);
        let cut = build.push(shape::Slice { axis: 0, start: 1, stop: 1300, step: 2 }, &[plain]);
        for (operands, node) in operands.iter_mut().zip([plain, turned, repeated, cut]) {
            operands.push(node);
        }
    }
    for operands in operands {
        let out = build.push(op.clone(), &operands);
        build.output(out);
    }
    (build.graph, build.values)
}

/// Results that are more than the caches hold are stored past them; who reads them next finds them, and no bit hangs on
/// where they lie or on who computed them.
#[test]
fn results_beyond_the_caches_are_there_at_once() {
    let shape = [1301, 4099];
    let mut build = Build::default();
    let [x, y] = [3, 5].map(|salt| build.input(numbers(shape, salt).cast(DType::F32)));
    let product = build.push(binary::Mul {}, &[x, y]);
    let sum = build.push(binary::Add {}, &[product, x]);
    build.output(product);
    build.output(sum);
    let [x, y] = [0, 1].map(|input: usize| build.values[input].to_vec::<f32>().unwrap());
    for isa in Isa::available() {
        for threads in [1, 2, 7] {
            let results = run(&build.graph, &build.values, isa, threads);
            for (number, result) in results[..2].iter().enumerate() {
                let added = |x: f32| if number == 0 { 0.0 } else { x };
                let want = x.iter().zip(&y).map(|(&x, &y)| x * y + added(x));
                let found = result.as_slice::<f32>().unwrap();
                assert!(found.iter().copied().eq(want), "{isa:?} {threads} {number}");
            }
        }
    }
    cpu::set_threads(0);
}

#[test]
fn elementwise_operations_agree_beyond_a_tile() {
    let mut wrong = Vec::new();
    for sample in Op::samples().into_iter().filter(|sample| sample.op.is_elementwise()) {
        for (dtype, near) in NEAR {
            let (graph, values) = layouts(&sample.op, &sample.inputs, dtype);
            let want = by_meaning(&graph, &values);
            for isa in Isa::available() {
                for (got, want) in run(&graph, &values, isa, 1).iter().zip(&want) {
                    assert_eq!(Meta::of(got), Meta::of(want));
                    let pairs = got.to_f64_vec().into_iter().zip(want.to_f64_vec());
                    let far = |&(_, (x, y)): &(usize, (f64, f64))| {
                        let same = x == y || x.is_nan() && y.is_nan();
                        let close = (x - y).abs() <= near * y.abs().max(1.0);
                        !same && !close
                    };
                    if let Some((i, (x, y))) = pairs.enumerate().find(far) {
                        let op = &sample.op;
                        wrong.push(format!("{op:?} {dtype} {isa:?}: {i} is {x}, not {y}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Shapes whose rows, columns and wholes end within and beyond a tile, and are cut into several parts.
const SHAPES: [&[usize]; 11] = [
    &[513],
    &[1300],
    &[40_000],
    &[70_001],
    &[3, 1300],
    &[1300, 3],
    &[40_000, 2],
    &[2, 40_000],
    &[3, 700, 5],
    &[520, 2, 40],
    &[17, 33, 65],
];

/// Every choice of axes but none.
fn choices(rank: usize) -> impl Iterator<Item = Dims> {
    (1..1usize << rank).map(move |set| (0..rank).filter(|axis| set >> axis & 1 == 1).collect())
}

#[test]
fn reductions_agree_beyond_a_tile_and_a_part() {
    for dims in SHAPES {
        check_engine(|dtype| {
            let mut build = Build::default();
            let x = build.input(numbers(dims, 1).cast(dtype));
            for axes in choices(dims.len()) {
                let ops: [Op; 4] = [
                    reduce::Sum { axes: axes.clone() }.into(),
                    reduce::Max { axes: axes.clone() }.into(),
                    reduce::Min { axes: axes.clone() }.into(),
                    reduce::LogSumExp { axes }.into(),
                ];
                for op in ops {
                    let out = build.push(op, &[x]);
                    build.output(out);
                }
            }
            for axis in 0..dims.len() {
                let ops: [Op; 3] = [
                    reduce::CumSum { axis, reverse: false }.into(),
                    reduce::CumSum { axis, reverse: true }.into(),
                    reduce::ArgMax { axis }.into(),
                ];
                for op in ops {
                    let out = build.push(op, &[x]);
                    build.output(out);
                }
            }
            (build.graph, build.values)
        });
    }
}

/// A NaN or an infinity far inside shows in the result, and nothing else does.
#[test]
fn reductions_see_what_is_not_a_number_wherever_it_stands() {
    for (special, place) in [(f64::NAN, 39_999), (f64::NAN, 700), (f64::INFINITY, 33_000)] {
        for dims in [&[40_000usize][..], &[20_000, 2], &[2, 20_000]] {
            check_engine(|dtype| {
                let mut build = Build::default();
                let mut values = numbers(dims, 1).to_f64_vec();
                values[place] = special;
                let x = build.input(Tensor::from_vec(values, dims).unwrap().cast(dtype));
                for axes in choices(dims.len()) {
                    for op in [
                        Op::from(reduce::Max { axes: axes.clone() }),
                        reduce::Min { axes: axes.clone() }.into(),
                        reduce::Sum { axes }.into(),
                    ] {
                        let out = build.push(op, &[x]);
                        build.output(out);
                    }
                }
                let place = build.push(reduce::ArgMax { axis: 0 }, &[x]);
                build.output(place);
                (build.graph, build.values)
            });
        }
    }
}

/// Places picked and added to, of rows and of single elements, many more than one tile.
#[test]
fn picking_and_placing_agree_beyond_a_tile() {
    let places = |count: usize, of: usize, dims: &[usize]| {
        let places = (0..count).map(|i| (i * 7919 % of) as i64).collect::<Vec<_>>();
        Tensor::from_vec(places, dims).unwrap()
    };
    check_engine(|dtype| {
        let mut build = Build::default();
        let x = build.input(numbers([600, 70], 1).cast(dtype));
        let few = build.input(places(900, 600, &[30, 30]));
        let columns = build.input(places(40, 70, &[40]));
        let each = build.input(places(500 * 60, 600, &[500, 60]));
        let outs = [
            build.push(index::IndexSelect { axis: 0 }, &[x, few]),
            build.push(index::IndexSelect { axis: 1 }, &[x, columns]),
            build.push(index::Gather { axis: 0 }, &[x, each]),
            build.push(shape::Pad { axis: 0, start: 3, step: 2, size: 1300 }, &[x]),
            build.push(shape::Pad { axis: 1, start: 3, step: 1, size: 80 }, &[x]),
            build.push(shape::Concat { axis: 0 }, &[x, x]),
            build.push(shape::Concat { axis: 1 }, &[x, x, x]),
        ];
        let added = [
            build.push(index::IndexAdd { axis: 0, size: 600 }, &[outs[0], few]),
            build.push(index::IndexAdd { axis: 1, size: 70 }, &[outs[1], columns]),
            build.push(
                index::ScatterAdd { axis: 0, shape: Shape::from([600, 60]) },
                &[outs[2], each],
            ),
        ];
        outs.into_iter().chain(added).for_each(|out| build.output(out));
        (build.graph, build.values)
    });
}

/// Whole numbers: every operation that takes them, views of them, and their reductions.
#[test]
fn whole_numbers_agree_beyond_a_tile() {
    check_engine(|dtype| {
        let mut build = Build::default();
        let dims = [70, 3, 11];
        let whole = |salt: usize| {
            let values = numbers(dims, salt).to_f64_vec();
            let values = values.iter().map(|x| (x * 64.0) as i64 * 2 + 1).collect::<Vec<_>>();
            Tensor::from_vec(values, dims).unwrap()
        };
        let (x, y) = (build.input(whole(1)), build.input(whole(2)));
        let float = build.input(numbers(dims, 3).cast(dtype));
        let scaled = build.push(binary::Add {}, &[float, float]);
        let mask = build.push(compare::Less {}, &[x, y]);
        let outs: Vec<(Op, Vec<NodeId>)> = vec![
            (binary::Add {}.into(), vec![x, y]),
            (binary::Sub {}.into(), vec![x, y]),
            (binary::Mul {}.into(), vec![x, y]),
            (binary::Div {}.into(), vec![x, y]),
            (binary::Maximum {}.into(), vec![x, y]),
            (binary::Minimum {}.into(), vec![x, y]),
            (unary::Neg {}.into(), vec![x]),
            (compare::Equal {}.into(), vec![x, y]),
            (compare::LessEqual {}.into(), vec![x, y]),
            (control::Select {}.into(), vec![mask, x, y]),
            (control::Cast { dtype: DType::I64 }.into(), vec![mask]),
            (control::Cast { dtype: DType::I64 }.into(), vec![scaled]),
            (control::Cast { dtype: DType::Bool }.into(), vec![x]),
            (control::Cast { dtype }.into(), vec![x]),
            (control::StopGradient {}.into(), vec![x]),
            (shape::Transpose { order: Dims::from_slice(&[2, 0, 1]) }.into(), vec![x]),
            (shape::Slice { axis: 0, start: 3, stop: 70, step: 4 }.into(), vec![x]),
            (shape::Slice { axis: 2, start: 1, stop: 10, step: 3 }.into(), vec![x]),
            (shape::Broadcast { shape: [2, 70, 3, 11].into() }.into(), vec![x]),
            (shape::Reshape { shape: [210, 11].into() }.into(), vec![x]),
            (shape::Concat { axis: 1 }.into(), vec![x, y, x]),
            (shape::Pad { axis: 2, start: 1, step: 2, size: 30 }.into(), vec![x]),
            (shape::Pad { axis: 0, start: 0, step: 1, size: 80 }.into(), vec![mask]),
            (reduce::CumSum { axis: 2, reverse: true }.into(), vec![x]),
            (reduce::ArgMax { axis: 1 }.into(), vec![x]),
            (source::Iota { shape: dims.into(), axis: 1, dtype: DType::I64 }.into(), vec![]),
        ];
        for (op, inputs) in outs {
            let out = build.push(op, &inputs);
            build.output(out);
        }
        for axes in choices(3) {
            for op in [
                Op::from(reduce::Sum { axes: axes.clone() }),
                reduce::Max { axes: axes.clone() }.into(),
                reduce::Min { axes }.into(),
            ] {
                let out = build.push(op, &[x]);
                build.output(out);
            }
        }
        (build.graph, build.values)
    });
}

/// Many small products at once: bare, with an epilogue, and with nothing but a mask stored.
#[test]
fn batches_of_small_products_agree() {
    check_engine(|dtype| {
        let mut build = Build::default();
        let x = build.input(numbers([5, 60, 9, 17], 1).cast(dtype));
        let y = build.input(numbers([5, 60, 7, 17], 2).cast(dtype));
        let bias = build.input(numbers([7], 3).cast(dtype));
        let zero = build.input(numbers([5, 60, 9, 7], 4).cast(dtype));
        let order = Dims::from_slice(&[0, 1, 3, 2]);
        let turned = build.push(shape::Transpose { order }, &[y]);
        let product = build.push(linear::Contract { batch: 2, summed: 1 }, &[x, turned]);
        let bias = build.broadcast(bias, &[5, 60, 9, 7].into());
        let sum = build.push(binary::Add {}, &[product, bias]);
        let relu = build.push(unary::Relu {}, &[sum]);
        build.output(relu);
        let other = build.push(binary::Mul {}, &[turned, turned]);
        let bare = build.push(linear::Contract { batch: 2, summed: 1 }, &[x, other]);
        build.output(bare);
        let halved = build.push(binary::Mul {}, &[x, x]);
        let third = build.push(linear::Contract { batch: 2, summed: 1 }, &[halved, other]);
        // No element comes so near to what it is compared with that rounding could tell.
        let above = build.push(compare::Less {}, &[zero, third]);
        build.output(above);
        (build.graph, build.values)
    });
}
