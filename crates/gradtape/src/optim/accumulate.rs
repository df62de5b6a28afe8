//! [`Accumulator`]: a step for several small batches.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Optimizer;
use super::step::{Gradients, gradients_of, step_along, steps_once};
use crate::eval;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{Error, Kind, Result, Tensor};

/// Takes the mean of the gradients of several batches for one step of an optimiser: what a batch of all of them
/// would give, where that is too large for the memory, if they are of one size and the losses are means.
///
/// ```
/// use gradtape::loss::mse;
/// use gradtape::nn::Linear;
/// use gradtape::optim::{Accumulator, Adam};
/// use gradtape::{DType, Rng, Tape, Tensor};
/// let net = Linear::new(3, 1, &mut Rng::new(1));
/// let opt = Adam::new(&net, 0.01);
/// let gathered = Accumulator::new(&opt, 4)?;
/// let mut tape = Tape::new();
/// let mut steps = 0;
/// for _ in 0..8 {
///     tape.reset();
///     let x = tape.constant(Tensor::ones([2, 3], DType::F32));
///     let loss = mse(net.forward(x), tape.constant(Tensor::zeros([2, 1], DType::F32)));
///     steps += usize::from(gathered.step(loss)?);
/// }
/// assert_eq!(steps, 2);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Accumulator<'o> {
    optimizer: &'o dyn Optimizer,
    every: usize,
    sums: Vec<Parameter>,
    progress: Mutex<Progress>,
}

/// How far the next step is.
#[derive(Clone, Debug)]
struct Progress {
    done: usize,
    /// Which parameters had a gradient.
    used: Vec<bool>,
}

impl<'o> Accumulator<'o> {
    /// Steps at every so many batches. Fails for 0, and for an optimiser that needs
    /// [`Optimizer::minimize`].
    pub fn new(optimizer: &'o dyn Optimizer, every: usize) -> Result<Accumulator<'o>> {
        if every == 0 {
            let message = "gradients of 0 batches make no step";
            return Err(Error::new(Kind::Value, message).hint("at least 1 batch makes a step"));
        }
        steps_once(optimizer)?;
        let sum = |(_, own): &(String, Parameter)| {
            let meta = own.meta();
            Parameter::new(Tensor::zeros(&meta.shape, meta.dtype.computed()))
        };
        let sums: Vec<Parameter> = optimizer.base().parameters().iter().map(sum).collect();
        let progress = Mutex::new(Progress { done: 0, used: vec![false; sums.len()] });
        Ok(Accumulator { optimizer, every, sums, progress })
    }

    /// Adds the gradients of a loss, and steps if it is the last one's turn; answers whether. The loss can be read
    /// afterwards, and the tape is used up, both ways. Clipping looks at the mean alone.
    ///
    /// Fails as [`Optimizer::step`], and within a compiled step, which would be the same each time.
    #[track_caller]
    pub fn step(&self, loss: Var<'_>) -> Result<bool> {
        let at = Location::caller();
        loss.check().map_err(|error| error.called_from(at))?;
        let _call = loss.tape().within(Part::Call);
        self.add(loss).map_err(|error| error.called_from(at))
    }

    /// How many batches are added since the last step.
    pub fn pending(&self) -> usize {
        self.progress().done
    }

    /// What a checkpoint between two steps needs beside the optimiser's: how many batches are added, and the sums,
    /// by name.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let Progress { done, used } = self.progress().clone();
        let used: Vec<i64> = used.into_iter().map(i64::from).collect();
        let mut saved = vec![
            (PENDING.to_string(), Tensor::scalar(done as i64)),
            (USED.to_string(), Tensor::from(used)),
        ];
        let names = self.optimizer.base().parameters().iter().map(|(name, _)| name);
        saved.extend(names.zip(&self.sums).map(|(name, sum)| (format!("{name}.sum"), sum.value())));
        saved
    }

    /// Goes on from what [`Accumulator::state`] gave. Fails, and changes nothing, where it does not fit.
    pub fn load_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        let own = self.state();
        let fits = |(a, b): (&(String, Tensor), &(String, Tensor))| {
            a.0 == b.0 && a.1.shape() == b.1.shape() && a.1.dtype() == b.1.dtype()
        };
        let done = saved.first().and_then(|(_, done)| done.item().ok()).unwrap_or(-1.0);
        let counts = (0.0..self.every as f64).contains(&done);
        if own.len() != saved.len() || !own.iter().zip(saved).all(fits) || !counts {
            let message = "the saved sums of gradients are not those of these parameters";
            return Err(Error::new(Kind::Model, message)
                .hint("they were saved for another network or another number of batches"));
        }
        let used = saved[1].1.to_vec::<i64>()?.into_iter().map(|used| used != 0).collect();
        for (sum, (_, value)) in self.sums.iter().zip(&saved[2..]) {
            sum.set(value.clone())?;
        }
        *self.progress() = Progress { done: done as usize, used };
        Ok(())
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn add(&self, loss: Var<'_>) -> Result<bool> {
        let tape = loss.tape();
        if tape.is_tracing() {
            let message = "gradients of several batches are added in steps that differ";
            return Err(
                Error::new(Kind::Tape, message).hint("record each step, and do not compile it")
            );
        }
        let mut progress = self.progress();
        let mut gradients = gradients_of(self.optimizer.base(), loss)?;
        let mut used = progress.used.clone();
        for ((g, sum), used) in gradients.iter_mut().zip(&self.sums).zip(&mut used) {
            let own = g.map(|g| g.cast(g.dtype().computed()) / self.every as f64);
            let sum = used.then(|| tape.parameter(sum));
            *used |= own.is_some();
            *g = match (sum, own) {
                (Some(sum), Some(own)) => Some(sum + own),
                (one, other) => one.or(other),
            };
        }
        let done = progress.done + 1;
        if done < self.every {
            self.keep(loss, &gradients)?;
            *progress = Progress { done, used };
            return Ok(false);
        }
        step_along(self.optimizer, tape, gradients, &[loss])?;
        *progress = Progress { done: 0, used: vec![false; self.sums.len()] };
        Ok(true)
    }

    #[track_caller]
    fn keep<'t>(&self, loss: Var<'t>, sums: &Gradients<'t>) -> Result<()> {
        let tape = loss.tape();
        for (sum, kept) in sums.iter().zip(&self.sums) {
            if let Some(sum) = sum
                && let Err(error) = tape.assign(kept, *sum)
            {
                tape.recording().borrow_mut().updates.clear();
                return Err(error);
            }
        }
        eval::step(tape, &[loss])
    }
}

impl fmt::Debug for Accumulator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Accumulator");
        shown.field("optimizer", &self.optimizer.name()).field("every", &self.every);
        shown.field("pending", &self.pending()).finish()
    }
}

const PENDING: &str = "pending";
const USED: &str = "used";
