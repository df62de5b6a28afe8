//! Random small graphs: plans keep values, buffers that live at the same time never overlap, and the text
//! form prints and parses.

mod planning;

use gradtape::op::{NodeId, binary, compare, control, linear, reduce, shape, source, unary};
use gradtape::plan::{BufferId, Kernel, Place, Program};
use gradtape::tape::Graph;
use gradtape::tensor::{DType, Dims, Shape, Tensor};
use planning::{Build, check, numbers};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_keep_values(choices in prop::collection::vec(any::<u32>(), 4..40)) {
        let (graph, values) = random_graph(&choices);
        let program = check(&graph, &values, 1e-12);
        assert_apart(&program);
        prop_assert_eq!(graph.to_string().parse::<Graph>().unwrap(), graph);
    }
}

/// Each choice adds a node to the graph; the last ones and some others are outputs.
fn random_graph(choices: &[u32]) -> (Graph, Vec<Tensor>) {
    let mut build = Build::default();
    let mut nodes: Vec<NodeId> = Vec::new();
    for (salt, dims) in [&[3usize, 4][..], &[4, 3], &[4], &[], &[2, 3, 4], &[12]].iter().enumerate()
    {
        nodes.push(build.input(numbers(*dims, salt)));
    }
    let counter = build.input(Tensor::from_slice(&[3i64], ()).unwrap());
    let labels = build.input(Tensor::from_slice(&[1i64, 0, 2], [3]).unwrap());
    let mut updated = Vec::new();
    for &choice in choices {
        let pick = |salt: u32| nodes[(choice.rotate_right(salt) >> 3) as usize % nodes.len()];
        let (x, y) = (pick(5), pick(13));
        let (of_x, of_y) = (build.shape(x), build.shape(y));
        let axis = |rank: usize| (choice >> 20) as usize % rank.max(1);
        let next = match choice % 22 {
            0 => build.push(unary::Neg {}, &[x]),
            1 => build.push(unary::Tanh {}, &[x]),
            2 => build.push(unary::Relu {}, &[x]),
            3 => build.push(unary::Sigmoid {}, &[x]),
            4..=8 => {
                let Ok(shape) = of_x.broadcast(&of_y) else { continue };
                let (x, y) = (build.broadcast(x, &shape), build.broadcast(y, &shape));
                match choice % 22 {
                    4 => build.push(binary::Add {}, &[x, y]),
                    5 => build.push(binary::Sub {}, &[x, y]),
                    6 => build.push(binary::Mul {}, &[x, y]),
                    7 => build.push(binary::Maximum {}, &[x, y]),
                    _ => {
                        let mask = build.push(compare::Less {}, &[x, y]);
                        match choice & 0x1000 {
                            0 => build.push(control::Select {}, &[mask, y, x]),
                            _ => build.push(control::Cast { dtype: DType::F64 }, &[mask]),
                        }
                    }
                }
            }
            9 if of_x.elements() <= 24 => {
                let shape = Shape::from([&[2], &of_x[..]].concat());
                build.broadcast(x, &shape)
            }
            10 => {
                let shape = Shape::from([of_x.elements()]);
                build.push(shape::Reshape { shape }, &[x])
            }
            11 if of_x.elements() % 4 == 0 => {
                let shape = Shape::from([4, of_x.elements() / 4]);
                build.push(shape::Reshape { shape }, &[x])
            }
            12 | 13 if of_x.rank() >= 2 => {
                let mut order: Dims = (0..of_x.rank()).collect();
                order.rotate_left(1);
                build.push(shape::Transpose { order }, &[x])
            }
            14 if of_x.rank() >= 1 && of_x[axis(of_x.rank())] >= 2 => {
                let axis = axis(of_x.rank());
                let stop = of_x[axis];
                build.push(
                    shape::Slice { axis, start: 1, stop, step: 1 + (choice as usize >> 9) % 2 },
                    &[x],
                )
            }
            15 | 16 if of_x.rank() >= 1 => {
                let axes = Dims::from_slice(&[axis(of_x.rank())]);
                build.push(reduce::Sum { axes }, &[x])
            }
            17 if of_x.rank() >= 1 => {
                build.push(reduce::Max { axes: (0..of_x.rank()).collect() }, &[x])
            }
            18 if of_x.rank() >= 1 => {
                let axes = Dims::from_slice(&[of_x.rank() - 1]);
                build.push(reduce::LogSumExp { axes }, &[x])
            }
            19 => match (of_x.rank(), of_y.rank()) {
                (2, 2) if of_x[1] == of_y[0] => build.push(linear::MatMul {}, &[x, y]),
                (2, 2) if of_x[1] == of_y[1] => {
                    let order = Dims::from_slice(&[1, 0]);
                    let y = build.push(shape::Transpose { order }, &[y]);
                    build.push(linear::MatMul {}, &[x, y])
                }
                _ => continue,
            },
            20 => match choice & 0x1000 {
                0 => {
                    let random = source::Random { key: 7, shape: of_x, dtype: DType::F64 };
                    build.push(random, &[counter])
                }
                _ => build.push(shape_one_hot(), &[labels]),
            },
            21 if of_x.rank() >= 1 => {
                build.push(reduce::CumSum { axis: axis(of_x.rank()), reverse: false }, &[x])
            }
            _ => continue,
        };
        nodes.push(next);
        if choice & 0x7000_0000 == 0 {
            build.output(next);
        }
        let target = nodes[(choice >> 7) as usize % 6];
        if choice & 0xC00 == 0
            && build.shape(target) == build.shape(next)
            && !updated.contains(&target)
        {
            updated.push(target);
            build.updates.push((next, target));
        }
    }
    build.output(nodes[nodes.len() - 1]);
    for (node, into) in std::mem::take(&mut build.updates) {
        build.update(node, into);
    }
    (build.graph, build.values)
}

fn shape_one_hot() -> gradtape::op::index::OneHot {
    gradtape::op::index::OneHot { classes: 4, dtype: DType::F64 }
}

/// Buffers of the arena that hold numbers at the same time lie apart, except where a kernel writes what it
/// read at the same index for the last time.
fn assert_apart(program: &Program) {
    let spans: Vec<Option<(usize, usize)>> =
        (0..program.buffers.len()).map(|number| life(program, BufferId(number as u32))).collect();
    for (i, a) in program.buffers.iter().enumerate() {
        let Place::Arena(start) = a.place else { continue };
        let end = start + a.len * a.dtype.size();
        assert_eq!(start % 64, 0, "{program}");
        assert!(end <= program.arena, "{program}");
        for (j, b) in program.buffers.iter().enumerate().skip(i + 1) {
            let Place::Arena(other) = b.place else { continue };
            let apart = end <= other || other + b.len * b.dtype.size() <= start;
            let (Some((from, to)), Some((other_from, other_to))) = (spans[i], spans[j]) else {
                continue;
            };
            let in_place = start == other && (to == other_from || other_to == from);
            let at_times = to < other_from || other_to < from;
            assert!(apart || at_times || in_place, "b{i} and b{j} overlap in\n{program}");
        }
    }
}

fn life(program: &Program, buffer: BufferId) -> Option<(usize, usize)> {
    let uses = |kernel: &Kernel| {
        let mut found = false;
        kernel.each_access(|used, _| found |= used == buffer);
        found
    };
    let first = program.kernels.iter().position(uses)?;
    Some((first, program.kernels.iter().rposition(uses)?))
}
