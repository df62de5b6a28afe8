//! Checkpoints: trainings that were interrupted and go on.

use gradtape::io::{Checkpoint, SafeTensors, read_safetensors, save, write_safetensors};
use gradtape::loss::cross_entropy;
use gradtape::nn::{Activation, Layer, Module, Sequential};
use gradtape::optim::{Adam, Optimizer, Plateau, Schedule, Scheduler, Sgd};
use gradtape::{Dial, Rng, Tape, Tensor, compile};

fn net(hidden: usize) -> Sequential {
    Sequential::mlp(&[4, hidden, 3], Activation::Relu, 0.4, &mut Rng::new(5)).unwrap()
}

fn batch() -> [Tensor; 2] {
    let x = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
    [Tensor::from_vec(x, [6, 4]).unwrap(), Tensor::from([0i64, 1, 2, 0, 1, 2])]
}

fn scheduler() -> Scheduler {
    let plateau = Plateau { factor: 0.5, patience: 1, ..Plateau::default() };
    Scheduler::new(Schedule::Plateau(plateau), 0.05).unwrap()
}

/// Takes steps, recorded or compiled; gives the losses.
fn run(
    net: &Sequential,
    opt: &dyn Optimizer,
    scheduler: &mut Scheduler,
    steps: usize,
    compiled: bool,
) -> Vec<f64> {
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
    let mut losses = Vec::new();
    for _ in 0..steps {
        opt.set_learning_rate(scheduler.learning_rate()).unwrap();
        losses.push(one());
        scheduler.advance(1.0);
    }
    losses
}

#[test]
fn an_interrupted_training_goes_on_with_the_same_bits() {
    let path = std::env::temp_dir().join(format!("gradtape-resumed-{}", std::process::id()));
    for compiled in [false, true] {
        let whole = net(8);
        let opt = Adam::new(&whole, 0.05);
        let mut schedule = scheduler();
        run(&whole, &opt, &mut schedule, 5, compiled);
        Checkpoint::new(&whole, &opt).unwrap().scheduler(&schedule).save(&path).unwrap();
        let want = run(&whole, &opt, &mut schedule, 5, compiled);

        let again = net(8);
        let other = Adam::new(&again, 0.01);
        let mut resumed = scheduler();
        let checkpoint = Checkpoint::load(&path).unwrap();
        checkpoint.restore(&again, &other).unwrap();
        checkpoint.restore_scheduler(&mut resumed).unwrap();
        assert_eq!(other.steps(), 5);
        assert_eq!(run(&again, &other, &mut resumed, 5, compiled), want);
        assert_eq!(other.learning_rate(), opt.learning_rate());
        for (a, b) in again.parameters().iter().zip(whole.parameters()) {
            assert!(a.value().equals(&b.value()));
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// All numbers of a training.
fn numbers(net: &Sequential, opt: &dyn Optimizer) -> Vec<f64> {
    let mut numbers = vec![opt.learning_rate()];
    numbers.extend(net.named_dials().iter().map(|(_, dial)| dial.get()));
    numbers.extend(net.parameters().iter().flat_map(|parameter| parameter.value().to_f64_vec()));
    numbers.extend(opt.state().unwrap().iter().flat_map(|(_, tensor)| tensor.to_f64_vec()));
    numbers
}

/// Layers with a count beside them.
#[derive(Module)]
struct Counting {
    layers: Sequential,
    uses: Dial,
}

/// The same layers without.
#[derive(Module)]
struct Counted {
    layers: Sequential,
}

#[test]
fn a_checkpoint_that_does_not_fit_changes_nothing() {
    let path = std::env::temp_dir().join(format!("gradtape-unfit-{}", std::process::id()));
    let first = net(8);
    let checkpoint = Checkpoint::new(&first, &Adam::new(&first, 0.05)).unwrap();
    let refused = |checkpoint: &Checkpoint, net: &Sequential, opt: &dyn Optimizer, word: &str| {
        run(net, opt, &mut scheduler(), 1, false);
        let before = numbers(net, opt);
        let text = checkpoint.restore(net, opt).unwrap_err().to_string();
        assert!(text.contains(word), "{word:?} is not in: {text}");
        assert_eq!(numbers(net, opt), before, "{text}");
    };
    let (wider, same) = (net(9), net(8));
    refused(&checkpoint, &wider, &Adam::new(&wider, 0.1), "\"0.weight\" is f32[8, 4]");
    refused(&checkpoint, &same, &Sgd::new(&same, 0.1), "keeps nothing called");
    let in_memory = "f32[8, 4] in the checkpoint, f32[9, 4] in the network";
    refused(&checkpoint, &wider, &Adam::new(&wider, 0.1), in_memory);
    let plain =
        |seed| Sequential::mlp(&[4, 3], Activation::Relu, 0.0, &mut Rng::new(seed)).unwrap();
    let counting = Counting { layers: plain(1), uses: Dial::new(3.0) };
    let more = Checkpoint::new(&counting, &Adam::new(&counting, 0.05)).unwrap();
    let fewer = Counted { layers: plain(2) };
    let before = fewer.parameters()[0].value();
    let text = more.restore(&fewer, &Adam::new(&fewer, 0.05)).unwrap_err().to_string();
    assert!(text.contains("has no dial.uses"), "{text}");
    assert!(fewer.parameters()[0].value().equals(&before));
    for (name, word) in [
        ("dial.2.masks", "dial.2.masks"),
        ("optimizer.steps", "\"steps\""),
        ("learning_rate", "learning_rate"),
        ("module.0.bias", "\"0.bias\""),
    ] {
        checkpoint.save(&path).unwrap();
        let SafeTensors { mut tensors, mut metadata } = read_safetensors(&path).unwrap();
        // Without which a file of earlier versions is read as well.
        metadata.remove("gradtape.checksum").unwrap();
        tensors.retain(|(other, _)| other != name);
        write_safetensors(&path, &tensors, &metadata).unwrap();
        refused(&Checkpoint::load(&path).unwrap(), &same, &Adam::new(&same, 0.1), word);
    }
    assert!(checkpoint.restore_scheduler(&mut scheduler()).is_err());
    save(&same, &path).unwrap();
    assert!(Checkpoint::load(&path).unwrap_err().message().contains("no checkpoint"));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn what_a_module_counts_is_part_of_it() {
    let net = net(8);
    let names: Vec<String> = net.named_dials().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["2.masks"]);
    assert_eq!(net.named_parameters().len(), 4);
    let layer: &dyn Layer = &net;
    assert_eq!(layer.named_dials().len(), 1);
}

#[test]
fn a_checkpoint_whose_numbers_changed_is_refused() {
    let (net, folder) = (net(8), std::env::temp_dir());
    let path = folder.join(format!("gradtape-flipped-{}.checkpoint", std::process::id()));
    let adam = Adam::new(&net, 0.1);
    Checkpoint::new(&net, &adam).unwrap().note("epoch", "1").save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for place in [header, header + (whole.len() - header) / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x40;
        std::fs::write(&path, &bytes).unwrap();
        let error = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(error.contains("checksum") && error.contains("hint"), "{error}");
    }
    std::fs::write(&path, &whole).unwrap();
    Checkpoint::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
}
