use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::*;
use crate::data::{digits, iris, xor};
use crate::loss::mse;
use crate::nn::{Activation, Flatten, Linear, Module, Sequential};
use crate::optim::{Adam, Sgd};
use crate::tape::{Parameter, Tape};
use crate::tensor::{Rng, Tensor};
use crate::train::{Stopped, evaluate, predict};

fn net(sizes: &[usize], dropout: f64) -> Sequential {
    Sequential::mlp(sizes, Activation::Relu, dropout, &mut Rng::new(3)).unwrap()
}

fn weights(net: &Sequential) -> Vec<Tensor> {
    net.parameters().iter().map(Parameter::value).collect()
}

fn same(a: &[Tensor], b: &[Tensor]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.equals(b))
}

#[test]
fn iris_is_learnt_and_the_same_seed_gives_the_same_bits() {
    let split = iris().split_modulo(5, 4).unwrap();
    let run = || {
        let net = net(&[4, 16, 3], 0.1);
        let adam = Adam::new(&net, 0.01);
        let mut trainer = Trainer::new(&net, adam).epochs(30).batch_size(16).seed(5);
        let history = trainer.fit(&split.train, None).unwrap();
        (history, weights(&net), evaluate(&net, &split.test, 7).unwrap())
    };
    let (first, second) = (run(), run());
    assert_eq!(first.0, second.0);
    assert!(same(&first.1, &second.1));
    assert!(first.2.accuracy.unwrap() >= 0.8348, "{:?}", first.2);
    assert_eq!(first.0.epochs.len(), 30);
    assert_eq!(first.0.to_csv().lines().count(), 31);
}

#[test]
fn reports_say_where_training_is() {
    let data = xor(50, 0.1, 1).unwrap();
    let net = net(&[2, 4, 2], 0.0);
    let (steps, epochs) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1))
        .epochs(2)
        .batch_size(20)
        .schedule(Schedule::Step { step_size: 3, gamma: 0.1 }, Every::Step)
        .on_step(|report| steps.lock().unwrap().push((report.epoch, report.step, report.steps)))
        .on_epoch(|report| epochs.lock().unwrap().push(report.clone()));
    let history = trainer.fit(&data, Some(&data)).unwrap();
    assert_eq!(
        *steps.lock().unwrap(),
        [(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]
    );
    assert_eq!(*epochs.lock().unwrap(), history.epochs);
    assert_eq!(history.epochs[1].validation, Some(evaluate(&net, &data, 50).unwrap()));
    assert_eq!((history.stopped, history.kept_epoch), (Stopped::Finished, 2));
}

#[test]
fn averages_are_validated_and_stay_in_the_network() {
    let data = xor(60, 0.1, 1).unwrap();
    let fitted = |average: Option<f64>| {
        let net = net(&[2, 4, 2], 0.0);
        let mut adam = Adam::new(&net, 0.05);
        average.into_iter().for_each(|decay| adam.set_average(decay));
        let mut trainer = Trainer::new(&net, adam).epochs(3).batch_size(20);
        let last = trainer.fit(&data, Some(&data)).unwrap().epochs[2].validation.unwrap();
        assert_eq!(last, evaluate(&net, &data, 256).unwrap());
        // Nothing of what is trained sees the averages.
        (trainer.history().epochs.iter().map(|epoch| epoch.train).collect::<Vec<_>>(), last)
    };
    let (plain, averaged) = (fitted(None), fitted(Some(0.9)));
    assert_eq!(plain.0, averaged.0);
    assert!(averaged.1.loss > plain.1.loss, "{averaged:?} {plain:?}");
    assert_eq!(fitted(Some(0.0)), plain);
}

#[test]
fn a_rate_that_is_too_high_stops_and_keeps_the_last_good_weights() {
    let data = digits().flatten();
    let net = net(&[64, 8, 10], 0.0);
    let start = weights(&net);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 1e30)).epochs(3).batch_size(300);
    let error = trainer.fit(&data, None).unwrap_err();
    assert!(error.message().contains("at epoch 1, step "), "{error}");
    assert!(error.to_string().contains("first weights"), "{error}");
    assert!(trainer.history().epochs.is_empty());
    assert_eq!((trainer.history().stopped, trainer.history().kept_epoch), (Stopped::Diverged, 0));
    assert!(same(&weights(&net), &start));

    // The first epoch is good; then the rate explodes.
    let schedule = Schedule::Step { step_size: 1, gamma: 1e30 };
    let kept = Mutex::new(Vec::new());
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01))
        .schedule(schedule, Every::Epoch)
        .batch_size(300)
        .on_epoch(|_| *kept.lock().unwrap() = weights(&net));
    let error = trainer.fit(&data, None).unwrap_err();
    assert!(error.message().contains("at epoch 2, step "), "{error}");
    assert!(error.to_string().contains("after epoch 1"), "{error}");
    assert_eq!(trainer.history().epochs.len(), 1);
    assert_eq!((trainer.history().stopped, trainer.history().kept_epoch), (Stopped::Diverged, 1));
    assert!(same(&weights(&net), &kept.lock().unwrap()));
}

#[test]
fn a_training_goes_on_after_one_that_diverged() {
    let data = iris();
    let net = net(&[4, 8, 3], 0.0);
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.01)).epochs(2);
    trainer.fit(&data, None).unwrap();
    let state = |trainer: &Trainer<'_>| trainer.optimizer().state().unwrap();
    let before = state(&trainer);
    assert!(before.len() > 1 && trainer.optimizer().steps() == 10);
    trainer.optimizer().set_learning_rate(1e38).unwrap();
    let error = trainer.fit(&data, None).unwrap_err();
    assert_eq!(trainer.history().stopped, Stopped::Diverged, "{error}");
    let after = state(&trainer);
    assert!(before.iter().zip(&after).all(|(a, b)| a.0 == b.0 && a.1.equals(&b.1)));

    trainer.optimizer().set_learning_rate(0.01).unwrap();
    let history = trainer.fit(&data, None).unwrap();
    assert_eq!((history.stopped, history.epochs.len()), (Stopped::Finished, 2));
    assert!(weights(&net).iter().all(|w| w.to_f64_vec().iter().all(|x| x.is_finite())));
}

#[test]
fn early_stopping_restores_the_best_epoch() {
    let data = iris();
    let net = net(&[4, 8, 3], 0.0);
    let kept = Mutex::new(Vec::new());
    // From the third epoch on the rate is far too high, so that the loss rises.
    let schedule = Schedule::Step { step_size: 2, gamma: 300.0 };
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.01))
        .epochs(50)
        .schedule(schedule, Every::Epoch)
        .early_stopping(EarlyStopping { patience: 2, min_delta: 0.0 })
        .on_epoch(|_| kept.lock().unwrap().push(weights(&net)));
    let history = trainer.fit(&data, Some(&data)).unwrap();
    let losses: Vec<f64> = history.epochs.iter().map(|e| e.validation.unwrap().loss).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let best = losses.iter().position(|&loss| loss == lowest).unwrap();
    assert_eq!(history.stopped, Stopped::Early { best_epoch: best + 1 }, "{losses:?}");
    assert_eq!((history.epochs.len(), history.kept_epoch), (best + 3, best + 1));
    assert!(same(&weights(&net), &kept.lock().unwrap()[best]));
}

#[test]
fn a_schedule_starts_from_the_optimisers_rate_in_every_training() {
    let data = iris();
    let net = net(&[4, 8, 3], 0.0);
    let schedule = Schedule::Cosine { t_max: 4, eta_min: 0.0 };
    let trainer = Trainer::new(&net, Sgd::new(&net, 0.01)).epochs(5);
    let mut trainer = trainer.schedule(schedule, Every::Epoch);
    let rates = |history: History| history.epochs.iter().map(|e| e.learning_rate).collect();
    let first: Vec<f64> = rates(trainer.fit(&data, None).unwrap());
    let before = weights(&net);
    let second: Vec<f64> = rates(trainer.fit(&data, None).unwrap());
    assert_eq!((first[0], first[4]), (0.01, 0.0));
    assert_eq!(first, second);
    assert!(!same(&before, &weights(&net)));
}

#[test]
fn a_stop_flag_ends_after_the_step() {
    let data = iris();
    let net = net(&[4, 8, 3], 0.0);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let mut trainer =
        Trainer::new(&net, Adam::new(&net, 0.01)).stop_flag(stop).on_step(move |report| {
            flag.store(report.epoch == 2 && report.step == 3, Ordering::Relaxed)
        });
    let history = trainer.fit(&data, Some(&data)).unwrap();
    assert_eq!((history.stopped, history.epochs.len()), (Stopped::Requested, 2));
    assert_eq!(history.kept_epoch, 2);
    assert!(history.epochs[0].validation.is_some() && history.epochs[1].validation.is_none());
}

#[test]
fn numbers_are_learnt_too() {
    let x =
        Tensor::uniform([64, 3], -1.0, 1.0, crate::tensor::DType::F32, &mut Rng::new(1)).unwrap();
    let truth = Linear::new(3, 1, &mut Rng::new(9));
    let y = predict(&truth, &x, 10).unwrap();
    let data = Dataset::new(x, y).unwrap();
    let net = Linear::new(3, 1, &mut Rng::new(4));
    let trainer = Trainer::new(&net, Adam::new(&net, 0.05)).epochs(60).batch_size(16);
    let history = trainer.clip_norm(10.0).fit(&data, None).unwrap();
    let error = history.epochs.last().unwrap().train.mean_absolute_error.unwrap();
    assert!(error < 0.01, "{error}");
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let (data, net) = (iris(), net(&[4, 8, 3], 0.0));
    let trainer = || Trainer::new(&net, Adam::new(&net, 0.01));
    assert!(trainer().batch_size(0).fit(&data, None).is_err());
    let empty = data.rows(&[]).unwrap();
    let text = trainer().fit(&data, Some(&empty)).unwrap_err().to_string();
    assert!(text.contains("no validation examples"), "{text}");
    assert!(trainer().fit(&empty, None).is_err());
    let early = EarlyStopping { patience: 0, min_delta: 0.0 };
    assert!(trainer().early_stopping(early).fit(&data, None).is_err());
    assert!(predict(&net, data.inputs(), 0).is_err());
    assert_eq!(predict(&net, empty.inputs(), 5).unwrap().shape()[..], [0, 3]);
    let wide = digits().flatten();
    assert!(trainer().fit(&wide, None).unwrap_err().to_string().contains("takes 4 features"));
}

/// A network that is not static, though it computes the same.
#[derive(Clone, Module)]
struct Recorded(Sequential);

impl Layer for Recorded {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.0.forward(x)
    }
}

#[test]
fn a_compiled_step_gives_the_same_bits() {
    let data = digits().flatten();
    let split = data.split(0.1, 0.0, 1).unwrap();
    let schedule = || Schedule::by_name("cosine", 0.01, 80).unwrap();
    // The last batch is smaller, dropout counts its uses, the rate changes at every step.
    let run = |net: &dyn Layer| {
        let mut adam = Adam::new(&net, 0.01);
        adam.set_clip_norm(Some(0.5));
        let trainer = Trainer::new(&net, adam).epochs(2).batch_size(100).seed(3);
        let mut trainer = trainer.schedule(schedule(), Every::Step);
        let history = trainer.fit(&split.train, Some(&split.validation)).unwrap();
        (history, net.parameters().iter().map(Parameter::value).collect::<Vec<_>>())
    };
    let (compiled, recorded) = (net(&[64, 16, 10], 0.3), Recorded(net(&[64, 16, 10], 0.3)));
    assert!(compiled.is_static() && !recorded.is_static());
    let (first, second) = (run(&compiled), run(&recorded));
    assert_eq!(first.0, second.0);
    assert!(same(&first.1, &second.1));
    // They were trained at all.
    assert!(!same(&first.1, &weights(&net(&[64, 16, 10], 0.3))));
}

#[test]
fn labels_beyond_the_outputs_of_the_network_are_named() {
    let data = digits().flatten();
    let net = net(&[64, 8, 4], 0.0);
    let start = weights(&net);
    let error = Trainer::new(&net, Sgd::new(&net, 0.1)).fit(&data, None).unwrap_err().to_string();
    assert!(error.contains("but there are 4 classes"), "{error}");
    assert!(same(&weights(&net), &start));
    let error = evaluate(&net, &data, 100).unwrap_err().to_string();
    assert!(error.contains("row 4 has label 4, but there are 4 classes"), "{error}");
}

#[test]
fn a_loss_that_fails_names_the_call_of_the_trainer() {
    let data = digits().flatten();
    let (compiled, recorded) = (net(&[64, 8, 4], 0.0), Recorded(net(&[64, 8, 4], 0.0)));
    let nets: [&dyn Layer; 2] = [&compiled, &recorded];
    for net in nets {
        let trainer = || Trainer::new(&net, Sgd::new(&net, 0.1));
        let scores = data.rows(&[0, 1, 2, 3]).unwrap();
        for error in [
            trainer().fit(&data, None).unwrap_err(),
            trainer().loss(mse).fit(&data, None).unwrap_err(),
            // The rows to train on are of the four classes, those to validate are not.
            trainer().epochs(1).fit(&scores, Some(&data)).unwrap_err(),
            evaluate(&net, &data, 100).unwrap_err(),
        ] {
            assert_eq!(error.location().unwrap().file(), file!(), "{error}");
        }
    }
}

#[test]
fn inputs_that_do_not_fit_name_the_layer_and_the_call() {
    let data = digits();
    let net = Sequential::new().add(Flatten).add(net(&[63, 8, 10], 0.0));
    let tape = Tape::new();
    for (error, line) in [
        (Trainer::new(&net, Sgd::new(&net, 0.1)).fit(&data, None).unwrap_err(), line!()),
        (evaluate(&net, &data, 100).unwrap_err(), line!()),
        (predict(&net, data.inputs(), 100).unwrap_err(), line!()),
        (net.forward(tape.constant(data.inputs())).value().unwrap_err(), line!()),
    ] {
        let at = error.location().unwrap();
        assert_eq!((at.file(), at.line()), (file!(), line), "{error}");
        let text = error.to_string();
        assert!(text.contains("takes 63 features"), "{text}");
        assert!(text.contains("  in layer 1.0 (Linear)\n"), "{text}");
        assert!(!text.contains("gradtape/src/nn"), "{text}");
    }
}

#[test]
fn steps_are_those_of_the_optimiser_however_many_batches_each_takes() {
    let data = xor(50, 0.1, 1).unwrap();
    for batches in [1, 4] {
        let net = net(&[2, 4, 2], 0.0);
        let mut trainer =
            Trainer::new(&net, Sgd::new(&net, 0.1)).batch_size(10).accumulate(batches).steps(3);
        trainer.fit(&data, None).unwrap();
        assert_eq!(trainer.optimizer().steps(), 3, "{batches}");
    }
}

#[test]
fn the_scores_of_a_search_are_those_of_training() {
    use crate::nn::Dropout;
    use crate::optim::Lbfgs;
    let data = iris();
    let net = Sequential::new()
        .add(Linear::new(4, 3, &mut Rng::new(1)))
        .add(Dropout::new(0.999, &mut Rng::new(2)));
    let mut trainer =
        Trainer::new(&net, Lbfgs::new(&net, 1e-9).max_iter(1)).batch_size(150).epochs(1);
    let history = trainer.fit(&data, None).unwrap();
    // Of nearly all rows all outputs are dropped, so that the first class is as good as any.
    let (dropped, whole) = (&history.epochs[0].train, evaluate(&net, &data, 150).unwrap());
    assert_ne!(dropped.accuracy, whole.accuracy);
}

#[test]
fn weights_of_rows_are_rows_that_come_as_often() {
    let numbers = |values: &[f32]| Tensor::from_vec(values.to_vec(), [values.len(), 1]).unwrap();
    let data = Dataset::new(numbers(&[0.3, -1.0]), numbers(&[1.0, 2.0])).unwrap();
    let classes = Tensor::from_vec(vec![1i64, 0], 2).unwrap();
    let classes = Dataset::new(numbers(&[0.3, -1.0]), classes).unwrap();
    for (data, outputs) in [(data, 1), (classes, 2)] {
        // Weights about 1: of three rows two are the same.
        let weighed = data.clone().with_weights(vec![4.0 / 3.0, 2.0 / 3.0]).unwrap();
        let repeated = data.rows(&[0, 0, 1]).unwrap();
        let run = |data: &Dataset, precision| {
            let net = net(&[1, 5, outputs], 0.0);
            let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).epochs(8).batch_size(3);
            trainer = trainer.precision(precision);
            let history = trainer.fit(data, Some(data)).unwrap();
            let last = history.epochs[7].clone();
            (weights(&net), [last.train.loss, last.validation.unwrap().loss])
        };
        for precision in [DType::F32, DType::F16] {
            let [one, other] = [&weighed, &repeated].map(|data| run(data, precision));
            for (a, b) in one.0.iter().zip(&other.0) {
                let near = |(a, b): (f64, f64)| (a - b).abs() < 1e-6;
                assert!(a.to_f64_vec().into_iter().zip(b.to_f64_vec()).all(near));
            }
            let near = |at: usize| (one.1[at] - other.1[at]).abs() < 1e-6;
            assert!(near(0) && near(1), "{:?} {:?}", one.1, other.1);
        }
    }
}

#[test]
fn rows_that_do_not_count_are_no_validation() {
    let weights = (0..10).map(|row| if row < 5 { 0.0 } else { 2.0 }).collect();
    let data = xor(10, 0.1, 1).unwrap().with_weights(weights).unwrap();
    let [none, some] = [0..5, 5..10].map(|rows| data.rows(&rows.collect::<Vec<_>>()).unwrap());
    let net = net(&[2, 4, 2], 0.0);
    let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).epochs(1);
    let error = trainer.fit(&some, Some(&none)).unwrap_err().to_string();
    assert!(error.contains("all 5 validation examples have weight 0"), "{error}");
    let error = trainer.fit(&none, Some(&some)).unwrap_err().to_string();
    assert!(error.contains("all 5 training examples have weight 0"), "{error}");
    assert!(evaluate(&net, &none, 4).is_err());
    trainer.fit(&data, Some(&some)).unwrap();
}

#[test]
fn weights_that_nobody_would_look_at_are_refused() {
    let data = xor(10, 0.1, 1).unwrap().with_weights(vec![0.5; 10]).unwrap();
    let net = net(&[2, 4, 2], 0.0);
    let own = crate::loss::cross_entropy;
    for validation in [None, Some(&data)] {
        let train = if validation.is_some() { &xor(10, 0.1, 1).unwrap() } else { &data };
        let mut trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).loss(own);
        let error = trainer.fit(train, validation).unwrap_err().to_string();
        assert!(error.contains("weigh in Trainer::step"), "{error}");
    }
    assert!(crate::train::evaluate_with(&net, &data, 4, own).is_err());
    // A step of one's own gets them.
    let trainer = Trainer::new(&net, Sgd::new(&net, 0.1)).step(|tape, batch, optimizer| {
        let outputs = net.forward(tape.constant(&batch.x)).keep();
        let loss = crate::loss::cross_entropy(outputs, tape.constant(&batch.y));
        assert_eq!(batch.w.as_ref().unwrap().to_f64_vec(), vec![0.5; batch.len()]);
        optimizer.step(loss)?;
        Ok((loss.item()?, outputs.value()?))
    });
    trainer.epochs(1).fit(&data, None).unwrap();
}
