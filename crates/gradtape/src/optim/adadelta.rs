//! [`AdaDelta`].

use super::base::{at_least_0, below_1};
use super::{Base, Rule, Slot, Update};
use crate::nn::Module;
use crate::tape::Var;
use crate::tensor::Result;

/// AdaDelta (Zeiler 2012): `x -= lr d` with `d = √(u + eps) / √(v + eps) g`, where `v` and `u` are the
/// moving averages of `g²` and `d²`. Its learning rate is 1 in the paper.
///
/// Weight decay adds `weight_decay x` to `g`.
///
/// ```
/// use gradtape::optim::{AdaDelta, Optimizer};
/// use gradtape::{Parameter, Tape, Tensor};
/// let x = Parameter::new(Tensor::scalar(4.0f64));
/// let opt = AdaDelta::new(&x, 1.0);
/// let mut tape = Tape::new();
/// let mut steps = Vec::new();
/// for _ in 0..2 {
///     let before = x.value().item()?;
///     tape.reset();
///     opt.step(tape.parameter(&x) * 3.0)?;
///     steps.push(before - x.value().item()?);
/// }
/// // It begins slowly, at the root of eps, and finds its pace by itself.
/// assert!((steps[0] - (1e-6f64 / (0.9 + 1e-6)).sqrt() * 3.0).abs() < 1e-12);
/// assert!(steps[1] > 0.0 && x.value().item()? < 4.0);
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct AdaDelta {
    base: Base,
    rho: f64,
    eps: f64,
    weight_decay: f64,
}

impl AdaDelta {
    /// With `rho` 0.9, `eps` 1e-6, no weight decay.
    pub fn new(module: &(impl Module + ?Sized), learning_rate: f64) -> AdaDelta {
        let base = Base::new(module, learning_rate);
        AdaDelta { base, rho: 0.9, eps: 1e-6, weight_decay: 0.0 }
    }

    /// The weight of the past in the averages, in [0, 1); 0.9 by default.
    #[must_use]
    pub fn rho(self, rho: f64) -> AdaDelta {
        AdaDelta { rho, ..self }
    }

    /// What is added under both roots; 1e-6 by default.
    #[must_use]
    pub fn eps(self, eps: f64) -> AdaDelta {
        AdaDelta { eps, ..self }
    }

    /// The factor of the penalty ½ ‖x‖²; 0 by default.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> AdaDelta {
        AdaDelta { weight_decay, ..self }
    }
}

impl Rule for AdaDelta {
    fn base(&self) -> &Base {
        &self.base
    }

    fn base_mut(&mut self) -> &mut Base {
        &mut self.base
    }

    fn name(&self) -> &'static str {
        "adadelta"
    }

    fn check(&self) -> Result<()> {
        below_1("rho", self.rho)?;
        at_least_0("eps", self.eps)?;
        at_least_0("weight_decay", self.weight_decay)
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::zeros("square_avg"), Slot::zeros("acc_delta")]
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.decayed(self.weight_decay));
        let share = 1.0 - self.rho;
        let v = u.average_of_square(0, g, share);
        let past = u.state(1);
        let d = (past + self.eps).sqrt() / (v + self.eps).sqrt() * g;
        u.average_of_square(1, d, share);
        x - d * u.rate(0)
    }
}
