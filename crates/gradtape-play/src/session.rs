//! [`Session`]: a training that goes on by as many steps as are asked for.

use std::rc::Rc;

use gradtape::data::{Batch, Dataset};
use gradtape::nn::Module;
use gradtape::optim::{self, Hyper, Optimizer, Schedule, Scheduler};
use gradtape::train::{Health, Observation, ObservedLayer, ObservedParameter, StepReport, Watch};
use gradtape::{Error, Kind, Result, Tape, Tensor, Var, compile, evaluate, gradients};

use super::curves::Curves;
use super::data::Data;
use super::losses::{Loss, Task};
use super::network::Net;
use super::settings::Settings;

/// Takes a step on a batch and gives its loss.
type Step = Box<dyn FnMut(&Batch) -> Result<f64>>;

/// Gives the loss of inputs and targets, and the outputs.
type Scorer = Box<dyn FnMut(&Tensor, &Tensor) -> Result<(f64, Tensor)>>;

/// What each hidden layer and the output give for inputs.
type Looker = Box<dyn FnMut(&Tensor) -> Result<Vec<Tensor>>>;

/// A network, its data and its training.
pub struct Session {
    pub(crate) settings: Settings,
    pub(crate) data: Data,
    pub(crate) net: Rc<Net>,
    optimizer: Rc<dyn Optimizer>,
    step: Step,
    scorer: Scorer,
    pub(crate) looker: Looker,
    scheduler: Scheduler,
    by_epoch: bool,
    pub(crate) health: Health,
    pub(crate) looked: u64,
    pub(crate) curves: Curves,
    /// From 0, and how many steps of it are done.
    pub(crate) epoch: u64,
    pub(crate) done: usize,
    pub(crate) steps: u64,
    /// The sum over the rows of the epoch so far, for schedules that look at it.
    running: f64,
    /// The parameters before the last step, where it was kept.
    before: Vec<[Tensor; 2]>,
    pub(crate) last: f64,
    scores: Scores,
    /// At which step the loss was no number any more.
    pub(crate) diverged: Option<u64>,
}

/// How good the network is on a part of the points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The loss, without what weights add.
    pub loss: f64,
    /// Of classes, the share that was told rightly.
    pub accuracy: Option<f64>,
}

/// How good the network is on the points that it learns from, and on those held out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// On what it learns from.
    pub train: Score,
    /// On what is held out, if anything is.
    pub test: Option<Score>,
}

/// Scores after a number of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// After how many.
    pub step: u64,
    /// The scores.
    pub scores: Scores,
}

/// What an edge shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The weights.
    Weights,
    /// Their gradients for the batch that comes next, without dropout.
    Gradients,
    /// What the last step changed.
    Changes,
}

impl Session {
    /// A session that has taken no step; `table` is the file of [`Source::Csv`](super::Source::Csv).
    ///
    /// Fails for data, a formula, a loss, a setting of the optimiser or a schedule that does not fit.
    pub fn new(settings: Settings, table: Option<&[u8]>) -> Result<Session> {
        let data = Data::of(&settings, table)?;
        let outputs = data.loss.outputs(&data.task);
        let net = Rc::new(Net::build(&settings, data.width(), outputs)?);
        let hyper: Hyper =
            settings.hyper.iter().map(|(name, value)| (name.clone(), *value)).collect();
        let hyper = hyper.with("lr", settings.rate());
        let mut optimizer = optim::by_name(&settings.optimizer, &net.layers, &hyper)?;
        if settings.clip > 0.0 {
            optimizer.set_clip_norm(Some(settings.clip));
        }
        // What does not fit together is told before the first step.
        optimizer.state()?;
        let optimizer: Rc<dyn Optimizer> = Rc::from(optimizer);
        let steps = data.train.len().div_ceil(settings.batch);
        let by_epoch = settings.counts_epochs();
        let total = settings.epochs.saturating_mul(if by_epoch { 1 } else { steps });
        let schedule = Schedule::by_name(&settings.schedule, settings.rate(), total as u64)?;
        let scheduler = Scheduler::new(schedule, settings.rate())?;
        optimizer.set_learning_rate(scheduler.learning_rate())?;
        let decay = [settings.l1, settings.l2];
        let mut session = Session {
            step: stepper(&net, &optimizer, data.loss, decay),
            scorer: scorer(&net, data.loss),
            looker: looker(&net),
            data,
            net,
            optimizer,
            scheduler,
            by_epoch,
            health: Health::new(),
            looked: 0,
            curves: Curves::default(),
            epoch: 0,
            done: 0,
            steps: 0,
            running: 0.0,
            before: Vec::new(),
            last: f64::NAN,
            scores: Scores::default(),
            diverged: None,
            settings,
        };
        session.measure()?;
        Ok(session)
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How many steps an epoch has.
    pub fn epoch_steps(&self) -> usize {
        self.data.train.len().div_ceil(self.settings.batch)
    }

    /// How many steps are left to the end of the epoch.
    pub fn left(&self) -> usize {
        self.epoch_steps() - self.done
    }

    /// The scores when they were last measured: after each epoch, after every twentieth step, and where an advance ends.
    pub fn scores(&self) -> Scores {
        self.scores
    }

    /// The loss of the batch of the last step, before that step; NaN before the first.
    pub fn loss(&self) -> f64 {
        self.last
    }

    /// The learning rate of the next step.
    pub fn rate(&self) -> f64 {
        self.scheduler.learning_rate()
    }

    /// The step at which the loss was no number any more; no further one is taken.
    pub fn diverged(&self) -> Option<u64> {
        self.diverged
    }

    /// Takes so many steps, or fewer where the loss becomes NaN or infinite; gives how many. Into how many calls steps are
    /// divided changes no bit of them.
    pub fn advance(&mut self, steps: usize) -> Result<usize> {
        let mut taken = 0;
        while taken < steps && self.diverged.is_none() {
            taken += self.advance_epoch(steps - taken)?;
        }
        if taken > 0 {
            self.scores = self.scored()?;
        }
        Ok(taken)
    }

    /// Steps to the end of the epoch at most.
    fn advance_epoch(&mut self, most: usize) -> Result<usize> {
        let per = self.epoch_steps();
        let train = Rc::clone(&self.data.train);
        let mut batches = train.batches(self.settings.batch)?.shuffled(self.settings.seed);
        let mut taken = 0;
        for batch in batches.epoch_from(self.epoch, self.done).take(most) {
            let (epoch, step) = (self.epoch as usize + 1, self.done + 1);
            let seen = match self.health.is_due(epoch, step, per) {
                true => Some(self.observe(&batch, epoch)?),
                false => None,
            };
            if taken + 1 == most || step == per {
                self.before = self.values();
            }
            let loss = (self.step)(&batch)?;
            taken += 1;
            self.steps += 1;
            self.done += 1;
            self.last = loss;
            self.running += loss * batch.len() as f64;
            self.curves.step(self.steps, loss);
            if !loss.is_finite() {
                self.diverged = Some(self.steps);
                return Ok(taken);
            }
            if let Some(mut seen) = seen {
                for (own, (_, parameter)) in
                    seen.parameters.iter_mut().zip(self.net.layers.named_parameters())
                {
                    own.after = parameter.value();
                }
                self.health.observe(&seen)?;
                self.looked = self.steps;
            }
            let running = gradtape::train::Scores { loss, ..Default::default() };
            let report = StepReport {
                epoch,
                epochs: self.settings.epochs.max(epoch),
                step,
                steps: per,
                running,
                loss,
            };
            self.health.step(&report)?;
            if !self.by_epoch {
                let rate = self.scheduler.advance(loss);
                self.optimizer.set_learning_rate(rate)?;
            }
            if step == per || self.steps.is_multiple_of(MEASURED) {
                self.measure()?;
            }
        }
        if self.done == per {
            if self.by_epoch {
                let rate = self.scheduler.advance(self.running / self.data.train.len() as f64);
                self.optimizer.set_learning_rate(rate)?;
            }
            (self.epoch, self.done, self.running) = (self.epoch + 1, 0, 0.0);
        }
        Ok(taken)
    }

    /// The batch of the next step.
    pub(crate) fn next_batch(&self) -> Result<Batch> {
        let mut batches =
            self.data.train.batches(self.settings.batch)?.shuffled(self.settings.seed);
        let batch = batches.epoch_from(self.epoch, self.done).next();
        batch.ok_or_else(|| Error::new(Kind::Data, "there is no batch"))
    }

    /// Weights and biases, stage by stage: of each all weights by output and input, then the biases.
    pub fn weights(&self, show: Show) -> Result<Vec<f32>> {
        let now = self.values();
        let shown = match show {
            Show::Weights => now,
            Show::Gradients => {
                let batch = self.next_batch()?;
                let seen = self.look(&batch)?;
                let mut all = seen.into_iter();
                let mut pairs = Vec::new();
                while let (Some(weight), Some(bias)) = (all.next(), all.next()) {
                    pairs.push([weight, bias]);
                }
                pairs
            }
            Show::Changes => {
                let minus = |now: &Tensor, before: &Tensor| -> Result<Tensor> {
                    let pairs = now.to_vec::<f32>()?.into_iter().zip(before.to_vec::<f32>()?);
                    let values = pairs.map(|(now, before)| now - before).collect();
                    Tensor::from_vec(values, now.shape().clone())
                };
                let pair = |(at, [weight, bias]): (usize, &[Tensor; 2])| match self.before.get(at) {
                    Some([w, b]) => Ok([minus(weight, w)?, minus(bias, b)?]),
                    None => Ok([minus(weight, weight)?, minus(bias, bias)?]),
                };
                now.iter().enumerate().map(pair).collect::<Result<_>>()?
            }
        };
        let mut flat = Vec::new();
        for tensor in shown.iter().flatten() {
            flat.extend(tensor.to_vec::<f32>()?);
        }
        Ok(flat)
    }

    fn values(&self) -> Vec<[Tensor; 2]> {
        self.net.parameters().iter().map(|pair| [pair[0].value(), pair[1].value()]).collect()
    }

    /// The gradients of all parameters for a batch, without dropout.
    fn look(&self, batch: &Batch) -> Result<Vec<Tensor>> {
        let tape = Tape::inference();
        let (x, y) = (tape.constant(&batch.x), tape.constant(&batch.y));
        let loss = total(&self.net, self.data.loss, self.decay(), x, y).0;
        let parameters = self.net.layers.parameters();
        let parameters: Vec<Var<'_>> = parameters.iter().map(|own| tape.parameter(own)).collect();
        let slopes = gradients(loss, &parameters);
        evaluate(&slopes)?;
        slopes.into_iter().map(Var::value).collect()
    }

    fn decay(&self) -> [f64; 2] {
        [self.settings.l1, self.settings.l2]
    }

    /// What [`Health`] looks at.
    fn observe(&self, batch: &Batch, epoch: usize) -> Result<Observation> {
        let slopes = self.look(batch)?;
        let tape = Tape::inference();
        let given = self.net.forward(tape.constant(&batch.x));
        let mut layers = Vec::new();
        for (stage, given) in self.net.stages.iter().zip(&given) {
            let name = |at: usize| format!("{at} ({})", self.net.layers.layers()[at].kind());
            layers.push(ObservedLayer { name: name(stage.linear), output: given.sums.value()? });
            if let Some(at) = stage.activation {
                layers.push(ObservedLayer { name: name(at), output: given.values.value()? });
            }
        }
        let named = self.net.layers.named_parameters().into_iter().zip(slopes);
        let parameters = named.map(|((name, own), gradient)| ObservedParameter {
            name,
            before: own.value(),
            after: own.value(),
            gradient: Some(gradient),
        });
        Ok(Observation {
            epoch,
            step: self.steps + 1,
            loss: self.last,
            learning_rate: self.rate(),
            parameters: parameters.collect(),
            layers,
            graph: Vec::new(),
        })
    }

    fn measure(&mut self) -> Result<()> {
        self.scores = self.scored()?;
        self.curves.measure(Measured { step: self.steps, scores: self.scores });
        Ok(())
    }

    fn scored(&mut self) -> Result<Scores> {
        let mut of = |data: &Dataset| -> Result<Score> {
            let (loss, outputs) = (self.scorer)(data.inputs(), data.targets())?;
            let accuracy = match &self.data.task {
                Task::Number(_) => None,
                Task::Classes(_) => {
                    let answers = self.data.answers(data.targets());
                    let outputs = outputs.to_vec::<f32>()?;
                    let width = outputs.len() / answers.len().max(1);
                    let rows = outputs.chunks(width.max(1)).zip(&answers);
                    let right = rows
                        .filter(|(row, answer)| self.data.loss.class(row).0 as f64 == **answer)
                        .count();
                    Some(right as f64 / answers.len() as f64)
                }
            };
            Ok(Score { loss, accuracy })
        };
        let train = of(&self.data.train)?;
        let test = match self.data.test.is_empty() {
            true => None,
            false => Some(of(&self.data.test)?),
        };
        Ok(Scores { train, test })
    }
}

/// Scores are measured after every so many steps, and after each epoch.
const MEASURED: u64 = 20;

/// The loss with what weights add, and the loss alone.
fn total<'t>(net: &Net, loss: Loss, decay: [f64; 2], x: Var<'t>, y: Var<'t>) -> (Var<'t>, Var<'t>) {
    let tape = x.tape();
    let outputs = net.forward(x).pop().map_or(x, |last| last.values);
    let own = loss.record(outputs, y);
    let mut all = own;
    let [l1, l2] = decay;
    for [weight, _] in net.parameters() {
        let weight = tape.parameter(&weight);
        if l1 > 0.0 {
            all += l1 * weight.abs().sum(());
        }
        if l2 > 0.0 {
            all += 0.5 * l2 * weight.square().sum(());
        }
    }
    (all, own)
}

fn stepper(net: &Rc<Net>, optimizer: &Rc<dyn Optimizer>, loss: Loss, decay: [f64; 2]) -> Step {
    let (net, optimizer) = (Rc::clone(net), Rc::clone(optimizer));
    if optimizer.searches() {
        return Box::new(move |batch| {
            let mut first = None;
            let found = optimizer.minimize(&mut |tape| {
                let (x, y) = (tape.constant(&batch.x), tape.constant(&batch.y));
                let (all, own) = total(&net, loss, decay, x, y);
                if first.is_none() {
                    first = Some(own.item()?);
                }
                Ok(all)
            })?;
            Ok(first.unwrap_or(found))
        });
    }
    let mut step = compile(move |_, inputs| {
        let (all, own) = total(&net, loss, decay, inputs[0], inputs[1]);
        optimizer.step(all)?;
        Ok(vec![own])
    });
    let mut results = Vec::new();
    Box::new(move |batch| {
        step.call_into(&[batch.x.clone(), batch.y.clone()], &mut results)?;
        results[0].item()
    })
}

fn scorer(net: &Rc<Net>, loss: Loss) -> Scorer {
    let net = Rc::clone(net);
    let mut score = compile(move |_, inputs| {
        let outputs = net.forward(inputs[0]).pop().map_or(inputs[0], |last| last.values);
        Ok(vec![loss.record(outputs, inputs[1]), outputs])
    })
    .inference();
    Box::new(move |x, y| {
        let mut results = score.call(&[x.clone(), y.clone()])?;
        let outputs = results.swap_remove(1);
        Ok((results[0].item()?, outputs))
    })
}

fn looker(net: &Rc<Net>) -> Looker {
    let net = Rc::clone(net);
    let mut look = compile(move |_, inputs| {
        Ok(net.forward(inputs[0]).into_iter().map(|given| given.values).collect())
    })
    .inference();
    Box::new(move |x| look.call(std::slice::from_ref(x)))
}
