//! [`AdamW`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update, adam};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019): `x *= 1 - lr weight_decay`, then the
    /// step of [`Adam`](super::Adam).
    ///
    /// ```
    /// use gradtape::optim::{AdamW, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([4.0f64, 4.0]));
    /// let opt = AdamW::new(&x, 0.1).weight_decay(0.5);
    /// let tape = Tape::new();
    /// // The loss looks at the first alone; both decay, by a factor of 1 - 0.1 * 0.5.
    /// opt.step(tape.parameter(&x).slice(0, 0..1).sum(()))?;
    /// let x = x.value().to_f64_vec();
    /// assert!((x[0] - (4.0 * 0.95 - 0.1)).abs() < 1e-8 && x[1] == 4.0 * 0.95);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct AdamW("adamw", lr = 1e-3, pace = Rate) {
        /// How much of the parameter is taken off in each step, times the learning rate.
        weight_decay: f64 in 0.. = 0.01,
        /// The weights of the past in the averages of `g` and `g²`.
        betas: (f64, f64) in 0..1 = (0.9, 0.999),
        /// What is added to the root.
        eps: f64 in 0.. = 1e-8,
        /// Whether to divide by the greatest `v` so far. Reddi, Kale and Kumar 2018.
        amsgrad: bool = false,
    }
}

impl Rule for AdamW {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        adam::slots(self.amsgrad)
    }

    fn rates(&self) -> Box<Rates> {
        adam::rates(self.betas, self.eps, self.weight_decay)
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let x = if self.weight_decay > 0.0 { u.x() * u.rate(2) } else { u.x() };
        x - adam::change(u, u.g(), self.betas, self.amsgrad)
    }
}
