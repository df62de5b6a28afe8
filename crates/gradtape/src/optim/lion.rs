//! [`Lion`].

use super::declare::{declared, optimizer};
use super::{Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// Lion (Chen et al. 2023): steps by a sign. `x -= lr (sign(β₁ m + (1 - β₁) g) + weight_decay x)`, then
    /// `m = β₂ m + (1 - β₂) g`.
    ///
    /// The paper takes a learning rate of a third to a tenth of [`AdamW`](super::AdamW)'s, and a weight decay as
    /// many times as large.
    ///
    /// ```
    /// use gradtape::optim::{Lion, Optimizer};
    /// use gradtape::{Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::from([4.0, 4.0]));
    /// let opt = Lion::new(&x, 0.5);
    /// let tape = Tape::new();
    /// opt.step((tape.parameter(&x) * tape.constant([1e-6, -1e6])).sum(()))?;
    /// assert_eq!(x.value().to_f64_vec(), [3.5, 4.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Lion("lion", lr = 1e-4, pace = Rate) {
        /// How much of the parameter is taken off in each step, times the learning rate.
        weight_decay: f64 in 0.. = 0.0,
        /// The weights of the past in what gives the sign and in what is kept.
        betas: (f64, f64) in 0..1 = (0.9, 0.99),
    }
}

impl Rule for Lion {
    declared! {}

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        vec![Slot::zeros("exp_avg")]
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.g());
        let kept = u.state(0);
        let sign = (kept + (g - kept) * (1.0 - self.betas.0)).sign();
        u.average(0, g, 1.0 - self.betas.1);
        let step = if self.weight_decay > 0.0 { sign + x * self.weight_decay } else { sign };
        x - step * u.rate(0)
    }
}
