use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::spare::Spare;
use super::sums::Sums;
use super::tree::{Nodes, Tree};
use super::*;
use crate::data::{Dataset, RowSource, Stream, moons};
use crate::nn::{Activation, BatchNorm1d, Dropout, Layer, Linear, Module, Sequential};
use crate::optim::{Adam, Group, Lamb, Lbfgs, Optimizer, Sgd};
use crate::tape::Var;
use crate::tensor::{DType, Result, Rng, Tensor};
use crate::train::{Checkpoints, Stopped, Trainer};

/// Adds up what the shards of one rank give.
fn joined(tree: Tree, rows: usize, mut leaf: impl FnMut(usize) -> Sums) -> Nodes {
    let (mut nodes, spare) = (Nodes::new(), Spare::default());
    tree.own(rows)
        .into_iter()
        .for_each(|shard| tree.join(&mut nodes, (shard, leaf(shard)), rows, &spare));
    nodes
}

/// The rows of each shard, and the number of shards that were added up.
fn dealt(shards: usize, rows: usize) -> String {
    let tree = Tree { shards, ranks: 1, rank: 0 };
    let mut order = Vec::new();
    let sums = |number: f64| Sums { narrow: Vec::new(), wide: vec![number] };
    let nodes = joined(tree, rows, |shard| {
        order.push(format!("{shard}:{}", tree.rows(shard, rows).len()));
        sums(1.0)
    });
    let sum = tree.sum(rows, None, nodes, &|| sums(0.0)).unwrap();
    format!("{} = {}", order.join(" "), sum.wide[0])
}

#[test]
fn rows_are_dealt_to_shards_in_order() {
    assert_eq!(dealt(4, 10), "0:2 1:3 2:2 3:3 = 4");
    assert_eq!(dealt(3, 3), "0:1 1:1 2:1 = 3");
    // A shard without rows is left out.
    assert_eq!(dealt(4, 2), "1:1 3:1 = 2");
    assert_eq!(dealt(4, 0), " = 0");
}

#[test]
fn the_order_of_addition_is_that_of_the_shards_alone() {
    // Of numbers this far apart, each order has another sum.
    let number = |shard: usize, place: usize| {
        (1e8f32).powi(((shard + place) % 3) as i32) * (1.0 + (shard * place) as f32 / 7.0)
    };
    let sums = |shard: usize, count: usize| Sums {
        narrow: (0..count).map(|place| number(shard, place)).collect(),
        wide: vec![f64::from(number(shard, 1)), 1.0],
    };
    let cases = [(1, 4), (2, 4), (5, 9), (8, 8), (8, 3), (13, 40), (16, 5)];
    for ((shards, rows), count) in cases.into_iter().flat_map(|case| [(case, 3), (case, 16_387)]) {
        let of = |ranks: usize| -> Vec<Vec<u64>> {
            std::thread::scope(|scope| {
                let own = |link: ThreadRanks| {
                    move || {
                        let (ranks, rank) = (link.ranks(), link.rank());
                        let tree = Tree { shards, ranks, rank };
                        let spare = Spare::default();
                        let mut link = collective::Link::new(&link, &spare);
                        let own = joined(tree, rows, |shard| sums(shard, count));
                        let zeros = || Sums { narrow: vec![0.0; count], wide: vec![0.0; 2] };
                        let sum = tree.sum(rows, Some(&mut link), own, &zeros).unwrap();
                        let narrow = sum.narrow.iter().map(|own| u64::from(own.to_bits()));
                        narrow.chain(sum.wide.iter().map(|own| own.to_bits())).collect()
                    }
                };
                let all: Vec<_> = ThreadRanks::new(ranks)
                    .into_iter()
                    .map(|link| scope.spawn(own(link)))
                    .collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            })
        };
        let alone = &of(1)[0];
        for ranks in 2..=shards {
            let same = of(ranks).iter().all(|one| one == alone);
            assert!(same, "{shards} shards, {ranks} ranks, {count} numbers");
        }
    }
}

fn net() -> Sequential {
    let rng = &mut Rng::new(5);
    Sequential::new()
        .add(Linear::new(2, 8, rng))
        .add(BatchNorm1d::new(8))
        .add(crate::nn::Tanh)
        .add(Dropout::new(0.2, rng))
        .add(Linear::new(8, 2, rng))
}

fn data() -> Dataset {
    // The last batch of an epoch is a small one.
    moons(75, 0.1, 3).unwrap()
}

/// All that a training leaves behind.
fn state(net: &Sequential) -> Vec<Tensor> {
    let dials = net.named_dials().into_iter().map(|(_, dial)| Tensor::scalar(dial.get()));
    let buffers = net.named_buffers().into_iter().map(|(_, own)| own.value());
    net.parameters().iter().map(|own| own.value()).chain(buffers).chain(dials).collect()
}

fn same(a: &[Tensor], b: &[Tensor]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
}

fn trained(shards: usize, ranks: Option<&ThreadRanks>, opaque: bool) -> Result<Vec<Tensor>> {
    let net = net();
    let mut trainer =
        Trainer::new(&net, Adam::new(&net, 0.02)).epochs(3).batch_size(16).shards(shards);
    if let Some(ranks) = ranks {
        trainer = trainer.across(ranks);
    }
    if opaque {
        trainer = trainer.loss(crate::loss::cross_entropy);
    }
    // Three batches are looked at.
    let history = trainer.fit(&data(), Some(&moons(700, 0.1, 4)?))?;
    drop(trainer);
    let last = history.epochs.last().unwrap();
    let scores = [last.train, last.validation.unwrap()];
    let scores = scores.map(|own| Tensor::from([own.loss, own.accuracy.unwrap()]));
    Ok(state(&net).into_iter().chain(scores).collect())
}

/// What each of some ranks gives.
fn on_ranks<T: Send>(
    ranks: Vec<ThreadRanks>,
    each: impl Fn(ThreadRanks) -> Result<T> + Sync,
) -> Vec<Result<T>> {
    let each = &each;
    std::thread::scope(|scope| {
        let all: Vec<_> = ranks.into_iter().map(|own| scope.spawn(move || each(own))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn any_number_of_ranks_gives_the_same_bits() {
    for opaque in [false, true] {
        let alone = trained(4, None, opaque).unwrap();
        for ranks in 1..=4 {
            for one in on_ranks(ThreadRanks::new(ranks), |own| trained(4, Some(&own), opaque)) {
                assert!(same(&one.unwrap(), &alone), "{ranks} ranks, opaque {opaque}");
            }
        }
    }
    let [four, two] = [4, 2].map(|shards| trained(shards, None, false).unwrap());
    assert!(!same(&four, &two), "the number of shards belongs to the settings");
}

/// A network whose gradients lie in several buckets, with running statistics in the last one.
fn wide_net() -> Sequential {
    let rng = &mut Rng::new(5);
    Sequential::new()
        .add(Linear::new(2, 512, rng))
        .add(BatchNorm1d::new(512))
        .add(crate::nn::Tanh)
        .add(Linear::new(512, 640, rng))
        .add(crate::nn::Tanh)
        .add(Linear::new(640, 2, rng))
}

type Optimizing = dyn Fn(&Sequential) -> Box<dyn Optimizer> + Sync;

/// Trains it for so many epochs, in a folder: from what lies there on, if `resumes`, and else saving there.
fn wide(
    make: &Optimizing,
    own: Option<&ThreadRanks>,
    epochs: usize,
    folder: Option<(&Path, bool)>,
) -> Result<Vec<Tensor>> {
    let net = wide_net();
    let mut trainer = Trainer::new(&net, make(&net)).epochs(epochs).batch_size(25).shards(8);
    if let Some(own) = own {
        trainer = trainer.across(own);
    }
    match folder {
        Some((folder, true)) => trainer = trainer.resume(folder)?,
        Some((folder, false)) => {
            trainer = trainer.checkpoints(Checkpoints::new(folder).every_steps(2));
        }
        None => {}
    }
    trainer.fit(&data(), None)?;
    drop(trainer);
    Ok(state(&net))
}

#[test]
fn buckets_that_are_sent_early_give_the_same_bits() {
    let layout = layout::Layout::of(&wide_net(), &Adam::new(&wide_net(), 0.01));
    assert!(layout.buckets() > 2, "{}", layout.buckets());
    let group = || Group::named("*bias").lr_scale(0.5);
    let all: [(&str, &Optimizing); 7] = [
        ("adam", &|net| Box::new(Adam::new(net, 0.01).weight_decay(0.1))),
        ("sgd", &|net| Box::new(Sgd::new(net, 0.01).momentum(0.9))),
        ("lookahead", &|net| Box::new(Sgd::new(net, 0.01).lookahead(2, 0.5))),
        ("average", &|net| Box::new(Adam::new(net, 0.01).average(0.9))),
        ("group", &move |net| Box::new(Adam::new(net, 0.01).group(group()))),
        // Of these a step needs numbers of other places.
        ("clipped", &|net| Box::new(Adam::new(net, 0.01).clip_norm(0.1))),
        ("lamb", &|net| Box::new(Lamb::new(net, 0.01))),
    ];
    for (name, make) in all {
        let alone = wide(make, None, 2, None).unwrap();
        for ranks in [1, 2, 3, 8] {
            let folder = tempfile::tempdir().unwrap();
            let saves = Some((folder.path(), false));
            for one in on_ranks(ThreadRanks::new(ranks), |own| wide(make, Some(&own), 1, saves)) {
                one.unwrap();
            }
            let resumes = Some((folder.path(), true));
            let others = if ranks == 8 { 4 } else { ranks };
            for one in on_ranks(ThreadRanks::new(others), |own| wide(make, Some(&own), 2, resumes))
            {
                assert!(same(&one.unwrap(), &alone), "{name}, {ranks} ranks and then {others}");
            }
            let own = wide(make, None, 2, resumes).unwrap();
            assert!(same(&own, &alone), "{name}, {ranks} ranks and then alone");
        }
    }
}

#[test]
fn a_small_last_batch_leaves_ranks_without_rows() {
    let train = |own: Option<&ThreadRanks>| {
        let net = Sequential::mlp(&[2, 512, 640, 2], Activation::Tanh, 0.1, &mut Rng::new(1))?;
        // 70 rows, then 5, of which three shards of eight have none.
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(2).batch_size(70);
        trainer = trainer.shards(8);
        if let Some(own) = own {
            trainer = trainer.across(own);
        }
        trainer.fit(&data(), None)?;
        drop(trainer);
        Ok(state(&net))
    };
    let alone = train(None).unwrap();
    for ranks in [2, 5, 8] {
        for one in on_ranks(ThreadRanks::new(ranks), |own| train(Some(&own))) {
            assert!(same(&one.unwrap(), &alone), "{ranks} ranks");
        }
    }
}

/// A branch that only batches of many rows go through.
#[derive(Clone, Module)]
struct Sometimes {
    always: Linear,
    many: Linear,
}

impl Layer for Sometimes {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.always.forward(x);
        if x.shape()[0] > 4 { y + self.many.forward(x) } else { y }
    }
}

#[test]
fn a_parameter_without_a_gradient_in_some_shards_is_added_up_alike() {
    let train = |own: Option<&ThreadRanks>| {
        let rng = &mut Rng::new(3);
        let net = Sometimes { always: Linear::new(2, 2, rng), many: Linear::new(2, 2, rng) };
        let sgd = Sgd::new(&net, 0.1).allow_unused();
        // Shards of nine and ten rows, then of four and five.
        let mut trainer = Trainer::new(&net, sgd).epochs(3).batch_size(38).shards(4);
        if let Some(own) = own {
            trainer = trainer.across(own);
        }
        trainer.fit(&moons(56, 0.1, 3)?, None)?;
        drop(trainer);
        Ok(net.parameters().iter().map(|own| own.value()).collect::<Vec<_>>())
    };
    let alone = train(None).unwrap();
    for ranks in 1..=4 {
        for one in on_ranks(ThreadRanks::new(ranks), |own| train(Some(&own))) {
            assert!(same(&one.unwrap(), &alone), "{ranks} ranks");
        }
    }
}

#[test]
fn what_is_saved_on_request_is_whole() {
    let make: &Optimizing = &|net| Box::new(Adam::new(net, 0.01));
    let alone = wide(make, None, 1, None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let saved = on_ranks(ThreadRanks::new(2), |own| {
        let net = wide_net();
        let request = Arc::new(AtomicBool::new(false));
        let asks = Arc::clone(&request);
        let checkpoints = Checkpoints::new(folder.path()).on_request(request);
        let trainer = Trainer::new(&net, make(&net)).epochs(1).batch_size(25).shards(8);
        let stop = Arc::new(AtomicBool::new(false));
        let mut trainer =
            trainer.checkpoints(checkpoints).across(&own).stop_flag(Arc::clone(&stop));
        // Asked for during the first step, saved after the second; then the training is left.
        trainer = trainer.on_step(move |report| match report.step {
            1 => asks.store(true, Ordering::Relaxed),
            _ => stop.store(true, Ordering::Relaxed),
        });
        trainer.fit(&data(), None).map(drop)
    });
    saved.into_iter().for_each(|one| one.unwrap());
    assert!(folder.path().join("step-2.checkpoint").is_file());
    std::fs::remove_file(folder.path().join("step-3.checkpoint")).unwrap();
    assert!(same(&wide(make, None, 1, Some((folder.path(), true))).unwrap(), &alone));
}

#[test]
fn a_shard_that_fails_ends_the_step_with_its_error() {
    // Labels are looked at when the shard runs, while a thread waits for its gradients.
    let labels = Tensor::from(vec![7i64; 75]);
    let data = Dataset::new(data().inputs().clone(), labels).unwrap();
    let errors = on_ranks(ThreadRanks::new(2), |own| {
        let net = wide_net();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(1).shards(2);
        trainer = trainer.across(&own);
        trainer.fit(&data, None).map(drop)
    });
    for error in errors {
        let text = error.unwrap_err().to_string();
        assert!(text.contains('7') && text.contains("class"), "{text}");
    }
}

#[test]
fn shards_take_the_step_of_the_whole_batch() {
    // Without what is computed over a batch, and random numbers.
    let step = |shards: usize| {
        let net = Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.0, &mut Rng::new(1)).unwrap();
        let sgd = Sgd::new(&net, 0.5);
        let mut trainer = Trainer::new(&net, sgd).epochs(1).batch_size(75).shards(shards);
        let history = trainer.fit(&data(), None).unwrap();
        drop(trainer);
        (state(&net), history.epochs[0].train)
    };
    let (whole, scores) = step(1);
    for shards in [2, 3, 8, 75, 100] {
        let (cut, own) = step(shards);
        assert!((own.loss - scores.loss).abs() < 1e-6, "{own:?}");
        assert_eq!(own.accuracy, scores.accuracy);
        for (a, b) in whole.iter().zip(&cut) {
            assert!(a.all_close(b, 1e-5, 1e-6), "{shards} shards: {a} {b}");
        }
    }
}

#[test]
fn weighted_rows_are_cut_alike() {
    let weights = (0..75).map(|row| (row % 3) as f32).collect();
    let data = data().with_weights(weights).unwrap();
    let step = |shards: usize| {
        let net = Linear::new(2, 2, &mut Rng::new(1));
        let mut trainer =
            Trainer::new(&net, Sgd::new(&net, 0.5)).epochs(1).batch_size(75).shards(shards);
        let history = trainer.fit(&data, None).unwrap();
        drop(trainer);
        (net.parameters()[0].value(), history.epochs[0].train.loss)
    };
    let ((whole, loss), (cut, own)) = (step(1), step(7));
    assert!(whole.all_close(&cut, 1e-5, 1e-6) && (loss - own).abs() < 1e-6, "{loss} {own}");
}

#[test]
fn ranks_that_read_their_own_rows_give_the_same_bits() {
    struct Held(Dataset);
    impl RowSource for Held {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn read(&self, rows: std::ops::Range<usize>) -> Result<Dataset> {
            self.0.rows(&rows.collect::<Vec<_>>())
        }
    }
    let train = |own: Option<&ThreadRanks>, shards: usize| {
        let stream = Stream::new(Held(data()))?.block_rows(5).blocks_together(4);
        let net = net();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).batch_size(16);
        trainer = trainer.shards(shards);
        if let Some(own) = own {
            trainer = trainer.across(own);
        }
        let history = trainer.fit_stream(&stream, Some(&data()))?;
        drop(trainer);
        let loss = Tensor::scalar(history.epochs[1].train.loss);
        Ok(state(&net).into_iter().chain([loss]).collect::<Vec<_>>())
    };
    for shards in [2, 4, 5] {
        let alone = train(None, shards).unwrap();
        for ranks in 1..=shards {
            for one in on_ranks(ThreadRanks::new(ranks), |own| train(Some(&own), shards)) {
                assert!(same(&one.unwrap(), &alone), "{ranks} ranks for {shards} shards");
            }
        }
    }
}

#[test]
fn shards_draw_different_random_numbers() {
    // Both halves of the batch are the same rows: only the masks tell their gradients apart.
    let x = Tensor::ones([8, 2], DType::F32);
    let data = Dataset::new(x, Tensor::zeros([8], DType::I64)).unwrap();
    let gradient = |shards: usize, first: bool| {
        let rng = &mut Rng::new(2);
        let net = Sequential::new()
            .add(Linear::new(2, 64, rng))
            .add(Dropout::new(0.5, rng))
            .add(Linear::new(64, 2, rng));
        let rows = if first { data.rows(&[0, 1, 2, 3]).unwrap() } else { data.clone() };
        let before = net.parameters()[0].value();
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 1.0)).epochs(1).batch_size(8);
        trainer = trainer.shards(shards);
        trainer.fit(&rows, None).unwrap();
        drop(trainer);
        assert_eq!(net.named_dials()[0].1.get(), 1.0, "one draw for a step");
        let after = net.parameters()[0].value().to_f64_vec();
        after.iter().zip(before.to_f64_vec()).map(|(a, b)| b - a).collect::<Vec<_>>()
    };
    let (alone, both) = (gradient(1, true), gradient(2, false));
    let apart = alone.iter().zip(&both).filter(|(a, b)| (**a - **b).abs() > 1e-4).count();
    assert!(apart > 10, "the second shard has masks of its own: {alone:?} {both:?}");
}

#[test]
fn a_stop_of_any_rank_is_one_of_all_after_the_same_step() {
    let stopped = on_ranks(ThreadRanks::new(3), |own| {
        let net = net();
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, rank) = (Arc::clone(&stop), own.rank());
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(3).batch_size(16);
        trainer = trainer.shards(4).stop_flag(stop).across(&own).on_step(move |report| {
            if rank == 2 && report.epoch == 2 && report.step == 2 {
                flag.store(true, Ordering::Relaxed);
            }
        });
        let history = trainer.fit(&data(), None)?;
        drop(trainer);
        Ok((history.stopped, history.epochs.len(), state(&net)))
    });
    let all: Vec<_> = stopped.into_iter().map(Result::unwrap).collect();
    for (stopped, epochs, state) in &all {
        assert_eq!((*stopped, *epochs), (Stopped::Requested, 2));
        assert!(same(state, &all[0].2));
    }
}

#[test]
fn another_number_of_ranks_goes_on_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let train = |epochs: usize, own: Option<&ThreadRanks>, saves: bool, resumes: bool| {
        let net = net();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(epochs).batch_size(16);
        trainer = trainer.shards(4);
        if saves {
            trainer = trainer.checkpoints(Checkpoints::new(folder.path()).every_steps(2));
        }
        if resumes {
            trainer = trainer.resume(folder.path())?;
        }
        if let Some(own) = own {
            trainer = trainer.across(own);
        }
        trainer.fit(&data(), None)?;
        drop(trainer);
        Ok(state(&net))
    };
    let whole = train(4, None, false, false).unwrap();
    for one in on_ranks(ThreadRanks::new(3), |own| train(2, Some(&own), true, false)) {
        one.unwrap();
    }
    for one in on_ranks(ThreadRanks::new(2), |own| train(4, Some(&own), false, true)) {
        assert!(same(&one.unwrap(), &whole));
    }
    assert!(same(&train(4, None, false, true).unwrap(), &whole));
    let net = net();
    let trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(4).batch_size(16).shards(2);
    let error = trainer.resume(folder.path()).unwrap().fit(&data(), None).unwrap_err();
    assert!(
        error.to_string().contains("shards of a batch: 4 in the checkpoint, 2 here"),
        "{error}"
    );
}

#[test]
fn ranks_that_differ_are_told_before_the_first_step() {
    let errors = on_ranks(ThreadRanks::new(3), |own| {
        let net = net();
        let rows = if own.rank() == 2 { 74 } else { 75 };
        let data = moons(rows, 0.1, 3)?;
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).shards(4);
        trainer = trainer.batch_size(16 + usize::from(own.rank() == 1)).across(&own);
        trainer.fit(&data, None).map(|_| ())
    });
    for error in errors {
        let text = error.unwrap_err().to_string();
        let size = "batch size: 16 on rank 0 (thread 0), 17 on rank 1 (thread 1)";
        assert!(text.contains(size), "{text}");
        assert!(text.contains("training data: 75 rows") && text.contains("74 rows"), "{text}");
    }
    let errors = on_ranks(ThreadRanks::new(2), |own| {
        let rng = &mut Rng::new(own.rank() as u64);
        let net = Linear::new(2, 2, rng);
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).shards(2).across(&own);
        trainer.fit(&data(), None).map(|_| ())
    });
    for error in errors {
        let text = error.unwrap_err().to_string();
        assert!(text.contains("weights to begin with"), "{text}");
    }
    // The same weights in other layers, and another end.
    let errors = on_ranks(ThreadRanks::new(2), |own| {
        let kinds = [Activation::Tanh, Activation::Relu];
        let rng = &mut Rng::new(1);
        let net = Sequential::mlp(&[2, 4, 2], kinds[own.rank()], 0.0, rng)?;
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).shards(2);
        trainer = trainer.epochs(2 + own.rank()).across(&own);
        trainer.fit(&data(), None).map(|_| ())
    });
    for error in errors {
        let text = error.unwrap_err().to_string();
        assert!(text.contains("network: ") && text.contains("relu"), "{text}");
        assert!(text.contains("epochs: 2 on rank 0 (thread 0), 3 on rank 1"), "{text}");
    }
}

#[test]
fn a_rank_that_ends_or_hangs_is_told() {
    let mut ranks = ThreadRanks::new(2);
    drop(ranks.pop());
    let error = ranks[0].receive(1, 1).unwrap_err().to_string();
    assert!(error.contains("rank 1 has ended"), "{error}");

    let ranks = ThreadRanks::new(2);
    let first = ranks.into_iter().next().unwrap();
    let error = first.send(1, vec![0]).unwrap_err().to_string();
    assert!(error.contains("rank 1 has ended"), "{error}");

    let mut ranks = ThreadRanks::new(2).into_iter();
    let (first, second) = (ranks.next().unwrap(), ranks.next().unwrap());
    let first = first.patience(Duration::from_millis(20));
    let error = first.receive(1, 1).unwrap_err().to_string();
    assert!(error.contains("rank 1 sent nothing for 20ms"), "{error}");
    second.send(0, vec![1, 2]).unwrap();
    let error = first.receive(1, 1).unwrap_err().to_string();
    assert!(error.contains("sent 2 bytes where 1 were due"), "{error}");
    assert!(first.send(7, Vec::new()).unwrap_err().to_string().contains("rank 7 of 2"));
}

#[test]
fn what_cannot_be_cut_is_told() {
    let net = Sequential::mlp(&[2, 4, 2], Activation::Tanh, 0.0, &mut Rng::new(1)).unwrap();
    let told = |trainer: Trainer<'_>, word: &str| {
        let mut trainer = trainer;
        let error = trainer.fit(&data(), None).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    let trainer = || Trainer::new(&net, Adam::new(&net, 0.02)).epochs(1);
    told(trainer().shards(0), "0 shards");
    told(trainer().shards(2).accumulate(2), "gathers several batches");
    told(trainer().shards(2).precision(DType::F16), "scales its loss");
    told(Trainer::new(&net, Lbfgs::new(&net, 1.0)).shards(2), "looks at the loss several times");
    told(
        trainer().shards(2).step(|_, batch, _| Ok((0.0, batch.x.clone()))),
        "takes steps of its own",
    );
    let ranks = ThreadRanks::new(3);
    told(trainer().shards(2).across(&ranks[0]), "3 ranks share the shards of a batch");
    told(trainer().batch_size(3).shards(4).across(&ranks[0]), "batches of 3 rows");
    trainer().shards(2).precision(DType::BF16).fit(&data(), None).unwrap();
}

#[test]
fn traffic_is_told() {
    let told = on_ranks(ThreadRanks::new(2), |own| {
        let net = Linear::new(2, 2, &mut Rng::new(1));
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).epochs(1).batch_size(75);
        trainer = trainer.shards(2).across(&own);
        trainer.fit(&data(), None)?;
        Ok(trainer.traffic())
    });
    for traffic in told.into_iter().map(Result::unwrap) {
        assert!(traffic.sent > 6 * 4 && traffic.waited <= traffic.steps, "{traffic:?}");
        assert!((0.0..=1.0).contains(&traffic.share()), "{traffic:?}");
    }
}
