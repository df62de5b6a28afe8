//! State that is not trained: when it changes, what sees it, and where it is kept.

use gradtape::io::{self, Checkpoint, Model};
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, BatchNorm1d, Dropout, Linear, Module, Relu, Sequential};
use gradtape::optim::{Adam, Ema, Optimizer, Sgd};
use gradtape::{
    Buffer, Kind, Mode, Parameter, Result, Rng, Tape, Tensor, Var, compile, eval, evaluate,
    gradient,
};

/// Adds each input to its sum so far; the loss is that times a weight.
#[derive(Clone, Module)]
struct Summing {
    weight: Parameter,
    sum: Buffer,
}

impl Summing {
    fn new() -> Summing {
        let scalar = |number: f64| Tensor::scalar(number);
        Summing { weight: Parameter::new(scalar(2.0)), sum: Buffer::new(scalar(0.0)) }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        if tape.is_training() {
            tape.update(&self.sum, tape.buffer(&self.sum) + x).unwrap();
        }
        tape.buffer(&self.sum) * tape.parameter(&self.weight)
    }

    fn now(&self) -> f64 {
        self.sum.value().item().unwrap()
    }
}

const MODES: [Mode; 3] = [Mode::Fused, Mode::Eager, Mode::Checked];

#[test]
fn a_training_forward_counts_once_however_often_it_is_read() -> Result<()> {
    for mode in MODES {
        let net = Summing::new();
        let opt = Sgd::new(&net, 0.0);
        let mut tape = Tape::new();
        for (step, reads) in [0, 1, 2, 0, 1].into_iter().enumerate() {
            tape.reset();
            tape.set_mode(mode);
            let loss = net.forward(tape.constant(1.0));
            for _ in 0..reads {
                assert_eq!(loss.item()?, 2.0 * (step as f64 + 1.0), "{mode:?}");
                assert_eq!(net.now(), step as f64 + 1.0, "{mode:?}");
            }
            opt.step(loss)?;
            assert_eq!((loss.item()?, net.now()), (2.0 * net.now(), step as f64 + 1.0));
        }
        assert_eq!((net.sum.version(), opt.steps()), (5, 5));
    }
    Ok(())
}

#[test]
fn a_read_of_anything_else_counts_as_well_and_nothing_counts_without_one() -> Result<()> {
    for mode in MODES {
        let net = Summing::new();
        let mut tape = Tape::new();
        tape.set_mode(mode);
        let _ = net.forward(tape.constant(5.0));
        tape.reset();
        let _ = net.forward(tape.constant(7.0));
        drop(tape);
        assert_eq!((net.now(), net.sum.version()), (0.0, 0), "never computed: {mode:?}");

        let tape = Tape::new();
        tape.set_mode(mode);
        let (x, loss) = (tape.constant(1.0), net.forward(tape.constant(2.0)));
        evaluate(&[x.exp()])?;
        assert_eq!(net.now(), 2.0, "{mode:?}");
        assert_eq!(loss.item()?, 4.0);
        assert_eq!(net.now(), 2.0, "{mode:?}");

        let tape = Tape::inference();
        tape.set_mode(mode);
        assert_eq!(net.forward(tape.constant(100.0)).item()?, 4.0);
        assert_eq!((net.now(), net.sum.version()), (2.0, 1), "{mode:?}");
    }
    Ok(())
}

#[test]
fn several_forwards_on_one_tape_follow_each_other() -> Result<()> {
    for mode in MODES {
        for read_between in [false, true] {
            let net = Summing::new();
            let opt = Sgd::new(&net, 0.0);
            let tape = Tape::new();
            tape.set_mode(mode);
            let first = net.forward(tape.constant(1.0));
            if read_between {
                assert_eq!(first.item()?, 2.0);
            }
            let second = net.forward(tape.constant(10.0));
            let third = net.forward(tape.constant(100.0));
            if read_between {
                assert_eq!((second.item()?, first.item()?), (22.0, 2.0));
            }
            let values = [first, second, third];
            opt.step_with(third, &values)?;
            let values = values.map(|value| value.item().unwrap());
            assert_eq!((values, net.now()), ([2.0, 22.0, 222.0], 111.0), "{mode:?}");
        }
    }
    Ok(())
}

#[test]
fn what_was_recorded_before_an_update_sees_the_old_value() -> Result<()> {
    for mode in MODES {
        let kept = Buffer::new(Tensor::from([1.0, 2.0]));
        let tape = Tape::new();
        tape.set_mode(mode);
        let before = tape.buffer(&kept) * 10.0;
        tape.update(&kept, tape.constant([5.0, 6.0]))?;
        let after = tape.buffer(&kept) * 10.0;
        assert_eq!(after.value()?.to_f64_vec(), [50.0, 60.0]);
        assert_eq!(kept.value().to_f64_vec(), [5.0, 6.0]);
        assert_eq!(before.value()?.to_f64_vec(), [10.0, 20.0], "{mode:?}");
        assert_eq!(tape.buffer(&kept).value()?.to_f64_vec(), [5.0, 6.0]);

        // A value that stays where it is when the buffer takes the next one.
        let held = kept.value();
        tape.update(&kept, tape.buffer(&kept) * 2.0)?;
        assert_eq!(tape.buffer(&kept).value()?.to_f64_vec(), [10.0, 12.0]);
        assert_eq!(held.to_f64_vec(), [5.0, 6.0]);
    }
    Ok(())
}

#[test]
fn a_compiled_function_changes_buffers_at_each_call() -> Result<()> {
    for mode in MODES {
        let (net, plain) = (Summing::new(), Summing::new());
        let opt = Sgd::new(&net, 0.125);
        let mut step = compile(|tape, x| {
            tape.set_mode(mode);
            let loss = net.forward(x[0]);
            opt.step(loss)?;
            Ok(vec![loss])
        });
        let mut read = compile(|tape, x| {
            tape.set_mode(mode);
            Ok(vec![plain.forward(x[0])])
        });
        let mut weight = 2.0;
        for (call, sum) in [1.0, 3.0, 6.0].into_iter().enumerate() {
            let x = [Tensor::scalar(call as f64 + 1.0)];
            assert_eq!(step.call(&x)?[0].item()?, weight * sum, "{mode:?}");
            assert_eq!(read.call(&x)?[0].item()?, 2.0 * sum, "{mode:?}");
            weight -= 0.125 * sum;
            assert_eq!((net.now(), plain.now()), (sum, sum));
        }
        let mut predict = compile(|_, x| Ok(vec![plain.forward(x[0])])).inference();
        assert_eq!(predict.call(&[Tensor::scalar(50.0)])?[0].item()?, 12.0);
        assert_eq!(plain.now(), 6.0);
    }
    Ok(())
}

#[test]
fn what_fails_changes_no_buffer() -> Result<()> {
    let rows = |row: i64| Tensor::from([0, row]);
    for mode in MODES {
        let net = Summing::new();
        let table = Parameter::new(Tensor::from([1.0, 2.0]));
        let opt = Sgd::new(&(net.weight.share(), table.share()), 0.1);
        let tape = Tape::new();
        tape.set_mode(mode);
        let bad = loss_of(&net, &table, &tape, rows(5));
        assert!(bad.item().unwrap_err().to_string().contains('5'), "{mode:?}");
        assert_eq!((net.now(), net.sum.version()), (0.0, 0), "a read that failed: {mode:?}");
        // What it needs is at hand, and waits for a read that succeeds.
        assert_eq!(tape.constant(1.0).exp().item()?.floor(), 2.0);
        assert_eq!(net.now(), 1.0, "{mode:?}");

        let tape = Tape::new();
        tape.set_mode(mode);
        opt.step(loss_of(&net, &table, &tape, rows(5))).unwrap_err();
        assert_eq!((net.now(), net.sum.version()), (1.0, 1), "a step that failed: {mode:?}");
        assert_eq!(tape.constant(1.0).exp().item()?.floor(), 2.0);
        assert_eq!(net.now(), 1.0, "it is forgotten: {mode:?}");

        let mut step = compile(|tape, x| {
            tape.set_mode(mode);
            let looked_up = tape.parameter(&table).index_select(0, x[0]);
            let loss = net.forward(tape.constant(1.0)) * looked_up.sum(());
            opt.step(loss)?;
            Ok(vec![loss])
        });
        for (row, sum) in [(5, 1.0), (1, 2.0), (5, 2.0), (0, 3.0)] {
            assert_eq!(step.call(&[rows(row)]).is_err(), row == 5);
            assert_eq!(net.now(), sum, "a compiled step: {mode:?}");
        }
    }
    Ok(())
}

/// What a network gives, times rows that may not be there.
fn loss_of<'t>(net: &Summing, table: &Parameter, tape: &'t Tape, rows: Tensor) -> Var<'t> {
    let looked_up = tape.parameter(table).index_select(0, tape.constant(rows));
    net.forward(tape.constant(1.0)) * looked_up.sum(())
}

#[test]
fn no_gradient_flows_into_a_buffer_or_through_its_update() -> Result<()> {
    let nets = [Summing::new()];
    assert_eq!(nets.named_buffers().len(), 1);
    let [net] = nets;
    let tape = Tape::new();
    let sum = tape.buffer(&net.sum);
    let [g] = gradient(sum * 2.0, [sum]);
    let error = g.value().unwrap_err();
    assert_eq!(error.kind(), Kind::Gradient);
    let text = error.to_string();
    assert!(text.contains("this f64[] is the buffer 0.sum, which is not trained"), "{text}");
    assert!(text.contains("make it a Parameter"), "{text}");

    // As in PyTorch, where buffers change without a graph.
    let x = tape.watch(3.0);
    let loss = net.forward(x) * x;
    let [slope] = gradient(loss, [x]);
    assert_eq!((loss.item()?, slope.item()?), (18.0, 6.0));
    Ok(())
}

#[test]
fn an_update_that_does_not_fit_is_an_error_that_names_the_buffer() {
    let net = Summing::new();
    net.named_buffers();
    let (tape, other) = (Tape::new(), Tape::new());
    let error = tape.update(&net.sum, tape.constant([1.0f32])).unwrap_err().to_string();
    assert!(error.contains("update: the buffer sum is f64[], but the value is f32[1]"), "{error}");
    assert!(error.contains("buffers.rs"), "{error}");
    assert!(tape.update(&net.sum, other.constant(1.0)).is_err());
    let error = net.sum.set(Tensor::from([1.0])).unwrap_err().to_string();
    assert!(error.contains("a buffer of f64[] cannot take a value of f64[1]"), "{error}");

    let late = tape.buffer(&net.sum) + 1.0;
    net.sum.set(Tensor::scalar(9.0)).unwrap();
    let error = late.value().unwrap_err().to_string();
    assert!(error.contains("the buffer sum, f64[] was changed after it was recorded"), "{error}");
}

#[test]
fn an_optimiser_never_changes_a_buffer() -> Result<()> {
    let net = Summing::new();
    assert_eq!(net.named_parameters().len(), 1);
    let opt = Adam::new(&net, 0.1);
    assert!(opt.state()?.iter().all(|(name, _)| !name.contains("sum")), "{:?}", opt.state()?);
    let nothing = Sgd::new(&net.sum, 0.1);
    let tape = Tape::new();
    let error = nothing.step(net.forward(tape.constant(1.0))).unwrap_err();
    assert!(error.message().contains("no parameter to change"), "{error}");

    // Nor what it averages, where that is kept beside the network.
    #[derive(Module)]
    struct Training {
        net: Summing,
        average: Ema<Summing>,
    }
    let training = Training { average: Ema::new(&net, 0.5), net };
    let names = |list: Vec<(String, Parameter)>| list.into_iter().map(|(name, _)| name);
    assert!(names(training.named_parameters()).eq(["net.weight"]));
    let buffers = training.named_buffers().into_iter().map(|(name, _)| name);
    assert!(buffers.eq(["net.sum", "average.weight", "average.sum"]));
    Ok(())
}

#[test]
fn an_average_copies_buffers_unless_it_is_to_average_them() -> Result<()> {
    let net = Summing::new();
    let (copied, averaged) = (Ema::new(&net, 0.5), Ema::new(&net, 0.5).average_buffers());
    net.sum.set(Tensor::scalar(8.0))?;
    net.weight.set(Tensor::scalar(4.0))?;
    for (average, sum) in [(&copied, 8.0), (&averaged, 4.0)] {
        average.update(&net)?;
        let (weight, kept) = (average.module().weight.value().item()?, average.module().now());
        assert_eq!((weight, kept), (3.0, sum));
    }
    assert_eq!(net.now(), 8.0);
    Ok(())
}

fn network(seed: u64) -> Sequential {
    let rng = &mut Rng::new(seed);
    Sequential::new()
        .add(Linear::new(4, 8, rng))
        .add(BatchNorm1d::new(8))
        .add(Relu)
        .add(Dropout::new(0.4, rng))
        .add(Linear::new(8, 3, rng))
}

fn batch() -> [Tensor; 2] {
    let x = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
    [Tensor::from_vec(x, [6, 4]).unwrap(), Tensor::from([0i64, 1, 2, 0, 1, 2])]
}

/// Takes steps, recorded or compiled; gives the losses.
fn train(net: &Sequential, opt: &dyn Optimizer, steps: usize, compiled: bool) -> Vec<f64> {
    let [x, y] = batch();
    let mut step = compile(|_, inputs| {
        let loss = cross_entropy(net.forward(inputs[0]), inputs[1]);
        opt.step(loss)?;
        Ok(vec![loss])
    });
    let mut one = || {
        if compiled {
            return step.call(&[x.clone(), y.clone()]).unwrap()[0].item().unwrap();
        }
        let tape = Tape::new();
        let loss = cross_entropy(net.forward(tape.constant(&x)), tape.constant(&y));
        opt.step(loss).unwrap();
        loss.item().unwrap()
    };
    (0..steps).map(|_| one()).collect()
}

/// All numbers of a network by name: parameters, buffers, dials.
fn state(net: &dyn Module) -> Vec<(String, Vec<f64>)> {
    let parameters = net.named_parameters().into_iter().map(|(name, p)| (name, p.value()));
    let buffers = net.named_buffers().into_iter().map(|(name, b)| (name, b.value()));
    let tensors = parameters.chain(buffers).map(|(name, value)| (name, value.to_f64_vec()));
    tensors.chain(net.named_dials().into_iter().map(|(name, d)| (name, vec![d.get()]))).collect()
}

#[test]
fn a_checkpoint_has_buffers_and_counts_and_training_goes_on_with_the_same_bits() {
    let path = std::env::temp_dir().join(format!("gradtape-buffers-{}", std::process::id()));
    let mut last = Vec::new();
    for compiled in [false, true] {
        let whole = network(5);
        let opt = Adam::new(&whole, 0.05);
        train(&whole, &opt, 3, compiled);
        Checkpoint::new(&whole, &opt).unwrap().save(&path).unwrap();
        let want = train(&whole, &opt, 3, compiled);
        let again = network(5);
        let other = Adam::new(&again, 0.01);
        Checkpoint::load(&path).unwrap().restore(&again, &other).unwrap();
        assert_eq!(train(&again, &other, 3, compiled), want);
        assert_eq!(state(&again), state(&whole));
        let numbers = state(&whole);
        let of = |name: &str| numbers.iter().find(|(own, _)| own == name).unwrap().1.clone();
        assert_eq!((of("1.num_batches_tracked"), of("3.masks")), (vec![6.0], vec![6.0]));
        assert!(of("1.running_mean").iter().all(|&mean| mean != 0.0));
        last.push(numbers);
    }
    assert_eq!(last[0], last[1], "recorded and compiled steps agree in every bit");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn files_clones_and_copies_carry_buffers() -> Result<()> {
    let path = std::env::temp_dir().join(format!("gradtape-carried-{}", std::process::id()));
    let net = network(5);
    train(&net, &Adam::new(&net, 0.05), 3, false);
    let tensors = |net: &Sequential| {
        let mut all = state(net);
        all.retain(|(name, _)| !name.ends_with("masks"));
        all
    };
    let want = tensors(&net);

    let clone = net.clone();
    train(&net, &Adam::new(&net, 0.05), 1, false);
    assert_eq!(tensors(&clone), want, "a clone is another");
    net.load_from(&clone)?;
    assert_eq!(tensors(&net), want);

    io::save(&net, &path)?;
    let read = io::read_safetensors(&path)?;
    let names = ["0.bias", "0.weight", "1.bias", "1.num_batches_tracked", "1.running_mean"];
    let mut found: Vec<_> = read.tensors.iter().map(|(name, _)| &name[..]).collect();
    found.sort_unstable();
    assert_eq!(found[..5], names);
    let other = network(6);
    io::load(&other, &path)?;
    assert_eq!(tensors(&other), want);

    Model::new(net).save(&path)?;
    assert_eq!(tensors(&Model::load(&path)?.network), want);
    std::fs::remove_file(&path).unwrap();
    Ok(())
}

#[test]
fn buffers_of_another_shape_are_refused_whole_with_both_shapes() -> Result<()> {
    let path = std::env::temp_dir().join(format!("gradtape-reshaped-{}", std::process::id()));
    let net = network(5);
    let before = state(&net);
    io::save(&network(6), &path)?;
    let mut read = io::read_safetensors(&path)?;
    let place = read.tensors.iter().position(|(name, _)| name == "1.running_var").unwrap();
    read.tensors[place].1 = Tensor::from([1.0f32; 5]);
    io::write_safetensors(&path, &read.tensors, &read.metadata)?;
    let text = io::load(&net, &path).unwrap_err().to_string();
    for word in [
        "gradtape-reshaped",
        "buffer \"1.running_var\" is f32[5] in the file, f32[8] in the network",
        "it was saved from another architecture",
    ] {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
    read.tensors.remove(place);
    io::write_safetensors(&path, &read.tensors, &read.metadata)?;
    let text = io::load(&net, &path).unwrap_err().to_string();
    assert!(text.contains("there is no buffer \"1.running_var\" in the file"), "{text}");
    let narrow = Sequential::mlp(&[4, 8, 3], Activation::Relu, 0.0, &mut Rng::new(1))?;
    assert!(net.load_from(&narrow).is_err() && narrow.load_from(&net).is_err());
    assert_eq!(state(&net), before, "nothing is half loaded");
    std::fs::remove_file(&path).unwrap();
    Ok(())
}

#[test]
fn a_model_file_from_before_buffers_is_read() -> Result<()> {
    let architecture = r#"[{"layer":"linear","inputs":2,"outputs":1,"bias":true,"dtype":"f32"},{"layer":"relu"},{"layer":"leaky_relu","slope":0.5},{"layer":"dropout","p":0.2},{"layer":"softmax"},{"layer":"flatten"}]"#;
    let tensors = vec![
        ("0.weight".to_string(), Tensor::from([[1.0f32, 2.0]])),
        ("0.bias".to_string(), Tensor::from([3.0f32])),
    ];
    let metadata = [
        (Model::ARCHITECTURE.to_string(), architecture.to_string()),
        ("gradtape.format".to_string(), "1".to_string()),
    ];
    let read = io::SafeTensors { tensors, metadata: metadata.into() };
    let model = Model::from_safetensors(read)?;
    assert_eq!(model.network.layers().len(), 6);
    assert_eq!(serde_json::to_string(&model.network.specs()?).unwrap(), architecture);
    Ok(())
}

#[test]
fn the_graph_of_a_step_has_the_updates_of_buffers() -> Result<()> {
    let net = Summing::new();
    let (graph, _) = eval::trace(|tape| {
        let loss = net.forward(tape.constant(1.0));
        Sgd::new(&net, 0.1).step(loss)?;
        Ok(vec![loss])
    })?;
    assert_eq!(graph.outputs.iter().filter(|output| output.into.is_some()).count(), 2);
    assert_eq!((net.now(), net.sum.version()), (0.0, 0), "nothing was computed");
    Ok(())
}

#[test]
fn buffers_may_take_each_others_values_and_their_own() -> Result<()> {
    for start in [Tensor::from([1.0, 2.0]), Tensor::from([1i64, 2])] {
        let other = (&start + &start)?;
        let [a, b] = [&start, &other].map(|value| Buffer::new(value.clone()));
        let swap = |tape: &Tape| -> Result<()> {
            let (x, y) = (tape.buffer(&a), tape.buffer(&b));
            tape.update(&a, y)?;
            tape.update(&b, x)
        };
        let values = || [a.value().to_f64_vec(), b.value().to_f64_vec()];
        let (first, swapped) = ([[1.0, 2.0], [2.0, 4.0]], [[2.0, 4.0], [1.0, 2.0]]);
        for mode in MODES {
            let tape = Tape::new();
            tape.set_mode(mode);
            swap(&tape)?;
            tape.constant(1.0).exp().item()?;
            assert_eq!(values(), swapped, "{mode:?}");
            let mut again = compile(|tape, _| {
                tape.set_mode(mode);
                swap(tape)?;
                Ok(vec![])
            });
            again.call(&[])?;
            assert_eq!(values(), first, "{mode:?}");

            let tape = Tape::new();
            tape.set_mode(mode);
            tape.update(&a, tape.buffer(&a))?;
            tape.constant(1.0).exp().item()?;
            assert_eq!(values(), first, "{mode:?}");
        }
    }
    Ok(())
}

#[test]
fn threads_that_share_a_buffer_take_turns() {
    let net = Summing::new();
    let work = || {
        let mut step = compile(|_, x| Ok(vec![net.forward(x[0])]));
        for _ in 0..200 {
            step.call(&[Tensor::scalar(1.0)]).unwrap();
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!((net.now(), net.sum.version()), (600.0, 600));
}
