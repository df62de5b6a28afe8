//! Plans keep values: what the interpreter computes from a program is what the reference engine computes
//! from the graph.

use crate::planning::{Build, check, numbers};
use gradtape::op::{NodeId, Op, binary, linear, reduce, shape, unary};
use gradtape::plan::{Buffer, Kernel, Place, Program, plan};
use gradtape::tape::Graph;
use gradtape::tensor::{DType, Dims, Tensor};
use gradtape::{Dial, Parameter, Tape, Var};

#[test]
fn updates_in_place_see_the_old_values() {
    let mut build = Build::default();
    let (a, b) = (build.input(numbers([3], 1)), build.input(numbers([3], 2)));
    let sum = build.push(binary::Add {}, &[a, b]);
    let product = build.push(binary::Mul {}, &[sum, a]);
    build.output(product);
    build.update(sum, a);
    build.update(a, b);
    build.output(sum);
    check(&build.graph, &build.values, 0.0);
    // Two inputs change places.
    let mut build = Build::default();
    let (a, b) = (build.input(numbers([3], 1)), build.input(numbers([3], 2)));
    build.update(b, a);
    build.update(a, b);
    check(&build.graph, &build.values, 0.0);
    // One is reduced over an axis of one element.
    let mut build = Build::default();
    let a = build.input(numbers([3], 1));
    let column = build.push(shape::Reshape { shape: [3, 1].into() }, &[a]);
    let same = build.push(reduce::LogSumExp { axes: Dims::from_slice(&[1]) }, &[column]);
    build.update(same, a);
    check(&build.graph, &build.values, 1e-15);
}

#[test]
fn every_sample_of_every_operation_keeps_its_value() {
    for sample in Op::samples() {
        let mut build = Build::default();
        let inputs: Vec<NodeId> = sample.inputs.into_iter().map(|t| build.input(t)).collect();
        let out = build.push(sample.op, &inputs);
        build.output(out);
        check(&build.graph, &build.values, 1e-12);
    }
}

/// Records one step of a network of these widths with Adam, with dropout between the layers.
fn network(widths: &[usize], batch: usize, dropout: f64, dtype: DType) -> (Graph, Vec<Tensor>) {
    let tape = Tape::new();
    let input = numbers([batch, widths[0]], 3).cast(dtype);
    let classes = widths[widths.len() - 1];
    let labels: Vec<i64> = (0..batch).map(|row| (row * 7 % classes) as i64).collect();
    let labels = tape.constant(Tensor::from_vec(labels, [batch]).unwrap());
    let mut h = tape.constant(input);
    let counter = Dial::new(5.0);
    let mut parameters = Vec::new();
    for (layer, pair) in widths.windows(2).enumerate() {
        let w = Parameter::new(numbers([pair[0], pair[1]], layer).cast(dtype));
        let b = Parameter::new(numbers([pair[1]], layer + 7).cast(dtype));
        h = h.matmul(tape.parameter(&w)) + tape.parameter(&b);
        parameters.extend([w, b]);
        if layer + 2 < widths.len() {
            h = h.relu();
            if dropout > 0.0 {
                let noise = tape.random(layer as u64, &counter, h.shape(), dtype);
                let keep = noise.less_equal(1.0 - dropout);
                h = keep.select(h * (1.0 / (1.0 - dropout)), 0.0);
            }
        }
    }
    let picked = (h * labels.one_hot(classes, dtype)).sum(-1);
    let loss = (h.logsumexp(-1) - picked).mean(());
    let vars: Vec<Var<'_>> = parameters.iter().map(|p| tape.parameter(p)).collect();
    let gradients = gradtape::gradients(loss, &vars);
    let step = tape.dial(&Dial::new(3.0), dtype);
    let fix = |beta: f64| 1.0 - step.literal(beta).pow(step);
    for ((p, &x), g) in parameters.iter().zip(&vars).zip(gradients) {
        let m = Parameter::new(numbers(x.shape(), 1).cast(dtype));
        let v = Parameter::new(numbers(x.shape(), 2).cast(dtype).cast(dtype));
        let (m_old, v_old) = (tape.parameter(&m), tape.parameter(&v));
        let m_new = m_old * 0.9 + g * 0.1;
        let v_new = v_old * v_old * 0.999 + g * g * 0.001;
        let size = (v_new / fix(0.999)).sqrt() + 1e-8;
        tape.assign(p, x - (m_new / fix(0.9)) / size * 0.01).unwrap();
        tape.assign(&m, m_new).unwrap();
        tape.assign(&v, v_new).unwrap();
    }
    gradtape::eval::graph(&tape, &[loss]).unwrap()
}

#[test]
fn a_step_of_training_keeps_its_values() {
    for dropout in [0.0, 0.4] {
        let (graph, values) = network(&[6, 5, 4, 3], 7, dropout, DType::F64);
        check(&graph, &values, 1e-12);
    }
}

/// The kernels by kind: loops over more than a few thousand elements, small loops, products, others.
fn kinds(program: &Program) -> (usize, usize, usize, usize) {
    let mut kinds = (0, 0, 0, 0);
    for kernel in &program.kernels {
        match kernel {
            Kernel::Loop(plain) if plain.space.iter().product::<usize>() > 4096 => kinds.0 += 1,
            Kernel::Loop(_) => kinds.1 += 1,
            Kernel::Contract(_) => kinds.2 += 1,
            Kernel::Host(_) | Kernel::Tiled(_) => kinds.3 += 1,
        }
    }
    kinds
}

#[test]
fn an_expression_and_its_gradients_are_one_pass_over_memory() {
    let tape = Tape::new();
    let leaf = |salt| tape.watch(numbers([100, 100], salt));
    let (x, w, b) = (leaf(1), leaf(2), leaf(3));
    let h = (x * w + b).tanh();
    let y = (h * h * x.sigmoid()).mean(());
    let [dx, dw, db] = gradtape::gradient(y, [x, w, b]);
    let (graph, values) = gradtape::eval::graph(&tape, &[y, dx, dw, db]).unwrap();
    let program = check(&graph, &values, 1e-12);
    assert_eq!(kinds(&program), (1, 2, 0, 0), "{program}");
    // Three arrays are read and three written, each once.
    assert_eq!(program.traffic() / 8 / 10_000, 6, "{program}");
}

#[test]
fn a_step_updates_in_place_and_stores_masks_as_bytes() {
    let (graph, _) = network(&[200, 100, 100, 10], 64, 0.4, DType::F32);
    let program = plan(&graph);
    // Three products forward, three for the weights, two for the layers below; the rest are one update
    // for each parameter and what is small.
    let (loops, _, products, others) = kinds(&program);
    assert_eq!((loops, products, others), (4, 8, 0), "{program}");
    for (output, &buffer) in graph.outputs.iter().zip(&program.outputs) {
        let place = program.buffers[buffer.0 as usize].place;
        assert_eq!(matches!(place, Place::Input(_)), output.into.is_some(), "{program}");
    }
    let masks = program.buffers.iter().filter(|b| b.dtype == DType::Bool && b.len == 6400).count();
    let numbers = |b: &&Buffer| b.dtype == DType::F32 && b.len == 6400;
    let arena = |b: &&Buffer| matches!(b.place, Place::Arena(_));
    assert_eq!(masks, 4, "{program}");
    // Each hidden layer stores its values and their cotangent, and nothing else of that size.
    assert_eq!(program.buffers.iter().filter(numbers).filter(arena).count(), 4, "{program}");
}

#[test]
#[ignore = "prints the kernels of two steps"]
fn show_steps() {
    for (widths, batch, dropout) in
        [(&[64, 32, 10][..], 32, 0.0), (&[784, 1000, 1000, 10], 128, 0.4)]
    {
        let (graph, _) = network(widths, batch, dropout, DType::F32);
        println!("{}", plan(&graph));
    }
}

/// What an epilogue could compute on the way, were it not for what has to wait for the product or come before.
#[test]
fn an_epilogue_takes_up_nothing_that_the_product_waits_for() {
    let square = |build: &mut Build, salt: usize| build.input(numbers([6, 6], salt));
    let turned = |build: &mut Build, x: NodeId| {
        build.push(shape::Transpose { order: Dims::from_slice(&[1, 0]) }, &[x])
    };
    let run = |make: &dyn Fn(&mut Build) -> Vec<NodeId>| {
        let mut build = Build::default();
        for out in make(&mut build) {
            build.output(out);
        }
        check(&build.graph, &build.values, 1e-12);
    };
    // The product's own operand.
    run(&|b| {
        let (x, w) = (square(b, 1), square(b, 2));
        let p = b.push(unary::Tanh {}, &[w]);
        let product = b.push(linear::Contract { batch: 0, summed: 1 }, &[x, p]);
        vec![b.push(binary::Mul {}, &[product, p])]
    });
    // What the operand is computed from.
    run(&|b| {
        let (x, w) = (square(b, 1), square(b, 2));
        let p = b.push(unary::Tanh {}, &[w]);
        let q = b.push(unary::Sin {}, &[p]);
        let q = turned(b, q);
        let product = b.push(linear::Contract { batch: 0, summed: 1 }, &[x, q]);
        vec![b.push(binary::Mul {}, &[product, p])]
    });
    // Read at two places.
    run(&|b| {
        let (x, w) = (square(b, 1), square(b, 2));
        let p = b.push(unary::Tanh {}, &[w]);
        let other = turned(b, p);
        let product = b.push(linear::Contract { batch: 0, summed: 1 }, &[x, w]);
        let first = b.push(binary::Mul {}, &[product, p]);
        vec![b.push(binary::Maximum {}, &[first, other])]
    });
    // Two products that would wait for each other.
    run(&|b| {
        let (x, v, w) = (square(b, 1), square(b, 2), square(b, 3));
        let (p, q) = (b.push(unary::Tanh {}, &[v]), b.push(unary::Tanh {}, &[w]));
        let (after_p, after_q) = (b.push(unary::Sin {}, &[p]), b.push(unary::Sin {}, &[q]));
        let (after_p, after_q) = (turned(b, after_p), turned(b, after_q));
        let left = b.push(linear::Contract { batch: 0, summed: 1 }, &[x, after_q]);
        let right = b.push(linear::Contract { batch: 0, summed: 1 }, &[x, after_p]);
        vec![b.push(binary::Mul {}, &[left, p]), b.push(binary::Mul {}, &[right, q])]
    });
}

/// Depth costs time in proportion, and no stack.
#[test]
fn deep_recordings_are_planned_in_time() -> gradtape::Result<()> {
    let start = std::time::Instant::now();
    let tape = Tape::new();
    let x = tape.watch(Tensor::from([0.5, 0.25]));
    let sums = (0..4_000).fold(x, |y, _| (x + y.mean(())).tanh());
    let products = (0..4_000).fold(x.reshape([1, 2]), |y, _| y.matmul(x.reshape([2, 1])) + x);
    let truths = (0..50_000).fold(x.less(0.3), |mask, _| mask.logical_not());
    for y in [sums.sum(()), products.sum(())] {
        let [slope] = gradtape::gradient(y, [x]);
        assert_eq!(slope.value()?.elements(), 2);
    }
    assert_eq!(truths.value()?.to_f64_vec(), [0.0, 1.0]);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    Ok(())
}
