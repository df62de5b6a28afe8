//! [`Trainer::step`]: a step that the user writes.

use super::Trainer;
use super::step::{Parts, Step};
use crate::data::Batch;
use crate::optim::Optimizer;
use crate::tape::Tape;
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// A step that a trainer keeps.
pub(super) type OwnStep<'n> =
    dyn Fn(&mut Tape, &Batch, &dyn Optimizer) -> Result<(f64, Tensor)> + Send + 'n;

impl<'n> Trainer<'n> {
    /// Takes steps in a way of one's own: several losses, a penalty on gradients, two networks in turn. Batches, epochs,
    /// scores, schedules, early stopping and progress stay the trainer's.
    ///
    /// The function gets a tape without nodes, a batch, and the optimiser of the trainer, whose rate the schedule
    /// sets. It records what it wants, has one or several optimisers take their steps, and gives the loss that is told
    /// and the outputs of the network, of which the scores are made. A tape takes one step of an optimiser; for another
    /// one it is [reset](Tape::reset), or the function makes a tape of its own. It shall not keep random numbers or
    /// counters of its own, or the same seed would not give the same bits after a [stop](Trainer::resume); of a second
    /// optimiser, checkpoints know where they are [told](Trainer::saving_optimizer) of it.
    ///
    /// Validation has the [loss](Trainer::loss) of the trainer. [`Trainer::fit`] fails where something is asked for that
    /// is of the trainer's own steps: [accumulation](Trainer::accumulate), a [precision](Trainer::precision) other than
    /// f32, a [profile](Trainer::profile). [Watches](Trainer::watch) are told of steps and epochs, and do not look into
    /// steps.
    ///
    /// ```
    /// use gradtape::nn::{Activation, Layer, Module, Sequential};
    /// use gradtape::{Rng, data::moons, gradient, loss::cross_entropy, optim::Adam, train::Trainer};
    /// let data = moons(100, 0.1, 7)?;
    /// let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.0, &mut Rng::new(7))?;
    /// // The output shall not change fast with the input: Drucker and LeCun 1992.
    /// let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(2).step(|tape, batch, optimizer| {
    ///     let x = tape.watch(&batch.x);
    ///     let outputs = net.forward(x).keep();
    ///     let loss = cross_entropy(outputs, tape.constant(&batch.y));
    ///     let [slope] = gradient(loss, [x]);
    ///     let all = loss + 0.1 * slope.square().sum(());
    ///     optimizer.step(all)?;
    ///     Ok((all.item()?, outputs.value()?))
    /// });
    /// let history = trainer.fit(&data, None)?;
    /// assert!(history.epochs[1].train.loss < history.epochs[0].train.loss);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    pub fn step(
        self,
        step: impl Fn(&mut Tape, &Batch, &dyn Optimizer) -> Result<(f64, Tensor)> + Send + 'n,
    ) -> Self {
        Trainer { own_step: Some(Box::new(step)), ..self }
    }
}

/// The step of a user. Fails for what is of the trainer's own steps.
pub(super) fn taken<'a, 'n: 'a>(parts: Parts<'a, 'n>, step: &'a OwnStep<'n>) -> Result<Step<'a>> {
    let others = [
        ("gathers several batches", parts.accumulate > 1),
        ("computes in another precision", parts.precision != DType::F32),
        ("is compiled, and can be profiled", parts.profiler.is_some()),
    ];
    if let Some((what, _)) = others.iter().find(|(_, asked)| *asked) {
        let message = format!("a step of one's own is taken where one is asked for that {what}");
        return Err(Error::new(Kind::Value, message)
            .hint("have the function of `Trainer::step` do it, or leave one of the two out"));
    }
    let mut tape = Tape::new();
    Ok(Box::new(move |batch| {
        tape.reset();
        tape.set_mode(parts.mode);
        step(&mut tape, batch, parts.optimizer)
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::data::{Dataset, moons};
    use crate::loss::cross_entropy;
    use crate::nn::{Activation, Module, Sequential};
    use crate::optim::{Adam, Schedule};
    use crate::tensor::Rng;
    use crate::train::{Checkpoints, EpochReport, Every, StepReport, Watch};

    fn data() -> Dataset {
        moons(60, 0.1, 3).unwrap()
    }

    fn net(seed: u64) -> Sequential {
        Sequential::mlp(&[2, 8, 2], Activation::Tanh, 0.1, &mut Rng::new(seed)).unwrap()
    }

    fn usual(
        net: &Sequential,
    ) -> impl Fn(&mut Tape, &Batch, &dyn Optimizer) -> Result<(f64, Tensor)> + Send {
        |tape, batch, optimizer| {
            let outputs = net.forward(tape.constant(&batch.x)).keep();
            let loss = cross_entropy(outputs, tape.constant(&batch.y));
            optimizer.step(loss)?;
            Ok((loss.item()?, outputs.value()?))
        }
    }

    fn same(a: &Sequential, b: &Sequential) -> bool {
        let pairs = a.parameters().into_iter().zip(b.parameters());
        pairs.into_iter().all(|(a, b)| a.value().equals(&b.value()))
    }

    #[test]
    fn the_usual_step_gives_the_usual_bits() {
        let (own, theirs) = (net(1), net(1));
        let schedule = || Schedule::Cosine { t_max: 40, eta_min: 0.0 };
        let mut trainer = Trainer::new(&own, Adam::new(&own, 0.02)).epochs(3).seed(5);
        trainer = trainer.schedule(schedule(), Every::Step).step(usual(&own));
        let history = trainer.fit(&data(), Some(&data())).unwrap();
        let trainer = Trainer::new(&theirs, Adam::new(&theirs, 0.02)).epochs(3).seed(5);
        let other = trainer.schedule(schedule(), Every::Step).fit(&data(), Some(&data())).unwrap();
        assert_eq!(history, other);
        assert!(same(&own, &theirs));
    }

    #[test]
    fn two_networks_learn_in_turn_and_go_on_after_a_stop() {
        let folder = tempfile::tempdir().unwrap();
        let train = |epochs: usize, checkpoints: bool, resume: bool| {
            let (first, second) = (net(1), net(2));
            let other = Adam::new(&second, 0.05);
            let whole = Both { first: &first, second: &second };
            let mut trainer = Trainer::new(&first, Adam::new(&first, 0.02)).epochs(epochs);
            if checkpoints {
                trainer = trainer.checkpoints(Checkpoints::new(folder.path()));
            }
            trainer = trainer.saving(&whole).saving_optimizer("other", &other);
            let mut trainer = trainer.step(|tape, batch, optimizer| {
                let (x, y) = (tape.constant(&batch.x), tape.constant(&batch.y));
                other.step(cross_entropy(second.forward(x), y))?;
                tape.reset();
                // The first learns what the second answers.
                let (x, y) = (tape.constant(&batch.x), tape.constant(&batch.y));
                let answers = second.forward(x).value()?;
                let outputs = first.forward(x).keep();
                let loss = (outputs - tape.constant(answers)).square().mean(())
                    + cross_entropy(outputs, y);
                optimizer.step(loss)?;
                Ok((loss.item()?, outputs.value()?))
            });
            if resume {
                trainer = trainer.resume(folder.path()).unwrap();
            }
            trainer.fit(&data(), None).unwrap();
            drop(trainer);
            (first, second)
        };
        let whole = train(4, false, false);
        train(2, true, false);
        let again = train(4, false, true);
        assert!(same(&whole.0, &again.0) && same(&whole.1, &again.1));
        assert!(!same(&whole.0, &net(1)) && !same(&whole.1, &net(2)));
    }

    struct Both<'a> {
        first: &'a Sequential,
        second: &'a Sequential,
    }

    impl Module for Both<'_> {
        fn visit(&self, visitor: &mut crate::nn::Visitor<'_>) {
            visitor.child("first", self.first);
            visitor.child("second", self.second);
        }
    }

    #[test]
    fn what_is_of_the_trainers_own_steps_is_told() {
        let net = net(1);
        let trainer = || Trainer::new(&net, Adam::new(&net, 0.02)).epochs(1).step(usual(&net));
        let told = |trainer: Trainer<'_>, word: &str| {
            let mut trainer = trainer;
            let error = trainer.fit(&data(), None).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("Trainer::step"), "{error}");
        };
        told(trainer().accumulate(2), "several batches");
        told(trainer().precision(DType::BF16), "another precision");
        let mut failing = Trainer::new(&net, Adam::new(&net, 0.02)).step(|tape, batch, _| {
            let wrong = tape.constant(&batch.x).matmul(tape.constant(&batch.x));
            Ok((wrong.item()?, batch.x.clone()))
        });
        let error = failing.fit(&data(), None).unwrap_err().to_string();
        assert!(error.contains("own_step.rs"), "{error}");
    }

    #[test]
    fn watches_are_told_and_do_not_look() {
        #[derive(Default)]
        struct Counts(AtomicUsize, AtomicUsize);
        struct Counting<'a>(&'a Counts);
        impl Watch for Counting<'_> {
            fn observe(&mut self, _: &crate::train::Observation) -> Result<()> {
                panic!("a look into a step that is not the trainer's");
            }
            fn step(&mut self, _: &StepReport) -> Result<()> {
                self.0.0.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            fn epoch(&mut self, _: &EpochReport) -> Result<()> {
                self.0.1.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
        let (net, counts) = (net(1), Counts::default());
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(3).step(usual(&net));
        trainer = trainer.watch(Counting(&counts));
        trainer.fit(&data(), None).unwrap();
        drop(trainer);
        assert_eq!((counts.0.into_inner(), counts.1.into_inner()), (6, 3));
    }
}
