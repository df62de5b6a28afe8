//! Steps of wide layers: parameters are updated inside the products that make their gradients.

use crate::planning::{check, engine, numbers};
use gradtape::engine::cpu::Isa;
use gradtape::optim::{AdamW, Optimizer, RmsProp, Sgd};
use gradtape::plan::{Buffer, Contract, Kernel, Place, Program};
use gradtape::tape::Graph;
use gradtape::tensor::Tensor;
use gradtape::{Parameter, Tape, Var, eval, gradient};

/// The sizes of a layer that is wide, and of one that is not.
const WIDTHS: [usize; 4] = [290, 460, 300, 3];
const WIDE: [usize; 2] = [290 * 460, 460 * 300];

/// The weights of layers, without biases.
fn weights() -> Vec<Parameter> {
    let layers = WIDTHS.windows(2).enumerate();
    layers.map(|(salt, pair)| Parameter::new(numbers([pair[0], pair[1]], salt))).collect()
}

fn loss<'t>(tape: &'t Tape, weights: &[Parameter]) -> Var<'t> {
    let x = tape.constant(numbers([21, WIDTHS[0]], 5));
    let out = weights.iter().fold(x, |h, w| (h.matmul(tape.parameter(w)) * 0.01).tanh());
    out.square().mean(())
}

/// One step of an optimiser on the layers.
fn step_of<O: Optimizer>(make: impl Fn(&[Parameter]) -> O) -> Program {
    let weights = weights();
    let optimizer = make(&weights);
    let (graph, values) = eval::trace(|tape| {
        let loss = loss(tape, &weights);
        optimizer.step(loss)?;
        Ok(vec![loss])
    })
    .unwrap();
    checked(&graph, &values)
}

/// The program of a graph, whose results are those of the reference engine, on any number of threads.
fn checked(graph: &Graph, values: &[Tensor]) -> Program {
    let program = check(graph, values, 1e-11);
    for isa in Isa::available() {
        let [alone, shared] = [1, 7].map(|threads| engine::run(graph, values, isa, threads));
        let bits = |of: &[Tensor]| {
            let all = of.iter().flat_map(Tensor::to_f64_vec);
            all.map(f64::to_bits).collect::<Vec<_>>()
        };
        assert!(bits(&alone) == bits(&shared), "{isa:?} on 7 threads: {program}");
    }
    program
}

fn wide(buffer: &Buffer) -> bool {
    WIDE.contains(&buffer.len)
}

/// Buffers between kernels that are as large as the weights of a wide layer.
fn stored_gradients(program: &Program) -> usize {
    let between = |buffer: &&Buffer| matches!(buffer.place, Place::Arena(_)) && wide(buffer);
    program.buffers.iter().filter(between).count()
}

/// The products whose result is as large as the weights of a wide layer.
fn products(program: &Program) -> Vec<&Contract> {
    let products = program.kernels.iter().filter_map(|kernel| match kernel {
        Kernel::Contract(product) if WIDE.contains(&(product.m() * product.n())) => Some(product),
        _ => None,
    });
    products.collect()
}

#[test]
fn no_gradient_of_a_wide_layer_is_in_memory() {
    let plain = step_of(|w| Sgd::new(w, 0.1));
    let nesterov = step_of(|w| Sgd::new(w, 0.1).momentum(0.9).nesterov(true).weight_decay(0.1));
    let adam = step_of(|w| AdamW::new(w, 0.1).weight_decay(0.1));
    let amsgrad = step_of(|w| AdamW::new(w, 0.1).amsgrad(true));
    let rms = step_of(|w| RmsProp::new(w, 0.1).momentum(0.9).centered(true));
    for (program, state) in [(plain, 0), (nesterov, 1), (adam, 2), (amsgrad, 3), (rms, 3)] {
        assert_eq!(stored_gradients(&program), 0, "{program}");
        assert_eq!(products(&program).len(), 2, "{program}");
        for product in products(&program) {
            // The weights and the optimiser's state, all in place.
            let written =
                product.stores.iter().map(|s| program.buffers[s.to.buffer.0 as usize].place);
            assert!(written.clone().all(|place| matches!(place, Place::Input(_))), "{program}");
            assert_eq!(written.count(), 1 + state, "{program}");
        }
    }
}

/// How many arrays as large as the product an epilogue reads.
fn epilogue_loads(product: &Contract, program: &Program) -> usize {
    let loads = product.epilogue.loads.iter();
    loads.filter(|load| wide(&program.buffers[load.buffer.0 as usize])).count()
}

#[test]
fn a_gradient_that_others_need_is_in_memory_and_the_update_a_loop() {
    // The norm over all gradients must be known before any of them is used.
    let program = step_of(|w| AdamW::new(w, 0.1).clip_norm(0.01));
    assert_eq!(stored_gradients(&program), 2, "{program}");
    assert!(products(&program).iter().all(|p| epilogue_loads(p, &program) == 0), "{program}");

    // Asked for as well, or read turned.
    let needs: [Need; 2] = [|g, _| vec![g], |g, _| vec![g.transpose(&[1, 0]).exp()]];
    for need in needs {
        let program = step_with(need);
        let products = products(&program);
        assert_eq!(products.len(), 1, "{program}");
        assert!(epilogue_loads(products[0], &program) <= 1, "{program}");
    }
}

#[test]
fn what_is_made_of_a_gradient_may_be_stored_elsewhere_too() {
    let needs: [Need; 2] = [|g, _| vec![g.abs().sum(())], |_, v| vec![v, v.exp()]];
    for need in needs {
        let program = step_with(need);
        let [product] = products(&program)[..] else { panic!("{program}") };
        assert!(product.stores.iter().all(|store| store.reg.0 > 0), "{program}");
        assert_eq!(epilogue_loads(product, &program), 2, "{program}");
    }
}

/// What is made of a gradient and the velocity that it gives.
type Need = for<'t> fn(Var<'t>, Var<'t>) -> Vec<Var<'t>>;

/// A step with momentum of the first layer, with more results.
fn step_with(need: Need) -> Program {
    let (graph, values) = eval::trace(|tape| {
        let weights = weights();
        let loss = loss(tape, &weights);
        let velocity = Parameter::new(numbers([WIDTHS[0], WIDTHS[1]], 9));
        let (w, v) = (tape.parameter(&weights[0]), tape.parameter(&velocity));
        let [g] = gradient(loss, [w]);
        let v = v * 0.9 + g;
        tape.assign(&velocity, v)?;
        tape.assign(&weights[0], w - v * 0.1 - w * 0.01)?;
        Ok(need(g, v))
    })
    .unwrap();
    checked(&graph, &values)
}

/// Batches of few large and of many small products.
#[test]
fn batches_of_weights_are_updated_product_by_product() {
    for [batch, rows, columns, inner] in [[3, 300, 150, 21], [40, 60, 60, 20], [40, 61, 59, 29]] {
        let weights = Parameter::new(numbers([batch, rows, columns], 1));
        let optimizer = Sgd::new(&weights, 0.1).momentum(0.9).nesterov(true);
        let (graph, values) = eval::trace(|tape| {
            let x = tape.constant(numbers([batch, inner, rows], 2));
            let loss = x.matmul(tape.parameter(&weights)).tanh().square().mean(());
            optimizer.step(loss)?;
            Ok(vec![loss])
        })
        .unwrap();
        let program = checked(&graph, &values);
        let all = batch * rows * columns;
        let between = |buffer: &&Buffer| matches!(buffer.place, Place::Arena(_));
        assert!(program.buffers.iter().filter(between).all(|buffer| buffer.len < all), "{program}");
    }
}
