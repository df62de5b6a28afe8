//! [`Sgd`]: stochastic gradient descent.

use super::declare::{bad, declared, optimizer};
use super::{HyperValue, Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::{Result, Shape};

optimizer! {
    /// Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013) as PyTorch defines
    /// it: `m = momentum m + (1 - dampening) g`, where the first `m` is `g` itself, and `x -= lr m`, or
    /// `x -= lr (g + momentum m)` with Nesterov's look ahead. Weight decay adds `weight_decay x` to `g`.
    ///
    /// ```
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::{Optimizer, Sgd};
    /// use gradtape::Rng;
    /// let layer = Linear::new(4, 2, &mut Rng::new(1));
    /// let opt = Sgd::new(&layer, 0.1).momentum(0.9).nesterov(true).weight_decay(1e-4);
    /// assert_eq!(opt.learning_rate(), 0.1);
    /// ```
    pub struct Sgd("sgd", lr = 0.01, pace = Gradient) {
        /// The factor of the penalty ½ ‖x‖².
        weight_decay: f64 in 0.. = 0.0,
        /// The share of the last step that is taken again.
        momentum: f64 in 0..1 = 0.0,
        /// The share of the gradient that momentum leaves out.
        dampening: f64 in 0..1 = 0.0,
        /// Whether to look ahead by the momentum; needs momentum and no dampening.
        nesterov: bool = false,
    }
    preset "momentum" { momentum = HyperValue::Number(0.9) }
    preset "nesterov" { momentum = HyperValue::Number(0.9), nesterov = HyperValue::Flag(true) }
}

impl Rule for Sgd {
    declared! {}

    fn check(&self) -> Result<()> {
        if self.nesterov && self.momentum == 0.0 {
            return Err(bad("momentum", 0.0, "above 0 with nesterov"));
        }
        if self.nesterov && self.dampening > 0.0 {
            return Err(bad("dampening", self.dampening, "0 with nesterov"));
        }
        Ok(())
    }

    fn slots(&self, _: &Shape) -> Vec<Slot> {
        match self.momentum > 0.0 {
            true => vec![Slot::zeros("momentum_buffer")],
            false => vec![],
        }
    }

    fn rates(&self) -> Box<Rates> {
        let share = 1.0 - self.dampening;
        Box::new(move |step, rate| [rate, if step == 1 { 1.0 } else { share }, 0.0])
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        if self.momentum == 0.0 {
            return x - g * u.rate(0);
        }
        let fresh = if self.dampening > 0.0 { g * u.rate(1) } else { g };
        let m = u.state(0) * self.momentum + fresh;
        u.keep(0, m);
        let step = if self.nesterov { g + m * self.momentum } else { m };
        x - step * u.rate(0)
    }
}
