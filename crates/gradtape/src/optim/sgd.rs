//! [`Sgd`]: stochastic gradient descent.

use super::base::{at_least_0, bad, below_1};
use super::{Base, Rates, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

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
pub struct Sgd {
    base: Base,
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Sgd {
    /// Without momentum and weight decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> Sgd {
        let base = Base::new(module, learning_rate);
        Sgd { base, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// The share of the last step that is taken again, in [0, 1); 0 by default.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Sgd {
        Sgd { momentum, ..self }
    }

    /// The share of the gradient that momentum leaves out, in [0, 1); 0 by default.
    #[must_use]
    pub fn dampening(self, dampening: f64) -> Sgd {
        Sgd { dampening, ..self }
    }

    /// Looks ahead by the momentum; needs momentum and no dampening.
    #[must_use]
    pub fn nesterov(self, nesterov: bool) -> Sgd {
        Sgd { nesterov, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Sgd {
        Sgd { weight_decay, ..self }
    }
}

impl Rule for Sgd {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "sgd"
    }

    fn check(&self) -> Result<()> {
        below_1("momentum", self.momentum)?;
        below_1("dampening", self.dampening)?;
        at_least_0("weight_decay", self.weight_decay)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening > 0.0) {
            return Err(match self.momentum == 0.0 {
                true => bad("momentum", 0.0, "above 0 with nesterov"),
                false => bad("dampening", self.dampening, "0 with nesterov"),
            });
        }
        Ok(())
    }

    fn slots(&self) -> Vec<Slot> {
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
