//! [`Lbfgs`]: the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno.

mod line;
mod memory;
mod problem;

use std::sync::{Mutex, MutexGuard, PoisonError};

use self::line::{Place, strong_wolfe};
use self::memory::Memory;
use self::problem::{Problem, dot, largest};
use super::declare::{declared, optimizer};
use super::optimizer::kept;
use super::{LossOf, Rule, Update};
use crate::tape::Var;
use crate::tensor::{Error, Kind, Result, Tensor};

optimizer! {
    /// L-BFGS (Liu and Nocedal 1989) as PyTorch defines it: a step is up to `max_iter` moves along `-H g`, where
    /// the inverse Hessian `H` is what the last `history_size` moves and changes of the gradient tell of it. How
    /// far a move goes is found on its line, by the strong Wolfe conditions with `c₁ = 1e-4` and `c₂ = 0.9`.
    ///
    /// A step looks at the loss several times and hence needs `Optimizer::minimize`; `step` is an error. It ends
    /// early where the gradient, the move or the change of the loss is small, or after `max_eval` looks. A finite loss
    /// whose gradient is not finite is an error, which leaves the parameters as they were before the step.
    ///
    /// Moves are computed in f64, whatever the type of the parameters. The loss should be that of all data, or of
    /// large batches, and the same each time that it is looked at. Clipping, groups and looking ahead would break
    /// the search and are errors.
    ///
    /// ```
    /// use gradtape::optim::{Lbfgs, Optimizer};
    /// use gradtape::{Parameter, Tensor};
    /// // Rosenbrock's valley.
    /// let x = Parameter::new(Tensor::from([-1.2, 1.0]));
    /// let opt = Lbfgs::new(&x, 1.0);
    /// for _ in 0..3 {
    ///     opt.minimize(&mut |tape| {
    ///         let x = tape.parameter(&x);
    ///         let (a, b) = (x.index(0, 0), x.index(0, 1));
    ///         Ok((1.0 - a).square() + 100.0 * (b - a.square()).square())
    ///     })?;
    /// }
    /// assert!(x.value().to_f64_vec().iter().all(|x| (x - 1.0).abs() < 1e-4));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Lbfgs("lbfgs", lr = 1.0, pace = Search) {
        /// The most moves in a step.
        max_iter: usize in 1.. = 20,
        /// The most looks at the loss in a step; 0 stands for 5/4 of `max_iter`.
        max_eval: usize in 0.. = 0,
        /// The largest element of a gradient at which a step ends.
        tolerance_grad: f64 in 0.. = 1e-7,
        /// The change of the loss, and of each parameter, at which a step ends.
        tolerance_change: f64 in 0.. = 1e-9,
        /// How many moves are remembered.
        history_size: usize in 1.. = 100,
        /// Whether lengths are searched for; else each move is as long as the learning rate says.
        strong_wolfe: bool = true,
    }
    own memory: Mutex<Memory>;
}

impl Rule for Lbfgs {
    declared! {}

    fn check(&self) -> Result<()> {
        let wrong = |what: &str| {
            let message = format!("{what} would break the search along a line");
            Err(Error::new(Kind::Value, message).hint("take another optimiser with it"))
        };
        let clip = self.base.clip;
        if clip.value.or(clip.each_norm).or(clip.norm).is_some() {
            return wrong("clipped gradients");
        }
        if self.base.lookahead.is_some() {
            return wrong("looking ahead");
        }
        if self.base.average.is_some() {
            return wrong("an average");
        }
        if !self.base.groups.is_empty() {
            return wrong("parameters in groups");
        }
        Ok(())
    }

    /// A step is a search, which needs no update of this kind.
    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        u.x()
    }

    fn searches(&self) -> bool {
        true
    }

    #[track_caller]
    fn search(&self, loss: &mut LossOf<'_>) -> Result<f64> {
        let kept = kept(self)?;
        let mut memory = self.memory();
        let mut problem = Problem::new(&self.base, loss);
        let before = problem.place();
        let mut next = memory.clone();
        match self.moves(&mut next, &mut problem) {
            Ok(loss) => {
                *memory = next;
                kept.count_one();
                Ok(loss)
            }
            Err(error) => problem.move_to(&before).and(Err(error)),
        }
    }

    fn own_state(&self) -> Result<Vec<(String, Tensor)>> {
        self.memory().save()
    }

    fn load_own_state(&self, saved: &[(String, Tensor)]) -> Result<()> {
        let count = self.base.parameters.iter().map(|(_, own)| own.meta().shape.elements()).sum();
        let loaded = Memory::load(saved, count)?;
        *self.memory() = loaded;
        Ok(())
    }
}

impl Lbfgs {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error for a gradient from which no direction can be told.
    fn steep(&self, gradient: &[f64], loss: f64) -> Error {
        let mut rest = gradient;
        let rows = self.base.parameters.iter().map(|(name, own)| {
            let (row, after) = rest.split_at(own.meta().shape.elements());
            rest = after;
            (name, row)
        });
        // The first that is not finite, or else the largest.
        let worst = rows.flat_map(|(name, row)| row.iter().map(move |&g| (name, g))).reduce(
            |worst, next| {
                let larger =
                    worst.1.is_finite() && (next.1.is_nan() || next.1.abs() > worst.1.abs());
                if larger { next } else { worst }
            },
        );
        let of = worst.map_or_else(String::new, |(name, g)| format!(": {g:e} of {name}"));
        let message = format!("lbfgs: the loss is {loss}, but its gradient is too large{of}");
        Error::new(Kind::Value, message)
            .hint("the parameters are where they were; keep roots and logarithms off 0 in the loss")
    }

    /// The moves of one step; gives the loss before them.
    fn moves(&self, memory: &mut Memory, problem: &mut Problem<'_, '_>) -> Result<f64> {
        let rate = self.base.learning_rate();
        let most =
            if self.max_eval > 0 { self.max_eval } else { self.max_iter.saturating_mul(5) / 4 };
        let (mut loss, mut gradient) = problem.look()?;
        let (first, mut looks) = (loss, 1);
        if !loss.is_finite() || largest(&gradient) <= self.tolerance_grad {
            return Ok(first);
        }
        for count in 1..=self.max_iter {
            let begins = memory.learn(&gradient, self.history_size);
            let direction = memory.direction(&gradient);
            memory.length = match begins {
                true => rate * (1.0 / gradient.iter().map(|g| g.abs()).sum::<f64>()).min(1.0),
                false => rate,
            };
            memory.keep(&direction, &gradient);
            let slope = dot(&gradient, &direction);
            if !slope.is_finite() {
                return Err(self.steep(&gradient, loss));
            }
            if slope > -self.tolerance_change {
                break;
            }
            let (before, start) = (loss, problem.place());
            let last = count == self.max_iter;
            if self.strong_wolfe {
                let at = Place { length: 0.0, loss, gradient, slope };
                let mut look = |length: f64| problem.look_at(&start, &direction, length);
                let least = self.tolerance_change / largest(&direction);
                let left = most.saturating_sub(looks).max(1);
                let (found, count) = strong_wolfe(&mut look, at, memory.length, least, left)?;
                problem.move_along(&start, &direction, found.length)?;
                looks += count;
                memory.length = found.length;
                (loss, gradient) = (found.loss, found.gradient);
            } else {
                problem.move_along(&start, &direction, memory.length)?;
                if !last {
                    (loss, gradient) = problem.look()?;
                    looks += 1;
                }
            }
            let still = largest(&direction) * memory.length <= self.tolerance_change
                || (loss - before).abs() < self.tolerance_change;
            if last
                || looks >= most
                || still
                || !loss.is_finite()
                || largest(&gradient) <= self.tolerance_grad
            {
                break;
            }
        }
        Ok(first)
    }
}
