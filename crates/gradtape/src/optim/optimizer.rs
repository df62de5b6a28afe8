//! [`Optimizer`]: what a training loop calls.

use std::panic::Location;

use smallvec::SmallVec;

use super::kept::Kept;
use super::rule::LossOf;
use super::step::{given_step, gradients_of, take_step};
use super::{Group, Hyper, Rule};
use crate::tape::{Part, Var};
use crate::tensor::{Result, Tensor};

/// Changes parameters so that a loss becomes smaller. Every [`Rule`] is one.
///
/// ```
/// use gradtape::optim::{Optimizer, Sgd};
/// use gradtape::{Parameter, Tape, Tensor};
///
/// // The smallest value of (x - 3)², starting at 0.
/// let x = Parameter::new(Tensor::scalar(0.0f64));
/// let opt = Sgd::new(&x, 0.25);
/// let mut tape = Tape::new();
/// for _ in 0..50 {
///     tape.reset();
///     let loss = (tape.parameter(&x) - 3.0).square();
///     opt.step(loss)?;
/// }
/// assert!((x.value().item()? - 3.0).abs() < 1e-12);
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// A parameter of f16 or bf16 is updated in f32, in which its state is kept too, and rounded once. Steps of less than
/// half the distance to the next number of 16 bits then change nothing. Where that stops training, keep the
/// parameters in f32 and cast what products take, as in mixed precision:
///
/// ```
/// use gradtape::optim::{Adam, Optimizer};
/// use gradtape::{DType, Parameter, Rng, Tape, Tensor};
///
/// let w = Parameter::new(Tensor::normal([3, 2], 0.0, 1.0, DType::F32, &mut Rng::new(1))?);
/// let opt = Adam::new(&w, 1e-3);
/// let tape = Tape::new();
/// let x = tape.constant(Tensor::ones([4, 3], DType::BF16));
/// let y = x.matmul(tape.parameter(&w).cast(DType::BF16));
/// opt.step(y.cast(DType::F32).square().mean(()))?;
/// # Ok::<(), gradtape::Error>(())
/// ```
pub trait Optimizer: Rule {
    /// Takes a step: differentiates the loss, records the update of every parameter, and runs all of it
    /// as one program. Afterwards the loss can be read; the tape is used up until
    /// [`Tape::reset`](crate::Tape::reset).
    ///
    /// A loss that is NaN or infinite is stepped like any other, as its value is not awaited, and leaves NaN
    /// in the parameters. `loss.item()?.is_finite()` after the step costs nothing, as the value is at hand;
    /// before it, the parameters are still as they were, and the step computes no matrix product of the loss
    /// again. [`Trainer`](crate::train::Trainer) looks after
    /// every step, and gives the last good parameters back.
    ///
    /// Fails for a loss that is no scalar or could not be recorded, for a hyperparameter out of range,
    /// for a parameter that the loss does not depend on (unless [`Optimizer::allow_unused`] was called),
    /// and where an operation fails when it runs, such as a label out of range. Then the parameters, the
    /// optimiser's state and its step count are as before, and the tape is not used up.
    ///
    /// What it changes it shares with compiled steps, so that a shared reference is enough; threads that
    /// train the same parameters take turns.
    #[doc(alias("backward", "backward_step"))]
    #[track_caller]
    fn step(&self, loss: Var<'_>) -> Result<()> {
        self.step_with(loss, &[])
    }

    /// As [`Optimizer::step`], computing other values of the same recording in the same run: they can be
    /// read afterwards, from the parameters as they were before the step.
    ///
    /// ```
    /// use gradtape::loss::cross_entropy;
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let net = Linear::new(3, 2, &mut Rng::new(1));
    /// let opt = Sgd::new(&net, 0.1);
    /// let tape = Tape::new();
    /// let (x, y) = (tape.constant(Tensor::ones([4, 3], DType::F32)), tape.constant([0i64, 1, 1, 1]));
    /// let logits = net.forward(x);
    /// let right = logits.argmax(1).equal(y).cast(DType::F32).mean(());
    /// let loss = cross_entropy(logits, y);
    /// opt.step_with(loss, &[right, logits])?;
    /// assert!(loss.item()? > 0.0 && (0.0..=1.0).contains(&right.item()?));
    /// assert_eq!(logits.value()?.shape()[..], [4, 2]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    fn step_with<'t>(&self, loss: Var<'t>, values: &[Var<'t>]) -> Result<()> {
        let at = Location::caller();
        loss.check().map_err(|error| error.called_from(at))?;
        let _call = loss.tape().within(Part::Call);
        take_step(self, loss, values).map_err(|error| error.called_from(at))
    }

    /// The gradients of a loss, one for each parameter in the order of [`Base::parameters`](super::Base::parameters), `None` for those that
    /// the loss does not depend on: to look at or to change before [`Optimizer::step_by`]. They are not clipped.
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([1.0, 3.0]));
    /// let opt = Sgd::new(&x, 0.5);
    /// let tape = Tape::new();
    /// let loss = tape.parameter(&x).square().sum(());
    /// let halves: Vec<_> = opt.gradients(loss)?.into_iter().map(|g| g.map(|g| g * 0.5)).collect();
    /// opt.step_by(&halves, &[loss])?;
    /// assert_eq!(x.value().to_f64_vec(), [0.5, 1.5]);
    /// assert_eq!(loss.item()?, 10.0);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    fn gradients<'t>(&self, loss: Var<'t>) -> Result<Vec<Option<Var<'t>>>> {
        let at = Location::caller();
        loss.check().map_err(|error| error.called_from(at))?;
        let _call = loss.tape().within(Part::Call);
        gradients_of(self.base(), loss)
            .map(SmallVec::into_vec)
            .map_err(|error| error.called_from(at))
    }

    /// As [`Optimizer::step_with`], with gradients that were computed otherwise, as values on a tape: those of
    /// [`Optimizer::gradients`] after a change, or constants that came from elsewhere. `None` leaves a parameter
    /// as it is. They are clipped as others are.
    ///
    /// Fails also for another number of gradients than there are parameters, and for one of another shape or
    /// element type than its parameter's.
    #[track_caller]
    fn step_by<'t>(&self, gradients: &[Option<Var<'t>>], values: &[Var<'t>]) -> Result<()> {
        let at = Location::caller();
        given_step(self, gradients, values).map_err(|error| error.called_from(at))
    }

    /// Takes a step with a loss that a function records: for optimisers that look at the loss several times, as
    /// [`Lbfgs`](super::Lbfgs) does, and for programs that take any optimiser. Gives the loss before the step.
    ///
    /// ```
    /// use gradtape::optim::{Lbfgs, Optimizer};
    /// use gradtape::{Parameter, Tensor};
    /// let x = Parameter::new(Tensor::scalar(0.0f64));
    /// let opt = Lbfgs::new(&x, 1.0);
    /// let loss = opt.minimize(&mut |tape| Ok((tape.parameter(&x) - 3.0).square()))?;
    /// assert!(loss == 9.0 && (x.value().item()? - 3.0).abs() < 1e-9);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "closure")]
    #[track_caller]
    fn minimize(&self, loss: &mut LossOf<'_>) -> Result<f64> {
        self.search(loss)
    }

    /// Scales the gradients down where their norm, over all parameters together, is above `most`:
    /// by `most / (norm + 1e-6)`, for gradients whose norm their type can hold. Pascanu, Mikolov and
    /// Bengio 2013.
    #[doc(alias = "clip_grad_norm_")]
    #[must_use]
    fn clip_norm(mut self, most: f64) -> Self
    where
        Self: Sized,
    {
        self.set_clip_norm(Some(most));
        self
    }

    /// As [`Optimizer::clip_norm`], on an optimiser in use; `None` clips nothing.
    fn set_clip_norm(&mut self, most: Option<f64>) {
        self.base_mut().clip.norm = most;
    }

    /// Scales down the gradient of each parameter whose own norm is above `most`, as [`Optimizer::clip_norm`]
    /// does of all together, and before that.
    #[must_use]
    fn clip_each_norm(mut self, most: f64) -> Self
    where
        Self: Sized,
    {
        self.set_clip_each_norm(Some(most));
        self
    }

    /// As [`Optimizer::clip_each_norm`], on an optimiser in use; `None` clips nothing.
    fn set_clip_each_norm(&mut self, most: Option<f64>) {
        self.base_mut().clip.each_norm = most;
    }

    /// Holds each element of the gradients between `-most` and `most`, before norms are looked at.
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([0.0, 0.0]));
    /// let opt = Sgd::new(&x, 1.0).clip_value(0.5);
    /// let tape = Tape::new();
    /// opt.step((tape.parameter(&x) * tape.constant([0.25, 7.0])).sum(()))?;
    /// assert_eq!(x.value().to_f64_vec(), [-0.25, -0.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias = "clip_grad_value_")]
    #[must_use]
    fn clip_value(mut self, most: f64) -> Self
    where
        Self: Sized,
    {
        self.set_clip_value(Some(most));
        self
    }

    /// As [`Optimizer::clip_value`], on an optimiser in use; `None` clips nothing.
    fn set_clip_value(&mut self, most: Option<f64>) {
        self.base_mut().clip.value = most;
    }

    /// Gives a group of parameters settings of its own; of several groups that hold a parameter the first counts.
    /// Every use fails for a group that holds none, for a setting that the optimiser does not have or that is
    /// out of range, and for groups added after the first use.
    #[doc(alias("param_groups", "add_param_group"))]
    #[must_use]
    fn group(mut self, group: Group) -> Self
    where
        Self: Sized,
    {
        self.add_group(group);
        self
    }

    /// As [`Optimizer::group`], on an optimiser of any kind.
    fn add_group(&mut self, group: Group) {
        self.base_mut().groups.push(group);
    }

    /// Looks ahead (Zhang et al. 2019): beside the parameters, slow ones are kept, which start as they are. After
    /// every `steps` steps they move by `share` of the way to the parameters, which go on from there; usually 5 or
    /// 6 steps and 0.5.
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(0.0));
    /// let opt = Sgd::new(&x, 1.0).lookahead(2, 0.5);
    /// let mut tape = Tape::new();
    /// let mut places = Vec::new();
    /// for _ in 0..4 {
    ///     tape.reset();
    ///     opt.step(tape.parameter(&x) * -1.0)?;
    ///     places.push(x.value().item()?);
    /// }
    /// assert_eq!(places, [1.0, 1.0, 2.0, 2.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[must_use]
    fn lookahead(mut self, steps: usize, share: f64) -> Self
    where
        Self: Sized,
    {
        self.set_lookahead(steps, share);
        self
    }

    /// As [`Optimizer::lookahead`], on an optimiser of any kind that was not used yet.
    fn set_lookahead(&mut self, steps: usize, share: f64) {
        self.base_mut().lookahead = Some((steps, share));
    }

    /// Keeps an exponential moving average of each parameter (Polyak and Juditsky 1992), in its state: it starts as the
    /// parameter before the first step, and moves by `1 - decay` of the way to it after every step. The decay is in
    /// [0, 1): usually 0.99 to 0.9999. A [`Trainer`](crate::train::Trainer) validates with the averages, and leaves them
    /// in the network; elsewhere [`Optimizer::averages`] gives them. An average apart from any optimiser is
    /// [`Ema`](super::Ema).
    ///
    /// ```
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::scalar(0.0));
    /// let opt = Sgd::new(&x, 1.0).average(0.5);
    /// let mut tape = Tape::new();
    /// for _ in 0..3 {
    ///     tape.reset();
    ///     opt.step(tape.parameter(&x) * -1.0)?;
    /// }
    /// assert_eq!(x.value().item()?, 3.0);
    /// // 0, 0.5, 1.25, 2.125.
    /// assert_eq!(opt.averages()?[0].item()?, 2.125);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[doc(alias("ema", "use_ema", "AveragedModel"))]
    #[must_use]
    fn average(mut self, decay: f64) -> Self
    where
        Self: Sized,
    {
        self.set_average(decay);
        self
    }

    /// As [`Optimizer::average`], on an optimiser of any kind that was not used yet.
    fn set_average(&mut self, decay: f64) {
        self.base_mut().average = Some(decay);
    }

    /// The average of each parameter, in the order and of the types of [`Base::parameters`](super::Base::parameters);
    /// none where [no averages](Optimizer::average) are kept.
    fn averages(&self) -> Result<Vec<Tensor>> {
        let kept = kept(self)?;
        let parameters = self.base().parameters().iter().enumerate();
        let average = |(i, (_, parameter)): (usize, &(String, crate::tape::Parameter))| {
            Some(kept.average(i)?.value().cast(parameter.meta().dtype))
        };
        Ok(parameters.filter_map(average).collect())
    }

    /// Leaves parameters that the loss does not depend on as they are, instead of failing.
    #[must_use]
    fn allow_unused(mut self) -> Self
    where
        Self: Sized,
    {
        self.set_allow_unused(true);
        self
    }

    /// As [`Optimizer::allow_unused`], on an optimiser in use; `false` has it fail again.
    fn set_allow_unused(&mut self, allow: bool) {
        self.base_mut().allow_unused = allow;
    }

    /// The learning rate now.
    fn learning_rate(&self) -> f64 {
        self.base().learning_rate()
    }

    /// Sets the learning rate for the steps that follow, compiled ones included. Fails when it is not
    /// a finite number of at least 0.
    fn set_learning_rate(&self, rate: f64) -> Result<()> {
        self.base().set_learning_rate(rate)
    }

    /// All settings with the learning rate of now, by the names that
    /// [`by_name`](super::by_name()) takes.
    ///
    /// ```
    /// use gradtape::optim::{HyperValue, Optimizer, Sgd};
    /// use gradtape::{Parameter, Tensor};
    /// let x = Parameter::new(Tensor::scalar(0.0));
    /// let hyper = Sgd::new(&x, 0.1).momentum(0.9).hyper();
    /// assert_eq!(hyper.get("momentum"), Some(HyperValue::Number(0.9)));
    /// assert_eq!(hyper.get("lr"), Some(HyperValue::Number(0.1)));
    /// ```
    fn hyper(&self) -> Hyper {
        let settings = self.settings();
        let lr = ("lr", self.learning_rate().into());
        settings.iter().map(|(known, value)| (known.name, *value)).chain([lr]).collect()
    }

    /// The number of steps taken.
    fn steps(&self) -> u64 {
        self.base().steps()
    }

    /// What a checkpoint needs: the step count and the tensors kept for each parameter, by name
    /// (`hidden.weight.exp_avg`).
    fn state(&self) -> Result<Vec<(String, Tensor)>> {
        kept(self)?.save(self)
    }

    /// Takes over what [`Optimizer::state`] gave, all or nothing. Fails where it does not fit.
    fn load_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        kept(self)?.load(self, saved)
    }
}

impl<R: Rule + ?Sized> Optimizer for R {}

/// What the optimiser keeps. Fails for settings out of range.
pub(super) fn kept<R: Rule + ?Sized>(rule: &R) -> Result<&Kept> {
    let kept = rule.base().kept(rule)?;
    rule.base().check().map_err(|error| error.context(rule.name()))?;
    Ok(kept)
}
