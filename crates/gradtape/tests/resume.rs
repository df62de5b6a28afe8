//! Trainers that save themselves, are stopped and go on: the same bits as without a stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gradtape::data::{Dataset, moons};
use gradtape::io::Checkpoint;
use gradtape::nn::{Activation, Module, Sequential};
use gradtape::optim::{Adam, AdamW, Lbfgs, Optimizer, Plateau, Schedule, Sgd};
use gradtape::train::{Checkpoints, EarlyStopping, Every, History, Trainer};
use gradtape::{DType, Rng};

/// A folder that is gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("gradtape-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn data() -> (Dataset, Dataset) {
    let split = moons(60, 0.3, 3).unwrap().split(0.3, 0.0, 3).unwrap();
    (split.train, split.validation)
}

fn net() -> Sequential {
    Sequential::mlp(&[2, 6, 2], Activation::Tanh, 0.3, &mut Rng::new(5)).unwrap()
}

/// The bits of all parameters, and the history.
fn bits(net: &Sequential, history: &History) -> (Vec<u32>, History) {
    let numbers = net.parameters().into_iter().flat_map(|own| own.value().to_vec::<f32>().unwrap());
    (numbers.map(f32::to_bits).collect(), history.clone())
}

type Set = fn(Trainer<'_>) -> Trainer<'_>;

/// Trains as a whole, with a checkpoint after every step, and then from each of these.
fn goes_on(name: &str, optimizer: fn(&Sequential) -> Box<dyn Optimizer>, set: Set) {
    let folder = Folder::new(name);
    let (train, validation) = data();
    let whole = net();
    let trainer = Trainer::new(&whole, optimizer(&whole)).batch_size(9).epochs(6).seed(4);
    let checkpoints = Checkpoints::new(&folder.0).every_steps(1).every_epochs(1).keep(1000);
    let mut trainer = set(trainer).checkpoints(checkpoints);
    let history = trainer.fit(&train, Some(&validation)).unwrap();
    let want = bits(&whole, &history);
    let files = names(&folder.0);
    assert!(files.len() > 10, "{name}: {files:?}");
    for file in files {
        let again = net();
        let trainer = Trainer::new(&again, optimizer(&again)).batch_size(9).epochs(6).seed(4);
        let mut trainer = set(trainer).resume(folder.0.join(&file)).unwrap();
        let history = trainer.fit(&train, Some(&validation)).unwrap();
        assert!(bits(&again, &history) == want, "{name}: from {file}");
    }
}

#[test]
fn a_training_goes_on_from_each_of_its_steps() {
    goes_on("plain", |net| Box::new(Adam::new(net, 0.05)), |trainer| trainer);
}

#[test]
fn schedules_accumulation_lookahead_and_early_stopping_go_on() {
    fn set(trainer: Trainer<'_>) -> Trainer<'_> {
        let parts =
            vec![Schedule::WarmupLinear { warmup: 4 }, Schedule::Exponential { gamma: 0.95 }];
        let schedule = Schedule::Sequence { parts, milestones: vec![4] };
        trainer
            .accumulate(2)
            .schedule(schedule, Every::Step)
            .early_stopping(EarlyStopping { patience: 2, min_delta: 0.01 })
            .clip_norm(1.0)
    }
    goes_on("gathered", |net| Box::new(Sgd::new(net, 0.5).momentum(0.9).lookahead(3, 0.5)), set);
}

#[test]
fn averages_go_on() {
    fn set(trainer: Trainer<'_>) -> Trainer<'_> {
        trainer.early_stopping(EarlyStopping { patience: 2, min_delta: 0.01 })
    }
    goes_on("averaged", |net| Box::new(Sgd::new(net, 0.5).momentum(0.9).average(0.9)), set);
    fn looking(net: &Sequential) -> Box<dyn Optimizer> {
        Box::new(Adam::new(net, 0.05).lookahead(2, 0.5).average(0.9))
    }
    goes_on("averaged-scaled", looking, |trainer| trainer.precision(DType::F16));
}

#[test]
fn plateaus_and_loss_scales_go_on() {
    fn set(trainer: Trainer<'_>) -> Trainer<'_> {
        let plateau = Plateau { factor: 0.5, patience: 0, ..Plateau::default() };
        trainer.precision(DType::F16).schedule(Schedule::Plateau(plateau), Every::Epoch)
    }
    goes_on("scaled", |net| Box::new(AdamW::new(net, 0.2)), set);
}

#[test]
fn optimisers_that_search_go_on() {
    goes_on("searched", |net| Box::new(Lbfgs::new(net, 0.5)), |trainer| trainer.steps(20));
}

#[test]
fn a_training_has_more_epochs_afterwards() {
    let folder = Folder::new("longer");
    let (train, validation) = data();
    let run = |epochs: usize, resumes: bool| {
        let net = net();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.05)).epochs(epochs);
        trainer = match resumes {
            true => trainer.resume(&folder.0).unwrap(),
            false => trainer.checkpoints(Checkpoints::new(&folder.0).keep(1)),
        };
        let history = trainer.fit(&train, Some(&validation)).unwrap();
        bits(&net, &history)
    };
    let want = run(5, false);
    assert!(run(5, true) == want, "a training that is done gives its result again");
    fs::remove_dir_all(&folder.0).unwrap();
    run(2, false);
    assert!(run(5, true) == want);
}

#[test]
fn a_stopped_training_goes_on_from_where_it_was_stopped() {
    let folder = Folder::new("stopped");
    let (train, _) = data();
    let whole = net();
    let history =
        Trainer::new(&whole, Adam::new(&whole, 0.05)).batch_size(8).fit(&train, None).unwrap();
    let want = bits(&whole, &history);

    let net_of = net();
    let stop = Arc::new(AtomicBool::new(false));
    let (set, mut steps) = (Arc::clone(&stop), 0);
    let mut trainer = Trainer::new(&net_of, Adam::new(&net_of, 0.05))
        .batch_size(8)
        .stop_flag(stop)
        .checkpoints(Checkpoints::new(&folder.0).every_epochs(1000))
        .on_step(move |_| {
            steps += 1;
            set.store(steps == 9, Ordering::Relaxed);
        });
    trainer.fit(&train, None).unwrap();
    drop(trainer);
    assert_eq!(names(&folder.0), ["best.checkpoint", "step-9.checkpoint"]);
    let again = net();
    let trainer = Trainer::new(&again, Adam::new(&again, 0.05)).batch_size(8);
    let history = trainer.resume(&folder.0).unwrap().fit(&train, None).unwrap();
    assert!(bits(&again, &history) == want);
}

#[test]
fn the_last_few_and_the_best_are_kept() {
    let folder = Folder::new("kept");
    let (train, validation) = data();
    let net = net();
    let checkpoints = Checkpoints::new(&folder.0).every_steps(2).keep(2).note("who", "me");
    let mut trainer =
        Trainer::new(&net, Adam::new(&net, 0.05)).batch_size(9).epochs(5).checkpoints(checkpoints);
    trainer.fit(&train, Some(&validation)).unwrap();
    assert_eq!(names(&folder.0), ["best.checkpoint", "step-24.checkpoint", "step-25.checkpoint"]);
    let latest = Checkpoints::latest(&folder.0).unwrap();
    assert!(latest.ends_with("step-25.checkpoint"));
    assert_eq!(Checkpoint::load(latest).unwrap().notes["who"], "me");
}

#[test]
fn other_data_and_settings_are_told_unless_the_user_insists() {
    let folder = Folder::new("others");
    let (train, validation) = data();
    let first = net();
    let trainer = Trainer::new(&first, Adam::new(&first, 0.05)).epochs(2);
    trainer.checkpoints(Checkpoints::new(&folder.0)).fit(&train, Some(&validation)).unwrap();
    let again = net();
    let trainer = || {
        let trainer = Trainer::new(&again, Adam::new(&again, 0.01)).epochs(3).batch_size(16);
        trainer.resume(&folder.0).unwrap()
    };
    let text = trainer().fit(&validation, None).unwrap_err().to_string();
    for part in [
        "batch size: 32 in the checkpoint, 16 here",
        "learning rate: 0.05 in the checkpoint, 0.01 here",
        "training data: 42 rows",
        "validation data: 18 rows",
        "insist",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains("seed:"), "{text}");
    let history = trainer().insist().fit(&train, Some(&validation)).unwrap();
    assert_eq!(history.epochs.len(), 3);

    let other = Sequential::mlp(&[2, 7, 2], Activation::Tanh, 0.3, &mut Rng::new(5)).unwrap();
    let trainer = Trainer::new(&other, Adam::new(&other, 0.05)).resume(&folder.0).unwrap();
    let text = trainer.insist().fit(&train, Some(&validation)).unwrap_err().to_string();
    assert!(text.contains("[6, 2]") || text.contains("another training"), "{text}");
}

#[test]
fn what_cannot_be_written_or_read_is_told() {
    let folder = Folder::new("unwritable");
    let (train, _) = data();
    let file = folder.0.join("file");
    fs::write(&file, "").unwrap();
    let net = net();
    let trainer = || Trainer::new(&net, Adam::new(&net, 0.05)).epochs(2);
    let text = trainer().checkpoints(Checkpoints::new(&file)).fit(&train, None).unwrap_err();
    assert!(text.to_string().contains("cannot be made"), "{text}");
    let (mut told, mut done) = (0, 0);
    let checkpoints = Checkpoints::new(&file);
    let mut trainer = trainer()
        .checkpoints(checkpoints)
        .on_checkpoint(|written| told += usize::from(written.is_err()))
        .on_epoch(|_| done += 1);
    trainer.fit(&train, None).unwrap();
    drop(trainer);
    assert!(told >= 2 && done == 2);

    let empty = Folder::new("empty");
    let resume = |path: &Path| {
        Trainer::new(&net, Adam::new(&net, 0.05)).resume(path).err().unwrap().to_string()
    };
    assert!(resume(&empty.0).contains("no checkpoint in this folder"));
    assert!(resume(&empty.0.join("none")).contains("none"));
    assert!(resume(&file).contains("file"));
    let plain = empty.0.join("plain");
    Checkpoint::new(&net, &Adam::new(&net, 0.05)).unwrap().save(&plain).unwrap();
    let trainer = Trainer::new(&net, Adam::new(&net, 0.05)).resume(&plain).unwrap();
    let text = trainer.insist().fit(&train, None).unwrap_err().to_string();
    assert!(text.contains("how far a training has come") || text.contains("scheduler"), "{text}");
}
